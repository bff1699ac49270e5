//! `config-group copy`: copies a group's custom values to another Kafka version.
//!
//! One create, one write, and a read that verifies both. Nothing is upgraded or deleted.

use crate::api::CdssApi;
use crate::config_group::rules::creation::GroupProblem;
use crate::config_group::rules::group_copy::GroupCopy;
use crate::consent::{ConsentError, GroupConsent, Prompt, confirm_group};
use crate::documents::copy_document;
use crate::error::{BusyReason, CommandError, CopyError, CopyProgress};
use crate::journal::{self, GroupChange, OperationLock};
use crate::model::config_group::ConfigGroup;
use crate::model::group_name::GroupName;
use crate::model::ids::ConfigGroupNo;
use crate::model::kafka_version::VersionSelector;
use crate::model::selector::Selector;
use crate::model::suggested_command::SuggestedCommand;
use crate::model::verdict::Submitted;
use crate::report::Finished;
use crate::report::config_group::CopyReport;
use crate::session::Session;
use crate::session::sent_change::SentChange;
use crate::signals::Signal;
use plan::CopyPlan;

mod create;
mod hints;
mod plan;
mod write;

/// The group to copy.
#[derive(Debug, Clone)]
pub(crate) enum CopySource {
    Group(Selector),
    /// The group that this cluster uses now.
    Cluster(Selector),
}

/// What the user asked for.
#[derive(Debug, Clone)]
pub(crate) struct CopyRequest {
    pub source: CopySource,
    pub version: VersionSelector,
    /// None: derive the name from the source's name and the target version.
    pub name: Option<GroupName>,
    pub dry_run: bool,
}

/// How a copy asks for confirmation.
pub(crate) struct CopyOptions<'a, P> {
    pub yes: bool,
    pub prompt: &'a mut P,
}

/// A copy in progress.
struct RunningCopy<'a, 's, A> {
    session: &'a mut Session<'s, A>,
    report: CopyReport,
}

/// Copies a config group, or only plans the copy in a dry run.
///
/// # Errors
///
/// An error before the create means that nothing was changed. After the create, the outcome can be a mismatch, unknown,
/// or an interruption.
pub(crate) async fn copy(
    session: &mut Session<'_, impl CdssApi>,
    request: &CopyRequest,
    options: &mut CopyOptions<'_, impl Prompt>,
) -> Finished<CopyReport> {
    let mut copy = RunningCopy { session, report: CopyReport::default() };
    let result = copy.run(request, options).await;
    Finished::new(copy.report, result)
}

async fn confirm(
    plan: &CopyPlan,
    options: &mut CopyOptions<'_, impl Prompt>,
) -> Result<GroupConsent, CommandError> {
    let version = plan.endpoints.target_version.code;
    let confirmed = confirm_group(&plan.name, version, options.yes, options.prompt).await;
    confirmed.map_err(|error| match error {
        ConsentError::Interrupted(signal) => interrupted_before_change(signal),
        error => CommandError::Consent(error),
    })
}

fn lock(session: &Session<'_, impl CdssApi>, name: &GroupName) -> Result<OperationLock, CommandError> {
    let lock = session.journal.lock_group(&session.context.service, name).map_err(CommandError::Journal)?;
    lock.ok_or_else(|| {
        let list = SuggestedCommand::ListConfigGroups(None);
        CommandError::busy(BusyReason::GroupLocked { name: name.clone() }, list)
    })
}

/// Returns the new group as its create request describes it, without a read.
fn target_group(plan: &CopyPlan, no: ConfigGroupNo) -> ConfigGroup {
    let name = Some(plan.name.to_string());
    ConfigGroup {
        no,
        name,
        version: plan.endpoints.target_version.code,
        version_name: None,
        description: None,
    }
}

/// The failure for a signal that arrived before anything was changed.
fn interrupted_before_change(signal: Signal) -> CommandError {
    CopyError::Interrupted { signal, progress: CopyProgress::NothingSent, next: None }.into()
}

impl<A: CdssApi> RunningCopy<'_, '_, A> {
    async fn run(
        &mut self,
        request: &CopyRequest,
        options: &mut CopyOptions<'_, impl Prompt>,
    ) -> Result<(), CommandError> {
        let plan = self.plan_copy(request).await?;
        if let Some(problem) = self.session.journal.access_problem() {
            return Err(CopyError::JournalUnusable(problem).into());
        }
        if plan.resumable.is_none() {
            self.reject_unresolved(&plan.name, &plan.endpoints)?;
        }
        if request.dry_run {
            return Ok(());
        }
        self.session.reporter.show_copy_plan(&self.report);
        let consent = confirm(&plan, options).await?;
        let _lock = lock(self.session, &plan.name)?;
        self.verify_unchanged(&plan).await?;
        let no = match &plan.resumable {
            Some(resumable) => resumable.group.no,
            None => self.create_group(&plan, &consent).await?,
        };
        if let Some(cluster) = self.report.cluster {
            let version = Some(plan.endpoints.target_version.clone());
            let check = SuggestedCommand::Check { cluster, version, config_group: Some(no) };
            self.copy().check_command = Some(check.render(Some(self.session.context)));
        }
        self.write_settings(&plan, no, &consent).await
    }

    /// Checks again, now under the lock, that the source has the confirmed values and that the name is still free, or
    /// the resumable group still empty.
    async fn verify_unchanged(&self, plan: &CopyPlan) -> Result<(), CommandError> {
        let from = &plan.endpoints.source;
        if self.source_settings(&from.group).await?.custom_values() != from.custom_values() {
            return Err(CopyError::SourceChanged(from.group.clone()).into());
        }
        let resumable_no = plan.resumable.as_ref().map(|resumable| resumable.group.no);
        let mut same_name = self.session.fetch_groups(plan.endpoints.target_version.code).await?;
        same_name.retain(|group| group.is_named(plan.name.as_str()));
        match (same_name.as_slice(), resumable_no) {
            ([], None) => self.reject_unresolved(&plan.name, &plan.endpoints),
            ([group], Some(no)) if group.no == no => {
                let settings = self.session.fetch_readable_settings(std::slice::from_ref(group)).await?.pop();
                let settings = settings.map(|settings| settings.settings);
                let resumable = self.find_resumable(&plan.endpoints, &plan.name, group, settings.as_deref());
                resumable.await.map(drop)
            }
            ([], Some(no)) => Err(CopyError::GroupMissing(target_group(plan, no)).into()),
            ([group, ..], _) => {
                Err(self.name_taken(&plan.endpoints, &plan.name, group, None, GroupProblem::CreatedMeanwhile))
            }
        }
    }

    fn journal_entry(&self, plan: &CopyPlan, consent: &GroupConsent) -> GroupChange {
        GroupChange {
            origin: self.session.journal.origin(&self.session.context.service),
            config_group: None,
            config_group_name: plan.name.to_string(),
            version_code: plan.endpoints.target_version.code,
            consent: consent.method().to_string(),
            made_by: plan.resumable.as_ref().map(|resumable| resumable.created_by.clone()),
            from_config_group: Some(plan.endpoints.source.group.no),
            plan: journal::Plan(copy_document(&self.report)),
        }
    }

    fn copy(&mut self) -> &mut GroupCopy {
        self.report.copy.as_mut().expect("plan_copy set it")
    }

    fn set_created(&mut self, created: Submitted) {
        self.copy().created = created;
        self.record_sent_change();
    }

    fn set_written(&mut self, written: Submitted) {
        self.copy().written = written;
        self.record_sent_change();
    }

    /// Records what was sent for the case of a panic.
    fn record_sent_change(&self) {
        let copy = self.report.copy.as_ref().filter(|copy| copy.may_have_changed());
        *self.session.sent_change.borrow_mut() = copy.map_or(SentChange::Nothing, |copy| {
            SentChange::ConfigGroup { copy: Box::new(copy.clone()), version: self.report.diff.to.clone() }
        });
    }
}
