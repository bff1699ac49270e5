//! `status`: what the cluster is doing now, and on to the end with `--watch`.

use std::time::Duration;

use super::run::conclude;
use super::watch::{Watch, WatchEnd};
use crate::api::ApiError;
use crate::error::{Failure, StartState};
use crate::model::cluster::agreed_identity;
use crate::model::config_group::ConfigGroup;
use crate::model::kafka_version::{KafkaVersion, VersionSelector};
use crate::model::open_start::{self, OpenStart};
use crate::model::selector::Selector;
use crate::model::verdict::Verdict;
use crate::session::Session;
use crate::upgrade::rules::progress::{Expectation, ExpectedBrokers, Ownership, Progress, WatchResult};

/// How `status` is asked.
#[derive(Debug, Clone)]
pub(crate) struct StatusRequest {
    pub cluster: Selector,
    pub version: Option<VersionSelector>,
    /// The version before.
    pub previous_version: Option<VersionSelector>,
    pub watch: bool,
    pub timeout: Duration,
}

/// Looks once, or follows to the end.
///
/// # Errors
///
/// With a version and an open start of this journal, the ends of `upgrade`; otherwise a change that did not reach the
/// version, an error state, or a deadline. Nothing is ever started.
pub(crate) fn status(flow: &mut Session<'_>, following: &StatusRequest) -> Result<(), Failure> {
    let found = flow.resolve_cluster(&following.cluster)?;
    let status = found.health.as_ref().map(|health| &health.identity);
    let no = found.cluster.no;
    if let Err(conflict) =
        agreed_identity(no, found.listed_identity.as_ref(), &found.cluster.identity, status)
    {
        return Err(Failure::Read(ApiError::Unreadable {
            operation: "getClusterInfo",
            status: 200,
            what: format!("answers about different clusters: {conflict}"),
            request_id: None,
        }));
    }
    let target = match &following.version {
        Some(selector) => Some(selector.find(&found.offered_versions)?.version),
        None => None,
    };
    let before = match &following.previous_version {
        Some(selector) => Some(selector.find(&found.offered_versions)?.version),
        None => None,
    };
    flow.report.to.clone_from(&target);
    let now = flow.clock.now();
    flow.record_cluster(now, &found.cluster);
    if let Some(health) = &found.health {
        flow.record_health(now, "getClusterStatus", health);
        flow.report.brokers.record(health, Duration::ZERO);
    }
    if !following.watch {
        flow.report.ended_at = Some(flow.clock.now());
        return Ok(());
    }
    let name = found.cluster.name.clone();
    let open = flow.journal.state(&flow.context.service, no).open_starts;
    let open = target.as_ref().and_then(|target| open_start::for_version(&open, target.code)).cloned();
    let expected = Expectation {
        target: target.as_ref().map(|target| target.code),
        previous: open.as_ref().and_then(|start| start.from).or(before.as_ref().map(|before| before.code)),
        brokers: ExpectedBrokers::new(
            open.iter().flat_map(|start| start.brokers.iter().cloned()),
            found.cluster.brokers,
        ),
    };
    let mut progress = Progress::new(flow.watch_thresholds(), Ownership::Ours, expected);
    progress.add_known_restarts(open.iter().flat_map(|start| start.restarted.iter().cloned()), []);
    let (timeout, origin) = (Some(following.timeout), flow.clock.elapsed());
    let end = Watch { no, name: &name, progress, timeout, origin, records_brokers: false }.run(flow);
    flow.report.ended_at = Some(flow.clock.now());
    if target.is_none()
        && let Some(last) = &flow.report.last_cluster
    {
        // Without a target there is no "from" and "to": what is told is what the cluster has now.
        flow.report.current_group_no = last.config_group;
        if last.version != found.cluster.version {
            let offered =
                found.offered_versions.iter().find(|offer| Some(offer.code) == last.version).cloned();
            flow.report.from = offered.or(last.version.map(KafkaVersion::nameless));
        }
    }
    let follow = flow.context.follow(no, target.as_ref(), before.as_ref());
    if let (Some(target), WatchEnd::Finished(WatchResult::AtTarget)) = (&target, &end) {
        flow.report.group_to =
            open.as_ref().map(|start| ConfigGroup::nameless(start.config_group, target.code));
        flow.report_current_group();
    }
    match (target, end) {
        (Some(target), end) => match open {
            Some(start) => conclude_recorded(flow, end, &start, &name, follow),
            None => conclude_unrecorded(flow, end, &name, &target, follow),
        },
        (None, WatchEnd::Finished(WatchResult::AtTarget)) => Ok(()),
        (None, WatchEnd::Finished(WatchResult::NoChangeObserved)) => {
            flow.reporter.note("nothing to follow: the cluster was not seen to change");
            Ok(())
        }
        (
            None,
            WatchEnd::Finished(
                WatchResult::InError | WatchResult::AtPreviousVersion | WatchResult::AtOtherVersion(_),
            ),
        ) => Err(Failure::Failed { what: format!("the state of {name} is error") }),
        (None, WatchEnd::GaveUp { reason: why, is_still_changing: true }) => {
            Err(Failure::StillRunning { why, follow })
        }
        (None, WatchEnd::GaveUp { reason: why, is_still_changing: false }) => {
            Err(Failure::Lost { why, follow })
        }
        (None, WatchEnd::Interrupted { signal, change_observed: seen_to_change }) => {
            let sent = if seen_to_change { StartState::Watching } else { StartState::Idle };
            Err(Failure::Signal { signal, sent, follow: Some(follow) })
        }
    }
}

/// Gives the verdict of `upgrade` about a start of this journal. One that needs no further look closes it, whichever
/// run sent it.
fn conclude_recorded(
    flow: &mut Session<'_>,
    end: WatchEnd,
    start: &OpenStart,
    name: &str,
    follow: String,
) -> Result<(), Failure> {
    let outcome = conclude(flow, end, start.answer, name, follow);
    let is_final = flow.report.verdict.is_some_and(Verdict::closes_a_start);
    flow.report.start_run = is_final.then(|| start.run.clone());
    outcome
}

/// Ends the watch of a change that no start of this journal explains. Nothing is known of how it began, so nothing but
/// a return to the version that `--from` names is a failure.
fn conclude_unrecorded(
    flow: &mut Session<'_>,
    end: WatchEnd,
    name: &str,
    target: &KafkaVersion,
    follow: String,
) -> Result<(), Failure> {
    let what = match end {
        WatchEnd::Finished(WatchResult::AtTarget) => {
            flow.report.verdict = Some(Verdict::Done);
            return Ok(());
        }
        WatchEnd::Finished(WatchResult::AtPreviousVersion) => {
            flow.report.verdict = Some(Verdict::Failed);
            let what = format!("{name} is healthy but did not reach the target version");
            return Err(Failure::Failed { what });
        }
        WatchEnd::Interrupted { signal, change_observed: seen_to_change } => {
            let sent = if seen_to_change { StartState::Watching } else { StartState::Idle };
            return Err(Failure::Signal { signal, sent, follow: Some(follow) });
        }
        WatchEnd::Finished(WatchResult::InError) => format!("the state of {name} is error"),
        WatchEnd::Finished(WatchResult::NoChangeObserved | WatchResult::AtOtherVersion(_)) => {
            format!("{name} is idle and not at {target}")
        }
        WatchEnd::GaveUp { reason: why, is_still_changing: true } => {
            format!("{name} is still changing: {why}")
        }
        WatchEnd::GaveUp { reason: why, is_still_changing: false } => why,
    };
    Err(Failure::Busy { what, hint: Some(format!("check the cluster again with: {follow}")) })
}
