use dialtone_model::catalog::{AttributeOf, Field};
use dialtone_model::{Action, Attributes};
use dialtone_templates::{Problem, Rule};

use super::Outcome;
use super::draft::RowPlan;

impl RowPlan<'_, '_> {
    /// Leave for the subscriber's computer to control phones.
    pub(super) fn softphone(&mut self) -> Result<(), Problem> {
        let computer = self.require(Field::AssociatedPc)?;
        let attributes = [("associatedPc", computer.as_str()), ("enableCti", "true")];
        self.user_setting("softphone", "softphone support", Field::AssociatedPc, texts(&attributes))
    }

    /// Mobility, with the values that it has unless a row or the Service Area says others.
    pub(super) fn mobility(&mut self) -> Result<(), Problem> {
        let mut attributes = texts(&[
            ("enableMobility", "true"),
            ("enableMobileVoiceAccess", "true"),
            ("maxDeskPickupWaitTime", "1000"),
            ("remoteDestinationLimit", "4"),
        ]);
        attributes.extend(self.attributes(AttributeOf::Mobility));
        self.user_setting("mobility", "mobility support", Field::Product, attributes)
    }

    /// Instant messages and presence, home cluster and service profile.
    pub(super) fn user_services(&mut self) -> Result<(), Problem> {
        let messages = if self.says_yes(Field::EnableUserForImAndPresence) { "true" } else { "false" };
        let home = if self.says_yes(Field::HomeCluster) { "true" } else { "false" };
        let profile = self.require(Field::UcServiceProfile)?;
        let attributes =
            [("imAndPresenceEnable", messages), ("homeCluster", home), ("serviceProfile", profile.as_str())];
        self.user_setting("user-services", "user services", Field::Product, texts(&attributes))
    }

    /// The settings of a client: skipped where there is nothing to set them on.
    pub(super) fn client_user_settings(&mut self) -> Result<(), Problem> {
        if self.serving.presence_processor.is_some() {
            return Err(self.unplanned("The settings of clients on a presence processor can't be provisioned yet"));
        }
        let problem = self.row.cell_problem(Rule::SettingsSkipped, Field::Product);
        self.warn(problem);
        Ok(())
    }

    /// Settings of the end user, which a subscriber has once on a call processor.
    fn user_setting(&mut self, kind: &str, named: &str, field: Field, attributes: Attributes) -> Result<(), Problem> {
        let device = self.call_processor()?;
        let user_id = self.subscriber.user_id.clone();
        let product = self.product(format!("{kind}/{}/{user_id}", device.name), None, [], &[&attributes]);
        self.make(product, named, field)?;
        if self.outcome == Some(Outcome::Create) {
            self.outcome = Some(Outcome::Change);
        }
        self.ensure_login(device);
        self.step(device, Action::SetSubscriber { user_id, attributes });
        Ok(())
    }
}

fn texts(pairs: &[(&str, &str)]) -> Attributes {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}
