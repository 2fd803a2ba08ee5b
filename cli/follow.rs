use std::collections::BTreeMap;
use std::fmt;
use std::io::{IsTerminal, stderr};
use std::time::Duration;

use anyhow::bail;
use dialtone_model::{Clock, ExtendedStatus, RunId, RunState};
use dialtone_scheduler::RunView;
use dialtone_store::RunCounts;
use indicatif::{HumanDuration, ProgressBar, ProgressState, ProgressStyle};

use crate::context::Context;
use crate::embedded::{RunningWorker, Takes, WorkArgs, WorkerLock};
use crate::exit::Exit;
use crate::interrupt::Interrupt;
use crate::watch::Watch;

/// How often a terminal's progress is drawn anew.
const TERMINAL_PERIOD: Duration = Duration::from_millis(250);
/// How soon a run that was only just handed over is looked at again; the time doubles from there.
const FIRST_WATCH_PERIOD: Duration = Duration::from_millis(25);
/// How often a run that another process works on is looked at.
const WATCH_PERIOD: Duration = Duration::from_millis(200);
/// How often a run is looked at where nobody watches: somebody may have paused or cancelled it.
const QUIET_PERIOD: Duration = Duration::from_secs(1);
/// How often a line tells of progress where there is no terminal.
const LINE_PERIOD: Duration = Duration::from_secs(10);
/// Counting walks through all orders of a run. It takes at most this part of the time, however many there are.
const COUNTING_SHARE: u32 = 20;

/// Works through runs in the embedded mode, or watches the process that does, until none of them goes on by itself: each is over, or paused.
/// The exit says whether every row is completed, or that a person interrupted.
pub(crate) async fn follow(context: &Context, work: &WorkArgs, runs: &[RunId]) -> anyhow::Result<Exit> {
    let mut followed = Followed { open: runs.to_vec(), progress: Progress::new() };
    let mut interrupt = Interrupt::listen()?;
    let scaled_out = context.settings.is_scaled_out();
    let interrupted = match scaled_out {
        true => followed.watch(context, &mut interrupt).await?,
        false => followed.work_or_watch(context, work, &mut interrupt).await?,
    };
    followed.progress.clear();
    if interrupted {
        if scaled_out {
            eprintln!("interrupted; the workers go on. Watch them with: dialtone resume");
        } else {
            eprintln!("interrupted; nothing is lost. Go on with: dialtone{} resume", data_flag(context));
        }
        return Ok(Exit::Interrupted);
    }
    let mut exit = Exit::Done;
    for run in runs {
        let view = context.operations.run(&context.actor, *run).await?;
        eprintln!("{}", summary(&view));
        tell_what_to_do(context, &view);
        exit = exit.and(outcome(&view));
    }
    Ok(exit)
}

/// Where a person reads why orders of a run that is over aren't completed, and how those that may pass are tried again.
fn tell_what_to_do(context: &Context, view: &RunView) {
    let of = |wanted: ExtendedStatus| view.counts.by_state.keys().any(|(_, extended)| *extended == Some(wanted));
    if view.run.state == RunState::Paused || outcome(view) == Exit::Done {
        return;
    }
    let (flag, run) = (data_flag(context), view.run.id);
    eprintln!("why: dialtone{flag} report {run} --only-failed");
    if of(ExtendedStatus::RecoverableError) {
        eprintln!("once the cause is gone: dialtone{flag} runs retry {run}");
    }
}

/// Whether every order of a run is completed.
fn outcome(view: &RunView) -> Exit {
    let open: u64 = view.counts.by_state.iter().filter(|((state, _), _)| state != "completed").map(|(_, n)| n).sum();
    if open == 0 { Exit::Done } else { Exit::Incomplete }
}

/// How many orders of a run are in which state, in words.
pub(crate) fn summary(view: &RunView) -> String {
    let counts: Vec<String> = view
        .counts
        .by_state
        .iter()
        .map(|((state, extended), count)| match extended {
            Some(extended) => format!("{count} {state} ({extended})"),
            None => format!("{count} {state}"),
        })
        .collect();
    let hint = match view.run.state {
        RunState::Paused => format!("; go on with: dialtone runs resume {}", view.run.id),
        RunState::Running | RunState::Finished | RunState::Cancelled => String::new(),
    };
    format!("run {} \"{}\" {}: {}{hint}", view.run.id, view.run.name, view.run.state, counts.join(", "))
}

/// How many orders of a run are in each of the five states.
pub(crate) fn orders_by_state(counts: &RunCounts) -> BTreeMap<&str, u64> {
    let mut orders: BTreeMap<&str, u64> =
        ["initial", "released", "hold", "completed", "cancelled"].into_iter().map(|state| (state, 0)).collect();
    for ((state, _), count) in &counts.by_state {
        *orders.entry(state.as_str()).or_default() += count;
    }
    orders
}

/// The flag that names the data folder again, unless it is the default: another shell may not have the environment.
pub(crate) fn data_flag(context: &Context) -> String {
    let folder = &context.settings.data;
    if folder.as_os_str() == "data" { String::new() } else { format!(" --data {}", folder.display()) }
}

struct Followed {
    /// Runs that go on by themselves, as far as is known.
    open: Vec<RunId>,
    progress: Progress,
}

impl Followed {
    /// Works, as soon as no other process has the data folder's lock, or watches the one that has it; whether a person
    /// interrupted it.
    async fn work_or_watch(
        &mut self,
        context: &Context,
        work: &WorkArgs,
        interrupt: &mut Interrupt,
    ) -> anyhow::Result<bool> {
        loop {
            if let Some(lock) = WorkerLock::try_take(context)? {
                return self.work(context, work, lock, interrupt).await;
            }
            self.look(context).await?;
            if self.open.is_empty() {
                return Ok(false);
            }
            tokio::select! {
                () = interrupt.asked() => return Ok(true),
                () = context.clock.sleep(WATCH_PERIOD) => {}
            }
        }
    }

    /// Watches the workers elsewhere until every run is over; whether a person interrupted it.
    async fn watch(&mut self, context: &Context, interrupt: &mut Interrupt) -> anyhow::Result<bool> {
        let mut workers = Watch::new(context);
        let mut period = FIRST_WATCH_PERIOD;
        loop {
            self.look(context).await?;
            if self.open.is_empty() {
                return Ok(false);
            }
            if let Some(absence) = workers.look(context).await? {
                eprintln!("{absence}");
            }
            tokio::select! {
                () = interrupt.asked() => return Ok(true),
                () = context.clock.sleep(period) => {}
            }
            period = (period * 2).min(WATCH_PERIOD);
        }
    }

    /// Works until every run is over; whether a person interrupted it.
    async fn work(
        &mut self,
        context: &Context,
        work: &WorkArgs,
        lock: WorkerLock,
        interrupt: &mut Interrupt,
    ) -> anyhow::Result<bool> {
        // Another process may have finished them before it let go of the lock.
        self.look(context).await?;
        if self.open.is_empty() {
            return Ok(false);
        }
        let mut worker = RunningWorker::start(context, work, lock, Takes::Orders);
        let interrupted = loop {
            tokio::select! {
                finished = worker.finished.recv() => match finished {
                    Some(run) => self.open.retain(|open| *open != run),
                    None => {
                        worker.stop().await?;
                        bail!("the worker ended by itself");
                    }
                },
                () = interrupt.asked() => break true,
                () = context.clock.sleep(self.progress.period()) => self.look(context).await?,
            }
            if self.open.is_empty() {
                break false;
            }
        };
        worker.stop().await?;
        Ok(interrupted)
    }

    /// Asks the store which runs still go on, and shows how far they are.
    async fn look(&mut self, context: &Context) -> anyhow::Result<()> {
        let mut counts = Counts::default();
        let before = context.clock.monotonic();
        let wants_counts = self.progress.wants_counts(before);
        let mut open = Vec::new();
        for run in &self.open {
            let record = context.operations.store.run(*run).await?;
            if record.state == RunState::Running {
                open.push(*run);
                if wants_counts {
                    counts.add(&context.operations.run(&context.actor, *run).await?);
                }
            }
        }
        self.open = open;
        if wants_counts && !self.open.is_empty() {
            self.progress.show(&counts);
            self.progress.rest(before, context.clock.monotonic());
        }
        Ok(())
    }
}

/// How far several runs are together.
#[derive(Default)]
struct Counts {
    orders: u64,
    /// Those that nobody is working on any more.
    settled: u64,
    completed: u64,
    waiting: u64,
    hold: u64,
}

impl Counts {
    fn add(&mut self, view: &RunView) {
        use ExtendedStatus::{RecoverableError, UnrecoverableError};
        for ((state, extended), count) in &view.counts.by_state {
            self.orders += count;
            match (state.as_str(), extended) {
                ("completed", _) => self.completed += count,
                ("hold", _) => self.hold += count,
                ("released", Some(RecoverableError | UnrecoverableError)) => self.waiting += count,
                ("initial" | "released", _) => continue,
                _ => {}
            }
            self.settled += count;
        }
    }

    fn words(&self) -> String {
        let Self { completed, waiting, hold, .. } = self;
        format!("completed {completed} · waits for a person {waiting} · hold {hold}")
    }
}

/// A bar on a terminal, a line now and then elsewhere.
struct Progress {
    bar: Option<ProgressBar>,
    next: Option<Duration>,
}

impl Progress {
    fn new() -> Self {
        Self { bar: stderr().is_terminal().then(bar), next: None }
    }

    fn period(&self) -> Duration {
        if self.bar.is_some() { TERMINAL_PERIOD } else { QUIET_PERIOD }
    }

    /// Nobody counts but for somebody who reads it.
    fn wants_counts(&mut self, now: Duration) -> bool {
        let due = self.next.is_some_and(|next| next <= now);
        let period = if self.bar.is_some() { TERMINAL_PERIOD } else { LINE_PERIOD };
        if due || self.next.is_none() {
            self.next = Some(now + period);
        }
        due
    }

    /// Puts the next count off by as much as this one's cost asks for.
    fn rest(&mut self, before: Duration, after: Duration) {
        let rested = after + COUNTING_SHARE * after.saturating_sub(before);
        self.next = self.next.max(Some(rested));
    }

    fn show(&self, counts: &Counts) {
        match &self.bar {
            Some(bar) => {
                bar.set_length(counts.orders);
                bar.set_position(counts.settled);
                bar.set_message(counts.words());
            }
            None => eprintln!("{}/{} · {}", counts.settled, counts.orders, counts.words()),
        }
    }

    fn clear(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn bar() -> ProgressBar {
    let bar = ProgressBar::new(0).with_message("starting");
    // The template is fixed; a plain bar is what is left if it is ever misspelt.
    if let Ok(style) = ProgressStyle::with_template("[{bar:24}] {pos}/{len} · {msg} · {elapsed}, {left} left") {
        bar.set_style(style.with_key("left", time_left).progress_chars("#> "));
    }
    bar
}

/// How long it still takes, which nobody knows before the first order is through.
fn time_left(state: &ProgressState, out: &mut dyn fmt::Write) {
    // It is written to a text, which takes everything.
    let _ = match state.pos() {
        0 => write!(out, "?"),
        _ => write!(out, "{:#}", HumanDuration(state.eta())),
    };
}
