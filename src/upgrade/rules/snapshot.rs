//! All that was read before a decision, as one value.

use crate::config_group::rules::choice::GroupChoice;
use crate::model::broker_health::Health;
use crate::model::cluster::{Cluster, ClusterIdentity, ClusterState, agreed_identity};
use crate::model::config_group::{ConfigGroup, GroupSettings};
use crate::model::journal_state::JournalState;
use crate::model::kafka_version::{KafkaVersion, ResolvedVersion};

/// The service's own answer to "may this upgrade be done".
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PreCheck {
    /// It was not asked, and why.
    NotRun(&'static str),
    Passed {
        request_id: Option<String>,
    },
    /// It said no, in its own words.
    Refused {
        message: String,
        code: Option<i64>,
        http_status: u16,
        request_id: Option<String>,
    },
}

/// How the config group came to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SelectedGroup {
    /// `--config-group` named it. It may belong to another version.
    Named(ConfigGroup),
    /// Nobody named one.
    Chosen(GroupChoice),
}

impl SelectedGroup {
    /// Returns the group that the upgrade would take, if that is settled.
    pub(crate) fn group(&self) -> Option<&ConfigGroup> {
        match self {
            Self::Named(group) => Some(group),
            Self::Chosen(choice) => choice.one(),
        }
    }
}

/// What was read about a cluster and the version it should move to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Snapshot {
    pub cluster: Cluster,
    /// What the cluster list said, where the cluster was found by its name; in a later snapshot, what all answers of the
    /// first agreed on.
    pub listed_identity: Option<ClusterIdentity>,
    /// The present version with its name, where the service told one.
    pub current_version: Option<KafkaVersion>,
    /// None when the status answer held nothing.
    pub health: Option<Health>,
    pub target: ResolvedVersion,
    /// Settings of the group in use; None when they can't be read.
    pub current_group: Option<GroupSettings>,
    pub selected_group: SelectedGroup,
    /// Settings of the group to take, once it is settled.
    pub target_settings: Option<GroupSettings>,
    pub pre_check: PreCheck,
    /// The command that makes a group of the target version with the present values, where it would keep more of them than
    /// the group that was named or comes nearest.
    pub copy_command: Option<String>,
    pub journal: JournalState,
    /// `--require-journal` was given: without a journal nothing may be started.
    pub requires_journal: bool,
}

impl Snapshot {
    pub(crate) fn is_at_target(&self) -> bool {
        self.cluster.version == Some(self.target.version.code)
    }

    /// Returns what the answers agree on about the cluster.
    ///
    /// # Errors
    ///
    /// Fails with the contradiction where they are not about one cluster.
    pub(crate) fn identity(&self) -> Result<ClusterIdentity, String> {
        let status = self.health.as_ref().map(|health| &health.identity);
        agreed_identity(self.cluster.no, self.listed_identity.as_ref(), &self.cluster.identity, status)
    }

    pub(crate) fn has_green_brokers(&self) -> bool {
        self.health.as_ref().is_some_and(|health| health.broker_problems(self.cluster.brokers).is_empty())
    }

    /// Returns true when the state or a broker shows a change under way.
    pub(crate) fn shows_change(&self) -> bool {
        self.cluster.state.shows_change() || self.health.as_ref().is_some_and(Health::has_degraded_broker)
    }

    /// Returns true when the cluster is being changed by somebody.
    pub(crate) fn is_changing(&self) -> bool {
        self.cluster.state == ClusterState::Changing
    }

    /// Returns true when the running cluster has the target version and, if one was named, the group.
    pub(crate) fn is_already_upgraded(&self) -> bool {
        self.is_at_target()
            && self.cluster.state == ClusterState::Running
            && self.has_green_brokers()
            && self.identity().is_ok()
            && !self.has_other_group()
    }

    /// Returns true when the cluster has the version asked for, but another group than the one named.
    pub(crate) fn has_other_group(&self) -> bool {
        match &self.selected_group {
            SelectedGroup::Named(group) => self.is_at_target() && self.cluster.config_group != Some(group.no),
            SelectedGroup::Chosen(_) => false,
        }
    }
}
