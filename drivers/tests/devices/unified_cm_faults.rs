//! One test for each row of the fault table of Unified CM in `docs/devices.md` that needs a device.

use std::sync::Arc;
use std::time::Duration;

use dialtone_drivers::{Driver, DriverError, Look, Ran, for_device};
use dialtone_model::{Action, Attributes, Credential, Device, DeviceKind, Fault, LineTarget, Tls, UnifiedCmObject};
use dialtone_simulator::Simulator;

use crate::scripted::Scripted;
use crate::support::{Bench, call, device, step};
use crate::unified_cm::{number, phone, user};

#[tokio::test]
async fn what_the_device_refuses_is_the_rows() {
    let bench = Bench::unified_cm("12.5", &["refuse=mailid:tony@example.com"]).await;
    let with = |name: &str, value: &str| Attributes::from([(name.to_owned(), value.to_owned())]);
    let new_phone = |name: &str, phone_type: &str, attributes| Action::AddPhone {
        name: name.to_owned(),
        phone_type: phone_type.to_owned(),
        protocol: "SCCP".to_owned(),
        owner: None,
        attributes,
    };
    let mac = "SEP0011AABBCCDD";
    for (action, code) in [
        (user("tony"), "axl-35001"),
        (phone(mac), "axl-5007"),
        (new_phone(mac, "Cisco 7965", with("devicePoolName", "Nowhere")), "axl-5007"),
        (new_phone(mac, "Cisco 1", Attributes::new()), "axl-5007"),
        (new_phone(mac, "Cisco 8845", Attributes::new()), "axl-5007"),
        (new_phone("SEP00", "Cisco 7965", Attributes::new()), "axl-35001"),
        (new_phone(mac, "Cisco 7965", with("dndOption", "Sometimes")), "axl-35001"),
        (new_phone(mac, "Cisco 7965", with("colour", "red")), "axl-attribute"),
        (new_phone(mac, "Cisco 7965", with("name", "SEP")), "axl-attribute"),
        (new_phone(mac, "Cisco 7965", with("description", "a\u{7}b")), "axl-attribute"),
        (new_phone(mac, "Cisco 7965", with("dndOption", "")), "axl-attribute"),
    ] {
        let fault = bench.run(&action).await.unwrap_err();
        assert!(matches!(&fault, Fault::Rejected(_)), "{fault:?}");
        assert_eq!(fault.complaint().code, code, "{fault}");
    }
    assert_eq!(bench.effects(), 0);
}

#[tokio::test]
async fn what_a_line_needs_must_be_there() {
    let bench = Bench::unified_cm("12.5", &[]).await;
    let line = |target| Action::AttachLine {
        target,
        name: "SEP0011AABBCCDD".to_owned(),
        index: 7,
        pattern: "1001".to_owned(),
        partition: None,
        associated_user: None,
        attributes: Attributes::new(),
    };
    let fault = bench.run(&line(LineTarget::Phone)).await.unwrap_err();
    assert_eq!(fault.complaint().code, "axl-5007");
    let Look::Different { differences } = bench.look(&line(LineTarget::Phone)).await.unwrap() else {
        panic!("it is there")
    };
    assert_eq!(differences, ["SEP0011AABBCCDD: the device has none"]);
    bench.done(&user("tony")).await;
    bench.done(&phone("SEP0011AABBCCDD")).await;
    let fault = bench.run(&line(LineTarget::Phone)).await.unwrap_err();
    assert_eq!(fault.complaint().code, "axl-5007", "the number is missing");
    bench.done(&number("1001")).await;
    let fault = bench.run(&line(LineTarget::Phone)).await.unwrap_err();
    assert_eq!(fault.complaint().code, "axl-35001", "a 7965 has six lines");

    let nobody =
        Action::AssociateDevice { user_id: "nobody".to_owned(), target: LineTarget::Phone, name: "SEP".to_owned() };
    assert_eq!(bench.run(&nobody).await.unwrap_err().complaint().code, "axl-5007");
    assert!(matches!(bench.look(&nobody).await.unwrap(), Look::Different { .. }));
    let remote = Action::AssociateDevice {
        user_id: "tony".to_owned(),
        target: LineTarget::RemoteDestinationProfile,
        name: "x".to_owned(),
    };
    assert_eq!(bench.run(&remote).await.unwrap_err().complaint().code, "unsupported-action");
}

#[tokio::test]
async fn a_throttling_device_is_busy() {
    let bench = Bench::unified_cm("12.5", &["rate=0"]).await;
    let fault = bench.run(&user("tony")).await.unwrap_err();
    assert!(matches!(&fault, Fault::Busy { retry_after: Some(_), .. }), "{fault:?}");
    assert_eq!(fault.complaint().code, "axl-http-503");
}

#[tokio::test]
async fn a_device_that_has_too_many_changes_to_tell_its_nodes_is_busy_for_writes_alone() {
    let bench = Bench::unified_cm("12.5", &["throttle=0"]).await;
    let with = |value: usize| Action::SetSubscriber {
        user_id: "tony".to_owned(),
        attributes: Attributes::from([("department".to_owned(), value.to_string())]),
    };
    bench.done(&user("tony")).await;
    let mut written = 1;
    let fault = loop {
        match bench.run(&with(written)).await {
            Ok(_) => written += 1,
            Err(fault) => break fault,
        }
    };
    assert!(matches!(&fault, Fault::Busy { .. }), "{fault:?}");
    assert_eq!(written, 1_501, "no more than 1,500 change notifications may wait");
    assert!(matches!(bench.look(&user("tony")).await.unwrap(), Look::Equal(_)));
    bench.simulator.heal(bench.protocol);
    bench.done(&with(0)).await;
}

#[tokio::test]
async fn a_device_out_of_memory_for_replies_is_busy() {
    let message = "Maximum AXL Memory Allocation Consumed. Please retry once requests in progress have completed";
    let fault = answered_with_fault(-1, message).await;
    assert!(matches!(&fault, Fault::Busy { .. }), "{fault:?}");
}

#[tokio::test]
async fn a_missing_right_is_not_a_missing_object() {
    let message = "You do not have the privilege to remove this End User as you have lower User Rank";
    let fault = answered_with_fault(5003, message).await;
    assert!(matches!(&fault, Fault::Rejected(_)), "{fault:?}");
}

#[tokio::test]
async fn a_number_that_is_there_already_is_looked_at() {
    let message = "Cannot insert or update pattern. A DN exists with the same pattern and partition.";
    let driver = answering_with_fault(-1, message).await;
    let add = step(&number("1001"));
    assert_eq!(driver.run(call(&add)).await.unwrap(), Ran::AlreadyThere);
}

#[tokio::test]
async fn a_secret_that_the_device_repeats_is_not_told() {
    let set = step(&Action::SetSubscriberCredential { user_id: "tony".to_owned(), credential: Credential::Pin });
    for (code, message) in [(35_001, "The PIN 635241 is too easy"), (-244, "635241 is locked")] {
        let fault = answering_with_fault(code, message).await.run(call(&set)).await.unwrap_err();
        assert!(!format!("{fault:?}").contains("635241"), "{fault:?}");
    }
}

#[tokio::test]
async fn what_no_document_can_hold_is_refused_before_anything_is_sent() {
    let bench = Bench::unified_cm("12.5", &[]).await;
    for name in ["SEP\0", "SEP\u{ffff}"] {
        let object = UnifiedCmObject::Phone(name.to_owned());
        let fault = bench.run(&Action::RemoveObject { object }).await.unwrap_err();
        assert!(matches!(&fault, Fault::Rejected(complaint) if complaint.code == "axl-unwritable"), "{fault:?}");
    }
    assert!(bench.simulator.log(bench.protocol).unwrap().is_empty());
}

/// What becomes of a removal that the device answers with this AXL error.
async fn answered_with_fault(code: i32, message: &str) -> Fault {
    let remove = Action::RemoveObject { object: UnifiedCmObject::User("tony".to_owned()) };
    answering_with_fault(code, message).await.run(call(&step(&remove))).await.unwrap_err()
}

/// The driver of a device that answers everything with this AXL error.
async fn answering_with_fault(code: i32, message: &str) -> Arc<dyn Driver> {
    let body = format!(
        r#"<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault><faultcode>s:Server</faultcode>
        <faultstring>{message}</faultstring><detail><axlError><axlcode>{code}</axlcode><axlmessage>{message}</axlmessage>
        <request>removeUser</request></axlError></detail></s:Fault></s:Body></s:Envelope>"#
    );
    let head = format!("HTTP/1.1 500 Internal Server Error\r\nContent-Length: {}\r\n\r\n", body.len());
    let odd = Scripted::start(format!("{head}{body}").into_bytes()).await;
    let simulator = Simulator::builder().start().await.unwrap();
    let row = Device {
        version: Some("12.5".to_owned()),
        tls: Tls::Ca(odd.ca_pem),
        ..device(DeviceKind::UnifiedCm, odd.address, &simulator)
    };
    for_device(&row).unwrap()
}

#[tokio::test]
async fn a_probe_tells_version_rights_and_clock() {
    let bench = Bench::unified_cm("12.5", &[]).await;
    let timeout = Duration::from_secs(10);
    let probe = bench.driver.probe(timeout).await.unwrap();
    assert!(probe.version.unwrap().starts_with("12.5."));
    assert_eq!(probe.missing_rights, Vec::<String>::new());
    assert!(probe.clock.unwrap() > 1_700_000_000);
    assert_eq!(bench.effects(), 0, "a probe changes nothing");
    for (rights, missing) in [("read", "may not change anything"), ("none", "may not use AXL at all")] {
        bench.inject(&format!("rights={rights}"));
        let probe = bench.driver.probe(timeout).await.unwrap();
        assert!(probe.missing_rights[0].starts_with(missing), "{:?}", probe.missing_rights);
    }
    let fault = bench.run(&user("tony")).await.unwrap_err();
    assert_eq!(fault.complaint().code, "axl-http-403");
}

#[tokio::test]
async fn a_session_that_has_rested_too_long_is_opened_anew() {
    let bench = Bench::unified_cm("12.5", &["session=0s"]).await;
    for user_id in ["tony", "jane"] {
        bench.done(&user(user_id)).await;
    }
    assert_eq!(bench.effects(), 2);
}

#[tokio::test]
async fn a_bare_server_error_is_unknown() {
    let bench = Bench::unified_cm("12.5", &["error=operation:addUser"]).await;
    let fault = bench.run(&user("tony")).await.unwrap_err();
    assert!(matches!(&fault, Fault::Unknown(_)), "{fault:?}");
    assert_eq!(fault.complaint().code, "axl-http-500");
}

#[tokio::test]
async fn a_forgotten_session_is_opened_anew() {
    let folder = tempfile::tempdir().unwrap();
    let start = |port| Simulator::builder().data(folder.path()).unified_cm("12.5", port).start();
    let simulator = start(0).await.unwrap();
    let (_, address) = simulator.unified_cm().next().unwrap();
    let row = Device { version: Some("12.5".to_owned()), ..device(DeviceKind::UnifiedCm, address, &simulator) };
    let driver = for_device(&row).unwrap();
    driver.run(call(&step(&user("tony")))).await.unwrap();
    simulator.stop().await;
    let _simulator = start(address.port()).await.unwrap();
    driver.run(call(&step(&user("jane")))).await.unwrap();

    let driver = for_device(&Device { password: "wrong".to_owned(), ..row }).unwrap();
    let fault = driver.run(call(&step(&user("jane")))).await.unwrap_err();
    assert!(matches!(&fault, Fault::NotSent { .. }), "{fault:?}");
    assert_eq!(fault.complaint().code, "credentials-refused");
}

#[tokio::test]
async fn a_version_that_the_device_does_not_speak_is_told() {
    let simulator = Simulator::builder().unified_cm("11.5", 0).start().await.unwrap();
    let (_, address) = simulator.unified_cm().next().unwrap();
    let row = |version: Option<&str>| Device {
        version: version.map(str::to_owned),
        ..device(DeviceKind::UnifiedCm, address, &simulator)
    };
    let driver = for_device(&row(Some("14.0"))).unwrap();
    let fault = driver.run(call(&step(&user("tony")))).await.unwrap_err();
    assert!(matches!(&fault, Fault::Rejected(_)), "{fault:?}");
    assert_eq!(fault.complaint().code, "axl-version");
    assert_eq!(fault.complaint().message, "Incorrect axl version. Supported axl versions: 9.1,10.0,10.5,11.0,11.5");
    for unknown in [None, Some("8.6")] {
        assert!(matches!(for_device(&row(unknown)).unwrap_err(), DriverError::Version { .. }));
    }
}

#[tokio::test]
async fn an_answer_that_is_not_axl_is_unknown() {
    for body in ["", "<html>", "<Envelope><Body><other/></Body></Envelope>"] {
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        let odd = Scripted::start(answer.into_bytes()).await;
        let simulator = Simulator::builder().start().await.unwrap();
        let row = Device {
            version: Some("12.5".to_owned()),
            tls: Tls::Ca(odd.ca_pem),
            ..device(DeviceKind::UnifiedCm, odd.address, &simulator)
        };
        let fault = for_device(&row).unwrap().run(call(&step(&user("tony")))).await.unwrap_err();
        assert!(matches!(&fault, Fault::Unknown(_)), "{fault:?}");
        assert_eq!(fault.complaint().code, "axl-http-200");
    }
}
