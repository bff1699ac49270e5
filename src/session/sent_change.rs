//! What a run has sent. It survives a panic.

use super::Session;
use crate::config_group::rules::copy::GroupCopy;
use crate::model::ids::ClusterNo;
use crate::model::kafka_version::KafkaVersion;
use crate::model::verdict::Submitted;
use crate::report::upgrade::StartReport;
use crate::upgrade::rules::plan::Plan;

/// A request of this run that may have changed something.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum SentChange {
    #[default]
    Nothing,
    /// A start. `submitted` is unknown until the service has accepted it.
    Start { cluster: (String, ClusterNo), from: Option<KafkaVersion>, to: KafkaVersion, submitted: Submitted },
    /// A create of a config group, or a write of its values. `hint` is the next step if the outcome is unknown.
    ConfigGroup { copy: Box<GroupCopy>, hint: String },
}

impl<A> Session<'_, A> {
    /// Reports whether this run sent the start.
    pub(crate) fn set_submitted(&self, plan: &Plan, report: &mut StartReport, submitted: Submitted) {
        report.submitted = submitted;
        *self.sent_change.borrow_mut() = match submitted {
            Submitted::No => SentChange::Nothing,
            Submitted::Yes | Submitted::Unknown => SentChange::Start {
                cluster: (plan.name.clone(), plan.no),
                from: plan.from.clone(),
                to: plan.to.clone(),
                submitted,
            },
        };
    }
}
