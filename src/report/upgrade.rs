//! The reports of `check`, `upgrade`, and `status`.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use super::RunEnd;
use crate::config_group::rules::choice::Candidate;
use crate::config_group::rules::difference::SettingChange;
use crate::model::broker_health::Health;
use crate::model::cluster::Cluster;
use crate::model::config_group::ConfigGroup;
use crate::model::data_plane::DataPlane;
use crate::model::ids::{ClusterNo, ConfigGroupNo, VersionCode};
use crate::model::kafka_version::{KafkaVersion, Release};
use crate::model::operation_name::OperationName;
use crate::model::suggested_command::SuggestedCommand;
use crate::model::verdict::{Evidence, Submitted, Verdict};
use crate::upgrade::rules::broker_history::BrokerHistories;
use crate::upgrade::rules::checks::{Check, CheckId};
use crate::upgrade::rules::plan::Plan;
use crate::upgrade::rules::plan_id::PlanId;

/// The report of `check`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct CheckReport {
    pub plan: PlanReport,
    /// Only for `check` without a version.
    pub versions: Option<Vec<VersionChoice>>,
}

/// The report of a run of `upgrade`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct UpgradeReport {
    pub plan: PlanReport,
    pub start: StartReport,
    pub observed: Observations,
    pub verdict: Option<Verdict>,
    pub ended_at: Option<Timestamp>,
    /// What the brokers report after the upgrade; None unless they were queried again.
    pub data_plane_after: Option<DataPlane>,
}

/// The report of `status`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct StatusReport {
    /// In the form of an `upgrade` that sent nothing. `start.run` is set only if the verdict closes that run's start.
    pub upgrade: UpgradeReport,
    /// The run whose open start has the target version; None if the version was given or is unknown.
    pub requested_by: Option<String>,
}

/// A cluster, and what an upgrade would change.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct PlanReport {
    pub cluster: Option<(String, ClusterNo)>,
    /// The cluster's state when the plan was made.
    pub state: Option<String>,
    pub broker_count: Option<u64>,
    pub from: Option<KafkaVersion>,
    pub to: Option<KafkaVersion>,
    pub group_from: Option<ConfigGroup>,
    pub group_to: Option<ConfigGroup>,
    /// The number of the current group, also when its name can't be read.
    pub current_group_no: Option<ConfigGroupNo>,
    pub changes: Vec<SettingChange>,
    /// The closest config groups when none is selected, best first.
    pub candidates: Vec<Candidate>,
    pub checks: Vec<Check>,
    /// None if there is nothing that could be started.
    pub id: Option<PlanId>,
    /// What the brokers report; None if nothing is known about querying them.
    pub data_plane: Option<Arc<DataPlane>>,
}

/// The start of an upgrade.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct StartReport {
    pub submitted: Submitted,
    /// The run that sent the start: this one, or the one it follows or closes in the journal.
    pub run: Option<String>,
    pub at: Option<Timestamp>,
    pub request_id: Option<String>,
}

/// What was observed of a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Observations {
    /// The state as the service last reported it; None if the cluster is missing from the responses.
    pub state: Option<String>,
    /// The cluster's entry as last read.
    pub cluster: Option<Cluster>,
    pub health: Option<Health>,
    pub brokers: BrokerHistories,
    pub evidence: Vec<Evidence>,
    /// When the change finished; None unless this was observed.
    pub finished_at: Option<Timestamp>,
}

/// A version as a target of an upgrade.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct VersionChoice {
    pub code: VersionCode,
    pub name: Option<Release>,
    /// True for the version that the cluster has.
    pub current: bool,
    /// Whether the cluster can be upgraded to it; null if that can't be decided.
    pub possible: Option<bool>,
    #[cfg_attr(test, schemars(length(min = 1)))]
    pub reason: String,
}

/// The maximum number of evidence entries; the first and the latest ones are kept.
///
/// Chosen: bounds memory on long watches, and is enough for every change of a ten-broker cluster.
const MAX_EVIDENCE: usize = 60;

impl PlanReport {
    /// Replaces the report by that of a plan.
    pub(crate) fn apply(&mut self, plan: &Plan) {
        *self = Self {
            cluster: Some((plan.name.clone(), plan.no)),
            state: Some(plan.state.to_string()),
            broker_count: plan.broker_count,
            from: plan.from.clone(),
            to: Some(plan.to.clone()),
            group_from: plan.group_from.clone(),
            group_to: plan.group_to.clone(),
            current_group_no: plan.current_group_no,
            changes: plan.changes.clone(),
            candidates: plan.candidates.clone(),
            checks: plan.checks.clone(),
            id: plan.id,
            data_plane: Some(plan.data_plane.clone()),
        };
    }

    /// Returns the command that checks the upgrade with another config group.
    pub(crate) fn check_with_group(&self, config_group: ConfigGroupNo) -> Option<SuggestedCommand> {
        let (_, cluster) = self.cluster.as_ref()?;
        let (version, config_group) = (self.to.clone(), Some(config_group));
        Some(SuggestedCommand::Check { cluster: *cluster, version, config_group })
    }

    /// Adds the check that blocks an outdated plan, unless the plan has it because it is not the approved one.
    pub(crate) fn add_stale_check(&mut self) {
        if self.checks.iter().any(|check| check.id == CheckId::PlanStale) {
            return;
        }
        let reason = "the cluster changed after the plan was made";
        let remedy = "run the command again and review the new plan";
        self.checks.push(Check::block(CheckId::PlanStale, reason, remedy));
    }
}

impl UpgradeReport {
    /// Creates the report of a run that failed before its first request.
    pub(crate) fn not_started() -> Self {
        Self { verdict: Some(Verdict::NotStarted), ..Self::default() }
    }

    /// Returns what the journal records; None for a run without a start.
    pub(crate) fn end(&self) -> Option<RunEnd> {
        let run = self.start.run.clone()?;
        Some(RunEnd { run: Some(run), verdict: self.verdict, created: None })
    }
}

impl Observations {
    /// Adds the broker health to the evidence.
    pub(crate) fn add_health(&mut self, at: Timestamp, operation: OperationName, health: &Health) {
        let observed = match health.brokers.problems() {
            problems if problems.is_empty() => format!("{} brokers green", health.brokers.nodes.len()),
            problems => problems.join(", "),
        };
        self.add_evidence(at, operation, observed);
    }

    /// Adds the cluster's entry.
    pub(crate) fn add_cluster(&mut self, at: Timestamp, cluster: &Cluster) {
        let number = |number: Option<String>| number.unwrap_or_else(|| "unknown".to_owned());
        let version = number(cluster.version.map(|code| code.to_string()));
        let group = number(cluster.config_group.map(|no| no.to_string()));
        let observed = format!("{}, version code {version}, config group {group}", cluster.state);
        self.add_evidence(at, OperationName::GetClusterInfo, observed);
        self.state = Some(cluster.state.to_string());
        self.cluster = Some(cluster.clone());
    }

    /// Adds an observation, unless the last one of the same operation is equal.
    fn add_evidence(&mut self, at: Timestamp, operation: OperationName, observed: String) {
        let before = self.evidence.iter().rev().find(|evidence| evidence.operation == operation);
        if before.is_some_and(|evidence| evidence.observed == observed) {
            return;
        }
        if self.evidence.len() == MAX_EVIDENCE {
            self.evidence.remove(MAX_EVIDENCE / 2);
        }
        self.evidence.push(Evidence { at, operation, observed });
    }
}
