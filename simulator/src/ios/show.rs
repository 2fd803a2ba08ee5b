use jiff::Timestamp;

use super::commands::Exec;
use super::configuration::{FRESH, STARTUP, filtered, hostname, one, present, running};
use super::part::Part;
use super::section::Sections;
use super::{hardware, named, phones};

/// Who looks, and when.
#[derive(Debug)]
pub(super) struct Viewer<'a> {
    pub(super) login: &'a str,
    pub(super) privileged: bool,
    pub(super) now: Timestamp,
}

/// What a `show` command prints; `which` is the number or the name that it asks for.
pub(super) fn show(
    command: Exec,
    sections: &Sections,
    viewer: &Viewer<'_>,
    which: Option<&str>,
    filter: Option<&str>,
) -> String {
    let name = which.unwrap_or_default();
    let which = name.parse::<u32>().ok();
    let whole = match command {
        Exec::ShowRunning => {
            let text = running(sections);
            format!("Building configuration...\n\nCurrent configuration : {} bytes\n{text}\n", text.len())
        }
        Exec::ShowRunningInterface => match named::key(Part::Interface, &format!("interface {name}"), sections) {
            Some(key) => {
                let text = one(sections, Part::Interface, &key);
                format!("Building configuration...\n\nCurrent configuration : {} bytes\n!\n{text}end\n\n", text.len())
            }
            None => "% Invalid input detected at '^' marker.\n\n".to_owned(),
        },
        Exec::ShowStartup => match sections.get(STARTUP).and_then(|saved| saved.get("text")) {
            Some(saved) => format!("Using {} out of 262136 bytes\n{saved}\n", saved.len()),
            None => "startup-config is not present\n".to_owned(),
        },
        Exec::ShowVersion => format!(
            "Cisco IOS Software, C2951 Software (C2951-UNIVERSALK9-M), Version 15.1(4)M, RELEASE SOFTWARE (fc1)\n\
             Technical Support: http://www.cisco.com/techsupport\n\
             Compiled Thu 24-Mar-11 15:23 by prod_rel_team\n\n\
             ROM: System Bootstrap, Version 15.0(1r)M9, RELEASE SOFTWARE (fc1)\n\n\
             {} uptime is 1 week, 2 days, 3 hours, 4 minutes\n\
             System returned to ROM by power-on\n\
             System image file is \"flash0:c2951-universalk9-mz.SPA.151-4.M.bin\"\n\n\
             Cisco CISCO2951/K9 (revision 1.1) with 475136K/49152K bytes of memory.\n\
             Processor board ID {}\n\
             2 Gigabit Ethernet interfaces\n\
             255K bytes of non-volatile configuration memory.\n\n\
             Configuration register is 0x2102\n\n",
            hostname(sections),
            hardware::SERIAL
        ),
        Exec::ShowClock => clock(viewer.now),
        Exec::ShowPrivilege => {
            format!("Current privilege level is {}\n", if viewer.privileged { 15 } else { 1 })
        }
        Exec::ShowUsers => format!(
            "    Line       User       Host(s)              Idle       Location\n\
             *  2 vty 0     {:<10} idle                 00:00:00   127.0.0.1\n",
            viewer.login
        ),
        Exec::ShowTelephony => {
            let settings = present(sections, Part::TelephonyService.command());
            let lines: String = settings.0.values().map(|line| format!("{line}\n")).collect();
            format!("CONFIG (Version=8.6)\n=====================\nVersion 8.6\n{lines}\n")
        }
        Exec::ShowEphone => phones::ephones(sections),
        // No phone is ever there.
        Exec::ShowRegistered => String::new(),
        Exec::ShowEphoneDn => phones::ephone_dns(sections, which),
        Exec::ShowEphoneDnSummary => phones::ephone_dn_summary(sections),
        Exec::ShowRegisterGlobal => phones::register_global(sections),
        Exec::ShowRegisterPools => phones::register_pools(sections, which),
        Exec::ShowRegisterDns => phones::register_dns(sections, which),
        Exec::ShowRegisterAll => {
            let (dns, pools) = (phones::register_dns(sections, None), phones::register_pools(sections, None));
            format!(
                "{}VOICE REGISTER DN\n=================\n{dns}\nVOICE REGISTER POOL\n===================\n{pools}",
                phones::register_global(sections)
            )
        }
        Exec::ShowDialPeers => dial_peers(sections),
        Exec::ShowAddresses => hardware::addresses(sections),
        Exec::ShowInventory => hardware::inventory(),
        Exec::ShowInterfaces => hardware::interfaces(sections, None),
        Exec::ShowInterface => match named::key(Part::Interface, &format!("interface {name}"), sections) {
            Some(key) => hardware::interfaces(sections, Some(&key)),
            None => "% Invalid input detected at '^' marker.\n\n".to_owned(),
        },
        Exec::ShowDescriptions => hardware::descriptions(sections),
        Exec::ShowTelephonyDns => phones::dns_of_service(sections),
        Exec::ShowTelephonyPhones => phones::phones_of_service(sections),
        Exec::ShowEphoneSummary => phones::ephone_summary(sections),
        _ => String::new(),
    };
    match filter {
        Some(filter) => filtered(&whole, filter).unwrap_or_else(|| "% Invalid filter\n".to_owned()),
        None => whole,
    }
}

/// The time as Cisco's systems print it.
pub(super) fn clock(now: Timestamp) -> String {
    let now = now.strftime("%H:%M:%S.%3f UTC %a %b %-d %Y");
    format!("*{now}\n")
}

/// The last word of a setting.
fn last(line: Option<&str>) -> &str {
    line.and_then(|line| line.rsplit(' ').next()).unwrap_or_default()
}

fn dial_peers(sections: &Sections) -> String {
    let head = "dial-peer hunt 0\n\
        \x20            AD                                    PRE PASS                OUT\n\
        TAG    TYPE  MIN  OPER PREFIX    DEST-PATTERN      FER THRU SESS-TARGET    STAT PORT\n"
        .to_owned();
    let row = |key: String| {
        let section = present(sections, &key);
        let mut words = key.split(' ').skip(2);
        let (tag, kind) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let state = if section.get("shutdown").is_some() { "down" } else { "up" };
        let preference = section.get("preference").map_or("0", |line| last(Some(line)));
        format!(
            "{tag:<6} {kind:<5} up   {state:<4}           {:<17} {preference:<3} syst {:<14}      {}\n",
            last(section.get("destination-pattern")),
            last(section.get("session target")),
            last(section.get("port")),
        )
    };
    named::keys(sections, Part::DialPeer, &FRESH).into_iter().map(row).fold(head, |text, row| text + &row)
}
