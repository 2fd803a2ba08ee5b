//! `kill -9`, at any moment.

use crate::chance::parameter;
use crate::checker::{Findings, Looks};
use crate::crew::Crew;
use crate::patience::wait_until;
use crate::process::Process;
use crate::site::{Site, Submission, Tenant};

/// What every device does now and then beside being slow: it loses requests and answers, and fails without a word.
const FAULTS: [&str; 4] = ["latency=10ms", "drop-after=2%", "drop-before=2%", "error=1%"];
/// Rows of a file.
const ROWS: usize = 400;
/// Rows that an organization has at least for every kill: twice as many as are worked on in between.
const ROWS_A_KILL: usize = 20;

/// An order that worker after worker had in hand when it died is put aside, in case that it kills them. Here it is
/// innocent, and a person lets it go on.
fn go_on_with_put_aside(site: &Site, tenant: &Tenant, submission: &mut Submission) -> bool {
    let put_aside = site.database.rows(&format!(
        "SELECT o.number::text FROM orders o JOIN organizations t ON t.id = o.organization_id \
         WHERE t.name = '{}' AND o.state = 'hold' AND o.code = 'internal-error' AND o.message LIKE 'taken over and begun %'",
        tenant.name
    ));
    if put_aside.is_empty() {
        return false;
    }
    eprintln!("kills: {} orders of {} were put aside and are released", put_aside.len(), tenant.name);
    let mut command = site.command(&["order", "release", "--organization", &tenant.name]);
    command.args(put_aside.into_iter().flatten());
    submission.process = site.start(command);
    true
}

#[test]
fn kills_at_random_lose_and_double_nothing() {
    let faults = FAULTS.map(|fault| format!("phone-system:{fault}"));
    let kills = parameter("DIALTONE_FAULT_KILLS", 200);
    let users = (kills * ROWS_A_KILL).max(8_000);
    let mut site = Site::with_users("kills", 3, &faults.each_ref().map(String::as_str), users);
    let mut crew = Crew::start(&site);
    let mut submissions: Vec<Submission> = site.tenants.iter().map(|tenant| site.submit(tenant, ROWS)).collect();
    for kill in 1..=kills {
        let (before, more) = (site.effects(), site.chance.number(1..=25));
        wait_until("the devices are worked on", || {
            for (tenant, submission) in site.tenants.iter().zip(&mut submissions) {
                if !submission.process.is_running() && !go_on_with_put_aside(&site, tenant, submission) {
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
                site.resubmit(&site.tenants[index], &mut submissions[index]);
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
    for (tenant, submission) in site.tenants.iter().zip(&mut submissions) {
        wait_until("the run ends", || {
            !submission.process.is_running() && !go_on_with_put_aside(&site, tenant, submission)
        });
        submission.end();
    }
    crew.all_live();
    let findings = Findings::of(&site, Looks::BeforeEveryRepetition);
    assert!(findings.is_clean(), "{findings}");
}
