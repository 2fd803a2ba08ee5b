use std::fmt;
use std::str::FromStr;

/// A version of Unified CM, by which its schema is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version {
    major: u8,
    minor: u8,
}

impl Version {
    /// The versions whose schema is known, oldest first.
    const KNOWN: [Self; 9] = [
        Self::new(9, 1),
        Self::new(10, 0),
        Self::new(10, 5),
        Self::new(11, 0),
        Self::new(11, 5),
        Self::new(12, 0),
        Self::new(12, 5),
        Self::new(14, 0),
        Self::new(15, 0),
    ];

    pub(super) const fn new(major: u8, minor: u8) -> Self {
        Self { major, minor }
    }

    /// All the known versions, for people.
    pub(super) fn known() -> String {
        Self::KNOWN.map(|version| version.to_string()).join(", ")
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

impl FromStr for Version {
    type Err = ();

    /// Reads `12.5`, and with a build behind it `12.5.1.11900-146`; `14` is 14.0.
    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.split('.');
        let mut part = || parts.next().map_or(Ok(0), str::parse).map_err(|_| ());
        let version = Self::new(part()?, part()?);
        if Self::KNOWN.contains(&version) { Ok(version) } else { Err(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_with_and_without_a_build() {
        assert_eq!("12.5".parse(), Ok(Version::new(12, 5)));
        assert_eq!("12.5.1.11900-146".parse(), Ok(Version::new(12, 5)));
        assert_eq!("14".parse(), Ok(Version::new(14, 0)));
        for unknown in ["", "8.6", "twelve", "12.7"] {
            assert_eq!(unknown.parse::<Version>(), Err(()), "{unknown}");
        }
    }
}
