use serde::Deserialize;

use crate::catalog::{Field, Gate};
use crate::{DeviceKind, OrderType};

/// What can be ordered.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Product {
    /// Its name, which a row's `Product` cell has.
    pub name: String,
    /// What it becomes on the devices.
    pub shape: Shape,
    /// What it is, in one sentence.
    pub help: String,
    /// The order types that are possible.
    #[serde(deserialize_with = "labels")]
    pub orders: Vec<OrderType>,
    /// Whether a subscriber without a user may own it.
    #[serde(default)]
    pub pseudo: bool,
    /// Whether a role has it unless somebody took it away; no role has the others until somebody adds them.
    #[serde(default)]
    pub default_role: bool,
    /// Whether a person may have to assign, ship or receive something.
    #[serde(default)]
    pub activities: bool,
    /// Whether it is a record of Dialtone's own.
    #[serde(default)]
    pub infrastructure: bool,
    /// Where it is offered.
    #[serde(default)]
    pub gate: Gate,
    /// A bundle's products, in the order in which they are made.
    #[serde(default)]
    pub parts: Vec<String>,
    /// What is made along with it.
    #[serde(default)]
    pub with: Vec<String>,
    /// What must be there.
    #[serde(default)]
    pub needs: Vec<Need>,
    /// The fields that find it once it is there.
    #[serde(default)]
    pub keys: Vec<Field>,
    /// What an ADD must say.
    #[serde(default)]
    pub required: Vec<Field>,
    /// What an ADD may say.
    #[serde(default)]
    pub optional: Vec<Field>,
    /// What a CHANGE may say beside the keys.
    #[serde(default)]
    pub change: Vec<Field>,
    /// What a REPLACE may say beside the keys.
    #[serde(default)]
    pub replace: Vec<Field>,
    /// What a CHANGE_OWNER may say beside the keys.
    #[serde(default)]
    pub change_owner: Vec<Field>,
    /// What an UNLOCK says beside the keys.
    #[serde(default)]
    pub unlock: Vec<Field>,
    /// What goes with it when it is cancelled.
    #[serde(default)]
    pub cascade: Vec<Cascade>,
}

/// A product that another one needs.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Need {
    /// One of these products.
    pub any: Vec<String>,
    /// The field that names it; `None` where a subscriber has it at most once.
    pub by: Option<Field>,
}

/// A product that goes when another one is cancelled.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cascade {
    /// Its name.
    pub product: String,
    /// The message processors on which it stays.
    #[serde(default)]
    pub but_not_on: Vec<DeviceKind>,
}

/// What a product becomes on the devices: the planner has one way of planning for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// Its parts.
    Bundle,
    /// A phone.
    Phone,
    /// A directory number on a phone of one's own.
    Line,
    /// A directory number on a phone of somebody else.
    SharedLine,
    /// A mailbox.
    Voicemail,
    /// An address of a mailbox's user.
    Email,
    /// An account of a mailbox's user at a mail server.
    UnifiedMessaging,
    /// A device profile.
    ExtensionMobilityAccess,
    /// A directory number on a device profile.
    ExtensionMobilityLine,
    /// A remote destination profile.
    RemoteDestinationProfile,
    /// A directory number on a remote destination profile.
    RemoteDestinationProfileLine,
    /// Settings of an end user for softphones.
    Softphone,
    /// Settings of an end user for mobility.
    Mobility,
    /// The presence licence of an end user.
    Presence,
    /// The client licence of an end user.
    PresenceClient,
    /// The client licence of an end user, served by a presence processor.
    ClientService,
    /// Settings of an end user on a presence processor.
    ClientUserSettings,
    /// Instant messages and presence of an end user.
    UserServices,
    /// An extension of the Phone System.
    Extension,
    /// A record of a Domain.
    Domain,
    /// A record of a Service Area.
    ServiceArea,
    /// A record of consecutive directory numbers.
    NumberBlock,
}

impl Product {
    /// Whether it is ordered whole and made of other products.
    pub fn is_bundle(&self) -> bool {
        self.shape == Shape::Bundle
    }

    /// Whether the order type is possible.
    pub fn allows(&self, order_type: OrderType) -> bool {
        self.orders.contains(&order_type)
    }
}

impl Shape {
    /// Whether it is a directory number on something.
    pub const fn is_line(self) -> bool {
        matches!(self, Self::Line | Self::SharedLine | Self::ExtensionMobilityLine | Self::RemoteDestinationProfileLine)
    }
}

/// Order types by the words that a row has, such as `CHANGE_OWNER`.
fn labels<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<OrderType>, D::Error> {
    let words = Vec::<String>::deserialize(deserializer)?;
    let order_type = |word: String| {
        let found = OrderType::ALL.iter().find(|order_type| order_type.label() == word);
        found.copied().ok_or_else(|| serde::de::Error::custom(format!("no order type {word}")))
    };
    words.into_iter().map(order_type).collect()
}
