//! `config-group copy`: a group's custom values carried to another version. One create, one write, and a read that
//! judges both. Nothing is upgraded, nothing is deleted.

use std::time::Duration;

use serde_json::Value;

use super::Flow;
use super::attempts::LOOKS;
use super::group_diff::no_settings;
use super::resolve::{all, take};
use super::snapshot::no_group;
use crate::api::{Action, ApiError, CdssApi, Class, NewGroup, Persistence, Read, classify, join, one};
use crate::clock::{Interrupted, Signal};
use crate::consent::{ConsentError, GroupConsent, Prompt, confirm_group};
use crate::domain::config_group::{ConfigGroup, GroupSettings, Setting};
use crate::domain::group_choice::to_compare;
use crate::domain::group_copy::{self, CopyReport, GroupName};
use crate::domain::group_difference::difference;
use crate::domain::ids::ConfigGroupNo;
use crate::domain::report::Report;
use crate::domain::selector::{Selector, find_group};
use crate::domain::verdict::Submitted;
use crate::domain::version::{Found, KafkaVersion, VersionError, VersionSelector};
use crate::failure::{CopyFailure, Failure};
use crate::journal::{ClusterLock, GroupEntry, LockError};

/// Where the values come from.
#[derive(Debug, Clone)]
pub(crate) enum Source {
    Group(Selector),
    /// The group that this cluster uses.
    Cluster(Selector),
}

/// What was asked for.
#[derive(Debug, Clone)]
pub(crate) struct Wish {
    pub source: Source,
    pub version: VersionSelector,
    /// None: the source's name with the new version's digits.
    pub name: Option<GroupName>,
    pub dry_run: bool,
}

/// What only a copy needs.
pub(crate) struct Copying<'a> {
    pub yes: bool,
    pub prompt: &'a mut dyn Prompt,
    /// Turns the report into the document that the journal keeps.
    pub document: &'a dyn Fn(&Report) -> Value,
}

/// The source with its settings and version, and the groups and the version to copy to.
struct Ends {
    from: GroupSettings,
    before: Option<KafkaVersion>,
    target: KafkaVersion,
    /// All groups of the target version.
    groups: Vec<ConfigGroup>,
}

/// What would be made, from what.
struct Draft {
    ends: Ends,
    name: GroupName,
    /// The empty group that an earlier run left behind.
    left_behind: Option<ConfigGroup>,
}

/// What the write was answered.
struct Written {
    /// As far as the answer tells.
    surely: Submitted,
    /// So many looks at what the group has.
    looks: usize,
    words: String,
}

/// Copies, or with a dry run says what would be copied. The report holds what was done.
///
/// # Errors
///
/// Before the create the ordinary ends, and nothing was changed. After it: not as sent, not known, or a signal.
pub(crate) fn copy(flow: &mut Flow<'_>, wish: &Wish, copying: &mut Copying<'_>) -> Result<(), Failure> {
    let draft = flow.draft(wish)?;
    if let Some(fault) = flow.journal.fault() {
        return Err(CopyFailure::NoJournal(fault).into());
    }
    if wish.dry_run {
        return Ok(());
    }
    flow.tell.copying(flow.report);
    let consent = ask(flow, &draft, copying)?;
    let _lock = lock(flow, &draft.name)?;
    flow.look_again(&draft)?;
    let no = match &draft.left_behind {
        Some(group) => group.no,
        None => flow.make(&draft, &consent, copying.document)?,
    };
    flow.report.group_to = Some(named(&draft, no));
    flow.fill(&draft, no, &consent, copying.document)
}

fn ask(flow: &Flow<'_>, draft: &Draft, copying: &mut Copying<'_>) -> Result<GroupConsent, Failure> {
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

fn lock(flow: &Flow<'_>, name: &GroupName) -> Result<ClusterLock, Failure> {
    flow.journal.lock_group(&flow.identity(), name).map_err(|error| match error {
        LockError::Held => Failure::Busy {
            what: format!("another cdss on this machine is making config group {name}"),
            hint: Some("wait for its end, then look with `cdss list config-groups`".to_owned()),
        },
        LockError::Io(error) => Failure::Journal(error),
    })
}

fn named(draft: &Draft, no: ConfigGroupNo) -> ConfigGroup {
    let name = Some(draft.name.to_string());
    ConfigGroup { no, name, version: draft.ends.target.code, version_name: None }
}

/// A signal of a time when nothing was changed yet.
fn unchanged(Interrupted(signal): Interrupted) -> Failure {
    CopyFailure::Interrupted { signal, group: None, hint: None }.into()
}

impl Flow<'_> {
    /// Reads all that a copy needs and fills the report with what would be done.
    ///
    /// # Errors
    ///
    /// Fails when something named is not there, there is no name for the copy, or one of that name is not ours to fill.
    fn draft(&mut self, wish: &Wish) -> Result<Draft, Failure> {
        let ends = self.ends(wish)?;
        let (from, target) = (&ends.from, &ends.target);
        let name = match &wish.name {
            Some(name) => name.clone(),
            None => default_name(&from.group, ends.before.as_ref(), target)?,
        };
        let mut same: Vec<&ConfigGroup> =
            ends.groups.iter().filter(|group| group.name.as_deref() == Some(name.text())).collect();
        let existing = same.pop().cloned();
        if let (Some(one), false) = (&existing, same.is_empty()) {
            return Err(self.exists(&ends, one, "is not the only one of that name"));
        }
        let model =
            existing.clone().or_else(|| to_compare(Some(&from.group), &ends.groups).into_iter().next());
        let there = self.settings(model.as_slice())?.pop().map(|model| model.settings);

        let (carried, left_out) = group_copy::pack(from, there.as_deref(), target.release.as_ref());
        let planned = GroupSettings {
            group: ConfigGroup { name: Some(name.to_string()), version: target.code, ..from.group.clone() },
            settings: group_copy::planned(&carried, there.as_deref()),
        };
        self.tell_difference(&ends, &planned);
        self.report.from.clone_from(&ends.before);
        self.report.to = Some(target.clone());
        self.report.group_from = Some(from.group.clone());
        self.report.copy = Some(CopyReport {
            name: name.clone(),
            carried,
            left_out,
            created: Submitted::No,
            written: Submitted::No,
            unequal: Vec::new(),
            taken_up: existing.is_some(),
            journalled: false,
        });
        if let Some(group) = &existing {
            self.take_up(&ends, group, there.as_deref())?;
            self.report.group_to = Some(group.clone());
        }
        Ok(Draft { ends, name, left_behind: existing })
    }

    fn tell_difference(&mut self, ends: &Ends, copy: &GroupSettings) {
        let before = ends.before.as_ref().and_then(|before| before.release.as_ref());
        let from = group_copy::side(&ends.from, before);
        self.report.changes = difference(from, group_copy::side(copy, ends.target.release.as_ref()));
    }

    /// Finds the source with its settings, the version, and that version's groups.
    fn ends(&mut self, wish: &Wish) -> Result<Ends, Failure> {
        match &wish.source {
            Source::Group(wanted) => {
                let [groups, versions] = all(join(self.api, &[Read::ConfigGroups(None), Read::Versions]))?;
                let (groups, offers): (Vec<ConfigGroup>, Vec<KafkaVersion>) =
                    (take(groups)?, take(versions)?);
                let target = offered(&wish.version, &offers)?;
                let found = find_group(&groups, wanted).map_err(|error| no_group(error, ""))?;
                let before = KafkaVersion { code: found.version, release: found.release(&offers) };
                let from = self.settings(std::slice::from_ref(found))?.pop();
                let from = from.ok_or_else(|| Failure::before_start(no_settings()))?;
                let groups = groups.into_iter().filter(|group| group.version == target.code).collect();
                Ok(Ends { from, before: Some(before), target, groups })
            }
            Source::Cluster(wanted) => {
                let found = self.find(wanted)?;
                let target = offered(&wish.version, &found.offers)?;
                let groups = self.groups_of(target.code)?;
                let from = self.present_group(&found.cluster)?;
                let from = from.ok_or_else(|| Failure::before_start(no_settings()))?;
                Ok(Ends { from, before: found.version, target, groups })
            }
        }
    }

    /// Makes sure that a group of this name is the empty one that a cut run of this machine left behind.
    fn take_up(&self, ends: &Ends, group: &ConfigGroup, settings: Option<&[Setting]>) -> Result<(), Failure> {
        let name = group.name.as_deref().unwrap_or_default();
        let made_here = self.journal.made_group(&self.identity(), name, group.version, group.no);
        let made_here = made_here.map_err(Failure::Journal)?;
        // What is refused anyway needs no read.
        let used_by = if made_here {
            one(self.api, Read::Users(group.no), Persistence::Patient).map_err(Failure::before_start)?
        } else {
            None
        };
        group_copy::take_up(made_here, settings, used_by).map_err(|why| self.exists(ends, group, why))
    }

    fn exists(&self, ends: &Ends, group: &ConfigGroup, why: &'static str) -> Failure {
        let diff = self.surroundings.command(
            "config-group diff",
            &format!("no:{} no:{}", ends.from.group.no, group.no),
            "",
        );
        let hint = format!("give another name with --name, or see whether it will do: {diff}");
        CopyFailure::Exists { group: group.to_string(), version: ends.target.to_string(), why, hint }.into()
    }

    /// Sees under the lock that the name is still as free, or the group as empty, as when it was agreed to.
    fn look_again(&self, draft: &Draft) -> Result<(), Failure> {
        let before = draft.left_behind.as_ref().map(|group| group.no);
        let mut now = self.groups_of(draft.ends.target.code)?;
        now.retain(|group| group.name.as_deref() == Some(draft.name.text()));
        match (now.as_slice(), before) {
            ([], None) => Ok(()),
            ([group], Some(no)) if group.no == no => {
                let settings = self.settings(std::slice::from_ref(group))?.pop();
                let settings = settings.map(|settings| settings.settings);
                self.take_up(&draft.ends, group, settings.as_deref())
            }
            ([], Some(_)) => Err(Failure::Stale),
            ([group, ..], _) => Err(self.exists(&draft.ends, group, "it came while the question was open")),
        }
    }

    fn entry<'a>(&'a self, draft: &'a Draft, consent: &GroupConsent, plan: &'a Value) -> GroupEntry<'a> {
        GroupEntry {
            service: &self.surroundings.service,
            name: &draft.name,
            version: draft.ends.target.code,
            consent: consent.manner().word(),
            plan,
        }
    }

    fn progress(&mut self) -> &mut CopyReport {
        self.report.copy.as_mut().expect("the draft made it")
    }

    /// Makes the group and finds out its number.
    fn make(
        &mut self,
        draft: &Draft,
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
            description: format!("Copied from config group {} by cdss", draft.ends.from.group.no),
        };
        let send = |api: &dyn CdssApi| api.create_group(&wish, consent);
        let answer = match self.attempts(Class::Change, "nothing was made", &send) {
            Ok(answer) => answer,
            Err(interrupted) => {
                self.progress().created = Submitted::No;
                return Err(unchanged(interrupted));
            }
        };
        let no = match answer {
            Ok(Some(no)) => no,
            Ok(None) => self.find_made(draft, "the answer told no number", None, LOOKS.len())?,
            Err(error) => self.after_failed_create(draft, error)?,
        };
        self.progress().created = Submitted::Yes;
        if let Err(error) = self.journal.group_created(self.clock.now(), no) {
            self.tell.warn(&format!("{error}; config group {no} was made all the same"));
        }
        Ok(no)
    }

    fn after_failed_create(&mut self, draft: &Draft, error: ApiError) -> Result<ConfigGroupNo, Failure> {
        let action = classify(Class::Change, &error);
        if action.proves_nothing_was_done() {
            self.progress().created = Submitted::No;
            return Err(CopyFailure::NotMade(error).into());
        }
        if let Some(signal) = error.signal() {
            return Err(self.interrupted(draft, None, signal));
        }
        let id = error.request_id().map(str::to_owned);
        if action == Action::Confirm {
            return match self.look_for(draft) {
                Ok(None) => {
                    self.progress().created = Submitted::No;
                    Err(CopyFailure::Refused(error).into())
                }
                Ok(Some(no)) => Ok(no),
                Err(look) => Err(self.fate_unknown(
                    draft,
                    format!("{error}, and the look after it failed: {look}"),
                    id,
                )),
            };
        }
        self.tell.warn(&format!("{error}; looking whether the config group was made"));
        self.find_made(draft, &error.to_string(), id, LOOKS.len())
    }

    /// Looks for the group by its name until it shows.
    fn find_made(
        &mut self,
        draft: &Draft,
        cause: &str,
        request_id: Option<String>,
        looks: usize,
    ) -> Result<ConfigGroupNo, Failure> {
        let mut last = "no config group of that name is there".to_owned();
        for turn in 0..looks {
            let pause = self.pause_before_look(turn);
            self.clock.sleep(pause).map_err(|Interrupted(signal)| self.interrupted(draft, None, signal))?;
            match self.look_for(draft) {
                Ok(Some(no)) => return Ok(no),
                Ok(None) => {}
                Err(error) if error.signal().is_some() => {
                    let signal = error.signal().unwrap_or(Signal::Interrupt);
                    return Err(self.interrupted(draft, None, signal));
                }
                Err(error) => last = error.to_string(),
            }
        }
        Err(self.fate_unknown(draft, format!("{cause}; {last}"), request_id))
    }

    /// Looks once. Two of the name are no answer: nobody knows which of them is this one.
    fn look_for(&self, draft: &Draft) -> Result<Option<ConfigGroupNo>, ApiError> {
        let read = Read::ConfigGroups(Some(draft.ends.target.code));
        let mut groups: Vec<ConfigGroup> = one(self.api, read, Persistence::Patient)?;
        groups.retain(|group| group.name.as_deref() == Some(draft.name.text()));
        match groups.as_slice() {
            [] => Ok(None),
            [group] => Ok(Some(group.no)),
            several => Err(ApiError::Unreadable {
                operation: "getKafkaVersionConfigGroupList",
                status: 200,
                what: format!("{} config groups are named {}", several.len(), draft.name),
                request_id: None,
            }),
        }
    }

    fn fate_unknown(&self, draft: &Draft, cause: String, request_id: Option<String>) -> Failure {
        let version = format!(" --version {}", draft.ends.target.argument());
        let list = self.surroundings.command("list config-groups", "", &version);
        let hint = format!(
            "look before you run it again, which takes up an empty {} of its own: {list}",
            draft.name
        );
        CopyFailure::FateUnknown { name: draft.name.clone(), cause, request_id, hint }.into()
    }

    fn interrupted(&self, draft: &Draft, no: Option<ConfigGroupNo>, signal: Signal) -> Failure {
        let version = format!(" --version {}", draft.ends.target.argument());
        let list = self.surroundings.command("list config-groups", "", &version);
        let group = no.map_or_else(|| draft.name.to_string(), |no| named(draft, no).to_string());
        CopyFailure::Interrupted {
            signal,
            group: Some(group),
            hint: Some(format!("look at it with: {list}")),
        }
        .into()
    }

    /// Writes all values at once, reads them back and compares. Without any there is nothing to write: the group is as
    /// it should be.
    fn fill(
        &mut self,
        draft: &Draft,
        no: ConfigGroupNo,
        consent: &GroupConsent,
        document: &dyn Fn(&Report) -> Value,
    ) -> Result<(), Failure> {
        let carried = self.progress().carried.clone();
        if carried.is_empty() {
            return Ok(());
        }
        let stopped = |flow: &Self, Interrupted(signal)| flow.interrupted(draft, Some(no), signal);
        self.clock.sleep(Duration::ZERO).map_err(|interrupted| stopped(self, interrupted))?;
        let plan = document(self.report);
        if let Err(error) = self.journal.group_write(self.clock.now(), no, &self.entry(draft, consent, &plan))
        {
            return Err(self.not_as_sent(draft, no, format!("{error}, so that no value was sent")));
        }
        self.progress().journalled = true;
        self.progress().written = Submitted::Unknown;
        let version = draft.ends.target.code;
        let send = |api: &dyn CdssApi| api.write_group(no, version, &carried, consent);
        let sent = self.attempts(Class::Change, "nothing was written", &send);
        match sent {
            Ok(Ok(())) => {
                let answer =
                    Written { surely: Submitted::Yes, looks: 1, words: "the service took them".to_owned() };
                self.judge(draft, no, &answer)
            }
            Ok(Err(error)) => {
                if let Some(signal) = error.signal() {
                    return Err(self.interrupted(draft, Some(no), signal));
                }
                let unsent = classify(Class::Change, &error).proves_nothing_was_done();
                let (surely, looks) =
                    if unsent { (Submitted::No, 1) } else { (Submitted::Unknown, LOOKS.len()) };
                if !unsent {
                    self.tell.warn(&format!("{error}; reading what the config group has"));
                }
                self.judge(draft, no, &Written { surely, looks, words: error.to_string() })
            }
            Err(interrupted) => {
                self.progress().written = Submitted::No;
                Err(stopped(self, interrupted))
            }
        }
    }

    /// What reads back decides.
    fn judge(&mut self, draft: &Draft, no: ConfigGroupNo, answer: &Written) -> Result<(), Failure> {
        let settings = match self.read_back(draft, no, answer.looks) {
            Ok(Ok(settings)) => settings,
            Ok(Err(error)) => {
                let version = format!(" --version {}", draft.ends.target.argument());
                let list = self.surroundings.command("list config-groups", "", &version);
                return Err(CopyFailure::ContentUnknown {
                    group: named(draft, no).to_string(),
                    cause: format!("{}; {error}", answer.words),
                    request_id: error.request_id().map(str::to_owned),
                    hint: format!("look at it with: {list}"),
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
        if is_equal { Ok(()) } else { Err(self.not_as_sent(draft, no, answer.words.clone())) }
    }

    /// Reads what the group has, until it is what was sent or the looks are used up. The outer failure is a signal.
    fn read_back(
        &mut self,
        draft: &Draft,
        no: ConfigGroupNo,
        looks: usize,
    ) -> Result<Result<Vec<Setting>, ApiError>, Interrupted> {
        let mut seen = Err(no_settings());
        for turn in 0..looks {
            // An answered write is read back at once.
            if looks > 1 {
                self.clock.sleep(self.pause_before_look(turn))?;
            }
            let read = Read::Settings(no, draft.ends.target.code);
            let answer: Result<Option<Vec<Setting>>, ApiError> = one(self.api, read, Persistence::Patient);
            match answer.and_then(|settings| settings.ok_or_else(no_settings)) {
                Ok(settings) => {
                    self.progress().unequal = group_copy::unequal(&self.progress().carried, &settings);
                    seen = Ok(settings);
                    if self.progress().unequal.is_empty() {
                        break;
                    }
                }
                Err(error) => {
                    if let Some(signal) = error.signal() {
                        return Err(Interrupted(signal));
                    }
                    if seen.is_err() {
                        seen = Err(error);
                    }
                }
            }
        }
        Ok(seen)
    }

    fn not_as_sent(&mut self, draft: &Draft, no: ConfigGroupNo, cause: String) -> Failure {
        let keys: Vec<String> = self.progress().unequal.iter().map(|one| one.key.clone()).collect();
        let ends = format!("no:{} no:{no}", draft.ends.from.group.no);
        let hint =
            format!("compare them with: {}", self.surroundings.command("config-group diff", &ends, ""));
        CopyFailure::NotAsSent { group: named(draft, no).to_string(), keys, cause, hint }.into()
    }
}

/// Finds the version among those on offer: a group can't be made for one that isn't.
fn offered(wanted: &VersionSelector, offers: &[KafkaVersion]) -> Result<KafkaVersion, Failure> {
    let Found { version, listed } = wanted.find(offers)?;
    if listed {
        return Ok(version);
    }
    Err(Failure::Version(VersionError::NotOffered { asked: wanted.to_string(), offered: offers.to_vec() }))
}

fn default_name(
    from: &ConfigGroup,
    before: Option<&KafkaVersion>,
    target: &KafkaVersion,
) -> Result<GroupName, Failure> {
    let before = before.and_then(|before| before.release.as_ref());
    let made_up = from.name.as_deref().zip(target.release.as_ref());
    let made_up = made_up.and_then(|(old, after)| GroupName::of_copy(old, before, after));
    made_up.ok_or_else(|| Failure::Usage {
        message: format!("there is no name of at most 15 letters for the copy of {from} to {target}"),
        hint: Some("give one with --name".to_owned()),
    })
}
