use dialtone_model::{AddOn, Extension};

/// In what the device's extension isn't what the order says.
pub(crate) fn differences(device: &Extension, order: &Extension) -> Vec<String> {
    let mut differences = Vec::new();
    let mut compare = |name: &str, device: String, order: String| {
        if device != order {
            differences.push(format!("{name}: device has {device}, the order says {order}"));
        }
    };
    compare("key", device.key.clone(), order.key.clone());
    compare("directory name", device.directory_name.clone(), order.directory_name.clone());
    compare("user", or_none(device.user), or_none(order.user));
    compare("number", or_none(device.number.as_deref()), or_none(order.number.as_deref()));
    compare("add-ons", list(&device.add_ons), list(&order.add_ons));
    differences
}

fn or_none(value: Option<impl ToString>) -> String {
    value.map_or_else(|| "none".to_owned(), |value| value.to_string())
}

/// The codes in one order, since the device may keep them in another.
fn list(add_ons: &[AddOn]) -> String {
    let mut codes: Vec<&str> = add_ons.iter().map(|AddOn(code)| code.as_str()).collect();
    codes.sort_unstable();
    if codes.is_empty() { "none".to_owned() } else { codes.join(", ") }
}
