//! The steps of `config verify`, and the check that each step results in.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

use jiff::SignedDuration;

use crate::model::clock_skew::{ClockSkew, MAX_CLOCK_SKEW};
use crate::model::cluster::ClusterList;
use crate::model::kafka_version::KafkaVersion;
use crate::model::service::{SandboxNotRunning, Service};
use crate::upgrade::rules::checks::{Check, CheckId, CheckResult, Remedy};

/// The steps of the connection test. Each step requires the steps before it, except the clock step, which never fails:
/// other commands correct a wrong clock by signing with the service's time.
const STEPS: [CheckId; 10] = [
    CheckId::NameResolution,
    CheckId::Proxy,
    CheckId::Connection,
    CheckId::Tls,
    CheckId::Clock,
    CheckId::ServiceAnswer,
    CheckId::KeyAccepted,
    CheckId::KeyPermission,
    CheckId::Region,
    CheckId::Versions,
];

/// Returns the remedy for a failed step.
fn step_remedy(step: CheckId, service: &Service) -> Remedy {
    match step {
        CheckId::NameResolution => {
            "check --endpoint and this machine's name servers; if only a proxy can resolve names, set HTTPS_PROXY"
                .into()
        }
        CheckId::Proxy => {
            "check the proxy's address and that it allows the service's host and port; to bypass the proxy for a \
             host, set NO_PROXY"
                .into()
        }
        CheckId::Connection => {
            "allow this host and port in the network or proxy; to use a proxy, set HTTPS_PROXY".into()
        }
        CheckId::Tls => "make sure that no proxy or firewall blocks TLS 1.2 or later".into(),
        CheckId::KeyAccepted => {
            "check the access key and secret key, and that they belong to this site".into()
        }
        CheckId::KeyPermission => "give the sub account a policy with read access".into(),
        CheckId::Region => format!(
            "select a region with --site and --region; site {} has {}",
            service.site,
            service.site.regions().join(", ")
        )
        .into(),
        CheckId::Versions => {
            format!("try another region than {}, or ask NAVER Cloud support", service.region).into()
        }
        _ => "retry in a few minutes".into(),
    }
}

/// The checks of the steps that were run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct StepChecks(Vec<Check>);

impl StepChecks {
    /// Adds the check of a step. Replaces an earlier one of the step.
    pub(crate) fn add(&mut self, check: Check) {
        self.0.retain(|earlier| earlier.id != check.id);
        self.0.push(check);
    }

    /// Adds a failure. Without a remedy, that of the step applies.
    pub(crate) fn fail(&mut self, step: CheckId, reason: impl Into<String>, remedy: Option<Remedy>) {
        self.add(Check { remedy, ..Check::new(step, CheckResult::Block, reason) });
    }

    /// Returns the step that failed.
    pub(crate) fn failed_step(&self) -> Option<CheckId> {
        self.0.iter().find(|check| check.is_blocking()).map(|check| check.id)
    }

    /// Returns a check for every step. A skipped step names the failed one.
    pub(crate) fn complete(&self, service: &Service) -> Vec<Check> {
        let skipped = self.failed_step().map_or_else(String::new, |failed| format!("{failed} failed"));
        let check = |step: CheckId| match self.0.iter().find(|check| check.id == step) {
            None => Check::new(step, CheckResult::Skipped, skipped.clone()),
            Some(check) if check.is_blocking() => explain_failure(check.clone(), service),
            Some(check) => check.clone(),
        };
        STEPS.map(check).to_vec()
    }
}

fn explain_failure(check: Check, service: &Service) -> Check {
    match service.sandbox_not_running(&check.reason).filter(|_| check.id == CheckId::Connection) {
        Some(stopped) => Check::block(check.id, stopped.to_string(), SandboxNotRunning::REMEDY),
        None => Check { remedy: check.remedy.or_else(|| Some(step_remedy(check.id, service))), ..check },
    }
}

/// The skew from which to warn.
///
/// Chosen: far above network latency, far below the refused skew.
const WARN_CLOCK_SKEW: SignedDuration = SignedDuration::from_secs(60);

/// The remedy for a wrong clock.
const CLOCK_REMEDY: &str = "set this machine's clock, or synchronize it with a time server";

/// Compares this machine's clock with the service's.
///
/// A large difference is a warning and not a failure: if the service refuses a signature because of it, every command,
/// including `upgrade`, signs again with the service's time. If the key is refused even then, [`CheckId::KeyAccepted`] fails.
pub(crate) fn clock(ClockSkew { local, server }: ClockSkew) -> Check {
    let Some(server) = server else {
        return Check::new(CheckId::Clock, CheckResult::Info, "the service sent no time");
    };
    let skew = server.duration_since(local);
    let seconds = skew.abs().as_secs();
    let description =
        format!("{seconds} s {} the service's", if skew.is_negative() { "ahead of" } else { "behind" });
    let warn = |consequence: &str| {
        let reason = format!("{description}; {consequence}; {CLOCK_REMEDY}");
        Check { remedy: Some(CLOCK_REMEDY.into()), ..Check::new(CheckId::Clock, CheckResult::Warn, reason) }
    };
    match skew.abs() {
        _ if seconds == 0 => Check::pass(CheckId::Clock, "the same as the service's"),
        skew if skew < WARN_CLOCK_SKEW => Check::pass(CheckId::Clock, description),
        skew if skew <= MAX_CLOCK_SKEW => warn("the service accepts up to 5 minutes"),
        _ => warn("cdss signs with the service's time"),
    }
}

/// Checks which clusters the key can access.
pub(crate) fn permission(clusters: &ClusterList) -> Check {
    let (result, reason) = match (clusters.allowed.len(), clusters.forbidden.len()) {
        (0, forbidden) if forbidden > 0 => {
            (CheckResult::Warn, format!("read access OK; none of the {forbidden} clusters accessible"))
        }
        (_, 0) => (CheckResult::Pass, "read access OK".to_owned()),
        (allowed, forbidden) => (
            CheckResult::Pass,
            format!("read access OK; {allowed} of {} clusters accessible", allowed.saturating_add(forbidden)),
        ),
    };
    Check::new(CheckId::KeyPermission, result, reason)
}

/// Checks whether the region has clusters. None is not a failure, because a new account has no clusters.
pub(crate) fn region(service: &Service, clusters: &ClusterList) -> Check {
    let location = format!("{} {}", service.site, service.region);
    let others = service.region.other_regions(service.site);
    let (result, reason) = match clusters.allowed.len().saturating_add(clusters.forbidden.len()) {
        0 if others.is_empty() => (CheckResult::Info, format!("no clusters for this key in {location}")),
        0 => (
            CheckResult::Info,
            format!("no clusters for this key in {location}; other regions: {}", others.join(", ")),
        ),
        1 => (CheckResult::Pass, format!("{location}, 1 cluster")),
        number => (CheckResult::Pass, format!("{location}, {number} clusters")),
    };
    Check::new(CheckId::Region, result, reason)
}

/// Checks the list of versions. Without a version, no upgrade is possible.
pub(crate) fn versions(versions: &[KafkaVersion]) -> Check {
    let newest = versions.iter().filter_map(|version| version.release.as_ref()).max();
    let (result, reason) = match (versions.len(), newest) {
        (0, _) => (CheckResult::Block, "the service lists no Kafka versions".to_owned()),
        (number, None) => (CheckResult::Warn, format!("{number} versions, all unnamed")),
        (1, Some(only)) => (CheckResult::Pass, format!("1 version: {only}")),
        (number, Some(newest)) => (CheckResult::Pass, format!("{number} versions, up to {newest}")),
    };
    Check::new(CheckId::Versions, result, reason)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

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

    #[test]
    fn key_without_clusters_may_still_read() {
        let check = permission(&ClusterList::default());
        assert_eq!((check.result, check.reason.as_str()), (CheckResult::Pass, "read access OK"));
    }

    #[test]
    fn steps_after_the_failed_one_are_skipped() {
        for (index, failed) in STEPS.into_iter().enumerate() {
            let mut steps = StepChecks::default();
            for step in &STEPS[..index] {
                steps.add(Check::pass(*step, "ok"));
            }
            steps.fail(failed, "broken", None);
            let checks = steps.complete(&service());
            assert_eq!(checks.iter().map(|check| check.id).collect::<Vec<_>>(), STEPS);
            let first = checks.iter().find(|check| check.is_blocking()).unwrap();
            assert_eq!((first.id, first.reason.as_str()), (failed, "broken"));
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
        let mut steps = StepChecks::default();
        steps.add(Check::pass(CheckId::Connection, "127.0.0.1:443"));
        steps.fail(CheckId::Connection, "broken", None);
        let checks = steps.complete(&service());
        assert_eq!(checks.iter().filter(|check| check.is_blocking()).count(), 1, "{checks:?}");
        assert_eq!(steps.failed_step(), Some(CheckId::Connection));
    }

    #[test]
    fn wrong_clock_is_only_a_warning() {
        let local = Timestamp::from_second(1_795_500_000).unwrap();
        let at = |seconds: i64| {
            clock(ClockSkew { local, server: Some(local + SignedDuration::from_secs(seconds)) })
        };
        assert_eq!(at(0), Check::pass(CheckId::Clock, "the same as the service's"));
        assert_eq!(at(3), Check::pass(CheckId::Clock, "3 s behind the service's"));
        assert_eq!(at(-59), Check::pass(CheckId::Clock, "59 s ahead of the service's"));
        for (seconds, text) in [
            (60, "60 s behind the service's; the service accepts up to 5 minutes; set this"),
            (-240, "240 s ahead of the service's; the service accepts up to 5 minutes; set this"),
            (241, "241 s behind the service's; cdss signs with the service's time; set this"),
            (-93_600, "93600 s ahead of the service's; cdss signs with the service's time; set this"),
        ] {
            let check = at(seconds);
            assert_eq!(check.result, CheckResult::Warn, "{seconds}");
            assert!(check.reason.starts_with(text), "{}", check.reason);
            assert_eq!(check.remedy, Some(CLOCK_REMEDY.into()), "{seconds}");
        }
        assert_eq!(
            clock(ClockSkew { local, server: None }).result,
            CheckResult::Info,
            "missing data is never a pass"
        );
    }

    #[test]
    fn refused_sandbox_connection_reports_a_stopped_sandbox() {
        let address = Endpoint::parse("http://127.0.0.1:9").unwrap();
        for sandbox in [true, false] {
            let service = Service { sandbox, endpoint: address.clone(), ..service() };
            for step in [CheckId::Connection, CheckId::ServiceAnswer] {
                let mut steps = StepChecks::default();
                steps.fail(step, "refused", None);
                let failed = steps.complete(&service).into_iter().find(Check::is_blocking).unwrap();
                let names_sandbox =
                    failed.reason == "the sandbox at http://127.0.0.1:9 is not running: refused";
                assert_eq!(names_sandbox, sandbox && step == CheckId::Connection, "{failed:?}");
                let remedy = failed.remedy.unwrap();
                assert_eq!(remedy.render(None).contains("unset CDSS_SANDBOX"), names_sandbox, "{remedy:?}");
            }
        }
    }

    #[test]
    fn empty_version_list_fails_but_empty_region_does_not() {
        let version = |code, name| KafkaVersion::new(VersionCode::new(code), name);
        let none = versions(&[]);
        assert_eq!(
            (none.result, none.reason.as_str()),
            (CheckResult::Block, "the service lists no Kafka versions")
        );
        let listed = [version(1, Some("Kafka 3.10.0")), version(2, Some("Kafka 3.9.1"))];
        assert_eq!(versions(&listed), Check::pass(CheckId::Versions, "2 versions, up to 3.10.0"));
        assert_eq!(versions(&[version(1, None)]).result, CheckResult::Warn);

        let empty = ClusterList::default();
        assert_eq!(
            region(&service(), &empty),
            Check::new(
                CheckId::Region,
                CheckResult::Info,
                "no clusters for this key in public KR; other regions: SGN, JPN"
            )
        );
        let hidden = ForbiddenCluster { no: ClusterNo::new(1), name: "billing".to_owned() };
        let forbidden = ClusterList { forbidden: vec![hidden], ..ClusterList::default() };
        assert_eq!(permission(&forbidden).result, CheckResult::Warn);
        assert_eq!(region(&service(), &forbidden), Check::pass(CheckId::Region, "public KR, 1 cluster"));
    }
}
