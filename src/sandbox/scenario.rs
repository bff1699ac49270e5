//! What goes well or wrong in a rehearsal.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// One way in which the service behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scenario {
    Healthy,
    Flapping,
    LateVersion,
    EarlyVersion,
    Slow,
    Throttled,
    AnswerLost,
    Answer504,
    RefusedButStarted,
    NoProgress,
    GroupAnswerLost,
    GroupLost,
    GroupDropsValue,
    NoPermission,
    WrongSignature,
    SkewedClock,
    PrecheckRefused,
    PrecheckRefusedHttp,
    StartRefused,
    EndsOnOldVersion,
    EndsInError,
    Stalled,
    BrokerRed,
    NeverStarts,
    AnswerLostNotStarted,
    Busy,
    ServerError,
}

impl Scenario {
    /// Every scenario, those that end well first, then by exit code.
    pub const ALL: &[Self] = &[
        Self::Healthy,
        Self::Flapping,
        Self::LateVersion,
        Self::EarlyVersion,
        Self::Slow,
        Self::Throttled,
        Self::AnswerLost,
        Self::Answer504,
        Self::RefusedButStarted,
        Self::NoProgress,
        Self::GroupAnswerLost,
        Self::GroupLost,
        Self::GroupDropsValue,
        Self::NoPermission,
        Self::WrongSignature,
        Self::SkewedClock,
        Self::PrecheckRefused,
        Self::PrecheckRefusedHttp,
        Self::StartRefused,
        Self::EndsOnOldVersion,
        Self::EndsInError,
        Self::Stalled,
        Self::BrokerRed,
        Self::NeverStarts,
        Self::AnswerLostNotStarted,
        Self::Busy,
        Self::ServerError,
    ];

    /// Returns the name to choose it by.
    pub fn name(&self) -> &'static str {
        self.details().0
    }

    /// Returns one line on what happens.
    pub fn description(&self) -> &'static str {
        self.details().1
    }

    /// Returns the exit code that a `cdss upgrade` ends with.
    pub fn exit_code(&self) -> u8 {
        self.details().2
    }

    fn details(self) -> (&'static str, &'static str, u8) {
        match self {
            Self::Healthy => ("healthy", "One broker after another restarts, then the new version runs", 0),
            Self::Flapping => ("flapping", "Colours waver on the way, with moments that look finished", 0),
            Self::LateVersion => ("late-version", "All is green for a while before the version switches", 0),
            Self::EarlyVersion => {
                ("early-version", "The version switches before the first broker restarts", 0)
            }
            Self::Slow => ("slow", "Every answer takes a second", 0),
            Self::Throttled => ("throttled", "Every fourth request is refused as one too many", 0),
            Self::AnswerLost => ("answer-lost", "The start takes effect, its answer never arrives", 0),
            Self::Answer504 => ("answer-504", "The start takes effect, the gateway reports a timeout", 0),
            Self::RefusedButStarted => {
                ("refused-but-started", "The start is refused and takes effect anyway", 0)
            }
            Self::NoProgress => ("no-progress", "The progress call does not exist", 0),
            Self::GroupAnswerLost => {
                ("group-answer-lost", "A copied config group is made and filled, no answer of it arrives", 0)
            }
            Self::GroupLost => ("group-lost", "The create of a config group is lost on the way", 0),
            Self::GroupDropsValue => {
                ("group-drops-value", "A value of a copied config group is dropped without a word", 0)
            }
            Self::NoPermission => ("no-permission", "The key is right but may do nothing", 4),
            Self::WrongSignature => ("wrong-signature", "No signature is accepted", 4),
            Self::SkewedClock => ("skewed-clock", "The service's clock is ten minutes ahead", 0),
            Self::PrecheckRefused => ("precheck-refused", "The pre-check says no", 5),
            Self::PrecheckRefusedHttp => ("precheck-refused-http", "The pre-check says no, with HTTP 400", 5),
            Self::StartRefused => ("start-refused", "The pre-check says yes, the start is refused", 6),
            Self::EndsOnOldVersion => {
                ("ends-on-old-version", "All brokers restart, the old version stays", 7)
            }
            Self::EndsInError => ("ends-in-error", "The second broker fails, the cluster ends in error", 7),
            Self::Stalled => ("stalled", "The second broker never comes back", 8),
            Self::BrokerRed => ("broker-red", "The second broker turns red and stays so", 8),
            Self::NeverStarts => ("never-starts", "The start is accepted and nothing happens", 9),
            Self::AnswerLostNotStarted => {
                ("answer-lost-not-started", "The start is lost on the way, with no answer", 9)
            }
            Self::Busy => ("busy", "The clusters are changing already, for another reason", 11),
            Self::ServerError => ("server-error", "Nothing can be read", 12),
        }
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

/// A name that no scenario has.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("unknown scenario `{name}`, expected one of {}", names())]
pub struct UnknownScenario {
    pub name: String,
}

fn names() -> String {
    Scenario::ALL.iter().map(Scenario::name).collect::<Vec<_>>().join(", ")
}

impl FromStr for Scenario {
    type Err = UnknownScenario;

    fn from_str(name: &str) -> Result<Self, UnknownScenario> {
        let found = Self::ALL.iter().find(|scenario| scenario.name() == name);
        found.copied().ok_or_else(|| UnknownScenario { name: name.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_name_leads_back_to_its_scenario() {
        for scenario in Scenario::ALL {
            assert_eq!(scenario.to_string().parse(), Ok(*scenario));
            assert!(!scenario.description().is_empty());
        }
        let names: HashSet<_> = Scenario::ALL.iter().map(Scenario::name).collect();
        assert_eq!(names.len(), Scenario::ALL.len());
    }

    #[test]
    fn an_unknown_name_is_answered_with_the_known_ones() {
        let error = "helthy".parse::<Scenario>().unwrap_err().to_string();
        assert!(error.starts_with("unknown scenario `helthy`, expected one of healthy, flapping"), "{error}");
        assert!(error.ends_with("server-error"), "{error}");
    }
}
