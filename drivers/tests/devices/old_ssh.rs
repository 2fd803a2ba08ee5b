use std::process::Command;
use std::time::Duration;

use dialtone_drivers::for_device;
use dialtone_model::{Device, DeviceKind, Fault};
use dialtone_simulator::Simulator;

use crate::support::device;

/// Writes an RSA key in OpenSSH's form to a file.
const KEY: &str = "import sys
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives import serialization as s
key = rsa.generate_private_key(65537, 2048)
form = (s.Encoding.PEM, s.PrivateFormat.OpenSSH, s.NoEncryption())
open(sys.argv[1], 'wb').write(key.private_bytes(*form))";

#[tokio::test]
async fn an_old_router_is_talked_to_where_its_row_allows_it_and_refused_otherwise() {
    let python = std::env::var("DIALTONE_TEST_PYTHON").expect("DIALTONE_TEST_PYTHON is not set: see tests/python.sh");
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("ssh-host-key");
    assert!(Command::new(python).args(["-c", KEY]).arg(key).status().unwrap().success());
    let simulator = Simulator::builder().data(folder.path()).ios(0).old_ssh().start().await.unwrap();
    let row = device(DeviceKind::CmExpress, simulator.ios().unwrap(), &simulator);

    let probe = async |row: &Device| for_device(row).unwrap().probe(Duration::from_secs(60)).await;
    let refused = probe(&row).await.unwrap_err();
    let Fault::NotSent { complaint, .. } = refused else { panic!("{refused:?}") };
    assert_eq!(complaint.code, "ssh-algorithms", "{complaint}");
    assert!(complaint.message.contains("diffie-hellman-group14-sha1"), "{complaint}");
    assert!(complaint.repair.unwrap().contains("ssh.legacy-algorithms"));

    let mut settings = row.settings.clone();
    settings.insert("ssh.legacy-algorithms".to_owned(), "yes".to_owned());
    let probed = probe(&Device { settings, ..row }).await.unwrap();
    assert!(probed.version.unwrap().contains("IOS"));
}
