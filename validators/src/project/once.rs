use std::collections::HashMap;

use dialtone_model::OrderType;
use dialtone_model::catalog::Field;
use dialtone_templates::Rule;

use super::order::{FileCheck, phone};

/// A field whose value only one product has.
struct Once {
    field: Field,
    /// The field by which a row that cancels, changes or replaces the product names that value, if one does.
    key: Field,
    rule: Rule,
    /// How a value is written, so that two spellings of it are equal.
    same: fn(&str) -> String,
}

const ONCE: [Once; 5] = [
    Once { field: Field::MacAddress, key: Field::SelectedPhone, rule: Rule::PhoneTwice, same: phone },
    Once { field: Field::DeviceName, key: Field::SelectedPhone, rule: Rule::PhoneTwice, same: phone },
    Once {
        field: Field::VoicemailAlias,
        key: Field::VoicemailAlias,
        rule: Rule::MailboxTwice,
        same: str::to_ascii_lowercase,
    },
    Once { field: Field::ExtKey, key: Field::ExtKey, rule: Rule::ExtKeyTwice, same: str::to_owned },
    Once { field: Field::Number, key: Field::Number, rule: Rule::NumberTwice, same: bare_number },
];

/// Where a row stands: the file's place among the files, and the row's place among those of the file.
type Place = (usize, usize);

/// Objects to what two rows add: each is told of another one.
///
/// Two Service Areas may have devices of their own, so that equal values in them are the plan's to judge. A row that
/// takes the product away or changes it in between makes room for another one.
pub(super) fn check(files: &mut [FileCheck<'_>]) {
    for once in &ONCE {
        for (place, other) in twice(files, once) {
            let note = files[other.0].row_note(other.1);
            files[place.0].object(place.1, once.rule, Some(once.field), note);
        }
    }
}

/// Every row that adds a value which another one adds, with that one: the first is told of the second, all others of the
/// first.
fn twice(files: &[FileCheck<'_>], once: &Once) -> Vec<(Place, Place)> {
    let mut firsts: HashMap<(&str, String), (Place, bool)> = HashMap::new();
    let mut pairs = Vec::new();
    for (file, check) in files.iter().enumerate() {
        for index in 0..check.rows.len() {
            let area = check.get(index, Field::ServiceArea).text().unwrap_or_default();
            let key = |field| check.get(index, field).text().map(|text| (area, (once.same)(text)));
            let (Some(order_type), Some(product)) = (check.rows[index].order_type, check.rows[index].product) else {
                continue;
            };
            if order_type != OrderType::Add {
                if let Some(key) = product.keys.contains(&once.key).then(|| key(once.key)).flatten() {
                    firsts.remove(&key);
                }
            } else if let Some(key) = key(once.field) {
                let own = (file, index);
                let (first, told) = firsts.entry(key).or_insert((own, false));
                if *first != own {
                    if !std::mem::replace(told, true) {
                        pairs.push((*first, own));
                    }
                    pairs.push((own, *first));
                }
            }
        }
    }
    pairs
}

/// A number without the `+` that it may have.
fn bare_number(number: &str) -> String {
    number.strip_prefix('+').unwrap_or(number).to_owned()
}
