//! The forecast against what a roll of scripted brokers takes away, partition for partition.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::brokers::forecast::{Effect, Forecast};
use crate::brokers::{BrokerQuery, REACH_LIMIT, query};
use crate::model::broker_address::BrokerAddress;
use crate::model::data_plane::{ClusterView, Transport};
use crate::test_brokers::TestCluster;
use crate::test_brokers::options::{self, ClusterOptions};
use crate::test_brokers::profile::{Coordination, Profile};
use crate::test_brokers::topic::{TestPartition, TestTopic, topics_of_every_shape};

/// The partitions that are affected while a broker is away.
type Effects = BTreeMap<(i32, Effect), BTreeSet<(String, i32)>>;

async fn view(cluster: &TestCluster) -> ClusterView {
    let address = |address: std::net::SocketAddr| BrokerAddress {
        transport: Transport::Plain,
        host: address.ip().to_string(),
        port: address.port(),
        ip_addresses: Vec::new(),
    };
    let addresses: Vec<BrokerAddress> =
        cluster.addresses(options::Transport::Plain).into_iter().map(address).collect();
    let asked = BrokerQuery {
        addresses: &addresses,
        certificate_authorities: &[],
        only_loopback: true,
        reach_within: REACH_LIMIT,
        at: Timestamp::UNIX_EPOCH,
    };
    query(&asked).await.expect("the brokers answer")
}

fn forecast(view: &ClusterView) -> Effects {
    let mut effects = Effects::new();
    for broker in Forecast::new(view).brokers {
        for (effect, topics) in &broker.affected {
            let all = topics
                .iter()
                .flat_map(|topic| topic.numbers.iter().map(|number| (topic.topic.name.clone(), *number)));
            effects.entry((broker.broker.0, *effect)).or_default().extend(all);
        }
    }
    effects
}

/// Restarts one broker after the other, and records what is gone meanwhile of the partitions that it has a copy of.
fn roll(cluster: &TestCluster, down: Option<i32>) -> Effects {
    let mut effects = Effects::new();
    for broker in 1..=3 {
        let before = cluster.topics();
        cluster.down(broker);
        for topic in &before {
            for (number, partition) in (0..).zip(&topic.partitions) {
                if let Some(effect) = effect_while_away(cluster, &topic.name, number, partition, broker) {
                    effects.entry((broker, effect)).or_default().insert((topic.name.clone(), number));
                }
            }
        }
        if down != Some(broker) {
            cluster.up(broker);
        }
        assert_eq!(in_sync(&cluster.topics()), in_sync(&before), "everything is as it was before");
    }
    effects
}

/// Returns what the brokers that are left do with a partition. A copy that a reassignment has not completed does not count.
fn effect_while_away(
    cluster: &TestCluster,
    topic: &str,
    number: i32,
    before: &TestPartition,
    away: i32,
) -> Option<Effect> {
    let index = usize::try_from(number).unwrap();
    let kept: Vec<i32> =
        before.replicas.iter().copied().filter(|broker| !before.adding.contains(broker)).collect();
    if !kept.contains(&away) {
        return None;
    }
    if !cluster.is_available(topic, index) {
        Some(Effect::Offline)
    } else if !cluster.is_writable(topic, index) {
        Some(Effect::WriteBlocked)
    } else {
        (kept.len() > 1 && cluster.in_sync_count(topic, index) == 1).then_some(Effect::OneCopyLeft)
    }
}

fn in_sync(topics: &[TestTopic]) -> Vec<BTreeSet<i32>> {
    let partitions = topics.iter().flat_map(|topic| &topic.partitions);
    partitions.map(|partition| partition.in_sync.iter().copied().collect()).collect()
}

/// The topics of every shape, with each first partition on its way to another broker, or to fewer brokers.
fn reassigning() -> Vec<TestTopic> {
    let topics = topics_of_every_shape().into_iter().filter(|topic| topic.name != "moving");
    topics
        .map(|topic| {
            let replicas = topic.partitions[0].replicas.clone();
            let adding: Vec<i32> = (1..=3).filter(|id| !replicas.contains(id)).take(1).collect();
            topic.reassigning(0, &adding, &replicas[..1])
        })
        .collect()
}

/// Each broker lags behind in one partition.
fn lagging() -> Vec<TestTopic> {
    let topics = topics_of_every_shape().into_iter();
    topics
        .map(|topic| match topic.name.as_str() {
            "orders" => topic.out_of_sync(0, 3).out_of_sync(1, 1).out_of_sync(1, 2),
            "pair" => topic.out_of_sync(0, 1).out_of_sync(1, 3),
            "__consumer_offsets" => topic.out_of_sync(2, 2),
            _ => topic,
        })
        .collect()
}

/// How a broker is lost: the cluster notices at once, or after the brokers were queried.
type Loss = fn(&TestCluster, i32);

async fn compare(options: ClusterOptions, down: Option<(i32, Loss)>) -> Effects {
    let context = format!("{:?}, {:?}, down: {down:?}", options.profiles, options.coordination);
    let cluster = TestCluster::start(&options);
    if let Some((broker, lose)) = down {
        lose(&cluster, broker);
    }
    let view = view(&cluster).await;
    let down = down.map(|(broker, _)| broker);
    if let Some(broker) = down {
        cluster.down(broker);
    }
    assert_eq!(view.topics.len(), options.topics.len(), "{context}");
    assert!(view.knows_reassignments, "{context}");
    let forecast = forecast(&view);
    assert_eq!(forecast, roll(&cluster, down), "{context}");
    forecast
}

/// Every release, in the modes that it has, and a cluster in the middle of an upgrade.
fn clusters() -> Vec<ClusterOptions> {
    let own = Profile::ALL.map(ClusterOptions::new);
    let zookeeper = [Profile::V3_7, Profile::V3_9]
        .map(|profile| ClusterOptions::new(profile).coordination(Coordination::ZooKeeper));
    let mixed = ClusterOptions::new(Profile::V3_6).profile(2, Profile::V3_9);
    own.into_iter().chain(zookeeper).chain([mixed]).collect()
}

#[tokio::test]
async fn a_roll_takes_away_exactly_what_the_forecast_says() {
    let set = |partitions: &[(&str, i32)]| -> BTreeSet<(String, i32)> {
        partitions.iter().map(|(topic, number)| ((*topic).to_owned(), *number)).collect()
    };
    for options in clusters() {
        for topics in [topics_of_every_shape(), reassigning(), lagging()] {
            compare(options.clone().topics(topics.clone()), None).await;
            for broker in 1..=3 {
                compare(options.clone().topics(topics.clone()), Some((broker, TestCluster::down))).await;
            }
            // Broker 1 is the controller. Without it, the reassignments are unknown until the cluster notices.
            for broker in 2..=3 {
                compare(options.clone().topics(topics.clone()), Some((broker, TestCluster::crash))).await;
            }
        }
        // What was measured in a roll of real brokers.
        let forecast = compare(options, None).await;
        let offline = [1, 2, 3].map(|broker| forecast[&(broker, Effect::Offline)].clone());
        assert_eq!(offline, [set(&[("solo", 0)]), set(&[("solo", 1)]), set(&[("solo", 2)])]);
        let blocked = [1, 2, 3].map(|broker| forecast[&(broker, Effect::WriteBlocked)].clone());
        let both = set(&[("overmin", 0), ("strict", 0)]);
        assert_eq!(blocked, [set(&[("overmin", 0)]), both, set(&[("strict", 0)])]);
    }
}
