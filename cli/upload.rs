use std::fs::File;
use std::io::{self, Read, StdinLock};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use dialtone_scheduler::{Intake, Mode, NamedBytes};
use dialtone_templates::{FILE_LIMIT, Origin};
use dialtone_validators::Checked;
use serde_json::{Value, json};

use crate::context::Context;
use crate::exit::Exit;
use crate::findings;
use crate::output::{counted, print, print_bytes, print_json};
use crate::report::{extension_of, write_file};

/// Where the bytes of a named file come from.
pub(crate) enum Input {
    File(File),
    Standard(StdinLock<'static>),
}

/// Opens a file by the name that a command was given, `-` being standard input, with what it is called from then on.
pub(crate) fn open_input(path: &Path) -> anyhow::Result<(String, Input)> {
    if path == Path::new("-") {
        return Ok(("standard input".to_owned(), Input::Standard(io::stdin().lock())));
    }
    let file = File::open(path).with_context(|| format!("can't open {}", path.display()))?;
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    Ok((name, Input::File(file)))
}

/// Reads files as they are handed on. One that is larger than allowed is read only so far that this can be said of it.
pub(crate) fn read_files(paths: &[PathBuf]) -> anyhow::Result<Vec<NamedBytes>> {
    paths.iter().map(|path| read_file(path)).collect()
}

fn read_file(path: &Path) -> anyhow::Result<NamedBytes> {
    let (name, input) = open_input(path)?;
    let mut bytes = Vec::new();
    match input {
        Input::File(file) => file.take(FILE_LIMIT + 1).read_to_end(&mut bytes),
        Input::Standard(input) => input.take(FILE_LIMIT + 1).read_to_end(&mut bytes),
    }
    .with_context(|| format!("can't read {}", path.display()))?;
    Ok(NamedBytes { name, bytes })
}

/// How rows are chosen.
pub(crate) const fn mode(valid_rows_only: bool) -> Mode {
    if valid_rows_only { Mode::ValidRowsOnly } else { Mode::Strict }
}

/// Tells what became of files that were added to a template or project. Where only the good rows were used, the others
/// are given back as files that can be corrected and added.
pub(crate) async fn tell_added(context: &Context, to: Origin, intake: Intake, mode: Mode) -> anyhow::Result<Exit> {
    let (what, id) = match to {
        Origin::Template(id) => ("template", id.to_string()),
        Origin::Project(id) => ("project", id.to_string()),
    };
    let used = intake.is_usable(mode);
    let mut failed_rows = Vec::new();
    if used && intake.refused > 0 {
        for file in context.operations.refused_rows(&intake, to).await? {
            let path = unused_path(context, &id, &file);
            write_file(&path, &file.bytes)?;
            failed_rows.push(path);
        }
    }
    let (accepted, more) = (intake.accepted, json!({ what: id, "failed_rows": failed_rows }));
    let exit = tell(context, intake, mode, more)?;
    if !context.json {
        if used {
            print(format_args!("{} added to the {what}.", counted(accepted, "row")))?;
        }
        for path in &failed_rows {
            print(path.display())?;
        }
    }
    Ok(exit)
}

/// Where a file with failed rows is written: files are added to one template or project any number of times.
fn unused_path(context: &Context, id: &str, file: &NamedBytes) -> PathBuf {
    let folder = context.path("reports");
    let path = |number: usize| folder.join(format!("{id}-failed-rows-{number}.{}", extension_of(file)));
    (1..).map(path).find(|path| !path.exists()).unwrap_or_else(|| path(0))
}

/// Tells what is wrong with an upload, and whether it was used: in JSON as one object, with what the caller adds.
pub(crate) fn tell(context: &Context, intake: Intake, mode: Mode, more: Value) -> anyhow::Result<Exit> {
    let used = intake.is_usable(mode);
    let exit = if intake.refused > 0 || !used { Exit::Refused } else { Exit::Done };
    let Intake { readings, verdict, accepted, refused, problems } = intake;
    let (assignments, orders) = (Vec::new(), Vec::new());
    let checked = Checked { readings: &readings, verdict, accepted, refused, problems, assignments, orders };
    if context.json {
        let mut answer = json!({
            "verdict": checked.verdict,
            "accepted": checked.accepted,
            "refused": checked.refused,
            "used": used,
            "findings": checked.findings().collect::<Vec<_>>(),
        });
        let unlisted = findings::unlisted(&checked);
        if !unlisted.is_empty() {
            answer["unlisted"] = json!(unlisted);
        }
        if let (Value::Object(answer), Value::Object(more)) = (&mut answer, more) {
            answer.extend(more);
        }
        print_json(&answer)?;
    } else {
        let mut out = Vec::new();
        findings::write(&checked, &mut out)?;
        findings::write_verdict(&checked, mode == Mode::ValidRowsOnly, &mut out)?;
        print_bytes(&out)?;
    }
    Ok(exit)
}
