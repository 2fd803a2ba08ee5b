use serde::{Deserialize, Serialize};

/// Who does something: every operation is told, so that permissions are checked in one place and the history names a
/// person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// The name that the history shows, such as `cli:ana` or `scheduler`.
    pub name: String,
    /// What the actor may do.
    pub roles: Vec<Role>,
}

/// What a person may do, as far as today's operations ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything.
    Administrator,
    /// Add, change, cancel and replace products for oneself and others.
    Ordering,
    /// As [`Role::Ordering`], and also `attr:` columns and Copy Phone.
    AdvancedOrdering,
}

impl Actor {
    /// Whoever can run commands on the machine administers it.
    pub fn local(login: &str) -> Self {
        Self { name: format!("cli:{login}"), roles: vec![Role::Administrator] }
    }

    /// What Dialtone does by itself.
    pub fn scheduler() -> Self {
        Self { name: "scheduler".to_owned(), roles: vec![Role::Administrator] }
    }

    /// Whether one of `roles` is the actor's; an administrator has them all.
    pub fn require(&self, roles: &[Role]) -> Result<(), Forbidden> {
        let has = |role: &Role| *role == Role::Administrator || roles.contains(role);
        if self.roles.iter().any(has) { Ok(()) } else { Err(Forbidden { actor: self.name.clone() }) }
    }
}

/// The actor lacks the role that the act needs.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{actor} may not do this: ask an administrator for the role")]
pub struct Forbidden {
    /// The name of the actor.
    pub actor: String,
}
