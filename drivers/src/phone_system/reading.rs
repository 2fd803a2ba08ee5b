//! What the device says of itself, and of all it holds.

use dialtone_model::{Attributes, DeviceObject, Extension, Fault, ObjectKind, SyncScope};
use hyper::{Method, StatusCode, Uri};

use super::{reply, wire};
use crate::http::{Answer, Client, Deadline, Effect};
use crate::{Page, PageRequest, Probe};

/// Extensions of a page; the device gives no more at once.
const PAGE: usize = 1_000;

/// The right that every order needs.
const CHANGE: &str = "change";

/// Asks for the version and for what the account may do.
pub(super) async fn probe(client: &Client, deadline: Deadline) -> Result<Probe, Fault> {
    let answer = get(client, Uri::from_static("/v1/account"), deadline).await?;
    let clock = answer.clock();
    match answer.status {
        StatusCode::OK => {
            let account = wire::account(&answer.body)?;
            let may_change = account.rights.iter().any(|right| right == CHANGE);
            let missing = (!may_change).then(|| format!("may not change extensions: it needs the right `{CHANGE}`"));
            let version = Some(format!("{} {}", account.product, account.version));
            Ok(Probe { version, missing_rights: missing.into_iter().collect(), clock })
        }
        StatusCode::FORBIDDEN => {
            let missing = "may do nothing at all".to_owned();
            Ok(Probe { version: None, missing_rights: vec![missing], clock })
        }
        _ => Err(reply::fault(&answer, Effect::None)),
    }
}

/// A page of extensions in the order of their keys. The next page begins after a key, so that what comes and goes
/// meanwhile moves no other extension out of sight.
pub(super) async fn page(client: &Client, request: &PageRequest, deadline: Deadline) -> Result<Page, Fault> {
    let whole = Page { whole: true, ..Page::default() };
    // The device has nothing that an administrator would set up.
    if request.scope == SyncScope::Infrastructure {
        return Ok(whole);
    }
    let after = request.after.as_deref().unwrap_or_default();
    let uri = format!("/v1/extensions?limit={PAGE}&after={after}");
    let answer = get(client, Uri::try_from(uri).map_err(|_| wire::unfit(after))?, deadline).await?;
    if answer.status != StatusCode::OK {
        return Err(reply::fault(&answer, Effect::None));
    }
    let (extensions, next) = wire::listing(&answer.body)?;
    Ok(Page { found: extensions.into_iter().map(object).collect(), next, ..whole })
}

async fn get(client: &Client, uri: Uri, deadline: Deadline) -> Result<Answer, Fault> {
    client.send(client.request(Method::GET, uri, bytes::Bytes::new()), Effect::None, deadline).await
}

fn object(extension: Extension) -> DeviceObject {
    let Extension { key, directory_name, user, number, add_ons } = extension;
    let mut attributes = Attributes::from([("directoryName".to_owned(), directory_name)]);
    attributes.extend(user.map(|user| ("user".to_owned(), user.to_string())));
    attributes.extend(number.map(|number| ("number".to_owned(), number)));
    let add_ons = add_ons.into_iter().enumerate();
    attributes.extend(add_ons.map(|(index, add_on)| (format!("addOns[{}]", index + 1), add_on.0)));
    DeviceObject { kind: ObjectKind::Extension, key, attributes }
}
