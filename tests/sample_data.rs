//! The files of `sample-data/`: the good ones are what the catalogue makes, and the broken ones are said to be.

use std::path::{Path, PathBuf};

use dialtone_templates::{Format, Kind, read, sample, sample_name};
use dialtone_validators::{Verdict, check};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("sample-data")
}

const SAMPLES: [(Kind, Format); 5] = [
    (Kind::BulkName, Format::Csv),
    (Kind::BulkUuid, Format::Csv),
    (Kind::Project, Format::Csv),
    (Kind::Project, Format::Tsv),
    (Kind::Project, Format::Xlsx),
];

/// After a change of the catalogue, `DIALTONE_WRITE_SAMPLES=1 cargo test --test sample_data` writes them anew.
#[test]
fn the_samples_are_what_the_catalogue_makes() {
    for (kind, format) in SAMPLES {
        let (name, made) = (sample_name(kind, format), sample(kind, format).unwrap());
        let path = folder().join(&name);
        if std::env::var_os("DIALTONE_WRITE_SAMPLES").is_some() {
            std::fs::write(&path, &made).unwrap();
        }
        assert!(std::fs::read(&path).unwrap() == made, "{name} isn't what the catalogue makes");
    }
}

#[test]
fn every_sample_is_accepted() {
    for (kind, format) in SAMPLES {
        let readings = [read("sample", sample(kind, format).unwrap())];
        let checked = check(&readings, None);
        assert_eq!(checked.findings().collect::<Vec<_>>(), [], "{kind} {format:?}");
        assert_eq!((checked.verdict, readings[0].kind), (Verdict::Accept, Some(kind)));
    }
}

#[test]
fn the_new_hires_are_the_same_in_each_format() {
    let cells = |format: Format| {
        let reading = read("new-hires", sample(Kind::Project, format).unwrap());
        let rows = reading.table.rows();
        rows.map(|row| (0..reading.header.len()).map(|column| row.cell(column).to_owned()).collect()).collect()
    };
    let csv: Vec<Vec<String>> = cells(Format::Csv);
    assert_eq!(csv, cells(Format::Tsv));
    assert_eq!(csv, cells(Format::Xlsx));
}
