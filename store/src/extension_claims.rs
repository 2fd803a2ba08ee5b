use std::collections::{BTreeMap, HashMap};

use dialtone_model::{AddOn, DeviceId, Extension, OrderId, OrganizationId, TemplateId};
use serde::{Deserialize, Serialize};
use sqlx::AssertSqlSafe;
use sqlx::types::Json;
use uuid::Uuid;

use crate::bulk::{self, Each, Same};
use crate::database::{Tx, execute, is_taken, on_tx, row, rows};
use crate::ids::Ids;
use crate::licences::{self, LicenceMoves};
use crate::{ExtensionClaim, StoreError};

/// What kind of claim on an extension an order has: the column `claim`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClaimKind {
    /// A new extension.
    New,
    /// Other values.
    Change,
    /// It goes.
    Delete,
}

impl ClaimKind {
    pub(crate) const fn of(claim: &ExtensionClaim) -> Self {
        match claim {
            ExtensionClaim::New(_) => Self::New,
            ExtensionClaim::Change { .. } => Self::Change,
            ExtensionClaim::Delete { .. } => Self::Delete,
        }
    }

    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Change => "change",
            Self::Delete => "delete",
        }
    }

    pub(crate) fn from_word(word: &str) -> Option<Self> {
        [Self::New, Self::Change, Self::Delete].into_iter().find(|kind| kind.word() == word)
    }
}

/// A claim on an extension that an order gave back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct GivenExtension {
    /// What it claims.
    pub(crate) claim: ExtensionClaim,
    /// The device of the extension.
    pub(crate) device: DeviceId,
}

/// A claim that is to be taken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Taking<'a> {
    /// For which order.
    pub(crate) order: OrderId,
    /// What it claims.
    pub(crate) claim: &'a ExtensionClaim,
    /// The device of the extension.
    pub(crate) device: DeviceId,
}

/// An order whose claim takes effect or is given back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Holder {
    /// The order.
    pub(crate) order: OrderId,
    /// Whose it is.
    pub(crate) organization: OrganizationId,
    /// What it has.
    pub(crate) kind: ClaimKind,
}

/// The row of an extension that an order is open on.
#[derive(sqlx::FromRow)]
struct ExtensionRow {
    key: String,
    directory_name: String,
    user_id: Option<Uuid>,
    number: Option<String>,
    add_ons: Json<Vec<AddOn>>,
    before: Option<Json<Extension>>,
    device_id: Uuid,
}

const COLUMNS: &str = "key, directory_name, user_id, number, add_ons, before, device_id";

impl ExtensionRow {
    fn extension(self) -> Extension {
        Extension {
            key: self.key,
            directory_name: self.directory_name,
            user: self.user_id.map(Into::into),
            number: self.number,
            add_ons: self.add_ons.0,
        }
    }
}

/// Keeps other transactions from claiming values of this organization until this one ends.
pub(crate) async fn lock(tx: &mut Tx, organization: OrganizationId) -> Result<(), StoreError> {
    if let Tx::Postgres(connection) = tx {
        sqlx::query("SELECT 1 FROM organizations WHERE id = $1 FOR NO KEY UPDATE")
            .bind(organization.0)
            .execute(&mut **connection)
            .await?;
    }
    Ok(())
}

/// Takes claims and adds what they reserve to `moves`; the organization must be [`lock`]ed. All of them, or the first
/// that can't be had as an error.
pub(crate) async fn take(
    tx: &mut Tx,
    organization: OrganizationId,
    template: Option<TemplateId>,
    takings: &[Taking<'_>],
    moves: &mut LicenceMoves,
) -> Result<(), StoreError> {
    let held = held_values(tx, organization).await?;
    let mut new = Vec::with_capacity(takings.len());
    for taking in takings {
        match taking.claim {
            ExtensionClaim::New(extension) => {
                refuse_held(&held, extension)?;
                new.push((taking, extension));
            }
            ExtensionClaim::Change { from, to } => {
                let before = open_change(tx, organization, from, taking.order).await?;
                refuse_held(&held, to)?;
                refuse_taken(tx, organization, taking.order, from, to).await?;
                hold_old_values(tx, organization, taking.order, &before, to).await?;
                set_values(tx, organization, from, to, "changing", Some(&before), taking.order).await?;
                for licence in licences::lost(&to.add_ons, &before.add_ons) {
                    moves.reserve(organization, licence, 1);
                }
            }
            ExtensionClaim::Delete { key } => {
                let before = open_change(tx, organization, key, taking.order).await?;
                set_values(tx, organization, key, &before, "deleting", Some(&before), taking.order).await?;
            }
        }
    }
    let mut counts: HashMap<&[AddOn], i64> = HashMap::new();
    for (_, extension) in &new {
        *counts.entry(&extension.add_ons).or_default() += 1;
    }
    for (add_ons, count) in counts {
        for licence in licences::of_extension(add_ons) {
            moves.reserve(organization, licence, count);
        }
    }
    insert_new(tx, organization, template, &new).await
}

async fn insert_new(
    tx: &mut Tx,
    organization: OrganizationId,
    template: Option<TemplateId>,
    new: &[(&Taking<'_>, &Extension)],
) -> Result<(), StoreError> {
    // Nearly always all have the same add-ons on the same device.
    let mut alike: BTreeMap<_, Vec<(OrderId, &Extension)>> = BTreeMap::new();
    for (taking, extension) in new {
        alike.entry((taking.device, &extension.add_ons)).or_default().push((taking.order, extension));
    }
    for ((device, add_ons), takings) in alike {
        let extensions = || takings.iter().map(|(_, extension)| *extension);
        let each = [
            ("key", Each::Texts(extensions().map(|extension| Some(&*extension.key)).collect())),
            ("directory_name", Each::Texts(extensions().map(|extension| Some(&*extension.directory_name)).collect())),
            ("user_id", Each::Ids(extensions().map(|extension| extension.user.map(|user| user.0)).collect())),
            ("number", Each::Texts(extensions().map(|extension| extension.number.as_deref()).collect())),
            ("order_id", Each::Ids(takings.iter().map(|(order, _)| Some(order.0)).collect())),
        ];
        let same = [
            ("organization_id", Same::Id(Some(organization.0))),
            ("add_ons", Same::Document(bulk::document(add_ons)?)),
            ("template_id", Same::Id(template.map(|template| template.0))),
            ("device_id", Same::Id(Some(device.0))),
            ("state", Same::Text(Some("claimed"))),
        ];
        // Nearly always all values are free; looking at every index beforehand, for each row, costs more than a savepoint.
        tx.save().await?;
        match bulk::insert(tx, "extensions", &each, &same, "").await {
            Ok(_) => {}
            Err(error) if is_taken(&error) => {
                tx.roll_back_to_saved().await?;
                bulk::insert(tx, "extensions", &each, &same, "ON CONFLICT DO NOTHING").await?;
                for (order, extension) in takings {
                    refuse_taken(tx, organization, order, "", extension).await?;
                }
                return Err(error);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// The extension with that key as it is now, if no order is open on it.
async fn open_change(
    tx: &mut Tx,
    organization: OrganizationId,
    key: &str,
    order: OrderId,
) -> Result<Extension, StoreError> {
    let sql =
        format!("SELECT {COLUMNS} FROM extensions WHERE organization_id = $1 AND key = $2 AND state = 'provisioned'");
    let row: Option<ExtensionRow> = row!(tx, sqlx::AssertSqlSafe(sql), organization.0, key)?;
    if let Some(row) = row {
        return Ok(row.extension());
    }
    let sql = "SELECT o.number FROM extensions e JOIN orders o ON o.id = e.order_id \
               WHERE e.organization_id = $1 AND e.key = $2 AND o.id <> $3";
    let number: Option<i64> = on_tx!(tx, |connection| {
        sqlx::query_scalar(sql).bind(organization.0).bind(key).bind(order.0).fetch_optional(connection).await?
    });
    Err(match number {
        Some(order_number) => StoreError::OpenOrder { object: format!("extension {key}"), order_number },
        None => StoreError::not_found("extension", key),
    })
}

/// Refuses values that another extension has or another order claims. `own` is the present key of the extension that
/// is to change; empty for a new one.
async fn refuse_taken(
    tx: &mut Tx,
    organization: OrganizationId,
    order: OrderId,
    own: &str,
    wanted: &Extension,
) -> Result<(), StoreError> {
    let sql = "SELECT e.key, e.user_id, e.state, t.name FROM extensions e \
               LEFT JOIN templates t ON t.id = e.template_id \
               WHERE e.organization_id = $1 AND (e.key = $2 OR e.user_id = $3 OR e.number = $4) \
               AND (e.order_id IS NULL OR e.order_id <> $5) AND e.key <> $6 ORDER BY e.key LIMIT 1";
    let row: Option<(String, Option<Uuid>, String, Option<String>)> =
        row!(tx, sql, organization.0, &wanted.key, wanted.user.map(|user| user.0), &wanted.number, order.0, own)?;
    let Some((key, user, state, template)) = row else { return Ok(()) };
    let (what, value) = if key == wanted.key {
        ("ext key", key.clone())
    } else if let Some(user) = wanted.user.filter(|wanted| Some(wanted.0) == user) {
        ("user", user.to_string())
    } else {
        ("number", wanted.number.clone().unwrap_or_default())
    };
    let by = if state == "claimed" { template } else { Some(format!("extension {key}")) };
    Err(StoreError::Taken { what, value, by })
}

/// The values that open changes hold for the case that they are taken back.
async fn held_values(tx: &mut Tx, organization: OrganizationId) -> Result<Vec<(String, String)>, StoreError> {
    let sql = "SELECT kind, value FROM held_values WHERE organization_id = $1";
    Ok(rows!(tx, sql, organization.0)?)
}

fn refuse_held(held: &[(String, String)], wanted: &Extension) -> Result<(), StoreError> {
    for (what, value) in values(wanted) {
        if held.iter().any(|(kind, held)| kind == what && *held == value) {
            return Err(StoreError::Taken { what, value, by: None });
        }
    }
    Ok(())
}

async fn hold_old_values(
    tx: &mut Tx,
    organization: OrganizationId,
    order: OrderId,
    before: &Extension,
    to: &Extension,
) -> Result<(), StoreError> {
    let kept: Vec<(&str, String)> = values(to).collect();
    for (kind, value) in values(before).filter(|value| !kept.contains(value)) {
        let sql = "INSERT INTO held_values (organization_id, kind, value, order_id) VALUES ($1, $2, $3, $4)";
        execute!(tx, sql, organization.0, kind, value, order.0)?;
    }
    Ok(())
}

/// What of an extension nobody else may have.
fn values(extension: &Extension) -> impl Iterator<Item = (&'static str, String)> {
    let user = extension.user.map(|user| ("user", user.to_string()));
    let number = extension.number.clone().map(|number| ("number", number));
    std::iter::once(("ext key", extension.key.clone())).chain(user).chain(number)
}

async fn set_values(
    tx: &mut Tx,
    organization: OrganizationId,
    key: &str,
    to: &Extension,
    state: &'static str,
    before: Option<&Extension>,
    order: OrderId,
) -> Result<(), StoreError> {
    let sql = "UPDATE extensions SET key = $3, directory_name = $4, user_id = $5, number = $6, add_ons = $7, \
               state = $8, before = $9, order_id = $10 WHERE organization_id = $1 AND key = $2";
    execute!(
        tx,
        sql,
        organization.0,
        key,
        &to.key,
        &to.directory_name,
        to.user.map(|user| user.0),
        &to.number,
        Json(&to.add_ons),
        state,
        before.map(Json),
        order.0
    )?;
    Ok(())
}

/// The claims of completed orders take effect.
pub(crate) async fn take_effect(
    tx: &mut Tx,
    orders: usize,
    ids: &Ids,
    moves: &mut LicenceMoves,
) -> Result<(), StoreError> {
    let new = provision(tx, ids).await?;
    let claimed: i64 = new.iter().map(|(.., count)| count).sum();
    for (organization, add_ons, count) in new {
        for licence in licences::of_extension(&add_ons) {
            moves.use_reserved(organization.into(), licence, count);
        }
    }
    if claimed < orders as i64 {
        change_and_delete(tx, ids, moves).await?;
    }
    Ok(())
}

/// Makes the new extensions of these orders provisioned, and counts them by what licences they use. PostgreSQL does
/// both at once, without looking for the rows a second time; SQLite has no statement that counts what it changes.
async fn provision(tx: &mut Tx, ids: &Ids) -> Result<Vec<(Uuid, Json<Vec<AddOn>>, i64)>, StoreError> {
    let count = "SELECT organization_id, add_ons, count(*) FROM";
    let wanted = format!("WHERE state = 'claimed' AND order_id {}", tx.among("$1"));
    let change = format!("UPDATE extensions SET state = 'provisioned' {wanted}");
    let grouped = "GROUP BY organization_id, add_ons";
    if let Tx::Postgres(_) = tx {
        let sql = format!("WITH changed AS ({change} RETURNING organization_id, add_ons) {count} changed {grouped}");
        return Ok(rows!(tx, AssertSqlSafe(sql), ids)?);
    }
    let new: Vec<_> = rows!(tx, AssertSqlSafe(format!("{count} extensions {wanted} {grouped}")), ids)?;
    if !new.is_empty() {
        execute!(tx, AssertSqlSafe(change), ids)?;
    }
    Ok(new)
}

/// The claims of completed orders on extensions that were there before take effect.
async fn change_and_delete(tx: &mut Tx, ids: &Ids, moves: &mut LicenceMoves) -> Result<(), StoreError> {
    let sql = format!(
        "SELECT order_id, organization_id, state FROM extensions WHERE state IN ('changing', 'deleting') \
         AND order_id {}",
        tx.among("$1")
    );
    let open: Vec<(Uuid, Uuid, String)> = rows!(tx, AssertSqlSafe(sql), ids)?;
    for (order, organization, state) in &open {
        let kind = if state == "deleting" { ClaimKind::Delete } else { ClaimKind::Change };
        let holder = Holder { order: (*order).into(), organization: (*organization).into(), kind };
        let Open { now, before, .. } = self::open(tx, &holder).await?;
        if kind == ClaimKind::Delete {
            for licence in licences::of_extension(&before.add_ons) {
                moves.unuse(holder.organization, licence, 1);
            }
            remove(tx, &holder).await?;
        } else {
            for licence in licences::lost(&now.add_ons, &before.add_ons) {
                moves.use_reserved(holder.organization, licence, 1);
            }
            for licence in licences::lost(&before.add_ons, &now.add_ons) {
                moves.unuse(holder.organization, licence, 1);
            }
            set_values(tx, holder.organization, &now.key, &now, "provisioned", None, holder.order).await?;
            unhold_values(tx, &holder).await?;
        }
    }
    Ok(())
}

/// The claim of an order that ended otherwise, or waits for a person, is given back. It comes back as a retry takes it
/// again.
pub(crate) async fn give_back(
    tx: &mut Tx,
    holder: &Holder,
    moves: &mut LicenceMoves,
) -> Result<GivenExtension, StoreError> {
    let Open { now, before, device } = open(tx, holder).await?;
    let claim = match holder.kind {
        ClaimKind::New => {
            for licence in licences::of_extension(&now.add_ons) {
                moves.unreserve(holder.organization, licence, 1);
            }
            remove(tx, holder).await?;
            ExtensionClaim::New(now)
        }
        ClaimKind::Change => {
            for licence in licences::lost(&now.add_ons, &before.add_ons) {
                moves.unreserve(holder.organization, licence, 1);
            }
            restore(tx, holder, &now, &before).await?;
            ExtensionClaim::Change { from: before.key, to: now }
        }
        ClaimKind::Delete => {
            restore(tx, holder, &now, &before).await?;
            ExtensionClaim::Delete { key: before.key }
        }
    };
    Ok(GivenExtension { claim, device })
}

/// An extension that an order is open on.
struct Open {
    now: Extension,
    /// What it was; the same as `now` for a new one.
    before: Extension,
    device: DeviceId,
}

async fn open(tx: &mut Tx, holder: &Holder) -> Result<Open, StoreError> {
    let sql = format!("SELECT {COLUMNS} FROM extensions WHERE order_id = $1 AND state <> 'provisioned'");
    let row: Option<ExtensionRow> = row!(tx, sqlx::AssertSqlSafe(sql), holder.order.0)?;
    let mut row = row.ok_or_else(|| StoreError::inconsistent("orders", "claim", holder.order, holder.kind.word()))?;
    let (before, device) = (row.before.take(), row.device_id.into());
    let now = row.extension();
    Ok(Open { before: before.map_or_else(|| now.clone(), |before| before.0), now, device })
}

async fn restore(tx: &mut Tx, holder: &Holder, now: &Extension, before: &Extension) -> Result<(), StoreError> {
    set_values(tx, holder.organization, &now.key, before, "provisioned", None, holder.order).await?;
    unhold_values(tx, holder).await
}

async fn remove(tx: &mut Tx, holder: &Holder) -> Result<(), StoreError> {
    let sql = "DELETE FROM extensions WHERE order_id = $1 AND state <> 'provisioned'";
    execute!(tx, sql, holder.order.0)?;
    Ok(())
}

async fn unhold_values(tx: &mut Tx, holder: &Holder) -> Result<(), StoreError> {
    let sql = "DELETE FROM held_values WHERE organization_id = $1 AND order_id = $2";
    execute!(tx, sql, holder.organization.0, holder.order.0)?;
    Ok(())
}
