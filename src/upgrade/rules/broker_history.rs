//! The observed status changes of each broker during a watch.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

use std::time::Duration;

use serde::Serialize;
use strum::{Display, IntoStaticStr, VariantNames};

use crate::model::broker_health::{Color, Health};

/// Whether a broker was observed to restart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Display, IntoStaticStr, VariantNames, Serialize)]
#[strum(serialize_all = "snake_case")]
#[serde(into = "&'static str")]
pub(crate) enum RestartEvidence {
    /// It was changing or down, and then green again.
    Yes,
    /// It is changing or down, and not green yet.
    No,
    /// It was never observed changing or down, but may have been between two polls.
    #[strum(serialize = "not_seen")]
    NotObserved,
}

/// The observed colors of one broker, in order and without repetitions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BrokerHistory {
    pub name: String,
    pub colors: Vec<Color>,
    /// When it was first observed in its current color, measured from the start of the watch.
    pub changed_at: Duration,
    /// When it was first observed not green, measured from the start of the watch.
    pub left_green_at: Option<Duration>,
    /// When it was last observed to turn green again.
    pub returned_at: Option<Duration>,
    /// It has been changing or down since it was last green.
    is_away: bool,
    /// It was changing or down, and then green again.
    has_returned: bool,
}

impl BrokerHistory {
    pub(crate) fn restart_evidence(&self) -> RestartEvidence {
        match (self.is_away, self.has_returned) {
            (true, _) => RestartEvidence::No,
            (false, true) => RestartEvidence::Yes,
            (false, false) => RestartEvidence::NotObserved,
        }
    }

    /// Returns the colors as `green → orange → green`.
    pub(crate) fn color_path(&self) -> String {
        self.colors.iter().map(Color::as_ref).collect::<Vec<_>>().join(" → ")
    }

    /// Returns how long the broker was not green, or has not been green so far.
    pub(crate) fn time_away(&self, now: Duration) -> Option<Duration> {
        self.left_green_at.map(|left| self.returned_at.unwrap_or(now).saturating_sub(left))
    }
}

/// The maximum number of colors; the first and the latest ones are kept.
///
/// Chosen: a broker that changes its color for hours must not fill the screen.
const MAX_COLORS: usize = 8;

/// The histories of all brokers, in the order in which the service names them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct BrokerHistories(pub Vec<BrokerHistory>);

impl BrokerHistories {
    /// Records the health observed `at` after the watch began. Returns true if the color of a broker changed.
    pub(crate) fn record(&mut self, health: &Health, at: Duration) -> bool {
        let mut changed = false;
        for node in &health.brokers.nodes {
            let Some(color) = &node.color else { continue };
            let index = self.0.iter().position(|history| history.name == node.name).unwrap_or_else(|| {
                self.0.push(BrokerHistory {
                    name: node.name.clone(),
                    colors: Vec::new(),
                    changed_at: at,
                    left_green_at: None,
                    returned_at: None,
                    is_away: false,
                    has_returned: false,
                });
                self.0.len().saturating_sub(1)
            });
            let history = &mut self.0[index];
            if history.colors.last() == Some(color) {
                continue;
            }
            changed = true;
            history.changed_at = at;
            if history.colors.len() == MAX_COLORS {
                history.colors.remove(MAX_COLORS / 2);
            }
            history.colors.push(color.clone());
            if *color == Color::Green {
                history.returned_at = history.left_green_at.is_some().then_some(at);
                history.has_returned |= std::mem::take(&mut history.is_away);
            } else {
                history.left_green_at = history.left_green_at.or(Some(at));
                history.returned_at = None;
                history.is_away |= color.is_degraded();
            }
        }
        changed
    }

    /// Returns the number of brokers that were observed to restart.
    pub(crate) fn restarted_count(&self) -> usize {
        self.0.iter().filter(|history| history.restart_evidence() == RestartEvidence::Yes).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::broker_health::tests::health;

    #[test]
    fn a_restart_needs_a_degraded_color_and_then_green() {
        let mut histories = BrokerHistories::default();
        let seconds = Duration::from_secs;
        assert!(histories.record(&health(&["green", "green", "green"]), seconds(0)));
        assert!(histories.record(&health(&["orange", "green", "green"]), seconds(10)));
        assert!(!histories.record(&health(&["orange", "green", "green"]), seconds(20)), "nothing new");
        assert!(histories.record(&health(&["green", "red", "green"]), seconds(30)));
        let words: Vec<String> =
            histories.0.iter().map(|history| history.restart_evidence().to_string()).collect();
        assert_eq!(words, ["yes", "no", "not_seen"]);
        assert_eq!(histories.0[0].color_path(), "green → orange → green");
        assert_eq!(histories.0[0].time_away(seconds(99)), Some(seconds(20)));
        assert_eq!(histories.0[1].time_away(seconds(99)), Some(seconds(69)), "still away");
        assert_eq!(histories.0[2].time_away(seconds(99)), None);
        assert_eq!(histories.restarted_count(), 1);
    }

    #[test]
    fn an_unknown_color_is_not_a_restart() {
        let mut histories = BrokerHistories::default();
        for (at, color) in (0..).zip(["green", "gray", "green", "teal", "green", "yellow", "green"]) {
            histories.record(&health(&[color]), Duration::from_secs(at));
        }
        assert_eq!(histories.0[0].restart_evidence(), RestartEvidence::NotObserved);
        assert_eq!(histories.restarted_count(), 0);
    }

    #[test]
    fn the_number_of_colors_is_limited() {
        let mut histories = BrokerHistories::default();
        for turn in 0..100 {
            histories.record(
                &health(&[if turn % 2 == 0 { "orange" } else { "green" }]),
                Duration::from_secs(turn),
            );
        }
        assert!(histories.0[0].colors.len() <= MAX_COLORS);
        assert_eq!(histories.0[0].colors.last(), Some(&Color::Green));
    }
}
