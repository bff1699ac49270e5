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
pub(crate) enum CopySource {
    Group(Selector),
    /// The group that this cluster uses.
    Cluster(Selector),
}

/// What was asked for.
#[derive(Debug, Clone)]
pub(crate) struct CopyRequest {
    pub source: CopySource,
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
    pub render_document: &'a dyn Fn(&Report) -> Value,
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
    if draft.resumable.is_none() {
        flow.reject_unresolved(&draft.name, &draft.endpoints)?;
    }
    if wish.dry_run {
        return Ok(());
    }
    flow.reporter.copying(flow.report);
    let consent = confirm(flow, &draft, copying)?;
    let _lock = lock(flow, &draft.name)?;
    flow.verify_unchanged(&draft)?;
    let no = match &draft.resumable {
        Some(left_behind) => left_behind.group.no,
        None => flow.create_group(&draft, &consent, copying.render_document)?,
    };
    if let Some((_, cluster)) = &flow.report.cluster {
        let check = flow.context.check(*cluster, &draft.endpoints.target_version, Some(no));
        flow.copy_report().check_command = Some(check);
    }
    flow.write_settings(&draft, no, &consent, copying.render_document)
}

fn confirm(
    flow: &Session<'_>,
    draft: &CopyPlan,
    copying: &mut CopyOptions<'_>,
) -> Result<GroupConsent, Failure> {
    let confirmed =
        confirm_group(&draft.name, draft.endpoints.target_version.code, copying.yes, copying.prompt);
    confirmed.map_err(|error| match error {
        // The terminal tells that it was a signal; the clock tells which.
        ConsentError::Interrupted => {
            let raised = flow.clock.sleep(Duration::ZERO).err();
            interrupted_before_change(raised.unwrap_or(Interrupted(Signal::Interrupt)))
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

fn target_group(draft: &CopyPlan, no: ConfigGroupNo) -> ConfigGroup {
    let name = Some(draft.name.to_string());
    ConfigGroup {
        no,
        name,
        version: draft.endpoints.target_version.code,
        version_name: None,
        description: None,
    }
}

/// A signal of a time when nothing was changed yet.
fn interrupted_before_change(Interrupted(signal): Interrupted) -> Failure {
    CopyFailure::Interrupted { signal, left: Leftover::Nothing, hint: None }.into()
}

impl Session<'_> {
    /// Sees under the lock that the source has the values that were shown, and that the name is still as free, or the
    /// group as empty, as when it was agreed to.
    fn verify_unchanged(&self, draft: &CopyPlan) -> Result<(), Failure> {
        let from = &draft.endpoints.source;
        if self.source_settings(&from.group)?.custom_values() != from.custom_values() {
            return Err(CopyFailure::SourceChanged { group: from.group.to_string() }.into());
        }
        let before = draft.resumable.as_ref().map(|left_behind| left_behind.group.no);
        let mut now = self.groups_of(draft.endpoints.target_version.code)?;
        now.retain(|group| group.is_named(draft.name.text()));
        match (now.as_slice(), before) {
            ([], None) => self.reject_unresolved(&draft.name, &draft.endpoints),
            ([group], Some(no)) if group.no == no => {
                let settings = self.settings(std::slice::from_ref(group))?.pop();
                let settings = settings.map(|settings| settings.settings);
                self.find_resumable(&draft.endpoints, &draft.name, group, settings.as_deref()).map(drop)
            }
            ([], Some(no)) => Err(CopyFailure::Gone { group: target_group(draft, no).to_string() }.into()),
            ([group, ..], _) => {
                Err(self.name_taken(&draft.endpoints, &draft.name, group, None, "it came meanwhile"))
            }
        }
    }

    fn journal_entry<'a>(
        &'a self,
        draft: &'a CopyPlan,
        consent: &GroupConsent,
        plan: &'a Value,
    ) -> GroupEntry<'a> {
        GroupEntry {
            service: &self.context.service,
            name: &draft.name,
            version: draft.endpoints.target_version.code,
            from: draft.endpoints.source.group.no,
            consent: consent.manner().word(),
            made_by: draft.resumable.as_ref().map(|left_behind| left_behind.created_by.as_str()),
            plan,
        }
    }

    fn copy_report(&mut self) -> &mut CopyReport {
        self.report.copy.as_mut().expect("the draft made it")
    }
}
