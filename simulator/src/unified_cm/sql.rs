//! The SQL that clients of AXL read the database with: selections with skip and first, inner and left outer joins on
//! equal columns, conditions that all must hold, some of which one must hold, and queries within them, groups, and order.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

use super::objects::Objects;
use super::origin::Origin;
use super::refusal::Refusal;
use super::sql_expression::{Condition, Expression};
use super::sql_groups;
use super::sql_query::{Column, Item, Key, Query, Shown, Source, Test};
use super::table_rows::Value;
use super::tables::Table;
use crate::xml::Element;

/// What a query finds, a `row` each.
pub(super) fn select(sql: &str, objects: &Objects) -> Result<Vec<Element>, Refusal> {
    let query = Query::parse(sql, objects)?;
    let shown = |row: Vec<(String, String)>| {
        Element::with_children("row", row.iter().map(|(name, value)| Element::with_text(name, value)).collect())
    };
    Ok(rows(&query, objects)?.into_iter().map(shown).collect())
}

/// The rows that a query finds, each with the names and values of its columns.
pub(super) fn rows(query: &Query, objects: &Objects) -> Result<Vec<Vec<(String, String)>>, Refusal> {
    let scopes = query.sources.iter().map(Scope::of).collect::<Result<Vec<_>, _>>()?;
    let plan = Plan { query, scopes, objects };
    let items = plan.items()?;
    let mut found = plan.rows()?;
    let of_several = !query.group.is_empty() || !query.having.is_empty();
    let mut rows = if !of_several && items.iter().all(|(item, _)| matches!(item, Item::Value(_))) {
        let order = query.order.iter().map(|(key, down)| Ok((plan.keyed(key, &items)?, *down)));
        let order = order.collect::<Result<Vec<_>, Refusal>>()?;
        found.sort_by(|one, other| compared(&order, |key| key.of(one), |key| key.of(other)));
        sql_groups::values(&plan, &items, &found)?
    } else {
        let mut rows = sql_groups::chosen(&plan, &items, &found)?;
        let order = query.order.iter().map(|(key, down)| Ok((sql_groups::place_of(key, &items)?, *down)));
        let order = order.collect::<Result<Vec<_>, Refusal>>()?;
        rows.sort_by(|one, other| compared(&order, |at| one[*at].as_str().into(), |at| other[*at].as_str().into()));
        rows
    };
    if query.distinct {
        let mut seen = HashSet::new();
        rows.retain(|row| seen.insert(row.clone()));
    }
    let named = |row: Vec<String>| items.iter().map(|(_, name)| name.clone()).zip(row).collect();
    Ok(rows.into_iter().skip(query.skip).take(query.first.unwrap_or(usize::MAX)).map(named).collect())
}

/// How two rows follow each other, by the values of some keys, each of which may go down.
fn compared<'a, K>(
    order: &'a [(K, bool)],
    one: impl Fn(&'a K) -> Value<'a>,
    other: impl Fn(&'a K) -> Value<'a>,
) -> Ordering {
    let by = |(key, down): &'a (K, bool)| {
        let order = compare(&one(key), &other(key));
        if *down { order.reverse() } else { order }
    };
    order.iter().map(by).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

/// Numbers are compared as numbers.
pub(super) fn compare(one: &str, other: &str) -> Ordering {
    match (one.parse::<i64>(), other.parse::<i64>()) {
        (Ok(one), Ok(other)) => one.cmp(&other),
        _ => one.cmp(other),
    }
}

/// A table with the name that the query has for it.
struct Scope<'q> {
    alias: &'q str,
    table: &'static Table,
}

impl<'q> Scope<'q> {
    fn of(source: &'q Source) -> Result<Self, Refusal> {
        Ok(Self { alias: &source.alias, table: Table::named(&source.table)? })
    }

    /// All its columns.
    fn items(&self) -> impl Iterator<Item = (Item, String)> + use<'q> {
        let alias = self.alias;
        self.table.columns.iter().map(move |name| {
            let column = Column { table: Some(alias.to_owned()), name: (*name).to_owned() };
            (Item::Value(column.into()), (*name).to_owned())
        })
    }
}

/// A query, and where what it is about is found.
pub(super) struct Plan<'a> {
    pub(super) query: &'a Query,
    scopes: Vec<Scope<'a>>,
    objects: &'a Objects,
}

/// A row of all tables together.
pub(super) type Row<'a> = Vec<Value<'a>>;

impl<'a> Plan<'a> {
    /// All rows that the joins and conditions leave, each with the columns of all tables.
    fn rows(&self) -> Result<Vec<Row<'a>>, Refusal> {
        let tests = self.placed(&self.query.conditions)?;
        let choices = self.query.choices.iter().map(|choice| self.placed(choice)).collect::<Result<Vec<_>, _>>()?;
        let mut links = Vec::with_capacity(self.query.links.len());
        for (one, other) in &self.query.links {
            links.push((self.place(one)?, self.place(other)?));
        }
        let mut rows: Vec<Row<'a>> = vec![Row::new()];
        let mut start = 0;
        for (scope, source) in self.scopes.iter().zip(&self.query.sources) {
            let end = start + scope.table.columns.len();
            let within = |at: usize| (start..end).contains(&at);
            // What is known of this table alone goes before the join, which is then small.
            let of_table = tests.iter().filter(|test| !source.outer && test.value.all(&|at| within(*at)));
            let of_table = of_table.map(|test| test.placed(&|at| Ok(at - start))).collect::<Result<Vec<_>, _>>()?;
            let at = links
                .iter()
                .position(|(one, other)| (within(*one) && *other < start) || (within(*other) && *one < start));
            let link = at.map(|at| links.swap_remove(at)).map(|(one, other)| match within(one) {
                true => (other, one - start),
                false => (one, other - start),
            });
            let right = scope.table.rows(self.origin(scope.table, &of_table, &rows, link));
            let right = right.filter(|row| of_table.iter().all(|condition| condition.holds(row)));
            rows = match link {
                Some((left_at, right_at)) => {
                    joined(rows, right, left_at, right_at, source.outer.then_some(scope.table.columns.len()))
                }
                None => {
                    let right: Vec<Row<'a>> = right.collect();
                    let pairs = rows.iter().flat_map(|row| right.iter().map(move |more| [&row[..], more].concat()));
                    pairs.collect()
                }
            };
            start = end;
        }
        rows.retain(|row| {
            links.iter().all(|(one, other)| row[*one] == row[*other])
                && tests.iter().all(|condition| condition.holds(row))
                && choices.iter().all(|choice| choice.iter().any(|condition| condition.holds(row)))
        });
        Ok(rows)
    }

    /// What a table's rows are made of for rows that are linked to it, of the left column to the right: where a condition
    /// or the link gives the ids, no more than the objects with these.
    fn origin(
        &self,
        table: &Table,
        conditions: &[Condition<usize>],
        left: &[Row<'a>],
        link: Option<(usize, usize)>,
    ) -> Origin<'a> {
        let ids = conditions.iter().find_map(|condition| match (&condition.value, &condition.test) {
            (Expression::Column(at), Test::OneOf(ids)) if Some(*at) == table.by_object() && !condition.negated => {
                Some(ids)
            }
            _ => None,
        });
        if let Some(ids) = ids {
            return Origin::only(self.objects, ids.iter().map(String::as_str));
        }
        match link {
            Some((left_at, right_at)) if Some(right_at) == table.by_object() => {
                Origin::only(self.objects, left.iter().map(|row| &*row[left_at]))
            }
            _ => Origin::all(self.objects),
        }
    }

    /// Where a column is in a row.
    fn place(&self, column: &Column) -> Result<usize, Refusal> {
        let mut start = 0;
        for scope in &self.scopes {
            if column.table.as_deref().is_none_or(|table| table == scope.alias)
                && let Some(at) = scope.table.columns.iter().position(|name| *name == column.name)
            {
                return Ok(start + at);
            }
            start += scope.table.columns.len();
        }
        Err(Refusal::no_column(&column.name))
    }

    fn placed(&self, conditions: &[Condition]) -> Result<Vec<Condition<usize>>, Refusal> {
        conditions.iter().map(|condition| condition.placed(&|column| self.place(column))).collect()
    }

    pub(super) fn read(&self, expression: &Expression) -> Result<Expression<usize>, Refusal> {
        expression.placed(&|column| self.place(column))
    }

    /// What a key stands for: one of the items, also by the name that it was given, or a column.
    pub(super) fn keyed(&self, key: &Key, items: &[(Item, String)]) -> Result<Expression<usize>, Refusal> {
        let item = match key {
            Key::Place(place) => items.get(place.wrapping_sub(1)).ok_or_else(Refusal::syntax)?,
            Key::Value(value) => match items.iter().find(|(_, name)| value.is_called(name)) {
                Some(item) => item,
                None => return self.read(value),
            },
        };
        match &item.0 {
            Item::Value(value) => self.read(value),
            Item::Count | Item::CountOf { .. } | Item::Max(_) | Item::Min(_) => Err(Refusal::syntax()),
        }
    }

    /// What is shown, with the names that it has.
    fn items(&self) -> Result<Vec<(Item, String)>, Refusal> {
        let mut items = Vec::new();
        for shown in &self.query.shown {
            match shown {
                Shown::Item(item, name) => items.push((item.clone(), name.clone())),
                Shown::All(None) => items.extend(self.scopes.iter().flat_map(Scope::items)),
                Shown::All(Some(table)) => {
                    let scope = self.scopes.iter().find(|scope| scope.alias == table);
                    items.extend(scope.ok_or_else(|| Refusal::no_table(table))?.items());
                }
            }
        }
        Ok(items)
    }
}

/// Rows put together where a column is equal; `outer` is how many empty columns stand for a row that isn't there.
fn joined<'a>(
    left: Vec<Row<'a>>,
    right: impl Iterator<Item = Row<'a>>,
    left_at: usize,
    right_at: usize,
    outer: Option<usize>,
) -> Vec<Row<'a>> {
    let mut by_key: HashMap<&str, Vec<usize>> = HashMap::new();
    for (number, row) in left.iter().enumerate() {
        by_key.entry(&row[left_at]).or_default().push(number);
    }
    let mut found = Vec::new();
    let mut matched = vec![false; left.len()];
    for more in right.filter(|row| !row[right_at].is_empty()) {
        for &number in by_key.get(&*more[right_at]).into_iter().flatten() {
            matched[number] = true;
            found.push([&left[number][..], &more].concat());
        }
    }
    if let Some(columns) = outer {
        let alone = left.iter().zip(matched).filter(|(_, matched)| !matched);
        found.extend(alone.map(|(row, _)| row.iter().cloned().chain((0..columns).map(|_| Value::default())).collect()));
    }
    found
}

impl Test {
    pub(super) fn holds(&self, value: &str) -> bool {
        match self {
            Self::OneOf(values) => values.contains(value),
            Self::Like(pattern) => is_like(value, pattern, ['%', '_']),
            Self::Matches(pattern) => is_like(value, pattern, ['*', '?']),
            Self::Null => value.is_empty(),
            Self::Compared(orders, other) => !value.is_empty() && orders.contains(&compare(value, other)),
            Self::Between(least, most) => {
                !value.is_empty() && compare(value, least).is_ge() && compare(value, most).is_le()
            }
        }
    }
}

/// Whether a text is like a pattern in which the first of two signs stands for any characters and the second for one. Unlike the criteria of lists,
/// the database tells small letters from capitals.
fn is_like(text: &str, pattern: &str, signs: [char; 2]) -> bool {
    let [any, one] = signs;
    let mut rest = pattern.chars();
    match rest.next() {
        None => text.is_empty(),
        Some(sign) if sign == any => {
            let ends = text.char_indices().map(|(at, _)| at).chain([text.len()]);
            ends.into_iter().any(|at| is_like(&text[at..], rest.as_str(), signs))
        }
        Some(wanted) => {
            let mut letters = text.chars();
            letters.next().is_some_and(|letter| wanted == one || wanted == letter)
                && is_like(letters.as_str(), rest.as_str(), signs)
        }
    }
}
