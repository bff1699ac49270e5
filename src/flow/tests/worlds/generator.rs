//! Draws a world from its seed.

use std::time::Duration;

use super::clock::Fate;
use super::faults::{Faults, StartFate};
use super::journals::Mishap;
use super::life::{BETWEEN, Kind, NEW};
use super::runners::{Accepting, Command, Plan};
use crate::injector::dice::Dice;

/// All that is drawn before a world begins.
#[derive(Debug, Clone)]
pub(super) struct WorldPlan {
    /// Nothing goes wrong, and nobody else works on the clusters.
    pub is_calm: bool,
    pub faults: Faults,
    /// What happens to the starts, in turn; the rest are accepted.
    pub starts: Vec<StartFate>,
    /// What colleagues do, and when.
    pub colleagues: Vec<(Duration, usize, Kind)>,
    pub runs: Vec<Plan>,
    /// How many of the two regions are used.
    pub regions: usize,
}

fn seconds(seconds: usize) -> Duration {
    Duration::from_secs(seconds as u64)
}

impl WorldPlan {
    pub(super) fn draw(dice: &mut Dice) -> Self {
        let is_calm = dice.roll(10) == 0;
        let regions = if dice.roll(4) == 0 { 2 } else { 1 };
        let count = 1 + dice.roll(3);
        let mut runs: Vec<Plan> = (0..count).map(|turn| draw_run(dice, is_calm, regions, turn, true)).collect();
        if let Some(first) = runs.first_mut() {
            first.after = seconds(60 + dice.roll(600));
        }
        let starts = if is_calm {
            Vec::new()
        } else {
            (0..6)
                .map(|_| match dice.roll(2) {
                    0 => StartFate::Accepted,
                    _ => dice.pick(&StartFate::FAULTS),
                })
                .collect()
        };
        let faults = if is_calm { Faults::default() } else { Faults::draw(dice) };
        let colleagues = if is_calm { Vec::new() } else { draw_colleagues(dice, &runs, regions) };
        Self { is_calm, faults, starts, colleagues, runs, regions }
    }
}

/// Colleagues act at any time, and often just when a run begins.
fn draw_colleagues(dice: &mut Dice, runs: &[Plan], regions: usize) -> Vec<(Duration, usize, Kind)> {
    let mut acts: Vec<(Duration, usize, Kind)> = (0..dice.roll(4))
        .map(|_| {
            let at = if dice.roll(2) == 0 {
                runs.first().map_or(Duration::ZERO, |run| run.after) + seconds(dice.roll(40))
            } else {
                seconds(dice.roll(5_000))
            };
            let kinds = [Kind::Upgrade(NEW), Kind::Upgrade(BETWEEN), Kind::Restart, Kind::Restart, Kind::Resize];
            (at, dice.roll(regions), dice.pick(&kinds))
        })
        .collect();
    acts.sort_by_key(|(at, ..)| *at);
    acts
}

fn draw_command(dice: &mut Dice) -> Command {
    match dice.roll(10) {
        0 => Command::Check { all: dice.roll(3) == 0 },
        1 => Command::Status { version: dice.roll(4) > 0, watch: dice.roll(4) > 0 },
        _ => Command::Upgrade {
            waits: dice.roll(4) > 0,
            typed_after: (dice.roll(3) == 0).then(|| seconds(dice.roll(400))),
            require_journal: dice.roll(6) == 0,
        },
    }
}

fn draw_run(dice: &mut Dice, is_calm: bool, regions: usize, turn: usize, may_nest: bool) -> Plan {
    let longest = dice.pick(&[20, 300, 3_000]);
    let mut plan = Plan {
        after: seconds(dice.roll(longest)),
        mishap: Mishap::None,
        command: draw_command(dice),
        region: dice.roll(regions),
        journal: 0,
        accepting: Accepting::Nothing,
        timeout: seconds(3 * 60 * 60),
        by_number: dice.roll(2) == 0,
        fate: Fate::Lives,
        nested: None,
    };
    if is_calm {
        // Nobody watches an upgrade that is not waited for, so nobody may know its end.
        if let Command::Upgrade { waits, .. } = &mut plan.command {
            *waits = true;
        }
        return plan;
    }
    if dice.roll(4) == 0 {
        plan.journal = 1;
    }
    if turn > 0 {
        plan.mishap = match dice.roll(12) {
            0 | 1 => Mishap::Damaged,
            2 => Mishap::Lost,
            3 if plan.journal == 1 => Mishap::CopiedFromFirst,
            4 if plan.journal == 1 => Mishap::CopiedFromFirst,
            5 => Mishap::ReadOnly,
            6 => Mishap::Repaired,
            _ => Mishap::None,
        };
        plan.accepting = match dice.roll(8) {
            0 => Accepting::All,
            1 => Accepting::Latest,
            2 => Accepting::Damage,
            _ => Accepting::Nothing,
        };
    }
    if dice.roll(8) == 0 {
        plan.timeout = seconds(60 + dice.roll(1_200));
    }
    let within = dice.pick(&[30, 60, 400]);
    let step = u32::try_from(1 + dice.roll(within)).unwrap_or(1);
    plan.fate = match dice.roll(8) {
        0..=2 => Fate::Killed { step, is_torn: dice.roll(3) == 0 },
        3 => Fate::Signal { step },
        _ => Fate::Lives,
    };
    if may_nest && dice.roll(4) == 0 {
        let mut inside = draw_run(dice, false, regions, 0, false);
        inside.after = Duration::ZERO;
        inside.region = plan.region;
        if dice.roll(2) == 0 {
            inside.journal = plan.journal;
        }
        if let Command::Upgrade { waits, typed_after, .. } = &mut inside.command {
            (*waits, *typed_after) = (false, None);
        }
        plan.nested = Some((u32::try_from(1 + dice.roll(25)).unwrap_or(1), Box::new(inside)));
    }
    plan
}
