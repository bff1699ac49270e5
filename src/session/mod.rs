//! The order of things, over traits: what is read when, what is asked, what is sent, what is watched.

pub(crate) mod attempts;
pub(crate) mod config_groups;
pub(crate) mod copy_command;
pub(crate) mod resolve;

use std::time::Duration;

use crate::api::CdssApi;
use crate::clock::{Clock, Interrupted};
use crate::error::{Failure, Sent};
use crate::journal::Journal;
use crate::model::command_context::Surroundings;
use crate::model::kafka_version::KafkaVersion;
use crate::report::Report;
use crate::reporter::Tell;
use crate::upgrade::rules::next_action::Course;
use crate::upgrade::rules::plan::Plan;
use crate::upgrade::rules::progress::Patience;

/// What every flow works with.
pub(crate) struct Flow<'a> {
    pub api: &'a dyn CdssApi,
    pub clock: &'a dyn Clock,
    pub journal: &'a Journal,
    pub surroundings: &'a Surroundings,
    pub tell: &'a mut dyn Tell,
    /// Between two looks.
    pub poll: Duration,
    /// Is filled in as things become known.
    pub report: &'a mut Report,
}

impl Flow<'_> {
    pub(crate) fn patience(&self) -> Patience {
        if self.surroundings.service.endpoint.is_loopback() { Patience::LOOPBACK } else { Patience::REMOTE }
    }

    /// Returns the command that follows the upgrade of this plan from anywhere. A start that is watched knows the version
    /// before better than a plan that was made after it.
    pub(crate) fn follow_command(&self, plan: &Plan) -> String {
        let before = match &plan.course {
            Course::Attach(start) | Course::BusyWith(start) => start.from.map(KafkaVersion::nameless),
            Course::Follow => None,
            Course::Already | Course::Checks => plan.from.clone(),
        };
        let named =
            plan.from.clone().filter(|from| before.as_ref().is_some_and(|before| before.code == from.code));
        self.surroundings.follow(plan.no, Some(&plan.to), named.or(before).as_ref())
    }

    /// Says where things are looked for: site, region, the address when it is not the site's own, and the profile
    /// that was asked for.
    pub(crate) fn place(&self) -> String {
        let Surroundings { service, profile } = self.surroundings;
        let own = (!service.endpoint.is_ncp()).then(|| format!(" at {}", service.endpoint));
        let profile = profile.as_ref().map(|profile| format!(", profile {profile}"));
        let mut place = format!("{} {}", service.site, service.region);
        place.extend([own, profile].into_iter().flatten());
        place
    }

    /// Says where else a thing may be.
    pub(crate) fn elsewhere(&self) -> String {
        let service = &self.surroundings.service;
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

pub(crate) fn before_start(Interrupted(signal): Interrupted) -> Failure {
    Failure::Signal { signal, sent: Sent::No, follow: None }
}
