use std::collections::HashSet;
use std::iter::Peekable;
use std::vec::IntoIter;

use super::objects::Objects;
use super::refusal::Refusal;
use super::sql;

/// What changes the database, read.
#[derive(Debug)]
pub(super) enum Statement {
    /// New values of columns, for the rows with the ids that the query finds.
    Update {
        table: String,
        values: Vec<(String, String)>,
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

/// A selection, read.
#[derive(Debug)]
pub(super) struct Query {
    pub(super) skip: usize,
    pub(super) first: Option<usize>,
    pub(super) shown: Shown,
    pub(super) sources: Vec<Source>,
    /// Columns that must be equal, of joins and conditions alike.
    pub(super) links: Vec<(Column, Column)>,
    pub(super) conditions: Vec<Condition>,
    /// Of each of these lists one condition must hold.
    pub(super) choices: Vec<Vec<Condition>>,
    pub(super) order: Vec<(Column, bool)>,
}

#[derive(Debug)]
pub(super) enum Shown {
    All,
    /// How many there are, under this name.
    Count(String),
    /// Columns, with the names of their elements.
    Columns(Vec<(Column, String)>),
}

/// A table, and whether rows without one of it stay.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) table: String,
    pub(super) alias: String,
    pub(super) outer: bool,
}

#[derive(Debug)]
pub(super) struct Column {
    pub(super) table: Option<String>,
    pub(super) name: String,
}

#[derive(Debug)]
pub(super) struct Condition {
    pub(super) column: Column,
    pub(super) test: Test,
    pub(super) negated: bool,
}

#[derive(Debug)]
pub(super) enum Test {
    OneOf(HashSet<String>),
    Like(String),
    Null,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    /// A keyword, a name or a number, in lower case.
    Word(String),
    /// A text in quotes.
    Text(String),
    Symbol(char),
}

/// Words that no table is renamed to.
const KEYWORDS: [&str; 11] = ["from", "inner", "left", "join", "on", "where", "order", "as", "outer", "set", "values"];

impl Query {
    pub(super) fn parse(sql: &str, objects: &Objects) -> Result<Self, Refusal> {
        Parser::whole(sql, objects, Parser::query)
    }

    /// What finds these columns of a table's rows.
    fn of(table: &str, columns: &[&str]) -> Self {
        let column = |name: &&str| (Column { table: None, name: (*name).to_owned() }, (*name).to_owned());
        let source = Source { table: table.to_owned(), alias: table.to_owned(), outer: false };
        Self {
            skip: 0,
            first: None,
            shown: Shown::Columns(columns.iter().map(column).collect()),
            sources: vec![source],
            links: Vec::new(),
            conditions: Vec::new(),
            choices: Vec::new(),
            order: Vec::new(),
        }
    }
}

impl Statement {
    pub(super) fn parse(sql: &str, objects: &Objects) -> Result<Self, Refusal> {
        Parser::whole(sql, objects, Parser::statement)
    }
}

fn tokens(sql: &str) -> Result<Vec<Token>, Refusal> {
    let mut tokens = Vec::new();
    let mut letters = sql.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\'' | '"' => {
                let mut text = String::new();
                loop {
                    match letters.next() {
                        Some(end) if end == letter => match letters.next_if_eq(&letter) {
                            Some(quote) => text.push(quote),
                            None => break,
                        },
                        Some(other) => text.push(other),
                        None => return Err(Refusal::syntax()),
                    }
                }
                tokens.push(Token::Text(text));
            }
            _ if letter.is_whitespace() => {}
            _ if letter.is_alphanumeric() || letter == '_' => {
                let mut word = letter.to_lowercase().to_string();
                while let Some(more) = letters.next_if(|next| next.is_alphanumeric() || *next == '_') {
                    word.extend(more.to_lowercase());
                }
                tokens.push(Token::Word(word));
            }
            _ => tokens.push(Token::Symbol(letter)),
        }
    }
    Ok(tokens)
}

struct Parser<'o> {
    tokens: Peekable<IntoIter<Token>>,
    /// What queries within a query are asked of.
    objects: &'o Objects,
}

impl<'o> Parser<'o> {
    fn whole<T>(
        sql: &str,
        objects: &'o Objects,
        read: impl FnOnce(&mut Self) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let mut parser = Self { tokens: tokens(sql)?.into_iter().peekable(), objects };
        let all = read(&mut parser)?;
        parser.takes(';');
        match parser.tokens.next() {
            None => Ok(all),
            Some(_) => Err(Refusal::syntax()),
        }
    }

    fn statement(&mut self) -> Result<Statement, Refusal> {
        if self.has("update") {
            let table = self.word()?;
            self.must("set")?;
            let mut values = Vec::new();
            loop {
                let column = self.word()?;
                self.expects('=')?;
                values.push((column, self.value()?));
                if !self.takes(',') {
                    break;
                }
            }
            let mut rows = Query::of(&table, &["pkid"]);
            self.filter(&mut rows)?;
            return Ok(Statement::Update { table, values, rows });
        }
        if self.has("delete") {
            self.must("from")?;
            let table = self.word()?;
            let mut rows = Query::of(&table, &["fkenduser", "fkdevice"]);
            self.filter(&mut rows)?;
            return Ok(Statement::Delete { table, rows });
        }
        self.must("insert")?;
        self.must("into")?;
        let table = self.word()?;
        self.expects('(')?;
        let columns = self.list(Self::word)?;
        self.must("values")?;
        self.expects('(')?;
        let values = self.list(Self::value)?;
        if columns.len() != values.len() {
            return Err(Refusal::syntax());
        }
        Ok(Statement::Insert { table, values: columns.into_iter().zip(values).collect() })
    }

    /// Some with commas between them, up to a closing bracket.
    fn list(&mut self, mut one: impl FnMut(&mut Self) -> Result<String, Refusal>) -> Result<Vec<String>, Refusal> {
        let mut all = vec![one(self)?];
        while self.takes(',') {
            all.push(one(self)?);
        }
        self.expects(')')?;
        Ok(all)
    }

    fn filter(&mut self, query: &mut Query) -> Result<(), Refusal> {
        if self.has("where") { self.conditions(query) } else { Ok(()) }
    }

    fn query(&mut self) -> Result<Query, Refusal> {
        self.must("select")?;
        let skip = if self.has("skip") { self.number()? } else { 0 };
        let first = if self.has("first") || self.has("limit") { Some(self.number()?) } else { None };
        let shown = self.shown()?;
        self.must("from")?;
        let mut query = Query {
            skip,
            first,
            shown,
            sources: Vec::new(),
            links: Vec::new(),
            conditions: Vec::new(),
            choices: Vec::new(),
            order: Vec::new(),
        };
        self.source(false, &mut query)?;
        loop {
            let outer = self.has("left");
            if outer {
                self.has("outer");
            }
            if self.takes(',') {
                self.source(false, &mut query)?;
            } else if outer || self.has("inner") || self.is("join") {
                self.must("join")?;
                self.source(outer, &mut query)?;
                self.must("on")?;
                self.conditions(&mut query)?;
            } else {
                break;
            }
        }
        self.filter(&mut query)?;
        if self.has("order") {
            self.must("by")?;
            loop {
                let column = self.column()?;
                let descending = self.has("desc");
                if !descending {
                    self.has("asc");
                }
                query.order.push((column, descending));
                if !self.takes(',') {
                    break;
                }
            }
        }
        Ok(query)
    }

    fn shown(&mut self) -> Result<Shown, Refusal> {
        if self.takes('*') {
            return Ok(Shown::All);
        }
        let mut columns = Vec::new();
        loop {
            let column = self.column()?;
            if column.name == "count" && self.takes('(') {
                self.expects('*')?;
                self.expects(')')?;
                return Ok(Shown::Count(self.name("count")?));
            }
            let name = self.name(&column.name)?;
            columns.push((column, name));
            if !self.takes(',') {
                return Ok(Shown::Columns(columns));
            }
        }
    }

    /// The name that something is given, with or without `as`.
    fn name(&mut self, otherwise: &str) -> Result<String, Refusal> {
        let renamed = self.has("as");
        match self.tokens.peek() {
            Some(Token::Word(word)) if renamed || !KEYWORDS.contains(&word.as_str()) => self.word(),
            _ => Ok(otherwise.to_owned()),
        }
    }

    fn source(&mut self, outer: bool, query: &mut Query) -> Result<(), Refusal> {
        let table = self.word()?;
        let alias = self.name(&table)?;
        query.sources.push(Source { table, alias, outer });
        Ok(())
    }

    fn conditions(&mut self, query: &mut Query) -> Result<(), Refusal> {
        loop {
            self.choice(query)?;
            if !self.has("and") {
                return Ok(());
            }
        }
    }

    /// One condition, some of which one must hold, or some in brackets.
    fn choice(&mut self, query: &mut Query) -> Result<(), Refusal> {
        if self.takes('(') {
            self.conditions(query)?;
            return self.expects(')');
        }
        let (links, conditions) = (query.links.len(), query.conditions.len());
        self.condition(query)?;
        if !self.is("or") {
            return Ok(());
        }
        while self.has("or") {
            self.condition(query)?;
        }
        if query.links.len() > links {
            return Err(Refusal::syntax());
        }
        let choice = query.conditions.split_off(conditions);
        query.choices.push(choice);
        Ok(())
    }

    fn condition(&mut self, query: &mut Query) -> Result<(), Refusal> {
        let column = self.column()?;
        if self.has("is") {
            let negated = self.has("not");
            self.must("null")?;
            query.conditions.push(Condition { column, test: Test::Null, negated });
            return Ok(());
        }
        let mut negated = self.has("not");
        let test = if self.has("like") {
            Test::Like(self.value()?)
        } else if self.has("in") {
            self.expects('(')?;
            Test::OneOf(match self.is("select") {
                true => self.found()?.into_iter().collect(),
                false => self.list(Self::value)?.into_iter().collect(),
            })
        } else {
            negated = self.takes('!') || (self.takes('<') && self.is_symbol('>'));
            if !(self.takes('=') || negated && self.takes('>')) {
                return Err(Refusal::syntax());
            }
            let is_name = matches!(self.tokens.peek(), Some(Token::Word(word)) if !word.starts_with(|c: char| c.is_ascii_digit()));
            if is_name && !negated {
                let other = self.column()?;
                query.links.push((column, other));
                return Ok(());
            }
            Test::OneOf(HashSet::from([self.value()?]))
        };
        query.conditions.push(Condition { column, test, negated });
        Ok(())
    }

    fn column(&mut self) -> Result<Column, Refusal> {
        let name = self.word()?;
        Ok(match self.takes('.') {
            true => Column { table: Some(name), name: self.word()? },
            false => Column { table: None, name },
        })
    }

    /// What a query within this one finds in its first column, up to the bracket behind it.
    fn found(&mut self) -> Result<Vec<String>, Refusal> {
        let query = self.query()?;
        self.expects(')')?;
        let first = |row: Vec<(String, String)>| row.into_iter().next().map(|(_, value)| value);
        Ok(sql::rows(&query, self.objects)?.into_iter().filter_map(first).collect())
    }

    fn value(&mut self) -> Result<String, Refusal> {
        if self.takes('(') {
            // Of no row it is null.
            return Ok(self.found()?.into_iter().next().unwrap_or_default());
        }
        match self.tokens.next() {
            Some(Token::Text(value) | Token::Word(value)) => Ok(value),
            _ => Err(Refusal::syntax()),
        }
    }

    fn word(&mut self) -> Result<String, Refusal> {
        match self.tokens.next() {
            Some(Token::Word(word)) => Ok(word),
            _ => Err(Refusal::syntax()),
        }
    }

    fn number(&mut self) -> Result<usize, Refusal> {
        self.word()?.parse().map_err(|_| Refusal::syntax())
    }

    fn is(&mut self, keyword: &str) -> bool {
        matches!(self.tokens.peek(), Some(Token::Word(word)) if word == keyword)
    }

    fn is_symbol(&mut self, symbol: char) -> bool {
        self.tokens.peek() == Some(&Token::Symbol(symbol))
    }

    /// Takes the keyword if it comes next.
    fn has(&mut self, keyword: &str) -> bool {
        self.is(keyword) && self.tokens.next().is_some()
    }

    fn must(&mut self, keyword: &str) -> Result<(), Refusal> {
        if self.has(keyword) { Ok(()) } else { Err(Refusal::syntax()) }
    }

    fn expects(&mut self, symbol: char) -> Result<(), Refusal> {
        if self.takes(symbol) { Ok(()) } else { Err(Refusal::syntax()) }
    }

    fn takes(&mut self, symbol: char) -> bool {
        self.is_symbol(symbol) && self.tokens.next().is_some()
    }
}
