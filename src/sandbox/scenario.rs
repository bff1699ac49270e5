//! The scenarios of the sandbox.

use strum::{Display, EnumString, IntoStaticStr, VariantArray, VariantNames};

use super::InvalidOption;

/// How the simulated service behaves. The successful scenarios come first, then the others by exit code.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, Display, EnumString, IntoStaticStr, VariantArray, VariantNames,
)]
#[strum(serialize_all = "kebab-case")]
#[strum(parse_err_ty = InvalidOption, parse_err_fn = unknown_scenario)]
pub enum Scenario {
    Healthy,
    Flapping,
    LateVersion,
    EarlyVersion,
    Slow,
    Throttled,
    AnswerLost,
    #[strum(serialize = "answer-504")]
    Answer504,
    RefusedButStarted,
    NoProgress,
    GroupAnswerLost,
    GroupLost,
    GroupDropsValue,
    SingleReplica,
    BrokersUnreachable,
    NoPermission,
    WrongSignature,
    SkewedClock,
    PrecheckRefused,
    PrecheckRefusedHttp,
    UnderReplicated,
    Reassigning,
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
    /// All scenarios.
    pub const ALL: &'static [Self] = <Self as VariantArray>::VARIANTS;

    /// Returns the name used on the command line.
    pub fn name(&self) -> &'static str {
        self.into()
    }

    /// Returns a one-line description.
    pub fn description(&self) -> &'static str {
        self.details().0
    }

    /// Returns the exit code of `cdss upgrade` in this scenario.
    pub fn exit_code(&self) -> u8 {
        self.details().1
    }

    /// Returns true if the scenario is about simulated brokers, so that it runs them.
    pub(super) fn needs_brokers(self) -> bool {
        use Scenario::{BrokersUnreachable, Reassigning, SingleReplica, UnderReplicated};
        matches!(self, BrokersUnreachable | Reassigning | SingleReplica | UnderReplicated)
    }

    fn details(self) -> (&'static str, u8) {
        match self {
            Self::Healthy => ("Brokers restart one by one, then the new version is running", 0),
            Self::Flapping => ("Broker colors flap, so the upgrade sometimes looks finished", 0),
            Self::LateVersion => ("All brokers are green for a while before the version changes", 0),
            Self::EarlyVersion => ("The version changes before the first broker restarts", 0),
            Self::Slow => ("Every response takes one second", 0),
            Self::Throttled => ("Every fourth request is throttled (HTTP 429)", 0),
            Self::AnswerLost => ("The start takes effect, but its response is lost", 0),
            Self::Answer504 => ("The start takes effect, but the gateway returns HTTP 504", 0),
            Self::RefusedButStarted => ("The start is refused but takes effect anyway", 0),
            Self::NoProgress => ("The progress operation does not exist (HTTP 404)", 0),
            Self::GroupAnswerLost => ("Config group changes take effect, but their responses are lost", 0),
            Self::GroupLost => ("Config group create requests are lost", 0),
            Self::GroupDropsValue => ("A value written to a config group is silently dropped", 0),
            Self::SingleReplica => ("Many topics have one copy, unavailable while its broker restarts", 0),
            Self::BrokersUnreachable => ("The brokers refuse all connections", 0),
            Self::NoPermission => ("The key is valid but has no permissions", 4),
            Self::WrongSignature => ("Every signature is refused", 4),
            Self::SkewedClock => ("The service's clock is ten minutes ahead", 0),
            Self::PrecheckRefused => ("The pre-check refuses the upgrade", 5),
            Self::PrecheckRefusedHttp => ("The pre-check refuses the upgrade with HTTP 400", 5),
            Self::UnderReplicated => ("A topic has replicas that are out of sync", 5),
            Self::Reassigning => ("A partition is being moved to another broker", 5),
            Self::StartRefused => ("The pre-check passes, but the start is refused", 6),
            Self::EndsOnOldVersion => ("All brokers restart, but the version does not change", 7),
            Self::EndsInError => ("The second broker fails and the cluster ends in state error", 7),
            Self::Stalled => ("The second broker never finishes restarting (ends at --timeout)", 8),
            Self::BrokerRed => ("The second broker turns red and stays red (ends at --timeout)", 8),
            Self::NeverStarts => ("The start is accepted, but nothing happens", 9),
            Self::AnswerLostNotStarted => ("The start request is lost and gets no response", 9),
            Self::Busy => ("Another operation is already changing the clusters (ends at --timeout)", 11),
            Self::ServerError => ("Every read fails with HTTP 503", 12),
        }
    }
}

fn unknown_scenario(name: &str) -> InvalidOption {
    let known = <Scenario as VariantNames>::VARIANTS.join(", ");
    InvalidOption(format!("unknown scenario `{name}`; expected one of {known}"))
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
