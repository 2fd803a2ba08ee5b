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
    let order = |user: &TemplateUser| {
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
    users.iter().map(order).collect()
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
    NewOrder {
        id: ids.next(),
        origin_row: None,
        subject,
        order_type: OrderType::Add,
        product: EXTENSION.to_owned(),
        origin,
        object: None,
        steps: vec![Step { device: device.id, action: Action::ProvisionExtension(extension.clone()) }],
        shard: device.id.shard(shards),
        blocked_by: None,
        needs_blocker: false,
        claim: Some(ExtensionClaim::New(extension)),
    }
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
    single(OrderType::Change, &from.key, subject, action, claim, device, shards, ids)
}

/// An order that deletes one extension.
pub(crate) fn delete(key: &str, subject: String, device: &Device, shards: u16, ids: &Ids) -> NewOrder {
    let action = Action::DeleteExtension { key: key.to_owned() };
    let claim = ExtensionClaim::Delete { key: key.to_owned() };
    single(OrderType::Cancel, key, subject, action, claim, device, shards, ids)
}

#[expect(clippy::too_many_arguments, reason = "one private function says what a change and a deletion share")]
fn single(
    order_type: OrderType,
    key: &str,
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
        object: Some(format!("extension/{key}")),
        steps: vec![Step { device: device.id, action }],
        shard: device.id.shard(shards),
        blocked_by: None,
        needs_blocker: false,
        claim: Some(claim),
    }
}
