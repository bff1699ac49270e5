//! Writing all values at once. Reading them back decides the outcome.

use super::hints::{diff_command, values_not_written};
use super::plan::{CopyEndpoints, CopyPlan};
use super::{RunningCopy, interrupted_before_change, target_group};
use crate::api::{ApiError, CdssApi, OperationKind, classify};
use crate::config_group::rules::copy::{self, SkippedSetting};
use crate::config_group::rules::setting_text::first_few;
use crate::consent::GroupConsent;
use crate::error::{CommandError, CopyError, NotWrittenReason};
use crate::model::config_group::{GroupSettings, Setting};
use crate::model::ids::ConfigGroupNo;
use crate::model::operation_name::OperationName;
use crate::model::verdict::Submitted;
use crate::session::config_groups::missing_settings_error;
use crate::session::retry_budget::CONFIRMATION_PAUSES;
use crate::signals::Interrupted;

/// The response to the write.
struct WriteResult {
    /// Whether the values were written, according to the response.
    written: Submitted,
    /// The error of a failed write.
    error: Option<ApiError>,
}

impl<A: CdssApi> RunningCopy<'_, '_, A> {
    /// Writes all values at once, reads them back, and compares. Without values there is nothing to write.
    pub(super) async fn write_settings(
        &mut self,
        plan: &CopyPlan,
        no: ConfigGroupNo,
        consent: &GroupConsent,
    ) -> Result<(), CommandError> {
        if !self.copy().has_target_settings && !self.copy().copied.is_empty() {
            self.skip_unsupported(plan, no).await?;
        }
        let copied = self.copy().copied.clone();
        if copied.is_empty() {
            return Ok(());
        }
        // A resumed group stays unchanged until the write is sent.
        let is_resumed = self.copy().created == Submitted::No;
        let entry = self.journal_entry(plan, consent);
        if let Err(error) = self.session.journal.record_group_write(self.session.clock.now(), no, entry).await
        {
            return Err(if is_resumed {
                CommandError::Journal(error)
            } else {
                values_not_written(plan, no, NotWrittenReason::Journal(error))
            });
        }
        self.copy().is_journaled = true;
        self.set_written(Submitted::Unknown);
        let version = plan.endpoints.target_version.code;
        let send = async |api: &A| api.write_group_settings(no, version, &copied, consent).await;
        match self
            .session
            .send_change_with_retries(OperationName::SetKafkaConfigGroupDetail, "nothing was written", send)
            .await
        {
            Ok(()) => self.verify_write(plan, no, WriteResult { written: Submitted::Yes, error: None }).await,
            Err(error) => {
                if let Some(signal) = error.signal() {
                    return Err(self.interrupted(plan, Some(no), signal));
                }
                if classify(OperationKind::Change, &error).proves_no_effect() {
                    self.set_written(Submitted::No);
                    return Err(match error.signal_before_sending() {
                        Some(signal) if is_resumed => interrupted_before_change(signal),
                        Some(signal) => self.interrupted(plan, Some(no), signal),
                        None if is_resumed => CopyError::WriteNotDelivered(error).into(),
                        None => values_not_written(plan, no, NotWrittenReason::Request(error)),
                    });
                }
                self.session.reporter.warn(&format!("{error}; reading the config group to check"));
                let result = WriteResult { written: Submitted::Unknown, error: Some(error) };
                self.verify_write(plan, no, result).await
            }
        }
    }

    /// Reads the new group to learn which settings its version accepts, if no other group of the version existed.
    async fn skip_unsupported(&mut self, plan: &CopyPlan, no: ConfigGroupNo) -> Result<(), CommandError> {
        let target_settings = self.read_settings(plan, no).await.map_err(|error| match error.signal() {
            Some(signal) => self.interrupted(plan, Some(no), signal),
            None => values_not_written(plan, no, NotWrittenReason::Request(error)),
        })?;
        let settings = target_settings.clone();
        self.set_difference(&plan.endpoints, &GroupSettings { group: target_group(plan, no), settings });
        let CopyEndpoints { source: from, target_version: target, .. } = &plan.endpoints;
        let report = self.copy();
        let release = target.release.as_ref();
        let mut newly_skipped = copy::skip_unsupported(from, &mut report.copied, &target_settings, release);
        report.has_target_settings = true;
        if !newly_skipped.is_empty() {
            let entry = |skipped: &SkippedSetting| format!("{} ({})", skipped.key, skipped.reason);
            let text = first_few(newly_skipped.iter().map(entry));
            report.skipped.append(&mut newly_skipped);
            report.skipped.sort_by(|one, other| one.key.cmp(&other.key));
            self.session.reporter.warn(&format!("skipped settings that {target} does not accept: {text}"));
        }
        Ok(())
    }

    async fn read_settings(&self, plan: &CopyPlan, no: ConfigGroupNo) -> Result<Vec<Setting>, ApiError> {
        let settings = self.session.api.settings(no, plan.endpoints.target_version.code).await?;
        settings.ok_or_else(missing_settings_error)
    }

    /// Reads the values back and decides the outcome.
    async fn verify_write(
        &mut self,
        plan: &CopyPlan,
        no: ConfigGroupNo,
        result: WriteResult,
    ) -> Result<(), CommandError> {
        let read_back = self.read_back(plan, no, result.written == Submitted::Yes).await;
        let settings = read_back.map_err(|error| {
            if let Some(signal) = error.signal() {
                return self.interrupted(plan, Some(no), signal);
            }
            CopyError::ValuesUnknown {
                group: target_group(plan, no),
                write: result.error.clone(),
                read: error,
                diff: diff_command(&plan.endpoints, no),
            }
            .into()
        })?;
        let copy = GroupSettings { group: target_group(plan, no), settings };
        self.set_difference(&plan.endpoints, &copy);
        let is_equal = self.copy().mismatches.is_empty();
        // Equal values prove the write, whatever the response was.
        self.set_written(if is_equal { Submitted::Yes } else { result.written });
        if is_equal { Ok(()) } else { Err(self.mismatch_failure(plan, no, result)) }
    }

    /// Polls the settings until they match or the attempts are used up, because a read may lag behind a write. The last
    /// read counts. After an acknowledged write, the first read is immediate.
    async fn read_back(
        &mut self,
        plan: &CopyPlan,
        no: ConfigGroupNo,
        is_acknowledged: bool,
    ) -> Result<Vec<Setting>, ApiError> {
        let mut last = Err(missing_settings_error());
        for attempt in 0..CONFIRMATION_PAUSES.len() {
            if attempt > 0 || !is_acknowledged {
                let interrupted = |Interrupted(signal)| ApiError::Interrupted {
                    operation: OperationName::GetKafkaConfigGroupDetailList,
                    signal,
                };
                self.session
                    .clock
                    .sleep(self.session.confirmation_pause(attempt))
                    .await
                    .map_err(interrupted)?;
            }
            last = self.read_settings(plan, no).await;
            match &last {
                Ok(settings) => {
                    self.copy().mismatches = copy::mismatches(&self.copy().copied, settings);
                    if self.copy().mismatches.is_empty() {
                        break;
                    }
                    if attempt == 0 {
                        self.session.reporter.note("some values differ from those sent; reading again");
                    }
                }
                Err(error) => {
                    if error.signal().is_some() {
                        return last;
                    }
                    self.copy().mismatches.clear();
                }
            }
        }
        last
    }

    fn mismatch_failure(&mut self, plan: &CopyPlan, no: ConfigGroupNo, result: WriteResult) -> CommandError {
        let keys: Vec<String> = self.copy().mismatches.iter().map(|one| one.key.clone()).collect();
        let (group, diff) = (target_group(plan, no), diff_command(&plan.endpoints, no));
        CopyError::ValuesMismatch { group, keys, write: result.error, diff }.into()
    }
}
