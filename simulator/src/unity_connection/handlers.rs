//! Call handlers: the system's own, and one for each user.

use super::installation::{CALL_HANDLER, CALL_HANDLER_TEMPLATE};
use super::kinds::{Kind, USER};
use super::refusal::Refusal;
use super::resources::{Changes, Resource, Resources, gone, id_beside, put, text};

/// What the id of a user's call handler differs in from the user's, so that each leads to the other.
const APART: u128 = 0x0001;

/// The id of the call handler of a user, or the user of a call handler.
pub(super) fn handler_of(id: &str) -> String {
    id_beside(id, APART)
}

/// A call handler with the addresses of what it does with calls.
fn with_addresses(mut handler: Resource, id: &str) -> Resource {
    for (name, path) in
        [("GreetingsURI", "greetings"), ("TransferOptionsURI", "transferoptions"), ("MenuEntriesURI", "menuentries")]
    {
        handler.insert(name.to_owned(), format!("/vmrest/handlers/callhandlers/{id}/{path}"));
    }
    handler
}

impl Resources {
    /// All call handlers, the system's first.
    pub(super) fn handlers(&self) -> Vec<Resource> {
        let of_users = self.of(&USER).filter_map(|user| self.handler(&handler_of(text(user, "ObjectId"))).ok());
        let own = self.of(&CALL_HANDLER).filter(|handler| self.user_of(text(handler, "ObjectId")).is_none());
        own.map(|handler| with_addresses(handler.clone(), text(handler, "ObjectId"))).chain(of_users).collect()
    }

    pub(super) fn handler(&self, id: &str) -> Result<Resource, Refusal> {
        let Some(user) = self.user_of(id) else {
            return Ok(with_addresses(self.get(&CALL_HANDLER, id)?.clone(), id));
        };
        let uri = format!("/vmrest/handlers/callhandlers/{id}");
        let values = [
            ("ObjectId", id),
            ("URI", &uri),
            ("DisplayName", text(user, "DisplayName")),
            ("DtmfAccessId", text(user, "DtmfAccessId")),
            ("IsPrimary", "true"),
            ("IsTemplate", "false"),
            ("RecipientSubscriberObjectId", text(user, "ObjectId")),
        ];
        let mut shown = with_addresses(values.map(|(name, value)| (name.to_owned(), value.to_owned())).into(), id);
        if let Ok(kept) = self.get(&CALL_HANDLER, id) {
            shown.extend(kept.clone());
        }
        Ok(shown)
    }

    /// What it takes to make a call handler, or another template, from a template.
    pub(super) fn add_handler(
        &self,
        kind: &'static Kind,
        id: &str,
        template: &str,
        given: Resource,
    ) -> Result<Changes, Refusal> {
        self.get(&CALL_HANDLER_TEMPLATE, template)
            .map_err(|_| Refusal::invalid(format!("there is no call handler template {template}")))?;
        let mut changes = self.add_named(kind, id, given)?;
        if kind.name == CALL_HANDLER_TEMPLATE.name {
            return Ok(changes);
        }
        for handler in changes.iter_mut().filter_map(|change| change.value.as_mut()) {
            handler
                .extend([("IsPrimary", "false"), ("IsTemplate", "false")].map(|(n, v)| (n.to_owned(), v.to_owned())));
        }
        Ok(changes)
    }

    /// What it takes to set values of a call handler. A user's has its name and number from the user.
    pub(super) fn set_handler(&self, id: &str, given: Resource) -> Result<Changes, Refusal> {
        if self.user_of(id).is_none() {
            return self.set_named(&CALL_HANDLER, id, given);
        }
        let mut kept = self.get(&CALL_HANDLER, id).cloned().unwrap_or_default();
        kept.extend(self.checked(&CALL_HANDLER, given)?);
        kept.retain(|name, _| !matches!(name.as_str(), "DisplayName" | "DtmfAccessId"));
        Ok(put(&CALL_HANDLER, id, kept))
    }

    /// What it takes to remove a call handler; a user's goes with the user.
    pub(super) fn remove_handler(&self, id: &str) -> Result<Changes, Refusal> {
        if self.user_of(id).is_some() {
            return Err(Refusal::invalid("the call handler of a user can't be removed"));
        }
        let mut changes = self.remove_named(&CALL_HANDLER, id)?;
        changes.extend(self.without_settings(id));
        Ok(changes)
    }

    /// What it takes to forget what was set of the call handler of a user.
    pub(super) fn without_handler_of(&self, user: &str) -> Changes {
        let id = handler_of(user);
        let kept = self.get(&CALL_HANDLER, &id).is_ok();
        kept.then(|| gone(&format!("{}/{id}", CALL_HANDLER.name))).into_iter().collect()
    }

    fn user_of(&self, handler: &str) -> Option<&Resource> {
        self.get(&USER, &handler_of(handler)).ok()
    }
}
