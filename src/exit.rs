//! The numbers that a process of `cdss` ends with: the contract with scripts, in one place.

use std::fmt::Write as _;

/// Why the process ended, as a shell sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    Ok,
    Internal,
    Usage,
    NotFound,
    Auth,
    Blocked,
    Rejected,
    Failed,
    Running,
    Unknown,
    NotConfirmed,
    Busy,
    Unreachable,
    Different,
    Hangup,
    Interrupted,
    Terminated,
}

impl Exit {
    pub(crate) const ALL: [Self; 17] = [
        Self::Ok,
        Self::Internal,
        Self::Usage,
        Self::NotFound,
        Self::Auth,
        Self::Blocked,
        Self::Rejected,
        Self::Failed,
        Self::Running,
        Self::Unknown,
        Self::NotConfirmed,
        Self::Busy,
        Self::Unreachable,
        Self::Different,
        Self::Hangup,
        Self::Interrupted,
        Self::Terminated,
    ];

    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::Internal => 1,
            Self::Usage => 2,
            Self::NotFound => 3,
            Self::Auth => 4,
            Self::Blocked => 5,
            Self::Rejected => 6,
            Self::Failed => 7,
            Self::Running => 8,
            Self::Unknown => 9,
            Self::NotConfirmed => 10,
            Self::Busy => 11,
            Self::Unreachable => 12,
            Self::Different => 20,
            Self::Hangup => 129,
            Self::Interrupted => 130,
            Self::Terminated => 143,
        }
    }

    /// The word in documents; `error.kind` is the same.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Internal => "internal",
            Self::Usage => "usage",
            Self::NotFound => "not-found",
            Self::Auth => "auth",
            Self::Blocked => "blocked",
            Self::Rejected => "rejected",
            Self::Failed => "failed",
            Self::Running => "running",
            Self::Unknown => "unknown",
            Self::NotConfirmed => "not-confirmed",
            Self::Busy => "busy",
            Self::Unreachable => "unreachable",
            Self::Different => "different",
            Self::Hangup | Self::Interrupted | Self::Terminated => "signal",
        }
    }

    /// When it comes out, for help and README.
    pub(crate) const fn meaning(self) -> &'static str {
        match self {
            Self::Ok => "done; already there; possible; accepted with --no-wait; told",
            Self::Internal => "a defect of cdss, before any start",
            Self::Usage => "known to be wrong without asking the service",
            Self::NotFound => "what was named is not there, or is not one thing",
            Self::Auth => "no keys, half a pair, wrong or insufficient",
            Self::Blocked => "a check blocks",
            Self::Rejected => "the service refused the start, or the new config group",
            Self::Failed => "started and ended badly; or a copied config group isn't right",
            Self::Running => "the deadline came first; the upgrade goes on",
            Self::Unknown => "the fate of a start or of a copy is not known; look first",
            Self::NotConfirmed => "declined, or nobody to ask and no --yes",
            Self::Busy => "the cluster is changing for another reason, or another run is at it",
            Self::Unreachable => "network, server error or rate limit, before any start",
            Self::Different => "config-group diff --exit-code, and a setting differs",
            Self::Hangup => "hang-up; the text says whether the start was sent",
            Self::Interrupted => "Ctrl-C; the text says whether the start was sent",
            Self::Terminated => "terminated; the text says whether the start was sent",
        }
    }

    /// Returns the table of all codes as aligned lines, for `--help`.
    pub(crate) fn table() -> String {
        let mut text = String::from("Exit codes:\n");
        for exit in Self::ALL {
            let _infallible = writeln!(text, "  {:>3}  {:<13}  {}", exit.code(), exit.name(), exit.meaning());
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_numbers_are_the_contract() {
        let codes: Vec<u8> = Exit::ALL.into_iter().map(Exit::code).collect();
        assert_eq!(codes, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 20, 129, 130, 143]);
    }
}
