use std::collections::HashSet;

use dialtone_model::UserId;
use dialtone_templates::{Note, Rule};

use super::{Candidate, Field, Identity, Objection};
use crate::{Facts, facts::Present};

/// For how many unknown names the nearest known one is looked for; each costs a pass over all users.
const NEAREST_NAMES: usize = 100;

/// How like a name must be to be proposed.
const LIKENESS: f64 = 0.7;

/// Finds out who the candidates' users are.
pub(super) fn resolve(candidates: &mut [Candidate<'_>], facts: &Facts) {
    for candidate in candidates {
        candidate.user = match &candidate.identity {
            Some(Identity::Uuid(id)) => facts.users.contains_key(id).then_some(*id),
            Some(Identity::Name(name)) => match facts.users_by_name.get(name.as_ref()).map(Vec::as_slice) {
                Some([id]) => Some(*id),
                _ => None,
            },
            None => None,
        };
    }
}

/// What the facts have against each candidate by itself.
pub(super) fn check(candidates: &[Candidate<'_>], facts: &Facts) -> Vec<Objection> {
    let mut check = Check { facts, objections: Vec::new(), searches: 0, present: PresentValues::of(facts) };
    for (index, candidate) in candidates.iter().enumerate() {
        check.ext_key(index, candidate);
        check.identity(index, candidate);
        check.number(index, candidate);
    }
    check.objections
}

/// Proposes the next free ext key where one is in the way.
pub(super) fn propose(candidates: &[Candidate<'_>], facts: &Facts, objections: &mut [Objection]) {
    let in_the_way = |rule: Rule| matches!(rule, Rule::ExtKeyTwice | Rule::ExtKeyTaken | Rule::ExtKeyClaimed);
    if !objections.iter().any(|objection| in_the_way(objection.rule)) {
        return;
    }
    let mut taken: HashSet<&str> = candidates.iter().filter_map(|one| one.ext_key).collect();
    taken.extend(facts.ext_keys.iter().map(String::as_str));
    taken.extend(facts.claims.ext_keys.keys().map(String::as_str));
    taken.extend(facts.present.iter().map(|row| row.ext_key.as_str()));
    let mut proposed = HashSet::new();
    for objection in objections.iter_mut().filter(|objection| in_the_way(objection.rule)) {
        let Some(key) = candidates[objection.candidate].ext_key else { continue };
        let free = successors(key).find(|next| !taken.contains(next.as_str()) && !proposed.contains(next));
        if let Some(free) = free {
            objection.repair = Some(format!("Write {free}, the next free ext key"));
            proposed.insert(free);
        }
    }
}

/// The ext keys behind `key` of the same length, from the next to the last.
fn successors(key: &str) -> impl Iterator<Item = String> {
    let width = key.len();
    let end = 10_u32.pow(u32::try_from(width).unwrap_or(0));
    let start = key.parse::<u32>().map_or(end, |number| number + 1);
    (start..end).map(move |number| format!("{number:0width$}"))
}

/// The values of the rows that the template has already.
struct PresentValues<'f> {
    ext_keys: std::collections::HashMap<&'f str, &'f Present>,
    users: std::collections::HashMap<UserId, &'f Present>,
    numbers: std::collections::HashMap<&'f str, &'f Present>,
}

impl<'f> PresentValues<'f> {
    fn of(facts: &'f Facts) -> Self {
        let rows = || facts.present.iter();
        Self {
            ext_keys: rows().map(|row| (row.ext_key.as_str(), row)).collect(),
            users: rows().map(|row| (row.user, row)).collect(),
            numbers: rows().filter_map(|row| Some((row.number.as_deref()?, row))).collect(),
        }
    }
}

struct Check<'f> {
    facts: &'f Facts,
    objections: Vec<Objection>,
    searches: usize,
    present: PresentValues<'f>,
}

impl Check<'_> {
    fn object(&mut self, candidate: usize, field: Field, rule: Rule, words: Option<&str>) {
        let note = words.map_or(Note::None, |words| Note::Text(words.into()));
        self.objections.push(Objection { candidate, field, rule, note, repair: None });
    }

    fn ext_key(&mut self, index: usize, candidate: &Candidate<'_>) {
        let Some(key) = candidate.ext_key else { return };
        let facts = self.facts;
        if facts.ext_keys.contains(key) {
            self.object(index, Field::ExtKey, Rule::ExtKeyTaken, None);
        }
        if let Some(template) = facts.claims.ext_keys.get(key) {
            self.object(index, Field::ExtKey, Rule::ExtKeyClaimed, Some(template));
        }
        if let Some(row) = self.present.ext_keys.get(key) {
            self.object(index, Field::ExtKey, Rule::ExtKeyTwice, Some(&row.place));
        }
    }

    fn identity(&mut self, index: usize, candidate: &Candidate<'_>) {
        let facts = self.facts;
        let Some(user) = candidate.user else {
            match &candidate.identity {
                Some(Identity::Name(name)) => self.unresolved(index, name),
                Some(Identity::Uuid(_)) => self.object(index, Field::Identity, Rule::UserUnknown, None),
                None => {}
            }
            return;
        };
        if let Some(ext_key) = facts.owners.get(&user) {
            self.object(index, Field::Identity, Rule::UserAssigned, Some(ext_key));
        }
        if let Some(template) = facts.claims.users.get(&user) {
            self.object(index, Field::Identity, Rule::UserClaimed, Some(template));
        }
        if let Some(row) = self.present.users.get(&user) {
            self.object(index, Field::Identity, Rule::IdentityTwice, Some(&row.place));
        }
    }

    /// A name of nobody or of several users.
    fn unresolved(&mut self, index: usize, name: &str) {
        let facts = self.facts;
        if let Some(ids) = facts.users_by_name.get(name) {
            let mut listed: Vec<String> = ids.iter().map(ToString::to_string).collect();
            listed.sort();
            self.object(index, Field::Identity, Rule::UserAmbiguous, Some(&ids.len().to_string()));
            if let Some(objection) = self.objections.last_mut() {
                objection.repair = Some(format!("Use a file with Identity UUID and one of {}", listed.join(", ")));
            }
            return;
        }
        self.object(index, Field::Identity, Rule::UserUnknown, None);
        self.searches += 1;
        if self.searches > NEAREST_NAMES {
            return;
        }
        let likeness = |known: &str| strsim::normalized_damerau_levenshtein(name, known);
        let nearest = facts
            .users_by_name
            .keys()
            .map(|known| (likeness(known), known))
            .max_by(|left, right| left.0.total_cmp(&right.0).then_with(|| right.1.cmp(left.1)));
        if let (Some((likeness, known)), Some(objection)) = (nearest, self.objections.last_mut())
            && likeness >= LIKENESS
        {
            objection.repair = Some(format!("Did you mean {known}?"));
        }
    }

    fn number(&mut self, index: usize, candidate: &Candidate<'_>) {
        let Some(number) = candidate.number else { return };
        let facts = self.facts;
        if let Some(template) = facts.claims.numbers.get(number) {
            self.object(index, Field::Number, Rule::NumberClaimed, Some(template));
        } else if !facts.available_numbers.contains(number) {
            self.object(index, Field::Number, Rule::NumberUnavailable, None);
        }
        if let Some(row) = self.present.numbers.get(number) {
            self.object(index, Field::Number, Rule::NumberTwice, Some(&row.place));
        }
    }
}
