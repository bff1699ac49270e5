//! Status colors and counts of a cluster's nodes, as the service reports them.

use std::collections::BTreeSet;

use strum::{AsRefStr, Display, EnumString};

use super::cluster::ClusterIdentity;
use super::words::serialize_as_text;

/// A node's status color. `orange` is the normal color of a broker during a change.
///
/// Source: NAVER Cloud API guide, `cdss-rollingupgradeprogresscheck`.
#[derive(Debug, Clone, PartialEq, Eq, AsRefStr, Display, EnumString)]
#[strum(serialize_all = "lowercase", ascii_case_insensitive)]
pub(crate) enum Color {
    Green,
    Yellow,
    Orange,
    Red,
    #[strum(serialize = "grey", to_string = "gray")]
    Gray,
    /// An undocumented word. It is displayed unchanged and never counts as healthy.
    #[strum(default, transparent)]
    Other(String),
}

impl Color {
    pub(crate) fn parse(word: &str) -> Self {
        Self::from(word.trim())
    }

    /// Returns true for the colors of a restarting broker: changing or down.
    pub(crate) fn is_degraded(&self) -> bool {
        matches!(self, Self::Orange | Self::Red)
    }

    /// Returns true for colors that indicate a change. Gray means unknown, and an undocumented word could mean anything.
    pub(crate) fn indicates_change(&self) -> bool {
        self.is_degraded() || *self == Self::Yellow
    }
}

serialize_as_text!(Color);

/// A broker or a `ZooKeeper` node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Node {
    pub name: String,
    /// None if the response has no color.
    pub color: Option<Color>,
}

/// All nodes of one kind. Any field may be missing from a response.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct NodeGroup {
    pub nodes: Vec<Node>,
    /// The number of nodes.
    pub total: Option<u64>,
    /// The number of operating nodes.
    pub operating: Option<u64>,
    /// The overall color.
    pub overall: Option<Color>,
}

impl NodeGroup {
    /// Returns true if all colors and counts are present and good.
    pub(crate) fn is_all_green(&self) -> bool {
        self.problems().is_empty()
    }

    pub(crate) fn green_count(&self) -> usize {
        self.nodes.iter().filter(|node| node.color == Some(Color::Green)).count()
    }

    /// Returns the names that occur more than once.
    fn duplicate_names(&self) -> BTreeSet<&str> {
        let mut seen = BTreeSet::new();
        self.nodes.iter().map(|node| node.name.as_str()).filter(|name| !seen.insert(*name)).collect()
    }

    /// Returns the reasons why the nodes are not all green; empty if they are.
    ///
    /// Missing data is also a problem.
    pub(crate) fn problems(&self) -> Vec<String> {
        let mut problems: Vec<String> = self
            .nodes
            .iter()
            .filter_map(|node| match &node.color {
                Some(Color::Green) => None,
                Some(color) => Some(format!("{} {color}", node.name)),
                None => Some(format!("{} has no status color", node.name)),
            })
            .collect();
        problems
            .extend(self.duplicate_names().into_iter().map(|name| format!("{name} listed more than once")));
        match &self.overall {
            Some(Color::Green) => {}
            // The overall color adds nothing if a node is already listed.
            Some(_) if !problems.is_empty() => {}
            Some(color) => problems.push(format!("overall status {color}")),
            None => problems.push("overall status missing".to_owned()),
        }
        deliberate_bug!(CountVanishedBrokerAsGreen => return problems;);
        match (self.total, self.operating) {
            (Some(total), Some(operating)) if total == operating => {
                if u64::try_from(self.nodes.len()) != Ok(total) {
                    problems.push(format!("{} of {total} listed", self.nodes.len()));
                }
            }
            (Some(total), Some(operating)) => problems.push(format!("{operating} of {total} operating")),
            _ => problems.push("counts missing".to_owned()),
        }
        if self.total == Some(0) {
            problems.push("no nodes".to_owned());
        }
        problems
    }
}

/// The status of a cluster's nodes, from one response.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Health {
    /// The cluster that the response describes.
    pub identity: ClusterIdentity,
    pub brokers: NodeGroup,
    pub zookeeper: NodeGroup,
}

impl Health {
    /// Returns the reasons why the brokers are not all green or differ in number from the cluster details; empty if
    /// there are none.
    pub(crate) fn broker_problems(&self, expected_count: Option<u64>) -> Vec<String> {
        let mut problems = self.brokers.problems();
        match (expected_count, self.brokers.total) {
            (None, _) => problems.push("the cluster details have no broker count".to_owned()),
            (Some(expected), Some(actual)) if expected != actual => {
                let noun = if expected == 1 { "broker" } else { "brokers" };
                problems.push(format!(
                    "the cluster details report {expected} {noun}, the cluster status reports {actual}"
                ));
            }
            _ => {}
        }
        problems
    }

    /// Returns true if at least one broker is changing or down. Counts alone are no evidence, since they can contradict
    /// the colors.
    pub(crate) fn has_degraded_broker(&self) -> bool {
        let is_changing = |color: &Option<Color>| color.as_ref().is_some_and(Color::indicates_change);
        is_changing(&self.brokers.overall) || self.brokers.nodes.iter().any(|node| is_changing(&node.color))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Returns brokers with these colors and matching counts.
    pub(crate) fn health(colors: &[&str]) -> Health {
        let nodes: Vec<Node> = (1_u8..)
            .zip(colors)
            .map(|(number, word)| Node { name: format!("b{number}"), color: Some(Color::parse(word)) })
            .collect();
        let green = colors.iter().filter(|word| **word == "green").count() as u64;
        let total = colors.len() as u64;
        let overall = Some(if green == total { Color::Green } else { Color::Orange });
        let brokers = NodeGroup { nodes, total: Some(total), operating: Some(green), overall };
        Health { brokers, ..Health::default() }
    }

    #[test]
    fn colors_are_parsed_and_displayed() {
        for (word, color, displayed) in [
            ("green", Color::Green, "green"),
            (" GREY", Color::Gray, "gray"),
            ("gray", Color::Gray, "gray"),
            ("Teal ", Color::Other("Teal".to_owned()), "Teal"),
        ] {
            assert_eq!(Color::parse(word), color);
            assert_eq!(color.to_string(), displayed);
            assert_eq!(serde_json::to_value(color).unwrap(), displayed);
        }
    }

    type Degradation = (&'static str, fn(&mut NodeGroup));

    #[test]
    fn overall_color_is_a_problem_only_if_no_node_explains_it() {
        assert_eq!(health(&["green", "orange"]).brokers.problems(), ["b2 orange", "1 of 2 operating"]);
        let mut brokers = health(&["green", "green"]).brokers;
        brokers.overall = Some(Color::Red);
        assert_eq!(brokers.problems(), ["overall status red"]);
    }

    #[test]
    fn all_green_requires_every_color_and_count() {
        assert!(health(&["green", "green", "green"]).brokers.is_all_green());
        let degradations: [Degradation; 8] = [
            ("a red node", |group| group.nodes[1].color = Some(Color::Red)),
            ("a missing color", |group| group.nodes[1].color = None),
            ("an unknown word", |group| group.nodes[1].color = Some(Color::parse("teal"))),
            ("a missing overall color", |group| group.overall = None),
            ("a node that is not operating", |group| group.operating = Some(2)),
            ("missing counts", |group| group.total = None),
            ("a duplicate node", |group| group.nodes[1].name = group.nodes[0].name.clone()),
            ("a node that is not listed", |group| drop(group.nodes.pop())),
        ];
        for (name, degrade) in degradations {
            let mut degraded = health(&["green", "green", "green"]);
            degrade(&mut degraded.brokers);
            assert!(!degraded.brokers.is_all_green(), "{name}");
        }
        assert!(!NodeGroup::default().is_all_green(), "no data");
    }

    #[test]
    fn missing_data_is_not_a_degraded_broker() {
        assert!(!Health::default().has_degraded_broker());
        assert!(!health(&["green", "green"]).has_degraded_broker());
        assert!(health(&["green", "orange"]).has_degraded_broker());
        let mut unknown = health(&["green", "gray", "teal"]);
        unknown.brokers.overall = Some(Color::Gray);
        assert!(!unknown.has_degraded_broker(), "unknown is not a change");
        let mut counted = health(&["green", "green"]);
        counted.brokers.operating = Some(0);
        assert!(!counted.has_degraded_broker(), "a contradicting count is not a change");
    }
}
