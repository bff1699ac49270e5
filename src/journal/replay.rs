//! Replays the journal's lines into runs, open starts, creates of config groups, and damage. No I/O and no clock.

use std::collections::{HashMap, HashSet};
use std::fmt::Display;
use std::time::Duration;

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::entry::{End, Entry, Event, GroupChange, Repaired, Start};
use super::file::{LINE_TOO_LONG, RawLine};
use super::line;
use crate::config_group::rules::creation::GroupCreation;
use crate::model::endpoint::Endpoint;
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
    /// The first damaged lines, at most [`MAX_DAMAGED_RECORDS`], and a summary of all others.
    damaged: Vec<Damage>,
    /// The number of lines added.
    lines: usize,
    /// True if at least one line is intact.
    has_intact_line: bool,
    /// The last line, if it is an interrupted write. It is damaged unless a marker follows.
    torn: Option<Damage>,
}

/// Damaged lines.
#[derive(Debug, Clone, PartialEq)]
struct Damage {
    /// The number of the first line.
    first: usize,
    /// None for a summary of lines without a record of their own.
    reason: Option<String>,
    lines: usize,
    bytes: usize,
    /// The hash of the line; in a summary, a hash chain over the hashes of the lines, in order.
    sha256: [u8; 32],
}

/// A recorded start.
#[derive(Debug, Clone, PartialEq)]
struct RecordedStart {
    service: String,
    cluster: ClusterNo,
    start: OpenStart,
    /// Later runs whose operator accepted this start as finished.
    overridden_by: Vec<String>,
    /// The time from the start to the verdict `done`, if the same run reached it.
    time_to_done: Option<Duration>,
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
                self.add_torn_line();
                let damage = self.damage(LINE_TOO_LONG.to_owned(), *bytes, *sha256);
                add_damage(&mut self.damaged, damage);
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
        let parsed = if line.trim_ascii().is_empty() { Ok(None) } else { line::parse(line).map(Some) };
        if let Ok(Some(Entry { event: Some(Event::Torn(marker)), .. })) = &parsed {
            self.torn.take_if(|torn| torn.bytes == marker.bytes);
        }
        self.add_torn_line();
        self.has_intact_line |= matches!(parsed, Ok(Some(_)));
        let is_torn = parsed.is_err() && line::is_torn(line);
        let applied = parsed.and_then(|entry| entry.map_or(Ok(()), |entry| self.apply(entry)));
        let Err(reason) = applied else { return };
        let damage = self.damage(reason, line.len(), Sha256::digest(line).into());
        match (is_torn, is_terminated) {
            (false, _) => add_damage(&mut self.damaged, damage),
            (true, true) => self.torn = Some(damage),
            // The line was never complete, so its request was never sent.
            (true, false) => {}
        }
    }

    /// Counts the line before as damaged if it is incomplete and no marker follows.
    fn add_torn_line(&mut self) {
        if let Some(torn) = self.torn.take() {
            add_damage(&mut self.damaged, torn);
        }
    }

    /// Returns the damage of the last line.
    fn damage(&self, reason: String, bytes: usize, sha256: [u8; 32]) -> Damage {
        Damage { first: self.lines, reason: Some(truncate_reason(reason)), lines: 1, bytes, sha256 }
    }

    /// Applies an intact line.
    fn apply(&mut self, entry: Entry) -> Result<(), String> {
        let Entry { run, at, event } = entry;
        let Some(event) = event else {
            self.run_mut(run, at);
            return Ok(());
        };
        match event {
            Event::Torn(_) | Event::Initialized(_) => {}
            Event::Repaired(repaired) => self.remove_repaired_lines(repaired),
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
                let _key = service_key(&group.origin)?;
                if let Some(no) = group.config_group {
                    self.set_group_no(group.made_by.as_ref().unwrap_or(&run), no);
                }
                self.add_group_change(run, at, *group);
            }
        }
        Ok(())
    }

    fn remove_repaired_lines(&mut self, repaired: Repaired) {
        let hashes: HashSet<String> = repaired.lines.into_iter().map(|line| line.sha256).collect();
        self.damaged.retain(|damage| !hashes.contains(&to_hex(&damage.sha256)));
    }

    /// Adds a start, and closes the earlier starts that its operator accepted as finished.
    fn add_start(&mut self, run: String, at: Timestamp, start: Start) -> Result<(), String> {
        let service = service_key(&start.origin)?;
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
            time_to_done: None,
        });
        let (cluster, name, accepted) = (start.cluster, start.cluster_name, start.accepted);
        let run = self.run_mut(run, at);
        run.outcome = Outcome::Unfinished;
        run.change = Some(RecordedChange {
            subject: Subject::Upgrade { cluster, name, accepted },
            origin: start.origin,
            consent: start.consent,
            plan: start.plan.0,
        });
        Ok(())
    }

    fn add_group_create(&mut self, run: String, at: Timestamp, group: GroupChange) -> Result<(), String> {
        let service = service_key(&group.origin)?;
        self.group_creates.push(RecordedCreate {
            service,
            version: group.version_code,
            create: GroupCreation {
                name: group.config_group_name.clone(),
                run: run.clone(),
                profile: group.origin.profile.clone(),
                access_key: group.origin.access_key.clone(),
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
        if end.verdict == Some(Verdict::Done)
            && followed.is_none()
            && let Some(recorded) = self.starts.iter_mut().rfind(|recorded| recorded.start.run == id)
        {
            recorded.time_to_done = at.duration_since(recorded.start.started_at).try_into().ok();
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
                origin: group.origin,
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

    /// Returns the median time from a start on this cluster to the verdict `done`; None unless at least two runs saw both.
    pub(super) fn usual_duration(&self, service: &Service, cluster: ClusterNo) -> Option<Duration> {
        let service = service.key();
        let starts =
            self.starts.iter().filter(|recorded| recorded.service == service && recorded.cluster == cluster);
        let mut times: Vec<Duration> = starts.filter_map(|recorded| recorded.time_to_done).collect();
        times.sort_unstable();
        // A single time is not usual.
        times.get(times.len() / 2).filter(|_| times.len() >= 2).copied()
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
        let record = |damage: &Damage| DamagedRecord {
            line: DamagedLine {
                number: damage.first,
                reason: match (&damage.reason, damage.lines) {
                    (Some(reason), _) => reason.clone(),
                    (None, 1) => "it is damaged".to_owned(),
                    (None, lines) => format!("it is the first of {lines} more damaged lines"),
                },
            },
            lines: damage.lines,
            bytes: damage.bytes,
            sha256: to_hex(&damage.sha256),
        };
        let mut damaged = self.damaged.clone();
        if let Some(torn) = &self.torn {
            add_damage(&mut damaged, torn.clone());
        }
        damaged.iter().map(record).collect()
    }

    /// Returns the damaged lines that are not covered by a repair, without hashes.
    pub(super) fn damaged_lines(&self) -> Vec<DamagedLine> {
        self.damaged().into_iter().map(|record| record.line).collect()
    }

    pub(super) fn into_history(self) -> History {
        History { damaged: self.damaged_lines(), runs: self.runs }
    }
}

fn add_damage(damaged: &mut Vec<Damage>, damage: Damage) {
    let has_summary = damaged.last().is_some_and(|last| last.reason.is_none());
    if damaged.len() < MAX_DAMAGED_RECORDS && !has_summary {
        damaged.push(damage);
        return;
    }
    if !has_summary {
        damaged.push(Damage { first: damage.first, reason: None, lines: 0, bytes: 0, sha256: [0; 32] });
    }
    let Some(summary) = damaged.last_mut() else { return };
    summary.lines += damage.lines;
    summary.bytes += damage.bytes;
    summary.sha256 = Sha256::new().chain_update(summary.sha256).chain_update(damage.sha256).finalize().into();
}

/// Replaces an outcome with a later one, unless only the earlier one is final.
fn update_outcome(result: &mut Outcome, later: Outcome) {
    if later.is_final() || !result.is_final() {
        *result = later;
    }
}

/// Returns the key of the service of a change.
///
/// # Errors
///
/// Fails if this version of cdss does not recognize the site, region, or endpoint.
pub(super) fn service_key(origin: &ChangeOrigin) -> Result<String, String> {
    let service = Service {
        site: origin.service.site.parse().map_err(to_reason)?,
        region: origin.service.region.parse().map_err(to_reason)?,
        endpoint: Endpoint::parse(&origin.endpoint).map_err(to_reason)?,
        sandbox: origin.service.sandbox,
    };
    Ok(service.key())
}

fn to_reason(error: impl Display) -> String {
    error.to_string()
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
