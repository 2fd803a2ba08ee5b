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
struct OnDevice {
    key: String,
    directory_name: String,
    user: Option<UserId>,
    number: Option<String>,
    #[serde(default)]
    add_ons: Vec<AddOn>,
}

/// What the device says of itself and of the account that asks.
#[derive(Debug, Deserialize)]
pub(super) struct Account {
    pub(super) product: String,
    pub(super) version: String,
    pub(super) rights: Vec<String>,
}

/// A page of a list.
#[derive(Debug, Deserialize)]
struct Listing {
    extensions: Vec<OnDevice>,
    next: Option<String>,
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
pub(super) fn read(body: &[u8]) -> Result<Extension, Fault> {
    serde_json::from_slice(body).map(OnDevice::into).map_err(|error| unexpected(&error))
}

/// The body of the answer to a GET of the account.
pub(super) fn account(body: &[u8]) -> Result<Account, Fault> {
    serde_json::from_slice(body).map_err(|error| unexpected(&error))
}

/// The extensions of a page, and after which key the next one begins.
pub(super) fn listing(body: &[u8]) -> Result<(Vec<Extension>, Option<String>), Fault> {
    let Listing { extensions, next } = serde_json::from_slice(body).map_err(|error| unexpected(&error))?;
    Ok((extensions.into_iter().map(OnDevice::into).collect(), next))
}

fn unexpected(error: &serde_json::Error) -> Fault {
    let complaint = Complaint::new("phone-system-unexpected-answer", format!("the answer can't be read: {error}"));
    Fault::NotSent { complaint, retry_after: None }
}

/// A key that can't even be asked for.
pub(super) fn unfit(key: &str) -> Fault {
    Fault::Rejected(Complaint::new("phone-system-invalid-key", format!("{key:?} can't be an extension's key")))
}

impl From<OnDevice> for Extension {
    fn from(device: OnDevice) -> Self {
        let OnDevice { key, directory_name, user, number, add_ons } = device;
        Self { key, directory_name, user, number, add_ons }
    }
}
