use std::time::Duration;

use crate::bed::{Bed, ENGINES, Engine};

const TIME: Duration = Duration::from_secs(10);

#[tokio::test]
async fn a_probe_tells_version_rights_and_clock() {
    for engine in ENGINES {
        let bed = Bed::new(engine).await;
        let probe = bed.world("example.org").driver.probe(TIME).await.unwrap();
        assert_eq!(probe.version.as_deref(), Some("kamailio 5.6.3 (x86_64/linux)"));
        assert_eq!(probe.missing_rights, [""; 0]);
        assert!(probe.clock.unwrap() > 1_700_000_000);
    }
}

#[tokio::test]
async fn a_probe_says_what_the_account_may_not_do() {
    let bed = Bed::new(Engine::Postgres).await;
    let name = format!("reader_{}", std::process::id());
    bed.sql(&format!(
        "DROP ROLE IF EXISTS {name}; CREATE ROLE {name} LOGIN; \
                      GRANT SELECT ON version, subscriber, dbaliases TO {name}"
    ))
    .await;
    let device = dialtone_model::Device { login: name.clone(), ..bed.device("example.org") };
    bed.registrar.close();
    let probe = dialtone_drivers::for_device(&device).unwrap().probe(TIME).await;
    // JSON-RPC doesn't even tell a version.
    assert_eq!(probe.unwrap_err().complaint().code, "kamailio-rpc-error");
    bed.registrar.open();
    let probe = dialtone_drivers::for_device(&device).unwrap().probe(TIME).await.unwrap();
    assert_eq!(probe.missing_rights.len(), 10, "{:?}", probe.missing_rights);
    assert!(probe.missing_rights.contains(&"may not SELECT in usr_preferences".to_owned()));
    bed.sql(&format!("DROP OWNED BY {name}; DROP ROLE {name}")).await;
}
