//! The report of a command about one cluster.
//!
//! The command fills it in while it runs, so that it is complete up to an error or a signal.

use jiff::Timestamp;

use crate::config_group::rules::choice::Candidate;
use crate::config_group::rules::copy_report::CopyReport;
use crate::config_group::rules::difference::SettingChange;
use crate::config_group::rules::kafka_changes;
use crate::model::broker_health::Health;
use crate::model::cluster::Cluster;
use crate::model::config_group::ConfigGroup;
use crate::model::ids::{ClusterNo, ConfigGroupNo};
use crate::model::kafka_version::KafkaVersion;
use crate::model::verdict::{Evidence, Submitted, Verdict};
use crate::upgrade::rules::broker_history::BrokerHistories;
use crate::upgrade::rules::checks::{Check, CheckId};
use crate::upgrade::rules::plan::Plan;

/// An offered version as a possible upgrade target of one cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct VersionChoice {
    pub version: KafkaVersion,
    pub is_current: bool,
    /// None when `reason` prevents a decision.
    pub possible: Option<bool>,
    pub reason: String,
}

/// What `check`, `upgrade`, `status`, and `config-group copy` found out about one cluster.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Report {
    pub cluster: Option<(String, ClusterNo)>,
    /// The cluster's state as the service last reported it.
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
    /// Only for `check` without a version.
    pub versions: Option<Vec<VersionChoice>>,
    pub submitted: Submitted,
    pub verdict: Option<Verdict>,
    pub evidence: Vec<Evidence>,
    pub brokers: BrokerHistories,
    pub health: Option<Health>,
    /// The cluster's entry as last read.
    pub last_cluster: Option<Cluster>,
    pub started_at: Option<Timestamp>,
    /// When the change finished; None unless this was observed.
    pub finished_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    /// The request id of the start.
    pub start_request_id: Option<String>,
    /// Only for `config-group copy`.
    pub copy: Option<CopyReport>,
    /// The run that sent the start: this one, or the one it attached to.
    pub start_run: Option<String>,
}

/// The maximum number of evidence entries; the first and the latest ones are kept.
///
/// Chosen: bounds memory on long watches, and is enough for every change of a ten-broker cluster.
const MAX_EVIDENCE: usize = 60;

impl Report {
    /// Copies the plan into the report.
    pub(crate) fn apply_plan(&mut self, plan: &Plan) {
        self.cluster = Some((plan.name.clone(), plan.no));
        self.state = Some(plan.state.to_string());
        self.broker_count = plan.broker_count;
        self.from.clone_from(&plan.from);
        self.to = Some(plan.to.clone());
        self.group_from.clone_from(&plan.group_from);
        self.group_to.clone_from(&plan.group_to);
        self.current_group_no = plan.current_group_no;
        self.changes.clone_from(&plan.changes);
        self.candidates.clone_from(&plan.candidates);
        self.checks.clone_from(&plan.checks);
    }

    /// Returns the versions whose changes by Kafka are not known; empty until both versions are known.
    pub(crate) fn uncovered_versions(&self) -> Vec<String> {
        match (&self.from, &self.to) {
            (Some(from), Some(to)) => kafka_changes::not_covered([Some(from), Some(to)]),
            _ => Vec::new(),
        }
    }

    /// Adds the check that blocks an outdated plan.
    pub(crate) fn add_stale_check(&mut self) {
        let reason = "the cluster changed after the plan was made";
        self.checks.push(Check::block(
            CheckId::PlanStale,
            reason,
            "run the command again and review the new plan",
        ));
    }

    /// Sets the verdict `not_started` after a failure before any start, unless there is a verdict.
    pub(crate) fn set_failure_verdict(&mut self) {
        if self.verdict.is_none() && self.submitted == Submitted::No {
            self.verdict = Some(Verdict::NotStarted);
        }
    }

    /// Adds an observation, unless the last one of the same operation is equal.
    pub(crate) fn add_evidence(
        &mut self,
        at: Timestamp,
        operation: &'static str,
        observed: impl Into<String>,
    ) {
        let observed = observed.into();
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
