//! Changes to broker settings between Kafka versions, from the data file `kafka_changes.tsv`.
//!
//! The service's own lists take precedence. Versions outside the covered range have no data.

use std::sync::LazyLock;

use super::value_range::ValueRange;
use crate::model::kafka_version::{KafkaVersion, Release, release_of};

static TABLE: LazyLock<Table> = LazyLock::new(|| Table::parse(include_str!("kafka_changes.tsv")));

struct Table {
    /// The first and the last covered version.
    covers: (Release, Release),
    removed: Vec<Removed>,
    /// The rows of one setting are in order, oldest first.
    defaults: Vec<DefaultValue>,
    bounds: Vec<Bound>,
}

struct Removed {
    /// A key, or a key prefix followed by `*`.
    pattern: &'static str,
    since: Release,
    replacement: &'static str,
}

struct DefaultValue {
    key: &'static str,
    since: Release,
    value: Option<&'static str>,
    impact: Option<&'static str>,
    is_risky: bool,
}

struct Bound {
    /// As [`Removed::pattern`].
    pattern: &'static str,
    since: Release,
    range: ValueRange,
}

/// A default that differs between two versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ChangedDefault {
    pub key: &'static str,
    /// None: no default.
    pub from: Option<&'static str>,
    pub to: Option<&'static str>,
    /// The effect of the change, if it is noticeable and the change goes to the later version.
    pub impact: Option<&'static str>,
    /// True if the change can lose messages or disconnect clients.
    pub is_risky: bool,
}

/// Returns true if the table covers this version.
pub(crate) fn covers(release: &Release) -> bool {
    let (first, last) = &TABLE.covers;
    release >= first && (release < last || release.is_same_or_patch_of(last))
}

/// Returns the covered range as text.
pub(crate) fn covered_versions() -> String {
    let (first, last) = &TABLE.covers;
    format!("{first} to {last}")
}

/// Returns the given versions that the table does not cover.
pub(crate) fn not_covered(versions: [Option<&KafkaVersion>; 2]) -> Vec<String> {
    let unknown = versions.map(release_of).into_iter().filter(|release| !release.is_some_and(covers));
    let name = |release: Option<&Release>| {
        release.map_or_else(|| "an unnamed version".to_owned(), ToString::to_string)
    };
    unknown.map(name).collect()
}

/// Returns the replacement of a setting that this version no longer has; None if the setting still exists.
pub(crate) fn replacement_if_removed(key: &str, release: &Release) -> Option<&'static str> {
    let removed = TABLE.removed.iter().find(|row| matches(row.pattern, key))?;
    (covers(release) && removed.since <= *release).then_some(removed.replacement)
}

fn matches(pattern: &str, key: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == key, |prefix| key.starts_with(prefix))
}

/// Returns the values with which a broker of this version starts; None if no limit is known.
pub(crate) fn allowed_range(key: &str, release: &Release) -> Option<&'static ValueRange> {
    let is_match = |row: &&Bound| matches(row.pattern, key) && row.since <= *release;
    TABLE.bounds.iter().find(is_match).filter(|_| covers(release)).map(|row| &row.range)
}

/// Returns the defaults that differ between two versions, for settings that both have.
pub(crate) fn changed_defaults(before: &Release, after: &Release) -> Vec<ChangedDefault> {
    let mut keys: Vec<&'static str> = TABLE.defaults.iter().map(|row| row.key).collect();
    keys.dedup();
    keys.into_iter().filter_map(|key| changed_default(key, before, after)).collect()
}

/// Returns how the default of this setting differs; None if it is the same or unknown.
pub(crate) fn changed_default(key: &str, before: &Release, after: &Release) -> Option<ChangedDefault> {
    let (from, to) = (default_row(key, before)?, default_row(key, after)?);
    // A downgrade does not reverse the effect, so it has no impact text.
    let is_later = to.since > from.since;
    (from.value != to.value).then_some(ChangedDefault {
        key: to.key,
        from: from.value,
        to: to.value,
        impact: to.impact.filter(|_| is_later),
        is_risky: to.is_risky && is_later,
    })
}

/// Returns the default of this setting; None if it has none or it is unknown.
pub(crate) fn default_of(key: &str, release: &Release) -> Option<&'static str> {
    default_row(key, release)?.value
}

fn default_row(key: &str, release: &Release) -> Option<&'static DefaultValue> {
    let mut rows = TABLE.defaults.iter().filter(|row| row.key == key && row.since <= *release);
    rows.next_back().filter(|_| covers(release) && replacement_if_removed(key, release).is_none())
}

impl Table {
    fn parse(text: &'static str) -> Self {
        let release = |text: &str| Release::find(text).expect("versions in the data file are dotted");
        let unset = Release::find("0.0").expect("0.0 is dotted");
        let mut table =
            Self { covers: (unset.clone(), unset), removed: vec![], defaults: vec![], bounds: vec![] };
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let cells: Vec<&'static str> = line.split('\t').collect();
            match cells.as_slice() {
                ["covers", first, last] => table.covers = (release(first), release(last)),
                ["removed", pattern, since, replacement, _, _] => {
                    table.removed.push(Removed { pattern, since: release(since), replacement });
                }
                ["default", key, since, value, impact, _] => table.defaults.push(DefaultValue {
                    key,
                    since: release(since),
                    value: Some(*value).filter(|value| *value != "-"),
                    impact: Some(impact.trim_start_matches('!')).filter(|impact| *impact != "-"),
                    is_risky: impact.starts_with('!'),
                }),
                ["bound", pattern, since, min, max, _] => {
                    let number = |text: &str| text.parse().ok();
                    let range = ValueRange::Between(number(min), number(max));
                    table.bounds.push(Bound { pattern, since: release(since), range });
                }
                ["choice", pattern, since, values, _, _] => {
                    let range = ValueRange::OneOf(values.split(',').map(str::to_owned).collect());
                    table.bounds.push(Bound { pattern, since: release(since), range });
                }
                _ => panic!("invalid line in the data file: {line}"),
            }
        }
        table
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn release(text: &str) -> Release {
        Release::find(text).unwrap()
    }

    #[test]
    fn every_data_line_is_parsed_and_has_a_source() {
        let text = include_str!("kafka_changes.tsv");
        let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        let rows = TABLE.removed.len() + TABLE.defaults.len() + TABLE.bounds.len();
        assert_eq!(lines.len(), rows + 1);
        for line in lines.iter().filter(|line| !line.starts_with("covers")) {
            let source = line.rsplit('\t').next().unwrap_or_default();
            assert!(source.contains("branch"), "{line}");
        }
        for bound in &TABLE.bounds {
            assert!(!matches!(bound.range, ValueRange::Between(None, None)), "{}", bound.pattern);
        }
    }

    #[test]
    fn removed_settings_have_a_replacement() {
        for (key, version, instead) in [
            ("advertised.port", "2.8.2", None),
            ("advertised.port", "3.0.0", Some("advertised.listeners")),
            ("advertised.port", "4.3.0", Some("advertised.listeners")),
            ("inter.broker.protocol.version", "4.0.0", Some("the feature metadata.version")),
            ("inter.broker.protocol.version", "3.9.0", None),
            ("zookeeper.connect", "4.1.0", Some("none; not used by KRaft")),
            ("zookeeper.connect", "3.9.0", None),
            ("zookeeper.sync.time.ms", "3.2.0", Some("none; it had no effect")),
            ("log.retention.hours", "4.3.0", None),
            // Versions outside the table have no data.
            ("zookeeper.connect", "5.0.0", None),
            ("advertised.port", "2.3.0", None),
        ] {
            assert_eq!(replacement_if_removed(key, &release(version)), instead, "{key} {version}");
        }
    }

    #[test]
    fn changed_defaults_are_symmetric() {
        let keys = |before: &str, after: &str| -> Vec<(&str, Option<&str>, Option<&str>)> {
            let changed = changed_defaults(&release(before), &release(after));
            changed.into_iter().map(|one| (one.key, one.from, one.to)).collect()
        };
        assert_eq!(keys("3.7.1", "3.9.0"), []);
        assert_eq!(keys("3.9.0", "3.9.1"), []);
        assert!(keys("2.4.0", "2.8.2").contains(&("replica.lag.time.max.ms", Some("10000"), Some("30000"))));
        let future = ("log.message.timestamp.after.max.ms", Some("9223372036854775807"), Some("3600000"));
        for before in ["2.4.0", "2.8.2", "3.6.2", "3.9.0"] {
            assert!(keys(before, "4.0.0").contains(&future), "{before}");
        }
        assert!(keys("2.8.2", "3.0.0").contains(&("listeners", None, Some("PLAINTEXT://:9092"))));
        assert!(keys("2.8.2", "4.0.0").iter().all(|(key, ..)| !key.starts_with("zookeeper.")));
        let there = keys("3.6.2", "4.2.0");
        let back: Vec<_> =
            keys("4.2.0", "3.6.2").into_iter().map(|(key, from, to)| (key, to, from)).collect();
        assert_eq!(there, back);
        assert_eq!(keys("3.9.0", "5.0.0"), []);
        let downgrade = changed_defaults(&release("4.0.0"), &release("3.9.0"));
        assert!(downgrade.iter().all(|one| one.impact.is_none() && !one.is_risky), "{downgrade:?}");
        let risky = changed_defaults(&release("2.4.0"), &release("4.3.0"));
        let risky: Vec<_> = risky.iter().filter(|one| one.is_risky).map(|one| one.key).collect();
        assert_eq!(risky, ["ssl.enabled.protocols", "log.message.timestamp.after.max.ms"]);
    }

    #[test]
    fn bound_applies_from_its_version_on() {
        let allows = |version: &str, value: &str| {
            allowed_range("log.segment.bytes", &release(version)).is_none_or(|range| range.allows(value))
        };
        assert!(allows("3.9.0", "1000"));
        assert!(!allows("4.0.0", "1000"));
        assert!(allows("4.0.0", "1048576"));
        assert!(allows("5.0.0", "1000"), "not covered");
    }

    #[test]
    fn bounds_support_key_prefixes_and_value_lists() {
        let allows = |key: &str, value: &str| {
            allowed_range(key, &release("4.2.0")).is_none_or(|range| range.allows(value))
        };
        for (key, value, allowed) in [
            ("controller.quorum.fetch.timeout.ms", "-1", false),
            ("controller.quorum.fetch.timeout.ms", "0", true),
            ("controller.quorum.voters", "1@a:9093,2@b:9093", true),
            ("compression.type", "zstd", true),
            ("compression.type", "none", false),
        ] {
            assert_eq!(allows(key, value), allowed, "{key} {value}");
        }
    }

    #[test]
    fn patch_releases_of_the_last_version_are_covered() {
        for (version, covered) in [
            ("2.3.1", false),
            ("2.4.0", true),
            ("3.9.1", true),
            ("4.3.0", true),
            ("4.3.7", true),
            ("4.4.0", false),
        ] {
            assert_eq!(covers(&release(version)), covered, "{version}");
        }
        assert_eq!(covered_versions(), "2.4 to 4.3");
    }
}
