//! Everything that a plan is derived from.

use std::sync::Arc;

use super::plan_id::PlanId;
use crate::config_group::rules::choice::GroupChoice;
use crate::model::broker_health::Health;
use crate::model::cluster::{Cluster, ClusterIdentity, ClusterState, reconcile_identity};
use crate::model::config_group::{ConfigGroup, GroupSettings};
use crate::model::data_plane::DataPlane;
use crate::model::journal_state::JournalState;
use crate::model::kafka_version::{KafkaVersion, ResolvedVersion};
use crate::model::suggested_command::SuggestedCommand;

/// The result of the service's own pre-check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PreCheck {
    /// The pre-check was not run, for this reason.
    NotRun(&'static str),
    Passed {
        request_id: Option<String>,
    },
    /// The service refused the upgrade, with its own message.
    Refused {
        message: String,
        code: Option<i64>,
        http_status: u16,
        request_id: Option<String>,
    },
}

/// How the config group of the target version was selected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SelectedGroup {
    /// `--config-group` named it. It may be for another version.
    Named(ConfigGroup),
    /// The config groups were compared.
    Chosen(GroupChoice),
}

impl SelectedGroup {
    /// Returns the selected group; None if no group or several groups fit.
    pub(crate) fn group(&self) -> Option<&ConfigGroup> {
        match self {
            Self::Named(group) => Some(group),
            Self::Chosen(choice) => choice.chosen(),
        }
    }
}

/// A cluster, its config group, and the target of an upgrade, as read at one time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Snapshot {
    pub cluster: Cluster,
    /// The identity from the cluster list, if the cluster was found by its name; in a later snapshot, the identity on
    /// which all responses of the first one agreed.
    pub listed_identity: Option<ClusterIdentity>,
    /// The current version, with its name if the service reported one.
    pub current_version: Option<KafkaVersion>,
    /// None if the status response was empty.
    pub health: Option<Health>,
    pub target: ResolvedVersion,
    /// The settings of the current group; None if they can't be read.
    pub current_group: Option<GroupSettings>,
    pub selected_group: SelectedGroup,
    /// The settings of the selected group.
    pub target_settings: Option<GroupSettings>,
    pub pre_check: PreCheck,
    /// The command that copies the current group to the target version, if the copy would keep more values than the named
    /// or closest group.
    pub copy_command: Option<SuggestedCommand>,
    pub journal: JournalState,
    /// `--require-journal` was given: nothing is started without a journal.
    pub requires_journal: bool,
    /// The service's identifier: site, region, and endpoint.
    pub service: String,
    /// The plan of `--plan`: no other is started.
    pub approved_plan: Option<PlanId>,
    /// Shared with the plan and the report: it is the largest part of all three.
    pub data_plane: Arc<DataPlane>,
    /// `--require-brokers` was given: nothing is started unless a broker answered.
    pub requires_brokers: bool,
}

impl Snapshot {
    pub(crate) fn is_at_target(&self) -> bool {
        self.cluster.version == Some(self.target.version.code)
    }

    /// Returns the identity on which all responses agree.
    ///
    /// # Errors
    ///
    /// Fails with the contradiction if the responses are about different clusters.
    pub(crate) fn identity(&self) -> Result<ClusterIdentity, String> {
        let status = self.health.as_ref().map(|health| &health.identity);
        reconcile_identity(self.cluster.no, self.listed_identity.as_ref(), &self.cluster.identity, status)
    }

    /// Returns the number of brokers that the service reports.
    pub(crate) fn broker_count(&self) -> Option<u64> {
        self.cluster.brokers.or_else(|| self.health.as_ref()?.brokers.total)
    }

    pub(crate) fn has_green_brokers(&self) -> bool {
        self.health.as_ref().is_some_and(|health| health.broker_problems(self.cluster.brokers).is_empty())
    }

    /// Returns true if the state or a broker shows a running change.
    pub(crate) fn shows_change(&self) -> bool {
        self.cluster.state.indicates_change() || self.health.as_ref().is_some_and(Health::has_degraded_broker)
    }

    /// Returns true if the state is `changing`.
    pub(crate) fn is_changing(&self) -> bool {
        self.cluster.state == ClusterState::Changing
    }

    /// Returns true if the cluster is healthy, at the target version, and uses the config group if one was named.
    pub(crate) fn is_already_upgraded(&self) -> bool {
        self.is_at_target()
            && self.cluster.state == ClusterState::Running
            && self.has_green_brokers()
            && self.identity().is_ok()
            && !self.has_other_group()
    }

    /// Returns true if the cluster is at the target version, but does not use the named config group.
    pub(crate) fn has_other_group(&self) -> bool {
        match &self.selected_group {
            SelectedGroup::Named(group) => self.is_at_target() && self.cluster.config_group != Some(group.no),
            SelectedGroup::Chosen(_) => false,
        }
    }
}
