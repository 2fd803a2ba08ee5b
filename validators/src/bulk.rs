use dialtone_model::UserId;
use std::borrow::Cow;

/// One row of a bulk assignment, as it will be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment<'a> {
    /// Which of the files of the template, counted from 0.
    pub file: u32,
    /// The row as a spreadsheet numbers it.
    pub row: u32,
    /// 3 to 5 ASCII digits.
    pub ext_key: &'a str,
    /// Whom the extension is for.
    pub identity: Identity<'a>,
    /// The number to assign, digits without the `+`.
    pub number: Option<&'a str>,
    /// The user whom the identity is; `None` without facts.
    pub user: Option<UserId>,
}

/// How a row names its user.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Identity<'a> {
    /// By name, in Unicode normal form C.
    Name(Cow<'a, str>),
    /// By UUID.
    Uuid(UserId),
}
