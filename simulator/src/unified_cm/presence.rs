use super::objects::{Fields, Object, Objects, Value, text};
use super::operations::{Outcome, is_like, rows};
use super::refusal::Refusal;
use super::schema::Class;
use crate::xml::Element;

/// The field of a user that says which node serves them.
const NODE: &str = "presenceNode";

/// Lets a node serve a user who may use IM & Presence, or lets none.
pub(super) fn assign(content: &[Element], objects: &Objects, to_a_node: bool) -> Outcome {
    let of = |name: &str| content.iter().find(|element| element.name == name).map_or("", |element| element.text.trim());
    let (users, nodes) = (class("user")?, class("processNode")?);
    let user_id = of("userid");
    let (_, user) = objects.get(users, user_id)?;
    let mut fields = user.fields.clone();
    if to_a_node {
        if fields.get("imAndPresenceEnable").map(text) != Some("true") {
            return Err(Refusal::invalid("userid", "the user is not enabled for IM and Presence"));
        }
        let (_, node) = objects.get(nodes, of("server"))?;
        fields.insert(NODE.to_owned(), Value::Text(node.uuid.clone()));
    } else if fields.remove(NODE).is_none() {
        return Err(Refusal::not_found("AssignedPresenceUser"));
    }
    Ok((Element::with_text("return", &user.uuid), objects.set(users, user_id, fields)?))
}

/// The users that a node serves, or those enabled for IM & Presence whom none does.
pub(super) fn list(content: &[Element], objects: &Objects, assigned: bool) -> Outcome {
    let [criteria, ..] = content else { return Err(Refusal::incomplete("request", "searchCriteria")) };
    let of = |name: &str| criteria.child(name).map_or("%", |wanted| wanted.text.trim());
    let is_wanted = |value: &str, name: &str| is_like(value, of(name));
    let node_of = |fields: &Fields| fields.get(NODE).map(|uuid| objects.name_of(text(uuid)).to_owned());
    let row = |(user_id, user): (&str, &Object)| {
        let node = node_of(&user.fields);
        let enabled = user.fields.get("imAndPresenceEnable").map(text) == Some("true");
        let listed = enabled && node.is_some() == assigned && is_wanted(user_id, "userid");
        let node = node.unwrap_or_default();
        let mut row = Element::with_text("userid", user_id);
        let name = if assigned { "assignedPresenceUsers" } else { "unassignedPresenceUsers" };
        row = Element::with_children(name, vec![row]);
        row.attributes.push(("uuid".to_owned(), user.uuid.clone()));
        if assigned {
            row.children.push(Element::with_text("server", &node));
        }
        (listed && is_wanted(&node, "server")).then_some(row)
    };
    rows(objects.of(class("user")?).filter_map(row).collect())
}

fn class(name: &'static str) -> Result<&'static Class, Refusal> {
    Class::named(name).ok_or_else(|| Refusal::not_found(name))
}
