use std::sync::Arc;

use super::router::{Router, RouterSession};
use super::session::{Outcome, Session as _};
use crate::clock::DeviceClock;
use crate::fault::Faults;

fn router() -> Arc<Router> {
    Arc::new(Router::open(None, None, Arc::new(Faults::new(0)), Arc::new(DeviceClock)).unwrap())
}

/// What a router says to a line, with the prompt that follows.
fn say(session: &mut RouterSession, line: &str) -> String {
    match session.enter(line) {
        Outcome::Text(text) => format!("{text}{}", session.prompt()),
        Outcome::Ask { question, .. } => question,
        other => panic!("{line}: {other:?}"),
    }
}

/// What the last of several lines comes to.
fn told(lines: &[&str]) -> String {
    let mut session = RouterSession::new(router(), "tony", "secret", true);
    lines.iter().fold(String::new(), |_, line| say(&mut session, line))
}

fn shows(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is missing in:\n{text}");
    }
}

#[test]
fn the_configuration_mode_asks_where_the_commands_come_from() {
    let question = "Configuring from terminal, memory, or network [terminal]? ";
    assert_eq!(told(&["configure"]), question);
    let entered = "Enter configuration commands, one per line.  End with CNTL/Z.\nCME(config)#";
    for answer in ["", "t", "terminal"] {
        assert_eq!(told(&["conf", answer]), entered, "{answer}");
    }
    assert!(told(&["conf", "network"]).ends_with("CME#"));
    assert_eq!(told(&["conf t"]), entered);
}

#[test]
fn interfaces_are_there_and_are_configured() {
    let lines =
        ["conf t", "int gi0/1", "ip address 192.0.2.1 255.255.255.0", "no shut", "description to the floor", "end"];
    let with = |more: &str| told(&[&lines[..], &[more]].concat());
    assert_eq!(told(&["conf t", "interface GigabitEthernet 0/1"]), "CME(config-if)#");
    shows(
        &with("show running-config | section interface"),
        &[
            "interface GigabitEthernet0/0\n ip address 10.0.0.1 255.255.255.0\n",
            "interface GigabitEthernet0/1\n description to the floor\n ip address 192.0.2.1 255.255.255.0\n duplex auto\n",
        ],
    );
    shows(&with("show ip interface brief"), &["GigabitEthernet0/1         192.0.2.1       YES NVRAM  up"]);
    shows(&told(&["sh ip int br | i 0/1"]), &["administratively down"]);
    assert!(!told(&["sh ip int br | i 0/1"]).contains("0/0"));
    shows(&told(&["conf t", "int gi0/9"]), &["% Invalid input detected at '^' marker.", "CME(config)#"]);
    shows(&told(&["conf t", "no int gi0/0"]), &["% Removal of physical interfaces is not permitted"]);
    shows(
        &told(&["conf t", "int lo0", "ip addr 10.9.9.9 255.255.255.255", "do sh run"]),
        &["interface Loopback0\n ip address 10.9.9.9"],
    );
    assert!(!told(&["conf t", "int lo0", "exit", "no int lo0", "do sh run"]).contains("Loopback"));
}

#[test]
fn dial_peers_lead_calls_elsewhere() {
    let lines = [
        "conf t",
        "dial-peer voice 100 voip",
        "destination-pattern 9T",
        "session target ipv4:192.0.2.9",
        "session protocol sipv2",
        "no vad",
        "end",
    ];
    let with = |more: &str| told(&[&lines[..], &[more]].concat());
    assert_eq!(told(&lines[..2]), "CME(config-dial-peer)#");
    shows(
        &with("sh run | sec dial-peer"),
        &[
            "dial-peer voice 100 voip\n destination-pattern 9T\n session protocol sipv2\n session target ipv4:192.0.2.9\n no vad\n",
        ],
    );
    shows(&with("show dial-peer voice summary"), &["100    voip  up   up             9T", "ipv4:192.0.2.9"]);
    assert_eq!(told(&["conf t", "dial-peer voice 7"]), "% Incomplete command.\n\nCME(config)#");
    let again = |more: &[&str]| told(&[&lines[..6], &["exit"], more].concat());
    assert_eq!(again(&["dial-peer voice 100"]), "CME(config-dial-peer)#");
    shows(&again(&["dial-peer voice 100 pots"]), &["% Invalid input"]);
    assert!(!again(&["no dial-peer voice 100", "do sh run"]).contains("dial-peer"));
}

#[test]
fn lines_and_the_device_itself_are_configured() {
    let text = told(&[
        "configure terminal",
        "line vty 0 4",
        "exec-timeout 30 0",
        "line con 0",
        "logging sync",
        "ip route 0.0.0.0 0.0.0.0 10.0.0.254",
        "ntp server 192.0.2.5",
        "no ip domain lookup",
        "do show running-config",
    ]);
    shows(
        &text,
        &[
            "hostname CME\n!\n!\nno ip domain lookup\nip domain name example.com\n",
            "ip route 0.0.0.0 0.0.0.0 10.0.0.254\nntp server 192.0.2.5\n",
            "line con 0\n logging synchronous\n",
            "line vty 0 4\n exec-timeout 30 0\n login local\n transport input ssh\n",
            "!\nend\n",
        ],
    );
    shows(&told(&["conf t", "no line vty 0 4"]), &["% Can't delete last 5 VTY lines"]);
    assert!(!told(&["conf t", "no ip domain name", "do sh run"]).contains("example.com"));
    shows(&told(&["conf t", "line vty 5 15", "do sh run"]), &["line vty 0 4", "line vty 5 15"]);
}

#[test]
fn phones_and_numbers_of_both_protocols_are_shown() {
    let lines = [
        "conf t",
        "ephone-dn 1 dual-line",
        "number 1001",
        "ephone 1",
        "mac-address 0011.2233.4455",
        "type 7965",
        "button 1:1",
        "voice register dn 2",
        "number 1002",
        "name Tony",
        "voice register pool 3",
        "id mac 0011.2233.4466",
        "type 7841",
        "number 1 dn 2",
        "end",
    ];
    let with = |more: &str| told(&[&lines[..], &[more]].concat());
    shows(&with("show ephone"), &["ephone-1[0] Mac:0011.2233.4455", "UNREGISTERED", "button 1: dn 1  number 1001"]);
    assert_eq!(with("show ephone registered"), "CME#");
    shows(&with("show ephone-dn"), &["EFXS 50/0/1 Slot is 50, Sub-unit is 0, Port is 1"]);
    assert_eq!(with("show ephone-dn 2"), "CME#");
    shows(&with("show ephone-dn summary"), &["50/0/1", "EFXS_ONHOOK"]);
    let pool = "Pool Tag 3\nConfig:\n  Mac address is 0011.2233.4466\n  Type is 7841\n  Number list 1 : DN 2\n";
    let dn = "Dn Tag 2\nConfig:\n  Number is 1002\n  Preference is 0\n  Name is Tony\n";
    shows(&with("show voice register pool all"), &[pool]);
    shows(&with("sh voice reg pool 3"), &[pool]);
    assert_eq!(with("sh voice reg pool 4"), "CME#");
    shows(&with("show voice register dn all"), &[dn]);
    shows(&with("show voice register all"), &["Mode is cme", "Max-pool is 42", pool, dn]);
    shows(&with("show voice register pool all | include Mac"), &["  Mac address is 0011.2233.4466\nCME#"]);
    shows(&with("show version | i System image|Processor board"), &["flash0:", "Processor board ID"]);
    shows(&with("show clock | x"), &["% Invalid filter"]);
}
