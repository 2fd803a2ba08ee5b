use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;

use dialtone_model::UserId;
use dialtone_templates::{Note, Rule};

use super::{Candidate, Field, Identity, Objection};

/// The rules of what may stand in all files of a template once: ext keys, users and numbers.
pub(super) fn check(candidates: &[Candidate<'_>]) -> Vec<Objection> {
    let values = || candidates.iter().enumerate();
    let ext_keys = || {
        let keys = values().filter_map(|(index, one)| Some((index, one.ext_key?)));
        twice(candidates, keys, Field::ExtKey, Rule::ExtKeyTwice)
    };
    let identities = || {
        // Where the facts know the user, a name and a UUID of one user are the same.
        let keys = values().filter_map(|(index, one)| {
            let key = match (&one.identity, one.user) {
                (_, Some(id)) => Key::Uuid(id),
                (Some(Identity::Uuid(id)), None) => Key::Uuid(*id),
                (Some(Identity::Name(name)), None) => Key::Name(name),
                (None, None) => return None,
            };
            Some((index, key))
        });
        twice(candidates, keys, Field::Identity, Rule::IdentityTwice)
    };
    let numbers = || {
        let keys = values().filter_map(|(index, one)| Some((index, one.number?)));
        twice(candidates, keys, Field::Number, Rule::NumberTwice)
    };
    let mut objections = ext_keys();
    objections.extend(identities());
    objections.extend(numbers());
    objections
}

#[derive(PartialEq, Eq, Hash)]
enum Key<'a> {
    Name(&'a str),
    Uuid(UserId),
}

/// An objection to every candidate whose key another one has. The first of them is told of the second, all others of the
/// first.
fn twice<K: Hash + Eq>(
    candidates: &[Candidate<'_>],
    keys: impl Iterator<Item = (usize, K)>,
    field: Field,
    rule: Rule,
) -> Vec<Objection> {
    let mut seen: HashMap<K, (usize, bool)> = HashMap::with_capacity(candidates.len());
    let mut objections = Vec::new();
    let mut object = |candidate: usize, other: usize| {
        let other = &candidates[other];
        let note = Note::Row { file: other.file, row: other.row };
        objections.push(Objection { candidate, field, rule, note, repair: None });
    };
    for (index, key) in keys {
        match seen.entry(key) {
            Entry::Vacant(entry) => {
                entry.insert((index, false));
            }
            Entry::Occupied(mut entry) => {
                let (first, told) = entry.get_mut();
                if !std::mem::replace(told, true) {
                    object(*first, index);
                }
                object(index, *first);
            }
        }
    }
    objections
}
