use super::fields;

/// A version of the schema: major, minor.
pub(super) type Version = (u8, u8);

/// A class of objects that the device keeps.
#[derive(Debug)]
pub(super) struct Class {
    /// The name of the element that holds such an object.
    pub(super) name: &'static str,
    /// What people call it, in the device's messages.
    pub(super) title: &'static str,
    /// The fields that make it unique.
    pub(super) key: &'static [&'static str],
    pub(super) fields: &'static [Field],
}

/// A field of an object. A list of them is in the order in which the device wants them.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) required: bool,
    pub(super) rule: Rule,
    pub(super) use_of: Use,
    /// The versions that have it: from, and before.
    pub(super) versions: (Option<Version>, Option<Version>),
}

/// Where a field appears beside additions and gets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Use {
    /// Its name in changes; `None`: it can't be changed.
    pub(super) changed_as: Option<&'static str>,
    pub(super) listed: bool,
    /// In no message at all, only in the device's state.
    pub(super) hidden: bool,
}

/// What a field may hold.
#[derive(Debug)]
pub(super) enum Rule {
    /// At most so many characters.
    Text(usize),
    /// Never shown again.
    Secret,
    /// One of these.
    Word(&'static [&'static str]),
    /// `true` or `false`.
    Flag,
    /// From, to.
    Number(i64, i64),
    /// The key of an object of a class, which can't be removed meanwhile.
    Needs(&'static str),
    /// The same, but when the object is removed the field goes with it.
    Names(&'static str),
    /// A directory number by pattern and partition; it goes with the number.
    Dirn,
    /// Fields in it.
    Group(&'static [Field]),
    /// Kept as it came, as XML, because it means nothing here.
    Any,
    /// Any number of members with this name and rule.
    List(&'static str, &'static Rule),
}

pub(super) const fn need(name: &'static str, rule: Rule) -> Field {
    Field { required: true, ..may(name, rule) }
}

pub(super) const fn may(name: &'static str, rule: Rule) -> Field {
    let use_of = Use { changed_as: Some(name), listed: true, hidden: false };
    Field { name, required: false, rule, use_of, versions: (None, None) }
}

/// An element that the device keeps and shows, and that means nothing to anything else.
pub(super) const fn keep(name: &'static str) -> Field {
    may(name, Rule::Any).unlisted()
}

impl Field {
    /// Called otherwise in changes.
    pub(super) const fn changed_as(mut self, name: &'static str) -> Self {
        self.use_of.changed_as = Some(name);
        self
    }

    /// Said when the object is added and never again.
    pub(super) const fn fixed(mut self) -> Self {
        self.use_of.changed_as = None;
        self
    }

    /// Told of a single object, and not in lists.
    pub(super) const fn unlisted(mut self) -> Self {
        self.use_of.listed = false;
        self
    }

    /// In no message at all, only in the device's state.
    pub(super) const fn hidden(mut self) -> Self {
        self.use_of.hidden = true;
        self
    }

    pub(super) const fn from(mut self, major: u8, minor: u8) -> Self {
        self.versions.0 = Some((major, minor));
        self
    }

    pub(super) const fn before(mut self, major: u8, minor: u8) -> Self {
        self.versions.1 = Some((major, minor));
        self
    }

    pub(super) fn is_in(&self, version: Version) -> bool {
        self.versions.0.is_none_or(|from| from <= version) && self.versions.1.is_none_or(|before| version < before)
    }
}

/// The classes that AXL operations of this device exist for.
pub(super) const CLASSES: &[Class] = &[
    Class { name: "user", title: "User", key: &["userid"], fields: fields::USER },
    Class { name: "phone", title: "Phone", key: &["name"], fields: fields::PHONE },
    Class { name: "line", title: "Line", key: &["pattern", "routePartitionName"], fields: fields::LINE },
    Class { name: "deviceProfile", title: "DeviceProfile", key: &["name"], fields: fields::DEVICE_PROFILE },
    Class {
        name: "remoteDestinationProfile",
        title: "RemoteDestinationProfile",
        key: &["name"],
        fields: fields::REMOTE_DESTINATION_PROFILE,
    },
    Class {
        name: "remoteDestination",
        title: "RemoteDestination",
        key: &["destination"],
        fields: fields::REMOTE_DESTINATION,
    },
    Class { name: "routePartition", title: "RoutePartition", key: &["name"], fields: fields::PARTITION },
    Class { name: "css", title: "Css", key: &["name"], fields: fields::CALLING_SEARCH_SPACE },
    named("devicePool", "DevicePool"),
    named("location", "Location"),
    infrastructure("commonPhoneConfig", "CommonPhoneConfig"),
    infrastructure("presenceGroup", "PresenceGroup"),
    named("phoneButtonTemplate", "PhoneButtonTemplate"),
    infrastructure("softKeyTemplate", "SoftKeyTemplate"),
    infrastructure("sipProfile", "SipProfile"),
    infrastructure("phoneSecurityProfile", "PhoneSecurityProfile"),
    infrastructure("voiceMailProfile", "VoiceMailProfile"),
    infrastructure("serviceProfile", "ServiceProfile"),
    infrastructure("processNode", "ProcessNode"),
    named("ldapDirectory", "LdapDirectory"),
    Class { name: "gateway", title: "Gateway", key: &["domainName"], fields: fields::GATEWAY },
];

/// Objects that other objects name, and that have nothing else of interest here.
const fn infrastructure(name: &'static str, title: &'static str) -> Class {
    Class { name, title, key: &["name"], fields: fields::INFRASTRUCTURE }
}

/// The same, without a description.
const fn named(name: &'static str, title: &'static str) -> Class {
    Class { name, title, key: &["name"], fields: fields::NAMED }
}

impl Class {
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        CLASSES.iter().find(|class| class.name == name)
    }

    /// The class of an operation such as `addPhone`, with the verb.
    pub(super) fn of_operation(operation: &str) -> Option<(&str, &'static Self)> {
        let split = operation.find(|letter: char| letter.is_ascii_uppercase())?;
        let (verb, title) = operation.split_at(split);
        let class = CLASSES.iter().find(|class| class.title == title)?;
        Some((verb, class))
    }
}
