use std::collections::BTreeMap;

use dialtone_model::{Attributes, Complaint, DeviceObject, Fault, ObjectKind, SyncScope};

use super::database::{Database, Tx, rows};
use super::fault::sql_fault;
use super::site::Site;
use crate::{Page, PageRequest};

/// Accounts of a page.
const PAGE: i64 = 500;

/// What the marks begin with that a page of accounts ends with, and after them one of aliases that lead nowhere.
const ACCOUNTS: &str = "accounts";
const ORPHANS: &str = "orphans";
/// What is between the parts of a mark. No name in SIP has it.
const SEPARATOR: char = '\n';

/// One account of a page with what is kept for it.
#[derive(Default)]
struct Row {
    aliases: Vec<(String, i64)>,
    preferences: Vec<(String, String)>,
}

/// A page of accounts in the order of their names, or of aliases whose account isn't there. What nobody of Dialtone's
/// made is told as well, with a warning where it does harm.
pub(super) async fn page(site: &Site, database: &Database, request: &PageRequest) -> Result<Page, Fault> {
    let whole = Page { whole: true, ..Page::default() };
    // What an administrator sets up is in Kamailio's configuration file, which tells nobody.
    if request.scope == SyncScope::Infrastructure {
        return Ok(whole);
    }
    database.check().await?;
    let mut tx = database.read().await?;
    let after = request.after.as_deref().unwrap_or_default();
    let parts: Vec<&str> = after.split(SEPARATOR).collect();
    let (found, next) = match *parts {
        [""] => accounts(&mut tx, site, "", "").await?,
        [ACCOUNTS, name, domain] => accounts(&mut tx, site, name, domain).await?,
        [ORPHANS, after] => orphans(&mut tx, after).await?,
        _ => {
            let message = format!("{after:?} is no mark of a page");
            return Err(Fault::Rejected(Complaint::new("kamailio-page", message)));
        }
    };
    tx.roll_back().await;
    Ok(Page { found, next, ..whole })
}

type Found = (Vec<DeviceObject>, Option<String>);

async fn accounts(tx: &mut Tx, site: &Site, name: &str, domain: &str) -> Result<Found, Fault> {
    let sql = "SELECT username, domain FROM subscriber WHERE (username, domain) > ($1, $2) \
               ORDER BY username, domain LIMIT $3";
    let names: Vec<(String, String)> = rows!(tx, sql, name, domain, PAGE).map_err(|error| sql_fault(&error))?;
    let Some((last, last_domain)) = names.last().cloned() else { return Ok((Vec::new(), Some(mark(&[ORPHANS, "0"])))) };
    let next = if names.len() < usize::try_from(PAGE).unwrap_or(usize::MAX) {
        mark(&[ORPHANS, "0"])
    } else {
        mark(&[ACCOUNTS, &last, &last_domain])
    };
    let mut page: BTreeMap<(String, String), Row> =
        names.into_iter().map(|account| (account, Row::default())).collect();

    // A number with more than one owner is accepted by the table, and one of them wins without a word.
    let sql = "SELECT a.username, a.domain, a.alias_username, \
               (SELECT count(*) FROM dbaliases o WHERE o.alias_username = a.alias_username \
               AND o.alias_domain = a.alias_domain) FROM dbaliases a \
               WHERE (a.username, a.domain) > ($1, $2) AND (a.username, a.domain) <= ($3, $4) ORDER BY a.id";
    let aliases: Vec<(String, String, String, i64)> =
        rows!(tx, sql, name, domain, &last, &last_domain).map_err(|error| sql_fault(&error))?;
    for (name, domain, alias, owners) in aliases {
        if let Some(row) = page.get_mut(&(name, domain)) {
            row.aliases.push((alias, owners));
        }
    }
    let sql = "SELECT username, domain, attribute, value FROM usr_preferences WHERE type = 0 \
               AND (username, domain) > ($1, $2) AND (username, domain) <= ($3, $4) ORDER BY id";
    let preferences: Vec<(String, String, String, String)> =
        rows!(tx, sql, name, domain, &last, &last_domain).map_err(|error| sql_fault(&error))?;
    for (name, domain, attribute, value) in preferences {
        if let Some(row) = page.get_mut(&(name, domain)) {
            row.preferences.push((attribute, value));
        }
    }
    Ok((page.into_iter().map(|((name, domain), row)| row.object(site, name, &domain)).collect(), Some(next)))
}

impl Row {
    fn object(self, site: &Site, name: String, domain: &str) -> DeviceObject {
        let mut attributes = Attributes::new();
        let mut warnings = Vec::new();
        let own = domain == site.domain;
        if !own {
            attributes.insert("domain".to_owned(), domain.to_owned());
            warnings.push(format!("the domain {domain} isn't the site's"));
        }
        let numbers: Vec<&(String, i64)> =
            self.aliases.iter().filter(|(alias, _)| site.number(alias).is_some()).collect();
        for (index, (alias, owners)) in numbers.iter().enumerate() {
            let attribute = if index == 0 { "number".to_owned() } else { format!("number[{}]", index + 1) };
            attributes.insert(attribute, site.number(alias).unwrap_or(alias).to_owned());
            if *owners > 1 {
                warnings.push(format!("the number {alias} leads to {owners} accounts"));
            }
        }
        if numbers.len() > 1 {
            warnings.push(format!("it has {} numbers", numbers.len()));
        }
        let mut add_ons = Vec::new();
        for (attribute, value) in self.preferences {
            if attribute == site.name_attribute {
                attributes.insert("directory_name".to_owned(), value);
            } else if attribute == site.user_attribute {
                attributes.insert("user".to_owned(), value);
            } else if let Some(add_on) = site.add_on(&attribute) {
                add_ons.push(add_on.0);
            }
        }
        add_ons.sort_unstable();
        add_ons.dedup();
        attributes
            .extend(add_ons.into_iter().enumerate().map(|(index, code)| (format!("add_ons[{}]", index + 1), code)));
        attributes
            .extend(warnings.into_iter().enumerate().map(|(index, text)| (format!("warnings[{}]", index + 1), text)));
        let key = if own { name } else { format!("{name}@{domain}") };
        DeviceObject { kind: ObjectKind::Extension, key, attributes }
    }
}

/// Aliases whose account isn't there: a call to them fails.
async fn orphans(tx: &mut Tx, after: &str) -> Result<Found, Fault> {
    let sql = "SELECT CAST(a.id AS BIGINT), a.alias_username, a.alias_domain, a.username, a.domain FROM dbaliases a \
               LEFT JOIN subscriber s ON s.username = a.username AND s.domain = a.domain \
               WHERE s.username IS NULL AND a.id > $1 ORDER BY a.id LIMIT $2";
    let after: i64 = after.parse().unwrap_or(0);
    let rows: Vec<(i64, String, String, String, String)> =
        rows!(tx, sql, after, PAGE).map_err(|error| sql_fault(&error))?;
    let next = rows.last().filter(|_| rows.len() as i64 == PAGE).map(|(id, ..)| mark(&[ORPHANS, &id.to_string()]));
    let object = |(_, alias, alias_domain, name, domain): (i64, String, String, String, String)| DeviceObject {
        kind: ObjectKind::DirectoryNumber,
        key: format!("{alias}/{alias_domain}"),
        attributes: Attributes::from([
            ("account".to_owned(), format!("{name}@{domain}")),
            ("warnings[1]".to_owned(), format!("it leads to {name}@{domain}, which isn't there")),
        ]),
    };
    Ok((rows.into_iter().map(object).collect(), next))
}

fn mark(parts: &[&str]) -> String {
    parts.join(&SEPARATOR.to_string())
}
