//! The whole way of a bulk assignment, from process start to report closed, in release builds on this machine:
//!
//! ```sh
//! cargo bench --bench run
//! ```
//!
//! It prints orders a second on the `null` device and against the simulated Phone System in a process of its own over
//! TLS, the peak memory of `dialtone run`, how the cost of a row grows from 15,000 to 150,000 rows, and how much of a
//! device with 20 ms latency is used with 8 calls at once. It fails when a run isn't complete, or when the device's own
//! log, the report and the store don't say the same.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

const DIALTONE: &str = env!("CARGO_BIN_EXE_dialtone");
const ROWS: u32 = 15_000;
const ROUNDS: usize = 3;

fn main() {
    let folder = tempfile::tempdir().expect("a folder for the measurement");
    println!("{ROWS} rows, best of {ROUNDS}, process start to report closed");
    let null = best(|round| measure(folder.path(), &format!("null-{round}"), ROWS, &Target::Null));
    null.print("null device");
    let simulated = best(|round| {
        let place = folder.path().join(format!("device-{round}"));
        let simulator = Simulator::start(&place, &[]);
        let target = Target::PhoneSystem { simulator: &simulator, concurrency: 64 };
        let measured = measure(folder.path(), &format!("simulated-{round}"), ROWS, &target);
        simulator.assert_log(ROWS);
        measured
    });
    simulated.print("Phone System");
    latency(folder.path());
    growth(folder.path());
}

struct Measured {
    rows: u32,
    wall: Duration,
    peak_kib: u64,
}

impl Measured {
    fn print(&self, name: &str) {
        println!(
            "{name:<24} {:>8.0} orders/s {:>8.0} ms {:>6.1} MiB peak",
            f64::from(self.rows) / self.wall.as_secs_f64(),
            self.wall.as_secs_f64() * 1e3,
            self.peak_kib as f64 / 1024.0,
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
    let source = folder.join(format!("{name}-organization"));
    std::fs::create_dir_all(&source).expect("a folder");
    let device = match target {
        Target::Null => "kind = \"null\"\naddress = \"null\"\nconcurrency = 512\n".to_owned(),
        Target::PhoneSystem { simulator, concurrency } => format!(
            "kind = \"phone_system\"\naddress = \"{}\"\nlogin = \"bench\"\npassword = \"bench\"\n\
             concurrency = {concurrency}\nca = '''\n{}'''\n",
            simulator.address, simulator.ca
        ),
    };
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
    for (file, text) in [("organization.toml", &organization), ("users.csv", &users), ("numbers.csv", &numbers)] {
        std::fs::write(source.join(file), text).expect("a written file");
    }
    std::fs::write(folder.join(format!("{name}.csv")), upload).expect("a written file");
    let imported = dialtone(data).args(["organization", "import"]).arg(&source).output().expect("dialtone");
    assert!(imported.status.success(), "{}", String::from_utf8_lossy(&imported.stderr));
}

/// Runs the file of that name and checks that the answer, the report and the history tell of every row.
fn run(folder: &Path, data: &Path, name: &str, rows: u32) -> Measured {
    let (measured, answer) = run_bare(folder, data, name, rows);
    assert_eq!(answer["orders"]["completed"], rows, "{answer}");
    assert_report(answer["report"].as_str().expect("a report"), rows);
    assert_history(data, name, rows);
    measured
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
fn run_bare(folder: &Path, data: &Path, name: &str, rows: u32) -> (Measured, Value) {
    let mut command = dialtone(data);
    command.args(["run", "--json", "--organization", name]).arg(folder.join(format!("{name}.csv")));
    let start = Instant::now();
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("dialtone");
    let peak = watch_memory(&child);
    let output = child.wait_with_output().expect("dialtone");
    let wall = start.elapsed();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let answer: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
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

/// The first and the last order have the same history on every device: started, and its one step done.
fn assert_history(data: &Path, name: &str, rows: u32) {
    for number in [1, rows] {
        let output = dialtone(data)
            .args(["order", "show", &number.to_string(), "--json", "--organization", name])
            .output()
            .expect("dialtone");
        let order: Value = serde_json::from_slice(&output.stdout).expect("one JSON object");
        let kinds: Vec<&str> =
            order["events"].as_array().expect("events").iter().filter_map(|event| event["event"].as_str()).collect();
        assert_eq!(kinds, ["started", "step_done"], "{order}");
    }
}

/// How much of a device that takes 20 ms a call and 8 calls at once is used, against 8 bare connections' arithmetic.
fn latency(folder: &Path) {
    const FEW: u32 = 2_000;
    let simulator = Simulator::start(&folder.join("device-slow"), &["phone-system:latency=20ms"]);
    let target = Target::PhoneSystem { simulator: &simulator, concurrency: 8 };
    let measured = measure(folder, "slow", FEW, &target);
    let one = measure(folder, "slow-one", 1, &Target::Null);
    let ideal = Duration::from_millis(20) * (FEW / 8);
    let worked = measured.wall.saturating_sub(one.wall);
    println!("20 ms, 8 at once         {:>8.1} % of 400 calls/s", 100.0 * ideal.as_secs_f64() / worked.as_secs_f64());
}

/// The cost of a row in a store that holds ten times as many.
fn growth(folder: &Path) {
    let data = folder.join("growth-data");
    let one = measure(folder, "growth-one", 1, &Target::Null).wall;
    let walls: Vec<Duration> = (0..10)
        .map(|place| {
            let name = format!("growth-{place}");
            import(folder, &data, &name, ROWS, &Target::Null);
            run_bare(folder, &data, &name, ROWS).0.wall
        })
        .collect();
    let cost = |walls: &[Duration]| {
        let worked: Duration = walls.iter().map(|wall| wall.saturating_sub(one)).sum();
        worked.as_secs_f64() * 1e6 / f64::from(ROWS) / walls.len() as f64
    };
    let (small, large) = (cost(&walls[..1]), cost(&walls));
    println!(
        "cost a row               {small:>8.1} µs at 15,000, {large:.1} µs at 150,000: {:.2} times",
        large / small
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

/// A simulated Phone System in a process of its own.
struct Simulator {
    child: Child,
    address: String,
    ca: String,
    data: PathBuf,
}

impl Simulator {
    fn start(data: &Path, faults: &[&str]) -> Self {
        let mut command = Command::new(DIALTONE);
        command
            .args(["simulator", "--phone-system", "0", "--user", "bench", "--password", "bench", "--data"])
            .arg(data);
        for fault in faults {
            command.args(["--fault", fault]);
        }
        let mut child = command.stdout(Stdio::piped()).spawn().expect("dialtone simulator");
        let mut line = String::new();
        let output = child.stdout.take().expect("its output");
        BufReader::new(output).read_line(&mut line).expect("its first line");
        let ready: Value = serde_json::from_str(&line).expect("one JSON object");
        let text = |key: &str| ready[key].as_str().expect("a text").to_owned();
        let ca = std::fs::read_to_string(text("ca_file")).expect("the certificate");
        Self { child, address: text("phone_system"), ca, data: data.to_owned() }
    }

    /// The device's own log has one effect a row.
    fn assert_log(&self, rows: u32) {
        let log = std::fs::read_to_string(self.data.join("phone-system.jsonl")).expect("the device's log");
        let effects = log.lines().filter(|line| line.contains("\"effects\"")).count();
        assert_eq!(effects, rows as usize, "effects in the device's log");
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to stop.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
