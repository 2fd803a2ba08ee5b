use std::collections::{HashMap, HashSet};

use dialtone_model::{OwnedProduct, ServiceArea, Subscriber};

use super::ProjectFacts;

/// What there is while a plan is made: the inventory, and what the rows before have ordered.
#[derive(Debug)]
pub(super) struct Ledger<'f> {
    products: HashMap<String, Entry>,
    /// The objects of a subscriber, in the order of their making.
    owned: HashMap<String, Vec<String>>,
    /// The lines on a phone or profile.
    carried: HashMap<String, Vec<String>>,
    /// The lines with a number, by call processor, number and partition.
    numbers: HashMap<(String, String, String), Vec<String>>,
    /// The mailbox of a number, by message processor and number.
    mailboxes: HashMap<(String, String), String>,
    /// Whose a reserved number is.
    reserved: HashMap<&'f str, &'f str>,
    /// Numbers that some row chooses: no other line gets them by itself.
    chosen: HashSet<&'f str>,
    /// The block of a Service Area, and the place in it, from which on numbers weren't looked at yet.
    cursors: HashMap<&'f str, (usize, u64)>,
    /// Subscribers that an order makes.
    subscribers: HashMap<String, (Subscriber, usize)>,
    /// The order that makes a login on a call processor.
    logins: HashMap<(String, String), usize>,
    /// What a refused order would have made, with the place of its row, in words.
    refused: HashMap<String, String>,
}

/// A product, and the order that makes it unless it was there before.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) product: OwnedProduct,
    pub(super) order: Option<usize>,
}

/// The label under which a line's number is kept.
pub(super) const NUMBER: &str = "Directory Number";
/// The label under which a line's partition is kept.
pub(super) const PARTITION: &str = "Route Partition";
/// The label under which a line's position is kept.
pub(super) const POSITION: &str = "Line Position";

/// What the objects of extensions begin with.
pub(super) const EXTENSIONS: &str = "extension/";

impl<'f> Ledger<'f> {
    pub(super) fn new(facts: &'f ProjectFacts, chosen: HashSet<&'f str>) -> Self {
        let blocks = facts.service_areas.values().flat_map(|area| &area.number_blocks);
        let reserved = blocks.flat_map(|block| &block.reserved).map(|(number, user)| (number.as_str(), user.as_str()));
        let mut ledger = Self {
            products: HashMap::with_capacity(facts.inventory.len()),
            owned: HashMap::new(),
            carried: HashMap::new(),
            numbers: HashMap::new(),
            mailboxes: HashMap::new(),
            reserved: reserved.collect(),
            chosen,
            cursors: HashMap::new(),
            subscribers: HashMap::new(),
            logins: HashMap::new(),
            refused: HashMap::new(),
        };
        for product in &facts.inventory {
            ledger.add(product.clone(), None);
        }
        ledger
    }

    pub(super) fn get(&self, object: &str) -> Option<&Entry> {
        self.products.get(object)
    }

    /// A product for good, once nothing is planned any more.
    pub(super) fn take(&mut self, object: &str) -> Option<OwnedProduct> {
        self.products.remove(object).map(|entry| entry.product)
    }

    /// What a subscriber has or will have, oldest first.
    pub(super) fn owned_by(&self, user_id: &str) -> impl Iterator<Item = &Entry> {
        self.owned.get(user_id).into_iter().flatten().filter_map(|object| self.products.get(object))
    }

    /// The lines on a phone or profile.
    pub(super) fn lines_on(&self, carrier: &str) -> impl Iterator<Item = &Entry> {
        self.carried.get(carrier).into_iter().flatten().filter_map(|object| self.products.get(object))
    }

    /// The lines with a number in a partition.
    pub(super) fn lines_with(&self, device: &str, number: &str, partition: &str) -> impl Iterator<Item = &Entry> {
        let key = (device.to_owned(), number.to_owned(), partition.to_owned());
        self.numbers.get(&key).into_iter().flatten().filter_map(|object| self.products.get(object))
    }

    /// The mailbox of a number.
    pub(super) fn mailbox_of(&self, device: &str, number: &str) -> Option<&str> {
        self.mailboxes.get(&(device.to_owned(), number.to_owned())).map(String::as_str)
    }

    /// For whom else a number is kept.
    pub(super) fn reserved_for_another(&self, number: &str, user_id: &str) -> Option<&'f str> {
        self.reserved.get(number).copied().filter(|owner| *owner != user_id)
    }

    /// The next number of the Service Area's blocks that nobody has, wants or keeps.
    pub(super) fn next_free(
        &mut self,
        area: &'f ServiceArea,
        device: &str,
        partition: &str,
        user_id: &str,
    ) -> Option<String> {
        let (mut place, mut offset) = self.cursors.get(area.name.as_str()).copied().unwrap_or((0, 0));
        while let Some(block) = area.number_blocks.get(place) {
            let Some(number) = block.number(offset) else {
                (place, offset) = (place + 1, 0);
                continue;
            };
            offset += 1;
            let key = (device.to_owned(), number, partition.to_owned());
            let taken = self.numbers.get(&key).is_some_and(|lines| !lines.is_empty());
            let number = key.1;
            let kept = self.reserved_for_another(&number, user_id).is_some();
            if !taken && !kept && !self.chosen.contains(number.as_str()) {
                self.cursors.insert(&area.name, (place, offset));
                return Some(number);
            }
        }
        None
    }

    /// Adds a product that an order makes; `None`: it was there before.
    pub(super) fn add(&mut self, product: OwnedProduct, order: Option<usize>) {
        let object = product.object.clone();
        if let Some((device, number, partition)) = number_of(&product) {
            self.numbers.entry((device, number, partition)).or_default().push(object.clone());
            if let Some(carrier) = &product.parent {
                self.carried.entry(carrier.clone()).or_default().push(object.clone());
            }
        }
        if let Some(key) = mailbox_number(&product) {
            self.mailboxes.insert(key, object.clone());
        }
        self.owned.entry(product.owner.clone()).or_default().push(object.clone());
        self.products.insert(object, Entry { product, order });
    }

    /// Takes back what a refused order would have made, and remembers the row.
    pub(super) fn refuse(&mut self, object: &str, place: String) {
        let Some(Entry { product, .. }) = self.products.remove(object) else { return };
        let forget = |objects: Option<&mut Vec<String>>| {
            if let Some(objects) = objects {
                objects.retain(|known| known != object);
            }
        };
        if let Some(key) = number_of(&product) {
            forget(self.numbers.get_mut(&key));
        }
        if let Some(key) = mailbox_number(&product) {
            self.mailboxes.remove(&key);
        }
        forget(product.parent.as_ref().and_then(|carrier| self.carried.get_mut(carrier)));
        forget(self.owned.get_mut(&product.owner));
        self.refused.insert(object.to_owned(), format!("{} of {place}", product.product));
    }

    /// The product and the row whose refused order would have made the object, in words.
    pub(super) fn refused(&self, object: &str) -> Option<&str> {
        self.refused.get(object).map(String::as_str)
    }

    /// A subscriber whom an order before makes, with that order.
    pub(super) fn subscriber(&self, user_id: &str) -> Option<(&Subscriber, usize)> {
        self.subscribers.get(user_id).map(|(subscriber, order)| (subscriber, *order))
    }

    pub(super) fn add_subscriber(&mut self, subscriber: Subscriber, order: usize) {
        self.subscribers.insert(subscriber.user_id.clone(), (subscriber, order));
    }

    /// The order before that makes the login on the call processor.
    pub(super) fn login(&self, user_id: &str, device: &str) -> Option<usize> {
        self.logins.get(&(user_id.to_owned(), device.to_owned())).copied()
    }

    pub(super) fn add_login(&mut self, user_id: &str, device: &str, order: usize) {
        self.logins.insert((user_id.to_owned(), device.to_owned()), order);
    }

    /// Takes back the subscriber that a refused order would have made.
    pub(super) fn refuse_subscriber(&mut self, user_id: &str) {
        self.subscribers.remove(user_id);
    }

    /// Takes back a login that a refused order would have made.
    pub(super) fn refuse_login(&mut self, user_id: &str, device: &str) {
        self.logins.remove(&(user_id.to_owned(), device.to_owned()));
    }
}

/// The call processor, number and partition of a line; for an extension, its number among all of the organization.
fn number_of(product: &OwnedProduct) -> Option<(String, String, String)> {
    let value = |label: &str| product.values.get(label).cloned();
    if product.object.starts_with(EXTENSIONS) {
        return Some((EXTENSIONS.to_owned(), value("Number")?, String::new()));
    }
    let device = product.object.strip_prefix("line/")?.split('/').next()?;
    Some((device.to_owned(), value(NUMBER)?, value(PARTITION).unwrap_or_default()))
}

/// The message processor and number of a mailbox.
fn mailbox_number(product: &OwnedProduct) -> Option<(String, String)> {
    let device = product.object.strip_prefix("mailbox/")?.split('/').next()?;
    Some((device.to_owned(), product.values.get(NUMBER)?.clone()))
}
