use dialtone_templates::{Kind, Note, Problem, Problems, ROW_LIMIT, Reading, Rule};

use crate::licences::shortages;
use crate::{Assignment, Checked, Facts, Verdict, bulk};

/// Checks the files of one upload: one template's files, or project files.
///
/// Without facts it finds what the files alone can tell. All errors of all rows come out of one pass. The answer doesn't
/// depend on the mode: in strict mode a caller uses nothing unless the verdict is [`Verdict::Accept`], otherwise the
/// accepted rows.
pub fn check<'a>(readings: &'a [Reading], facts: Option<&Facts>) -> Checked<'a> {
    let mut problems = Problems::default();
    for (file, reading) in (0..).zip(readings) {
        problems.append(reading.problems.clone().of_file(file));
    }
    mixed_kinds(readings, &mut problems);
    let candidates = if too_many_rows(readings, facts, &mut problems) {
        problems.forget_rows();
        Vec::new()
    } else {
        bulk::check(readings, facts, &mut problems)
    };
    let refused = candidates.iter().filter(|candidate| candidate.refused).count();
    let accepted = candidates.len() - refused;
    if let Some(facts) = facts
        && accepted > 0
    {
        let short = shortages(accepted, &facts.add_ons, &facts.licences);
        if !short.is_empty() {
            let words: Vec<String> = short.iter().map(ToString::to_string).collect();
            problems.push(Problem::file(Rule::LicenceShort).note(words.join(", ")));
        }
    }
    problems.sort();
    let verdict = match (problems.refuse_file(), refused) {
        (true, _) => Verdict::RejectFile,
        (false, 0) => Verdict::Accept,
        (false, _) => Verdict::RejectRows,
    };
    let assignments = if verdict == Verdict::RejectFile {
        Vec::new()
    } else {
        candidates.into_iter().filter_map(Assignment::of).collect()
    };
    Checked {
        readings,
        verdict,
        accepted: if verdict == Verdict::RejectFile { 0 } else { accepted },
        refused,
        problems,
        assignments,
    }
}

/// Refuses project files among bulk assignments and the other way round.
fn mixed_kinds(readings: &[Reading], problems: &mut Problems) {
    let mut kinds = (0..).zip(readings).filter_map(|(file, reading)| Some((file, reading.kind?)));
    let Some((_, first)) = kinds.next() else { return };
    for (file, kind) in kinds.filter(|(_, kind)| kind.is_bulk() != first.is_bulk()) {
        problems.push(Problem { file, ..Problem::file(Rule::FileKindsMixed) }.note(kind.word()));
    }
}

/// Refuses the first file with which a template would have too many rows. Past that nothing is checked.
fn too_many_rows(readings: &[Reading], facts: Option<&Facts>, problems: &mut Problems) -> bool {
    let mut rows = facts.map_or(0, |facts| facts.present.len() as u64);
    for (file, reading) in (0..).zip(readings).filter(|(_, reading)| reading.kind.is_some_and(Kind::is_bulk)) {
        rows += u64::from(reading.row_count);
        if rows > u64::from(ROW_LIMIT) {
            let note = Note::Count(rows);
            problems.push(Problem { file, note, ..Problem::file(Rule::FileTooManyRows) });
            return true;
        }
    }
    false
}
