//! The servers stop, are restarted, and are killed.

use crate::checker::{Findings, Looks};
use crate::crew::Crew;
use crate::services::Server;
use crate::site::{Site, Submission};

const ROWS: usize = 300;

/// What happens to a server.
#[derive(Clone, Copy, Debug)]
enum Blow {
    Stop,
    Kill,
}

#[test]
fn servers_that_stop_or_are_killed_lose_and_double_nothing() {
    let mut site = Site::new("servers", 2, &["phone-system:latency=50ms", "phone-system:drop-after=2%"]);
    let mut crew = Crew::start(&site);
    let mut blows = vec![
        (Server::Postgres, Blow::Stop),
        (Server::Postgres, Blow::Kill),
        (Server::Postgres, Blow::Kill),
        (Server::RabbitMq, Blow::Stop),
        (Server::RabbitMq, Blow::Kill),
    ];
    while !blows.is_empty() {
        let (server, blow) = blows.swap_remove(site.chance.number(0..=blows.len() - 1));
        let mut submissions: Vec<Submission> = site.tenants.iter().map(|tenant| site.submit(tenant, ROWS)).collect();
        let more = site.chance_of_effects();
        site.await_effects(site.effects(), more);
        eprintln!("servers: {blow:?} {server:?}");
        match blow {
            Blow::Stop => site.services.stop(server),
            Blow::Kill => site.services.kill(server),
        }
        site.services.start(server);
        // Whoever follows a run may give up when the database is away; the run goes on without it.
        for (tenant, submission) in site.tenants.iter().zip(&mut submissions) {
            let status = submission.process.end("whoever follows the run ends");
            if !status.success() {
                site.resubmit(tenant, submission);
                submission.end();
            }
        }
        crew.all_live();
    }
    let findings = Findings::of(&site, Looks::BeforeEveryRepetition);
    assert!(findings.is_clean(), "{findings}");
}
