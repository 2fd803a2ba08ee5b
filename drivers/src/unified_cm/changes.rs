//! What changed since the last read, from the queue that `listChange` shows since 10.0.

use dialtone_model::{Fault, SyncScope};

use super::classes::Stage;
use super::client::{Axl, AxlError};
use super::node::Node;
use super::version::Version;
use crate::http::{Deadline, Effect};

/// The first version with `listChange`.
const LISTING: Version = Version::new(10, 0);

/// More changes than these are not read one by one: reading everything is quicker then.
const MOST: u64 = 2_000;

/// How many objects are asked for in one page.
const PAGE: usize = 100;

/// Where in a queue of changes the next read begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    queue: String,
    next: u64,
}

impl Mark {
    pub(super) fn read(text: &str) -> Option<Self> {
        let (next, queue) = text.split_once(':')?;
        Some(Self { queue: queue.to_owned(), next: next.parse().ok()? })
    }

    pub(super) fn written(&self) -> String {
        format!("{}:{}", self.next, self.queue)
    }
}

/// Changes that are read: those from a mark on, up to a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Changed {
    from: Mark,
    last: u64,
}

/// What comes after a page of changes.
pub(super) enum Next {
    Page(Changed),
    End(Mark),
}

impl Changed {
    pub(super) fn read(text: &str) -> Option<Self> {
        let (last, from) = text.split_once('/')?;
        Some(Self { from: Mark::read(from)?, last: last.parse().ok()? })
    }

    pub(super) fn written(&self) -> String {
        format!("{}/{}", self.last, self.from.written())
    }

    /// The ids of the next objects that changed, by class, and what comes after them.
    pub(super) async fn page(
        &self,
        axl: &Axl,
        scope: SyncScope,
        deadline: Deadline,
    ) -> Result<(Vec<(&'static Stage, Vec<String>)>, Next), AxlError> {
        let queue = ask(axl, Some((scope, &self.from)), deadline).await?;
        let mut objects: Vec<(&'static Stage, Vec<String>)> = Vec::new();
        let mut asked = 0;
        let mut end = self.last;
        for change in queue.changes.iter().filter(|change| change.id <= self.last) {
            if asked == PAGE {
                end = change.id - 1;
                break;
            }
            let known = objects.iter().position(|(stage, _)| stage.kind == change.stage.kind);
            let known = known.unwrap_or_else(|| {
                objects.push((change.stage, Vec::new()));
                objects.len() - 1
            });
            let uuids = &mut objects[known].1;
            if !uuids.contains(&change.uuid) {
                uuids.push(change.uuid.clone());
                asked += 1;
            }
        }
        let mark = Mark { next: end + 1, ..self.from.clone() };
        let next = match end < self.last {
            true => Next::Page(Self { from: mark, last: self.last }),
            false => Next::End(mark),
        };
        Ok((objects, next))
    }
}

/// What changed since a mark; `None` where that isn't enough to know what is there: the device has no such queue, has begun
/// a new one or forgotten some of it, too much has changed, or something was removed or got another key, of which a
/// change tells the id alone.
pub(super) async fn since(
    axl: &Axl,
    scope: SyncScope,
    mark: Mark,
    deadline: Deadline,
) -> Result<Option<Changed>, Fault> {
    if axl.version < LISTING {
        return Ok(None);
    }
    let queue = match ask(axl, Some((scope, &mark)), deadline).await {
        Ok(queue) => queue,
        Err(AxlError::Refused(_)) => return Ok(None),
        Err(AxlError::Fault(fault)) => return Err(fault),
    };
    let is_known = queue.id == mark.queue && queue.first <= mark.next && mark.next <= queue.last + 1;
    let is_little = queue.last < mark.next + MOST;
    let told_all = queue.next > queue.last;
    let enough = is_known && is_little && told_all && !queue.changes.iter().any(|change| change.moves_keys);
    Ok(enough.then_some(Changed { from: mark, last: queue.last }))
}

/// Where the queue ends now; `None` where there is none.
pub(super) async fn mark(axl: &Axl, deadline: Deadline) -> Result<Option<Mark>, Fault> {
    if axl.version < LISTING {
        return Ok(None);
    }
    match ask(axl, None, deadline).await {
        Ok(queue) if !queue.id.is_empty() => Ok(Some(Mark { next: queue.next, queue: queue.id })),
        Ok(_) | Err(AxlError::Refused(_)) => Ok(None),
        Err(AxlError::Fault(fault)) => Err(fault),
    }
}

/// A queue of changes, and some of them.
struct Queue {
    id: String,
    first: u64,
    last: u64,
    next: u64,
    changes: Vec<Change>,
}

struct Change {
    id: u64,
    stage: &'static Stage,
    uuid: String,
    /// It is gone, or found by another key.
    moves_keys: bool,
}

async fn ask(axl: &Axl, from: Option<(SyncScope, &Mark)>, deadline: Deadline) -> Result<Queue, AxlError> {
    let mut content = Vec::new();
    if let Some((scope, mark)) = from {
        let mut start = Node::text("startChangeId", mark.next.to_string());
        start.attributes.push(("queueId", mark.queue.clone()));
        let classes = Stage::all(scope).iter().map(|stage| Node::text("object", stage.title()));
        content = vec![start, Node::parent("objectList", classes.collect())];
    }
    let reply = axl.call("listChange", &content, Effect::None, deadline).await?;
    let info = reply.child("queueInfo").cloned().unwrap_or_default();
    let number = |name: &str| info.child_text(name).trim().parse().unwrap_or_default();
    let changes = reply.child("changes").into_iter().flat_map(|changes| &changes.children);
    let change = |change: &Node| {
        let scope = from.map(|(scope, _)| scope)?;
        let stage = Stage::of_title(scope, change.attribute("type"))?;
        let tags = change.child("changedTags").into_iter().flat_map(|tags| &tags.children);
        let moves_keys =
            change.child_text("action") == "r" || tags.into_iter().any(|tag| stage.is_key(tag.attribute("name")));
        Some(Change { id: change.child_text("id").trim().parse().ok()?, stage, uuid: change.uuid.clone()?, moves_keys })
    };
    Ok(Queue {
        id: info.child_text("queueId").to_owned(),
        first: number("firstChangeId"),
        last: number("lastChangeId"),
        next: number("nextStartChangeId"),
        changes: changes.filter_map(change).collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_in_a_queue_is_read_as_it_was_written() {
        let changed = Changed { from: Mark { queue: "Ddk/N:9m".to_owned(), next: 7 }, last: 12 };
        assert_eq!(Changed::read(&changed.written()), Some(changed));
        for damaged in ["", "7", "x:queue", "12/", "x/7:queue"] {
            assert_eq!(Changed::read(damaged), None, "{damaged}");
        }
    }
}
