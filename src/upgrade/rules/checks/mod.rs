//! The checks: what speaks for and against an upgrade, each with an id, a reason and a remedy.

use super::acceptance::Acceptances;
use super::checks::policy::{Override, check_policy};
use crate::model::characters::is_harmful;
use crate::model::command_context::quote;

mod config_group;
mod evaluate;
pub(crate) mod policy;
mod settings;
#[cfg(test)]
pub(crate) mod tests;

pub(crate) use config_group::other_group_check;
pub(crate) use evaluate::{evaluate, setting_changes};

/// What a check found. An accepted block stays a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CheckResult {
    Pass,
    Info,
    Warn,
    Block,
    /// Not looked at, for the reason given.
    Skipped,
}

impl CheckResult {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Block => "block",
            Self::Skipped => "skipped",
        }
    }
}

/// One check with its outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Check {
    pub id: &'static str,
    pub result: CheckResult,
    /// The settings or runs it is about; empty for a check without items.
    pub items: Vec<String>,
    pub reason: String,
    pub remedy: Option<String>,
    /// What `--accept` took: some of the items, or `*` where there are none and the bare id was accepted.
    pub accepted: Vec<String>,
    /// The service's own words.
    pub service_message: Option<String>,
    pub request_id: Option<String>,
}

/// What to do about a journal that can't be used.
pub(crate) const JOURNAL_REMEDY: &str = "make it a plain file in a folder that you can write";

/// Returns true for an item that can be printed, pasted, and parsed in the list of `--accept`.
fn is_valid_list_item(item: &str) -> bool {
    !item.is_empty() && item.trim() == item && !item.contains(|c| c == ',' || is_harmful(c))
}

impl Check {
    pub(crate) fn new(id: &'static str, result: CheckResult, reason: impl Into<String>) -> Self {
        Self {
            id,
            result,
            items: Vec::new(),
            reason: reason.into(),
            remedy: None,
            accepted: Vec::new(),
            service_message: None,
            request_id: None,
        }
    }

    pub(super) fn pass(id: &'static str, reason: impl Into<String>) -> Self {
        Self::new(id, CheckResult::Pass, reason)
    }

    pub(crate) fn block(id: &'static str, reason: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { remedy: Some(remedy.into()), ..Self::new(id, CheckResult::Block, reason) }
    }

    /// Returns true when this check stops an upgrade: it blocks, and not all of it was accepted.
    pub(crate) fn is_blocking(&self) -> bool {
        let all_accepted = if self.items.is_empty() {
            !self.accepted.is_empty()
        } else {
            self.items.iter().all(|item| self.accepted.contains(item))
        };
        self.result == CheckResult::Block && !all_accepted
    }

    /// Returns the flag that would accept what still stops, ready to paste. Whoever may write a config group chooses the
    /// names in it, so they are quoted for the shell; None for those that the flag can't carry.
    pub(crate) fn accept_flag(&self) -> Option<String> {
        if !self.is_blocking() {
            return None;
        }
        let open: Vec<&str> = self.items.iter().map(String::as_str).collect();
        match check_policy(self.id)?.overridable {
            Override::Never => None,
            Override::ByItem(_) if open.iter().any(|item| !is_valid_list_item(item)) => None,
            Override::ByItem(_) if !open.is_empty() => {
                Some(format!("--accept {}", quote(&format!("{}={}", self.id, open.join(",")))))
            }
            Override::ById | Override::ByItem(_) => Some(format!("--accept {}", self.id)),
        }
    }

    pub(super) fn with_acceptances(mut self, accepted: &Acceptances) -> Self {
        if self.result == CheckResult::Block
            && check_policy(self.id).is_some_and(|rule| rule.overridable != Override::Never)
        {
            self.accepted = if self.items.is_empty() {
                accepted.includes_check(self.id).then(|| "*".to_owned()).into_iter().collect()
            } else {
                self.items.iter().filter(|item| accepted.includes_item(self.id, item)).cloned().collect()
            };
        }
        self
    }
}
