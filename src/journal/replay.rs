//! What the journal's lines add up to: runs, open starts, creates of config groups, and damage. No I/O, no clock.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::entry::{self, End, Entry, Event, GroupChange};
use super::file::{LINE_TOO_LONG, RawLine};
use crate::config_group::rules::creation::GroupCreation;
use crate::model::history::{
    ChangeOrigin, DamagedRecord, History, Outcome, PastRun, RecordedChange, Subject,
};
use crate::model::ids::{ClusterNo, ConfigGroupNo, VersionCode};
use crate::model::journal_state::DamagedLine;
use crate::model::open_start::{OpenStart, StartResponse};
use crate::model::service::Service;
use crate::model::verdict::{Submitted, Verdict};

/// How many characters of a reason are kept: it may quote a long line.
const MAX_REASON_CHARS: usize = 200;

/// How many damaged lines are kept one by one: more than anybody looks at, and little memory.
pub(super) const MAX_DAMAGED_RECORDS: usize = 1_000;

/// The journal as read so far, line by line.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Replay {
    /// The oldest first.
    runs: Vec<PastRun>,
    /// Where each run is in `runs`.
    index: HashMap<String, usize>,
    starts: Vec<RecordedStart>,
    group_creates: Vec<RecordedCreate>,
    /// The first ones, at most [`MOST_DAMAGED`].
    damaged: Vec<DamagedRecord>,
    /// All others.
    further_damage: Option<DamageSummary>,
    /// How many lines were read.
    lines: usize,
    /// A line was as cdss wrote it.
    has_intact_line: bool,
    /// The last line, if it is damaged only as an interrupted write is: a marker may follow it.
    torn: Option<TornLine>,
}

/// Damaged lines of which only the sum is kept.
#[derive(Debug, Clone, PartialEq)]
struct DamageSummary {
    /// The first line of them.
    first: usize,
    lines: usize,
    bytes: usize,
    /// Each hash is that of the one before and of the line's hash, so that it stands for all lines in their order.
    sha256: [u8; 32],
}

/// An incomplete line, which counts as damaged until a marker follows.
#[derive(Debug, Clone, PartialEq)]
struct TornLine {
    bytes: usize,
    /// What was damaged before it: the number of kept records, and the others.
    damaged_before: (usize, Option<DamageSummary>),
}

/// A start that was about to be sent.
#[derive(Debug, Clone, PartialEq)]
struct RecordedStart {
    service: String,
    cluster: ClusterNo,
    start: OpenStart,
    /// Later runs with a start whose consent covered this one.
    overridden_by: Vec<String>,
}

/// A config group that was about to be created.
#[derive(Debug, Clone, PartialEq)]
struct RecordedCreate {
    service: String,
    version: VersionCode,
    create: GroupCreation,
}

impl Replay {
    /// Takes the next line.
    pub(super) fn add_raw_line(&mut self, line: &RawLine<'_>) {
        match line {
            RawLine::Complete(bytes) => self.add_line(bytes),
            RawLine::TooLong { bytes, sha256 } => {
                self.lines += 1;
                self.torn = None;
                self.add_damaged(LINE_TOO_LONG.to_owned(), *bytes, *sha256);
            }
        }
    }

    /// Takes the next line, with its line end if it has one. Only the last line may lack it.
    pub(super) fn add_line(&mut self, bytes: &[u8]) {
        self.lines += 1;
        let (line, is_terminated) = match bytes.strip_suffix(b"\n") {
            Some(line) => (line, true),
            None => (bytes, false),
        };
        let torn = self.torn.take();
        if line.trim_ascii().is_empty() {
            return;
        }
        let parsed = entry::parse(line);
        self.has_intact_line |= parsed.is_ok();
        let is_torn = parsed.is_err() && entry::is_torn(line);
        let outcome = match parsed {
            // The line was never complete, so the request that it announced was never sent.
            Err(_) if !is_terminated && is_torn => Ok(()),
            parsed => parsed.and_then(|entry| self.apply(entry, torn)),
        };
        self.torn = is_torn.then(|| TornLine {
            bytes: line.len(),
            damaged_before: (self.damaged.len(), self.further_damage.clone()),
        });
        if let Err(reason) = outcome {
            self.add_damaged(reason, line.len(), Sha256::digest(line).into());
        }
    }

    fn add_damaged(&mut self, reason: String, bytes: usize, sha256: [u8; 32]) {
        let number = self.lines;
        if self.damaged.len() < MAX_DAMAGED_RECORDS && self.further_damage.is_none() {
            let line = DamagedLine { number, reason: truncate_reason(reason) };
            self.damaged.push(DamagedRecord { line, lines: 1, bytes, sha256: to_hex(&sha256) });
            return;
        }
        let none = DamageSummary { first: number, lines: 0, bytes: 0, sha256: [0; 32] };
        let more = self.further_damage.get_or_insert(none);
        more.lines += 1;
        more.bytes += bytes;
        more.sha256 = Sha256::new().chain_update(more.sha256).chain_update(sha256).finalize().into();
    }

    /// Takes an intact line. `torn` is the line before it, if that is incomplete.
    fn apply(&mut self, entry: Entry, torn: Option<TornLine>) -> Result<(), String> {
        let Entry { run, at, event } = entry;
        let Some(event) = event else {
            self.run_mut(run, at);
            return Ok(());
        };
        match event {
            Event::Torn(marker) => {
                if let Some(torn) = torn.filter(|torn| torn.bytes == marker.bytes) {
                    let (count, more) = torn.damaged_before;
                    self.damaged.truncate(count);
                    self.further_damage = more;
                }
            }
            Event::Repaired(repaired) => {
                let hashes: HashSet<String> = repaired.lines.into_iter().map(|line| line.sha256).collect();
                self.damaged.retain(|one| !hashes.contains(&one.sha256));
                self.further_damage.take_if(|more| hashes.contains(&to_hex(&more.sha256)));
            }
            Event::Initialized(_) => {}
            Event::Start(start) => {
                let service = start.author.service()?.key();
                for earlier in &mut self.starts {
                    if start.closes.contains(&earlier.start.run) {
                        earlier.overridden_by.push(run.clone());
                    }
                }
                self.starts.push(RecordedStart {
                    service,
                    cluster: start.cluster,
                    start: OpenStart {
                        run: run.clone(),
                        version: start.version_code,
                        from: start.from_version_code,
                        config_group: start.config_group,
                        started_at: at,
                        response: StartResponse::Missing,
                        brokers: start.brokers,
                        restarted: Vec::new(),
                    },
                    overridden_by: Vec::new(),
                });
                let (cluster, name, accepted) = (start.cluster, start.cluster_name, start.accepted);
                let run = self.run_mut(run, at);
                run.result = Outcome::Unfinished;
                run.change = Some(RecordedChange {
                    subject: Subject::Upgrade { cluster, name, accepted },
                    origin: change_origin(start.author),
                    consent: start.consent,
                    plan: start.plan.0,
                });
            }
            Event::Accepted(_) => return self.set_response(run, at, StartResponse::Accepted),
            Event::Refused(_) => return self.set_response(run, at, StartResponse::Refused),
            Event::Attached(attached) => {
                let known = self.require_change(&attached.of);
                self.run_mut(run, at).followed_run = Some(attached.of);
                return known;
            }
            Event::Brokers(brokers) => {
                let own = self.run_mut(run, at);
                let start = own.followed_run.clone().unwrap_or_else(|| own.id.clone());
                let restarted = brokers.brokers.into_iter().filter(|broker| broker.restarted);
                self.add_restarted(&start, restarted.map(|broker| broker.name));
            }
            Event::End(end) => return self.apply_end(run, at, end),
            Event::GroupCreate(group) => {
                let service = group.author.service()?.key();
                self.group_creates.push(RecordedCreate {
                    service,
                    version: group.version_code,
                    create: GroupCreation {
                        name: group.config_group_name.clone(),
                        run: run.clone(),
                        profile: group.author.profile.clone(),
                        access_key: group.author.access_key.clone(),
                        from: group.from_config_group,
                        no: None,
                    },
                });
                self.add_group_change(run, at, *group);
            }
            Event::GroupCreated(created) => {
                self.set_group_no(&run, created.config_group);
                self.run_mut(run, at);
            }
            Event::GroupWrite(group) => {
                let _known = group.author.service()?;
                if let Some(no) = group.config_group {
                    self.set_group_no(group.made_by.as_ref().unwrap_or(&run), no);
                }
                self.add_group_change(run, at, *group);
            }
        }
        Ok(())
    }

    /// Makes sure that the line is there without which nobody could have written the next one.
    fn require_change(&self, run: &str) -> Result<(), String> {
        let has_change = |place: &usize| self.runs[*place].change.is_some();
        if self.index.get(run).is_some_and(has_change) {
            return Ok(());
        }
        Err(format!("it is about run {run}, whose start is missing"))
    }

    fn set_response(&mut self, run: String, at: Timestamp, answer: StartResponse) -> Result<(), String> {
        let known = self.require_change(&run);
        for recorded in self.starts.iter_mut().filter(|recorded| recorded.start.run == run) {
            recorded.start.response = answer;
        }
        self.run_mut(run, at);
        known
    }

    /// The last final end that is about a start decides what became of it, whichever run wrote that end. Without a
    /// final one, it is the last end.
    fn apply_end(&mut self, id: String, at: Timestamp, end: End) -> Result<(), String> {
        let is_about_an_open_start =
            end.created.is_none() && end.verdict.is_some_and(|verdict| !verdict.is_final());
        let known =
            if is_about_an_open_start { self.require_change(end.of.as_ref().unwrap_or(&id)) } else { Ok(()) };
        if end.created == Some(Submitted::No) {
            self.group_creates.retain(|one| one.create.run != id || one.create.no.is_some());
        }
        let followed = end.of.filter(|of| *of != id);
        if let Some(verdict) = end.verdict
            && let Some(place) = followed.as_ref().and_then(|of| self.index.get(of))
        {
            update_outcome(&mut self.runs[*place].result, Outcome::Verdict(verdict));
        }
        let run = self.run_mut(id, at);
        run.followed_run = run.followed_run.take().or(followed);
        run.ended_at = Some(at);
        update_outcome(&mut run.result, end.verdict.map_or(Outcome::Ended, Outcome::Verdict));
        known
    }

    /// Notes brokers that restarted after the start of this run, whichever run saw it.
    fn add_restarted(&mut self, start_run: &str, names: impl Iterator<Item = String>) {
        let Some(recorded) = self.starts.iter_mut().rfind(|recorded| recorded.start.run == start_run) else {
            return;
        };
        let known = &mut recorded.start.restarted;
        for name in names {
            if !known.contains(&name) {
                known.push(name);
            }
        }
    }

    /// Notes the number of the group that this run created. The first one counts.
    fn set_group_no(&mut self, creator: &str, no: ConfigGroupNo) {
        for one in self.group_creates.iter_mut().filter(|one| one.create.run == creator) {
            one.create.no = one.create.no.or(Some(no));
        }
    }

    /// A copy that fills an existing group begins with the write.
    fn add_group_change(&mut self, run: String, at: Timestamp, group: GroupChange) {
        let run = self.run_mut(run, at);
        if run.change.is_none() {
            run.change = Some(RecordedChange {
                subject: Subject::ConfigGroup { name: group.config_group_name },
                origin: change_origin(group.author),
                consent: group.consent,
                plan: group.plan.0,
            });
        }
    }

    /// Returns the run of this id, which begins now if it is new.
    fn run_mut(&mut self, id: String, at: Timestamp) -> &mut PastRun {
        let runs = &mut self.runs;
        let place = *self.index.entry(id).or_insert_with_key(|id| {
            runs.push(PastRun {
                id: id.clone(),
                started_at: at,
                ended_at: None,
                followed_run: None,
                result: Outcome::Unfinished,
                change: None,
            });
            runs.len() - 1
        });
        &mut self.runs[place]
    }

    /// Returns the starts of this cluster without a final outcome, the oldest first. Consent to a start that was
    /// certainly not made says nothing about the starts before it.
    pub(super) fn open_starts(&self, service: &Service, cluster: ClusterNo) -> Vec<OpenStart> {
        let service = service.key();
        let is_open = |recorded: &&RecordedStart| {
            deliberate_bug!(SettleRefusedStarts => if recorded.start.response == StartResponse::Refused { return false; });
            let outcome = |run: &String| self.index.get(run).map(|place| self.runs[*place].result);
            let may_have_started = |run: &String| outcome(run) != Some(Outcome::Verdict(Verdict::NotStarted));
            let is_over = recorded.overridden_by.iter().any(may_have_started)
                || outcome(&recorded.start.run).is_some_and(Outcome::is_final);
            recorded.service == service && recorded.cluster == cluster && !is_over
        };
        self.starts.iter().filter(is_open).map(|recorded| recorded.start.clone()).collect()
    }

    /// Returns every run that recorded a start, for any cluster.
    pub(super) fn start_runs(&self) -> Vec<String> {
        self.starts.iter().map(|recorded| recorded.start.run.clone()).collect()
    }

    /// Returns the creates of groups of this version at this service, without those that certainly created nothing.
    pub(super) fn group_creations(&self, service: &Service, version: VersionCode) -> Vec<GroupCreation> {
        let service = service.key();
        let is_of_it = |one: &&RecordedCreate| one.service == service && one.version == version;
        self.group_creates.iter().filter(is_of_it).map(|one| one.create.clone()).collect()
    }

    /// Returns false for a journal that is missing or has nothing that cdss wrote.
    pub(super) fn has_lines(&self) -> bool {
        self.has_intact_line
    }

    /// Returns the damaged lines that no repair covers.
    pub(super) fn damaged(&self) -> Vec<DamagedRecord> {
        let more = self.further_damage.as_ref().map(|more| DamagedRecord {
            line: DamagedLine {
                number: more.first,
                reason: match more.lines {
                    1 => "it is damaged".to_owned(),
                    lines => format!("it is the first of {lines} more damaged lines"),
                },
            },
            lines: more.lines,
            bytes: more.bytes,
            sha256: to_hex(&more.sha256),
        });
        self.damaged.iter().cloned().chain(more).collect()
    }

    /// Returns the damaged lines that no repair covers, without what identifies them.
    pub(super) fn damaged_lines(&self) -> Vec<DamagedLine> {
        self.damaged().into_iter().map(|one| one.line).collect()
    }

    pub(super) fn into_history(self) -> History {
        History { damaged: self.damaged_lines(), runs: self.runs }
    }
}

/// Replaces an outcome by a later one, unless only the earlier one is final.
fn update_outcome(result: &mut Outcome, later: Outcome) {
    if later.is_final() || !result.is_final() {
        *result = later;
    }
}

fn change_origin(author: entry::AuthorFields) -> ChangeOrigin {
    ChangeOrigin {
        cdss: author.cdss,
        user: author.user,
        host: author.host,
        profile: author.profile,
        access_key: author.access_key,
        site: author.service.site,
        region: author.service.region,
        sandbox: author.service.sandbox,
        endpoint: author.endpoint,
    }
}

fn truncate_reason(reason: String) -> String {
    match reason.char_indices().nth(MAX_REASON_CHARS) {
        Some((end, _)) => format!("{}…", &reason[..end]),
        None => reason,
    }
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}
