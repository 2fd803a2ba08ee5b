use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;

use crate::OperationError;

/// What a device's row has in place of an address when the process that drives it simulates it.
pub const SIMULATED: &str = "simulated";

/// Which addresses devices may have, so that nobody makes Dialtone send credentials, or requests at all, to machines
/// that are no devices: its own neighbours, or a cloud's metadata service.
#[derive(Clone, Debug)]
pub struct AddressPolicy {
    allowed: Option<Vec<Allowed>>,
    loopback: bool,
}

#[derive(Clone, Debug)]
enum Allowed {
    Net(IpNet),
    Host(String),
    /// Every name below this one, which begins with a dot.
    Below(String),
}

impl AddressPolicy {
    /// Every address but this machine's own, link-local ones (which clouds keep their credentials at), multicast and
    /// broadcast. With `loopback` this machine's own are allowed too: whoever runs the embedded mode reaches them
    /// anyway, and simulators listen there.
    pub const fn usual(loopback: bool) -> Self {
        Self { allowed: None, loopback }
    }

    /// These alone: networks such as `10.0.0.0/8`, addresses, names such as `cucm.example.net`, and `*.example.net`
    /// for every name below `example.net`.
    ///
    /// # Errors
    /// [`OperationError::Refused`] for an entry that is none of these.
    pub fn only<S: AsRef<str>>(entries: &[S]) -> Result<Self, OperationError> {
        let allowed = entries.iter().map(|entry| parse(entry.as_ref())).collect::<Result<_, _>>()?;
        Ok(Self { allowed: Some(allowed), loopback: false })
    }

    /// Whether a device may have the address, or a setting with an address in it. A name that isn't allowed as such is
    /// looked up, and every address that it has must be allowed; one that has none at present passes where no list
    /// says what is allowed.
    ///
    /// # Errors
    /// [`OperationError::Refused`] with the reason.
    pub async fn check(&self, address: &str) -> Result<(), OperationError> {
        let Some(host) = host(address) else { return Ok(()) };
        if let Ok(ip) = host.parse::<IpAddr>() {
            return self.check_ip(ip).map_err(|reason| refused(address, &reason));
        }
        let name = host.trim_end_matches('.').to_ascii_lowercase();
        if self.allows_name(&name) {
            return Ok(());
        }
        let found: Vec<IpAddr> = match tokio::net::lookup_host((name.as_str(), 0)).await {
            Ok(found) => found.map(|address| address.ip()).collect(),
            Err(_) => Vec::new(),
        };
        if found.is_empty() && self.allowed.is_some() {
            return Err(refused(address, "the name isn't among those allowed, and it has no address"));
        }
        found.into_iter().try_for_each(|ip| self.check_ip(ip)).map_err(|reason| refused(address, &reason))
    }

    /// Whether a device may be called at an address that its host has; or why not.
    ///
    /// # Errors
    /// The reason, in words.
    pub fn check_called(&self, host: &str, ip: IpAddr) -> Result<(), String> {
        let name = host.trim_end_matches('.').to_ascii_lowercase();
        if self.allows_name(&name) { Ok(()) } else { self.check_ip(ip) }
    }

    fn allows_name(&self, name: &str) -> bool {
        self.allowed.iter().flatten().any(|allowed| match allowed {
            Allowed::Net(_) => false,
            Allowed::Host(host) => host == name,
            Allowed::Below(end) => name.ends_with(end.as_str()),
        })
    }

    fn check_ip(&self, ip: IpAddr) -> Result<(), String> {
        let ip = ip.to_canonical();
        if let Some(allowed) = &self.allowed {
            let inside = |allowed: &Allowed| matches!(allowed, Allowed::Net(net) if net.contains(&ip));
            return if allowed.iter().any(inside) { Ok(()) } else { Err(format!("{ip} isn't among those allowed")) };
        }
        let what = match ip {
            _ if ip.is_loopback() && self.loopback => return Ok(()),
            _ if ip.is_loopback() => "this machine's own",
            _ if ip.is_unspecified() => "no address",
            _ if ip.is_multicast() => "a multicast address",
            IpAddr::V4(Ipv4Addr::BROADCAST) => "a broadcast address",
            IpAddr::V4(ip) if ip.is_link_local() => "a link-local address",
            IpAddr::V6(ip) if ip.is_unicast_link_local() => "a link-local address",
            _ => return Ok(()),
        };
        Err(format!("{ip} is {what}"))
    }
}

fn refused(address: &str, reason: &str) -> OperationError {
    OperationError::Refused(format!(
        "{address} may not be a device's address: {reason}; the setting devices.allow says what may"
    ))
}

fn parse(entry: &str) -> Result<Allowed, OperationError> {
    let entry = entry.trim().to_ascii_lowercase();
    if let Ok(net) = entry.parse::<IpNet>() {
        return Ok(Allowed::Net(net.trunc()));
    }
    if let Ok(ip) = entry.parse::<IpAddr>() {
        return Ok(Allowed::Net(ip.into()));
    }
    let (below, name) = match entry.strip_prefix("*.") {
        Some(name) => (true, name),
        None => (false, entry.as_str()),
    };
    let is_label = |label: &str| {
        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    if !name.split('.').all(is_label) {
        let reason = format!("{entry:?} is no entry of devices.allow: 10.0.0.0/8, 10.1.2.3, a name, or *.example.net");
        return Err(OperationError::Refused(reason));
    }
    Ok(if below { Allowed::Below(format!(".{name}")) } else { Allowed::Host(name.to_owned()) })
}

/// The host of `scheme://[login@]host[:port][/path]`; `None` where there is none, as in the address of a file.
fn host(address: &str) -> Option<&str> {
    let (_, rest) = address.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next()?,
        None => authority.rsplit_once(':').map_or(authority, |(host, _)| host),
    };
    Some(host).filter(|host| !host.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn check(policy: &AddressPolicy, address: &str, allowed: bool) {
        let checked = policy.check(address).await;
        assert_eq!(checked.is_ok(), allowed, "{address}: {checked:?}");
    }

    #[tokio::test]
    async fn without_a_list_only_addresses_that_are_no_devices_are_refused() {
        let usual = AddressPolicy::usual(false);
        for address in ["https://10.1.2.3:8443", "ssh://[2001:db8::1]:22", "https://cucm.invalid", SIMULATED] {
            check(&usual, address, true).await;
        }
        for address in [
            "https://127.0.0.1:8443",
            "https://127.9.9.9",
            "https://[::1]",
            "https://[::ffff:127.0.0.1]",
            "https://localhost:8443",
            "https://169.254.169.254",
            "https://[fe80::1]",
            "https://0.0.0.0",
            "https://224.0.0.1",
            "https://255.255.255.255",
            "postgres://kamailio@127.0.0.1/kamailio",
        ] {
            check(&usual, address, false).await;
        }
        check(&AddressPolicy::usual(true), "https://127.0.0.1:8443", true).await;
        check(&AddressPolicy::usual(true), "https://169.254.169.254", false).await;
    }

    #[tokio::test]
    async fn a_list_allows_what_it_names_and_nothing_else() {
        let entries = ["10.0.0.0/8", "192.0.2.7", "cucm.example.net", "*.phones.example.net", "127.0.0.0/8"];
        let listed = AddressPolicy::only(&entries).unwrap();
        for address in [
            "https://10.9.8.7",
            "https://192.0.2.7:8443",
            "https://CUCM.example.net.:8443",
            "https://a.phones.example.net",
            "https://localhost",
        ] {
            check(&listed, address, true).await;
        }
        for address in [
            "https://11.0.0.1",
            "https://192.0.2.8",
            "https://phones.example.net",
            "https://cucm.example.net.invalid",
            "https://evil-cucm.example.net",
        ] {
            check(&listed, address, false).await;
        }
    }

    #[test]
    fn a_name_is_called_at_allowed_addresses_or_by_itself() {
        let listed = AddressPolicy::only(&["10.0.0.0/8", "cucm.example.net"]).unwrap();
        let inside = IpAddr::from([10, 1, 2, 3]);
        let outside = IpAddr::from([169, 254, 169, 254]);
        assert!(listed.check_called("CUCM.example.net.", outside).is_ok(), "whatever it leads to");
        assert!(listed.check_called("other.example.net", inside).is_ok());
        assert!(listed.check_called("other.example.net", outside).is_err());
        assert!(AddressPolicy::usual(false).check_called("cucm.example.net", outside).is_err());
    }

    #[test]
    fn an_entry_that_is_nothing_is_told() {
        for entry in ["", "10.0.0.0/33", "a b", "*.", "https://cucm.example.net"] {
            assert!(AddressPolicy::only(&[entry]).is_err(), "{entry}");
        }
    }
}
