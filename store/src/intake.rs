use std::collections::{BTreeMap, HashSet};

use dialtone_model::{DeviceId, OrderId, OrderType, Origin, ProjectAction, State, TemplateAction, UploadId, Waiting};
use sqlx::QueryBuilder;

use crate::bulk::{self, Each, Same};
use crate::columns::StateColumns;
use crate::database::{Tx, execute, on_tx, pieces, repeated, transaction};
use crate::extension_claims::{self, ClaimKind, Taking};
use crate::licences::LicenceMoves;
use crate::subscribers::{self, Known};
use crate::time::Time;
use crate::{
    Brings, NewOrder, NewProduct, NewRun, Store, StoreError, product_claims, projects, templates, transitions, uploads,
};

impl Store {
    /// Adds a run with what it brings, its orders, their claims on extensions and their licence reservations, and makes
    /// its template `in progress`; all in one transaction, or nothing. A run that is there already is left as it is, so that the
    /// call can be repeated when the answer to its COMMIT was lost.
    ///
    /// # Errors
    /// [`StoreError::LicencesShort`] with the first licence that is short, [`StoreError::Taken`] for a value that an
    /// extension or another run has, [`StoreError::OpenOrder`], [`StoreError::Changed`] and
    /// [`StoreError::TemplateAction`] for the template.
    pub async fn add_run(&self, new: &NewRun) -> Result<(), StoreError> {
        repeated!(self.try_add_run(new))
    }

    async fn try_add_run(&self, new: &NewRun) -> Result<(), StoreError> {
        transaction!(self, |tx| {
            let known: i64 = on_tx!(tx, |connection| {
                sqlx::query_scalar("SELECT count(*) FROM runs WHERE id = $1")
                    .bind(new.id.0)
                    .fetch_one(connection)
                    .await?
            });
            if known > 0 {
                return Ok(());
            }
            extension_claims::lock(tx, new.organization).await?;
            insert_brought(tx, new).await?;
            start_template(tx, new).await?;
            start_project(tx, new).await?;

            let takings: Vec<Taking<'_>> = new
                .orders
                .iter()
                .filter_map(|order| {
                    let claim = order.claim.as_ref()?;
                    Some(Taking { order: order.id, claim, device: order.steps.first()?.device })
                })
                .collect();
            let template = new.template.map(|(id, _)| id);
            let mut moves = LicenceMoves::default();
            extension_claims::take(tx, new.organization, template, &takings, &mut moves).await?;
            moves.apply(tx).await?;
            let products = new.orders.iter().flat_map(|order| order.products.iter().map(|product| (order.id, product)));
            let products: Vec<(OrderId, &NewProduct)> = products.collect();
            product_claims::take(tx, new.organization, &products).await?;

            refuse_open_objects(tx, new).await?;
            insert_run(tx, new).await?;
            insert_orders(tx, new).await?;
            insert_needs(tx, &new.orders).await?;
            self.keep_credentials(tx, &new.orders).await?;
            if new.orders.is_empty() {
                transitions::end_run(tx, new.id, new.at).await?;
            }
            Ok(())
        })
    }
}

async fn insert_brought(tx: &mut Tx, new: &NewRun) -> Result<(), StoreError> {
    let Brings { uploads, template, project, subscribers } = &new.brings;
    for (upload, refused) in uploads {
        uploads::insert(tx, upload, refused).await?;
    }
    if let Some((template, users)) = template {
        templates::insert(tx, template).await?;
        templates::add_users(tx, template.id, &new.uploads, users).await?;
    }
    if let Some(project) = project {
        projects::insert(tx, project).await?;
        projects::add_uploads(tx, project.id, &new.uploads).await?;
    }
    subscribers::insert(tx, new.organization, subscribers, Known::Stays).await
}

async fn start_template(tx: &mut Tx, new: &NewRun) -> Result<(), StoreError> {
    let Some((template, version)) = new.template else { return Ok(()) };
    templates::change(tx, template, version, TemplateAction::Assign).await?;
    let sql = "UPDATE templates SET status = 'in_progress', run_id = $2 WHERE id = $1";
    execute!(tx, sql, template.0, new.id.0)?;
    Ok(())
}

async fn start_project(tx: &mut Tx, new: &NewRun) -> Result<(), StoreError> {
    let Some((project, version)) = new.project else { return Ok(()) };
    projects::change(tx, project, version, ProjectAction::Run).await?;
    let sql = "UPDATE projects SET status = 'in_progress', run_id = $2 WHERE id = $1";
    execute!(tx, sql, project.0, new.id.0)?;
    Ok(())
}

/// What makes an order one that is open on its object, in the words and the order of an index each: in other words the
/// whole table of orders would be read.
const OPEN: [(&str, &str); 2] = [
    ("object IS NOT NULL AND ended_at IS NULL AND blocked_by IS NULL", "number"),
    ("state = 'initial' AND blocked_by IS NOT NULL", "blocked_by"),
];

/// Refuses an object that an order of another run is open on. Within the run the plan sees to it that the later order
/// waits for the earlier one.
async fn refuse_open_objects(tx: &mut Tx, new: &NewRun) -> Result<(), StoreError> {
    let objects: HashSet<&str> = new.orders.iter().filter_map(|order| order.object.as_deref()).collect();
    let objects: Vec<&str> = objects.into_iter().collect();
    for (piece, (is_open, order)) in pieces(&objects).flat_map(|piece| OPEN.map(|open| (piece, open))) {
        let open: Option<(String, i64)> = on_tx!(tx, |connection, Db| {
            let mut query = QueryBuilder::<Db>::new("SELECT object, number FROM orders WHERE ");
            query.push(is_open).push(" AND organization_id = ").push_bind(new.organization.0).push(" AND object IN (");
            let mut wanted = query.separated(", ");
            for object in piece {
                wanted.push_bind(*object);
            }
            query.push(") ORDER BY ").push(order).push(" LIMIT 1").build_query_as().fetch_optional(connection).await?
        });
        if let Some((object, order_number)) = open {
            return Err(StoreError::OpenOrder { object, order_number });
        }
    }
    Ok(())
}

async fn insert_run(tx: &mut Tx, new: &NewRun) -> Result<(), StoreError> {
    let nil = OrderId(uuid::Uuid::nil());
    let (first, last) = (new.orders.first().map_or(nil, |order| order.id), new.orders.last().map_or(nil, |o| o.id));
    let sql = "INSERT INTO runs (id, organization_id, kind, template_id, project_id, name, profile, state, version, \
               first_order, last_order, created_at, created_by) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, 'running', 1, $8, $9, $10, $11)";
    execute!(
        tx,
        sql,
        new.id.0,
        new.organization.0,
        new.kind.word(),
        new.template.map(|(id, _)| id.0),
        new.project.map(|(id, _)| id.0),
        &new.name,
        new.profile.word(),
        first.0,
        last.0,
        Time(new.at),
        &new.by
    )?;
    for (position, upload) in (1_i64..).zip(&new.uploads) {
        let sql = "INSERT INTO run_uploads (run_id, position, upload_id) VALUES ($1, $2, $3)";
        execute!(tx, sql, new.id.0, position, upload.0)?;
    }
    Ok(())
}

async fn insert_orders(tx: &mut Tx, new: &NewRun) -> Result<(), StoreError> {
    let count = new.orders.len() as i64;
    let sql = "UPDATE counters SET next = next + $1 WHERE name = 'order_number' RETURNING next";
    let next: i64 = on_tx!(tx, |connection| sqlx::query_scalar(sql).bind(count).fetch_one(connection).await?);
    let numbered: Vec<(i64, &NewOrder)> = (next - count..).zip(&new.orders).collect();
    // Orders of one kind of row differ in little, so the rest is given once.
    let mut alike: BTreeMap<Alike<'_>, Vec<&(i64, &NewOrder)>> = BTreeMap::new();
    for order in &numbered {
        alike.entry(Alike::of(order.1)).or_default().push(order);
    }
    for (rest, orders) in alike {
        for piece in orders.chunks(bulk::ROWS_A_MESSAGE) {
            insert_alike(tx, new, &rest, piece).await?;
        }
    }
    Ok(())
}

/// What many orders of a run have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Alike<'a> {
    upload: Option<UploadId>,
    order_type: OrderType,
    product: &'a str,
    origin: Origin,
    steps: usize,
    device: Option<DeviceId>,
    shard: u16,
    waits: bool,
    needs_blocker: bool,
    claim: Option<&'static str>,
    products: usize,
}

impl<'a> Alike<'a> {
    fn of(order: &'a NewOrder) -> Self {
        let waits = order.blocked_by.is_some();
        Self {
            upload: order.origin_row.map(|origin| origin.upload),
            order_type: order.order_type,
            product: &order.product,
            origin: order.origin,
            steps: order.steps.len(),
            device: order.steps.first().filter(|_| !waits).map(|step| step.device),
            shard: order.shard,
            waits,
            needs_blocker: order.blocked_by.is_some_and(|blocker| order.needs.contains(&blocker)),
            claim: order.claim.as_ref().map(|claim| ClaimKind::of(claim).word()),
            products: order.products.len(),
        }
    }
}

async fn insert_alike(
    tx: &mut Tx,
    new: &NewRun,
    rest: &Alike<'_>,
    orders: &[&(i64, &NewOrder)],
) -> Result<(), StoreError> {
    let state = State::Initial(if rest.waits { Waiting::ForOrder } else { Waiting::Nothing });
    let columns = StateColumns::of(state, 0);
    let reservation = match rest.claim.and_then(ClaimKind::from_word) {
        Some(ClaimKind::New | ClaimKind::Change) => "held",
        Some(ClaimKind::Delete) | None => "none",
    };
    let steps: Result<Vec<String>, StoreError> = orders.iter().map(|(_, order)| bulk::document(&order.steps)).collect();
    let each = [
        ("number", Each::Numbers(orders.iter().map(|(number, _)| Some(*number)).collect())),
        ("id", Each::Ids(orders.iter().map(|(_, order)| Some(order.id.0)).collect())),
        ("row_number", Each::Numbers(orders.iter().map(|(_, order)| row_number(order)).collect())),
        ("subject", Each::Texts(orders.iter().map(|(_, order)| Some(&*order.subject)).collect())),
        ("object", Each::Texts(orders.iter().map(|(_, order)| order.object.as_deref()).collect())),
        ("steps", Each::Documents(steps?)),
        ("blocked_by", Each::Ids(orders.iter().map(|(_, order)| order.blocked_by.map(|blocker| blocker.0)).collect())),
    ];
    let same = [
        ("run_id", Same::Id(Some(new.id.0))),
        ("organization_id", Same::Id(Some(new.organization.0))),
        ("upload_id", Same::Id(rest.upload.map(|upload| upload.0))),
        ("order_type", Same::Text(Some(rest.order_type.word()))),
        ("product", Same::Text(Some(rest.product))),
        ("origin", Same::Text(Some(rest.origin.word()))),
        ("step_count", Same::Number(rest.steps as i64)),
        ("state", Same::Text(Some(columns.state))),
        ("extended", Same::Text(columns.extended)),
        ("device_id", Same::Id(rest.device.map(|device| device.0))),
        ("shard", Same::Number(i64::from(rest.shard))),
        ("needs_blocker", Same::Flag(rest.needs_blocker)),
        ("claim", Same::Text(rest.claim)),
        ("products", Same::Number(rest.products as i64)),
        ("reservation", Same::Text(Some(reservation))),
        ("step", Same::Number(0)),
        ("attempts", Same::Number(0)),
        ("unknown", Same::Flag(false)),
        ("starts", Same::Number(0)),
        ("tries", Same::Number(0)),
        ("version", Same::Number(0)),
    ];
    bulk::insert(tx, "orders", &each, &same, "").await.map(drop)
}

/// What orders need beside the order that they wait for.
async fn insert_needs(tx: &mut Tx, orders: &[NewOrder]) -> Result<(), StoreError> {
    let further = |order: &NewOrder| {
        let (id, blocker) = (order.id, order.blocked_by);
        let needs: Vec<OrderId> = order.needs.iter().copied().filter(|need| Some(*need) != blocker).collect();
        needs.into_iter().map(move |need| (id, need))
    };
    let needs: Vec<(OrderId, OrderId)> = orders.iter().flat_map(further).collect();
    for piece in needs.chunks(bulk::ROWS_A_MESSAGE) {
        let each = [
            ("order_id", Each::Ids(piece.iter().map(|(order, _)| Some(order.0)).collect())),
            ("needs_id", Each::Ids(piece.iter().map(|(_, need)| Some(need.0)).collect())),
        ];
        bulk::insert(tx, "order_needs", &each, &[], "").await?;
    }
    Ok(())
}

fn row_number(order: &NewOrder) -> Option<i64> {
    order.origin_row.map(|origin| i64::from(origin.row))
}
