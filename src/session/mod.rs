//! The order of things, over traits: what is read when, what is asked, what is sent, what is watched.

pub(crate) mod config_groups;
pub(crate) mod copy_command;
pub(crate) mod resolve;
pub(crate) mod retry_budget;

use std::time::Duration;

use crate::api::CdssApi;
use crate::clock::{Clock, Interrupted};
use crate::error::{Failure, StartState};
use crate::journal::Journal;
use crate::model::command_context::CommandContext;
use crate::model::kafka_version::KafkaVersion;
use crate::report::Report;
use crate::reporter::Reporter;
use crate::upgrade::rules::next_action::NextAction;
use crate::upgrade::rules::plan::Plan;
use crate::upgrade::rules::watch_thresholds::WatchThresholds;

/// What every session works with.
pub(crate) struct Session<'a> {
    pub api: &'a dyn CdssApi,
    pub clock: &'a dyn Clock,
    pub journal: &'a Journal,
    pub context: &'a CommandContext,
    pub reporter: &'a mut dyn Reporter,
    /// Between two looks.
    pub poll_interval: Duration,
    /// Is filled in as things become known.
    pub report: &'a mut Report,
}

impl Session<'_> {
    pub(crate) fn watch_thresholds(&self) -> WatchThresholds {
        if self.context.service.endpoint.is_loopback() {
            WatchThresholds::LOOPBACK
        } else {
            WatchThresholds::REMOTE
        }
    }

    /// Returns the command that follows the upgrade of this plan from anywhere. A start that is watched knows the version
    /// before better than a plan that was made after it.
    pub(crate) fn follow_command(&self, plan: &Plan) -> String {
        let before = match &plan.next_action {
            NextAction::Attach(start) | NextAction::BusyWith(start) => start.from.map(KafkaVersion::nameless),
            NextAction::FollowOtherChange => None,
            NextAction::NothingToDo | NextAction::RunChecks => plan.from.clone(),
        };
        let named =
            plan.from.clone().filter(|from| before.as_ref().is_some_and(|before| before.code == from.code));
        self.context.follow(plan.no, Some(&plan.to), named.or(before).as_ref())
    }

    /// Says where things are looked for: site, region, the address when it is not the site's own, and the profile
    /// that was asked for.
    pub(crate) fn location(&self) -> String {
        let CommandContext { service, profile } = self.context;
        let own = (!service.endpoint.is_ncp()).then(|| format!(" at {}", service.endpoint));
        let profile = profile.as_ref().map(|profile| format!(", profile {profile}"));
        let mut place = format!("{} {}", service.site, service.region);
        place.extend([own, profile].into_iter().flatten());
        place
    }

    /// Says where else a thing may be.
    pub(crate) fn other_regions_hint(&self) -> String {
        let service = &self.context.service;
        let others = service.region.others_of(service.site);
        if others.is_empty() {
            "`cdss list clusters` shows those of this region; other sites need --site and their own key"
                .to_owned()
        } else {
            format!(
                "`cdss list clusters` shows those of this region; others are {} (--region)",
                others.join(", ")
            )
        }
    }
}

pub(crate) fn interrupted_before_start(Interrupted(signal): Interrupted) -> Failure {
    Failure::Signal { signal, sent: StartState::No, follow: None }
}
