use dialtone_model::{
    Actor, AddOn, OrganizationId, RowRef, RunId, RunKind, TemplateAction, TemplateId, Trace, UploadId, UserId,
    crash_point,
};
use dialtone_queue::Lane;
use dialtone_store::{Brings, NewRun, NewTemplate, StoreError, TemplateRecord, TemplateUser};
use dialtone_templates::Origin;
use dialtone_validators::{Candidate, Facts, Identity, Present, recheck, shortages};
use tracing::{Instrument as _, debug, info_span};
use validator::Validate;

use crate::intake::{BulkIntake, read_files};
use crate::{Intake, Mode, NamedBytes, OperationError, Operations, plan};

/// What a new bulk-assignment template starts with.
#[derive(Clone, Debug, Validate)]
pub struct NewDraft {
    /// Its name.
    #[validate(length(min = 1, max = 100, message = "a template's name has 1 to 100 characters"))]
    pub name: String,
    /// The add-on licences that every user gets.
    pub add_ons: Vec<AddOn>,
}

/// What is edited on a draft; `None` leaves it.
#[derive(Clone, Debug, Default, Validate)]
pub struct DraftEdit {
    /// Another name.
    #[validate(length(min = 1, max = 100, message = "a template's name has 1 to 100 characters"))]
    pub name: Option<String>,
    /// Other add-on licences.
    pub add_ons: Option<Vec<AddOn>>,
}

/// A user added to a draft by hand.
#[derive(Clone, Debug)]
pub struct HandAddedUser {
    /// 3 to 5 digits.
    pub ext_key: String,
    /// Who.
    pub user: UserId,
    /// The number to assign, with or without `+`.
    pub number: Option<String>,
}

/// An assignment that was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assigned {
    /// Its run.
    pub run: RunId,
    /// How many orders it has.
    pub orders: usize,
}

/// How many of the obstacles to an assignment are told one by one.
const LISTED_OBSTACLES: usize = 100;

impl Operations {
    /// Makes a draft without users.
    pub async fn create_template(
        &self,
        actor: &Actor,
        organization: OrganizationId,
        draft: &NewDraft,
    ) -> Result<TemplateId, OperationError> {
        actor.require(&[])?;
        draft.validate()?;
        let add_ons = self.known_add_ons(organization, &draft.add_ons).await?;
        let new = self.new_template(actor, organization, draft.name.clone(), add_ons);
        self.store.add_template(&new).await?;
        Ok(new.id)
    }

    /// The templates whose name contains `search` or whose UUID starts with it; all when it is empty.
    pub async fn templates(
        &self,
        actor: &Actor,
        organization: OrganizationId,
        search: &str,
    ) -> Result<Vec<TemplateRecord>, OperationError> {
        actor.require(&[])?;
        Ok(self.store.templates(organization, search).await?)
    }

    /// One template: its name, add-on licences and status.
    pub async fn template(&self, actor: &Actor, id: TemplateId) -> Result<TemplateRecord, OperationError> {
        actor.require(&[])?;
        Ok(self.store.template(id).await?)
    }

    /// The users of a template; those of a completed one are in its report.
    pub async fn template_users(&self, actor: &Actor, id: TemplateId) -> Result<Vec<TemplateUser>, OperationError> {
        actor.require(&[])?;
        self.store.template(id).await?.status.allow(TemplateAction::ViewUsers)?;
        Ok(self.store.template_users(id).await?)
    }

    /// Edits name or add-on licences of a draft.
    pub async fn edit_template(&self, actor: &Actor, id: TemplateId, edit: &DraftEdit) -> Result<(), OperationError> {
        actor.require(&[])?;
        edit.validate()?;
        let template = self.store.template(id).await?;
        template.status.allow(TemplateAction::Edit)?;
        let name = edit.name.as_ref().unwrap_or(&template.name);
        let add_ons = match &edit.add_ons {
            Some(add_ons) => self.known_add_ons(template.organization, add_ons).await?,
            None => template.add_ons.clone(),
        };
        Ok(self.store.edit_template(id, template.version, name, &add_ons).await?)
    }

    /// Reads and checks files and adds their users to a draft, all or none of them; in [`Mode::ValidRowsOnly`] the
    /// good rows. What is wrong is in the answer, and the template stays as it was when [`Intake::is_usable`] says no.
    pub async fn add_template_files(
        &self,
        actor: &Actor,
        id: TemplateId,
        files: &[NamedBytes],
        mode: Mode,
    ) -> Result<Intake, OperationError> {
        actor.require(&[])?;
        let template = self.store.template(id).await?;
        template.status.allow(TemplateAction::EditUsers)?;
        let checked = self.check_for_draft(&template, files.to_vec()).await?;
        let readings = &checked.intake.readings;
        self.refuse_other_origin(template.organization, readings, Origin::Template(id)).await?;
        if checked.intake.is_usable(mode) {
            self.store_intake(actor, &template, files, &checked).await?;
        }
        Ok(checked.intake)
    }

    /// Adds one user to a draft by hand, by the same rules as a row of a file.
    pub async fn add_template_user(
        &self,
        actor: &Actor,
        id: TemplateId,
        user: &HandAddedUser,
    ) -> Result<Intake, OperationError> {
        actor.require(&[])?;
        let template = self.store.template(id).await?;
        template.status.allow(TemplateAction::EditUsers)?;
        let number = user.number.as_deref().unwrap_or_default();
        let row = format!("Ext Key,Identity UUID,Number\n{},{},{number}\n", user.ext_key, user.user);
        let file = NamedBytes { name: "user added by hand".to_owned(), bytes: row.into_bytes() };
        let checked = self.check_for_draft(&template, vec![file]).await?;
        if checked.intake.is_usable(Mode::Strict) {
            let by_hand = |user: TemplateUser| TemplateUser { origin: None, ..user };
            let users: Vec<TemplateUser> = checked.users.into_iter().flatten().map(by_hand).collect();
            self.store.add_template_users(id, template.version, &[], &users).await?;
        }
        Ok(checked.intake)
    }

    /// Removes the users with these ext keys from a draft; returns how many there were.
    pub async fn remove_template_users(
        &self,
        actor: &Actor,
        id: TemplateId,
        ext_keys: &[String],
    ) -> Result<u64, OperationError> {
        actor.require(&[])?;
        let template = self.store.template(id).await?;
        template.status.allow(TemplateAction::EditUsers)?;
        Ok(self.store.remove_template_users(id, template.version, ext_keys).await?)
    }

    /// Makes a draft with the same add-ons and users, whatever became of the first.
    pub async fn duplicate_template(
        &self,
        actor: &Actor,
        id: TemplateId,
        name: Option<String>,
    ) -> Result<TemplateId, OperationError> {
        actor.require(&[])?;
        let from = self.store.template(id).await?;
        from.status.allow(TemplateAction::Duplicate)?;
        let draft = NewDraft { name: name.unwrap_or_else(|| from.name.clone()), add_ons: from.add_ons };
        draft.validate()?;
        let new = self.new_template(actor, from.organization, draft.name, draft.add_ons);
        self.store.duplicate_template(id, &new).await?;
        Ok(new.id)
    }

    /// Removes a draft.
    pub async fn delete_template(&self, actor: &Actor, id: TemplateId) -> Result<(), OperationError> {
        actor.require(&[])?;
        let template = self.store.template(id).await?;
        template.status.allow(TemplateAction::Delete)?;
        Ok(self.store.delete_template(id, template.version).await?)
    }

    /// Starts a template: plans an order a user and claims ext keys, users, numbers and licences with them, in one
    /// transaction, or does nothing and says why.
    pub async fn assign(&self, actor: &Actor, id: TemplateId) -> Result<Assigned, OperationError> {
        actor.require(&[])?;
        let template = self.store.template(id).await?;
        template.status.allow(TemplateAction::Assign)?;
        let users = self.store.template_users(id).await?;
        if users.is_empty() {
            return Err(OperationError::Refused(format!(
                "the template {:?} has no users: add a file or users first",
                template.name
            )));
        }
        let device = self.phone_system(template.organization).await?;
        let profile = self.store.organization(template.organization).await?.profile;
        let run = NewRun {
            id: self.ids.next(),
            organization: template.organization,
            kind: RunKind::Assignment,
            template: Some((id, template.version)),
            project: None,
            name: template.name.clone(),
            profile,
            uploads: self.store.template_uploads(id).await?,
            orders: plan::assignment::assignment(&users, &template.add_ons, &device, self.shards, &self.ids),
            brings: Brings::default(),
            at: self.clock.now(),
            by: actor.name.clone(),
        };
        match self.start(run, Lane::Batch).await {
            Err(OperationError::Store(first @ (StoreError::Taken { .. } | StoreError::LicencesShort { .. }))) => {
                Err(self.obstacles(&template, &users, first).await?)
            }
            result => result,
        }
    }

    /// Everything that keeps a template from being assigned: the transaction that refused it names only the first.
    async fn obstacles(
        &self,
        template: &TemplateRecord,
        users: &[TemplateUser],
        first: StoreError,
    ) -> Result<OperationError, OperationError> {
        let facts = self.facts(template.organization, &template.add_ons).await?;
        let uploads = self.store.template_uploads(template.id).await?;
        let mut files = self.names_of(&uploads).await?;
        files.push("added by hand".to_owned());
        let names: Vec<&str> = files.iter().map(String::as_str).collect();
        let mut candidates: Vec<Candidate<'_>> = users.iter().map(|user| candidate(user, &uploads)).collect();
        let findings = recheck(&mut candidates, &names, &facts);
        let short = shortages(users.len(), &template.add_ons, facts.licences.as_deref().unwrap_or_default());
        let rows = findings.iter().map(|finding| match finding.row {
            Some(row) if finding.file != "added by hand" => format!("{} row {row}: {}", finding.file, finding.message),
            _ => format!("{}: {}", finding.file, finding.message),
        });
        let licences = short.iter().map(|short| {
            format!("{}: {} needed, {} free, {} short", short.name, short.needed, short.free, short.needed - short.free)
        });
        let obstacles: Vec<String> = licences.chain(rows).collect();
        if obstacles.is_empty() {
            return Ok(first.into());
        }
        let listed = obstacles.iter().take(LISTED_OBSTACLES).map(|obstacle| format!("\n  {obstacle}"));
        let mut text = format!("the template {:?} can't be assigned:{}", template.name, listed.collect::<String>());
        if let Some(more) = obstacles.len().checked_sub(LISTED_OBSTACLES).filter(|more| *more > 0) {
            text.push_str(&format!("\n  and {more} more"));
        }
        Ok(OperationError::Refused(text))
    }

    /// Adds a run and tells the holders of its devices.
    pub(crate) async fn start(&self, run: NewRun, lane: Lane) -> Result<Assigned, OperationError> {
        let (id, orders) = (run.id, run.orders.len());
        let span = info_span!("submit", trace_id = %Trace::of(id).id_text(), run.id = %id, orders);
        let submit = async {
            crash_point!("scheduler-before-add-run");
            self.store.add_run(&run).await?;
            crash_point!("scheduler-after-add-run");
            self.hint(id, &run.orders, lane);
            debug!("the run is submitted");
            Ok(Assigned { run: id, orders })
        };
        submit.instrument(span).await
    }

    /// Reads and checks files that are to be added to a draft; they are read while the facts are fetched.
    async fn check_for_draft(
        &self,
        template: &TemplateRecord,
        files: Vec<NamedBytes>,
    ) -> Result<BulkIntake, OperationError> {
        let (readings, facts) = tokio::try_join!(async { Ok(read_files(files).await) }, self.draft_facts(template))?;
        Ok(self.check_bulk(readings, facts).await)
    }

    async fn store_intake(
        &self,
        actor: &Actor,
        template: &TemplateRecord,
        files: &[NamedBytes],
        checked: &BulkIntake,
    ) -> Result<(), OperationError> {
        for (index, file) in files.iter().enumerate() {
            let (upload, reading) = (checked.uploads[index], &checked.intake.readings[index]);
            self.keep_upload(actor, template.organization, upload, file, reading, &checked.refused[index]).await?;
        }
        let users = checked.users.concat();
        self.store.add_template_users(template.id, template.version, &checked.uploads, &users).await?;
        Ok(())
    }

    /// What a check of files that are added to a draft needs to know, the rows that the draft has already among it. A
    /// draft takes no licences, so none can be short before it is assigned.
    async fn draft_facts(&self, template: &TemplateRecord) -> Result<Facts, OperationError> {
        let facts = self.facts(template.organization, &template.add_ons).await?;
        let uploads = self.store.template_uploads(template.id).await?;
        let files = self.names_of(&uploads).await?;
        let place = |origin: Option<RowRef>| {
            let origin = origin.and_then(|origin| {
                let file = uploads.iter().position(|upload| *upload == origin.upload)?;
                Some(format!("row {} of {}", origin.row, files[file]))
            });
            origin.unwrap_or_else(|| "the users added by hand".to_owned())
        };
        let users = self.store.template_users(template.id).await?.into_iter();
        let present = users.map(|user| Present {
            place: place(user.origin),
            ext_key: user.ext_key,
            user: user.user,
            number: user.number,
        });
        Ok(Facts { present: present.collect(), licences: None, ..facts })
    }

    async fn names_of(&self, uploads: &[UploadId]) -> Result<Vec<String>, OperationError> {
        let mut names = Vec::with_capacity(uploads.len());
        for upload in uploads {
            names.push(self.store.upload(*upload).await?.name);
        }
        Ok(names)
    }

    pub(crate) fn new_template(
        &self,
        actor: &Actor,
        organization: OrganizationId,
        name: String,
        add_ons: Vec<AddOn>,
    ) -> NewTemplate {
        let (id, at, by) = (self.ids.next(), self.clock.now(), actor.name.clone());
        NewTemplate { id, organization, name, add_ons, at, by }
    }

    /// The add-ons, sorted and without repeats, all of which the organization has.
    pub(crate) async fn known_add_ons(
        &self,
        organization: OrganizationId,
        wanted: &[AddOn],
    ) -> Result<Vec<AddOn>, OperationError> {
        let licences = self.store.licences(organization).await?;
        let mut add_ons = wanted.to_vec();
        add_ons.sort_unstable();
        add_ons.dedup();
        let known: Vec<&str> =
            licences.iter().map(|count| count.licence.code()).filter(|code| *code != "base").collect();
        match add_ons.iter().find(|add_on| !known.contains(&add_on.0.as_str())) {
            None => Ok(add_ons),
            Some(unknown) => Err(OperationError::Refused(format!(
                "the organization has no add-on licence \"{unknown}\"; it has {}",
                if known.is_empty() { "none".to_owned() } else { known.join(", ") }
            ))),
        }
    }
}

/// A user of a template as the rules of rows see it; users added by hand count as a last file.
fn candidate<'a>(user: &'a TemplateUser, uploads: &[UploadId]) -> Candidate<'a> {
    let of_file = user.origin.and_then(|origin| {
        let file = uploads.iter().position(|upload| *upload == origin.upload)?;
        Some((file, origin.row))
    });
    let (file, row) = of_file.unwrap_or((uploads.len(), 0));
    Candidate {
        file: u32::try_from(file).unwrap_or(u32::MAX),
        row,
        ext_key: Some(&user.ext_key),
        identity: Some(Identity::Uuid(user.user)),
        number: user.number.as_deref(),
        user: None,
        refused: false,
    }
}
