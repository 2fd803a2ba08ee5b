//! How the conditions of SQL are read.

use std::cmp::Ordering;
use std::collections::HashSet;

use super::refusal::Refusal;
use super::sql;
use super::sql_parser::Parser;
use super::sql_query::{Condition, Query, Test};
use super::sql_tokens::Token;
use super::sql_update;

impl Parser<'_> {
    pub(super) fn conditions(&mut self, query: &mut Query) -> Result<(), Refusal> {
        loop {
            self.choice(query)?;
            if !self.tokens.has("and") {
                return Ok(());
            }
        }
    }

    /// One condition, some of which one must hold, or some in brackets.
    fn choice(&mut self, query: &mut Query) -> Result<(), Refusal> {
        if self.tokens.takes('(') {
            self.conditions(query)?;
            return self.tokens.expects(')');
        }
        let (links, conditions) = (query.links.len(), query.conditions.len());
        self.condition(query)?;
        if !self.tokens.is("or") {
            return Ok(());
        }
        while self.tokens.has("or") {
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
        let value = self.expression()?;
        if self.tokens.has("is") {
            let negated = self.tokens.has("not");
            self.tokens.must("null")?;
            query.conditions.push(Condition { value, test: Test::Null, negated });
            return Ok(());
        }
        let mut negated = self.tokens.has("not");
        let test = if self.tokens.has("like") {
            Test::Like(self.value()?)
        } else if self.tokens.has("in") {
            self.tokens.expects('(')?;
            Test::OneOf(match self.tokens.is("select") {
                true => self.found()?.into_iter().collect(),
                false => self.list(Self::value)?.into_iter().collect(),
            })
        } else if let Some(orders) = self.comparison() {
            Test::Compared(orders, self.value()?)
        } else {
            negated = self.tokens.takes('!') || (self.tokens.takes('<') && self.tokens.is_symbol('>'));
            if !(self.tokens.takes('=') || negated && self.tokens.takes('>')) {
                return Err(Refusal::syntax());
            }
            let is_name = matches!(self.tokens.peek(0), Some(Token::Word(word)) if !word.starts_with(|c: char| c.is_ascii_digit()));
            let is_function = ["lower", "upper"].iter().any(|name| self.tokens.is_function(name));
            if is_name && !is_function && !negated && value.case.is_none() {
                let other = self.column()?;
                query.links.push((value.column, other));
                return Ok(());
            }
            Test::OneOf(HashSet::from([self.value()?]))
        };
        query.conditions.push(Condition { value, test, negated });
        Ok(())
    }

    /// Takes `<`, `<=`, `>` or `>=` if one of them comes next.
    fn comparison(&mut self) -> Option<&'static [Ordering]> {
        let (first, second) = (self.tokens.peek(0), self.tokens.peek(1));
        if first == Some(&Token::Symbol('<')) && second == Some(&Token::Symbol('>')) {
            return None;
        }
        let greater = match first {
            Some(Token::Symbol('>')) => true,
            Some(Token::Symbol('<')) => false,
            _ => return None,
        };
        self.tokens.next();
        Some(match (greater, self.tokens.takes('=')) {
            (true, true) => &[Ordering::Greater, Ordering::Equal],
            (true, false) => &[Ordering::Greater],
            (false, true) => &[Ordering::Less, Ordering::Equal],
            (false, false) => &[Ordering::Less],
        })
    }

    /// What a query within this one finds in its first column, up to the bracket behind it.
    fn found(&mut self) -> Result<Vec<String>, Refusal> {
        let query = self.query()?;
        self.tokens.expects(')')?;
        let first = |row: Vec<(String, String)>| row.into_iter().next().map(|(_, value)| value);
        Ok(sql::rows(&query, self.objects)?.into_iter().filter_map(first).collect())
    }

    pub(super) fn value(&mut self) -> Result<String, Refusal> {
        if self.tokens.takes('(') {
            // Of no row it is null.
            return Ok(self.found()?.into_iter().next().unwrap_or_default());
        }
        if let Some(case) = self.case() {
            self.tokens.expects('(')?;
            let value = self.value()?;
            self.tokens.expects(')')?;
            return Ok(case.of(&value));
        }
        if self.tokens.is_function(sql_update::NEW_ID) && self.tokens.has(sql_update::NEW_ID) {
            self.tokens.expects('(')?;
            self.tokens.expects(')')?;
            return Ok(sql_update::NEW_ID.to_owned());
        }
        match self.tokens.next() {
            Some(Token::Text(value) | Token::Word(value)) => Ok(value),
            _ => Err(Refusal::syntax()),
        }
    }
}
