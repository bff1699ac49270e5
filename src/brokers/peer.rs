//! A connected broker: which one it is, and which brokers it lists.

use super::connection::Connection;
use super::fault::Fault;
use super::protocol::describe_configs::{self, MIN_IN_SYNC, ResourceKind};
use super::protocol::metadata::{self, Topics};
use crate::model::broker_address::BrokerAddress;
use crate::model::data_plane::BrokerId;

/// The most brokers of a cluster. A hostile answer must not make this program connect to any number of hosts.
///
/// Chosen: more than any cluster of the service has, and fewer than the files that a process may open by default.
pub(super) const MAX_BROKERS: usize = 200;

/// The longest host of a broker, in bytes. A host name has fewer.
const MAX_HOST_LENGTH: usize = 255;

/// A connected broker.
pub(super) struct Peer {
    pub(super) address: BrokerAddress,
    pub(super) connection: Connection,
    /// Which broker it is; None if it may not be asked.
    pub(super) id: Option<BrokerId>,
    pub(super) view: BrokerList,
}

/// The brokers of a cluster as one of them lists them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BrokerList {
    /// Sorted by ID.
    pub(super) brokers: Vec<ListedBroker>,
    pub(super) controller: Option<BrokerId>,
    /// None if the broker does not tell.
    pub(super) cluster_id: Option<String>,
}

/// A broker and the address that it advertises to clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ListedBroker {
    pub(super) id: BrokerId,
    pub(super) host: String,
    pub(super) port: u16,
}

/// Asks a connected broker for the list of brokers, and which of them it is.
pub(super) async fn meet(
    mut connection: Connection,
    listed: Option<BrokerId>,
    address: &BrokerAddress,
) -> Result<Peer, Fault> {
    let answer = connection
        .ask(&metadata::API, |writer, version| metadata::encode(writer, version, Topics::None))
        .await
        .map_err(|fault| if matches!(fault, Fault::Closed(_)) { Fault::ClosedLater } else { fault })?;
    let decoded = metadata::decode(&mut answer.body()?, answer.version)?;
    let view = BrokerList::new(&decoded)?;
    if view.brokers.is_empty() {
        return Err(Fault::Starting);
    }
    let ids = view.brokers.iter().map(|broker| broker.id).chain(listed);
    let id = match (identify(&mut connection, ids).await?, listed) {
        (Some(Identity::Id(id)), Some(listed)) if id != listed => return Err(Fault::OtherBroker),
        (Some(Identity::Id(id)), _) => Some(id),
        (Some(Identity::NoneOfThem), Some(_)) => return Err(Fault::OtherBroker),
        (Some(Identity::NoneOfThem), None) => None,
        (None, Some(listed)) => Some(listed),
        (None, None) => view.at(address),
    };
    Ok(Peer { address: address.clone(), connection, id, view })
}

enum Identity {
    Id(BrokerId),
    NoneOfThem,
}

/// Finds out which of these brokers is connected. A broker describes its own settings, and no other broker's. Returns
/// None if the answer does not tell, such as without the permission.
async fn identify(
    connection: &mut Connection,
    ids: impl Iterator<Item = BrokerId>,
) -> Result<Option<Identity>, Fault> {
    /// The request names another broker than the one that received it.
    const INVALID_REQUEST: i16 = 42;
    let mut names: Vec<String> = ids.map(|id| id.to_string()).collect();
    names.sort_unstable();
    names.dedup();
    let answer = connection.ask(&describe_configs::API, |writer, version| {
        describe_configs::encode(writer, version, ResourceKind::Broker, &names, &[MIN_IN_SYNC]);
    });
    let answer = answer.await?;
    let resources = describe_configs::decode(&mut answer.body()?, answer.version)?;
    let mut own = resources.iter().filter(|resource| resource.error == 0);
    Ok(match (own.next(), own.next()) {
        (Some(own), None) if names.iter().any(|name| name == own.name) => {
            own.name.parse().ok().map(BrokerId).map(Identity::Id)
        }
        (None, None) if resources.iter().all(|resource| resource.error == INVALID_REQUEST) => {
            Some(Identity::NoneOfThem)
        }
        _ => None,
    })
}

impl BrokerList {
    /// Checks the brokers of an answer.
    pub(super) fn new(metadata: &metadata::Metadata<'_>) -> Result<Self, Fault> {
        if metadata.brokers.len() > MAX_BROKERS {
            return Err(Fault::Contradiction("too many brokers"));
        }
        let mut brokers = Vec::with_capacity(metadata.brokers.len());
        for broker in &metadata.brokers {
            let (true, Ok(port)) = (broker.id >= 0, u16::try_from(broker.port)) else {
                return Err(Fault::Contradiction("a broker with an invalid ID or port"));
            };
            if broker.host.len() > MAX_HOST_LENGTH {
                return Err(Fault::Contradiction("a broker with an invalid host"));
            }
            brokers.push(ListedBroker { id: BrokerId(broker.id), host: broker.host.to_owned(), port });
        }
        brokers.sort_unstable_by_key(|broker| broker.id);
        if brokers.windows(2).any(|pair| pair[0].id == pair[1].id) {
            return Err(Fault::Contradiction("two brokers with the same ID"));
        }
        let controller = Some(BrokerId(metadata.controller)).filter(|id| id.0 >= 0);
        let cluster_id = metadata.cluster_id.map(str::to_owned);
        Ok(Self { brokers, controller, cluster_id })
    }

    /// Returns the broker with this address, if exactly one has it.
    fn at(&self, address: &BrokerAddress) -> Option<BrokerId> {
        let mut found = self
            .brokers
            .iter()
            .filter(|broker| broker.port == address.port && address.has_host(&broker.host));
        let broker = found.next()?;
        found.next().is_none().then_some(broker.id)
    }
}
