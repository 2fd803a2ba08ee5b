//! What a synchronisation reads: lists, in pages, one class after the other, or what changed since the last time.

use dialtone_model::{Attributes, Complaint, DeviceObject, Fault, SyncScope};

use super::changes::{self, Changed, Mark};
use super::classes::Stage;
use super::client::{Axl, AxlError};
use super::node::Node;
use super::relations;
use super::schema::list_tags;
use crate::http::{Deadline, Effect};
use crate::{Page, PageRequest};

/// How many objects a page has at most. All that lists tell of so many phones is below 8 MB, which is what the device
/// gives at once.
const PAGE: u32 = 1_000;

/// Where a page begins.
enum Place {
    /// In a read of everything, with the mark of its beginning.
    List { stage: usize, skip: u32, mark: Option<Mark> },
    /// In a read of what changed.
    Changes(Changed),
}

impl Place {
    fn read(token: &str) -> Option<Self> {
        if let Some(changed) = token.strip_prefix("changes/") {
            return Changed::read(changed).map(Self::Changes);
        }
        let mut parts = token.splitn(3, '/');
        let (stage, skip) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let mark = match parts.next()? {
            "" => None,
            mark => Some(Mark::read(mark)?),
        };
        Some(Self::List { stage, skip, mark })
    }

    fn written(&self) -> String {
        match self {
            Self::List { stage, skip, mark } => {
                format!("{stage}/{skip}/{}", mark.as_ref().map(Mark::written).unwrap_or_default())
            }
            Self::Changes(changed) => format!("changes/{}", changed.written()),
        }
    }
}

pub(super) async fn read(axl: &Axl, request: &PageRequest, deadline: Deadline) -> Result<Page, Fault> {
    let lost = || {
        let message = format!("no page begins at {}", request.after.as_deref().unwrap_or_default());
        Fault::Rejected(Complaint::new("axl-no-page", message))
    };
    let place = match &request.after {
        Some(token) => Place::read(token).ok_or_else(lost)?,
        None => begin(axl, request, deadline).await?,
    };
    let stages = Stage::all(request.scope);
    match place {
        Place::Changes(changed) => changed_objects(axl, request.scope, changed, deadline).await,
        Place::List { stage: number, skip, mark } => {
            let stage = stages.get(number).ok_or_else(lost)?;
            let (rows, full) = list(axl, stage, skip, deadline).await?;
            let read = u32::try_from(rows.len()).unwrap_or(u32::MAX);
            let (number, skip) = if full { (number, skip + read) } else { (number + 1, 0) };
            let found = objects(axl, stage, &rows, deadline).await?;
            let last = number == stages.len();
            let page = Page { whole: true, found, ..Page::default() };
            Ok(match last {
                true => Page { mark: mark.as_ref().map(Mark::written), ..page },
                false => Page { next: Some(Place::List { stage: number, skip, mark }.written()), ..page },
            })
        }
    }
}

/// The first page: of what changed, where that can be told and is little enough, and else of everything.
async fn begin(axl: &Axl, request: &PageRequest, deadline: Deadline) -> Result<Place, Fault> {
    let whole = |mark| Place::List { stage: 0, skip: 0, mark };
    // What administrators set up is little, and read whole every time.
    if request.scope == SyncScope::Infrastructure {
        return Ok(whole(None));
    }
    if let Some(since) = request.since.as_deref().and_then(Mark::read)
        && let Some(changed) = changes::since(axl, request.scope, since, deadline).await?
    {
        return Ok(Place::Changes(changed));
    }
    Ok(whole(changes::mark(axl, deadline).await?))
}

async fn changed_objects(axl: &Axl, scope: SyncScope, changed: Changed, deadline: Deadline) -> Result<Page, Fault> {
    let (objects_of, next) = changed.page(axl, scope, deadline).await?;
    let mut page = Page::default();
    for (stage, uuids) in objects_of {
        let mut rows = Vec::with_capacity(uuids.len());
        for uuid in uuids {
            rows.extend(get(axl, stage, &uuid, deadline).await?);
        }
        page.found.extend(objects(axl, stage, &rows, deadline).await?);
    }
    match next {
        changes::Next::Page(changed) => page.next = Some(Place::Changes(changed).written()),
        changes::Next::End(mark) => page.mark = Some(mark.written()),
    }
    Ok(page)
}

/// An object as a list would tell of it; `None` when it has gone meanwhile.
async fn get(axl: &Axl, stage: &Stage, uuid: &str, deadline: Deadline) -> Result<Option<Node>, AxlError> {
    let tags = Node::parent("returnedTags", list_tags(stage.class.elements, axl.version));
    let content = [Node::text("uuid", uuid), tags];
    match axl.call(&stage.class.operation("get"), &content, Effect::None, deadline).await {
        Ok(reply) => Ok(reply.child(stage.class.name).cloned()),
        Err(AxlError::Refused(refusal)) if refusal.is_missing() => Ok(None),
        Err(error) => Err(error),
    }
}

/// The objects of a page, and whether it is full, so that more may follow. A page that is more than the device gives at
/// once is asked for again, smaller.
async fn list(axl: &Axl, stage: &Stage, skip: u32, deadline: Deadline) -> Result<(Vec<Node>, bool), AxlError> {
    let mut first = PAGE;
    loop {
        let content = [
            Node::parent("searchCriteria", vec![Node::text(stage.criterion, "%")]),
            Node::parent("returnedTags", list_tags(stage.class.elements, axl.version)),
            Node::text("skip", skip.to_string()),
            Node::text("first", first.to_string()),
        ];
        match axl.call(&stage.class.operation("list"), &content, Effect::None, deadline).await {
            Ok(reply) => {
                let rows = reply.children;
                let full = rows.len() >= first as usize;
                return Ok((rows, full));
            }
            Err(AxlError::Refused(refusal)) if refusal.is_too_large() && first > 1 => {
                first = refusal.suggested_rows().map_or(first / 2, |fewer| fewer.saturating_sub(1)).clamp(1, first / 2);
            }
            Err(error) => return Err(error),
        }
    }
}

/// The objects of rows, with what no list tells of them.
async fn objects(axl: &Axl, stage: &Stage, rows: &[Node], deadline: Deadline) -> Result<Vec<DeviceObject>, AxlError> {
    let mut objects: Vec<DeviceObject> = rows.iter().map(|row| object(stage, row)).collect();
    let uuids: Vec<&str> = rows.iter().filter_map(|row| row.uuid.as_deref()).collect();
    let related = relations::read(axl, stage.kind, &uuids, deadline).await?;
    for (object, row) in objects.iter_mut().zip(rows) {
        let of_row = row.uuid.as_deref().and_then(|uuid| related.get(&relations::pkid(uuid)?));
        object.attributes.extend(of_row.cloned().unwrap_or_default());
    }
    Ok(objects)
}

fn object(stage: &Stage, row: &Node) -> DeviceObject {
    let mut attributes = Attributes::new();
    attributes.extend(row.uuid.clone().map(|uuid| ("uuid".to_owned(), uuid)));
    flatten(row, "", &mut attributes);
    DeviceObject { kind: stage.kind, key: stage.key(row), attributes }
}

/// What is set, by the path of its element.
fn flatten(node: &Node, prefix: &str, attributes: &mut Attributes) {
    for child in &node.children {
        let path = format!("{prefix}{}", child.name);
        if !child.children.is_empty() {
            flatten(child, &format!("{path}."), attributes);
        } else if !child.text.is_empty() {
            attributes.insert(path, child.text.clone());
        }
    }
}
