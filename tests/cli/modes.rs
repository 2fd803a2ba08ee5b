//! One story, told in the embedded mode and scaled out: what people and programs get must be the same.

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use calamine::{Data, Reader as _, Xlsx};
use serde_json::Value;

use crate::home::{Answer, Home, Started};
use crate::installation::{Installation, Simulator};
use crate::object_store::ObjectStore;

const ORGANIZATION: &str = "sample-data/organization";
/// One call at a time and slow enough that a run can be stopped in its middle; one number that is refused for good, and
/// one that fails once.
const FAULTS: [&str; 3] = [
    "phone-system:latency=150ms",
    "phone-system:refuse=number:6512345685",
    "phone-system:error=number:6512345687,once",
];

/// Where the story takes place.
enum Place {
    Embedded(Home),
    ScaledOut { installation: Box<Installation>, objects: ObjectStore, _simulator: Simulator },
}

/// A place, and what was told there.
struct Story {
    place: Place,
    /// What each chapter ended with, without what differs from one telling to the next.
    chapters: Vec<(String, String)>,
    /// The ids that were met, each with the name that stands for it.
    ids: HashMap<String, String>,
}

impl Place {
    fn embedded() -> Self {
        let home = Home::new();
        home.line(&format!("organization import {ORGANIZATION}")).done();
        Self::Embedded(home)
    }

    fn scaled_out() -> Self {
        let mut installation = Box::new(Installation::new());
        let objects = ObjectStore::start();
        for (name, value) in objects.environment() {
            installation.set(name, &value);
        }
        installation.set("DIALTONE_DEVICES_ALLOW", "127.0.0.1");
        // Nobody is missed here, and a call may take its time also on a machine that is busy.
        installation.set("DIALTONE_LEASE_TTL", "10s");
        let simulator = Simulator::of_all(&installation.home, &FAULTS);
        let folder = installation.home.path("organization");
        fs::create_dir_all(&folder).unwrap();
        for file in fs::read_dir(ORGANIZATION).unwrap().map(|entry| entry.unwrap().path()) {
            let text = fs::read_to_string(&file).unwrap();
            fs::write(folder.join(file.file_name().unwrap()), simulator.addressed(&text)).unwrap();
        }
        installation.line(&format!("organization import {}", folder.display())).done();
        Self::ScaledOut { installation, objects, _simulator: simulator }
    }

    fn home(&self) -> &Home {
        match self {
            Self::Embedded(home) => home,
            Self::ScaledOut { installation, .. } => &installation.home,
        }
    }

    fn command(&self, line: &str) -> Command {
        let words = line.split_whitespace();
        let mut command = match self {
            Self::Embedded(home) => home.command(words),
            Self::ScaledOut { installation, .. } => installation.command(words),
        };
        command.env("DIALTONE_TRIES", "1");
        command
    }

    /// A command that works on orders: in the embedded mode it simulates the devices itself.
    fn work(&self, line: &str) -> Command {
        let mut command = self.command(line);
        if let Self::Embedded(_) = self {
            command.args(FAULTS.iter().flat_map(|fault| ["--simulator-fault", fault]));
        }
        command
    }
}

impl Story {
    fn line(&self, line: &str) -> Answer {
        self.place.command(line).output().unwrap().into()
    }

    fn work(&self, line: &str) -> Answer {
        self.place.work(line).output().unwrap().into()
    }

    /// Ends a chapter with a text.
    fn tell(&mut self, chapter: &str, text: &str) {
        let home = self.place.home().path("");
        let text = text.replace(home.to_str().unwrap(), "HOME/");
        let text = self.without_ids_and_times(&text);
        self.chapters.push((chapter.to_owned(), text));
    }

    /// Ends a chapter with how a command ended and what it answered.
    fn tell_answer(&mut self, chapter: &str, answer: &Answer) {
        let mut json = answer.json();
        for member in ["seconds", "report", "report_sha256", "failed_rows"] {
            json.as_object_mut().unwrap().remove(member);
        }
        self.tell(chapter, &format!("exit code {}\n{json:#}", answer.code));
    }

    /// Ends a chapter with the reports of a run in every format, and its failed rows.
    fn tell_reports(&mut self, chapter: &str, run: &str) {
        for format in ["csv", "xlsx"] {
            for only in ["", "--only-failed"] {
                let file = self.place.home().path(&format!("told.{format}"));
                self.line(&format!("report {run} {only} -o {}", file.display())).done();
                let text = if format == "xlsx" { cells(&file) } else { fs::read_to_string(&file).unwrap() };
                self.tell(&format!("{chapter}: {format} report {only}"), &text);
            }
        }
    }

    /// The text with names for ids and times, in the order in which they come.
    fn without_ids_and_times(&mut self, text: &str) -> String {
        let mut told = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(next) = rest.chars().next() {
            if let Some(id) = rest.get(..36).filter(|id| id.parse::<uuid::Uuid>().is_ok()) {
                let name = format!("ID-{}", self.ids.len());
                told += self.ids.entry(id.to_owned()).or_insert(name);
                rest = &rest[36..];
            } else if let Some(length) = time(rest) {
                told += "TIME";
                rest = &rest[length..];
            } else {
                told.push(next);
                rest = &rest[next.len_utf8()..];
            }
        }
        told
    }
}

/// How long the time is that a text begins with: `2026-11-22T08:00:00Z`, with or without a fraction.
fn time(text: &str) -> Option<usize> {
    let shape = b"0000-00-00T00:00:00";
    let head = text.as_bytes().get(..shape.len())?;
    let fits = |(letter, shape): (&u8, &u8)| if *shape == b'0' { letter.is_ascii_digit() } else { letter == shape };
    if !head.iter().zip(shape).all(fits) {
        return None;
    }
    let tail = text[shape.len()..].find('Z').filter(|end| *end <= 10)?;
    Some(shape.len() + tail + 1)
}

/// Every cell of every sheet.
fn cells(file: &Path) -> String {
    let mut workbook: Xlsx<_> = calamine::open_workbook(file).unwrap();
    let mut text = String::new();
    for name in workbook.sheet_names() {
        text += &format!("{name}\n");
        for row in workbook.worksheet_range(&name).unwrap().rows() {
            let cells: Vec<String> = row.iter().map(Data::to_string).collect();
            text += &(cells.join("\t") + "\n");
        }
    }
    text
}

/// Writes a file of users of the demo organization, from one of them to another.
fn file(place: &Place, kind: &str, users: std::ops::Range<usize>) -> String {
    let list = |file: &str| {
        let text = fs::read_to_string(format!("{ORGANIZATION}/{file}")).unwrap();
        text.lines().skip(1).map(str::to_owned).collect::<Vec<_>>()
    };
    let (known, numbers) = (list("users.csv"), list("numbers.csv"));
    let name = format!("{kind}-{}.csv", users.start);
    let rows = users.map(|user| {
        let (uuid, name) = known[user].split_once(',').unwrap();
        let identity = if kind == "uuid" { uuid } else { name };
        format!("{},{identity},{}\n", 200 + user, numbers[user])
    });
    let header = if kind == "uuid" { "Ext Key,Identity UUID,Number\n" } else { "Ext Key,User's Name,Number\n" };
    place.home().write(&name, &rows.fold(header.to_owned(), |file, row| file + &row)).display().to_string()
}

fn tell(place: Place) -> Story {
    let mut story = Story { place, chapters: Vec::new(), ids: HashMap::new() };
    let words = ["device", "set", "Phone System", "--concurrency", "1"];
    Answer::from(story.place.command("").args(words).output().unwrap()).done();
    for files in ["both-headers.csv", "duplicates-1.csv duplicates-2.csv", "spreadsheet-damage.csv", "new-hires.csv"] {
        let paths: Vec<String> = files.split(' ').map(|file| format!("sample-data/broken/{file}")).collect();
        let answer = story.work(&format!("run {} --json", paths.join(" "))).code(3);
        story.tell_answer(&format!("broken: {files}"), &answer);
    }

    let answer = story.work("run sample-data/bulk-assignment-by-name.csv --json").done();
    story.tell_answer("by name", &answer);
    story.tell_reports("by name", answer.json()["run"].as_str().unwrap());

    let by_uuid = file(&story.place, "uuid", 2..12);
    let answer = story.work(&format!("run {by_uuid} --json")).code(4);
    story.tell_answer("by UUID, with failures", &answer);
    let run = answer.json()["run"].as_str().unwrap().to_owned();
    story.tell_reports("by UUID, with failures", &run);
    let failed = story.line("order list --extended recoverable_error --json").done().json_lines();
    let [failed] = failed.as_slice() else { panic!("{failed:?}") };
    // What fails once has failed, wherever the device is simulated.
    let retried: Answer = story.place.command(&format!("order retry {}", failed["number"])).output().unwrap().into();
    retried.done();
    story.tell_reports("retried", &run);

    let mixed = file(&story.place, "name", 12..16);
    let rows = fs::read_to_string(&mixed).unwrap() + "12,Nobody,12\n399,Sample User 59,not a number\n";
    fs::write(&mixed, rows).unwrap();
    let answer = story.work(&format!("run {mixed} --valid-rows-only --json")).code(3);
    story.tell_answer("valid rows only", &answer);
    for failed_rows in answer.json()["failed_rows"].as_array().unwrap() {
        let text = fs::read_to_string(failed_rows.as_str().unwrap()).unwrap();
        story.tell("the rows to correct", &text);
    }

    for format in ["tsv", "xlsx"] {
        let plan = story.line(&format!("plan sample-data/new-hires.{format} --json")).done();
        story.tell_answer(&format!("new hires planned from {format}"), &plan);
    }
    let answer = story.work("run sample-data/new-hires.csv --json").done();
    story.tell_answer("new hires", &answer);
    story.tell_reports("new hires", answer.json()["run"].as_str().unwrap());
    let again = story.work("run sample-data/new-hires.xlsx --json");
    story.tell_answer("new hires again", &again);

    let slow = file(&story.place, "name", 20..35);
    let started = Started::new(story.place.work(&format!("run {slow} --json")));
    let run = started.run.clone();
    story.line(&format!("runs pause {run}")).done();
    assert_eq!(started.end().code(4).json()["state"], "paused");
    let answer = story.work(&format!("runs resume {run} --json")).done();
    story.tell_answer("paused and resumed", &answer);
    story.tell_reports("paused and resumed", &run);

    let orders = story.line("order list --limit 1000 --json").done();
    story.tell("every order", &orders.stdout);

    // How far a run comes before it is cancelled is a matter of time; what a cancelled run looks like isn't.
    let slow = file(&story.place, "uuid", 40..59);
    let started = Started::new(story.place.work(&format!("run {slow} --json")));
    let run = started.run.clone();
    story.line(&format!("runs cancel {run}")).done();
    started.end().code(4);
    let orders = |story: &Story| story.line(&format!("runs show {run} --json")).done().json()["orders"].clone();
    let count = |orders: &Value, state: &str| orders[state].as_u64().unwrap();
    let mut ended = orders(&story);
    while count(&ended, "released") > 0 {
        // The steps in hand finish.
        ended = orders(&story);
    }
    assert!(count(&ended, "cancelled") > 0, "it was over before: {ended}");
    let through = count(&ended, "cancelled") + count(&ended, "completed");
    story.tell("cancelled", &format!("{through} orders are cancelled or completed"));
    story
}

#[test]
fn the_same_files_and_acts_come_to_the_same_in_both_modes() {
    let embedded = tell(Place::embedded());
    let mut place = Place::scaled_out();
    if let Place::ScaledOut { installation, .. } = &mut place {
        installation.set("DIALTONE_TRIES", "1");
        for role in ["worker --name ana", "worker --name ben", "scheduler"] {
            installation.start(role);
        }
    }
    let scaled_out = tell(place);

    assert!(embedded.chapters.len() > 30, "{}", embedded.chapters.len());
    for ((chapter, here), (other, there)) in embedded.chapters.iter().zip(&scaled_out.chapters) {
        assert_eq!(chapter, other);
        assert_eq!(here, there, "{chapter}, embedded and scaled out");
    }
    assert_eq!(embedded.chapters.len(), scaled_out.chapters.len());
    let Place::ScaledOut { objects, .. } = &scaled_out.place else { unreachable!("it was set up so") };
    assert!(objects.objects("uploads") >= 6, "uploads lie in the object store");
    assert!(objects.objects("reports") >= 4, "reports lie in the object store");
    assert!(!scaled_out.place.home().path("data/files").exists(), "nothing is kept on this machine");
}
