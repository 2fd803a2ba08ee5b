use std::collections::BTreeSet;

use dialtone_model::{ExposeSecret as _, Extension, Fault};
use sqlx::QueryBuilder;

use super::database::{Tx, execute, rows};
use super::digest::Credentials;
use super::fault::sql_fault;
use super::site::Site;

/// What the device has under an extension's key.
pub(super) struct Account {
    /// The extension; of several numbers the first.
    pub(super) extension: Extension,
    /// Further numbers, which no extension of Dialtone's has.
    pub(super) further_numbers: Vec<String>,
    password: String,
    ha1: String,
    ha1b: String,
}

/// A row of `usr_preferences` of type 0, a text: Kamailio passes over others without a word.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Preference {
    attribute: String,
    value: String,
}

impl Account {
    /// The account of a key; `None` when there is none.
    pub(super) async fn read(tx: &mut Tx, site: &Site, key: &str) -> Result<Option<Self>, Fault> {
        let sql = "SELECT password, ha1, ha1b FROM subscriber WHERE username = $1 AND domain = $2";
        let found: Vec<(String, String, String)> = rows!(tx, sql, key, &site.domain).map_err(|e| sql_fault(&e))?;
        let Some((password, ha1, ha1b)) = found.into_iter().next() else { return Ok(None) };
        let preferences = preferences(tx, site, key).await?;
        let value = |attribute: &str| {
            preferences.iter().find(|(_, row)| row.attribute == attribute).map(|(_, row)| row.value.clone())
        };
        let mut numbers: Vec<String> = aliases(tx, site, key)
            .await?
            .iter()
            .filter_map(|(_, alias)| site.number(alias).map(str::to_owned))
            .collect();
        numbers.sort_unstable();
        let further_numbers = numbers.split_off(numbers.len().min(1));
        let add_ons: BTreeSet<_> = preferences
            .iter()
            .filter(|(_, row)| row.value == ON)
            .filter_map(|(_, row)| site.add_on(&row.attribute))
            .collect();
        let extension = Extension {
            key: key.to_owned(),
            directory_name: value(&site.name_attribute).unwrap_or_default(),
            user: value(&site.user_attribute).and_then(|id| id.parse().ok()),
            number: numbers.pop(),
            add_ons: add_ons.into_iter().collect(),
        };
        Ok(Some(Self { extension, further_numbers, password, ha1, ha1b }))
    }

    /// In what it isn't what the order says. Of passwords nothing is told but that they differ.
    pub(super) fn differences(&self, order: &Extension, credentials: Option<&Credentials>) -> Vec<String> {
        let mut differences = crate::extension::differences(&self.extension, order);
        if !self.further_numbers.is_empty() {
            differences.push(format!("number: device has {} as well", self.further_numbers.join(", ")));
        }
        if credentials.is_some_and(|credentials| !self.opens_with(credentials)) {
            differences.push("password: device has another one".to_owned());
        }
        differences
    }

    /// Whether its password is this one.
    pub(super) fn opens_with(&self, credentials: &Credentials) -> bool {
        [&self.password, &self.ha1, &self.ha1b]
            == [&credentials.password, &credentials.ha1, &credentials.ha1b].map(|column| column.expose_secret())
    }
}

/// The value of an add-on's attribute.
const ON: &str = "1";

/// Adds an account; `false` when there is one.
pub(super) async fn insert(tx: &mut Tx, site: &Site, key: &str, credentials: &Credentials) -> Result<bool, Fault> {
    let sql = "INSERT INTO subscriber (username, domain, password, ha1, ha1b) VALUES ($1, $2, $3, $4, $5) \
               ON CONFLICT DO NOTHING";
    let Credentials { password, ha1, ha1b } = credentials;
    let [password, ha1, ha1b] = [password, ha1, ha1b].map(|column| column.expose_secret());
    let added = execute!(tx, sql, key, &site.domain, password, ha1, ha1b).map_err(|error| sql_fault(&error))?;
    Ok(added > 0)
}

/// Gives an account another password; `false` when there is no such account.
pub(super) async fn set_password(
    tx: &mut Tx,
    site: &Site,
    key: &str,
    credentials: &Credentials,
) -> Result<bool, Fault> {
    let sql = "UPDATE subscriber SET password = $3, ha1 = $4, ha1b = $5 WHERE username = $1 AND domain = $2";
    let Credentials { password, ha1, ha1b } = credentials;
    let [password, ha1, ha1b] = [password, ha1, ha1b].map(|column| column.expose_secret());
    let set = execute!(tx, sql, key, &site.domain, password, ha1, ha1b).map_err(|error| sql_fault(&error))?;
    Ok(set > 0)
}

/// Gives an account, with all that is kept for it, another key.
pub(super) async fn rename(tx: &mut Tx, site: &Site, from: &str, to: &str) -> Result<(), Fault> {
    for sql in [
        "UPDATE subscriber SET username = $3 WHERE username = $1 AND domain = $2",
        "UPDATE dbaliases SET username = $3 WHERE username = $1 AND domain = $2",
        "UPDATE usr_preferences SET username = $3 WHERE username = $1 AND domain = $2",
    ] {
        execute!(tx, sql, from, &site.domain, to).map_err(|error| sql_fault(&error))?;
    }
    Ok(())
}

/// Removes an account with all that is kept for it.
pub(super) async fn remove(tx: &mut Tx, site: &Site, key: &str) -> Result<(), Fault> {
    for sql in [
        "DELETE FROM dbaliases WHERE username = $1 AND domain = $2",
        "DELETE FROM usr_preferences WHERE username = $1 AND domain = $2",
        "DELETE FROM subscriber WHERE username = $1 AND domain = $2",
    ] {
        execute!(tx, sql, key, &site.domain).map_err(|error| sql_fault(&error))?;
    }
    Ok(())
}

/// Who beside the extension has a name that it wants: another account's number, or another account itself, which a
/// call to that name would reach.
pub(super) async fn other_owner(tx: &mut Tx, site: &Site, name: &str, own: &[&str]) -> Result<Option<String>, Fault> {
    let sql = "SELECT username, domain FROM dbaliases WHERE alias_username = $1 AND alias_domain = $2 \
               UNION SELECT username, domain FROM subscriber WHERE username = $1 AND domain = $2";
    let owners: Vec<(String, String)> = rows!(tx, sql, name, &site.domain).map_err(|error| sql_fault(&error))?;
    let other = |(user, domain): &(String, String)| *domain != site.domain || !own.contains(&user.as_str());
    Ok(owners.into_iter().find(other).map(|(user, domain)| format!("{user}@{domain}")))
}

/// Makes the number and attributes of an account those of the extension. What an administrator keeps for the account
/// beside them stays.
pub(super) async fn write(tx: &mut Tx, site: &Site, extension: &Extension) -> Result<(), Fault> {
    let wanted = extension.number.as_deref().map(|number| site.alias(number));
    let mut there = false;
    for (id, alias) in aliases(tx, site, &extension.key).await? {
        if Some(&alias) == wanted.as_ref() && !there {
            there = true;
        } else if site.number(&alias).is_some() {
            execute!(tx, "DELETE FROM dbaliases WHERE id = $1", id).map_err(|error| sql_fault(&error))?;
        }
    }
    if let (Some(alias), false) = (wanted, there) {
        let sql = "INSERT INTO dbaliases (alias_username, alias_domain, username, domain) VALUES ($1, $2, $3, $2)";
        execute!(tx, sql, alias, &site.domain, &extension.key).map_err(|error| sql_fault(&error))?;
    }

    let mut missing = wanted_preferences(site, extension)?;
    for (id, row) in preferences(tx, site, &extension.key).await? {
        let ours = row.attribute == site.name_attribute
            || row.attribute == site.user_attribute
            || site.add_on(&row.attribute).is_some();
        if ours && !missing.remove(&row) {
            execute!(tx, "DELETE FROM usr_preferences WHERE id = $1", id).map_err(|error| sql_fault(&error))?;
        }
    }
    insert_preferences(tx, site, &extension.key, &missing).await.map_err(|error| sql_fault(&error))
}

fn wanted_preferences(site: &Site, extension: &Extension) -> Result<BTreeSet<Preference>, Fault> {
    let row = |attribute: &str, value: String| Preference { attribute: attribute.to_owned(), value };
    let mut wanted = BTreeSet::from([row(&site.name_attribute, extension.directory_name.clone())]);
    wanted.extend(extension.user.map(|user| row(&site.user_attribute, user.to_string())));
    for add_on in &extension.add_ons {
        wanted.insert(row(&site.attribute(add_on)?, ON.to_owned()));
    }
    Ok(wanted)
}

async fn insert_preferences(
    tx: &mut Tx,
    site: &Site,
    key: &str,
    rows: &BTreeSet<Preference>,
) -> Result<(), sqlx::Error> {
    if rows.is_empty() {
        return Ok(());
    }
    macro_rules! insert_into {
        ($tx:expr, $engine:ty) => {
            QueryBuilder::<$engine>::new(
                "INSERT INTO usr_preferences (username, domain, type, last_modified, attribute, value) ",
            )
            .push_values(rows, |mut row, preference| {
                row.push_bind(key).push_bind(&site.domain).push("0").push("CURRENT_TIMESTAMP");
                row.push_bind(&preference.attribute).push_bind(&preference.value);
            })
            .build()
            .execute(&mut **$tx)
            .await
            .map(drop)
        };
    }
    match tx {
        Tx::Sqlite(tx) => insert_into!(tx, sqlx::Sqlite),
        Tx::Postgres(tx) => insert_into!(tx, sqlx::Postgres),
    }
}

async fn aliases(tx: &mut Tx, site: &Site, key: &str) -> Result<Vec<(i64, String)>, Fault> {
    let sql = "SELECT CAST(id AS BIGINT), alias_username FROM dbaliases \
               WHERE username = $1 AND domain = $2 AND alias_domain = $2 ORDER BY id";
    rows!(tx, sql, key, &site.domain).map_err(|error| sql_fault(&error))
}

async fn preferences(tx: &mut Tx, site: &Site, key: &str) -> Result<Vec<(i64, Preference)>, Fault> {
    let sql = "SELECT CAST(id AS BIGINT), attribute, value FROM usr_preferences \
               WHERE username = $1 AND domain = $2 AND type = 0 ORDER BY id";
    let found: Vec<(i64, String, String)> = rows!(tx, sql, key, &site.domain).map_err(|error| sql_fault(&error))?;
    Ok(found.into_iter().map(|(id, attribute, value)| (id, Preference { attribute, value })).collect())
}
