//! Text output of the commands that list something.

use serde_json::Value;

use super::format::count;
use super::result::{CommandReport, View};
use super::table::{or_dash, table};
use crate::documents::to_value;
use crate::model::command_context::CommandContext;
use crate::model::setting_name::EffectiveSetting;
use crate::report::config::{ProfilesReport, SettingsReport};
use crate::report::list::{
    ClustersReport, ComparedQuestion, ComparisonReport, ConfigGroupsReport, ListedConfigGroup, ListedVersion,
    Scenario, ScenariosReport, VersionsReport,
};

/// A report that is a list. Its document has the same fields.
trait ListReport: serde::Serialize {
    const HEADING: &'static [&'static str];

    fn rows(&self) -> impl Iterator<Item = Vec<String>>;
}

impl<R: ListReport> CommandReport for R {
    fn fields(&self, _: Option<&CommandContext>) -> Value {
        to_value(self)
    }

    fn render(&self, view: &View<'_>) -> String {
        if view.outcome.failure.is_some() { String::new() } else { table(R::HEADING, self.rows(), 0) }
    }
}

impl ListReport for ClustersReport {
    const HEADING: &'static [&'static str] = &["NAME", "NO", "VERSION", "STATE", "BROKERS"];

    fn rows(&self) -> impl Iterator<Item = Vec<String>> {
        self.clusters.iter().map(|cluster| {
            let state =
                cluster.status.as_ref().map_or_else(|| "no permission".to_owned(), ToString::to_string);
            let brokers = cluster.brokers.map(|number| count(number, "broker"));
            let version = or_dash(cluster.version.as_ref());
            vec![cluster.name.clone(), cluster.no.to_string(), version, state, or_dash(brokers)]
        })
    }
}

impl ListReport for VersionsReport {
    const HEADING: &'static [&'static str] = &["VERSION", "CODE"];

    fn rows(&self) -> impl Iterator<Item = Vec<String>> {
        let row = |version: &ListedVersion| vec![or_dash(version.name.as_ref()), version.code.to_string()];
        self.versions.iter().map(row)
    }
}

impl ListReport for ConfigGroupsReport {
    const HEADING: &'static [&'static str] = &["NAME", "NO", "VERSION", "CODE"];

    fn rows(&self) -> impl Iterator<Item = Vec<String>> {
        let row = |group: &ListedConfigGroup| {
            let (name, version) = (or_dash(group.name.as_ref()), or_dash(group.version.as_ref()));
            vec![name, group.no.to_string(), version, group.code.to_string()]
        };
        self.config_groups.iter().map(row)
    }
}

impl ListReport for ScenariosReport {
    const HEADING: &'static [&'static str] = &["SCENARIO", "EXIT", "SERVICE BEHAVIOR"];

    fn rows(&self) -> impl Iterator<Item = Vec<String>> {
        let row = |one: &Scenario| vec![one.name.clone(), one.exit.to_string(), one.about.clone()];
        self.scenarios.iter().map(row)
    }
}

impl ListReport for ComparisonReport {
    const HEADING: &'static [&'static str] = &["QUESTION", "FINDING", "LINES", "DETAIL"];

    fn rows(&self) -> impl Iterator<Item = Vec<String>> {
        self.questions.iter().flat_map(|question| {
            let ComparedQuestion { id, finding, lines, assumption, details, .. } = question;
            let first = [id.clone(), (*finding).to_owned(), line_numbers(lines)];
            let details = if details.is_empty() { std::slice::from_ref(assumption) } else { details };
            let rows = details.iter().enumerate().map(move |(index, detail)| {
                let start = if index == 0 { first.clone() } else { [const { String::new() }; 3] };
                start.into_iter().chain([detail.clone()]).collect()
            });
            rows.collect::<Vec<_>>()
        })
    }
}

/// Formats the first line numbers, and counts the others.
fn line_numbers(lines: &[usize]) -> String {
    // Chosen: enough to look up, and narrow.
    const SHOWN: usize = 3;
    let shown: Vec<String> = lines.iter().take(SHOWN).map(ToString::to_string).collect();
    match lines.len().saturating_sub(SHOWN) {
        _ if lines.is_empty() => "-".to_owned(),
        0 => shown.join(", "),
        others => format!("{} and {others} more", shown.join(", ")),
    }
}

impl ListReport for SettingsReport {
    const HEADING: &'static [&'static str] = &["KEY", "VALUE", "ORIGIN"];

    fn rows(&self) -> impl Iterator<Item = Vec<String>> {
        let row = |setting: &EffectiveSetting| {
            vec![setting.key.to_string(), or_dash(setting.value.as_ref()), setting.origin.clone()]
        };
        self.settings.iter().map(row)
    }
}

impl ListReport for ProfilesReport {
    const HEADING: &'static [&'static str] = &["PROFILE", "SOURCE"];

    fn rows(&self) -> impl Iterator<Item = Vec<String>> {
        self.profiles.iter().map(|profile| vec![profile.name.clone(), profile.source.clone()])
    }
}
