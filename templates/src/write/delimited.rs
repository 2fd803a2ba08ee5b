use std::io::Write;

use csv::{Writer, WriterBuilder};

use super::cell::runs_as_formula;
use super::{Cells, WriteError};

/// Writes rows as text in UTF-8 whose cells are safe to open in a spreadsheet.
#[derive(Debug)]
pub(crate) struct Delimited<W: Write> {
    writer: Writer<W>,
    /// A cell with its apostrophe, or a count; kept so that no cell allocates.
    scratch: Vec<u8>,
}

impl<W: Write> Delimited<W> {
    /// Rows of cells separated by `separator`. A row may be longer than the first one.
    pub(crate) fn new(sink: W, separator: u8) -> Self {
        let writer =
            WriterBuilder::new().delimiter(separator).flexible(true).buffer_capacity(64 * 1024).from_writer(sink);
        Self { writer, scratch: Vec::new() }
    }

    /// The sink, after everything was written to it.
    pub(crate) fn finish(self) -> Result<W, WriteError> {
        self.writer.into_inner().map_err(|error| WriteError::Io(error.into_error()))
    }
}

impl<W: Write> Cells for Delimited<W> {
    fn text(&mut self, cell: &str) -> Result<(), WriteError> {
        if !runs_as_formula(cell) {
            return Ok(self.writer.write_field(cell)?);
        }
        self.scratch.clear();
        self.scratch.push(b'\'');
        self.scratch.extend_from_slice(cell.as_bytes());
        Ok(self.writer.write_field(&self.scratch)?)
    }

    fn count(&mut self, count: u64) -> Result<(), WriteError> {
        self.scratch.clear();
        write!(self.scratch, "{count}")?;
        Ok(self.writer.write_field(&self.scratch)?)
    }

    fn end_row(&mut self) -> Result<(), WriteError> {
        Ok(self.writer.write_record(None::<&[u8]>)?)
    }
}
