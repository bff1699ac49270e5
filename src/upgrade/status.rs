//! `status`: shows the cluster status, or watches until the change finishes.

use std::time::Duration;

use super::follow::conclude;
use super::watch::{Watch, WatchEnd};
use crate::api::{ApiError, CdssApi};
use crate::error::{BusyReason, CommandError, StartState, UpgradeFailure};
use crate::model::cluster::reconcile_identity;
use crate::model::config_group::ConfigGroup;
use crate::model::kafka_version::{KafkaVersion, VersionSelector};
use crate::model::open_start::{self, OpenStart};
use crate::model::selector::Selector;
use crate::model::suggested_command::SuggestedCommand;
use crate::model::verdict::Verdict;
use crate::session::Session;
use crate::upgrade::rules::progress::{Expectation, ExpectedBrokers, Ownership, Progress, WatchResult};

/// The arguments of `status`.
#[derive(Debug, Clone)]
pub(crate) struct StatusRequest {
    pub cluster: Selector,
    pub version: Option<VersionSelector>,
    /// The version before the upgrade.
    pub previous_version: Option<VersionSelector>,
    pub watch: bool,
    pub timeout: Duration,
}

/// Reads the cluster status once, or watches until the change finishes. Starts nothing.
///
/// # Errors
///
/// With a version and an open start in the journal, fails as `upgrade` does. Otherwise fails if the change did not reach
/// the version, the state is `error`, or the timeout expires.
pub(crate) async fn status(
    session: &mut Session<'_, impl CdssApi>,
    request: &StatusRequest,
) -> Result<(), CommandError> {
    let resolved = session.resolve_cluster(&request.cluster).await?;
    let status = resolved.health.as_ref().map(|health| &health.identity);
    let no = resolved.cluster.no;
    if let Err(conflict) =
        reconcile_identity(no, resolved.listed_identity.as_ref(), &resolved.cluster.identity, status)
    {
        return Err(CommandError::Read(ApiError::Unreadable {
            operation: "getClusterInfo",
            status: 200,
            reason: format!("responses about different clusters: {conflict}"),
            request_id: None,
        }));
    }
    let target = match &request.version {
        Some(selector) => Some(selector.resolve(&resolved.offered_versions)?.version),
        None => None,
    };
    let previous = match &request.previous_version {
        Some(selector) => Some(selector.resolve(&resolved.offered_versions)?.version),
        None => None,
    };
    session.report.to.clone_from(&target);
    let now = session.clock.now();
    session.record_cluster(now, &resolved.cluster);
    if let Some(health) = &resolved.health {
        session.record_health(now, "getClusterStatus", health);
        session.report.brokers.record(health, Duration::ZERO);
    }
    if !request.watch {
        session.report.ended_at = Some(session.clock.now());
        return Ok(());
    }
    let name = resolved.cluster.name.clone();
    let open = session.journal.state(&session.context.service, no).open_starts;
    let open = target.as_ref().and_then(|target| open_start::latest_for_version(&open, target.code)).cloned();
    let expected = Expectation {
        target: target.as_ref().map(|target| target.code),
        previous: open
            .as_ref()
            .and_then(|start| start.from)
            .or(previous.as_ref().map(|previous| previous.code)),
        brokers: ExpectedBrokers::new(
            open.iter().flat_map(|start| start.brokers.iter().cloned()),
            resolved.cluster.brokers,
        ),
    };
    let mut progress = Progress::new(session.watch_thresholds(), Ownership::Ours, expected);
    progress.add_known_restarts(open.iter().flat_map(|start| start.restarted.iter().cloned()), []);
    let (timeout, origin) = (Some(request.timeout), session.clock.elapsed());
    let end = Watch { no, name: &name, progress, timeout, origin, records_brokers: false }.run(session).await;
    session.report.ended_at = Some(session.clock.now());
    if target.is_none()
        && let Some(last) = &session.report.last_cluster
    {
        // Without a target version, the report shows what the cluster has now.
        session.report.current_group_no = last.config_group;
        if last.version != resolved.cluster.version {
            let offered =
                resolved.offered_versions.iter().find(|offer| Some(offer.code) == last.version).cloned();
            session.report.from = offered.or(last.version.map(KafkaVersion::unnamed));
        }
    }
    let follow = SuggestedCommand::Follow { cluster: no, target: target.clone(), from: previous };
    if let (Some(target), WatchEnd::Finished(WatchResult::AtTarget)) = (&target, &end) {
        session.report.group_to =
            open.as_ref().map(|start| ConfigGroup::unnamed(start.config_group, target.code));
        session.report_current_group().await;
    }
    match (target, end) {
        (Some(target), end) => match open {
            Some(start) => conclude_recorded(session, end, &start, &name, follow),
            None => conclude_unrecorded(session, end, &name, &target, follow),
        },
        (None, WatchEnd::Finished(WatchResult::AtTarget)) => Ok(()),
        (None, WatchEnd::Finished(WatchResult::NoChangeObserved)) => {
            session.reporter.note("nothing to follow: no change was observed");
            Ok(())
        }
        (
            None,
            WatchEnd::Finished(
                WatchResult::InError | WatchResult::AtPreviousVersion | WatchResult::AtOtherVersion(_),
            ),
        ) => Err(CommandError::ChangeFailed { name }),
        (None, WatchEnd::GaveUp { limit, is_still_changing: true }) => {
            Err(CommandError::StillChanging { name, limit, follow: Box::new(follow) })
        }
        (None, WatchEnd::GaveUp { limit, is_still_changing: false }) => {
            Err(CommandError::ChangeOutcomeUnknown { limit, follow: Box::new(follow) })
        }
        (None, WatchEnd::Interrupted { signal, change_observed }) => {
            let start =
                if change_observed { StartState::WatchingChange } else { StartState::WatchingNoChange };
            Err(CommandError::Interrupted { signal, start, follow: Some(Box::new(follow)) })
        }
    }
}

/// Concludes the watch of a recorded start as `upgrade` does. A final verdict closes the start in the journal, even if
/// another run sent it.
fn conclude_recorded(
    session: &mut Session<'_, impl CdssApi>,
    end: WatchEnd,
    start: &OpenStart,
    name: &str,
    follow: SuggestedCommand,
) -> Result<(), CommandError> {
    let outcome = conclude(session, end, start.response, name, follow);
    let is_final = session.report.verdict.is_some_and(Verdict::is_final);
    session.report.start_run = is_final.then(|| start.run.clone());
    outcome
}

/// Concludes the watch of a change that the journal does not record. Only a return to the version of `--from` is a
/// failed upgrade.
fn conclude_unrecorded(
    session: &mut Session<'_, impl CdssApi>,
    end: WatchEnd,
    name: &str,
    target: &KafkaVersion,
    follow: SuggestedCommand,
) -> Result<(), CommandError> {
    let name = name.to_owned();
    let reason = match end {
        WatchEnd::Finished(WatchResult::AtTarget) => {
            session.report.verdict = Some(Verdict::Done);
            return Ok(());
        }
        WatchEnd::Finished(WatchResult::AtPreviousVersion) => {
            session.report.verdict = Some(Verdict::Failed);
            return Err(CommandError::UpgradeFailed { name, reason: UpgradeFailure::NotAtTarget });
        }
        WatchEnd::Interrupted { signal, change_observed } => {
            let start =
                if change_observed { StartState::WatchingChange } else { StartState::WatchingNoChange };
            return Err(CommandError::Interrupted { signal, start, follow: Some(Box::new(follow)) });
        }
        WatchEnd::Finished(WatchResult::InError) => BusyReason::InError { name },
        WatchEnd::Finished(WatchResult::NoChangeObserved | WatchResult::AtOtherVersion(_)) => {
            BusyReason::NotAtTarget { name, target: target.clone() }
        }
        WatchEnd::GaveUp { limit, is_still_changing: true } => BusyReason::StillChanging { name, limit },
        WatchEnd::GaveUp { limit, is_still_changing: false } => BusyReason::WatchLimit(limit),
    };
    Err(CommandError::busy(reason, follow))
}
