//! The lifecycle of an upgrade: what the API shows of a cluster at each step after an accepted start.

use std::time::Duration;

use strum::{Display, EnumString};

use super::options::{AccountChange, Pace};
use super::scenario::Scenario;
use super::service::{Cluster, Service, Upgrade};

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

/// The colors of a broker during its restart in `flapping`. They include green: it may look healthy.
const FLAPPING_COLORS: [Color; 4] = [Color::Yellow, Color::Gray, Color::Orange, Color::Green];

/// What the API shows of a cluster.
pub(super) struct ClusterView {
    pub(super) status: Status,
    /// One color for each broker.
    pub(super) colors: Vec<Color>,
    pub(super) version: String,
    pub(super) group: u64,
    /// The number of brokers that have restarted with the new version. They are the first ones.
    pub(super) upgraded: usize,
    /// Whether an upgrade is running, whatever the status is.
    pub(super) is_in_progress: bool,
}

impl Service {
    /// Returns what the API shows of a cluster at the time of the current request.
    pub(super) fn view(&self, cluster: &Cluster) -> ClusterView {
        let mut view = ClusterView {
            status: Status::Running,
            colors: vec![Color::Green; cluster.brokers],
            version: cluster.version.clone(),
            group: cluster.group,
            upgraded: 0,
            is_in_progress: false,
        };
        if let Some(upgrade) = &cluster.upgrade {
            self.show_upgrade(upgrade, &mut view);
        }
        for change in &cluster.changes {
            match change {
                AccountChange::Status { status, .. } => view.status = Status::from(status.as_str()),
                AccountChange::BrokerColor { broker, color, .. } => {
                    view.colors[*broker] = Color::from(color.as_str());
                }
                AccountChange::ConfigGroup { no, .. } => view.group = *no,
                AccountChange::Version { code, .. } => view.version.clone_from(code),
                // It is in its group.
                AccountChange::CustomValue { .. } => {}
            }
        }
        view
    }

    /// Shows the state at the current step. At step 0 nothing has changed. Then each broker restarts for some steps and is
    /// green for one step. One more step passes before the new version is running.
    fn show_upgrade(&self, upgrade: &Upgrade, view: &mut ClusterView) {
        let scenario = self.options.scenario;
        let (step, restart) = self.step(upgrade);
        let last_restart_step = view.colors.len() * (restart + 1);
        let is_second_restarting = step > restart + 1;
        let mut is_switched = scenario == Scenario::EarlyVersion;
        (view.status, view.is_in_progress) = (Status::Changing, true);
        let most_upgraded = match scenario {
            Scenario::EndsOnOldVersion => 0,
            Scenario::Stalled | Scenario::BrokerRed | Scenario::EndsInError => 1,
            _ => view.colors.len(),
        };
        view.upgraded = (step / (restart + 1)).min(most_upgraded);
        match scenario {
            Scenario::Stalled if is_second_restarting => view.colors[1] = Color::Orange,
            Scenario::BrokerRed if is_second_restarting => view.colors[1] = Color::Red,
            Scenario::EndsInError if is_second_restarting => {
                view.colors[1] = Color::Red;
                (view.status, view.is_in_progress) = (Status::Error, false);
            }
            _ if step == 0 || step == last_restart_step + 1 => {}
            _ if step <= last_restart_step => {
                let (broker, phase) = ((step - 1) / (restart + 1), (step - 1) % (restart + 1));
                match (phase < restart, scenario) {
                    (true, Scenario::Flapping) => {
                        view.colors[broker] =
                            FLAPPING_COLORS[(broker + phase) % FLAPPING_COLORS.len()].clone();
                    }
                    (true, _) => view.colors[broker] = Color::Orange,
                    (false, Scenario::Flapping) => view.status = Status::Running,
                    (false, _) => {}
                }
            }
            _ => {
                view.status = Status::Running;
                view.is_in_progress =
                    scenario == Scenario::LateVersion && step <= last_restart_step + 1 + LATE_VERSION_STEPS;
                is_switched = !view.is_in_progress && scenario != Scenario::EndsOnOldVersion;
            }
        }
        if is_switched {
            view.version.clone_from(&upgrade.version);
            view.group = upgrade.group;
        }
    }

    /// Returns the current step of an upgrade, and how many steps a broker takes to restart. Chosen: a client misses no
    /// restart at its usual polling interval.
    fn step(&self, upgrade: &Upgrade) -> (usize, usize) {
        match self.options.pace {
            // The first poll shows the state right after the start.
            Pace::Polls => (upgrade.polls.saturating_sub(1), 2),
            Pace::Clock { step } => {
                // A clock that was set back is at step 0.
                let elapsed =
                    Duration::try_from(self.now.duration_since(upgrade.accepted)).unwrap_or_default();
                let step = elapsed.as_millis() / step.as_millis().max(1);
                (usize::try_from(step).unwrap_or(usize::MAX), 9)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;
    use crate::sandbox::Options;

    const MILLISECOND_STEPS: Pace = Pace::Clock { step: Duration::from_millis(1) };

    /// Returns what the API shows of a cluster at a step of its upgrade.
    fn view_at(step: u64, scenario: Scenario, brokers: usize, pace: Pace) -> ClusterView {
        let mut service = Service::new(Options { scenario, pace, ..Options::default() }).unwrap();
        let accepted = service.now;
        service.now = accepted + SignedDuration::from_millis(step.cast_signed());
        let polls = usize::try_from(step).unwrap() + 1;
        let upgrade = Upgrade { version: "3903006".to_owned(), group: 312, accepted, polls };
        let cluster = Cluster::new(1, "a", "vpc-a", brokers, "3713006", 301);
        service.view(&Cluster { upgrade: Some(upgrade), ..cluster })
    }

    fn is_switched(view: &ClusterView) -> bool {
        assert_eq!(view.version == "3903006", view.group == 312);
        view.group == 312
    }

    /// Encodes a view as text: first letters of status and colors, `+` once switched, `.` once finished.
    fn encode(step: u64, scenario: Scenario) -> String {
        let view = view_at(step, scenario, 3, Pace::Polls);
        let mut word = view.status.to_string();
        word.truncate(1);
        for color in &view.colors {
            let letter = if *color == Color::Gray { "?".to_owned() } else { color.to_string() };
            word.push_str(&letter[..1]);
        }
        word.push_str(if is_switched(&view) { "+" } else { "" });
        word.push_str(if view.is_in_progress { "" } else { "." });
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
            for (pace, restart) in [(Pace::Polls, 2), (MILLISECOND_STEPS, 9)] {
                let looks_finished = |step| {
                    let view = view_at(step, Scenario::Flapping, brokers, pace);
                    view.status == Status::Running
                        && !is_switched(&view)
                        && view.colors.iter().all(|c| *c == Color::Green)
                };
                let end = brokers as u64 * (restart + 1) + 2;
                let finished: Vec<_> = (0..=end).map(looks_finished).collect();
                assert!(finished.windows(2).all(|pair| pair != [true, true]));
                assert!(finished.contains(&true));
            }
        }
    }

    #[test]
    fn three_brokers_take_six_seconds() {
        let at = |milliseconds| view_at(milliseconds, Scenario::Healthy, 3, Pace::default());
        assert_eq!(at(199).colors, [Color::Green, Color::Green, Color::Green]);
        assert_eq!(at(200).colors, [Color::Orange, Color::Green, Color::Green]);
        assert!(at(6_399).is_in_progress);
        assert!(is_switched(&at(6_400)));
    }

    #[test]
    fn clock_set_back_or_zero_step_is_handled() {
        let mut service = Service::new(Options::default()).unwrap();
        let accepted = service.now + SignedDuration::from_millis(1_000);
        let mut upgrade = Upgrade { version: String::new(), group: 0, accepted, polls: 0 };
        assert_eq!(service.step(&upgrade).0, 0);
        service.options.pace = Pace::Clock { step: Duration::ZERO };
        upgrade.accepted = service.now - SignedDuration::from_millis(7);
        assert_eq!(service.step(&upgrade).0, 7);
    }
}
