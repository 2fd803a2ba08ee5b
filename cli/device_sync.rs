use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use dialtone_model::{Attributes, Device, ObjectChange, ObjectKind, SyncScope, WorkId, WorkState};
use dialtone_store::{DeviceWork, KnownObject, WorkOutcome};
use indicatif::ProgressBar;
use serde_json::{Value, json};

use crate::configuration::time;
use crate::context::Context;
use crate::device::work_json;
use crate::device_work::await_work;
use crate::embedded::WorkArgs;
use crate::exit::Exit;
use crate::output::{print, print_json, print_json_lines, printable, red};
use crate::pick;

/// How many objects are fetched at a time.
const PAGE: u32 = 500;

/// What is read.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Scopes {
    /// Only what an administrator of the device sets up
    #[arg(long, conflicts_with = "subscribers")]
    infrastructure: bool,
    /// Only what people own
    #[arg(long)]
    subscribers: bool,
}

impl Scopes {
    fn chosen(self) -> Vec<SyncScope> {
        let wanted = |scope: &SyncScope| match scope {
            SyncScope::Infrastructure => !self.subscribers,
            SyncScope::Subscribers => !self.infrastructure,
        };
        SyncScope::ALL.iter().copied().filter(wanted).collect()
    }
}

/// A synchronisation.
#[derive(Args, Debug)]
pub(crate) struct Sync {
    /// The devices; all of them when none is named
    devices: Vec<String>,
    #[command(flatten)]
    scopes: Scopes,
    /// Read everything, also where the device could tell what changed
    #[arg(long)]
    whole: bool,
    /// Only ask for it; `dialtone device show` tells how far it is
    #[arg(long)]
    no_wait: bool,
    /// How long to wait for a worker to take it up
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = time)]
    wait: Duration,
    #[command(flatten)]
    work: WorkArgs,
}

/// Synchronises devices.
pub(crate) async fn sync(context: &Context, arguments: Sync) -> anyhow::Result<ExitCode> {
    let (operations, actor) = (&context.operations, &context.actor);
    let devices = chosen(context, &arguments.devices).await?;
    let scopes = arguments.scopes.chosen();
    let mut ids: Vec<WorkId> = Vec::new();
    let mut read: Vec<&Device> = Vec::new();
    for device in &devices {
        let work = operations.synchronise_device(actor, device.id, &scopes, arguments.whole).await?;
        read.extend(work.iter().map(|_| device));
        ids.extend(work);
    }
    if arguments.no_wait {
        for id in &ids {
            let work = operations.device_work(actor, *id).await?;
            if context.json { print_json(&work_json(&work))? } else { print(format_args!("asked for, as {id}"))? }
        }
        return Ok(ExitCode::SUCCESS);
    }
    let bar = ProgressBar::new_spinner();
    let ended = await_work(context, &arguments.work, &ids, arguments.wait, |all| {
        let running = all.iter().position(|work| work.state == WorkState::Running);
        if let Some((work, device)) = running.and_then(|index| all.get(index).zip(read.get(index))) {
            let scope = work.scope.map(SyncScope::label).unwrap_or_default();
            bar.set_message(format!("{}: {} objects of the {scope}", printable(&device.name), work.progress.found));
            bar.tick();
        }
    })
    .await?;
    bar.finish_and_clear();
    let Some(ended) = ended else {
        eprintln!("interrupted; it goes on at its page with the next worker");
        return Ok(Exit::Interrupted.into());
    };
    let mut exit = Exit::Done;
    for (device, work) in read.into_iter().zip(&ended) {
        exit = exit.and(if work.state == WorkState::Done { Exit::Done } else { Exit::Failed });
        tell(context, device, work)?;
    }
    Ok(exit.into())
}

fn tell(context: &Context, device: &Device, work: &DeviceWork) -> anyhow::Result<()> {
    if context.json {
        let mut json = work_json(work);
        json["device"] = json!(device.name);
        return print_json(&json);
    }
    let scope = work.scope.map(SyncScope::label).unwrap_or_default();
    let name = printable(&device.name);
    if let Some(WorkOutcome::Failed(complaint)) = &work.outcome {
        let repair = complaint.repair.as_ref().map(|repair| format!("; {repair}")).unwrap_or_default();
        return print(format_args!("{name}, {scope}: {}{repair}", red(&format!("failed: {complaint}"))));
    }
    let progress = work.progress;
    print(format_args!(
        "{name}, {scope}: {} objects read, {} added, {} changed, {} removed",
        progress.found, progress.added, progress.changed, progress.removed
    ))
}

/// Lists what the last reads of a device found other than it was known before.
pub(crate) async fn changes(context: &Context, device: &str, scopes: Scopes) -> anyhow::Result<()> {
    let device = pick::device(context, device).await?;
    let view = context.operations.device(&context.actor, device.id).await?;
    let chosen = scopes.chosen();
    let mut reads = view.reads.iter().filter(|read| read.scope.is_some_and(|scope| chosen.contains(&scope))).peekable();
    if reads.peek().is_none() {
        eprintln!("{} was not synchronised yet: dialtone device sync \"{}\"", device.name, device.name);
    }
    for read in reads {
        let mut after: Option<(ObjectKind, String)> = None;
        loop {
            let from = after.as_ref().map(|(kind, key)| (*kind, key.as_str()));
            let page = context.operations.device_changes(&context.actor, read.id, from, PAGE).await?;
            print_objects(context, &page)?;
            match page.last() {
                Some(last) => after = Some((last.object.kind, last.object.key.clone())),
                None => break,
            }
        }
    }
    Ok(())
}

/// Lists what a device holds, as it was last read.
pub(crate) async fn inventory(context: &Context, device: &str) -> anyhow::Result<()> {
    let device = pick::device(context, device).await?;
    let mut after: Option<(ObjectKind, String)> = None;
    loop {
        let from = after.as_ref().map(|(kind, key)| (*kind, key.as_str()));
        let page = context.operations.device_objects(&context.actor, device.id, from, PAGE).await?;
        print_objects(context, &page)?;
        match page.last() {
            Some(last) => after = Some((last.object.kind, last.object.key.clone())),
            None => return Ok(()),
        }
    }
}

/// The named devices, or all.
pub(crate) async fn chosen(context: &Context, names: &[String]) -> anyhow::Result<Vec<Device>> {
    if names.is_empty() {
        let organization = context.organization().await?.id;
        return Ok(context.operations.devices(&context.actor, organization).await?);
    }
    let mut devices = Vec::with_capacity(names.len());
    for name in names {
        devices.push(pick::device(context, name).await?);
    }
    Ok(devices)
}

fn print_objects(context: &Context, page: &[KnownObject]) -> anyhow::Result<()> {
    if context.json {
        return print_json_lines(page.iter().map(object_json));
    }
    for known in page {
        let (kind, key) = (known.object.kind.label(), printable(&known.object.key));
        print(
            format_args!("{:<8} {kind:<24} {key:<32} {}", known.change.label(), printable(&what(known)))
                .to_string()
                .trim_end(),
        )?;
    }
    Ok(())
}

fn object_json(known: &KnownObject) -> Value {
    json!({
        "change": known.change,
        "kind": known.object.kind,
        "key": known.object.key,
        "attributes": known.object.attributes,
        "previous": known.previous,
        "as_of": known.as_of,
        "order": known.order,
    })
}

/// What a changed object has other than before.
fn what(known: &KnownObject) -> String {
    let (ObjectChange::Changed, Some(before)) = (known.change, &known.previous) else { return String::new() };
    differences(before, &known.object.attributes)
}

fn differences(before: &Attributes, now: &Attributes) -> String {
    let names = before.keys().chain(now.keys().filter(|name| !before.contains_key(*name)));
    let differing = names.filter(|name| before.get(*name) != now.get(*name));
    let value = |values: &Attributes, name: &str| values.get(name).map_or("nothing", String::as_str).to_owned();
    let told: Vec<String> =
        differing.map(|name| format!("{name}: {} → {}", value(before, name), value(now, name))).collect();
    told.join(", ")
}
