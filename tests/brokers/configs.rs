//! The settings of topics and brokers.

use kafka_protocol::messages::describe_configs_request::DescribeConfigsResource;
use kafka_protocol::messages::describe_configs_response::{
    DescribeConfigsResourceResult, DescribeConfigsResult, DescribeConfigsSynonym,
};
use kafka_protocol::messages::{DescribeConfigsRequest, DescribeConfigsResponse};

use super::options::Operation;
use super::profile::Profile;
use super::response::{
    Asked, CLUSTER_AUTHORIZATION_FAILED, INVALID_REQUEST, TOPIC_AUTHORIZATION_FAILED, UNKNOWN_TOPIC, text,
};
use super::topic::{Access, TestTopic};

const TOPIC: i8 = 2;
const BROKER: i8 = 4;

/// Where a value comes from: the numbers of the protocol.
#[derive(Clone, Copy)]
enum Source {
    Topic = 1,
    Static = 4,
    Default = 5,
}

/// The numbers of the protocol for the type of a setting.
#[derive(Clone, Copy)]
enum Kind {
    Boolean = 1,
    String = 2,
    Int = 3,
    List = 7,
    Password = 9,
}

/// A setting: name, value, source, type. A password has no value.
type Setting = (&'static str, Option<String>, Source, Kind);

/// An error code and its message.
type Refusal = (i16, Option<String>);

pub(super) fn describe_configs(
    asked: Asked<'_>,
    request: &DescribeConfigsRequest,
) -> DescribeConfigsResponse {
    let describe = |resource: &DescribeConfigsResource| {
        let result = DescribeConfigsResult::default()
            .with_resource_type(resource.resource_type)
            .with_resource_name(resource.resource_name.clone());
        match settings(asked, resource) {
            Err((code, message)) => result.with_error_code(code).with_error_message(message.map(text)),
            Ok(settings) => {
                let keys = resource.configuration_keys.as_deref();
                let is_wanted =
                    |name: &str| keys.is_none_or(|keys| keys.iter().any(|key| key.as_str() == name));
                let wanted = settings.into_iter().filter(|(name, ..)| is_wanted(name));
                result.with_configs(wanted.map(|setting| encode(setting, request)).collect())
            }
        }
    };
    DescribeConfigsResponse::default().with_results(request.resources.iter().map(describe).collect())
}

fn encode(
    (name, value, source, kind): Setting,
    request: &DescribeConfigsRequest,
) -> DescribeConfigsResourceResult {
    let value = value.map(text);
    let synonym = DescribeConfigsSynonym::default()
        .with_name(text(name))
        .with_value(value.clone())
        .with_source(source as i8);
    DescribeConfigsResourceResult::default()
        .with_name(text(name))
        .with_value(value)
        .with_config_source(source as i8)
        .with_is_sensitive(matches!(kind, Kind::Password))
        .with_config_type(kind as i8)
        .with_synonyms(if request.include_synonyms { vec![synonym] } else { Vec::new() })
        .with_documentation(request.include_documentation.then(|| text("What Kafka's documentation says.")))
}

fn settings(asked: Asked<'_>, resource: &DescribeConfigsResource) -> Result<Vec<Setting>, Refusal> {
    let (state, name) = (asked.state, resource.resource_name.as_str());
    match resource.resource_type {
        TOPIC => {
            let topic = state.cluster.topics.iter().find(|topic| topic.name == name);
            let refuses_all = state.denied.contains(&Operation::DescribeTopicConfigs);
            match topic {
                _ if refuses_all => Err((TOPIC_AUTHORIZATION_FAILED, None)),
                None => Err((UNKNOWN_TOPIC, None)),
                Some(topic) if topic.access != Access::Full => Err((TOPIC_AUTHORIZATION_FAILED, None)),
                Some(topic) => Ok(of_topic(topic)),
            }
        }
        BROKER if state.denied.contains(&Operation::DescribeBrokerConfigs) => {
            Err((CLUSTER_AUTHORIZATION_FAILED, None))
        }
        BROKER => match name.parse::<i32>() {
            // The defaults of the whole cluster: none is set.
            _ if name.is_empty() => Ok(Vec::new()),
            Ok(id) if id == asked.broker => Ok(of_broker(id, state.brokers[&id].profile)),
            Ok(_) => {
                let own = asked.broker;
                let message =
                    format!("Unexpected broker id, expected {own} or empty string, but received {name}");
                Err((INVALID_REQUEST, Some(message)))
            }
            Err(_) => {
                Err((INVALID_REQUEST, Some(format!("Broker id must be an integer, but it is: {name}"))))
            }
        },
        other => Err((INVALID_REQUEST, Some(format!("Unsupported resource type: {other}")))),
    }
}

fn of_topic(topic: &TestTopic) -> Vec<Setting> {
    let source = |is_set: bool| if is_set { Source::Topic } else { Source::Default };
    let min_in_sync = topic.min_in_sync.unwrap_or(1).to_string();
    let unclean = topic.unclean_election;
    vec![
        ("cleanup.policy", Some("delete".to_owned()), Source::Default, Kind::List),
        ("leader.replication.throttled.replicas", Some(String::new()), Source::Default, Kind::List),
        ("min.insync.replicas", Some(min_in_sync), source(topic.min_in_sync.is_some()), Kind::Int),
        ("segment.bytes", Some("1073741824".to_owned()), Source::Static, Kind::Int),
        ("unclean.leader.election.enable", Some(unclean.to_string()), source(unclean), Kind::Boolean),
    ]
}

fn of_broker(id: i32, profile: Profile) -> Vec<Setting> {
    let mut settings = vec![
        ("broker.id", Some(id.to_string()), Source::Static, Kind::Int),
        ("min.insync.replicas", Some("1".to_owned()), Source::Default, Kind::Int),
        ("ssl.keystore.password", None, Source::Static, Kind::Password),
        ("unclean.leader.election.enable", Some("false".to_owned()), Source::Default, Kind::Boolean),
    ];
    if profile < Profile::V4_0 {
        let version = Some(format!("{profile}-IV0"));
        settings.push(("inter.broker.protocol.version", version, Source::Default, Kind::String));
    }
    settings
}
