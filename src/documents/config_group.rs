//! Documents of `config-group show`, `config-group diff`, and `config-group copy`.

use serde::Serialize;
use serde_json::{Value, json};

use super::components::{Cluster, ConfigGroup, Text};
use crate::config_group::rules::copy;
use crate::config_group::rules::difference::SettingChange;
use crate::model::config_group::{self, Setting};
use crate::model::ids::{ConfigGroupNo, VersionCode};
use crate::model::kafka_version::{KafkaVersion, Release};
use crate::model::verdict::Submitted;
use crate::report::config_group::{CopyReport, DiffReport, GroupReport};

/// `config-group show`.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct GroupFields {
    config_group: Option<ShownConfigGroup>,
}

impl GroupFields {
    pub(crate) fn from_report(report: &GroupReport) -> Self {
        let GroupReport { group, version, settings, users } = report;
        let clusters = users.clusters.iter();
        Self {
            config_group: group.as_ref().map(|group| ShownConfigGroup {
                name: group.name.clone().map(Text),
                no: group.no,
                version: version.as_ref().and_then(|version| version.release.clone()),
                code: group.version,
                description: group.description.clone().map(Text),
                settings: settings.iter().map(ShownSetting::from_setting).collect(),
                used_by: Users {
                    clusters: clusters
                        .map(|user| Cluster::from_name_and_number(&user.name, user.no))
                        .collect(),
                    complete: users.gap.is_none(),
                    gap: users.gap.clone().map(Text),
                },
            }),
        }
    }
}

/// A config group with its settings and its users.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct ShownConfigGroup {
    name: Option<Text>,
    no: ConfigGroupNo,
    version: Option<Release>,
    code: VersionCode,
    description: Option<Text>,
    /// The settings with custom values come first.
    settings: Vec<ShownSetting>,
    used_by: Users,
}

/// A setting of a config group.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct ShownSetting {
    key: Text,
    /// The value that brokers use.
    value: Option<String>,
    /// The default of the version; null if the service does not list the setting for every group.
    default: Option<String>,
    /// True if the group has its own value.
    custom: bool,
    /// False if the service does not allow changes.
    modifiable: bool,
    /// The allowed values, as the service describes them.
    range: Option<Text>,
}

impl ShownSetting {
    fn from_setting(setting: &Setting) -> Self {
        Self {
            key: Text::new(&setting.key),
            value: setting.effective_value().map(str::to_owned),
            default: setting.default.clone(),
            custom: setting.custom.is_some(),
            modifiable: setting.modifiable,
            range: setting.range.clone().map(Text),
        }
    }
}

/// The clusters that use a config group.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Users {
    clusters: Vec<Cluster>,
    /// False if other clusters may use the group. An empty list then proves nothing.
    complete: bool,
    /// Why the list is not complete.
    gap: Option<Text>,
}

/// `config-group diff`.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct DiffFields {
    from: Option<VersionedConfigGroup>,
    to: Option<VersionedConfigGroup>,
    /// The differences. For a copy: those between the copy and its source, as planned, or as read back after the write.
    settings: Vec<SettingChange>,
    /// Versions for which it is unknown what Kafka itself removed or changed.
    not_covered: Vec<Text>,
}

impl DiffFields {
    pub(crate) fn from_report(report: &DiffReport) -> Self {
        Self::with_new_group(report, None)
    }

    /// `name` is the name of a target group that may not exist yet.
    fn with_new_group(report: &DiffReport, name: Option<&str>) -> Self {
        let (from, to) = (report.from.as_ref(), report.to.as_ref());
        Self {
            from: VersionedConfigGroup::from_group(report.group_from.as_ref(), None, from),
            to: VersionedConfigGroup::from_group(report.group_to.as_ref(), name, to),
            settings: report.changes.clone(),
            not_covered: report.uncovered_versions().into_iter().map(Text).collect(),
        }
    }
}

/// `config-group copy`.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct CopyFields {
    #[serde(flatten)]
    diff: DiffFields,
    /// Values that the target version does not accept. They are not sent.
    left_out: Vec<SkippedSetting>,
    /// Values that were read back with another value.
    not_as_sent: Vec<copy::Mismatch>,
    /// Whether this run created the group.
    created: Submitted,
    /// Whether the values of the group were written.
    written: Submitted,
}

impl CopyFields {
    pub(crate) fn from_report(report: &CopyReport) -> Self {
        let copy = report.copy.as_ref();
        let (skipped, mismatches) = copy.map(|copy| (&copy.skipped, &copy.mismatches)).unzip();
        Self {
            diff: DiffFields::with_new_group(&report.diff, copy.map(|copy| copy.name.as_str())),
            left_out: skipped.into_iter().flatten().map(SkippedSetting::from_setting).collect(),
            not_as_sent: mismatches.cloned().unwrap_or_default(),
            created: copy.map_or(Submitted::No, |copy| copy.created),
            written: copy.map_or(Submitted::No, |copy| copy.written),
        }
    }
}

/// A config group and its version.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct VersionedConfigGroup {
    name: Option<Text>,
    /// null for a group that does not exist yet.
    no: Option<ConfigGroupNo>,
    version: Option<Release>,
    code: Option<VersionCode>,
}

impl VersionedConfigGroup {
    /// Returns None for an unknown group. `name` is the name of a group that does not exist yet.
    fn from_group(
        group: Option<&config_group::ConfigGroup>,
        name: Option<&str>,
        version: Option<&KafkaVersion>,
    ) -> Option<Self> {
        let name = group.and_then(|group| group.name.as_deref()).or(name);
        (group.is_some() || name.is_some()).then(|| Self {
            name: name.map(Text::new),
            no: group.map(|group| group.no),
            version: version.and_then(|version| version.release.clone()),
            code: version.map(|version| version.code),
        })
    }
}

/// A value that is not copied.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct SkippedSetting {
    key: Text,
    value: String,
    reason: copy::SkipReason,
    /// The allowed range, or the replacement.
    note: Option<Text>,
}

impl SkippedSetting {
    fn from_setting(setting: &copy::SkippedSetting) -> Self {
        Self {
            key: Text::new(&setting.key),
            value: setting.value.clone(),
            reason: setting.reason.clone(),
            note: setting.reason.note().map(Text),
        }
    }
}

/// Returns the plan of a copy, as the journal records it before the create and before the write.
pub(crate) fn copy_document(report: &CopyReport) -> Value {
    let CopyReport { diff, copy, .. } = report;
    let CopyFields { diff: DiffFields { settings, not_covered, .. }, left_out, .. } =
        CopyFields::from_report(report);
    json!({
        "from": diff.from,
        "to": diff.to,
        "config_group": {
            "from": diff.group_from.as_ref().map(ConfigGroup::from_group),
            "to": {
                "name": copy.as_ref().map(|copy| copy.name.as_str()),
                "no": diff.group_to.as_ref().map(|group| group.no),
            },
        },
        "settings": settings,
        "not_covered": not_covered,
        "left_out": left_out,
    })
}
