use serde::Deserialize;

/// What is known of a phone type.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PhoneType {
    /// Its name.
    pub name: String,
    /// How many lines it can have where no button template says it.
    pub lines: u16,
    /// Whether extension mobility works on it over SIP.
    #[serde(default)]
    pub extension_mobility: bool,
    /// Whether it hangs on a port of a voice gateway.
    #[serde(default)]
    pub analog: bool,
    /// How it is named; `None`: by its MAC address.
    pub device_name: Option<DeviceNaming>,
}

/// How a device without a MAC address is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceNaming {
    /// `UPC` and the login in capitals and digits, at most 12.
    PersonalCommunicator,
    /// `TCT` and capitals and digits, at most 15 with the prefix.
    Iphone,
    /// 1 to 15 letters, digits and `_ - .`.
    CtiPort,
    /// As [`DeviceNaming::CtiPort`]; it may have a MAC address instead.
    IpCommunicator,
    /// 1 to 15 letters and digits.
    ClientServicesFramework,
}

/// The name isn't one that the phone type takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadDeviceName {
    /// There is none.
    #[error("the phone type needs a device name")]
    Missing,
    /// A Personal Communicator is named by the login of its user.
    #[error("it is named by the user's login")]
    NotTheLogin,
    /// Other characters.
    #[error("only {0} are allowed")]
    Characters(&'static str),
    /// Too many characters.
    #[error("there are {found} characters; at most {most} are allowed")]
    Length {
        /// How many.
        found: usize,
        /// How many are allowed.
        most: usize,
    },
}

impl DeviceNaming {
    /// Whether a phone of this type may have a MAC address.
    pub const fn takes_mac(self) -> bool {
        matches!(self, Self::IpCommunicator)
    }

    /// The name as the device will have it. A Personal Communicator is named by its user's login.
    ///
    /// # Errors
    /// [`BadDeviceName`] for a name that would have to be cut or altered in another way than the type prescribes.
    pub fn name(self, given: Option<&str>, login: &str) -> Result<String, BadDeviceName> {
        let (prefix, name, allowed) = match self {
            Self::PersonalCommunicator => {
                let name = capitals(login);
                let given = given.map(capitals).unwrap_or_default();
                if !given.is_empty() && given.strip_prefix("UPC").unwrap_or(&given) != name && given != name {
                    return Err(BadDeviceName::NotTheLogin);
                }
                ("UPC", name, "letters and digits")
            }
            Self::Iphone => {
                let name = given.ok_or(BadDeviceName::Missing)?.to_ascii_uppercase();
                ("TCT", name.strip_prefix("TCT").unwrap_or(&name).to_owned(), "letters and digits")
            }
            Self::CtiPort | Self::IpCommunicator => {
                ("", given.ok_or(BadDeviceName::Missing)?.to_owned(), "letters, digits, _, - and .")
            }
            Self::ClientServicesFramework => {
                ("", given.ok_or(BadDeviceName::Missing)?.to_owned(), "letters and digits")
            }
        };
        let punctuation = if matches!(self, Self::CtiPort | Self::IpCommunicator) { "_-." } else { "" };
        if name.chars().any(|char| !char.is_ascii_alphanumeric() && !punctuation.contains(char)) {
            return Err(BadDeviceName::Characters(allowed));
        }
        if name.is_empty() {
            return Err(BadDeviceName::Missing);
        }
        let name = format!("{prefix}{name}");
        if name.len() > 15 {
            return Err(BadDeviceName::Length { found: name.len(), most: 15 });
        }
        Ok(name)
    }
}

/// The letters and digits, in upper case.
fn capitals(name: &str) -> String {
    name.chars().filter(char::is_ascii_alphanumeric).map(|char| char.to_ascii_uppercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::DeviceNaming::{ClientServicesFramework, CtiPort, IpCommunicator, Iphone, PersonalCommunicator};
    use super::*;

    #[test]
    fn names_are_made_by_the_phone_type() {
        let check = |naming: DeviceNaming, given: Option<&str>, login: &str, expected: Result<&str, BadDeviceName>| {
            assert_eq!(naming.name(given, login), expected.map(str::to_owned), "{naming:?} {given:?} {login}");
        };
        check(PersonalCommunicator, None, "john_jackson", Ok("UPCJOHNJACKSON"));
        check(PersonalCommunicator, None, "abcdefghijkl", Ok("UPCABCDEFGHIJKL"));
        let long = Err(BadDeviceName::Length { found: 16, most: 15 });
        check(PersonalCommunicator, None, "abcdefghijklm", long);
        check(PersonalCommunicator, Some("UPCTONY"), "tony", Ok("UPCTONY"));
        check(PersonalCommunicator, Some("jane"), "tony", Err(BadDeviceName::NotTheLogin));
        check(Iphone, Some("tony"), "tony", Ok("TCTTONY"));
        check(Iphone, Some("tctTony1"), "tony", Ok("TCTTONY1"));
        check(Iphone, Some("to-ny"), "tony", Err(BadDeviceName::Characters("letters and digits")));
        check(Iphone, Some("abcdefghijklm"), "tony", long);
        check(Iphone, None, "tony", Err(BadDeviceName::Missing));
        check(CtiPort, Some("cti_port-1.a"), "tony", Ok("cti_port-1.a"));
        check(IpCommunicator, Some("a b"), "tony", Err(BadDeviceName::Characters("letters, digits, _, - and .")));
        check(ClientServicesFramework, Some("CSFTONY"), "tony", Ok("CSFTONY"));
        check(ClientServicesFramework, Some("CSF_TONY"), "tony", Err(BadDeviceName::Characters("letters and digits")));
    }
}
