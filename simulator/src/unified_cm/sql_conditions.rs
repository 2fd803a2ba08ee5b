//! How the conditions of SQL are read.

use std::cmp::Ordering;
use std::collections::HashSet;

use super::refusal::Refusal;
use super::sql;
use super::sql_expression::{Condition, Expression};
use super::sql_parser::Parser;
use super::sql_query::{Having, Query, Test};
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
            self.nested(|parser| parser.conditions(query))?;
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
        match value {
            Expression::Column(column) if self.is_link() => {
                self.equals();
                let other = self.column()?;
                query.links.push((column, other));
            }
            value => {
                let (test, negated) = self.test()?;
                query.conditions.push(Condition { value, test, negated });
            }
        }
        Ok(())
    }

    /// Reads conditions for rows that came of several.
    pub(super) fn having(&mut self, query: &mut Query) -> Result<(), Refusal> {
        loop {
            let (item, _) = self.item()?;
            let (test, negated) = self.test()?;
            query.having.push(Having { item, test, negated });
            if !self.tokens.has("and") {
                return Ok(());
            }
        }
    }

    /// Whether an equals sign and the name of a column come next.
    fn is_link(&self) -> bool {
        let sign = |after| self.tokens.peek(after) == Some(&Token::Symbol('='));
        let other = if sign(1) { 2 } else { 1 };
        let is_call = self.tokens.peek(other + 1) == Some(&Token::Symbol('('));
        let is_name = |word: &String| !word.starts_with(|first: char| first.is_ascii_digit());
        sign(0) && !is_call && matches!(self.tokens.peek(other), Some(Token::Word(word)) if is_name(word))
    }

    /// Takes `=`, which may be doubled, if it comes next.
    fn equals(&mut self) -> bool {
        let equals = self.tokens.takes('=');
        self.tokens.takes('=');
        equals
    }

    /// What is asked of a value, and whether it is denied.
    pub(super) fn test(&mut self) -> Result<(Test, bool), Refusal> {
        if self.tokens.has("is") {
            let negated = self.tokens.has("not");
            self.tokens.must("null")?;
            return Ok((Test::Null, negated));
        }
        let negated = self.tokens.has("not");
        if self.tokens.has("like") {
            return Ok((Test::Like(self.value()?), negated));
        }
        if self.tokens.has("matches") {
            return Ok((Test::Matches(self.value()?), negated));
        }
        if self.tokens.has("between") {
            let least = self.value()?;
            self.tokens.must("and")?;
            return Ok((Test::Between(least, self.value()?), negated));
        }
        if self.tokens.has("in") {
            self.tokens.expects('(')?;
            let values = if self.tokens.is("select") { self.found()? } else { self.list(Self::value)? };
            return Ok((Test::OneOf(values.into_iter().collect()), negated));
        }
        if let Some(orders) = self.comparison() {
            return Ok((Test::Compared(orders, self.value()?), negated));
        }
        let differs = self.tokens.takes('!') || (self.tokens.takes('<') && self.tokens.is_symbol('>'));
        if negated || !(self.equals() || differs && self.tokens.takes('>')) {
            return Err(Refusal::syntax());
        }
        Ok((Test::OneOf(HashSet::from([self.value()?])), differs))
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
        let query = self.nested(Self::query)?;
        self.tokens.expects(')')?;
        let first = |row: Vec<(String, String)>| row.into_iter().next().map(|(_, value)| value);
        Ok(sql::rows(&query, self.objects)?.into_iter().filter_map(first).collect())
    }

    /// The first of these values; of no row it is null.
    pub(super) fn only(&mut self) -> Result<String, Refusal> {
        Ok(self.found()?.into_iter().next().unwrap_or_default())
    }

    pub(super) fn value(&mut self) -> Result<String, Refusal> {
        if self.tokens.takes('(') {
            return self.only();
        }
        if self.is_function() {
            // No column is at hand where it is read.
            let value = self.expression()?.placed(&|_| Err(Refusal::syntax()))?;
            return Ok(value.of(&[]).into_owned());
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
