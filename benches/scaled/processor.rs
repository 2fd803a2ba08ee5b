use std::ops::Sub;
use std::path::Path;
use std::time::Duration;

/// What the kernel counts processor time in: ticks of ten milliseconds, on every Linux that there is.
const TICK: Duration = Duration::from_millis(10);

/// The processor time that each part of the system has used up, in ticks. On a machine that does other things as well
/// it says more than the time that passed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Processor {
    pub(crate) postgres: u64,
    pub(crate) rabbitmq: u64,
    /// The workers and the scheduler.
    pub(crate) roles: u64,
    /// Processes that have ended: the command that hands over and reports.
    pub(crate) command: u64,
    /// This process: what the reference program uses, and the watching.
    pub(crate) bench: u64,
}

impl Processor {
    /// All of it together, a piece of work.
    pub(crate) fn each(&self, rows: u32) -> f64 {
        microseconds(self.postgres + self.rabbitmq + self.roles + self.command + self.bench, rows)
    }

    /// What each part took a piece of work, in words.
    pub(crate) fn words(&self, rows: u32) -> String {
        let Self { postgres, rabbitmq, roles, command, bench } = self;
        let parts = [
            ("PostgreSQL", postgres),
            ("RabbitMQ", rabbitmq),
            ("roles", roles),
            ("command", command),
            ("benchmark", bench),
        ];
        let parts = parts.iter().filter(|(_, ticks)| **ticks > 0);
        let parts: Vec<String> =
            parts.map(|(name, ticks)| format!("{name} {:.1}", microseconds(**ticks, rows))).collect();
        format!("{:.1} µs of processor each ({})", self.each(rows), parts.join(", "))
    }
}

impl Sub for Processor {
    type Output = Self;

    fn sub(self, before: Self) -> Self {
        Self {
            postgres: self.postgres.saturating_sub(before.postgres),
            rabbitmq: self.rabbitmq.saturating_sub(before.rabbitmq),
            roles: self.roles.saturating_sub(before.roles),
            command: self.command.saturating_sub(before.command),
            bench: self.bench.saturating_sub(before.bench),
        }
    }
}

fn microseconds(ticks: u64, rows: u32) -> f64 {
    ticks as f64 * TICK.as_secs_f64() * 1e6 / f64::from(rows)
}

/// The processor time of one process, and of its children that have ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Used {
    pub(crate) own: u64,
    pub(crate) ended_children: u64,
    parent: u32,
}

impl Used {
    /// `None` when there is no such process.
    pub(crate) fn by(process: u32) -> Option<Self> {
        Self::read(&Path::new("/proc").join(process.to_string()))
    }

    fn read(process: &Path) -> Option<Self> {
        let text = std::fs::read_to_string(process.join("stat")).ok()?;
        // The name before the last bracket may hold anything.
        let (_, fields) = text.rsplit_once(") ")?;
        let fields: Vec<&str> = fields.split(' ').collect();
        let number = |index: usize| fields.get(index)?.parse::<u64>().ok();
        Some(Self {
            own: number(11)? + number(12)?,
            ended_children: number(13)? + number(14)?,
            parent: number(1)?.try_into().ok()?,
        })
    }

    /// Of a server that serves each connection by a process of its own.
    pub(crate) fn by_family(parent: u32) -> u64 {
        let processes = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        let children = processes.filter_map(|entry| Self::read(&entry.path())).filter(|used| used.parent == parent);
        let own = Self::by(parent).map_or(0, |used| used.own + used.ended_children);
        own + children.map(|used| used.own).sum::<u64>()
    }
}
