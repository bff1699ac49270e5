//! What the commands share: the service, the clock, the journal, the reporter, and the reads that start every command.

pub(crate) mod brokers;
pub(crate) mod config_groups;
pub(crate) mod copy_command;
pub(crate) mod resolve;
pub(crate) mod retry_budget;
pub(crate) mod sent_change;

use std::cell::RefCell;
use std::time::Duration;

use brokers::Brokers;
use sent_change::SentChange;

use crate::api::CdssApi;
use crate::clock::Clock;
use crate::error::{CommandError, StartState};
use crate::journal::Journal;
use crate::model::command_context::CommandContext;
use crate::reporter::Reporter;
use crate::signals::Interrupted;
use crate::upgrade::rules::watch_thresholds::WatchThresholds;

/// The dependencies of a running command.
pub(crate) struct Session<'a, A> {
    pub api: &'a A,
    pub clock: &'a dyn Clock,
    pub journal: &'a Journal,
    pub context: &'a CommandContext,
    pub reporter: &'a mut dyn Reporter,
    pub poll_interval: Duration,
    pub brokers: &'a Brokers,
    /// Survives a panic.
    pub sent_change: &'a RefCell<SentChange>,
}

impl<A: CdssApi> Session<'_, A> {
    /// Returns the thresholds for the endpoint: shorter ones on loopback.
    pub(crate) fn watch_thresholds(&self) -> WatchThresholds {
        if self.context.service.endpoint.is_loopback() {
            WatchThresholds::LOOPBACK
        } else {
            WatchThresholds::REMOTE
        }
    }
}

/// Creates the failure of a signal before any start.
pub(crate) fn interrupted_before_start(Interrupted(signal): Interrupted) -> CommandError {
    CommandError::Interrupted { signal, start: StartState::NotSent, follow: None }
}
