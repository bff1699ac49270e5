//! What `config verify` makes of what was met on the way to the service: a check for each step, in their order.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

use jiff::{SignedDuration, Timestamp};

use crate::model::cluster::ClusterList;
use crate::model::kafka_version::KafkaVersion;
use crate::model::service::Service;
use crate::upgrade::rules::checks::{Check, CheckResult};

/// One step on the way to the service. Each step needs the steps before it. The exception is the clock, which never
/// fails: other commands correct a wrong clock by signing with the service's time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Name,
    Proxy,
    Connection,
    Tls,
    Clock,
    Answer,
    Key,
    Permission,
    Region,
    Versions,
}

impl Step {
    pub(crate) const ALL: [Self; 10] = [
        Self::Name,
        Self::Proxy,
        Self::Connection,
        Self::Tls,
        Self::Clock,
        Self::Answer,
        Self::Key,
        Self::Permission,
        Self::Region,
        Self::Versions,
    ];

    pub(crate) const fn id(self) -> &'static str {
        match self {
            Self::Name => "name.resolution",
            Self::Proxy => "proxy",
            Self::Connection => "connection",
            Self::Tls => "tls",
            Self::Clock => "clock",
            Self::Answer => "service.answer",
            Self::Key => "key.accepted",
            Self::Permission => "key.permission",
            Self::Region => "region",
            Self::Versions => "versions",
        }
    }

    /// Returns what to do where the step fails and nothing says more.
    fn remedy(self, service: &Service) -> String {
        match self {
            Self::Name => {
                "check --endpoint, and this machine's name servers; where only a proxy may look names \
                           up, set HTTPS_PROXY"
                    .to_owned()
            }
            Self::Proxy => {
                "check the proxy's address, and that it allows the service's host and port; NO_PROXY \
                            names hosts that need none"
                    .to_owned()
            }
            Self::Connection => {
                "the network, or the proxy in between, has to allow that host and port; HTTPS_PROXY sets a proxy"
                    .to_owned()
            }
            Self::Tls => "something in between has to let TLS 1.2 or later through".to_owned(),
            Self::Clock => CLOCK_REMEDY.to_owned(),
            Self::Answer => "try again in a few minutes".to_owned(),
            Self::Key => "check both halves of the key, and that it belongs to this site".to_owned(),
            Self::Permission => "give the sub account a policy that allows to read".to_owned(),
            Self::Region => format!(
                "site {} has {}; choose with --site and --region",
                service.site,
                service.site.regions().join(", ")
            ),
            Self::Versions => {
                format!("try another region than {}, or ask NAVER Cloud support", service.region)
            }
        }
    }
}

/// Why a step failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StepFailure {
    pub reason: String,
    /// What to do, where the failure itself tells.
    pub remedy: Option<String>,
}

/// What was met at the steps that were taken.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct StepResults(pub Vec<(Step, Result<Finding, StepFailure>)>);

/// A step that went well, or that wasn't needed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    pub result: CheckResult,
    pub detail: String,
    /// What to do about a warning, where there is something.
    pub remedy: Option<&'static str>,
}

impl Finding {
    pub(crate) fn pass(detail: impl Into<String>) -> Self {
        Self { result: CheckResult::Pass, detail: detail.into(), remedy: None }
    }

    /// Something that is no fault and good to know.
    pub(crate) fn info(detail: impl Into<String>) -> Self {
        Self { result: CheckResult::Info, detail: detail.into(), remedy: None }
    }

    fn warn(detail: impl Into<String>) -> Self {
        Self { result: CheckResult::Warn, detail: detail.into(), remedy: None }
    }
}

impl StepResults {
    pub(crate) fn pass(&mut self, step: Step, finding: Finding) {
        self.0.push((step, Ok(finding)));
    }

    /// What was believed of the step before is forgotten.
    pub(crate) fn fail(&mut self, step: Step, trouble: StepFailure) {
        self.0.retain(|(taken, _)| *taken != step);
        self.0.push((step, Err(trouble)));
    }

    /// Returns the step that failed.
    pub(crate) fn end(&self) -> Option<Step> {
        self.0.iter().find(|(_, met)| met.is_err()).map(|(step, _)| *step)
    }

    /// Returns a check for every step. One that was not taken says which comes first.
    pub(crate) fn checks(&self, service: &Service) -> Vec<Check> {
        let skipped = self.end().map_or_else(String::new, |end| format!("{} comes first", end.id()));
        let check = |step: Step| match self.0.iter().find(|(taken, _)| *taken == step) {
            None => Check::new(step.id(), CheckResult::Skipped, skipped.clone()),
            Some((_, Ok(finding))) => Check {
                remedy: finding.remedy.map(str::to_owned),
                ..Check::new(step.id(), finding.result, finding.detail.clone())
            },
            Some((_, Err(trouble))) => {
                let gone = service.sandbox_not_running(&trouble.reason).filter(|_| step == Step::Connection);
                if let Some((reason, remedy)) = gone {
                    return Check::block(step.id(), reason, remedy);
                }
                let remedy = trouble.remedy.clone().unwrap_or_else(|| step.remedy(service));
                Check::block(step.id(), trouble.reason.clone(), remedy)
            }
        };
        Step::ALL.map(check).to_vec()
    }
}

/// Below it a wrong clock is not why the gateway refuses a signature: it allows five minutes, and an answer may take
/// part of the difference to travel.
pub(crate) const MAX_CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(4);

/// A difference that is worth a word before it grows.
///
/// Chosen: far above what a network takes, far below what is refused.
const NOTABLE_CLOCK_SKEW: SignedDuration = SignedDuration::from_secs(60);

/// What to do about a wrong clock.
const CLOCK_REMEDY: &str = "set this machine's clock, or synchronize it with a time server";

/// Compares this machine's clock with the service's.
///
/// A large difference is a warning and not a failure: where the service refuses a signature for it, every command,
/// `upgrade` included, signs again with the service's time. If the key is refused even then, that is the failure, and
/// [`Step::Key`] reports it.
pub(crate) fn clock(own: Timestamp, its: Option<Timestamp>) -> Finding {
    let Some(its) = its else { return Finding::info("the service sent no time") };
    let apart = its.duration_since(own);
    let seconds = apart.abs().as_secs();
    let shown =
        format!("{seconds} s {} the service's", if apart.is_negative() { "ahead of" } else { "behind" });
    let warn = |consequence: &str| Finding {
        remedy: Some(CLOCK_REMEDY),
        ..Finding::warn(format!("{shown}; {consequence}; {CLOCK_REMEDY}"))
    };
    match apart.abs() {
        _ if seconds == 0 => Finding::pass("the same as the service's"),
        apart if apart < NOTABLE_CLOCK_SKEW => Finding::pass(shown),
        apart if apart <= MAX_CLOCK_SKEW => warn("the service accepts up to 5 minutes"),
        _ => warn("cdss signs with the service's time"),
    }
}

/// Judges what the key can reach.
pub(crate) fn permission(clusters: &ClusterList) -> Finding {
    match (clusters.allowed.len(), clusters.forbidden.len()) {
        (0, forbidden) if forbidden > 0 => {
            Finding::warn(format!("it may read, and none of the {forbidden} clusters is within its reach"))
        }
        (_, 0) => Finding::pass("it may read"),
        (allowed, forbidden) => Finding::pass(format!(
            "it may read; {allowed} of {} clusters are within its reach",
            allowed.saturating_add(forbidden)
        )),
    }
}

/// Judges whether the region is the one that was meant: no fault, for a new account has no cluster anywhere.
pub(crate) fn region(service: &Service, clusters: &ClusterList) -> Finding {
    let place = format!("{} {}", service.site, service.region);
    let others = service.region.other_regions(service.site);
    match clusters.allowed.len().saturating_add(clusters.forbidden.len()) {
        0 if others.is_empty() => Finding::info(format!("{place} has no cluster of this key")),
        0 => {
            Finding::info(format!("{place} has no cluster of this key; there are {} too", others.join(", ")))
        }
        1 => Finding::pass(format!("{place}, 1 cluster")),
        number => Finding::pass(format!("{place}, {number} clusters")),
    }
}

/// Judges the list of versions: without one nothing can be upgraded.
pub(crate) fn versions(versions: &[KafkaVersion]) -> Result<Finding, StepFailure> {
    let newest = versions.iter().filter_map(|version| version.release.as_ref()).max();
    match (versions.len(), newest) {
        (0, _) => Err(StepFailure { reason: "the service lists no Kafka version".to_owned(), remedy: None }),
        (number, None) => Ok(Finding::warn(format!("{number} versions, none with a name"))),
        (1, Some(only)) => Ok(Finding::pass(format!("1 version, {only}"))),
        (number, Some(newest)) => Ok(Finding::pass(format!("{number} versions, up to {newest}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::cluster::ForbiddenCluster;
    use crate::model::endpoint::Endpoint;
    use crate::model::ids::{ClusterNo, VersionCode};
    use crate::model::region::Site;

    fn service() -> Service {
        Service {
            site: Site::Public,
            region: Site::Public.default_region(),
            endpoint: Endpoint::for_site(Site::Public),
            sandbox: false,
        }
    }

    fn trouble(reason: &str) -> StepFailure {
        StepFailure { reason: reason.to_owned(), remedy: None }
    }

    #[test]
    fn every_step_has_its_check_and_what_comes_after_a_fault_is_skipped() {
        for (at, fault) in Step::ALL.into_iter().enumerate() {
            let mut walk = StepResults::default();
            for step in &Step::ALL[..at] {
                walk.pass(*step, Finding::pass("well"));
            }
            walk.fail(fault, trouble("broken"));
            let checks = walk.checks(&service());
            assert_eq!(checks.iter().map(|check| check.id).collect::<Vec<_>>(), Step::ALL.map(Step::id));
            let first = checks.iter().find(|check| check.is_blocking()).unwrap();
            assert_eq!((first.id, first.reason.as_str()), (fault.id(), "broken"));
            assert!(first.remedy.as_ref().is_some_and(|remedy| !remedy.is_empty()), "{fault:?}");
            assert!(checks[..at].iter().all(|check| check.result == CheckResult::Pass));
            assert!(checks[at + 1..].iter().all(|check| check.result == CheckResult::Skipped));
            assert_eq!(walk.end(), Some(fault));
        }
    }

    #[test]
    fn a_step_that_fails_after_it_seemed_well_is_a_fault() {
        let mut walk = StepResults::default();
        walk.pass(Step::Connection, Finding::pass("127.0.0.1:443"));
        walk.fail(Step::Connection, trouble("broken"));
        let checks = walk.checks(&service());
        assert_eq!(checks.iter().filter(|check| check.is_blocking()).count(), 1, "{checks:?}");
        assert_eq!(walk.end(), Some(Step::Connection));
    }

    #[test]
    fn a_wrong_clock_is_a_warning_because_other_commands_correct_it() {
        let own = Timestamp::from_second(1_795_500_000).unwrap();
        let at = |seconds: i64| clock(own, Some(own + SignedDuration::from_secs(seconds)));
        assert_eq!(at(0), Finding::pass("the same as the service's"));
        assert_eq!(at(3), Finding::pass("3 s behind the service's"));
        assert_eq!(at(-59), Finding::pass("59 s ahead of the service's"));
        for (seconds, text) in [
            (60, "60 s behind the service's; the service accepts up to 5 minutes; set this"),
            (-240, "240 s ahead of the service's; the service accepts up to 5 minutes; set this"),
            (241, "241 s behind the service's; cdss signs with the service's time; set this"),
            (-93_600, "93600 s ahead of the service's; cdss signs with the service's time; set this"),
        ] {
            let finding = at(seconds);
            assert_eq!(finding.result, CheckResult::Warn, "{seconds}");
            assert!(finding.detail.starts_with(text), "{}", finding.detail);
            assert_eq!(finding.remedy, Some(CLOCK_REMEDY), "{seconds}");
        }
        assert_eq!(clock(own, None).result, CheckResult::Info, "missing data is never a pass");
    }

    #[test]
    fn a_refused_connection_to_a_sandbox_says_that_the_sandbox_is_not_running() {
        let address = Endpoint::parse("http://127.0.0.1:9").unwrap();
        for sandbox in [true, false] {
            let service = Service { sandbox, endpoint: address.clone(), ..service() };
            for step in [Step::Connection, Step::Answer] {
                let mut walk = StepResults::default();
                walk.fail(step, trouble("refused"));
                let fault = walk.checks(&service).into_iter().find(Check::is_blocking).unwrap();
                let says = fault.reason == "the sandbox at http://127.0.0.1:9 is not running: refused";
                assert_eq!(says, sandbox && step == Step::Connection, "{fault:?}");
                let remedy = fault.remedy.unwrap();
                assert_eq!(remedy.contains("unset CDSS_SANDBOX"), says, "{remedy}");
            }
        }
    }

    #[test]
    fn an_empty_list_of_versions_is_a_fault_and_an_empty_region_is_none() {
        let version = |code, name| KafkaVersion::new(VersionCode::new(code), name);
        assert_eq!(versions(&[]).unwrap_err().reason, "the service lists no Kafka version");
        let listed = [version(1, Some("Kafka 3.10.0")), version(2, Some("Kafka 3.9.1"))];
        assert_eq!(versions(&listed), Ok(Finding::pass("2 versions, up to 3.10.0")));
        assert_eq!(versions(&[version(1, None)]).unwrap().result, CheckResult::Warn);

        let empty = ClusterList::default();
        assert_eq!(
            region(&service(), &empty),
            Finding::info("public KR has no cluster of this key; there are SGN, JPN too")
        );
        let hidden = ForbiddenCluster { no: ClusterNo::new(1), name: "billing".to_owned() };
        let forbidden = ClusterList { forbidden: vec![hidden], ..ClusterList::default() };
        assert_eq!(permission(&forbidden).result, CheckResult::Warn);
        assert_eq!(region(&service(), &forbidden), Finding::pass("public KR, 1 cluster"));
    }
}
