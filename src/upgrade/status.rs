//! `status`: shows the cluster status, or watches until the change finishes.

use std::sync::Arc;
use std::time::Duration;

use tokio::join;

use super::conclude::{conclude, conclude_unrecorded, conclude_without_target};
use super::run::query_brokers_after;
use super::watch::{Watch, WatchEnd};
use crate::api::{ApiError, CdssApi};
use crate::error::CommandError;
use crate::model::cluster::{name_or_number, reconcile_identity};
use crate::model::config_group::ConfigGroup;
use crate::model::ids::VersionCode;
use crate::model::kafka_version::{KafkaVersion, VersionSelector};
use crate::model::open_start::{self, OpenStart};
use crate::model::operation_name::OperationName;
use crate::model::selector::Selector;
use crate::model::suggested_command::SuggestedCommand;
use crate::model::verdict::Submitted;
use crate::report::Finished;
use crate::report::upgrade::{Observations, PlanReport, StatusReport, UpgradeReport};
use crate::session::Session;
use crate::session::resolve::ResolvedCluster;
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
) -> Finished<StatusReport> {
    let mut report = StatusReport::default();
    let result = Box::pin(run(session, request, &mut report)).await;
    query_brokers_after(session, &mut report.upgrade).await;
    Finished::new(report, result)
}

async fn run(
    session: &mut Session<'_, impl CdssApi>,
    request: &StatusRequest,
    StatusReport { upgrade: report, requested_by }: &mut StatusReport,
) -> Result<(), CommandError> {
    let resolved = read_cluster_and_group(session, request, &mut report.plan).await;
    report.observed.state.clone_from(&report.plan.state);
    let resolved = resolved?;
    report.observed.health.clone_from(&resolved.health);
    let status = resolved.health.as_ref().map(|health| &health.identity);
    let no = resolved.cluster.no;
    if let Err(conflict) =
        reconcile_identity(no, resolved.listed_identity.as_ref(), &resolved.cluster.identity, status)
    {
        let reason = format!("responses about different clusters: {conflict}");
        return Err(CommandError::Read(ApiError::unreadable(OperationName::GetClusterInfo, reason, None)));
    }
    let resolve = |selector: &Option<VersionSelector>| {
        let version = selector.as_ref().map(|selector| selector.resolve(&resolved.offered_versions));
        version.transpose().map(|version| version.map(|version| version.version))
    };
    let (target, previous) = (resolve(&request.version)?, resolve(&request.previous_version)?);
    let open_starts = session.journal.state(&session.context.service, no).open_starts;
    report.plan.to.clone_from(&target);
    if let (None, Some(start)) = (&target, open_starts.last()) {
        report.plan.to = Some(version_with_code(&resolved, start.version));
        *requested_by = Some(start.run.clone());
    }
    let now = session.clock.now();
    report.observed.add_cluster(now, &resolved.cluster);
    if let Some(health) = &resolved.health {
        report.observed.add_health(now, OperationName::GetClusterStatus, health);
        report.observed.brokers.record(health, Duration::ZERO);
    }
    if !request.watch {
        report.ended_at = Some(session.clock.now());
        return Ok(());
    }
    let (target, previous) = (target.as_ref(), previous.as_ref());
    let open = target.and_then(|target| open_start::latest_for_version(&open_starts, target.code));
    let end = watch(session, request, &resolved, target, previous, open, &mut report.observed).await;
    report.ended_at = Some(session.clock.now());
    let name = resolved.cluster.name.clone();
    let follow = SuggestedCommand::Follow { cluster: no, target: target.cloned(), from: previous.cloned() };
    let Some(target) = target else {
        show_current_version(session, report, &resolved).await;
        if matches!(end, WatchEnd::Finished(WatchResult::NoChangeObserved)) {
            session.reporter.note("nothing to follow: no change was observed");
        }
        return conclude_without_target(end, &name, follow);
    };
    if matches!(end, WatchEnd::Finished(WatchResult::AtTarget)) {
        let planned = open.map(|start| ConfigGroup::unnamed(start.config_group, target.code));
        report.plan.group_to = session.current_group(report.observed.cluster.as_ref(), planned).await;
    }
    if let Some(start) = open {
        // As `upgrade` does. A final verdict closes the start in the journal, even if another run sent it.
        let (verdict, result) = conclude(end, Submitted::No, start.response, &name, follow);
        report.verdict = Some(verdict);
        report.start.run = verdict.is_final().then(|| start.run.clone());
        return result;
    }
    let (verdict, result) = conclude_unrecorded(end, &name, target, follow);
    report.verdict = verdict;
    result
}

/// Reads the cluster and the name of its config group, and queries its brokers. The group's number is in the cluster's entry, so the list of all
/// groups is read together with it.
async fn read_cluster_and_group(
    session: &Session<'_, impl CdssApi>,
    request: &StatusRequest,
    report: &mut PlanReport,
) -> Result<ResolvedCluster, CommandError> {
    let found = session.find_cluster(&request.cluster, report).await?;
    let no = found.no();
    let (resolved, groups, brokers) =
        join!(session.read_cluster(found, report), session.api.config_groups(None), session.find_brokers(no));
    let resolved = resolved?;
    brokers?;
    report.group_from = session.name_current_group(&resolved.cluster, groups).await;
    report.data_plane = Some(Arc::new(session.query_brokers().await?));
    Ok(resolved)
}

/// Watches the cluster. `open` is the start in the journal that may have caused the change.
async fn watch(
    session: &mut Session<'_, impl CdssApi>,
    request: &StatusRequest,
    resolved: &ResolvedCluster,
    target: Option<&KafkaVersion>,
    previous: Option<&KafkaVersion>,
    open: Option<&OpenStart>,
    observed: &mut Observations,
) -> WatchEnd {
    let expected = Expectation {
        target: target.map(|target| target.code),
        previous: open.and_then(|start| start.from).or(previous.map(|previous| previous.code)),
        brokers: ExpectedBrokers::new(
            open.iter().flat_map(|start| start.brokers.iter().cloned()),
            resolved.cluster.brokers,
        ),
    };
    let mut progress = Progress::new(session.watch_thresholds(), Ownership::Ours, expected);
    progress.add_known_restarts(open.iter().flat_map(|start| start.restarted.iter().cloned()), []);
    let (no, name) = (resolved.cluster.no, resolved.cluster.name.as_str());
    session.reporter.note(&format!("Watching {}", name_or_number(name, no)));
    let (timeout, origin) = (request.timeout, session.clock.elapsed());
    let from = previous.or(resolved.current_version.as_ref());
    Watch { no, name, from, to: target, progress, timeout, origin, records_brokers: false }
        .run(session, observed)
        .await
}

/// Shows what the cluster has now, because there is no target version.
async fn show_current_version(
    session: &mut Session<'_, impl CdssApi>,
    report: &mut UpgradeReport,
    resolved: &ResolvedCluster,
) {
    let Some(last) = &report.observed.cluster else { return };
    let group_before = report.plan.current_group_no;
    report.plan.current_group_no = last.config_group;
    if last.version != resolved.cluster.version {
        report.plan.from = last.version.map(|code| version_with_code(resolved, code));
    }
    if last.config_group != group_before {
        report.plan.group_from = session.current_group(Some(last), None).await;
    }
}

/// Returns the version with its name, if it is offered.
fn version_with_code(resolved: &ResolvedCluster, code: VersionCode) -> KafkaVersion {
    let offered = resolved.offered_versions.iter().find(|offer| offer.code == code);
    offered.cloned().unwrap_or_else(|| KafkaVersion::unnamed(code))
}
