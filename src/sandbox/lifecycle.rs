//! The lifecycle of an upgrade: the state of a cluster at each step after an accepted start.

use strum::{Display, EnumString};

use super::options::Pace;
use super::scenario::Scenario;

/// The status of a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Display, EnumString)]
#[strum(serialize_all = "lowercase")]
pub(super) enum Status {
    Running,
    Changing,
    Error,
    /// A word of an account change, which the service may not know.
    #[strum(default)]
    Other(String),
}

/// The color of a broker, the most severe first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Display, EnumString)]
#[strum(serialize_all = "lowercase")]
pub(super) enum Color {
    Red,
    Orange,
    Yellow,
    Gray,
    /// A word of an account change, which the service may not know.
    #[strum(default)]
    Other(String),
    Green,
}

/// The number of steps in which `late-version` looks finished but is not. Chosen: longer than two polls of a client.
const LATE_VERSION_STEPS: usize = 6;

/// The state of a cluster at one step.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct StepState {
    pub(super) status: Status,
    /// One color for each broker.
    pub(super) colors: Vec<Color>,
    /// Whether the cluster shows the new version and config group.
    pub(super) is_switched: bool,
    /// Whether the upgrade is still running, whatever the status is.
    pub(super) is_in_progress: bool,
}

/// Returns the current step. Times are in Unix milliseconds; `polls` counts the reads since the start.
pub(super) fn step_at(pace: Pace, accepted_ms: u64, now_ms: u64, polls: usize) -> usize {
    match pace {
        // The first poll shows the state right after the start.
        Pace::Polls => polls.saturating_sub(1),
        Pace::Clock { step } => {
            let elapsed = u128::from(now_ms.saturating_sub(accepted_ms));
            usize::try_from(elapsed / step.as_millis().max(1)).unwrap_or(usize::MAX)
        }
    }
}

/// Returns how many steps a broker takes to restart. Chosen: a client misses no restart at its usual polling interval.
pub(super) fn restart_steps(pace: Pace) -> usize {
    match pace {
        Pace::Clock { .. } => 9,
        Pace::Polls => 2,
    }
}

/// Returns the state at a step. At step 0 nothing has changed. Then each broker restarts for `restart` steps and is green
/// for one step. One more step passes before the new version is running.
pub(super) fn state_at(step: usize, scenario: Scenario, brokers: usize, restart: usize) -> StepState {
    let steps_per_broker = restart + 1;
    let last_restart_step = brokers * steps_per_broker;
    let mut state = StepState {
        status: Status::Changing,
        colors: vec![Color::Green; brokers],
        is_switched: scenario == Scenario::EarlyVersion,
        is_in_progress: true,
    };
    let second = (step > steps_per_broker).then(|| &mut state.colors[1]);
    match (scenario, second) {
        (Scenario::Stalled, Some(color)) => *color = Color::Orange,
        (Scenario::BrokerRed, Some(color)) => *color = Color::Red,
        (Scenario::EndsInError, Some(color)) => {
            *color = Color::Red;
            state.status = Status::Error;
            state.is_in_progress = false;
        }
        _ if step == 0 || step == last_restart_step + 1 => {}
        _ if step <= last_restart_step => apply_rolling_restart(&mut state, step - 1, scenario, restart),
        _ => {
            let is_late =
                scenario == Scenario::LateVersion && step <= last_restart_step + 1 + LATE_VERSION_STEPS;
            state.status = Status::Running;
            state.is_switched = !is_late && scenario != Scenario::EndsOnOldVersion;
            state.is_in_progress = is_late;
        }
    }
    state
}

/// Sets the state during the rolling restart, `since` steps after the first broker began to restart.
fn apply_rolling_restart(state: &mut StepState, since: usize, scenario: Scenario, restart: usize) {
    /// Includes green: a broker may look healthy during its restart.
    const FLAPPING_COLORS: [Color; 4] = [Color::Yellow, Color::Gray, Color::Orange, Color::Green];

    let (broker, phase) = (since / (restart + 1), since % (restart + 1));
    let is_flapping = scenario == Scenario::Flapping;
    if phase < restart {
        state.colors[broker] = if is_flapping {
            FLAPPING_COLORS[(broker + phase) % FLAPPING_COLORS.len()].clone()
        } else {
            Color::Orange
        };
    } else if is_flapping {
        state.status = Status::Running;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Encodes a state as text: first letters of status and colors, `+` once switched, `.` once finished.
    fn encode(step: usize, scenario: Scenario) -> String {
        let state = state_at(step, scenario, 3, 2);
        let mut word = state.status.to_string();
        word.truncate(1);
        for color in state.colors {
            let letter = if color == Color::Gray { "?".to_owned() } else { color.to_string() };
            word.push_str(&letter[..1]);
        }
        word.push_str(if state.is_switched { "+" } else { "" });
        word.push_str(if state.is_in_progress { "" } else { "." });
        word
    }

    #[test]
    fn scenarios_go_through_their_states() {
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
            let words: Vec<_> = (0..13).map(|step| encode(step, scenario)).collect();
            assert_eq!(words.join(" "), expected, "{scenario}");
        }
    }

    #[test]
    fn late_version_looks_finished_for_six_steps() {
        let words: Vec<_> = (10..19).map(|step| encode(step, Scenario::LateVersion)).collect();
        assert_eq!(words.join(" "), "cggg rggg rggg rggg rggg rggg rggg rggg+. rggg+.");
    }

    #[test]
    fn flapping_looks_finished_for_one_step_at_most() {
        for brokers in 3..=10 {
            for restart in [2, 9] {
                let state_of = |step| state_at(step, Scenario::Flapping, brokers, restart);
                let looks_finished = |step| {
                    let state = state_of(step);
                    state.status == Status::Running
                        && !state.is_switched
                        && state.colors.iter().all(|c| *c == Color::Green)
                };
                let end = brokers * (restart + 1) + 2;
                assert!((0..end).all(|step| !(looks_finished(step) && looks_finished(step + 1))));
                assert!((0..end).any(looks_finished));
            }
        }
    }

    #[test]
    fn three_brokers_take_six_seconds() {
        let pace = Pace::Clock { step: Duration::from_millis(200) };
        let at = |milliseconds: u64| {
            let step = step_at(pace, 1_000, 1_000 + milliseconds, 0);
            state_at(step, Scenario::Healthy, 3, restart_steps(pace))
        };
        assert_eq!(at(199).colors, [Color::Green, Color::Green, Color::Green]);
        assert_eq!(at(200).colors, [Color::Orange, Color::Green, Color::Green]);
        assert!(at(6_399).is_in_progress);
        assert!(at(6_400).is_switched);
    }

    #[test]
    fn clock_set_back_or_zero_step_is_handled() {
        assert_eq!(step_at(Pace::Clock { step: Duration::from_millis(200) }, 1_000, 0, 0), 0);
        assert_eq!(step_at(Pace::Clock { step: Duration::ZERO }, 0, 7, 0), 7);
    }
}
