//! Creating the group. The create is sent once. A list of groups then shows which group this run created; no other group
//! is written to.

use std::fmt::Display;
use std::time::Duration;

use tokio::join;

use super::RunningCopy;
use crate::api::{ApiError, CdssApi, NewGroup, OperationKind, RetryDecision, classify};
use crate::config_group::rules::creation::{
    GroupProblem, ListedGroup, check_empty_and_unused, description, find_new_group,
};
use crate::consent::GroupConsent;
use crate::error::{CommandError, CopyError, FailedCopy};
use crate::model::config_group::ConfigGroup;
use crate::model::ids::ConfigGroupNo;
use crate::model::operation_name::OperationName;
use crate::model::verdict::Submitted;

/// The response to the create, with the number of the new group if it contains one.
type CreateResponse = Result<Option<ConfigGroupNo>, ApiError>;

/// Why the new group can't be filled; None if it can. An error if this can't be read.
type NewGroupCheck = Result<Option<GroupProblem>, ApiError>;

impl<A: CdssApi> RunningCopy<'_, '_, A> {
    /// Creates the group, and verifies that this run created it and may fill it.
    pub(super) async fn create_group(&mut self, consent: &GroupConsent) -> Result<(), CommandError> {
        self.record_change(consent).await.map_err(CommandError::Journal)?;
        // From here on, even an internal error must not report that nothing was created.
        self.set_created(Submitted::Unknown);
        let new_group = NewGroup {
            name: self.name.clone(),
            version: self.endpoints.target_version.code,
            description: description(self.endpoints.source.group.no, self.session.journal.run_id()),
        };
        let send = async |api: &A| api.create_group(&new_group, consent).await;
        let response = self
            .session
            .send_change_with_retries(OperationName::CreateConfigGroup, "nothing was created", send)
            .await;
        let (no, check) = self.verify_ownership(response).await?;

        self.set_created(Submitted::Yes);
        let group = ConfigGroup {
            name: Some(self.name.to_string()),
            ..ConfigGroup::unnamed(no, self.endpoints.target_version.code)
        };
        self.session.reporter.note(&format!("created config group {group}"));
        self.report.diff.group_to = Some(group);
        if let Err(error) = self.session.journal.record_group_created(self.session.clock.now(), no).await {
            self.session.reporter.warn(&format!("{error}; config group {no} was created anyway"));
        }
        match check {
            Ok(None) => Ok(()),
            // Another user changed or used the group first.
            Ok(Some(problem)) => {
                let hint = format!("inspect it with: {}", self.diff_command(no));
                Err(self.values_not_written(&problem, hint, None))
            }
            Err(error) => Err(self.not_written(error)),
        }
    }

    /// Returns the number of the group that this run created, and whether it can be filled.
    ///
    /// # Errors
    ///
    /// Fails if the group was not created, or if no group is certainly this run's.
    async fn verify_ownership(
        &mut self,
        response: CreateResponse,
    ) -> Result<(ConfigGroupNo, NewGroupCheck), CommandError> {
        let is_refused = match &response {
            Ok(_) => false,
            Err(error) => self.is_refusal(error)?,
        };
        let listed = self.search_new_group(&response, is_refused).await;
        match (&response, listed) {
            // The description shows that this run created it just now.
            (Ok(Some(_)), Ok(ListedGroup::Own(no))) => Ok((no, Ok(None))),
            (_, Ok(ListedGroup::Own(no))) => Ok((no, self.check_new_group(no).await)),
            (Ok(Some(no)), Err(error)) => Ok((*no, Err(error))),
            (Ok(Some(_)), Ok(ListedGroup::Foreign(group))) => {
                Err(self.create_unknown(&response, &format!("that is a different group, {group}"), None))
            }
            // The list lacks the group or its description, so it must be empty and unused.
            (Ok(Some(no)), Ok(listed)) => match self.check_new_group(*no).await {
                Ok(Some(problem)) => Err(self.create_unknown(&response, &problem, listed.unproven())),
                check => Ok((*no, check)),
            },
            (Err(error), Ok(ListedGroup::Missing | ListedGroup::Foreign(_))) if is_refused => {
                self.set_created(Submitted::No);
                Err(self.rejected("the service refused the config group", error.clone()))
            }
            (_, Err(error)) => Err(error.signal().map_or_else(
                || {
                    self.create_unknown(
                        &response,
                        &format!("checking the config groups failed: {error}"),
                        None,
                    )
                },
                |signal| self.interrupted(signal),
            )),
            (_, Ok(ListedGroup::Unproven(group) | ListedGroup::Foreign(group))) => {
                let found = format!(
                    "config group {group} exists, but its description does not show that this run created it"
                );
                Err(self.create_unknown(&response, &found, Some(&group)))
            }
            (_, Ok(ListedGroup::NotUnique(count))) => {
                let found = format!("{count} config groups have that name");
                Err(self.create_unknown(&response, &found, None))
            }
            (_, Ok(ListedGroup::Missing)) => {
                Err(self.create_unknown(&response, &"no config group with that name was found", None))
            }
        }
    }

    /// Returns true if the service refused the create, and false if the create may have had an effect.
    ///
    /// # Errors
    ///
    /// Fails if the create certainly had no effect, or on a signal.
    fn is_refusal(&mut self, error: &ApiError) -> Result<bool, CommandError> {
        let decision = classify(OperationKind::Change, error);
        if decision.proves_no_effect() {
            self.set_created(Submitted::No);
            return Err(self.rejected("the config group was not created", error.clone()));
        }
        if let Some(signal) = error.signal() {
            return Err(self.interrupted(signal));
        }
        if decision != RetryDecision::Confirm {
            self.session.reporter.warn(&format!("{error}; checking whether the config group was created"));
        }
        Ok(decision == RetryDecision::Confirm)
    }

    /// Searches for the new group among the groups of the version. A refusal is confirmed with one read: the service may have
    /// created the group anyway, or refused it because another user created a group with this name.
    async fn search_new_group(
        &mut self,
        response: &CreateResponse,
        is_refused: bool,
    ) -> Result<ListedGroup, ApiError> {
        let reported = response.as_ref().ok().copied().flatten();
        let mut pauses = &mut self.pauses()[..];
        if reported.is_some() || is_refused {
            pauses[0] = Duration::ZERO;
        }
        if is_refused {
            pauses = &mut pauses[..1];
        }
        let (name, version) = (self.name.clone(), self.endpoints.target_version.code);
        let run = self.session.journal.run_id();
        let read = async |api: &A| {
            let groups = api.config_groups(Some(version)).await?;
            Ok(find_new_group(&groups, &name, run, reported))
        };
        // The reported group does not get a description later, but a group that is missing may still appear in the list.
        let is_conclusive = |listed: &ListedGroup| match listed {
            ListedGroup::Own(_) => true,
            ListedGroup::Unproven(_) | ListedGroup::Foreign(_) | ListedGroup::NotUnique(_) => {
                reported.is_some()
            }
            ListedGroup::Missing => false,
        };
        self.poll(OperationName::GetKafkaVersionConfigGroupList, pauses, read, is_conclusive, None).await
    }

    async fn check_new_group(&self, no: ConfigGroupNo) -> NewGroupCheck {
        let version = self.endpoints.target_version.code;
        let (settings, users) =
            join!(self.session.api.settings(no, version), self.session.api.usage_count(no));
        Ok(check_empty_and_unused(settings?.as_deref(), users?).err())
    }

    /// The failure of a create with an unknown outcome. `found` is what the search for the group showed. `candidate` has the
    /// name, but its creator is unknown.
    fn create_unknown(
        &self,
        response: &CreateResponse,
        found: &dyn Display,
        candidate: Option<&ConfigGroup>,
    ) -> CommandError {
        let reason = match response {
            Ok(Some(no)) => format!("the response named config group {no}, but {found}"),
            Ok(None) => format!("the response contained no group number; {found}"),
            Err(error) => format!("{error}; {found}"),
        };
        let hint = match candidate {
            Some(group) => self.compare_or_rename_hint(group.no),
            None => self.search_hint(&self.other_name()),
        };
        let message = format!("unknown whether config group {} was created: {reason}", self.name);
        let cause = response.as_ref().err().cloned();
        CopyError { outcome: FailedCopy::Unknown, message, hint: Some(hint), cause }.into()
    }
}
