//! `--accept`: overrides blocking checks by id and item.

use std::fmt;
use std::str::FromStr;

use super::checks::{CheckId, ItemKind, Override};

/// One `--accept ID[=ITEM,…]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Acceptance {
    pub id: CheckId,
    /// Empty if only the id was given.
    pub items: Vec<String>,
}

/// Why an `--accept` is invalid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum AcceptanceError {
    #[error("unknown check `{0}`")]
    UnknownCheck(String),
    #[error("check `{0}` can't be overridden")]
    NotOverridable(CheckId),
    #[error("`{0}` has an empty item")]
    EmptyItem(String),
    #[error("check `{0}` takes no items; remove `=…`")]
    ItemsNotSupported(CheckId),
    #[error("check `{0}` requires a run ID; use `{0}=RUN`")]
    RunRequired(CheckId),
    #[error("check `{0}` requires topic names; use `{0}=TOPIC`")]
    TopicRequired(CheckId),
    #[error("can't override `{id}={item}`: neither config group has a setting `{item}`")]
    UnknownSetting { id: CheckId, item: String },
    #[error("can't override `{id}={item}`: the journal has no start by run `{item}`")]
    UnknownRun { id: CheckId, item: String },
    #[error("can't override `{id}={item}`: the brokers report no topic `{item}`")]
    UnknownTopic { id: CheckId, item: String },
}

impl FromStr for Acceptance {
    type Err = AcceptanceError;

    fn from_str(text: &str) -> Result<Self, AcceptanceError> {
        let (id, items) = match text.split_once('=') {
            Some((id, items)) => (id.trim(), Some(items)),
            None => (text.trim(), None),
        };
        let id: CheckId = id.parse().map_err(|_| AcceptanceError::UnknownCheck(id.to_owned()))?;
        let items: Vec<String> = match (items, id.overridable()) {
            (_, Override::Never) => return Err(AcceptanceError::NotOverridable(id)),
            (Some(_), Override::ById) => return Err(AcceptanceError::ItemsNotSupported(id)),
            (None, Override::ByItem(ItemKind::Run)) => return Err(AcceptanceError::RunRequired(id)),
            (None, Override::ByItem(ItemKind::Topic)) => return Err(AcceptanceError::TopicRequired(id)),
            (None, Override::ById | Override::ByItem(ItemKind::Setting)) => Vec::new(),
            (Some(items), Override::ByItem(_)) => {
                items.split(',').map(|item| item.trim().to_owned()).collect()
            }
        };
        if items.iter().any(String::is_empty) {
            return Err(AcceptanceError::EmptyItem(text.to_owned()));
        }
        Ok(Self { id, items })
    }
}

impl fmt::Display for Acceptance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.items.is_empty() { self.id.fmt(f) } else { write!(f, "{}={}", self.id, self.items.join(",")) }
    }
}

/// All `--accept` options of the command line.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Acceptances(pub Vec<Acceptance>);

impl Acceptances {
    /// Returns true if the check was accepted by its id alone.
    pub(crate) fn includes_check(&self, id: CheckId) -> bool {
        self.0.iter().any(|acceptance| acceptance.id == id && acceptance.items.is_empty())
    }

    /// Returns true if this item of the check was accepted.
    pub(crate) fn includes_item(&self, id: CheckId, item: &str) -> bool {
        deliberate_bug!(AcceptAllStarts => return self.0.iter().any(|acceptance| acceptance.id == id););
        self.0.iter().any(|acceptance| acceptance.id == id && acceptance.items.iter().any(|one| one == item))
    }

    /// Validates that every item exists, so that a typo does not count as consent.
    ///
    /// # Errors
    ///
    /// Fails with the first unknown item.
    pub(crate) fn validate_items(
        &self,
        is_known: &dyn Fn(ItemKind, &str) -> bool,
    ) -> Result<(), AcceptanceError> {
        for &Acceptance { id, ref items } in &self.0 {
            let Override::ByItem(kind) = id.overridable() else { continue };
            if let Some(item) = items.iter().find(|item| !is_known(kind, item)).cloned() {
                return Err(match kind {
                    ItemKind::Setting => AcceptanceError::UnknownSetting { id, item },
                    ItemKind::Run => AcceptanceError::UnknownRun { id, item },
                    ItemKind::Topic => AcceptanceError::UnknownTopic { id, item },
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
    fn an_acceptance_has_an_id_and_items() {
        let read = |text: &str| text.parse::<Acceptance>().map(|acceptance| acceptance.to_string());
        assert_eq!(read("zookeeper.health").unwrap(), "zookeeper.health");
        assert_eq!(read("config.changed=a.b, c.d").unwrap(), "config.changed=a.b,c.d");
        assert_eq!(read("data.replication=orders, pay").unwrap(), "data.replication=orders,pay");
        assert_eq!(read("data.versions-equal").unwrap(), "data.versions-equal");
        assert_eq!(read("start.unresolved=r1, r2").unwrap(), "start.unresolved=r1,r2");
        for (text, error) in [
            ("", "unknown check ``"),
            ("config", "unknown check `config`"),
            ("service.precheck", "check `service.precheck` can't be overridden"),
            ("brokers.health", "check `brokers.health` can't be overridden"),
            ("config.changed=", "`config.changed=` has an empty item"),
            ("config.changed=a,,b", "`config.changed=a,,b` has an empty item"),
            ("start.unresolved", "check `start.unresolved` requires a run ID; use `start.unresolved=RUN`"),
            (
                "data.replication",
                "check `data.replication` requires topic names; use `data.replication=TOPIC`",
            ),
            ("data.replication=a,", "`data.replication=a,` has an empty item"),
            ("data.reachable", "check `data.reachable` can't be overridden"),
            ("data.restart-offline=solo", "check `data.restart-offline` can't be overridden"),
            ("data.brokers-present=3", "check `data.brokers-present` takes no items; remove `=…`"),
            ("start.unresolved=", "`start.unresolved=` has an empty item"),
            ("zookeeper.health=z1", "check `zookeeper.health` takes no items; remove `=…`"),
        ] {
            assert_eq!(read(text).unwrap_err().to_string(), error);
        }
    }

    #[test]
    fn items_are_validated_by_the_kind_of_the_check() {
        let known = |kind, item: &str| match kind {
            ItemKind::Setting => item == "num.partitions",
            ItemKind::Run => item == "run-1",
            ItemKind::Topic => item == "orders",
        };
        for (text, error) in [
            ("config.changed=num.partitions", None),
            ("start.unresolved=run-1", None),
            ("zookeeper.health", None),
            ("data.replication=orders", None),
            ("data.replication=order*", Some("the brokers report no topic `order*`")),
            ("config.changed=*", Some("neither config group has a setting `*`")),
            ("config.changed=run-1", Some("neither config group has a setting `run-1`")),
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
