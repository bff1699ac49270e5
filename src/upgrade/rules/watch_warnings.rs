//! The warnings about a running watch, derived from what was observed.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

use std::time::Duration;

use super::broker_history::BrokerHistories;
use crate::model::broker_health::Color;

/// A condition that needs attention. It is reported once, for as long as it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum WatchWarning {
    /// The service no longer lists an expected broker.
    MissingBroker(String),
    RedBroker {
        name: String,
        since: Duration,
    },
    /// The service reports the state `error`, which is not confirmed yet.
    ErrorState,
    /// Neither a broker nor the cluster's entry changed.
    NoChange {
        since: Duration,
        /// How long earlier upgrades of this cluster took.
        usual: Option<Duration>,
    },
    FailingReads {
        since: Duration,
        last_error: String,
    },
}

/// What the warnings are derived from. Times are measured from the start of the watch.
#[derive(Debug)]
pub(crate) struct WatchFacts<'a> {
    /// When the service last answered; None if it never did.
    pub last_response_at: Option<Duration>,
    pub brokers: &'a BrokerHistories,
    /// The expected brokers that the last response did not list.
    pub missing_brokers: &'a [String],
    pub is_in_error: bool,
    /// The end of the change is being confirmed, so nothing is expected to change.
    pub is_confirming: bool,
    /// When a broker or the cluster's entry last changed.
    pub last_change_at: Duration,
    pub usual_duration: Option<Duration>,
    /// When reads began to fail, and the last error; None if the last poll succeeded.
    pub failing: Option<(Duration, &'a str)>,
}

/// How long a broker has to be red before a warning.
///
/// Chosen: a restarting broker may be red for a moment.
const RED_PERIOD: Duration = Duration::from_secs(60);

/// How long nothing has to change before a warning.
///
/// Chosen: longer than the restart of a broker usually takes.
const UNCHANGED_PERIOD: Duration = Duration::from_secs(10 * 60);

/// How long reads have to fail before a warning.
///
/// Chosen: a short gateway outage needs no attention.
const FAILING_PERIOD: Duration = Duration::from_secs(60);

/// Returns the warnings that hold `now`. Without an answer, a state counts only up to the last one.
pub(crate) fn watch_warnings(facts: &WatchFacts<'_>, now: Duration) -> Vec<WatchWarning> {
    let observed_until = facts.last_response_at.unwrap_or_default();
    let missing = facts.missing_brokers.iter().cloned().map(WatchWarning::MissingBroker);
    let red = facts.brokers.0.iter().filter(|broker| {
        broker.colors.last() == Some(&Color::Red)
            && !facts.missing_brokers.contains(&broker.name)
            && observed_until.saturating_sub(broker.changed_at) >= RED_PERIOD
    });
    let red =
        red.map(|broker| WatchWarning::RedBroker { name: broker.name.clone(), since: broker.changed_at });
    let is_unchanged = !facts.is_confirming
        && !facts.is_in_error
        && observed_until.saturating_sub(facts.last_change_at) >= UNCHANGED_PERIOD;
    let no_change = WatchWarning::NoChange { since: facts.last_change_at, usual: facts.usual_duration };
    let failing = facts.failing.filter(|(since, _)| now.saturating_sub(*since) >= FAILING_PERIOD);
    let failing =
        failing.map(|(since, error)| WatchWarning::FailingReads { since, last_error: error.to_owned() });
    let in_error = facts.is_in_error.then_some(WatchWarning::ErrorState);
    missing.chain(red).chain(in_error).chain(is_unchanged.then_some(no_change)).chain(failing).collect()
}

impl WatchWarning {
    /// Describes the warning as of `now`.
    pub(crate) fn text(&self, now: Duration) -> String {
        let seconds =
            |time: Duration| humantime::format_duration(Duration::from_secs(time.as_secs())).to_string();
        let lasting = |since: &Duration| seconds(now.saturating_sub(*since));
        match self {
            Self::MissingBroker(name) => format!("missing from the service's response: {name}"),
            Self::RedBroker { name, since } => format!("{name} has been red for {}", lasting(since)),
            Self::ErrorState => "the service reports the state `error`; waiting to confirm it".to_owned(),
            Self::NoChange { since, usual: None } => format!("no change for {}", lasting(since)),
            Self::NoChange { since, usual: Some(usual) } => {
                format!(
                    "no change for {}; upgrades of this cluster usually take {}",
                    lasting(since),
                    seconds(*usual)
                )
            }
            Self::FailingReads { since, last_error } => {
                format!(
                    "every poll has failed for {}; still retrying. Last error: {last_error}",
                    lasting(since)
                )
            }
        }
    }

    /// Returns true if both warn about the same condition.
    pub(crate) fn is_about_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::FailingReads { since, .. }, Self::FailingReads { since: other, .. }) => since == other,
            _ => self == other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::broker_health::tests::health;

    const MINUTE: Duration = Duration::from_secs(60);

    fn histories(colors: &[&str]) -> BrokerHistories {
        let mut histories = BrokerHistories::default();
        histories.record(&health(colors), Duration::ZERO);
        histories
    }

    fn facts(brokers: &BrokerHistories, last_response_at: Duration) -> WatchFacts<'_> {
        WatchFacts {
            last_response_at: Some(last_response_at),
            brokers,
            missing_brokers: &[],
            is_in_error: false,
            is_confirming: false,
            last_change_at: Duration::ZERO,
            usual_duration: None,
            failing: None,
        }
    }

    fn texts(facts: &WatchFacts<'_>, now: Duration) -> Vec<String> {
        watch_warnings(facts, now).iter().map(|warning| warning.text(now)).collect()
    }

    #[test]
    fn a_red_broker_warns_after_a_minute_of_responses() {
        let brokers = histories(&["green", "red", "orange"]);
        let almost = Duration::from_secs(59);
        assert_eq!(texts(&facts(&brokers, almost), almost), [""; 0]);
        assert_eq!(texts(&facts(&brokers, almost), 5 * MINUTE), [""; 0], "no response since then");
        assert_eq!(texts(&facts(&brokers, MINUTE), 2 * MINUTE), ["b2 has been red for 2m"]);
    }

    #[test]
    fn a_missing_broker_is_not_also_red() {
        let (brokers, missing) = (histories(&["red", "green"]), ["b1".to_owned()]);
        let facts = WatchFacts { missing_brokers: &missing, ..facts(&brokers, MINUTE) };
        assert_eq!(texts(&facts, MINUTE), ["missing from the service's response: b1"]);
    }

    #[test]
    fn ten_minutes_without_a_change_warn_unless_the_end_is_confirmed() {
        let brokers = histories(&["orange"]);
        let usual = Some(42 * MINUTE + Duration::from_millis(3));
        let after = facts(&brokers, 10 * MINUTE);
        assert_eq!(texts(&after, 11 * MINUTE), ["no change for 11m"]);
        let known = WatchFacts { usual_duration: usual, ..facts(&brokers, 10 * MINUTE) };
        let text = "no change for 10m; upgrades of this cluster usually take 42m";
        assert_eq!(texts(&known, 10 * MINUTE), [text]);
        for quiet in [
            facts(&brokers, Duration::from_secs(599)),
            WatchFacts { is_confirming: true, ..facts(&brokers, 20 * MINUTE) },
            WatchFacts { last_change_at: 11 * MINUTE, ..facts(&brokers, 20 * MINUTE) },
            WatchFacts { last_response_at: None, ..facts(&brokers, MINUTE) },
        ] {
            assert_eq!(texts(&quiet, 20 * MINUTE), [""; 0], "{quiet:?}");
        }
    }

    #[test]
    fn lasting_failures_are_one_warning_whatever_the_last_error_is() {
        let brokers = histories(&["green"]);
        let failing = |error| WatchFacts { failing: Some((MINUTE, error)), ..facts(&brokers, MINUTE) };
        assert_eq!(texts(&failing("HTTP 503"), Duration::from_secs(119)), [""; 0]);
        let (first, second) =
            (watch_warnings(&failing("HTTP 503"), 2 * MINUTE), watch_warnings(&failing("cut"), 3 * MINUTE));
        assert!(first[0].is_about_same(&second[0]));
        let text = "every poll has failed for 2m; still retrying. Last error: cut";
        assert_eq!(second[0].text(3 * MINUTE), text);
    }

    #[test]
    fn state_error_is_reported_instead_of_no_change() {
        let brokers = histories(&["red"]);
        let facts = WatchFacts { is_in_error: true, ..facts(&brokers, 30 * MINUTE) };
        let expected =
            ["b1 has been red for 30m", "the service reports the state `error`; waiting to confirm it"];
        assert_eq!(texts(&facts, 30 * MINUTE), expected);
    }
}
