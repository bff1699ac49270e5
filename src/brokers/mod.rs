//! Queries the brokers of a cluster: read-only, bounded, and without trust in what they answer.

mod connection;
mod dial;
mod fault;
pub(crate) mod forecast;
mod peer;
mod protocol;
mod race;
mod reach;
mod read;
mod release;
#[cfg(test)]
mod tests;
mod topics;

use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use self::connection::REQUEST_LIMIT;
use self::dial::Dialer;
use self::fault::Fault;
use self::peer::MAX_BROKERS;
use self::race::Failures;
use self::reach::{Reached, reach};
use self::read::Snapshot;
use self::release::releases;
use crate::model::broker_address::{BrokerAddress, host_and_port};
use crate::model::data_plane::{BrokerId, BrokerView, ClusterView, NotQueried};

/// The most that reaching brokers may take, including the time for finding their addresses.
///
/// Chosen: a connection within a region takes milliseconds. From elsewhere, most brokers are not reachable at all, and
/// nobody should wait longer to learn that.
pub(crate) const REACH_LIMIT: Duration = Duration::from_secs(3);

/// The most addresses that are connected to at first; the rest is ignored.
///
/// Chosen: each broker of the largest cluster can have two listeners for each transport.
const MAX_ADDRESSES: usize = MAX_BROKERS * 4;

/// What to query and how.
pub(crate) struct BrokerQuery<'a> {
    pub addresses: &'a [BrokerAddress],
    /// PEM texts of certificate authorities: the service's `downloadCertificate` and `--cacert`. System roots are not used.
    pub certificate_authorities: &'a [&'a [u8]],
    /// In a sandbox: connect to loopback addresses only, whatever an address, a name lookup, or a broker's answer says. No
    /// name but `localhost` is looked up then.
    pub only_loopback: bool,
    /// The time for reaching brokers: name lookups, connections, TLS, first answers. At most 3 s.
    pub reach_within: Duration,
    pub at: Timestamp,
}

/// Queries the brokers at these addresses, and the brokers that they name. Takes at most the time for reaching them and 10 s
/// for what they answer then. When the future is dropped, only a lookup of a name may still run.
///
/// # Errors
///
/// Returns why nothing is known if no broker answers, or if no answer is consistent.
pub(crate) async fn query(query: &BrokerQuery<'_>) -> Result<ClusterView, NotQueried> {
    query_within(query, REQUEST_LIMIT).await
}

/// Queries the brokers. `limit` is the time for all that is read from them after they were reached.
async fn query_within(query: &BrokerQuery<'_>, limit: Duration) -> Result<ClusterView, NotQueried> {
    let within = query.reach_within.min(REACH_LIMIT);
    let setup_failed = |fault: Fault| NotQueried { reason: fault.to_string(), remedy: fault.remedy() };
    let dialer = Dialer::new(query, Instant::now() + within).map_err(setup_failed)?;
    let addresses = query.addresses.get(..MAX_ADDRESSES).unwrap_or(query.addresses);
    let mut reached = reach(&dialer, addresses).await.map_err(|failures| explain(&failures, within))?;
    let deadline = Instant::now() + limit;
    let snapshot = reached.snapshot(deadline).await;
    let mut snapshot = snapshot.map_err(|failures| explain_incomplete(&failures, limit))?;
    let knows_reassignments = reached.read_reassignments(&mut snapshot, deadline).await;
    Ok(ClusterView {
        at: query.at,
        transport: reached.transport,
        brokers: broker_views(&reached, &snapshot),
        topics: snapshot.topics.readable,
        unreadable_topics: snapshot.topics.unreadable,
        doubt: reached.doubt,
        hidden_reassignments: snapshot.hidden_reassignments,
        knows_reassignments,
    })
}

/// Lists all brokers: those that answered, those that others list, and those that should have copies.
fn broker_views(reached: &Reached, snapshot: &Snapshot) -> Vec<BrokerView> {
    let lists = [&snapshot.view, &reached.view];
    let lists = lists.into_iter().chain(reached.peers.values().map(|peer| &peer.view));
    let listed: Vec<_> = lists.flat_map(|list| &list.brokers).collect();
    let mut ids: Vec<BrokerId> = listed.iter().map(|broker| broker.id).collect();
    ids.extend(&snapshot.topics.replica_ids);
    ids.sort_unstable();
    ids.dedup();
    let view = |id: BrokerId| {
        let listed = listed.iter().find(|broker| broker.id == id);
        let peer = reached.peers.get(&id);
        let problem = || match (reached.faults.get(&id), listed) {
            (Some(fault), _) => fault.to_string(),
            (None, Some(_)) => Fault::Silent.to_string(),
            (None, None) => "it is down: the other brokers do not list it".to_owned(),
        };
        BrokerView {
            id,
            address: listed.map(|broker| host_and_port(&broker.host, broker.port)),
            releases: peer.map(|peer| releases(&peer.connection.versions)).unwrap_or_default(),
            problem: peer.is_none().then(problem),
        }
    };
    ids.into_iter().map(view).collect()
}

/// Explains why nothing is known. Of different faults, the most specific one is named.
fn explain(failures: &Failures, within: Duration) -> NotQueried {
    let Some((address, fault)) = failures.iter().max_by_key(|(_, fault)| fault) else {
        let reason = "the addresses of the brokers are not known".to_owned();
        return NotQueried { reason, remedy: Some("give --brokers") };
    };
    let place = host_and_port(&address.host, address.port);
    let others = failures.len().saturating_sub(1);
    let is_same = |other: &Fault| std::mem::discriminant(other) == std::mem::discriminant(fault);
    let are_all_same = failures.iter().all(|(_, other)| is_same(other));
    let within = seconds(within);
    let reason = match (fault, others) {
        (Fault::NotOnThisMachine, _) => "brokers were not queried: they are not on this machine".to_owned(),
        (Fault::Silent, 0) => format!("{place} did not answer within {within}"),
        (Fault::Silent, _) if are_all_same => {
            format!("none of {} broker addresses answered within {within} ({place})", failures.len())
        }
        (_, 0) => format!("{place}: {fault}"),
        (_, 1) if are_all_same => format!("{place} and 1 other address: {fault}"),
        (_, _) if are_all_same => format!("{place} and {others} other addresses: {fault}"),
        (_, 1) => format!("{place}: {fault} (1 other address failed too)"),
        (_, _) => format!("{place}: {fault} ({others} other addresses failed too)"),
    };
    NotQueried { reason, remedy: fault.remedy() }
}

/// Explains why brokers that were reached tell nothing.
fn explain_incomplete(failures: &Failures, limit: Duration) -> NotQueried {
    if failures.iter().all(|(_, fault)| *fault == Fault::Silent) {
        let reason = format!("the brokers did not answer completely within {}", seconds(limit));
        return NotQueried { reason, remedy: None };
    }
    explain(failures, limit)
}

/// Returns a time in seconds, rounded up to tenths.
fn seconds(time: Duration) -> String {
    let tenths = time.as_micros().div_ceil(100_000);
    match (tenths / 10, tenths % 10) {
        (seconds, 0) => format!("{seconds}s"),
        (seconds, tenths) => format!("{seconds}.{tenths}s"),
    }
}
