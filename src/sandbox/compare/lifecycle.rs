//! What a recording shows of an upgrade between the accepted start and its end.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Observations, PROGRESS, READ_CLUSTER, is_accepted_start, is_success};
use crate::sandbox::recording::{Exchange, as_number};

/// An accepted start, and the successful reads of its cluster after it.
struct Upgrade<'a> {
    version: u64,
    group: u64,
    /// Reads of the cluster's entry and of its progress or status, in order.
    reads: Vec<&'a Exchange>,
}

/// Returns the upgrades in a recording.
fn upgrades(exchanges: &[Exchange]) -> Vec<Upgrade<'_>> {
    let starts = exchanges.iter().enumerate().filter(|(_, exchange)| is_accepted_start(exchange));
    let upgrade = |(index, start): (usize, &Exchange)| {
        let request = start.request.as_ref()?;
        let is_later_read = |exchange: &&Exchange| {
            exchange.cluster() == start.cluster()
                && matches!(exchange.operation.as_str(), READ_CLUSTER | PROGRESS | "getClusterStatus")
                && is_success(exchange)
                && exchange.field("result").is_object()
        };
        let later = exchanges[index + 1..].iter();
        let until_next = later
            .take_while(|exchange| !(is_accepted_start(exchange) && exchange.cluster() == start.cluster()));
        Some(Upgrade {
            version: as_number(&request["upgradeKafkaVersionCode"])?,
            group: as_number(&request["upgradeConfigGroupNo"])?,
            reads: until_next.filter(is_later_read).collect(),
        })
    };
    starts.filter_map(upgrade).collect()
}

impl<'a> Upgrade<'a> {
    fn entries(&self) -> impl Iterator<Item = &'a Exchange> {
        self.reads.iter().copied().filter(|read| read.operation == READ_CLUSTER)
    }

    /// Returns the reads before the upgrade failed. It may have failed right after the last entry without the failure.
    fn before_failure(&self) -> &[&'a Exchange] {
        let is_entry = |read: &&Exchange| read.operation == READ_CLUSTER;
        let is_failed = |read: &&Exchange| is_entry(read) && status_of(read) == "error";
        let Some(failure) = self.reads.iter().position(is_failed) else { return &self.reads };
        let last_entry = self.reads[..failure].iter().rposition(is_entry);
        &self.reads[..last_entry.map_or(0, |index| index + 1)]
    }

    fn has_version(&self, entry: &Exchange) -> bool {
        as_number(&entry.field("result")["kafkaVersionCode"]) == Some(self.version)
    }

    fn has_group(&self, entry: &Exchange) -> bool {
        as_number(&entry.field("result")["configGroupNo"]) == Some(self.group)
    }
}

fn status_of(entry: &Exchange) -> &str {
    entry.field("result")["status"].as_str().unwrap_or_default()
}

/// The version and the group switch together, and the status is `running` then.
pub(super) fn switch(exchanges: &[Exchange], observations: &mut Observations) {
    for upgrade in upgrades(exchanges) {
        let mut has_switched = false;
        for entry in upgrade.entries() {
            let (version, group) = (upgrade.has_version(entry), upgrade.has_group(entry));
            let contradiction = match (version, group) {
                (true, false) => Some("the version switched before the config group".to_owned()),
                (false, true) => Some("the config group switched before the version".to_owned()),
                (false, false) if has_switched => Some("the version switched back".to_owned()),
                (true, true) if !has_switched && status_of(entry) != "running" => {
                    Some(format!("switched in the status `{}`", status_of(entry)))
                }
                (true, true) | (false, false) => None,
            };
            has_switched |= version && group;
            // An entry before the switch says nothing.
            if contradiction.is_some() || has_switched {
                observations.add(entry, contradiction);
            }
        }
    }
}

/// The status is `changing` until the version switches.
pub(super) fn status(exchanges: &[Exchange], observations: &mut Observations) {
    for upgrade in upgrades(exchanges) {
        let entries = upgrade.before_failure().iter().filter(|read| read.operation == READ_CLUSTER);
        for entry in entries.take_while(|entry| !upgrade.has_version(entry)) {
            let status = status_of(entry);
            let detail = || format!("`{status}` before the version switched");
            observations.add(entry, (status != "changing").then(detail));
        }
    }
}

/// Brokers restart one at a time, in the order of the list. Only restarts of all of them show that.
pub(super) fn brokers(exchanges: &[Exchange], observations: &mut Observations) {
    for upgrade in upgrades(exchanges) {
        let (mut latest, mut restarting, mut restarted) = (0, None, BTreeSet::new());
        // Reads that show a restart, and the number of brokers in the last one.
        let (mut evidence, mut count, mut is_contradicted) = (Vec::new(), 0, false);
        for read in upgrade.before_failure().iter().filter(|read| read.operation != READ_CLUSTER) {
            let Some(nodes) = read.field("result")["brokerStatusPerNode"].as_array() else { continue };
            count = nodes.len();
            let color = |node: &Value| node["status"].as_str().unwrap_or_default().to_owned();
            let away: Vec<(usize, String)> =
                nodes.iter().map(color).enumerate().filter(|(_, color)| color != "green").collect();
            let contradiction = match away.as_slice() {
                [] => None,
                [(_, color)] if color != "orange" => Some(format!("a broker was `{color}`")),
                [(broker, _)] if *broker < latest => {
                    Some("a broker restarted after one that comes later in the list".to_owned())
                }
                [(broker, _)] => {
                    latest = *broker;
                    None
                }
                several => Some(format!("{} brokers were not green at once", several.len())),
            };
            let now = away.first().map(|(broker, _)| *broker);
            if restarting.is_some() || now.is_some() {
                evidence.push(*read);
            }
            // It is green again.
            restarted.extend(restarting.filter(|broker| now != Some(*broker)));
            restarting = now;
            is_contradicted |= contradiction.is_some();
            if contradiction.is_some() {
                observations.add(read, contradiction);
            }
        }
        if !is_contradicted && count > 0 && restarted.len() == count {
            for read in evidence {
                observations.add(read, None);
            }
        }
    }
}
