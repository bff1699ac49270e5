//! The truth about one cluster: all its changes, and its resulting state at any time.

use std::time::Duration;

use crate::injector::seeded_rng::SeededRng;

pub(super) const OLD: u64 = 3_713_006;
pub(super) const BETWEEN: u64 = 3_813_006;
pub(super) const NEW: u64 = 3_903_006;

/// Who made a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Author {
    /// A run of cdss, by its id.
    Run(String),
    /// Another user, in the console.
    OtherUser,
}

/// What a change does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ChangeKind {
    Upgrade(u64),
    Restart,
    /// Adds a broker.
    Resize,
}

/// How a change ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ChangeOutcome {
    Good,
    /// Every broker has restarted, on the previous version.
    BackOnOld,
    InError,
}

/// When the reported version switches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Switch {
    AtAcceptance,
    Halfway,
    /// This many seconds after the last broker has restarted.
    Late(u64),
}

/// The course of a change. Times are in seconds.
#[derive(Debug, Clone)]
pub(super) struct ChangeShape {
    pub outcome: ChangeOutcome,
    /// From acceptance until the change shows.
    pub onset: u64,
    /// From the onset until the last broker has restarted.
    pub rolled: u64,
    pub switch: Switch,
    /// How long the last broker is missing while the state is already `running`.
    pub tail: u64,
    /// When the cluster polls idle for a moment, measured from the onset.
    pub gaps: Vec<u64>,
}

/// The length of a gap: shorter than the time between two polls.
const GAP: u64 = 12;

impl ChangeShape {
    pub(super) fn draw(rng: &mut SeededRng, onset: u64) -> Self {
        let outcome = [
            ChangeOutcome::Good,
            ChangeOutcome::Good,
            ChangeOutcome::Good,
            ChangeOutcome::BackOnOld,
            ChangeOutcome::InError,
        ][rng.below(5)];
        let rolled = 60 + rng.below(1_500) as u64;
        let switch = match rng.below(3) {
            0 => Switch::AtAcceptance,
            1 => Switch::Halfway,
            _ => Switch::Late(rng.below(200) as u64),
        };
        let tail =
            if outcome == ChangeOutcome::Good && rng.below(3) == 0 { 20 + rng.below(100) as u64 } else { 0 };
        let gaps = (0..rng.below(4)).map(|_| 20 + rng.below(1_500) as u64).filter(|gap| gap + 40 < rolled);
        let mut gaps: Vec<u64> = gaps.collect();
        gaps.sort_unstable();
        gaps.dedup_by(|next, kept| *next < *kept + 45);
        Self { outcome, onset, rolled, switch, tail, gaps }
    }

    /// Returns the time from acceptance to the end.
    fn length(&self, kind: ChangeKind) -> u64 {
        let late = match (self.switch, kind) {
            (Switch::Late(after), ChangeKind::Upgrade(_)) if self.outcome == ChangeOutcome::Good => after,
            _ => 0,
        };
        self.onset + self.rolled + self.tail.max(late)
    }
}

#[derive(Debug, Clone)]
pub(super) struct Change {
    pub by: Author,
    pub kind: ChangeKind,
    /// When the service accepted it.
    pub at: u64,
    pub shape: ChangeShape,
}

impl Change {
    fn end(&self) -> u64 {
        self.at + self.shape.length(self.kind)
    }
}

/// Why a running change does not show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HiddenPhase {
    /// It does not show yet.
    Early,
    /// The cluster polls idle for a moment.
    Gap,
}

/// The state of the cluster at one time, and what a service without faults reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct View {
    pub state: &'static str,
    pub version: u64,
    pub colors: Vec<&'static str>,
    /// The number of brokers in the cluster's entry.
    pub count: u64,
    /// A change is running, from its acceptance to its real end.
    pub is_busy: bool,
    /// A change is running, and at most the version shows it.
    pub hidden: Option<HiddenPhase>,
}

impl View {
    /// Returns true for an idle cluster at this version.
    pub(super) fn is_good(&self, version: u64) -> bool {
        !self.is_busy && self.state == "running" && self.version == version
    }

    /// Returns true for a cluster whose last change is over and did not lead to this version.
    pub(super) fn is_bad(&self, version: u64) -> bool {
        !self.is_busy && (self.state == "error" || self.version != version)
    }
}

/// One cluster.
#[derive(Debug, Default)]
pub(super) struct SimulatedCluster {
    pub changes: Vec<Change>,
}

impl SimulatedCluster {
    pub(super) fn at(&self, time: Duration) -> View {
        let now = time.as_secs();
        let (mut version, mut count) = (OLD, 3);
        let mut state = "running";
        for change in self.changes.iter().filter(|change| change.at <= now) {
            let is_over = now >= change.end();
            if !is_over {
                return during(change, now - change.at, version, count);
            }
            match (change.shape.outcome, change.kind) {
                (ChangeOutcome::Good, ChangeKind::Upgrade(target)) => version = target,
                (ChangeOutcome::Good, ChangeKind::Resize) => count += 1,
                (ChangeOutcome::InError, _) => state = "error",
                _ => {}
            }
        }
        View { state, version, colors: green(count), count, is_busy: false, hidden: None }
    }

    /// Starts a change. Returns false if the service does not accept it.
    pub(super) fn change(
        &mut self,
        time: Duration,
        by: Author,
        kind: ChangeKind,
        shape: ChangeShape,
    ) -> bool {
        let now = self.at(time);
        let is_forward = !matches!(kind, ChangeKind::Upgrade(version) if version <= now.version);
        let is_possible = !now.is_busy && now.state == "running" && is_forward;
        if is_possible {
            self.changes.push(Change { by, kind, at: time.as_secs(), shape });
        }
        is_possible
    }

    /// Returns true if `holds` was true at some time in the last `seconds`.
    pub(super) fn was(&self, now: Duration, seconds: u64, holds: impl Fn(&View) -> bool) -> bool {
        (0..=seconds).any(|ago| holds(&self.at(now.saturating_sub(Duration::from_secs(ago)))))
    }

    /// Returns true if `holds` was true at every time in the last `seconds`.
    pub(super) fn stayed(&self, now: Duration, seconds: u64, holds: impl Fn(&View) -> bool) -> bool {
        !self.was(now, seconds, |view| !holds(view))
    }

    /// Returns the time at which all changes are over.
    pub(super) fn end(&self) -> Duration {
        Duration::from_secs(self.changes.iter().map(Change::end).max().unwrap_or_default())
    }

    /// Returns true when this run's start was executed.
    pub(super) fn was_changed_by(&self, run: &str) -> bool {
        self.changes.iter().any(|change| change.by == Author::Run(run.to_owned()))
    }
}

fn green(count: u64) -> Vec<&'static str> {
    (0..count).map(|_| "green").collect()
}

/// Returns the view `after` seconds of a change.
fn during(change: &Change, after: u64, version: u64, count: u64) -> View {
    let shape = &change.shape;
    let since_onset = after.checked_sub(shape.onset);
    let is_rolled = since_onset.is_some_and(|since| since >= shape.rolled);
    let has_switched = match shape.switch {
        Switch::AtAcceptance => true,
        Switch::Halfway => since_onset.is_some_and(|since| since >= shape.rolled / 2),
        Switch::Late(late) => since_onset.is_some_and(|since| since >= shape.rolled + late),
    };
    let version = match change.kind {
        ChangeKind::Upgrade(target)
            if has_switched && (shape.outcome != ChangeOutcome::InError || !is_rolled) =>
        {
            target
        }
        _ => version,
    };
    let colors = green(count);
    let mut view = View { state: "running", version, colors, count, is_busy: true, hidden: None };
    let Some(since) = since_onset else {
        view.hidden = Some(HiddenPhase::Early);
        return view;
    };
    if is_rolled {
        if since < shape.rolled + shape.tail {
            view.colors.pop();
        }
        return view;
    }
    if shape.gaps.iter().any(|gap| (*gap..gap + GAP).contains(&since)) {
        view.hidden = Some(HiddenPhase::Gap);
        return view;
    }
    view.state = "changing";
    let broker = usize::try_from(since * count / shape.rolled).unwrap_or_default();
    if let Some(color) = view.colors.get_mut(broker) {
        *color = "orange";
    }
    view
}
