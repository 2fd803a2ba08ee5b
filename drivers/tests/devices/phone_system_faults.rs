//! One test for each row of the fault table of the Phone System in `docs/devices.md` that needs a socket.

use std::time::Duration;

use dialtone_drivers::{Call, DriverError, Ran, for_device};
use dialtone_model::{Action, Device, DeviceKind, Fault, Tls};
use dialtone_simulator::Simulator;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;

use crate::phone_system::{extension, provision};
use crate::scripted::Scripted;
use crate::support::{Bench, call, device, step};

/// A simulated Phone System and its row, to be spoilt.
async fn row() -> (Simulator, Device) {
    let simulator = Simulator::builder().phone_system(0).start().await.unwrap();
    let row = device(DeviceKind::PhoneSystem, simulator.phone_system().unwrap(), &simulator);
    (simulator, row)
}

async fn run(row: &Device, timeout: Duration) -> Result<Ran, Fault> {
    let step = step(&provision("101", 1));
    let driver = for_device(row).unwrap();
    driver.run(Call { timeout, ..call(&step) }).await
}

const LONG: Duration = Duration::from_secs(10);
const SHORT: Duration = Duration::from_millis(200);

#[tokio::test]
async fn a_refused_connection_sent_nothing() {
    let (simulator, row) = row().await;
    simulator.stop().await;
    let fault = run(&row, LONG).await.unwrap_err();
    assert!(matches!(&fault, Fault::NotSent { .. }), "{fault:?}");
    assert_eq!(fault.complaint().code, "connection-refused");
}

#[tokio::test]
async fn an_unknown_host_sent_nothing() {
    let (_simulator, row) = row().await;
    let fault = run(&Device { address: "https://device.invalid:8443".to_owned(), ..row }, LONG).await.unwrap_err();
    assert!(matches!(&fault, Fault::NotSent { .. }), "{fault:?}");
    assert_eq!(fault.complaint().code, "unreachable");
}

#[tokio::test]
async fn a_certificate_of_an_unknown_authority_sent_nothing() {
    let (_simulator, row) = row().await;
    let other = Simulator::builder().start().await.unwrap();
    let fault = run(&Device { tls: Tls::Ca(other.ca_pem().to_owned()), ..row }, LONG).await.unwrap_err();
    assert!(matches!(&fault, Fault::NotSent { .. }), "{fault:?}");
    assert_eq!(fault.complaint().code, "certificate-refused");
    assert!(fault.complaint().repair.is_some());
}

#[tokio::test]
async fn nothing_needs_to_vouch_for_a_device_that_a_person_made_an_exception_of() {
    let (_simulator, row) = row().await;
    run(&Device { tls: Tls::Insecure, ..row }, LONG).await.unwrap();
}

#[tokio::test]
async fn a_device_without_tls_sent_nothing() {
    let (_simulator, row) = row().await;
    let plain = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("https://{}", plain.local_addr().unwrap());
    let greeting = tokio::spawn(async move {
        let (mut stream, _) = plain.accept().await.unwrap();
        stream.write_all(b"220 this is another service\r\n").await.unwrap();
    });
    let fault = run(&Device { address, ..row }, LONG).await.unwrap_err();
    assert!(matches!(&fault, Fault::NotSent { .. }), "{fault:?}");
    assert_eq!(fault.complaint().code, "tls-failed");
    greeting.await.unwrap();
}

#[tokio::test]
async fn a_device_that_never_greets_sent_nothing() {
    let (_simulator, row) = row().await;
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("https://{}", silent.local_addr().unwrap());
    let fault = run(&Device { address, ..row }, SHORT).await.unwrap_err();
    assert!(matches!(&fault, Fault::NotSent { .. }), "{fault:?}");
    assert_eq!(fault.complaint().code, "timeout");
}

#[tokio::test]
async fn no_answer_in_time_is_unknown() {
    let (simulator, row) = row().await;
    simulator.inject("phone-system:latency=3600s".parse().unwrap());
    let fault = run(&row, SHORT).await.unwrap_err();
    assert!(matches!(&fault, Fault::Unknown(_)), "{fault:?}");
    assert_eq!(fault.complaint().code, "timeout");
}

#[tokio::test]
async fn a_connection_lost_after_sending_is_unknown_for_a_change_and_nothing_for_a_look() {
    for fault in ["drop-before=100%", "drop-after=100%"] {
        let bench = Bench::phone_system(&[fault]).await;
        let fault = bench.run(&provision("101", 1)).await.unwrap_err();
        assert!(matches!(&fault, Fault::Unknown(_)), "{fault:?}");
        assert_eq!(fault.complaint().code, "connection-lost");
    }
    let (simulator, row) = row().await;
    simulator.inject("phone-system:latency=3600s".parse().unwrap());
    let step = step(&provision("101", 1));
    let fault = for_device(&row).unwrap().look(Call { timeout: SHORT, ..call(&step) }).await.unwrap_err();
    assert!(matches!(&fault, Fault::NotSent { .. }), "{fault:?}");
}

/// What a driver makes of an answer that is no Phone System's.
async fn fault_of(answer: Vec<u8>) -> Fault {
    let (_simulator, row) = row().await;
    let odd = Scripted::start(answer).await;
    run(&Device { address: format!("https://{}", odd.address), tls: Tls::Ca(odd.ca_pem), ..row }, LONG)
        .await
        .unwrap_err()
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_unknown() {
    for answer in ["", "HTTP/1.1 201 Cre", "HTTP/1.1 500 Oops\r\nContent-Length: 100\r\n\r\n<html>", "220 hello\r\n"] {
        let fault = fault_of(answer.as_bytes().to_vec()).await;
        assert!(matches!(&fault, Fault::Unknown(_)), "{fault:?}");
        assert_eq!(fault.complaint().code, "connection-lost");
    }
}

#[tokio::test]
async fn an_answer_without_end_is_given_up() {
    let mut answer = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
    answer.resize(17 * 1024 * 1024, b'x');
    let fault = fault_of(answer).await;
    assert!(matches!(&fault, Fault::Unknown(_)), "{fault:?}");
    assert_eq!(fault.complaint().code, "answer-too-large");
}

#[tokio::test]
async fn a_bare_server_error_is_unknown() {
    let bench = Bench::phone_system(&["error=100%"]).await;
    let fault = bench.run(&provision("101", 1)).await.unwrap_err();
    assert!(matches!(&fault, Fault::Unknown(_)), "{fault:?}");
    assert_eq!(fault.complaint().code, "phone-system-http-500");
}

#[tokio::test]
async fn wrong_credentials_are_a_matter_of_the_device_row() {
    let (_simulator, row) = row().await;
    let fault = run(&Device { password: "wrong".to_owned(), ..row }, LONG).await.unwrap_err();
    assert!(matches!(&fault, Fault::NotSent { .. }), "{fault:?}");
    assert_eq!(fault.complaint().code, "credentials-refused");
    assert!(!format!("{fault:?}").contains("wrong"), "the password is shown");
}

#[tokio::test]
async fn a_throttling_device_is_busy_and_says_for_how_long() {
    let bench = Bench::phone_system(&["rate=0"]).await;
    let fault = bench.run(&provision("101", 1)).await.unwrap_err();
    assert!(
        matches!(&fault, Fault::Busy { retry_after: Some(wait), .. } if *wait == Duration::from_secs(1)),
        "{fault:?}"
    );
    assert_eq!(fault.complaint().code, "phone-system-busy");
    bench.simulator.heal(bench.protocol);
    bench.done(&provision("101", 1)).await;
}

#[tokio::test]
async fn what_the_device_refuses_is_the_rows() {
    let bench = Bench::phone_system(&["refuse=number:442000000009"]).await;
    bench.done(&provision("101", 1)).await;
    bench.done(&provision("102", 2)).await;
    let mut long_name = extension("103", 3);
    long_name.directory_name = "x".repeat(101);
    let mut same_number = extension("103", 3);
    same_number.number = extension("101", 1).number;
    let rename = Action::ChangeExtension { from: "101".to_owned(), to: extension("102", 1) };
    for (action, code) in [
        (provision("103", 1), "phone-system-user-taken"),
        (Action::ProvisionExtension(same_number), "phone-system-number-taken"),
        (rename, "phone-system-key-taken"),
        (Action::ProvisionExtension(long_name), "phone-system-invalid-directory-name"),
        (provision("12", 3), "phone-system-invalid-key"),
        (provision("a b", 3), "phone-system-invalid-key"),
        (provision("109", 9), "phone-system-refused"),
    ] {
        let fault = bench.run(&action).await.unwrap_err();
        assert!(matches!(&fault, Fault::Rejected(_)), "{fault:?}");
        assert_eq!(fault.complaint().code, code);
    }
    assert_eq!(bench.effects(), 2);
}

#[tokio::test]
async fn a_row_that_can_not_be_used_gives_no_driver() {
    let (_simulator, row) = row().await;
    for address in ["simulated", "http://127.0.0.1:1", "https://", "https://127.0.0.1/axl", "https://a:b@127.0.0.1"] {
        let error = for_device(&Device { address: address.to_owned(), ..row.clone() }).unwrap_err();
        assert!(matches!(error, DriverError::Address { .. }), "{address}: {error}");
    }
    let error = for_device(&Device { login: "a:b".to_owned(), ..row.clone() }).unwrap_err();
    assert!(matches!(error, DriverError::Login { .. }), "{error}");
    let error = for_device(&Device { tls: Tls::Ca("nothing".to_owned()), ..row }).unwrap_err();
    assert!(matches!(error, DriverError::Certificates { .. }), "{error}");
}
