//! Replays the journal's lines into runs, open starts, creates of config groups, and damage. No I/O and no clock.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::entry::{AuthorFields, End, Entry, Event, GroupChange, Repaired, Start};
use super::file::{LINE_TOO_LONG, RawLine};
use super::line;
use crate::config_group::rules::creation::GroupCreation;
use crate::model::history::{
    ChangeOrigin, DamagedRecord, History, Outcome, PastRun, RecordedChange, Subject,
};
use crate::model::ids::{ClusterNo, ConfigGroupNo, VersionCode};
use crate::model::journal_state::DamagedLine;
use crate::model::open_start::{OpenStart, StartResponse};
use crate::model::service::Service;
use crate::model::verdict::{Submitted, Verdict};

/// The maximum length of a reason in characters. Chosen: a reason may quote a long line.
const MAX_REASON_CHARS: usize = 200;

/// The maximum number of damaged lines with a record of their own.
///
/// Chosen: more than a person reads, and little memory.
pub(super) const MAX_DAMAGED_RECORDS: usize = 1_000;

/// The state after the lines added so far.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Replay {
    /// Oldest first.
    runs: Vec<PastRun>,
    /// The index of each run in `runs`.
    index: HashMap<String, usize>,
    starts: Vec<RecordedStart>,
    group_creates: Vec<RecordedCreate>,
    /// The first damaged lines, at most [`MAX_DAMAGED_RECORDS`].
    damaged: Vec<DamagedRecord>,
    /// All other damaged lines.
    further_damage: Option<DamageSummary>,
    /// The number of lines added.
    lines: usize,
    /// True if at least one line is intact.
    has_intact_line: bool,
    /// The last line, if it is an interrupted write. A marker may follow it.
    torn: Option<TornLine>,
}

/// A summary of damaged lines without a record of their own.
#[derive(Debug, Clone, PartialEq)]
struct DamageSummary {
    /// The number of the first line.
    first: usize,
    lines: usize,
    bytes: usize,
    /// A hash chain over the hashes of the lines, in order.
    sha256: [u8; 32],
}

/// An incomplete line, which counts as damaged unless a marker follows.
#[derive(Debug, Clone, PartialEq)]
struct TornLine {
    bytes: usize,
    /// The damage before it: the number of records, and the summary.
    damaged_before: (usize, Option<DamageSummary>),
}

/// A recorded start.
#[derive(Debug, Clone, PartialEq)]
struct RecordedStart {
    service: String,
    cluster: ClusterNo,
    start: OpenStart,
    /// Later runs whose operator accepted this start as finished.
    overridden_by: Vec<String>,
}

/// A recorded create of a config group.
#[derive(Debug, Clone, PartialEq)]
struct RecordedCreate {
    service: String,
    version: VersionCode,
    create: GroupCreation,
}

impl Replay {
    /// Adds the next line of the file.
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

    /// Adds the next line, including its line end. Only the last line may lack the line end.
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
        let parsed = line::parse(line);
        self.has_intact_line |= parsed.is_ok();
        let is_torn = parsed.is_err() && line::is_torn(line);
        let outcome = match parsed {
            // The line was never complete, so its request was never sent.
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
        let empty = DamageSummary { first: number, lines: 0, bytes: 0, sha256: [0; 32] };
        let summary = self.further_damage.get_or_insert(empty);
        summary.lines += 1;
        summary.bytes += bytes;
        summary.sha256 = Sha256::new().chain_update(summary.sha256).chain_update(sha256).finalize().into();
    }

    /// Applies an intact line. `torn` is the line before it, if that is incomplete.
    fn apply(&mut self, entry: Entry, torn: Option<TornLine>) -> Result<(), String> {
        let Entry { run, at, event } = entry;
        let Some(event) = event else {
            self.run_mut(run, at);
            return Ok(());
        };
        match event {
            Event::Torn(marker) => self.remove_torn_line(torn, marker.bytes),
            Event::Repaired(repaired) => self.remove_repaired_lines(repaired),
            Event::Initialized(_) => {}
            Event::Start(start) => self.add_start(run, at, *start)?,
            Event::Accepted(_) => return self.set_response(run, at, StartResponse::Accepted),
            Event::Refused(_) => return self.set_response(run, at, StartResponse::Refused),
            Event::Attached(attached) => {
                let outcome = self.require_change(&attached.of);
                self.run_mut(run, at).followed_run = Some(attached.of);
                return outcome;
            }
            Event::Brokers(brokers) => {
                let own = self.run_mut(run, at);
                let start = own.followed_run.clone().unwrap_or_else(|| own.id.clone());
                let restarted = brokers.brokers.into_iter().filter(|broker| broker.restarted);
                self.add_restarted(&start, restarted.map(|broker| broker.name));
            }
            Event::End(end) => return self.apply_end(run, at, end),
            Event::GroupCreate(group) => self.add_group_create(run, at, *group)?,
            Event::GroupCreated(created) => {
                self.set_group_no(&run, created.config_group);
                self.run_mut(run, at);
            }
            Event::GroupWrite(group) => {
                let _service = group.author.service()?;
                if let Some(no) = group.config_group {
                    self.set_group_no(group.made_by.as_ref().unwrap_or(&run), no);
                }
                self.add_group_change(run, at, *group);
            }
        }
        Ok(())
    }

    /// Removes the damage of an incomplete line that a later writer marked.
    fn remove_torn_line(&mut self, torn: Option<TornLine>, bytes: usize) {
        if let Some(torn) = torn.filter(|torn| torn.bytes == bytes) {
            let (count, summary) = torn.damaged_before;
            self.damaged.truncate(count);
            self.further_damage = summary;
        }
    }

    fn remove_repaired_lines(&mut self, repaired: Repaired) {
        let hashes: HashSet<String> = repaired.lines.into_iter().map(|line| line.sha256).collect();
        self.damaged.retain(|record| !hashes.contains(&record.sha256));
        self.further_damage.take_if(|summary| hashes.contains(&to_hex(&summary.sha256)));
    }

    /// Adds a start, and closes the earlier starts that its operator accepted as finished.
    fn add_start(&mut self, run: String, at: Timestamp, start: Start) -> Result<(), String> {
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
        run.outcome = Outcome::Unfinished;
        run.change = Some(RecordedChange {
            subject: Subject::Upgrade { cluster, name, accepted },
            origin: change_origin(start.author),
            consent: start.consent,
            plan: start.plan.0,
        });
        Ok(())
    }

    fn add_group_create(&mut self, run: String, at: Timestamp, group: GroupChange) -> Result<(), String> {
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
        self.add_group_change(run, at, group);
        Ok(())
    }

    /// Checks that the run's first line is present. Without it, a later line of the run can't exist, so it was damaged.
    fn require_change(&self, run: &str) -> Result<(), String> {
        let has_change = |index: &usize| self.runs[*index].change.is_some();
        if self.index.get(run).is_some_and(has_change) {
            return Ok(());
        }
        Err(format!("it refers to run {run}, which has no recorded start"))
    }

    fn set_response(&mut self, run: String, at: Timestamp, response: StartResponse) -> Result<(), String> {
        let outcome = self.require_change(&run);
        for recorded in self.starts.iter_mut().filter(|recorded| recorded.start.run == run) {
            recorded.start.response = response;
        }
        self.run_mut(run, at);
        outcome
    }

    /// Applies the end of a run. The last final end about a start determines its outcome, regardless of which run wrote
    /// it. Without a final end, the last end does.
    fn apply_end(&mut self, id: String, at: Timestamp, end: End) -> Result<(), String> {
        let refers_to_open_start =
            end.created.is_none() && end.verdict.is_some_and(|verdict| !verdict.is_final());
        let outcome =
            if refers_to_open_start { self.require_change(end.of.as_ref().unwrap_or(&id)) } else { Ok(()) };
        if end.created == Some(Submitted::No) {
            self.group_creates.retain(|recorded| recorded.create.run != id || recorded.create.no.is_some());
        }
        let followed = end.of.filter(|of| *of != id);
        if let Some(verdict) = end.verdict
            && let Some(index) = followed.as_ref().and_then(|of| self.index.get(of))
        {
            update_outcome(&mut self.runs[*index].outcome, Outcome::Verdict(verdict));
        }
        let run = self.run_mut(id, at);
        run.followed_run = run.followed_run.take().or(followed);
        run.ended_at = Some(at);
        update_outcome(&mut run.outcome, end.verdict.map_or(Outcome::Ended, Outcome::Verdict));
        outcome
    }

    /// Adds brokers that restarted after the start of this run, regardless of which run observed it.
    fn add_restarted(&mut self, start_run: &str, names: impl Iterator<Item = String>) {
        let Some(recorded) = self.starts.iter_mut().rfind(|recorded| recorded.start.run == start_run) else {
            return;
        };
        let restarted = &mut recorded.start.restarted;
        for name in names {
            if !restarted.contains(&name) {
                restarted.push(name);
            }
        }
    }

    /// Sets the number of the group that this run created, unless it is already set.
    fn set_group_no(&mut self, creator: &str, no: ConfigGroupNo) {
        for recorded in self.group_creates.iter_mut().filter(|recorded| recorded.create.run == creator) {
            recorded.create.no = recorded.create.no.or(Some(no));
        }
    }

    /// Adds a create or a write of a config group. A copy into an existing group begins with the write.
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

    /// Returns the run with this ID, and adds it if it is new.
    fn run_mut(&mut self, id: String, at: Timestamp) -> &mut PastRun {
        let runs = &mut self.runs;
        let index = *self.index.entry(id).or_insert_with_key(|id| {
            runs.push(PastRun {
                id: id.clone(),
                started_at: at,
                ended_at: None,
                followed_run: None,
                outcome: Outcome::Unfinished,
                change: None,
            });
            runs.len() - 1
        });
        &mut self.runs[index]
    }

    /// Returns the starts on this cluster without a final outcome, oldest first. If a start was certainly not made, its
    /// consent does not close earlier starts.
    pub(super) fn open_starts(&self, service: &Service, cluster: ClusterNo) -> Vec<OpenStart> {
        let service = service.key();
        let is_open = |recorded: &&RecordedStart| {
            deliberate_bug!(ResolveRefusedStarts => if recorded.start.response == StartResponse::Refused { return false; });
            let outcome = |run: &String| self.index.get(run).map(|index| self.runs[*index].outcome);
            let may_have_started = |run: &String| outcome(run) != Some(Outcome::Verdict(Verdict::NotStarted));
            let is_closed = recorded.overridden_by.iter().any(may_have_started)
                || outcome(&recorded.start.run).is_some_and(Outcome::is_final);
            recorded.service == service && recorded.cluster == cluster && !is_closed
        };
        self.starts.iter().filter(is_open).map(|recorded| recorded.start.clone()).collect()
    }

    /// Returns all runs that recorded a start, on any cluster.
    pub(super) fn start_runs(&self) -> Vec<String> {
        self.starts.iter().map(|recorded| recorded.start.run.clone()).collect()
    }

    /// Returns the creates of groups for this version on this service, except those that certainly created nothing.
    pub(super) fn group_creations(&self, service: &Service, version: VersionCode) -> Vec<GroupCreation> {
        let service = service.key();
        let is_match =
            |recorded: &&RecordedCreate| recorded.service == service && recorded.version == version;
        self.group_creates.iter().filter(is_match).map(|recorded| recorded.create.clone()).collect()
    }

    /// Returns false if the journal is missing or has no intact line.
    pub(super) fn has_intact_line(&self) -> bool {
        self.has_intact_line
    }

    /// Returns the damaged lines that are not covered by a repair.
    pub(super) fn damaged(&self) -> Vec<DamagedRecord> {
        let summary = self.further_damage.as_ref().map(|summary| DamagedRecord {
            line: DamagedLine {
                number: summary.first,
                reason: match summary.lines {
                    1 => "it is damaged".to_owned(),
                    lines => format!("it is the first of {lines} more damaged lines"),
                },
            },
            lines: summary.lines,
            bytes: summary.bytes,
            sha256: to_hex(&summary.sha256),
        });
        self.damaged.iter().cloned().chain(summary).collect()
    }

    /// Returns the damaged lines that are not covered by a repair, without hashes.
    pub(super) fn damaged_lines(&self) -> Vec<DamagedLine> {
        self.damaged().into_iter().map(|record| record.line).collect()
    }

    pub(super) fn into_history(self) -> History {
        History { damaged: self.damaged_lines(), runs: self.runs }
    }
}

/// Replaces an outcome with a later one, unless only the earlier one is final.
fn update_outcome(result: &mut Outcome, later: Outcome) {
    if later.is_final() || !result.is_final() {
        *result = later;
    }
}

fn change_origin(author: AuthorFields) -> ChangeOrigin {
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
