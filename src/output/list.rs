//! Text output of `list` and of `sandbox --list`.

use serde_json::Value;

use super::format::count;
use super::result::{CommandReport, View};
use super::table::table;
use crate::documents::{ClustersFields, ConfigGroupsFields, ScenariosFields, VersionsFields, to_value};
use crate::model::cluster::ClusterList;
use crate::model::command_context::CommandContext;
use crate::model::kafka_version::Release;
use crate::report::list::{ClustersReport, ConfigGroupsReport, ScenariosReport, VersionsReport};

impl CommandReport for ClustersReport {
    fn fields(&self, _: Option<&CommandContext>) -> Value {
        to_value(&ClustersFields::from_report(self))
    }

    fn render(&self, view: &View<'_>) -> String {
        if view.outcome.failure.is_some() { String::new() } else { clusters_table(&self.0) }
    }
}

impl CommandReport for VersionsReport {
    fn fields(&self, _: Option<&CommandContext>) -> Value {
        to_value(&VersionsFields::from_report(self))
    }

    fn render(&self, view: &View<'_>) -> String {
        if view.outcome.failure.is_some() {
            return String::new();
        }
        let row = |version: &crate::model::kafka_version::KafkaVersion| {
            vec![release_name(version.release.as_ref()), version.code.to_string()]
        };
        let rows: Vec<Vec<String>> = self.0.iter().map(row).collect();
        table(&["VERSION", "CODE"], &rows, 0)
    }
}

impl CommandReport for ConfigGroupsReport {
    fn fields(&self, _: Option<&CommandContext>) -> Value {
        to_value(&ConfigGroupsFields::from_report(self))
    }

    fn render(&self, view: &View<'_>) -> String {
        if view.outcome.failure.is_some() {
            return String::new();
        }
        let rows: Vec<Vec<String>> = self
            .groups
            .iter()
            .map(|group| {
                let name = group.name.clone().unwrap_or_else(|| "-".to_owned());
                let release = release_name(group.release(&self.versions).as_ref());
                vec![name, group.no.to_string(), release, group.version.to_string()]
            })
            .collect();
        table(&["NAME", "NO", "VERSION", "CODE"], &rows, 0)
    }
}

impl CommandReport for ScenariosReport {
    fn fields(&self, _: Option<&CommandContext>) -> Value {
        to_value(&ScenariosFields::from_report(self))
    }

    fn render(&self, view: &View<'_>) -> String {
        if view.outcome.failure.is_some() {
            return String::new();
        }
        let row =
            |(name, exit, about): &(String, u8, String)| vec![name.clone(), exit.to_string(), about.clone()];
        let rows: Vec<Vec<String>> = self.0.iter().map(row).collect();
        table(&["SCENARIO", "EXIT", "SERVICE BEHAVIOR"], &rows, 0)
    }
}

fn release_name(release: Option<&Release>) -> String {
    release.map_or_else(|| "-".to_owned(), ToString::to_string)
}

fn clusters_table(list: &ClusterList) -> String {
    let allowed = list.allowed.iter().map(|entry| {
        vec![
            entry.name.clone(),
            entry.no.to_string(),
            entry.release.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string),
            entry.state.to_string(),
            entry.brokers.map_or_else(|| "-".to_owned(), |number| count(number, "broker")),
        ]
    });
    let forbidden = list.forbidden.iter().map(|entry| {
        let dash = || "-".to_owned();
        vec![entry.name.clone(), entry.no.to_string(), dash(), "no permission".to_owned(), dash()]
    });
    let rows: Vec<Vec<String>> = allowed.chain(forbidden).collect();
    table(&["NAME", "NO", "VERSION", "STATE", "BROKERS"], &rows, 0)
}
