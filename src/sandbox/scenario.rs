//! The scenarios of the sandbox.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// How the simulated service behaves.
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
    /// All scenarios, the successful ones first, then by exit code.
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

    /// Returns the name used on the command line.
    pub fn name(&self) -> &'static str {
        self.details().0
    }

    /// Returns a one-line description.
    pub fn description(&self) -> &'static str {
        self.details().1
    }

    /// Returns the exit code of `cdss upgrade` in this scenario.
    pub fn exit_code(&self) -> u8 {
        self.details().2
    }

    fn details(self) -> (&'static str, &'static str, u8) {
        match self {
            Self::Healthy => ("healthy", "Brokers restart one by one, then the new version is running", 0),
            Self::Flapping => ("flapping", "Broker colors flap, so the upgrade sometimes looks finished", 0),
            Self::LateVersion => {
                ("late-version", "All brokers are green for a while before the version changes", 0)
            }
            Self::EarlyVersion => {
                ("early-version", "The version changes before the first broker restarts", 0)
            }
            Self::Slow => ("slow", "Every response takes one second", 0),
            Self::Throttled => ("throttled", "Every fourth request is throttled (HTTP 429)", 0),
            Self::AnswerLost => ("answer-lost", "The start takes effect, but its response is lost", 0),
            Self::Answer504 => ("answer-504", "The start takes effect, but the gateway returns HTTP 504", 0),
            Self::RefusedButStarted => {
                ("refused-but-started", "The start is refused but takes effect anyway", 0)
            }
            Self::NoProgress => ("no-progress", "The progress operation does not exist (HTTP 404)", 0),
            Self::GroupAnswerLost => {
                ("group-answer-lost", "Config group changes take effect, but their responses are lost", 0)
            }
            Self::GroupLost => ("group-lost", "Config group create requests are lost", 0),
            Self::GroupDropsValue => {
                ("group-drops-value", "A value written to a config group is silently dropped", 0)
            }
            Self::NoPermission => ("no-permission", "The key is valid but has no permissions", 4),
            Self::WrongSignature => ("wrong-signature", "Every signature is refused", 4),
            Self::SkewedClock => ("skewed-clock", "The service's clock is ten minutes ahead", 0),
            Self::PrecheckRefused => ("precheck-refused", "The pre-check refuses the upgrade", 5),
            Self::PrecheckRefusedHttp => {
                ("precheck-refused-http", "The pre-check refuses the upgrade with HTTP 400", 5)
            }
            Self::StartRefused => ("start-refused", "The pre-check passes, but the start is refused", 6),
            Self::EndsOnOldVersion => {
                ("ends-on-old-version", "All brokers restart, but the version does not change", 7)
            }
            Self::EndsInError => {
                ("ends-in-error", "The second broker fails and the cluster ends in state error", 7)
            }
            Self::Stalled => ("stalled", "The second broker never finishes restarting", 8),
            Self::BrokerRed => ("broker-red", "The second broker turns red and stays red", 8),
            Self::NeverStarts => ("never-starts", "The start is accepted, but nothing happens", 9),
            Self::AnswerLostNotStarted => {
                ("answer-lost-not-started", "The start request is lost and gets no response", 9)
            }
            Self::Busy => ("busy", "Another operation is already changing the clusters", 11),
            Self::ServerError => ("server-error", "Every read fails with HTTP 503", 12),
        }
    }
}

impl fmt::Display for Scenario {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

/// The name of a scenario that does not exist.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("unknown scenario `{name}`; expected one of {}", all_names())]
pub struct UnknownScenario {
    pub name: String,
}

fn all_names() -> String {
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
    fn every_name_parses_to_its_scenario() {
        for scenario in Scenario::ALL {
            assert_eq!(scenario.to_string().parse(), Ok(*scenario));
            assert!(!scenario.description().is_empty());
        }
        let names: HashSet<_> = Scenario::ALL.iter().map(Scenario::name).collect();
        assert_eq!(names.len(), Scenario::ALL.len());
    }

    #[test]
    fn unknown_name_error_lists_the_known_ones() {
        let error = "helthy".parse::<Scenario>().unwrap_err().to_string();
        assert!(error.starts_with("unknown scenario `helthy`; expected one of healthy, flapping"), "{error}");
        assert!(error.ends_with("server-error"), "{error}");
    }
}
