use super::objects::Objects;
use super::refusal::Refusal;
use super::sql_query::{Assigned, Column, Item, Key, Query, Shown, Source, Statement};
use super::sql_tokens::{Token, Tokens};
use super::sql_update;

/// Words that no table is renamed to.
const KEYWORDS: [&str; 14] = [
    "from", "inner", "left", "join", "on", "where", "group", "having", "order", "as", "outer", "set", "values", "limit",
];

impl Query {
    pub(super) fn parse(sql: &str, objects: &Objects) -> Result<Self, Refusal> {
        Parser::whole(sql, objects, Parser::query)
    }
}

impl Statement {
    pub(super) fn parse(sql: &str, objects: &Objects) -> Result<Self, Refusal> {
        Parser::whole(sql, objects, Parser::statement)
    }
}

/// Reads SQL of which it asks the queries within at once.
pub(super) struct Parser<'o> {
    pub(super) tokens: Tokens,
    /// What queries within a query are asked of.
    pub(super) objects: &'o Objects,
    /// How many things that which is being read is within.
    depth: usize,
}

/// How many things one may be within. Each is read by a call within a call, and a thread has room for only so many.
const DEEPEST: usize = 100;

impl<'o> Parser<'o> {
    fn whole<T>(
        sql: &str,
        objects: &'o Objects,
        read: impl FnOnce(&mut Self) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let mut parser = Self { tokens: Tokens::read(sql)?, objects, depth: 0 };
        let all = read(&mut parser)?;
        parser.tokens.takes(';');
        if parser.tokens.next().is_none() { Ok(all) } else { Err(Refusal::syntax()) }
    }

    /// Reads what may have its like within it.
    pub(super) fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Refusal>) -> Result<T, Refusal> {
        if self.depth > DEEPEST {
            return Err(Refusal::syntax());
        }
        self.depth += 1;
        let found = read(self);
        self.depth -= 1;
        found
    }

    fn statement(&mut self) -> Result<Statement, Refusal> {
        if self.tokens.has("update") {
            let table = self.tokens.word()?;
            self.tokens.must("set")?;
            let mut values = Vec::new();
            let mut read: Vec<String> = sql_update::known_by(&table).into_iter().map(str::to_owned).collect();
            loop {
                let column = self.tokens.word()?;
                self.tokens.expects('=')?;
                let assigned = self.assigned()?;
                read.extend(match &assigned {
                    Assigned::Column(name) => Some(name.clone()),
                    Assigned::Value(_) => None,
                });
                values.push((column, assigned));
                if !self.tokens.takes(',') {
                    break;
                }
            }
            let mut rows = Query::of(&table, &read.iter().map(String::as_str).collect::<Vec<_>>());
            self.filter(&mut rows)?;
            return Ok(Statement::Update { table, values, rows });
        }
        if self.tokens.has("delete") {
            self.tokens.must("from")?;
            let table = self.tokens.word()?;
            let mut rows = Query::of(&table, &sql_update::known_by(&table));
            self.filter(&mut rows)?;
            return Ok(Statement::Delete { table, rows });
        }
        self.tokens.must("insert")?;
        self.tokens.must("into")?;
        let table = self.tokens.word()?;
        self.tokens.expects('(')?;
        let columns = self.list(|parser| parser.tokens.word())?;
        self.tokens.must("values")?;
        self.tokens.expects('(')?;
        let values = self.list(Self::value)?;
        if columns.len() != values.len() {
            return Err(Refusal::syntax());
        }
        Ok(Statement::Insert { table, values: columns.into_iter().zip(values).collect() })
    }

    fn assigned(&mut self) -> Result<Assigned, Refusal> {
        let is_value = |word: &str| word == "null" || word.starts_with(|first: char| first.is_ascii_digit());
        match (self.tokens.peek(0), self.tokens.peek(1)) {
            (Some(Token::Word(word)), next) if !is_value(word) && next != Some(&Token::Symbol('(')) => {
                Ok(Assigned::Column(self.tokens.word()?))
            }
            _ => self.value().map(Assigned::Value),
        }
    }

    /// Some with commas between them, up to a closing bracket.
    pub(super) fn list<T>(&mut self, mut one: impl FnMut(&mut Self) -> Result<T, Refusal>) -> Result<Vec<T>, Refusal> {
        let mut all = vec![one(self)?];
        while self.tokens.takes(',') {
            all.push(one(self)?);
        }
        self.tokens.expects(')')?;
        Ok(all)
    }

    fn filter(&mut self, query: &mut Query) -> Result<(), Refusal> {
        if self.tokens.has("where") { self.conditions(query) } else { Ok(()) }
    }

    pub(super) fn query(&mut self) -> Result<Query, Refusal> {
        self.tokens.must("select")?;
        let skip = if self.tokens.has("skip") { self.tokens.number()? } else { 0 };
        let first =
            if self.tokens.has("first") || self.tokens.has("limit") { Some(self.tokens.number()?) } else { None };
        let distinct = self.tokens.has("distinct") || self.tokens.has("unique");
        let shown = self.shown()?;
        self.tokens.must("from")?;
        let mut query = Query {
            skip,
            first,
            distinct,
            shown,
            sources: Vec::new(),
            links: Vec::new(),
            conditions: Vec::new(),
            choices: Vec::new(),
            group: Vec::new(),
            having: Vec::new(),
            order: Vec::new(),
        };
        self.source(false, &mut query)?;
        loop {
            let outer = self.tokens.has("left");
            if outer {
                self.tokens.has("outer");
            }
            if self.tokens.takes(',') {
                self.source(false, &mut query)?;
            } else if outer || self.tokens.has("inner") || self.tokens.is("join") {
                self.tokens.must("join")?;
                self.source(outer, &mut query)?;
                self.tokens.must("on")?;
                self.conditions(&mut query)?;
            } else {
                break;
            }
        }
        self.filter(&mut query)?;
        if self.tokens.has("group") {
            self.tokens.must("by")?;
            query.group.push(self.key()?);
            while self.tokens.takes(',') {
                query.group.push(self.key()?);
            }
        }
        if self.tokens.has("having") {
            self.having(&mut query)?;
        }
        if self.tokens.has("order") {
            self.tokens.must("by")?;
            loop {
                let key = self.key()?;
                let descending = self.tokens.has("desc");
                if !descending {
                    self.tokens.has("asc");
                }
                query.order.push((key, descending));
                if !self.tokens.takes(',') {
                    break;
                }
            }
        }
        if self.tokens.has("limit") {
            query.first = Some(self.tokens.number()?);
        }
        Ok(query)
    }

    fn shown(&mut self) -> Result<Vec<Shown>, Refusal> {
        let mut shown = Vec::new();
        loop {
            shown.push(if self.tokens.takes('*') {
                Shown::All(None)
            } else if self.tokens.peek(2) == Some(&Token::Symbol('*'))
                && self.tokens.peek(1) == Some(&Token::Symbol('.'))
            {
                let table = self.tokens.word()?;
                self.tokens.expects('.')?;
                self.tokens.expects('*')?;
                Shown::All(Some(table))
            } else {
                let (item, usual) = self.item()?;
                Shown::Item(item, self.name(&usual)?)
            });
            if !self.tokens.takes(',') {
                return Ok(shown);
            }
        }
    }

    /// One of what is shown, with the name that it has when it is given none.
    pub(super) fn item(&mut self) -> Result<(Item, String), Refusal> {
        let aggregate = ["count", "max", "min"].into_iter().find(|name| self.tokens.is_function(name));
        let Some(aggregate) = aggregate else {
            let value = self.expression()?;
            let usual = value.usual_name().to_owned();
            return Ok((Item::Value(value), usual));
        };
        self.tokens.must(aggregate)?;
        self.tokens.expects('(')?;
        let item = match aggregate {
            "count" if self.tokens.takes('*') => Item::Count,
            "count" => {
                let distinct = self.tokens.has("distinct") || self.tokens.has("unique");
                Item::CountOf { values: self.expression()?, distinct }
            }
            "max" => Item::Max(self.expression()?),
            _ => Item::Min(self.expression()?),
        };
        self.tokens.expects(')')?;
        Ok((item, aggregate.to_owned()))
    }

    fn key(&mut self) -> Result<Key, Refusal> {
        match self.tokens.peek(0) {
            Some(Token::Word(word)) if word.starts_with(|first: char| first.is_ascii_digit()) => {
                Ok(Key::Place(self.tokens.number()?))
            }
            _ => Ok(Key::Value(self.expression()?)),
        }
    }

    /// The name that something is given, with or without `as`.
    fn name(&mut self, otherwise: &str) -> Result<String, Refusal> {
        let renamed = self.tokens.has("as");
        match self.tokens.peek(0) {
            Some(Token::Word(word)) if renamed || !KEYWORDS.contains(&word.as_str()) => self.tokens.word(),
            _ => Ok(otherwise.to_owned()),
        }
    }

    fn source(&mut self, outer: bool, query: &mut Query) -> Result<(), Refusal> {
        let table = self.tokens.word()?;
        let alias = self.name(&table)?;
        query.sources.push(Source { table, alias, outer });
        Ok(())
    }

    pub(super) fn column(&mut self) -> Result<Column, Refusal> {
        let name = self.tokens.word()?;
        Ok(match self.tokens.takes('.') {
            true => Column { table: Some(name), name: self.tokens.word()? },
            false => Column { table: None, name },
        })
    }
}
