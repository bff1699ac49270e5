//! Creating the group. The create is sent once; if the response is lost, the group is found by its name.

use tokio::join;

use super::hints::{diff_command, values_not_written};
use super::plan::CopyPlan;
use super::{RunningCopy, interrupted_before_change, target_group};
use crate::api::{ApiError, CdssApi, NewGroup, OperationKind, RetryDecision, classify};
use crate::config_group::rules::creation::{self, GroupProblem, Provenance};
use crate::consent::GroupConsent;
use crate::error::{CommandError, CopyError, CreateDoubt, NotWrittenReason, SearchResult};
use crate::model::config_group::ConfigGroup;
use crate::model::ids::ConfigGroupNo;
use crate::model::operation_name::OperationName;
use crate::model::verdict::Submitted;
use crate::session::retry_budget::CONFIRMATION_PAUSES;
use crate::signals::Interrupted;

/// Whether the number in the response to a create is that of the new group.
enum GroupIdentity {
    /// The new group has this number.
    Confirmed(ConfigGroupNo),
    /// Why it may belong to another group, and a group with the name whose creator is unknown.
    Unconfirmed(Box<CreateDoubt>, Option<ConfigGroup>),
}

impl<A: CdssApi> RunningCopy<'_, '_, A> {
    /// Creates the group and returns its number.
    pub(super) async fn create_group(
        &mut self,
        plan: &CopyPlan,
        consent: &GroupConsent,
    ) -> Result<ConfigGroupNo, CommandError> {
        let entry = self.journal_entry(plan, consent);
        let recorded = self.session.journal.record_group_create(self.session.clock.now(), entry).await;
        recorded.map_err(CommandError::Journal)?;
        self.copy().is_journaled = true;
        // From here on, even an internal error must not report that nothing was created.
        self.set_created(Submitted::Unknown);
        let new_group = NewGroup {
            name: plan.name.clone(),
            version: plan.endpoints.target_version.code,
            description: creation::description(plan.endpoints.source.group.no, self.session.journal.run_id()),
        };
        let send = async |api: &A| api.create_group(&new_group, consent).await;
        let response = self
            .session
            .send_change_with_retries(OperationName::CreateConfigGroup, "nothing was created", send)
            .await;
        let (no, problem) = match response {
            Ok(Some(reported_no)) => match self.verify_created(plan, reported_no).await {
                Ok(GroupIdentity::Confirmed(no)) => (no, Ok(None)),
                Ok(GroupIdentity::Unconfirmed(doubt, candidate)) => {
                    return Err(self.outcome_unknown(plan, *doubt, candidate.as_ref()));
                }
                Err(error) => (reported_no, Err(error)),
            },
            Ok(None) => {
                let no = self.find_created(plan, None).await?;
                (no, self.problem_with_new_group(plan, no).await)
            }
            Err(error) => {
                let no = self.handle_create_error(plan, error).await?;
                (no, self.problem_with_new_group(plan, no).await)
            }
        };
        self.set_created(Submitted::Yes);
        self.report.diff.group_to = Some(target_group(plan, no));
        self.session.reporter.note(&format!("created config group {}", target_group(plan, no)));
        if let Err(error) = self.session.journal.record_group_created(self.session.clock.now(), no).await {
            self.session.reporter.warn(&format!("{error}; config group {no} was created anyway"));
        }
        match problem {
            Ok(None) => Ok(no),
            // Another user changed or used the group first.
            Ok(Some(problem)) => {
                let diff = diff_command(&plan.endpoints, no);
                Err(values_not_written(plan, no, NotWrittenReason::GroupUnfit { problem, diff }))
            }
            Err(error) => Err(match error.signal() {
                Some(signal) => self.interrupted(plan, Some(no), signal),
                None => values_not_written(plan, no, NotWrittenReason::Request(error)),
            }),
        }
    }

    async fn handle_create_error(
        &mut self,
        plan: &CopyPlan,
        error: ApiError,
    ) -> Result<ConfigGroupNo, CommandError> {
        let decision = classify(OperationKind::Change, &error);
        if decision.proves_no_effect() {
            self.set_created(Submitted::No);
            return Err(match error.signal_before_sending() {
                Some(signal) => interrupted_before_change(signal),
                None => CopyError::CreateNotDelivered(error).into(),
            });
        }
        if let Some(signal) = error.signal() {
            return Err(self.interrupted(plan, None, signal));
        }
        if decision == RetryDecision::Confirm {
            return self.confirm_refusal(plan, error).await;
        }
        self.session.reporter.warn(&format!("{error}; checking whether the config group was created"));
        self.find_created(plan, Some(error)).await
    }

    /// Confirms a refusal with one read: the service may have created the group anyway, or refused it because another
    /// user created a group with this name.
    async fn confirm_refusal(
        &mut self,
        plan: &CopyPlan,
        error: ApiError,
    ) -> Result<ConfigGroupNo, CommandError> {
        let found = match self.find_by_name(plan).await {
            Ok(found) => found,
            Err(read_error) => {
                if let Some(signal) = read_error.signal() {
                    return Err(self.interrupted(plan, None, signal));
                }
                let search = SearchResult::ReadFailed(read_error);
                let doubt = CreateDoubt::NotFound { create: Some(error), search };
                return Err(self.outcome_unknown(plan, doubt, None));
            }
        };
        match found.map(|group| (creation::provenance(&group, self.session.journal.run_id()), group)) {
            Some((Provenance::ThisRun, group)) => Ok(group.no),
            Some((Provenance::Unknown, group)) => {
                let search = SearchResult::CreatorUnknown(group.clone());
                let doubt = CreateDoubt::NotFound { create: Some(error), search };
                Err(self.outcome_unknown(plan, doubt, Some(&group)))
            }
            Some((Provenance::Other, _)) | None => {
                self.set_created(Submitted::No);
                Err(CopyError::CreateRefused(error).into())
            }
        }
    }

    /// Polls for the new group by its name. `create` is the error of the create; None if its response had no number.
    async fn find_created(
        &mut self,
        plan: &CopyPlan,
        create: Option<ApiError>,
    ) -> Result<ConfigGroupNo, CommandError> {
        let (mut search, mut candidate) = (SearchResult::NoGroup, None);
        for attempt in 0..CONFIRMATION_PAUSES.len() {
            let pause = self.session.confirmation_pause(attempt);
            let slept = self.session.clock.sleep(pause).await;
            slept.map_err(|Interrupted(signal)| self.interrupted(plan, None, signal))?;
            match self.find_by_name(plan).await {
                Ok(Some(group))
                    if creation::provenance(&group, self.session.journal.run_id()) == Provenance::ThisRun =>
                {
                    return Ok(group.no);
                }
                Ok(Some(group)) => {
                    (search, candidate) = (SearchResult::CreatorUnknown(group.clone()), Some(group));
                }
                Ok(None) => {}
                Err(read_error) => {
                    if let Some(signal) = read_error.signal() {
                        return Err(self.interrupted(plan, None, signal));
                    }
                    search = SearchResult::ReadFailed(read_error);
                }
            }
        }
        Err(self.outcome_unknown(plan, CreateDoubt::NotFound { create, search }, candidate.as_ref()))
    }

    async fn list_target_groups(&self, plan: &CopyPlan) -> Result<Vec<ConfigGroup>, ApiError> {
        self.session.api.config_groups(Some(plan.endpoints.target_version.code)).await
    }

    /// Finds the group by its name with one read. Two matches are ambiguous and an error.
    async fn find_by_name(&self, plan: &CopyPlan) -> Result<Option<ConfigGroup>, ApiError> {
        let mut groups = self.list_target_groups(plan).await?;
        groups.retain(|group| group.is_named(plan.name.as_str()));
        match groups.as_slice() {
            [] => Ok(None),
            [group] => Ok(Some(group.clone())),
            several => Err(ApiError::Unreadable {
                operation: OperationName::GetKafkaVersionConfigGroupList,
                status: 200,
                reason: format!("{} config groups are named {}", several.len(), plan.name),
                request_id: None,
            }),
        }
    }

    /// Verifies that the reported number is the new group's. The run id in a listed group's description is the stronger
    /// proof. If the list lacks the group or its description, the group with that number must be empty and unused.
    async fn verify_created(
        &self,
        plan: &CopyPlan,
        reported_no: ConfigGroupNo,
    ) -> Result<GroupIdentity, ApiError> {
        let mut candidate = None;
        for attempt in 0..CONFIRMATION_PAUSES.len() {
            if attempt > 0 {
                self.session.clock.sleep(self.session.confirmation_pause(attempt)).await.map_err(
                    |Interrupted(signal)| ApiError::Interrupted {
                        operation: OperationName::GetKafkaVersionConfigGroupList,
                        signal,
                    },
                )?;
            }
            let groups = self.list_target_groups(plan).await?;
            let provenance = |group: &ConfigGroup| creation::provenance(group, self.session.journal.run_id());
            let is_named = |group: &ConfigGroup| group.is_named(plan.name.as_str());
            if let Some(created) =
                groups.iter().find(|group| is_named(group) && provenance(group) == Provenance::ThisRun)
            {
                return Ok(GroupIdentity::Confirmed(created.no));
            }
            if let Some(group) = groups.into_iter().find(|group| group.no == reported_no) {
                if !is_named(&group) || provenance(&group) == Provenance::Other {
                    let doubt = CreateDoubt::OtherGroupReported { reported: reported_no, group };
                    return Ok(GroupIdentity::Unconfirmed(Box::new(doubt), None));
                }
                candidate = Some(group);
                break;
            }
        }
        let problem = self.problem_with_new_group(plan, reported_no).await?;
        Ok(problem.map_or(GroupIdentity::Confirmed(reported_no), |problem| {
            let doubt = CreateDoubt::ReportedGroupUnfit { reported: reported_no, problem };
            GroupIdentity::Unconfirmed(Box::new(doubt), candidate)
        }))
    }

    /// Reads why the new group can't be filled; None if it is empty and unused.
    async fn problem_with_new_group(
        &self,
        plan: &CopyPlan,
        no: ConfigGroupNo,
    ) -> Result<Option<GroupProblem>, ApiError> {
        let version = plan.endpoints.target_version.code;
        let (settings, users) =
            join!(self.session.api.settings(no, version), self.session.api.usage_count(no));
        Ok(creation::check_empty_and_unused(settings?.as_deref(), users?).err())
    }

    /// The failure of a create with an unknown outcome. `candidate` has the name, but its creator is unknown.
    fn outcome_unknown(
        &self,
        plan: &CopyPlan,
        doubt: CreateDoubt,
        candidate: Option<&ConfigGroup>,
    ) -> CommandError {
        let next = match candidate {
            Some(group) => self.compare_or_rename_hint(&plan.endpoints, group, &plan.name),
            None => self.check_first_hint(&plan.endpoints, &plan.name),
        };
        CopyError::CreateOutcomeUnknown { name: plan.name.clone(), doubt, next }.into()
    }
}
