use dialtone_model::{Complaint, Fault};

use super::client::{Axl, AxlError};
use super::node::Node;
use super::relations::pkid;
use crate::http::{Deadline, Effect};

/// Every device that has a number on a button. Operations tell it of phones alone, and of those since 10.0.
const CARRIERS: &str = "select d.name from devicenumplanmap m inner join device d on d.pkid = m.fkdevice \
    where m.fknumplan = ";

/// Refuses to take a number away that is still a line of something: the device would take the line with it, from
/// whomever it belongs to by now.
pub(super) async fn refuse_in_use(axl: &Axl, key: &[Node], deadline: Deadline) -> Result<(), Fault> {
    let wanted = Node::parent("returnedTags", vec![Node::text("pattern", "")]);
    let content: Vec<Node> = key.iter().cloned().chain([wanted]).collect();
    let there = match axl.call("getLine", &content, Effect::None, deadline).await {
        Ok(reply) => reply.child("line").and_then(|line| pkid(line.uuid.as_deref()?)),
        Err(AxlError::Refused(refusal)) if refusal.is_missing() => None,
        Err(error) => return Err(error.into()),
    };
    let Some(id) = there else { return Ok(()) };
    // An id is nothing but digits and dashes, so it needs no escape.
    let query = Node::text("sql", format!("{CARRIERS}'{id}'"));
    let rows = axl.call("executeSQLQuery", &[query], Effect::None, deadline).await?;
    let mut carriers: Vec<&str> = rows.children.iter().map(|row| row.child_text("name")).collect();
    if carriers.is_empty() {
        return Ok(());
    }
    carriers.sort_unstable();
    let number = key.first().map_or("", |pattern| pattern.text.as_str());
    let message = format!("directory number {number} is still a line of {}", carriers.join(", "));
    let repair = "Take the line off them, or keep the number, then retry.";
    Err(Fault::Rejected(Complaint::new("axl-in-use", message).repair(repair)))
}
