use std::process::ExitCode;

use clap::{Args, Subcommand};
use dialtone_model::{RunId, RunState, State};
use dialtone_scheduler::{extended_status, what_to_do};
use dialtone_store::{EventRecord, OrderFilter, OrderRecord, PersonalAct};
use serde_json::{Value, json};

use crate::context::Context;
use crate::embedded::WorkArgs;
use crate::exit::Exit;
use crate::follow::{data_flag, follow};
use crate::output::{print, print_json, print_json_lines, print_table, time};
use crate::pick;

/// Work orders: one request for one subscriber
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  dialtone order list --state hold
  dialtone order show 17
  dialtone order retry 17 18
  dialtone order release 17
  dialtone order abort 17
  dialtone order cancel 17")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// List orders
    List(Filter),
    /// Show an order with its steps and its history
    Show {
        /// Its number
        number: i64,
    },
    /// Go on at the failed step, and work until it is over; no done step is repeated
    Retry(Chosen),
    /// Release from Hold, and work until it is over
    Release(Chosen),
    /// Stop an order; it goes to Hold and keeps what is done
    Abort {
        /// Their numbers
        #[arg(required = true, value_name = "NUMBER")]
        numbers: Vec<i64>,
    },
    /// Cancel an order before any of its steps is done
    Cancel {
        /// Their numbers
        #[arg(required = true, value_name = "NUMBER")]
        numbers: Vec<i64>,
    },
}

#[derive(Args, Debug)]
struct Filter {
    /// Of this run: its UUID, or the beginning of it
    #[arg(long, value_name = "RUN")]
    run: Option<String>,
    /// In this state
    #[arg(long, value_name = "STATE", value_parser = ["initial", "released", "hold", "completed", "cancelled"])]
    state: Option<String>,
    /// With this extended status
    #[arg(long, value_name = "STATUS", value_parser = [
        "being_provisioned", "recoverable_error", "unrecoverable_error", "wait_for_order", "aborted",
    ])]
    extended: Option<String>,
    /// For somebody whose name has this in it
    #[arg(long, value_name = "TEXT")]
    subject: Option<String>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: u32,
}

#[derive(Args, Debug)]
struct Chosen {
    /// Their numbers
    #[arg(required = true, value_name = "NUMBER")]
    numbers: Vec<i64>,
    #[command(flatten)]
    work: WorkArgs,
}

/// Runs the command.
pub(crate) async fn run(context: &Context, arguments: Arguments) -> anyhow::Result<ExitCode> {
    match arguments.act {
        Act::List(filter) => list(context, filter).await,
        Act::Show { number } => show(context, number).await,
        Act::Retry(chosen) => act_and_follow(context, &chosen, PersonalAct::Retry).await,
        Act::Release(chosen) => act_and_follow(context, &chosen, PersonalAct::Unhold).await,
        Act::Abort { numbers } => act_and_tell(context, &numbers, PersonalAct::Abort).await,
        Act::Cancel { numbers } => act_and_tell(context, &numbers, PersonalAct::Cancel).await,
    }
}

/// What became of the orders that a person named.
struct Acted {
    orders: Vec<OrderRecord>,
    /// Whether each of them took the act.
    all: bool,
}

/// Does the act on each order. One that refuses it is told of and keeps no other from it; one that isn't there keeps
/// all, because it is a slip of whoever typed the numbers.
async fn act(context: &Context, numbers: &[i64], act: PersonalAct) -> anyhow::Result<Acted> {
    let organization = context.organization().await?.id;
    let mut chosen = Vec::new();
    for number in numbers {
        let (order, _) = context.operations.order(&context.actor, organization, *number).await?;
        chosen.push(order);
    }
    let mut acted = Acted { orders: Vec::new(), all: true };
    for order in chosen {
        match context.operations.act_on_order(&context.actor, &order, act).await {
            Ok(after) => acted.orders.push(after),
            Err(refused) if numbers.len() > 1 => {
                eprintln!("dialtone: order {}: {refused}", order.number);
                acted.all = false;
            }
            Err(refused) => return Err(refused.into()),
        }
    }
    Ok(acted)
}

async fn act_and_tell(context: &Context, numbers: &[i64], wanted: PersonalAct) -> anyhow::Result<ExitCode> {
    let acted = act(context, numbers, wanted).await?;
    print_orders(context, &acted.orders)?;
    for run in runs_of(&acted.orders) {
        // Orders that waited for these may go on now.
        if context.operations.run(&context.actor, run).await?.run.state == RunState::Running {
            eprintln!("run {run} goes on: dialtone{} runs follow {run}", data_flag(context));
        }
    }
    Ok(if acted.all { Exit::Done } else { Exit::Failed }.into())
}

async fn act_and_follow(context: &Context, chosen: &Chosen, wanted: PersonalAct) -> anyhow::Result<ExitCode> {
    let Acted { mut orders, all } = act(context, &chosen.numbers, wanted).await?;
    if follow(context, &chosen.work, &runs_of(&orders)).await? == Exit::Interrupted {
        return Ok(Exit::Interrupted.into());
    }
    for order in &mut orders {
        *order = context.operations.order(&context.actor, order.organization, order.number).await?.0;
    }
    print_orders(context, &orders)?;
    // The other orders of their runs don't count: it is these that were asked for.
    let completed = orders.iter().all(|order| order.state == State::Completed);
    let exit = if completed { Exit::Done } else { Exit::Incomplete };
    Ok(exit.and(if all { Exit::Done } else { Exit::Failed }).into())
}

fn runs_of(orders: &[OrderRecord]) -> Vec<RunId> {
    let mut runs: Vec<RunId> = orders.iter().map(|order| order.run).collect();
    runs.sort_unstable();
    runs.dedup();
    runs
}

async fn list(context: &Context, filter: Filter) -> anyhow::Result<ExitCode> {
    let organization = context.organization().await?.id;
    let run = match filter.run {
        Some(text) => Some(pick::run(context, &text).await?.run.id),
        None => None,
    };
    let filter = OrderFilter {
        run,
        state: filter.state,
        extended: filter.extended,
        subject: filter.subject,
        after: None,
        limit: filter.limit,
    };
    let orders = context.operations.orders(&context.actor, organization, &filter).await?;
    print_orders(context, &orders)?;
    Ok(ExitCode::SUCCESS)
}

fn print_orders(context: &Context, orders: &[OrderRecord]) -> anyhow::Result<()> {
    if context.json {
        return print_json_lines(orders.iter().map(order_json));
    }
    let rows = orders
        .iter()
        .map(|order| {
            [
                order.number.to_string(),
                order.order_type.to_string(),
                order.product.clone(),
                order.subject.clone(),
                status(order),
                order.tries.to_string(),
                order.reason.as_ref().map(|reason| reason.message.clone()).unwrap_or_default(),
            ]
        })
        .collect();
    print_table(["Order", "Type", "Product", "For", "Status", "Tries", "Reason"], rows, "no such order")
}

async fn show(context: &Context, number: i64) -> anyhow::Result<ExitCode> {
    let organization = context.organization().await?.id;
    let (order, events) = context.operations.order(&context.actor, organization, number).await?;
    if context.json {
        let mut object = order_json(&order);
        object["events"] = events.iter().map(event_json).collect();
        print_json(&object)?;
        return Ok(ExitCode::SUCCESS);
    }
    print(format_args!("order {} {} {} for {}", order.number, order.order_type, order.product, order.subject))?;
    print(format_args!("{} · run {}", status(&order), order.run))?;
    if let Some(reason) = &order.reason {
        print(format_args!("{}: {}", reason.code, reason.message))?;
        if let Some(repair) = reason.repair.clone().or_else(|| what_to_do(order.number, order.state)) {
            print(format_args!("what to do: {repair}"))?;
        }
    }
    print("")?;
    for (index, step) in order.steps.iter().enumerate() {
        print(format_args!("step {} {}", index + 1, step.title()))?;
    }
    print("")?;
    let rows = events
        .iter()
        .map(|event| {
            [
                time(event.at),
                event.kind.clone(),
                event.actor.clone(),
                (event.step + 1).to_string(),
                event.state.clone(),
                event.message.clone().unwrap_or_default(),
            ]
        })
        .collect();
    print_table(["At", "Event", "By", "Step", "State", "Message"], rows, "nothing happened to it yet")?;
    Ok(ExitCode::SUCCESS)
}

/// The state with what a person reads beside it.
fn status(order: &OrderRecord) -> String {
    match extended_status(order) {
        Some(extended) => format!("{}, {extended}", order.state.word()),
        None => order.state.word().to_owned(),
    }
}

fn order_json(order: &OrderRecord) -> Value {
    json!({
        "number": order.number,
        "id": order.id,
        "run": order.run,
        "type": order.order_type,
        "product": order.product,
        "subject": order.subject,
        "origin": order.origin,
        "row": order.origin_row,
        "state": order.state.word(),
        "extended": extended_status(order),
        "steps": order.steps.iter().map(dialtone_model::Step::title).collect::<Vec<_>>(),
        "step": order.state.position().map(|at| at.step + 1),
        "tries": order.tries,
        "reason": order.reason,
        "started_at": order.started_at,
        "ended_at": order.ended_at,
    })
}

fn event_json(event: &EventRecord) -> Value {
    json!({
        "at": event.at,
        "event": event.kind,
        "by": event.actor,
        "step": event.step + 1,
        "state": event.state,
        "extended": event.extended,
        "code": event.code,
        "message": event.message,
    })
}
