//! What each broker was seen to do while the upgrade was watched.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

use std::time::Duration;

use crate::model::broker_health::{Color, Health};

/// Whether a broker was seen to restart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RestartEvidence {
    /// It was changing or down, and came back to green.
    Yes,
    /// It is changing or down, and has not come back.
    No,
    /// It was never seen changing or down; between two looks it may have been.
    NotObserved,
}

impl RestartEvidence {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::NotObserved => "not_seen",
        }
    }
}

/// One broker's colours in the order seen, each once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BrokerHistory {
    pub name: String,
    pub colors: Vec<Color>,
    /// When it was first seen other than green, counted from the start of the watch.
    pub left_green_at: Option<Duration>,
    /// When it was last seen to come back to green.
    pub returned_at: Option<Duration>,
    /// It was changing or down since it was last green.
    is_away: bool,
    /// It was seen to come back from being changing or down.
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

    /// Returns the colours as `green → orange → green`.
    pub(crate) fn color_path(&self) -> String {
        self.colors.iter().map(Color::word).collect::<Vec<_>>().join(" → ")
    }

    /// Returns how long the broker was away, so far or in all.
    pub(crate) fn time_away(&self, now: Duration) -> Option<Duration> {
        self.left_green_at.map(|left| self.returned_at.unwrap_or(now).saturating_sub(left))
    }
}

/// More colours than this are not kept: the first ones and the latest say enough.
///
/// Chosen: a broker that wavers for hours must not fill the screen.
const MAX_COLORS: usize = 8;

/// The trails of all brokers, in the order in which the service names them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct BrokerHistories(pub Vec<BrokerHistory>);

impl BrokerHistories {
    /// Takes in one look, made `at` after the watch began. Returns true when some broker's colour changed.
    pub(crate) fn record(&mut self, health: &Health, at: Duration) -> bool {
        let mut changed = false;
        for node in &health.brokers.nodes {
            let Some(colour) = &node.color else { continue };
            let at_line = self.0.iter().position(|trail| trail.name == node.name).unwrap_or_else(|| {
                self.0.push(BrokerHistory {
                    name: node.name.clone(),
                    colors: Vec::new(),
                    left_green_at: None,
                    returned_at: None,
                    is_away: false,
                    has_returned: false,
                });
                self.0.len().saturating_sub(1)
            });
            let trail = &mut self.0[at_line];
            if trail.colors.last() == Some(colour) {
                continue;
            }
            changed = true;
            if trail.colors.len() == MAX_COLORS {
                trail.colors.remove(MAX_COLORS / 2);
            }
            trail.colors.push(colour.clone());
            if *colour == Color::Green {
                trail.returned_at = trail.left_green_at.is_some().then_some(at);
                trail.has_returned |= std::mem::take(&mut trail.is_away);
            } else {
                trail.left_green_at = trail.left_green_at.or(Some(at));
                trail.returned_at = None;
                trail.is_away |= colour.is_degraded();
            }
        }
        changed
    }

    pub(crate) fn restarted_count(&self) -> usize {
        self.0.iter().filter(|trail| trail.restart_evidence() == RestartEvidence::Yes).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::broker_health::tests::health;

    #[test]
    fn a_broker_restarted_only_when_it_was_seen_to_leave_and_to_return() {
        let mut trails = BrokerHistories::default();
        let seconds = Duration::from_secs;
        assert!(trails.record(&health(&["green", "green", "green"]), seconds(0)));
        assert!(trails.record(&health(&["orange", "green", "green"]), seconds(10)));
        assert!(!trails.record(&health(&["orange", "green", "green"]), seconds(20)), "nothing new");
        assert!(trails.record(&health(&["green", "red", "green"]), seconds(30)));
        let words: Vec<&str> = trails.0.iter().map(|trail| trail.restart_evidence().word()).collect();
        assert_eq!(words, ["yes", "no", "not_seen"]);
        assert_eq!(trails.0[0].color_path(), "green → orange → green");
        assert_eq!(trails.0[0].time_away(seconds(99)), Some(seconds(20)));
        assert_eq!(trails.0[1].time_away(seconds(99)), Some(seconds(69)), "still away");
        assert_eq!(trails.0[2].time_away(seconds(99)), None);
        assert_eq!(trails.restarted_count(), 1);
    }

    #[test]
    fn a_colour_that_is_not_known_to_be_a_change_is_no_restart() {
        let mut trails = BrokerHistories::default();
        for (at, colour) in (0..).zip(["green", "gray", "green", "teal", "green", "yellow", "green"]) {
            trails.record(&health(&[colour]), Duration::from_secs(at));
        }
        assert_eq!(trails.0[0].restart_evidence(), RestartEvidence::NotObserved);
        assert_eq!(trails.restarted_count(), 0);
    }

    #[test]
    fn a_wavering_broker_keeps_a_short_trail() {
        let mut trails = BrokerHistories::default();
        for turn in 0..100 {
            trails.record(
                &health(&[if turn % 2 == 0 { "orange" } else { "green" }]),
                Duration::from_secs(turn),
            );
        }
        assert!(trails.0[0].colors.len() <= MAX_COLORS);
        assert_eq!(trails.0[0].colors.last(), Some(&Color::Green));
    }
}
