//! What `show` tells of the machine: what it is built of, and its interfaces. Nothing ever goes through these.

use super::configuration::{FRESH, present};
use super::named;
use super::part::Part;
use super::section::{Section, Sections};

/// The serial number of the machine.
pub(super) const SERIAL: &str = "FTX1500A0AA";

/// What the machine is built of: name, description, part and serial number.
const PARTS: [(&str, &str, &str, &str); 3] = [
    ("CISCO2951/K9", "CISCO2951/K9 chassis, Hw Serial#: FTX1500A0AA, Hw Revision: 1.1", "CISCO2951/K9", SERIAL),
    (
        "PVDM3 DSP DIMM with 64 Channels on Slot 0 SubSlot 4",
        "PVDM3 DSP DIMM with 64 Channels",
        "PVDM3-64",
        "FOC1500A0BB",
    ),
    ("C2951 AC Power Supply", "C2951 AC Power Supply", "PWR-2921-51-AC", "QCS1500A0CC"),
];

/// `show inventory`.
pub(super) fn inventory() -> String {
    let part = |(name, description, number, serial): (&str, &str, &str, &str)| {
        format!("NAME: \"{name}\", DESCR: \"{description}\"\nPID: {number:<18}, VID: V01 , SN: {serial}\n\n")
    };
    PARTS.into_iter().map(part).collect()
}

/// `show interfaces`, of all or of the one with this key.
pub(super) fn interfaces(sections: &Sections, which: Option<&str>) -> String {
    let keys = named::keys(sections, Part::Interface, &FRESH);
    let chosen = keys.iter().enumerate().filter(|(_, key)| which.is_none_or(|which| which == key.as_str()));
    chosen.map(|(place, key)| interface(key, &present(sections, key), place)).collect()
}

fn interface(key: &str, section: &Section, place: usize) -> String {
    let name = key.strip_prefix("interface ").unwrap_or_default();
    let (status, protocol) = state(section);
    let is_physical = name.starts_with("GigabitEthernet");
    let hardware = match is_physical {
        true => {
            let address = format!("0011.2200.{:04x}", place + 1);
            format!("CN Gigabit Ethernet, address is {address} (bia {address})")
        }
        false => name.trim_end_matches(|letter: char| !letter.is_ascii_alphabetic()).to_owned(),
    };
    let said = section.get("description").and_then(|line| line.strip_prefix("description "));
    let description = said.map(|text| format!("  Description: {text}\n")).unwrap_or_default();
    let address = address(section).map(|(address, mask)| format!("  Internet address is {address}/{}\n", length(mask)));
    let medium = if is_physical { "  Full Duplex, 1Gbps, media type is RJ45\n" } else { "" };
    format!(
        "{name} is {status}, line protocol is {protocol} \n  Hardware is {hardware}\n{description}{}\
         \x20 MTU 1500 bytes, BW 1000000 Kbit/sec, DLY 10 usec, \n\
         \x20    reliability 255/255, txload 1/255, rxload 1/255\n\
         \x20 Encapsulation ARPA, loopback not set\n\
         \x20 Keepalive set (10 sec)\n{medium}\
         \x20 Last input never, output never, output hang never\n\
         \x20 Last clearing of \"show interface\" counters never\n\
         \x20 Input queue: 0/75/0/0 (size/max/drops/flushes); Total output drops: 0\n\
         \x20 Queueing strategy: fifo\n\
         \x20 Output queue: 0/40 (size/max)\n\
         \x20 5 minute input rate 0 bits/sec, 0 packets/sec\n\
         \x20 5 minute output rate 0 bits/sec, 0 packets/sec\n\
         \x20    0 packets input, 0 bytes, 0 no buffer\n\
         \x20    0 input errors, 0 CRC, 0 frame, 0 overrun, 0 ignored\n\
         \x20    0 packets output, 0 bytes, 0 underruns\n\
         \x20    0 output errors, 0 collisions, 1 interface resets\n",
        address.unwrap_or_default()
    )
}

/// `show interfaces description`.
pub(super) fn descriptions(sections: &Sections) -> String {
    let head = "Interface                      Status         Protocol Description\n".to_owned();
    let row = |key: String| {
        let section = present(sections, &key);
        let (status, protocol) = state(&section);
        let status = if status == "up" { "up" } else { "admin down" };
        let name = key.strip_prefix("interface ").unwrap_or_default();
        let number = name.find(|letter: char| letter.is_ascii_digit()).unwrap_or_default();
        let short = format!("{}{}", &name[..2.min(name.len())], &name[number..]);
        let said = section.get("description").and_then(|line| line.strip_prefix("description "));
        format!("{short:<30} {status:<14} {protocol:<8} {}\n", said.unwrap_or_default())
    };
    named::keys(sections, Part::Interface, &FRESH).into_iter().map(row).fold(head, |text, row| text + &row)
}

/// `show ip interface brief`.
pub(super) fn addresses(sections: &Sections) -> String {
    let head = "Interface                  IP-Address      OK? Method Status                Protocol\n".to_owned();
    let row = |key: String| {
        let section = present(sections, &key);
        let address = address(&section).map_or("unassigned", |(address, _)| address);
        let (status, protocol) = state(&section);
        let name = key.strip_prefix("interface ").unwrap_or_default();
        format!("{name:<26} {address:<15} YES NVRAM  {status:<21} {protocol}\n")
    };
    named::keys(sections, Part::Interface, &FRESH).into_iter().map(row).fold(head, |text, row| text + &row)
}

/// Whether an interface is up, and whether its protocol is.
fn state(section: &Section) -> (&'static str, &'static str) {
    if section.get("shutdown").is_some() { ("administratively down", "down") } else { ("up", "up") }
}

fn address(section: &Section) -> Option<(&str, &str)> {
    let mut words = section.get("ip address")?.split(' ').skip(2);
    Some((words.next()?, words.next()?))
}

/// How many bits of an address are the network's.
fn length(mask: &str) -> u32 {
    mask.split('.').filter_map(|part| part.parse::<u8>().ok()).map(u8::count_ones).sum()
}
