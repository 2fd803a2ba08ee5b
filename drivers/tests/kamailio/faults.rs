use std::time::Duration;

use dialtone_drivers::{Call, DriverError, for_device};
use dialtone_model::{Device, DeviceLimits, Extension, Fault};
use tokio::net::TcpListener;

use crate::bed::{Bed, ENGINES, Engine, World, change, delete, extension, provision};

/// Whether asking again is safe, and the code.
fn told(fault: &Fault) -> (&'static str, &str) {
    let kind = match fault {
        Fault::Rejected(_) => "rejected",
        Fault::NotSent { .. } => "not sent",
        Fault::Busy { .. } => "busy",
        Fault::Unknown(_) => "unknown",
    };
    (kind, &fault.complaint().code)
}

fn world(bed: &Bed, device: Device) -> World<'_> {
    World { bed, domain: "example.org".to_owned(), driver: for_device(&device).unwrap() }
}

#[tokio::test]
async fn an_account_that_the_database_refuses_is_a_matter_of_the_device_row() {
    let bed = Bed::new(Engine::Postgres).await;
    let nobody = world(&bed, Device { login: "nobody".to_owned(), ..bed.device("example.org") });
    let fault = nobody.run(&provision("0101", 1)).await.unwrap_err();
    assert_eq!(told(&fault), ("not sent", "credentials-refused"));
}

#[tokio::test]
async fn what_is_missing_for_all_orders_is_a_matter_of_the_device() {
    let bed = Bed::new(Engine::Postgres).await;
    let device = bed.device("example.org");
    let address = device.address.replace("?sslmode", "_gone?sslmode");
    let gone = world(&bed, Device { address, ..device.clone() });
    assert_eq!(told(&gone.run(&provision("0101", 1)).await.unwrap_err()), ("not sent", "kamailio-3d000"));

    let name = format!("writer_{}", std::process::id());
    bed.sql(&format!("DROP ROLE IF EXISTS {name}; CREATE ROLE {name} LOGIN; GRANT SELECT ON version TO {name}")).await;
    let reader = world(&bed, Device { login: name.clone(), ..device });
    assert_eq!(told(&reader.run(&provision("0101", 1)).await.unwrap_err()), ("not sent", "kamailio-42501"));
    bed.sql(&format!("DROP OWNED BY {name}; DROP ROLE {name}")).await;

    let there = bed.world("example.org");
    there.done(&provision("0101", 1)).await;
    bed.sql("DROP TABLE dbaliases").await;
    assert_eq!(told(&there.run(&provision("0102", 2)).await.unwrap_err()), ("not sent", "kamailio-42p01"));

    let bed = Bed::new(Engine::Sqlite).await;
    let device = bed.device("example.org");
    let there = bed.world("example.org");
    there.done(&provision("0101", 1)).await;
    bed.sql("DROP TABLE dbaliases").await;
    assert_eq!(told(&there.run(&provision("0102", 2)).await.unwrap_err()), ("not sent", "kamailio-sqlite-1"));
    let gone = world(&bed, Device { address: format!("{}.gone", device.address), ..device });
    assert_eq!(told(&gone.run(&provision("0101", 1)).await.unwrap_err()), ("not sent", "kamailio-sqlite-14"));
}

#[tokio::test]
async fn tables_of_another_version_are_not_written() {
    for engine in ENGINES {
        for (change, what) in [
            ("UPDATE version SET table_version = 8 WHERE table_name = 'subscriber'", "subscriber is of version 8"),
            ("DELETE FROM version WHERE table_name = 'dbaliases'", "dbaliases is not there"),
        ] {
            let bed = Bed::new(engine).await;
            bed.sql(change).await;
            let world = bed.world("example.org");
            let fault = world.run(&provision("0101", 1)).await.unwrap_err();
            assert_eq!(told(&fault), ("not sent", "kamailio-table-version"));
            assert!(fault.complaint().message.contains(what), "{fault}");
            assert_eq!(world.state().await, [""; 0]);
        }
    }
}

#[tokio::test]
async fn a_value_that_no_column_holds_is_the_rows() {
    let bed = Bed::new(Engine::Postgres).await;
    let world = bed.world("example.org");
    let long = Extension { directory_name: "x".repeat(129), ..extension("0101", 1) };
    let fault = world.run(&dialtone_model::Action::ProvisionExtension(long)).await.unwrap_err();
    assert_eq!(told(&fault), ("rejected", "kamailio-22001"));
    assert_eq!(world.state().await, [""; 0]);
}

#[tokio::test]
async fn a_number_that_the_sites_own_index_keeps_is_the_rows() {
    for engine in ENGINES {
        let bed = Bed::new(engine).await;
        // Somebody takes the number between the look at the table and the insertion.
        bed.sql("CREATE UNIQUE INDEX one_owner ON dbaliases (alias_username)").await;
        let other = bed.world("other.example");
        other.done(&provision("0101", 1)).await;
        let world = bed.world("example.org");
        let fault = world.run(&provision("0101", 1)).await.unwrap_err();
        let code = if engine == Engine::Sqlite { "kamailio-sqlite-2067" } else { "kamailio-23505" };
        assert_eq!(told(&fault), ("rejected", code));
        assert_eq!(world.state().await, [""; 0]);
    }
}

#[tokio::test]
async fn a_lock_that_is_not_given_up_in_time_may_be_later() {
    for engine in ENGINES {
        let bed = Bed::new(engine).await;
        let limits = DeviceLimits { call_timeout: Duration::from_millis(300), ..DeviceLimits::default() };
        let patient = world(&bed, Device { limits, ..bed.device("example.org") });
        patient.done(&provision("0101", 1)).await;
        let lock = bed.hold_lock().await;
        let fault = patient.run(&change("0101", extension("0101", 2))).await.unwrap_err();
        let code = if engine == Engine::Sqlite { "kamailio-sqlite-5" } else { "kamailio-55p03" };
        assert_eq!(told(&fault), ("not sent", code));
        drop(lock);
        patient.done(&change("0101", extension("0101", 2))).await;
    }
}

#[tokio::test]
async fn a_database_that_gives_no_connection_in_time_sent_nothing() {
    let bed = Bed::new(Engine::Postgres).await;
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let address = format!("postgres://dialtone@{closed}/kamailio?sslmode=disable");
    let limits = DeviceLimits { call_timeout: Duration::from_millis(300), ..DeviceLimits::default() };
    let world = world(&bed, Device { address, limits, ..bed.device("example.org") });
    assert_eq!(told(&world.run(&provision("0101", 1)).await.unwrap_err()), ("not sent", "timeout"));
}

#[tokio::test]
async fn a_database_without_tls_is_not_asked_unless_the_address_says_so() {
    let bed = Bed::new(Engine::Postgres).await;
    let device = bed.device("example.org");
    let address = device.address.replace("?sslmode=disable", "");
    let world = world(&bed, Device { address, ..device });
    assert_eq!(told(&world.run(&provision("0101", 1)).await.unwrap_err()), ("not sent", "tls-failed"));
}

#[tokio::test]
async fn a_registrar_that_gives_no_answer_leaves_the_step_to_be_repeated() {
    let bed = Bed::new(Engine::Sqlite).await;
    let mut device = bed.device("example.org");
    let there = bed.world("example.org");
    there.done(&provision("0101", 1)).await;
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    device.settings.insert("rpc".to_owned(), format!("http://{closed}/RPC"));
    let world = world(&bed, device);
    assert_eq!(told(&world.run(&delete("0101")).await.unwrap_err()), ("not sent", "kamailio-rpc-unreachable"));
    assert_eq!(told(&world.look(&delete("0101")).await.unwrap_err()), ("not sent", "kamailio-rpc-unreachable"));
    bed.registrar.close();
    assert_eq!(told(&there.run(&delete("0101")).await.unwrap_err()), ("not sent", "kamailio-rpc-error"));
}

#[tokio::test]
async fn a_step_that_comes_without_its_password_changes_nothing() {
    let bed = Bed::new(Engine::Sqlite).await;
    let world = bed.world("example.org");
    let action = provision("0101", 1);
    let step = dialtone_model::Step { device: bed.device("example.org").id, action };
    let order = dialtone_model::OrderId(uuid::Uuid::from_u128(7));
    let call = Call { order, index: 0, step: &step, secret: None, timeout: Duration::from_secs(10) };
    assert_eq!(told(&world.driver.run(call).await.unwrap_err()), ("rejected", "kamailio-no-password"));
    assert_eq!(world.state().await, [""; 0]);
}

#[tokio::test]
async fn a_row_that_gives_no_driver_says_why() {
    let bed = Bed::new(Engine::Sqlite).await;
    let device = bed.device("example.org");
    for address in ["https://127.0.0.1", "mysql://127.0.0.1/kamailio", "kamailio.sqlite"] {
        let row = Device { address: address.to_owned(), ..device.clone() };
        assert!(matches!(for_device(&row), Err(DriverError::DatabaseAddress { .. })), "{address}");
    }
    let row = Device { settings: std::collections::BTreeMap::new(), ..device };
    assert!(matches!(for_device(&row), Err(DriverError::Setting { .. })));
}
