//! The order of things, over traits: what is read when, what is asked, what is sent, what is watched.

mod attempts;
mod check;
mod choosing;
mod copy;
mod group_diff;
mod groups;
mod look;
mod resolve;
mod snapshot;
mod start;
mod status;
mod upgrade;
mod verify;
mod watch;

use std::time::Duration;

pub(crate) use check::{check, check_all};
pub(crate) use copy::{Copying, Source, Wish, copy};
pub(crate) use group_diff::diff;
pub(crate) use groups::{AllGroups, all_groups};
pub(crate) use resolve::Request;
pub(crate) use status::{Following, status};
pub(crate) use upgrade::{Asking, Waiting, upgrade};
pub(crate) use verify::verify;

use crate::api::CdssApi;
use crate::clock::{Clock, Interrupted};
use crate::domain::course::Course;
use crate::domain::follow_command::Surroundings;
use crate::domain::plan::Plan;
use crate::domain::progress::Patience;
use crate::domain::report::Report;
use crate::domain::tell::Tell;
use crate::domain::version::KafkaVersion;
use crate::failure::{Failure, Sent};
use crate::journal::Journal;

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
    fn patience(&self) -> Patience {
        if self.surroundings.service.endpoint.is_loopback() { Patience::LOOPBACK } else { Patience::REMOTE }
    }

    /// Returns the command that follows the upgrade of this plan from anywhere. A start that is watched knows the version
    /// before better than a plan that was made after it.
    fn follow_command(&self, plan: &Plan) -> String {
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
    fn place(&self) -> String {
        let Surroundings { service, profile } = self.surroundings;
        let own = (!service.endpoint.is_ncp()).then(|| format!(" at {}", service.endpoint));
        let profile = profile.as_ref().map(|profile| format!(", profile {profile}"));
        let mut place = format!("{} {}", service.site, service.region);
        place.extend([own, profile].into_iter().flatten());
        place
    }

    /// Says where else a thing may be.
    fn elsewhere(&self) -> String {
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

#[cfg(test)]
mod tests;

fn before_start(Interrupted(signal): Interrupted) -> Failure {
    Failure::Signal { signal, sent: Sent::No, follow: None }
}
