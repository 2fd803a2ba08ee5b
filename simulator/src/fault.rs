use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};
use std::str::FromStr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// A fault that the simulated devices of a protocol shall have, read from `PROTOCOL:KIND=VALUE`.
///
#[doc = include_str!("../../docs/simulated-faults.md")]
#[derive(Clone, Debug, PartialEq)]
pub struct FaultSpec {
    /// The device's protocol.
    pub protocol: Protocol,
    /// The fault.
    pub kind: FaultKind,
}

/// A protocol that the simulator speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Protocol {
    /// The Phone System's REST.
    PhoneSystem,
    /// Unified CM's AXL, all versions.
    Axl,
    /// Unity Connection's CUPI.
    Cupi,
    /// The command line of IOS.
    Ios,
    /// The command line of Unity Express.
    Cue,
}

/// What a device does wrong; [`FaultSpec`] explains each.
#[derive(Clone, Debug, PartialEq)]
#[expect(missing_docs, reason = "the table at FaultSpec explains every kind")]
pub enum FaultKind {
    Latency(Duration),
    Rate(u32),
    Concurrency(u32),
    DropBefore(Selector),
    DropAfter(Selector),
    Error(Selector),
    Refuse(Selector),
    Session(Duration),
    Throttle(u32),
    Rights(Rights),
    Ldap(String),
    Synchronising(Duration),
    LargestReply(usize),
    Lock(Selector),
    Lockout(u32),
    Starting(Duration),
}

/// What the one account of a device may do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rights {
    /// Everything.
    #[default]
    All,
    /// Read alone.
    Read,
    /// Nothing at all.
    None,
}

/// Which requests a fault strikes.
#[derive(Clone, Debug, PartialEq)]
pub struct Selector {
    which: Which,
    once: bool,
}

#[derive(Clone, Debug, PartialEq)]
enum Which {
    /// A share of all, from 0 to 1.
    Share(f64),
    /// Those with a value.
    Value { field: String, value: String },
}

/// Why a text is no [`FaultSpec`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no fault: {reason}")]
pub struct FaultSpecError {
    text: String,
    reason: String,
}

impl Protocol {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::PhoneSystem, Self::Axl, Self::Cupi, Self::Ios, Self::Cue];

    /// Its name in fault specifications and file names.
    pub fn name(self) -> &'static str {
        match self {
            Self::PhoneSystem => "phone-system",
            Self::Axl => "axl",
            Self::Cupi => "cupi",
            Self::Ios => "ios",
            Self::Cue => "cue",
        }
    }
}

impl FromStr for FaultSpec {
    type Err = FaultSpecError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let refused = |reason: String| FaultSpecError { text: text.to_owned(), reason };
        let (protocol, fault) =
            text.split_once(':').ok_or_else(|| refused("it has the form PROTOCOL:KIND=VALUE".to_owned()))?;
        let protocol = Protocol::ALL
            .into_iter()
            .find(|known| known.name() == protocol)
            .ok_or_else(|| refused(format!("the protocols are {}", Protocol::ALL.map(Protocol::name).join(", "))))?;
        let (kind, value) =
            fault.split_once('=').ok_or_else(|| refused("it has the form PROTOCOL:KIND=VALUE".to_owned()))?;
        let count = || value.parse().map_err(|_| refused(format!("{kind} needs a whole number")));
        let kind = match kind {
            "latency" => FaultKind::Latency(duration(value).map_err(refused)?),
            "rate" => FaultKind::Rate(count()?),
            "concurrency" => FaultKind::Concurrency(count()?),
            "drop-before" => FaultKind::DropBefore(value.parse().map_err(refused)?),
            "drop-after" => FaultKind::DropAfter(value.parse().map_err(refused)?),
            "error" => FaultKind::Error(value.parse().map_err(refused)?),
            "refuse" => FaultKind::Refuse(value.parse().map_err(refused)?),
            "session" => FaultKind::Session(duration(value).map_err(refused)?),
            "throttle" => FaultKind::Throttle(count()?),
            "rights" => FaultKind::Rights(match value {
                "all" => Rights::All,
                "read" => Rights::Read,
                "none" => Rights::None,
                _ => return Err(refused("rights are all, read or none".to_owned())),
            }),
            "ldap" => FaultKind::Ldap(value.to_owned()),
            "synchronising" => FaultKind::Synchronising(duration(value).map_err(refused)?),
            "largest-reply" => {
                FaultKind::LargestReply(value.parse().map_err(|_| refused(format!("{kind} needs a number of bytes")))?)
            }
            "lock" => FaultKind::Lock(value.parse().map_err(refused)?),
            "lockout" => FaultKind::Lockout(count()?),
            "starting" => FaultKind::Starting(duration(value).map_err(refused)?),
            _ => {
                let kinds = "latency, rate, concurrency, session, throttle, rights, ldap, synchronising, largest-reply, \
                             drop-before, drop-after, error, refuse, lock, lockout, starting";
                return Err(refused(format!("the kinds are {kinds}")));
            }
        };
        Ok(Self { protocol, kind })
    }
}

fn duration(text: &str) -> Result<Duration, String> {
    let (number, unit): (_, fn(u64) -> Duration) = match text.strip_suffix("ms") {
        Some(number) => (number, Duration::from_millis),
        None => (text.strip_suffix('s').unwrap_or_default(), Duration::from_secs),
    };
    number.parse().map(unit).map_err(|_| "a time is a whole number with ms or s, such as 20ms".to_owned())
}

impl FromStr for Selector {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (which, once) = match text.strip_suffix(",once") {
            Some(which) => (which, true),
            None => (text, false),
        };
        let which = if let Some(percent) = which.strip_suffix('%') {
            let percent: f64 = percent.parse().map_err(|_| "a share is a number with %, such as 5%".to_owned())?;
            if !(0.0..=100.0).contains(&percent) {
                return Err("a share is from 0% to 100%".to_owned());
            }
            Which::Share(percent / 100.0)
        } else {
            let (field, value) =
                which.split_once(':').ok_or_else(|| "it strikes a share such as 5%, or FIELD:VALUE".to_owned())?;
            Which::Value { field: field.to_owned(), value: value.to_owned() }
        };
        Ok(Self { which, once })
    }
}

/// What happens to one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Strike {
    DropBefore,
    DropAfter,
    Error,
    /// The device's reason.
    Refuse(String),
}

/// The faults of one device that strike single requests, with what they remember.
#[derive(Debug)]
pub(crate) struct Faults {
    seed: u64,
    rules: Mutex<Vec<(Making, Rule)>>,
    /// When somebody else holds the configuration.
    locks: Mutex<Vec<Rule>>,
}

/// What a rule makes of the requests that it hits.
type Making = fn(&Selector) -> Strike;

#[derive(Debug)]
struct Rule {
    selector: Selector,
    /// How often each key has asked.
    asked: HashMap<String, u32>,
}

impl Faults {
    pub(crate) fn new(seed: u64) -> Self {
        Self { seed, rules: Mutex::default(), locks: Mutex::default() }
    }

    /// Adds a fault that strikes single requests; the others are given back.
    pub(crate) fn add(&self, kind: FaultKind) -> Option<FaultKind> {
        let (strike, selector): (Making, _) = match kind {
            FaultKind::DropBefore(selector) => (|_| Strike::DropBefore, selector),
            FaultKind::DropAfter(selector) => (|_| Strike::DropAfter, selector),
            FaultKind::Error(selector) => (|_| Strike::Error, selector),
            FaultKind::Refuse(selector) => (|selector| Strike::Refuse(selector.reason()), selector),
            FaultKind::Lock(selector) => {
                self.locks().push(Rule { selector, asked: HashMap::new() });
                return None;
            }
            other => return Some(other),
        };
        self.rules().push((strike, Rule { selector, asked: HashMap::new() }));
        None
    }

    pub(crate) fn clear(&self) {
        self.rules().clear();
        self.locks().clear();
    }

    /// Whether somebody else holds the configuration when `key` would enter it.
    pub(crate) fn locked(&self, key: &str) -> bool {
        let seed = self.seed;
        let mut locks = self.locks();
        // Every lock counts every request, as the other rules do.
        let hits: Vec<bool> =
            locks.iter_mut().enumerate().map(|(i, lock)| lock.hits((seed, i), key, Vec::new)).collect();
        hits.contains(&true)
    }

    /// What happens to a request of `key` that would change something. `fields` are its values by the protocol's names.
    pub(crate) fn strike<'a>(&self, key: &str, fields: impl Fn() -> Vec<(&'a str, &'a str)>) -> Option<Strike> {
        let seed = self.seed;
        let mut struck = None;
        for (index, (strike, rule)) in self.rules().iter_mut().enumerate() {
            // Every rule counts every request, also when an earlier rule has struck, so that what a rule does to a
            // key doesn't hang on the rules beside it.
            if rule.hits((seed, index), key, &fields) && struck.is_none() {
                struck = Some(strike(&rule.selector));
            }
        }
        struck
    }

    /// Whether there is a lock on what has a value.
    pub(crate) fn has_lock(&self, field: &str, value: &str) -> bool {
        let which = Which::Value { field: field.to_owned(), value: value.to_owned() };
        self.locks().iter().any(|lock| lock.selector.which == which)
    }

    fn locks(&self) -> MutexGuard<'_, Vec<Rule>> {
        self.locks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn rules(&self) -> MutexGuard<'_, Vec<(Making, Rule)>> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rule {
    fn hits<'a>(&mut self, seed: (u64, usize), key: &str, fields: impl Fn() -> Vec<(&'a str, &'a str)>) -> bool {
        if let Which::Value { field, value } = &self.selector.which
            && !fields().contains(&(field.as_str(), value.as_str()))
        {
            return false;
        }
        let asked = self.asked.entry(key.to_owned()).or_default();
        *asked += 1;
        if self.selector.once && *asked > 1 {
            return false;
        }
        match self.selector.which {
            Which::Value { .. } => true,
            Which::Share(share) => lot(seed, key, *asked) < share,
        }
    }
}

impl Selector {
    fn reason(&self) -> String {
        match &self.which {
            Which::Share(_) => "the device refuses this request".to_owned(),
            Which::Value { field, value } => format!("the device refuses {value} as {field}"),
        }
    }
}

/// A number from 0 to 1 that hangs on nothing but its arguments.
fn lot(seed: (u64, usize), key: &str, asked: u32) -> f64 {
    let mut hasher = DefaultHasher::new();
    (seed, key, asked).hash(&mut hasher);
    (hasher.finish() >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(specs: &[&str]) -> Faults {
        let faults = Faults::new(7);
        for spec in specs {
            let spec: FaultSpec = spec.parse().unwrap();
            assert_eq!(faults.add(spec.kind), None);
        }
        faults
    }

    #[test]
    fn every_kind_of_the_table_is_read() {
        let kind = |text: &str| text.parse::<FaultSpec>().map(|spec| spec.kind);
        assert_eq!(kind("phone-system:latency=20ms"), Ok(FaultKind::Latency(Duration::from_millis(20))));
        assert_eq!(kind("phone-system:latency=2s"), Ok(FaultKind::Latency(Duration::from_secs(2))));
        assert_eq!(kind("phone-system:rate=50"), Ok(FaultKind::Rate(50)));
        assert_eq!(kind("phone-system:concurrency=8"), Ok(FaultKind::Concurrency(8)));
        let share = Selector { which: Which::Share(0.05), once: false };
        assert_eq!(kind("phone-system:drop-before=5%"), Ok(FaultKind::DropBefore(share.clone())));
        assert_eq!(kind("phone-system:error=5%"), Ok(FaultKind::Error(share)));
        let value = Which::Value { field: "key".to_owned(), value: "101".to_owned() };
        let once = Selector { which: value.clone(), once: true };
        assert_eq!(kind("phone-system:drop-after=key:101,once"), Ok(FaultKind::DropAfter(once)));
        let each = Selector { which: value, once: false };
        assert_eq!(kind("phone-system:refuse=key:101"), Ok(FaultKind::Refuse(each)));
        assert_eq!(kind("axl:session=30s"), Ok(FaultKind::Session(Duration::from_secs(30))));
        assert_eq!(kind("axl:throttle=100"), Ok(FaultKind::Throttle(100)));
        assert_eq!(kind("axl:rights=read"), Ok(FaultKind::Rights(Rights::Read)));
        assert_eq!(kind("axl:ldap=Example Directory"), Ok(FaultKind::Ldap("Example Directory".to_owned())));
        assert_eq!(kind("axl:largest-reply=65536"), Ok(FaultKind::LargestReply(65_536)));
        assert_eq!(kind("axl:synchronising=30s"), Ok(FaultKind::Synchronising(Duration::from_secs(30))));
        assert_eq!(kind("cupi:starting=30s"), Ok(FaultKind::Starting(Duration::from_secs(30))));
        assert_eq!(kind("cupi:lockout=0"), Ok(FaultKind::Lockout(0)));
    }

    #[test]
    fn what_is_no_fault_says_why() {
        let why = |text: &str| text.parse::<FaultSpec>().unwrap_err().to_string();
        assert!(why("latency=20ms").contains("PROTOCOL:KIND=VALUE"));
        assert!(why("fax:latency=20ms").contains("phone-system"));
        assert!(why("phone-system:latency=20").contains("20ms"));
        assert!(why("phone-system:nap=1").contains("drop-before"));
        assert!(why("phone-system:error=101%").contains("100%"));
        assert!(why("axl:largest-reply=8MB").contains("a number of bytes"));
        assert!(why("axl:rights=some").contains("all, read or none"));
        assert!(why("phone-system:error=often").contains("FIELD:VALUE"));
    }

    #[test]
    fn a_share_strikes_about_as_often_as_it_says_and_the_same_ones_in_any_order() {
        let keys: Vec<String> = (0..10_000).map(|key| format!("{key:05}")).collect();
        let struck = |keys: &[String]| {
            let faults = faults(&["phone-system:error=5%"]);
            let mut struck: Vec<String> =
                keys.iter().filter(|key| faults.strike(key, Vec::new).is_some()).cloned().collect();
            struck.sort();
            struck
        };
        let forwards = struck(&keys);
        let backwards = struck(&keys.iter().rev().cloned().collect::<Vec<_>>());
        assert_eq!(forwards, backwards);
        assert!((400..600).contains(&forwards.len()), "{}", forwards.len());
    }

    #[test]
    fn once_strikes_the_first_request_of_a_key_only() {
        let faults = faults(&["phone-system:refuse=user:x,once"]);
        let fields = || vec![("user", "x")];
        assert_eq!(faults.strike("101", Vec::new), None);
        assert_eq!(faults.strike("101", fields), Some(Strike::Refuse("the device refuses x as user".to_owned())));
        assert_eq!(faults.strike("101", fields), None);
        assert!(faults.strike("102", fields).is_some());
    }
}
