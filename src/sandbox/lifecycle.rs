//! The life of an upgrade: what a cluster shows at each step after an accepted start.

use super::options::Pace;
use super::scenario::Scenario;

pub(super) const GREEN: &str = "green";
pub(super) const ORANGE: &str = "orange";
const RED: &str = "red";
pub(super) const RUNNING: &str = "running";
pub(super) const CHANGING: &str = "changing";

/// Steps in which `late-version` looks finished but is not: chosen, longer than two looks of a client.
const LATE_VERSION_STEPS: usize = 6;

/// What a cluster shows at one step.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct StepState {
    pub(super) status: &'static str,
    /// One colour for each broker.
    pub(super) colors: Vec<&'static str>,
    /// Whether version and config group are the new ones.
    pub(super) is_switched: bool,
    /// Whether the service is still at work, whatever it shows.
    pub(super) is_in_progress: bool,
}

/// Returns the step at a time: `accepted_ms` and `now_ms` are Unix milliseconds, `looks` the answered reads since.
pub(super) fn step_at(pace: Pace, accepted_ms: u64, now_ms: u64, looks: usize) -> usize {
    match pace {
        // The first look finds what the start left.
        Pace::Polls => looks.saturating_sub(1),
        Pace::Clock { step } => {
            let elapsed = u128::from(now_ms.saturating_sub(accepted_ms));
            usize::try_from(elapsed / step.as_millis().max(1)).unwrap_or(usize::MAX)
        }
    }
}

/// Returns how many steps a broker takes to restart: chosen, so that a client misses none at its usual poll.
pub(super) fn restart_steps(pace: Pace) -> usize {
    match pace {
        Pace::Clock { .. } => 9,
        Pace::Polls => 2,
    }
}

/// Returns what is shown at a step: at 0 nothing moves yet, then each broker restarts for `restart` steps and is
/// green for one, then one more step passes before the new version runs.
pub(super) fn state_at(step: usize, scenario: Scenario, brokers: usize, restart: usize) -> StepState {
    let turn = restart + 1;
    let rolled = brokers * turn;
    let mut moment = StepState {
        status: CHANGING,
        colors: vec![GREEN; brokers],
        is_switched: scenario == Scenario::EarlyVersion,
        is_in_progress: true,
    };
    let second = (step > turn).then(|| &mut moment.colors[1]);
    match (scenario, second) {
        (Scenario::Stalled, Some(colour)) => *colour = ORANGE,
        (Scenario::BrokerRed, Some(colour)) => *colour = RED,
        (Scenario::EndsInError, Some(colour)) => {
            *colour = RED;
            moment.status = "error";
            moment.is_in_progress = false;
        }
        _ if step == 0 || step == rolled + 1 => {}
        _ if step <= rolled => apply_rolling_restart(&mut moment, step - 1, scenario, restart),
        _ => {
            let late = scenario == Scenario::LateVersion && step <= rolled + 1 + LATE_VERSION_STEPS;
            moment.status = RUNNING;
            moment.is_switched = !late && scenario != Scenario::EndsOnOldVersion;
            moment.is_in_progress = late;
        }
    }
    moment
}

/// Sets what is shown while one broker after another restarts, `since` steps after the first began.
fn apply_rolling_restart(moment: &mut StepState, since: usize, scenario: Scenario, restart: usize) {
    /// Green is among them: a broker may look well in the middle of its restart.
    const WAVERING: [&str; 4] = ["yellow", "gray", ORANGE, GREEN];

    let (broker, phase) = (since / (restart + 1), since % (restart + 1));
    let flapping = scenario == Scenario::Flapping;
    if phase < restart {
        moment.colors[broker] = if flapping { WAVERING[(broker + phase) % WAVERING.len()] } else { ORANGE };
    } else if flapping {
        moment.status = RUNNING;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Writes a moment as a word: first letters of status and colours, then `+` once switched, `.` once at rest.
    fn word(step: usize, scenario: Scenario) -> String {
        let moment = state_at(step, scenario, 3, 2);
        let mut word = moment.status[..1].to_owned();
        word.extend(
            moment
                .colors
                .iter()
                .map(|colour| if *colour == "gray" { '?' } else { colour.as_bytes()[0].into() }),
        );
        word.push_str(if moment.is_switched { "+" } else { "" });
        word.push_str(if moment.is_in_progress { "" } else { "." });
        word
    }

    #[test]
    fn each_scenario_runs_its_course() {
        let table = [
            (Scenario::Healthy, "cggg cogg cogg cggg cgog cgog cggg cggo cggo cggg cggg rggg+. rggg+."),
            (
                Scenario::EarlyVersion,
                "cggg+ cogg+ cogg+ cggg+ cgog+ cgog+ cggg+ cggo+ cggo+ cggg+ cggg+ rggg+. rggg+.",
            ),
            (Scenario::Flapping, "cggg cygg c?gg rggg cg?g cgog rggg cggo cggg rggg cggg rggg+. rggg+."),
            (
                Scenario::EndsOnOldVersion,
                "cggg cogg cogg cggg cgog cgog cggg cggo cggo cggg cggg rggg. rggg.",
            ),
            (
                Scenario::EndsInError,
                "cggg cogg cogg cggg egrg. egrg. egrg. egrg. egrg. egrg. egrg. egrg. egrg.",
            ),
            (Scenario::Stalled, "cggg cogg cogg cggg cgog cgog cgog cgog cgog cgog cgog cgog cgog"),
            (Scenario::BrokerRed, "cggg cogg cogg cggg cgrg cgrg cgrg cgrg cgrg cgrg cgrg cgrg cgrg"),
        ];
        for (scenario, expected) in table {
            let words: Vec<_> = (0..13).map(|step| word(step, scenario)).collect();
            assert_eq!(words.join(" "), expected, "{scenario}");
        }
    }

    #[test]
    fn a_late_version_looks_finished_for_six_steps() {
        let words: Vec<_> = (10..19).map(|step| word(step, Scenario::LateVersion)).collect();
        assert_eq!(words.join(" "), "cggg rggg rggg rggg rggg rggg rggg rggg+. rggg+.");
    }

    #[test]
    fn no_flapping_gap_is_longer_than_a_step() {
        for brokers in 3..=10 {
            for restart in [2, 9] {
                let shown = |step| state_at(step, Scenario::Flapping, brokers, restart);
                let looks_done = |step| {
                    let moment = shown(step);
                    moment.status == RUNNING
                        && !moment.is_switched
                        && moment.colors.iter().all(|c| *c == GREEN)
                };
                let end = brokers * (restart + 1) + 2;
                assert!((0..end).all(|step| !(looks_done(step) && looks_done(step + 1))));
                assert!((0..end).any(looks_done));
            }
        }
    }

    #[test]
    fn three_brokers_take_six_seconds_by_the_clock() {
        let pace = Pace::Clock { step: Duration::from_millis(200) };
        let at = |milliseconds: u64| {
            let step = step_at(pace, 1_000, 1_000 + milliseconds, 0);
            state_at(step, Scenario::Healthy, 3, restart_steps(pace))
        };
        assert_eq!(at(199).colors, [GREEN, GREEN, GREEN]);
        assert_eq!(at(200).colors, [ORANGE, GREEN, GREEN]);
        assert!(at(6_399).is_in_progress);
        assert!(at(6_400).is_switched);
    }

    #[test]
    fn a_clock_that_was_set_back_or_has_no_step_does_no_harm() {
        assert_eq!(step_at(Pace::Clock { step: Duration::from_millis(200) }, 1_000, 0, 0), 0);
        assert_eq!(step_at(Pace::Clock { step: Duration::ZERO }, 0, 7, 0), 7);
    }
}
