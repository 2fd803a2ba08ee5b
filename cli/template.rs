use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::{Args, Subcommand, ValueEnum};
use dialtone_model::{AddOn, TemplateId, UserId};
use dialtone_scheduler::{DraftEdit, HandAddedUser, Intake, Mode, NewDraft, ReportRows};
use dialtone_store::{TemplateRecord, TemplateUser};
use dialtone_templates::{Kind, Origin, blank, sample};
use serde_json::{Value, json};

use crate::context::Context;
use crate::embedded::WorkArgs;
use crate::exit::Exit;
use crate::follow::follow;
use crate::output::{counted, print, print_json, print_json_lines, print_table, printable};
use crate::pick;
use crate::report::{Ending, Target, report_path};
use crate::runs::retry;
use crate::upload::{mode, read_files, tell, tell_added};

/// Bulk-assignment templates: users who get an extension each, with the same add-ons
#[derive(Args, Debug)]
#[command(after_help = "Examples:
  dialtone template create \"New hires\" --add-on call-recording
  dialtone template add \"New hires\" hires.csv
  dialtone template add-user \"New hires\" --ext-key 4021 --user 652d2f57-6e3b-4170-8bf9-4f1e98c88b56
  dialtone template remove \"New hires\" 4021
  dialtone template edit \"New hires\" --add-on call-recording --add-on voicemail-to-email
  dialtone template users \"New hires\"
  dialtone template assign \"New hires\"
  dialtone template retry \"New hires\"
  dialtone template report \"New hires\" -o report.xlsx
  dialtone template duplicate \"New hires\" --name \"New hires, again\"
  dialtone template delete \"New hires, again\"
  dialtone template list hires
  dialtone template show \"New hires\" --json
  dialtone template sample bulk-name -o sample.xlsx
  dialtone template blank bulk-uuid -o hires.csv

A TEMPLATE is named by its UUID, the beginning of it, or its name.")]
pub(crate) struct Arguments {
    #[command(subcommand)]
    act: Act,
}

#[derive(Debug, Subcommand)]
enum Act {
    /// List templates, the newest first
    List {
        /// Only those whose name has this in it, or whose UUID begins with it
        #[arg(value_name = "SEARCH", default_value = "")]
        search: String,
    },
    /// Make a draft without users
    Create {
        /// Its name
        name: String,
        /// An add-on licence that every user gets; may be repeated
        #[arg(long = "add-on", value_name = "CODE")]
        add_ons: Vec<String>,
    },
    /// Show a template
    Show { template: String },
    /// List the users of a template
    Users { template: String },
    /// Add the users of files to a draft
    Add {
        template: String,
        /// The files: CSV, tab-separated or XLSX; - is standard input
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
        /// Use the good rows and give the bad ones back
        #[arg(long)]
        valid_rows_only: bool,
    },
    /// Add one user to a draft
    AddUser {
        template: String,
        /// The ext key, 3 to 5 digits
        #[arg(long, value_name = "KEY")]
        ext_key: String,
        /// The user
        #[arg(long, value_name = "UUID")]
        user: UserId,
        /// The number to assign
        #[arg(long, value_name = "NUMBER")]
        number: Option<String>,
    },
    /// Remove users from a draft
    Remove {
        template: String,
        /// Their ext keys
        #[arg(required = true, value_name = "EXT_KEY")]
        ext_keys: Vec<String>,
    },
    /// Change name or add-ons of a draft
    Edit {
        template: String,
        /// Another name
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
        /// The add-on licences that every user shall get; may be repeated
        #[arg(long = "add-on", value_name = "CODE", conflicts_with = "no_add_ons")]
        add_ons: Vec<String>,
        /// No add-on licences
        #[arg(long)]
        no_add_ons: bool,
    },
    /// Make a new draft with the same add-ons and users
    Duplicate {
        template: String,
        /// Its name; the same otherwise
        #[arg(long, value_name = "NAME")]
        name: Option<String>,
    },
    /// Delete a draft
    Delete { template: String },
    /// Start a draft: an extension for every user, then the report
    Assign {
        template: String,
        /// Where to write the report: .csv, .tsv or .xlsx
        #[arg(long, value_name = "PATH", value_parser = report_path)]
        report: Option<PathBuf>,
        #[command(flatten)]
        work: WorkArgs,
    },
    /// Try again every user whose order failed in a way that may pass
    Retry {
        template: String,
        #[command(flatten)]
        work: WorkArgs,
    },
    /// Get the report of a template that was assigned
    Report {
        template: String,
        #[command(flatten)]
        target: Target,
    },
    /// Write a small file that shows what its rows look like
    Sample {
        /// The kind of file
        kind: FileKind,
        #[command(flatten)]
        target: Target,
    },
    /// Write a file with the columns alone, to fill in
    Blank {
        /// The kind of file
        kind: FileKind,
        #[command(flatten)]
        target: Target,
    },
}

/// The kinds of bulk-assignment files.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum FileKind {
    /// Users by name
    BulkName,
    /// Users by UUID
    BulkUuid,
    /// A batch project
    Project,
}

impl From<FileKind> for Kind {
    fn from(kind: FileKind) -> Self {
        match kind {
            FileKind::BulkName => Self::BulkName,
            FileKind::BulkUuid => Self::BulkUuid,
            FileKind::Project => Self::Project,
        }
    }
}

/// Runs the command.
pub(crate) async fn run(context: &Context, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let (operations, actor) = (&context.operations, &context.actor);
    match arguments.act {
        Act::List { search } => list(context, &search).await?,
        Act::Create { name, add_ons } => {
            let organization = context.organization_or_demo().await?.id;
            let draft = NewDraft { name, add_ons: add_ons.into_iter().map(AddOn).collect() };
            show(context, operations.create_template(actor, organization, &draft).await?).await?;
        }
        Act::Show { template } => show(context, pick::template(context, &template).await?.id).await?,
        Act::Users { template } => {
            let id = pick::template(context, &template).await?.id;
            users(context, &operations.template_users(actor, id).await?)?;
        }
        Act::Add { template, files, valid_rows_only } => {
            let id = pick::template(context, &template).await?.id;
            let (files, mode) = (read_files(&files)?, mode(valid_rows_only));
            let intake = operations.add_template_files(actor, id, &files, mode).await?;
            return Ok(tell_added(context, Origin::Template(id), intake, mode).await?.into());
        }
        Act::AddUser { template, ext_key, user, number } => {
            let id = pick::template(context, &template).await?.id;
            let user = HandAddedUser { ext_key, user, number };
            let intake = operations.add_template_user(actor, id, &user).await?;
            return Ok(tell_of_user(context, id, intake)?.into());
        }
        Act::Remove { template, ext_keys } => {
            let id = pick::template(context, &template).await?.id;
            let removed = operations.remove_template_users(actor, id, &ext_keys).await?;
            if context.json {
                print_json(&json!({ "template": id, "removed": removed }))?;
            } else {
                print(format_args!("{removed} removed"))?;
            }
        }
        Act::Edit { template, name, add_ons, no_add_ons } => {
            let id = pick::template(context, &template).await?.id;
            let add_ons: Vec<AddOn> = add_ons.into_iter().map(AddOn).collect();
            let edit = DraftEdit { name, add_ons: (no_add_ons || !add_ons.is_empty()).then_some(add_ons) };
            operations.edit_template(actor, id, &edit).await?;
            show(context, id).await?;
        }
        Act::Duplicate { template, name } => {
            let id = pick::template(context, &template).await?.id;
            show(context, operations.duplicate_template(actor, id, name).await?).await?;
        }
        Act::Delete { template } => {
            let id = pick::template(context, &template).await?.id;
            operations.delete_template(actor, id).await?;
            if context.json {
                print_json(&json!({ "template": id, "deleted": true }))?;
            } else {
                print(format_args!("{id} deleted"))?;
            }
        }
        Act::Assign { template, report, work } => {
            let ending = Ending::new(report)?;
            let id = pick::template(context, &template).await?.id;
            let assigned = operations.assign(actor, id).await?;
            eprintln!("run {}: {}", assigned.run, counted(assigned.orders, "order"));
            let exit = follow(context, &work, &[assigned.run]).await?;
            return ending.tell(context, assigned.run, 0, exit).await;
        }
        Act::Retry { template, work } => {
            let template = pick::template(context, &template).await?;
            let run =
                template.run.with_context(|| format!("the template \"{}\" wasn't assigned yet", template.name))?;
            return retry(context, run, &work).await;
        }
        Act::Report { template, target } => {
            let id = pick::template(context, &template).await?.id;
            let report = operations.template_report(actor, id, target.format()?, ReportRows::All).await?;
            target.write(context, &report)?;
        }
        Act::Sample { kind, target } => target.write(context, &sample(kind.into(), target.format()?)?)?,
        Act::Blank { kind, target } => target.write(context, &blank(kind.into(), target.format()?)?)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Tells whether a user was added by hand, or what speaks against it.
fn tell_of_user(context: &Context, id: TemplateId, intake: Intake) -> anyhow::Result<Exit> {
    if context.json {
        return tell(context, intake, Mode::Strict, json!({ "template": id }));
    }
    if intake.is_usable(Mode::Strict) {
        print("1 user added to the template.")?;
        return Ok(Exit::Done);
    }
    for finding in intake.findings() {
        let column = finding.column.map(|column| format!("{column}: ")).unwrap_or_default();
        let repair = finding.repair.map(|repair| format!(" {repair}")).unwrap_or_default();
        eprintln!("dialtone: {}", printable(&format!("{column}{}{repair}", finding.message)));
    }
    Ok(Exit::Refused)
}

async fn list(context: &Context, search: &str) -> anyhow::Result<()> {
    let organization = context.organization().await?.id;
    let templates = context.operations.templates(&context.actor, organization, search).await?;
    if context.json {
        return print_json_lines(templates.iter().map(template_json));
    }
    let rows = templates
        .iter()
        .map(|template| {
            let total = template.total_users.to_string();
            [template.id.to_string(), template.name.clone(), total, template.status.to_string()]
        })
        .collect();
    print_table(["UUID", "Name", "Total users", "Status"], rows, "no template yet")
}

async fn show(context: &Context, id: TemplateId) -> anyhow::Result<()> {
    let template = context.operations.template(&context.actor, id).await?;
    if context.json {
        return print_json(&template_json(&template));
    }
    let add_ons: Vec<&str> = template.add_ons.iter().map(|add_on| add_on.0.as_str()).collect();
    print(format_args!("{} \"{}\" {}", template.id, template.name, template.status))?;
    print(format_args!("add-ons: {}", if add_ons.is_empty() { "none".to_owned() } else { add_ons.join(", ") }))?;
    print(format_args!("users: {}", template.total_users))?;
    if let Some(run) = template.run {
        print(format_args!("run: {run}"))?;
    }
    Ok(())
}

fn users(context: &Context, users: &[TemplateUser]) -> anyhow::Result<()> {
    if context.json {
        return print_json_lines(users.iter().map(|user| {
            json!({ "ext_key": user.ext_key, "user": user.user, "user_name": user.user_name, "number": user.number })
        }));
    }
    let rows = users
        .iter()
        .map(|user| {
            let number = user.number.clone().unwrap_or_default();
            [user.ext_key.clone(), user.user_name.clone(), user.user.to_string(), number]
        })
        .collect();
    print_table(["Ext Key", "User's Name", "Identity UUID", "Number"], rows, "no user yet")
}

fn template_json(template: &TemplateRecord) -> Value {
    json!({
        "id": template.id,
        "name": template.name,
        "add_ons": template.add_ons,
        "status": template.status,
        "total_users": template.total_users,
        "run": template.run,
    })
}
