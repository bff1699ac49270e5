//! Reads the topics, their settings, and the reassignments from connected brokers.

use std::time::Duration;

use tokio::time::{Instant, timeout, timeout_at};

use super::fault::Fault;
use super::peer::{BrokerList, Peer};
use super::protocol::describe_configs::{self, MIN_IN_SYNC, ResourceKind, UNCLEAN_ELECTION};
use super::protocol::metadata::{self, Topics};
use super::protocol::reassignments::{self, NOT_CONTROLLER};
use super::race::Failures;
use super::reach::Reached;
use super::topics::{TopicList, add_reassignment};
use crate::model::data_plane::{BrokerId, Topic};

/// The number of topics in one request for settings.
///
/// Chosen: the answer stays far below the largest frame.
const TOPICS_PER_REQUEST: usize = 500;

/// How long a broker may take to list the reassignments: less than the limit of a request, so that it can still say so.
const REASSIGNMENTS_WITHIN: Duration = Duration::from_secs(5);

/// What one broker knows about the cluster.
pub(super) struct Snapshot {
    pub(super) view: BrokerList,
    pub(super) topics: TopicList,
    /// The number of partitions that are being moved and are not in `topics`.
    pub(super) hidden_reassignments: usize,
}

impl Reached {
    /// Reads the topics and their settings: from the controller if it is connected, or else from the broker that knows
    /// most brokers. The view of a broker that just started lags behind. Only some of the time until the deadline is for
    /// the first broker, so that another one can answer if it hangs.
    ///
    /// # Errors
    ///
    /// Fails if no broker has a consistent view.
    pub(super) async fn snapshot(&mut self, deadline: Instant) -> Result<Snapshot, Failures> {
        let count = self.peers.len();
        let controller = self.view.controller;
        let mut peers: Vec<(&BrokerId, &mut Peer)> = self.peers.iter_mut().collect();
        peers
            .sort_by_key(|(id, peer)| (Some(**id) != controller, std::cmp::Reverse(peer.view.brokers.len())));
        let mut failures = Failures::new();
        let mut others = peers.len();
        for (_, peer) in peers {
            others = others.saturating_sub(1);
            let within = if others == 0 { time_left(deadline) } else { time_left(deadline) / 2 };
            match timeout(within, snapshot(peer, count)).await.unwrap_or(Err(Fault::Silent)) {
                Ok(mut snapshot) => {
                    // A setting that can't be read is unknown. It does not make the rest unknown.
                    let reading = read_settings(peer, &mut snapshot.topics.readable);
                    let _result = timeout(time_left(deadline) / 2, reading).await;
                    return Ok(snapshot);
                }
                Err(fault) => failures.push((peer.address.clone(), fault)),
            }
        }
        Err(failures)
    }

    /// Marks the partitions that are being moved. Only the controller knows them if the cluster uses ZooKeeper; with KRaft,
    /// every broker does. Returns false if no connected broker tells before the deadline.
    pub(super) async fn read_reassignments(&mut self, snapshot: &mut Snapshot, deadline: Instant) -> bool {
        let controller = snapshot.view.controller;
        let mut peers: Vec<(&BrokerId, &mut Peer)> = self.peers.iter_mut().collect();
        peers.sort_by_key(|(id, _)| Some(**id) != controller);
        for (_, peer) in peers {
            let reading = read_reassignments(peer, &mut snapshot.topics.readable);
            match timeout_at(deadline, reading).await.unwrap_or(Err(Fault::Silent)) {
                Ok(hidden) => {
                    snapshot.hidden_reassignments = hidden;
                    return true;
                }
                Err(Fault::Rejected(NOT_CONTROLLER) | Fault::TooOld | Fault::TooNew) => {}
                Err(_) => return false,
            }
        }
        false
    }
}

fn time_left(deadline: Instant) -> Duration {
    deadline.saturating_duration_since(Instant::now())
}

/// Reads the brokers and the topics. At least `count` brokers must be in the view, because so many answered.
async fn snapshot(peer: &mut Peer, count: usize) -> Result<Snapshot, Fault> {
    let answer = peer
        .connection
        .ask(&metadata::API, |writer, version| metadata::encode(writer, version, Topics::All))
        .await?;
    let metadata = metadata::decode(&mut answer.body()?, answer.version)?;
    let view = BrokerList::new(&metadata)?;
    if view.brokers.len() < count {
        return Err(Fault::Contradiction("it lists fewer brokers than answered"));
    }
    Ok(Snapshot { view, topics: TopicList::new(metadata.topics)?, hidden_reassignments: 0 })
}

async fn read_settings(peer: &mut Peer, topics: &mut [Topic]) -> Result<(), Fault> {
    for chunk in topics.chunks_mut(TOPICS_PER_REQUEST) {
        let names: Vec<&str> = chunk.iter().map(|topic| topic.name.as_str()).collect();
        let asking = peer.connection.ask(&describe_configs::API, |writer, version| {
            let keys = [MIN_IN_SYNC, UNCLEAN_ELECTION];
            describe_configs::encode(writer, version, ResourceKind::Topic, &names, &keys);
        });
        let answer = asking.await?;
        for resource in describe_configs::decode(&mut answer.body()?, answer.version)? {
            let found = chunk.binary_search_by(|topic| topic.name.as_str().cmp(resource.name));
            let Some(topic) = found.ok().and_then(|index| chunk.get_mut(index)) else { continue };
            if resource.error == 0 {
                // Kafka requires at least 1.
                let min_in_sync = resource.min_in_sync.and_then(|value| value.parse().ok());
                topic.min_in_sync = min_in_sync.filter(|count| *count > 0);
                topic.unclean_election = resource.unclean_election.and_then(|value| value.parse().ok());
            }
        }
    }
    Ok(())
}

/// Returns the number of partitions that are being moved and are not in `topics`.
async fn read_reassignments(peer: &mut Peer, topics: &mut [Topic]) -> Result<usize, Fault> {
    let asking = peer
        .connection
        .ask(&reassignments::API, |writer, _| reassignments::encode(writer, REASSIGNMENTS_WITHIN));
    let answer = asking.await?;
    let found = reassignments::decode(&mut answer.body()?)?.map_err(Fault::Rejected)?;
    let mut hidden: usize = 0;
    for reassignment in &found {
        // The topic may be new, or hidden from this program.
        let index = topics.binary_search_by(|topic| topic.name.as_str().cmp(reassignment.topic));
        let topic = index.ok().and_then(|index| topics.get_mut(index));
        if !topic.is_some_and(|topic| add_reassignment(topic, reassignment)) {
            hidden = hidden.saturating_add(1);
        }
    }
    Ok(hidden)
}
