//! Extensions on a real SIP server: phones register with the passwords that were handed out, call each other, and what
//! is deleted is gone at once.

#![expect(clippy::unwrap_used, reason = "the helpers of tests unwrap as the tests do")]

mod phones;
mod site;

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;

use phones::Account;
use site::{Engine, Site, key, number};

const USERS: usize = 200;

#[test]
fn phones_register_and_call_each_other_after_a_bulk_assignment_with_postgresql() {
    life_of_a_site(Engine::Postgres);
}

#[test]
fn phones_register_and_call_each_other_after_a_bulk_assignment_with_sqlite() {
    life_of_a_site(Engine::Sqlite);
}

fn life_of_a_site(engine: Engine) {
    // One user and one number more, to change to.
    let site = Site::new(engine, USERS + 1);
    site.done(&["template", "create", "New hires", "--add-on", "call-recording"]);
    site.done(&["template", "add", "New hires", &site.bulk(USERS)]);
    let run = site.run(&["template", "assign", "New hires"]);

    let accounts = site.passwords(&run, "passwords.csv", &[]);
    assert_eq!(accounts.len(), USERS);
    let different: BTreeSet<&str> = accounts.values().map(|account| account.password.as_str()).collect();
    assert_eq!(different.len(), USERS, "two passwords are equal");
    let mode = std::fs::metadata(site.path("passwords.csv")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let one = &accounts[&key(7)].password;
    assert!(!site.keeps(one), "a password that was handed out is still kept, or was never sealed");

    let another = site.path("another.csv").display().to_string();
    let why = site.refused(&["extension", "passwords", &run, "--output", &another]);
    assert!(why.contains("handed out") && why.contains("cli:tester"), "{why}");
    assert!(!site.path("another.csv").exists());

    // All are let in, and none with the password of another one.
    let phones = &site.phones;
    phones.register(accounts.values());
    let mixed_up: Vec<Account> = accounts
        .values()
        .zip(accounts.values().skip(1))
        .map(|(one, next)| Account { key: one.key.clone(), password: next.password.clone() })
        .collect();
    phones.are_refused(&mixed_up);

    // Each calls the next one's number, and the called one rings.
    let answering = phones.answer();
    let numbers: Vec<String> = (1..=USERS).map(|index| number(index % USERS)).collect();
    phones.call(accounts.values().zip(&numbers).map(|(account, number)| (account, number.as_str())));
    phones.call([(&accounts[&key(0)], key(5).as_str())]);
    let rung = answering.rung();
    assert_eq!(rung.len(), USERS);
    for (index, (key, calls)) in rung.iter().enumerate() {
        let expected = if index == 5 { 2 } else { 1 };
        assert_eq!(*calls, (expected, expected), "{key}");
    }

    a_deleted_extension_is_gone_at_once(&site, &accounts[&key(0)], &accounts[&key(1)]);
    a_changed_key_is_another_account(&site, &accounts[&key(0)], &accounts[&key(2)]);
    a_changed_number_rings_at_once(&site, &accounts[&key(0)], &accounts[&key(3)]);
    a_changed_user_has_another_password(&site, &accounts[&key(4)]);
    new_passwords_end_the_former_ones(&site, &run, &accounts[&key(6)]);
}

fn a_deleted_extension_is_gone_at_once(site: &Site, caller: &Account, deleted: &Account) {
    site.done(&["extension", "delete", &deleted.key]);
    site.phones.find_nobody_at([(caller, deleted.key.as_str()), (caller, number(1).as_str())]);
    site.phones.are_refused([deleted]);
}

fn a_changed_key_is_another_account(site: &Site, caller: &Account, old: &Account) {
    let run = site.run(&["extension", "change", &old.key, "--new-key", "77777"]);
    site.phones.find_nobody_at([(caller, old.key.as_str()), (caller, number(2).as_str())]);
    site.phones.are_refused([old]);
    let new = site.passwords(&run, "key.csv", &[]).remove("77777").unwrap();
    site.phones.register([&new]);
    let answering = site.phones.answer();
    site.phones.call([(caller, number(2).as_str())]);
    assert_eq!(answering.rung().into_iter().collect::<Vec<_>>(), [("77777".to_owned(), (1, 1))]);
}

fn a_changed_number_rings_at_once(site: &Site, caller: &Account, callee: &Account) {
    site.done(&["extension", "change", &callee.key, "--number", &number(USERS), "--no-add-ons"]);
    site.phones.find_nobody_at([(caller, number(3).as_str())]);
    let answering = site.phones.answer();
    site.phones.call([(caller, number(USERS).as_str())]);
    assert_eq!(answering.rung().into_iter().collect::<Vec<_>>(), [(callee.key.clone(), (1, 0))]);
}

fn a_changed_user_has_another_password(site: &Site, former: &Account) {
    let user = format!("0192f0c1-0000-7000-8000-{USERS:012}");
    let run = site.run(&["extension", "change", &former.key, "--user", &user]);
    site.phones.are_refused([former]);
    let new = site.passwords(&run, "user.csv", &[]).remove(&former.key).unwrap();
    site.phones.register([&new]);
}

fn new_passwords_end_the_former_ones(site: &Site, run: &str, former: &Account) {
    let accounts = site.passwords(run, "again.csv", &["--again"]);
    // Without the deleted one, and the two that another run has set since.
    assert_eq!(accounts.len(), USERS - 3);
    site.phones.are_refused([former]);
    site.phones.register(accounts.values());
}
