//! `config-group copy`: a group's custom values carried to another version. One create, one write, and a read that
//! judges both. Nothing is upgraded, nothing is deleted.

use std::time::Duration;

use serde_json::Value;

use crate::clock::{Interrupted, Signal};
use crate::config_group::rules::copy_report::CopyReport;
use crate::consent::{ConsentError, GroupConsent, Prompt, confirm_group};
use crate::error::{CopyFailure, Failure, Leftover};
use crate::journal::{ClusterLock, GroupEntry, LockError};
use crate::model::config_group::ConfigGroup;
use crate::model::group_name::GroupName;
use crate::model::ids::ConfigGroupNo;
use crate::model::kafka_version::VersionSelector;
use crate::model::selector::Selector;
use crate::report::Report;
use crate::session::Session;
use plan::CopyPlan;

mod create;
mod hints;
mod plan;
mod write;

/// Where the values come from.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    Group(Selector),
    /// The group that this cluster uses.
    Cluster(Selector),
}

/// What was asked for.
#[derive(Debug, Clone)]
pub(crate) struct CopyRequest {
    pub source: Source,
    pub version: VersionSelector,
    /// None: the source's name with the new version's digits.
    pub name: Option<GroupName>,
    pub dry_run: bool,
}

/// What only a copy needs.
pub(crate) struct CopyOptions<'a> {
    pub yes: bool,
    pub prompt: &'a mut dyn Prompt,
    /// Turns the report into the document that the journal keeps.
    pub document: &'a dyn Fn(&Report) -> Value,
}

/// Copies, or with a dry run says what would be copied. The report holds what was done.
///
/// # Errors
///
/// Before the create the ordinary ends, and nothing was changed. After it: not as sent, not known, or a signal.
pub(crate) fn copy(
    flow: &mut Session<'_>,
    wish: &CopyRequest,
    copying: &mut CopyOptions<'_>,
) -> Result<(), Failure> {
    let draft = flow.plan_copy(wish)?;
    if let Some(fault) = flow.journal.fault() {
        return Err(CopyFailure::NoJournal(fault).into());
    }
    if draft.left_behind.is_none() {
        flow.refuse_unresolved(&draft.name, &draft.ends)?;
    }
    if wish.dry_run {
        return Ok(());
    }
    flow.reporter.show_copy_plan(flow.report);
    let consent = ask(flow, &draft, copying)?;
    let _lock = lock(flow, &draft.name)?;
    flow.look_again(&draft)?;
    let no = match &draft.left_behind {
        Some(left_behind) => left_behind.group.no,
        None => flow.create_group(&draft, &consent, copying.document)?,
    };
    if let Some((_, cluster)) = &flow.report.cluster {
        let check = flow.context.check(*cluster, &draft.ends.target, Some(no));
        flow.progress().check = Some(check);
    }
    flow.write_settings(&draft, no, &consent, copying.document)
}

fn ask(flow: &Session<'_>, draft: &CopyPlan, copying: &mut CopyOptions<'_>) -> Result<GroupConsent, Failure> {
    let confirmed = confirm_group(&draft.name, draft.ends.target.code, copying.yes, copying.prompt);
    confirmed.map_err(|error| match error {
        // The terminal tells that it was a signal; the clock tells which.
        ConsentError::Interrupted => {
            let raised = flow.clock.sleep(Duration::ZERO).err();
            unchanged(raised.unwrap_or(Interrupted(Signal::Interrupt)))
        }
        error => Failure::Consent(error),
    })
}

fn lock(flow: &Session<'_>, name: &GroupName) -> Result<ClusterLock, Failure> {
    flow.journal.lock_group(&flow.context.service, name).map_err(|error| match error {
        LockError::Held => Failure::Busy {
            what: format!("another cdss on this machine is making config group {name}"),
            hint: Some("wait for its end, then look with `cdss list config-groups`".to_owned()),
        },
        LockError::Io(error) => Failure::Journal(error),
    })
}

fn named(draft: &CopyPlan, no: ConfigGroupNo) -> ConfigGroup {
    let name = Some(draft.name.to_string());
    ConfigGroup { no, name, version: draft.ends.target.code, version_name: None, description: None }
}

/// A signal of a time when nothing was changed yet.
fn unchanged(Interrupted(signal): Interrupted) -> Failure {
    CopyFailure::Interrupted { signal, left: Leftover::Nothing, hint: None }.into()
}

impl Session<'_> {
    /// Sees under the lock that the source has the values that were shown, and that the name is still as free, or the
    /// group as empty, as when it was agreed to.
    fn look_again(&self, draft: &CopyPlan) -> Result<(), Failure> {
        let from = &draft.ends.from;
        if self.source_settings(&from.group)?.custom_values() != from.custom_values() {
            return Err(CopyFailure::SourceChanged { group: from.group.to_string() }.into());
        }
        let before = draft.left_behind.as_ref().map(|left_behind| left_behind.group.no);
        let mut now = self.fetch_groups(draft.ends.target.code)?;
        now.retain(|group| group.is_named(draft.name.text()));
        match (now.as_slice(), before) {
            ([], None) => self.refuse_unresolved(&draft.name, &draft.ends),
            ([group], Some(no)) if group.no == no => {
                let settings = self.fetch_readable_settings(std::slice::from_ref(group))?.pop();
                let settings = settings.map(|settings| settings.settings);
                self.find_resumable(&draft.ends, &draft.name, group, settings.as_deref()).map(drop)
            }
            ([], Some(no)) => Err(CopyFailure::Gone { group: named(draft, no).to_string() }.into()),
            ([group, ..], _) => Err(self.exists(&draft.ends, &draft.name, group, None, "it came meanwhile")),
        }
    }

    fn entry<'a>(&'a self, draft: &'a CopyPlan, consent: &GroupConsent, plan: &'a Value) -> GroupEntry<'a> {
        GroupEntry {
            service: &self.context.service,
            name: &draft.name,
            version: draft.ends.target.code,
            from: draft.ends.from.group.no,
            consent: consent.manner().word(),
            made_by: draft.left_behind.as_ref().map(|left_behind| left_behind.made_by.as_str()),
            plan,
        }
    }

    fn progress(&mut self) -> &mut CopyReport {
        self.report.copy.as_mut().expect("the draft made it")
    }
}
