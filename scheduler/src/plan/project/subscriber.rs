use std::collections::BTreeSet;

use dialtone_model::catalog::{Field, Product};
use dialtone_model::{ServiceArea, Subscriber, SubscriberRole};
use dialtone_templates::{Problem, Rule};

use super::ProjectFacts;
use super::ledger::Ledger;
use super::rows::OrderRow;

/// Whom an order is for.
#[derive(Debug)]
pub(super) struct Ordering<'f> {
    pub(super) subscriber: Subscriber,
    pub(super) role: &'f SubscriberRole,
    /// Whether the order makes the subscriber.
    pub(super) is_new: bool,
    /// The order before that makes the subscriber.
    pub(super) made_by: Option<usize>,
}

/// The subscriber whom the first row of an order names; an ADD makes one that nobody knows.
pub(super) fn of_row<'f>(
    facts: &'f ProjectFacts,
    ledger: &Ledger<'_>,
    row: &OrderRow<'_>,
) -> Result<Ordering<'f>, Problem> {
    let Some(user_id) = row.value(Field::UserId) else {
        return Err(row.cell_problem(Rule::OrderUserMissing, Field::UserId).note("an order"));
    };
    let made = ledger.subscriber(user_id);
    let known = facts.subscribers.get(user_id).map(|subscriber| (subscriber, None));
    let found = known.or(made.map(|(subscriber, order)| (subscriber, Some(order))));
    let (subscriber, is_new, made_by) = match found {
        Some((subscriber, order)) => (subscriber.clone(), false, order),
        None => (new_subscriber(facts, row, user_id)?, true, None),
    };
    if let Some(domain) = row.value(Field::Domain)
        && domain != subscriber.domain
    {
        return Err(row.cell_problem(Rule::DomainOther, Field::Domain).note(subscriber.domain));
    }
    let Some(role) = facts.roles.get(&subscriber.role) else {
        return Err(row.cell_problem(Rule::RoleUnknown, Field::Role).note(subscriber.role));
    };
    Ok(Ordering { subscriber, role, is_new, made_by })
}

fn new_subscriber(facts: &ProjectFacts, row: &OrderRow<'_>, user_id: &str) -> Result<Subscriber, Problem> {
    let (first_name, last_name) = (row.value(Field::FirstName), row.value(Field::LastName));
    let domain = row.value(Field::Domain);
    let (Some(first_name), Some(last_name), Some(domain)) = (first_name, last_name, domain) else {
        let fields = [(Field::FirstName, first_name), (Field::LastName, last_name), (Field::Domain, domain)];
        let missing = fields.iter().filter(|(_, value)| value.is_none()).map(|(field, _)| format!("`{field}`"));
        let note = format!("the row lacks {} to make one", missing.collect::<Vec<_>>().join(", "));
        return Err(row.cell_problem(Rule::SubscriberUnknown, Field::UserId).note(note));
    };
    let Some(known) = facts.domains.get(domain) else {
        return Err(row.cell_problem(Rule::DomainUnknown, Field::Domain).note(domain));
    };
    Ok(Subscriber {
        user_id: user_id.to_owned(),
        first_name: first_name.to_owned(),
        last_name: last_name.to_owned(),
        email: row.value(Field::Email).map(str::to_owned),
        role: row.value(Field::Role).unwrap_or(&known.default_role).to_owned(),
        domain: domain.to_owned(),
        identity: None,
        present_on: BTreeSet::new(),
    })
}

/// A warning where a row gives a known subscriber another name.
pub(super) fn other_names(row: &OrderRow<'_>, subscriber: &Subscriber) -> Option<Problem> {
    let differs = |(field, known): &(Field, &String)| row.value(*field).is_some_and(|given| given != known.as_str());
    let names = [(Field::FirstName, &subscriber.first_name), (Field::LastName, &subscriber.last_name)];
    let (field, _) = names.into_iter().find(differs)?;
    let note = format!("{} {}", subscriber.first_name, subscriber.last_name);
    Some(row.cell_problem(Rule::SubscriberNames, field).note(note))
}

/// The Service Area that a row names, or the only one of the subscriber's Domain. What the Phone System alone makes may
/// be in any.
pub(super) fn service_area<'f>(
    facts: &'f ProjectFacts,
    row: &OrderRow<'_>,
    domain: &str,
    product: &Product,
) -> Result<&'f ServiceArea, Problem> {
    let refuse = |note: String| Err(row.cell_problem(Rule::ServiceAreaUnknown, Field::ServiceArea).note(note));
    if let Some(name) = row.value(Field::ServiceArea) {
        return match facts.service_areas.get(name) {
            Some(area) if area.domain == domain => Ok(area),
            Some(area) => refuse(format!("The Service Area {name} is of the Domain {}", area.domain)),
            None => refuse(format!("There is no Service Area {name}")),
        };
    }
    let mut areas = facts.areas_of(domain);
    match (areas.next(), areas.next()) {
        (Some(area), None) => Ok(area),
        (Some(area), Some(_)) if product.gate.phone_system => Ok(area),
        (Some(_), Some(_)) => refuse(format!("The Domain {domain} has several Service Areas, and the row names none")),
        (None, _) => refuse(format!("The Domain {domain} has no Service Area")),
    }
}
