//! Selecting a cluster or a config group by number or exact name. Ambiguous names are errors.

use std::fmt;
use std::str::FromStr;

use super::cluster::{ClusterEntry, ClusterList};
use super::config_group::ConfigGroup;
use super::ids::ClusterNo;

/// A number or an exact name that the user specified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Selector {
    Number(u64),
    Name(String),
}

/// The text is not a selector.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SelectorError {
    #[error("the value is empty")]
    Empty,
    #[error("`{0}` is not a number")]
    InvalidNumber(String),
}

impl FromStr for Selector {
    type Err = SelectorError;

    /// Parses digits as a number and anything else as a name, unless the prefix `no:` or `name:` decides.
    fn from_str(text: &str) -> Result<Self, SelectorError> {
        let text = text.trim();
        let number = |digits: &str| {
            digits.parse::<ClusterNo>().map_err(|_| SelectorError::InvalidNumber(digits.to_owned()))
        };
        if let Some(digits) = text.strip_prefix("no:") {
            return number(digits.trim()).map(|no| Self::Number(no.number()));
        }
        let name = text.strip_prefix("name:").map(str::trim);
        match name.unwrap_or(text) {
            "" => Err(SelectorError::Empty),
            digits if name.is_none() && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                number(digits).map(|no| Self::Number(no.number()))
            }
            name => Ok(Self::Name(name.to_owned())),
        }
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Name(name) => f.write_str(name),
        }
    }
}

/// Why a name or a number does not select a cluster.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ClusterError {
    #[error("no cluster named `{0}`")]
    NotFound(String),
    #[error("cluster {0} not found")]
    NumberNotFound(ClusterNo),
    #[error("the key has no permission for cluster `{name}` ({no})")]
    Forbidden { name: String, no: ClusterNo },
    #[error("{} clusters are named `{name}`: {}", numbers.len(), join(numbers))]
    Ambiguous { name: String, numbers: Vec<ClusterNo> },
}

fn join<T: ToString>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// The note about an incomplete list of config groups.
pub(crate) const INCOMPLETE_GROUP_LIST: &str = "the service lists config groups of offered versions only";

/// Finds the cluster with exactly this name.
///
/// # Errors
///
/// Fails if there is none, if the key has no permission for it, or if several clusters have the name, including those
/// without permission: an upgrade of the wrong cluster can't be undone.
pub(crate) fn find_cluster<'a>(list: &'a ClusterList, name: &str) -> Result<&'a ClusterEntry, ClusterError> {
    let allowed: Vec<&ClusterEntry> = list.allowed.iter().filter(|entry| entry.name == name).collect();
    let mut numbers: Vec<ClusterNo> = allowed.iter().map(|entry| entry.no).collect();
    let forbidden = list.forbidden.iter().filter(|entry| entry.name == name).map(|entry| entry.no);
    numbers.extend(forbidden);
    match (allowed.as_slice(), numbers.as_slice()) {
        (_, []) => Err(ClusterError::NotFound(name.to_owned())),
        ([only], [_]) => Ok(only),
        ([], [no]) => Err(ClusterError::Forbidden { name: name.to_owned(), no: *no }),
        _ => Err(ClusterError::Ambiguous { name: name.to_owned(), numbers }),
    }
}

/// Why a selector does not select a config group.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ConfigGroupError {
    /// `similar` are the names of existing groups that are like the wanted one, the most similar first.
    #[error("no config group `{wanted}`")]
    NotFound { wanted: Selector, similar: Vec<String> },
    #[error("{} config groups are named `{name}`: {}", groups.len(), join(&groups.iter().map(with_version).collect::<Vec<_>>()))]
    Ambiguous { name: String, groups: Vec<ConfigGroup> },
}

/// Formats a group with its version, which distinguishes groups of the same name.
fn with_version(group: &ConfigGroup) -> String {
    format!("{} of {}", group.no, group.kafka_version(&[]))
}

/// Finds the selected config group among `groups`.
pub(crate) fn find_config_group<'a>(
    groups: &'a [ConfigGroup],
    wanted: &Selector,
) -> Result<&'a ConfigGroup, ConfigGroupError> {
    let matches = |group: &&ConfigGroup| match wanted {
        Selector::Number(number) => group.no.number() == *number,
        Selector::Name(name) => group.is_named(name),
    };
    let found: Vec<&ConfigGroup> = groups.iter().filter(matches).collect();
    match found.as_slice() {
        [] => {
            Err(ConfigGroupError::NotFound { wanted: wanted.clone(), similar: similar_names(groups, wanted) })
        }
        [only] => Ok(only),
        several => Err(ConfigGroupError::Ambiguous {
            name: wanted.to_string(),
            groups: several.iter().map(|group| (*group).clone()).collect(),
        }),
    }
}

/// The least similarity of a name that is suggested, from 0 to 1.
///
/// Chosen: finds typos, another version's digits, and the first word of a name.
const MIN_SIMILARITY: f64 = 0.8;

/// The most names that are suggested.
const MAX_SIMILAR: usize = 3;

/// Returns the names of groups like the wanted name, the most similar first. A number is like no other.
fn similar_names(groups: &[ConfigGroup], wanted: &Selector) -> Vec<String> {
    let Selector::Name(wanted) = wanted else { return Vec::new() };
    let mut names: Vec<&str> = groups.iter().filter_map(|group| group.name.as_deref()).collect();
    names.sort_unstable();
    names.dedup();
    let mut similar: Vec<(f64, &str)> = names
        .into_iter()
        .map(|name| (strsim::jaro_winkler(&wanted.to_lowercase(), &name.to_lowercase()), name))
        .filter(|(similarity, _)| *similarity >= MIN_SIMILARITY)
        .collect();
    similar.sort_by(|(one, _), (other, _)| other.total_cmp(one));
    similar.into_iter().take(MAX_SIMILAR).map(|(_, name)| name.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::cluster::{ClusterState, ForbiddenCluster};
    use super::super::ids::{ConfigGroupNo, VersionCode};
    use super::*;

    #[test]
    fn similar_group_names_are_suggested() {
        let names = ["orders-371", "orders-390", "orders-362", "orders-280", "audit-390", "주문-390"];
        let mut groups: Vec<ConfigGroup> = (1..)
            .zip(names)
            .map(|(no, name)| ConfigGroup {
                name: Some(name.to_owned()),
                ..ConfigGroup::unnamed(ConfigGroupNo::new(no), VersionCode::new(1))
            })
            .collect();
        groups.push(ConfigGroup { no: ConfigGroupNo::new(9), ..groups[0].clone() });
        for (wanted, expected) in [
            ("orders-391", &["orders-371", "orders-390", "orders-362"][..]),
            ("Audit-390", &["audit-390"]),
            ("주문-391", &["주문-390"]),
            ("nobody", &[]),
            ("999", &[]),
        ] {
            let error = find_config_group(&groups, &wanted.parse().unwrap()).unwrap_err();
            let ConfigGroupError::NotFound { similar, .. } = error else { panic!("{wanted}: {error}") };
            assert_eq!(similar, expected, "{wanted}");
        }
    }

    #[test]
    fn selectors_are_parsed_by_digits_and_prefix() {
        let name = |text: &str| Selector::Name(text.to_owned());
        for (text, meant) in [
            ("1009123", Selector::Number(1_009_123)),
            ("no:1009123", Selector::Number(1_009_123)),
            ("name:1009123", name("1009123")),
            ("orders-prod", name("orders-prod")),
            (" orders ", name("orders")),
            ("주문", name("주문")),
        ] {
            assert_eq!(text.parse::<Selector>().unwrap(), meant, "{text:?}");
        }
        for text in ["", " ", "name:", "no:", "no:orders", "99999999999999999999"] {
            assert!(text.parse::<Selector>().is_err(), "{text:?}");
        }
    }

    fn entry(name: &str, no: u64) -> ClusterEntry {
        ClusterEntry {
            no: ClusterNo::new(no),
            name: name.to_owned(),
            release: None,
            state: ClusterState::Running,
            brokers: None,
        }
    }

    #[test]
    fn only_a_unique_exact_name_finds_a_cluster() {
        let forbidden = |name: &str, no| ForbiddenCluster { no: ClusterNo::new(no), name: name.to_owned() };
        let list = ClusterList {
            allowed: vec![
                entry("orders-prod", 1),
                entry("orders", 2),
                entry("twin", 3),
                entry("twin", 4),
                entry("half", 5),
            ],
            forbidden: vec![forbidden("billing", 6), forbidden("half", 7)],
        };
        assert_eq!(
            find_cluster(&list, "orders").unwrap().no.number(),
            2,
            "not the cluster with the longer name"
        );
        for (name, text) in [
            ("order", "no cluster named `order`"),
            ("ORDERS", "no cluster named `ORDERS`"),
            ("billing", "the key has no permission for cluster `billing` (6)"),
            ("twin", "2 clusters are named `twin`: 3, 4"),
            ("half", "2 clusters are named `half`: 5, 7"),
        ] {
            assert_eq!(find_cluster(&list, name).unwrap_err().to_string(), text);
        }
    }
}
