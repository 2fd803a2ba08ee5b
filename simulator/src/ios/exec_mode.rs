//! The commands of the user and of the privileged mode.

use std::sync::Arc;

use super::commands::{EXEC, Exec, PRIVILEGED};
use super::configuration::{STARTUP, running};
use super::cue::CueSession;
use super::grammar::{Reading, Rule, read};
use super::router::{Asked, Mode, RouterSession, text};
use super::section::{Changes, Section, Sections};
use super::session::{Outcome, Request, Work, serve};
use super::show;

impl RouterSession {
    pub(super) fn answer(&mut self, asked: Asked, line: &str) -> Outcome {
        match asked {
            Asked::EnableSecret if line == self.password => {
                self.privileged = true;
                text("")
            }
            Asked::EnableSecret => text("% Bad secrets\n\n"),
            Asked::FileName => self.save("copy running-config startup-config"),
            Asked::ClearSession => text("[OK]\n"),
            Asked::ConfigureFrom if "terminal".starts_with(&line.trim().to_ascii_lowercase()) => self.configure(false),
            Asked::ConfigureFrom => text("%% Bad source: the terminal is the only one here\n"),
            Asked::Return => {
                if let Some(cue) = &self.router.module {
                    self.inside = Some(CueSession::new(Arc::clone(cue), &self.password, false));
                }
                text("")
            }
        }
    }

    pub(super) fn exec_rules(&self) -> Vec<Rule<Exec>> {
        EXEC.iter().chain(if self.privileged { PRIVILEGED } else { &[] }).copied().collect()
    }

    pub(super) fn exec(&mut self, line: &str) -> Outcome {
        let rules = self.exec_rules();
        let (command, arguments, filter) = match (read(line, &rules), filtered_show(line)) {
            (Reading::Command { command, arguments, .. }, _) => (command, arguments, None),
            (_, Some((shown, filter))) => match read(shown, &rules) {
                Reading::Command { command, arguments, .. } => (command, arguments, Some(filter.to_owned())),
                other => return self.unread(line, &other),
            },
            // A single word that is no command is taken for the name of a host to connect to.
            (Reading::Invalid { .. }, _) if line.split_whitespace().count() == 1 => {
                return text("% Unknown command or computer name, or unable to find computer address\n");
            }
            (other, _) => return self.unread(line, &other),
        };
        match command {
            Exec::Enable if self.privileged => text(""),
            Exec::Enable => self.ask(Asked::EnableSecret, "Password: ", false),
            Exec::Disable => {
                self.privileged = false;
                text("")
            }
            Exec::Leave => Outcome::Leave,
            Exec::Configure | Exec::ConfigureLocked => self.configure(command == Exec::ConfigureLocked),
            Exec::ConfigureFrom => {
                self.ask(Asked::ConfigureFrom, "Configuring from terminal, memory, or network [terminal]? ", true)
            }
            Exec::Write => self.save("write memory"),
            Exec::Copy => self.ask(Asked::FileName, "Destination filename [startup-config]? ", true),
            Exec::Session if self.router.module.is_some() => {
                let banner = "Trying 10.0.0.2, 2066 ... Open\n\n";
                self.ask(Asked::Return, banner, false)
            }
            Exec::Session => text("Trying 10.0.0.2, 2066 ... \n% Connection refused by remote host\n\n"),
            Exec::Clear => self.ask(Asked::ClearSession, "[confirm]", true),
            Exec::Length | Exec::Terminal => text(""),
            Exec::ShowRunning | Exec::ShowStartup => {
                self.show(command, line, None, filter.as_deref().or(arguments.first().map(String::as_str)))
            }
            _ => self.show(command, line, arguments.first().map(String::as_str), filter.as_deref()),
        }
    }

    fn show(&self, command: Exec, line: &str, which: Option<&str>, filter: Option<&str>) -> Outcome {
        let viewer = show::Viewer { login: &self.login, privileged: self.privileged, now: self.router.clock.now() };
        let work = |sections: &Sections| Ok((show::show(command, sections, &viewer, which, filter), Changes::new()));
        serve(&mut self.router.ledger(), line.trim().to_owned(), None, work)
    }

    fn ask(&mut self, asked: Asked, question: &str, echo: bool) -> Outcome {
        self.asked = Some(asked);
        Outcome::Ask { question: question.to_owned(), echo }
    }

    fn configure(&mut self, alone: bool) -> Outcome {
        let held_by_another = self.router.lock().is_some_and(|holder| holder != self.id);
        if held_by_another || self.router.faults.locked("configure terminal") {
            return text(
                "Configuration mode locked exclusively by user 'unknown' process '13' from terminal '0'. \
                 Please try later.\n",
            );
        }
        if alone {
            *self.router.lock() = Some(self.id);
        }
        self.mode = Mode::Global;
        text("Enter configuration commands, one per line.  End with CNTL/Z.\n")
    }

    pub(super) fn release(&mut self) {
        let mut lock = self.router.lock();
        if *lock == Some(self.id) {
            *lock = None;
        }
    }

    fn save(&self, line: &str) -> Outcome {
        let work = |sections: &Sections| -> Work {
            let saved = Section::default().with("text", running(sections));
            Ok(("Building configuration...\n[OK]\n".to_owned(), sections.set(STARTUP, saved)))
        };
        self.change(Request { key: line.to_owned(), line: line.to_owned(), fields: vec![("command", line)] }, work)
    }

    pub(super) fn change(&self, request: Request<'_>, work: impl FnOnce(&Sections) -> Work) -> Outcome {
        let strike = self.router.faults.strike(&request.key, || request.fields.clone());
        serve(&mut self.router.ledger(), request.line, strike, work)
    }
}

/// A `show` whose output goes through a filter: what is shown, and the filter.
fn filtered_show(line: &str) -> Option<(&str, &str)> {
    let first = line.split_whitespace().next()?.to_ascii_lowercase();
    let (shown, filter) = line.split_once('|')?;
    (first.len() >= 2 && "show".starts_with(&first)).then_some((shown, filter.trim()))
}
