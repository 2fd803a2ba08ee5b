use std::collections::BTreeMap;

use dialtone_model::{Action, AddOn, Device, Extension, Ids, OrderType, Origin, Step};
use dialtone_store::{ExtensionClaim, NewOrder, TemplateUser};

/// The product that a bulk assignment and the extension commands order.
pub(crate) const EXTENSION: &str = "Phone System Extension";

/// One order a user of a bulk-assignment template: the Phone System takes an extension whole, so it is one step.
pub(crate) fn assignment(
    users: &[TemplateUser],
    add_ons: &[AddOn],
    device: &Device,
    shards: u16,
    ids: &Ids,
) -> Vec<NewOrder> {
    let planned = |user: &TemplateUser| {
        let extension = Extension {
            key: user.ext_key.clone(),
            directory_name: user.user_name.clone(),
            user: Some(user.user),
            number: user.number.clone(),
            add_ons: add_ons.to_vec(),
        };
        NewOrder {
            origin_row: user.origin,
            ..provision(extension, user.user_name.clone(), Origin::Batch, device, shards, ids)
        }
    };
    users.iter().map(planned).collect()
}

/// An order for one new extension.
pub(crate) fn provision(
    extension: Extension,
    subject: String,
    origin: Origin,
    device: &Device,
    shards: u16,
    ids: &Ids,
) -> NewOrder {
    let action = Action::ProvisionExtension(extension.clone());
    let claim = ExtensionClaim::New(extension);
    NewOrder { origin, ..order(OrderType::Add, subject, action, claim, device, shards, ids) }
}

/// An order that changes one extension.
pub(crate) fn change(
    from: &Extension,
    to: Extension,
    subject: String,
    device: &Device,
    shards: u16,
    ids: &Ids,
) -> NewOrder {
    let action = Action::ChangeExtension { from: from.key.clone(), to: to.clone() };
    let claim = ExtensionClaim::Change { from: from.key.clone(), to };
    let object = Some(object(&from.key));
    NewOrder { object, ..order(OrderType::Change, subject, action, claim, device, shards, ids) }
}

/// An order that gives one extension another password.
pub(crate) fn renew(extension: &Extension, subject: String, device: &Device, shards: u16, ids: &Ids) -> NewOrder {
    let key = &extension.key;
    let action = Action::RenewExtensionPassword { key: key.clone() };
    // Nothing else of it changes; the claim keeps others away from it meanwhile.
    let claim = ExtensionClaim::Change { from: key.clone(), to: extension.clone() };
    NewOrder { object: Some(object(key)), ..order(OrderType::Change, subject, action, claim, device, shards, ids) }
}

/// An order that deletes one extension.
pub(crate) fn delete(key: &str, subject: String, device: &Device, shards: u16, ids: &Ids) -> NewOrder {
    let action = Action::DeleteExtension { key: key.to_owned() };
    let claim = ExtensionClaim::Delete { key: key.to_owned() };
    NewOrder { object: Some(object(key)), ..order(OrderType::Cancel, subject, action, claim, device, shards, ids) }
}

/// What keeps a second order away from an extension while one is open on it.
fn object(key: &str) -> String {
    format!("extension/{key}")
}

/// An order of one step that nobody has a row for; a new extension needs no object, its claim says it already.
fn order(
    order_type: OrderType,
    subject: String,
    action: Action,
    claim: ExtensionClaim,
    device: &Device,
    shards: u16,
    ids: &Ids,
) -> NewOrder {
    NewOrder {
        id: ids.next(),
        origin_row: None,
        subject,
        order_type,
        product: EXTENSION.to_owned(),
        origin: Origin::Console,
        object: None,
        steps: vec![Step { device: device.id, action }],
        credentials: BTreeMap::new(),
        shard: device.id.shard(shards),
        blocked_by: None,
        needs: Vec::new(),
        products: Vec::new(),
        claim: Some(claim),
    }
}
