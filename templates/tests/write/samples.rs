//! Blank and sample files are files that Dialtone takes.

use std::io::{Cursor, Read};

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

#[test]
fn a_workbook_to_fill_in_keeps_digits_and_helps() {
    let bytes = blank(Kind::Project, Format::Xlsx).unwrap();
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut part = |name: &str| {
        let mut text = String::new();
        archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
        text
    };
    let sheet = part("xl/worksheets/sheet1.xml");
    let choices = Kind::Project.layout().columns.iter().filter(|column| !column.choices.is_empty()).count();
    assert_eq!(sheet.matches("<dataValidation ").count(), choices);
    for expected in ["state=\"frozen\"", "<autoFilter ", "<legacyDrawing ", "CHANGE_OWNER"] {
        assert!(sheet.contains(expected), "{expected}");
    }
    // 49 is the number format of text.
    assert!(part("xl/styles.xml").contains("<xf numFmtId=\"49\""));
    let without_style = sheet.matches("<col ").count() - sheet.matches(" style=").count();
    assert_eq!(without_style, 0, "a column isn't text");
    let notes = part("xl/comments1.xml");
    let help = part("xl/sharedStrings.xml");
    for column in &Kind::Project.layout().columns {
        let escaped = column.help.replace('<', "&lt;").replace('>', "&gt;");
        assert!(notes.contains(&escaped) && help.contains(&escaped), "{}", column.label);
    }
}
