use std::collections::HashMap;
use std::fmt;
use std::sync::LazyLock;

use serde::{Deserialize, Serialize};

macro_rules! fields {
    ($($name:ident = $label:literal,)+) => {
        /// The columns of a project file that have a meaning of their own, by their labels.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[expect(missing_docs, reason = "the label says what each is, and the layout of project files helps with it")]
        pub enum Field {
            $(#[serde(rename = $label)] $name,)+
        }

        impl Field {
            /// Every field, in the order of a blank file.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// What a header says.
            pub const fn label(self) -> &'static str {
                match self { $(Self::$name => $label),+ }
            }
        }
    };
}

fields! {
    RowId = "Row Id",
    OrderType = "Order Type",
    Product = "Product",
    UserId = "User ID",
    FirstName = "First Name",
    LastName = "Last Name",
    Email = "Email",
    Role = "Role",
    Domain = "Domain",
    ServiceArea = "Service Area",
    SequenceNumber = "Sequence Number",
    AssocWith = "Assoc With",
    AssociatedPc = "Associated PC",
    EmailId = "Email ID",
    EmailDisplayName = "Email Display Name",
    EnableExtensionMobility = "Enable Extension Mobility",
    LineType = "Line Type",
    DirectoryNumber = "Directory Number",
    RoutePartition = "Route Partition",
    LinePosition = "Line Position",
    CopyLine = "Copy Line",
    SelectedPhone = "Selected Phone",
    SelectedLine = "Selected Line",
    SelectedVoicemail = "Selected Voicemail",
    TargetPhone = "Target Phone",
    MacAddress = "MAC Address",
    UseDummyMacAddress = "Use Dummy MAC Address",
    DeviceName = "Device Name",
    PhoneType = "Phone Type",
    Protocol = "Protocol",
    PhoneButtonTemplate = "Phone Button Template",
    EmPhoneType = "EM Phone Type",
    AnalogVoiceGatewayReference = "Analog Voice Gateway Reference",
    VoicePort = "Voice Port",
    Name = "Name",
    Description = "Description",
    SelectedRemoteDestinationProfile = "Selected Remote Destination Profile",
    SelectedExtensionMobilityAccess = "Selected Extension Mobility Access",
    UnifiedMessaging = "Unified Messaging",
    VoicemailAlias = "Voicemail Alias",
    VoicemailDisplayName = "Voicemail Display Name",
    ReservedPhone = "Reserved Phone",
    CopyPhone = "Copy Phone",
    AudioProfile = "Audio Profile",
    ConferencingProfile = "Conferencing Profile",
    LdapProfile = "LDAP Profile",
    CcmcipProfile = "CCMCIP Profile",
    CtiGatewayProfile = "CTI Gateway Profile",
    VoicemailProfile = "Voicemail Profile",
    EnableUserForImAndPresence = "Enable User for IM and Presence",
    HomeCluster = "Home Cluster",
    UcServiceProfile = "UC Service Profile",
    ExtKey = "Ext Key",
    Number = "Number",
    DirectoryName = "Directory Name",
    AddOns = "Add-ons",
    NewOwner = "New Owner",
    UnlockAccount = "Unlock Account",
    RequestedDeliveryDate = "Requested Delivery Date",
    CallProcessor = "Call Processor",
    MessageProcessor = "Message Processor",
    PresenceProcessor = "Presence Processor",
    NumberBlocks = "Number Blocks",
    GatewayReferences = "Gateway References",
    BlockStart = "Block Start",
    BlockEnd = "Block End",
}

impl Field {
    /// The fields that a row of any product may have.
    pub const COMMON: &'static [Self] = &[
        Self::RowId,
        Self::OrderType,
        Self::Product,
        Self::UserId,
        Self::FirstName,
        Self::LastName,
        Self::Email,
        Self::Role,
        Self::Domain,
        Self::ServiceArea,
        Self::SequenceNumber,
        Self::AssocWith,
        Self::RequestedDeliveryDate,
    ];

    /// The field with this very label.
    pub fn of_label(label: &str) -> Option<Self> {
        static BY_LABEL: LazyLock<HashMap<&'static str, Field>> =
            LazyLock::new(|| Field::ALL.iter().map(|field| (field.label(), *field)).collect());
        BY_LABEL.get(label).copied()
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}
