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
    NotSeen,
}

impl RestartEvidence {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No => "no",
            Self::NotSeen => "not_seen",
        }
    }
}

/// One broker's colours in the order seen, each once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BrokerHistory {
    pub name: String,
    pub colours: Vec<Color>,
    /// When it was first seen other than green, counted from the start of the watch.
    pub left: Option<Duration>,
    /// When it was last seen to come back to green.
    pub back: Option<Duration>,
    /// It was changing or down since it was last green.
    is_away: bool,
    /// It was seen to come back from being changing or down.
    came_back: bool,
}

impl BrokerHistory {
    pub(crate) fn restarted(&self) -> RestartEvidence {
        match (self.is_away, self.came_back) {
            (true, _) => RestartEvidence::No,
            (false, true) => RestartEvidence::Yes,
            (false, false) => RestartEvidence::NotSeen,
        }
    }

    /// Returns the colours as `green → orange → green`.
    pub(crate) fn path(&self) -> String {
        self.colours.iter().map(Color::as_str).collect::<Vec<_>>().join(" → ")
    }

    /// Returns how long the broker was away, so far or in all.
    pub(crate) fn away(&self, now: Duration) -> Option<Duration> {
        self.left.map(|left| self.back.unwrap_or(now).saturating_sub(left))
    }
}

/// More colours than this are not kept: the first ones and the latest say enough.
///
/// Chosen: a broker that wavers for hours must not fill the screen.
const MOST_COLOURS: usize = 8;

/// The trails of all brokers, in the order in which the service names them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct BrokerHistories(pub Vec<BrokerHistory>);

impl BrokerHistories {
    /// Takes in one look, made `at` after the watch began. Returns true when some broker's colour changed.
    pub(crate) fn take(&mut self, health: &Health, at: Duration) -> bool {
        let mut changed = false;
        for node in &health.brokers.nodes {
            let Some(colour) = &node.color else { continue };
            let at_line = self.0.iter().position(|trail| trail.name == node.name).unwrap_or_else(|| {
                self.0.push(BrokerHistory {
                    name: node.name.clone(),
                    colours: Vec::new(),
                    left: None,
                    back: None,
                    is_away: false,
                    came_back: false,
                });
                self.0.len().saturating_sub(1)
            });
            let trail = &mut self.0[at_line];
            if trail.colours.last() == Some(colour) {
                continue;
            }
            changed = true;
            if trail.colours.len() == MOST_COLOURS {
                trail.colours.remove(MOST_COLOURS / 2);
            }
            trail.colours.push(colour.clone());
            if *colour == Color::Green {
                trail.back = trail.left.is_some().then_some(at);
                trail.came_back |= std::mem::take(&mut trail.is_away);
            } else {
                trail.left = trail.left.or(Some(at));
                trail.back = None;
                trail.is_away |= colour.is_degraded();
            }
        }
        changed
    }

    pub(crate) fn restarted(&self) -> usize {
        self.0.iter().filter(|trail| trail.restarted() == RestartEvidence::Yes).count()
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
        assert!(trails.take(&health(&["green", "green", "green"]), seconds(0)));
        assert!(trails.take(&health(&["orange", "green", "green"]), seconds(10)));
        assert!(!trails.take(&health(&["orange", "green", "green"]), seconds(20)), "nothing new");
        assert!(trails.take(&health(&["green", "red", "green"]), seconds(30)));
        let words: Vec<&str> = trails.0.iter().map(|trail| trail.restarted().word()).collect();
        assert_eq!(words, ["yes", "no", "not_seen"]);
        assert_eq!(trails.0[0].path(), "green → orange → green");
        assert_eq!(trails.0[0].away(seconds(99)), Some(seconds(20)));
        assert_eq!(trails.0[1].away(seconds(99)), Some(seconds(69)), "still away");
        assert_eq!(trails.0[2].away(seconds(99)), None);
        assert_eq!(trails.restarted(), 1);
    }

    #[test]
    fn a_colour_that_is_not_known_to_be_a_change_is_no_restart() {
        let mut trails = BrokerHistories::default();
        for (at, colour) in (0..).zip(["green", "gray", "green", "teal", "green", "yellow", "green"]) {
            trails.take(&health(&[colour]), Duration::from_secs(at));
        }
        assert_eq!(trails.0[0].restarted(), RestartEvidence::NotSeen);
        assert_eq!(trails.restarted(), 0);
    }

    #[test]
    fn a_wavering_broker_keeps_a_short_trail() {
        let mut trails = BrokerHistories::default();
        for turn in 0..100 {
            trails
                .take(&health(&[if turn % 2 == 0 { "orange" } else { "green" }]), Duration::from_secs(turn));
        }
        assert!(trails.0[0].colours.len() <= MOST_COLOURS);
        assert_eq!(trails.0[0].colours.last(), Some(&Color::Green));
    }
}
