use dialtone_model::catalog::Field;
use dialtone_model::{Action, AddOn, Extension};
use dialtone_store::ExtensionClaim;
use dialtone_templates::{Problem, Rule};

use super::draft::RowPlan;
use super::ledger::EXTENSIONS;

impl RowPlan<'_, '_> {
    /// An extension of the Phone System, whole.
    pub(super) fn extension(&mut self) -> Result<(), Problem> {
        let Some(device) = self.serving.phone_system else {
            return Err(self.unplanned("The organization has no Phone System"));
        };
        let known = &self.facts.extensions;
        let key = self.require(Field::ExtKey)?;
        if known.ext_keys.contains(&key) {
            return Err(self.row.cell_problem(Rule::ExtKeyTaken, Field::ExtKey));
        }
        if let Some(template) = known.claims.ext_keys.get(&key) {
            return Err(self.row.cell_problem(Rule::ExtKeyClaimed, Field::ExtKey).note(template.as_str()));
        }
        let Some(user) = self.subscriber.identity else {
            return Err(self.row.cell_problem(Rule::SubscriberWithoutIdentity, Field::UserId));
        };
        if let Some(owned) = known.owners.get(&user) {
            return Err(self.row.cell_problem(Rule::UserAssigned, Field::UserId).note(owned.as_str()));
        }
        if let Some(template) = known.claims.users.get(&user) {
            return Err(self.row.cell_problem(Rule::UserClaimed, Field::UserId).note(template.as_str()));
        }
        let owned = self.ledger.owned_by(&self.subscriber.user_id);
        if let Some(other) = owned.map(|entry| &entry.product.object).find(|object| object.starts_with(EXTENSIONS)) {
            let note = format!("an {}, ordered by an earlier row,", other.replace('/', " "));
            return Err(self.row.cell_problem(Rule::ProductTaken, Field::UserId).note(note));
        }
        let number = self.text(Field::Number).map(|number| number.trim_start_matches('+').to_owned());
        if let Some(number) = &number {
            if let Some(template) = known.claims.numbers.get(number) {
                return Err(self.row.cell_problem(Rule::NumberClaimed, Field::Number).note(template.as_str()));
            }
            if !known.available_numbers.contains(number) {
                return Err(self.row.cell_problem(Rule::NumberUnavailable, Field::Number));
            }
            if let Some(other) = self.ledger.lines_with(EXTENSIONS, number, "").next() {
                let note = format!("the number of an extension of {}, ordered by an earlier row,", other.product.owner);
                return Err(self.row.cell_problem(Rule::ProductTaken, Field::Number).note(note));
            }
        }
        let names = [self.subscriber.first_name.as_str(), self.subscriber.last_name.as_str()].join(" ");
        let codes = self.text(Field::AddOns).unwrap_or_default();
        let mut add_ons: Vec<AddOn> = codes.split_whitespace().map(|code| AddOn(code.to_owned())).collect();
        add_ons.sort_unstable();
        add_ons.dedup();
        let licensed = |add_on: &AddOn| known.licences.iter().flatten().any(|count| count.licence.code() == add_on.0);
        if let Some(unknown) = add_ons.iter().find(|add_on| !licensed(add_on)) {
            let note = format!("add-on licence {unknown}");
            return Err(self.row.cell_problem(Rule::NeedUnknown, Field::AddOns).note(note));
        }
        let extension = Extension {
            key: key.clone(),
            directory_name: self.text(Field::DirectoryName).unwrap_or_else(|| names.trim().to_owned()),
            user: Some(user),
            number,
            add_ons,
        };
        if self.draft.claim.is_some() {
            return Err(self.unplanned("An order has one extension at most: give the row a Row Id of its own"));
        }
        let values = [("Number", extension.number.clone())];
        let product = self.product(format!("{EXTENSIONS}{key}"), None, values, &[]);
        self.make(product, &format!("an extension {key}"), Field::ExtKey)?;
        self.draft.claim = Some(ExtensionClaim::New(extension.clone()));
        self.step(device, Action::ProvisionExtension(extension));
        Ok(())
    }
}
