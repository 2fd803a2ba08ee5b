use std::collections::HashSet;

use dialtone_model::{Action, DeviceId, ExposeSecret as _, Extension, OrderId, RunId, SecretString};
use jiff::Timestamp;
use sqlx::AssertSqlSafe;
use sqlx::types::Json;
use uuid::Uuid;

use crate::database::{Tx, execute, read_row, read_rows, rows, transaction};
use crate::ids::Ids;
use crate::time::Time;
use crate::vault::Randomness;
use crate::{Claim, Store, StoreError};

/// The password of an extension that a completed order has set.
#[derive(Debug)]
pub struct ExtensionPassword {
    /// The order.
    pub order: OrderId,
    /// The device that the extension is on.
    pub device: DeviceId,
    /// The ext key.
    pub key: String,
    /// The name of its user, or the ext key of one without.
    pub user: String,
    /// The password, until it was handed out.
    pub password: HandedOut,
}

/// Whether a password was handed out.
#[derive(Debug)]
pub enum HandedOut {
    /// Not yet.
    Not(SecretString),
    /// It was, and nobody has it any more but who got it.
    Was {
        /// When.
        at: Timestamp,
        /// By whom.
        by: String,
    },
}

#[derive(sqlx::FromRow)]
struct SecretRow {
    order_id: Uuid,
    device_id: Uuid,
    ext_key: String,
    subject: String,
    sealed: Option<Vec<u8>>,
    handed_out_at: Option<Time>,
    handed_out_by: Option<String>,
}

/// What a password is made of: letters and digits that no two of look alike.
const ALPHABET: &[u8; 57] = b"abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
/// Its length: 116 bits.
const LENGTH: usize = 20;

impl Store {
    /// Makes the passwords that the due steps of claims set, as far as they aren't made yet: every retry gets the same.
    /// A change sets one when it is of another key, whose digests are others, or of another user, whom the former
    /// password isn't to be known to.
    ///
    /// # Errors
    /// [`StoreError::NoVault`] without a vault.
    pub async fn make_extension_passwords(&self, claims: &[Claim]) -> Result<(), StoreError> {
        let vault = self.vault.as_ref().ok_or(StoreError::NoVault)?;
        transaction!(self, |tx| {
            let changed = changed_users(tx, claims).await?;
            for claim in claims {
                let Some(key) = sets_password(claim, &changed) else { continue };
                let password = new_password(vault.randomness());
                let sealed = vault.seal(claim.order.0.as_bytes(), password.expose_secret().as_bytes())?;
                let sql = "INSERT INTO extension_secrets (order_id, run_id, device_id, ext_key, sealed) \
                           VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
                execute!(tx, sql, claim.order.0, claim.run.0, claim.device.0, key, sealed)?;
            }
            Ok(())
        })
    }

    /// The password that the due step of a claim sets; `None` for a step that sets none.
    ///
    /// # Errors
    /// [`StoreError::NoVault`] without a vault.
    pub async fn extension_password(&self, claim: &Claim) -> Result<Option<SecretString>, StoreError> {
        let made = self.made_password(claim.order).await?;
        if made.is_some() {
            return Ok(made);
        }
        self.make_extension_passwords(std::slice::from_ref(claim)).await?;
        self.made_password(claim.order).await
    }

    async fn made_password(&self, order: OrderId) -> Result<Option<SecretString>, StoreError> {
        let sql = "SELECT sealed FROM extension_secrets WHERE order_id = $1";
        let row: Option<(Option<Vec<u8>>,)> = read_row!(self, sql, order.0)?;
        let Some((sealed,)) = row else { return Ok(None) };
        // Passwords that were handed out are of completed orders, which have no due step.
        let sealed = sealed.ok_or_else(|| StoreError::inconsistent("extension_secrets", "sealed", order, "none"))?;
        self.opened_password(order.0, &sealed).map(Some)
    }

    /// The passwords that the completed orders of a run have set, in the order of its rows. One that a later order has
    /// set anew, or whose extension is gone, isn't among them.
    pub async fn run_passwords(&self, run: RunId) -> Result<Vec<ExtensionPassword>, StoreError> {
        let sql = "SELECT s.order_id, s.device_id, s.ext_key, o.subject, s.sealed, s.handed_out_at, s.handed_out_by \
                   FROM extension_secrets s JOIN orders o ON o.id = s.order_id \
                   WHERE s.run_id = $1 AND o.state = 'completed' \
                   AND EXISTS (SELECT 1 FROM extensions e WHERE e.organization_id = o.organization_id \
                   AND e.device_id = s.device_id AND e.key = s.ext_key AND e.state <> 'claimed') \
                   AND NOT EXISTS (SELECT 1 FROM extension_secrets t JOIN orders p ON p.id = t.order_id \
                   WHERE t.device_id = s.device_id AND t.ext_key = s.ext_key AND p.state = 'completed' \
                   AND p.ended_at > o.ended_at) ORDER BY o.number";
        let rows: Vec<SecretRow> = read_rows!(self, sql, run.0)?;
        rows.into_iter().map(|row| self.password(row)).collect()
    }

    /// Notes that passwords are handed out and forgets them.
    ///
    /// # Errors
    /// [`StoreError::Changed`] when one of them was handed out meanwhile; then none is noted.
    pub async fn hand_out_passwords(&self, orders: &[OrderId], by: &str, at: Timestamp) -> Result<(), StoreError> {
        let mut tx = self.database.begin().await?;
        let sql = format!(
            "UPDATE extension_secrets SET sealed = NULL, handed_out_at = $1, handed_out_by = $2 \
             WHERE sealed IS NOT NULL AND order_id {}",
            tx.among("$3")
        );
        let ids: Ids = orders.iter().copied().collect();
        let noted = execute!(&mut tx, AssertSqlSafe(sql), Time(at), by, ids)?;
        if noted != orders.len() as u64 {
            tx.roll_back().await;
            return Err(StoreError::Changed { what: "password" });
        }
        tx.commit().await
    }

    fn password(&self, row: SecretRow) -> Result<ExtensionPassword, StoreError> {
        let password = match (&row.sealed, row.handed_out_at, row.handed_out_by) {
            (Some(sealed), None, None) => HandedOut::Not(self.opened_password(row.order_id, sealed)?),
            (None, Some(Time(at)), Some(by)) => HandedOut::Was { at, by },
            _ => return Err(StoreError::inconsistent("extension_secrets", "sealed", row.order_id, "half")),
        };
        Ok(ExtensionPassword {
            order: row.order_id.into(),
            device: row.device_id.into(),
            key: row.ext_key,
            user: row.subject,
            password,
        })
    }

    fn opened_password(&self, order: Uuid, sealed: &[u8]) -> Result<SecretString, StoreError> {
        let vault = self.vault.as_ref().ok_or(StoreError::NoVault)?;
        let opened = String::from_utf8(vault.open(order.as_bytes(), sealed)?);
        let opened = opened.map_err(|_| StoreError::inconsistent("extension_secrets", "sealed", order, "no text"))?;
        Ok(opened.into())
    }
}

/// The key of the extension whose password the due step sets, if it sets one.
fn sets_password<'c>(claim: &'c Claim, changed_users: &HashSet<OrderId>) -> Option<&'c str> {
    match &claim.steps.get(usize::from(claim.at.step))?.action {
        Action::ProvisionExtension(extension) => Some(&extension.key),
        Action::ChangeExtension { from, to } if *from != to.key || changed_users.contains(&claim.order) => {
            Some(&to.key)
        }
        Action::RenewExtensionPassword { key } => Some(key),
        _ => None,
    }
}

/// The orders among the claims that give their extension to another user.
async fn changed_users(tx: &mut Tx, claims: &[Claim]) -> Result<HashSet<OrderId>, StoreError> {
    let sql = format!(
        "SELECT order_id, user_id, before FROM extensions WHERE state = 'changing' AND order_id {}",
        tx.among("$1")
    );
    let ids: Ids = claims.iter().map(|claim| claim.order).collect();
    let open: Vec<(Uuid, Option<Uuid>, Json<Extension>)> = rows!(tx, AssertSqlSafe(sql), ids)?;
    let another = |(_, user, before): &(Uuid, Option<Uuid>, Json<Extension>)| before.user.map(|id| id.0) != *user;
    Ok(open.into_iter().filter(another).map(|(order, ..)| OrderId(order)).collect())
}

/// A password that nobody can guess. Bytes beyond the last whole alphabet are thrown away, so that no letter is likelier
/// than another.
fn new_password(random: Randomness) -> SecretString {
    let fair = u8::MAX - u8::MAX % ALPHABET.len() as u8;
    let mut password = String::with_capacity(LENGTH);
    let mut bytes = [0; LENGTH];
    while password.len() < LENGTH {
        random(&mut bytes);
        let letters = bytes.iter().filter(|byte| **byte < fair);
        let letters = letters.map(|byte| char::from(ALPHABET[usize::from(*byte) % ALPHABET.len()]));
        password.extend(letters.take(LENGTH - password.len()));
    }
    password.into()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Mutex;

    use super::*;

    /// Nothing but one byte at a time, and the next one the next time.
    fn one_by_one(bytes: &mut [u8]) {
        static NEXT: Mutex<u8> = Mutex::new(0);
        let mut next = NEXT.lock().unwrap();
        bytes.fill(*next);
        *next = next.wrapping_add(1);
    }

    #[test]
    fn every_letter_of_a_password_is_as_likely_as_any_other() {
        let mut counts: BTreeMap<char, usize> = BTreeMap::new();
        // The 256 values of a byte are four whole alphabets, and a rest that no password has.
        for _ in 0..4 * ALPHABET.len() {
            let password = new_password(one_by_one);
            assert_eq!(password.expose_secret().len(), LENGTH);
            password.expose_secret().chars().for_each(|letter| *counts.entry(letter).or_default() += 1);
        }
        assert_eq!(counts.len(), ALPHABET.len());
        assert!(counts.values().all(|count| *count == 4 * LENGTH), "{counts:?}");
    }
}
