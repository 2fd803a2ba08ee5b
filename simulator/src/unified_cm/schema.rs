use super::{fields, infrastructure};

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
    /// Whether these are not all that the schema has.
    pub(super) is_in_part: bool,
    /// What lists are asked by.
    pub(super) criteria: &'static [&'static str],
    /// The operations that make devices take over what was changed.
    pub(super) activations: &'static [&'static str],
}

/// A field of an object. A list of them is in the order in which the device wants them.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) required: bool,
    pub(super) rule: Rule,
    pub(super) use_of: Use,
    /// Whether a request may unset it with `xsi:nil`.
    pub(super) nillable: bool,
    /// The versions that have it: from, and before.
    pub(super) versions: (Option<Version>, Option<Version>),
}

/// Where a field appears.
#[derive(Clone, Copy, Debug)]
pub(super) struct Use {
    /// In additions.
    pub(super) given: bool,
    /// Its name in changes; `None`: it can't be changed.
    pub(super) changed_as: Option<&'static str>,
    /// In what is told of an object.
    pub(super) told: bool,
    /// In lists too.
    pub(super) listed: bool,
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
    let use_of = Use { given: true, changed_as: Some(name), told: true, listed: true };
    Field { name, required: false, rule, use_of, nillable: false, versions: (None, None) }
}

/// An element that the device keeps and shows, and that means nothing to anything else.
pub(super) const fn keep(name: &'static str) -> Field {
    may(name, Rule::Any).unlisted()
}

/// An element that a client may ask for and never give.
pub(super) const fn tell(name: &'static str) -> Field {
    let mut field = may(name, Rule::Any).fixed();
    field.use_of.given = false;
    field
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

    /// Told to nobody.
    pub(super) const fn untold(mut self) -> Self {
        self.use_of.told = false;
        self
    }

    /// In no message at all, only in the device's state.
    pub(super) const fn hidden(self) -> Self {
        let mut field = self.fixed().untold();
        field.use_of.given = false;
        field
    }

    /// Mandatory in an addition.
    pub(super) const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Unset by `xsi:nil`.
    pub(super) const fn nil(mut self) -> Self {
        self.nillable = true;
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
    class("user", "User", fields::USER).keyed(&["userid"]).by(&[
        "firstName",
        "lastName",
        "userid",
        "department",
        "customerName",
    ]),
    class("phone", "Phone", fields::PHONE)
        .by(&["name", "description", "protocol", "callingSearchSpaceName", "devicePoolName", "securityProfileName"])
        .taken_over_by(ALL),
    class("line", "Line", fields::LINE)
        .keyed(&["pattern", "routePartitionName"])
        .by(&["pattern", "description", "usage", "routePartitionName"])
        .taken_over_by(ALL),
    class("deviceProfile", "DeviceProfile", fields::DEVICE_PROFILE),
    class("remoteDestinationProfile", "RemoteDestinationProfile", fields::REMOTE_DESTINATION_PROFILE).by(&["name"]),
    class("remoteDestination", "RemoteDestination", fields::REMOTE_DESTINATION).keyed(&["destination"]).by(&[
        "name",
        "remoteDestinationProfileName",
        "ctiRemoteDeviceName",
        "dualModeDeviceName",
    ]),
    class("routePartition", "RoutePartition", infrastructure::PARTITION).taken_over_by(&["apply", "restart"]),
    class("css", "Css", infrastructure::CALLING_SEARCH_SPACE).by(&["description", "partitionUsage", "name"]),
    class("devicePool", "DevicePool", infrastructure::DEVICE_POOL)
        .by(&["name", "callManagerGroupName", "regionName"])
        .taken_over_by(ALL),
    class("region", "Region", infrastructure::REGION).by(&["name"]).taken_over_by(&["apply", "restart"]),
    class("location", "Location", infrastructure::LOCATION).by(&["name"]),
    class("callManagerGroup", "CallManagerGroup", infrastructure::CALL_MANAGER_GROUP)
        .by(&["name"])
        .taken_over_by(&["apply", "reset"]),
    class("dateTimeGroup", "DateTimeGroup", infrastructure::DATE_TIME_GROUP)
        .by(&["name", "timeZone"])
        .taken_over_by(&["apply", "reset"]),
    class("srst", "Srst", infrastructure::SRST).by(&["name", "ipAddress"]).taken_over_by(ALL),
    class("commonPhoneConfig", "CommonPhoneConfig", infrastructure::COMMON_PHONE_CONFIG)
        .by(&["name"])
        .taken_over_by(&["apply", "reset"]),
    class("presenceGroup", "PresenceGroup", infrastructure::PRESENCE_GROUP),
    class("phoneButtonTemplate", "PhoneButtonTemplate", infrastructure::PHONE_BUTTON_TEMPLATE)
        .by(&["name"])
        .taken_over_by(&["apply", "restart"]),
    class("softKeyTemplate", "SoftKeyTemplate", infrastructure::SOFT_KEY_TEMPLATE).taken_over_by(&["apply", "restart"]),
    class("sipProfile", "SipProfile", infrastructure::DESCRIBED).in_part().taken_over_by(&["apply", "restart"]),
    class("phoneSecurityProfile", "PhoneSecurityProfile", infrastructure::DESCRIBED)
        .in_part()
        .taken_over_by(&["apply", "reset"]),
    class("voiceMailProfile", "VoiceMailProfile", infrastructure::VOICE_MAIL_PROFILE).by(&["name"]).taken_over_by(ALL),
    class("serviceProfile", "ServiceProfile", infrastructure::SERVICE_PROFILE),
    class("processNode", "ProcessNode", infrastructure::DESCRIBED).in_part().by(&[
        "name",
        "description",
        "processNodeRole",
    ]),
    class("ldapDirectory", "LdapDirectory", infrastructure::NAMED).in_part().by(&["name", "ldapDn", "userSearchBase"]),
    class("gateway", "Gateway", infrastructure::GATEWAY)
        .in_part()
        .keyed(&["domainName"])
        .by(&["domainName", "description", "product", "protocol"])
        .taken_over_by(ALL),
];

const ALL: &[&str] = &["apply", "restart", "reset"];

/// Found by its name, and listed by name and description, as most are.
const fn class(name: &'static str, title: &'static str, fields: &'static [Field]) -> Class {
    Class {
        name,
        title,
        key: &["name"],
        fields,
        is_in_part: false,
        criteria: &["name", "description"],
        activations: &[],
    }
}

impl Class {
    const fn keyed(mut self, key: &'static [&'static str]) -> Self {
        self.key = key;
        self
    }

    /// Of which only some fields are known here.
    const fn in_part(mut self) -> Self {
        self.is_in_part = true;
        self
    }

    const fn by(mut self, criteria: &'static [&'static str]) -> Self {
        self.criteria = criteria;
        self
    }

    const fn taken_over_by(mut self, activations: &'static [&'static str]) -> Self {
        self.activations = activations;
        self
    }
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
