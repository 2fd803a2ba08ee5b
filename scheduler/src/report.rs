use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};

use dialtone_model::{
    Action, Actor, DeviceId, Extension, OrderId, Reason, RunId, RunKind, RunState, Severity, State, TemplateAction,
    TemplateId, UploadId,
};
use dialtone_store::{RefusedRow, ReportedOrder, RunRecord, UploadRecord};
use dialtone_templates::{
    Format, Origin, Outcome, Reading, ReportFile, ReportHead, ReportLine, ReportWriter, Source, StepLine, WriteError,
    failed_rows, failed_rows_name, read, refused_rows,
};

use crate::order::{reported_status, what_to_do};
use crate::{Intake, NamedBytes, OperationError, Operations, blocking};

/// Orders that are fetched at a time.
const PAGE: u32 = 1_000;
/// What stands in a report for the cells of an order that no file has a row for.
const GIVEN: [&str; 3] = ["Ext Key", "Identity UUID", "Number"];

/// Which rows a report has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReportRows {
    /// Every row.
    #[default]
    All,
    /// Those that aren't completed.
    NotCompleted,
}

impl Operations {
    /// The report of a run: one line a row, the refused ones too, in the order of its files; then the orders that no
    /// file has a row for. It may be asked for while the run goes on.
    pub async fn report(
        &self,
        actor: &Actor,
        run: RunId,
        format: Format,
        rows: ReportRows,
    ) -> Result<Vec<u8>, OperationError> {
        actor.require(&[])?;
        let material = self.material(run, format).await?;
        Ok(blocking(move || material.report(format, rows)).await?)
    }

    /// The report of a template's run; a draft has none yet.
    pub async fn template_report(
        &self,
        actor: &Actor,
        id: TemplateId,
        format: Format,
        rows: ReportRows,
    ) -> Result<Vec<u8>, OperationError> {
        actor.require(&[])?;
        let template = self.store.template(id).await?;
        template.status.allow(TemplateAction::Report)?;
        let Some(run) = template.run else {
            return Err(OperationError::Refused("the template has no run".to_owned()));
        };
        self.report(actor, run, format, rows).await
    }

    /// The rows of a run's files that were refused or whose orders stopped for good, in Hold or Cancelled; each file's in
    /// its own format with the reasons behind, and files without such rows left out. A corrected file is uploaded as it
    /// is. What may still pass isn't among them: it is retried.
    pub async fn failed_rows(&self, actor: &Actor, run: RunId) -> Result<Vec<NamedBytes>, OperationError> {
        actor.require(&[])?;
        let counts = self.store.run_counts(run).await?;
        let material = if counts.by_state.keys().any(|(state, _)| state == "hold" || state == "cancelled") {
            self.material(run, Format::Csv).await?
        } else {
            // The orders of most runs needn't be looked at.
            let run = self.store.run(run).await?;
            let mut uploads = Vec::new();
            for id in self.store.run_uploads(run.id).await? {
                let refused = self.store.refused_rows(id).await?;
                if !refused.is_empty() {
                    uploads.push(self.kept_upload(id, refused).await?);
                }
            }
            Material { run, organization: String::new(), uploads, orders: Vec::new(), devices: HashMap::new() }
        };
        Ok(blocking(move || material.failed_files()).await?)
    }

    /// The refused rows of files that were added to a template or project, each file's in its own format with the
    /// reasons behind and the way back.
    pub async fn refused_rows(&self, intake: &Intake, origin: Origin) -> Result<Vec<NamedBytes>, OperationError> {
        let refused: Vec<dialtone_templates::RefusedRow> = refused_rows(&intake.readings, &intake.problems).collect();
        let mut files = Vec::new();
        for (index, reading) in intake.readings.iter().enumerate() {
            let rows: Vec<_> = refused.iter().filter(|row| row.file == index).cloned().collect();
            if !rows.is_empty() {
                files.push(NamedBytes {
                    name: failed_rows_name(reading),
                    bytes: failed_rows(reading, &rows, Some(origin))?,
                });
            }
        }
        Ok(files)
    }

    async fn material(&self, run: RunId, format: Format) -> Result<Material, OperationError> {
        let run = self.store.run(run).await?;
        let uploads = self.kept_uploads(&run).await?;
        let devices = self.store.devices(run.organization).await?;
        let organization = self.store.organization(run.organization).await?.name;
        let mut orders: Vec<ReportedOrder> = Vec::new();
        loop {
            let after = orders.last().map(|order| order.id);
            let page = self.store.reported_orders(run.id, after, PAGE, has_steps(format)).await?;
            let is_last = page.len() < PAGE as usize;
            orders.extend(page);
            if is_last {
                break;
            }
        }
        let devices = devices.into_iter().map(|device| (device.id, device.name)).collect();
        Ok(Material { run, organization, uploads, orders, devices })
    }

    async fn kept_uploads(&self, run: &RunRecord) -> Result<Vec<Upload>, OperationError> {
        let mut uploads = Vec::new();
        for id in self.store.run_uploads(run.id).await? {
            let refused = self.store.refused_rows(id).await?;
            uploads.push(self.kept_upload(id, refused).await?);
        }
        Ok(uploads)
    }

    async fn kept_upload(&self, id: UploadId, refused: Vec<RefusedRow>) -> Result<Upload, OperationError> {
        let record = self.store.upload(id).await?;
        let bytes = self.upload_bytes(&record).await?;
        Ok(Upload { record, bytes, refused })
    }
}

/// A file of a run as it was uploaded.
struct Upload {
    record: UploadRecord,
    bytes: Vec<u8>,
    refused: Vec<RefusedRow>,
}

/// Everything that a report is made of.
struct Material {
    run: RunRecord,
    organization: String,
    uploads: Vec<Upload>,
    orders: Vec<ReportedOrder>,
    devices: HashMap<DeviceId, String>,
}

/// Whether a report in this format lists the steps of orders: text has no room for them.
fn has_steps(format: Format) -> bool {
    format == Format::Xlsx
}

/// What a line of a report is about.
enum Subject<'a> {
    Order(&'a ReportedOrder),
    /// A further row of an order, whose steps are told with its first.
    Further(&'a ReportedOrder),
    Refused(&'a RefusedRow),
}

impl Material {
    fn report(mut self, format: Format, rows: ReportRows) -> Result<Vec<u8>, WriteError> {
        let readings: Vec<Reading> = self.uploads.iter_mut().map(Upload::read).collect();
        let subjects = self.subjects(&readings, rows);
        let head = self.head();
        let given: &[&str] = if subjects.iter().any(|(place, _)| place.is_none()) { &GIVEN } else { &[] };
        let numbers: HashMap<OrderId, i64> = self.orders.iter().map(|order| (order.id, order.number)).collect();
        let mut writer = ReportWriter::new(format, Vec::new(), &head, &readings, given)?;
        for (place, subject) in &subjects {
            match subject {
                Subject::Order(order) | Subject::Further(order) => {
                    let steps = has_steps(format) && matches!(subject, Subject::Order(_));
                    match *place {
                        Some((file, row)) => {
                            self.order_line(order, Source::Row { file, row }, &numbers, steps, &mut writer)?;
                        }
                        None => {
                            let cells = given_cells(order);
                            let given = Source::Given(&cells.each_ref().map(AsRef::as_ref));
                            self.order_line(order, given, &numbers, steps, &mut writer)?;
                        }
                    }
                }
                Subject::Refused(refused) => {
                    let Some((file, row)) = *place else { continue };
                    writer.line(&refused_line(Source::Row { file, row }, &reasons(refused)))?;
                }
            }
        }
        writer.finish()
    }

    /// What the report has lines about, each with its file and row, in that order; orders without a row come last.
    fn subjects(&self, readings: &[Reading], rows: ReportRows) -> Vec<(Option<(usize, u32)>, Subject<'_>)> {
        let files: HashMap<_, _> =
            self.uploads.iter().enumerate().map(|(file, upload)| (upload.record.id, file)).collect();
        let wanted = |order: &&ReportedOrder| rows == ReportRows::All || order.state != State::Completed;
        let orders = self.orders.iter().filter(wanted).map(|order| {
            let place = order.origin_row.and_then(|origin| Some((*files.get(&origin.upload)?, origin.row)));
            (place, Subject::Order(order))
        });
        let refused = self.uploads.iter().enumerate().flat_map(|(file, upload)| {
            upload.refused.iter().map(move |refused| (Some((file, refused.row)), Subject::Refused(refused)))
        });
        let mut subjects: Vec<_> = orders.chain(refused).collect();
        let parts = self.further_rows(readings, &subjects);
        subjects.extend(parts);
        subjects.sort_by_key(|(place, _)| (place.is_none(), *place));
        subjects
    }

    /// The rows of a project that are further products of an order: those with the Row Id of the order's first row.
    fn further_rows<'a>(
        &self,
        readings: &[Reading],
        subjects: &[(Option<(usize, u32)>, Subject<'a>)],
    ) -> Vec<(Option<(usize, u32)>, Subject<'a>)> {
        let told: HashSet<(usize, u32)> = subjects.iter().filter_map(|(place, _)| *place).collect();
        let row_id = |(file, row): (usize, u32)| {
            let reading: &Reading = readings.get(file)?;
            let cell = reading.table.row(reading.table.find(row)?).cell(reading.column("Row Id")?);
            (!cell.is_empty()).then_some((file, cell))
        };
        let mut orders: HashMap<(usize, &str), &'a ReportedOrder> = HashMap::new();
        for (place, subject) in subjects {
            if let (Some(key), Subject::Order(order)) = (place.and_then(row_id), subject) {
                orders.insert(key, order);
            }
        }
        if orders.is_empty() {
            return Vec::new();
        }
        let places = readings
            .iter()
            .enumerate()
            .flat_map(|(file, reading)| reading.table.rows().map(move |row| (file, row.number)));
        let parts = places.filter(|place| !told.contains(place)).filter_map(|place| {
            let order = orders.get(&row_id(place)?)?;
            Some((Some(place), Subject::Further(order)))
        });
        parts.collect()
    }

    fn failed_files(mut self) -> Result<Vec<NamedBytes>, WriteError> {
        let origin = match (self.run.kind, self.run.template, self.run.project) {
            (RunKind::Assignment, Some(template), _) => Some(Origin::Template(template)),
            (RunKind::Project, _, Some(project)) => Some(Origin::Project(project)),
            _ => None,
        };
        let readings: Vec<Reading> = self.uploads.iter_mut().map(Upload::read).collect();
        let mut failed: Vec<Vec<dialtone_templates::RefusedRow>> = readings.iter().map(|_| Vec::new()).collect();
        for (place, subject) in self.subjects(&readings, ReportRows::NotCompleted) {
            let (Some((file, row)), Some(reasons)) = (place, failure(&subject)) else { continue };
            failed[file].push(dialtone_templates::RefusedRow { file: 0, row, reasons });
        }
        let files = readings.iter().zip(failed).filter(|(_, failed)| !failed.is_empty());
        files
            .map(|(reading, failed)| {
                let bytes = failed_rows(reading, &failed, origin)?;
                Ok(NamedBytes { name: failed_rows_name(reading), bytes })
            })
            .collect()
    }

    fn head(&self) -> ReportHead {
        let mut counts: BTreeMap<Outcome, u64> = BTreeMap::new();
        for order in &self.orders {
            *counts.entry(order.state.into()).or_default() += 1;
        }
        let refused: usize = self.uploads.iter().map(|upload| upload.refused.len()).sum();
        if refused > 0 {
            counts.insert(Outcome::Refused, refused as u64);
        }
        let files = self
            .uploads
            .iter()
            .map(|upload| ReportFile { name: upload.record.name.clone(), sha256: upload.record.sha256.clone() });
        ReportHead {
            run: self.run.id,
            title: self.run.name.clone(),
            organization: self.organization.clone(),
            requested_by: self.run.created_by.clone(),
            started_at: Some(self.run.created_at),
            ended_at: self.run.ended_at,
            files: files.collect(),
            totals: counts.into_iter().map(|(outcome, count)| (outcome.label().to_owned(), count)).collect(),
        }
    }

    fn order_line(
        &self,
        order: &ReportedOrder,
        source: Source<'_>,
        numbers: &HashMap<OrderId, i64>,
        with_steps: bool,
        writer: &mut ReportWriter<'_, Vec<u8>>,
    ) -> Result<(), WriteError> {
        let mut reason = order.reason.clone().or_else(|| self.waits_for(order, numbers));
        if let Some(reason) = reason.as_mut().filter(|reason| reason.repair.is_none()) {
            reason.repair = what_to_do(order.number, order.state);
        }
        let message = order.reason.as_ref().map(|reason| reason.message.as_str()).unwrap_or_default();
        // A further row leaves them to the first.
        let told = if with_steps { order.steps.as_slice() } else { &[] };
        let titles: Vec<String> = told.iter().map(dialtone_model::Step::title).collect();
        let steps: Vec<StepLine<'_>> = titles
            .iter()
            .enumerate()
            .map(|(index, title)| StepLine {
                title,
                device: self.devices.get(&order.steps[index].device).map(String::as_str).unwrap_or_default(),
                ..step_line(order, index, title, message)
            })
            .collect();
        writer.line(&ReportLine {
            source,
            outcome: order.state.into(),
            extended: reported_status(order),
            reasons: reason.as_slice(),
            attempts: Some(order.tries),
            started_at: order.started_at,
            ended_at: order.ended_at,
            order: Some(order.number),
            steps: &steps,
        })
    }

    /// Why an order that nothing went wrong with hasn't started.
    fn waits_for(&self, order: &ReportedOrder, numbers: &HashMap<OrderId, i64>) -> Option<Reason> {
        if !matches!(order.state, State::Initial(_)) {
            return None;
        }
        let (code, message, repair) = match order.blocked_by {
            Some(earlier) => {
                let number = numbers.get(&earlier).map_or_else(|| earlier.to_string(), i64::to_string);
                let repair = format!("It goes on by itself once order {number} is completed.");
                ("wait-for-order", format!("not started: it waits for order {number}"), repair)
            }
            None if order.run_state == RunState::Paused => {
                let repair = format!("Go on with the run: `dialtone runs resume {}`.", self.run.id);
                ("paused", "not started: its run is paused".to_owned(), repair)
            }
            None => {
                let repair = format!("Follow the run: `dialtone runs follow {}`.", self.run.id);
                ("not-started", "not started yet".to_owned(), repair)
            }
        };
        Some(Reason { code: code.to_owned(), message, repair: Some(repair) })
    }
}

impl Upload {
    fn read(&mut self) -> Reading {
        read(&self.record.name, std::mem::take(&mut self.bytes))
    }
}

/// What became of one step; the caller knows its device.
fn step_line<'a>(order: &ReportedOrder, index: usize, title: &'a str, message: &'a str) -> StepLine<'a> {
    let due = match order.state {
        State::Completed => order.steps.len(),
        state => state.position().map_or(0, |at| usize::from(at.step)),
    };
    let is_due = index == due;
    let outcome = match order.state {
        _ if index < due => "done",
        State::Released(_) | State::Hold { .. } if is_due && order.reason.is_some() => "failed",
        State::Released(_) if is_due => "due",
        _ => "not started",
    };
    let is_last_done = index + 1 == due && order.state == State::Completed;
    StepLine {
        title,
        device: "",
        outcome,
        message: if is_due { message } else { "" },
        at: order.ended_at.filter(|_| is_due || is_last_done),
    }
}

fn refused_line<'a>(source: Source<'a>, reasons: &'a [Reason]) -> ReportLine<'a> {
    ReportLine {
        source,
        outcome: Outcome::Refused,
        extended: None,
        reasons,
        attempts: None,
        started_at: None,
        ended_at: None,
        order: None,
        steps: &[],
    }
}

/// Why a row has to be corrected and uploaded again; `None` where it needn't be.
fn failure(subject: &Subject<'_>) -> Option<Vec<Reason>> {
    match subject {
        Subject::Refused(refused) => Some(reasons(refused)),
        Subject::Order(order) | Subject::Further(order) => {
            matches!(order.state, State::Hold { .. } | State::Cancelled).then(|| order.reason.iter().cloned().collect())
        }
    }
}

/// What was wrong with a refused row.
fn reasons(refused: &RefusedRow) -> Vec<Reason> {
    let errors = refused.findings.iter().filter(|finding| finding.severity == Severity::Error);
    let reason = |finding: &dialtone_model::Finding| Reason {
        code: finding.code.to_string(),
        message: finding.message.clone(),
        repair: finding.repair.clone(),
    };
    errors.map(reason).collect()
}

/// The cells that an order would have in a file.
fn given_cells(order: &ReportedOrder) -> [Cow<'_, str>; GIVEN.len()] {
    let of = |extension: &'_ Extension| {
        let user = extension.user.map(|user| user.to_string()).unwrap_or_default();
        (Cow::Owned(user), Cow::Owned(extension.number.clone().unwrap_or_default()))
    };
    match order.steps.first().map(|step| &step.action) {
        Some(Action::ProvisionExtension(extension)) => {
            let (user, number) = of(extension);
            [Cow::Borrowed(&extension.key), user, number]
        }
        Some(Action::ChangeExtension { from, to }) => {
            let (user, number) = of(to);
            [Cow::Borrowed(from), user, number]
        }
        Some(Action::DeleteExtension { key }) => [Cow::Borrowed(key), Cow::Borrowed(""), Cow::Borrowed("")],
        _ => [Cow::Borrowed(order.subject.as_str()), Cow::Borrowed(""), Cow::Borrowed("")],
    }
}
