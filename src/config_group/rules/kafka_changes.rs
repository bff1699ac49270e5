//! What Kafka itself changed about broker settings between versions: a data file beside this one.
//!
//! The service's own lists win over it. Of a version that it doesn't cover it says nothing.

use std::sync::LazyLock;

use super::value_range::ValueRange;
use crate::model::kafka_version::{KafkaVersion, Release, release_of};

static TABLE: LazyLock<Table> = LazyLock::new(|| Table::read(include_str!("kafka_changes.tsv")));

struct Table {
    /// The first and the last version that are covered.
    covers: (Release, Release),
    removed: Vec<Removed>,
    /// Of one setting the oldest first.
    defaults: Vec<DefaultValue>,
    bounds: Vec<Bound>,
}

struct Removed {
    key: Pattern,
    since: Release,
    instead: &'static str,
}

/// A key, or the beginning of several with `*` behind it.
struct Pattern(&'static str);

struct DefaultValue {
    key: &'static str,
    since: Release,
    value: Option<&'static str>,
    felt: Option<&'static str>,
    can_hurt: bool,
}

struct Bound {
    key: Pattern,
    since: Release,
    range: ValueRange,
}

/// A default that is another one in the other version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ChangedDefault {
    pub key: &'static str,
    /// None: there was no default.
    pub from: Option<&'static str>,
    pub to: Option<&'static str>,
    /// What the change does, where it can be felt and goes forward.
    pub felt: Option<&'static str>,
    /// True when it can cost messages or cut clients off.
    pub can_hurt: bool,
}

/// Returns true when this version is one that the table speaks of.
pub(crate) fn covers(release: &Release) -> bool {
    let (first, last) = &TABLE.covers;
    release >= first && (release < last || release.is_same_or_patch_of(last))
}

/// Returns what is covered, in words.
pub(crate) fn coverage() -> String {
    let (first, last) = &TABLE.covers;
    format!("{first} to {last}")
}

/// Returns those of these versions that the table doesn't speak of.
pub(crate) fn not_covered(versions: [Option<&KafkaVersion>; 2]) -> Vec<String> {
    let unknown = versions.map(release_of).into_iter().filter(|release| !release.is_some_and(covers));
    let name = |release: Option<&Release>| {
        release.map_or_else(|| "a version without a name".to_owned(), ToString::to_string)
    };
    unknown.map(name).collect()
}

/// Returns what replaces a setting that this version doesn't have any more.
pub(crate) fn removed_by(key: &str, release: &Release) -> Option<&'static str> {
    let gone = removed(key)?;
    (covers(release) && gone.since <= *release).then_some(gone.instead)
}

fn removed(key: &str) -> Option<&'static Removed> {
    TABLE.removed.iter().find(|row| row.key.fits(key))
}

/// Returns the values that a broker of this version starts with; None where nothing is known of a limit.
pub(crate) fn bound(key: &str, release: &Release) -> Option<&'static ValueRange> {
    let mut rows = TABLE.bounds.iter();
    covers(release)
        .then(|| rows.find(|row| row.key.fits(key) && row.since <= *release))?
        .map(|row| &row.range)
}

/// Returns the defaults that differ between two versions, of settings that neither has removed.
pub(crate) fn changed_defaults(before: &Release, after: &Release) -> Vec<ChangedDefault> {
    let mut keys: Vec<&'static str> = TABLE.defaults.iter().map(|row| row.key).collect();
    keys.dedup();
    keys.into_iter().filter_map(|key| changed_default(key, before, after)).collect()
}

/// Returns what became of the default of this setting; None where it is the same or not known.
pub(crate) fn changed_default(key: &str, before: &Release, after: &Release) -> Option<ChangedDefault> {
    let (from, to) = (default_row(key, before)?, default_row(key, after)?);
    // Of the way back nothing is told: it isn't the same backwards.
    let is_later = to.since > from.since;
    (from.value != to.value).then_some(ChangedDefault {
        key: to.key,
        from: from.value,
        to: to.value,
        felt: to.felt.filter(|_| is_later),
        can_hurt: to.can_hurt && is_later,
    })
}

/// Returns the default of this setting; None where it has none or nothing is known of it.
pub(crate) fn default_of(key: &str, release: &Release) -> Option<&'static str> {
    default_row(key, release)?.value
}

fn default_row(key: &str, release: &Release) -> Option<&'static DefaultValue> {
    let mut rows = TABLE.defaults.iter().filter(|row| row.key == key && row.since <= *release);
    rows.next_back().filter(|_| covers(release) && removed_by(key, release).is_none())
}

impl Pattern {
    fn fits(&self, key: &str) -> bool {
        match self.0.strip_suffix('*') {
            Some(stem) => key.starts_with(stem),
            None => key == self.0,
        }
    }
}

impl Table {
    fn read(text: &'static str) -> Self {
        let release = |text: &str| Release::find(text).expect("a version of the data file is dotted");
        let nothing = Release::find("0.0").expect("this is dotted");
        let mut table =
            Self { covers: (nothing.clone(), nothing), removed: vec![], defaults: vec![], bounds: vec![] };
        for line in text.lines().filter(|line| !line.starts_with('#')) {
            let cells: Vec<&'static str> = line.split('\t').collect();
            match cells.as_slice() {
                ["covers", first, last] => table.covers = (release(first), release(last)),
                ["removed", key, since, instead, _, _] => {
                    table.removed.push(Removed { key: Pattern(key), since: release(since), instead });
                }
                ["default", key, since, value, felt, _] => table.defaults.push(DefaultValue {
                    key,
                    since: release(since),
                    value: Some(*value).filter(|value| *value != "-"),
                    felt: Some(felt.trim_start_matches('!')).filter(|felt| *felt != "-"),
                    can_hurt: felt.starts_with('!'),
                }),
                ["bound", key, since, least, most, _] => {
                    let end = |text: &str| text.parse().ok();
                    let range = ValueRange::Between(end(least), end(most));
                    table.bounds.push(Bound { key: Pattern(key), since: release(since), range });
                }
                ["choice", key, since, values, _, _] => {
                    let range = ValueRange::OneOf(values.split(',').map(str::to_owned).collect());
                    table.bounds.push(Bound { key: Pattern(key), since: release(since), range });
                }
                _ => panic!("the data file has a line of another form: {line}"),
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
    fn every_line_of_the_data_file_is_read_and_has_a_source() {
        let text = include_str!("kafka_changes.tsv");
        let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        let rows = TABLE.removed.len() + TABLE.defaults.len() + TABLE.bounds.len();
        assert_eq!(lines.len(), rows + 1);
        for line in lines.iter().filter(|line| !line.starts_with("covers")) {
            let source = line.rsplit('\t').next().unwrap_or_default();
            assert!(source.contains("branch"), "{line}");
        }
        for bound in &TABLE.bounds {
            assert!(!matches!(bound.range, ValueRange::Between(None, None)), "{}", bound.key.0);
        }
    }

    #[test]
    fn a_removed_setting_is_told_with_what_replaces_it() {
        for (key, version, instead) in [
            ("advertised.port", "2.8.2", None),
            ("advertised.port", "3.0.0", Some("advertised.listeners")),
            ("advertised.port", "4.3.0", Some("advertised.listeners")),
            ("inter.broker.protocol.version", "4.0.0", Some("the feature metadata.version")),
            ("inter.broker.protocol.version", "3.9.0", None),
            ("zookeeper.connect", "4.1.0", Some("nothing; KRaft does without")),
            ("zookeeper.connect", "3.9.0", None),
            ("zookeeper.sync.time.ms", "3.2.0", Some("nothing; it had no effect")),
            ("log.retention.hours", "4.3.0", None),
            // Nothing is said of versions beyond the table.
            ("zookeeper.connect", "5.0.0", None),
            ("advertised.port", "2.3.0", None),
        ] {
            assert_eq!(removed_by(key, &release(version)), instead, "{key} {version}");
        }
    }

    #[test]
    fn defaults_are_those_of_the_two_versions_and_mirror() {
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
        let way_back = changed_defaults(&release("4.0.0"), &release("3.9.0"));
        assert!(way_back.iter().all(|one| one.felt.is_none() && !one.can_hurt), "{way_back:?}");
        let hurting = changed_defaults(&release("2.4.0"), &release("4.3.0"));
        let hurting: Vec<_> = hurting.iter().filter(|one| one.can_hurt).map(|one| one.key).collect();
        assert_eq!(hurting, ["ssl.enabled.protocols", "log.message.timestamp.after.max.ms"]);
    }

    #[test]
    fn a_bound_holds_from_its_version_on() {
        let allows = |version: &str, value: &str| {
            bound("log.segment.bytes", &release(version)).is_none_or(|range| range.allows(value))
        };
        assert!(allows("3.9.0", "1000"));
        assert!(!allows("4.0.0", "1000"));
        assert!(allows("4.0.0", "1048576"));
        assert!(allows("5.0.0", "1000"), "nothing is known of it");
    }

    #[test]
    fn a_bound_may_be_of_several_settings_or_a_list_of_values() {
        let allows =
            |key: &str, value: &str| bound(key, &release("4.2.0")).is_none_or(|range| range.allows(value));
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
    fn the_last_version_is_covered_with_all_its_fixes() {
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
        assert_eq!(coverage(), "2.4 to 4.3");
    }
}
