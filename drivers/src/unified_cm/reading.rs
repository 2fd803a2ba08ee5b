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
#[derive(Debug, PartialEq, Eq)]
enum Place {
    /// In a read of everything, with the mark of its beginning.
    List { stage: usize, row: Row, mark: Option<Mark> },
    /// In a read of what changed.
    Changes(Changed),
}

/// A row of a list. Lists are paged by numbers alone, so what is removed while they are read moves all behind it to lower
/// numbers, past the end of what was read already. That shows: a page begins with the last row of the page before, and
/// where that isn't there, the read goes back until it comes across a row that it knows.
#[derive(Debug, Default, PartialEq, Eq)]
struct Row {
    /// How many rows are left out before it.
    skip: u32,
    /// The ids of the last rows of the pages before, the newest last; none where nothing was read yet.
    known: Vec<String>,
}

/// How many pages' last rows are known: somebody may remove one of them, but hardly all.
const KNOWN: usize = 3;

impl Row {
    fn read(text: &str) -> Option<Self> {
        let (skip, known) = text.split_once('+').unwrap_or((text, ""));
        let known = known.split('+').filter(|id| !id.is_empty()).map(str::to_owned).collect();
        Some(Self { skip: skip.parse().ok()?, known })
    }

    fn written(&self) -> String {
        std::iter::once(self.skip.to_string()).chain(self.known.iter().cloned()).collect::<Vec<_>>().join("+")
    }

    /// From which of a page's rows on nothing was read yet; `None` where none of them is known, so that something may have
    /// moved past.
    fn first_unread(&self, rows: &[Node]) -> Option<usize> {
        let behind_known = rows.iter().rposition(|row| self.knows(row)).map(|last| last + 1);
        behind_known.or((self.known.is_empty() || self.skip == 0).then_some(0))
    }

    fn knows(&self, row: &Node) -> bool {
        row.uuid.as_ref().is_some_and(|uuid| self.known.contains(uuid))
    }

    /// Where the page after these rows begins: at the last of them.
    fn after(mut self, rows: &[Node]) -> Self {
        let read = u32::try_from(rows.len()).unwrap_or(u32::MAX);
        match rows.last().and_then(|row| row.uuid.clone()) {
            // A page of one row, which was read already, would come again and again.
            Some(last) if rows.len() > 1 => {
                self.known.retain(|known| *known != last);
                self.known.push(last);
                let known = self.known.split_off(self.known.len().saturating_sub(KNOWN));
                Self { skip: self.skip.saturating_add(read - 1), known }
            }
            _ => Self { skip: self.skip.saturating_add(read), known: Vec::new() },
        }
    }

    /// So many rows before as a page has whose rows are all unknown; behind the end of a list, a whole page.
    fn back(self, rows: &[Node]) -> Self {
        let page = u32::try_from(rows.len()).ok().filter(|rows| *rows > 0).unwrap_or(PAGE);
        Self { skip: self.skip.saturating_sub((page - 1).max(1)), ..self }
    }
}

impl Place {
    fn read(token: &str) -> Option<Self> {
        if let Some(changed) = token.strip_prefix("changes/") {
            return Changed::read(changed).map(Self::Changes);
        }
        let mut parts = token.splitn(3, '/');
        let (stage, row) = (parts.next()?.parse().ok()?, Row::read(parts.next()?)?);
        let mark = match parts.next()? {
            "" => None,
            mark => Some(Mark::read(mark)?),
        };
        Some(Self::List { stage, row, mark })
    }

    fn written(&self) -> String {
        match self {
            Self::List { stage, row, mark } => {
                format!("{stage}/{}/{}", row.written(), mark.as_ref().map(Mark::written).unwrap_or_default())
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
        Place::List { stage: number, row, mark } => {
            let stage = stages.get(number).ok_or_else(lost)?;
            let (rows, full) = list(axl, stage, row.skip, deadline).await?;
            let next = |stage, row, mark| Some(Place::List { stage, row, mark }.written());
            let Some(first) = row.first_unread(&rows) else {
                return Ok(Page { whole: true, next: next(number, row.back(&rows), mark), ..Page::default() });
            };
            let found = objects(axl, stage, &rows[first..], deadline).await?;
            let page = Page { whole: true, found, ..Page::default() };
            Ok(match full {
                true => Page { next: next(number, row.after(&rows), mark), ..page },
                false if number + 1 == stages.len() => Page { mark: mark.as_ref().map(Mark::written), ..page },
                false => Page { next: next(number + 1, Row::default(), mark), ..page },
            })
        }
    }
}

/// The first page: of what changed, where that can be told and is little enough, and else of everything.
async fn begin(axl: &Axl, request: &PageRequest, deadline: Deadline) -> Result<Place, Fault> {
    let whole = |mark| Place::List { stage: 0, row: Row::default(), mark };
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

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(ids: &[&str]) -> Vec<Node> {
        ids.iter().map(|id| Node { uuid: Some((*id).to_owned()), ..Node::text("row", "") }).collect()
    }

    fn row(skip: u32, known: &[&str]) -> Row {
        Row { skip, known: known.iter().map(|id| (*id).to_owned()).collect() }
    }

    #[test]
    fn a_place_in_a_list_is_read_as_it_was_written() {
        for row in [row(0, &[]), row(999, &["{A}"]), row(2_997, &["{A}", "{B}", "{C}"])] {
            let place = Place::List { stage: 2, row, mark: Mark::read("7:queue/1") };
            assert_eq!(Place::read(&place.written()), Some(place));
        }
        for damaged in ["", "1", "1/0", "1/x/", "x/0/", "1/-1/"] {
            assert_eq!(Place::read(damaged), None, "{damaged}");
        }
    }

    #[test]
    fn a_page_begins_with_the_last_row_of_the_page_before() {
        let first = row(0, &[]).after(&rows(&["a", "b", "c"]));
        assert_eq!(first, row(2, &["c"]));
        assert_eq!(first.first_unread(&rows(&["c", "d"])), Some(1));
        assert_eq!(first.first_unread(&rows(&["new", "c", "d"])), Some(2), "something came before it");
        assert_eq!(first.first_unread(&rows(&["d", "e"])), None, "something went before it");
        let second = first.after(&rows(&["c", "d", "e"]));
        assert_eq!(second, row(4, &["c", "e"]));
        assert_eq!(second.first_unread(&rows(&["c", "d", "f"])), Some(1), "its last row itself went");
        let later = row(9, &["c", "e", "g"]).after(&rows(&["g", "h"]));
        assert_eq!(later, row(10, &["e", "g", "h"]));
    }

    #[test]
    fn who_comes_back_to_the_beginning_reads_what_is_there() {
        let lost = row(1_500, &["c"]);
        assert_eq!(row(1_500, &["c"]).back(&rows(&["f", "g", "h"])), row(1_498, &["c"]), "pages may be small");
        assert_eq!(row(1_500, &["c"]).back(&rows(&["f"])), row(1_499, &["c"]));
        assert_eq!(lost.back(&[]), row(501, &["c"]));
        let begun = row(501, &["c"]).back(&[]);
        assert_eq!((begun.skip, begun.first_unread(&rows(&["d", "e"]))), (0, Some(0)));
        assert_eq!(begun.first_unread(&rows(&["a", "c", "d"])), Some(2));
    }

    #[test]
    fn a_page_of_one_row_is_not_read_for_ever() {
        assert_eq!(row(4, &["e"]).after(&rows(&["e"])), row(5, &[]));
        assert_eq!(row(5, &[]).first_unread(&rows(&["f"])), Some(0));
    }
}
