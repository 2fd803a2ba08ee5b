//! The rules of bulk assignments, each by a file that keeps or breaks it.

use dialtone_model::{AddOn, Licence, LicenceCount, User, UserId};
use dialtone_templates::{Reading, read};
use dialtone_validators::{Candidate, Checked, Facts, Identity, Present, Verdict, check, recheck};

const TONY: &str = "652d2f57-6e3b-4170-8bf9-4f1e98c88b56";
const JANE: &str = "7bccb66a-61bc-4bc0-85e6-7fd5e4b1708e";

fn files(texts: &[&str]) -> Vec<Reading> {
    let named = texts.iter().enumerate();
    named.map(|(place, text)| read(&format!("{}.csv", place + 1), text.as_bytes().to_vec())).collect()
}

/// The findings as `row column code`, a whole file's without a row.
fn found(checked: &Checked<'_>) -> Vec<String> {
    let word = |finding: dialtone_model::Finding| {
        let row = finding.row.map(|row| row.to_string()).unwrap_or_default();
        let column = finding.column.unwrap_or_default();
        format!("{row} {column} {}", finding.code).trim().to_owned()
    };
    checked.findings().map(word).collect()
}

/// Rows below the header of a file with names.
fn names(rows: &str, verdict: Verdict, findings: &[&str]) {
    check_text(&format!("Ext Key,User's Name,Number\n{rows}"), verdict, findings);
}

/// Rows below the header of a file with UUIDs.
fn uuids(rows: &str, verdict: Verdict, findings: &[&str]) {
    check_text(&format!("Ext Key,Identity UUID,Number\n{rows}"), verdict, findings);
}

fn check_text(text: &str, verdict: Verdict, findings: &[&str]) {
    let readings = files(&[text]);
    let checked = check(&readings, None);
    assert_eq!(
        (checked.verdict, found(&checked)),
        (verdict, findings.iter().map(|one| (*one).to_owned()).collect()),
        "{text}"
    );
    let refused_rows: std::collections::BTreeSet<u32> = checked
        .findings()
        .filter(|finding| finding.severity == dialtone_model::Severity::Error)
        .filter_map(|finding| finding.row)
        .collect();
    assert_eq!(checked.refused, refused_rows.len(), "{text}");
}

use Verdict::{Accept, RejectFile, RejectRows};

#[test]
fn the_ext_key_is_three_to_five_ascii_digits() {
    names("000,Tony,\n12345,Jane,", Accept, &[]);
    names("12,Tony,\n123456,Jane,", RejectRows, &["2 Ext Key ext-key-format", "3 Ext Key ext-key-format"]);
    names("１０１,Tony,", RejectRows, &["2 Ext Key ext-key-format"]);
    names(",Tony,", RejectRows, &["2 Ext Key cell-required"]);
    names("101,Tony,\n0101,Jane,", Accept, &[]);
}

#[test]
fn everything_stands_in_a_file_once() {
    names(
        "101,Tony,+651\n101,Tony,651",
        RejectRows,
        &[
            "2 Ext Key ext-key-twice",
            "2 User's Name identity-twice",
            "2 Number number-twice",
            "3 Ext Key ext-key-twice",
            "3 User's Name identity-twice",
            "3 Number number-twice",
        ],
    );
    names(
        "101,Jos\u{e9},\n102,Jose\u{301},",
        RejectRows,
        &["2 User's Name identity-twice", "3 User's Name identity-twice"],
    );
    names("101,tony,\n102,Tony,", Accept, &[]);
    let upper = TONY.to_uppercase();
    uuids(
        &format!("101,{TONY},\n102,{upper},"),
        RejectRows,
        &["2 Identity UUID identity-twice", "3 Identity UUID identity-twice"],
    );
}

#[test]
fn rows_of_two_files_name_each_other() {
    let readings = files(&["Ext Key,User's Name\n101,Tony", "Ext Key,User's Name\n\n101,Jane"]);
    let checked = check(&readings, None);
    let messages: Vec<String> = checked.findings().map(|finding| finding.message).collect();
    assert_eq!(
        messages,
        ["The ext key `101` is also in row 3 of 2.csv.", "The ext key `101` is also in row 2 of 1.csv."]
    );
}

#[test]
fn a_cell_of_the_other_kind_refuses_the_file() {
    names(
        &format!("101,Tony,\n102,{TONY},\n103,{JANE},"),
        RejectFile,
        &["identity-kinds-mixed", "3 User's Name identity-kind", "4 User's Name identity-kind"],
    );
    names(&format!("101,{{{TONY}}},"), Accept, &[]);
    uuids(&format!("101,{TONY},\n102,Jane,"), RejectFile, &["identity-kinds-mixed", "3 Identity UUID identity-kind"]);
    uuids(
        &format!("101,{{{TONY}}},\n102,{},", JANE.replace('-', "")),
        RejectRows,
        &["2 Identity UUID uuid-format", "3 Identity UUID uuid-format"],
    );
}

#[test]
fn the_number_is_optional_and_one() {
    names("101,Tony,\n102,Jane,+1\n103,Bob,123456789012345", Accept, &[]);
    names("101,Tony,1234567890123456", RejectRows, &["2 Number number-format"]);
    names("101,Tony,\"65 1234\"\n102,Jane,\"1,2\"", RejectRows, &["2 Number number-format", "3 Number number-several"]);
    names("101,Tony,6.5E+10", RejectRows, &["2 Number cell-damaged"]);
}

#[test]
fn a_name_has_at_most_a_hundred_characters() {
    names(&format!("101,{},", "é".repeat(100)), Accept, &[]);
    names(&format!("101,{},", "é".repeat(101)), RejectRows, &["2 User's Name name-length"]);
}

#[test]
fn a_template_has_at_most_fifteen_thousand_rows_over_its_files() {
    let file = |from: u32, rows: u32| {
        let mut text = "Ext Key,User's Name\n\n".to_owned();
        (from..from + rows).for_each(|row| text += &format!("{},User {row}\n", 10_000 + row));
        text
    };
    let check_rows = |counts: &[u32], expect: Option<(&str, &str)>| {
        let mut from = 0;
        let texts: Vec<String> = counts
            .iter()
            .map(|count| {
                from += count;
                file(from - count, *count)
            })
            .collect();
        let readings = files(&texts.iter().map(String::as_str).collect::<Vec<_>>());
        let checked = check(&readings, None);
        let findings: Vec<_> = checked.findings().collect();
        match expect {
            None => assert_eq!((checked.verdict, findings.len()), (Accept, 0)),
            Some((file, words)) => {
                assert_eq!((checked.verdict, checked.accepted, findings.len()), (RejectFile, 0, 1), "{counts:?}");
                assert_eq!((findings[0].file.as_str(), findings[0].row), (file, None));
                assert!(findings[0].message.contains(words), "{}", findings[0].message);
            }
        }
    };
    check_rows(&[15_000], None);
    check_rows(&[15_001], Some(("1.csv", "15001 rows")));
    check_rows(&[8_000, 7_000], None);
    check_rows(&[8_000, 7_001], Some(("2.csv", "15001 rows")));
}

#[test]
fn every_row_is_accepted_or_refused() {
    let readings = files(&["Ext Key;User's Name;Number\n101; Tony ;+6512\n\n;;\n12;Jane;\n103;'=Bob;'+7"]);
    let checked = check(&readings, None);
    assert_eq!((checked.verdict, checked.accepted, checked.refused), (RejectRows, 2, 1));
    let rows: Vec<_> =
        checked.assignments.iter().map(|one| (one.row, one.ext_key, one.identity.to_string(), one.number)).collect();
    assert_eq!(rows, [(2, "101", "Tony".to_owned(), Some("6512")), (6, "103", "=Bob".to_owned(), Some("7"))]);
}

fn facts() -> Facts {
    let user = |id: &str, name: &str| User { id: id.parse().expect("a UUID"), name: name.to_owned() };
    let twin = "00000000-0000-7000-8000-00000000000";
    let users =
        [user(TONY, "Tony"), user(JANE, "Jane"), user(&format!("{twin}1"), "Twin"), user(&format!("{twin}2"), "Twin")];
    let mut facts = Facts::default().with_users(users);
    facts.ext_keys.insert("102".to_owned());
    facts.available_numbers.extend(["651".to_owned(), "652".to_owned()]);
    let base =
        LicenceCount { licence: Licence::Base, name: "Base".to_owned(), owned: 3, free: 2, reserved: 0, used: 1 };
    facts.licences = Some(vec![base]);
    facts
}

fn with_facts(facts: &Facts, rows: &str, findings: &[&str]) {
    let readings = files(&[&format!("Ext Key,User's Name,Number\n{rows}")]);
    let checked = check(&readings, Some(facts));
    let words: Vec<String> = checked
        .findings()
        .map(|finding| {
            let row = finding.row.map(|row| row.to_string()).unwrap_or_default();
            format!("{row} {}: {}", finding.code, finding.repair.unwrap_or_default())
        })
        .collect();
    assert_eq!(words, findings, "{rows}");
}

#[test]
fn the_facts_know_users_extensions_and_numbers() {
    let mut facts = facts();
    with_facts(&facts, "101,Tony,+651\n103,Jane,", &[]);
    with_facts(&facts, "102,Tony,", &["2 ext-key-taken: Write 103, the next free ext key"]);
    with_facts(&facts, "101,Tonny,", &["2 user-unknown: Did you mean Tony?"]);
    with_facts(
        &facts,
        "101,Twin,",
        &[
            "2 user-ambiguous: Use a file with Identity UUID and one of 00000000-0000-7000-8000-000000000001, 00000000-0000-7000-8000-000000000002",
        ],
    );
    with_facts(&facts, "101,Tony,653", &["2 number-unavailable: Choose an available number, or leave the cell blank."]);
    facts.owners.insert(TONY.parse().unwrap(), "109".to_owned());
    with_facts(&facts, "101,Tony,", &["2 user-assigned: Remove the row, or change that extension."]);
}

#[test]
fn claims_and_present_rows_are_in_the_way() {
    let mut facts = facts();
    facts.claims.ext_keys.insert("101".to_owned(), "Autumn".to_owned());
    facts.claims.users.insert(TONY.parse().unwrap(), "Autumn".to_owned());
    facts.claims.numbers.insert("651".to_owned(), "Autumn".to_owned());
    let place = "row 4 of earlier.csv".to_owned();
    facts.present.push(Present {
        place,
        ext_key: "103".to_owned(),
        user: JANE.parse().unwrap(),
        number: Some("652".to_owned()),
    });
    let readings = files(&["Ext Key,User's Name,Number\n101,Tony,651\n103,Jane,652"]);
    let messages: Vec<String> = check(&readings, Some(&facts)).findings().map(|finding| finding.message).collect();
    assert_eq!(
        messages,
        [
            "The ext key `101` is claimed by the template Autumn.",
            "The user `Tony` is claimed by the template Autumn.",
            "The number `651` is claimed by the template Autumn.",
            "The ext key `103` is also in row 4 of earlier.csv.",
            "The user `Jane` is also in row 4 of earlier.csv.",
            "The number `652` is also in row 4 of earlier.csv.",
        ]
    );
}

#[test]
fn too_few_licences_refuse_the_upload() {
    let mut facts = facts();
    facts.add_ons.push(AddOn("call-recording".to_owned()));
    let readings = files(&["Ext Key,User's Name\n101,Tony\n103,Jane"]);
    let checked = check(&readings, Some(&facts));
    assert_eq!(checked.verdict, RejectFile);
    assert_eq!(found(&checked), ["licence-short"]);

    facts.licences = None;
    assert_eq!(check(&readings, Some(&facts)).verdict, Accept, "a draft takes none yet");
}

#[test]
fn rows_from_elsewhere_are_checked_again() {
    let user: UserId = TONY.parse().unwrap();
    let candidate = |row: u32, ext_key: &'static str| Candidate {
        file: 0,
        row,
        ext_key: Some(ext_key),
        identity: Some(Identity::Uuid(user)),
        number: None,
        user: None,
        refused: false,
    };
    let mut candidates = [candidate(2, "102"), candidate(3, "103")];
    let findings = recheck(&mut candidates, &["hires.csv"], &facts());
    let codes: Vec<(Option<u32>, &str, Option<&str>)> =
        findings.iter().map(|finding| (finding.row, finding.code.as_ref(), finding.value.as_deref())).collect();
    assert_eq!(
        codes,
        [
            (Some(2), "ext-key-taken", Some("102")),
            (Some(2), "identity-twice", Some(TONY)),
            (Some(3), "identity-twice", Some(TONY)),
        ]
    );
    assert!(candidates.iter().all(|candidate| candidate.refused));
}
