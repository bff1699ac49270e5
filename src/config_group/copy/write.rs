//! Writing all values at once. Reading them back decides the outcome.

use std::time::Duration;

use super::RunningCopy;
use super::failures::run_again_after;
use crate::api::{ApiError, CdssApi, OperationKind, classify};
use crate::config_group::rules::copy::{SkippedSetting, mismatches, partition_confirmed};
use crate::config_group::rules::setting_text::first_few;
use crate::consent::GroupConsent;
use crate::error::{CommandError, CopyError, FailedCopy};
use crate::model::config_group::Setting;
use crate::model::operation_name::OperationName;
use crate::model::verdict::Submitted;
use crate::session::config_groups::read_settings;

impl<A: CdssApi> RunningCopy<'_, '_, A> {
    /// Writes all values to the group. Without values there is nothing to write.
    pub(super) async fn write_settings(&mut self, consent: &GroupConsent) -> Result<(), CommandError> {
        if !self.copy().has_target_settings && !self.copy().copied.is_empty() {
            self.skip_unsupported().await?;
        }
        let values = self.copy().copied.clone();
        if values.is_empty() {
            return Ok(());
        }
        if let Err(error) = self.record_change(consent).await {
            return Err(if self.report.may_have_changed() {
                self.values_not_written(&error, run_again_after(error.remedy()), None)
            } else {
                CommandError::Journal(error)
            });
        }
        self.set_written(Submitted::Unknown);
        let (no, version) = (self.group().no, self.endpoints.target_version.code);
        let send = async |api: &A| api.write_group_settings(no, version, &values, consent).await;
        let response = self
            .session
            .send_change_with_retries(OperationName::SetKafkaConfigGroupDetail, "nothing was written", send)
            .await;
        if let Err(error) = &response {
            if let Some(signal) = error.signal() {
                return Err(self.interrupted(signal));
            }
            if classify(OperationKind::Change, error).proves_no_effect() {
                self.set_written(Submitted::No);
                return Err(self.not_written(error.clone()));
            }
            self.session.reporter.warn(&format!("{error}; reading the config group to check"));
        }
        self.verify_settings(response.err()).await
    }

    /// Reads the new group to learn which settings its version accepts, if no other group of the version existed.
    async fn skip_unsupported(&mut self) -> Result<(), CommandError> {
        let read = read_settings(self.session.api, self.group()).await;
        let settings = read.map_err(|error| self.not_written(error))?;
        let (source, target) = (&self.endpoints.source.settings, &self.endpoints.target_version);
        let (copied, mut newly_skipped) =
            partition_confirmed(&self.copy().copied, source, &settings, target.release.as_ref());
        if !newly_skipped.is_empty() {
            let entry = |skipped: &SkippedSetting| format!("{} ({})", skipped.key, skipped.reason);
            let text = first_few(newly_skipped.iter().map(entry));
            self.session.reporter.warn(&format!("skipped settings that {target} does not accept: {text}"));
        }
        let copy = self.copy_mut();
        copy.copied = copied;
        copy.skipped.append(&mut newly_skipped);
        copy.skipped.sort_by(|one, other| one.key.cmp(&other.key));
        copy.has_target_settings = true;
        self.set_difference(&settings);
        Ok(())
    }

    /// Reads the values back and decides the outcome. `error` is that of the write, if it failed.
    async fn verify_settings(&mut self, error: Option<ApiError>) -> Result<(), CommandError> {
        let mut pauses = self.pauses();
        if error.is_none() {
            pauses[0] = Duration::ZERO;
        }
        let (sent, group) = (self.copy().copied.clone(), self.group().clone());
        let read = async |api: &A| read_settings(api, &group).await;
        let is_equal = |settings: &Vec<Setting>| mismatches(&sent, settings).is_empty();
        let note = "some values differ from those sent; reading again";
        let operation = OperationName::GetKafkaConfigGroupDetailList;
        let settings = match self.poll(operation, &pauses, read, is_equal, Some(note)).await {
            Ok(settings) => settings,
            Err(read) => return Err(self.values_unknown(error, read)),
        };
        self.copy_mut().mismatches = mismatches(&sent, &settings);
        let is_equal = self.copy().mismatches.is_empty();
        self.set_difference(&settings);
        // Equal values prove the write, whatever the response was.
        if is_equal || error.is_none() {
            self.set_written(Submitted::Yes);
        }
        if is_equal { Ok(()) } else { Err(self.values_mismatch(error)) }
    }

    /// The failure of values that can't be read back.
    fn values_unknown(&self, write: Option<ApiError>, read: ApiError) -> CommandError {
        if let Some(signal) = read.signal() {
            return self.interrupted(signal);
        }
        let group = self.group();
        let reason = match &write {
            None => "the service reported success, but reading them back failed".to_owned(),
            Some(write) => format!("{write}; reading them back failed"),
        };
        CopyError {
            outcome: FailedCopy::Unknown,
            message: format!(
                "config group {group} was created, but its values are unknown: {reason}: {read}"
            ),
            hint: Some(format!("compare it with the source: {}", self.diff_command(group.no))),
            cause: write.or(Some(read)),
        }
        .into()
    }

    /// The failure of values that differ from those that were sent.
    fn values_mismatch(&self, write: Option<ApiError>) -> CommandError {
        let (group, mismatches) = (self.group(), &self.copy().mismatches);
        let keys = first_few(mismatches.iter().map(|one| one.key.clone()));
        let verb = if mismatches.len() == 1 { "was" } else { "were" };
        let response = write.as_ref().map_or_else(
            || ", although the service reported success".to_owned(),
            |error| format!("; {error}"),
        );
        CopyError {
            outcome: FailedCopy::Incomplete,
            message: format!("config group {group} does not match: {keys} {verb} not saved{response}"),
            hint: Some(format!("compare them: {}", self.diff_command(group.no))),
            cause: write,
        }
        .into()
    }
}
