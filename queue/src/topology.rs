use std::fmt;

/// What `dialtone doctor` tells of the broker's queues.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Topology {
    /// Queues that were looked at.
    pub queues: usize,
    /// Exchanges and queues that aren't there.
    pub missing: Vec<String>,
    /// Queues that are there and that no message reaches, because their binding is missing.
    pub unbound: Vec<String>,
    /// Queues that take no more messages: they are full, or have no majority.
    pub refusing: Vec<String>,
    /// Messages in the dead-letter queue.
    pub dead_letters: u32,
}

impl Topology {
    /// Whether every message would arrive. Dead letters are something to look at, not something that is broken.
    pub fn is_sound(&self) -> bool {
        self.missing.is_empty() && self.unbound.is_empty() && self.refusing.is_empty()
    }
}

impl fmt::Display for Topology {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_sound() {
            write!(f, "{} queues, each reached", self.queues)?;
        }
        let complaints =
            [("missing", &self.missing), ("not bound", &self.unbound), ("taking no messages", &self.refusing)];
        let complaints = complaints.into_iter().filter(|(_, names)| !names.is_empty());
        for (index, (what, names)) in complaints.enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            write!(f, "{separator}{what}: {}", names.join(", "))?;
        }
        if self.dead_letters > 0 {
            write!(f, "; {} dead letters", self.dead_letters)?;
        }
        Ok(())
    }
}
