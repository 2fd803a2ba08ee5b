//! `dialtone device sync` against simulated devices that others change meanwhile.

use std::io::Write as _;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use dialtone_drivers::{Call, Driver, for_device};
use dialtone_model::{
    Action, AddOn, Attributes, Device, DeviceId, DeviceKind, DeviceLimits, Extension, MailboxAction, OrderId,
    OrganizationId, Step, Tls, UnifiedCmObject,
};
use dialtone_simulator::Simulator;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::home::Home;

/// A data folder that knows one device, and somebody else who changes it.
struct Bench {
    home: Home,
    simulator: Simulator,
    other: Arc<dyn Driver>,
}

impl Bench {
    async fn start(kind: DeviceKind, version: Option<&str>) -> Self {
        let builder = Simulator::builder();
        let builder = match kind {
            DeviceKind::PhoneSystem => builder.phone_system(0),
            DeviceKind::UnifiedCm => builder.unified_cm(version.unwrap(), 0),
            _ => builder.unity_connection(0),
        };
        let simulator = builder.start().await.unwrap();
        let unified_cm = simulator.unified_cm().next().map(|(_, address)| address);
        let address = simulator.phone_system().or(unified_cm).or(simulator.unity_connection()).unwrap();
        let device = Device {
            id: DeviceId(Uuid::from_u128(1)),
            organization: OrganizationId(Uuid::from_u128(1)),
            name: "the device".to_owned(),
            kind,
            address: format!("https://{address}"),
            version: version.map(str::to_owned),
            login: "dialtone".to_owned(),
            password: "dialtone".to_owned(),
            secrets: Default::default(),
            tls: Tls::Ca(simulator.ca_pem().to_owned()),
            limits: DeviceLimits::default(),
            settings: Default::default(),
        };
        let home = Home::with_organization(1);
        home.write("ca.pem", simulator.ca_pem());
        let mut command = home.command(["device", "add", "read", "--kind", kind.word(), "--login", "dialtone"]);
        command.args(["--address", &device.address, "--ca"]).arg(home.path("ca.pem"));
        command.args(version.map(|version| format!("--version={version}"))).stdin(Stdio::piped());
        let mut adding = command.spawn().unwrap();
        adding.stdin.take().unwrap().write_all(b"dialtone\n").unwrap();
        crate::home::Answer::from(adding.wait_with_output().unwrap()).done();
        Self { home, simulator, other: for_device(&device).unwrap() }
    }

    /// Somebody else changes the device.
    async fn act(&self, action: Action) {
        let step = Step { device: DeviceId(Uuid::from_u128(1)), action };
        let order = OrderId(Uuid::from_u128(1));
        let call = Call { order, index: 0, step: &step, secret: None, timeout: Duration::from_secs(30) };
        self.other.run(call).await.unwrap();
    }

    /// Synchronises; what was read, added, changed and removed of infrastructure and subscribers.
    fn sync(&self, whole: &str) -> Vec<[u64; 4]> {
        let lines = self.home.line(&format!("device sync read {whole} --json")).done().json_lines();
        let counts = ["found", "added", "changed", "removed"];
        let numbers = |line: &Value| counts.map(|name| line["progress"][name].as_u64().unwrap());
        lines.iter().map(numbers).collect()
    }

    /// The kinds and keys of what the inventory has of some kinds.
    fn inventory(&self, kinds: &[&str]) -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let objects = self.home.line("device inventory read --json").done().json_lines();
        let of_kinds = objects.iter().filter(|object| kinds.contains(&object["kind"].as_str().unwrap()));
        of_kinds.map(|object| (text(&object["kind"]), text(&object["key"]))).collect()
    }

    /// Tests the device, and gives its version in its own words.
    fn version(&self) -> String {
        let tested = self.home.line("device test read --json").done().json();
        assert_eq!(tested["ok"], true, "{tested}");
        tested["version"].as_str().unwrap().to_owned()
    }
}

fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(kind, key)| ((*kind).to_owned(), (*key).to_owned())).collect()
}

fn number(pattern: &str) -> Action {
    Action::AddDirectoryNumber { pattern: pattern.to_owned(), partition: None, attributes: Attributes::new() }
}

#[tokio::test(flavor = "multi_thread")]
async fn unified_cm_is_read_whole_and_then_only_what_changed() {
    let bench = Bench::start(DeviceKind::UnifiedCm, Some("12.5")).await;
    assert!(bench.version().starts_with("12.5."));
    bench.act(number("1001")).await;
    bench.act(number("1002")).await;
    let [infrastructure, subscribers] = bench.sync("")[..] else { panic!("two reads are expected") };
    assert!(infrastructure[0] > 0 && infrastructure[0] == infrastructure[1], "{infrastructure:?}");
    assert_eq!(subscribers, [2, 2, 0, 0]);
    let numbers = [("directory_number", "1001/"), ("directory_number", "1002/")];
    assert_eq!(bench.inventory(&["directory_number"]), owned(&numbers));

    bench.act(number("1003")).await;
    let object = UnifiedCmObject::DirectoryNumber { pattern: "1001".to_owned(), partition: None };
    let attributes = Attributes::from([("description".to_owned(), "Reception".to_owned())]);
    bench.act(Action::ChangeObject { object: object.clone(), attributes }).await;
    assert_eq!(bench.sync("--subscribers"), [[2, 1, 1, 0]], "only what changed is read");
    let changes = bench.home.line("device changes read --subscribers --json").done().json_lines();
    let changed: Vec<_> = changes.iter().map(|change| (&change["key"], &change["change"])).collect();
    assert_eq!(changed, [(&json!("1001/"), &json!("changed")), (&json!("1003/"), &json!("added"))]);

    assert_eq!(bench.sync("--subscribers --whole"), [[3, 0, 0, 0]]);
    bench.act(Action::RemoveObject { object }).await;
    assert_eq!(bench.sync("--subscribers"), [[2, 0, 0, 1]], "a removal can't be told from a change, so all is read");
    bench.simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn unity_connection_is_read_whole_each_time() {
    let bench = Bench::start(DeviceKind::UnityConnection, None).await;
    assert!(bench.version().starts_with("12.5."));
    for (alias, extension) in [("tony", "1001"), ("jane", "1002")] {
        bench
            .act(Action::AddMailbox {
                alias: alias.to_owned(),
                extension: extension.to_owned(),
                template: "voicemailusertemplate".to_owned(),
                attributes: Attributes::new(),
            })
            .await;
    }
    assert_eq!(bench.sync(""), [[4, 4, 0, 0], [2, 2, 0, 0]]);
    bench.act(Action::Mailbox(MailboxAction::Rename { alias: "tony".to_owned(), to: "anthony".to_owned() })).await;
    let attributes = Attributes::from([("City".to_owned(), "London".to_owned())]);
    bench.act(Action::SetMailbox { alias: "jane".to_owned(), attributes }).await;
    assert_eq!(bench.sync(""), [[4, 0, 0, 0], [2, 1, 1, 1]]);
    let expected = [
        ("external_service", "Unified Messaging"),
        ("mailbox", "anthony"),
        ("mailbox", "jane"),
        ("user_template", "voicemailusertemplate"),
    ];
    assert_eq!(bench.inventory(&["external_service", "mailbox", "user_template"]), owned(&expected));
    bench.simulator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_phone_system_is_read_whole_each_time() {
    let bench = Bench::start(DeviceKind::PhoneSystem, None).await;
    assert_eq!(bench.version(), "Phone System 1.0");
    let extension = |key: &str, name: &str| Extension {
        key: key.to_owned(),
        directory_name: name.to_owned(),
        user: None,
        number: None,
        add_ons: vec![AddOn("call-recording".to_owned())],
    };
    for key in ["101", "102"] {
        bench.act(Action::ProvisionExtension(extension(key, "Somebody"))).await;
    }
    assert_eq!(bench.sync(""), [[0, 0, 0, 0], [2, 2, 0, 0]]);
    bench.act(Action::ChangeExtension { from: "101".to_owned(), to: extension("101", "Reception") }).await;
    bench.act(Action::DeleteExtension { key: "102".to_owned() }).await;
    assert_eq!(bench.sync("--subscribers"), [[1, 0, 1, 1]]);
    assert_eq!(bench.inventory(&["extension"]), owned(&[("extension", "101")]));
    bench.simulator.stop().await;
}
