//! The steps of `config verify`, and the check that each step results in.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

use jiff::{SignedDuration, Timestamp};

use crate::model::cluster::ClusterList;
use crate::model::kafka_version::KafkaVersion;
use crate::model::service::{SandboxNotRunning, Service};
use crate::upgrade::rules::checks::{Check, CheckId, CheckResult, Remedy};

/// One step of the connection test. Each step requires the steps before it, except the clock step, which never fails:
/// other commands correct a wrong clock by signing with the service's time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Dns,
    Proxy,
    Connection,
    Tls,
    Clock,
    Response,
    Key,
    Permission,
    Region,
    Versions,
}

impl Step {
    pub(crate) const ALL: [Self; 10] = [
        Self::Dns,
        Self::Proxy,
        Self::Connection,
        Self::Tls,
        Self::Clock,
        Self::Response,
        Self::Key,
        Self::Permission,
        Self::Region,
        Self::Versions,
    ];

    pub(crate) const fn id(self) -> CheckId {
        match self {
            Self::Dns => CheckId::NameResolution,
            Self::Proxy => CheckId::Proxy,
            Self::Connection => CheckId::Connection,
            Self::Tls => CheckId::Tls,
            Self::Clock => CheckId::Clock,
            Self::Response => CheckId::ServiceAnswer,
            Self::Key => CheckId::KeyAccepted,
            Self::Permission => CheckId::KeyPermission,
            Self::Region => CheckId::Region,
            Self::Versions => CheckId::Versions,
        }
    }

    /// Returns the remedy for a failure that has none of its own.
    fn remedy(self, service: &Service) -> Remedy {
        match self {
            Self::Dns => {
                "check --endpoint and this machine's name servers; if only a proxy can resolve names, set HTTPS_PROXY"
                    .into()
            }
            Self::Proxy => {
                "check the proxy's address and that it allows the service's host and port; to bypass the proxy for a \
                 host, set NO_PROXY"
                    .into()
            }
            Self::Connection => {
                "allow this host and port in the network or proxy; to use a proxy, set HTTPS_PROXY".into()
            }
            Self::Tls => "make sure that no proxy or firewall blocks TLS 1.2 or later".into(),
            Self::Clock => CLOCK_REMEDY.into(),
            Self::Response => "retry in a few minutes".into(),
            Self::Key => "check the access key and secret key, and that they belong to this site".into(),
            Self::Permission => "give the sub account a policy with read access".into(),
            Self::Region => format!(
                "select a region with --site and --region; site {} has {}",
                service.site,
                service.site.regions().join(", ")
            )
            .into(),
            Self::Versions => {
                format!("try another region than {}, or ask NAVER Cloud support", service.region).into()
            }
        }
    }
}

/// Why a step failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StepFailure {
    pub reason: String,
    /// What to do, if the failure itself determines it.
    pub remedy: Option<Remedy>,
}

/// The results of the steps that were run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct StepResults(pub Vec<(Step, Result<Finding, StepFailure>)>);

/// The result of a step that did not fail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    pub result: CheckResult,
    pub detail: String,
    /// What to do about a warning.
    pub remedy: Option<&'static str>,
}

impl Finding {
    pub(crate) fn pass(detail: impl Into<String>) -> Self {
        Self { result: CheckResult::Pass, detail: detail.into(), remedy: None }
    }

    /// Information that is not a problem.
    pub(crate) fn info(detail: impl Into<String>) -> Self {
        Self { result: CheckResult::Info, detail: detail.into(), remedy: None }
    }

    fn warn(detail: impl Into<String>) -> Self {
        Self { result: CheckResult::Warn, detail: detail.into(), remedy: None }
    }
}

impl StepResults {
    /// Records a step that did not fail.
    pub(crate) fn pass(&mut self, step: Step, finding: Finding) {
        self.0.push((step, Ok(finding)));
    }

    /// Records a failure. Replaces an earlier result of the step.
    pub(crate) fn fail(&mut self, step: Step, failure: StepFailure) {
        self.0.retain(|(recorded, _)| *recorded != step);
        self.0.push((step, Err(failure)));
    }

    /// Returns the step that failed.
    pub(crate) fn failed_step(&self) -> Option<Step> {
        self.0.iter().find(|(_, result)| result.is_err()).map(|(step, _)| *step)
    }

    /// Returns a check for every step. A skipped step names the failed one.
    pub(crate) fn checks(&self, service: &Service) -> Vec<Check> {
        let skipped = self.failed_step().map_or_else(String::new, |failed| format!("{} failed", failed.id()));
        let check = |step: Step| match self.0.iter().find(|(recorded, _)| *recorded == step) {
            None => Check::new(step.id(), CheckResult::Skipped, skipped.clone()),
            Some((_, Ok(finding))) => Check {
                remedy: finding.remedy.map(Remedy::from),
                ..Check::new(step.id(), finding.result, finding.detail.clone())
            },
            Some((_, Err(failure))) => {
                let sandbox_stopped =
                    service.sandbox_not_running(&failure.reason).filter(|_| step == Step::Connection);
                if let Some(stopped) = sandbox_stopped {
                    return Check::block(step.id(), stopped.to_string(), SandboxNotRunning::REMEDY);
                }
                let remedy = failure.remedy.clone().unwrap_or_else(|| step.remedy(service));
                Check::block(step.id(), failure.reason.clone(), remedy)
            }
        };
        Step::ALL.map(check).to_vec()
    }
}

/// Up to this skew, the clock is not the reason for a refused signature: the gateway allows five minutes, and the
/// response's travel time may account for part of the difference.
pub(crate) const MAX_CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(4);

/// The skew from which to warn.
///
/// Chosen: far above network latency, far below the refused skew.
const WARN_CLOCK_SKEW: SignedDuration = SignedDuration::from_secs(60);

/// The remedy for a wrong clock.
const CLOCK_REMEDY: &str = "set this machine's clock, or synchronize it with a time server";

/// Compares this machine's clock with the service's.
///
/// A large difference is a warning and not a failure: if the service refuses a signature because of it, every command,
/// including `upgrade`, signs again with the service's time. If the key is refused even then, [`Step::Key`] fails.
pub(crate) fn clock(local: Timestamp, server: Option<Timestamp>) -> Finding {
    let Some(server) = server else { return Finding::info("the service sent no time") };
    let skew = server.duration_since(local);
    let seconds = skew.abs().as_secs();
    let description =
        format!("{seconds} s {} the service's", if skew.is_negative() { "ahead of" } else { "behind" });
    let warn = |consequence: &str| Finding {
        remedy: Some(CLOCK_REMEDY),
        ..Finding::warn(format!("{description}; {consequence}; {CLOCK_REMEDY}"))
    };
    match skew.abs() {
        _ if seconds == 0 => Finding::pass("the same as the service's"),
        skew if skew < WARN_CLOCK_SKEW => Finding::pass(description),
        skew if skew <= MAX_CLOCK_SKEW => warn("the service accepts up to 5 minutes"),
        _ => warn("cdss signs with the service's time"),
    }
}

/// Checks which clusters the key can access.
pub(crate) fn permission(clusters: &ClusterList) -> Finding {
    match (clusters.allowed.len(), clusters.forbidden.len()) {
        (0, forbidden) if forbidden > 0 => {
            Finding::warn(format!("read access OK; none of the {forbidden} clusters accessible"))
        }
        (_, 0) => Finding::pass("read access OK"),
        (allowed, forbidden) => Finding::pass(format!(
            "read access OK; {allowed} of {} clusters accessible",
            allowed.saturating_add(forbidden)
        )),
    }
}

/// Checks whether the region has clusters. None is not a failure, because a new account has no clusters.
pub(crate) fn region(service: &Service, clusters: &ClusterList) -> Finding {
    let location = format!("{} {}", service.site, service.region);
    let others = service.region.other_regions(service.site);
    match clusters.allowed.len().saturating_add(clusters.forbidden.len()) {
        0 if others.is_empty() => Finding::info(format!("no clusters for this key in {location}")),
        0 => Finding::info(format!(
            "no clusters for this key in {location}; other regions: {}",
            others.join(", ")
        )),
        1 => Finding::pass(format!("{location}, 1 cluster")),
        number => Finding::pass(format!("{location}, {number} clusters")),
    }
}

/// Checks the list of versions. Without a version, no upgrade is possible.
pub(crate) fn versions(versions: &[KafkaVersion]) -> Result<Finding, StepFailure> {
    let newest = versions.iter().filter_map(|version| version.release.as_ref()).max();
    match (versions.len(), newest) {
        (0, _) => Err(StepFailure { reason: "the service lists no Kafka versions".to_owned(), remedy: None }),
        (number, None) => Ok(Finding::warn(format!("{number} versions, all unnamed"))),
        (1, Some(only)) => Ok(Finding::pass(format!("1 version: {only}"))),
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

    fn failure(reason: &str) -> StepFailure {
        StepFailure { reason: reason.to_owned(), remedy: None }
    }

    #[test]
    fn steps_after_the_failed_one_are_skipped() {
        for (index, failed) in Step::ALL.into_iter().enumerate() {
            let mut steps = StepResults::default();
            for step in &Step::ALL[..index] {
                steps.pass(*step, Finding::pass("ok"));
            }
            steps.fail(failed, failure("broken"));
            let checks = steps.checks(&service());
            assert_eq!(checks.iter().map(|check| check.id).collect::<Vec<_>>(), Step::ALL.map(Step::id));
            let first = checks.iter().find(|check| check.is_blocking()).unwrap();
            assert_eq!((first.id, first.reason.as_str()), (failed.id(), "broken"));
            assert!(
                first.remedy.as_ref().is_some_and(|remedy| !remedy.render(None).is_empty()),
                "{failed:?}"
            );
            assert!(checks[..index].iter().all(|check| check.result == CheckResult::Pass));
            assert!(checks[index + 1..].iter().all(|check| check.result == CheckResult::Skipped));
            assert_eq!(steps.failed_step(), Some(failed));
        }
    }

    #[test]
    fn failure_replaces_an_earlier_pass() {
        let mut steps = StepResults::default();
        steps.pass(Step::Connection, Finding::pass("127.0.0.1:443"));
        steps.fail(Step::Connection, failure("broken"));
        let checks = steps.checks(&service());
        assert_eq!(checks.iter().filter(|check| check.is_blocking()).count(), 1, "{checks:?}");
        assert_eq!(steps.failed_step(), Some(Step::Connection));
    }

    #[test]
    fn wrong_clock_is_only_a_warning() {
        let local = Timestamp::from_second(1_795_500_000).unwrap();
        let at = |seconds: i64| clock(local, Some(local + SignedDuration::from_secs(seconds)));
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
        assert_eq!(clock(local, None).result, CheckResult::Info, "missing data is never a pass");
    }

    #[test]
    fn refused_sandbox_connection_reports_a_stopped_sandbox() {
        let address = Endpoint::parse("http://127.0.0.1:9").unwrap();
        for sandbox in [true, false] {
            let service = Service { sandbox, endpoint: address.clone(), ..service() };
            for step in [Step::Connection, Step::Response] {
                let mut steps = StepResults::default();
                steps.fail(step, failure("refused"));
                let failed = steps.checks(&service).into_iter().find(Check::is_blocking).unwrap();
                let names_sandbox =
                    failed.reason == "the sandbox at http://127.0.0.1:9 is not running: refused";
                assert_eq!(names_sandbox, sandbox && step == Step::Connection, "{failed:?}");
                let remedy = failed.remedy.unwrap();
                assert_eq!(remedy.render(None).contains("unset CDSS_SANDBOX"), names_sandbox, "{remedy:?}");
            }
        }
    }

    #[test]
    fn empty_version_list_fails_but_empty_region_does_not() {
        let version = |code, name| KafkaVersion::new(VersionCode::new(code), name);
        assert_eq!(versions(&[]).unwrap_err().reason, "the service lists no Kafka versions");
        let listed = [version(1, Some("Kafka 3.10.0")), version(2, Some("Kafka 3.9.1"))];
        assert_eq!(versions(&listed), Ok(Finding::pass("2 versions, up to 3.10.0")));
        assert_eq!(versions(&[version(1, None)]).unwrap().result, CheckResult::Warn);

        let empty = ClusterList::default();
        assert_eq!(
            region(&service(), &empty),
            Finding::info("no clusters for this key in public KR; other regions: SGN, JPN")
        );
        let hidden = ForbiddenCluster { no: ClusterNo::new(1), name: "billing".to_owned() };
        let forbidden = ClusterList { forbidden: vec![hidden], ..ClusterList::default() };
        assert_eq!(permission(&forbidden).result, CheckResult::Warn);
        assert_eq!(region(&service(), &forbidden), Finding::pass("public KR, 1 cluster"));
    }
}
