//! What is counted and compared over several rows.

use std::collections::{HashMap, HashSet};

use super::refusal::Refusal;
use super::sql::{Plan, Row, compare};
use super::sql_expression::Expression;
use super::sql_query::{Column, Item, Key};

/// A row of items for each row found, none of which is about several rows.
pub(super) fn values(
    plan: &Plan<'_>,
    items: &[(Item, String)],
    found: &[Row<'_>],
) -> Result<Vec<Vec<String>>, Refusal> {
    let places = items.iter().enumerate().map(|(place, _)| plan.keyed(&Key::Place(place + 1), items));
    let places = places.collect::<Result<Vec<_>, _>>()?;
    Ok(found.iter().map(|row| places.iter().map(|place| place.of(row).into_owned()).collect()).collect())
}

/// The groups' rows of items of which all holds that the query wants of groups.
pub(super) fn chosen(
    plan: &Plan<'_>,
    items: &[(Item, String)],
    found: &[Row<'_>],
) -> Result<Vec<Vec<String>>, Refusal> {
    let having = &plan.query.having;
    let asked = having.iter().map(|having| (having.item.clone(), String::new()));
    let all: Vec<_> = items.iter().cloned().chain(asked).collect();
    let mut rows = grouped(plan, &all, found)?;
    rows.retain(|row| {
        having.iter().zip(&row[items.len()..]).all(|(having, value)| having.test.holds(value) != having.negated)
    });
    rows.iter_mut().for_each(|row| row.truncate(items.len()));
    Ok(rows)
}

/// A row of items for each group, in the order in which their first rows were found; without groups, one for all rows.
fn grouped(plan: &Plan<'_>, items: &[(Item, String)], found: &[Row<'_>]) -> Result<Vec<Vec<String>>, Refusal> {
    let keys = plan.query.group.iter().map(|key| plan.keyed(key, items)).collect::<Result<Vec<_>, _>>()?;
    let mut place_of: HashMap<Vec<String>, usize> = HashMap::new();
    let mut groups: Vec<Vec<&Row<'_>>> = if keys.is_empty() { vec![Vec::new()] } else { Vec::new() };
    for row in found {
        let values: Vec<String> = keys.iter().map(|key| key.of(row).into_owned()).collect();
        let next = place_of.len();
        let place = *place_of.entry(values).or_insert(next);
        if place == groups.len() {
            groups.push(Vec::new());
        }
        groups[place].push(row);
    }
    let is_grouped = |value: &Expression, at: usize| {
        let is_key = |column: &Column| {
            plan.query.group.iter().any(|key| matches!(key, Key::Value(Expression::Column(key)) if key == column))
        };
        let is_item = |key: &Key| match key {
            Key::Place(place) => *place == at + 1,
            Key::Value(key) => key == value || key.is_called(&items[at].1),
        };
        plan.query.group.iter().any(is_item) || value.all(&is_key)
    };
    let mut rows: Vec<Vec<String>> = vec![Vec::with_capacity(items.len()); groups.len()];
    for (at, (item, _)) in items.iter().enumerate() {
        let of = |value: &Expression| {
            let place = plan.read(value)?;
            let values = |rows: &Vec<&Row<'_>>| {
                let values = rows.iter().map(|row| place.of(row).into_owned());
                values.filter(|value| !value.is_empty()).collect::<Vec<String>>()
            };
            Ok::<_, Refusal>(groups.iter().map(values).collect::<Vec<_>>())
        };
        let column: Vec<String> = match item {
            Item::Count => groups.iter().map(|rows| rows.len().to_string()).collect(),
            Item::CountOf { values, distinct } => {
                let count = |values: Vec<String>| match distinct {
                    true => values.into_iter().collect::<HashSet<_>>().len(),
                    false => values.len(),
                };
                of(values)?.into_iter().map(|values| count(values).to_string()).collect()
            }
            Item::Max(value) => of(value)?.into_iter().map(|values| most(values, true)).collect(),
            Item::Min(value) => of(value)?.into_iter().map(|values| most(values, false)).collect(),
            Item::Value(value) if is_grouped(value, at) => {
                of(value)?.into_iter().map(|values| values.into_iter().next().unwrap_or_default()).collect()
            }
            Item::Value(_) => return Err(Refusal::not_grouped()),
        };
        rows.iter_mut().zip(column).for_each(|(row, value)| row.push(value));
    }
    Ok(rows)
}

/// Which of the items a key stands for.
pub(super) fn place_of(key: &Key, items: &[(Item, String)]) -> Result<usize, Refusal> {
    match key {
        Key::Place(place) => Some(place.wrapping_sub(1)).filter(|at| *at < items.len()).ok_or_else(Refusal::syntax),
        Key::Value(value) => {
            let is_it = |(item, name): &(Item, String)| {
                value.is_called(name) || matches!(item, Item::Value(shown) if shown == value)
            };
            items.iter().position(is_it).ok_or_else(|| Refusal::no_column(value.usual_name()))
        }
    }
}

/// The greatest or the least of some values; null of none.
fn most(values: Vec<String>, greatest: bool) -> String {
    let order = |one: &String, other: &String| compare(one, other);
    let values = values.into_iter();
    let found = if greatest { values.max_by(order) } else { values.min_by(order) };
    found.unwrap_or_default()
}
