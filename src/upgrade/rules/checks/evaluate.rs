//! Evaluates all checks of a snapshot, and has the checks of the cluster, the version, the service, and the journal.

use super::config_group::config_group_checks;
use super::data_plane::data_plane_checks;
use super::settings;
use super::{Check, CheckId, CheckResult, Remedy};
use crate::config_group::rules::difference::{SettingChange, VersionedSettings, difference};
use crate::model::broker_health::{Color, NodeGroup};
use crate::model::cluster::{ClusterIdentity, ClusterState};
use crate::model::journal_state::JournalProblem;
use crate::model::kafka_version::release_of;
use crate::model::suggested_command::SuggestedCommand;
use crate::model::time::local_time;
use crate::upgrade::rules::acceptance::Acceptances;
use crate::upgrade::rules::snapshot::{PreCheck, Snapshot};

/// Evaluates all checks. Missing data never passes a check.
pub(crate) fn evaluate(snapshot: &Snapshot, accepted: &Acceptances) -> Vec<Check> {
    let changes = setting_changes(snapshot);
    let mut checks = vec![
        cluster_identity(snapshot),
        cluster_state(snapshot),
        broker_health(snapshot),
        zookeeper_health(snapshot),
        version_order(snapshot),
    ];
    checks.extend(version_listed(snapshot));
    checks.extend(version_zookeeper(snapshot));
    checks.extend(config_group_checks(snapshot, &changes));
    if !snapshot.is_at_target() {
        checks.extend(settings::setting_checks(snapshot, &changes));
    }
    checks.push(pre_check(&snapshot.pre_check));
    checks.extend(unresolved_starts(snapshot));
    checks.extend(journal_writable(snapshot));
    checks.extend(journal_damaged(snapshot));
    checks.extend(journal_missing(snapshot));
    checks.extend(data_plane_checks(snapshot));
    checks.into_iter().map(|check| check.with_acceptances(accepted)).collect()
}

/// Returns the changes of the broker settings; empty if the settings of either group are unknown.
pub(crate) fn setting_changes(snapshot: &Snapshot) -> Vec<SettingChange> {
    match (&snapshot.current_group, &snapshot.target_settings) {
        (Some(current), Some(target)) if !snapshot.is_at_target() => difference(
            VersionedSettings {
                settings: &current.settings,
                release: release_of(snapshot.current_version.as_ref()),
            },
            VersionedSettings {
                settings: &target.settings,
                release: snapshot.target.version.release.as_ref(),
            },
        ),
        _ => Vec::new(),
    }
}

fn cluster_identity(snapshot: &Snapshot) -> Check {
    let id = CheckId::ClusterIdentity;
    let no = snapshot.cluster.no;
    match snapshot.identity() {
        Ok(ClusterIdentity { name: Some(name), .. }) => Check::pass(id, format!("{name} ({no})")),
        Ok(_) => Check::pass(id, no.to_string()),
        Err(conflict) => Check::block(
            id,
            conflict,
            "check the cluster in the console, and whether a proxy is responding in place of the service",
        ),
    }
}

fn cluster_state(snapshot: &Snapshot) -> Check {
    let id = CheckId::ClusterState;
    match &snapshot.cluster.state {
        ClusterState::Running => Check::pass(id, "running"),
        ClusterState::Changing => Check::block(id, "changing", "wait until the change has finished"),
        ClusterState::Missing => {
            Check::block(id, "the service reported no state", "check the cluster in the console")
        }
        ClusterState::Other(word) => Check::block(
            id,
            format!("unknown state `{word}`"),
            "check the cluster in the console; cdss starts only from the state `running`",
        ),
        state => Check::block(
            id,
            format!("the state is `{state}`"),
            "wait until the state is `running`, or repair the cluster",
        ),
    }
}

fn green_count(group: &NodeGroup) -> String {
    format!("{} of {} green", group.green_count(), group.total.unwrap_or(group.nodes.len() as u64))
}

fn broker_health(snapshot: &Snapshot) -> Check {
    let id = CheckId::BrokersHealth;
    let remedy = "wait until every broker is green, or repair the unhealthy brokers";
    let Some(health) = &snapshot.health else {
        return Check::block(id, "the service returned no broker status", remedy);
    };
    let problems = health.broker_problems(snapshot.cluster.brokers);
    if problems.is_empty() {
        Check::pass(id, green_count(&health.brokers))
    } else {
        Check::block(id, problems.join(", "), remedy)
    }
}

fn zookeeper_health(snapshot: &Snapshot) -> Check {
    let id = CheckId::ZookeeperHealth;
    let group = snapshot.health.as_ref().map(|health| &health.zookeeper).filter(|group| {
        !group.nodes.is_empty() || group.overall.is_some() || group.total.is_some_and(|total| total > 0)
    });
    let Some(group) = group else {
        return Check::new(id, CheckResult::Info, "the service reported no ZooKeeper nodes");
    };
    let is_degraded = |color: &Option<Color>| matches!(color, Some(Color::Red | Color::Orange));
    let degraded: Vec<String> = group
        .nodes
        .iter()
        .filter(|node| is_degraded(&node.color))
        .map(|node| format!("{} {}", node.name, node.color.as_ref().map_or("", Color::as_ref)))
        .collect();
    let remedy = "wait until every ZooKeeper node is green, or repair the unhealthy nodes";
    if !degraded.is_empty() {
        Check::block(id, degraded.join(", "), remedy)
    } else if is_degraded(&group.overall) {
        let word = group.overall.as_ref().map_or("", Color::as_ref);
        Check::block(id, format!("overall status {word}"), remedy)
    } else if group.is_all_green() {
        Check::pass(id, green_count(group))
    } else {
        Check::new(id, CheckResult::Info, group.problems().join(", "))
    }
}

fn version_order(snapshot: &Snapshot) -> Check {
    let id = CheckId::VersionOrder;
    let target = &snapshot.target.version;
    if snapshot.is_at_target() {
        return Check::new(id, CheckResult::Info, format!("already at {target}"));
    }
    let Some(from) = &snapshot.current_version else {
        return Check::block(
            id,
            "the service did not report the current version",
            "check the cluster in the console",
        );
    };
    match (&from.release, &target.release) {
        (Some(before), Some(after)) if after > before => Check::pass(id, format!("{before} → {after}")),
        (Some(before), Some(after)) => {
            let reason = if after == before {
                let (target, from) = (target.code, from.code);
                format!("{after} ({target}) is the same release as the current version {before} ({from})")
            } else {
                format!("{after} is lower than the current version {before}")
            };
            Check::block(
                id,
                reason,
                Remedy::with_command(
                    "use a higher version; run ",
                    SuggestedCommand::Check {
                        cluster: snapshot.cluster.no,
                        version: None,
                        config_group: None,
                    },
                    " to list them",
                ),
            )
        }
        _ => Check::block(
            id,
            format!("can't determine whether {target} is higher than {from}"),
            use_offered_version(),
        ),
    }
}

fn use_offered_version() -> Remedy {
    Remedy::with_command("use a version that ", SuggestedCommand::ListVersions, " shows")
}

fn version_listed(snapshot: &Snapshot) -> Option<Check> {
    let target = &snapshot.target;
    (!target.listed && !snapshot.is_at_target()).then(|| {
        Check::block(
            CheckId::VersionListed,
            format!("the service does not list version code {}", target.version.code),
            use_offered_version(),
        )
    })
}

/// The first major release without `ZooKeeper` support.
///
/// Source: Apache Kafka 4.0 release notes.
const FIRST_WITHOUT_ZOOKEEPER: u32 = 4;

fn version_zookeeper(snapshot: &Snapshot) -> Option<Check> {
    let release = snapshot.target.version.release.as_ref()?;
    let nodes = snapshot.health.as_ref().map_or(0, |health| health.zookeeper.nodes.len());
    (release.major() >= FIRST_WITHOUT_ZOOKEEPER && nodes > 0).then(|| {
        Check::block(
            CheckId::VersionZookeeper,
            format!(
                "Kafka {release} does not support ZooKeeper, but the service reports {nodes} ZooKeeper nodes"
            ),
            "ask NAVER Cloud support how to migrate this cluster to KRaft",
        )
    })
}

fn pre_check(result: &PreCheck) -> Check {
    let id = CheckId::ServicePrecheck;
    match result {
        PreCheck::NotRun(reason) => Check::new(id, CheckResult::Skipped, *reason),
        PreCheck::Passed { request_id } => {
            let reason = request_id.as_ref().map_or("possible".to_owned(), |id| format!("request {id}"));
            Check { request_id: request_id.clone(), ..Check::pass(id, reason) }
        }
        PreCheck::Refused { message, code, http_status, request_id } => {
            let code = code.map_or(String::new(), |code| format!(", code {code}"));
            Check {
                service_message: Some(message.clone()),
                request_id: request_id.clone(),
                ..Check::block(
                    id,
                    format!(
                        "the service's pre-check refused the upgrade: {message} (HTTP {http_status}{code})"
                    ),
                    "resolve the reported issue, then run the check again",
                )
            }
        }
    }
}

fn unresolved_starts(snapshot: &Snapshot) -> Option<Check> {
    let id = CheckId::StartUnresolved;
    deliberate_bug!(IgnoreOpenStarts => return None;);
    let starts = &snapshot.journal.open_starts;
    let is_idle = snapshot.cluster.state == ClusterState::Running && snapshot.has_green_brokers();
    if starts.is_empty() || !is_idle || snapshot.is_at_target() {
        return None;
    }
    let each: Vec<String> = starts
        .iter()
        .map(|start| {
            let at = local_time(start.started_at);
            format!("run {} requested version code {} at {at}", start.run, start.version)
        })
        .collect();
    let reason = format!("outcome of an earlier start unknown: {}", each.join("; "));
    let items = starts.iter().map(|start| start.run.clone()).collect();
    Some(Check { items, ..Check::block(id, reason, "ask NAVER Cloud support for the outcome") })
}

fn journal_writable(snapshot: &Snapshot) -> Option<Check> {
    deliberate_bug!(IgnoreJournalFault => return None;);
    let JournalProblem { reason, remedy } = snapshot.journal.problem.as_ref()?;
    Some(Check::block(CheckId::JournalWritable, reason, *remedy))
}

fn journal_damaged(snapshot: &Snapshot) -> Option<Check> {
    deliberate_bug!(TreatDamagedLineAsAbsent => return None;);
    let damaged = &snapshot.journal.damaged;
    let first = damaged.first().filter(|_| !snapshot.is_at_target())?.number;
    let reason = match damaged.len() {
        1 => format!("line {first} of the journal can't be read; it may have recorded a start"),
        count => format!(
            "{count} lines of the journal can't be read, starting with line {first}; one of them may have recorded a start"
        ),
    };
    let remedy = "check the cluster, then mark damaged lines as reviewed with ";
    let remedy = Remedy::with_command(remedy, SuggestedCommand::RepairHistory, "");
    Some(Check::block(CheckId::JournalDamaged, reason, remedy))
}

fn journal_missing(snapshot: &Snapshot) -> Option<Check> {
    let journal = &snapshot.journal;
    let missing = snapshot.requires_journal && !journal.exists && journal.problem.is_none();
    (missing && !snapshot.is_at_target()).then(|| {
        Check::block(
            CheckId::JournalMissing,
            "no journal found, but --require-journal is set",
            Remedy::with_command(
                "restore the journal of the last run, or create the first one with ",
                SuggestedCommand::InitHistory,
                "",
            ),
        )
    })
}
