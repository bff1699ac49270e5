//! `check`: whether an upgrade is possible, and what it would change. Reads only.

use futures_util::future::join_all;
use tokio::join;

use super::read::{candidates_to_read, choose_group, new_snapshot};
use crate::api::CdssApi;
use crate::error::CommandError;
use crate::model::cluster::{Cluster, ClusterState};
use crate::model::config_group::{ConfigGroup, GroupSettings};
use crate::model::kafka_version::{KafkaVersion, ResolvedVersion, release_of};
use crate::model::open_start::{OpenStart, StartResponse};
use crate::model::selector::Selector;
use crate::model::suggested_command::SuggestedCommand;
use crate::model::time::local_time;
use crate::report::Finished;
use crate::report::upgrade::{CheckReport, PlanReport, VersionChoice};
use crate::session::Session;
use crate::session::config_groups::fetch_groups_per_version;
use crate::session::resolve::{ResolvedCluster, UpgradeRequest};
use crate::upgrade::rules::acceptance::{Acceptance, Acceptances};
use crate::upgrade::rules::checks::CheckId;
use crate::upgrade::rules::next_action::NextAction;
use crate::upgrade::rules::plan::Plan;
use crate::upgrade::rules::snapshot::Snapshot;

/// Checks one upgrade, as `upgrade` does before the confirmation prompt.
///
/// # Errors
///
/// Fails if the upgrade is not possible or a read fails. Nothing was started.
pub(crate) async fn check(
    session: &mut Session<'_, impl CdssApi>,
    request: &UpgradeRequest,
) -> Finished<CheckReport> {
    let mut report = CheckReport::default();
    let result = check_one(session, request, &mut report.plan).await;
    Finished::new(report, result)
}

async fn check_one(
    session: &mut Session<'_, impl CdssApi>,
    request: &UpgradeRequest,
    report: &mut PlanReport,
) -> Result<(), CommandError> {
    let (_, plan) = session.read_and_plan(request, report).await?;
    note_unused_acceptances(session, &plan, &request.acceptances);
    require_idle(&plan)?;
    match &plan.next_action {
        NextAction::RunChecks if plan.is_blocked() => Err(blocked_failure(&plan)),
        _ => Ok(()),
    }
}

/// Reports every `--accept` that has no effect.
pub(super) fn note_unused_acceptances(
    session: &mut Session<'_, impl CdssApi>,
    plan: &Plan,
    acceptances: &Acceptances,
) {
    for acceptance in &acceptances.0 {
        let check = plan.checks.iter().find(|check| check.id == acceptance.id);
        let is_accepted = |item: &String| check.is_some_and(|check| check.accepted.contains(item));
        let unused: Vec<String> =
            acceptance.items.iter().filter(|item| !is_accepted(item)).cloned().collect();
        let whole_used = || check.is_some_and(|check| !check.accepted.is_empty() || check.is_blocking());
        let has_effect = if acceptance.items.is_empty() { whole_used() } else { unused.is_empty() };
        if !has_effect {
            let unused = Acceptance { id: acceptance.id, items: unused };
            let note = format!("--accept {unused} has no effect: no such check or item blocks this upgrade");
            session.reporter.note(&note);
        }
    }
}

/// Checks that the cluster is not changing.
///
/// # Errors
///
/// Fails with the change that is not finished.
pub(super) fn require_idle(plan: &Plan) -> Result<(), CommandError> {
    let name = plan.name_or_number();
    Err(match &plan.next_action {
        NextAction::NothingToDo | NextAction::RunChecks => return Ok(()),
        NextAction::BusyWith(start) => {
            let [target, from] =
                [Some(start.version), start.from].map(|code| code.map(KafkaVersion::unnamed));
            let message = format!(
                "an upgrade of {name} to version code {} is running, started from this machine at {}",
                start.version,
                local_time(start.started_at)
            );
            CommandError::busy(message, SuggestedCommand::Follow { cluster: plan.no, target, from })
        }
        NextAction::Attach(start) => {
            let progress = match &plan.state {
                ClusterState::Error => {
                    "has not ended: the cluster is in the state `error`, which is not confirmed yet"
                }
                _ if plan.shows_change => "is running",
                _ => "has no confirmed outcome yet",
            };
            let change = describe_open_start(plan, start);
            CommandError::busy(format!("{change}, {progress}"), plan.follow_command())
        }
        NextAction::FollowOtherChange => {
            CommandError::busy(format!("{name} is {}", plan.state), plan.follow_command())
        }
    })
}

/// Describes the change after a recorded start. It does not claim more than the service's response to the start.
pub(super) fn describe_open_start(plan: &Plan, start: &OpenStart) -> String {
    let OpenStart { run, started_at, response, .. } = start;
    let (name, started_at) = (plan.name_or_number(), local_time(*started_at));
    let after = format!("the change of {name} after the start of run {run} at {started_at}");
    match response {
        StartResponse::Accepted => {
            format!("the upgrade of {name} to {}, started from this machine at {started_at}", plan.to)
        }
        StartResponse::Refused => format!("{after}, which the service refused"),
        StartResponse::Missing => format!("{after}, whose response is not recorded"),
    }
}

/// Creates the failure of a plan with blocking checks.
pub(super) fn blocked_failure(plan: &Plan) -> CommandError {
    CommandError::Blocked(plan.blocking_checks().cloned().collect())
}

/// Checks every newer version that the service offers.
///
/// # Errors
///
/// Fails if no upgrade to a newer version is possible, the cluster is changing, or a read fails.
pub(crate) async fn check_all(
    session: &mut Session<'_, impl CdssApi>,
    wanted: &Selector,
) -> Finished<CheckReport> {
    let mut report = CheckReport::default();
    let result = check_versions(session, wanted, &mut report).await;
    Finished::new(report, result)
}

async fn check_versions(
    session: &mut Session<'_, impl CdssApi>,
    wanted: &Selector,
    report: &mut CheckReport,
) -> Result<(), CommandError> {
    let resolved = session.resolve_cluster(wanted, &mut report.plan).await?;
    report.versions = Some(Vec::new());
    let mut offers = resolved.offered_versions.clone();
    offers.sort_by(|a, b| a.release.cmp(&b.release));
    let newer: Vec<KafkaVersion> =
        offers.iter().filter(|offer| is_newer(offer, resolved.current_version.as_ref())).cloned().collect();
    let snapshots = session.snapshot_targets(&resolved, &newer).await?;
    let choices: Vec<VersionChoice> = offers
        .into_iter()
        .map(|offer| {
            let snapshot = snapshots.iter().find(|snapshot| snapshot.target.version.code == offer.code);
            let current = resolved.cluster.version == Some(offer.code);
            let (possible, reason) = match snapshot {
                Some(snapshot) => assess_version(snapshot),
                None if current => (Some(false), "the current version".to_owned()),
                None => (Some(false), "not higher than the current version".to_owned()),
            };
            VersionChoice { code: offer.code, name: offer.release, current, possible, reason }
        })
        .collect();
    let first = snapshots.first();
    report.plan.group_from = first.and_then(|snapshot| Some(snapshot.current_group.as_ref()?.group.clone()));
    let any_possible = choices.iter().any(|choice| choice.possible == Some(true));
    report.versions = Some(choices);
    if first.is_some_and(Snapshot::is_changing) {
        let Cluster { no: cluster, name, state, .. } = resolved.cluster;
        let follow = SuggestedCommand::Follow { cluster, target: None, from: None };
        return Err(CommandError::busy(format!("{name} is {state}"), follow));
    }
    match newer.into_iter().next_back() {
        Some(newest) if !any_possible => {
            Err(CommandError::NoVersionPossible { cluster: resolved.cluster.no, newest })
        }
        _ => Ok(()),
    }
}

fn is_newer(offer: &KafkaVersion, current: Option<&KafkaVersion>) -> bool {
    match (&offer.release, release_of(current)) {
        (Some(offer), Some(current)) => offer > current,
        // A version without a name can't be compared, so it is checked.
        _ => current.is_none_or(|current| current.code != offer.code),
    }
}

/// Returns whether the cluster can be upgraded to the target version, or None if that can't be decided, and why.
fn assess_version(snapshot: &Snapshot) -> (Option<bool>, String) {
    let plan = Plan::new(snapshot, &Acceptances::default());
    let Some(check) = plan.blocking_checks().next() else {
        let group = plan.group_to.as_ref();
        return (Some(true), group.map_or_else(String::new, |group| format!("with config group {group}")));
    };
    let is_undecided = matches!(check.id, CheckId::ConfigNoGroup | CheckId::ConfigSeveralGroups);
    (if is_undecided { None } else { Some(false) }, format!("{} [{}]", check.reason, check.id))
}

impl<A: CdssApi> Session<'_, A> {
    /// Reads the snapshots of several target versions. Independent reads are sent together.
    async fn snapshot_targets(
        &mut self,
        resolved: &ResolvedCluster,
        targets: &[KafkaVersion],
    ) -> Result<Vec<Snapshot>, CommandError> {
        let (lists, current) = join!(
            fetch_groups_per_version(self.api, targets),
            self.fetch_current_settings(&resolved.cluster)
        );
        let (lists, current) = (lists?, current?);
        let to_read: Vec<Vec<ConfigGroup>> =
            lists.iter().map(|list| candidates_to_read(current.as_ref(), list)).collect();
        let candidates: Vec<GroupSettings> = self.fetch_readable_settings(&to_read.concat()).await?;
        let journal = self.journal_state(resolved.cluster.no);
        let mut snapshots = Vec::new();
        for (target, list) in targets.iter().zip(&lists) {
            let own: Vec<GroupSettings> = candidates
                .iter()
                .filter(|candidate| candidate.group.version == target.code)
                .cloned()
                .collect();
            let target = ResolvedVersion { version: target.clone(), listed: true };
            let mut snapshot = new_snapshot(self.context.service.key(), resolved.clone(), target);
            snapshot.journal.clone_from(&journal);
            snapshot.current_group.clone_from(&current);
            choose_group(&mut snapshot, &own, list.len());
            snapshots.push(snapshot);
        }
        let pre_checks = join_all(snapshots.iter().map(|snapshot| self.run_pre_check(snapshot))).await;
        for (snapshot, pre_check) in snapshots.iter_mut().zip(pre_checks) {
            snapshot.pre_check = pre_check?;
        }
        Ok(snapshots)
    }
}
