use std::collections::{HashMap, HashSet};

use dialtone_model::{
    Actor, Domain, OrganizationId, Processor, ProjectId, Role, RunKind, ServiceArea, Subscriber, SubscriberRole,
    UploadId,
};
use dialtone_queue::Lane;
use dialtone_store::{
    Brings, InfrastructureKind, NewOrder, NewProject, NewRun, ProductRecord, ProjectRecord, RefusedRow, UploadRecord,
};
use dialtone_templates::{Kind, Origin, Reading};
use dialtone_validators::{Checked, Verdict, check};
use validator::Validate;

use crate::intake::{read_files, refused_rows};
use crate::plan::{
    Defaults, PlanFile, PlanRequest, ProjectFacts, ProjectPlan, advanced_cells, owned_product, plan_project,
};
use crate::structure::{subscriber_of_row, subscriber_row};
use crate::{Assigned, Intake, Mode, NamedBytes, OperationError, Operations, blocking};

/// Who may order for others.
pub(crate) const MAY_ORDER: &[Role] = &[Role::Ordering, Role::AdvancedOrdering];

/// What a new batch project starts with.
#[derive(Clone, Debug, Validate)]
pub struct NewProjectName {
    /// Its name.
    #[validate(length(min = 1, max = 100, message = "a project's name has 1 to 100 characters"))]
    pub name: String,
}

/// What would happen if files were run as a project.
#[derive(Debug)]
pub struct DryRun {
    /// The files, what is wrong with them, and how many rows can be used: by themselves and in the organization.
    pub intake: Intake,
    /// The orders; its problems are among those of the intake.
    pub plan: ProjectPlan,
    /// The rows of each file that are refused, with the reasons.
    pub(crate) refused: Vec<Vec<RefusedRow>>,
}

impl Operations {
    /// Makes a project without files.
    pub async fn create_project(
        &self,
        actor: &Actor,
        organization: OrganizationId,
        name: &NewProjectName,
    ) -> Result<ProjectId, OperationError> {
        actor.require(MAY_ORDER)?;
        name.validate()?;
        let new = self.new_project(actor, organization, name.name.clone());
        self.store.add_project(&new).await?;
        Ok(new.id)
    }

    /// The projects of an organization, the newest first.
    pub async fn projects(
        &self,
        actor: &Actor,
        organization: OrganizationId,
    ) -> Result<Vec<ProjectRecord>, OperationError> {
        actor.require(MAY_ORDER)?;
        Ok(self.store.projects(organization).await?)
    }

    /// One project with its files, in the order of their upload.
    pub async fn project(
        &self,
        actor: &Actor,
        id: ProjectId,
    ) -> Result<(ProjectRecord, Vec<UploadRecord>), OperationError> {
        actor.require(MAY_ORDER)?;
        Ok((self.store.project(id).await?, self.project_files(id).await?))
    }

    /// Reads and checks files by themselves and adds them to a project, all or none. What is wrong is in the answer, and
    /// the project stays as it was when [`Intake::is_usable`] says no.
    pub async fn add_project_files(
        &self,
        actor: &Actor,
        id: ProjectId,
        files: &[NamedBytes],
        mode: Mode,
    ) -> Result<Intake, OperationError> {
        actor.require(MAY_ORDER)?;
        let project = self.store.project(id).await?;
        let advanced = is_advanced(actor);
        let readings = read_files(files.to_vec()).await;
        refuse_other_kinds(&readings)?;
        self.refuse_other_origin(project.organization, &readings, Origin::Project(id)).await?;
        let (intake, refused) = blocking(move || {
            let intake = checked(readings, advanced);
            let refused = refused_rows(&intake.problems, &intake.readings);
            (intake, refused)
        })
        .await;
        if !intake.is_usable(mode) {
            return Ok(intake);
        }
        let mut uploads = Vec::with_capacity(files.len());
        for ((file, reading), refused) in files.iter().zip(&intake.readings).zip(&refused) {
            let upload = self.ids.next();
            self.keep_upload(actor, project.organization, upload, file, reading, refused).await?;
            uploads.push(upload);
        }
        self.store.add_project_uploads(id, project.version, &uploads).await?;
        Ok(intake)
    }

    /// Takes a file out of a project that isn't running.
    pub async fn remove_project_file(
        &self,
        actor: &Actor,
        id: ProjectId,
        upload: UploadId,
    ) -> Result<(), OperationError> {
        actor.require(MAY_ORDER)?;
        let project = self.store.project(id).await?;
        Ok(self.store.remove_project_upload(id, project.version, upload).await?)
    }

    /// Makes a project with the same files and no runs.
    pub async fn duplicate_project(
        &self,
        actor: &Actor,
        id: ProjectId,
        name: Option<String>,
    ) -> Result<ProjectId, OperationError> {
        actor.require(MAY_ORDER)?;
        let from = self.store.project(id).await?;
        let name = NewProjectName { name: name.unwrap_or(from.name) };
        name.validate()?;
        let new = self.new_project(actor, from.organization, name.name);
        self.store.duplicate_project(id, &new).await?;
        Ok(new.id)
    }

    /// Removes a project that isn't running. The history of its runs stays.
    pub async fn delete_project(&self, actor: &Actor, id: ProjectId) -> Result<(), OperationError> {
        actor.require(MAY_ORDER)?;
        let project = self.store.project(id).await?;
        Ok(self.store.delete_project(id, project.version).await?)
    }

    /// What would happen if the files were run now. It stores nothing and asks no device.
    pub async fn plan_files(
        &self,
        actor: &Actor,
        organization: OrganizationId,
        files: Vec<NamedBytes>,
    ) -> Result<DryRun, OperationError> {
        // Nothing is read for somebody who may not ask.
        actor.require(MAY_ORDER)?;
        self.plan_readings(actor, organization, read_files(files).await).await
    }

    /// The same of files that are read already.
    pub async fn plan_readings(
        &self,
        actor: &Actor,
        organization: OrganizationId,
        readings: Vec<Reading>,
    ) -> Result<DryRun, OperationError> {
        actor.require(MAY_ORDER)?;
        let uploads = readings.iter().map(|_| self.ids.next()).collect();
        self.dry_run(actor, organization, readings, uploads).await
    }

    /// What would happen if the project were run now. It stores nothing and asks no device.
    pub async fn plan_project(&self, actor: &Actor, id: ProjectId) -> Result<DryRun, OperationError> {
        actor.require(MAY_ORDER)?;
        let project = self.store.project(id).await?;
        let (uploads, files) = self.project_bytes(id).await?;
        self.dry_run(actor, project.organization, read_files(files).await, uploads).await
    }

    /// Plans a project anew and starts it: orders, what they lead to, and new subscribers in one transaction. What is
    /// wrong is in the answer, and nothing is started when [`Intake::is_usable`] says no.
    pub async fn run_project(
        &self,
        actor: &Actor,
        id: ProjectId,
        mode: Mode,
    ) -> Result<(DryRun, Option<Assigned>), OperationError> {
        actor.require(MAY_ORDER)?;
        let project = self.store.project(id).await?;
        let (uploads, files) = self.project_bytes(id).await?;
        if files.is_empty() {
            let message = format!("the project {:?} has no files: add one first", project.name);
            return Err(OperationError::Refused(message));
        }
        let readings = read_files(files).await;
        let mut dry_run = self.dry_run(actor, project.organization, readings, uploads.clone()).await?;
        if !dry_run.intake.is_usable(mode) {
            return Ok((dry_run, None));
        }
        for (upload, refused) in uploads.iter().zip(&dry_run.refused) {
            self.store.set_refused_rows(*upload, refused).await?;
        }
        let profile = self.store.organization(project.organization).await?.profile;
        let (orders, subscribers) = take_orders(&mut dry_run.plan);
        let run = NewRun {
            id: self.ids.next(),
            organization: project.organization,
            kind: RunKind::Project,
            template: None,
            project: Some((id, project.version)),
            name: project.name,
            profile,
            uploads,
            orders,
            brings: Brings { subscribers, ..Brings::default() },
            at: self.clock.now(),
            by: actor.name.clone(),
        };
        let assigned = self.start(run, Lane::Batch).await?;
        Ok((dry_run, Some(assigned)))
    }

    /// Checks files and plans their rows; `uploads` are the ids of the files, which needn't be stored yet.
    pub(crate) async fn dry_run(
        &self,
        actor: &Actor,
        organization: OrganizationId,
        readings: Vec<Reading>,
        uploads: Vec<UploadId>,
    ) -> Result<DryRun, OperationError> {
        refuse_other_kinds(&readings)?;
        let facts = self.project_facts(organization).await?;
        let (ids, shards, advanced) = (self.ids.clone(), self.shards, is_advanced(actor));
        let work = move || {
            let intake = checked(readings, advanced);
            let defaults = Defaults::new();
            let plan = |files: &[PlanFile<'_>]| {
                plan_project(&PlanRequest { files, facts: &facts, defaults: &defaults, advanced, ids: &ids, shards })
            };
            planned(intake, &uploads, plan)
        };
        Ok(blocking(work).await)
    }

    /// What a plan needs to know of an organization, fetched once.
    async fn project_facts(&self, organization: OrganizationId) -> Result<ProjectFacts, OperationError> {
        let devices = self.store.devices(organization).await?;
        let rows = self.store.subscribers(organization).await?;
        let mut subscribers: HashMap<String, Subscriber> =
            rows.into_iter().map(|row| (row.user_id.clone(), subscriber_of_row(row))).collect();
        let mut inventory = Vec::new();
        for product in self.whole_inventory(organization).await? {
            let device = product.device.and_then(|id| devices.iter().find(|device| device.id == id));
            if let (Some(device), Some(subscriber)) = (device, subscribers.get_mut(&product.subscriber)) {
                // Every product of a call processor is made behind the login of its owner.
                subscriber.present_on.insert(device.name.clone());
            }
            inventory.push(owned_product(product));
        }
        let domains: Vec<Domain> = self.structure(organization, InfrastructureKind::Domain).await?;
        let service_areas: Vec<ServiceArea> = self.structure(organization, InfrastructureKind::ServiceArea).await?;
        let roles: Vec<SubscriberRole> = self.structure(organization, InfrastructureKind::Role).await?;
        let processors: Vec<Processor> = self.structure(organization, InfrastructureKind::Processor).await?;
        Ok(ProjectFacts {
            profile: self.store.organization(organization).await?.profile,
            domains: domains.into_iter().map(|domain| (domain.name.clone(), domain)).collect(),
            service_areas: service_areas.into_iter().map(|area| (area.name.clone(), area)).collect(),
            roles: roles.into_iter().map(|role| (role.name.clone(), role)).collect(),
            processors: processors.into_iter().map(|one| (one.name.clone(), one)).collect(),
            devices: devices.into_iter().map(|device| (device.name.clone(), device)).collect(),
            subscribers,
            inventory,
            extensions: self.facts(organization, &[]).await?,
        })
    }

    /// The inventory's products that are there, and those that an open order is to make.
    async fn whole_inventory(&self, organization: OrganizationId) -> Result<Vec<ProductRecord>, OperationError> {
        const PAGE: u32 = 5_000;
        let mut all: Vec<ProductRecord> = Vec::new();
        loop {
            let after = all.last().map(|last| (last.product.as_str(), last.key.as_str()));
            let page = self.store.inventory(organization, after, PAGE).await?;
            let is_last = page.len() < PAGE as usize;
            all.extend(page);
            if is_last {
                return Ok(all);
            }
        }
    }

    async fn project_files(&self, id: ProjectId) -> Result<Vec<UploadRecord>, OperationError> {
        let mut files = Vec::new();
        for upload in self.store.project_uploads(id).await? {
            files.push(self.store.upload(upload).await?);
        }
        Ok(files)
    }

    async fn project_bytes(&self, id: ProjectId) -> Result<(Vec<UploadId>, Vec<NamedBytes>), OperationError> {
        let (mut uploads, mut files) = (Vec::new(), Vec::new());
        for upload in self.project_files(id).await? {
            let bytes = self.upload_bytes(&upload).await?;
            uploads.push(upload.id);
            files.push(NamedBytes { name: upload.name, bytes });
        }
        Ok((uploads, files))
    }

    pub(crate) fn new_project(&self, actor: &Actor, organization: OrganizationId, name: String) -> NewProject {
        NewProject { id: self.ids.next(), organization, name, at: self.clock.now(), by: actor.name.clone() }
    }
}

fn is_advanced(actor: &Actor) -> bool {
    actor.require(&[Role::AdvancedOrdering]).is_ok()
}

/// The check of files by themselves, and whether their cells are for the actor to fill.
fn checked(readings: Vec<Reading>, advanced: bool) -> Intake {
    let Checked { verdict, accepted, refused, mut problems, .. } = check(&readings, None);
    if !advanced && verdict != Verdict::RejectFile {
        let forbidden = (0..).zip(&readings).flat_map(|(file, reading)| advanced_cells(file, reading));
        forbidden.for_each(|problem| problems.push(problem));
        problems.sort();
    }
    let mut intake = Intake { verdict, accepted, refused, problems, readings };
    if intake.verdict != Verdict::RejectFile {
        count(&mut intake);
    }
    intake
}

/// Plans the rows without errors, and puts what the plan finds beside what the check found.
fn planned(mut intake: Intake, uploads: &[UploadId], plan: impl FnOnce(&[PlanFile<'_>]) -> ProjectPlan) -> DryRun {
    let bad = bad_rows(&intake);
    let is_refused = intake.verdict == Verdict::RejectFile;
    let files: Vec<PlanFile<'_>> = if is_refused {
        Vec::new()
    } else {
        let files = intake.readings.iter().zip(uploads).zip(bad);
        files.map(|((reading, upload), refused)| PlanFile { reading, upload: *upload, refused }).collect()
    };
    let mut plan = plan(&files);
    drop(files);
    intake.problems.append(std::mem::take(&mut plan.problems));
    intake.problems.sort();
    if !is_refused {
        count(&mut intake);
    }
    let refused = refused_rows(&intake.problems, &intake.readings);
    DryRun { intake, plan, refused }
}

/// Counts the rows with and without errors anew.
fn count(intake: &mut Intake) {
    let rows: usize = intake.readings.iter().map(|reading| reading.table.len()).sum();
    intake.refused = bad_rows(intake).iter().map(HashSet::len).sum();
    intake.accepted = rows - intake.refused;
    intake.verdict = if intake.refused == 0 { Verdict::Accept } else { Verdict::RejectRows };
}

/// The rows of each file that have an error.
fn bad_rows(intake: &Intake) -> Vec<HashSet<u32>> {
    let mut rows: Vec<HashSet<u32>> = intake.readings.iter().map(|_| HashSet::new()).collect();
    for problem in intake.problems.errors_of_rows() {
        rows[problem.file as usize].extend(problem.row);
    }
    for (reading, rows) in intake.readings.iter().zip(&mut rows) {
        rows.extend(reading.table.rows().filter(|row| row.flawed).map(|row| row.number));
    }
    rows
}

/// A bulk assignment among the files of a project is a mistake of whoever named them.
fn refuse_other_kinds(readings: &[Reading]) -> Result<(), OperationError> {
    match readings.iter().find(|reading| reading.kind.is_some_and(Kind::is_bulk)) {
        None => Ok(()),
        Some(reading) => Err(OperationError::Refused(format!(
            "{} is a bulk assignment and no project file: use `dialtone run` or a template for it",
            reading.name
        ))),
    }
}

/// The orders of a plan as a run takes them, and the subscribers whom they make. The plan keeps its rows.
pub(crate) fn take_orders(plan: &mut ProjectPlan) -> (Vec<NewOrder>, Vec<dialtone_store::Subscriber>) {
    let mut subscribers = Vec::new();
    let orders = std::mem::take(&mut plan.orders).into_iter().map(|planned| {
        subscribers.extend(planned.subscriber.as_ref().map(subscriber_row));
        planned.order
    });
    (orders.collect(), subscribers)
}
