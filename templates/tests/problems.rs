//! More problems than are listed.

use dialtone_templates::{LISTED_PROBLEMS, Problem, Problems, Rule};

/// As many errors as are listed: one in each row of the first file.
fn full() -> Problems {
    let mut problems = Problems::default();
    (0..100_000).for_each(|row| problems.push(Problem::row(Rule::ExtKeyFormat, row)));
    problems
}

#[test]
fn what_refuses_a_file_is_listed_however_many_problems_come_before_it() {
    let mut problems = full();
    assert!(!problems.refuse_file());
    problems.push(Problem { file: 1, ..Problem::file(Rule::ColumnUnknown) });
    assert!(problems.refuse_file());
    assert_eq!((problems.iter().len(), problems.unlisted().get(&Rule::ExtKeyFormat)), (LISTED_PROBLEMS, Some(&1)));
    assert_eq!(problems.errors_of_rows().count(), 100_000);
}

#[test]
fn a_row_is_refused_by_errors_that_are_only_counted() {
    let mut beyond = full();
    beyond.push(Problem::row(Rule::NumberFormat, 100_001));
    beyond.push(Problem::row(Rule::CellRequired, 100_001));
    beyond.push(Problem::row(Rule::FieldForeign, 100_002));
    let mut problems = Problems::default();
    problems.append(beyond.of_file(3));
    let rows: Vec<_> = problems.errors_of_rows().skip(100_000).map(|one| (one.file, one.row, one.rule)).collect();
    assert_eq!(rows, [(3, Some(100_001), Rule::NumberFormat)]);
    assert_eq!(problems.unlisted().values().sum::<usize>(), 3);
}
