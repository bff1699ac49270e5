//! The answers of a broker.

use super::super::kafka::version_index;
use super::api_versions::offered;
use super::topics::{self, Partition, Topic};
use super::wire::{Malformed, Reader, Writer};

/// The keys of the requests that a broker answers.
const METADATA: i16 = 3;
const API_VERSIONS: i16 = 18;
const DESCRIBE_CONFIGS: i16 = 32;
const LIST_PARTITION_REASSIGNMENTS: i16 = 46;

/// Error codes.
const NO_ERROR: i16 = 0;
const UNKNOWN_TOPIC_OR_PARTITION: i16 = 3;
const LEADER_NOT_AVAILABLE: i16 = 5;
const UNSUPPORTED_VERSION: i16 = 35;
const NOT_CONTROLLER: i16 = 41;
const INVALID_REQUEST: i16 = 42;

/// Types of a resource with settings.
const TOPIC: i8 = 2;
const BROKER: i8 = 4;

/// Kafka's default of `min.insync.replicas`.
const DEFAULT_MIN_IN_SYNC: usize = 1;

/// The permissions were not asked for.
const NO_OPERATIONS: i32 = i32::MIN;

/// A broker and what it knows of its cluster.
pub(super) struct Broker<'a> {
    /// Its position among the brokers. Its id is one higher.
    pub(super) index: usize,
    /// The number of the cluster.
    pub(super) cluster: u64,
    /// The code of the version that it runs.
    pub(super) version: &'a str,
    /// The port of every broker of the cluster.
    pub(super) ports: &'a [u16],
    /// Whether each broker of the cluster is away.
    pub(super) is_away: Vec<bool>,
    pub(super) topics: Vec<Topic>,
}

impl Broker<'_> {
    /// Answers a request.
    ///
    /// # Errors
    ///
    /// Fails if the broker does not serve such a request, or if it is malformed. Kafka closes the connection then.
    pub(super) fn answer(&self, request: &[u8]) -> Result<Vec<u8>, Malformed> {
        let mut reader = Reader::new(request);
        let (key, version, correlation_id) = (reader.i16()?, reader.i16()?, reader.i32()?);
        let _client = reader.nullable_string()?;
        let mut writer = Writer::new(correlation_id);
        let offered = offered(version_index(self.version).ok_or(Malformed)?);
        let is_offered = offered.iter().any(|(known, max)| *known == key && (0..=*max).contains(&version));
        if key == API_VERSIONS && !is_offered {
            // Such an answer has version 0, so that every client can read it.
            let own: Vec<_> = offered.into_iter().filter(|(known, _)| *known == key).collect();
            write_api_versions(&mut writer, UNSUPPORTED_VERSION, &own, 0);
            return Ok(writer.finish());
        }
        let first_flexible = match key {
            API_VERSIONS => 3,
            METADATA => 9,
            DESCRIBE_CONFIGS => 4,
            LIST_PARTITION_REASSIGNMENTS => 0,
            _ => return Err(Malformed),
        };
        reader.is_flexible = version >= first_flexible;
        writer.is_flexible = reader.is_flexible;
        reader.tags()?;
        if key != API_VERSIONS {
            writer.tags();
        }
        match key {
            API_VERSIONS => {
                if reader.is_flexible {
                    let _software = (reader.string()?, reader.string()?);
                    reader.tags()?;
                }
                write_api_versions(&mut writer, NO_ERROR, &offered, version);
            }
            _ if !is_offered => return Err(Malformed),
            METADATA if version >= 5 => self.metadata(&mut reader, version, &mut writer)?,
            DESCRIBE_CONFIGS if version >= 1 => self.describe_configs(&mut reader, version, &mut writer)?,
            LIST_PARTITION_REASSIGNMENTS => self.list_reassignments(&mut reader, &mut writer)?,
            _ => return Err(Malformed),
        }
        reader.end()?;
        Ok(writer.finish())
    }

    fn id(&self) -> i32 {
        id(self.index)
    }

    /// Returns the controller: the first broker that is up.
    fn controller(&self) -> i32 {
        self.is_away.iter().position(|is_away| !is_away).map_or(-1, id)
    }

    /// Returns the topics that a request names, with the names of the unknown ones. A request without names means all.
    fn select<'b>(&'b self, names: Option<Vec<&'b str>>) -> Vec<Result<&'b Topic, &'b str>> {
        match names {
            None => self.topics.iter().map(Ok).collect(),
            Some(names) => names.into_iter().map(|name| self.topic(name).ok_or(name)).collect(),
        }
    }

    fn topic(&self, name: &str) -> Option<&Topic> {
        self.topics.iter().find(|topic| topic.name == name)
    }

    /// Versions 5 and higher.
    fn metadata(&self, reader: &mut Reader, version: i16, writer: &mut Writer) -> Result<(), Malformed> {
        let names = reader.array(|reader| {
            if version >= 10 {
                reader.uuid()?;
            }
            let name = reader.string()?;
            reader.tags()?;
            Ok(name)
        })?;
        // Whether to create topics, and which permissions to include.
        let flags = match version {
            ..8 => 1,
            8..=10 => 3,
            _ => 2,
        };
        for _ in 0..flags {
            reader.i8()?;
        }
        reader.tags()?;

        writer.i32(0);
        let brokers: Vec<_> =
            self.ports.iter().enumerate().filter(|(index, _)| !self.is_away[*index]).collect();
        writer.array(&brokers, |writer, (index, port)| {
            writer.i32(id(*index));
            writer.string("127.0.0.1");
            writer.i32(i32::from(**port));
            writer.nullable_string(None);
            writer.tags();
        });
        writer.string(&format!("sandbox-{}", self.cluster));
        writer.i32(self.controller());
        writer.array(&self.select(names), |writer, topic| self.write_topic(writer, version, *topic));
        if (8..=10).contains(&version) {
            writer.i32(NO_OPERATIONS);
        }
        writer.tags();
        Ok(())
    }

    fn write_topic(&self, writer: &mut Writer, version: i16, topic: Result<&Topic, &str>) {
        let (error, name, partitions) = match topic {
            Ok(topic) => (NO_ERROR, topic.name.as_str(), topic.partitions.as_slice()),
            Err(name) => (UNKNOWN_TOPIC_OR_PARTITION, name, [].as_slice()),
        };
        writer.i16(error);
        writer.string(name);
        if version >= 10 {
            writer.bytes(&topic_id(topic));
        }
        writer.bool(name.starts_with("__"));
        let numbered: Vec<_> = (0..).zip(partitions).collect();
        writer.array(&numbered, |writer, (number, partition)| {
            writer.i16(if partition.leader.is_some() { NO_ERROR } else { LEADER_NOT_AVAILABLE });
            writer.i32(*number);
            writer.i32(partition.leader.unwrap_or(-1));
            if version >= 7 {
                // The leader's epoch.
                writer.i32(0);
            }
            let mut offline = partition.replicas.clone();
            offline.retain(|id| topics::is_away(*id, &self.is_away));
            for ids in [&partition.replicas, &partition.in_sync, &offline] {
                writer.ids(ids);
            }
            writer.tags();
        });
        if version >= 8 {
            writer.i32(NO_OPERATIONS);
        }
        writer.tags();
    }

    /// Versions 1 and higher.
    fn describe_configs(
        &self,
        reader: &mut Reader,
        version: i16,
        writer: &mut Writer,
    ) -> Result<(), Malformed> {
        let resources = reader.array(|reader| {
            let resource = (reader.i8()?, reader.string()?, reader.array(Reader::string)?);
            reader.tags()?;
            Ok(resource)
        })?;
        let has_synonyms = reader.i8()? != 0;
        if version >= 3 {
            // Whether to include the documentation, which there is none of.
            reader.i8()?;
        }
        reader.tags()?;

        writer.i32(0);
        writer.array(&resources.ok_or(Malformed)?, |writer, (kind, name, keys)| {
            let described = self.settings(*kind, name);
            let (error, message) = match &described {
                Ok(_) => (NO_ERROR, None),
                Err((error, message)) => (*error, message.as_deref()),
            };
            writer.i16(error);
            writer.nullable_string(message);
            writer.i8(*kind);
            writer.string(name);
            let mut settings = described.unwrap_or_default();
            settings.retain(|setting| keys.as_ref().is_none_or(|keys| keys.contains(&setting.name)));
            writer.array(&settings, |writer, setting| setting.write(writer, version, has_synonyms));
            writer.tags();
        });
        writer.tags();
        Ok(())
    }

    /// Returns the settings of a resource.
    ///
    /// # Errors
    ///
    /// Returns the error code and Kafka's message if the broker can't describe it.
    fn settings(&self, kind: i8, name: &str) -> Result<Vec<Setting>, (i16, Option<String>)> {
        match kind {
            TOPIC => match self.topic(name) {
                Some(topic) => Ok(settings(topic.min_in_sync)),
                None => Err((UNKNOWN_TOPIC_OR_PARTITION, None)),
            },
            // The settings that all brokers have from the cluster.
            BROKER if name.is_empty() => Ok(Vec::new()),
            BROKER if name == self.id().to_string() => Ok(settings(DEFAULT_MIN_IN_SYNC)),
            BROKER => {
                let expected = format!("expected {} or empty string, but received {name}", self.id());
                Err((INVALID_REQUEST, Some(format!("Unexpected broker id, {expected}"))))
            }
            _ => Err((INVALID_REQUEST, Some(format!("Unsupported resource type: {kind}")))),
        }
    }

    /// With `ZooKeeper`, only the controller knows the reassignments.
    fn list_reassignments(&self, reader: &mut Reader, writer: &mut Writer) -> Result<(), Malformed> {
        let _timeout = reader.i32()?;
        let names = reader.array(|reader| {
            let name = reader.string()?;
            let _partitions = reader.array(Reader::i32)?;
            reader.tags()?;
            Ok(name)
        })?;
        reader.tags()?;

        let is_controller = self.id() == self.controller();
        let moving = |partition: &Partition| !partition.adding.is_empty() || !partition.removing.is_empty();
        let selected = if is_controller { self.select(names) } else { Vec::new() };
        let topics: Vec<_> = selected
            .into_iter()
            .flatten()
            .filter_map(|topic| {
                let partitions = (0..).zip(&topic.partitions).filter(|(_, partition)| moving(partition));
                let partitions: Vec<(i32, _)> = partitions.collect();
                (!partitions.is_empty()).then_some((&topic.name, partitions))
            })
            .collect();
        writer.i32(0);
        writer.i16(if is_controller { NO_ERROR } else { NOT_CONTROLLER });
        writer.nullable_string(None);
        writer.array(&topics, |writer, (name, partitions)| {
            writer.string(name);
            writer.array(partitions, |writer, (number, partition)| {
                writer.i32(*number);
                for ids in [&partition.replicas, &partition.adding, &partition.removing] {
                    writer.ids(ids);
                }
                writer.tags();
            });
            writer.tags();
        });
        writer.tags();
        Ok(())
    }
}

/// Returns the id of the broker at a position.
fn id(index: usize) -> i32 {
    i32::try_from(index + 1).unwrap_or_default()
}

/// Returns the id of a topic: the start of its name, which differs between topics; zero for an unknown one.
fn topic_id(topic: Result<&Topic, &str>) -> [u8; 16] {
    let mut id = [0; 16];
    if let Ok(topic) = topic {
        id.iter_mut().zip(topic.name.bytes()).for_each(|(id, byte)| *id = byte);
    }
    id
}

/// Writes an answer to `ApiVersions`. Its header has no tagged fields even in a flexible version.
fn write_api_versions(writer: &mut Writer, error: i16, offered: &[(i16, i16)], version: i16) {
    writer.i16(error);
    writer.array(offered, |writer, (key, max)| {
        for value in [*key, 0, *max] {
            writer.i16(value);
        }
        writer.tags();
    });
    if version >= 1 {
        writer.i32(0);
    }
    writer.tags();
}

/// A setting of a topic or a broker.
struct Setting {
    name: &'static str,
    value: String,
    /// The type of its value.
    kind: i8,
    /// Where the value is from.
    source: i8,
}

/// Returns the settings that decide what a restart takes away.
fn settings(min_in_sync: usize) -> Vec<Setting> {
    const BOOLEAN: i8 = 1;
    const INT: i8 = 3;
    const FROM_TOPIC: i8 = 1;
    const DEFAULT: i8 = 5;
    let source = if min_in_sync == DEFAULT_MIN_IN_SYNC { DEFAULT } else { FROM_TOPIC };
    vec![
        Setting { name: "min.insync.replicas", value: min_in_sync.to_string(), kind: INT, source },
        Setting {
            name: "unclean.leader.election.enable",
            value: false.to_string(),
            kind: BOOLEAN,
            source: DEFAULT,
        },
    ]
}

impl Setting {
    /// Versions 1 and higher.
    fn write(&self, writer: &mut Writer, version: i16, has_synonyms: bool) {
        let write_value = |writer: &mut Writer| {
            writer.string(self.name);
            writer.string(&self.value);
        };
        write_value(writer);
        // It can be changed.
        writer.bool(false);
        writer.i8(self.source);
        // It is no secret.
        writer.bool(false);
        let synonyms: &[()] = if has_synonyms { &[()] } else { &[] };
        writer.array(synonyms, |writer, ()| {
            write_value(writer);
            writer.i8(self.source);
            writer.tags();
        });
        if version >= 3 {
            writer.i8(self.kind);
            // Its documentation.
            writer.nullable_string(None);
        }
        writer.tags();
    }
}
