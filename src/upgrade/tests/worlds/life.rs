//! The truth about one cluster: every change that was made to it, and what follows from them at any moment.

use std::time::Duration;

use crate::injector::dice::Dice;

pub(super) const OLD: u64 = 3_713_006;
pub(super) const BETWEEN: u64 = 3_813_006;
pub(super) const NEW: u64 = 3_903_006;

/// Who made a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum By {
    /// A run of cdss, by its id.
    Run(String),
    /// Somebody at the console.
    Colleague,
}

/// What a change does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Upgrade(u64),
    Restart,
    /// Adds a broker.
    Resize,
}

/// How a change ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    Good,
    /// Every broker is back, on the version before.
    BackOnOld,
    InError,
}

/// When the version that the service reports switches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Switch {
    AtAcceptance,
    Halfway,
    /// So many seconds after the last broker is back.
    Late(u64),
}

/// How a change goes. Times are in seconds.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    pub ending: Ending,
    /// From acceptance until the first sign of it.
    pub onset: u64,
    /// From the onset until the last broker is back.
    pub rolled: u64,
    pub switch: Switch,
    /// The state is already `running`, and the last broker is not listed yet.
    pub tail: u64,
    /// After the onset, when all is running and green for a moment.
    pub gaps: Vec<u64>,
}

/// How long such a moment lasts: shorter than the time between two looks.
const GAP: u64 = 12;

impl Shape {
    pub(super) fn draw(dice: &mut Dice, onset: u64) -> Self {
        let ending =
            [Ending::Good, Ending::Good, Ending::Good, Ending::BackOnOld, Ending::InError][dice.roll(5)];
        let rolled = 60 + dice.roll(1_500) as u64;
        let switch = match dice.roll(3) {
            0 => Switch::AtAcceptance,
            1 => Switch::Halfway,
            _ => Switch::Late(dice.roll(200) as u64),
        };
        let tail = if ending == Ending::Good && dice.roll(3) == 0 { 20 + dice.roll(100) as u64 } else { 0 };
        let gaps = (0..dice.roll(4)).map(|_| 20 + dice.roll(1_500) as u64).filter(|gap| gap + 40 < rolled);
        let mut gaps: Vec<u64> = gaps.collect();
        gaps.sort_unstable();
        gaps.dedup_by(|next, kept| *next < *kept + 45);
        Self { ending, onset, rolled, switch, tail, gaps }
    }

    /// From acceptance until all is over.
    fn length(&self, kind: Kind) -> u64 {
        let late = match (self.switch, kind) {
            (Switch::Late(after), Kind::Upgrade(_)) if self.ending == Ending::Good => after,
            _ => 0,
        };
        self.onset + self.rolled + self.tail.max(late)
    }
}

#[derive(Debug, Clone)]
pub(super) struct Change {
    pub by: By,
    pub kind: Kind,
    /// When the service accepted it.
    pub at: u64,
    pub shape: Shape,
}

impl Change {
    fn end(&self) -> u64 {
        self.at + self.shape.length(self.kind)
    }
}

/// Why a change does not show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hidden {
    /// Its first sign is yet to come.
    Early,
    /// All is running and green for a moment.
    Gap,
}

/// What is true of the cluster at one moment, and what the service reports of it if nothing is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct View {
    pub state: &'static str,
    pub version: u64,
    pub colors: Vec<&'static str>,
    /// How many brokers the cluster's entry counts.
    pub count: u64,
    /// A change is under way, from its acceptance to its true end.
    pub is_busy: bool,
    /// A change is under way, and nothing but maybe the version shows it.
    pub hidden: Option<Hidden>,
}

impl View {
    /// Returns true for a cluster at rest on this version.
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
pub(super) struct Life {
    pub changes: Vec<Change>,
}

impl Life {
    pub(super) fn at(&self, time: Duration) -> View {
        let now = time.as_secs();
        let (mut version, mut count) = (OLD, 3);
        let mut state = "running";
        for change in self.changes.iter().filter(|change| change.at <= now) {
            let is_over = now >= change.end();
            if !is_over {
                return during(change, now - change.at, version, count);
            }
            match (change.shape.ending, change.kind) {
                (Ending::Good, Kind::Upgrade(target)) => version = target,
                (Ending::Good, Kind::Resize) => count += 1,
                (Ending::InError, _) => state = "error",
                _ => {}
            }
        }
        View { state, version, colors: green(count), count, is_busy: false, hidden: None }
    }

    /// Makes a change at this moment. Returns false where the service does not take it.
    pub(super) fn change(&mut self, time: Duration, by: By, kind: Kind, shape: Shape) -> bool {
        let now = self.at(time);
        let is_forward = !matches!(kind, Kind::Upgrade(version) if version <= now.version);
        let is_possible = !now.is_busy && now.state == "running" && is_forward;
        if is_possible {
            self.changes.push(Change { by, kind, at: time.as_secs(), shape });
        }
        is_possible
    }

    /// Returns true where `holds` was true at some moment of the last `seconds`.
    pub(super) fn was(&self, now: Duration, seconds: u64, holds: impl Fn(&View) -> bool) -> bool {
        (0..=seconds).any(|ago| holds(&self.at(now.saturating_sub(Duration::from_secs(ago)))))
    }

    /// Returns true where `holds` was true at every moment of the last `seconds`.
    pub(super) fn stayed(&self, now: Duration, seconds: u64, holds: impl Fn(&View) -> bool) -> bool {
        !self.was(now, seconds, |view| !holds(view))
    }

    /// Returns the moment at which every change so far is over.
    pub(super) fn end(&self) -> Duration {
        Duration::from_secs(self.changes.iter().map(Change::end).max().unwrap_or_default())
    }

    /// Returns true when this run's start was executed.
    pub(super) fn was_changed_by(&self, run: &str) -> bool {
        self.changes.iter().any(|change| change.by == By::Run(run.to_owned()))
    }
}

fn green(count: u64) -> Vec<&'static str> {
    (0..count).map(|_| "green").collect()
}

/// The view `after` so many seconds of a change.
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
        Kind::Upgrade(target) if has_switched && (shape.ending != Ending::InError || !is_rolled) => target,
        _ => version,
    };
    let colors = green(count);
    let mut view = View { state: "running", version, colors, count, is_busy: true, hidden: None };
    let Some(since) = since_onset else {
        view.hidden = Some(Hidden::Early);
        return view;
    };
    if is_rolled {
        if since < shape.rolled + shape.tail {
            view.colors.pop();
        }
        return view;
    }
    if shape.gaps.iter().any(|gap| (*gap..gap + GAP).contains(&since)) {
        view.hidden = Some(Hidden::Gap);
        return view;
    }
    view.state = "changing";
    let broker = usize::try_from(since * count / shape.rolled).unwrap_or_default();
    if let Some(color) = view.colors.get_mut(broker) {
        *color = "orange";
    }
    view
}
