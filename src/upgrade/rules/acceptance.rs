//! `--accept`: blocks that a person overrules, by name and item.

use std::fmt;
use std::str::FromStr;

use super::checks::policy::{self, ItemKind, Override};

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
    NotOverridable(&'static str),
    #[error("`{0}` names an empty item")]
    EmptyItem(String),
    #[error("check `{0}` is accepted as a whole; leave `=…` away")]
    ItemsNotSupported(&'static str),
    #[error("check `{0}` is accepted run by run, as `{0}=RUN`")]
    RunRequired(&'static str),
    #[error("`{item}` is no setting of either config group; check `{id}` can't be accepted for it")]
    UnknownSetting { id: &'static str, item: String },
    #[error("the journal has no start by run `{item}`; check `{id}` cannot be accepted for it")]
    UnknownRun { id: &'static str, item: String },
}

impl FromStr for Acceptance {
    type Err = AcceptanceError;

    fn from_str(text: &str) -> Result<Self, AcceptanceError> {
        let (id, items) = match text.split_once('=') {
            Some((id, items)) => (id.trim(), Some(items)),
            None => (text.trim(), None),
        };
        let rule = policy::check_policy(id).ok_or_else(|| AcceptanceError::UnknownCheck(id.to_owned()))?;
        let items: Vec<String> = match (items, rule.overridable) {
            (_, Override::Never) => return Err(AcceptanceError::NotOverridable(rule.id)),
            (Some(_), Override::ById) => return Err(AcceptanceError::ItemsNotSupported(rule.id)),
            (None, Override::ByItem(ItemKind::Run)) => return Err(AcceptanceError::RunRequired(rule.id)),
            (None, Override::ById | Override::ByItem(ItemKind::Setting)) => Vec::new(),
            (Some(items), Override::ByItem(_)) => {
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
pub(crate) struct Acceptances(pub Vec<Acceptance>);

impl Acceptances {
    /// Returns true when the check was accepted by its bare id.
    pub(crate) fn includes_check(&self, id: &str) -> bool {
        self.0.iter().any(|acceptance| acceptance.id == id && acceptance.items.is_empty())
    }

    pub(crate) fn includes_item(&self, id: &str, item: &str) -> bool {
        deliberate_bug!(AcceptAllStarts => return self.0.iter().any(|acceptance| acceptance.id == id););
        self.0.iter().any(|acceptance| acceptance.id == id && acceptance.items.iter().any(|one| one == item))
    }

    /// Makes sure that every item is `known`: a typo must not look like consent.
    ///
    /// # Errors
    ///
    /// Fails with the first unknown item.
    pub(crate) fn validate_items(
        &self,
        known: &dyn Fn(ItemKind, &str) -> bool,
    ) -> Result<(), AcceptanceError> {
        for &Acceptance { id, ref items } in &self.0 {
            let Some(Override::ByItem(kind)) = policy::check_policy(id).map(|rule| rule.overridable) else {
                continue;
            };
            if let Some(item) = items.iter().find(|item| !known(kind, item)).cloned() {
                return Err(match kind {
                    ItemKind::Setting => AcceptanceError::UnknownSetting { id, item },
                    ItemKind::Run => AcceptanceError::UnknownRun { id, item },
                });
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
        assert_eq!(read("start.unresolved=r1, r2").unwrap(), "start.unresolved=r1,r2");
        for (text, error) in [
            ("", "there is no check ``"),
            ("config", "there is no check `config`"),
            ("service.precheck", "check `service.precheck` cannot be overruled"),
            ("brokers.health", "check `brokers.health` cannot be overruled"),
            ("config.changed=", "`config.changed=` names an empty item"),
            ("config.changed=a,,b", "`config.changed=a,,b` names an empty item"),
            (
                "start.unresolved",
                "check `start.unresolved` is accepted run by run, as `start.unresolved=RUN`",
            ),
            ("start.unresolved=", "`start.unresolved=` names an empty item"),
            ("zookeeper.health=z1", "check `zookeeper.health` is accepted as a whole; leave `=…` away"),
        ] {
            assert_eq!(read(text).unwrap_err().to_string(), error);
        }
    }

    #[test]
    fn items_are_looked_up_by_the_kind_that_the_check_has() {
        let known = |kind, item: &str| match kind {
            ItemKind::Setting => item == "num.partitions",
            ItemKind::Run => item == "run-1",
        };
        for (text, error) in [
            ("config.changed=num.partitions", None),
            ("start.unresolved=run-1", None),
            ("zookeeper.health", None),
            ("config.changed=*", Some("`*` is no setting of either config group")),
            ("config.changed=run-1", Some("`run-1` is no setting of either config group")),
            ("start.unresolved=*", Some("the journal has no start by run `*`")),
            ("start.unresolved=run", Some("the journal has no start by run `run`")),
            ("start.unresolved=run-1,num.partitions", Some("no start by run `num.partitions`")),
        ] {
            let result = Acceptances(vec![text.parse().unwrap()]).validate_items(&known);
            let message = result.err().map(|error| error.to_string());
            let matches = match (&message, error) {
                (Some(message), Some(error)) => message.contains(error),
                (message, error) => message.is_none() && error.is_none(),
            };
            assert!(matches, "{text}: {message:?}");
        }
    }
}
