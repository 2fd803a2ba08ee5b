use dialtone_model::{OrderId, State, TemplateId, Work, WorkStatus};
use serde::{Deserialize, Serialize};
use sqlx::types::Json;
use uuid::Uuid;

use crate::columns::word;
use crate::database::{Tx, execute, row};
use crate::extension_claims::{self, ClaimKind, GivenExtension, Holder, Taking};
use crate::ids::Ids;
use crate::licences::LicenceMoves;
use crate::transitions::{Changed, LiveOrder};
use crate::{NewProduct, StoreError, product_claims};

/// What of the inventory an order holds until it ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Holdings {
    /// Its claim on an extension.
    pub(crate) claim: Option<ClaimKind>,
    /// Whether it makes products.
    pub(crate) products: bool,
}

/// What an order doesn't hold at present: the column `given_back`, from which a retry takes it again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct GivenBack {
    extension: Option<GivenExtension>,
    products: Vec<NewProduct>,
}

impl Holdings {
    /// What the columns `claim` and `products` say, for an order that has not given it back.
    pub(crate) fn read(id: Uuid, claim: Option<&str>, products: i64, given_back: bool) -> Result<Self, StoreError> {
        if given_back {
            return Ok(Self::default());
        }
        let claim = claim.map(|claim| word(claim, ClaimKind::from_word, "orders", "claim", id)).transpose()?;
        Ok(Self { claim, products: products > 0 })
    }
}

/// What completed orders hold takes effect. `products` tells whether any of them makes products.
pub(crate) async fn take_effect(
    tx: &mut Tx,
    orders: &[OrderId],
    products: bool,
    moves: &mut LicenceMoves,
) -> Result<(), StoreError> {
    if orders.is_empty() {
        return Ok(());
    }
    let ids: Ids = orders.iter().copied().collect();
    extension_claims::take_effect(tx, orders.len(), &ids, moves).await?;
    if products {
        product_claims::take_effect(tx, &ids).await?;
    }
    Ok(())
}

/// Orders that don't go on by themselves give back what they hold, unless a step may have had its effect.
pub(crate) async fn give_back(tx: &mut Tx, stopped: &[Changed], moves: &mut LicenceMoves) -> Result<(), StoreError> {
    for order in stopped.iter().filter(|order| order.holdings != Holdings::default() && gives_back(order.next)) {
        let extension = match holder(order) {
            Some(holder) => Some(extension_claims::give_back(tx, &holder, moves).await?),
            None => None,
        };
        let products = if order.holdings.products {
            let step = order.next.position().unwrap_or_default().step;
            product_claims::give_back(tx, order.order, step).await?
        } else {
            Vec::new()
        };
        let sql = "UPDATE orders SET given_back = $2, reservation = 'none' WHERE id = $1";
        execute!(tx, sql, order.order.0, Json(GivenBack { extension, products }))?;
    }
    Ok(())
}

/// Takes what the order gave back.
pub(crate) async fn take_again(tx: &mut Tx, order: &LiveOrder) -> Result<(), StoreError> {
    let Some(given_back) = &order.given_back else { return Ok(()) };
    if let Some(GivenExtension { claim, device }) = &given_back.extension {
        let taking = Taking { order: order.id, claim, device: *device };
        let run: Option<(Option<Uuid>,)> = row!(tx, "SELECT template_id FROM runs WHERE id = $1", order.run.0)?;
        let template = run.and_then(|(template,)| template).map(TemplateId);
        let mut moves = LicenceMoves::default();
        extension_claims::take(tx, order.organization, template, &[taking], &mut moves).await?;
        moves.apply(tx).await?;
    }
    let products: Vec<(OrderId, &NewProduct)> = given_back.products.iter().map(|product| (order.id, product)).collect();
    product_claims::take(tx, order.organization, &products).await?;
    let sql = "UPDATE orders SET given_back = NULL, \
               reservation = CASE WHEN claim IN ('new', 'change') THEN 'held' ELSE 'none' END WHERE id = $1";
    execute!(tx, sql, order.id.0)?;
    Ok(())
}

fn holder(order: &Changed) -> Option<Holder> {
    Some(Holder { order: order.order, organization: order.organization, kind: order.holdings.claim? })
}

fn gives_back(next: State) -> bool {
    match next {
        State::Initial(_) | State::Completed => false,
        State::Cancelled => true,
        State::Released(Work { status, at }) => status != WorkStatus::BeingProvisioned && !at.unknown,
        State::Hold { at, .. } => !at.unknown,
    }
}
