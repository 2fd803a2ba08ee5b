use anyhow::{Context as _, bail};
use dialtone_model::{Device, OrganizationId, ProjectId, RunId, TemplateId};
use dialtone_scheduler::RunView;
use dialtone_store::{ProjectRecord, TemplateRecord};

use crate::context::Context;

/// The most runs among which the beginning of a UUID is looked for.
const RECENT_RUNS: u32 = 1_000;

/// The template that a person means: its UUID, the beginning of its UUID, or its name.
pub(crate) async fn template(context: &Context, text: &str) -> anyhow::Result<TemplateRecord> {
    if let Ok(id) = text.parse::<TemplateId>() {
        return Ok(context.operations.template(&context.actor, id).await?);
    }
    let organization = context.organization().await?.id;
    let found = context.operations.templates(&context.actor, organization, text).await?;
    let fits = |template: &TemplateRecord| template.name == text || begins(&template.id, text);
    one(found.into_iter().filter(fits).collect(), "template", text, "template list", |template| template.id.to_string())
}

/// The project that a person means: its UUID, the beginning of its UUID, or its name.
pub(crate) async fn project(context: &Context, text: &str) -> anyhow::Result<ProjectRecord> {
    if let Ok(id) = text.parse::<ProjectId>() {
        return Ok(context.operations.project(&context.actor, id).await?.0);
    }
    let organization = context.organization().await?.id;
    let found = context.operations.projects(&context.actor, organization).await?;
    let fits = |project: &ProjectRecord| project.name == text || begins(&project.id, text);
    one(found.into_iter().filter(fits).collect(), "project", text, "project list", |project| project.id.to_string())
}

/// The device that a person means: its UUID, the beginning of its UUID, or its name.
pub(crate) async fn device(context: &Context, text: &str) -> anyhow::Result<Device> {
    let organization = context.organization().await?.id;
    let mut found = context.operations.devices(&context.actor, organization).await?;
    if let Some(index) = found.iter().position(|device| device.name == text) {
        return Ok(found.swap_remove(index));
    }
    found.retain(|device| begins(&device.id, text));
    one(found, "device", text, "device list", |device| device.id.to_string())
}

/// The run that a person means: its UUID, or the beginning of it.
pub(crate) async fn run(context: &Context, text: &str) -> anyhow::Result<RunView> {
    let id = match text.parse::<RunId>() {
        Ok(id) => id,
        Err(_) => begun_run(context, context.organization().await?.id, text).await?,
    };
    Ok(context.operations.run(&context.actor, id).await?)
}

async fn begun_run(context: &Context, organization: OrganizationId, text: &str) -> anyhow::Result<RunId> {
    let runs = context.operations.runs(&context.actor, organization, RECENT_RUNS).await?;
    let found: Vec<RunId> = runs.into_iter().map(|run| run.id).filter(|id| begins(id, text)).collect();
    one(found, "run", text, "runs list", RunId::to_string)
}

fn begins(id: &impl ToString, text: &str) -> bool {
    text.len() >= 4 && id.to_string().starts_with(&text.to_lowercase())
}

fn one<T>(mut found: Vec<T>, what: &str, text: &str, list: &str, name: impl Fn(&T) -> String) -> anyhow::Result<T> {
    if found.len() > 1 {
        let names: Vec<String> = found.iter().map(name).collect();
        bail!("\"{text}\" fits several {what}s, name one by its UUID: {}", names.join(", "));
    }
    found.pop().with_context(|| format!("there is no {what} \"{text}\": `dialtone {list}` shows them"))
}
