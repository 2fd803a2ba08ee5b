use std::process::ExitCode;

/// How a command ended, as its exit code tells. Usage errors end with 2, which is clap's.
///
/// When several fit, the one that is worse for whoever waits wins: the order of the variants.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    /// All well.
    #[default]
    Done,
    /// The file, or some of its rows, were refused.
    Refused,
    /// The run is over, and not every row is completed.
    Incomplete,
    /// It failed.
    Failed,
    /// A person or the system stopped it.
    Interrupted,
}

impl Exit {
    /// The code of wrong usage: clap ends with it, and so does a wrong configuration.
    pub(crate) const USAGE: u8 = 2;
    /// The code of an interrupted command, as shells have it: 128 and the number of SIGINT.
    pub(crate) const INTERRUPTED: u8 = 130;

    /// What both say together.
    pub(crate) fn and(self, other: Self) -> Self {
        self.max(other)
    }

    /// The code.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failed => 1,
            Self::Refused => 3,
            Self::Incomplete => 4,
            Self::Interrupted => Self::INTERRUPTED,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::Exit;

    #[test]
    fn a_failure_outweighs_an_open_row_and_an_open_row_a_refused_one() {
        let code = |exits: &[Exit]| exits.iter().copied().fold(Exit::Done, Exit::and).code();
        assert_eq!(code(&[]), 0);
        assert_eq!(code(&[Exit::Refused, Exit::Done]), 3);
        assert_eq!(code(&[Exit::Incomplete, Exit::Refused]), 4);
        assert_eq!(code(&[Exit::Incomplete, Exit::Failed, Exit::Refused]), 1);
    }
}
