use std::fmt;

use dialtone_model::{AddOn, Licence, LicenceCount};

/// A licence of which there are too few.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shortage {
    /// Which licence.
    pub licence: Licence,
    /// What people read.
    pub name: String,
    /// How many are needed.
    pub needed: usize,
    /// How many are free.
    pub free: usize,
}

/// The licences of which `rows` rows with these add-ons need more than there are free ones.
pub fn shortages(rows: usize, add_ons: &[AddOn], licences: &[LicenceCount]) -> Vec<Shortage> {
    let wanted = std::iter::once(Licence::Base).chain(add_ons.iter().cloned().map(Licence::AddOn));
    let short = |licence: Licence| {
        let count = licences.iter().find(|count| count.licence == licence);
        let free = count.map_or(0, |count| usize::try_from(count.free).unwrap_or(0));
        let name = count.map_or_else(|| licence.code().to_owned(), |count| count.name.clone());
        (free < rows).then_some(Shortage { licence, name, needed: rows, free })
    };
    wanted.filter_map(short).collect()
}

impl fmt::Display for Shortage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} ({} needed, {} free)", self.needed - self.free, self.name, self.needed, self.free)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_short_licence_is_named_with_how_many_are_missing() {
        let count = |licence: Licence, free| LicenceCount {
            name: licence.code().to_owned(),
            licence,
            owned: 10,
            free,
            reserved: 10 - free,
            used: 0,
        };
        let recording = AddOn("call-recording".to_owned());
        let licences = [count(Licence::Base, 5), count(Licence::AddOn(recording.clone()), 2)];
        let fax = AddOn("fax".to_owned());
        let short = shortages(5, &[recording, fax], &licences);
        let words: Vec<String> = short.iter().map(ToString::to_string).collect();
        assert_eq!(words, ["3 of call-recording (5 needed, 2 free)", "5 of fax (5 needed, 0 free)"]);
    }
}
