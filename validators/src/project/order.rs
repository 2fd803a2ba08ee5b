use std::collections::{HashMap, HashSet};

use dialtone_model::OrderType;
use dialtone_model::catalog::{Field, Product, Shape, catalog};
use dialtone_templates::{Kind, Note, Problem, Problems, Reading, Rule};
use rayon::prelude::*;

use super::once;
use super::row::{self, Checked, Columns, SELECTED, sequence};
use super::{CellValue, Outcome, ProjectOrder};
use crate::cell;

/// Checks the rows of project files.
pub(crate) fn check(readings: &[Reading]) -> Outcome<'_> {
    let mut outcome = Outcome { accepted: 0, refused: 0, orders: Vec::new(), problems: Problems::default() };
    let mut made = Made::default();
    let files = (0..).zip(readings).filter(|(_, reading)| reading.kind == Some(Kind::Project));
    let mut files: Vec<FileCheck<'_>> = files.map(|(file, reading)| FileCheck::new(file, reading)).collect();
    once::check(&mut files);
    for file in files {
        file.run(readings, &mut made, &mut outcome);
    }
    outcome
}

/// The products that rows of refused orders would have made, by their users and keys, with the row of each; and those of
/// accepted ones.
#[derive(Default)]
struct Made<'a> {
    refused: HashMap<Object<'a>, (u32, u32)>,
    accepted: HashSet<Object<'a>>,
}

/// A product by what finds it.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Object<'a> {
    user: &'a str,
    what: What,
    key: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum What {
    Phone,
    Line,
    Voicemail,
    Email,
    ExtensionMobilityAccess,
    RemoteDestinationProfile,
}

impl What {
    fn word(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Line => "line",
            Self::Voicemail => "voicemail",
            Self::Email => "email",
            Self::ExtensionMobilityAccess => "extension mobility access",
            Self::RemoteDestinationProfile => "remote destination profile",
        }
    }
}

/// The check of one file.
pub(super) struct FileCheck<'a> {
    file: u32,
    reading: &'a Reading,
    columns: Columns,
    pub(super) rows: Vec<Checked<'a>>,
}

impl<'a> FileCheck<'a> {
    fn new(file: u32, reading: &'a Reading) -> Self {
        let columns = Columns::of(reading);
        let cells = reading.problems.iter().filter_map(|problem| Some((problem.row?, problem.column?)));
        let refused: HashSet<(u32, u32)> = cells.collect();
        let whole = reading.problems.iter().filter(|problem| problem.column.is_none());
        let unusable: HashSet<u32> = whole.filter_map(|problem| problem.row).collect();
        let rows = (0..reading.table.len()).into_par_iter().map(|index| {
            let cells = reading.table.row(index);
            if unusable.contains(&cells.number) {
                return Checked { cells, order_type: None, product: None, problems: Vec::new() };
            }
            row::check(file, reading, &columns, cells, &refused)
        });
        let rows = rows.collect();
        Self { file, reading, columns, rows }
    }

    fn run(mut self, readings: &'a [Reading], made: &mut Made<'a>, outcome: &mut Outcome<'a>) {
        for order in self.orders() {
            self.check_group(&order);
            self.check_sequence(&order);
            self.check_needs(&order);
            self.check_dependencies(&order, readings, made);
            let culprit = order.iter().copied().find(|index| self.is_refused(*index));
            if let Some(culprit) = culprit {
                self.refuse_with(&order, culprit);
                outcome.refused += order.len();
            } else {
                outcome.accepted += order.len();
                let rows = order.iter().filter_map(|index| self.rows[*index].accepted(self.file, self.reading));
                outcome.orders.push(ProjectOrder { rows: rows.collect() });
            }
            for index in order {
                for object in self.makes(index) {
                    if culprit.is_some() {
                        let place = (self.file, self.rows[index].cells.number);
                        made.refused.entry(object).or_insert(place);
                    } else {
                        made.accepted.insert(object);
                    }
                }
            }
        }
        for row in self.rows {
            row.problems.into_iter().for_each(|problem| outcome.problems.push(problem));
        }
    }

    /// The rows of each order, in the order of their first rows.
    fn orders(&self) -> Vec<Vec<usize>> {
        let mut by_id: HashMap<&str, usize> = HashMap::new();
        let mut orders: Vec<Vec<usize>> = Vec::new();
        for index in 0..self.rows.len() {
            let place = match self.get(index, Field::RowId) {
                CellValue::Text(id) => *by_id.entry(id).or_insert(orders.len()),
                CellValue::Blank | CellValue::Clear => orders.len(),
            };
            if place == orders.len() {
                orders.push(Vec::new());
            }
            orders[place].push(index);
        }
        orders
    }

    /// What a row says of a field.
    pub(super) fn get(&self, index: usize, field: Field) -> CellValue<'a> {
        self.rows[index].get(&self.columns, field)
    }

    fn is_refused(&self, index: usize) -> bool {
        let row = &self.rows[index];
        row.cells.flawed || row.problems.iter().any(Problem::is_error)
    }

    /// Says what is wrong with a row, or with its cell for a field.
    pub(super) fn object(&mut self, index: usize, rule: Rule, field: Option<Field>, note: Note) {
        let column = field.and_then(|field| self.columns.place(field)).and_then(|place| u32::try_from(place).ok());
        let number = self.rows[index].cells.number;
        let problem = Problem { file: self.file, column, note, ..Problem::row(rule, number) };
        self.rows[index].problems.push(problem);
    }

    /// A row as the problem of another one names it.
    pub(super) fn row_note(&self, index: usize) -> Note {
        Note::Row { file: self.file, row: self.rows[index].cells.number }
    }

    /// The rows of an order are of one user, one order type and one Domain.
    fn check_group(&mut self, order: &[usize]) {
        let Some((&first, others)) = order.split_first() else { return };
        for &index in others {
            for field in [Field::UserId, Field::OrderType, Field::Domain] {
                let (here, there) = (self.get(index, field), self.get(first, field));
                let same = match (here.text(), there.text()) {
                    (Some(here), Some(there)) if field == Field::OrderType => here.eq_ignore_ascii_case(there),
                    (here, there) => here == there,
                };
                if !same {
                    self.object(index, Rule::OrderRowIdMixed, Some(field), self.row_note(first));
                }
            }
        }
    }

    /// Sequence numbers are unique in their order, and `Assoc With` names a lower one.
    fn check_sequence(&mut self, order: &[usize]) {
        let mut seen: HashMap<u16, usize> = HashMap::new();
        for &index in order {
            let Some(number) = sequence(self.get(index, Field::SequenceNumber)) else { continue };
            if let Some(&other) = seen.get(&number) {
                self.object(index, Rule::SequenceTwice, Some(Field::SequenceNumber), self.row_note(other));
                self.object(other, Rule::SequenceTwice, Some(Field::SequenceNumber), self.row_note(index));
            } else {
                seen.insert(number, index);
            }
        }
        for &index in order {
            if self.rows[index].order_type == Some(OrderType::Add)
                && let Some(wanted) = sequence(self.get(index, Field::AssocWith))
            {
                let own = sequence(self.get(index, Field::SequenceNumber));
                if !seen.contains_key(&wanted) || own.is_some_and(|own| wanted >= own) {
                    self.object(index, Rule::AssocUnknown, Some(Field::AssocWith), Note::None);
                }
            }
        }
    }

    /// An ADD says what it needs: by a field, by `Assoc With`, or by another row of the order that makes it.
    fn check_needs(&mut self, order: &[usize]) {
        for &index in order {
            let row = &self.rows[index];
            let (Some(OrderType::Add), Some(product)) = (row.order_type, row.product) else { continue };
            if product.is_bundle() || self.get(index, Field::AssocWith) != CellValue::Blank {
                continue;
            }
            for need in &product.needs {
                let Some(field) = need.by else { continue };
                let makes = |other: &Product| catalog().parts(other).iter().any(|part| need.any.contains(&part.name));
                let beside = order.iter().any(|other| *other != index && self.rows[*other].product.is_some_and(makes));
                if !beside && self.get(index, field).text().is_none() {
                    self.object(index, Rule::FieldMissing, Some(field), Note::Text(field.label().into()));
                }
            }
        }
    }

    /// An order that needs what only a refused order would have made is refused too.
    fn check_dependencies(&mut self, order: &[usize], readings: &[Reading], made: &Made<'a>) {
        for &index in order {
            for object in self.uses(index) {
                if let Some(&(file, row)) = made.refused.get(&object)
                    && !made.accepted.contains(&object)
                {
                    let place = match file == self.file {
                        true => format!("row {row}"),
                        false => format!("row {row} of {}", readings[file as usize].name),
                    };
                    let words = format!("{} of {place}", object.what.word());
                    self.object(index, Rule::OrderDependsOnRefused, None, Note::Text(words.into()));
                }
            }
        }
    }

    fn refuse_with(&mut self, order: &[usize], culprit: usize) {
        for &index in order {
            if !self.is_refused(index) {
                self.object(index, Rule::OrderRowRefused, None, self.row_note(culprit));
            }
        }
    }

    /// What a row adds, by what later rows would find it by.
    fn makes(&self, index: usize) -> Vec<Object<'a>> {
        let row = &self.rows[index];
        let (Some(OrderType::Add), Some(product), Some(user)) =
            (row.order_type, row.product, self.get(index, Field::UserId).text())
        else {
            return Vec::new();
        };
        let mut objects = Vec::new();
        let mut add = |what: What, field: Field, key: fn(&str) -> String| {
            if let Some(text) = self.get(index, field).text() {
                objects.push(Object { user, what, key: key(text) });
            }
        };
        for part in catalog().parts(product) {
            match part.shape {
                Shape::Phone => {
                    add(What::Phone, Field::MacAddress, phone);
                    add(What::Phone, Field::DeviceName, phone);
                }
                shape if shape.is_line() => add(What::Line, Field::DirectoryNumber, str::to_owned),
                Shape::Voicemail => add(What::Voicemail, Field::VoicemailAlias, str::to_owned),
                Shape::Email => add(What::Email, Field::EmailId, str::to_owned),
                Shape::ExtensionMobilityAccess => add(What::ExtensionMobilityAccess, Field::Name, str::to_owned),
                Shape::RemoteDestinationProfile => add(What::RemoteDestinationProfile, Field::Name, str::to_owned),
                _ => {}
            }
        }
        objects
    }

    /// What a row finds, by the same keys.
    fn uses(&self, index: usize) -> Vec<Object<'a>> {
        let row = &self.rows[index];
        let (Some(order_type), Some(product), Some(user)) =
            (row.order_type, row.product, self.get(index, Field::UserId).text())
        else {
            return Vec::new();
        };
        let keys = if order_type == OrderType::Add { &[] } else { product.keys.as_slice() };
        let needs = product.needs.iter().filter_map(|need| need.by);
        let fields: HashSet<Field> = keys.iter().copied().chain(needs).chain(SELECTED.iter().copied()).collect();
        let object = |field: Field| {
            let (what, key): (What, fn(&str) -> String) = match field {
                Field::SelectedPhone | Field::TargetPhone => (What::Phone, phone),
                Field::SelectedLine | Field::DirectoryNumber => (What::Line, str::to_owned),
                Field::SelectedVoicemail | Field::VoicemailAlias => (What::Voicemail, str::to_owned),
                Field::UnifiedMessaging | Field::EmailId => (What::Email, str::to_owned),
                Field::SelectedExtensionMobilityAccess => (What::ExtensionMobilityAccess, str::to_owned),
                Field::SelectedRemoteDestinationProfile => (What::RemoteDestinationProfile, str::to_owned),
                _ => return None,
            };
            self.get(index, field).text().map(|text| Object { user, what, key: key(text) })
        };
        fields.into_iter().filter_map(object).collect()
    }
}

/// A phone's name without what stands before its MAC address, so that a phone is found by either.
pub(super) fn phone(name: &str) -> String {
    let name = name.to_ascii_uppercase();
    let digits = name.strip_prefix("SEP").unwrap_or(&name);
    cell::mac(digits).unwrap_or(name)
}
