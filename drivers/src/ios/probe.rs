//! What the devices say of themselves.

use dialtone_model::Fault;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::command_line::CommandLine;
use super::dialogue::Dialogue;
use crate::Probe;

pub(super) async fn ios(dialogue: &mut Dialogue<'_>) -> Result<Probe, Fault> {
    let version = dialogue.ask(&CommandLine::of("show version")).await?;
    let telephony = dialogue.ask_anyway(&CommandLine::of("show telephony-service")).await?;
    let privilege = dialogue.ask_anyway(&CommandLine::of("show privilege")).await?;
    let clock = dialogue.ask_anyway(&CommandLine::of("show clock")).await?;
    let mut missing_rights = Vec::new();
    if !privilege.trim().ends_with(" 15") {
        missing_rights.push(format!("it may not do everything: {}", privilege.trim()));
    }
    let cme = telephony.split_once("(Version=").and_then(|(_, rest)| rest.split_once(')')).map(|(version, _)| version);
    if cme.is_none() {
        missing_rights.push("CM Express is not set up: the device has no telephony-service".to_owned());
    }
    let ios = version.lines().find(|line| line.contains("IOS")).map(str::trim);
    let parts = [ios.map(str::to_owned), cme.map(|cme| format!("CM Express {cme}"))];
    let version: Vec<String> = parts.into_iter().flatten().collect();
    let version = (!version.is_empty()).then(|| version.join("; "));
    Ok(Probe { version, missing_rights, clock: seconds(&clock) })
}

pub(super) async fn cue(dialogue: &mut Dialogue<'_>) -> Result<Probe, Fault> {
    // Earlier releases say it under the one name, later ones under the other.
    let mut said = dialogue.ask_anyway(&CommandLine::of("show software versions")).await?;
    if said.contains("% Invalid") {
        said = dialogue.ask(&CommandLine::of("show version")).await?;
    }
    let version = said.lines().map(str::trim).find(|line| line.to_ascii_lowercase().contains("version"));
    let clock = dialogue.ask_anyway(&CommandLine::of("show clock detail")).await?;
    Ok(Probe { version: version.map(str::to_owned), missing_rights: Vec::new(), clock: seconds(&clock) })
}

/// Seconds since 1970 of a line such as `*10:22:33.123 UTC Sun Nov 22 2026`; only where the zone is known by its name.
fn seconds(said: &str) -> Option<i64> {
    let zoned = |line: &str| {
        let words: Vec<&str> = line.trim().trim_start_matches(['*', '.']).split_whitespace().collect();
        let [time, "UTC" | "GMT", _, month, day, year, ..] = words.as_slice() else { return None };
        let time = time.split('.').next()?;
        let civil = DateTime::strptime("%b %d %Y %H:%M:%S", format!("{month} {day} {year} {time}")).ok()?;
        Some(civil.to_zoned(TimeZone::UTC).ok()?.timestamp().as_second())
    };
    said.lines().find_map(zoned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_read_where_its_zone_is_known() {
        assert_eq!(seconds("*00:00:10.250 UTC Thu Jan 1 1970\n"), Some(10));
        assert_eq!(seconds("\n.10:22:33.123 GMT Sun Nov 22 2026"), Some(1_795_342_953));
        assert_eq!(seconds("10:22:33 CET Sun Nov 22 2026"), None);
        assert_eq!(seconds("% Invalid input"), None);
    }
}
