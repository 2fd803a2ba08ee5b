mod cell;
mod delimited;
mod workbook;

pub(crate) use delimited::Delimited;
pub(crate) use workbook::{Book, Sheet, SheetColumn, fitting};

use std::io;

use rust_xlsxwriter::XlsxError;

/// A file couldn't be written. The data is never to blame: any cell can be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The sink took no more.
    #[error("the file can't be written: {0}")]
    Io(#[from] io::Error),
    /// The workbook couldn't be put together, such as for want of room for temporary files.
    #[error("the workbook can't be written: {0}")]
    Workbook(#[from] XlsxError),
}

impl From<csv::Error> for WriteError {
    fn from(error: csv::Error) -> Self {
        Self::Io(error.into())
    }
}

/// Where the cells of a row go, one after the other.
pub(crate) trait Cells {
    /// The next cell, which is text whatever it looks like; an empty one is blank.
    fn text(&mut self, cell: &str) -> Result<(), WriteError>;

    /// The next cell, which is a count.
    fn count(&mut self, count: u64) -> Result<(), WriteError>;

    /// The next cell, which is blank.
    fn blank(&mut self) -> Result<(), WriteError> {
        self.text("")
    }

    /// Ends the row.
    fn end_row(&mut self) -> Result<(), WriteError>;
}
