//! What the service says of a cluster's processes: colours and counts.

use std::collections::BTreeSet;
use std::fmt;

use super::cluster::ClusterIdentity;

/// A colour of the service's own. `orange` is the normal colour of a broker at work on a change.
///
/// Source: NAVER Cloud API guide, `cdss-rollingupgradeprogresscheck`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Color {
    Green,
    Yellow,
    Orange,
    Red,
    Gray,
    /// A word that is not documented. It is shown as it is and never taken for good.
    Other(String),
}

impl Color {
    pub(crate) fn parse(word: &str) -> Self {
        match word.trim().to_ascii_lowercase().as_str() {
            "green" => Self::Green,
            "yellow" => Self::Yellow,
            "orange" => Self::Orange,
            "red" => Self::Red,
            "gray" | "grey" => Self::Gray,
            _ => Self::Other(word.trim().to_owned()),
        }
    }

    /// Returns true for the colors of a broker that restarts: changing, or down.
    pub(crate) fn is_degraded(&self) -> bool {
        matches!(self, Self::Orange | Self::Red)
    }

    /// Returns true for the colors that show a change. Gray stands for unknown, and a word that is not documented may
    /// mean anything.
    pub(crate) fn indicates_change(&self) -> bool {
        self.is_degraded() || *self == Self::Yellow
    }

    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::Green => "green",
            Self::Yellow => "yellow",
            Self::Orange => "orange",
            Self::Red => "red",
            Self::Gray => "gray",
            Self::Other(word) => word,
        }
    }
}

impl fmt::Display for Color {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One broker or `ZooKeeper` node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Node {
    pub name: String,
    /// None when the service left the colour out.
    pub color: Option<Color>,
}

/// The nodes of one kind. Every field may be missing from an answer.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct NodeGroup {
    pub nodes: Vec<Node>,
    /// How many there are.
    pub total: Option<u64>,
    /// How many are in operation.
    pub operating: Option<u64>,
    /// The colour of all of them together.
    pub overall: Option<Color>,
}

impl NodeGroup {
    /// Returns true only when colours and counts are all there and all good.
    pub(crate) fn is_all_green(&self) -> bool {
        self.problems().is_empty()
    }

    pub(crate) fn green_count(&self) -> usize {
        self.nodes.iter().filter(|node| node.color == Some(Color::Green)).count()
    }

    /// Returns the names that more than one node has.
    fn duplicate_names(&self) -> BTreeSet<&str> {
        let mut seen = BTreeSet::new();
        self.nodes.iter().map(|node| node.name.as_str()).filter(|name| !seen.insert(*name)).collect()
    }

    /// Says what keeps these nodes from being all green, in words; empty when nothing does.
    ///
    /// Data that is missing is a shortcoming of its own.
    pub(crate) fn problems(&self) -> Vec<String> {
        let mut problems: Vec<String> = self
            .nodes
            .iter()
            .filter_map(|node| match &node.color {
                Some(Color::Green) => None,
                Some(colour) => Some(format!("{} {colour}", node.name)),
                None => Some(format!("{} without a colour", node.name)),
            })
            .collect();
        problems
            .extend(self.duplicate_names().into_iter().map(|name| format!("{name} listed more than once")));
        match &self.overall {
            Some(Color::Green) => {}
            // One bad node says it already.
            Some(_) if !problems.is_empty() => {}
            Some(colour) => problems.push(format!("{colour} altogether")),
            None => problems.push("no colour altogether".to_owned()),
        }
        deliberate_bug!(CountVanishedBrokerAsGreen => return problems;);
        match (self.total, self.operating) {
            (Some(total), Some(operating)) if total == operating => {
                if u64::try_from(self.nodes.len()) != Ok(total) {
                    problems.push(format!("{} of {total} listed", self.nodes.len()));
                }
            }
            (Some(total), Some(operating)) => problems.push(format!("{operating} of {total} operating")),
            _ => problems.push("no counts".to_owned()),
        }
        if self.total == Some(0) {
            problems.push("none at all".to_owned());
        }
        problems
    }
}

/// One answer about the processes of a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Health {
    /// Which cluster the answer says it describes.
    pub identity: ClusterIdentity,
    pub brokers: NodeGroup,
    pub zookeeper: NodeGroup,
}

impl Health {
    /// Returns what keeps the brokers from being all green and as many as the cluster's entry counts; empty when
    /// nothing does.
    pub(crate) fn broker_problems(&self, expected_count: Option<u64>) -> Vec<String> {
        let mut problems = self.brokers.problems();
        match (expected_count, self.brokers.total) {
            (None, _) => problems.push("no broker count in the cluster's entry".to_owned()),
            (Some(entry), Some(status)) if entry != status => {
                let noun = if entry == 1 { "broker" } else { "brokers" };
                problems.push(format!("the cluster's entry has {entry} {noun}, its status {status}"));
            }
            _ => {}
        }
        problems
    }

    /// Returns true when some broker is known to be changing or down. Counts alone prove nothing: they contradict the
    /// colors.
    pub(crate) fn has_degraded_broker(&self) -> bool {
        let is_changing = |colour: &Option<Color>| colour.as_ref().is_some_and(Color::indicates_change);
        is_changing(&self.brokers.overall) || self.brokers.nodes.iter().any(|node| is_changing(&node.color))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Brokers of the given colours, with the counts that go with them.
    pub(crate) fn health(colours: &[&str]) -> Health {
        let nodes: Vec<Node> = (1_u8..)
            .zip(colours)
            .map(|(at, word)| Node { name: format!("b{at}"), color: Some(Color::parse(word)) })
            .collect();
        let green = colours.iter().filter(|word| **word == "green").count() as u64;
        let total = colours.len() as u64;
        let overall = Some(if green == total { Color::Green } else { Color::Orange });
        let brokers = NodeGroup { nodes, total: Some(total), operating: Some(green), overall };
        Health { brokers, ..Health::default() }
    }

    type Degradation = (&'static str, fn(&mut NodeGroup));

    #[test]
    fn all_green_needs_every_colour_and_every_count() {
        assert!(health(&["green", "green", "green"]).brokers.is_all_green());
        let spoil: [Degradation; 8] = [
            ("a red node", |group| group.nodes[1].color = Some(Color::Red)),
            ("a colour missing", |group| group.nodes[1].color = None),
            ("an unknown word", |group| group.nodes[1].color = Some(Color::parse("teal"))),
            ("the overall colour missing", |group| group.overall = None),
            ("a node not operating", |group| group.operating = Some(2)),
            ("the counts missing", |group| group.total = None),
            ("a node listed twice", |group| group.nodes[1].name = group.nodes[0].name.clone()),
            ("a node not listed", |group| drop(group.nodes.pop())),
        ];
        for (what, spoil) in spoil {
            let mut spoiled = health(&["green", "green", "green"]);
            spoil(&mut spoiled.brokers);
            assert!(!spoiled.brokers.is_all_green(), "{what}");
        }
        assert!(!NodeGroup::default().is_all_green(), "nothing known");
    }

    #[test]
    fn missing_data_is_not_a_broker_that_left_green() {
        assert!(!Health::default().has_degraded_broker());
        assert!(!health(&["green", "green"]).has_degraded_broker());
        assert!(health(&["green", "orange"]).has_degraded_broker());
        let mut unknown = health(&["green", "gray", "teal"]);
        unknown.brokers.overall = Some(Color::Gray);
        assert!(!unknown.has_degraded_broker(), "unknown is no change");
        let mut counted = health(&["green", "green"]);
        counted.brokers.operating = Some(0);
        assert!(!counted.has_degraded_broker(), "a count that contradicts the colors is no change");
    }
}
