//! `addLines`, `removeMembers` and the like, which change a list instead of replacing it.

use super::objects::{Fields, Value};
use super::reading::{Purpose, Reading, present};
use super::refusal::Refusal;
use super::schema::{Class, Field, Version};
use crate::xml::Element;

/// A list of which an update may add and remove single members.
#[derive(Debug)]
pub(super) struct EditedList {
    class: &'static str,
    name: &'static str,
    add: &'static str,
    remove: &'static str,
    /// What people call a member.
    member: &'static str,
    /// What tells the member that goes.
    known_by: &'static [&'static str],
    from: Version,
}

const EDITED_LISTS: &[EditedList] = &[
    EditedList { from: (10, 0), ..list("phone", "lines", ["addLines", "removeLines"], "Line", &["index", "dirn"]) },
    members("css", "RoutePartition", &["routePartitionName"]),
    members("callPickupGroup", "CallPickupGroup", &["pickupGroupName"]),
    members("lineGroup", "Line", &["directoryNumber"]),
    members("huntList", "LineGroup", &["lineGroupName"]),
    members("routeGroup", "Device", &["deviceName"]),
    members("routeList", "RouteGroup", &["routeGroupName"]),
    members("userGroup", "User", &["userId"]),
    members("mediaResourceGroup", "Device", &["deviceName"]),
    members("mediaResourceList", "MediaResourceGroup", &["mediaResourceGroupName"]),
    members("timeSchedule", "TimePeriod", &["timePeriodName"]),
    list("ipPhoneServices", "parameters", ["addParameters", "removeParameters"], "Parameter", &["name"]),
    list("userGroup", "userRoles", ["addUserRoles", "removeUserRoles"], "FunctionRole", &["roleName"]),
    list("sipTrunk", "destinations", ["addDestinations", "removeDestinations"], "Destination", &["sortOrder"]),
];

const fn members(class: &'static str, member: &'static str, known_by: &'static [&'static str]) -> EditedList {
    list(class, "members", ["addMembers", "removeMembers"], member, known_by)
}

const fn list(
    class: &'static str,
    name: &'static str,
    [add, remove]: [&'static str; 2],
    member: &'static str,
    known_by: &'static [&'static str],
) -> EditedList {
    EditedList { class, name, add, remove, member, known_by, from: (9, 0) }
}

impl EditedList {
    /// The list whose members an element of an update adds or removes.
    pub(super) fn of_element(class: &Class, element: &str, version: Version) -> Option<&'static Self> {
        let is_meant = |list: &&Self| list.class == class.name && (list.add == element || list.remove == element);
        EDITED_LISTS.iter().find(is_meant).filter(|list| list.from <= version)
    }

    /// Does to an object's fields what the element says.
    pub(super) fn edit(
        &self,
        reading: Reading<'_>,
        class: &'static Class,
        fields: &mut Fields,
        edit: &Element,
    ) -> Result<(), Refusal> {
        let of_list = |field: &&Field| field.name == self.name;
        let whole = Element { name: self.name.to_owned(), ..edit.clone() };
        let given = reading.fields(self.name, class.fields.iter().filter(of_list), &[whole], Purpose::Change)?;
        let Some(Value::List(changed)) = present(given).remove(self.name) else { return Ok(()) };
        let Value::List(present) = fields.entry(self.name.to_owned()).or_insert_with(|| Value::List(Vec::new())) else {
            return Ok(());
        };
        if edit.name == self.add {
            present.extend(changed);
            return Ok(());
        }
        for member in changed {
            let same = |other: &Value| self.known_by.iter().all(|name| part(other, name) == part(&member, name));
            let at = present.iter().position(same).ok_or_else(|| Refusal::not_found(self.member))?;
            present.remove(at);
        }
        Ok(())
    }
}

fn part<'a>(member: &'a Value, name: &str) -> Option<&'a Value> {
    match member {
        Value::Group(fields) => fields.get(name),
        Value::Text(_) | Value::List(_) => None,
    }
}
