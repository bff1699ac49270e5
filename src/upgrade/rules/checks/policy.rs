//! The ids of the checks, and which blocking checks `--accept` can override.

/// Whether and how `--accept` overrides a blocking check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Override {
    Never,
    /// With `ID`.
    ById,
    /// With `ID=ITEM`, item by item.
    ByItem(ItemKind),
}

/// What the items of a check are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ItemKind {
    /// Names of settings. A check without items is accepted by its id.
    Setting,
    /// Ids of runs that recorded a start.
    Run,
}

/// The fixed properties of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CheckPolicy {
    pub id: &'static str,
    pub overridable: Override,
}

/// All checks that can block, and the checks of settings.
pub(super) const CHECK_POLICIES: &[CheckPolicy] = &[
    CheckPolicy { id: "cluster.identity", overridable: Override::Never },
    CheckPolicy { id: "cluster.state", overridable: Override::Never },
    CheckPolicy { id: "brokers.health", overridable: Override::Never },
    CheckPolicy { id: "zookeeper.health", overridable: Override::ById },
    CheckPolicy { id: "version.order", overridable: Override::Never },
    CheckPolicy { id: "version.listed", overridable: Override::ById },
    CheckPolicy { id: "version.zookeeper", overridable: Override::ById },
    CheckPolicy { id: "config.version", overridable: Override::Never },
    CheckPolicy { id: "config.no-group", overridable: Override::Never },
    CheckPolicy { id: "config.several-groups", overridable: Override::Never },
    CheckPolicy { id: "config.other-group", overridable: Override::Never },
    CheckPolicy { id: "config.lost-override", overridable: Override::ByItem(ItemKind::Setting) },
    CheckPolicy { id: "config.changed", overridable: Override::ByItem(ItemKind::Setting) },
    CheckPolicy { id: "config.out-of-range", overridable: Override::Never },
    CheckPolicy { id: "config.read-only", overridable: Override::Never },
    CheckPolicy { id: "config.removed-key", overridable: Override::Never },
    CheckPolicy { id: "config.changed-default", overridable: Override::Never },
    CheckPolicy { id: "config.unknown-setting", overridable: Override::Never },
    CheckPolicy { id: "service.precheck", overridable: Override::Never },
    CheckPolicy { id: "start.unresolved", overridable: Override::ByItem(ItemKind::Run) },
    CheckPolicy { id: "plan.stale", overridable: Override::Never },
    CheckPolicy { id: "journal.writable", overridable: Override::Never },
    CheckPolicy { id: "journal.damaged", overridable: Override::ById },
    CheckPolicy { id: "journal.missing", overridable: Override::Never },
];

/// Returns the policy of a check.
pub(crate) fn check_policy(id: &str) -> Option<&'static CheckPolicy> {
    CHECK_POLICIES.iter().find(|policy| policy.id == id)
}
