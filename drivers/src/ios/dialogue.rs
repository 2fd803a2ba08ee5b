use std::fmt;
use std::time::Duration;

use dialtone_model::{Complaint, Device, ExposeSecret as _, Fault};
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::{Instant, timeout_at};

use super::command_line::CommandLine;
use super::prompt::Prompt;
use super::refusal::{refusal, refusal_to_tell, says_there_is_none};
use super::screen::Screen;
use super::shell::{Shell, Silence};
use super::target::Target;
use crate::DriverError;
use crate::dial::Dialler;

/// A device's command line. One terminal stays open between calls, and one call uses it at a time: these devices have
/// few lines, and a slot of the configuration must not be chosen twice at once.
pub(super) struct Console {
    target: Target,
    /// Begins the codes of complaints.
    family: &'static str,
    idle: Mutex<Option<LoggedIn>>,
}

/// A terminal that has rested may be gone without a word, as when a firewall has forgotten its connection. It gets this
/// part of a call's time to show its prompt, so that most of it is left for a new one.
const PART_FOR_AN_IDLE_TERMINAL: u32 = 4;

/// A terminal at its prompt.
struct LoggedIn {
    shell: Shell,
    prompt: Prompt,
}

/// One call's talk with the device.
pub(super) struct Dialogue<'c> {
    console: &'c Console,
    /// Where the terminal goes back to.
    idle: MutexGuard<'c, Option<LoggedIn>>,
    terminal: LoggedIn,
    deadline: Instant,
    timeout: Duration,
    /// Whether a command was sent that may have changed something.
    changed: bool,
}

impl Console {
    pub(super) fn new(device: &Device, dialler: &Dialler, family: &'static str) -> Result<Self, DriverError> {
        Ok(Self { target: Target::new(device, dialler)?, family, idle: Mutex::default() })
    }

    /// The commands that the site allows beside those that are known.
    pub(super) fn commands(&self) -> &[String] {
        &self.target.commands
    }

    /// Begins a call: the device waits for a command, and everything may be done.
    pub(super) async fn open(&self, timeout: Duration) -> Result<Dialogue<'_>, Fault> {
        let deadline = Instant::now() + timeout;
        let Ok(mut idle) = timeout_at(deadline, self.idle.lock()).await else {
            let complaint = Complaint::new("timeout", format!("other calls to the device took all of {timeout:?}"));
            return Err(Fault::NotSent { complaint, retry_after: None });
        };
        let kept = match idle.take() {
            Some(terminal) => terminal.revived(Instant::now() + timeout / PART_FOR_AN_IDLE_TERMINAL).await,
            None => None,
        };
        let terminal = match kept {
            Some(terminal) => terminal,
            None => {
                let shell = Shell::open(&self.target, deadline).await?;
                LoggedIn::greeted(shell, deadline).await.map_err(|silence| lost(silence, timeout, false))?
            }
        };
        let fresh = terminal.prompt.mode.is_some() || !terminal.prompt.privileged;
        let mut dialogue = Dialogue { console: self, idle, terminal, deadline, timeout, changed: false };
        if fresh {
            dialogue.prepare().await?;
        }
        Ok(dialogue)
    }
}

impl LoggedIn {
    /// Reads what the device says to who has come, up to its prompt.
    async fn greeted(mut shell: Shell, deadline: Instant) -> Result<Self, Silence> {
        let (_, first) = shell.read_until(Prompt::read, deadline).await?;
        // A line of a banner may look like a prompt; only a prompt comes again.
        shell.send("", deadline).await?;
        let same = |line: &str| Prompt::read(line).filter(|prompt| *prompt == first);
        shell.read_until(same, deadline).await?;
        // Not at the beginning of commands, whatever the prompt says: nothing is set up yet.
        Ok(Self { shell, prompt: Prompt { privileged: false, ..first } })
    }

    /// The terminal, if the device still listens: it may have closed it meanwhile.
    async fn revived(mut self, deadline: Instant) -> Option<Self> {
        self.shell.send("", deadline).await.ok()?;
        let own = |line: &str| Prompt::read(line).filter(|prompt| *prompt == self.prompt);
        self.shell.read_until(own, deadline).await.ok()?;
        Some(self)
    }
}

impl Dialogue<'_> {
    /// Asks for something that changes nothing.
    pub(super) async fn ask(&mut self, line: &CommandLine) -> Result<String, Fault> {
        let output = self.exchange(line).await?;
        match refusal_to_tell(self.console.family, line, &output) {
            Some(fault) => Err(self.after_changes(fault)),
            None => Ok(output),
        }
    }

    /// Asks about something that may not be there: `None`, in whatever words the device says so.
    pub(super) async fn ask_about(&mut self, line: &CommandLine) -> Result<Option<String>, Fault> {
        let output = self.exchange(line).await?;
        match refusal_to_tell(self.console.family, line, &output) {
            None => Ok(Some(output)),
            Some(fault) if says_there_is_none(&fault) => Ok(None),
            Some(fault) => Err(self.after_changes(fault)),
        }
    }

    /// The same, whatever the device says to it.
    pub(super) async fn ask_anyway(&mut self, line: &CommandLine) -> Result<String, Fault> {
        self.exchange(line).await
    }

    /// Tells the device something that may change it, and gives what it says.
    pub(super) async fn change(&mut self, line: &CommandLine) -> Result<String, Fault> {
        // A process that was stopped for long finds its time gone here, before it has sent anything.
        if Instant::now() >= self.deadline {
            return Err(lost(Silence::Timeout, self.timeout, self.changed));
        }
        let before = std::mem::replace(&mut self.changed, true);
        let output = self.exchange(line).await?;
        match refusal(self.console.family, line, &output) {
            Some(fault) => {
                self.changed = before;
                Err(self.after_changes(fault))
            }
            None => Ok(output),
        }
    }

    /// Goes into the configuration.
    pub(super) async fn configure(&mut self) -> Result<(), Fault> {
        let line = CommandLine::of("configure terminal");
        self.ask(&line).await?;
        if self.terminal.prompt.mode.is_none() {
            let message = "the device doesn't let this account configure it";
            return Err(Fault::Rejected(Complaint::new(format!("{}-rights", self.console.family), message)));
        }
        Ok(())
    }

    /// Leaves the configuration, from however deep in it.
    pub(super) async fn leave_configuration(&mut self) -> Result<(), Fault> {
        // Unity Express goes up one level at a time.
        for _ in 0..3 {
            if self.terminal.prompt.mode.is_none() {
                return Ok(());
            }
            self.exchange(&CommandLine::of("end")).await?;
        }
        Ok(())
    }

    /// Whether the device is in a mode of its configuration.
    pub(super) fn is_configuring(&self) -> bool {
        self.terminal.prompt.mode.is_some()
    }

    /// Ends the call; the terminal is kept for the next one. Without it the terminal is closed.
    pub(super) async fn finish(mut self) {
        if self.leave_configuration().await.is_ok() && self.terminal.prompt.mode.is_none() {
            *self.idle = Some(self.terminal);
        }
    }

    /// A complaint that says that nothing has happened can say so only of its own command.
    fn after_changes(&self, fault: Fault) -> Fault {
        match fault {
            Fault::NotSent { complaint, .. } | Fault::Busy { complaint, .. } if self.changed => {
                Fault::Unknown(complaint)
            }
            fault => fault,
        }
    }

    async fn prepare(&mut self) -> Result<(), Fault> {
        self.raise().await?;
        if let Some(module) = self.console.target.module.clone() {
            self.go_through(&module).await?;
            self.raise().await?;
        }
        self.leave_configuration().await?;
        for line in ["terminal length 0", "terminal width 511"] {
            // Whoever doesn't know one of them pages or wraps, and that can be read too.
            self.exchange(&CommandLine::of(line)).await?;
        }
        Ok(())
    }

    /// Takes all rights.
    async fn raise(&mut self) -> Result<(), Fault> {
        self.exchange(&CommandLine::of("")).await?;
        if self.terminal.prompt.privileged {
            return Ok(());
        }
        self.send("enable").await?;
        let host = self.terminal.prompt.host.clone();
        let asked = |line: &str| {
            let own = Prompt::read(line).filter(|prompt| prompt.is_of(&host));
            own.map(Some).or_else(|| line.trim_end().to_ascii_lowercase().ends_with("password:").then_some(None))
        };
        let prompt = match self.answer("enable", asked).await?.1 {
            Some(prompt) => prompt,
            None => {
                let secret = self.console.target.enable.clone();
                self.exchange_raw(secret.expose_secret(), NO_ECHO).await?.1
            }
        };
        self.terminal.prompt = prompt;
        if self.terminal.prompt.privileged {
            return Ok(());
        }
        let complaint = Complaint::new("enable-refused", "the device refuses the password of enable")
            .repair("Give the device the secret `enable`, or its account privilege level 15.");
        Err(Fault::NotSent { complaint, retry_after: None })
    }

    /// Goes on to the command line of a module of the router.
    async fn go_through(&mut self, module: &str) -> Result<(), Fault> {
        let line = format!("service-module {module} session");
        self.send(&line).await?;
        // The module shows its prompt when somebody presses a key; a router that can't go there shows its own.
        let host = self.terminal.prompt.host.clone();
        let opened = |received: &Screen| {
            let text = String::from_utf8_lossy(received.text());
            let text = behind_echo(&text, &line)?;
            let back = Prompt::read(text.lines().next_back()?).filter(|prompt| prompt.is_of(&host));
            text.contains("Open").then_some(true).or_else(|| back.map(|_| false))
        };
        let read = self.terminal.shell.read(opened, self.deadline).await;
        let (_, is_open) = read.map_err(|silence| lost(silence, self.timeout, self.changed))?;
        if !is_open {
            let message = format!("the router opens no session with {module}: somebody else may have it");
            let complaint = Complaint::new("module-refused", message)
                .repair("End the other session, with `service-module … session clear` if need be.");
            return Err(Fault::NotSent { complaint, retry_after: None });
        }
        self.send("").await?;
        let read = self.terminal.shell.read_until(Prompt::read, self.deadline).await;
        let (_, prompt) = read.map_err(|silence| lost(silence, self.timeout, self.changed))?;
        self.terminal.prompt = prompt;
        Ok(())
    }

    async fn exchange(&mut self, line: &CommandLine) -> Result<String, Fault> {
        let (output, prompt) = self.exchange_raw(line.text(), line.text()).await?;
        self.terminal.prompt = prompt;
        Ok(output)
    }

    /// Types a line and gives what comes up to the next prompt, without the line's own echo.
    async fn exchange_raw(&mut self, line: &str, echo: &str) -> Result<(String, Prompt), Fault> {
        self.send(line).await?;
        let host = self.terminal.prompt.host.clone();
        let asked = |last: &str| {
            let own = Prompt::read(last).filter(|prompt| prompt.is_of(&host));
            own.map(Some).or_else(|| last.trim_end().ends_with("[confirm]").then_some(None))
        };
        let (mut output, mut found) = self.answer(echo, asked).await?;
        loop {
            if let Some(prompt) = found {
                let before_prompt = output.rsplit_once('\n').map_or("", |(before, _)| before);
                return Ok((before_prompt.to_owned(), prompt));
            }
            self.send("").await?;
            let (text, next) = self.answer(NO_ECHO, asked).await?;
            output.push_str(&text);
            found = next;
        }
    }

    /// Waits for what `found` finds in the last line, behind the echo of what was typed; gives what stands behind it. A
    /// prompt before the echo is an earlier line's, or came with a message that the device had for everybody.
    async fn answer<T>(&mut self, echo: &str, found: impl Fn(&str) -> Option<T>) -> Result<(String, T), Fault> {
        let answered = |screen: &Screen| {
            let found = found(&String::from_utf8_lossy(screen.last_line()))?;
            behind_echo(&String::from_utf8_lossy(screen.text()), echo).map(|_| found)
        };
        let read = self.terminal.shell.read(answered, self.deadline).await;
        let (text, found) = read.map_err(|silence| lost(silence, self.timeout, self.changed))?;
        Ok((behind_echo(&text, echo).unwrap_or_default().to_owned(), found))
    }

    async fn send(&mut self, line: &str) -> Result<(), Fault> {
        let sent = self.terminal.shell.send(line, self.deadline).await;
        sent.map_err(|silence| lost(silence, self.timeout, self.changed))
    }
}

/// What is typed and not shown, or nothing at all: it is behind the line's end alone.
const NO_ECHO: &str = "";

/// What stands behind the line that shows what was typed; `None` while it isn't there.
fn behind_echo<'t>(text: &'t str, echo: &str) -> Option<&'t str> {
    let ends_line = |at: usize| text[at + echo.len()..].trim_start_matches(' ').strip_prefix('\n');
    match echo {
        NO_ECHO => text.split_once('\n').map(|(_, behind)| behind),
        _ => text.match_indices(echo).find_map(|(at, _)| ends_line(at)),
    }
}

fn lost(silence: Silence, timeout: Duration, changed: bool) -> Fault {
    let complaint = match silence {
        Silence::Closed => Complaint::new("connection-lost", "the device closed the connection"),
        Silence::Timeout => Complaint::new("timeout", format!("the device showed no prompt within {timeout:?}")),
        Silence::TooMuch => Complaint::new("answer-too-large", "the device's answer is larger than 16 MiB"),
    };
    if changed { Fault::Unknown(complaint) } else { Fault::NotSent { complaint, retry_after: None } }
}

impl fmt::Debug for Console {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Console").field("target", &self.target).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_behind_the_echo_is_an_answer() {
        fn behind(text: &str) -> Option<&str> {
            behind_echo(text, "show clock")
        }
        assert_eq!(behind("show clock\n10:22:33 UTC\nCME#"), Some("10:22:33 UTC\nCME#"));
        assert_eq!(behind("\n*** SHUTDOWN in 0:05:00 ***\nCME#"), None, "the device has said that to everybody");
        assert_eq!(behind("\n*** SHUTDOWN in 0:05:00 ***\nCME#show clock \n10:22\nCME#"), Some("10:22\nCME#"));
        assert_eq!(behind("show clock"), None, "the line isn't ended");
        assert_eq!(behind("show clock detail\n"), None, "that is another line's");
        assert_eq!(behind_echo("\nCME#", NO_ECHO), Some("CME#"));
        assert_eq!(behind_echo("CME#", NO_ECHO), None);
    }
}
