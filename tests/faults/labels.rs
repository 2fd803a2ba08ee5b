//! `kill -9` at every point of the sources that has a label.

use std::collections::BTreeMap;

use crate::checker::{Findings, Looks};
use crate::crash_labels::crash_labels;
use crate::patience::wait_until;
use crate::process::Process;
use crate::site::{Site, Submission};

/// How often every label is hit at least.
const HITS: usize = 3;
/// Rows of a file: enough for the third passage of any point.
const ROWS: usize = 40;
/// Every label is hit once in so many rounds, if it can be hit at all.
const MOST_ROUNDS: usize = 100;

#[test]
fn a_kill_at_every_labelled_point_loses_and_doubles_nothing() {
    let mut site = Site::new("labels", 2, &["phone-system:latency=5ms", "phone-system:drop-after=5%"]);
    let mut hits: BTreeMap<String, usize> = crash_labels().into_iter().map(|label| (label, 0)).collect();
    assert!(hits.len() > 3, "{hits:?}");
    for _ in 0..MOST_ROUNDS {
        let open: Vec<String> =
            hits.iter().filter(|(_, count)| **count < HITS).map(|(label, _)| label.clone()).collect();
        if open.is_empty() {
            break;
        }
        // Each process dies at a label of its own: a worker at one of the worker's sources, all others at one of the
        // scheduler's, which both its own process and every command are made of.
        let armed = |arguments: &[&str], site: &mut Site| {
            let mut command = site.command(arguments);
            let sources = if arguments == ["worker"] { "worker-" } else { "scheduler-" };
            let open: Vec<&String> = open.iter().filter(|label| label.starts_with(sources)).collect();
            if !open.is_empty() {
                let (label, passage) = (*site.chance.pick(&open), site.chance.number(1..=3));
                command.env("DIALTONE_CRASH_AT", format!("{label}:{passage}"));
            }
            command
        };
        let mut roles: Vec<(&str, Process)> = Vec::new();
        for role in ["worker", "worker", "scheduler"] {
            let command = armed(&[role], &mut site);
            roles.push((role, site.start(command)));
        }
        let mut submissions = Vec::new();
        for index in 0..site.tenants.len() {
            let file = site.tenants[index].next_file(&site.path(""), ROWS);
            let name = site.tenants[index].name.clone();
            let command = armed(&["run", file.to_str().unwrap(), "--json", "--organization", &name], &mut site);
            submissions.push(Submission::of(site.start(command), file));
        }
        // The round is over once every submission was seen to have ended by itself while every role was alive. Each
        // process is looked at once a pass, so none can die between being counted and being taken for ended.
        wait_until("every run of the round ends", || {
            let mut is_over = true;
            for (role, process) in &mut roles {
                if !process.is_running() {
                    assert!(count(process, &mut hits), "the {role} ended by itself: {}", process.said());
                    *process = site.start(site.command(&[role]));
                    is_over = false;
                }
            }
            for (tenant, submission) in site.tenants.iter().zip(&mut submissions) {
                if submission.process.is_running() {
                    is_over = false;
                } else if count(&submission.process, &mut hits) {
                    site.resubmit(tenant, submission);
                    is_over = false;
                }
            }
            is_over
        });
        submissions.iter_mut().for_each(Submission::end);
        for (role, mut process) in roles {
            process.signal("TERM");
            let status = process.end(&format!("the {role} ends"));
            assert!(count(&process, &mut hits) || status.success(), "{role}: {status}: {}", process.said());
        }
    }
    let findings = Findings::of(&site, Looks::BeforeEveryRepetition);
    assert!(findings.is_clean(), "{findings}");
    for (label, count) in &hits {
        eprintln!("crash point {label}: hit {count} times");
    }
    let unhit: Vec<&String> = hits.iter().filter(|(_, count)| **count < HITS).map(|(label, _)| label).collect();
    assert!(unhit.is_empty(), "labels that were hit less than {HITS} times: {unhit:?}");
}

/// Counts the label at which the process ended, if it ended at one.
fn count(process: &Process, hits: &mut BTreeMap<String, usize>) -> bool {
    let label = process.crash_point();
    if let Some(label) = &label {
        *hits.get_mut(label).unwrap() += 1;
    }
    label.is_some()
}
