use std::collections::HashMap;

use dialtone_model::{
    Attributes, DeviceId, DeviceObject, Event, ObjectChange, ObjectKind, OrderId, Step, SyncScope, WorkId,
};
use jiff::Timestamp;
use sqlx::QueryBuilder;
use sqlx::types::Json;
use uuid::Uuid;

use crate::columns::word;
use crate::database::{Tx, execute, on_db, on_tx, pieces, repeated, rows, transaction};
use crate::device_work::{self, DeviceWork};
use crate::ids::Ids;
use crate::time::Time;
use crate::{Lease, Outcome, Store, StoreError};

/// A page of a read, as the device answered it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadPage {
    /// Whether the whole read is one of everything, so that what no page has is gone.
    pub whole: bool,
    /// What is there.
    pub found: Vec<DeviceObject>,
    /// What the device says is gone.
    pub gone: Vec<(ObjectKind, String)>,
    /// Where the next page begins; `None`: this was the last.
    pub next: Option<String>,
    /// On the last page: what the next read goes on from.
    pub mark: Option<String>,
}

/// An object of a device as it was last read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownObject {
    /// What it is, and what is known of it.
    pub object: DeviceObject,
    /// The time that this is of at least: the start of the read.
    pub as_of: Timestamp,
    /// How it last differed from what was known before.
    pub change: ObjectChange,
    /// The attributes from before that, of a changed or removed one.
    pub previous: Option<Attributes>,
    /// The order that changed it during the last read; the attributes may be from before.
    pub order: Option<OrderId>,
}

#[derive(sqlx::FromRow)]
struct ObjectRow {
    kind: String,
    key: String,
    attributes: Json<Attributes>,
    as_of: Time,
    change: String,
    previous: Option<Json<Attributes>>,
    order_id: Option<Uuid>,
}

/// What is known of an object that a page has.
#[derive(sqlx::FromRow)]
struct BeforeRow {
    kind: String,
    key: String,
    attributes: Json<Attributes>,
    change: String,
    changed_in: Option<Uuid>,
    previous: Option<Json<Attributes>>,
    touched_in: Option<Uuid>,
}

/// A row as it is to be.
struct NewRow<'a> {
    object: &'a DeviceObject,
    change: ObjectChange,
    changed_in: Option<Uuid>,
    previous: Option<Json<Attributes>>,
}

impl Store {
    /// Records a page of a read: its objects, how they differ from what was known, and where the next page begins. The
    /// last page ends the work; after a whole read what no page had is removed. What an order changed since the read
    /// began is left as it is (invariant I9).
    ///
    /// Returns the work as it stands then; `None`: somebody else has it, or the lease is lost, and nothing is recorded.
    pub async fn record_page(
        &self,
        lease: Lease,
        id: WorkId,
        page: &ReadPage,
        at: Timestamp,
    ) -> Result<Option<DeviceWork>, StoreError> {
        let recorded = repeated!(self.try_record_page(lease, id, page, at))?;
        if recorded { self.device_work(id).await.map(Some) } else { Ok(None) }
    }

    async fn try_record_page(
        &self,
        lease: Lease,
        id: WorkId,
        page: &ReadPage,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let sql = "UPDATE device_work SET page_cursor = $2, pages = pages + 1, found = found + $3, added = added + $4, \
                   changed = changed + $5, removed = removed + $6, mark = $7, starts = 1 WHERE id = $1";
        transaction!(self, |tx| {
            let Some(work) = device_work::held(tx, lease, id).await? else { return Ok(false) };
            let work = DeviceWork::try_from(work)?;
            let (Some(scope), Some(as_of)) = (work.scope, work.as_of) else {
                return Err(StoreError::inconsistent("device_work", "scope", id, "a page of what is no read"));
            };
            let read = Read { device: work.device, id, as_of };
            let mut counts = Counts::default();
            for piece in pieces(&page.found) {
                read.put(tx, piece, &mut counts).await?;
            }
            for (kind, key) in &page.gone {
                counts.removed += read.remove(tx, *kind, key).await?;
            }
            if page.next.is_none() {
                read.forget_removed(tx, scope).await?;
                if page.whole {
                    counts.removed += read.remove_unseen(tx, scope).await?;
                }
            }
            let found = i64::try_from(page.found.len()).unwrap_or(i64::MAX);
            let removed = i64::try_from(counts.removed).unwrap_or(i64::MAX);
            execute!(tx, sql, id.0, &page.next, found, counts.added, counts.changed, removed, &page.mark)?;
            if page.next.is_none() {
                device_work::end(tx, id.0, None, at).await?;
            }
            Ok(true)
        })
    }

    /// What a device holds, as it was last read, by kind and key, from after a kind and key on; removed objects are
    /// not among them.
    pub async fn device_objects(
        &self,
        device: DeviceId,
        after: Option<(ObjectKind, &str)>,
        limit: u32,
    ) -> Result<Vec<KnownObject>, StoreError> {
        let (kind, key) = after.map_or(("", ""), |(kind, key)| (kind.word(), key));
        let sql = "SELECT kind, key, attributes, as_of, change, previous, order_id FROM device_objects \
                   WHERE device_id = $1 AND change <> 'removed' AND (kind, key) > ($2, $3) \
                   ORDER BY kind, key LIMIT $4";
        let rows: Vec<ObjectRow> = on_db!(self, |db| {
            sqlx::query_as(sql).bind(device.0).bind(kind).bind(key).bind(i64::from(limit)).fetch_all(db).await?
        });
        rows.into_iter().map(KnownObject::try_from).collect()
    }

    /// What a read found other than it was known before, by kind and key, from after a kind and key on.
    pub async fn device_changes(
        &self,
        read: WorkId,
        after: Option<(ObjectKind, &str)>,
        limit: u32,
    ) -> Result<Vec<KnownObject>, StoreError> {
        let (kind, key) = after.map_or(("", ""), |(kind, key)| (kind.word(), key));
        let sql = "SELECT kind, key, attributes, as_of, change, previous, order_id FROM device_objects \
                   WHERE changed_in = $1 AND (kind, key) > ($2, $3) ORDER BY kind, key LIMIT $4";
        let rows: Vec<ObjectRow> = on_db!(self, |db| {
            sqlx::query_as(sql).bind(read.0).bind(kind).bind(key).bind(i64::from(limit)).fetch_all(db).await?
        });
        rows.into_iter().map(KnownObject::try_from).collect()
    }
}

#[derive(Default)]
struct Counts {
    added: i64,
    changed: i64,
    removed: u64,
}

/// The read that a page is of.
struct Read {
    device: DeviceId,
    id: WorkId,
    as_of: Timestamp,
}

impl Read {
    /// Makes the objects of a page known.
    async fn put(&self, tx: &mut Tx, found: &[DeviceObject], counts: &mut Counts) -> Result<(), StoreError> {
        let before = self.before(tx, found).await?;
        // A device's list may shift while it is read, so that an object is on it twice: the last one counts.
        let mut rows: HashMap<(ObjectKind, &str), NewRow<'_>> = HashMap::with_capacity(found.len());
        for object in found {
            let row = match before.get(&(object.kind.word(), object.key.as_str())) {
                Some(before) if before.touched_in == Some(self.id.0) => continue,
                Some(before) => self.compared(object, before),
                None => NewRow { object, change: ObjectChange::Added, changed_in: Some(self.id.0), previous: None },
            };
            rows.insert((object.kind, &object.key), row);
        }
        let mut rows: Vec<NewRow<'_>> = rows.into_values().collect();
        rows.sort_unstable_by_key(|row| (row.object.kind.word(), &row.object.key));
        for row in rows.iter().filter(|row| row.changed_in == Some(self.id.0)) {
            let key = (row.object.kind.word(), row.object.key.as_str());
            if before.get(&key).is_some_and(|before| before.changed_in == Some(self.id.0)) {
                continue;
            }
            match row.change {
                ObjectChange::Added => counts.added += 1,
                _ => counts.changed += 1,
            }
        }
        for piece in pieces(&rows) {
            self.upsert(tx, piece).await?;
        }
        Ok(())
    }

    /// The row of an object that is known.
    fn compared<'a>(&self, object: &'a DeviceObject, before: &BeforeRow) -> NewRow<'a> {
        let this = Some(self.id.0);
        let change = ObjectChange::from_word(&before.change).unwrap_or(ObjectChange::Added);
        if matches!(change, ObjectChange::Removed | ObjectChange::Ordered) {
            return NewRow { object, change: ObjectChange::Added, changed_in: this, previous: None };
        }
        if before.attributes.0 == object.attributes {
            return NewRow { object, change, changed_in: before.changed_in, previous: before.previous.clone() };
        }
        if before.changed_in == this {
            return NewRow { object, change, changed_in: this, previous: before.previous.clone() };
        }
        let previous = Some(before.attributes.clone());
        NewRow { object, change: ObjectChange::Changed, changed_in: this, previous }
    }

    async fn before<'a>(
        &self,
        tx: &mut Tx,
        found: &'a [DeviceObject],
    ) -> Result<HashMap<(&'a str, &'a str), BeforeRow>, StoreError> {
        let rows: Vec<BeforeRow> = on_tx!(tx, |connection, Db| {
            let mut query = QueryBuilder::<Db>::new(
                "SELECT kind, key, attributes, change, changed_in, previous, touched_in FROM device_objects \
                 WHERE device_id = ",
            );
            query.push_bind(self.device.0).push(" AND (kind, key) IN (");
            query.push_values(found, |mut row, object| {
                row.push_bind(object.kind.word()).push_bind(&object.key);
            });
            query.push(")").build_query_as().fetch_all(connection).await?
        });
        let mut known: HashMap<(String, String), BeforeRow> =
            rows.into_iter().map(|row| ((row.kind.clone(), row.key.clone()), row)).collect();
        let by_object = |object: &'a DeviceObject| {
            let row = known.remove(&(object.kind.word().to_owned(), object.key.clone()))?;
            Some(((object.kind.word(), object.key.as_str()), row))
        };
        Ok(found.iter().filter_map(by_object).collect())
    }

    async fn upsert(&self, tx: &mut Tx, rows: &[NewRow<'_>]) -> Result<(), StoreError> {
        on_tx!(tx, |connection, Db| {
            let mut query = QueryBuilder::<Db>::new(
                "INSERT INTO device_objects (device_id, kind, key, attributes, as_of, seen_in, change, changed_in, \
                 previous) ",
            );
            query.push_values(rows, |mut row, new| {
                row.push_bind(self.device.0)
                    .push_bind(new.object.kind.word())
                    .push_bind(&new.object.key)
                    .push_bind(Json(&new.object.attributes))
                    .push_bind(Time(self.as_of))
                    .push_bind(self.id.0)
                    .push_bind(new.change.word())
                    .push_bind(new.changed_in)
                    .push_bind(new.previous.clone());
            });
            query.push(
                " ON CONFLICT (device_id, kind, key) DO UPDATE SET attributes = excluded.attributes, \
                 as_of = excluded.as_of, seen_in = excluded.seen_in, change = excluded.change, \
                 changed_in = excluded.changed_in, previous = excluded.previous, touched_in = NULL, order_id = NULL \
                 WHERE device_objects.touched_in IS NULL OR device_objects.touched_in <> excluded.seen_in",
            );
            query.build().execute(connection).await.map(drop)
        })?;
        Ok(())
    }

    /// Notes that the device says an object is gone: 1 if it was known.
    async fn remove(&self, tx: &mut Tx, kind: ObjectKind, key: &str) -> Result<u64, StoreError> {
        let sql = "UPDATE device_objects SET change = 'removed', changed_in = $4, seen_in = $4, previous = attributes, \
                   as_of = $5, touched_in = NULL, order_id = NULL \
                   WHERE device_id = $1 AND kind = $2 AND key = $3 AND change <> 'removed' \
                   AND (touched_in IS NULL OR touched_in <> $4)";
        Ok(execute!(tx, sql, self.device.0, kind.word(), key, self.id.0, Time(self.as_of))?)
    }

    /// Removes what a whole read hasn't come across: how many.
    async fn remove_unseen(&self, tx: &mut Tx, scope: SyncScope) -> Result<u64, StoreError> {
        let sql = "UPDATE device_objects SET change = 'removed', changed_in = $3, previous = attributes, as_of = $4, \
                   touched_in = NULL, order_id = NULL \
                   WHERE device_id = $1 AND kind = $2 AND change <> 'removed' \
                   AND (seen_in IS NULL OR seen_in <> $3) AND (touched_in IS NULL OR touched_in <> $3)";
        let mut removed = 0;
        for kind in kinds(scope) {
            removed += execute!(tx, sql, self.device.0, kind.word(), self.id.0, Time(self.as_of))?;
        }
        Ok(removed)
    }

    /// Forgets what reads before this one found removed.
    async fn forget_removed(&self, tx: &mut Tx, scope: SyncScope) -> Result<(), StoreError> {
        let sql = "DELETE FROM device_objects WHERE device_id = $1 AND kind = $2 AND change = 'removed' \
                   AND (changed_in IS NULL OR changed_in <> $3)";
        for kind in kinds(scope) {
            execute!(tx, sql, self.device.0, kind.word(), self.id.0)?;
        }
        Ok(())
    }
}

fn kinds(scope: SyncScope) -> impl Iterator<Item = ObjectKind> {
    ObjectKind::ALL.iter().copied().filter(move |kind| kind.scope() == scope)
}

/// Marks what done steps changed on devices that are just being read, so that no older answer of the device overwrites
/// it (invariant I9).
pub(crate) async fn touch(tx: &mut Tx, shard: u16, outcomes: &[Outcome]) -> Result<(), StoreError> {
    let reads: HashMap<DeviceId, WorkId> = device_work::reads_under_way(tx, shard).await?.into_iter().collect();
    let done: Vec<&Outcome> = outcomes.iter().filter(|outcome| outcome.event == Event::StepDone).collect();
    if reads.is_empty() || done.is_empty() {
        return Ok(());
    }
    let sql = "INSERT INTO device_objects (device_id, kind, key, attributes, as_of, change, touched_in, order_id) \
               VALUES ($1, $2, $3, $4, $5, 'ordered', $6, $7) ON CONFLICT (device_id, kind, key) DO UPDATE \
               SET as_of = excluded.as_of, touched_in = excluded.touched_in, order_id = excluded.order_id";
    let steps = steps(tx, &done).await?;
    for outcome in done {
        let step = steps.get(&outcome.order).and_then(|steps| steps.get(usize::from(outcome.step)));
        let Some((step, read)) = step.and_then(|step| Some((step, reads.get(&step.device)?))) else { continue };
        for object in step.objects() {
            let Some((kind, key)) = ObjectKind::of_step_object(&object) else { continue };
            let none = Json(Attributes::new());
            execute!(tx, sql, step.device.0, kind.word(), key, none, Time(outcome.at), read.0, outcome.order.0)?;
        }
    }
    Ok(())
}

/// The steps of the orders that outcomes are of.
async fn steps(tx: &mut Tx, outcomes: &[&Outcome]) -> Result<HashMap<OrderId, Vec<Step>>, StoreError> {
    let sql = format!("SELECT id, steps FROM orders WHERE id {}", tx.among("$1"));
    let orders: Ids = outcomes.iter().map(|outcome| outcome.order).collect();
    let rows: Vec<(Uuid, Json<Vec<Step>>)> = rows!(tx, sqlx::AssertSqlSafe(sql), orders)?;
    Ok(rows.into_iter().map(|(id, steps)| (id.into(), steps.0)).collect())
}

impl TryFrom<ObjectRow> for KnownObject {
    type Error = StoreError;

    fn try_from(row: ObjectRow) -> Result<Self, StoreError> {
        Ok(Self {
            change: word(&row.change, ObjectChange::from_word, "device_objects", "change", &row.key)?,
            object: DeviceObject {
                kind: word(&row.kind, ObjectKind::from_word, "device_objects", "kind", &row.key)?,
                key: row.key,
                attributes: row.attributes.0,
            },
            as_of: row.as_of.0,
            previous: row.previous.map(|previous| previous.0),
            order: row.order_id.map(OrderId),
        })
    }
}
