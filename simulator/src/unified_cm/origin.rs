use std::collections::HashSet;
use std::rc::Rc;

use super::objects::{Object, Objects};
use super::reading::braced;
use super::schema::Class;

/// The objects that a table's rows are made of: all of them, or the few that a query can want, so that what it takes to
/// read a page doesn't grow with the table.
#[derive(Clone, Debug)]
pub(super) struct Origin<'a> {
    objects: &'a Objects,
    only: Option<Rc<[String]>>,
}

impl<'a> Origin<'a> {
    pub(super) fn all(objects: &'a Objects) -> Self {
        Self { objects, only: None }
    }

    /// The objects with these ids, as the database writes them.
    pub(super) fn only<'i>(objects: &'a Objects, ids: impl Iterator<Item = &'i str>) -> Self {
        let ids: HashSet<&str> = ids.collect();
        Self { objects, only: Some(ids.into_iter().map(braced).collect()) }
    }

    /// Those of a class, by key.
    pub(super) fn of(&self, class: &'static str) -> impl Iterator<Item = &'a Object> + use<'a> {
        let class = Class::named(class);
        let (all, few) = match &self.only {
            None => (class.map(|class| self.objects.of(class)), Vec::new()),
            Some(ids) => {
                let found = |class: &'static Class| ids.iter().filter_map(|id| self.objects.with_uuid(class, id).ok());
                let mut few: Vec<_> = class.into_iter().flat_map(found).collect();
                few.sort_unstable_by_key(|(key, _)| *key);
                (None, few)
            }
        };
        all.into_iter().flatten().chain(few).map(|(_, object)| object)
    }

    /// The name of the object with this id.
    pub(super) fn name_of(&self, uuid: &str) -> &'a str {
        self.objects.name_of(uuid)
    }
}
