use dialtone_templates::{Kind, Note, Problem, Problems, ROW_LIMIT, Reading, Rule};

use crate::licences::shortages;
use crate::{Assignment, Checked, Facts, Verdict, bulk, project};

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
    if too_many_rows(readings, facts, &mut problems) {
        problems.forget_rows();
        return Checked::refused(readings, problems, 0);
    }
    let candidates = bulk::check(readings, facts, &mut problems);
    let project = project::check(readings);
    problems.append(project.problems);
    let refused_candidates = candidates.iter().filter(|candidate| candidate.refused).count();
    let assignments = candidates.len() - refused_candidates;
    if let Some(facts) = facts {
        licences(assignments, facts, &mut problems);
    }
    problems.sort();
    let refused = refused_candidates + project.refused;
    if problems.refuse_file() {
        return Checked::refused(readings, problems, refused);
    }
    Checked {
        readings,
        verdict: if refused == 0 { Verdict::Accept } else { Verdict::RejectRows },
        accepted: assignments + project.accepted,
        refused,
        problems,
        assignments: candidates.into_iter().filter_map(Assignment::of).collect(),
        orders: project.orders,
    }
}

/// Refuses an upload for which there are too few licences.
fn licences(rows: usize, facts: &Facts, problems: &mut Problems) {
    let Some(licences) = &facts.licences else { return };
    let short = shortages(rows, &facts.add_ons, licences);
    if rows > 0 && !short.is_empty() {
        let words: Vec<String> = short.iter().map(ToString::to_string).collect();
        problems.push(Problem::file(Rule::LicenceShort).note(words.join(", ")));
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
