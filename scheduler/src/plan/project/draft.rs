use std::collections::{BTreeMap, BTreeSet};

use dialtone_model::catalog::{AttributeOf, Catalog, Field, Product};
use dialtone_model::{Action, Attributes, Device, DeviceKind, Ids, OwnedProduct, Step, Subscriber, SubscriberRole};
use dialtone_store::ExtensionClaim;
use dialtone_templates::{Problem, Rule};

use super::facts::Serving;
use super::ledger::Ledger;
use super::rows::{OrderRow, is_clear};
use super::{Outcome, ProjectFacts};

/// An order while it is planned.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) steps: Vec<Step>,
    /// The objects that it makes, in their order.
    pub(super) made: Vec<Made>,
    /// What it is about, in the order of planning: what it makes, and what is there already as its rows say.
    pub(super) objects: Vec<String>,
    /// What it does to an extension.
    pub(super) claim: Option<ExtensionClaim>,
    /// The orders that must be through before it can succeed.
    pub(super) needs: BTreeSet<usize>,
    /// The call processors on which it makes the login.
    pub(super) logins: Vec<String>,
    /// What was found, warnings too.
    pub(super) problems: Vec<Problem>,
}

/// An object that an order makes.
#[derive(Debug)]
pub(super) struct Made {
    /// The place of its row in the order.
    pub(super) row: usize,
    pub(super) object: String,
    /// The last of its steps.
    pub(super) step: usize,
}

/// Everything that the planning of one row looks at.
#[derive(Debug)]
pub(super) struct RowPlan<'p, 'f> {
    pub(super) facts: &'f ProjectFacts,
    pub(super) catalog: &'static Catalog,
    pub(super) ids: &'p Ids,
    pub(super) ledger: &'p mut Ledger<'f>,
    pub(super) draft: &'p mut Draft,
    /// The place of the order among all orders of the plan.
    pub(super) order: usize,
    /// The place of the row in its order.
    pub(super) place: usize,
    pub(super) row: OrderRow<'f>,
    /// The product that the row orders.
    pub(super) ordered: &'static Product,
    /// The part of it that is planned now.
    pub(super) part: &'static Product,
    pub(super) subscriber: &'p Subscriber,
    pub(super) role: &'f SubscriberRole,
    pub(super) serving: Serving<'f>,
    pub(super) defaults: &'f BTreeMap<String, BTreeMap<String, String>>,
    /// The objects that the row which `Assoc With` names has made; `None` where the cell is blank.
    pub(super) associated: Option<Vec<String>>,
    /// The columns of attributes that some part has used.
    pub(super) used: BTreeSet<usize>,
    pub(super) outcome: Option<Outcome>,
}

impl<'f> RowPlan<'_, 'f> {
    /// What the row, the run's defaults or the Service Area say for a field, in this order.
    pub(super) fn text(&self, field: Field) -> Option<String> {
        match self.row.value(field) {
            Some(value) => Some(value.to_owned()),
            None if self.row.is_cleared(field) => None,
            None => self.inherited(field.label()).map(str::to_owned),
        }
    }

    /// As [`Self::text`], for a field without which the product can't be made.
    pub(super) fn require(&self, field: Field) -> Result<String, Problem> {
        self.text(field).ok_or_else(|| self.row.cell_problem(Rule::FieldMissing, field).note(field.label()))
    }

    /// Whether a field says Yes or Y.
    pub(super) fn says_yes(&self, field: Field) -> bool {
        self.text(field).is_some_and(|value| value.eq_ignore_ascii_case("yes") || value.eq_ignore_ascii_case("y"))
    }

    /// What the row, the run's defaults or the Service Area say for a setting that has no column of its own.
    pub(super) fn setting(&mut self, name: &str) -> Option<String> {
        let named = |attribute: &str| attribute.eq_ignore_ascii_case(name);
        if let Some((attribute, cell)) = self.row.attributes().find(|(attribute, _)| named(attribute.name)) {
            self.used.insert(attribute.column);
            return Some(cell).filter(|cell| !is_clear(cell)).map(str::to_owned);
        }
        self.inherited(name).map(str::to_owned)
    }

    /// The attributes of one kind of object, by the device's names: the row's, over the run's defaults, over the Service
    /// Area's. A cell of a bundle's row goes to the first part that has an attribute of that name.
    pub(super) fn attributes(&mut self, of: AttributeOf) -> Attributes {
        let names = &self.catalog.attributes;
        let mut attributes = Attributes::new();
        let layers = [self.serving.area.attributes.get(&self.part.name), self.defaults.get(&self.part.name)];
        for (name, value) in layers.into_iter().flatten().flatten() {
            if let Some(element) = names.element(of, name) {
                attributes.insert(element.to_owned(), value.clone());
            }
        }
        for (column, cell) in self.row.attributes() {
            if self.used.contains(&column.column) || column.has_parts {
                continue;
            }
            let Some(element) = names.element(of, column.name) else { continue };
            self.used.insert(column.column);
            if is_clear(cell) {
                attributes.remove(element);
            } else {
                attributes.insert(element.to_owned(), cell.to_owned());
            }
        }
        attributes
    }

    fn inherited(&self, name: &str) -> Option<&str> {
        let layers = [self.defaults.get(&self.part.name), self.serving.area.attributes.get(&self.part.name)];
        layers.into_iter().flatten().find_map(|layer| layer.get(name)).map(String::as_str)
    }

    /// The device that makes phones, lines and profiles; the gate was open, so there is one.
    pub(super) fn call_processor(&self) -> Result<&'f Device, Problem> {
        driven(self.serving.call_processor, DeviceKind::UnifiedCm).ok_or_else(|| self.undriven("call processor"))
    }

    /// The device that makes mailboxes.
    pub(super) fn message_processor(&self) -> Result<&'f Device, Problem> {
        driven(self.serving.message_processor, DeviceKind::UnityConnection)
            .ok_or_else(|| self.undriven("message processor"))
    }

    fn undriven(&self, role: &str) -> Problem {
        let device = match role {
            "call processor" => self.serving.call_processor,
            _ => self.serving.message_processor,
        };
        let note = match device {
            Some(device) => format!("{} on {} can't be provisioned yet", self.part.name, device.kind),
            None => format!("The Service Area {} has no {role}", self.serving.area.name),
        };
        self.row.cell_problem(Rule::ProductUnplanned, Field::Product).note(note)
    }

    /// A product that this version can't make anywhere.
    pub(super) fn unplanned(&self, note: impl Into<Box<str>>) -> Problem {
        self.row.cell_problem(Rule::ProductUnplanned, Field::Product).note(note)
    }

    /// Adds a step, which makes what was entered last.
    pub(super) fn step(&mut self, device: &Device, action: Action) {
        if let Some(made) = self.draft.made.last_mut() {
            made.step = self.draft.steps.len();
        }
        self.draft.steps.push(Step { device: device.id, action });
    }

    pub(super) fn warn(&mut self, problem: Problem) {
        self.draft.problems.push(problem);
    }

    /// Makes the login on the call processor first, unless it is there or the subscriber has none.
    pub(super) fn ensure_login(&mut self, device: &Device) {
        let subscriber = self.subscriber;
        if self.role.pseudo || subscriber.present_on.contains(&device.name) {
            return;
        }
        match self.ledger.login(&subscriber.user_id, &device.name) {
            Some(order) if order == self.order => {}
            Some(order) => {
                self.draft.needs.insert(order);
            }
            None => {
                let address = subscriber.email.iter().map(|address| ("mailid".to_owned(), address.clone()));
                let action = Action::AddSubscriber {
                    user_id: subscriber.user_id.clone(),
                    first_name: Some(subscriber.first_name.clone()).filter(|name| !name.is_empty()),
                    last_name: subscriber.last_name.clone(),
                    attributes: address.collect(),
                };
                self.step(device, action);
                self.ledger.add_login(&subscriber.user_id, &device.name, self.order);
                self.draft.logins.push(device.name.clone());
            }
        }
    }

    /// A product of the subscriber that the part makes.
    pub(super) fn product<const N: usize>(
        &self,
        object: String,
        parent: Option<String>,
        values: [(&str, Option<String>); N],
        attributes: &[&Attributes],
    ) -> OwnedProduct {
        let said = values.into_iter().filter_map(|(label, value)| Some((label.to_owned(), value?)));
        let elements = attributes.iter().copied().flatten();
        OwnedProduct {
            object,
            product: self.part.name.clone(),
            owner: self.subscriber.user_id.clone(),
            service_area: self.serving.area.name.clone(),
            parent,
            values: said.chain(elements.map(|(name, value)| (format!("attr:{name}"), value.clone()))).collect(),
        }
    }

    /// Enters a product that the part makes. What is there already must be the subscriber's and say the same; then the
    /// steps only make sure of it. `named` is what people call it, `field` the cell that names it.
    pub(super) fn make(&mut self, product: OwnedProduct, named: &str, field: Field) -> Result<(), Problem> {
        let object = product.object.clone();
        let Some(known) = self.ledger.get(&object) else {
            self.ledger.add(product, Some(self.order));
            self.draft.objects.push(object.clone());
            self.draft.made.push(Made { row: self.place, object, step: 0 });
            self.outcome = self.outcome.max(Some(Outcome::Create));
            return Ok(());
        };
        let owner = &known.product.owner;
        let taken = match known.order {
            Some(_) => Some(format!("{named}, ordered by an earlier row")),
            None if *owner != product.owner => Some(format!("{named}, which is {owner}'s,")),
            None => None,
        };
        if let Some(note) = taken {
            return Err(self.row.cell_problem(Rule::ProductTaken, field).note(note));
        }
        let differs = |(label, value): &(&String, &String)| known.product.values.get(*label) != Some(value);
        let differing = product.values.iter().find(differs);
        if let Some((label, value)) = differing {
            let there = known.product.values.get(label).map_or("nothing", String::as_str);
            let note = format!("{named} already, and its {label} is {there}, not {value}");
            return Err(self.row.cell_problem(Rule::ProductDiffers, field).note(note));
        }
        self.draft.objects.push(object);
        self.outcome = self.outcome.max(Some(Outcome::NoChange));
        Ok(())
    }

    /// Notes that the order needs the order that makes an object, if one of this plan does.
    pub(super) fn need(&mut self, object: &str) {
        if let Some(order) = self.ledger.get(object).and_then(|entry| entry.order)
            && order != self.order
        {
            self.draft.needs.insert(order);
        }
    }
}

/// The device, if Dialtone has a driver for it.
fn driven(device: Option<&Device>, kind: DeviceKind) -> Option<&Device> {
    device.filter(|device| device.kind == kind || device.kind == DeviceKind::Null)
}
