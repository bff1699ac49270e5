//! What the commands share: the service, the clock, the journal, the reporter, and the reads that start every command.

pub(crate) mod config_groups;
pub(crate) mod copy_command;
pub(crate) mod resolve;
pub(crate) mod retry_budget;

use std::time::Duration;

use crate::api::CdssApi;
use crate::clock::Clock;
use crate::error::{CommandError, StartState};
use crate::journal::Journal;
use crate::model::command_context::CommandContext;
use crate::model::kafka_version::KafkaVersion;
use crate::report::Report;
use crate::reporter::Reporter;
use crate::signals::Interrupted;
use crate::upgrade::rules::next_action::NextAction;
use crate::upgrade::rules::plan::Plan;
use crate::upgrade::rules::watch_thresholds::WatchThresholds;

/// The dependencies and the report of a running command.
pub(crate) struct Session<'a, A> {
    pub api: &'a A,
    pub clock: &'a dyn Clock,
    pub journal: &'a Journal,
    pub context: &'a CommandContext,
    pub reporter: &'a mut dyn Reporter,
    pub poll_interval: Duration,
    /// Filled in while the command runs.
    pub report: &'a mut Report,
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

    /// Returns the command that follows the upgrade of this plan. The previous version is that of the recorded start, if
    /// there is one: the plan was made after it.
    pub(crate) fn follow_command(&self, plan: &Plan) -> String {
        let previous = match &plan.next_action {
            NextAction::Attach(start) | NextAction::BusyWith(start) => start.from.map(KafkaVersion::unnamed),
            NextAction::FollowOtherChange => None,
            NextAction::NothingToDo | NextAction::RunChecks => plan.from.clone(),
        };
        let named = plan
            .from
            .clone()
            .filter(|from| previous.as_ref().is_some_and(|previous| previous.code == from.code));
        self.context.follow_command(plan.no, Some(&plan.to), named.or(previous).as_ref())
    }

    /// Describes where the command reads: site, region, the endpoint if it is not the site's own, and the profile.
    pub(crate) fn location(&self) -> String {
        let CommandContext { service, profile } = self.context;
        let endpoint = (!service.endpoint.is_ncp()).then(|| format!(" at {}", service.endpoint));
        let profile = profile.as_ref().map(|profile| format!(", profile {profile}"));
        let mut location = format!("{} {}", service.site, service.region);
        location.extend([endpoint, profile].into_iter().flatten());
        location
    }

    /// Returns a hint to the other regions and sites.
    pub(crate) fn other_regions_hint(&self) -> String {
        let service = &self.context.service;
        let others = service.region.other_regions(service.site);
        if others.is_empty() {
            "run `cdss list clusters` to list the clusters in this region; for another site, use --site and a key of that site"
                .to_owned()
        } else {
            format!(
                "run `cdss list clusters` to list the clusters in this region; for other regions ({}), use --region",
                others.join(", ")
            )
        }
    }
}

/// Creates the failure of a signal before any start.
pub(crate) fn interrupted_before_start(Interrupted(signal): Interrupted) -> CommandError {
    CommandError::Interrupted { signal, start: StartState::NotSent, follow: None }
}
