//! Documents of `check`, `upgrade`, and `status`.

use serde::Serialize;
use serde_json::Value;

use super::components::{Broker, Check, Cluster, ConfigGroup, Text, ZooKeeperNode, to_value};
use super::data_plane::DataPlane;
use crate::config_group::rules::choice;
use crate::config_group::rules::difference::SettingChange;
use crate::model::command_context::CommandContext;
use crate::model::kafka_version::KafkaVersion;
use crate::model::time::Time;
use crate::model::verdict::{Evidence, Submitted, Verdict};
use crate::report::upgrade::{CheckReport, PlanReport, StatusReport, UpgradeReport, VersionChoice};
use crate::upgrade::rules::checks;
use crate::upgrade::rules::plan_id::PlanId;

/// `check`, and `upgrade --dry-run`. Nothing was started.
#[derive(Serialize)]
#[cfg_attr(
    test,
    derive(schemars::JsonSchema),
    schemars(extend(
        "allOf" = [{ "properties": { "submitted": { "const": "no" }, "verdict": { "type": "null" } } }]
    ))
)]
pub(crate) struct CheckFields {
    cluster: Option<Cluster>,
    #[serde(flatten)]
    common: CommonFields,
    /// The ID of the plan for `upgrade --plan`; null if there is nothing that could be started.
    plan_id: Option<PlanId>,
    /// All offered versions, if none was requested.
    versions: Option<Vec<VersionChoice>>,
}

impl CheckFields {
    pub(crate) fn from_report(report: &CheckReport, commands: Option<&CommandContext>) -> Self {
        let not_started = UpgradeReport { plan: report.plan.clone(), ..UpgradeReport::default() };
        Self {
            cluster: cluster(&report.plan),
            common: CommonFields::from_report(&not_started, commands),
            plan_id: report.plan.id,
            versions: report.versions.clone(),
        }
    }
}

/// `upgrade`.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct UpgradeFields {
    cluster: Option<Cluster>,
    #[serde(flatten)]
    common: CommonFields,
    /// The ID of the plan; null if there was nothing that could be started.
    plan_id: Option<PlanId>,
}

impl UpgradeFields {
    pub(crate) fn from_report(report: &UpgradeReport, commands: Option<&CommandContext>) -> Self {
        Self {
            cluster: cluster(&report.plan),
            common: CommonFields::from_report(report, commands),
            plan_id: report.plan.id,
        }
    }
}

/// `status`. Nothing was started.
#[derive(Serialize)]
#[cfg_attr(
    test,
    derive(schemars::JsonSchema),
    schemars(extend("allOf" = [{ "properties": { "submitted": { "const": "no" } } }]))
)]
pub(crate) struct StatusFields {
    cluster: Option<Cluster>,
    /// The state of the cluster, as the service last reported it.
    state: Option<Text>,
    #[serde(flatten)]
    common: CommonFields,
    /// The `ZooKeeper` nodes; empty if the service reports none.
    zookeeper: Vec<ZooKeeperNode>,
}

impl StatusFields {
    pub(crate) fn from_report(
        StatusReport { upgrade: report, .. }: &StatusReport,
        commands: Option<&CommandContext>,
    ) -> Self {
        let zookeeper = report.observed.health.iter().flat_map(|health| &health.zookeeper.nodes);
        Self {
            cluster: cluster(&report.plan),
            state: report.observed.state.clone().map(Text),
            common: CommonFields::from_report(report, commands),
            zookeeper: zookeeper.map(ZooKeeperNode::from_node).collect(),
        }
    }
}

fn cluster(plan: &PlanReport) -> Option<Cluster> {
    plan.cluster.as_ref().map(|(name, no)| Cluster::from_name_and_number(name, *no))
}

/// The fields that `check`, `upgrade`, and `status` have in common.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct CommonFields {
    /// The current version.
    from: Option<KafkaVersion>,
    /// The target version.
    to: Option<KafkaVersion>,
    config_group: ConfigGroupChange,
    /// The effect of the upgrade on the settings.
    settings: Vec<SettingChange>,
    /// The closest config groups if none is selected, best first.
    #[cfg_attr(test, schemars(length(max = choice::MAX_SHOWN)))]
    candidates: Vec<Candidate>,
    checks: Vec<Check>,
    /// What the brokers report; null if that was not reached.
    data_plane: Option<DataPlane>,
    /// What the brokers report after the upgrade; null unless they were asked again.
    data_plane_after: Option<DataPlane>,
    /// Whether this run sent the start of an upgrade.
    submitted: Submitted,
    /// The outcome of the upgrade. `cdss help outcomes` explains each.
    verdict: Option<Verdict>,
    evidence: Vec<Evidence>,
    brokers: Vec<Broker>,
    /// When the upgrade was started.
    started_at: Option<Time>,
    /// When the upgrade finished; null unless this was observed.
    finished_at: Option<Time>,
    /// When the run ended.
    ended_at: Option<Time>,
}

impl CommonFields {
    fn from_report(report: &UpgradeReport, commands: Option<&CommandContext>) -> Self {
        let UpgradeReport { plan, start, observed, verdict, ended_at, data_plane_after } = report;
        Self {
            from: plan.from.clone(),
            to: plan.to.clone(),
            config_group: ConfigGroupChange::from_plan(plan),
            settings: plan.changes.clone(),
            candidates: plan
                .candidates
                .iter()
                .map(|one| Candidate::from_candidate(one, plan, commands))
                .collect(),
            checks: Check::from_checks(&plan.checks, commands),
            data_plane: plan.data_plane.as_deref().map(DataPlane::from_data_plane),
            data_plane_after: data_plane_after.as_ref().map(DataPlane::from_data_plane),
            submitted: start.submitted,
            verdict: *verdict,
            evidence: observed.evidence.clone(),
            brokers: observed.brokers.0.iter().map(Broker::from_history).collect(),
            started_at: start.at.map(Time),
            finished_at: observed.finished_at.map(Time),
            ended_at: ended_at.map(Time),
        }
    }
}

/// The current and the target config group.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct ConfigGroupChange {
    from: Option<ConfigGroup>,
    to: Option<ConfigGroup>,
}

impl ConfigGroupChange {
    fn from_plan(report: &PlanReport) -> Self {
        let current = report.group_from.as_ref().map(ConfigGroup::from_group);
        Self {
            from: current.or_else(|| report.current_group_no.map(ConfigGroup::from_number)),
            to: report.group_to.as_ref().map(ConfigGroup::from_group),
        }
    }
}

/// A config group that could be selected.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Candidate {
    group: ConfigGroup,
    settings: Vec<SettingChange>,
    /// The command that shows all differences.
    command: Option<Text>,
}

impl Candidate {
    fn from_candidate(
        candidate: &choice::Candidate,
        plan: &PlanReport,
        commands: Option<&CommandContext>,
    ) -> Self {
        let command = plan.check_with_group(candidate.group.no);
        Self {
            group: ConfigGroup::from_group(&candidate.group),
            settings: candidate.changes.clone(),
            command: command.map(|command| Text(command.render(commands))),
        }
    }
}

/// The plan of an upgrade.
#[derive(Serialize)]
struct PlanDocument {
    plan_id: Option<PlanId>,
    from: Option<KafkaVersion>,
    to: Option<KafkaVersion>,
    config_group: ConfigGroupChange,
    settings: Vec<SettingChange>,
    checks: Vec<Check>,
}

/// Returns only the plan and its checks, as the journal records them before a start.
pub(crate) fn plan_document(plan: &PlanReport) -> Value {
    to_value(&PlanDocument {
        plan_id: plan.id,
        from: plan.from.clone(),
        to: plan.to.clone(),
        config_group: ConfigGroupChange::from_plan(plan),
        settings: plan.changes.clone(),
        checks: Check::from_checks(&plan.checks.iter().map(shortened).collect::<Vec<_>>(), None),
    })
}

/// The maximum number of items of a check that the journal records. The accepted items are recorded separately.
///
/// Chosen: names of 249 bytes, Kafka's limit, take 125 KB, so all checks together fit in a line of the journal.
const MAX_RECORDED_ITEMS: usize = 500;

/// Limits the items of a check. The reason says how many are left out.
fn shortened(check: &checks::Check) -> checks::Check {
    let mut check = check.clone();
    if let Some(more) = check.items.len().checked_sub(MAX_RECORDED_ITEMS).filter(|more| *more > 0) {
        check.items.truncate(MAX_RECORDED_ITEMS);
        check.accepted.retain(|item| check.items.contains(item));
        check.reason = format!("{}; {more} more items are not recorded", check.reason);
    }
    check
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upgrade::rules::checks::CheckId;

    #[test]
    fn the_journal_records_a_limited_number_of_items() {
        let items = |number: usize| (0..number).map(|topic| format!("{topic:0249}")).collect::<Vec<_>>();
        let block = |number| checks::Check {
            items: items(number),
            accepted: items(number),
            ..checks::Check::block(CheckId::DataReplication, "out of sync", "wait")
        };
        let record = |number| {
            plan_document(&PlanReport { checks: vec![block(number)], ..PlanReport::default() })["checks"][0]
                .clone()
        };
        let all = record(MAX_RECORDED_ITEMS);
        assert_eq!(all["items"].as_array().unwrap().len(), MAX_RECORDED_ITEMS);
        assert_eq!(all["reason"], "out of sync");
        let some = record(MAX_RECORDED_ITEMS + 4500);
        assert_eq!((&some["items"], &some["accepted"]), (&all["items"], &all["accepted"]));
        assert_eq!(some["reason"], "out of sync; 4500 more items are not recorded");
        assert!(some.to_string().len() < 300_000);
    }
}
