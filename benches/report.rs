//! How long the report of a run takes to write, from the readings and the orders' outcomes to the last byte.
//!
//! `cargo bench --bench report [-- ROWS]`

use std::error::Error;
use std::io::{self, Write};
use std::time::{Duration, Instant};

use dialtone_model::{ExtendedStatus, Reason, RunId};
use dialtone_templates::{
    Format, Outcome, Reading, ReportFile, ReportHead, ReportLine, ReportWriter, Source, StepLine, read,
};
use jiff::Timestamp;
use uuid::Uuid;

/// How often each format is written; the best time counts.
const ROUNDS: usize = 9;

/// How many orders are recorded at once, and so have the same times.
const GROUP: i64 = 50;

fn main() -> Result<(), Box<dyn Error>> {
    let rows = std::env::args().skip(1).find(|argument| argument != "--bench");
    let rows: usize = rows.map_or(Ok(15_000), |rows| rows.parse())?;
    let readings = [read("users.csv", users(rows).into_bytes())];
    for format in [Format::Csv, Format::Xlsx] {
        let mut best = Duration::MAX;
        let mut bytes = 0;
        for _ in 0..ROUNDS {
            let start = now();
            bytes = write(format, &readings)?;
            best = best.min(start.elapsed());
        }
        println!("{format}: {:.1} ms for {rows} rows, {bytes} bytes", best.as_secs_f64() * 1e3);
    }
    Ok(())
}

fn users(rows: usize) -> String {
    let row = |index: usize| format!("{:05},User {index:05},+65{index:08}\n", index % 100_000);
    std::iter::once("Ext Key,User's Name,Number\n".to_owned()).chain((0..rows).map(row)).collect()
}

/// Writes a report in which every tenth row failed.
fn write(format: Format, readings: &[Reading]) -> Result<u64, Box<dyn Error>> {
    let head = ReportHead {
        run: RunId(Uuid::nil()),
        title: "Benchmark".to_owned(),
        organization: "Benchmark".to_owned(),
        requested_by: "cli:benchmark".to_owned(),
        started_at: Some(time(0)),
        ended_at: Some(time(15_000)),
        files: vec![ReportFile { name: "users.csv".to_owned(), sha256: "0".repeat(64) }],
        totals: vec![("Completed".to_owned(), 13_500), ("Hold".to_owned(), 1_500)],
    };
    let reasons = [Reason {
        code: "already-exists".to_owned(),
        message: "The extension belongs to another user.".to_owned(),
        repair: Some("Choose another ext key.".to_owned()),
    }];
    let mut report = ReportWriter::new(format, Counted(0), &head, readings, &[])?;
    for (order, row) in (1_i64..).zip(readings[0].table.rows()) {
        let failed = order % 10 == 0;
        let (started_at, ended_at) = (Some(time(order / GROUP)), Some(time(order / GROUP + 1)));
        let step = StepLine {
            title: "provision extension",
            device: "Phone System",
            outcome: if failed { "failed" } else { "done" },
            message: "",
            at: ended_at,
        };
        report.line(&ReportLine {
            source: Source::Row { file: 0, row: row.number },
            outcome: if failed { Outcome::Hold } else { Outcome::Completed },
            extended: failed.then_some(ExtendedStatus::UnrecoverableError),
            reasons: if failed { &reasons } else { &[] },
            attempts: Some(1),
            started_at,
            ended_at,
            order: Some(order),
            steps: &[step],
        })?;
    }
    Ok(report.finish()?.0)
}

fn time(milliseconds: i64) -> Timestamp {
    Timestamp::from_microsecond(1_800_000_000_000_000 + milliseconds * 1_000).unwrap_or_default()
}

/// Takes bytes and counts them.
struct Counted(u64);

impl Write for Counted {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures the machine's own time")]
fn now() -> Instant {
    Instant::now()
}
