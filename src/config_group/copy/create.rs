//! The create: sent once, and its group found by its name where the answer was lost.

use serde_json::Value;

use super::hints::{unwritten, unwritten_by};
use super::plan::CopyPlan;
use super::{named, unchanged};
use crate::api::{
    ApiError, CdssApi, NewGroup, OperationKind, Read, RetryDecision, RetryPolicy, classify, join, one,
};
use crate::clock::Interrupted;
use crate::config_group::rules::creation::{self, Provenance};
use crate::consent::GroupConsent;
use crate::error::{CopyFailure, Failure};
use crate::model::config_group::{ConfigGroup, Setting};
use crate::model::ids::ConfigGroupNo;
use crate::model::verdict::Submitted;
use crate::report::Report;
use crate::session::Session;
use crate::session::retry_budget::CONFIRMATION_PAUSES;

/// Whether the number in the answer to a create is that of the new group.
enum GroupIdentity {
    /// The new group has this number.
    As(ConfigGroupNo),
    /// Why it may be another group's, and the group of the name of which nobody can tell who made it.
    Not(String, Option<ConfigGroup>),
}

impl Session<'_> {
    /// Makes the group and finds out its number.
    pub(super) fn create_group(
        &mut self,
        draft: &CopyPlan,
        consent: &GroupConsent,
        document: &dyn Fn(&Report) -> Value,
    ) -> Result<ConfigGroupNo, Failure> {
        let plan = document(self.report);
        let written = self.journal.group_create(self.clock.now(), &self.entry(draft, consent, &plan));
        written.map_err(Failure::Journal)?;
        self.progress().journalled = true;
        // From here on a defect of cdss must not claim that nothing was made.
        self.progress().created = Submitted::Unknown;
        let wish = NewGroup {
            name: draft.name.clone(),
            version: draft.ends.target.code,
            description: creation::description(draft.ends.from.group.no, self.journal.run()),
        };
        let send = |api: &dyn CdssApi| api.create_group(&wish, consent);
        let answer = match self.send_with_retries(OperationKind::Change, "nothing was made", &send) {
            Ok(answer) => answer,
            Err(interrupted) => {
                self.progress().created = Submitted::No;
                return Err(unchanged(interrupted));
            }
        };
        let (no, touched) = match answer {
            Ok(Some(told)) => match self.verify_created(draft, told) {
                Ok(GroupIdentity::As(no)) => (no, Ok(None)),
                Ok(GroupIdentity::Not(why, seen)) => {
                    let cause = format!("the answer told config group {told}, and {why}");
                    return Err(self.fate_unknown(draft, &cause, None, seen.as_ref()));
                }
                Err(error) => (told, Err(error)),
            },
            Ok(None) => {
                let no = self.find_made(draft, "the answer told no number", None)?;
                (no, self.touched(draft, no))
            }
            Err(error) => {
                let no = self.after_failed_create(draft, error)?;
                (no, self.touched(draft, no))
            }
        };
        self.progress().created = Submitted::Yes;
        self.report.group_to = Some(named(draft, no));
        self.reporter.note(&format!("config group {} is made", named(draft, no)));
        if let Err(error) = self.journal.group_created(self.clock.now(), no) {
            self.reporter.warn(&format!("{error}; config group {no} was made all the same"));
        }
        match touched {
            Ok(None) => Ok(no),
            // Somebody was quicker.
            Ok(Some(why)) => {
                let hint = format!("see what it has: {}", self.diff_with(&draft.ends, no));
                Err(unwritten(draft, no, why, None, hint))
            }
            Err(error) => Err(match error.signal() {
                Some(signal) => self.interrupted(draft, Some(no), signal),
                None => unwritten_by(draft, no, error),
            }),
        }
    }

    fn after_failed_create(&mut self, draft: &CopyPlan, error: ApiError) -> Result<ConfigGroupNo, Failure> {
        let action = classify(OperationKind::Change, &error);
        if action.proves_nothing_was_done() {
            self.progress().created = Submitted::No;
            return Err(CopyFailure::NotMade(error).into());
        }
        if let Some(signal) = error.signal() {
            return Err(self.interrupted(draft, None, signal));
        }
        if action == RetryDecision::Confirm {
            return self.after_refusal(draft, error);
        }
        self.reporter.warn(&format!("{error}; looking whether the config group was made"));
        self.find_made(draft, &error.to_string(), Some(error))
    }

    /// One look confirms a refusal: what the service said no to may be there all the same, and what somebody else made
    /// may be why it said no.
    fn after_refusal(&mut self, draft: &CopyPlan, error: ApiError) -> Result<ConfigGroupNo, Failure> {
        let found = match self.look_for(draft) {
            Ok(found) => found,
            Err(look) => {
                if let Some(signal) = look.signal() {
                    return Err(self.interrupted(draft, None, signal));
                }
                let cause = format!("{error}, and the look after it failed: {look}");
                return Err(self.fate_unknown(draft, &cause, Some(error), None));
            }
        };
        match found.map(|group| (creation::provenance(&group, self.journal.run()), group)) {
            Some((Provenance::ThisRun, group)) => Ok(group.no),
            Some((Provenance::Unknown, group)) => {
                let cause = format!("{error}; {}", of_unknown_maker(&group));
                Err(self.fate_unknown(draft, &cause, Some(error), Some(&group)))
            }
            Some((Provenance::SomebodyElse, _)) | None => {
                self.progress().created = Submitted::No;
                Err(CopyFailure::Refused(error).into())
            }
        }
    }

    /// Looks for the group by its name until it shows.
    fn find_made(
        &mut self,
        draft: &CopyPlan,
        cause: &str,
        failed: Option<ApiError>,
    ) -> Result<ConfigGroupNo, Failure> {
        let (mut last, mut seen) = ("no config group of that name is there".to_owned(), None);
        for turn in 0..CONFIRMATION_PAUSES.len() {
            let pause = self.confirmation_pause(turn);
            self.clock.sleep(pause).map_err(|Interrupted(signal)| self.interrupted(draft, None, signal))?;
            match self.look_for(draft) {
                Ok(Some(group))
                    if creation::provenance(&group, self.journal.run()) == Provenance::ThisRun =>
                {
                    return Ok(group.no);
                }
                Ok(Some(group)) => (last, seen) = (of_unknown_maker(&group), Some(group)),
                Ok(None) => {}
                Err(error) => {
                    if let Some(signal) = error.signal() {
                        return Err(self.interrupted(draft, None, signal));
                    }
                    last = error.to_string();
                }
            }
        }
        Err(self.fate_unknown(draft, &format!("{cause}; {last}"), failed, seen.as_ref()))
    }

    fn listed(&self, draft: &CopyPlan) -> Result<Vec<ConfigGroup>, ApiError> {
        one(self.api, Read::ConfigGroups(Some(draft.ends.target.code)), RetryPolicy::Patient)
    }

    /// Looks once. Two of the name are no answer: nobody knows which of them is this one.
    fn look_for(&self, draft: &CopyPlan) -> Result<Option<ConfigGroup>, ApiError> {
        let mut groups = self.listed(draft)?;
        groups.retain(|group| group.is_named(draft.name.text()));
        match groups.as_slice() {
            [] => Ok(None),
            [group] => Ok(Some(group.clone())),
            several => Err(ApiError::Unreadable {
                operation: "getKafkaVersionConfigGroupList",
                status: 200,
                what: format!("{} config groups are named {}", several.len(), draft.name),
                request_id: None,
            }),
        }
    }

    /// Finds the new group whose number the answer told. Its mark in the list is the stronger proof; where the list doesn't
    /// show it or has lost the description, the one of that number has to be empty and unused.
    fn verify_created(&self, draft: &CopyPlan, told: ConfigGroupNo) -> Result<GroupIdentity, ApiError> {
        let mut seen = None;
        for turn in 0..CONFIRMATION_PAUSES.len() {
            if turn > 0 {
                self.clock.sleep(self.confirmation_pause(turn)).map_err(|Interrupted(signal)| {
                    ApiError::Interrupted { operation: "getKafkaVersionConfigGroupList", signal }
                })?;
            }
            let groups = self.listed(draft)?;
            let maker = |group: &ConfigGroup| creation::provenance(group, self.journal.run());
            let is_named = |group: &ConfigGroup| group.is_named(draft.name.text());
            if let Some(ours) =
                groups.iter().find(|group| is_named(group) && maker(group) == Provenance::ThisRun)
            {
                return Ok(GroupIdentity::As(ours.no));
            }
            if let Some(group) = groups.into_iter().find(|group| group.no == told) {
                if !is_named(&group) || maker(&group) == Provenance::SomebodyElse {
                    return Ok(GroupIdentity::Not(format!("that is another group, {group}"), None));
                }
                seen = Some(group);
                break;
            }
        }
        let touched = self.touched(draft, told)?;
        Ok(touched.map_or(GroupIdentity::As(told), |why| GroupIdentity::Not(why, seen)))
    }

    /// Reads why a group may not be as it was made; None where it is empty and unused.
    fn touched(&self, draft: &CopyPlan, no: ConfigGroupNo) -> Result<Option<String>, ApiError> {
        let version = draft.ends.target.code;
        let [settings, users] = join(self.api, &[Read::Settings(no, version), Read::Users(no)]);
        let settings = Option::<Vec<Setting>>::try_from(settings?)?;
        let users = Option::<u64>::try_from(users?)?;
        Ok(creation::untouched(settings.as_deref(), users).err().map(str::to_owned))
    }

    /// `seen`: the group of the name of which nobody can tell who made it.
    fn fate_unknown(
        &self,
        draft: &CopyPlan,
        cause: &str,
        error: Option<ApiError>,
        seen: Option<&ConfigGroup>,
    ) -> Failure {
        let hint = match seen {
            Some(group) => self.see_or_rename(&draft.ends, group, &draft.name),
            None => self.look_first(&draft.ends, &draft.name),
        };
        let (name, cause) = (draft.name.clone(), cause.to_owned());
        CopyFailure::FateUnknown { name, cause, error, hint }.into()
    }
}

fn of_unknown_maker(group: &ConfigGroup) -> String {
    format!("there is config group {group}, and its description doesn't tell that this run made it")
}
