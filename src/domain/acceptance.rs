//! `--accept`: blocks that a person overrules, by name and item.

use std::fmt;
use std::str::FromStr;

use super::rules::{self, Acceptable};

/// One `--accept ID[=ITEM,…]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Acceptance {
    pub id: &'static str,
    /// Empty for a bare id.
    pub items: Vec<String>,
}

/// Why an `--accept` can't mean anything.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AcceptanceError {
    #[error("there is no check `{0}`")]
    UnknownCheck(String),
    #[error("check `{0}` cannot be overruled")]
    NotAcceptable(&'static str),
    #[error("`{0}` names an empty item")]
    EmptyItem(String),
    #[error("check `{0}` is accepted as a whole; leave `=…` away")]
    NoItems(&'static str),
    #[error("`{item}` is no setting of either config group; check `{id}` can't be accepted for it")]
    UnknownItem { id: &'static str, item: String },
}

impl FromStr for Acceptance {
    type Err = AcceptanceError;

    fn from_str(text: &str) -> Result<Self, AcceptanceError> {
        let (id, items) = match text.split_once('=') {
            Some((id, items)) => (id.trim(), Some(items)),
            None => (text.trim(), None),
        };
        let rule = rules::rule(id).ok_or_else(|| AcceptanceError::UnknownCheck(id.to_owned()))?;
        let items: Vec<String> = match (items, rule.acceptable) {
            (_, Acceptable::No) => return Err(AcceptanceError::NotAcceptable(rule.id)),
            (Some(_), Acceptable::Whole) => return Err(AcceptanceError::NoItems(rule.id)),
            (None, _) => Vec::new(),
            (Some(items), Acceptable::ByItem) => {
                items.split(',').map(|item| item.trim().to_owned()).collect()
            }
        };
        if items.iter().any(String::is_empty) {
            return Err(AcceptanceError::EmptyItem(text.to_owned()));
        }
        Ok(Self { id: rule.id, items })
    }
}

impl fmt::Display for Acceptance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.items.is_empty() {
            f.write_str(self.id)
        } else {
            write!(f, "{}={}", self.id, self.items.join(","))
        }
    }
}

/// Everything that was accepted on the command line.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Accepted(pub Vec<Acceptance>);

impl Accepted {
    /// Returns true when the check was accepted by its bare id.
    pub(crate) fn whole(&self, id: &str) -> bool {
        self.0.iter().any(|acceptance| acceptance.id == id && acceptance.items.is_empty())
    }

    pub(crate) fn item(&self, id: &str, item: &str) -> bool {
        self.0.iter().any(|acceptance| acceptance.id == id && acceptance.items.iter().any(|one| one == item))
    }

    /// Finds an item that is no setting at all, among the `known` ones: a slip of the pen, which must not
    /// look like consent.
    ///
    /// # Errors
    ///
    /// Fails with the first such item.
    pub(crate) fn refuse_unknown_items(&self, known: &dyn Fn(&str) -> bool) -> Result<(), AcceptanceError> {
        for acceptance in &self.0 {
            if let Some(item) = acceptance.items.iter().find(|item| !known(item)) {
                return Err(AcceptanceError::UnknownItem { id: acceptance.id, item: item.clone() });
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_acceptance_names_a_check_and_its_items() {
        let read = |text: &str| text.parse::<Acceptance>().map(|acceptance| acceptance.to_string());
        assert_eq!(read("zookeeper.health").unwrap(), "zookeeper.health");
        assert_eq!(read("config.changed=a.b, c.d").unwrap(), "config.changed=a.b,c.d");
        for (text, error) in [
            ("", "there is no check ``"),
            ("config", "there is no check `config`"),
            ("service.precheck", "check `service.precheck` cannot be overruled"),
            ("brokers.health", "check `brokers.health` cannot be overruled"),
            ("config.changed=", "`config.changed=` names an empty item"),
            ("config.changed=a,,b", "`config.changed=a,,b` names an empty item"),
            ("zookeeper.health=z1", "check `zookeeper.health` is accepted as a whole; leave `=…` away"),
        ] {
            assert_eq!(read(text).unwrap_err().to_string(), error);
        }
    }
}
