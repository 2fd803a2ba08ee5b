use serde::{Deserialize, Serialize};

use crate::{Credential, Secret};

/// What Unity Connection can be asked to do with users beside making one from a template. A user is known by the alias.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailboxAction {
    /// A user of the LDAP directory gets a mailbox. Names and addresses stay the directory's.
    Import {
        /// The alias, which is the directory's.
        alias: String,
        /// The extension.
        extension: String,
        /// The alias of the user template.
        template: String,
    },
    /// Another alias. The mailbox keeps all else.
    Rename {
        /// The alias that it has now.
        alias: String,
        /// What it becomes.
        to: String,
    },
    /// A user goes, with the mailbox, its messages and the unified messaging accounts. One of the LDAP directory can be
    /// imported again.
    Remove {
        /// The alias.
        alias: String,
    },
    /// What a user proves to be that user with.
    SetCredential {
        /// The alias.
        alias: String,
        /// Which of them.
        credential: Credential,
        /// What it is from then on.
        secret: Secret,
        /// Whether the user has to choose another one at the next login.
        must_change: bool,
    },
    /// A user who gave a wrong PIN or password too often may try again.
    Unlock {
        /// The alias.
        alias: String,
        /// What was given wrong.
        credential: Credential,
    },
    /// Another address for a unified messaging account.
    ChangeUnifiedMessaging {
        /// The alias of the user.
        alias: String,
        /// The display name of the external service.
        service: String,
        /// The address at that service.
        email: String,
    },
    /// A unified messaging account goes. What is in the mailbox stays.
    RemoveUnifiedMessaging {
        /// The alias of the user.
        alias: String,
        /// The display name of the external service.
        service: String,
    },
}

impl MailboxAction {
    /// The alias that the user has before the action.
    pub fn alias(&self) -> &str {
        match self {
            Self::Import { alias, .. }
            | Self::Rename { alias, .. }
            | Self::Remove { alias }
            | Self::SetCredential { alias, .. }
            | Self::Unlock { alias, .. }
            | Self::ChangeUnifiedMessaging { alias, .. }
            | Self::RemoveUnifiedMessaging { alias, .. } => alias,
        }
    }

    /// The objects of the device that it reads and changes.
    pub(crate) fn objects(&self) -> Vec<String> {
        let mailbox = |alias: &str| format!("mailbox/{alias}");
        match self {
            Self::Rename { alias, to } if alias != to => vec![mailbox(alias), mailbox(to)],
            _ => vec![mailbox(self.alias())],
        }
    }

    /// What people read in reports and histories.
    pub(crate) fn title(&self) -> String {
        let alias = self.alias();
        match self {
            Self::Import { .. } => format!("import mailbox {alias}"),
            Self::Rename { to, .. } => format!("rename mailbox {alias} to {to}"),
            Self::Remove { .. } => format!("remove mailbox {alias}"),
            Self::SetCredential { credential, .. } => format!("set the {credential} of mailbox {alias}"),
            Self::Unlock { credential, .. } => format!("unlock the {credential} of mailbox {alias}"),
            Self::ChangeUnifiedMessaging { .. } => format!("change unified messaging for {alias}"),
            Self::RemoveUnifiedMessaging { .. } => format!("remove unified messaging for {alias}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Action, DeviceId, ObjectKind, Step};

    #[test]
    fn a_renaming_keeps_others_away_from_both_aliases() {
        let step = |action| Step { device: DeviceId(uuid::Uuid::nil()), action: Action::Mailbox(action) };
        let rename = step(MailboxAction::Rename { alias: "tony".to_owned(), to: "anthony".to_owned() });
        assert_eq!(rename.objects(), ["mailbox/tony", "mailbox/anthony"]);
        assert_eq!(rename.title(), "rename mailbox tony to anthony");
        for object in rename.objects() {
            assert!(matches!(ObjectKind::of_step_object(&object), Some((ObjectKind::Mailbox, _))), "{object}");
        }
        let remove = step(MailboxAction::Remove { alias: "tony".to_owned() });
        assert_eq!(remove.objects(), ["mailbox/tony"]);
    }

    #[test]
    fn a_secret_is_neither_in_a_title_nor_in_a_debug_text() {
        let secret = Secret::new("635241");
        let action = MailboxAction::SetCredential {
            alias: "tony".to_owned(),
            credential: Credential::Pin,
            secret,
            must_change: true,
        };
        assert_eq!(action.title(), "set the PIN of mailbox tony");
        assert!(!format!("{action:?}").contains("635241"));
    }
}
