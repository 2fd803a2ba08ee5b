use std::collections::BTreeMap;
use std::net::IpAddr;

use dialtone_model::{AddOn, Complaint, DeviceKind, Fault, Tls};
use hyper::Uri;

use crate::DriverError;

/// How one site uses its Kamailio: what the device's settings say. `docs/kamailio.md` lists them.
#[derive(Clone, Debug)]
pub(super) struct Site {
    /// The SIP domain of the extensions, which is also the realm of their passwords.
    pub(super) domain: String,
    /// What of a password is stored.
    pub(super) storage: Storage,
    /// Where JSON-RPC is answered.
    pub(super) rpc: Uri,
    /// The table of registrations, by the name that the registrar gives it.
    pub(super) location: String,
    /// The attribute that keeps the directory name.
    pub(super) name_attribute: String,
    /// The attribute that keeps the user's Identity UUID.
    pub(super) user_attribute: String,
    /// What stands before the digits of a number, as the site dials it: nothing, or `+`.
    number_prefix: String,
    /// The attributes of add-ons that have one of their own, by the add-on's code.
    add_ons: BTreeMap<String, String>,
}

/// What of a password `subscriber` keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Storage {
    /// The digests alone, for `calculate_ha1` 0.
    Ha1,
    /// The password alone, for `calculate_ha1` 1, as the stock configuration has it.
    Clear,
    /// All of it.
    Both,
}

/// What an add-on's attribute begins with, unless the site gives it another.
const ADD_ON_PREFIX: &str = "addon_";

/// The widths of the columns of `usr_preferences.attribute` and of `domain`.
const LONGEST_ATTRIBUTE: usize = 32;
const LONGEST_DOMAIN: usize = 64;

impl Site {
    /// Reads the settings; `tls` says whether the device is excepted from encryption.
    pub(super) fn new(settings: &BTreeMap<String, String>, tls: &Tls) -> Result<Self, DriverError> {
        let wrong = |name: &str, problem: &str| DriverError::Setting {
            kind: DeviceKind::Kamailio,
            name: name.to_owned(),
            problem: problem.to_owned(),
        };
        let known = ["domain", "passwords", "rpc", "location", "name_attribute", "user_attribute", "number_prefix"];
        for name in settings.keys() {
            if !known.contains(&name.as_str()) && !name.starts_with("add_on.") {
                return Err(wrong(name, &format!("is none of {}, add_on.CODE", known.join(", "))));
            }
        }
        let get = |name: &str| settings.get(name).map(String::as_str).filter(|value| !value.is_empty());
        let attribute = |name: &str, usual: &str| {
            let value = get(name).unwrap_or(usual);
            let fits = value.len() <= LONGEST_ATTRIBUTE && value.bytes().all(|byte| byte.is_ascii_graphic());
            if fits { Ok(value.to_owned()) } else { Err(wrong(name, "is no attribute of at most 32 characters")) }
        };
        let domain = get("domain").ok_or_else(|| wrong("domain", "is missing: the SIP domain of the extensions"))?;
        let domain_fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-.:[]".contains(&byte);
        if domain.len() > LONGEST_DOMAIN || !domain.bytes().all(domain_fits) {
            return Err(wrong("domain", "is no SIP domain"));
        }
        let storage = match get("passwords") {
            None | Some("ha1") => Storage::Ha1,
            Some("clear") => Storage::Clear,
            Some("both") => Storage::Both,
            Some(_) => return Err(wrong("passwords", "is one of ha1, clear, both")),
        };
        let rpc = get("rpc").ok_or_else(|| wrong("rpc", "is missing: such as http://127.0.0.1:5060/RPC"))?;
        let rpc: Uri = rpc.parse().map_err(|_| wrong("rpc", "is no address"))?;
        match (rpc.scheme_str(), rpc.host()) {
            (Some("https"), Some(_)) => {}
            (Some("http"), Some(host)) if *tls == Tls::Insecure || is_this_machine(host) => {}
            (Some("http"), Some(_)) => {
                return Err(wrong(
                    "rpc",
                    "would go unencrypted to another machine: it has the form https://host:port/path",
                ));
            }
            _ => return Err(wrong("rpc", "has the form https://host:port/path")),
        }
        let number_prefix = get("number_prefix").unwrap_or_default();
        if !matches!(number_prefix, "" | "+") {
            return Err(wrong("number_prefix", "is either nothing or +"));
        }
        let own = settings.iter().filter_map(|(name, value)| Some((name.strip_prefix("add_on.")?, name, value)));
        let add_ons = own.map(|(code, name, value)| Ok((code.to_owned(), attribute(name, value)?)));
        Ok(Self {
            domain: domain.to_ascii_lowercase(),
            storage,
            rpc,
            location: get("location").unwrap_or("location").to_owned(),
            name_attribute: attribute("name_attribute", "display_name")?,
            user_attribute: attribute("user_attribute", "identity")?,
            number_prefix: number_prefix.to_owned(),
            add_ons: add_ons.collect::<Result<_, DriverError>>()?,
        })
    }

    /// The address of record of an extension.
    pub(super) fn address(&self, key: &str) -> String {
        format!("{key}@{}", self.domain)
    }

    /// The alias that a number is.
    pub(super) fn alias(&self, number: &str) -> String {
        format!("{}{number}", self.number_prefix)
    }

    /// The number that an alias is; `None` for a name that an administrator gave, which is none of ours.
    pub(super) fn number<'a>(&self, alias: &'a str) -> Option<&'a str> {
        let digits = alias.strip_prefix(self.number_prefix.as_str())?;
        (!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(digits)
    }

    /// The attribute that an add-on is.
    ///
    /// # Errors
    /// A refusal when no column holds it.
    pub(super) fn attribute(&self, AddOn(code): &AddOn) -> Result<String, Fault> {
        let attribute = self.add_ons.get(code).cloned().unwrap_or_else(|| format!("{ADD_ON_PREFIX}{code}"));
        if attribute.len() <= LONGEST_ATTRIBUTE {
            return Ok(attribute);
        }
        let message = format!("the attribute {attribute:?} is longer than the 32 characters that Kamailio keeps");
        let repair = format!("Give the device a setting add_on.{code} with a shorter name.");
        Err(Fault::Rejected(Complaint::new("kamailio-attribute", message).repair(repair)))
    }

    /// The add-on that an attribute is; `None` for one that an administrator uses, which is none of ours.
    pub(super) fn add_on(&self, attribute: &str) -> Option<AddOn> {
        let own = self.add_ons.iter().find(|(_, name)| *name == attribute).map(|(code, _)| code.as_str());
        own.or_else(|| attribute.strip_prefix(ADD_ON_PREFIX)).map(|code| AddOn(code.to_owned()))
    }
}

fn is_this_machine(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse().is_ok_and(|ip: IpAddr| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(further: &[(&str, &str)]) -> BTreeMap<String, String> {
        [("domain", "Example.org"), ("rpc", "http://127.0.0.1:5060/RPC")]
            .iter()
            .chain(further)
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect()
    }

    #[test]
    fn a_site_needs_a_domain_and_a_way_to_ask_and_nothing_else() {
        let site = Site::new(&settings(&[]), &Tls::System).unwrap();
        assert_eq!((site.address("101").as_str(), site.storage), ("101@example.org", Storage::Ha1));
        for missing in ["domain", "rpc"] {
            let mut settings = settings(&[]);
            settings.remove(missing);
            assert!(Site::new(&settings, &Tls::System).unwrap_err().to_string().contains(missing));
        }
    }

    #[test]
    fn a_wrong_setting_is_named() {
        for (name, value) in [
            ("passwords", "md5"),
            ("rpc", "ftp://device/RPC"),
            ("rpc", "http://device/RPC"),
            ("rpc", "http://10.0.0.5:5060/RPC"),
            ("domain", "two words"),
            ("number_prefix", "00"),
            ("colour", "green"),
            ("add_on.recording", "a name that is longer than its column is"),
        ] {
            let error = Site::new(&settings(&[(name, value)]), &Tls::System).unwrap_err().to_string();
            assert!(error.contains(name), "{error}");
        }
    }

    #[test]
    fn the_way_to_ask_is_encrypted_beyond_this_machine_or_excepted() {
        for rpc in ["https://device/RPC", "http://localhost:5060/RPC", "http://[::1]:5060/RPC"] {
            assert!(Site::new(&settings(&[("rpc", rpc)]), &Tls::System).is_ok(), "{rpc}");
        }
        assert!(Site::new(&settings(&[("rpc", "http://10.0.0.5:5060/RPC")]), &Tls::Insecure).is_ok());
    }

    #[test]
    fn add_ons_and_numbers_are_told_from_what_an_administrator_keeps() {
        let site = Site::new(&settings(&[("add_on.recording", "rec"), ("number_prefix", "+")]), &Tls::System).unwrap();
        for (code, attribute) in [("recording", "rec"), ("fax", "addon_fax")] {
            let add_on = AddOn(code.to_owned());
            assert_eq!(site.attribute(&add_on).unwrap(), attribute);
            assert_eq!(site.add_on(attribute), Some(add_on));
        }
        assert_eq!(site.add_on("fwd_busy"), None);
        assert_eq!(site.attribute(&AddOn("x".repeat(30))).unwrap_err().complaint().code, "kamailio-attribute");
        assert_eq!((site.alias("4420").as_str(), site.number("+4420")), ("+4420", Some("4420")));
        assert_eq!((site.number("4420"), site.number("+"), site.number("anna")), (None, None, None));
    }
}
