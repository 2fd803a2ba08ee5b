//! `kill -9`, at any moment.

use crate::chance::parameter;
use crate::checker::{Findings, Looks};
use crate::crew::Crew;
use crate::patience::wait_until;
use crate::process::Process;
use crate::site::{Site, Submission};

/// What every device does now and then beside being slow: it loses requests and answers, and fails without a word.
const FAULTS: [&str; 4] = ["latency=10ms", "drop-after=2%", "drop-before=2%", "error=1%"];
/// Rows of a file.
const ROWS: usize = 400;

#[test]
fn kills_at_random_lose_and_double_nothing() {
    let faults = FAULTS.map(|fault| format!("phone-system:{fault}"));
    let mut site = Site::new("kills", 3, &faults.each_ref().map(String::as_str));
    let kills = parameter("DIALTONE_FAULT_KILLS", 200);
    let mut crew = Crew::start(&site);
    let mut submissions: Vec<Submission> = site.tenants.iter().map(|tenant| site.submit(tenant, ROWS)).collect();
    for kill in 1..=kills {
        let (before, more) = (site.effects(), site.chance.number(1..=25));
        wait_until("the devices are worked on", || {
            for (tenant, submission) in site.tenants.iter().zip(&mut submissions) {
                if !submission.process.is_running() {
                    submission.end();
                    *submission = site.submit(tenant, ROWS);
                }
            }
            site.effects() >= before + more
        });
        let index = site.chance.number(0..=1);
        match site.chance.number(0..=9) {
            0 => {
                crew.schedulers[index].kill();
                crew.schedulers[index] = site.scheduler();
            }
            1 => {
                // Whoever follows a run may go; the run doesn't need it.
                submissions[index].process.kill();
                submissions[index].process = site.resubmit(&site.tenants[index], &submissions[index].file);
            }
            2 => {
                crew.workers.iter_mut().for_each(Process::kill);
                crew.workers = (0..2).map(|_| site.worker()).collect();
            }
            _ => {
                crew.workers[index].kill();
                crew.workers[index] = site.worker();
            }
        }
        if kill % 50 == 0 {
            eprintln!("kills: {kill} of {kills}, {} effects", site.effects());
        }
    }
    submissions.iter_mut().for_each(Submission::end);
    crew.all_live();
    let findings = Findings::of(&site, Looks::BeforeEveryRepetition);
    assert!(findings.is_clean(), "{findings}");
}
