//! Checks of what the brokers report. Temporary problems block, and structural choices warn.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::{Check, CheckId, CheckResult};
use crate::brokers::forecast::{copies_at_risk, single_copies, write_blocked_by_choice};
use crate::model::data_plane::{
    BrokerId, ClusterView, DataPlane, NotQueried, Topic, TopicPartitions, partition_count,
};
use crate::model::kafka_version::Release;
use crate::model::words::{count, enumeration};
use crate::upgrade::rules::snapshot::Snapshot;

/// Evaluates the checks of the brokers. If they were not queried, one line says why.
pub(super) fn data_plane_checks(snapshot: &Snapshot) -> Vec<Check> {
    match &*snapshot.data_plane {
        DataPlane::NotQueried(why) => not_queried(why, snapshot.requires_brokers),
        DataPlane::Queried(view) => {
            let mut checks = vec![reachable(view, snapshot.requires_brokers)];
            checks.extend(state_checks(view, snapshot.broker_count()));
            let structure = [restart_offline(view), restart_write_blocked(view), restart_data_loss(view)];
            checks.extend(structure.into_iter().flatten());
            checks
        }
    }
}

fn not_queried(NotQueried { reason, remedy }: &NotQueried, requires_brokers: bool) -> Vec<Check> {
    let without_flag = "make the brokers reachable, or leave out --require-brokers";
    let required = requires_brokers
        .then(|| Check::block(CheckId::DataReachable, reason, remedy.unwrap_or(without_flag)));
    // Only the remedy of a check that blocks has a line of its own.
    let with_remedy = match remedy {
        Some(remedy) if !requires_brokers => format!("{reason}: {remedy}"),
        _ => reason.clone(),
    };
    let skipped = Check {
        remedy: remedy.map(Into::into),
        ..Check::new(CheckId::DataReplication, CheckResult::Skipped, with_remedy)
    };
    required.into_iter().chain([skipped]).collect()
}

/// Evaluates the checks of the cluster's current state. `expected` is the number of brokers that the service reports. A
/// check that passes is left out, unless it is always shown.
pub(crate) fn cluster_checks(view: &ClusterView, expected: Option<u64>) -> Vec<Check> {
    let mut checks = vec![reachable(view, false)];
    checks.extend(state_checks(view, expected));
    checks
}

fn state_checks(view: &ClusterView, expected: Option<u64>) -> impl Iterator<Item = Check> {
    let problems = brokers_present(view, expected).into_iter().chain(leaderless(view));
    problems.chain([replication(view), reassignment(view)]).chain(versions_equal(view))
}

fn reachable(view: &ClusterView, is_required: bool) -> Check {
    let (answered, all) = (view.answered_count(), count(view.brokers.len(), "broker"));
    let reason = format!("{answered} of {all} answered {}", view.transport.description());
    let (problem, remedy) = match &view.doubt {
        Some(doubt) => (&**doubt, "check that --brokers names the brokers of this cluster"),
        None if is_required && view.topics.is_empty() => {
            ("no topics can be read", "allow cdss to describe the topics, or leave out --require-brokers")
        }
        None => return Check::pass(CheckId::DataReachable, reason),
    };
    let result = if is_required { CheckResult::Block } else { CheckResult::Warn };
    let reason = format!("{reason}, but {problem}");
    Check { remedy: Some(remedy.into()), ..Check::new(CheckId::DataReachable, result, reason) }
}

fn brokers_present(view: &ClusterView, expected: Option<u64>) -> Option<Check> {
    let mut problems = Vec::new();
    if let Some(expected) = expected.filter(|expected| u64::try_from(view.brokers.len()) != Ok(*expected)) {
        let found = count(view.brokers.len(), "broker");
        problems.push(format!("the cluster has {found}, but the service reports {expected}"));
    }
    let mut replicas: BTreeMap<BrokerId, usize> = BTreeMap::new();
    for replica in view.topics.iter().flat_map(|topic| &topic.partitions).flat_map(|one| &one.replicas) {
        let held = replicas.entry(*replica).or_default();
        *held = held.saturating_add(1);
    }
    for (broker, held) in replicas.into_iter().filter(|(broker, _)| !view.answers(*broker)) {
        let problem = view.brokers.iter().find(|one| one.id == broker).and_then(|one| one.problem.as_ref());
        let problem = problem.map(|problem| format!(" ({problem})")).unwrap_or_default();
        problems
            .push(format!("broker {broker} holds {} and did not answer{problem}", count(held, "replica")));
    }
    let remedy = "start the missing broker, or name every broker in --brokers";
    (!problems.is_empty()).then(|| Check::block(CheckId::DataBrokersPresent, problems.join("; "), remedy))
}

fn leaderless(view: &ClusterView) -> Option<Check> {
    let found = view.leaderless();
    let reason = || format!("no leader that answers: {}", excerpt(&found));
    let remedy = "start the brokers that hold these partitions";
    (!found.is_empty()).then(|| block_topics(CheckId::DataLeaderless, reason(), remedy, &found))
}

fn replication(view: &ClusterView) -> Check {
    let id = CheckId::DataReplication;
    let (partitions, topics) =
        (count(view.partition_count(), "partition"), count(view.topics.len(), "topic"));
    let unreadable = match view.unreadable_topics.len() {
        0 => String::new(),
        number => format!("; {} can't be read", count(number, "more topic")),
    };
    let found = view.out_of_sync();
    if !found.is_empty() {
        let behind: BTreeSet<BrokerId> = found
            .iter()
            .flat_map(|topic| topic.topic.partitions.iter())
            .flat_map(|one| view.behind(one))
            .collect();
        let number = partition_count(&found);
        let moving = if view.knows_reassignments {
            ""
        } else {
            "; some may be moving, because reassignments are unknown"
        };
        let reason = format!(
            "{topics}, {number} of {partitions} out of sync on {}: {}{moving}{unreadable}",
            broker_list(behind),
            excerpt(&found)
        );
        let remedy = "wait until all replicas are in sync, and check the brokers that stay behind";
        return block_topics(id, reason, remedy, &found);
    }
    if !unreadable.is_empty() {
        return Check::new(id, CheckResult::Warn, format!("{topics}, {partitions} in sync{unreadable}"));
    }
    if view.topics.is_empty() {
        let reason = "the brokers report no topics: there are none, or cdss may not see them";
        return Check::new(id, CheckResult::Skipped, reason);
    }
    Check::pass(id, format!("{topics}, {partitions} in sync"))
}

fn reassignment(view: &ClusterView) -> Check {
    let id = CheckId::DataReassignment;
    let found = view.reassigning();
    let remedy = "wait until the reassignment has finished, or cancel it";
    if !view.knows_reassignments {
        Check::new(id, CheckResult::Skipped, "reassignments unknown: no broker listed them")
    } else if view.hidden_reassignments > 0 {
        // There is no topic to accept for these, so nothing can be accepted.
        let hidden = count(view.hidden_reassignments, "partition");
        let hidden = format!("{hidden} of topics that can't be read");
        let named = (!found.is_empty()).then(|| excerpt(&found));
        let all = named.into_iter().chain([hidden]).collect::<Vec<_>>().join("; ");
        Check::block(id, format!("moving: {all}"), remedy)
    } else if found.is_empty() {
        Check::pass(id, "nothing moves")
    } else {
        block_topics(id, format!("moving: {}", excerpt(&found)), remedy, &found)
    }
}

fn versions_equal(view: &ClusterView) -> Option<Check> {
    let id = CheckId::DataVersionsEqual;
    // Brokers with the same candidates, such as 3.5 or 3.6.
    let mut groups: Vec<(&[_], Vec<BrokerId>)> = Vec::new();
    for broker in view.brokers.iter().filter(|broker| broker.problem.is_none()) {
        match groups.iter_mut().find(|(releases, _)| **releases == broker.releases) {
            Some((_, brokers)) => brokers.push(broker.id),
            None => groups.push((&broker.releases, vec![broker.id])),
        }
    }
    let describe = |(releases, brokers): &(&[Release], Vec<BrokerId>)| {
        let releases: Vec<String> = releases.iter().map(ToString::to_string).collect();
        let releases = if releases.is_empty() { "unknown release".to_owned() } else { releases.join(" or ") };
        format!("{releases} on {}", broker_list(brokers.iter().copied()))
    };
    // A known release differs from an unknown one.
    let differ = |one: &[Release], other: &[Release]| {
        !one.is_empty() && one.iter().all(|release| !other.contains(release))
    };
    if groups.iter().any(|(one, _)| groups.iter().any(|(other, _)| differ(one, other))) {
        let reason = groups.iter().map(describe).collect::<Vec<_>>().join("; ");
        let remedy = "an earlier upgrade may not have finished; check the brokers in the console";
        return Some(Check::block(id, reason, remedy));
    }
    let unknown = groups.iter().find(|(releases, _)| releases.is_empty())?;
    Some(Check::new(id, CheckResult::Info, describe(unknown)))
}

fn restart_offline(view: &ClusterView) -> Option<Check> {
    let found = single_copies(view);
    let remedy = "add replicas to these topics, or plan for the outage";
    let reason = || format!("{}, one copy each", excerpt(&found));
    (!found.is_empty()).then(|| warn_topics(CheckId::DataRestartOffline, reason(), remedy, &found))
}

fn restart_write_blocked(view: &ClusterView) -> Option<Check> {
    let found = write_blocked_by_choice(view);
    let unknown = unknown_setting(view, "min.insync.replicas", |topic| topic.min_in_sync.is_none());
    let id = CheckId::DataRestartWriteBlocked;
    if found.is_empty() {
        return unknown.map(|reason| Check::new(id, CheckResult::Skipped, reason));
    }
    let unknown = unknown.map(|reason| format!("; {reason}")).unwrap_or_default();
    let reason = format!("min.insync.replicas needs every replica: {}{unknown}", excerpt(&found));
    let remedy = "lower min.insync.replicas or add replicas, or plan for refused writes";
    Some(warn_topics(id, reason, remedy, &found))
}

fn restart_data_loss(view: &ClusterView) -> Option<Check> {
    let id = CheckId::DataRestartDataLoss;
    let (last, unclean) = copies_at_risk(view);
    let setting = "unclean.leader.election.enable";
    let unknown = unknown_setting(view, setting, |topic| topic.unclean_election.is_none());
    let last_text = (!last.is_empty()).then(|| format!("one replica in sync: {}", excerpt(&last)));
    let unclean_text = (!unclean.is_empty()).then(|| format!("{setting} is on: {}", excerpt(&unclean)));
    if last_text.is_none() && unclean_text.is_none() {
        return unknown.map(|reason| Check::new(id, CheckResult::Skipped, reason));
    }
    let reason = [last_text, unclean_text, unknown].into_iter().flatten().collect::<Vec<_>>().join("; ");
    let found = [last, unclean].concat();
    let remedy = "wait until all replicas are in sync, and turn unclean leader election off";
    Some(if view.out_of_sync().is_empty() {
        warn_topics(id, reason, remedy, &found)
    } else {
        block_topics(id, reason, remedy, &found)
    })
}

/// Returns how many topics with several replicas have an unknown setting; None if none.
fn unknown_setting(view: &ClusterView, setting: &str, is_unknown: fn(&Topic) -> bool) -> Option<String> {
    let found = view.partitions_where(|topic, one| is_unknown(topic) && one.kept_replicas().count() > 1);
    (!found.is_empty()).then(|| format!("{setting} unknown for {}", count(found.len(), "topic")))
}

/// Creates a check that blocks, with all topics as its items.
fn block_topics(id: CheckId, reason: String, remedy: &'static str, topics: &[TopicPartitions<'_>]) -> Check {
    Check { items: names(topics, |_| true), ..Check::block(id, reason, remedy) }
}

/// Creates a check that warns, with the topics as its items. Topics of Kafka itself come and go with their features.
fn warn_topics(id: CheckId, reason: String, remedy: &'static str, topics: &[TopicPartitions<'_>]) -> Check {
    let items = names(topics, |topic| !topic.is_internal);
    Check { items, remedy: Some(remedy.into()), ..Check::new(id, CheckResult::Warn, reason) }
}

fn names(topics: &[TopicPartitions<'_>], filter: fn(&Topic) -> bool) -> Vec<String> {
    let topics = topics.iter().map(|topic| topic.topic).filter(|topic| filter(topic));
    topics.map(|topic| topic.name.clone()).collect::<BTreeSet<_>>().into_iter().collect()
}

fn broker_list(brokers: impl IntoIterator<Item = BrokerId>) -> String {
    let ids: Vec<String> = brokers.into_iter().map(|broker| broker.to_string()).collect();
    format!("{} {}", if ids.len() == 1 { "broker" } else { "brokers" }, ids.join(", "))
}

/// The number of topics that a reason names.
///
/// Chosen: about two lines of a terminal. All topics are in the JSON document.
const MAX_NAMED: usize = 5;

/// Names the topics with the most partitions. Those of Kafka itself are one entry.
fn excerpt(topics: &[TopicPartitions<'_>]) -> String {
    let (internal, mut own): (Vec<&TopicPartitions<'_>>, Vec<_>) =
        topics.iter().partition(|topic| topic.topic.is_internal);
    own.sort_by_key(|topic| Reverse(topic.numbers.len()));
    let mut entries: Vec<String> = own.iter().take(MAX_NAMED).map(|topic| topic.excerpt()).collect();
    if let Some(more) = own.len().checked_sub(MAX_NAMED).filter(|more| *more > 0) {
        entries.push(count(more, "more topic"));
    }
    let internal = partition_count(internal);
    if internal > 0 {
        entries.push(format!("{} of internal topics", count(internal, "partition")));
    }
    enumeration(&entries.iter().map(String::as_str).collect::<Vec<_>>())
}
