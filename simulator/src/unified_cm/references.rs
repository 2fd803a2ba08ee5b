//! What becomes of those who refer to an object when it goes.

use super::objects::{Fields, Value};
use super::refusal::Refusal;
use super::schema::{Field, Rule};

/// What is left when references to an object go.
pub(super) enum Scrubbed<T> {
    Same,
    Changed(T),
    Gone,
}

/// What is left of fields when the objects with the ids `gone` go.
pub(super) fn scrub_fields(fields: &[Field], values: &Fields, gone: &[&str]) -> Result<Scrubbed<Fields>, Refusal> {
    let mut left = values.clone();
    let mut changed = false;
    for (name, value) in values {
        // A field may stand in the list once for each range of versions; its rule is the same in all of them.
        let Some(field) = fields.iter().find(|field| field.name == name) else { continue };
        match scrub(&field.rule, value, gone)? {
            Scrubbed::Same => continue,
            Scrubbed::Changed(value) => drop(left.insert(name.clone(), value)),
            Scrubbed::Gone if field.required => return Ok(Scrubbed::Gone),
            Scrubbed::Gone => drop(left.remove(name)),
        }
        changed = true;
    }
    Ok(if changed { Scrubbed::Changed(left) } else { Scrubbed::Same })
}

fn scrub(rule: &Rule, value: &Value, gone: &[&str]) -> Result<Scrubbed<Value>, Refusal> {
    match (rule, value) {
        (Rule::Needs(_) | Rule::NeedsOne(_), Value::Text(text)) if gone.contains(&text.as_str()) => {
            Err(Refusal::still_needed())
        }
        (Rule::Names(_) | Rule::NamesOne(_) | Rule::Dirn, Value::Text(text)) if gone.contains(&text.as_str()) => {
            Ok(Scrubbed::Gone)
        }
        (Rule::Group(fields), Value::Group(values)) => Ok(match scrub_fields(fields, values, gone)? {
            Scrubbed::Same => Scrubbed::Same,
            Scrubbed::Changed(fields) => Scrubbed::Changed(Value::Group(fields)),
            Scrubbed::Gone => Scrubbed::Gone,
        }),
        (Rule::List(_, rule), Value::List(members)) => {
            let mut left = Vec::with_capacity(members.len());
            let mut changed = false;
            for member in members {
                match scrub(rule, member, gone)? {
                    Scrubbed::Same => left.push(member.clone()),
                    Scrubbed::Changed(member) => {
                        left.push(member);
                        changed = true;
                    }
                    Scrubbed::Gone => changed = true,
                }
            }
            Ok(if changed { Scrubbed::Changed(Value::List(left)) } else { Scrubbed::Same })
        }
        _ => Ok(Scrubbed::Same),
    }
}
