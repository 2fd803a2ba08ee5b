//! Holds what was ordered, what the store says, what the devices logged and what the reports say against each other.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::Value;

use crate::device::Request;
use crate::site::{Site, Tenant};

/// What was found, by the name of the invariant.
#[derive(Default)]
pub(crate) struct Findings(BTreeMap<&'static str, Vec<String>>);

/// Which calls may follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Looks {
    /// After a request whose outcome its sender can't know, the device is looked at before it is asked again.
    BeforeEveryRepetition,
    /// A stopped process may wake up between its last check and its call, so a request may be repeated blindly. It has
    /// no second effect.
    Unless,
}

/// One order, as the store has it.
struct Order {
    key: String,
    state: String,
    unknown: bool,
}

impl Findings {
    /// Everything that is wrong with an installation whose runs are over.
    pub(crate) fn of(site: &Site, looks: Looks) -> Self {
        let mut findings = Self::default();
        findings.ask_the_store(site);
        for tenant in &site.tenants {
            findings.compare(site, tenant);
            findings.read_reports(site, tenant);
            if looks == Looks::BeforeEveryRepetition {
                findings.follow_requests(tenant);
            }
        }
        findings
    }

    pub(crate) fn is_clean(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this invariant is broken.
    pub(crate) fn broke(&self, invariant: &str) -> bool {
        self.0.contains_key(invariant)
    }

    fn add(&mut self, invariant: &'static str, said: String) {
        self.0.entry(invariant).or_default().push(said);
    }

    /// I3 to I9, by queries.
    fn ask_the_store(&mut self, site: &Site) {
        let questions = [
            (
                "I3 a done step is never run again",
                "SELECT format('order %s, step %s: done %s times', order_id, step, count(*)) FROM order_events \
                 WHERE kind = 'step_done' GROUP BY order_id, step HAVING count(*) > 1",
            ),
            (
                "I4 a state changes only with its event",
                "SELECT format('order %s is %s, its history ends %s', o.number, o.state, coalesce(e.state, 'nowhere')) \
                 FROM orders o LEFT JOIN order_events e ON e.order_id = o.id AND e.version = o.version \
                 WHERE o.state IS DISTINCT FROM coalesce(e.state, 'initial')",
            ),
            ("I4 a state changes only with its event", "SELECT detail FROM fault_audit WHERE rule = 'I4'"),
            ("I9 the inventory never goes back", "SELECT DISTINCT detail FROM fault_audit WHERE rule = 'I9'"),
            ("I5 two holders never both work on a device", "SELECT detail FROM fault_audit WHERE rule = 'I5'"),
            (
                "I6 owned = free + reserved + used",
                "SELECT format('%s: owned %s, free %s, reserved %s, used %s, completed %s', l.code, l.owned, l.free, \
                 l.reserved, l.used, c.completed) FROM licences l JOIN (SELECT organization_id, count(*) FILTER \
                 (WHERE state = 'completed' AND reservation = 'used') AS completed FROM orders GROUP BY 1) c USING (organization_id) \
                 WHERE l.owned <> l.free + l.reserved + l.used OR l.used <> c.completed OR l.reserved <> 0",
            ),
            (
                "I7 the orders of one user run in the order of their rows",
                "SELECT format('order %s began before order %s had ended', later.number, earlier.number) \
                 FROM orders later JOIN orders earlier ON earlier.run_id = later.run_id \
                 AND earlier.subject = later.subject AND earlier.number < later.number \
                 WHERE later.started_at < earlier.ended_at",
            ),
            ("I8 every run ends", "SELECT format('run %s is %s', id, state) FROM runs WHERE state <> 'finished'"),
            (
                "lost",
                "SELECT format('order %s is %s %s and nobody works on it: %s', number, state, extended, message) \
                 FROM orders WHERE state <> 'completed'",
            ),
        ];
        for (invariant, sql) in questions {
            for mut row in site.database.rows(sql) {
                self.add(invariant, row.remove(0));
            }
        }
    }

    /// I1, I2: what was ordered, what the store holds, and what the device did.
    fn compare(&mut self, site: &Site, tenant: &Tenant) {
        let effects = tenant.device.effects_by_object();
        let mut ordered: BTreeMap<String, usize> = tenant.ordered().map(|key| (key, 0)).collect();
        for order in orders(site, tenant) {
            let Some(count) = ordered.get_mut(&order.key) else {
                self.add("unexpected", format!("nobody ordered {}", order.key));
                continue;
            };
            *count += 1;
            let times = effects.get(&format!("extension/{}", order.key)).copied().unwrap_or(0);
            match (order.state.as_str(), times) {
                ("completed", 1) => {}
                ("completed", 0) => self.add("lost", format!("{} is completed and not on the device", order.key)),
                (_, 0) => {}
                (state, 1) => {
                    let known = if order.unknown { "unknown" } else { "failed" };
                    self.add("unknown but applied", format!("{} is {state}, {known}, and on the device", order.key));
                }
                (_, times) => self.add("duplicated", format!("{} had {times} effects (I2)", order.key)),
            }
        }
        for (key, count) in ordered.iter().filter(|(_, count)| **count != 1) {
            self.add("I1 every row has one order", format!("{key} has {count}"));
        }
        for object in effects.keys() {
            let is_ordered = object.strip_prefix("extension/").is_some_and(|key| ordered.contains_key(key));
            if !is_ordered {
                self.add("unexpected", format!("{object} is on the device of {}", tenant.name));
            }
        }
    }

    /// I1 again: every row has one line, and the line says what the store says.
    fn read_reports(&mut self, site: &Site, tenant: &Tenant) {
        let mut lines: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let runs = site.database.rows(&format!(
            "SELECT r.id::text FROM runs r JOIN organizations o ON o.id = r.organization_id WHERE o.name = '{}'",
            tenant.name
        ));
        for run in runs {
            let report = site.run(&["report", &run[0], "--organization", &tenant.name]);
            let mut reader = csv::Reader::from_reader(report.as_bytes());
            let header = reader.headers().unwrap().clone();
            let place = |label: &str| header.iter().position(|cell| cell == label).unwrap();
            let (key, outcome) = (place("Ext Key"), place("Dialtone Outcome"));
            for record in reader.records().map(Result::unwrap).filter(|record| !record[outcome].is_empty()) {
                lines.entry(record[key].to_owned()).or_default().push(record[outcome].to_owned());
            }
        }
        let ordered: BTreeSet<String> = tenant.ordered().collect();
        for key in &ordered {
            match lines.get(key).map(Vec::as_slice) {
                Some([outcome]) if outcome == "Completed" => {}
                told => self.add("I1 every row has one line of the report", format!("{key}: {told:?}")),
            }
        }
        for key in lines.keys().filter(|key| !ordered.contains(*key)) {
            self.add("unexpected", format!("the report tells of {key}"));
        }
    }

    /// A request whose answer may not have been heard is never repeated without a look.
    fn follow_requests(&mut self, tenant: &Tenant) {
        let requests = tenant.device.requests();
        let mut open: BTreeSet<&str> = BTreeSet::new();
        for request in requests.iter() {
            let Request { method, object, .. } = request;
            if method == "PUT" && open.contains(object.as_str()) {
                self.add(
                    "run blindly after an unknown outcome",
                    format!("{method} {object} was repeated without a look"),
                );
            }
            if method == "GET" || request.was_refused() {
                open.remove(object.as_str());
            } else {
                open.insert(object.as_str());
            }
        }
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (invariant, said) in &self.0 {
            writeln!(f, "{invariant}: {} times, such as", said.len())?;
            said.iter().take(5).try_for_each(|one| writeln!(f, "    {one}"))?;
        }
        Ok(())
    }
}

fn orders(site: &Site, tenant: &Tenant) -> Vec<Order> {
    let rows = site.database.rows(&format!(
        "SELECT o.steps::text, o.state, o.unknown::text FROM orders o \
         JOIN organizations t ON t.id = o.organization_id WHERE t.name = '{}'",
        tenant.name
    ));
    rows.into_iter()
        .map(|row| {
            let steps: Value = serde_json::from_str(&row[0]).unwrap();
            Order {
                key: key_of(&steps).expect("a step names its extension"),
                state: row[1].clone(),
                unknown: row[2] == "true",
            }
        })
        .collect()
}

/// The ext key, wherever in the step it stands.
fn key_of(value: &Value) -> Option<String> {
    match value {
        Value::Object(fields) => match fields.get("key") {
            Some(Value::String(key)) => Some(key.clone()),
            _ => fields.values().find_map(key_of),
        },
        Value::Array(items) => items.iter().find_map(key_of),
        _ => None,
    }
}
