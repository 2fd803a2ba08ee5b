use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Writes an organization of `rows` users whose only device is described by `device`, as lines of TOML, and beside it an
/// upload, `NAME.csv`, that gives each of them an extension. Returns the folder that `dialtone organization import`
/// reads.
pub(crate) fn write(folder: &Path, name: &str, rows: u32, device: &str) -> PathBuf {
    let source = folder.join(format!("{name}-organization"));
    std::fs::create_dir_all(&source).expect("a folder");
    let organization = format!(
        "name = \"{name}\"\n\n[[licences]]\ncode = \"base\"\nname = \"Base\"\nowned = {rows}\n\n\
         [[devices]]\nname = \"phone-system\"\n{device}"
    );
    let mut users = String::from("Identity UUID,User's Name\n");
    let mut numbers = String::from("Number\n");
    let mut upload = String::from("Ext Key,User's Name,Number\n");
    for row in 0..rows {
        let _ = writeln!(users, "00000000-0000-4000-8000-{row:012},User {row}");
        let _ = writeln!(numbers, "+6500{row:06}");
        let _ = writeln!(upload, "{:05},User {row},+6500{row:06}", 10_000 + row);
    }
    for (file, text) in [("organization.toml", organization), ("users.csv", users), ("numbers.csv", numbers)] {
        std::fs::write(source.join(file), text).expect("a written file");
    }
    std::fs::write(folder.join(format!("{name}.csv")), upload).expect("a written file");
    source
}
