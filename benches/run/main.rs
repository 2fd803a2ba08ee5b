//! The whole way of a bulk assignment, from process start to report closed, in release builds on this machine:
//!
//! ```sh
//! cargo bench --bench run
//! ```
//!
//! It prints orders a second on the `null` device and against the simulated Phone System in a process of its own over
//! TLS, the peak memory of `dialtone run`, how the cost of a row grows from 15,000 to 150,000 rows, and how much of a
//! device with 20 ms latency is used with 8 calls at once. It fails when a run isn't complete, when the device's own log,
//! the report and the store don't say the same, or when the two devices lead to different orders, claims, events, licences
//! or report lines. Names of scenes measure these alone:
//!
//! ```sh
//! cargo bench --bench run -- devices latency templates projects
//! ```

mod assignment;
mod bare_client;
mod caller;
mod outcome;
mod simulator;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use outcome::Outcome;
use serde_json::Value;
use simulator::{PASSWORD, Simulator, USER};

const DIALTONE: &str = env!("CARGO_BIN_EXE_dialtone");
const ROWS: u32 = 15_000;
const ROUNDS: usize = 3;

/// A part of the measurement, which is given a folder.
type Scene = fn(&Path);

/// What is measured, by the name that a person may ask for it by.
const SCENES: [(&str, Scene); 4] =
    [("devices", devices), ("latency", latency), ("templates", templates), ("projects", projects)];

fn main() {
    let asked: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let unknown = asked.iter().find(|name| SCENES.iter().all(|(scene, _)| scene != name));
    assert!(unknown.is_none(), "there is no scene {unknown:?}: {:?}", SCENES.map(|(scene, _)| scene));
    let folder = tempfile::tempdir().expect("a folder for the measurement");
    for (name, scene) in SCENES {
        if asked.is_empty() || asked.iter().any(|asked| asked == name) {
            scene(folder.path());
        }
    }
}

/// Whole runs on the `null` device and against the simulated Phone System.
fn devices(folder: &Path) {
    println!("{ROWS} rows, best of {ROUNDS}, process start to report closed");
    let null = best(|round| measure(folder, &format!("null-{round}"), ROWS, &Target::Null));
    null.print("null device", 20_000.0);
    let simulated = best(|round| {
        let place = folder.join(format!("device-{round}"));
        let simulator = Simulator::start(&place, &[]);
        let target = Target::PhoneSystem { simulator: &simulator, concurrency: 64 };
        let measured = measure(folder, &format!("simulated-{round}"), ROWS, &target);
        simulator.assert_log(ROWS);
        measured
    });
    simulated.print("Phone System", 6_000.0);
    let outcome = |name: &str| Outcome::of(&folder.join(format!("{name}-data")));
    outcome("null-0").assert_same(&outcome("simulated-0"), ROWS);
}

/// What follows a figure: whether its goal is reached.
fn goal(holds: bool, goal: &str) -> String {
    format!("(goal {goal}: {})", if holds { "holds" } else { "MISSED" })
}

struct Measured {
    rows: u32,
    wall: Duration,
    peak_kib: u64,
}

impl Measured {
    fn print(&self, name: &str, least: f64) {
        const MOST_MB: f64 = 100.0;
        let rate = f64::from(self.rows) / self.wall.as_secs_f64();
        let peak = self.peak_kib as f64 * 1024.0 / 1e6;
        println!(
            "{name:<24} {rate:>8.0} orders/s {:>8.0} ms {peak:>6.1} MB peak {}",
            self.wall.as_secs_f64() * 1e3,
            goal(rate >= least && peak <= MOST_MB, &format!("{least:.0}/s, {MOST_MB:.0} MB")),
        );
    }
}

enum Target<'a> {
    Null,
    PhoneSystem { simulator: &'a Simulator, concurrency: u16 },
}

fn best(measure: impl Fn(usize) -> Measured) -> Measured {
    (0..ROUNDS).map(measure).min_by_key(|measured| measured.wall).expect("a round")
}

/// One run in a data folder of its own.
fn measure(folder: &Path, name: &str, rows: u32, target: &Target<'_>) -> Measured {
    let data = folder.join(format!("{name}-data"));
    import(folder, &data, name, rows, target);
    run(folder, &data, name, rows)
}

fn import(folder: &Path, data: &Path, name: &str, rows: u32, target: &Target<'_>) {
    let device = match target {
        Target::Null => "kind = \"null\"\naddress = \"null\"\nconcurrency = 512\n".to_owned(),
        Target::PhoneSystem { simulator, concurrency } => format!(
            "kind = \"phone_system\"\naddress = \"{}\"\nlogin = \"{USER}\"\npassword = \"{PASSWORD}\"\n\
             concurrency = {concurrency}\nca = '''\n{}'''\n",
            simulator.address, simulator.ca
        ),
    };
    let source = assignment::write(folder, name, rows, &device);
    let imported = dialtone(data).args(["organization", "import"]).arg(&source).output().expect("dialtone");
    assert!(imported.status.success(), "{}", String::from_utf8_lossy(&imported.stderr));
}

/// Runs the file of that name and checks that the answer and the report tell of every row.
fn run(folder: &Path, data: &Path, name: &str, rows: u32) -> Measured {
    let (measured, answer) = run_bare(folder, data, name, rows);
    assert_eq!(answer["orders"]["completed"], rows, "{answer}");
    assert_report(answer["report"].as_str().expect("a report"), rows);
    measured
}

fn run_bare(folder: &Path, data: &Path, name: &str, rows: u32) -> (Measured, Value) {
    let mut command = dialtone(data);
    command.args(["run", "--json", "--organization", name]).arg(folder.join(format!("{name}.csv")));
    run_command(command, rows)
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
fn run_command(mut command: Command, rows: u32) -> (Measured, Value) {
    let start = Instant::now();
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("dialtone");
    let peak = watch_memory(&child);
    // The answer follows the report, which is closed by then.
    let mut output = BufReader::new(child.stdout.take().expect("its output"));
    let mut text = String::new();
    output.read_line(&mut text).expect("an answer");
    let wall = start.elapsed();
    output.read_to_string(&mut text).expect("the rest of the answer");
    assert!(child.wait().expect("dialtone").success(), "{text}");
    let answer: Value = serde_json::from_str(&text).expect("one JSON object");
    let peak_kib = peak.join().expect("the memory's watcher");
    (Measured { rows, wall, peak_kib }, answer)
}

/// Every row has one line and it is completed.
fn assert_report(path: &str, rows: u32) {
    let report = std::fs::read_to_string(path).expect("the report");
    let keys: BTreeSet<&str> =
        report.lines().filter(|line| line.contains(",Completed,")).filter_map(|line| line.split(',').next()).collect();
    assert_eq!(keys.len(), rows as usize, "completed lines of the report");
}

/// How much of a device that takes 20 ms a call and 8 calls at once is used, beside a bare client with 8 connections, as
/// the device's own log has both.
fn latency(folder: &Path) {
    const FEW: u32 = 2_000;
    const AT_ONCE: u16 = 8;
    let slow = |name: &str| Simulator::start(&folder.join(name), &["phone-system:latency=20ms"]);
    let share = |round: usize| {
        let bare = slow(&format!("device-bare-{round}"));
        bare_client::provision(&bare, FEW, usize::from(AT_ONCE));
        let simulator = slow(&format!("device-slow-{round}"));
        let target = Target::PhoneSystem { simulator: &simulator, concurrency: AT_ONCE };
        measure(folder, &format!("slow-{round}"), FEW, &target);
        simulator.rate() / bare.rate()
    };
    let share = (0..ROUNDS).map(share).fold(0.0, f64::max);
    println!(
        "20 ms, {AT_ONCE} at once         {:>8.1} % of a bare client {}",
        100.0 * share,
        goal(share >= 0.97, "97 %")
    );
}

/// The cost of a row in a store that holds ten times as many: ten templates in ten organizations.
fn templates(folder: &Path) {
    let data = folder.join("growth-data");
    let one = measure(folder, "growth-one", 1, &Target::Null).wall;
    let walls: Vec<Duration> = (0..10)
        .map(|place| {
            let name = format!("growth-{place}");
            import(folder, &data, &name, ROWS, &Target::Null);
            run_bare(folder, &data, &name, ROWS).0.wall.saturating_sub(one)
        })
        .collect();
    print_growth("templates", walls[0], walls.iter().sum());
}

/// The cost of a row of one project with 15,000 new hires, and of one with 150,000 in ten files.
fn projects(folder: &Path) {
    let measure = |files: u32| {
        let name = format!("project-{files}");
        let data = folder.join(format!("{name}-data"));
        import_project(folder, &data, &name);
        let mut command = dialtone(&data);
        command.args(["run", "--json", "--organization", &name]);
        for file in 0..files {
            command.arg(new_hires(folder, &name, file));
        }
        let (measured, answer) = run_command(command, files * ROWS);
        assert_eq!(answer["orders"]["completed"], files * ROWS, "{answer}");
        measured.wall
    };
    print_growth("new hires", measure(1), measure(10));
}

/// An organization whose call processor and Phone System are null.
fn import_project(folder: &Path, data: &Path, name: &str) {
    let source = folder.join(format!("{name}-organization"));
    std::fs::create_dir_all(&source).expect("a folder");
    let organization = format!(
        "name = \"{name}\"\n\n[[devices]]\nname = \"CUCM\"\nkind = \"null\"\naddress = \"null\"\nconcurrency = 512\n\n\
         [devices.button_templates]\n\"Standard 7965 SIP\" = 6\n\n\
         [[roles]]\nname = \"Employee\"\n\n[[domains]]\nname = \"Singapore\"\ndefault_role = \"Employee\"\n\n\
         [[service_areas]]\nname = \"HQ\"\ndomain = \"Singapore\"\ncall_processor = \"CUCM\"\n\n\
         [[service_areas.number_blocks]]\nname = \"All\"\nstart = \"4000000\"\nend = \"4999999\"\n\n\
         [service_areas.attributes.Phone]\n\"Device Pool\" = \"Default\"\n\"Location\" = \"Hub_None\"\n\
         \"Common Phone Profile\" = \"Standard Common Phone Profile\"\n\n\
         [service_areas.attributes.Line]\n\"Route Partition\" = \"Internal\"\n"
    );
    std::fs::write(source.join("organization.toml"), organization).expect("a written file");
    let imported = dialtone(data).args(["organization", "import"]).arg(&source).output().expect("dialtone");
    assert!(imported.status.success(), "{}", String::from_utf8_lossy(&imported.stderr));
}

/// A file of new hires, each of whom gets a phone with a line.
fn new_hires(folder: &Path, name: &str, file: u32) -> PathBuf {
    let mut upload = String::from(
        "Row Id,Order Type,Product,User ID,First Name,Last Name,Email,Domain,Service Area,Phone Type,Protocol,\
         MAC Address,Phone Button Template,Line Type,Directory Number,Route Partition\n",
    );
    for row in 0..ROWS {
        let hire = file * ROWS + row;
        let _ = writeln!(
            upload,
            "{},ADD,Phone Service,hire{hire},Hire,Number {hire},hire{hire}@example.com,Singapore,HQ,Cisco 7965,SIP,\
             0011{hire:08X},Standard 7965 SIP,Chosen,{},Internal",
            row + 1,
            4_000_001 + hire,
        );
    }
    let path = folder.join(format!("{name}-{file}.csv"));
    std::fs::write(&path, upload).expect("a written file");
    path
}

/// Tells what a row costs, from the time of 15,000 rows and of ten times as many.
fn print_growth(name: &str, small: Duration, large: Duration) {
    let cost = |wall: Duration, rows: u32| wall.as_secs_f64() * 1e6 / f64::from(rows);
    let (small, large) = (cost(small, ROWS), cost(large, 10 * ROWS));
    println!(
        "cost a row, {name:<12} {small:>8.1} µs at 15,000, {large:.1} µs at 150,000: {:.2} times {}",
        large / small,
        goal(large <= 1.15 * small, "1.15")
    );
}

fn dialtone(data: &Path) -> Command {
    let mut command = Command::new(DIALTONE);
    command.arg("--data").arg(data);
    command
}

/// The kernel's own high-water mark of the child's memory, read until the child is gone.
fn watch_memory(child: &Child) -> std::thread::JoinHandle<u64> {
    let status = PathBuf::from(format!("/proc/{}/status", child.id()));
    std::thread::spawn(move || {
        let mut peak = 0;
        while let Ok(text) = std::fs::read_to_string(&status) {
            let Some(line) = text.lines().find(|line| line.starts_with("VmHWM:")) else { break };
            let kib = line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok());
            peak = peak.max(kib.unwrap_or(0));
            std::thread::park_timeout(Duration::from_millis(5));
        }
        peak
    })
}
