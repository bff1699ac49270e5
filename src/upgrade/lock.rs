//! The lock that keeps two runs on this machine from handling the same cluster.

use crate::api::CdssApi;
use crate::error::{BusyReason, CommandError};
use crate::journal::OperationLock;
use crate::session::Session;
use crate::upgrade::rules::plan::Plan;

/// Locks the cluster for this run.
pub(super) fn lock_cluster(
    session: &Session<'_, impl CdssApi>,
    plan: &Plan,
) -> Result<OperationLock, CommandError> {
    let lock =
        session.journal.lock_cluster(&session.context.service, plan.no).map_err(CommandError::Journal)?;
    lock.ok_or_else(|| {
        let reason = BusyReason::ClusterLocked { name: plan.name_or_number() };
        CommandError::busy(reason, plan.follow_command())
    })
}
