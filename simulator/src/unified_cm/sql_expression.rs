//! What stands for a value in SQL: columns and texts, functions of them, and what depends on conditions.

use std::ops::RangeInclusive;

use super::refusal::Refusal;
use super::sql_parser::Parser;
use super::sql_query::{Column, Test};
use super::sql_tokens::Token;
use super::table_rows::Value;

/// A value as a query tells it, or as it is taken out of rows, in which a column is its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Expression<C = Column> {
    Column(C),
    Text(String),
    Call(Function, Vec<Self>),
    /// The first of which all conditions hold, or else the last.
    Case(Vec<(Vec<Condition<C>>, Self)>, Box<Self>),
}

/// What must be so of a value, or must not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Condition<C = Column> {
    pub(super) value: Expression<C>,
    pub(super) test: Test,
    pub(super) negated: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    /// All behind one another, as `||` writes it.
    Concat,
    Length,
    Lower,
    /// The first, or the second where it is null.
    Nvl,
    Replace,
    Substr,
    Trim,
    Upper,
}

/// The functions by their names, with how many values they are of.
const FUNCTIONS: [(&str, Function, RangeInclusive<usize>); 8] = [
    ("concat", Function::Concat, 2..=2),
    ("length", Function::Length, 1..=1),
    ("lower", Function::Lower, 1..=1),
    ("nvl", Function::Nvl, 2..=2),
    ("replace", Function::Replace, 2..=3),
    ("substr", Function::Substr, 2..=3),
    ("trim", Function::Trim, 1..=1),
    ("upper", Function::Upper, 1..=1),
];

impl Function {
    /// Its value for others; that of null is null.
    fn of(self, values: &[Value<'_>]) -> String {
        let [first, rest @ ..] = values else { return String::new() };
        match (self, rest) {
            (Self::Nvl, [otherwise, ..]) if first.is_empty() => otherwise.to_string(),
            (Self::Concat, _) if values.iter().all(|value| !value.is_empty()) => values.concat(),
            (Self::Concat, _) => String::new(),
            _ if first.is_empty() => String::new(),
            (Self::Length, _) => first.chars().count().to_string(),
            (Self::Lower, _) => first.to_lowercase(),
            (Self::Upper, _) => first.to_uppercase(),
            (Self::Trim, _) => first.trim_matches(' ').to_owned(),
            (Self::Replace, [old, new @ ..]) => first.replace(&**old, new.first().map_or("", |new| new)),
            (Self::Substr, [start, length @ ..]) => part(first, start, length.first().map(|length| &**length)),
            (Self::Nvl | Self::Replace | Self::Substr, _) => first.to_string(),
        }
    }
}

/// The letters of a text from a place on, which is counted from 1, or from the end if it is negative.
fn part(text: &str, start: &str, length: Option<&str>) -> String {
    let (Ok(start), Ok(length)) = (start.parse::<isize>(), length.map(str::parse::<usize>).transpose()) else {
        return String::new();
    };
    let before = match usize::try_from(start) {
        Ok(place) => place.saturating_sub(1),
        Err(_) => text.chars().count().saturating_sub(start.unsigned_abs()),
    };
    text.chars().skip(before).take(length.unwrap_or(usize::MAX)).collect()
}

impl From<Column> for Expression {
    fn from(column: Column) -> Self {
        Self::Column(column)
    }
}

impl<C> Expression<C> {
    /// The same of columns that are told in another way.
    pub(super) fn placed<D>(&self, place: &impl Fn(&C) -> Result<D, Refusal>) -> Result<Expression<D>, Refusal> {
        Ok(match self {
            Self::Column(column) => Expression::Column(place(column)?),
            Self::Text(text) => Expression::Text(text.clone()),
            Self::Call(function, of) => {
                Expression::Call(*function, of.iter().map(|value| value.placed(place)).collect::<Result<_, _>>()?)
            }
            Self::Case(cases, otherwise) => {
                let case = |(conditions, value): &(Vec<Condition<C>>, Self)| {
                    let conditions = conditions.iter().map(|condition| condition.placed(place));
                    Ok((conditions.collect::<Result<_, Refusal>>()?, value.placed(place)?))
                };
                let cases = cases.iter().map(case).collect::<Result<_, Refusal>>()?;
                Expression::Case(cases, Box::new(otherwise.placed(place)?))
            }
        })
    }

    /// Whether something is so of all columns that it is made of.
    pub(super) fn all(&self, is_so: &impl Fn(&C) -> bool) -> bool {
        match self {
            Self::Column(column) => is_so(column),
            Self::Text(_) => true,
            Self::Call(_, of) => of.iter().all(|value| value.all(is_so)),
            Self::Case(cases, otherwise) => {
                let case = |(conditions, value): &(Vec<Condition<C>>, Self)| {
                    conditions.iter().all(|condition| condition.value.all(is_so)) && value.all(is_so)
                };
                cases.iter().all(case) && otherwise.all(is_so)
            }
        }
    }
}

impl Expression {
    /// Whether it is nothing but a name, and this one.
    pub(super) fn is_called(&self, name: &str) -> bool {
        matches!(self, Self::Column(column) if column.table.is_none() && column.name == name)
    }

    /// What a column of it is called unless the query gives it a name.
    pub(super) fn usual_name(&self) -> &str {
        match self {
            Self::Column(column) => &column.name,
            Self::Text(_) => "constant",
            Self::Call(..) | Self::Case(..) => "expression",
        }
    }
}

impl Expression<usize> {
    pub(super) fn of<'r>(&'r self, row: &'r [Value<'_>]) -> Value<'r> {
        match self {
            Self::Column(at) => Value::Borrowed(&row[*at]),
            Self::Text(text) => Value::Borrowed(text),
            Self::Call(function, of) => {
                let values: Vec<Value<'r>> = of.iter().map(|value| value.of(row)).collect();
                function.of(&values).into()
            }
            Self::Case(cases, otherwise) => {
                let holds = |conditions: &[Condition<usize>]| conditions.iter().all(|condition| condition.holds(row));
                let found = cases.iter().find(|(conditions, _)| holds(conditions));
                found.map_or(&**otherwise, |(_, value)| value).of(row)
            }
        }
    }
}

impl<C> Condition<C> {
    pub(super) fn placed<D>(&self, place: &impl Fn(&C) -> Result<D, Refusal>) -> Result<Condition<D>, Refusal> {
        Ok(Condition { value: self.value.placed(place)?, test: self.test.clone(), negated: self.negated })
    }
}

impl Condition<usize> {
    pub(super) fn holds(&self, row: &[Value<'_>]) -> bool {
        self.test.holds(&self.value.of(row)) != self.negated
    }
}

impl Parser<'_> {
    pub(super) fn expression(&mut self) -> Result<Expression, Refusal> {
        let first = self.nested(Self::term)?;
        if !self.tokens.is_symbol('|') {
            return Ok(first);
        }
        let mut all = vec![first];
        while self.tokens.takes('|') {
            self.tokens.expects('|')?;
            all.push(self.nested(Self::term)?);
        }
        Ok(Expression::Call(Function::Concat, all))
    }

    fn term(&mut self) -> Result<Expression, Refusal> {
        if self.tokens.has("case") {
            return self.case();
        }
        if let Some((function, counts)) = self.function() {
            let values = self.list(Self::expression)?;
            return if counts.contains(&values.len()) {
                Ok(Expression::Call(function, values))
            } else {
                Err(Refusal::syntax())
            };
        }
        if self.tokens.takes('(') {
            if self.tokens.is("select") {
                return Ok(Expression::Text(self.only()?));
            }
            let value = self.expression()?;
            self.tokens.expects(')')?;
            return Ok(value);
        }
        match self.tokens.peek(0) {
            Some(Token::Text(text)) => {
                let text = text.clone();
                self.tokens.next();
                Ok(Expression::Text(text))
            }
            Some(Token::Word(word)) if word.starts_with(|first: char| first.is_ascii_digit()) => {
                Ok(Expression::Text(self.tokens.word()?))
            }
            _ => Ok(self.column()?.into()),
        }
    }

    /// Whether a function comes next.
    pub(super) fn is_function(&self) -> bool {
        FUNCTIONS.iter().any(|(name, ..)| self.tokens.is_function(name))
    }

    /// Takes the name of a function and the bracket behind it if they come next.
    fn function(&mut self) -> Option<(Function, RangeInclusive<usize>)> {
        let (name, function, counts) = FUNCTIONS.into_iter().find(|(name, ..)| self.tokens.is_function(name))?;
        (self.tokens.has(name) && self.tokens.takes('(')).then_some((function, counts))
    }

    /// What depends on conditions, or on what a value is, behind the word `case`.
    fn case(&mut self) -> Result<Expression, Refusal> {
        let compared = if self.tokens.is("when") { None } else { Some(self.expression()?) };
        let mut cases = Vec::new();
        while self.tokens.has("when") {
            let mut conditions = Vec::new();
            match &compared {
                Some(value) => {
                    let test = Test::OneOf([self.value()?].into());
                    conditions.push(Condition { value: value.clone(), test, negated: false });
                }
                None => loop {
                    let value = self.expression()?;
                    let (test, negated) = self.test()?;
                    conditions.push(Condition { value, test, negated });
                    if !self.tokens.has("and") {
                        break;
                    }
                },
            }
            self.tokens.must("then")?;
            cases.push((conditions, self.expression()?));
        }
        let otherwise = if self.tokens.has("else") { self.expression()? } else { Expression::Text(String::new()) };
        self.tokens.must("end")?;
        if cases.is_empty() { Err(Refusal::syntax()) } else { Ok(Expression::Case(cases, Box::new(otherwise))) }
    }
}
