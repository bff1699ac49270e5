//! The write: all values at once, and what reads back decides.

use std::time::Duration;

use serde_json::Value;

use super::hints::{SAME_AGAIN, unwritten, unwritten_by};
use super::plan::{CopyEndpoints, CopyPlan};
use super::{named, unchanged};
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
use crate::session::config_groups::missing_settings_error;
use crate::session::retry_budget::CONFIRMATION_PAUSES;

/// What the write was answered.
struct WriteResult {
    /// As far as the answer tells.
    surely: Submitted,
    words: String,
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
        if !self.progress().is_told && !self.progress().carried.is_empty() {
            self.leave_out_more(draft, no)?;
        }
        let carried = self.progress().carried.clone();
        if carried.is_empty() {
            return Ok(());
        }
        // A group that was there before is as it was until its values may have been written.
        let untouched = self.progress().created == Submitted::No;
        let stopped = |flow: &Self, interrupted: Interrupted| {
            if untouched { unchanged(interrupted) } else { flow.interrupted(draft, Some(no), interrupted.0) }
        };
        self.clock.sleep(Duration::ZERO).map_err(|interrupted| stopped(self, interrupted))?;
        let plan = document(self.report);
        if let Err(error) = self.journal.group_write(self.clock.now(), no, &self.entry(draft, consent, &plan))
        {
            return Err(if untouched {
                Failure::Journal(error)
            } else {
                unwritten(draft, no, error.to_string(), None, SAME_AGAIN.to_owned())
            });
        }
        self.progress().journalled = true;
        self.progress().written = Submitted::Unknown;
        let version = draft.ends.target.code;
        let send = |api: &dyn CdssApi| api.write_group(no, version, &carried, consent);
        match self.send_with_retries(OperationKind::Change, "nothing was written", &send) {
            Ok(Ok(())) => {
                let words = "the service said that it took them".to_owned();
                self.judge(draft, no, WriteResult { surely: Submitted::Yes, words, error: None })
            }
            Ok(Err(error)) => {
                if let Some(signal) = error.signal() {
                    return Err(self.interrupted(draft, Some(no), signal));
                }
                if classify(OperationKind::Change, &error).proves_nothing_was_done() {
                    self.progress().written = Submitted::No;
                    return Err(if untouched {
                        CopyFailure::NotWritten(error).into()
                    } else {
                        unwritten_by(draft, no, error)
                    });
                }
                self.reporter.warn(&format!("{error}; reading what the config group has"));
                let words = error.to_string();
                self.judge(draft, no, WriteResult { surely: Submitted::Unknown, words, error: Some(error) })
            }
            Err(interrupted) => {
                self.progress().written = Submitted::No;
                Err(stopped(self, interrupted))
            }
        }
    }

    /// Asks the new group what its version takes, where no other one could tell.
    fn leave_out_more(&mut self, draft: &CopyPlan, no: ConfigGroupNo) -> Result<(), Failure> {
        let there = self.settings_now(draft, no).map_err(|error| match error.signal() {
            Some(signal) => self.interrupted(draft, Some(no), signal),
            None => unwritten_by(draft, no, error),
        })?;
        let settings = there.clone();
        self.tell_difference(&draft.ends, &GroupSettings { group: named(draft, no), settings });
        let CopyEndpoints { from, target, .. } = &draft.ends;
        let progress = self.progress();
        let release = target.release.as_ref();
        let mut more = copy::skip_more(from, &mut progress.carried, &there, release);
        progress.is_told = true;
        if !more.is_empty() {
            let one = |one: &SkippedSetting| format!("{} ({})", one.key, one.reason);
            let text = first_few(more.iter().map(one));
            progress.left_out.append(&mut more);
            progress.left_out.sort_by(|one, other| one.key.cmp(&other.key));
            self.reporter.warn(&format!("left out, for {target} does not take them: {text}"));
        }
        Ok(())
    }

    fn settings_now(&self, draft: &CopyPlan, no: ConfigGroupNo) -> Result<Vec<Setting>, ApiError> {
        let read = Read::Settings(no, draft.ends.target.code);
        let answer: Option<Vec<Setting>> = one(self.api, read, RetryPolicy::Patient)?;
        answer.ok_or_else(missing_settings_error)
    }

    /// What reads back decides.
    fn judge(&mut self, draft: &CopyPlan, no: ConfigGroupNo, answer: WriteResult) -> Result<(), Failure> {
        let settings = match self.read_back(draft, no, answer.surely == Submitted::Yes) {
            Ok(Ok(settings)) => settings,
            Ok(Err(error)) => {
                let diff = self.diff_with(&draft.ends, no);
                return Err(CopyFailure::ContentUnknown {
                    group: named(draft, no).to_string(),
                    cause: format!("{}; {error}", answer.words),
                    error: answer.error.or(Some(error)),
                    hint: format!("compare it with its source: {diff}"),
                }
                .into());
            }
            Err(Interrupted(signal)) => return Err(self.interrupted(draft, Some(no), signal)),
        };
        let copy = GroupSettings { group: named(draft, no), settings };
        self.tell_difference(&draft.ends, &copy);
        let is_equal = self.progress().unequal.is_empty();
        // Whatever became of the answer, this is what was sent.
        self.progress().written = if is_equal { Submitted::Yes } else { answer.surely };
        if is_equal { Ok(()) } else { Err(self.not_as_sent(draft, no, answer)) }
    }

    /// Reads what the group has, until it is what was sent or the looks are used up: a read may lag behind a write. The
    /// last look counts. An answered write is looked at at once. The outer failure is a signal.
    fn read_back(
        &mut self,
        draft: &CopyPlan,
        no: ConfigGroupNo,
        is_answered: bool,
    ) -> Result<Result<Vec<Setting>, ApiError>, Interrupted> {
        let mut seen = Err(missing_settings_error());
        for turn in 0..CONFIRMATION_PAUSES.len() {
            if turn > 0 || !is_answered {
                self.clock.sleep(self.confirmation_pause(turn))?;
            }
            seen = self.settings_now(draft, no);
            match &seen {
                Ok(settings) => {
                    self.progress().unequal = copy::mismatches(&self.progress().carried, settings);
                    if self.progress().unequal.is_empty() {
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
                    self.progress().unequal.clear();
                }
            }
        }
        Ok(seen)
    }

    fn not_as_sent(&mut self, draft: &CopyPlan, no: ConfigGroupNo, answer: WriteResult) -> Failure {
        let keys: Vec<String> = self.progress().unequal.iter().map(|one| one.key.clone()).collect();
        let hint = format!("compare them with: {}", self.diff_with(&draft.ends, no));
        let (group, cause) = (named(draft, no).to_string(), answer.words);
        CopyFailure::NotAsSent { group, keys, cause, error: answer.error, hint }.into()
    }
}
