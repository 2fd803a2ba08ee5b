use std::collections::{BTreeMap, HashSet};
use std::fmt::Write as _;
use std::sync::Arc;

use dialtone_model::{
    Device, DeviceLimits, Ids, ManualClock, OrganizationId, OwnedProduct, Step, Subscriber, Tls, UploadId,
};
use dialtone_store::{NewProduct, ProductRecord, ProductState};
use dialtone_templates::{Reading, read, read_subscribers};
use dialtone_validators::Facts;
use uuid::Uuid;

use super::super::{Defaults, PlanFile, PlanRequest, ProjectFacts, ProjectPlan, owned_product, plan_project};
use crate::OrganizationImport;

/// The sample organization, with a known subscriber besides.
pub(super) fn facts() -> ProjectFacts {
    let organization = include_str!("../../../../../sample-data/organization/organization.toml");
    let subscribers = include_bytes!("../../../../../sample-data/organization/subscribers.csv");
    let import: OrganizationImport = toml::from_str(organization).unwrap();
    let mut subscribers = read_subscribers("subscribers.csv", subscribers).unwrap();
    subscribers.push(known_subscriber());
    let device = |(index, import): (usize, &crate::DeviceImport)| Device {
        id: Uuid::from_u128(index as u128 + 1).into(),
        organization: OrganizationId(Uuid::nil()),
        name: import.name.clone(),
        kind: import.kind,
        address: import.address.clone(),
        version: import.version.clone(),
        login: String::new(),
        password: String::new(),
        secrets: BTreeMap::new(),
        tls: Tls::System,
        settings: BTreeMap::new(),
        limits: DeviceLimits::default(),
    };
    ProjectFacts {
        profile: import.profile,
        domains: import.domains.into_iter().map(|domain| (domain.name.clone(), domain)).collect(),
        service_areas: import.service_areas.into_iter().map(|area| (area.name.clone(), area)).collect(),
        roles: import.roles.into_iter().map(|role| (role.name.clone(), role)).collect(),
        subscribers: subscribers.into_iter().map(|subscriber| (subscriber.user_id.clone(), subscriber)).collect(),
        processors: import.devices.iter().map(|device| (device.name.clone(), device.processor())).collect(),
        devices: import.devices.iter().enumerate().map(device).map(|device| (device.name.clone(), device)).collect(),
        inventory: Vec::new(),
        extensions: Facts::default(),
    }
}

/// A subscriber whom the call processor knows already.
fn known_subscriber() -> Subscriber {
    Subscriber {
        user_id: "known".to_owned(),
        first_name: "Known".to_owned(),
        last_name: "Sample".to_owned(),
        email: None,
        role: "Employee".to_owned(),
        domain: "Singapore".to_owned(),
        identity: Some(Uuid::from_u128(7).into()),
        present_on: ["CUCM-SG".to_owned()].into(),
    }
}

/// A product of the known subscriber.
pub(super) fn owned(product: &str, object: &str, parent: Option<&str>, values: &[(&str, &str)]) -> OwnedProduct {
    OwnedProduct {
        object: object.to_owned(),
        product: product.to_owned(),
        owner: "known".to_owned(),
        service_area: "Singapore HQ".to_owned(),
        parent: parent.map(str::to_owned),
        values: values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
    }
}

/// The known subscriber with a phone and a line on it.
pub(super) fn with_phone() -> ProjectFacts {
    let mut facts = facts();
    let phone = "phone/CUCM-SG/SEP0000000000AA";
    facts.inventory.push(owned(
        "Phone",
        phone,
        None,
        &[
            ("Phone Type", "Cisco 7965"),
            ("Protocol", "SIP"),
            ("Phone Button Template", "Standard 7965 SIP"),
            ("attr:commonPhoneConfigName", "Standard Common Phone Profile"),
            ("attr:devicePoolName", "Default"),
            ("attr:locationName", "Hub_None"),
            ("attr:phoneTemplateName", "Standard 7965 SIP"),
        ],
    ));
    facts.inventory.push(owned(
        "Line",
        "line/CUCM-SG/phone/CUCM-SG/SEP0000000000AA/4200/Internal",
        Some(phone),
        &[("Directory Number", "4200"), ("Route Partition", "Internal"), ("Line Position", "1")],
    ));
    facts
}

/// Plans a file, given as CSV.
pub(super) fn plan(csv: &str, facts: &ProjectFacts) -> (ProjectPlan, Vec<Reading>) {
    plan_as(csv, facts, true, &Defaults::new())
}

pub(super) fn plan_as(
    csv: &str,
    facts: &ProjectFacts,
    advanced: bool,
    defaults: &Defaults,
) -> (ProjectPlan, Vec<Reading>) {
    let reading = read("hires.csv", csv.as_bytes().to_vec());
    assert!(!reading.is_refused(), "{:?}", reading.problems);
    let ids = Ids::new(Arc::new(ManualClock::new()), 1);
    let files = [PlanFile { reading: &reading, upload: UploadId(Uuid::nil()), refused: HashSet::new() }];
    let request = PlanRequest { files: &files, facts, defaults, advanced, ids: &ids, shards: 64 };
    let plan = plan_project(&request);
    drop(files);
    (plan, vec![reading])
}

/// A planned product as the inventory gives it back once it is there.
pub(super) fn owned_later(product: NewProduct) -> OwnedProduct {
    let NewProduct { product, key, subscriber, service_area, device, attributes, made_by_step: _ } = product;
    let (state, order) = (ProductState::Active, None);
    owned_product(ProductRecord { product, key, subscriber, service_area, device, attributes, state, order })
}

/// What a person would read of a plan: its rows, its findings, its orders step by step, the calls of each device.
pub(super) fn told(plan: &ProjectPlan, readings: &[Reading], facts: &ProjectFacts) -> String {
    let mut text = String::new();
    for row in &plan.rows {
        let order = row.order.map(|order| format!(" order {}", order + 1)).unwrap_or_default();
        let outcome = row.outcome.label();
        writeln!(text, "row {} {} {}: {outcome}{order}", row.row, row.user_id, row.product).unwrap();
    }
    for finding in plan.problems.iter().map(|problem| problem.finding(readings)) {
        let row = finding.row.unwrap_or_default();
        writeln!(text, "{:?} row {row} {}: {}", finding.severity, finding.code, finding.message).unwrap();
    }
    for (index, planned) in plan.orders.iter().enumerate() {
        let place = |id| plan.orders.iter().position(|other| other.order.id == id).unwrap() + 1;
        let after = planned.order.blocked_by.map(|id| {
            let needs = if planned.order.needs.contains(&id) { ", which it needs" } else { "" };
            format!(", after order {}{needs}", place(id))
        });
        let (product, subject) = (&planned.order.product, &planned.order.subject);
        writeln!(text, "order {} {product} for {subject}{}", index + 1, after.unwrap_or_default()).unwrap();
        for step in &planned.order.steps {
            let device = facts.devices.values().find(|device| device.id == step.device).unwrap();
            writeln!(text, "  {}: {}", device.name, detail(step)).unwrap();
        }
    }
    writeln!(text, "calls {:?}", plan.calls).unwrap();
    text
}

/// A step with everything that it sends.
fn detail(step: &Step) -> String {
    let serde_json::Value::Object(action) = serde_json::to_value(&step.action).unwrap() else { unreachable!() };
    let Some((kind, serde_json::Value::Object(content))) = action.into_iter().next() else { unreachable!() };
    let mut words = vec![kind.replace('_', " ")];
    for (name, value) in content {
        match value {
            serde_json::Value::Object(attributes) if !attributes.is_empty() => {
                let attributes = attributes.iter().map(|(name, value)| format!("{name}={}", text_of(value)));
                words.push(format!("[{}]", attributes.collect::<Vec<_>>().join(", ")));
            }
            serde_json::Value::Object(_) | serde_json::Value::Null => {}
            value => words.push(format!("{name}={}", text_of(&value))),
        }
    }
    words.join(" ")
}

fn text_of(value: &serde_json::Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
