use dialtone_model::{OrganizationId, ProjectStatus, TemplateStatus};
use dialtone_store::{ProjectRecord, StoreError, TemplateRecord};
use dialtone_templates::{Origin, Reading};

use crate::{OperationError, Operations};

/// The template or project that the rows of a file were once given back from: a file of failed rows names it, so that
/// its corrected rows go back there.
#[derive(Clone, Debug)]
pub(crate) enum OriginRecord {
    Template(TemplateRecord),
    Project(ProjectRecord),
}

impl OriginRecord {
    /// Corrected rows of what hasn't run yet belong into it, and not into a run of their own.
    pub(crate) fn refuse_draft(&self) -> Result<(), OperationError> {
        let (what, command, name) = match self {
            Self::Template(template) if template.status == TemplateStatus::Draft => {
                ("template", "template add", &template.name)
            }
            Self::Project(project) if project.status == ProjectStatus::Draft => {
                ("project", "project add", &project.name)
            }
            Self::Template(_) | Self::Project(_) => return Ok(()),
        };
        Err(OperationError::Refused(format!(
            "these rows belong to the {what} \"{name}\", which hasn't run yet: add them with `dialtone {command}`"
        )))
    }
}

impl Operations {
    /// What the rows of files belong to; `None` where the files don't say, or name what this organization hasn't got.
    pub(crate) async fn origin_of(
        &self,
        organization: OrganizationId,
        readings: &[Reading],
    ) -> Result<Option<OriginRecord>, OperationError> {
        let mut origins = readings.iter().filter_map(|reading| Some((reading.origin?, &reading.name)));
        let Some((origin, name)) = origins.next() else { return Ok(None) };
        if let Some((_, other)) = origins.find(|(other, _)| *other != origin) {
            let message = format!("{name} and {other} hold rows of different templates or projects: upload them apart");
            return Err(OperationError::Refused(message));
        }
        let found = match origin {
            Origin::Template(id) => self.store.template(id).await.map(OriginRecord::Template),
            Origin::Project(id) => self.store.project(id).await.map(OriginRecord::Project),
        };
        match found {
            Ok(OriginRecord::Template(template)) if template.organization != organization => Ok(None),
            Ok(OriginRecord::Project(project)) if project.organization != organization => Ok(None),
            Ok(record) => Ok(Some(record)),
            Err(StoreError::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Refuses corrected rows of another template or project than the one that they are added to.
    pub(crate) async fn refuse_other_origin(
        &self,
        organization: OrganizationId,
        readings: &[Reading],
        to: Origin,
    ) -> Result<(), OperationError> {
        let Some(reading) = readings.iter().find(|reading| reading.origin.is_some_and(|origin| origin != to)) else {
            return Ok(());
        };
        let of = match self.origin_of(organization, std::slice::from_ref(reading)).await? {
            Some(OriginRecord::Template(template)) => format!("template \"{}\" ({})", template.name, template.id),
            Some(OriginRecord::Project(project)) => format!("project \"{}\" ({})", project.name, project.id),
            None => return Ok(()),
        };
        let name = &reading.name;
        Err(OperationError::Refused(format!(
            "{name} holds rows of the {of}: add it there, run it, or remove its column Dialtone Origin"
        )))
    }
}
