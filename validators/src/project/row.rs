use std::collections::{BTreeSet, HashMap, HashSet};

use dialtone_model::OrderType;
use dialtone_model::catalog::{Field, Product, Shape, catalog};
use dialtone_templates::{Meaning, Note, Problem, Reading, Row, Rule};

use super::cells;
use super::{CellValue, ProjectRow};
use crate::cell::{self, Flaw};

/// The characters that a line's display may have.
const LINE_DISPLAY_LIMIT: usize = 30;

/// The columns of a file that have a meaning of their own.
pub(super) struct Columns {
    fields: HashMap<Field, usize>,
}

impl Columns {
    pub(super) fn of(reading: &Reading) -> Self {
        let fields = reading.header.iter().enumerate().filter_map(|(place, column)| match column.meaning {
            Meaning::Known(known) => Some((Field::of_label(&known.label)?, place)),
            _ => None,
        });
        Self { fields: fields.collect() }
    }

    pub(super) fn place(&self, field: Field) -> Option<usize> {
        self.fields.get(&field).copied()
    }
}

/// What the check of one row by itself knows of it.
pub(super) struct Checked<'a> {
    pub(super) cells: Row<'a>,
    pub(super) order_type: Option<OrderType>,
    pub(super) product: Option<&'static Product>,
    /// The problems of the row, in the order of its columns.
    pub(super) problems: Vec<Problem>,
}

/// Checks one row by itself. `refused` are the cells that the reader refused; they aren't judged a second time.
pub(super) fn check<'a>(
    file: u32,
    reading: &'a Reading,
    columns: &Columns,
    cells: Row<'a>,
    refused: &HashSet<(u32, u32)>,
) -> Checked<'a> {
    let mut check = Check { file, reading, columns, cells, refused, problems: Vec::new() };
    check.single_cells();
    let order_type = check.order_type();
    let product = check.product();
    if let (Some(order_type), Some(product)) = (order_type, product) {
        if product.allows(order_type) {
            check.fields(product, order_type);
        } else {
            check.refuse_order_type(product, order_type);
        }
    }
    Checked { cells, order_type, product, problems: check.problems }
}

impl<'a> Checked<'a> {
    /// What the row says of a field.
    pub(super) fn get(&self, columns: &Columns, field: Field) -> CellValue<'a> {
        columns.place(field).map_or(CellValue::Blank, |place| CellValue::of(self.cells.cell(place)))
    }

    /// The row as the planner takes it.
    pub(super) fn accepted(&self, file: u32, reading: &'a Reading) -> Option<ProjectRow<'a>> {
        let Self { cells, order_type, product, .. } = self;
        let row = cells.number;
        Some(ProjectRow { file, row, order_type: (*order_type)?, product: (*product)?, reading, cells: *cells })
    }
}

struct Check<'a, 'c> {
    file: u32,
    reading: &'a Reading,
    columns: &'c Columns,
    cells: Row<'a>,
    refused: &'c HashSet<(u32, u32)>,
    problems: Vec<Problem>,
}

impl<'a> Check<'a, '_> {
    fn get(&self, field: Field) -> CellValue<'a> {
        self.columns.place(field).map_or(CellValue::Blank, |place| CellValue::of(self.cells.cell(place)))
    }

    fn problem(&self, rule: Rule, column: Option<usize>) -> Problem {
        let column = column.and_then(|column| u32::try_from(column).ok());
        Problem { file: self.file, column, ..Problem::row(rule, self.cells.number) }
    }

    fn object(&mut self, rule: Rule, field: Field) {
        let problem = self.problem(rule, self.columns.place(field));
        self.problems.push(problem.note(field.label()));
    }

    fn flaw(&mut self, field: Field, flaw: Flaw) {
        if let Some(place) = self.columns.place(field) {
            self.problems.push(flaw.problem(self.file, self.cells.number, place));
        }
    }

    /// The rules of each cell's column.
    fn single_cells(&mut self) {
        let number = self.cells.number;
        for (place, cell) in self.cells.cells() {
            let (Meaning::Known(column) | Meaning::New(column)) = self.reading.header[place].meaning else { continue };
            let refused =
                self.cells.flawed && self.refused.contains(&(number, u32::try_from(place).unwrap_or(u32::MAX)));
            if refused || CellValue::of(cell) == CellValue::Clear {
                continue;
            }
            if let Err(flaw) = cells::check(column, cell) {
                self.problems.push(flaw.problem(self.file, number, place));
            }
        }
    }

    fn order_type(&mut self) -> Option<OrderType> {
        match self.get(Field::OrderType) {
            CellValue::Blank => self.object(Rule::CellRequired, Field::OrderType),
            CellValue::Clear => self.object(Rule::CellClear, Field::OrderType),
            // Another word was refused by the column's rule.
            CellValue::Text(word) => {
                return OrderType::ALL.iter().copied().find(|one| one.label().eq_ignore_ascii_case(word));
            }
        }
        None
    }

    fn product(&mut self) -> Option<&'static Product> {
        match self.get(Field::Product) {
            CellValue::Blank => self.object(Rule::CellRequired, Field::Product),
            CellValue::Clear => self.object(Rule::CellClear, Field::Product),
            CellValue::Text(name) => {
                let found = catalog().product(name);
                if found.is_none() {
                    let names = catalog().products.iter().map(|product| product.name.as_str());
                    let likeness = |known: &str| {
                        strsim::normalized_damerau_levenshtein(&known.to_lowercase(), &name.to_lowercase())
                    };
                    let nearest = names.max_by(|left, right| likeness(left).total_cmp(&likeness(right)));
                    let flaw = Flaw::new(Rule::ProductUnknown);
                    self.flaw(Field::Product, nearest.map_or(flaw.clone(), |name| flaw.write(name)));
                }
                return found;
            }
        }
        None
    }

    fn refuse_order_type(&mut self, product: &Product, order_type: OrderType) {
        let words = if product.is_bundle() {
            format!(
                "{} is a bundle: it can only be added, and its parts are ordered one by one afterwards",
                product.name
            )
        } else {
            let allowed: Vec<&str> = product.orders.iter().map(|one| one.label()).collect();
            format!("{} can't be ordered with {}, only with {}", product.name, order_type.label(), allowed.join(", "))
        };
        let problem = self.problem(Rule::OrderTypeRefused, self.columns.place(Field::OrderType));
        self.problems.push(problem.note(words));
    }

    /// The rules of the fields that the product has for the order type.
    fn fields(&mut self, product: &'static Product, order_type: OrderType) {
        if !product.infrastructure && self.get(Field::UserId).text().is_none() {
            let problem = self.problem(Rule::OrderUserMissing, self.columns.place(Field::UserId));
            self.problems.push(problem.note(product.name.as_str()));
        }
        let required = required(product, order_type);
        for field in &required {
            match self.get(*field) {
                CellValue::Blank => {
                    let rule = if order_type == OrderType::Add { Rule::FieldMissing } else { Rule::KeyMissing };
                    self.object(rule, *field);
                }
                CellValue::Clear => self.object(Rule::CellClear, *field),
                CellValue::Text(_) => {}
            }
        }
        self.foreign_fields(product, order_type, &required);
        self.attributes();
        if order_type == OrderType::Add {
            self.added_line(product);
            self.added_phone(product);
        }
        if self.get(Field::AssocWith) != CellValue::Blank {
            self.assoc_with(order_type);
        }
    }

    /// Filled cells that the product hasn't got, and `<clear>` in keys and in what every row has.
    fn foreign_fields(&mut self, product: &Product, order_type: OrderType, required: &[Field]) {
        let known: HashSet<Field> =
            catalog().fields(product, order_type).into_iter().chain(required.iter().copied()).collect();
        for (place, cell) in self.cells.cells() {
            let value = CellValue::of(cell);
            match &self.reading.header[place].meaning {
                Meaning::Known(column) => {
                    let Some(field) = Field::of_label(&column.label) else { continue };
                    let is_common = Field::COMMON.contains(&field);
                    let is_key = order_type != OrderType::Add && product.keys.contains(&field);
                    let checked = matches!(field, Field::OrderType | Field::Product) || required.contains(&field);
                    if value == CellValue::Clear && (is_common || is_key) && !checked {
                        self.object(Rule::CellClear, field);
                    } else if !is_common && !known.contains(&field) && !SELECTED.contains(&field) {
                        self.foreign(place, order_type);
                    }
                }
                Meaning::New(column) => {
                    let changes = matches!(order_type, OrderType::Change | OrderType::Replace | OrderType::ChangeOwner);
                    let field = Field::of_label(&column.label);
                    if !changes {
                        let words = format!("a {} has no new values", order_type.label());
                        let problem = self.problem(Rule::FieldOfOrderType, Some(place));
                        self.problems.push(problem.note(words));
                    } else if field.is_none_or(|field| !known.contains(&field)) {
                        self.foreign(place, order_type);
                    } else if value == CellValue::Clear {
                        let problem = self.problem(Rule::CellClear, Some(place));
                        self.problems.push(problem);
                    }
                }
                Meaning::Attribute { .. } if matches!(order_type, OrderType::Cancel | OrderType::Unlock) => {
                    let words = format!("a {} has the keys of the product and nothing else", order_type.label());
                    let problem = self.problem(Rule::FieldOfOrderType, Some(place));
                    self.problems.push(problem.note(words));
                }
                Meaning::Attribute { .. } | Meaning::Unknown => {}
            }
        }
    }

    /// A filled cell that the product hasn't got: in an ADD it does nothing, elsewhere somebody wants what isn't possible.
    fn foreign(&mut self, place: usize, order_type: OrderType) {
        let problem = match order_type {
            OrderType::Add => self.problem(Rule::FieldForeign, Some(place)),
            _ => {
                let words = format!("the product doesn't take it in a {}", order_type.label());
                self.problem(Rule::FieldOfOrderType, Some(place)).note(words)
            }
        };
        self.problems.push(problem);
    }

    /// An attribute is given whole or by its sub-attributes, never both.
    fn attributes(&mut self) {
        let attributes = || {
            self.cells.cells().filter_map(|(place, _)| match &self.reading.header[place].meaning {
                Meaning::Attribute { name, sub } => Some((place, name.to_lowercase(), sub.is_some())),
                _ => None,
            })
        };
        let by_subs: BTreeSet<String> = attributes().filter(|(_, _, sub)| *sub).map(|(_, name, _)| name).collect();
        let both: Vec<usize> =
            attributes().filter(|(_, name, sub)| !sub && by_subs.contains(name)).map(|(place, _, _)| place).collect();
        for place in both {
            let problem = self.problem(Rule::AttributeBothForms, Some(place));
            self.problems.push(problem);
        }
    }

    fn added_line(&mut self, product: &'static Product) {
        if !catalog().parts(product).iter().any(|part| part.shape.is_line()) {
            return;
        }
        let chosen = self.get(Field::LineType).text().is_some_and(|word| word.eq_ignore_ascii_case("Chosen"));
        if chosen && self.get(Field::DirectoryNumber).text().is_none() {
            let problem = self.problem(Rule::DirectoryNumberNeeded, self.columns.place(Field::DirectoryNumber));
            self.problems.push(problem);
        }
        if let (Some(first), Some(last)) = (self.get(Field::FirstName).text(), self.get(Field::LastName).text()) {
            let length = first.chars().count() + 1 + last.chars().count();
            if length > LINE_DISPLAY_LIMIT {
                let note = Note::Count(length as u64);
                let problem = self.problem(Rule::LineDisplayLength, self.columns.place(Field::LastName));
                self.problems.push(Problem { note, ..problem });
            }
        }
    }

    /// A phone has a MAC address or a device name, as its type says.
    fn added_phone(&mut self, product: &'static Product) {
        if !catalog().parts(product).iter().any(|part| part.shape == Shape::Phone) {
            return;
        }
        let phone_type = self.get(Field::PhoneType).text();
        let naming = phone_type.and_then(|name| catalog().phone(name)).and_then(|phone| phone.device_name);
        let Some(naming) = naming else { return };
        let has_mac = self.get(Field::MacAddress).text().is_some();
        if has_mac && !naming.takes_mac() {
            let problem = self.problem(Rule::MacRefused, self.columns.place(Field::MacAddress));
            self.problems.push(problem.note(phone_type.unwrap_or_default()));
        }
        let given = self.get(Field::DeviceName).text();
        if let Some(login) = self.get(Field::UserId).text()
            && !(has_mac && naming.takes_mac() && given.is_none())
            && let Err(bad) = naming.name(given, login)
        {
            let problem = self.problem(Rule::DeviceNameFormat, self.columns.place(Field::DeviceName));
            self.problems.push(problem.note(bad.to_string()));
        }
    }

    fn assoc_with(&mut self, order_type: OrderType) {
        if order_type != OrderType::Add {
            let problem = self.problem(Rule::AssocOrderType, self.columns.place(Field::AssocWith));
            self.problems.push(problem.note(order_type.label()));
            return;
        }
        if self.get(Field::SequenceNumber).text().is_none() {
            self.object(Rule::FieldMissing, Field::SequenceNumber);
        }
        for field in SELECTED {
            if self.get(*field) != CellValue::Blank {
                self.object(Rule::AssocAndSelected, *field);
            }
        }
    }
}

/// The fields that find what an ADD needs, instead of `Assoc With`.
pub(super) const SELECTED: &[Field] =
    &[Field::SelectedPhone, Field::TargetPhone, Field::SelectedLine, Field::SelectedVoicemail];

/// What a row must have beside what every row has.
fn required(product: &'static Product, order_type: OrderType) -> Vec<Field> {
    let mut required = catalog().required(product, order_type);
    match order_type {
        OrderType::Unlock => required.push(Field::UnlockAccount),
        OrderType::ChangeOwner => required.push(Field::NewOwner),
        _ => {}
    }
    // What a subscriber has once is found by the Service Area.
    if order_type != OrderType::Add && product.keys.is_empty() && !product.infrastructure {
        required.push(Field::ServiceArea);
    }
    required
}

/// The sequence number of a row, if it has one that is right.
pub(super) fn sequence(value: CellValue<'_>) -> Option<u16> {
    value.text().and_then(|text| cell::position(text).ok())
}
