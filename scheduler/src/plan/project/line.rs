use std::collections::BTreeSet;

use dialtone_model::catalog::{AttributeOf, Field, Shape};
use dialtone_model::{Action, Attributes, Device, LineTarget};
use dialtone_templates::{Problem, Rule};

use super::draft::RowPlan;
use super::ledger::{NUMBER, PARTITION, POSITION};
use super::phone::set;

/// What carries a line.
struct Carrier {
    object: String,
    target: LineTarget,
    /// The name of the phone or profile.
    name: String,
}

/// How many characters the display of a line has at most.
const LONGEST_DISPLAY: usize = 30;

impl<'f> RowPlan<'_, 'f> {
    /// A directory number on a phone or profile.
    pub(super) fn line(&mut self) -> Result<(), Problem> {
        let device = self.call_processor()?;
        let carrier = self.carrier(device)?;
        let partition = self.text(Field::RoutePartition);
        let space = partition.clone().unwrap_or_default();
        let number = self.number(device, &space)?;
        let object = format!("line/{}/{}/{number}/{space}", device.name, carrier.object);

        let shared = self.share(device, &number, &space, &object);
        let mut of_number = self.attributes(AttributeOf::DirectoryNumber);
        if !shared.is_empty() {
            self.keep_shared_values(&shared, &mut of_number);
        }
        let mut of_line = self.copied_line(&carrier)?;
        of_line.extend(self.attributes(AttributeOf::Line));
        let display = self.display(&mut of_line)?;
        let index = self.position(&carrier, &object)?;

        let values =
            [(NUMBER, Some(number.clone())), (PARTITION, partition.clone()), (POSITION, Some(index.to_string()))];
        let product = self.product(object, Some(carrier.object.clone()), values, &[&of_number, &of_line]);
        self.make(product, &format!("a line {number} on {}", carrier.name), Field::DirectoryNumber)?;

        self.ensure_login(device);
        set(&mut of_line, "display", display.as_ref());
        if shared.is_empty() {
            let (pattern, partition) = (number.clone(), partition.clone());
            self.step(device, Action::AddDirectoryNumber { pattern, partition, attributes: of_number });
        }
        if self.ordered.shape == Shape::SharedLine && !self.role.pseudo {
            let (user_id, name) = (self.subscriber.user_id.clone(), carrier.name.clone());
            self.step(device, Action::AssociateDevice { user_id, target: carrier.target, name });
        }
        let associated_user = (!self.role.pseudo).then(|| self.subscriber.user_id.clone());
        self.step(
            device,
            Action::AttachLine {
                target: carrier.target,
                name: carrier.name,
                index,
                pattern: number,
                partition,
                associated_user,
                attributes: of_line,
            },
        );
        Ok(())
    }

    fn carrier(&mut self, device: &Device) -> Result<Carrier, Problem> {
        let (object, target) = match self.part.shape {
            Shape::SharedLine => (self.carrier_phone(Field::TargetPhone, true)?, LineTarget::Phone),
            Shape::ExtensionMobilityLine => {
                let field = Field::SelectedExtensionMobilityAccess;
                let what = "extension mobility access";
                (self.carrier_profile(field, what, "device-profile", device)?, LineTarget::DeviceProfile)
            }
            Shape::RemoteDestinationProfileLine => {
                let (field, what) = (Field::SelectedRemoteDestinationProfile, "remote destination profile");
                let object = self.carrier_profile(field, what, "remote-destination-profile", device)?;
                (object, LineTarget::RemoteDestinationProfile)
            }
            _ => (self.carrier_phone(Field::SelectedPhone, false)?, LineTarget::Phone),
        };
        let name = object.splitn(3, '/').nth(2).unwrap_or_default().to_owned();
        Ok(Carrier { object, target, name })
    }

    fn carrier_profile(&mut self, field: Field, what: &str, kind: &str, device: &Device) -> Result<String, Problem> {
        let prefix = format!("{kind}/{}/", device.name);
        let named = self.row.value(field).map(|name| (format!("{prefix}{name}"), name));
        self.needed(field, what, &prefix, named, false)
    }

    /// The number that the row chooses, or the next free one of the Service Area.
    fn number(&mut self, device: &'f Device, partition: &str) -> Result<String, Problem> {
        let line_type = self.require(Field::LineType)?;
        let user_id = &self.subscriber.user_id;
        if line_type.eq_ignore_ascii_case("auto-assigned") {
            let free = self.ledger.next_free(self.serving.area, &device.name, partition, user_id);
            return free.ok_or_else(|| {
                let problem = self.row.cell_problem(Rule::NumberBlocksUsedUp, Field::LineType);
                problem.note(self.serving.area.name.as_str())
            });
        }
        let Some(number) = self.row.value(Field::DirectoryNumber) else {
            return Err(self.row.cell_problem(Rule::DirectoryNumberNeeded, Field::DirectoryNumber));
        };
        match self.ledger.reserved_for_another(number, user_id) {
            Some(other) => Err(self.row.cell_problem(Rule::NumberReserved, Field::DirectoryNumber).note(other)),
            None => Ok(number.to_owned()),
        }
    }

    /// The attributes of the lines that have the number already. Whoever shares it is named in a warning.
    fn share(&mut self, device: &Device, number: &str, partition: &str, object: &str) -> Vec<Attributes> {
        let others = self.ledger.lines_with(&device.name, number, partition);
        let others = others.filter(|entry| entry.product.object != object);
        let (mut owners, mut orders, mut values) = (BTreeSet::new(), Vec::new(), Vec::new());
        for entry in others {
            owners.insert(entry.product.owner.clone());
            orders.extend(entry.order.filter(|order| *order != self.order));
            values.push(entry.product.values.clone());
        }
        self.draft.needs.extend(orders);
        if !owners.is_empty() {
            let owners: Vec<String> = owners.into_iter().collect();
            let problem = self.row.cell_problem(Rule::NumberShared, Field::DirectoryNumber);
            self.warn(problem.note(owners.join(", ")));
        }
        values
    }

    /// The attributes of a number in use stay; the row's that differ are named in a warning.
    fn keep_shared_values(&mut self, shared: &[Attributes], wanted: &mut Attributes) {
        let differs = |name: &str, value: &str| {
            shared.iter().any(|values| values.get(&format!("attr:{name}")).map(String::as_str) != Some(value))
        };
        for (attribute, cell) in self.row.attributes() {
            let element = self.catalog.attributes.element(AttributeOf::DirectoryNumber, attribute.name);
            if element.is_some_and(|element| wanted.contains_key(element) && differs(element, cell)) {
                let problem = self.row.column_problem(Rule::NumberSharedValues, attribute.column);
                self.warn(problem.note(attribute.name));
            }
        }
        let own = |name: &String| shared.iter().find_map(|values| values.get(&format!("attr:{name}")).cloned());
        *wanted = wanted.keys().filter_map(|name| Some((name.clone(), own(name)?))).collect();
    }

    /// The attributes of the line that `Copy Line` names, on the same phone.
    fn copied_line(&mut self, carrier: &Carrier) -> Result<Attributes, Problem> {
        let Some(number) = self.row.value(Field::CopyLine) else { return Ok(Attributes::new()) };
        let has_number = |values: &Attributes| values.get(NUMBER).is_some_and(|known| known == number);
        let mut lines = self.ledger.lines_on(&carrier.object).map(|entry| &entry.product.values);
        let Some(values) = lines.find(|values| has_number(values)) else {
            let note = format!("line {number} on {}", carrier.name);
            return Err(self.row.cell_problem(Rule::NeedUnknown, Field::CopyLine).note(note));
        };
        let names = &self.catalog.attributes;
        let of_line = |(name, value): (&String, &String)| {
            let element = names.element(AttributeOf::Line, name.strip_prefix("attr:")?)?;
            Some((element.to_owned(), value.clone()))
        };
        Ok(values.iter().filter_map(of_line).collect())
    }

    /// First and last name, unless an attribute says what to display.
    fn display(&mut self, attributes: &mut Attributes) -> Result<Option<String>, Problem> {
        let names = [self.subscriber.first_name.as_str(), self.subscriber.last_name.as_str()];
        let display = attributes.remove("display").unwrap_or_else(|| names.join(" ").trim().to_owned());
        let length = display.chars().count();
        if length > LONGEST_DISPLAY {
            let note = dialtone_templates::Note::Count(length as u64);
            return Err(Problem { note, ..self.row.cell_problem(Rule::LineDisplayLength, Field::LastName) });
        }
        Ok(Some(display).filter(|display| !display.is_empty()))
    }

    /// The position that the row asks for, or the first free one; a line that is there already keeps its own.
    fn position(&self, carrier: &Carrier, object: &str) -> Result<u16, Problem> {
        let at = |values: &Attributes| values.get(POSITION).and_then(|place| place.parse::<u16>().ok());
        if let Some(known) = self.ledger.get(object).and_then(|entry| at(&entry.product.values)) {
            return Ok(known);
        }
        let lines = || self.ledger.lines_on(&carrier.object);
        let taken: BTreeSet<u16> = lines().filter_map(|entry| at(&entry.product.values)).collect();
        let asked = self.row.count(Field::LinePosition).filter(|_| carrier.target != LineTarget::DeviceProfile);
        if let Some(place) = asked.filter(|place| taken.contains(place)) {
            let line = lines().find(|entry| at(&entry.product.values) == Some(place));
            let number = line.and_then(|entry| entry.product.values.get(NUMBER)).map_or("another", String::as_str);
            let problem = self.row.cell_problem(Rule::LinePositionTaken, Field::LinePosition);
            return Err(problem.note(format!("the line {number}")));
        }
        let place = asked.or_else(|| (1..=u16::MAX).find(|place| !taken.contains(place))).unwrap_or(u16::MAX);
        match self.capacity(carrier) {
            Some(most) if place > most => {
                let note = format!("{} has {most} lines at most, and this would be line {place}", carrier.name);
                Err(self.row.cell_problem(Rule::PhoneFull, Field::LinePosition).note(note))
            }
            _ => Ok(place),
        }
    }

    /// How many lines fit: as the button template says, or else the phone type; `None`: nobody knows.
    fn capacity(&self, carrier: &Carrier) -> Option<u16> {
        let values = &self.ledger.get(&carrier.object)?.product.values;
        let templates = &self.facts.processor(self.serving.call_processor)?.button_templates;
        let by_template = values.get("Phone Button Template").and_then(|template| templates.get(template));
        let by_type = || values.get("Phone Type").and_then(|name| self.catalog.phone(name)).map(|phone| phone.lines);
        by_template.copied().or_else(by_type)
    }
}
