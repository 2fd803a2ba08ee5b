//! The SQL that clients of AXL read the database with: selections with skip and first, inner and left outer joins on
//! equal columns, conditions that all must hold, some of which one must hold, and queries within them.

use std::collections::HashMap;

use super::objects::Objects;
use super::refusal::Refusal;
use super::sql_parser::{Column, Query, Shown, Source, Test};
use super::tables::{Table, Value};
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
    let mut rows = plan.rows()?;
    for (column, descending) in query.order.iter().rev() {
        let at = plan.place(column)?;
        rows.sort_by(|one, other| {
            let order = compare(&one[at], &other[at]);
            if *descending { order.reverse() } else { order }
        });
    }
    let columns = match &query.shown {
        Shown::Count(name) => return Ok(vec![vec![(name.clone(), rows.len().to_string())]]),
        Shown::All => plan.all_columns(),
        Shown::Columns(columns) => {
            let shown = columns.iter().map(|(column, name)| Ok((plan.place(column)?, name.as_str())));
            shown.collect::<Result<Vec<_>, Refusal>>()?
        }
    };
    let shown = |row: Vec<Value<'_>>| {
        columns.iter().map(|(at, name)| ((*name).to_owned(), row[*at].clone().into_owned())).collect()
    };
    let rows = rows.into_iter().skip(query.skip).take(query.first.unwrap_or(usize::MAX));
    Ok(rows.map(shown).collect())
}

/// Numbers are compared as numbers.
fn compare(one: &str, other: &str) -> std::cmp::Ordering {
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
}

struct Plan<'a> {
    query: &'a Query,
    scopes: Vec<Scope<'a>>,
    objects: &'a Objects,
}

type Row<'a> = Vec<Value<'a>>;

impl<'a> Plan<'a> {
    /// All rows that the joins and conditions leave, each with the columns of all tables.
    fn rows(&self) -> Result<Vec<Row<'a>>, Refusal> {
        let tests = self.query.conditions.iter().map(|condition| Ok((self.place(&condition.column)?, condition)));
        let tests = tests.collect::<Result<Vec<_>, Refusal>>()?;
        let mut choices = Vec::with_capacity(self.query.choices.len());
        for choice in &self.query.choices {
            let placed = choice.iter().map(|condition| Ok((self.place(&condition.column)?, condition)));
            choices.push(placed.collect::<Result<Vec<_>, Refusal>>()?);
        }
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
            let of_table: Vec<_> =
                tests.iter().filter(|(at, _)| within(*at) && !source.outer).map(|(at, c)| (at - start, *c)).collect();
            let right = scope.table.rows(self.objects);
            let right = right.filter(|row| of_table.iter().all(|(at, condition)| condition.holds(&row[*at])));
            let at = links
                .iter()
                .position(|(one, other)| (within(*one) && *other < start) || (within(*other) && *one < start));
            rows = match at.map(|at| links.swap_remove(at)) {
                Some((one, other)) => {
                    let (left_at, right_at) = if within(one) { (other, one - start) } else { (one, other - start) };
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
                && tests.iter().all(|(at, condition)| condition.holds(&row[*at]))
                && choices.iter().all(|choice| choice.iter().any(|(at, condition)| condition.holds(&row[*at])))
        });
        Ok(rows)
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

    fn all_columns(&self) -> Vec<(usize, &'static str)> {
        self.scopes.iter().flat_map(|scope| scope.table.columns).copied().enumerate().collect()
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

impl super::sql_parser::Condition {
    fn holds(&self, value: &str) -> bool {
        let holds = match &self.test {
            Test::OneOf(values) => values.contains(value),
            Test::Like(pattern) => super::operations::is_like(value, pattern),
            Test::Null => value.is_empty(),
        };
        holds != self.negated
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(sql: &str) -> Vec<String> {
        let rows = select(sql, &Objects::default()).unwrap();
        let row = |row: &Element| row.children.iter().map(|c| c.text.clone()).collect::<Vec<_>>().join(" | ");
        rows.iter().map(row).collect()
    }

    #[test]
    fn rows_are_chosen_ordered_and_paged() {
        assert_eq!(found("SELECT name FROM location ORDER BY name"), ["Hub_None", "Phantom"]);
        assert_eq!(found("select skip 1 first 1 l.name from location as l order by l.name"), ["Phantom"]);
        assert_eq!(found("select name from location where name like 'hub%' and name is not null"), ["Hub_None"]);
        assert_eq!(found("select name from location where name in ('Phantom', 'it''s')"), ["Phantom"]);
        assert_eq!(found("select name from location where name != 'Phantom';"), ["Hub_None"]);
        assert_eq!(found("select count(*) from location"), ["2"]);
        assert_eq!(found("select count(*) from location l, devicepool d"), ["2"]);
        assert_eq!(
            found("select name n from location where (name = 'Phantom' or name = 'x') and name != 'y'"),
            ["Phantom"]
        );
        assert_eq!(
            found("select name from location where name in (select name from location l)"),
            ["Hub_None", "Phantom"]
        );
        assert_eq!(
            found("select name from location where pkid = (select pkid from location where name = 'Phantom')"),
            ["Phantom"]
        );
        assert_eq!(found("select l.name from location l left join devicepool d on d.pkid = l.pkid").len(), 2);
        let total = select("select count(*) as total from location", &Objects::default()).unwrap();
        assert_eq!((total[0].children[0].name.as_str(), total[0].children[0].text.as_str()), ("total", "2"));
    }

    #[test]
    fn tables_are_joined_where_columns_are_equal() {
        let join = "select l.name, o.name as other from location l inner join location o on o.pkid = l.pkid";
        assert_eq!(found(&format!("{join} where o.name = 'Phantom'")), ["Phantom | Phantom"]);
        let outer = "select l.name, n.dnorpattern from location l left outer join numplan n on n.pkid = l.pkid";
        assert_eq!(found(outer), ["Hub_None | ", "Phantom | "]);
    }

    #[test]
    fn what_is_no_query_gets_the_databases_own_error() {
        let code = |sql: &str| select(sql, &Objects::default()).unwrap_err().code;
        for (sql, expected) in [
            ("selct name from location", -201),
            ("select name from", -201),
            ("select name from location where", -201),
            ("select name from location where name = 'x", -201),
            ("select name from colours", -206),
            ("select colour from location", -217),
        ] {
            assert_eq!(code(sql), expected, "{sql}");
        }
    }
}
