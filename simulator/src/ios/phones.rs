//! What `show` tells of phones and their numbers. No phone ever registers here.

use super::configuration::{MODE, present};
use super::part::Part;
use super::section::{Section, Sections};

/// `show ephone`.
pub(super) fn ephones(sections: &Sections) -> String {
    let value = |line: Option<&str>| line.and_then(|line| line.rsplit(' ').next()).unwrap_or_default().to_owned();
    let phones = sections.slots(Part::Ephone.command());
    phones
        .into_iter()
        .map(|(number, phone)| {
            let mut text = format!(
                "ephone-{number}[{}] Mac:{} TCP socket:[-1] activeLine:0 whisperLine:0 UNREGISTERED\n\
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

/// `show ephone-dn`, of all or of one.
pub(super) fn ephone_dns(sections: &Sections, which: Option<u32>) -> String {
    chosen(sections, Part::EphoneDn, which)
        .map(|(number, dn)| {
            let named = dn.get("description").and_then(|line| line.strip_prefix("description "));
            let description = named.map_or_else(|| "is not set".to_owned(), |named| format!("is {named}"));
            format!(
                "50/0/{number} INVALID\n\n EFXS 50/0/{number} Slot is 50, Sub-unit is 0, Port is {number}\n \
                 Type of VoicePort is EFXS\n Operation State is DOWN\n Administrative State is UP\n \
                 The Last Interface Down Failure Cause is Administrative Shutdown\n Description {description}\n\n"
            )
        })
        .collect()
}

/// `show ephone-dn summary`.
pub(super) fn ephone_dn_summary(sections: &Sections) -> String {
    let head = "PORT     DN STATE   MWI_STATE  CODEC    VAD VTSP STATE            VPM STATE\n\
        ======== ========== ========== ======== === ===================== =========\n"
        .to_owned();
    let row = |(number, _): (u32, &Section)| {
        format!("50/0/{number:<4}DOWN       NONE       -        -   -                     EFXS_ONHOOK\n")
    };
    chosen(sections, Part::EphoneDn, None).map(row).fold(head, |text, row| text + &row)
}

/// `show ephone summary`.
pub(super) fn ephone_summary(sections: &Sections) -> String {
    let value = |line: Option<&str>| line.and_then(|line| line.rsplit(' ').next()).unwrap_or_default().to_owned();
    let row = |(number, phone): (u32, &Section)| {
        let (mac, kind) = (value(phone.get("mac-address")), value(phone.get("type")));
        format!("ephone-{number} Mac:{mac} TCP socket:[-1] activeLine:0 UNREGISTERED\nIP:0.0.0.0 {kind} keepalive 0\n")
    };
    let count = sections.slots(Part::Ephone.command()).len();
    let limits = present(sections, Part::TelephonyService.command());
    let phones: String = chosen(sections, Part::Ephone, None).map(row).collect();
    let most = value(limits.get("max-ephones"));
    format!("{phones}\nMax {most}, Registered 0, Unregistered {count}, Deceased 0, Sockets 0\n\n")
}

/// `show telephony-service ephone`: what is configured of phones.
pub(super) fn phones_of_service(sections: &Sections) -> String {
    of_service(sections, Part::Ephone)
}

/// `show telephony-service ephone-dn`: what is configured of numbers.
pub(super) fn dns_of_service(sections: &Sections) -> String {
    of_service(sections, Part::EphoneDn)
}

fn of_service(sections: &Sections, part: Part) -> String {
    let slot = |(number, section): (u32, &Section)| {
        let mode = section.get(MODE).map(|mode| format!(" {mode}")).unwrap_or_default();
        let settings = section.0.iter().filter(|(name, _)| *name != MODE).map(|(_, line)| format!("{line}\n"));
        format!("{} {number}{mode}\n{}!\n", part.command(), settings.collect::<String>())
    };
    chosen(sections, part, None).map(slot).collect()
}

/// `show voice register global`.
pub(super) fn register_global(sections: &Sections) -> String {
    let global = present(sections, Part::RegisterGlobal.command());
    let of = |name: &str| global.get(name).and_then(|line| line.rsplit(' ').next()).unwrap_or("0").to_owned();
    let mode = if global.get("mode cme").is_some() { "cme" } else { "srst" };
    format!(
        "CONFIG [Version=8.6]\n========================\nVersion 8.6\nMode is {mode}\nMax-pool is {}\nMax-dn is {}\n\n",
        of("max-pool"),
        of("max-dn"),
    )
}

/// `show voice register pool`, of all or of one.
pub(super) fn register_pools(sections: &Sections, which: Option<u32>) -> String {
    chosen(sections, Part::RegisterPool, which)
        .map(|(tag, pool)| {
            let of = |name: &str| pool.get(name).and_then(|line| line.rsplit(' ').next());
            let mut text = format!("Pool Tag {tag}\nConfig:\n");
            for (what, value) in [("Mac address is", of("id mac")), ("Type is", of("type"))] {
                text.extend(value.map(|value| format!("  {what} {value}\n")));
            }
            for line in pool.0.values() {
                if let [_, place, "dn", dn] = line.split(' ').collect::<Vec<_>>()[..] {
                    text.push_str(&format!("  Number list {place} : DN {dn}\n"));
                }
            }
            text.push_str("  Proxy Ip address is 0.0.0.0\n");
            text + "  Reason for unregistered state:\n    No registration request since last reboot/unregister\n\n"
        })
        .collect()
}

/// `show voice register dn`, of all or of one.
pub(super) fn register_dns(sections: &Sections, which: Option<u32>) -> String {
    chosen(sections, Part::RegisterDn, which)
        .map(|(tag, dn)| {
            let of = |name: &str| dn.get(name).and_then(|line| line.strip_prefix(name)).map(str::trim);
            let mut text = format!("Dn Tag {tag}\nConfig:\n");
            let preference = of("preference").or(Some("0"));
            for (what, value) in [
                ("Number is", of("number")),
                ("Preference is", preference),
                ("Label is", of("label")),
                ("Name is", of("name")),
            ] {
                text.extend(value.map(|value| format!("  {what} {value}\n")));
            }
            text + "\n"
        })
        .collect()
}

/// The slots of a part, or one of them.
fn chosen(sections: &Sections, part: Part, which: Option<u32>) -> impl Iterator<Item = (u32, &Section)> {
    let slots = sections.slots(part.command()).into_iter();
    slots.filter(move |(number, _)| which.is_none_or(|which| which == *number))
}
