//! How a user learns of messages: the lamp of a phone, and devices that are called or written to. Every mailbox has some
//! from the start. These follow from the user, and only what was set of them is kept.

use super::installation::{PHONE_SYSTEM, SCHEDULE_SET, built_in};
use super::kinds::{Field, Kind, Rule, USER, belonging, field, told};
use super::refusal::Refusal;
use super::resources::{Changes, Resource, Resources, gone, id_beside, put_below, text};

/// The names and values of fields.
type Values = &'static [(&'static str, &'static str)];

/// One kind of them.
pub(super) struct Notices {
    pub(super) kind: &'static Kind,
    /// Where the list is, behind the path of the user.
    path: &'static [&'static str],
    /// The number that the list of all devices has for the kind; empty for what is no device.
    number: &'static str,
    /// Those that every mailbox has: what their ids differ in from the user's, and what they are called.
    first: &'static [(u128, &'static str)],
    /// What these have other than usual.
    of_first: Values,
    usual: &'static [Values],
    /// What nobody is made without.
    needed: &'static [&'static str],
    /// What one that is in force has. Empty where nothing is needed.
    reached_by: &'static str,
}

/// A lamp or another sign of a phone.
static MWI: Kind = Kind {
    fields: &[&[
        field("Active", Rule::Flag),
        field("DisplayName", Rule::Text(64)),
        field("IncludeFaxMessages", Rule::Flag),
        field("IncludeTextMessages", Rule::Flag),
        field("IncludeVoiceMessages", Rule::Flag),
        field("MediaSwitchObjectId", Rule::Refers(&PHONE_SYSTEM)),
        field("MwiExtension", Rule::Text(40)),
        field("MwiOn", Rule::Flag),
        field("UsePrimaryExtension", Rule::Flag),
    ]],
    ..belonging("mwi", "Mwi", "Mwis", "DisplayName")
};

/// What may be set of all devices.
const OF_DEVICES: &[Field] = &[
    field("Active", Rule::Flag),
    field("DisplayName", Rule::Text(64)),
    field("EventList", Rule::Text(256)),
    field("InitialDelay", Rule::Digits(3)),
    field("PhoneNumber", Rule::Text(40)),
    field("RepeatInterval", Rule::Digits(3)),
    field("RepeatNotify", Rule::Flag),
    field("ScheduleSetObjectId", Rule::Refers(&SCHEDULE_SET)),
];

/// What may be set of those that are called.
const OF_CALLED: &[Field] = &[
    field("AfterDialDigits", Rule::Text(32)),
    field("BusyRetryInterval", Rule::Digits(3)),
    field("DialDelay", Rule::Digits(2)),
    field("MediaSwitchObjectId", Rule::Refers(&PHONE_SYSTEM)),
    field("RetriesOnBusy", Rule::Digits(3)),
    field("RetriesOnRna", Rule::Digits(3)),
    field("RingsToWait", Rule::Digits(3)),
    field("RnaRetryInterval", Rule::Digits(3)),
    field("TransmitForcedAuthorizationCode", Rule::Flag),
    field("WaitConnect", Rule::Flag),
];

static PHONE_DEVICE: Kind = Kind {
    fields: &[
        OF_DEVICES,
        OF_CALLED,
        &[field("DetectTransferLoop", Rule::Flag), field(FALLBACK, Rule::Text(36)), field("PromptForId", Rule::Flag)],
    ],
    ..belonging("phonedevice", "PhoneDevice", "PhoneDevices", "DisplayName")
};

static PAGER_DEVICE: Kind = Kind {
    fields: &[
        OF_DEVICES,
        OF_CALLED,
        &[
            field(FALLBACK, Rule::Text(36)),
            field("RetriesOnSuccess", Rule::Digits(3)),
            field("SendCallerId", Rule::Flag),
            field("SendCount", Rule::Flag),
            field("SuccessRetryInterval", Rule::Digits(3)),
        ],
    ],
    ..belonging("pagerdevice", "PagerDevice", "PagerDevices", "DisplayName")
};

static SMTP_DEVICE: Kind = Kind {
    fields: &[
        OF_DEVICES,
        &[
            field(FALLBACK, Rule::Text(36)),
            field("FooterText", Rule::Text(256)),
            field("HeaderText", Rule::Text(256)),
            field("SendCallerId", Rule::Flag),
            field("SendCount", Rule::Flag),
            field("SendPcaLink", Rule::Flag),
            field("SmtpAddress", Rule::Text(128)),
            field("StaticText", Rule::Text(256)),
        ],
    ],
    ..belonging("smtpdevice", "SmtpDevice", "SmtpDevices", "DisplayName")
};

static HTML_DEVICE: Kind = Kind {
    fields: &[
        OF_DEVICES,
        &[
            field("AllowVoiceMailAsAttachment", Rule::Flag),
            field("CallbackNumber", Rule::Text(40)),
            field("DisableMobileNumberFromPCA", Rule::Flag),
            field("DisableTemplateSelectionFromPCA", Rule::Flag),
            field("NotificationTemplateID", Rule::Text(36)),
            field("SmtpAddress", Rule::Text(128)),
        ],
    ],
    ..belonging("htmldevice", "HtmlDevice", "HtmlDevices", "DisplayName")
};

/// A device of whatever kind, in the list of all of them, which is only read.
pub(super) static NOTIFICATION_DEVICE: Kind =
    told("notificationdevice", "NotificationDevice", "NotificationDevices", "");

/// What every device has unless it is told otherwise.
const USUAL_OF_DEVICES: Values = &[
    ("Active", "false"),
    ("EventList", "NewVoiceMail"),
    ("InitialDelay", "0"),
    ("RepeatInterval", "0"),
    ("RepeatNotify", "false"),
    (UNDELETABLE, "false"),
];

/// The same of those that are called.
const USUAL_OF_CALLED: Values = &[
    ("BusyRetryInterval", "5"),
    ("DialDelay", "1"),
    ("RetriesOnBusy", "4"),
    ("RetriesOnRna", "4"),
    ("RingsToWait", "4"),
    ("RnaRetryInterval", "15"),
    ("TransmitForcedAuthorizationCode", "false"),
    ("WaitConnect", "true"),
];

pub(super) static ALL: [Notices; 5] = [
    Notices {
        kind: &MWI,
        path: &["mwis"],
        number: "",
        first: &[(0x0010, "MWI-1")],
        of_first: &[("Active", "true"), ("UsePrimaryExtension", "true")],
        usual: &[&[
            ("Active", "false"),
            ("IncludeFaxMessages", "false"),
            ("IncludeTextMessages", "false"),
            ("IncludeVoiceMessages", "true"),
            ("MwiOn", "false"),
            ("UsePrimaryExtension", "false"),
        ]],
        needed: &["DisplayName", "MwiExtension", "MediaSwitchObjectId"],
        reached_by: "",
    },
    Notices {
        kind: &PAGER_DEVICE,
        path: &["notificationdevices", "pagerdevices"],
        number: "2",
        first: &[(0x0020, "Pager")],
        of_first: &[(UNDELETABLE, "true"), ("SendCount", "true"), ("SendCallerId", "true")],
        usual: &[
            USUAL_OF_DEVICES,
            USUAL_OF_CALLED,
            &[
                ("RetriesOnSuccess", "0"),
                ("SendCallerId", "false"),
                ("SendCount", "false"),
                ("SuccessRetryInterval", "1"),
            ],
        ],
        needed: &["DisplayName", "PhoneNumber", "MediaSwitchObjectId"],
        reached_by: "PhoneNumber",
    },
    Notices {
        kind: &PHONE_DEVICE,
        path: &["notificationdevices", "phonedevices"],
        number: "1",
        first: &[(0x0030, "Home Phone"), (0x0031, "Mobile Phone"), (0x0032, "Work Phone")],
        of_first: &[(UNDELETABLE, "true")],
        usual: &[
            USUAL_OF_DEVICES,
            USUAL_OF_CALLED,
            &[("Conversation", "SubNotify"), ("DetectTransferLoop", "false"), ("PromptForId", "false")],
        ],
        needed: &["DisplayName", "PhoneNumber", "MediaSwitchObjectId"],
        reached_by: "PhoneNumber",
    },
    Notices {
        kind: &SMTP_DEVICE,
        path: &["notificationdevices", "smtpdevices"],
        number: "4",
        first: &[(0x0040, "SMTP")],
        of_first: &[(UNDELETABLE, "true")],
        usual: &[USUAL_OF_DEVICES, &[("SendCallerId", "true"), ("SendCount", "true"), ("SendPcaLink", "false")]],
        needed: &["DisplayName", "SmtpAddress"],
        reached_by: "SmtpAddress",
    },
    Notices {
        kind: &HTML_DEVICE,
        path: &["notificationdevices", "htmldevices"],
        number: "8",
        first: &[(0x0050, "HTML")],
        of_first: &[(UNDELETABLE, "true")],
        usual: &[
            USUAL_OF_DEVICES,
            &[
                ("AllowVoiceMailAsAttachment", "false"),
                ("DisableMobileNumberFromPCA", "false"),
                ("DisableTemplateSelectionFromPCA", "false"),
            ],
        ],
        needed: &["DisplayName", "SmtpAddress"],
        reached_by: "SmtpAddress",
    },
];

/// What tells of those that stay as long as their user.
const UNDELETABLE: &str = "Undeletable";

/// What is kept of one that every mailbox has and that this one has no longer. No request can name it.
const REMOVED: &str = "Removed";

/// In whose place another device is tried.
const FALLBACK: &str = "FailDeviceObjectId";

impl Notices {
    /// What a path names: the kind, the user, and one of them or all.
    pub(super) fn at<'p>(path: &'p [&'p str]) -> Option<(&'static Self, &'p str, Option<&'p str>)> {
        let ["users", user, rest @ ..] = path else { return None };
        ALL.iter().find_map(|notices| match rest.strip_prefix(notices.path)? {
            [] => Some((notices, *user, None)),
            [one] => Some((notices, *user, Some(*one))),
            _ => None,
        })
    }

    /// The address of one.
    pub(super) fn address(&self, user: &str, id: &str) -> String {
        format!("/vmrest/users/{user}/{}/{id}", self.path.join("/"))
    }

    fn is_device(&self) -> bool {
        !self.number.is_empty()
    }

    /// The ids and names of those that every mailbox has, for the mailbox of a user.
    fn first_of(&self, user: &str) -> impl Iterator<Item = (String, &'static str)> {
        self.first.iter().map(move |(apart, name)| (id_beside(user, *apart), *name))
    }
}

impl Resources {
    /// All of a kind that a user has, those that every mailbox has first.
    pub(super) fn notices(&self, notices: &Notices, user: &str) -> Result<Vec<Resource>, Refusal> {
        let owner = self.get(&USER, user)?;
        let first: Vec<String> = notices.first_of(user).map(|(id, _)| id).collect();
        let kept = self.of_owner(notices.kind, user).map(|kept| text(kept, "ObjectId").to_owned());
        let added: Vec<String> = kept.filter(|id| !first.contains(id)).collect();
        Ok(first.iter().chain(&added).filter_map(|id| self.shown_notice(notices, owner, id)).collect())
    }

    pub(super) fn notice(&self, notices: &Notices, user: &str, id: &str) -> Result<Resource, Refusal> {
        self.shown_notice(notices, self.get(&USER, user)?, id).ok_or_else(|| Refusal::not_found(notices.kind.member))
    }

    /// The devices of all kinds.
    pub(super) fn notification_devices(&self, user: &str) -> Result<Vec<Resource>, Refusal> {
        let mut all = Vec::new();
        for notices in ALL.iter().filter(|notices| notices.is_device()) {
            all.extend(self.notices(notices, user)?.into_iter().map(|mut device| {
                let uri = format!("/vmrest/users/{user}/notificationdevices/{}", text(&device, "ObjectId"));
                device.insert("URI".to_owned(), uri);
                device.insert("Type".to_owned(), notices.number.to_owned());
                device
            }));
        }
        Ok(all)
    }

    pub(super) fn notification_device(&self, user: &str, id: &str) -> Result<Resource, Refusal> {
        let found = self.notification_devices(user)?.into_iter().find(|device| text(device, "ObjectId") == id);
        found.ok_or_else(|| Refusal::not_found(NOTIFICATION_DEVICE.member))
    }

    pub(super) fn add_notice(
        &self,
        notices: &Notices,
        user: &str,
        id: &str,
        given: Resource,
    ) -> Result<Changes, Refusal> {
        self.get(&USER, user)?;
        let new = self.checked(notices.kind, given)?;
        if let Some(missing) = notices.needed.iter().find(|name| text(&new, name).is_empty()) {
            return Err(Refusal::invalid(format!("{missing} is missing")));
        }
        self.is_possible(notices, user, id, &new)?;
        Ok(put_below(notices.kind, user, id, new))
    }

    pub(super) fn set_notice(
        &self,
        notices: &Notices,
        user: &str,
        id: &str,
        given: Resource,
    ) -> Result<Changes, Refusal> {
        let mut shown = self.notice(notices, user, id)?;
        let mut given = self.checked(notices.kind, given)?;
        // Whoever names another extension doesn't want the user's own.
        let other = given.get("MwiExtension").is_some_and(|number| number != text(&shown, "MwiExtension"));
        if other && !given.contains_key("UsePrimaryExtension") {
            given.insert("UsePrimaryExtension".to_owned(), "false".to_owned());
        }
        shown.extend(given.clone());
        self.is_possible(notices, user, id, &shown)?;
        let mut kept = self.get(notices.kind, &format!("{user}/{id}")).cloned().unwrap_or_default();
        kept.extend(given);
        Ok(put_below(notices.kind, user, id, kept))
    }

    /// What it takes to remove one; no other device is tried in its place any more.
    pub(super) fn remove_notice(&self, notices: &Notices, user: &str, id: &str) -> Result<Changes, Refusal> {
        let shown = self.notice(notices, user, id)?;
        if text(&shown, UNDELETABLE) == "true" {
            return Err(Refusal::invalid(format!("the {} can't be removed", text(&shown, "DisplayName"))));
        }
        let mut changes = match notices.first_of(user).any(|(first, _)| first == id) {
            true => {
                let removed = Resource::from([(REMOVED.to_owned(), "true".to_owned())]);
                put_below(notices.kind, user, id, removed)
            }
            false => vec![gone(&format!("{}/{user}/{id}", notices.kind.name))],
        };
        for notices in ALL.iter().filter(|notices| notices.kind.field(FALLBACK).is_some()) {
            for kept in self.of_owner(notices.kind, user).filter(|kept| text(kept, FALLBACK) == id) {
                let mut alone = kept.clone();
                alone.remove(FALLBACK);
                changes.extend(put_below(notices.kind, user, text(kept, "ObjectId"), alone));
            }
        }
        Ok(changes)
    }

    fn is_possible(&self, notices: &Notices, user: &str, id: &str, one: &Resource) -> Result<(), Refusal> {
        let is_other = |other: &&Resource| text(other, "ObjectId") != id;
        let name = text(one, "DisplayName");
        if name.is_empty() {
            return Err(Refusal::invalid("DisplayName is missing"));
        }
        if self.notices(notices, user)?.iter().filter(is_other).any(|other| text(other, "DisplayName") == name) {
            return Err(Refusal::duplicate(format!("DisplayName {name} is in use")));
        }
        let needed = notices.reached_by;
        if text(one, "Active") == "true" && !needed.is_empty() && text(one, needed).is_empty() {
            return Err(Refusal::invalid(format!("{needed} is missing, so it can't be active")));
        }
        if text(one, "RepeatNotify") == "true" && matches!(text(one, "RepeatInterval"), "" | "0") {
            return Err(Refusal::invalid("RepeatInterval is missing, so it can't repeat"));
        }
        let fallback = text(one, FALLBACK);
        if !fallback.is_empty() && (fallback == id || self.notification_device(user, fallback).is_err()) {
            return Err(Refusal::invalid(format!("{fallback:?} is not possible as {FALLBACK}")));
        }
        Ok(())
    }

    /// One of a user as it is shown, if the user has it.
    fn shown_notice(&self, notices: &Notices, owner: &Resource, id: &str) -> Option<Resource> {
        let user = text(owner, "ObjectId");
        let first = notices.first_of(user).find(|(first, _)| first == id).map(|(_, name)| name);
        let kept = self.get(notices.kind, &format!("{user}/{id}")).ok();
        if (first.is_none() && kept.is_none()) || kept.is_some_and(|kept| kept.contains_key(REMOVED)) {
            return None;
        }
        let above = format!("/vmrest/users/{user}");
        let uri = notices.address(user, id);
        let whose = [("ObjectId", id), ("URI", &uri), ("SubscriberObjectId", user), ("UserURI", &above)];
        let named = first.into_iter().flat_map(|name| {
            let device_name = notices.is_device().then_some(("DeviceName", name));
            [("DisplayName", name)].into_iter().chain(device_name).chain(notices.of_first.iter().copied())
        });
        let values = whose.into_iter().chain(notices.usual.iter().copied().flatten().copied()).chain(named);
        let mut shown: Resource = values.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        for (field, kind, name) in
            [("MediaSwitchObjectId", &PHONE_SYSTEM, "PhoneSystem"), ("ScheduleSetObjectId", &SCHEDULE_SET, "All Hours")]
        {
            if notices.kind.field(field).is_some() {
                shown.insert(field.to_owned(), built_in(kind, name));
            }
        }
        shown.extend(kept.cloned().into_iter().flatten());
        if let Some(switch) = shown.get("MediaSwitchObjectId").cloned() {
            shown.insert("PhoneSystemURI".to_owned(), format!("/vmrest/{}/{switch}", PHONE_SYSTEM.path));
            let name = self.get(&PHONE_SYSTEM, &switch).map(|switch| text(switch, "DisplayName").to_owned());
            shown.extend(name.ok().map(|name| ("MediaSwitchDisplayName".to_owned(), name)));
        }
        if text(&shown, "UsePrimaryExtension") == "true" {
            shown.insert("MwiExtension".to_owned(), text(owner, "DtmfAccessId").to_owned());
        }
        Some(shown)
    }
}
