use std::collections::HashSet;
use std::iter::Peekable;
use std::vec::IntoIter;

use super::refusal::Refusal;

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
    pub(super) order: Vec<(Column, bool)>,
}

#[derive(Debug)]
pub(super) enum Shown {
    All,
    Count,
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
const KEYWORDS: [&str; 8] = ["inner", "left", "join", "on", "where", "order", "as", "outer"];

impl Query {
    pub(super) fn parse(sql: &str) -> Result<Self, Refusal> {
        let mut parser = Parser { tokens: tokens(sql)?.into_iter().peekable() };
        let query = parser.query()?;
        parser.takes(';');
        match parser.tokens.next() {
            None => Ok(query),
            Some(_) => Err(Refusal::syntax()),
        }
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

struct Parser {
    tokens: Peekable<IntoIter<Token>>,
}

impl Parser {
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
        if self.has("where") {
            self.conditions(&mut query)?;
        }
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
                return if self.takes('*') && self.takes(')') { Ok(Shown::Count) } else { Err(Refusal::syntax()) };
            }
            let name = if self.has("as") { self.word()? } else { column.name.clone() };
            columns.push((column, name));
            if !self.takes(',') {
                return Ok(Shown::Columns(columns));
            }
        }
    }

    fn source(&mut self, outer: bool, query: &mut Query) -> Result<(), Refusal> {
        let table = self.word()?;
        let renamed = self.has("as");
        let alias = match self.tokens.peek() {
            Some(Token::Word(word)) if renamed || !KEYWORDS.contains(&word.as_str()) => self.word()?,
            _ => table.clone(),
        };
        query.sources.push(Source { table, alias, outer });
        Ok(())
    }

    fn conditions(&mut self, query: &mut Query) -> Result<(), Refusal> {
        let bracket = self.takes('(');
        loop {
            self.condition(query)?;
            if !self.has("and") {
                break;
            }
        }
        if bracket && !self.takes(')') {
            return Err(Refusal::syntax());
        }
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
            if !self.takes('(') {
                return Err(Refusal::syntax());
            }
            let mut values = HashSet::new();
            loop {
                values.insert(self.value()?);
                if !self.takes(',') {
                    break;
                }
            }
            if !self.takes(')') {
                return Err(Refusal::syntax());
            }
            Test::OneOf(values)
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

    fn value(&mut self) -> Result<String, Refusal> {
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

    fn takes(&mut self, symbol: char) -> bool {
        self.is_symbol(symbol) && self.tokens.next().is_some()
    }
}
