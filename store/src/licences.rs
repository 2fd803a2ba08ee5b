use std::collections::BTreeMap;

use dialtone_model::{AddOn, Licence, OrganizationId};
use uuid::Uuid;

use crate::StoreError;
use crate::database::{Tx, execute, on_tx};

/// Changes of licence counts, added up for one transaction. `owned = free + reserved + used` holds because each move
/// takes from one and gives to another.
#[derive(Debug, Default)]
pub(crate) struct LicenceMoves {
    // Sorted, so that two transactions lock the rows in the same order.
    moves: BTreeMap<(Uuid, Licence), Move>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Move {
    free: i64,
    reserved: i64,
    used: i64,
}

impl LicenceMoves {
    /// So many free ones are set aside.
    pub(crate) fn reserve(&mut self, organization: OrganizationId, licence: Licence, count: i64) {
        let counts = self.of(organization, licence);
        counts.free -= count;
        counts.reserved += count;
    }

    /// So many that were set aside are free again.
    pub(crate) fn unreserve(&mut self, organization: OrganizationId, licence: Licence, count: i64) {
        self.reserve(organization, licence, -count);
    }

    /// So many that were set aside are used.
    pub(crate) fn use_reserved(&mut self, organization: OrganizationId, licence: Licence, count: i64) {
        let counts = self.of(organization, licence);
        counts.reserved -= count;
        counts.used += count;
    }

    /// So many that were used are free again.
    pub(crate) fn unuse(&mut self, organization: OrganizationId, licence: Licence, count: i64) {
        let counts = self.of(organization, licence);
        counts.used -= count;
        counts.free += count;
    }

    /// Does it. Refused with [`StoreError::LicencesShort`] for the first licence of which too few are free.
    pub(crate) async fn apply(self, tx: &mut Tx) -> Result<(), StoreError> {
        let sql = "UPDATE licences SET free = free + $3, reserved = reserved + $4, used = used + $5 \
                   WHERE organization_id = $1 AND code = $2 AND free + $3 >= 0";
        for ((organization, licence), counts) in self.moves {
            let changed = execute!(tx, sql, organization, licence.code(), counts.free, counts.reserved, counts.used)?;
            if changed == 0 {
                let sql = "SELECT free FROM licences WHERE organization_id = $1 AND code = $2";
                let free: Option<i64> = on_tx!(tx, |connection| {
                    sqlx::query_scalar(sql).bind(organization).bind(licence.code()).fetch_optional(connection).await?
                });
                let missing = -counts.free - free.unwrap_or(0);
                return Err(StoreError::LicencesShort { licence: licence.code().to_owned(), missing });
            }
        }
        Ok(())
    }

    fn of(&mut self, organization: OrganizationId, licence: Licence) -> &mut Move {
        self.moves.entry((organization.0, licence)).or_default()
    }
}

/// The licences of a whole extension: the base licence and one of each add-on.
pub(crate) fn of_extension(add_ons: &[AddOn]) -> impl Iterator<Item = Licence> {
    std::iter::once(Licence::Base).chain(add_ons.iter().cloned().map(Licence::AddOn))
}

/// The licences of the add-ons that `from` has and `to` hasn't.
pub(crate) fn lost(from: &[AddOn], to: &[AddOn]) -> impl Iterator<Item = Licence> {
    from.iter().filter(|add_on| !to.contains(add_on)).cloned().map(Licence::AddOn)
}
