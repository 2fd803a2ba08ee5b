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
    /// The versions that have it: from, and before.
    pub(super) versions: (Option<Version>, Option<Version>),
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
    /// Any number of members with this name and rule.
    List(&'static str, &'static Rule),
}

pub(super) const fn need(name: &'static str, rule: Rule) -> Field {
    Field { name, required: true, rule, versions: (None, None) }
}

pub(super) const fn may(name: &'static str, rule: Rule) -> Field {
    Field { name, required: false, rule, versions: (None, None) }
}

impl Field {
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
    infrastructure("routePartition", "RoutePartition"),
    infrastructure("css", "Css"),
    infrastructure("devicePool", "DevicePool"),
    infrastructure("location", "Location"),
    infrastructure("commonPhoneConfig", "CommonPhoneConfig"),
    infrastructure("presenceGroup", "PresenceGroup"),
    infrastructure("phoneButtonTemplate", "PhoneButtonTemplate"),
    infrastructure("softKeyTemplate", "SoftKeyTemplate"),
    infrastructure("sipProfile", "SipProfile"),
    infrastructure("phoneSecurityProfile", "PhoneSecurityProfile"),
    infrastructure("voiceMailProfile", "VoiceMailProfile"),
    infrastructure("serviceProfile", "ServiceProfile"),
];

/// Objects that other objects name, and that have nothing else of interest here.
const fn infrastructure(name: &'static str, title: &'static str) -> Class {
    Class { name, title, key: &["name"], fields: fields::INFRASTRUCTURE }
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

    pub(super) fn is_key(&self, field: &Field) -> bool {
        self.key.contains(&field.name)
    }
}
