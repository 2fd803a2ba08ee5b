use std::collections::HashMap;

use serde::Deserialize;

use super::folded;

/// What a provisioning attribute is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttributeOf {
    /// A phone.
    Phone,
    /// A directory number; every line with this number and partition shares it.
    DirectoryNumber,
    /// One line alone.
    Line,
    /// A device profile.
    DeviceProfile,
    /// A remote destination profile.
    RemoteDestinationProfile,
    /// The mobility of an end user.
    Mobility,
    /// A mailbox.
    Mailbox,
}

/// The provisioning attributes, found by what people call them or by the device's own name.
#[derive(Debug)]
pub struct AttributeNames(HashMap<(AttributeOf, String), &'static str>);

impl AttributeNames {
    /// The device's name of an attribute; case, spaces, `_` and `-` don't matter.
    pub fn element(&self, of: AttributeOf, name: &str) -> Option<&'static str> {
        self.0.get(&(of, folded(name))).copied()
    }

    #[expect(clippy::expect_used, reason = "the data file is part of the binary, and a test reads it")]
    pub(super) fn load() -> Self {
        #[derive(Deserialize)]
        struct Attributes {
            #[serde(borrow)]
            attribute: Vec<Group<'static>>,
        }
        #[derive(Deserialize)]
        struct Group<'a> {
            of: AttributeOf,
            #[serde(borrow)]
            names: Vec<(&'a str, &'a str)>,
        }
        let attributes: Attributes = toml::from_str(include_str!("../../catalog/attributes.toml"))
            .expect("a catalogue of attributes that reads");
        let mut names = HashMap::new();
        for Group { of, names: group } in attributes.attribute {
            for (label, element) in group {
                names.insert((of, folded(element)), element);
                names.insert((of, folded(label)), element);
            }
        }
        Self(names)
    }
}
