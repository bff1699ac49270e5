//! The ids of the checks, and who may overrule those that block.

/// Whether a person may overrule a check that blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Acceptable {
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
pub(crate) struct Rule {
    pub id: &'static str,
    pub acceptable: Acceptable,
}

/// Every check that can block, with who may overrule it, and those of settings that only warn.
pub(super) const RULES: &[Rule] = &[
    Rule { id: "cluster.identity", acceptable: Acceptable::No },
    Rule { id: "cluster.state", acceptable: Acceptable::No },
    Rule { id: "brokers.health", acceptable: Acceptable::No },
    Rule { id: "zookeeper.health", acceptable: Acceptable::Whole },
    Rule { id: "version.order", acceptable: Acceptable::No },
    Rule { id: "version.listed", acceptable: Acceptable::Whole },
    Rule { id: "version.zookeeper", acceptable: Acceptable::Whole },
    Rule { id: "config.version", acceptable: Acceptable::No },
    Rule { id: "config.no-group", acceptable: Acceptable::No },
    Rule { id: "config.several-groups", acceptable: Acceptable::No },
    Rule { id: "config.other-group", acceptable: Acceptable::No },
    Rule { id: "config.lost-override", acceptable: Acceptable::Each(ItemKind::Setting) },
    Rule { id: "config.changed", acceptable: Acceptable::Each(ItemKind::Setting) },
    Rule { id: "config.out-of-range", acceptable: Acceptable::No },
    Rule { id: "config.read-only", acceptable: Acceptable::No },
    Rule { id: "config.removed-key", acceptable: Acceptable::No },
    Rule { id: "config.changed-default", acceptable: Acceptable::No },
    Rule { id: "config.unknown-setting", acceptable: Acceptable::No },
    Rule { id: "service.precheck", acceptable: Acceptable::No },
    Rule { id: "start.unresolved", acceptable: Acceptable::Each(ItemKind::Run) },
    Rule { id: "plan.stale", acceptable: Acceptable::No },
    Rule { id: "journal.writable", acceptable: Acceptable::No },
    Rule { id: "journal.damaged", acceptable: Acceptable::Whole },
    Rule { id: "journal.missing", acceptable: Acceptable::No },
];

/// Finds a check's rule by its id.
pub(crate) fn rule(id: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.id == id)
}
