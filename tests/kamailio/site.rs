use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

use crate::phones::{Account, Phones};

/// An organization whose Phone System is one of the Kamailios of `tests/kamailio.sh`.
pub(crate) struct Site {
    folder: TempDir,
    pub(crate) phones: Phones,
}

/// Which database the Kamailio reads, and what of passwords it keeps there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Engine {
    Postgres,
    Sqlite,
}

fn env(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is missing: tests/kamailio.sh env prints it"))
}

impl Site {
    /// With so many users, numbers and licences.
    pub(crate) fn new(engine: Engine, users: usize) -> Self {
        let (name, storage, tls) = match engine {
            Engine::Postgres => ("POSTGRES", "ha1", "?sslmode=disable"),
            Engine::Sqlite => ("SQLITE", "clear", ""),
        };
        let server = env(&format!("DIALTONE_TEST_KAMAILIO_{name}"));
        let database = env(&format!("DIALTONE_TEST_KAMAILIO_{name}_DATABASE"));
        let domain = env("DIALTONE_TEST_KAMAILIO_DOMAIN");
        let folder = tempfile::tempdir().unwrap();
        let site = Self { folder, phones: Phones::new(server.clone(), domain.clone()) };
        site.write(
            "organization/organization.toml",
            &format!(
                "name = \"Test Organization\"\n\
                 [[licences]]\ncode = \"base\"\nname = \"Base licence\"\nowned = {users}\n\
                 [[licences]]\ncode = \"call-recording\"\nname = \"Call recording\"\nowned = {users}\n\
                 [[devices]]\nname = \"Kamailio\"\nkind = \"kamailio\"\naddress = \"{database}{tls}\"\n\
                 settings = {{ domain = \"{domain}\", rpc = \"http://{server}/RPC\", passwords = \"{storage}\" }}\n"
            ),
        );
        let rows = |header: &str, row: &dyn Fn(usize) -> String| {
            (0..users).fold(format!("{header}\n"), |file, index| file + &row(index) + "\n")
        };
        site.write(
            "organization/users.csv",
            &rows("Identity UUID,User's Name", &|index| format!("{},User {index}", uuid(index))),
        );
        site.write("organization/numbers.csv", &rows("Number", &number));
        let organization = site.path("organization").display().to_string();
        site.done(&["organization", "import", &organization]);
        site
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    /// A bulk-assignment file for the first users.
    pub(crate) fn bulk(&self, users: usize) -> String {
        let row = |index: usize| format!("{},{},{}\n", key(index), uuid(index), number(index));
        let text = (0..users).map(row).fold("Ext Key,Identity UUID,Number\n".to_owned(), |file, row| file + &row);
        self.write("bulk.csv", &text).display().to_string()
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_dialtone"))
            .args(arguments)
            .env("DIALTONE_DATA", self.path("data"))
            .env("USER", "tester")
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    /// Runs a command that must end well: what it said on standard output.
    pub(crate) fn done(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {}\n{said}", output.status);
        String::from_utf8(output.stdout).unwrap()
    }

    /// Runs a command that must be refused: why.
    pub(crate) fn refused(&self, arguments: &[&str]) -> String {
        let output = self.command(arguments);
        assert!(!output.status.success(), "{arguments:?} was not refused");
        String::from_utf8(output.stderr).unwrap()
    }

    /// Runs a command that starts a run: its id.
    pub(crate) fn run(&self, arguments: &[&str]) -> String {
        let said = self.done(&[arguments, &["--json"]].concat());
        let answer: serde_json::Value = serde_json::from_str(said.lines().last().unwrap()).unwrap();
        answer["run"].as_str().unwrap().to_owned()
    }

    /// Has the passwords of a run handed out to a file: the accounts in it, by ext key.
    pub(crate) fn passwords(&self, run: &str, file: &str, further: &[&str]) -> BTreeMap<String, Account> {
        let path = self.path(file);
        let output = path.display().to_string();
        self.done(&[&["extension", "passwords", run, "--output", &output], further].concat());
        accounts(&path)
    }

    /// Whether a file of the data folder has the text in it.
    pub(crate) fn keeps(&self, text: &str) -> bool {
        holds(&self.path("data"), text.as_bytes())
    }
}

fn holds(folder: &Path, text: &[u8]) -> bool {
    fs::read_dir(folder).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            return holds(&path, text);
        }
        fs::read(&path).unwrap().windows(text.len()).any(|window| window == text)
    })
}

fn accounts(file: &Path) -> BTreeMap<String, Account> {
    let mut rows = csv::Reader::from_path(file).unwrap();
    assert_eq!(rows.headers().unwrap(), vec!["Ext Key", "User", "Password", "SIP Domain"]);
    let account = |row: Result<csv::StringRecord, csv::Error>| {
        let row = row.unwrap();
        let account = Account { key: row[0].to_owned(), password: row[2].to_owned() };
        (account.key.clone(), account)
    };
    rows.records().map(account).collect()
}

pub(crate) fn key(index: usize) -> String {
    format!("{:04}", 100 + index)
}

pub(crate) fn number(index: usize) -> String {
    format!("6565{index:06}")
}

fn uuid(index: usize) -> String {
    format!("0192f0c1-0000-7000-8000-{index:012}")
}
