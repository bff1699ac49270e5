//! The versions of the Kafka protocol that each release offers. A client recognizes the release of a broker by them.

use super::super::kafka::VERSIONS;

/// The key of each request, and its highest version in each of [`VERSIONS`]; -1 if the release does not have it. The lowest
/// version is always 0.
///
/// Source: the `validVersions` of Kafka's own message definitions at the tags of these releases, without versions marked as
/// unstable, and without requests that a broker with `ZooKeeper` does not serve.
const MAX_VERSIONS: [(i16, [i16; VERSIONS.len()]); 62] = [
    (0, [9, 9, 10, 11]),
    (1, [12, 15, 16, 17]),
    (2, [6, 8, 8, 9]),
    (3, [11, 12, 12, 12]),
    (4, [5, 7, 7, 7]),
    (5, [3, 4, 4, 4]),
    (6, [7, 8, 8, 8]),
    (7, [3, 3, 3, 3]),
    (8, [8, 8, 9, 9]),
    (9, [7, 8, 9, 9]),
    (10, [3, 4, 4, 6]),
    (11, [7, 9, 9, 9]),
    (12, [4, 4, 4, 4]),
    (13, [4, 5, 5, 5]),
    (14, [5, 5, 5, 5]),
    (15, [5, 5, 5, 5]),
    (16, [4, 4, 4, 5]),
    (17, [1, 1, 1, 1]),
    (18, [3, 3, 3, 4]),
    (19, [7, 7, 7, 7]),
    (20, [6, 6, 6, 6]),
    (21, [2, 2, 2, 2]),
    (22, [4, 4, 4, 5]),
    (23, [4, 4, 4, 4]),
    (24, [3, 4, 4, 5]),
    (25, [3, 3, 3, 4]),
    (26, [3, 3, 3, 4]),
    (27, [1, 1, 1, 1]),
    (28, [3, 3, 3, 4]),
    (29, [2, 3, 3, 3]),
    (30, [2, 3, 3, 3]),
    (31, [2, 3, 3, 3]),
    (32, [4, 4, 4, 4]),
    (33, [2, 2, 2, 2]),
    (34, [2, 2, 2, 2]),
    (35, [2, 4, 4, 4]),
    (36, [2, 2, 2, 2]),
    (37, [3, 3, 3, 3]),
    (38, [2, 3, 3, 3]),
    (39, [2, 2, 2, 2]),
    (40, [2, 2, 2, 2]),
    (41, [2, 3, 3, 3]),
    (42, [2, 2, 2, 2]),
    (43, [2, 2, 2, 2]),
    (44, [1, 1, 1, 1]),
    (45, [0, 0, 0, 0]),
    (46, [0, 0, 0, 0]),
    (47, [0, 0, 0, 0]),
    (48, [1, 1, 1, 1]),
    (49, [1, 1, 1, 1]),
    (50, [0, 0, 0, 0]),
    (51, [0, 0, 0, 0]),
    (56, [0, 3, 3, 3]),
    (57, [0, 1, 1, 1]),
    (58, [-1, 0, 0, 0]),
    (60, [0, 0, 1, 1]),
    (61, [0, 0, 0, 0]),
    (65, [-1, 0, 0, 0]),
    (66, [-1, 0, 0, 1]),
    (67, [-1, 0, 0, 0]),
    (68, [-1, -1, 0, 0]),
    (69, [-1, -1, -1, 0]),
];

/// Returns the key and the highest version of every request that a release offers. `release` is an index of [`VERSIONS`].
pub(super) fn offered(release: usize) -> Vec<(i16, i16)> {
    let versions = MAX_VERSIONS.iter().map(|(key, versions)| (*key, versions[release]));
    versions.filter(|(_, version)| *version >= 0).collect()
}
