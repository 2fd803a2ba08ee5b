//! What SQL that was read comes to.

use std::cmp::Ordering;
use std::collections::HashSet;

use super::sql_expression::{Condition, Expression};

/// What changes the database, read.
#[derive(Debug)]
pub(super) enum Statement {
    /// New values of columns, for the rows with the ids that the query finds.
    Update {
        table: String,
        values: Vec<(String, Assigned)>,
        rows: Query,
    },
    /// The table, and a query for the columns that tell its rows.
    Delete {
        table: String,
        rows: Query,
    },
    Insert {
        table: String,
        values: Vec<(String, String)>,
    },
}

/// What a column is set to.
#[derive(Debug)]
pub(super) enum Assigned {
    Value(String),
    /// What another column of the row has.
    Column(String),
}

/// A selection, read.
#[derive(Debug)]
pub(super) struct Query {
    pub(super) skip: usize,
    pub(super) first: Option<usize>,
    /// Whether a row that was there already is left out.
    pub(super) distinct: bool,
    pub(super) shown: Vec<Shown>,
    pub(super) sources: Vec<Source>,
    /// Columns that must be equal, of joins and conditions alike.
    pub(super) links: Vec<(Column, Column)>,
    pub(super) conditions: Vec<Condition>,
    /// Of each of these lists one condition must hold.
    pub(super) choices: Vec<Vec<Condition>>,
    /// Rows in which these are equal become one.
    pub(super) group: Vec<Key>,
    /// What must hold of these rows.
    pub(super) having: Vec<Having>,
    /// With whether it goes down.
    pub(super) order: Vec<(Key, bool)>,
}

#[derive(Debug)]
pub(super) enum Shown {
    /// All columns of all tables, or of the one with this name.
    All(Option<String>),
    /// With the name of its element.
    Item(Item, String),
}

/// What stands in a column of what is found.
#[derive(Clone, Debug)]
pub(super) enum Item {
    Value(Expression),
    /// How many rows there are.
    Count,
    /// How many values that aren't null, or how many different ones.
    CountOf {
        values: Expression,
        distinct: bool,
    },
    Max(Expression),
    Min(Expression),
}

/// What rows are grouped or ordered by.
#[derive(Clone, Debug)]
pub(super) enum Key {
    /// The place of an item, from 1 on.
    Place(usize),
    Value(Expression),
}

/// A table, and whether rows without one of it stay.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) table: String,
    pub(super) alias: String,
    pub(super) outer: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Column {
    pub(super) table: Option<String>,
    pub(super) name: String,
}

/// A condition for rows that came of several.
#[derive(Debug)]
pub(super) struct Having {
    pub(super) item: Item,
    pub(super) test: Test,
    pub(super) negated: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Test {
    OneOf(HashSet<String>),
    /// `%` stands for any characters, `_` for one.
    Like(String),
    /// `*` stands for any characters, `?` for one.
    Matches(String),
    Null,
    /// Compared with this value it is one of these.
    Compared(&'static [Ordering], String),
    /// It is neither below the first nor above the second.
    Between(String, String),
}

impl Query {
    /// What finds these columns of a table's rows.
    pub(super) fn of(table: &str, columns: &[&str]) -> Self {
        let column = |name: &&str| {
            let column = Column { table: None, name: (*name).to_owned() };
            Shown::Item(Item::Value(column.into()), (*name).to_owned())
        };
        let source = Source { table: table.to_owned(), alias: table.to_owned(), outer: false };
        Self {
            skip: 0,
            first: None,
            distinct: false,
            shown: columns.iter().map(column).collect(),
            sources: vec![source],
            links: Vec::new(),
            conditions: Vec::new(),
            choices: Vec::new(),
            group: Vec::new(),
            having: Vec::new(),
            order: Vec::new(),
        }
    }
}
