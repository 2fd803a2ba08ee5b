/// What stands before the cursor when the device waits for a command: `CME#`, `CME(config-ephone-dn)#`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Prompt {
    /// The name of the device, cut off where it is long.
    pub(super) host: String,
    /// What is in brackets; `None` where commands begin.
    pub(super) mode: Option<String>,
    /// Whether everything may be done.
    pub(super) privileged: bool,
}

/// A longer name is cut off by the device in its longer prompts.
const SURELY_SHOWN: usize = 8;

impl Prompt {
    /// Reads a line that may be a prompt.
    pub(super) fn read(line: &str) -> Option<Self> {
        let line = line.trim();
        let (body, privileged) = match line.strip_suffix('#') {
            Some(body) => (body, true),
            None => (line.strip_suffix('>')?, false),
        };
        let (host, mode) = match body.split_once('(') {
            Some((host, mode)) => (host, Some(mode.strip_suffix(')')?)),
            None => (body, None),
        };
        let named = |text: &str| {
            !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_./".contains(&byte))
        };
        let whole = named(host) && host.len() <= 63 && mode.is_none_or(named);
        whole.then(|| Self { host: host.to_owned(), mode: mode.map(str::to_owned), privileged })
    }

    /// Whether another prompt is the same device's.
    pub(super) fn is_of(&self, host: &str) -> bool {
        let (short, long) = if self.host.len() < host.len() { (&*self.host, host) } else { (host, &*self.host) };
        long.starts_with(short) && short.len() >= long.len().min(SURELY_SHOWN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prompts_are_told_from_other_lines() {
        let prompt = Prompt::read("CME(config-ephone-dn)#").unwrap();
        assert_eq!(
            (prompt.host.as_str(), prompt.mode.as_deref(), prompt.privileged),
            ("CME", Some("config-ephone-dn"), true)
        );
        let prompt = Prompt::read("\rse-10-0-0-2> ").unwrap();
        assert_eq!((prompt.host.as_str(), prompt.mode, prompt.privileged), ("se-10-0-0-2", None, false));
        for line in
            ["", "#", ">", " name A#", "Password:", "-- More --", "hostname CME", "<b>", "a b>", "(config)#", "x(#"]
        {
            assert_eq!(Prompt::read(line), None, "{line}");
        }
    }

    #[test]
    fn a_long_name_may_be_cut_off() {
        let of = |line: &str, host: &str| Prompt::read(line).unwrap().is_of(host);
        assert!(of("branch-office-berlin(config)#", "branch-office-berlin-1"));
        assert!(of("CME#", "CME"));
        assert!(!of("C#", "CME"));
        assert!(!of("branch#", "branch-office-berlin-1"));
        assert!(!of("other#", "CME"));
    }
}
