use std::future::pending;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use dialtone_drivers::{Look, Ran, for_device};
use dialtone_model::{
    Action, Device, DeviceKind, ExpressAction, ExpressNumber, ExpressPhone, Fault, PhoneProtocol, Tls,
};
use dialtone_simulator::{Protocol, Simulator};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::cm_express::{TONY, add_number, add_phone, number, phone, voicemail};
use crate::support::{Bench, call, device, step};

const SCCP: PhoneProtocol = PhoneProtocol::Sccp;

/// A simulated router with its row.
async fn router() -> (Simulator, Device) {
    let simulator = Simulator::builder().ios(0).cue(0).start().await.unwrap();
    let row = device(DeviceKind::CmExpress, simulator.ios().unwrap(), &simulator);
    (simulator, row)
}

async fn run(row: &Device, action: &Action) -> Result<Ran, Fault> {
    for_device(row).unwrap().run(call(&step(action))).await
}

async fn fault_of(row: &Device) -> Fault {
    run(row, &add_number("1001", SCCP)).await.unwrap_err()
}

fn with(row: &Device, name: &str, value: &str) -> Device {
    let mut row = row.clone();
    row.settings.insert(name.to_owned(), value.to_owned());
    row
}

fn assert_not_sent(fault: &Fault, code: &str) {
    assert!(matches!(fault, Fault::NotSent { .. }), "{fault:?}");
    assert_eq!(fault.complaint().code, code, "{fault}");
}

#[tokio::test]
async fn a_key_that_nobody_has_vouched_for_is_refused_and_named() {
    let (simulator, row) = router().await;
    let key = simulator.host_key().unwrap();
    let unknown = Device { settings: Default::default(), ..row.clone() };
    let fault = fault_of(&unknown).await;
    assert_not_sent(&fault, "host-key-unknown");
    assert!(fault.to_string().contains(key) && fault.complaint().repair.as_ref().unwrap().contains(key));
    let other = format!("SHA256:{}", "A".repeat(43));
    assert_not_sent(&fault_of(&with(&row, "ssh.host-key", &other)).await, "host-key-changed");
    assert!(simulator.log(Protocol::Ios).unwrap().is_empty());
    let trusting = Device { tls: Tls::Insecure, ..unknown };
    assert!(matches!(run(&trusting, &add_number("1001", SCCP)).await, Ok(Ran::Done(_))));
}

#[tokio::test]
async fn wrong_credentials_of_a_command_line_are_a_matter_of_the_device_row() {
    let (_simulator, row) = router().await;
    assert_not_sent(&fault_of(&Device { password: "other".to_owned(), ..row }).await, "credentials-refused");
}

#[tokio::test]
async fn an_account_with_few_rights_enables_itself() {
    let simulator = Simulator::builder().ios(0).unprivileged().start().await.unwrap();
    let row = device(DeviceKind::CmExpress, simulator.ios().unwrap(), &simulator);
    assert!(matches!(run(&row, &add_number("1001", SCCP)).await, Ok(Ran::Done(_))));
    let mut other = row;
    other.secrets.insert("enable".to_owned(), "other".to_owned());
    assert_not_sent(&fault_of(&other).await, "enable-refused");
}

#[tokio::test]
async fn a_command_line_that_does_not_answer_was_sent_nothing() {
    let (simulator, row) = router().await;
    let address = simulator.ios().unwrap();
    simulator.stop().await;
    assert_not_sent(
        &fault_of(&Device { address: format!("ssh://{address}"), ..row.clone() }).await,
        "connection-refused",
    );
    assert_not_sent(
        &fault_of(&Device { address: "ssh://no.such.host.invalid".to_owned(), ..row.clone() }).await,
        "unreachable",
    );
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let row = Device { address: format!("ssh://{}", silent.local_addr().unwrap()), ..row };
    let driver = for_device(&row).unwrap();
    let step = step(&add_number("1001", SCCP));
    let fault = driver.run(dialtone_drivers::Call { timeout: Duration::from_millis(100), ..call(&step) }).await;
    assert_not_sent(&fault.unwrap_err(), "timeout");
}

#[tokio::test]
async fn a_router_without_a_free_line_was_sent_nothing() {
    let bench = Bench::start(Protocol::Ios, "", &["concurrency=0"]).await;
    assert_not_sent(&bench.run(&add_number("1001", SCCP)).await.unwrap_err(), "connection-closed");
    assert_eq!(bench.effects(), 0);
}

#[tokio::test]
async fn a_terminal_that_the_device_closed_meanwhile_does_no_harm() {
    let bench = Bench::start(Protocol::Ios, "", &["drop-before=command:write memory,once"]).await;
    bench.done(&add_number("1001", SCCP)).await;
    let save = Action::Express(ExpressAction::Save);
    assert!(matches!(bench.run(&save).await.unwrap_err(), Fault::Unknown(_)));
    bench.done(&add_number("1002", SCCP)).await;
}

/// What stands between the driver and a device and can forget its connections: nothing comes through them any more, and
/// nobody is told.
struct Firewall {
    address: SocketAddr,
    forgets: watch::Sender<()>,
}

impl Firewall {
    async fn start(device: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let firewall = Self { address: listener.local_addr().unwrap(), forgets: watch::Sender::new(()) };
        let forgets = firewall.forgets.clone();
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let mut forgotten = forgets.subscribe();
                tokio::spawn(async move {
                    let mut device = TcpStream::connect(device).await.unwrap();
                    tokio::select! {
                        _ = copy_bidirectional(&mut client, &mut device) => {}
                        _ = forgotten.changed() => pending().await,
                    }
                });
            }
        });
        firewall
    }

    fn forget(&self) {
        self.forgets.send_replace(());
    }
}

#[tokio::test]
async fn a_terminal_that_fell_silent_leaves_time_for_a_new_one() {
    let (simulator, row) = router().await;
    let firewall = Firewall::start(simulator.ios().unwrap()).await;
    let driver = for_device(&Device { address: format!("ssh://{}", firewall.address), ..row }).unwrap();
    let [first, second] = ["1001", "1002"].map(|number| step(&add_number(number, SCCP)));
    assert!(matches!(driver.run(call(&first)).await, Ok(Ran::Done(_))));
    firewall.forget();
    assert!(matches!(driver.run(call(&second)).await, Ok(Ran::Done(_))));
}

#[tokio::test]
async fn a_call_that_is_given_up_halfway_leaves_no_terminal_and_nothing_in_the_way() {
    let healthy = Bench::start(Protocol::Ios, "", &[]).await;
    let action = add_number("1001", SCCP);
    healthy.done(&action).await;
    for effects in 1..healthy.effects() {
        let bench = Bench::start(Protocol::Ios, "", &["concurrency=1"]).await;
        let step = step(&action);
        let begun = async {
            while bench.effects() < effects {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            biased;
            () = begun => {}
            ran = bench.driver.run(call(&step)) => panic!("it wasn't given up: {ran:?}"),
        }
        // The only line of the router is free again, and the slot that was begun is the order's own.
        assert!(matches!(bench.settle_within(100, &action).await, Look::Equal(_)));
        assert_eq!(bench.state(), healthy.state(), "after {effects}");
    }
}

#[tokio::test]
async fn a_locked_configuration_is_busy() {
    let bench = Bench::start(Protocol::Ios, "", &["lock=100%,once"]).await;
    let fault = bench.run(&add_number("1001", SCCP)).await.unwrap_err();
    assert!(matches!(&fault, Fault::Busy { complaint, .. } if complaint.code == "ios-locked"), "{fault:?}");
    assert_eq!(bench.effects(), 0);
    bench.done(&add_number("1001", SCCP)).await;
}

#[tokio::test]
async fn a_lost_prompt_is_unknown_once_something_was_typed_in() {
    for (fault, effects) in [("drop-before", 0), ("drop-after", 1)] {
        let bench = Bench::start(Protocol::Ios, "", &[&format!("{fault}=command:ephone-dn 1 dual-line,once")]).await;
        let fault = bench.run(&add_number("1001", SCCP)).await.unwrap_err();
        assert!(matches!(&fault, Fault::Unknown(complaint) if complaint.code == "connection-lost"), "{fault:?}");
        assert_eq!(bench.effects(), effects);
        assert_eq!(bench.look(&add_number("1001", SCCP)).await.unwrap(), Look::Absent);
    }
}

#[tokio::test]
async fn a_device_short_of_memory_is_asked_again() {
    let bench = Bench::start(Protocol::Ios, "", &["error=command:write memory,once"]).await;
    let save = Action::Express(ExpressAction::Save);
    assert_not_sent(&bench.run(&save).await.unwrap_err(), "ios-busy");
    bench.done(&save).await;
}

#[tokio::test]
async fn what_the_router_refuses_is_the_rows() {
    let bench = Bench::start(Protocol::Ios, "", &["refuse=name:Nobody"]).await;
    bench.done(&add_phone(TONY, SCCP)).await;
    let state = bench.state();
    let named = |name: &str| {
        Action::Express(ExpressAction::AddNumber(ExpressNumber { name: Some(name.to_owned()), ..number("1001", SCCP) }))
    };
    let of_type = |phone_type: &str| {
        let phone = ExpressPhone { phone_type: phone_type.to_owned(), ..phone("SEP0011223344FF", SCCP) };
        Action::Express(ExpressAction::AddPhone(phone))
    };
    let commands = |commands: &[&str]| {
        let commands = commands.iter().map(|&command| command.to_owned()).collect();
        Action::Express(ExpressAction::SetCommands { number: "1001".to_owned(), commands })
    };
    let attach = |phone: &str, number: &str| {
        Action::Express(ExpressAction::AttachLine {
            phone: phone.to_owned(),
            number: number.to_owned(),
            position: None,
        })
    };
    for (action, code) in [
        (named("Nobody"), "ios-refused"),
        (named("Who?"), "cli-value"),
        (named("a\rreload"), "cli-value"),
        (named("the \"boss\""), "cli-value"),
        (add_number("10o1", SCCP), "cli-value"),
        (of_type("Cisco 1"), "ios-refused"),
        (of_type("79 65"), "cli-value"),
        (add_phone("SEP00", SCCP), "ios-mac"),
        (add_phone("SEP0011223344ÄÄ", SCCP), "ios-mac"),
        (attach(TONY, "1009"), "ios-no-number"),
        (attach("SEP000000000000", "1009"), "ios-no-phone"),
        (voicemail("1009"), "ios-no-number"),
    ] {
        let fault = bench.run(&action).await.unwrap_err();
        assert!(matches!(&fault, Fault::Rejected(_)), "{fault:?}");
        assert_eq!(fault.complaint().code, code, "{fault}");
    }
    assert_eq!(bench.state(), state);
    bench.done(&add_number("1001", SCCP)).await;
    let state = bench.state();
    for (words, code) in [
        (&["call-forward busy 5000", "reload"][..], "cli-command"),
        (&["call-forward busy"], "cli-command"),
        (&["call-forward noan 5000"], "cli-command"),
        (&["call-forward noan 5000 timeout 2"], "cli-command"),
        (&["call-forward busy 5000\nno telephony-service"], "cli-value"),
        (&["call-forward busy ?"], "cli-value"),
        (&["number 1002"], "cli-command"),
        (&["exit"], "cli-command"),
        (&["preference 11"], "ios-invalid"),
        (&["corlist incoming"], "ios-incomplete"),
        (&["call-waiting ring"], "ios-invalid"),
    ] {
        let fault = bench.run(&commands(words)).await.unwrap_err();
        assert!(matches!(&fault, Fault::Rejected(_)), "{fault:?}");
        assert_eq!(fault.complaint().code, code, "{words:?}: {fault}");
    }
    assert_eq!(bench.state(), state);
    bench.done(&commands(&["preference 2", "huntstop channel"])).await;
    bench.done(&commands(&["no preference"])).await;
    bench.done(&commands(&["no huntstop"])).await;
    assert!(bench.state().to_string().contains("no huntstop"), "what numbers usually have is taken from them as well");
}

#[tokio::test]
async fn commands_of_the_site_are_allowed_by_its_setting() {
    let (_simulator, row) = router().await;
    run(&row, &add_number("1001", SCCP)).await.unwrap();
    let action = Action::Express(ExpressAction::SetCommands {
        number: "1001".to_owned(),
        commands: vec!["description Front desk".to_owned()],
    });
    assert_eq!(run(&row, &action).await.unwrap_err().complaint().code, "cli-command");
    assert!(matches!(run(&with(&row, "ssh.commands", "paging; description"), &action).await, Ok(Ran::Done(_))));
}

#[tokio::test]
async fn a_router_without_free_slots_says_so() {
    let (simulator, row) = router().await;
    let driver = for_device(&row).unwrap();
    for last in 0..144 {
        let step = step(&add_number(&format!("1{last:03}"), SCCP));
        driver.run(call(&step)).await.unwrap();
    }
    let before = simulator.log(Protocol::Ios).unwrap().iter().filter(|entry| !entry.effects.is_empty()).count();
    let fault = driver.run(call(&step(&add_number("2000", SCCP)))).await.unwrap_err();
    assert!(matches!(&fault, Fault::Rejected(complaint) if complaint.code == "ios-slots-full"), "{fault:?}");
    let after = simulator.log(Protocol::Ios).unwrap().iter().filter(|entry| !entry.effects.is_empty()).count();
    assert_eq!(before, after);
}

#[tokio::test]
async fn actions_of_other_devices_are_refused() {
    let bench = Bench::start(Protocol::Ios, "", &[]).await;
    for action in [
        Action::DeleteExtension { key: "101".to_owned() },
        Action::Express(ExpressAction::UnlockMailbox { user_id: "tony".to_owned() }),
    ] {
        assert_eq!(bench.run(&action).await.unwrap_err().complaint().code, "unsupported-action");
    }
}

#[tokio::test]
async fn a_row_that_can_not_be_followed_gives_no_driver() {
    let (_simulator, row) = router().await;
    let wrong = |row: Device| for_device(&row).unwrap_err().to_string();
    assert!(wrong(Device { address: "https://10.0.0.1".to_owned(), ..row.clone() }).contains("ssh://host:port"));
    assert!(wrong(with(&row, "ssh.host-key", "yes")).contains("fingerprint"));
    assert!(wrong(with(&row, "ssh.legacy-algorithms", "perhaps")).contains("neither yes nor no"));
    assert!(wrong(with(&row, "ssh.service-module", "integrated-Service-Engine 0/0")).contains("a Unity Express only"));
    let module = Device { kind: DeviceKind::UnityExpress, ..row };
    assert!(
        wrong(with(&module, "ssh.service-module", "0/0 session\rreload")).contains("integrated-Service-Engine 0/0")
    );
    assert!(for_device(&with(&module, "ssh.legacy-algorithms", "yes")).is_ok());
}

#[tokio::test]
async fn unity_is_refused_with_what_is_supported_instead() {
    let (_simulator, row) = router().await;
    let unity = Device { kind: DeviceKind::Unity, ..row };
    let fault = fault_of(&unity).await;
    assert!(matches!(&fault, Fault::Rejected(complaint) if complaint.code == "unity-unsupported"), "{fault:?}");
    assert!(fault.complaint().repair.as_ref().unwrap().contains("Unity Connection"));
    let probed = for_device(&unity).unwrap().probe(Duration::from_secs(1)).await.unwrap_err();
    assert_eq!(probed, fault);
}
