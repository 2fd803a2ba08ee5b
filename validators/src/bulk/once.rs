use std::collections::HashSet;
use std::hash::{BuildHasher, Hash};

use dialtone_model::UserId;
use dialtone_templates::{Note, Rule};
use hashbrown::hash_table::Entry;
use hashbrown::{DefaultHashBuilder, HashTable};

use super::{Candidate, Field, Identity, Objection};

/// The rules of what may stand in all files of a template once: ext keys, users and numbers.
pub(super) fn check(candidates: &[Candidate<'_>]) -> Vec<Objection> {
    let mut objections = twice(candidates, Field::ExtKey, Rule::ExtKeyTwice, |one| one.ext_key);
    objections.extend(twice(candidates, Field::Identity, Rule::IdentityTwice, person));
    objections.extend(twice(candidates, Field::Number, Rule::NumberTwice, |one| one.number));
    objections
}

/// Whom a candidate is for. Where the facts know the user, a name and a UUID of one user are the same.
#[derive(PartialEq, Eq, Hash)]
enum Person<'a> {
    Name(&'a str),
    Uuid(UserId),
}

fn person<'a>(candidate: &'a Candidate<'_>) -> Option<Person<'a>> {
    match (&candidate.identity, candidate.user) {
        (_, Some(id)) => Some(Person::Uuid(id)),
        (Some(Identity::Uuid(id)), None) => Some(Person::Uuid(*id)),
        (Some(Identity::Name(name)), None) => Some(Person::Name(name)),
        (None, None) => None,
    }
}

/// An objection to every candidate whose value another one has. The first of them is told of the second, all others of
/// the first.
///
/// The table has the places of the candidates alone: for fifteen thousand rows it fits where their values wouldn't.
fn twice<'c, 'a, V: Hash + Eq>(
    candidates: &'c [Candidate<'a>],
    field: Field,
    rule: Rule,
    value: impl Fn(&'c Candidate<'a>) -> Option<V>,
) -> Vec<Objection> {
    let hasher = DefaultHashBuilder::default();
    let hash = |value: &Option<V>| hasher.hash_one(value);
    let mut firsts: HashTable<u32> = HashTable::with_capacity(candidates.len());
    let mut told = HashSet::new();
    let mut objections = Vec::new();
    for (place, candidate) in (0..).zip(candidates) {
        let own = value(candidate);
        if own.is_none() {
            continue;
        }
        let entry = firsts.entry(
            hash(&own),
            |first| value(&candidates[*first as usize]) == own,
            |first| hash(&value(&candidates[*first as usize])),
        );
        match entry {
            Entry::Vacant(entry) => {
                entry.insert(place);
            }
            Entry::Occupied(entry) => {
                let first = *entry.get();
                if told.insert(first) {
                    objections.push(objection(candidates, first, place, field, rule));
                }
                objections.push(objection(candidates, place, first, field, rule));
            }
        }
    }
    objections
}

fn objection(candidates: &[Candidate<'_>], place: u32, other: u32, field: Field, rule: Rule) -> Objection {
    let other = &candidates[other as usize];
    let note = Note::Row { file: other.file, row: other.row };
    Objection { candidate: place as usize, field, rule, note, repair: None }
}
