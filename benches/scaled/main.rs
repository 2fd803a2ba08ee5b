//! The scaled-out mode beside the least durable program on the same servers, in one run:
//!
//! ```sh
//! cargo bench --bench scaled                    # everything
//! cargo bench --bench scaled -- null single     # some scenes
//! cargo bench --bench scaled -- --quick         # little work, once: whether it runs, not how fast
//! ```
//!
//! It starts PostgreSQL, which waits for the disk, and RabbitMQ, and runs real `dialtone` processes on them. Each scene
//! prints what it found and whether its goal is reached:
//!
//! | scene | what it measures |
//! | --- | --- |
//! | `null` | orders a second on the `null` device, beside the jobs a second of the reference program (`reference.rs`) |
//! | `device` | the same with the simulated Phone System that answers at once, and with one that takes 20 ms and 100 at once |
//! | `single` | one order at low load, from submit to recorded |
//! | `pace` | how much of a device's rate is used and how much it refuses, the rate being configured or not |
//! | `dead` | what a device that never answers costs the others |
//! | `growth` | the cost of an order in a database of 150,000, and a worker's memory before a backlog of as many |
//!
//! Orders count from the start of the command, its process and its reading of the file included, to the last one
//! recorded; the report is timed apart. Beside the time that passed stands the processor time, which says more on a busy machine.

#[path = "../run/assignment.rs"]
mod assignment;
#[path = "../run/caller.rs"]
mod caller;
mod installation;
mod processor;
mod reference;
mod scenes;
mod services;
#[path = "../run/simulator.rs"]
mod simulator;

use std::time::{Duration, Instant};

use services::Services;

const DIALTONE: &str = env!("CARGO_BIN_EXE_dialtone");
const SCENES: [&str; 6] = ["null", "device", "single", "pace", "dead", "growth"];

/// How much is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Size {
    Whole,
    Quick,
}

impl Size {
    /// As many, or a tenth of them.
    fn of(self, count: u32) -> u32 {
        match self {
            Self::Whole => count,
            Self::Quick => count / 10,
        }
    }

    fn rounds(self) -> usize {
        match self {
            Self::Whole => 3,
            Self::Quick => 1,
        }
    }
}

#[tokio::main]
async fn main() {
    // Cargo itself adds --bench.
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let (flags, wanted): (Vec<&str>, Vec<&str>) =
        words.iter().map(String::as_str).partition(|word| word.starts_with("--"));
    let known = flags.iter().all(|flag| *flag == "--quick") && wanted.iter().all(|scene| SCENES.contains(scene));
    assert!(known, "cargo bench --bench scaled -- [--quick] [SCENE...]; the scenes are {}", SCENES.join(", "));
    let size = if flags.is_empty() { Size::Whole } else { Size::Quick };
    let services = Services::up();
    for scene in SCENES.into_iter().filter(|scene| wanted.is_empty() || wanted.contains(scene)) {
        match scene {
            "null" => scenes::throughput::null(&services, size).await,
            "device" => scenes::throughput::device(&services, size).await,
            "single" => scenes::single::measure(&services, size).await,
            "pace" => scenes::pace::measure(&services, size).await,
            "dead" => scenes::dead::measure(&services, size).await,
            _ => scenes::growth::measure(&services, size).await,
        }
    }
}

/// Prints what was measured and whether its goal is reached.
fn verdict(what: &str, measured: String, goal: &str, holds: bool) {
    let verdict = if holds { "holds" } else { "MISSED" };
    println!("{what:<40} {measured} (goal {goal}: {verdict})");
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
fn now() -> Instant {
    Instant::now()
}

/// Leaves the machine to those that are measured. It is the thread that rests, because a timer's milliseconds are too
/// coarse for what is measured here.
fn rest(time: Duration) {
    tokio::task::block_in_place(|| std::thread::sleep(time));
}
