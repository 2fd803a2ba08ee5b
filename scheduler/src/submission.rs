use dialtone_model::{Actor, AddOn, OrganizationId, RunKind, UploadId};
use dialtone_queue::Lane;
use dialtone_store::{Brings, NewRun, RefusedRow, StoreError, UploadRecord};
use dialtone_templates::{Kind, Reading};
use validator::Validate as _;

use crate::intake::{BulkIntake, read_files};
use crate::origin::OriginRecord;
use crate::project::{MAY_ORDER, take_orders};
use crate::{Assigned, DryRun, Intake, Mode, NamedBytes, NewDraft, NewProjectName, OperationError, Operations, plan};

/// Files that are run at once, without a draft that somebody looks at first.
#[derive(Clone, Debug)]
pub struct NewSubmission {
    /// The name of the template or project that they become; otherwise that of the one that they are corrected rows
    /// of, or that of the first file.
    pub name: Option<String>,
    /// The add-on licences that every user of a bulk assignment gets. Corrected rows get those of their template where
    /// none are named.
    pub add_ons: Vec<AddOn>,
    /// What happens to bad rows.
    pub mode: Mode,
}

/// What became of files that were submitted.
#[derive(Debug)]
pub struct Submitted {
    /// The files, and what is wrong with them.
    pub intake: Intake,
    /// Their run; `None` when the mode doesn't let the rows be used.
    pub assigned: Option<Assigned>,
}

/// Who submits what.
#[derive(Clone, Copy)]
struct Request<'a> {
    actor: &'a Actor,
    organization: OrganizationId,
    submission: &'a NewSubmission,
    files: &'a [NamedBytes],
}

impl Request<'_> {
    /// What people read of the run: what was asked for, the name of what its rows are corrected ones of, or its files.
    fn name(&self, origin: Option<String>) -> String {
        self.submission.name.clone().or(origin).unwrap_or_else(|| name_of(self.files))
    }
}

/// Files that were checked, and the run that their rows make; `None` when the mode doesn't let them be used.
struct Prepared {
    intake: Intake,
    run: Option<NewRun>,
}

/// How often files are checked anew because somebody else took, since the check, what their rows need.
const CHECKS: usize = 3;

impl Operations {
    /// Runs files: as a batch project when all of them are such, otherwise as a bulk assignment. Template or project,
    /// files, users, new subscribers, orders and what these claim are stored in one transaction, or nothing is.
    pub async fn submit(
        &self,
        actor: &Actor,
        organization: OrganizationId,
        submission: &NewSubmission,
        files: &[NamedBytes],
    ) -> Result<Submitted, OperationError> {
        let mut readings = read_files(files.to_vec()).await;
        if let Some(origin) = self.origin_of(organization, &readings).await? {
            origin.refuse_draft()?;
        }
        let is_project = readings.iter().all(|reading| reading.kind == Some(Kind::Project));
        let mut checks = 0;
        loop {
            checks += 1;
            let request = Request { actor, organization, submission, files };
            let Prepared { intake, run } = if is_project {
                self.prepare_project(request, readings).await?
            } else {
                self.prepare_assignment(request, readings).await?
            };
            let Some(run) = run else { return Ok(Submitted { intake, assigned: None }) };
            match self.start(run, Lane::Batch).await {
                Err(error) if is_overtaken(&error) && checks < CHECKS => readings = intake.readings,
                result => return Ok(Submitted { intake, assigned: Some(result?) }),
            }
        }
    }

    /// The run of a new template.
    async fn prepare_assignment(
        &self,
        request: Request<'_>,
        readings: Vec<Reading>,
    ) -> Result<Prepared, OperationError> {
        let Request { actor, organization, submission, .. } = request;
        actor.require(&[])?;
        let origin = match self.origin_of(organization, &readings).await? {
            Some(OriginRecord::Template(template)) => Some(template),
            Some(OriginRecord::Project(_)) | None => None,
        };
        let add_ons = match &origin {
            Some(template) if submission.add_ons.is_empty() => template.add_ons.clone(),
            _ => submission.add_ons.clone(),
        };
        let name = request.name(origin.map(|template| template.name));
        let draft = NewDraft { name, add_ons };
        draft.validate()?;
        let add_ons = self.known_add_ons(organization, &draft.add_ons).await?;
        let facts = self.facts(organization, &add_ons).await?;
        let BulkIntake { intake, users, refused, uploads } = self.check_bulk(readings, facts).await;
        if !intake.is_usable(submission.mode) {
            return Ok(Prepared { intake, run: None });
        }
        let device = self.phone_system(organization).await?;
        let users = users.concat();
        let orders = plan::assignment::assignment(&users, &add_ons, &device, self.shards, &self.ids);
        let name = draft.name.clone();
        let template = self.new_template(actor, organization, draft.name, add_ons);
        let run = NewRun {
            template: Some((template.id, 1)),
            orders,
            brings: Brings {
                uploads: self.keep_files(request, &intake.readings, &uploads, refused).await?,
                template: Some((template, users)),
                ..Brings::default()
            },
            ..self.new_run(request, RunKind::Assignment, name, uploads).await?
        };
        Ok(Prepared { intake, run: Some(run) })
    }

    /// The run of a new project.
    async fn prepare_project(&self, request: Request<'_>, readings: Vec<Reading>) -> Result<Prepared, OperationError> {
        let Request { actor, organization, submission, files } = request;
        actor.require(MAY_ORDER)?;
        let origin = match self.origin_of(organization, &readings).await? {
            Some(OriginRecord::Project(project)) => Some(project.name),
            Some(OriginRecord::Template(_)) | None => None,
        };
        let name = NewProjectName { name: request.name(origin) };
        name.validate()?;
        if !submission.add_ons.is_empty() {
            let message = "add-on licences are for bulk assignments, and these files are a batch project".to_owned();
            return Err(OperationError::Refused(message));
        }
        let uploads: Vec<UploadId> = files.iter().map(|_| self.ids.next()).collect();
        let mut dry_run = self.dry_run(actor, organization, readings, uploads.clone()).await?;
        if !dry_run.intake.is_usable(submission.mode) {
            return Ok(Prepared { intake: dry_run.intake, run: None });
        }
        let (orders, subscribers) = take_orders(&mut dry_run.plan);
        let DryRun { intake, refused, .. } = dry_run;
        let project = self.new_project(actor, organization, name.name.clone());
        let run = NewRun {
            project: Some((project.id, 1)),
            orders,
            brings: Brings {
                uploads: self.keep_files(request, &intake.readings, &uploads, refused).await?,
                project: Some(project),
                subscribers,
                ..Brings::default()
            },
            ..self.new_run(request, RunKind::Project, name.name, uploads).await?
        };
        Ok(Prepared { intake, run: Some(run) })
    }

    /// A run of the files, still without orders.
    async fn new_run(
        &self,
        request: Request<'_>,
        kind: RunKind,
        name: String,
        uploads: Vec<UploadId>,
    ) -> Result<NewRun, OperationError> {
        Ok(NewRun {
            id: self.ids.next(),
            organization: request.organization,
            kind,
            template: None,
            project: None,
            name,
            profile: self.store.organization(request.organization).await?.profile,
            uploads,
            orders: Vec::new(),
            brings: Brings::default(),
            at: self.clock.now(),
            by: request.actor.name.clone(),
        })
    }

    /// Keeps the bytes of files, and gives what the store is to know of them.
    async fn keep_files(
        &self,
        request: Request<'_>,
        readings: &[Reading],
        uploads: &[UploadId],
        refused: Vec<Vec<RefusedRow>>,
    ) -> Result<Vec<(UploadRecord, Vec<RefusedRow>)>, OperationError> {
        let Request { actor, organization, files, .. } = request;
        let mut kept = Vec::with_capacity(files.len());
        for (((file, reading), upload), refused) in files.iter().zip(readings).zip(uploads).zip(refused) {
            kept.push((self.keep_bytes(actor, organization, *upload, file, reading).await?, refused));
        }
        Ok(kept)
    }
}

/// Whether somebody took what the rows need after they were checked, so that another check would say what and where.
fn is_overtaken(error: &OperationError) -> bool {
    matches!(
        error,
        OperationError::Store(
            StoreError::Taken { .. } | StoreError::LicencesShort { .. } | StoreError::OpenOrder { .. }
        )
    )
}

/// What people read of files that nobody named: the first of them.
fn name_of(files: &[NamedBytes]) -> String {
    const LONGEST: usize = 80;
    let first: String = files.first().map(|file| file.name.chars().take(LONGEST).collect()).unwrap_or_default();
    match files.len() {
        0 | 1 => first,
        count => format!("{first} and {} more", count - 1),
    }
}
