//! Follows an upgrade or another change until it ends.

use std::time::Duration;

use super::check::describe_open_start;
use super::conclude::{conclude, conclude_unrecorded, conclude_without_waiting};
use super::watch::{Watch, WatchEnd};
use crate::api::CdssApi;
use crate::error::CommandError;
use crate::journal::OperationLock;
use crate::model::open_start::{OpenStart, StartResponse};
use crate::model::verdict::Verdict;
use crate::report::upgrade::UpgradeReport;
use crate::session::Session;
use crate::session::resolve::UpgradeRequest;
use crate::upgrade::rules::broker_history::RestartEvidence;
use crate::upgrade::rules::checks::other_group_check;
use crate::upgrade::rules::plan::Plan;
use crate::upgrade::rules::progress::{Expectation, ExpectedBrokers, Ownership, Progress, WatchResult};

/// Whether and how long `upgrade` waits for the upgrade to finish.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WaitOptions {
    /// False for `--no-wait`: the command returns when the start is accepted.
    pub wait: bool,
    /// Measured from acceptance, or from attaching.
    pub timeout: Duration,
}

/// Follows an upgrade that an earlier run on this machine started.
pub(super) async fn attach(
    session: &mut Session<'_, impl CdssApi>,
    plan: &Plan,
    start: &OpenStart,
    wait_options: WaitOptions,
    report: &mut UpgradeReport,
) -> Result<(), CommandError> {
    let _lock = match lock_cluster(session, plan) {
        Ok(lock) => Some(lock),
        // A watch starts nothing, so an unusable journal does not stop it.
        Err(CommandError::Journal(error)) => {
            session.reporter.warn(&format!("{error}; following without a lock"));
            None
        }
        Err(failure) => return Err(failure),
    };
    session.reporter.note(&format!("Following {}", describe_open_start(plan, start)));
    report.start.run = Some(start.run.clone());
    report.start.at = Some(start.started_at).filter(|_| start.response != StartResponse::Refused);
    if let Err(error) = session.journal.record_attached(session.clock.now(), &start.run).await {
        session.reporter.warn(&format!("{error}; still following"));
    }
    if !wait_options.wait {
        let (verdict, result) = conclude_without_waiting(plan, start.response);
        report.verdict = Some(verdict);
        return result;
    }
    let brokers = start.brokers.iter().chain(&plan.broker_names).cloned();
    let expected = Expectation {
        previous: start.from,
        brokers: ExpectedBrokers::new(brokers, plan.broker_count),
        ..plan.expectation()
    };
    let mut progress = Progress::new(session.watch_thresholds(), Ownership::Ours, expected);
    progress.add_known_restarts(start.restarted.iter().cloned(), []);
    let recorded = RecordedStart { response: start.response, progress, origin: session.clock.elapsed() };
    watch_own_start(session, plan, wait_options, recorded, report).await
}

/// Locks the cluster for this run, so that no other run on this machine handles it.
pub(super) fn lock_cluster(
    session: &Session<'_, impl CdssApi>,
    plan: &Plan,
) -> Result<OperationLock, CommandError> {
    let lock =
        session.journal.lock_cluster(&session.context.service, plan.no).map_err(CommandError::Journal)?;
    lock.ok_or_else(|| {
        let name = plan.name_or_number();
        let message = format!("another cdss process on this machine is already handling {name}");
        CommandError::busy(message, plan.follow_command())
    })
}

/// A start that the journal records, before its watch.
pub(super) struct RecordedStart {
    pub response: StartResponse,
    pub progress: Progress,
    /// The clock's time from which the watch measures its timeout.
    pub origin: Duration,
}

/// Watches the upgrade of a recorded start, and reports the verdict.
pub(super) async fn watch_own_start(
    session: &mut Session<'_, impl CdssApi>,
    plan: &Plan,
    wait_options: WaitOptions,
    RecordedStart { response, mut progress, origin }: RecordedStart,
    report: &mut UpgradeReport,
) -> Result<(), CommandError> {
    // The polls after an unanswered start may already have observed brokers that are not green.
    let brokers = &report.observed.brokers;
    let not_green = brokers.0.iter().filter(|history| history.restart_evidence() == RestartEvidence::No);
    progress.add_known_restarts([], not_green.map(|history| history.name.clone()));
    let watch =
        Watch { records_brokers: true, ..Watch::of_plan(plan, progress, wait_options.timeout, origin) };
    let end = watch.run(session, &mut report.observed).await;
    if matches!(end, WatchEnd::Finished(WatchResult::AtTarget)) {
        let planned = report.plan.group_to.take();
        report.plan.group_to = session.current_group(report.observed.cluster.as_ref(), planned).await;
    }
    let (submitted, name) = (report.start.submitted, plan.name_or_number());
    let (verdict, result) = conclude(end, submitted, response, &name, plan.follow_command());
    report.verdict = Some(verdict);
    result
}

/// Follows a change that somebody else made. Starts nothing.
pub(super) async fn follow_other_change(
    session: &mut Session<'_, impl CdssApi>,
    request: &UpgradeRequest,
    plan: &Plan,
    wait_options: WaitOptions,
    report: &mut UpgradeReport,
) -> Result<(), CommandError> {
    let name = plan.name_or_number();
    let message = format!("{name} is already changing (not started by this run); following");
    session.reporter.note(&message);
    let expected = Expectation { previous: None, ..plan.expectation() };
    let progress = Progress::new(session.watch_thresholds(), Ownership::Foreign, expected);
    let watch = Watch::of_plan(plan, progress, wait_options.timeout, session.clock.elapsed());
    let mut end = watch.run(session, &mut report.observed).await;
    if matches!(end, WatchEnd::Finished(WatchResult::AtTarget)) {
        let in_use = report.observed.cluster.as_ref().and_then(|cluster| cluster.config_group);
        let named = plan.group_to.as_ref().filter(|_| request.config_group.is_some());
        if let Some(named) = named.filter(|named| in_use != Some(named.no)) {
            let check = other_group_check(&plan.to, in_use, named);
            report.plan.checks.push(check.clone());
            report.verdict = Some(Verdict::NotStarted);
            return Err(CommandError::Blocked(vec![check]));
        }
        let planned = report.plan.group_to.take();
        report.plan.group_to = session.current_group(report.observed.cluster.as_ref(), planned).await;
        report.verdict = Some(Verdict::Already);
        return Ok(());
    }
    if let WatchEnd::Interrupted { change_observed, .. } = &mut end {
        // The plan already showed it.
        *change_observed = true;
    }
    report.verdict = Some(Verdict::NotStarted);
    let (_, result) = conclude_unrecorded(end, &name, &plan.to, plan.follow_command());
    result
}
