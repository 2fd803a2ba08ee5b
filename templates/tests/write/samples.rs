//! Blank and sample files are files that Dialtone takes.

use dialtone_templates::{Format, Kind, Meaning, Reading, Rule, blank, blank_name, read, sample, sample_name};

fn rules(reading: &Reading) -> Vec<Rule> {
    reading.problems.iter().map(|problem| problem.rule).collect()
}

#[test]
fn a_sample_file_has_nothing_wrong_and_the_rows_of_the_catalogue() {
    for kind in Kind::ALL {
        for format in Format::ALL {
            let reading = read(&sample_name(kind, format), sample(kind, format).unwrap());
            assert_eq!((reading.kind, rules(&reading)), (Some(kind), vec![]), "{kind} {format}");
            let layout = kind.layout();
            let labels: Vec<&str> = reading.header.iter().map(|column| column.label.as_str()).collect();
            assert_eq!(labels, layout.sample_header());
            let rows: Vec<Vec<&str>> =
                reading.table.rows().map(|row| (0..labels.len()).map(|column| row.cell(column)).collect()).collect();
            assert_eq!(rows, layout.rows, "{kind} {format}");
        }
    }
}

#[test]
fn a_blank_file_has_every_column_and_lacks_only_rows() {
    for kind in Kind::ALL {
        for format in Format::ALL {
            let reading = read(&blank_name(kind, format), blank(kind, format).unwrap());
            assert_eq!((reading.kind, rules(&reading)), (Some(kind), vec![Rule::FileWithoutRows]), "{kind} {format}");
            let known = reading.header.iter().map(|column| match column.meaning {
                Meaning::Known(known) => known.label.as_str(),
                _ => "",
            });
            assert!(known.eq(kind.layout().columns.iter().map(|column| column.label.as_str())), "{kind} {format}");
        }
    }
}

#[test]
fn equal_samples_are_equal_bytes() {
    for format in Format::ALL {
        assert!(sample(Kind::Project, format).unwrap() == sample(Kind::Project, format).unwrap(), "{format}");
    }
}
