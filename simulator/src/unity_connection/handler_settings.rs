//! What a call handler does with calls, beside what it is called: its greetings, its transfer options, and what the keys
//! of a phone do. Every call handler has all of them, so none is made or removed.

use super::handlers::handler_of;
use super::kinds::{Kind, Rule, USER, belonging, field};
use super::refusal::Refusal;
use super::resources::{Changes, Resource, Resources, gone, put_below, text};

/// One of the three, with the names of its members.
pub(super) struct Settings {
    pub(super) kind: &'static Kind,
    /// The last part of the list's path.
    pub(super) path: &'static str,
    members: &'static [&'static str],
    /// Those that are in force unless somebody ends it. `None` for what is always in force.
    enabled: Option<&'static [&'static str]>,
    usual: &'static [(&'static str, &'static str)],
}

pub(super) static GREETING: Kind = Kind {
    fields: &[&[
        field("AfterGreetingAction", Rule::Digits(2)),
        field("AfterGreetingTargetConversation", Rule::Text(64)),
        field("AfterGreetingTargetHandlerObjectId", Rule::Text(36)),
        field("EnableTransfer", Rule::Flag),
        field("Enabled", Rule::Flag),
        field("IgnoreDigits", Rule::Flag),
        field("PlayRecordMessagePrompt", Rule::Flag),
        field("PlayWhat", Rule::Digits(1)),
        field("RepromptDelay", Rule::Digits(4)),
        field("Reprompts", Rule::Digits(3)),
        field("TimeExpires", Rule::Text(32)),
    ]],
    ..belonging("greeting", "Greeting", "Greetings", "GreetingType")
};

pub(super) static TRANSFER_OPTION: Kind = Kind {
    fields: &[&[
        field("Action", Rule::Digits(1)),
        field("Enabled", Rule::Flag),
        field("Extension", Rule::Digits(40)),
        field("PlayTransferPrompt", Rule::Flag),
        field("RnaAction", Rule::Digits(1)),
        field("TimeExpires", Rule::Text(32)),
        field("TransferAnnounce", Rule::Flag),
        field("TransferConfirm", Rule::Flag),
        field("TransferDtDetect", Rule::Flag),
        field("TransferHoldingMode", Rule::Digits(1)),
        field("TransferIntroduce", Rule::Flag),
        field("TransferRings", Rule::Digits(2)),
        field("TransferScreening", Rule::Flag),
        field("TransferType", Rule::Digits(1)),
        field("UsePrimaryExtension", Rule::Flag),
    ]],
    ..belonging("transferoption", "TransferOption", "TransferOptions", "TransferOptionType")
};

pub(super) static MENU_ENTRY: Kind = Kind {
    fields: &[&[
        field("Action", Rule::Digits(2)),
        field("DisplayName", Rule::Text(64)),
        field("Locked", Rule::Flag),
        field("TargetConversation", Rule::Text(64)),
        field("TargetHandlerObjectId", Rule::Text(36)),
        field("TransferNumber", Rule::Digits(40)),
        field("TransferRings", Rule::Digits(2)),
        field("TransferType", Rule::Digits(1)),
    ]],
    ..belonging("menuentry", "MenuEntry", "MenuEntries", "TouchtoneKey")
};

static ALL: [Settings; 3] = [
    Settings {
        kind: &GREETING,
        path: "greetings",
        members: &["Alternate", "Busy", "Error", "Holiday", "Internal", "Off Hours", "Standard"],
        enabled: Some(&["Error", "Standard"]),
        usual: &[
            ("AfterGreetingAction", "4"),
            ("EnableTransfer", "false"),
            ("IgnoreDigits", "false"),
            ("PlayRecordMessagePrompt", "true"),
            ("PlayWhat", "0"),
            ("RepromptDelay", "2"),
            ("Reprompts", "0"),
        ],
    },
    Settings {
        kind: &TRANSFER_OPTION,
        path: "transferoptions",
        members: &["Alternate", "Off Hours", "Standard"],
        enabled: Some(&["Standard"]),
        usual: &[
            ("Action", "0"),
            ("PlayTransferPrompt", "true"),
            ("RnaAction", "1"),
            ("TransferAnnounce", "false"),
            ("TransferConfirm", "false"),
            ("TransferDtDetect", "false"),
            ("TransferHoldingMode", "0"),
            ("TransferIntroduce", "false"),
            ("TransferRings", "4"),
            ("TransferScreening", "false"),
            ("TransferType", "0"),
            ("UsePrimaryExtension", "true"),
        ],
    },
    Settings {
        kind: &MENU_ENTRY,
        path: "menuentries",
        members: &["#", "*", "0", "1", "2", "3", "4", "5", "6", "7", "8", "9"],
        enabled: None,
        usual: &[("Action", "0"), ("Locked", "false"), ("TransferRings", "4"), ("TransferType", "0")],
    },
];

/// When what isn't in force ended.
const PAST: &str = "1972-01-01 00:00:00.0";

impl Settings {
    pub(super) fn at(path: &str) -> Option<&'static Self> {
        ALL.iter().find(|settings| settings.path == path)
    }

    /// The member that a part of a path names, in whatever way its spaces and signs are written.
    fn member(&self, written: &str) -> Result<&'static str, Refusal> {
        let written = written.replace("%20", " ").replace("%23", "#").replace("%2A", "*");
        let found = self.members.iter().find(|member| member.eq_ignore_ascii_case(&written));
        found.copied().ok_or_else(|| Refusal::not_found(self.kind.member))
    }
}

impl Resources {
    /// All members, as they are at a time; times are compared as CUPI writes them.
    pub(super) fn settings(&self, settings: &Settings, handler: &str, now: &str) -> Result<Vec<Resource>, Refusal> {
        settings.members.iter().map(|member| self.setting(settings, handler, member, now)).collect()
    }

    pub(super) fn setting(
        &self,
        settings: &Settings,
        handler: &str,
        member: &str,
        now: &str,
    ) -> Result<Resource, Refusal> {
        self.handler(handler)?;
        let member = settings.member(member)?;
        let above = format!("/vmrest/handlers/callhandlers/{handler}");
        let uri = format!("{above}/{}/{}", settings.path, member.replace(' ', "%20").replace('#', "%23"));
        let values = [
            ("URI", uri.as_str()),
            ("CallHandlerObjectId", handler),
            ("CallhandlerURI", &above),
            (settings.kind.known_by, member),
        ];
        let all = values.iter().chain(settings.usual);
        let mut shown: Resource = all.map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let kept = self.get(settings.kind, &format!("{handler}/{member}")).ok();
        shown.extend(kept.cloned().into_iter().flatten().filter(|(name, _)| name != "ObjectId"));
        if let Some(usually) = settings.enabled {
            let ends = text(&shown, "TimeExpires").to_owned();
            let is_on = match kept.map_or("", |kept| text(kept, "Enabled")) {
                _ if !ends.is_empty() => ends.as_str() > now,
                "" => usually.contains(&member),
                said => said == "true",
            };
            shown.insert("Enabled".to_owned(), is_on.to_string());
            if !is_on && ends.is_empty() {
                shown.insert("TimeExpires".to_owned(), PAST.to_owned());
            }
        }
        Ok(shown)
    }

    /// What it takes to set values of a member.
    pub(super) fn change_setting(
        &self,
        settings: &Settings,
        handler: &str,
        member: &str,
        given: Resource,
    ) -> Result<Changes, Refusal> {
        self.handler(handler)?;
        let member = settings.member(member)?;
        let mut kept = self.get(settings.kind, &format!("{handler}/{member}")).cloned().unwrap_or_default();
        let checked = self.checked(settings.kind, given)?;
        // Whoever says when it ends, or that it does, has said whether it is in force.
        let ends = checked.get("TimeExpires").is_some_and(|time| !time.is_empty());
        match (checked.get("Enabled"), checked.contains_key("TimeExpires")) {
            (Some(_), _) if !ends => drop(kept.remove("TimeExpires")),
            (None, true) => drop(kept.insert("Enabled".to_owned(), "true".to_owned())),
            _ => {}
        }
        kept.extend(checked);
        Ok(put_below(settings.kind, handler, member, kept))
    }

    /// What it takes to forget what was set of the greetings, transfer options and keys of a call handler.
    pub(super) fn without_settings(&self, handler: &str) -> Changes {
        let of_handler = |settings: &Settings| {
            let members = self.of_owner(settings.kind, handler).map(|member| text(member, "ObjectId").to_owned());
            members.map(|member| gone(&format!("{}/{handler}/{member}", settings.kind.name))).collect::<Changes>()
        };
        ALL.iter().flat_map(of_handler).collect()
    }

    /// The same for the call handler of a user.
    pub(super) fn without_settings_of(&self, user: &str) -> Changes {
        if self.get(&USER, user).is_ok() { self.without_settings(&handler_of(user)) } else { Changes::new() }
    }
}
