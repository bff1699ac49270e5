//! `config-group copy`: copies a group's custom values to another Kafka version.
//!
//! It creates at most one group, writes all values once, and only to a group that this machine created. Nothing is
//! upgraded or deleted.

use std::time::Duration;

use crate::api::{ApiError, CdssApi};
use crate::config_group::rules::copy::GroupCopy;
use crate::consent::{ConsentError, GroupConsent, Prompt, confirm_group};
use crate::documents::copy_document;
use crate::error::{CommandError, CopyError, FailedCopy};
use crate::journal::{self, GroupChange, JournalError, OperationLock};
use crate::model::config_group::ConfigGroup;
use crate::model::group_name::GroupName;
use crate::model::kafka_version::VersionSelector;
use crate::model::operation_name::OperationName;
use crate::model::selector::Selector;
use crate::model::suggested_command::SuggestedCommand;
use crate::model::verdict::Submitted;
use crate::report::Finished;
use crate::report::config_group::CopyReport;
use crate::session::Session;
use crate::session::retry_budget::CONFIRMATION_PAUSES;
use crate::session::sent_change::SentChange;
use crate::signals::Interrupted;
use failures::CHOOSE_NAME;
use read::CopyEndpoints;

mod create;
mod failures;
mod plan;
mod read;
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
    /// Skips the question.
    pub yes: bool,
}

/// A planned copy, and how far it got.
struct RunningCopy<'a, 's, A> {
    session: &'a mut Session<'s, A>,
    /// Has the group to fill in `diff.group_to`, once it exists.
    report: &'a mut CopyReport,
    endpoints: CopyEndpoints,
    /// The name of the group to fill.
    name: GroupName,
    /// The interrupted run that created the group to fill; None if this run creates it.
    created_by: Option<String>,
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
    prompt: &mut impl Prompt,
) -> Finished<CopyReport> {
    let mut report = CopyReport::default();
    let result = run(session, request, prompt, &mut report).await;
    Finished::new(report, result)
}

async fn run(
    session: &mut Session<'_, impl CdssApi>,
    request: &CopyRequest,
    prompt: &mut impl Prompt,
    report: &mut CopyReport,
) -> Result<(), CommandError> {
    let endpoints = session.read_endpoints(request, report).await?;
    let mut copy = RunningCopy::plan(session, request, endpoints, report).await?;
    if request.dry_run {
        return Ok(());
    }
    copy.session.reporter.show_copy_plan(copy.report);
    let consent = copy.confirm(request.yes, prompt).await?;
    let _lock = copy.lock()?;
    copy.verify_unchanged().await?;
    if copy.created_by.is_none() {
        copy.create_group(&consent).await?;
    }
    copy.write_settings(&consent).await
}

impl<A: CdssApi> RunningCopy<'_, '_, A> {
    async fn confirm(&self, yes: bool, prompt: &mut impl Prompt) -> Result<GroupConsent, CommandError> {
        let version = self.endpoints.target_version.code;
        confirm_group(&self.name, version, yes, prompt).await.map_err(|error| match error {
            ConsentError::Interrupted(signal) => self.interrupted(signal),
            error => CommandError::Consent(error),
        })
    }

    fn lock(&self) -> Result<OperationLock, CommandError> {
        let name = &self.name;
        let lock = self
            .session
            .journal
            .lock_group(&self.session.context.service, name)
            .map_err(CommandError::Journal)?;
        lock.ok_or_else(|| {
            let list = SuggestedCommand::ListConfigGroups(None).quoted(Some(self.session.context));
            let message =
                format!("another cdss process on this machine is already creating config group {name}");
            let hint = Some(format!("wait for it to finish, then check with {list}"));
            CopyError { outcome: FailedCopy::Busy, message, hint, cause: None }.into()
        })
    }

    /// Records the create, or the write to the group that exists, before it is sent.
    async fn record_change(&mut self, consent: &GroupConsent) -> Result<(), JournalError> {
        let journal = self.session.journal;
        let group = self.report.diff.group_to.as_ref().map(|group| group.no);
        let change = GroupChange {
            origin: journal.origin(&self.session.context.service),
            config_group: group,
            config_group_name: self.name.to_string(),
            version_code: self.endpoints.target_version.code,
            consent: consent.method().to_string(),
            made_by: self.created_by.clone(),
            from_config_group: Some(self.endpoints.source.group.no),
            plan: journal::Plan(copy_document(self.report)),
        };
        journal.record_group_change(self.session.clock.now(), change).await?;
        self.copy_mut().is_journaled = true;
        Ok(())
    }

    /// Returns the pauses before the reads that follow a change.
    fn pauses(&self) -> [Duration; CONFIRMATION_PAUSES.len()] {
        std::array::from_fn(|turn| self.session.confirmation_pause(turn))
    }

    /// Reads after each pause until the result is conclusive, because a read may lag behind a change. Returns the result
    /// of the last read. `retry_note` reports that the first one was not conclusive.
    async fn poll<T>(
        &mut self,
        operation: OperationName,
        pauses: &[Duration],
        read: impl AsyncFn(&A) -> Result<T, ApiError>,
        is_conclusive: impl Fn(&T) -> bool,
        retry_note: Option<&str>,
    ) -> Result<T, ApiError> {
        let mut turn = 0;
        loop {
            if !pauses[turn].is_zero() {
                let slept = self.session.clock.sleep(pauses[turn]).await;
                slept.map_err(|Interrupted(signal)| ApiError::Interrupted { operation, signal })?;
            }
            let result = read(self.session.api).await;
            let ends = match &result {
                Ok(read) => is_conclusive(read),
                Err(error) => error.signal().is_some(),
            };
            if ends || turn + 1 == pauses.len() {
                return result;
            }
            if let (0, Ok(_), Some(note)) = (turn, &result, retry_note) {
                self.session.reporter.note(note);
            }
            turn += 1;
        }
    }

    fn copy(&self) -> &GroupCopy {
        self.report.copy.as_ref().expect("the plan sets it")
    }

    /// Returns the group to fill.
    fn group(&self) -> &ConfigGroup {
        self.report.diff.group_to.as_ref().expect("it was found or created")
    }

    fn copy_mut(&mut self) -> &mut GroupCopy {
        self.report.copy.as_mut().expect("the plan sets it")
    }

    fn set_created(&mut self, created: Submitted) {
        self.copy_mut().created = created;
        self.record_sent_change();
    }

    fn set_written(&mut self, written: Submitted) {
        self.copy_mut().written = written;
        self.record_sent_change();
    }

    /// Records what was sent for the case of a panic.
    fn record_sent_change(&self) {
        let (copy, hint) = (self.copy(), self.search_hint(CHOOSE_NAME));
        *self.session.sent_change.borrow_mut() = if copy.may_have_changed() {
            SentChange::ConfigGroup { copy: Box::new(copy.clone()), hint }
        } else {
            SentChange::Nothing
        };
    }
}
