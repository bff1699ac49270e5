//! Everything a command has to tell at its end, filled in while it works: at an error or a signal it holds
//! what was known by then.

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
use crate::upgrade::rules::checks::Check;
use crate::upgrade::rules::plan::Plan;

/// A version as a possible target of one cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct VersionChoice {
    pub version: KafkaVersion,
    pub is_current: bool,
    /// None when it can't be told, for the reason given.
    pub possible: Option<bool>,
    pub reason: String,
}

/// What `check`, `upgrade` and `status` share.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Report {
    pub cluster: Option<(String, ClusterNo)>,
    /// The cluster's state in the service's own word, as last seen.
    pub state: Option<String>,
    pub broker_count: Option<u64>,
    pub from: Option<KafkaVersion>,
    pub to: Option<KafkaVersion>,
    pub group_from: Option<ConfigGroup>,
    pub group_to: Option<ConfigGroup>,
    /// The present group's number even where its name can't be read.
    pub current_group_no: Option<ConfigGroupNo>,
    pub changes: Vec<SettingChange>,
    /// Groups that may be named where none is settled, the best first.
    pub candidates: Vec<Candidate>,
    pub checks: Vec<Check>,
    /// Of `check` without a version only.
    pub versions: Option<Vec<VersionChoice>>,
    pub submitted: Submitted,
    pub verdict: Option<Verdict>,
    pub evidence: Vec<Evidence>,
    pub brokers: BrokerHistories,
    pub health: Option<Health>,
    /// The cluster's entry as a watch last read it.
    pub last_cluster: Option<Cluster>,
    pub started_at: Option<Timestamp>,
    /// When the change ended; None unless its end was observed.
    pub finished_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    /// The start's own request id.
    pub start_request_id: Option<String>,
    /// Of `config-group copy` only.
    pub copy: Option<CopyReport>,
    /// The run whose start the outcome speaks of: this one, or the one it attached to.
    pub start_run: Option<String>,
}

/// The first pieces of evidence and the latest ones are kept; a watch of hours makes no book.
///
/// Chosen: enough for every change of a ten-broker cluster.
const MAX_EVIDENCE: usize = 60;

impl Report {
    /// Takes over what the plan says.
    pub(crate) fn apply_plan(&mut self, plan: &Plan) {
        self.cluster = Some((plan.name.clone(), plan.no));
        self.state = Some(plan.state.word().to_owned());
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

    /// Returns the versions of which it isn't known what Kafka itself changed; none before both are known.
    pub(crate) fn uncovered_versions(&self) -> Vec<String> {
        match (&self.from, &self.to) {
            (Some(from), Some(to)) => kafka_changes::not_covered([Some(from), Some(to)]),
            _ => Vec::new(),
        }
    }

    /// Adds the check that the plan no longer holds.
    pub(crate) fn add_stale_check(&mut self) {
        let reason = "the plan changed between the look and the start";
        self.checks.push(Check::block(
            "plan.stale",
            reason,
            "run the command again and look at the new plan",
        ));
    }

    /// Gives an `upgrade` that failed its verdict, where none is known and nothing was sent: not started.
    pub(crate) fn set_failure_verdict(&mut self) {
        if self.verdict.is_none() && self.submitted == Submitted::No {
            self.verdict = Some(Verdict::NotStarted);
        }
    }

    /// Adds what was seen, unless the same was seen of the same operation just before.
    pub(crate) fn add_evidence(&mut self, at: Timestamp, operation: &'static str, saw: impl Into<String>) {
        let saw = saw.into();
        let before = self.evidence.iter().rev().find(|evidence| evidence.operation == operation);
        if before.is_some_and(|evidence| evidence.observed == saw) {
            return;
        }
        if self.evidence.len() == MAX_EVIDENCE {
            self.evidence.remove(MAX_EVIDENCE / 2);
        }
        self.evidence.push(Evidence { at, operation, observed: saw });
    }
}
