use dialtone_model::{DeviceId, OwnedProduct};
use dialtone_store::{NewProduct, ProductRecord};

/// The name under which the inventory keeps what carries a product.
const CARRIER: &str = "carrier";

/// A product of the inventory as the planner reads it.
pub(crate) fn owned_product(record: ProductRecord) -> OwnedProduct {
    let mut values = record.attributes;
    OwnedProduct {
        object: record.key,
        product: record.product,
        owner: record.subscriber,
        service_area: record.service_area.unwrap_or_default(),
        parent: values.remove(CARRIER),
        values,
    }
}

/// A planned product as the inventory takes it; `made_by_step` is the last of its steps.
pub(super) fn new_product(product: OwnedProduct, device: Option<DeviceId>, made_by_step: u16) -> NewProduct {
    let OwnedProduct { object: key, product, owner: subscriber, service_area, parent, values: mut attributes } =
        product;
    attributes.extend(parent.map(|parent| (CARRIER.to_owned(), parent)));
    let service_area = Some(service_area);
    NewProduct { product, key, subscriber, service_area, device, attributes, made_by_step }
}
