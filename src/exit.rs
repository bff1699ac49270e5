//! Exit codes. Scripts depend on them, so they do not change.

use std::fmt::Write as _;

use serde::Serialize;
use strum::{Display, IntoStaticStr, VariantArray};

/// The result of a process, as reported to the shell. Its name is `error.kind` in the JSON output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display, IntoStaticStr, VariantArray, Serialize)]
#[strum(serialize_all = "kebab-case")]
#[serde(into = "&'static str")]
#[repr(u8)]
pub(crate) enum Exit {
    Ok = 0,
    Internal = 1,
    Usage = 2,
    NotFound = 3,
    Auth = 4,
    Blocked = 5,
    Rejected = 6,
    Failed = 7,
    Running = 8,
    Unknown = 9,
    NotConfirmed = 10,
    Busy = 11,
    Unreachable = 12,
    Different = 20,
    #[strum(serialize = "signal")]
    Hangup = 129,
    #[strum(serialize = "signal")]
    Interrupted = 130,
    #[strum(serialize = "signal")]
    Terminated = 143,
}

impl Exit {
    pub(crate) const fn code(self) -> u8 {
        self as u8
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
        for exit in Self::VARIANTS {
            let _infallible = writeln!(text, "  {:>3}  {:<13}  {}", exit.code(), exit, exit.meaning());
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exit_codes_are_stable() {
        let codes: Vec<u8> = Exit::VARIANTS.iter().map(|exit| exit.code()).collect();
        assert_eq!(codes, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 20, 129, 130, 143]);
    }
}
