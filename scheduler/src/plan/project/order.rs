use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use dialtone_model::catalog::{Field, Product, Shape, catalog};
use dialtone_model::{OrderId, OrderType, Origin, Subscriber};
use dialtone_store::{NewOrder, NewProduct};
use dialtone_templates::{Note, Problem, Problems, Rule};

use super::draft::{Draft, RowPlan};
use super::inventory::new_product;
use super::ledger::{EXTENSIONS, Ledger};
use super::rows::OrderRow;
use super::subscriber::{self, Ordering};
use super::{Outcome, PlanRequest, PlannedOrder, PlannedRow, origin};

/// Plans one order after the other.
#[derive(Debug)]
pub(super) struct OrderPlanner<'a> {
    pub(super) request: &'a PlanRequest<'a>,
    pub(super) ledger: Ledger<'a>,
    pub(super) rows: Vec<PlannedRow>,
    pub(super) problems: Problems,
}

/// An order that isn't refused.
#[derive(Debug)]
pub(super) struct Drafted<'a> {
    pub(super) rows: Vec<OrderRow<'a>>,
    pub(super) subscriber: Subscriber,
    is_new: bool,
    product: &'static Product,
    pub(super) draft: Draft,
}

impl<'a> OrderPlanner<'a> {
    /// Plans an order; `place` is its place among those that aren't refused. `None`: it is, and so are its rows.
    pub(super) fn plan(&mut self, mut rows: Vec<OrderRow<'a>>, place: usize) -> Option<Drafted<'a>> {
        // Products are made in the order of their sequence numbers, those without one behind, as the file has them.
        rows.sort_by_key(|row| row.count(Field::SequenceNumber).unwrap_or(u16::MAX));
        let head = *rows.iter().min_by_key(|row| row.row.number)?;
        let mut draft = Draft::default();
        let ordering = match self.ordering(&head, place, &mut draft) {
            Ok(ordering) => ordering,
            Err(problem) => {
                draft.problems.push(problem);
                self.refuse(&rows, draft, None);
                return None;
            }
        };
        let mut planned = Vec::with_capacity(rows.len());
        let mut by_sequence: HashMap<u16, Vec<String>> = HashMap::new();
        for (index, row) in rows.iter().enumerate() {
            let (objects, steps) = (draft.objects.len(), draft.steps.len());
            match self.plan_row(row, index, place, &ordering, &by_sequence, &mut draft) {
                Ok(outcome) => planned.push((outcome, steps..draft.steps.len())),
                Err(problem) => draft.problems.push(problem),
            }
            if let Some(sequence) = row.count(Field::SequenceNumber) {
                by_sequence.insert(sequence, draft.objects[objects..].to_vec());
            }
        }
        if draft.problems.iter().any(Problem::is_error) {
            self.refuse(&rows, draft, Some(&ordering));
            return None;
        }
        draft.problems.drain(..).for_each(|problem| self.problems.push(problem));
        for (row, (outcome, steps)) in rows.iter().zip(planned) {
            self.rows.push(PlannedRow { order: Some(place), steps, ..planned_row(row, outcome) });
        }
        let product = catalog().product(head.get(Field::Product))?;
        let Ordering { subscriber, is_new, .. } = ordering;
        Some(Drafted { rows, subscriber, is_new, product, draft })
    }

    fn ordering(&mut self, head: &OrderRow<'a>, place: usize, draft: &mut Draft) -> Result<Ordering<'a>, Problem> {
        let order_type = head.get(Field::OrderType);
        if !order_type.eq_ignore_ascii_case(OrderType::Add.label()) {
            return Err(head.cell_problem(Rule::OrderTypeUnplanned, Field::OrderType));
        }
        let ordering = subscriber::of_row(self.request.facts, &self.ledger, head)?;
        if ordering.is_new {
            self.ledger.add_subscriber(ordering.subscriber.clone(), place);
        } else {
            draft.problems.extend(subscriber::other_names(head, &ordering.subscriber));
        }
        draft.needs.extend(ordering.made_by);
        Ok(ordering)
    }

    fn plan_row(
        &mut self,
        row: &OrderRow<'a>,
        index: usize,
        place: usize,
        ordering: &Ordering<'a>,
        by_sequence: &HashMap<u16, Vec<String>>,
        draft: &mut Draft,
    ) -> Result<Outcome, Problem> {
        let catalog = catalog();
        let facts = self.request.facts;
        let Some(ordered) = catalog.product(row.get(Field::Product)) else {
            return Err(row.cell_problem(Rule::ProductUnknown, Field::Product));
        };
        if !ordered.allows(OrderType::Add) {
            let note = format!("{} is ordered only as a part of another product", ordered.name);
            return Err(row.cell_problem(Rule::OrderTypeRefused, Field::OrderType).note(note));
        }
        if !self.request.advanced {
            draft.problems.extend(row.advanced_cells());
        }
        if ordered.infrastructure {
            let note = format!("{} records are changed by importing the organization", ordered.name);
            return Err(row.cell_problem(Rule::ProductUnplanned, Field::Product).note(note));
        }
        if !ordering.role.has(ordered) {
            return Err(row.cell_problem(Rule::ProductOfRole, Field::Product).note(ordering.role.name.as_str()));
        }
        let area = subscriber::service_area(facts, row, &ordering.subscriber.domain, ordered)?;
        let serving = facts.serving(area);
        let parts = catalog.parts(ordered);
        let setting = serving.setting(facts);
        let admitted = ordered.gate.admit(&setting);
        // What is only made along is left out where nothing can make it; its own planning says so.
        let mut offered = parts.iter().filter(|part| part.shape != Shape::ClientUserSettings);
        let parts_admitted = offered.try_for_each(|part| part.gate.admit_part(&setting));
        if let Err(closed) = admitted.and(parts_admitted) {
            return Err(row.cell_problem(Rule::ProductClosed, Field::Product).note(closed.to_string()));
        }
        let associated = match row.count(Field::AssocWith) {
            Some(sequence) => match by_sequence.get(&sequence) {
                Some(objects) => Some(objects.clone()),
                None => return Err(row.cell_problem(Rule::AssocUnknown, Field::AssocWith)),
            },
            None => None,
        };
        let mut plan = RowPlan {
            facts,
            catalog,
            ids: self.request.ids,
            ledger: &mut self.ledger,
            draft,
            order: place,
            place: index,
            row: *row,
            ordered,
            part: ordered,
            subscriber: &ordering.subscriber,
            role: ordering.role,
            serving,
            defaults: self.request.defaults,
            associated,
            used: BTreeSet::new(),
            outcome: None,
        };
        for part in parts {
            plan.part = part;
            plan.plan_part()?;
        }
        plan.finish()
    }

    /// Takes back what the order would have made, and says so of each of its rows.
    fn refuse(&mut self, rows: &[OrderRow<'a>], draft: Draft, ordering: Option<&Ordering<'a>>) {
        if let Some(Ordering { subscriber, is_new, .. }) = ordering {
            if *is_new {
                self.ledger.refuse_subscriber(&subscriber.user_id);
            }
            for device in &draft.logins {
                self.ledger.refuse_login(&subscriber.user_id, device);
            }
        }
        for made in draft.made.iter().rev() {
            let row = &rows[made.row];
            let name = &self.request.files[row.file as usize].reading.name;
            self.ledger.refuse(&made.object, format!("row {} of {name}", row.row.number));
        }
        let errors: HashSet<u32> =
            draft.problems.iter().filter(|problem| problem.is_error()).filter_map(|problem| problem.row).collect();
        let culprit = rows.iter().find(|row| errors.contains(&row.row.number));
        let conflicts = [Rule::ProductTaken, Rule::ProductDiffers];
        for row in rows {
            let own = draft.problems.iter().filter(|problem| problem.row == Some(row.row.number));
            let conflict = own.clone().any(|problem| conflicts.contains(&problem.rule));
            let outcome = if conflict { Outcome::Conflict } else { Outcome::Refused };
            self.rows.push(planned_row(row, outcome));
            if let Some(culprit) = culprit.filter(|_| !errors.contains(&row.row.number)) {
                let note = Note::Row { file: culprit.file, row: culprit.row.number };
                self.problems.push(Problem { note, ..row.problem(Rule::OrderRowRefused) });
            }
        }
        draft.problems.into_iter().for_each(|problem| self.problems.push(problem));
    }
}

impl RowPlan<'_, '_> {
    fn plan_part(&mut self) -> Result<(), Problem> {
        match self.part.shape {
            Shape::Phone => self.phone(),
            Shape::Line | Shape::SharedLine | Shape::ExtensionMobilityLine | Shape::RemoteDestinationProfileLine => {
                self.line()
            }
            Shape::Voicemail => self.voicemail(),
            Shape::Email => self.email(),
            Shape::UnifiedMessaging => self.unified_messaging(),
            Shape::ExtensionMobilityAccess => self.extension_mobility_access(),
            Shape::RemoteDestinationProfile => self.remote_destination_profile(),
            Shape::Softphone => self.softphone(),
            Shape::Mobility => self.mobility(),
            Shape::UserServices => self.user_services(),
            Shape::ClientUserSettings => self.client_user_settings(),
            Shape::Extension => self.extension(),
            Shape::Presence | Shape::PresenceClient | Shape::ClientService => {
                Err(self.unplanned(format!("The licence of {} can't be provisioned yet", self.part.name)))
            }
            // A bundle is planned by its parts, and records of Dialtone's own never come here.
            Shape::Bundle | Shape::Domain | Shape::ServiceArea | Shape::NumberBlock => Ok(()),
        }
    }

    /// What the row comes to. An attribute that no part has is an error.
    fn finish(mut self) -> Result<Outcome, Problem> {
        let part_of_reach =
            self.ordered.is_bundle() && self.ordered.parts.iter().any(|part| part == "Enable Mobility Support");
        if part_of_reach {
            self.warn_of_incomplete_reach();
        }
        match self.row.attributes().find(|(attribute, _)| !self.used.contains(&attribute.column)) {
            Some((attribute, _)) => {
                Err(self.row.column_problem(Rule::AttributeUnknown, attribute.column).note(attribute.name))
            }
            None => Ok(self.outcome.unwrap_or(Outcome::NoChange)),
        }
    }
}

impl Drafted<'_> {
    /// The order as the store takes it.
    pub(super) fn into_planned(
        self,
        request: &PlanRequest<'_>,
        ledger: &mut Ledger<'_>,
        blocked_by: Option<OrderId>,
        needs: Vec<OrderId>,
    ) -> PlannedOrder {
        let Self { rows, subscriber, is_new, product, draft } = self;
        let rows: Vec<_> = rows.iter().map(|row| origin(request, row)).collect();
        // An extension is in the inventory of extensions.
        let listed = draft.made.iter().filter(|made| !made.object.starts_with(EXTENSIONS));
        let products = listed.filter_map(|made| {
            let device = draft.steps.get(made.step).map(|step| step.device);
            let step = u16::try_from(made.step).unwrap_or(u16::MAX);
            Some(new_product(ledger.take(&made.object)?, device, step))
        });
        let products: Vec<NewProduct> = products.collect();
        let subject = format!("{} {} ({})", subscriber.first_name, subscriber.last_name, subscriber.user_id);
        let shard = draft.steps.first().map_or(0, |step| step.device.shard(request.shards));
        let object = draft.objects.into_iter().next().filter(|_| draft.claim.is_none());
        let order = NewOrder {
            id: request.ids.next(),
            origin_row: rows.iter().copied().min_by_key(|row| row.row),
            subject: subject.trim_start().to_owned(),
            order_type: OrderType::Add,
            product: product.name.clone(),
            origin: Origin::Batch,
            object,
            steps: draft.steps,
            credentials: BTreeMap::new(),
            shard,
            blocked_by,
            needs,
            claim: draft.claim,
            products,
        };
        PlannedOrder { order, rows, subscriber: is_new.then_some(subscriber) }
    }
}

/// A row that is refused before anything is planned.
pub(super) fn refused_row(row: &OrderRow<'_>) -> PlannedRow {
    planned_row(row, Outcome::Refused)
}

fn planned_row(row: &OrderRow<'_>, outcome: Outcome) -> PlannedRow {
    PlannedRow {
        file: row.file,
        row: row.row.number,
        user_id: row.get(Field::UserId).to_owned(),
        product: row.get(Field::Product).to_owned(),
        outcome,
        order: None,
        steps: 0..0,
    }
}
