use dialtone_templates::{CellRule, Column};

use crate::cell::{self, Flaw};

/// Checks a filled cell by its column's rule.
pub(super) fn check(column: &Column, cell: &str) -> Result<(), Flaw> {
    match column.cell {
        CellRule::ExtKey => cell::ext_key(cell).map(drop),
        CellRule::Number => cell::number(cell).map(drop),
        CellRule::DirectoryNumber => cell::directory_number(cell).map(drop),
        CellRule::Position => cell::position(cell).map(drop),
        CellRule::Email => cell::email(cell).map(drop),
        CellRule::Host => cell::host(cell).map(drop),
        CellRule::Mac => cell::mac(cell).map(drop),
        CellRule::Date => cell::date(cell).map(drop),
        CellRule::Choice => cell::choice(cell, &column.choices).map(drop),
        CellRule::Name | CellRule::UserName => cell::name(cell).map(drop),
        // What they may be depends on other cells of the row.
        CellRule::Product | CellRule::DeviceName => Ok(()),
        CellRule::Text | CellRule::Uuid | CellRule::Reason | CellRule::Origin => Ok(()),
    }
}
