//! The ids of the checks, and who may overrule those that block.

/// Whether a person may overrule a check that blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Override {
    No,
    /// By its bare id.
    Whole,
    /// Item by item.
    Each(ItemKind),
}

/// What the items of a check are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ItemKind {
    /// Names of settings. A check that cannot name any is accepted by its bare id.
    Setting,
    /// Ids of runs that recorded a start.
    Run,
}

/// What is fixed about a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CheckPolicy {
    pub id: &'static str,
    pub acceptable: Override,
}

/// Every check that can block, with who may overrule it, and those of settings that only warn.
pub(super) const CHECK_POLICIES: &[CheckPolicy] = &[
    CheckPolicy { id: "cluster.identity", acceptable: Override::No },
    CheckPolicy { id: "cluster.state", acceptable: Override::No },
    CheckPolicy { id: "brokers.health", acceptable: Override::No },
    CheckPolicy { id: "zookeeper.health", acceptable: Override::Whole },
    CheckPolicy { id: "version.order", acceptable: Override::No },
    CheckPolicy { id: "version.listed", acceptable: Override::Whole },
    CheckPolicy { id: "version.zookeeper", acceptable: Override::Whole },
    CheckPolicy { id: "config.version", acceptable: Override::No },
    CheckPolicy { id: "config.no-group", acceptable: Override::No },
    CheckPolicy { id: "config.several-groups", acceptable: Override::No },
    CheckPolicy { id: "config.other-group", acceptable: Override::No },
    CheckPolicy { id: "config.lost-override", acceptable: Override::Each(ItemKind::Setting) },
    CheckPolicy { id: "config.changed", acceptable: Override::Each(ItemKind::Setting) },
    CheckPolicy { id: "config.out-of-range", acceptable: Override::No },
    CheckPolicy { id: "config.read-only", acceptable: Override::No },
    CheckPolicy { id: "config.removed-key", acceptable: Override::No },
    CheckPolicy { id: "config.changed-default", acceptable: Override::No },
    CheckPolicy { id: "config.unknown-setting", acceptable: Override::No },
    CheckPolicy { id: "service.precheck", acceptable: Override::No },
    CheckPolicy { id: "start.unresolved", acceptable: Override::Each(ItemKind::Run) },
    CheckPolicy { id: "plan.stale", acceptable: Override::No },
    CheckPolicy { id: "journal.writable", acceptable: Override::No },
    CheckPolicy { id: "journal.damaged", acceptable: Override::Whole },
    CheckPolicy { id: "journal.missing", acceptable: Override::No },
];

/// Finds a check's rule by its id.
pub(crate) fn check_policy(id: &str) -> Option<&'static CheckPolicy> {
    CHECK_POLICIES.iter().find(|rule| rule.id == id)
}
