use jiff::Timestamp;

use super::commands::{Exec, Part};
use super::configuration::{STARTUP, filtered, hostname, running, single};
use super::section::Sections;

/// Who looks, and when.
#[derive(Debug)]
pub(super) struct Viewer<'a> {
    pub(super) login: &'a str,
    pub(super) privileged: bool,
    pub(super) now: Timestamp,
}

/// What a `show` command prints.
pub(super) fn show(command: Exec, sections: &Sections, viewer: &Viewer<'_>, filter: Option<&str>) -> String {
    let whole = match command {
        Exec::ShowRunning => {
            let text = running(sections);
            format!("Building configuration...\n\nCurrent configuration : {} bytes\n{text}\n", text.len())
        }
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
             System returned to ROM by power-on\n\n\
             Cisco CISCO2951/K9 (revision 1.1) with 475136K/49152K bytes of memory.\n\
             255K bytes of non-volatile configuration memory.\n\n\
             Configuration register is 0x2102\n\n",
            hostname(sections)
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
            let settings = single(sections, Part::TelephonyService.command());
            let lines: String = settings.0.values().map(|line| format!("{line}\n")).collect();
            format!("CONFIG (Version=8.6)\n=====================\nVersion 8.6\n{lines}\n")
        }
        Exec::ShowEphone => phones(sections),
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

fn phones(sections: &Sections) -> String {
    let value = |line: Option<&str>| line.and_then(|line| line.rsplit(' ').next()).unwrap_or_default().to_owned();
    let phones = sections.slots(Part::Ephone.command());
    phones
        .into_iter()
        .map(|(number, phone)| {
            let mut text = format!(
                "ephone-{number}[{}] Mac:{} TCP socket:[-1] activeLine:0 whisperLine:0 DECEASED\n\
                 mediaActive:0 whisper_mediaActive:0 startMedia:0 offhook:0 ringing:0 reset:0 reset_sent:0 paging 0\n\
                 IP:0.0.0.0 * 0 {}  keepalive 0 max_line 0\n",
                number - 1,
                value(phone.get("mac-address")),
                value(phone.get("type")),
            );
            let buttons = phone.get("button").and_then(|line| line.strip_prefix("button")).unwrap_or_default();
            for button in buttons.split_whitespace() {
                let (position, slot) = button.split_once(':').unwrap_or((button, ""));
                let number = value(sections.of(&format!("ephone-dn {slot}")).get("number"));
                text.push_str(&format!("button {position}: dn {slot}  number {number} CH1   DOWN\n"));
            }
            text + "\n"
        })
        .collect()
}
