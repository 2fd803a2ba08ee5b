use std::collections::HashMap;

use dialtone_model::{Actor, OrganizationId};
use dialtone_store::ExtensionRecord;
use dialtone_templates::{Export, ExportedExtension, export_extensions, export_numbers};

use crate::{NamedBytes, OperationError, Operations};

/// Extensions that are fetched at a time.
const PAGE: u32 = 2_000;

impl Operations {
    /// An export of an organization's Phone System, under the name that such a file has now.
    pub async fn export(
        &self,
        actor: &Actor,
        organization: OrganizationId,
        export: Export,
    ) -> Result<NamedBytes, OperationError> {
        actor.require(&[])?;
        let bytes = match export {
            Export::ProvisionedExtensions => self.export_extensions(organization).await?,
            Export::AvailableNumbers => export_numbers(Vec::new(), self.store.available_numbers(organization).await?)?,
        };
        Ok(NamedBytes { name: export.file_name(organization, self.clock.now()), bytes })
    }

    async fn export_extensions(&self, organization: OrganizationId) -> Result<Vec<u8>, OperationError> {
        let licences = self.store.licences(organization).await?;
        let names: HashMap<&str, &str> =
            licences.iter().map(|count| (count.licence.code(), count.name.as_str())).collect();
        let mut records: Vec<ExtensionRecord> = Vec::new();
        loop {
            let after = records.last().map(|record| record.extension.key.clone());
            let page = self.store.extensions(organization, after.as_deref(), PAGE).await?;
            let is_last = page.len() < PAGE as usize;
            records.extend(page);
            if is_last {
                break;
            }
        }
        let add_ons: Vec<Vec<&str>> = records
            .iter()
            .map(|record| {
                let codes = record.extension.add_ons.iter().map(|add_on| add_on.0.as_str());
                codes.map(|code| names.get(code).copied().unwrap_or(code)).collect()
            })
            .collect();
        let lines = records.iter().zip(&add_ons).map(|(record, add_ons)| ExportedExtension {
            key: &record.extension.key,
            number: record.extension.number.as_deref(),
            user: record.user_name.as_deref(),
            add_ons,
        });
        Ok(export_extensions(Vec::new(), lines)?)
    }
}
