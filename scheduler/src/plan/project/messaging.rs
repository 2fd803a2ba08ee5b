use dialtone_model::catalog::{AttributeOf, Field};
use dialtone_model::{Action, Attributes, Device};
use dialtone_templates::{Problem, Rule};

use super::draft::RowPlan;
use super::ledger::NUMBER;
use super::phone::set;

/// The user template of Unity Connection that every installation has.
const USER_TEMPLATE: &str = "voicemailusertemplate";

impl RowPlan<'_, '_> {
    /// A mailbox for a line of the subscriber.
    pub(super) fn voicemail(&mut self) -> Result<(), Problem> {
        let device = self.message_processor()?;
        let line = self.line_of_voicemail()?;
        let number = self.ledger.get(&line).and_then(|entry| entry.product.values.get(NUMBER)).cloned();
        let number = number.unwrap_or_default();
        let alias = self.require(Field::VoicemailAlias)?;
        let display_name = self.require(Field::VoicemailDisplayName)?;
        let object = mailbox(device, &alias);
        if self.ledger.mailbox_of(&device.name, &number).is_some_and(|other| other != object) {
            return Err(self.row.cell_problem(Rule::VoicemailOfLine, Field::SelectedLine).note(number));
        }
        let template = self.setting("User Template").unwrap_or_else(|| USER_TEMPLATE.to_owned());
        let mut attributes = self.attributes(AttributeOf::Mailbox);
        set(&mut attributes, "DisplayName", Some(&display_name));
        let names = [("FirstName", &self.subscriber.first_name), ("LastName", &self.subscriber.last_name)];
        for (element, name) in names.into_iter().filter(|(_, name)| !name.is_empty()) {
            set(&mut attributes, element, Some(name));
        }
        let values = [(NUMBER, Some(number.clone())), ("Voicemail Display Name", Some(display_name))];
        let product = self.product(object, Some(line), values, &[&attributes]);
        self.make(product, &format!("a voicemail {alias}"), Field::VoicemailAlias)?;
        self.step(device, Action::AddMailbox { alias, extension: number, template, attributes });
        Ok(())
    }

    /// An address for the user of a mailbox.
    pub(super) fn email(&mut self) -> Result<(), Problem> {
        let device = self.message_processor()?;
        let mailbox = self.mailbox_needed(device, Field::SelectedVoicemail)?;
        let address = self.require(Field::EmailId)?;
        let display_name = self.require(Field::EmailDisplayName)?;
        let object = email(device, &address);
        let values = [("Email Display Name", Some(display_name))];
        let product = self.product(object, Some(mailbox.clone()), values, &[]);
        self.make(product, &format!("an email account {address}"), Field::EmailId)?;
        let attributes = Attributes::from([("EmailAddress".to_owned(), address)]);
        self.step(device, Action::SetMailbox { alias: alias_of(&mailbox), attributes });
        Ok(())
    }

    /// An account of a mailbox's user at the external mail server.
    pub(super) fn unified_messaging(&mut self) -> Result<(), Problem> {
        let device = self.message_processor()?;
        let prefix = format!("email/{}/", device.name);
        let field = Field::UnifiedMessaging;
        let named = self.row.value(field).map(|address| (email(device, address), address));
        let account = self.needed(field, "email account", &prefix, named, false)?;
        let mailbox = self.ledger.get(&account).and_then(|entry| entry.product.parent.clone()).unwrap_or_default();
        let address = account.strip_prefix(&prefix).unwrap_or_default().to_owned();
        let server = self.facts.processor(Some(device)).and_then(|details| details.external_mail.clone());
        let service = self.setting("External Service").or(server).unwrap_or_default();
        let object = format!("unified-messaging/{}/{address}", device.name);
        let product = self.product(object, Some(mailbox.clone()), [], &[]);
        self.make(product, &format!("unified messaging for {address}"), Field::UnifiedMessaging)?;
        let alias = alias_of(&mailbox);
        self.step(device, Action::AddUnifiedMessaging { alias, service, email: address });
        Ok(())
    }

    fn mailbox_needed(&mut self, device: &Device, field: Field) -> Result<String, Problem> {
        let prefix = format!("mailbox/{}/", device.name);
        let named = self.row.value(field).map(|alias| (mailbox(device, alias), alias));
        self.needed(field, "voicemail", &prefix, named, false)
    }

    /// The line that the row names by its number, and by its partition where it says one.
    fn line_of_voicemail(&mut self) -> Result<String, Problem> {
        let field = Field::SelectedLine;
        let Some(number) = self.row.value(field).filter(|_| self.associated.is_none()) else {
            return self.needed(field, "line", "line/", None, false);
        };
        let partition = self.row.value(Field::RoutePartition);
        let is_it = |values: &Attributes| {
            let partition = partition.is_none_or(|wanted| values.get("Route Partition").is_some_and(|is| is == wanted));
            partition && values.get(NUMBER).is_some_and(|known| known == number)
        };
        let owned = self.ledger.owned_by(&self.subscriber.user_id);
        let lines = owned.filter(|entry| entry.product.object.starts_with("line/") && is_it(&entry.product.values));
        // A number that the subscriber has on several phones is one number, so any of its lines will do.
        let line = lines.map(|entry| entry.product.object.clone()).next();
        let Some(line) = line else {
            let note = format!("line {number} of the subscriber");
            return Err(self.row.cell_problem(Rule::NeedUnknown, field).note(note));
        };
        self.need(&line);
        Ok(line)
    }
}

fn mailbox(device: &Device, alias: &str) -> String {
    format!("mailbox/{}/{alias}", device.name)
}

fn email(device: &Device, address: &str) -> String {
    format!("email/{}/{address}", device.name)
}

/// The alias in the name of a mailbox's object.
fn alias_of(mailbox: &str) -> String {
    mailbox.splitn(3, '/').nth(2).unwrap_or_default().to_owned()
}
