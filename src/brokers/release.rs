//! Tells the release of a broker from the requests that it supports.

use super::protocol::api_versions::ApiVersions;
use crate::model::kafka_version::Release;

const FETCH: i16 = 1;
const LIST_OFFSETS: i16 = 2;
const METADATA: i16 = 3;
const OFFSET_FETCH: i16 = 9;
const JOIN_GROUP: i16 = 11;
const LIST_GROUPS: i16 = 16;
const DESCRIBE_LOG_DIRS: i16 = 35;

/// The newest versions of requests that tell releases apart, from Kafka's message schemas. Oldest versions tell nothing:
/// some are offered only for the sake of other clients. A broker offers them whatever `inter.broker.protocol.version` is.
const FINGERPRINTS: [(&str, &[(i16, i16)]); 17] = [
    ("2.4", &[(METADATA, 9), (OFFSET_FETCH, 6)]),
    ("2.5", &[(OFFSET_FETCH, 7), (LIST_GROUPS, 3)]),
    ("2.6", &[(LIST_GROUPS, 4), (FETCH, 11)]),
    ("2.7", &[(FETCH, 12), (METADATA, 9)]),
    ("2.8", &[(METADATA, 11), (LIST_OFFSETS, 6)]),
    ("3.0", &[(METADATA, 11), (LIST_OFFSETS, 7)]),
    ("3.1", &[(FETCH, 13), (JOIN_GROUP, 7)]),
    ("3.2", &[(JOIN_GROUP, 9), (DESCRIBE_LOG_DIRS, 3)]),
    ("3.3 3.4", &[(DESCRIBE_LOG_DIRS, 4), (FETCH, 13)]),
    ("3.5 3.6", &[(FETCH, 15)]),
    ("3.7", &[(FETCH, 16), (LIST_GROUPS, 4)]),
    ("3.8", &[(FETCH, 16), (LIST_GROUPS, 5)]),
    ("3.9", &[(FETCH, 17), (METADATA, 12)]),
    ("4.0", &[(FETCH, 17), (METADATA, 13)]),
    ("4.1", &[(FETCH, 18), (LIST_OFFSETS, 10)]),
    ("4.2", &[(FETCH, 18), (LIST_OFFSETS, 11), (DESCRIBE_LOG_DIRS, 4)]),
    ("4.3", &[(FETCH, 18), (DESCRIBE_LOG_DIRS, 5)]),
];

/// Returns the releases that a broker with these versions may run, or nothing for an unknown or newer release.
pub(super) fn releases(versions: &ApiVersions) -> Vec<Release> {
    let is_match =
        |expected: &[(i16, i16)]| expected.iter().all(|(key, newest)| versions.newest(*key) == Some(*newest));
    let found = FINGERPRINTS.iter().find(|(_, expected)| is_match(expected));
    found.map(|(names, _)| names.split(' ').filter_map(Release::find).collect()).unwrap_or_default()
}
