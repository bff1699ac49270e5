//! Draws a world from its seed.

use std::time::Duration;

use super::clock::Fate;
use super::faults::{Faults, StartFate};
use super::journals::JournalMishap;
use super::runners::{AcceptedStarts, Command, Plan};
use super::simulated_cluster::{BETWEEN, ChangeKind, NEW};
use crate::injector::seeded_rng::SeededRng;

/// Everything that is drawn before a world begins.
#[derive(Debug, Clone)]
pub(super) struct WorldPlan {
    /// There are no faults and no other users.
    pub is_calm: bool,
    pub faults: Faults,
    /// The faults after the first start, if they differ.
    pub later: Option<Faults>,
    /// How long reads fail after each start.
    pub outage: Duration,
    /// The outcomes of the starts in order; later starts are accepted.
    pub starts: Vec<StartFate>,
    /// When other users change which cluster, and how.
    pub other_changes: Vec<(Duration, usize, ChangeKind)>,
    pub runs: Vec<Plan>,
    /// The number of regions, at most two.
    pub regions: usize,
}

fn seconds(seconds: usize) -> Duration {
    Duration::from_secs(seconds as u64)
}

/// The theme of a world. Without themes, interesting situations would be rare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Theme {
    Calm,
    Chance,
    /// The first start is refused but executed, and polls fail.
    FalseRefusal,
    /// The first start stays open, and the same command runs again.
    OpenStart,
    /// The first start stays open, and the journal is damaged.
    Damage,
    /// Two regions share a journal, and both change.
    Regions,
    /// Single responses show the state `error`.
    Errors,
    /// Responses are about another cluster.
    OtherCluster,
    /// One start is closed and another is open, and the operator confuses them.
    MixedUp,
    /// Two runs share a journal at the same time.
    Race,
    /// The first attempts to start do not reach the service.
    Throttled,
}

impl Theme {
    const ALL: [Self; 16] = [
        Self::Calm,
        Self::Calm,
        Self::Chance,
        Self::Chance,
        Self::Chance,
        Self::Chance,
        Self::Chance,
        Self::OtherCluster,
        Self::MixedUp,
        Self::Race,
        Self::Throttled,
        Self::FalseRefusal,
        Self::OpenStart,
        Self::Damage,
        Self::Regions,
        Self::Errors,
    ];
}

/// Returns an undisturbed upgrade with `--yes` that waits.
pub(super) fn plain_upgrade(after: Duration) -> Plan {
    Plan {
        after,
        mishap: JournalMishap::None,
        command: Command::Upgrade { waits: true, typed_after: None, require_journal: false },
        region: 0,
        journal: 0,
        accepting: AcceptedStarts::Nothing,
        timeout: seconds(3 * 60 * 60),
        by_number: true,
        fate: Fate::Lives,
        nested: None,
        blocked_at: None,
    }
}

impl WorldPlan {
    pub(super) fn draw(rng: &mut SeededRng) -> Self {
        let theme = rng.pick(&Theme::ALL);
        let mut plan = Self::by_chance(rng, theme == Theme::Calm);
        plan.set(rng, theme);
        plan
    }

    /// Applies the theme.
    fn set(&mut self, rng: &mut SeededRng, theme: Theme) {
        let first = self.runs.first().map_or(Duration::ZERO, |run| run.after);
        let mut again = plain_upgrade(seconds(rng.below(600)));
        match theme {
            Theme::Calm | Theme::Chance => {}
            Theme::FalseRefusal => {
                self.faults.fails = [0, 2, 3][rng.below(3)];
                self.starts[0] = StartFate::RefusedAndDone;
                self.runs[0] = plain_upgrade(first);
                if rng.below(2) == 0 {
                    self.outage = seconds(40);
                } else {
                    self.runs[0].fate = Fate::Killed { step: 16 + step(rng, 12), is_torn: false };
                }
                again.after = seconds(rng.below(2_000));
                self.runs.insert(1, again);
            }
            Theme::OpenStart | Theme::Damage => {
                self.faults = Faults::default();
                self.starts[0] =
                    [StartFate::LostOnly, StartFate::LostAndDoneLate, StartFate::Refused][rng.below(3)];
                self.runs[0] = plain_upgrade(first);
                if rng.below(3) == 0 {
                    self.runs[0].fate = Fate::Killed { step: 14 + step(rng, 20), is_torn: false };
                }
                let is_damaged = theme == Theme::Damage;
                again.mishap = if is_damaged { JournalMishap::Damaged } else { JournalMishap::None };
                again.accepting =
                    rng.pick(&[AcceptedStarts::Nothing, AcceptedStarts::Nothing, AcceptedStarts::Other]);
                self.runs.insert(1, again);
                self.other_changes.retain(|_| rng.below(3) == 0);
            }
            Theme::Regions => {
                self.regions = 2;
                self.runs[0] = plain_upgrade(first);
                self.runs[0].command =
                    Command::Upgrade { waits: false, typed_after: None, require_journal: false };
                again.region = 1;
                self.other_changes = vec![(first + seconds(rng.below(300)), 1, ChangeKind::Upgrade(NEW))];
                self.runs.insert(1, again);
            }
            Theme::Errors => {
                self.faults = Faults::default();
                self.later = Some(Faults { error: 8, ..Faults::default() });
                self.runs[0] = plain_upgrade(first);
            }
            Theme::OtherCluster => {
                self.later = Some(Faults { other_cluster: 4, ..self.faults });
                self.faults = Faults::default();
                self.runs[0] = plain_upgrade(first);
            }
            Theme::MixedUp => {
                self.faults = Faults::default();
                self.starts[..2].copy_from_slice(&[StartFate::Refused, StartFate::LostOnly]);
                self.runs[0] = plain_upgrade(first);
                self.other_changes.clear();
                self.runs.truncate(1);
                self.runs.push(again.clone());
                again.accepting = AcceptedStarts::Other;
                self.runs.push(again);
            }
            Theme::Race => {
                self.faults = Faults::default();
                self.starts[0] = StartFate::LostOnly;
                self.runs[0] = plain_upgrade(first);
                let mut other = plain_upgrade(Duration::ZERO);
                other.fate = Fate::Killed { step: 13 + step(rng, 6), is_torn: false };
                self.runs[0].nested = Some((5 + step(rng, 12), Box::new(other)));
                self.other_changes.retain(|_| rng.below(3) == 0);
            }
            Theme::Throttled => {
                self.starts[0] = StartFate::Unsent;
                self.runs[0] = plain_upgrade(first);
                self.other_changes.push((first + seconds(3), 0, ChangeKind::Restart));
                self.other_changes.sort_by_key(|(at, ..)| *at);
                self.other_changes.retain(|_| rng.below(2) == 0);
            }
        }
    }

    fn by_chance(rng: &mut SeededRng, is_calm: bool) -> Self {
        let regions = if rng.below(4) == 0 { 2 } else { 1 };
        let count = 1 + rng.below(3);
        let mut runs: Vec<Plan> =
            (0..count).map(|turn| draw_run(rng, is_calm, regions, turn, true)).collect();
        if let Some(first) = runs.first_mut() {
            first.after = seconds(60 + rng.below(600));
        }
        let starts = if is_calm {
            Vec::new()
        } else {
            (0..6)
                .map(|_| match rng.below(2) {
                    0 => StartFate::Accepted,
                    _ => rng.pick(&StartFate::FAULTS),
                })
                .collect()
        };
        let faults = if is_calm { Faults::default() } else { Faults::draw(rng) };
        let other_changes = if is_calm { Vec::new() } else { draw_colleagues(rng, &runs, regions) };
        Self { is_calm, faults, later: None, outage: Duration::ZERO, starts, other_changes, runs, regions }
    }
}

/// Draws the changes of other users, at any time and often when a run begins.
fn draw_colleagues(rng: &mut SeededRng, runs: &[Plan], regions: usize) -> Vec<(Duration, usize, ChangeKind)> {
    let mut acts: Vec<(Duration, usize, ChangeKind)> = (0..rng.below(4))
        .map(|_| {
            let at = if rng.below(2) == 0 {
                runs.first().map_or(Duration::ZERO, |run| run.after) + seconds(rng.below(40))
            } else {
                seconds(rng.below(5_000))
            };
            let kinds = [
                ChangeKind::Upgrade(NEW),
                ChangeKind::Upgrade(BETWEEN),
                ChangeKind::Restart,
                ChangeKind::Restart,
                ChangeKind::Resize,
            ];
            (at, rng.below(regions), rng.pick(&kinds))
        })
        .collect();
    acts.sort_by_key(|(at, ..)| *at);
    acts
}

fn draw_command(rng: &mut SeededRng) -> Command {
    match rng.below(10) {
        0 => Command::Check { all: rng.below(3) == 0 },
        1 => Command::Status { version: rng.below(4) > 0, watch: rng.below(4) > 0 },
        _ => Command::Upgrade {
            waits: rng.below(4) > 0,
            typed_after: (rng.below(3) == 0).then(|| seconds(rng.below(400))),
            require_journal: rng.below(6) == 0,
        },
    }
}

fn step(rng: &mut SeededRng, within: usize) -> u32 {
    u32::try_from(1 + rng.below(within)).unwrap_or(1)
}

fn draw_run(rng: &mut SeededRng, is_calm: bool, regions: usize, turn: usize, may_nest: bool) -> Plan {
    let longest = rng.pick(&[20, 300, 3_000]);
    let mut plan = plain_upgrade(seconds(rng.below(longest)));
    (plan.command, plan.region, plan.by_number) = (draw_command(rng), rng.below(regions), rng.below(2) == 0);
    if is_calm {
        // The end of an upgrade that is not watched may stay unknown.
        if let Command::Upgrade { waits, .. } = &mut plan.command {
            *waits = true;
        }
        return plan;
    }
    if rng.below(4) == 0 {
        plan.journal = 1;
    }
    if turn > 0 {
        plan.mishap = match rng.below(12) {
            0 | 1 => JournalMishap::Damaged,
            2 => JournalMishap::Lost,
            3 | 4 if plan.journal == 1 => JournalMishap::CopiedFromFirst,
            5 => JournalMishap::ReadOnly,
            6 => JournalMishap::Repaired,
            _ => JournalMishap::None,
        };
        plan.accepting = match rng.below(8) {
            0 => AcceptedStarts::All,
            1 => AcceptedStarts::Latest,
            2 => AcceptedStarts::Damage,
            3 => AcceptedStarts::Other,
            _ => AcceptedStarts::Nothing,
        };
    }
    if rng.below(8) == 0 {
        plan.timeout = seconds(60 + rng.below(1_200));
    }
    let within = rng.pick(&[30, 60, 400]);
    let step_of_end = step(rng, within);
    plan.fate = match rng.below(8) {
        0..=2 => Fate::Killed { step: step_of_end, is_torn: rng.below(3) == 0 },
        3 => Fate::Signal { step: step_of_end },
        _ => Fate::Lives,
    };
    if rng.below(12) == 0 {
        plan.blocked_at = Some(step(rng, 40));
    }
    if may_nest && rng.below(4) == 0 {
        let mut inside = draw_run(rng, false, regions, 0, false);
        inside.after = Duration::ZERO;
        inside.region = plan.region;
        if rng.below(2) == 0 {
            inside.journal = plan.journal;
        }
        if let Command::Upgrade { waits, typed_after, .. } = &mut inside.command {
            (*waits, *typed_after) = (false, None);
        }
        plan.nested = Some((step(rng, 25), Box::new(inside)));
    }
    plan
}
