//! The checks of an upgrade, each with an id, a result, a reason, and a remedy.
//!
//! To add a check, add it to [`CheckId`], and write a function that returns a [`Check`] in the file of its topic and
//! call the function there.

use serde::Serialize;
use strum::{Display, IntoStaticStr, VariantNames};

use super::acceptance::Acceptances;
use crate::model::characters::is_unsafe_to_display;
use crate::model::command_context::shell_quote;

mod check_id;
mod config_group;
mod data_plane;
mod evaluate;
mod remedy;
mod settings;
#[cfg(test)]
pub(crate) mod tests;

pub(crate) use check_id::{CheckId, ItemKind, Override};
pub(crate) use config_group::other_group_check;
pub(crate) use data_plane::cluster_checks;
pub(crate) use evaluate::{evaluate, setting_changes};
pub(crate) use remedy::Remedy;

/// The result of a check. An overridden block is still a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display, Serialize, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "lowercase")]
#[serde(into = "&'static str")]
pub(crate) enum CheckResult {
    Pass,
    Info,
    Warn,
    Block,
    /// Not evaluated, for the given reason.
    Skipped,
}

impl CheckResult {
    /// Returns how bad the result is, to compare it with an earlier one. What was not evaluated may block.
    pub(super) const fn severity(self) -> u8 {
        match self {
            Self::Pass => 0,
            Self::Info => 1,
            Self::Skipped => 2,
            Self::Warn => 3,
            Self::Block => 4,
        }
    }
}

/// A check with its result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Check {
    pub id: CheckId,
    pub result: CheckResult,
    /// The affected settings, runs, or topics; empty for a check without items.
    pub items: Vec<String>,
    pub reason: String,
    pub remedy: Option<Remedy>,
    /// The items that `--accept` overrides, or `*` if there are no items and the id was accepted.
    pub accepted: Vec<String>,
    /// The service's own message.
    pub service_message: Option<String>,
    pub request_id: Option<String>,
}

/// The maximum number of topics in an option that is ready to paste.
///
/// Chosen: about five lines of a terminal. For more topics, the names are in the JSON document.
const MAX_PASTED_TOPICS: usize = 20;

/// Returns true if the item can be printed, pasted, and parsed in the item list of `--accept`.
fn is_valid_list_item(item: &str) -> bool {
    !item.is_empty() && item.trim() == item && !item.contains(|c| c == ',' || is_unsafe_to_display(c))
}

impl Check {
    pub(crate) fn new(id: CheckId, result: CheckResult, reason: impl Into<String>) -> Self {
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

    /// Creates a check that passes.
    pub(crate) fn pass(id: CheckId, reason: impl Into<String>) -> Self {
        Self::new(id, CheckResult::Pass, reason)
    }

    /// Creates a check that blocks.
    pub(crate) fn block(id: CheckId, reason: impl Into<String>, remedy: impl Into<Remedy>) -> Self {
        Self { remedy: Some(remedy.into()), ..Self::new(id, CheckResult::Block, reason) }
    }

    /// Returns true if this check blocks the upgrade and was not completely accepted.
    pub(crate) fn is_blocking(&self) -> bool {
        let all_accepted = if self.items.is_empty() {
            !self.accepted.is_empty()
        } else {
            self.items.iter().all(|item| self.accepted.contains(item))
        };
        self.result == CheckResult::Block && !all_accepted
    }

    /// Returns the option that overrides this check, ready to paste; None if it can't be overridden, or has more topics
    /// than anyone reads before pasting them.
    ///
    /// Other users choose the names of settings and topics, so the items are quoted for the shell.
    pub(crate) fn accept_flag(&self) -> Option<String> {
        if !self.is_blocking() {
            return None;
        }
        let open: Vec<&str> = self.items.iter().map(String::as_str).collect();
        match self.id.overridable() {
            Override::Never => None,
            Override::ByItem(ItemKind::Topic) if open.len() > MAX_PASTED_TOPICS => None,
            Override::ByItem(_) if open.iter().any(|item| !is_valid_list_item(item)) => None,
            Override::ByItem(ItemKind::Topic) if open.is_empty() => None,
            Override::ByItem(_) if !open.is_empty() => {
                Some(format!("--accept {}", shell_quote(&format!("{}={}", self.id, open.join(",")))))
            }
            Override::ById | Override::ByItem(_) => Some(format!("--accept {}", self.id)),
        }
    }

    /// Records which items of this check were accepted.
    pub(super) fn with_acceptances(mut self, accepted: &Acceptances) -> Self {
        if self.result == CheckResult::Block && self.id.overridable() != Override::Never {
            self.accepted = if self.items.is_empty() {
                accepted.includes_check(self.id).then(|| "*".to_owned()).into_iter().collect()
            } else {
                self.items.iter().filter(|item| accepted.includes_item(self.id, item)).cloned().collect()
            };
        }
        self
    }
}
