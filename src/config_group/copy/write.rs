//! Writing all values at once. Reading them back decides the outcome.

use std::time::Duration;

use serde_json::Value;

use super::hints::{diff_command, values_not_written};
use super::plan::{CopyEndpoints, CopyPlan};
use super::{interrupted_before_change, target_group};
use crate::api::{ApiError, CdssApi, OperationKind, Read, RetryPolicy, classify, read_one};
use crate::config_group::rules::copy::{self, SkippedSetting};
use crate::config_group::rules::setting_text::first_few;
use crate::consent::GroupConsent;
use crate::error::{CommandError, CopyError, NotWrittenReason};
use crate::model::config_group::{GroupSettings, Setting};
use crate::model::ids::ConfigGroupNo;
use crate::model::verdict::Submitted;
use crate::report::Report;
use crate::session::Session;
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

impl Session<'_> {
    /// Writes all values at once, reads them back, and compares. Without values there is nothing to write.
    pub(super) fn write_settings(
        &mut self,
        plan: &CopyPlan,
        no: ConfigGroupNo,
        consent: &GroupConsent,
        render_document: &dyn Fn(&Report) -> Value,
    ) -> Result<(), CommandError> {
        if !self.copy_report().has_target_settings && !self.copy_report().copied.is_empty() {
            self.skip_unsupported(plan, no)?;
        }
        let copied = self.copy_report().copied.clone();
        if copied.is_empty() {
            return Ok(());
        }
        // A resumed group stays unchanged until the write is sent.
        let is_resumed = self.copy_report().created == Submitted::No;
        let interrupted_failure = |session: &Self, interrupted: Interrupted| {
            if is_resumed {
                interrupted_before_change(interrupted)
            } else {
                session.interrupted(plan, Some(no), interrupted.0)
            }
        };
        self.clock.sleep(Duration::ZERO).map_err(|interrupted| interrupted_failure(self, interrupted))?;
        let document = render_document(self.report);
        if let Err(error) = self.journal.record_group_write(
            self.clock.now(),
            no,
            &self.journal_entry(plan, consent, &document),
        ) {
            return Err(if is_resumed {
                CommandError::Journal(error)
            } else {
                values_not_written(plan, no, NotWrittenReason::Journal(error))
            });
        }
        self.copy_report().is_journaled = true;
        self.copy_report().written = Submitted::Unknown;
        let version = plan.endpoints.target_version.code;
        let send = |api: &dyn CdssApi| api.write_group_settings(no, version, &copied, consent);
        match self.send_change_with_retries(OperationKind::Change, "nothing was written", &send) {
            Ok(Ok(())) => self.verify_write(plan, no, WriteResult { written: Submitted::Yes, error: None }),
            Ok(Err(error)) => {
                if let Some(signal) = error.signal() {
                    return Err(self.interrupted(plan, Some(no), signal));
                }
                if classify(OperationKind::Change, &error).proves_no_effect() {
                    self.copy_report().written = Submitted::No;
                    return Err(if is_resumed {
                        CopyError::WriteNotDelivered(error).into()
                    } else {
                        values_not_written(plan, no, NotWrittenReason::Request(error))
                    });
                }
                self.reporter.warn(&format!("{error}; reading the config group to check"));
                self.verify_write(plan, no, WriteResult { written: Submitted::Unknown, error: Some(error) })
            }
            Err(interrupted) => {
                self.copy_report().written = Submitted::No;
                Err(interrupted_failure(self, interrupted))
            }
        }
    }

    /// Reads the new group to learn which settings its version accepts, if no other group of the version existed.
    fn skip_unsupported(&mut self, plan: &CopyPlan, no: ConfigGroupNo) -> Result<(), CommandError> {
        let target_settings = self.read_settings(plan, no).map_err(|error| match error.signal() {
            Some(signal) => self.interrupted(plan, Some(no), signal),
            None => values_not_written(plan, no, NotWrittenReason::Request(error)),
        })?;
        let settings = target_settings.clone();
        self.report_difference(&plan.endpoints, &GroupSettings { group: target_group(plan, no), settings });
        let CopyEndpoints { source: from, target_version: target, .. } = &plan.endpoints;
        let report = self.copy_report();
        let release = target.release.as_ref();
        let mut newly_skipped = copy::skip_unsupported(from, &mut report.copied, &target_settings, release);
        report.has_target_settings = true;
        if !newly_skipped.is_empty() {
            let entry = |skipped: &SkippedSetting| format!("{} ({})", skipped.key, skipped.reason);
            let text = first_few(newly_skipped.iter().map(entry));
            report.skipped.append(&mut newly_skipped);
            report.skipped.sort_by(|one, other| one.key.cmp(&other.key));
            self.reporter.warn(&format!("skipped settings that {target} does not accept: {text}"));
        }
        Ok(())
    }

    fn read_settings(&self, plan: &CopyPlan, no: ConfigGroupNo) -> Result<Vec<Setting>, ApiError> {
        let read = Read::Settings(no, plan.endpoints.target_version.code);
        let settings: Option<Vec<Setting>> = read_one(self.api, read, RetryPolicy::Retry)?;
        settings.ok_or_else(missing_settings_error)
    }

    /// Reads the values back and decides the outcome.
    fn verify_write(
        &mut self,
        plan: &CopyPlan,
        no: ConfigGroupNo,
        result: WriteResult,
    ) -> Result<(), CommandError> {
        let settings = match self.read_back(plan, no, result.written == Submitted::Yes) {
            Ok(Ok(settings)) => settings,
            Ok(Err(error)) => {
                return Err(CopyError::ValuesUnknown {
                    group: target_group(plan, no),
                    write: result.error,
                    read: error,
                    diff: diff_command(&plan.endpoints, no),
                }
                .into());
            }
            Err(Interrupted(signal)) => return Err(self.interrupted(plan, Some(no), signal)),
        };
        let copy = GroupSettings { group: target_group(plan, no), settings };
        self.report_difference(&plan.endpoints, &copy);
        let is_equal = self.copy_report().mismatches.is_empty();
        // Equal values prove the write, whatever the response was.
        self.copy_report().written = if is_equal { Submitted::Yes } else { result.written };
        if is_equal { Ok(()) } else { Err(self.mismatch_failure(plan, no, result)) }
    }

    /// Polls the settings until they match or the attempts are used up, because a read may lag behind a write. The last
    /// read counts. After an acknowledged write, the first read is immediate. The outer error is a signal.
    fn read_back(
        &mut self,
        plan: &CopyPlan,
        no: ConfigGroupNo,
        is_acknowledged: bool,
    ) -> Result<Result<Vec<Setting>, ApiError>, Interrupted> {
        let mut last = Err(missing_settings_error());
        for attempt in 0..CONFIRMATION_PAUSES.len() {
            if attempt > 0 || !is_acknowledged {
                self.clock.sleep(self.confirmation_pause(attempt))?;
            }
            last = self.read_settings(plan, no);
            match &last {
                Ok(settings) => {
                    self.copy_report().mismatches = copy::mismatches(&self.copy_report().copied, settings);
                    if self.copy_report().mismatches.is_empty() {
                        break;
                    }
                    if attempt == 0 {
                        self.reporter.note("some values differ from those sent; reading again");
                    }
                }
                Err(error) => {
                    if let Some(signal) = error.signal() {
                        return Err(Interrupted(signal));
                    }
                    self.copy_report().mismatches.clear();
                }
            }
        }
        Ok(last)
    }

    fn mismatch_failure(&mut self, plan: &CopyPlan, no: ConfigGroupNo, result: WriteResult) -> CommandError {
        let keys: Vec<String> = self.copy_report().mismatches.iter().map(|one| one.key.clone()).collect();
        let (group, diff) = (target_group(plan, no), diff_command(&plan.endpoints, no));
        CopyError::ValuesMismatch { group, keys, write: result.error, diff }.into()
    }
}
