//! Exit codes. Scripts depend on them, so they do not change.

use std::fmt::Write as _;

/// The result of a process, as reported to the shell.
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

    /// Returns the name in the JSON output, which is also `error.kind`.
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

    /// Returns the description for `--help` and the README.
    pub(crate) const fn meaning(self) -> &'static str {
        match self {
            Self::Ok => "success, nothing to do, or start accepted (--no-wait)",
            Self::Internal => "internal error; nothing was started",
            Self::Usage => "invalid arguments or configuration",
            Self::NotFound => "not found, or the name is ambiguous",
            Self::Auth => "missing or invalid credentials, or insufficient permissions",
            Self::Blocked => "blocked by a check",
            Self::Rejected => "the service refused the start or the new config group",
            Self::Failed => "the upgrade failed, or the copied config group does not match",
            Self::Running => "timed out; the upgrade is still running",
            Self::Unknown => "outcome unknown; check before retrying",
            Self::NotConfirmed => "not confirmed (declined, or non-interactive without --yes)",
            Self::Busy => "the cluster is busy, or another cdss run holds the lock",
            Self::Unreachable => "network, server, or rate-limit error; nothing was started",
            Self::Different => "config-group diff --exit-code found a difference",
            Self::Hangup => "hangup; the message says whether the start was sent",
            Self::Interrupted => "Ctrl-C; the message says whether the start was sent",
            Self::Terminated => "terminated; the message says whether the start was sent",
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
    fn exit_codes_are_stable() {
        let codes: Vec<u8> = Exit::ALL.into_iter().map(Exit::code).collect();
        assert_eq!(codes, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 20, 129, 130, 143]);
    }
}
