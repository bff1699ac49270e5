//! Termination signals: before a start they prevent it, after it they end only the watch.

use std::time::Duration;

use cdss::sandbox::{Options, RequestLog, Scenario};
use rustix::process::Signal;
use serde_json::Value;

use crate::metrics;
use crate::support::{Run, Running, TestEnv, UPGRADE};

const SIGNALS: [(Signal, i32); 3] = [(Signal::HUP, 129), (Signal::INT, 130), (Signal::TERM, 143)];

fn slow(answer_delay: Duration) -> TestEnv {
    TestEnv::with(Options { scenario: Scenario::Slow, response_delay: answer_delay, ..Options::default() })
}

/// Starts a run and sends it a signal once the sandbox log meets the condition.
fn interrupted(
    env: &TestEnv,
    arguments: &str,
    signal: Signal,
    enough: impl Fn(&RequestLog) -> bool,
) -> Running {
    let running = env.start(arguments);
    env.sandbox.wait_until(enough);
    running.signal(signal);
    running
}

/// Far into the watch: a broker has left green.
fn watched_for_a_while(log: &RequestLog) -> bool {
    log.count("rollingUpgradeProgressCheck") >= 8
}

fn started(log: &RequestLog) -> bool {
    log.starts_requested() == 1
}

/// Returns the follow-up command that stderr prints.
fn follow_command(stderr: &str) -> &str {
    let from = stderr.find("cdss status ").unwrap_or_else(|| panic!("no command in\n{stderr}"));
    stderr[from..].lines().next().expect("there is a line").trim_end()
}

fn assert_ended_by_signal(ended: &Run, code: i32) -> Value {
    assert_eq!(ended.code, code, "{}", ended.stderr);
    let document = ended.document();
    assert_eq!(document["exit"], serde_json::json!({ "code": code, "name": "signal" }));
    assert_eq!(document["ok"], false);
    assert_eq!(document["error"]["kind"], "signal");
    document
}

#[test]
fn signal_before_start_prevents_it() {
    for (signal, code) in SIGNALS {
        // Longer than the test's timeout: cdss must not wait for the response.
        let env = slow(Duration::from_secs(600));
        let arguments = format!("{UPGRADE} --yes --output json");
        let running = interrupted(&env, &arguments, signal, |log| !log.requests.is_empty());
        let ended = running.end();
        let document = assert_ended_by_signal(&ended, code);
        assert_eq!(document["submitted"], "no");
        assert_eq!(document["verdict"], "not_started");
        assert!(ended.stderr.contains("nothing was started"), "{}", ended.stderr);
        assert!(!ended.stderr.contains("still changing"), "{}", ended.stderr);
        assert_eq!(env.sandbox.log().starts_requested(), 0);
        assert_eq!(env.home.journal_text(), "");
    }
}

#[test]
fn signal_during_group_create_reports_possible_leftovers() {
    for (signal, code) in SIGNALS {
        let env = slow(Duration::from_millis(300));
        let arguments = "config-group copy analytics-371 --version 3.9.0 --yes --output json";
        let running = interrupted(&env, arguments, signal, |log| log.count("createConfigGroup") == 1);
        let ended = running.end();
        let document = assert_ended_by_signal(&ended, code);
        // The response was awaited briefly, and nothing was sent after it.
        assert_eq!((&document["created"], &document["written"]), (&"yes".into(), &"no".into()));
        assert!(ended.stderr.contains("config group analytics-390 (2001) exists"), "{}", ended.stderr);
        assert!(ended.stderr.contains("hint: run the same command again to fill"), "{}", ended.stderr);
        let log = env.sandbox.log();
        assert_eq!((log.count("createConfigGroup"), log.count("setKafkaConfigGroupDetail")), (1, 0));
        assert!(env.home.journal_text().contains("\"event\":\"end\""), "{}", env.home.journal_text());
    }
}

#[test]
fn signal_ends_read_only_commands() {
    for arguments in
        ["list clusters", "check --cluster orders-prod --version 3.9.0", "status --cluster orders"]
    {
        let env = slow(Duration::from_secs(600));
        let arguments = format!("{arguments} --output json");
        let running = interrupted(&env, &arguments, Signal::INT, |log| !log.requests.is_empty());
        assert_ended_by_signal(&running.end(), 130);
    }
}

#[test]
fn signal_between_confirmation_and_start_prevents_start() {
    let env = slow(Duration::from_millis(400));
    let arguments = format!("{UPGRADE} --yes --output json");
    let second_look = |log: &RequestLog| log.count("rollingUpgradePreCheck") == 2;
    let ended = interrupted(&env, &arguments, Signal::TERM, second_look).end();
    let document = assert_ended_by_signal(&ended, 143);
    assert_eq!(document["submitted"], "no");
    assert!(ended.stderr.contains("nothing was started"), "{}", ended.stderr);
    assert_eq!(env.sandbox.log().starts_requested(), 0);
}

#[test]
fn signal_during_watch_prints_how_to_follow_the_upgrade() {
    for (signal, code) in SIGNALS {
        let env = TestEnv::new(Scenario::Stalled);
        let arguments = format!("{UPGRADE} --yes --output json");
        let ended = interrupted(&env, &arguments, signal, watched_for_a_while).end();
        let document = assert_ended_by_signal(&ended, code);
        assert_eq!(document["submitted"], "yes");
        assert_eq!(document["verdict"], "running");
        assert!(document["started_at"].is_string() && document["ended_at"].is_string());
        assert!(ended.stderr.contains("the upgrade is still running"), "{}", ended.stderr);
        let error = ended.stderr.find("error:").expect("the error is printed");
        let follow = follow_command(&ended.stderr[error..]);
        assert!(follow.contains("--cluster no:1009123"), "{follow}");
        assert!(follow.contains("--version 3.9.0") && follow.contains("--watch"), "{follow}");
        assert_eq!(env.sandbox.log().starts_requested(), 1);

        let second = Run::of(env.command(&format!("{UPGRADE} --no-wait --output json")));
        assert_eq!(second.code, 0, "{}", second.stderr);
        assert!(second.stderr.contains("started from this machine"), "{}", second.stderr);
        let document = second.document();
        assert_eq!((&document["submitted"], &document["verdict"]), (&"no".into(), &"running".into()));
        assert_eq!(env.sandbox.log().starts_requested(), 1, "the second run attaches");
    }
}

#[test]
fn printed_follow_command_works_from_an_empty_home() {
    let env = TestEnv::new(Scenario::Stalled);
    let arguments = format!("{UPGRADE} --yes");
    let ended = interrupted(&env, &arguments, Signal::INT, watched_for_a_while).end();
    let follow = follow_command(&ended.stderr);
    let elsewhere = tempfile::tempdir().expect("there is a temporary directory");
    let mut command = env.program("sh");
    command.args(["-c", &format!("{follow} --timeout 500ms --output json")]);
    command.env("HOME", elsewhere.path()).env("XDG_STATE_HOME", elsewhere.path().join("state"));
    let followed = Run::of(command.env_remove("CDSS_ENDPOINT"));
    assert_eq!(followed.code, 11, "{follow}\n{}", followed.stderr);
    assert!(followed.stderr.contains("orders-prod is still changing"), "{}", followed.stderr);
    let document = followed.document();
    assert_eq!(document["cluster"]["no"], "1009123");
    assert_eq!(document["submitted"], "no");
    assert_eq!(env.sandbox.log().starts_requested(), 1);
}

#[test]
fn signal_ends_status_watch() {
    let env = TestEnv::new(Scenario::Stalled);
    let first = Run::of(env.command(&format!("{UPGRADE} --yes --no-wait")));
    assert_eq!(first.code, 0, "{}", first.stderr);
    let arguments = "status --cluster orders-prod --version 3.9.0 --watch --output json";
    let ended = interrupted(&env, arguments, Signal::TERM, watched_for_a_while).end();
    let document = assert_ended_by_signal(&ended, 143);
    assert_eq!(document["submitted"], "no");
    assert!(ended.stderr.contains("still changing"), "{}", ended.stderr);
    assert_eq!(env.sandbox.log().starts_requested(), 1);
}

#[test]
fn signal_during_start_waits_for_the_response() {
    let env = slow(Duration::from_millis(300));
    let arguments = format!("{UPGRADE} --yes --output json");
    let ended = interrupted(&env, &arguments, Signal::INT, started).end();
    let document = assert_ended_by_signal(&ended, 130);
    assert_eq!(document["submitted"], "yes");
    let requests = document["requests"].as_array().expect("the requests are a list");
    let start = requests.iter().find(|request| request["operation"] == "rollingUpgrade");
    assert_eq!(start.expect("the start was answered")["http_status"], 200);
    assert!(
        ended.stderr.contains("the start was accepted, but no change was observed yet"),
        "{}",
        ended.stderr
    );
    follow_command(&ended.stderr);
    let log = env.sandbox.log();
    assert_eq!((log.starts_requested(), log.starts_accepted()), (1, 1));
    assert!(env.home.journal_text().contains("\"accepted\""), "{}", env.home.journal_text());
}

#[test]
fn second_signal_exits_at_once_and_next_run_attaches() {
    let env = slow(Duration::from_millis(600));
    let running = interrupted(&env, &format!("{UPGRADE} --yes --output json"), Signal::INT, started);
    // A different signal: two of the same kind can merge into one.
    running.signal(Signal::TERM);
    let ended = running.end();
    // Both can arrive together, so either one can be the second.
    assert!(ended.code == -2 || ended.code == -15, "{ended:#?}");
    assert_eq!(ended.stdout, "", "there is no time for a result");

    let next = Run::of(env.command(&format!("{UPGRADE} --no-wait --output json")));
    assert!(next.stderr.contains("whose response is not recorded"), "{}", next.stderr);
    // The crash came before the response, so the change cannot be attributed.
    assert_eq!(next.code, 9, "{}", next.stderr);
    assert_eq!(next.document()["verdict"], "unknown");
    assert_eq!(env.sandbox.log().starts_requested(), 1, "a crash leaves the start open");
}

#[test]
fn signal_before_observed_change_leaves_start_unresolved() {
    let env = TestEnv::new(Scenario::NeverStarts);
    let arguments = format!("{UPGRADE} --yes --poll 2h --output json");
    let looked = |log: &RequestLog| log.starts_requested() == 1 && log.count("getClusterInfo") > 2;
    let ended = interrupted(&env, &arguments, Signal::INT, looked).end();
    let document = assert_ended_by_signal(&ended, 130);
    assert_eq!(document["verdict"], "unknown");
    assert!(!ended.stderr.contains("still running"), "{}", ended.stderr);
    let again = Run::of(env.command(&format!("{UPGRADE} --yes")));
    assert_eq!(again.code, 5, "{}", again.stderr);
    assert!(again.stderr.contains("[start.unresolved]"), "{}", again.stderr);
    assert_eq!(env.sandbox.log().starts_requested(), 1);
}

/// Number of moments at which a signal is sent.
const MOMENTS: usize = 200;

#[test]
fn signal_at_any_moment_exits_with_the_correct_outcome() {
    let parts = std::thread::scope(|scope| {
        let parts: Vec<_> = (0..4)
            .map(|part| {
                scope.spawn(move || {
                    let mut counts = [0; 3];
                    for moment in (part..MOMENTS).step_by(4) {
                        let (signal, code) = SIGNALS[moment % 3];
                        let env = TestEnv::new(Scenario::Stalled);
                        // From the first read to far into the watch.
                        let after = 1 + moment * 7 % 35;
                        let arguments = format!("{UPGRADE} --yes --output json");
                        let ended =
                            interrupted(&env, &arguments, signal, |log| log.requests.len() >= after).end();
                        let document = assert_ended_by_signal(&ended, code);
                        let accepted = env.sandbox.log().starts_accepted();
                        match document["submitted"].as_str() {
                            Some("no") => assert_eq!(accepted, 0, "after {after}: {}", ended.stderr),
                            Some("yes") => assert_eq!(accepted, 1, "after {after}: {}", ended.stderr),
                            _ => {}
                        }
                        assert!(
                            accepted == 0 || ended.stderr.contains("cdss status "),
                            "after {after}: {}",
                            ended.stderr
                        );
                        counts[usize::from(document["submitted"] == "yes")] += 1;
                        counts[2] += usize::from(document["submitted"] == "unknown");
                    }
                    counts
                })
            })
            .collect();
        parts.into_iter().map(|part| part.join().expect("no part failed")).collect::<Vec<_>>()
    });
    let sum = |at: usize| parts.iter().map(|part| part[at]).sum::<usize>();
    assert!(sum(0) > 20 && sum(1) > 20, "before and after the start: {parts:?}");
    metrics::record("signals at any moment", MOMENTS, "signals");
}

#[test]
fn inherited_ignored_sighup_stays_ignored() {
    let env = TestEnv::new(Scenario::Healthy);
    // Like nohup: the trap of the shell is inherited across exec.
    let mut command = env.program("sh");
    command.args(["-c", &format!("trap '' HUP; exec cdss {UPGRADE} --yes --output json")]);
    let running = Running::start(command);
    env.sandbox.wait_until(|log| log.count("getClusterInfo") > 0);
    running.signal(Signal::HUP);
    let ended = running.end();
    assert_eq!((ended.code, &ended.document()["verdict"]), (0, &"done".into()), "{}", ended.stderr);
}
