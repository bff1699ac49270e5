//! Whole upgrades over the real HTTP client while the network fails, following fault schedules drawn from a seed. The
//! sandbox knows what really happened.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::fake::Recorder;
use crate::api::{CdssApi, HttpApi, Limits, RetryPolicy, client_with};
use crate::clock::tests::{FakeClock, run_in_real_time};
use crate::consent::{ConsentError, Prompt};
use crate::error::CommandError;
use crate::injector::network::{Fault, steps};
use crate::injector::seeded_rng::{SeededRng, cases};
use crate::injector::{Injector, Step};
use crate::journal::{Journal, Operator};
use crate::metrics;
use crate::model::broker_address::BrokerSource;
use crate::model::cluster::{Cluster, ClusterState};
use crate::model::command_context::CommandContext;
use crate::model::data_plane::DataPlane;
use crate::model::endpoint::Endpoint;
use crate::model::ids::ClusterNo;
use crate::model::language::Language;
use crate::model::region::Site;
use crate::model::service::Service;
use crate::model::verdict::{Submitted, Verdict};
use crate::report::Finished;
use crate::report::upgrade::UpgradeReport;
use crate::sandbox::{Options, Pace, Sandbox, Scenario};
use crate::session::Session;
use crate::session::brokers::Brokers;
use crate::session::resolve::UpgradeRequest;
use crate::settings::Credentials;
use crate::upgrade::follow::WaitOptions;
use crate::upgrade::rules::acceptance::Acceptances;
use crate::upgrade::run::{ConfirmOptions, upgrade};

/// The faults of any request. The gateway's own refusals come before the service receives the request, so they prove
/// that nothing was done.
const FAULTS: [Fault; 20] = [
    Fault::Cut { delivered: false },
    Fault::Cut { delivered: true },
    Fault::Reset { delivered: false },
    Fault::Reset { delivered: true },
    Fault::Half,
    Fault::Garbage { delivered: false },
    Fault::Garbage { delivered: true },
    Fault::Page { status: 200, delivered: true },
    Fault::Page { status: 502, delivered: false },
    Fault::Page { status: 502, delivered: true },
    Fault::Gateway { status: 429, code: 410, delivered: false },
    Fault::Gateway { status: 429, code: 420, delivered: false },
    Fault::Gateway { status: 401, code: 200, delivered: false },
    Fault::Gateway { status: 500, code: 900, delivered: true },
    Fault::Gateway { status: 503, code: 500, delivered: false },
    Fault::Gateway { status: 503, code: 500, delivered: true },
    Fault::Gateway { status: 504, code: 510, delivered: true },
    Fault::Redirect { status: 302, delivered: false },
    Fault::Redirect { status: 303, delivered: true },
    Fault::Empty,
];

/// The additional faults of a start.
const START_FAULTS: [Fault; 6] = [
    Fault::Hang { delivered: false },
    Fault::Hang { delivered: true },
    Fault::Refusal { status: 200, delivered: true },
    Fault::Gateway { status: 429, code: 400, delivered: false },
    Fault::Gateway { status: 400, code: 100, delivered: false },
    Fault::None,
];

const SCENARIOS: [Scenario; 8] = [
    Scenario::Healthy,
    Scenario::Healthy,
    Scenario::EarlyVersion,
    Scenario::LateVersion,
    Scenario::EndsOnOldVersion,
    Scenario::EndsInError,
    Scenario::NeverStarts,
    Scenario::StartRefused,
];

const CLUSTER: ClusterNo = ClusterNo::new(1_009_123);
const NEW: u64 = 3_903_006;

/// The path and the fault of each exchange, in order of the requests.
type Record = Arc<Mutex<Vec<(String, Fault)>>>;

/// The network between client and service.
struct Network {
    injector: Injector,
    record: Record,
}

impl Network {
    /// The fault of an exchange depends on the seed, the path, and the number of earlier requests to that path, so that
    /// concurrent reads don't change the schedule.
    fn new(seed: u64, scenario: Scenario, port: u16) -> Self {
        let record = Record::default();
        let kept = Arc::clone(&record);
        let counts: Arc<Mutex<BTreeMap<String, u64>>> = Arc::default();
        let one_in = [3, 6, 12, 40][SeededRng::new(seed).below(4)];
        let injector = Injector::start(move |_| {
            let (record, counts) = (Arc::clone(&kept), Arc::clone(&counts));
            let follow = move |request: &str| {
                let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
                let mut counts = counts.lock().unwrap();
                let count = counts.entry(path.clone()).or_default();
                *count += 1;
                let letters =
                    path.bytes().fold(seed, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
                let fault = draw(&mut SeededRng::new(letters ^ (*count << 32)), &path, one_in, scenario);
                record.lock().unwrap().push((path, fault));
                drop(counts);
                steps(fault, request, port)
            };
            vec![Step::Read, Step::Then(Box::new(follow))]
        });
        Self { injector, record }
    }
}

fn is_start(path: &str) -> bool {
    path.ends_with("/rollingUpgrade")
}

fn draw(rng: &mut SeededRng, path: &str, one_in: usize, scenario: Scenario) -> Fault {
    let fault = if is_start(path) && rng.below(3) == 0 {
        // Only an answered start can be reported as failed.
        Fault::None
    } else if is_start(path) {
        let all = [&FAULTS[..], &START_FAULTS].concat();
        all[rng.below(all.len())]
    } else if rng.below(one_in) == 0 {
        FAULTS[rng.below(FAULTS.len())]
    } else {
        Fault::None
    };
    // A refused start that is executed and then not visible can't be detected.
    let is_undetectable =
        matches!(fault, Fault::Refusal { delivered: true, .. }) && scenario == Scenario::NeverStarts;
    if is_undetectable { Fault::None } else { fault }
}

/// A prompt that is not used, because the consent is `--yes`.
struct NoPrompt;

impl Prompt for NoPrompt {
    fn non_terminal_stream(&self) -> Option<&'static str> {
        Some("stdin")
    }

    fn language(&self) -> Language {
        Language::English
    }

    async fn read_line(&mut self, _: &str) -> Result<String, ConsentError> {
        Err(ConsentError::Terminal(std::io::ErrorKind::UnexpectedEof.into()))
    }

    fn show_cautions(&mut self, _: &DataPlane) {}

    fn reject_answer(&mut self, _: &str) {}
}

/// Generous limits for reads, which are never slow here, and a short one for starts that hang.
const LIMITS: Limits =
    Limits { initial_backoff: Duration::ZERO, start_timeout: Duration::from_millis(150), ..Limits::LOOPBACK };

pub(super) fn client(url: &str) -> HttpApi {
    let keys = Options::default();
    client_with(Credentials::new(keys.access_key, keys.secret_key), url, LIMITS)
}

fn service(url: &str) -> Service {
    Service {
        site: Site::Public,
        region: Site::Public.default_region(),
        endpoint: Endpoint::parse(url).unwrap(),
        sandbox: false,
    }
}

/// Upgrades as `cdss upgrade --yes` does, with a fake clock. `identity` is the service in the journal.
pub(super) async fn upgraded(
    api: &impl CdssApi,
    clock: &FakeClock,
    identity: &str,
    journal: &Journal,
    timeout: Duration,
) -> (UpgradeReport, Option<CommandError>) {
    let mut session = Session {
        api,
        clock,
        journal,
        context: &CommandContext::new(service(identity), None),
        reporter: &mut Recorder::default(),
        poll_interval: Duration::from_secs(15),
        brokers: &Brokers::new(BrokerSource::None, None),
        sent_change: &RefCell::default(),
    };
    let request = UpgradeRequest {
        cluster: "orders-prod".parse().unwrap(),
        version: "3.9.0".parse().unwrap(),
        config_group: None,
        acceptances: Acceptances::default(),
        require_journal: false,
        approved_plan: None,
        require_brokers: false,
    };
    let wait_options = WaitOptions { wait: true, timeout };
    let mut confirm_options = ConfirmOptions { yes: true, prompt: &mut NoPrompt };
    let Finished { report, error } =
        upgrade(&mut session, &request, wait_options, &mut confirm_options).await;
    (report, error)
}

fn run(url: &str, folder: &std::path::Path, run: &str) -> (UpgradeReport, Option<CommandError>) {
    let clock = Rc::new(FakeClock::default());
    let journal = Journal::new(Some(folder.to_owned()), Operator::default(), run.to_owned(), clock);
    // Both runs use the same identity, as with the real service.
    let identity = "http://127.0.0.1:1";
    let (client, clock) = (client(url), FakeClock::default());
    let upgrading = upgraded(&client, &clock, identity, &journal, Duration::from_secs(3 * 60 * 60));
    let (report, failure) = run_in_real_time(upgrading);
    let of = report.start.run.clone();
    if of.is_some() {
        let at = jiff::Timestamp::UNIX_EPOCH;
        let end = journal.record_end(at, of.as_deref(), report.verdict, None, &serde_json::Value::Null);
        run_in_real_time(end).unwrap();
    }
    (report, failure)
}

/// Reads the cluster directly from the sandbox.
fn truth(sandbox: &Sandbox) -> Cluster {
    run_in_real_time(client(&sandbox.url()).cluster(CLUSTER, RetryPolicy::Once)).unwrap().unwrap()
}

/// Returns true if a poll after the start succeeded: the health, and then the cluster's entry.
fn has_successful_poll_after_start(record: &[(String, Fault)]) -> bool {
    let after = record.iter().skip_while(|(path, _)| !is_start(path)).filter(|(path, _)| !is_start(path));
    let mut colors = false;
    for (path, fault) in after {
        let intact = *fault == Fault::None;
        if path.contains("ProgressCheck") || path.contains("getClusterStatus") {
            colors = intact;
        } else if intact && colors {
            return true;
        }
    }
    false
}

/// Runs one schedule. Returns the verdict, or a description of a wrong outcome.
fn check_schedule(seed: u64) -> Result<&'static str, String> {
    let mut rng = SeededRng::new(seed ^ 0xc0ff_ee00);
    let scenario = SCENARIOS[rng.below(SCENARIOS.len())];
    let sandbox = Sandbox::start(Options { scenario, pace: Pace::Polls, ..Options::default() }).unwrap();
    let network = Network::new(seed, scenario, sandbox.port());
    let folder = tempfile::tempdir().unwrap();
    let (report, failure) = run(&network.injector.url(), folder.path(), "first");

    let started = sandbox.log().starts_executed();
    let record = network.record.lock().unwrap().clone();
    let cluster = truth(&sandbox);
    let is_good =
        cluster.state == ClusterState::Running && cluster.version.is_some_and(|code| code.number() == NEW);
    let verdict = report.verdict;
    let describe = || {
        format!(
            "{scenario} seed {seed}: {verdict:?}, {failure:?}, {started} accepted, {cluster:?}, {record:?}"
        )
    };
    let holds = |holds: bool, what: &str| if holds { Ok(()) } else { Err(format!("{what}: {}", describe())) };

    holds(started <= 1, "started twice")?;
    match report.start.submitted {
        // In `NeverStarts`, the service accepts the start but does nothing.
        Submitted::Yes => holds(started == 1 || scenario == Scenario::NeverStarts, "said to be started")?,
        Submitted::No => holds(started == 0, "said not to be started")?,
        Submitted::Unknown => {}
    }
    match verdict {
        Some(Verdict::Done) => holds(started == 1 && is_good, "not done")?,
        // The service refused the start but executed it; the run does not claim it.
        Some(Verdict::Already) => {
            let refused = record.iter().any(|(_, fault)| matches!(fault, Fault::Refusal { .. }));
            holds(refused && started == 1 && is_good, "it was not there before")?;
        }
        Some(Verdict::NotStarted) => holds(started == 0, "it was started")?,
        Some(Verdict::Failed) => {
            let ends_badly = matches!(scenario, Scenario::EndsOnOldVersion | Scenario::EndsInError);
            holds(started == 1 && ends_badly && !is_good, "it did not fail")?;
        }
        Some(Verdict::Running) => holds(started == 1, "nothing runs")?,
        Some(Verdict::Unknown) => {
            let nothing_to_see = started == 0 || scenario == Scenario::NeverStarts;
            // An unanswered start can't be reported as failed.
            let unclaimed = report.start.submitted == Submitted::Unknown && !is_good;
            holds(
                nothing_to_see || unclaimed || !has_successful_poll_after_start(&record),
                "a look could tell",
            )?;
        }
        None => holds(false, "without a verdict")?,
    }
    // Running the same command again must not start a second upgrade.
    let (again, _) = run(&sandbox.url(), folder.path(), "second");
    let in_all = sandbox.log().starts_executed();
    // A failed upgrade is over and may be started again.
    let is_over = verdict == Some(Verdict::Failed);
    holds(in_all <= 1 || is_over, "the second run started it again")?;
    holds(
        started == 0 || is_over || again.start.submitted != Submitted::Yes,
        "the second run claims the start",
    )?;
    Ok(verdict.map_or("none", |verdict| verdict.into_str()))
}

#[test]
fn no_fault_schedule_causes_a_second_start_or_wrong_verdict() {
    let schedules = u64::from(cases(50));
    let verdicts: Mutex<BTreeMap<&str, u64>> = Mutex::default();
    let failures: Mutex<Vec<String>> = Mutex::default();
    std::thread::scope(|scope| {
        for part in 0..4 {
            let (verdicts, failures) = (&verdicts, &failures);
            scope.spawn(move || {
                for seed in (part..schedules).step_by(4) {
                    match check_schedule(seed) {
                        Ok(verdict) => *verdicts.lock().unwrap().entry(verdict).or_default() += 1,
                        Err(failure) => failures.lock().unwrap().push(failure),
                    }
                }
            });
        }
    });
    let failures = failures.into_inner().unwrap();
    metrics::record("schedules: started twice, or a wrong verdict", failures.len(), "");
    assert!(failures.is_empty(), "{} of {schedules}: {}", failures.len(), failures.join("\n\n"));
    let verdicts = verdicts.into_inner().unwrap();
    metrics::record("schedules of faults", schedules, "whole upgrades");
    for (verdict, count) in &verdicts {
        metrics::record(&format!("schedules: {verdict}"), count, "");
    }
    for verdict in ["done", "failed", "not_started", "unknown"] {
        assert!(
            verdicts.get(verdict).is_some_and(|count| *count >= schedules / 40),
            "{verdict} hardly came up: {verdicts:?}"
        );
    }
}
