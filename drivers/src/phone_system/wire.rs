use dialtone_model::{AddOn, Complaint, Extension, Fault, UserId};
use serde::{Deserialize, Serialize};

/// An extension as the device is told it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ToDevice<'a> {
    key: &'a str,
    directory_name: &'a str,
    user: Option<UserId>,
    number: Option<&'a str>,
    add_ons: &'a [AddOn],
}

/// An extension as the device tells it. Members that a newer device adds are passed over.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OnDevice {
    key: String,
    directory_name: String,
    user: Option<UserId>,
    number: Option<String>,
    #[serde(default)]
    add_ons: Vec<AddOn>,
}

/// The body of a PUT.
pub(super) fn body(extension: &Extension) -> Result<Vec<u8>, Fault> {
    let body = ToDevice {
        key: &extension.key,
        directory_name: &extension.directory_name,
        user: extension.user,
        number: extension.number.as_deref(),
        add_ons: &extension.add_ons,
    };
    serde_json::to_vec(&body).map_err(|_| unfit(&extension.key))
}

/// The body of the answer to a GET.
pub(super) fn read(body: &[u8]) -> Result<OnDevice, Fault> {
    serde_json::from_slice(body).map_err(|error| Fault::NotSent {
        complaint: Complaint::new("phone-system-unexpected-answer", format!("the answer can't be read: {error}")),
        retry_after: None,
    })
}

/// A key that can't even be asked for.
pub(super) fn unfit(key: &str) -> Fault {
    Fault::Rejected(Complaint::new("phone-system-invalid-key", format!("{key:?} can't be an extension's key")))
}

impl OnDevice {
    /// In what it isn't what the order says.
    pub(super) fn differences(&self, order: &Extension) -> Vec<String> {
        let mut differences = Vec::new();
        let mut compare = |name: &str, device: String, order: String| {
            if device != order {
                differences.push(format!("{name}: device has {device}, the order says {order}"));
            }
        };
        compare("key", self.key.clone(), order.key.clone());
        compare("directory name", self.directory_name.clone(), order.directory_name.clone());
        compare("user", or_none(self.user), or_none(order.user));
        compare("number", or_none(self.number.as_deref()), or_none(order.number.as_deref()));
        compare("add-ons", list(&self.add_ons), list(&order.add_ons));
        differences
    }
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
