use std::fmt;

use serde::Deserialize;

use crate::{DeviceKind, Profile};

/// Where a product is offered: which edition of the rules, which devices, which versions.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Gate {
    /// The only edition of the rules that has it; `None`: both.
    pub profile: Option<Profile>,
    /// The families of call processors that can make it; empty: it needs none.
    #[serde(default)]
    pub call_processor: Vec<DeviceKind>,
    /// The versions of the call processor; empty: all.
    #[serde(default)]
    pub versions: Vec<VersionRange>,
    /// The families of message processors on which it can be ordered; empty: it needs none.
    #[serde(default)]
    pub message_processor: Vec<DeviceKind>,
    /// The families of presence processors that can make it; empty: it needs none.
    #[serde(default)]
    pub presence_processor: Vec<DeviceKind>,
    /// The editions that offer it only where the Service Area has no presence processor.
    #[serde(default)]
    pub without_presence_processor: Vec<Profile>,
    /// Whether the call processor must have its extension mobility details.
    #[serde(default)]
    pub extension_mobility: bool,
    /// Whether a Unity Connection must have an external mail server.
    #[serde(default)]
    pub external_mail: bool,
    /// Whether it needs the organization's Phone System.
    #[serde(default)]
    pub phone_system: bool,
}

/// Some versions of a device, for one edition of the rules or both.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VersionRange {
    /// The edition; `None`: both.
    pub profile: Option<Profile>,
    /// The first version.
    pub from: String,
    /// The first version that isn't any more.
    pub before: Option<String>,
}

/// What serves a subscriber, as far as a gate asks.
#[derive(Clone, Copy, Debug)]
pub struct Setting<'a> {
    /// The edition of the rules.
    pub profile: Profile,
    /// The call processor's family and version.
    pub call_processor: Option<(DeviceKind, Option<&'a str>)>,
    /// The message processor's family.
    pub message_processor: Option<DeviceKind>,
    /// The presence processor's family.
    pub presence_processor: Option<DeviceKind>,
    /// Whether the call processor's extension mobility details are known.
    pub extension_mobility: bool,
    /// Whether the message processor has an external mail server.
    pub external_mail: bool,
    /// Whether the organization has a Phone System.
    pub phone_system: bool,
}

/// Why a gate is closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Closed {
    /// The edition of the rules hasn't got the product.
    Profile,
    /// The Service Area has no device of that role, or one of another family.
    Processor {
        /// `call processor`, `message processor` or `presence processor`.
        role: &'static str,
        /// The families that would do.
        wanted: Vec<DeviceKind>,
        /// The family that is there.
        found: Option<DeviceKind>,
    },
    /// The Service Area has a presence processor, with which the product isn't ordered.
    PresenceProcessor,
    /// The call processor has another version.
    Version {
        /// The versions that would do, in words.
        wanted: String,
        /// The version that is there; `None`: nobody said.
        found: Option<String>,
    },
    /// The call processor's extension mobility details are missing.
    ExtensionMobility,
    /// The message processor has no external mail server.
    ExternalMail,
    /// The organization has no Phone System.
    PhoneSystem,
}

impl Gate {
    /// Whether the product is offered there.
    ///
    /// # Errors
    /// [`Closed`] with the first reason why not.
    pub fn admit(&self, setting: &Setting<'_>) -> Result<(), Closed> {
        self.admit_part(setting)?;
        let messages = setting.message_processor;
        processor("message processor", &self.message_processor, messages)
    }

    /// As [`Gate::admit`], for a part of a bundle: the bundle says on which message processors it is ordered.
    ///
    /// # Errors
    /// [`Closed`] with the first reason why not.
    pub fn admit_part(&self, setting: &Setting<'_>) -> Result<(), Closed> {
        if self.profile.is_some_and(|profile| profile != setting.profile) {
            return Err(Closed::Profile);
        }
        processor("call processor", &self.call_processor, setting.call_processor.map(|(kind, _)| kind))?;
        self.version(setting)?;
        processor("presence processor", &self.presence_processor, setting.presence_processor)?;
        if self.without_presence_processor.contains(&setting.profile) && setting.presence_processor.is_some() {
            return Err(Closed::PresenceProcessor);
        }
        if self.extension_mobility && !setting.extension_mobility {
            return Err(Closed::ExtensionMobility);
        }
        let on_unity_connection = setting.message_processor == Some(DeviceKind::UnityConnection);
        if self.external_mail && on_unity_connection && !setting.external_mail {
            return Err(Closed::ExternalMail);
        }
        if self.phone_system && !setting.phone_system {
            return Err(Closed::PhoneSystem);
        }
        Ok(())
    }

    fn version(&self, setting: &Setting<'_>) -> Result<(), Closed> {
        let Some((kind, version)) = setting.call_processor else { return Ok(()) };
        let applies = |range: &&VersionRange| range.profile.is_none_or(|profile| profile == setting.profile);
        let mut ranges = self.versions.iter().filter(applies).peekable();
        if ranges.peek().is_none() || kind == DeviceKind::Null {
            return Ok(());
        }
        if version.is_some_and(|version| ranges.clone().any(|range| range.has(version))) {
            return Ok(());
        }
        let words: Vec<String> = ranges.map(ToString::to_string).collect();
        Err(Closed::Version { wanted: words.join(", or "), found: version.map(str::to_owned) })
    }
}

/// A device that only measures stands in for any family.
fn processor(role: &'static str, wanted: &[DeviceKind], found: Option<DeviceKind>) -> Result<(), Closed> {
    match found {
        _ if wanted.is_empty() => Ok(()),
        Some(kind) if kind == DeviceKind::Null || wanted.contains(&kind) => Ok(()),
        _ => Err(Closed::Processor { role, wanted: wanted.to_vec(), found }),
    }
}

impl VersionRange {
    fn has(&self, version: &str) -> bool {
        let version = parts(version);
        version >= parts(&self.from) && self.before.as_ref().is_none_or(|before| version < parts(before))
    }
}

/// `12.5.1` as 12, 5, 1, so that 10 comes after 9. What isn't a number counts as nothing.
fn parts(version: &str) -> Vec<u32> {
    version.split('.').map_while(|part| part.parse().ok()).collect()
}

impl fmt::Display for VersionRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.before {
            Some(before) => write!(f, "{} up to, but not including, {before}", self.from),
            None => write!(f, "{} or later", self.from),
        }
    }
}

impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Profile => f.write_str("the organization's edition of the rules hasn't got it"),
            Self::Processor { role, wanted, found } => {
                let wanted: Vec<&str> = wanted.iter().map(|kind| kind.label()).collect();
                write!(f, "it needs {} as {role}, and the Service Area has ", wanted.join(" or "))?;
                f.write_str(found.map_or("none", DeviceKind::label))
            }
            Self::PresenceProcessor => f.write_str("it isn't ordered where there is a presence processor"),
            Self::Version { wanted, found: Some(found) } => {
                write!(f, "it needs a call processor of version {wanted}, and this one is {found}")
            }
            Self::Version { wanted, found: None } => {
                write!(f, "it needs a call processor of version {wanted}, and nobody said which this one is")
            }
            Self::ExtensionMobility => f.write_str("the call processor's extension mobility details are missing"),
            Self::ExternalMail => f.write_str("the message processor has no external mail server"),
            Self::PhoneSystem => f.write_str("the organization has no Phone System"),
        }
    }
}
