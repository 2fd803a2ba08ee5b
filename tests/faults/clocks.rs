//! Wall clocks that are an hour off, and that jump while somebody works by them.

use std::fs;
use std::path::PathBuf;

use crate::checker::{Findings, Looks};
use crate::process::Process;
use crate::site::{Site, Submission};

const ROWS: usize = 150;
const OFFSETS: [&str; 2] = ["+3600", "-3600"];
const JUMPS: usize = 4;

/// A process whose wall clock is off by what a file says at the moment.
struct Displaced {
    process: Process,
    offset: PathBuf,
}

impl Displaced {
    fn start(site: &Site, role: &str, name: &str, offset: &str) -> Self {
        let file = site.path(&format!("clock-of-{name}"));
        fs::write(&file, offset).unwrap();
        let mut command = site.command(&[role]);
        command.env("LD_PRELOAD", library()).env("FAKETIME_TIMESTAMP_FILE", &file);
        // A monotonic clock never jumps, and everything that is timed goes by it.
        command.env("FAKETIME_NO_CACHE", "1").env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        Self { process: site.start(command), offset: file }
    }

    fn jump(&self, offset: &str) {
        // The file is read at every look at the clock, so it is never half written.
        let draft = self.offset.with_extension("draft");
        fs::write(&draft, offset).unwrap();
        fs::rename(&draft, &self.offset).unwrap();
    }
}

#[test]
fn clocks_that_are_an_hour_off_and_jump_lose_and_double_nothing() {
    let faults = ["phone-system:latency=20ms", "phone-system:drop-after=5%", "phone-system:drop-before=5%"];
    let mut site = Site::new("clocks", 2, &faults);
    let mut workers: Vec<Displaced> =
        (0..2).map(|index| Displaced::start(&site, "worker", &format!("worker-{index}"), OFFSETS[index])).collect();
    let schedulers: Vec<Displaced> = (0..2)
        .map(|index| Displaced::start(&site, "scheduler", &format!("scheduler-{index}"), OFFSETS[index]))
        .collect();
    for jump in 1..=JUMPS {
        let mut submissions: Vec<Submission> = site.tenants.iter().map(|tenant| site.submit(tenant, ROWS)).collect();
        let more = site.chance_of_effects();
        site.await_effects(site.effects(), more);
        for (index, displaced) in workers.iter().chain(&schedulers).enumerate() {
            displaced.jump(OFFSETS[(index + jump) % 2]);
        }
        // Whoever takes over reads times that the other clock wrote.
        let killed = site.chance.number(0..=1);
        workers[killed].process.kill();
        let offset = *site.chance.pick(&OFFSETS);
        workers[killed] = Displaced::start(&site, "worker", &format!("worker-{killed}"), offset);
        submissions.iter_mut().for_each(Submission::end);
    }
    for displaced in workers.iter_mut() {
        assert!(displaced.process.is_running(), "{}", displaced.process.said());
    }
    let displaced = "SELECT count(*)::text FROM order_events WHERE at > now() + interval '30 min' \
                     OR at < now() - interval '30 min'";
    assert!(site.database.number(displaced) > 0, "no clock was off");
    let findings = Findings::of(&site, Looks::BeforeEveryRepetition);
    assert!(findings.is_clean(), "{findings}");
}

/// The library of Debian's package `faketime`.
fn library() -> PathBuf {
    let folders = fs::read_dir("/usr/lib").unwrap().map(|entry| entry.unwrap().path());
    let mut found = folders.map(|folder| folder.join("faketime/libfaketimeMT.so.1")).filter(|library| library.exists());
    found.next().expect("faketime is missing: tests/faults.sh installs it")
}
