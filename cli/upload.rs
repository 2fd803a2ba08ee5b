use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use dialtone_scheduler::{Intake, Mode, NamedBytes};
use dialtone_templates::FILE_LIMIT;
use dialtone_validators::Checked;
use serde_json::{Value, json};

use crate::context::Context;
use crate::exit::Exit;
use crate::findings;
use crate::output::{print_bytes, print_json};

/// Reads files as they are handed on. One that is larger than allowed is read only so far that this can be said of it.
pub(crate) fn read_files(paths: &[PathBuf]) -> anyhow::Result<Vec<NamedBytes>> {
    paths.iter().map(|path| read_file(path)).collect()
}

fn read_file(path: &Path) -> anyhow::Result<NamedBytes> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(FILE_LIMIT + 1).read_to_end(&mut bytes))
        .with_context(|| format!("can't read {}", path.display()))?;
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    Ok(NamedBytes { name, bytes })
}

/// How rows are chosen.
pub(crate) const fn mode(valid_rows_only: bool) -> Mode {
    if valid_rows_only { Mode::ValidRowsOnly } else { Mode::Strict }
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
