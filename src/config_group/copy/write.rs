//! The write: all values at once, and what reads back decides.

use std::time::Duration;

use serde_json::Value;

use super::hints::{RERUN_HINT, values_not_written, write_failed};
use super::plan::{CopyEndpoints, CopyPlan};
use super::{interrupted_before_change, target_group};
use crate::api::{ApiError, CdssApi, OperationKind, Read, RetryPolicy, classify, one};
use crate::clock::Interrupted;
use crate::config_group::rules::copy::{self, SkippedSetting};
use crate::config_group::rules::setting_text::first_few;
use crate::consent::GroupConsent;
use crate::error::{CopyFailure, Failure};
use crate::model::config_group::{GroupSettings, Setting};
use crate::model::ids::ConfigGroupNo;
use crate::model::verdict::Submitted;
use crate::report::Report;
use crate::session::Session;
use crate::session::attempts::CONFIRMATION_PAUSES;
use crate::session::config_groups::no_settings;

/// What the write was answered.
struct WriteResult {
    /// As far as the answer tells.
    written: Submitted,
    summary: String,
    /// What the write failed with.
    error: Option<ApiError>,
}

impl Session<'_> {
    /// Writes all values at once, reads them back and compares. Without any there is nothing to write: the group is as
    /// it should be.
    pub(super) fn write_settings(
        &mut self,
        draft: &CopyPlan,
        no: ConfigGroupNo,
        consent: &GroupConsent,
        document: &dyn Fn(&Report) -> Value,
    ) -> Result<(), Failure> {
        if !self.copy_report().has_target_settings && !self.copy_report().copied.is_empty() {
            self.skip_unsupported(draft, no)?;
        }
        let carried = self.copy_report().copied.clone();
        if carried.is_empty() {
            return Ok(());
        }
        // A group that was there before is as it was until its values may have been written.
        let untouched = self.copy_report().created == Submitted::No;
        let stopped = |flow: &Self, interrupted: Interrupted| {
            if untouched {
                interrupted_before_change(interrupted)
            } else {
                flow.interrupted(draft, Some(no), interrupted.0)
            }
        };
        self.clock.sleep(Duration::ZERO).map_err(|interrupted| stopped(self, interrupted))?;
        let plan = document(self.report);
        if let Err(error) =
            self.journal.group_write(self.clock.now(), no, &self.journal_entry(draft, consent, &plan))
        {
            return Err(if untouched {
                Failure::Journal(error)
            } else {
                values_not_written(draft, no, error.to_string(), None, RERUN_HINT.to_owned())
            });
        }
        self.copy_report().is_journaled = true;
        self.copy_report().written = Submitted::Unknown;
        let version = draft.endpoints.target_version.code;
        let send = |api: &dyn CdssApi| api.write_group(no, version, &carried, consent);
        match self.retry_budget(OperationKind::Change, "nothing was written", &send) {
            Ok(Ok(())) => {
                let words = "the service said that it took them".to_owned();
                self.verify_write(
                    draft,
                    no,
                    WriteResult { written: Submitted::Yes, summary: words, error: None },
                )
            }
            Ok(Err(error)) => {
                if let Some(signal) = error.signal() {
                    return Err(self.interrupted(draft, Some(no), signal));
                }
                if classify(OperationKind::Change, &error).proves_nothing_was_done() {
                    self.copy_report().written = Submitted::No;
                    return Err(if untouched {
                        CopyFailure::NotWritten(error).into()
                    } else {
                        write_failed(draft, no, error)
                    });
                }
                self.reporter.warn(&format!("{error}; reading what the config group has"));
                let words = error.to_string();
                self.verify_write(
                    draft,
                    no,
                    WriteResult { written: Submitted::Unknown, summary: words, error: Some(error) },
                )
            }
            Err(interrupted) => {
                self.copy_report().written = Submitted::No;
                Err(stopped(self, interrupted))
            }
        }
    }

    /// Asks the new group what its version takes, where no other one could tell.
    fn skip_unsupported(&mut self, draft: &CopyPlan, no: ConfigGroupNo) -> Result<(), Failure> {
        let there = self.read_settings(draft, no).map_err(|error| match error.signal() {
            Some(signal) => self.interrupted(draft, Some(no), signal),
            None => write_failed(draft, no, error),
        })?;
        let settings = there.clone();
        self.report_difference(&draft.endpoints, &GroupSettings { group: target_group(draft, no), settings });
        let CopyEndpoints { source: from, target_version: target, .. } = &draft.endpoints;
        let progress = self.copy_report();
        let release = target.release.as_ref();
        let mut more = copy::skip_unsupported(from, &mut progress.copied, &there, release);
        progress.has_target_settings = true;
        if !more.is_empty() {
            let one = |one: &SkippedSetting| format!("{} ({})", one.key, one.reason);
            let text = first_few(more.iter().map(one));
            progress.skipped.append(&mut more);
            progress.skipped.sort_by(|one, other| one.key.cmp(&other.key));
            self.reporter.warn(&format!("left out, for {target} does not take them: {text}"));
        }
        Ok(())
    }

    fn read_settings(&self, draft: &CopyPlan, no: ConfigGroupNo) -> Result<Vec<Setting>, ApiError> {
        let read = Read::Settings(no, draft.endpoints.target_version.code);
        let answer: Option<Vec<Setting>> = one(self.api, read, RetryPolicy::Patient)?;
        answer.ok_or_else(no_settings)
    }

    /// What reads back decides.
    fn verify_write(
        &mut self,
        draft: &CopyPlan,
        no: ConfigGroupNo,
        answer: WriteResult,
    ) -> Result<(), Failure> {
        let settings = match self.read_back(draft, no, answer.written == Submitted::Yes) {
            Ok(Ok(settings)) => settings,
            Ok(Err(error)) => {
                let diff = self.diff_command(&draft.endpoints, no);
                return Err(CopyFailure::ContentUnknown {
                    group: target_group(draft, no).to_string(),
                    cause: format!("{}; {error}", answer.summary),
                    error: answer.error.or(Some(error)),
                    hint: format!("compare it with its source: {diff}"),
                }
                .into());
            }
            Err(Interrupted(signal)) => return Err(self.interrupted(draft, Some(no), signal)),
        };
        let copy = GroupSettings { group: target_group(draft, no), settings };
        self.report_difference(&draft.endpoints, &copy);
        let is_equal = self.copy_report().mismatches.is_empty();
        // Whatever became of the answer, this is what was sent.
        self.copy_report().written = if is_equal { Submitted::Yes } else { answer.written };
        if is_equal { Ok(()) } else { Err(self.mismatch_failure(draft, no, answer)) }
    }

    /// Reads what the group has, until it is what was sent or the looks are used up: a read may lag behind a write. The
    /// last look counts. An answered write is looked at at once. The outer failure is a signal.
    fn read_back(
        &mut self,
        draft: &CopyPlan,
        no: ConfigGroupNo,
        is_answered: bool,
    ) -> Result<Result<Vec<Setting>, ApiError>, Interrupted> {
        let mut seen = Err(no_settings());
        for turn in 0..CONFIRMATION_PAUSES.len() {
            if turn > 0 || !is_answered {
                self.clock.sleep(self.pause_before_look(turn))?;
            }
            seen = self.read_settings(draft, no);
            match &seen {
                Ok(settings) => {
                    self.copy_report().mismatches = copy::mismatches(&self.copy_report().copied, settings);
                    if self.copy_report().mismatches.is_empty() {
                        break;
                    }
                    if turn == 0 {
                        self.reporter.note("not all values read back as sent; reading them again");
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
        Ok(seen)
    }

    fn mismatch_failure(&mut self, draft: &CopyPlan, no: ConfigGroupNo, answer: WriteResult) -> Failure {
        let keys: Vec<String> = self.copy_report().mismatches.iter().map(|one| one.key.clone()).collect();
        let hint = format!("compare them with: {}", self.diff_command(&draft.endpoints, no));
        let (group, cause) = (target_group(draft, no).to_string(), answer.summary);
        CopyFailure::NotAsSent { group, keys, cause, error: answer.error, hint }.into()
    }
}
