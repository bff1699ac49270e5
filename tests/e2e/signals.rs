//! Termination signals: before a start they prevent it, after it they end only the watch.

use std::process::Child;
use std::time::Duration;

use cdss::sandbox::{Options, RequestLog, Scenario};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::metrics;
use crate::process_env::{ProcessEnv, ProcessOutput};
use crate::support::UPGRADE;

const SIGNALS: [(Signal, i32); 3] = [(Signal::HUP, 129), (Signal::INT, 130), (Signal::TERM, 143)];

fn slow(answer_delay: Duration) -> ProcessEnv {
    ProcessEnv::with(Options { scenario: Scenario::Slow, response_delay: answer_delay, ..Options::default() })
}

/// Starts a run and sends it a signal once the sandbox log meets the condition.
fn interrupted(
    process_env: &ProcessEnv,
    arguments: &str,
    signal: Signal,
    enough: impl Fn(&RequestLog) -> bool,
) -> Child {
    let child = process_env.cdss(arguments).spawn().expect("cdss is there");
    process_env.sandbox.wait_until(enough);
    send(&child, signal);
    child
}

fn send(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).expect("it was not waited for yet");
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

fn assert_ended_by_signal(ended: &ProcessOutput, code: i32) -> Value {
    assert_eq!(ended.code(), Some(code), "{}", ended.stderr);
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
        let process_env = slow(Duration::from_secs(600));
        let arguments = format!("{UPGRADE} --yes --output json");
        let child = interrupted(&process_env, &arguments, signal, |log| !log.requests.is_empty());
        let ended = ProcessOutput::after(child);
        let document = assert_ended_by_signal(&ended, code);
        assert_eq!(document["submitted"], "no");
        assert_eq!(document["verdict"], "not_started");
        assert!(ended.stderr.contains("nothing was started"), "{}", ended.stderr);
        assert!(!ended.stderr.contains("still changing"), "{}", ended.stderr);
        assert_eq!(process_env.sandbox.log().starts_requested(), 0);
        assert_eq!(process_env.journal(), "");
    }
}

#[test]
fn signal_during_group_create_reports_possible_leftovers() {
    for (signal, code) in SIGNALS {
        let process_env = slow(Duration::from_millis(300));
        let arguments = "config-group copy analytics-371 --version 3.9.0 --yes --output json";
        let child = interrupted(&process_env, arguments, signal, |log| log.count("createConfigGroup") == 1);
        let ended = ProcessOutput::after(child);
        let document = assert_ended_by_signal(&ended, code);
        // The response was awaited briefly, and nothing was sent after it.
        assert_eq!((&document["created"], &document["written"]), (&"yes".into(), &"no".into()));
        assert!(ended.stderr.contains("config group analytics-390 (2001) exists"), "{}", ended.stderr);
        assert!(ended.stderr.contains("hint: run the same command again to fill"), "{}", ended.stderr);
        let log = process_env.sandbox.log();
        assert_eq!((log.count("createConfigGroup"), log.count("setKafkaConfigGroupDetail")), (1, 0));
        assert!(process_env.journal().contains("\"event\":\"end\""), "{}", process_env.journal());
    }
}

#[test]
fn signal_ends_read_only_commands() {
    for arguments in
        ["list clusters", "check --cluster orders-prod --version 3.9.0", "status --cluster orders"]
    {
        let process_env = slow(Duration::from_secs(600));
        let arguments = format!("{arguments} --output json");
        let child = interrupted(&process_env, &arguments, Signal::INT, |log| !log.requests.is_empty());
        assert_ended_by_signal(&ProcessOutput::after(child), 130);
    }
}

#[test]
fn signal_between_confirmation_and_start_prevents_start() {
    let process_env = slow(Duration::from_millis(400));
    let arguments = format!("{UPGRADE} --yes --output json");
    let second_look = |log: &RequestLog| log.count("rollingUpgradePreCheck") == 2;
    let ended = ProcessOutput::after(interrupted(&process_env, &arguments, Signal::TERM, second_look));
    let document = assert_ended_by_signal(&ended, 143);
    assert_eq!(document["submitted"], "no");
    assert!(ended.stderr.contains("nothing was started"), "{}", ended.stderr);
    assert_eq!(process_env.sandbox.log().starts_requested(), 0);
}

#[test]
fn signal_during_watch_prints_how_to_follow_the_upgrade() {
    for (signal, code) in SIGNALS {
        let process_env = ProcessEnv::new(Scenario::Stalled);
        let arguments = format!("{UPGRADE} --yes --output json");
        let ended = ProcessOutput::after(interrupted(&process_env, &arguments, signal, watched_for_a_while));
        let document = assert_ended_by_signal(&ended, code);
        assert_eq!(document["submitted"], "yes");
        assert_eq!(document["verdict"], "running");
        assert!(document["started_at"].is_string() && document["ended_at"].is_string());
        assert!(ended.stderr.contains("the upgrade is still running"), "{}", ended.stderr);
        let error = ended.stderr.find("error:").expect("the error is printed");
        let follow = follow_command(&ended.stderr[error..]);
        assert!(follow.contains("--cluster no:1009123"), "{follow}");
        assert!(follow.contains("--version 3.9.0") && follow.contains("--watch"), "{follow}");
        assert_eq!(process_env.sandbox.log().starts_requested(), 1);

        let second = ProcessOutput::of(&mut process_env.cdss(&format!("{UPGRADE} --no-wait --output json")));
        assert_eq!(second.code(), Some(0), "{}", second.stderr);
        assert!(second.stderr.contains("started from this machine"), "{}", second.stderr);
        let document = second.document();
        assert_eq!((&document["submitted"], &document["verdict"]), (&"no".into(), &"running".into()));
        assert_eq!(process_env.sandbox.log().starts_requested(), 1, "the second run attaches");
    }
}

#[test]
fn printed_follow_command_works_from_an_empty_home() {
    let process_env = ProcessEnv::new(Scenario::Stalled);
    let arguments = format!("{UPGRADE} --yes");
    let ended = ProcessOutput::after(interrupted(&process_env, &arguments, Signal::INT, watched_for_a_while));
    let follow = follow_command(&ended.stderr);
    let elsewhere = tempfile::tempdir().expect("there is a temporary directory");
    let mut command = process_env.command("sh");
    command.args(["-c", &format!("{follow} --timeout 500ms --output json")]);
    command.env("HOME", elsewhere.path()).env("XDG_STATE_HOME", elsewhere.path().join("state"));
    let followed = ProcessOutput::of(command.env_remove("CDSS_ENDPOINT"));
    assert_eq!(followed.code(), Some(11), "{follow}\n{}", followed.stderr);
    assert!(followed.stderr.contains("orders-prod is still changing"), "{}", followed.stderr);
    let document = followed.document();
    assert_eq!(document["cluster"]["no"], "1009123");
    assert_eq!(document["submitted"], "no");
    assert_eq!(process_env.sandbox.log().starts_requested(), 1);
}

#[test]
fn signal_ends_status_watch() {
    let process_env = ProcessEnv::new(Scenario::Stalled);
    let first = ProcessOutput::of(&mut process_env.cdss(&format!("{UPGRADE} --yes --no-wait")));
    assert_eq!(first.code(), Some(0), "{}", first.stderr);
    let arguments = "status --cluster orders-prod --version 3.9.0 --watch --output json";
    let ended = ProcessOutput::after(interrupted(&process_env, arguments, Signal::TERM, watched_for_a_while));
    let document = assert_ended_by_signal(&ended, 143);
    assert_eq!(document["submitted"], "no");
    assert!(ended.stderr.contains("still changing"), "{}", ended.stderr);
    assert_eq!(process_env.sandbox.log().starts_requested(), 1);
}

#[test]
fn signal_during_start_waits_for_the_response() {
    let process_env = slow(Duration::from_millis(300));
    let arguments = format!("{UPGRADE} --yes --output json");
    let ended = ProcessOutput::after(interrupted(&process_env, &arguments, Signal::INT, started));
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
    let log = process_env.sandbox.log();
    assert_eq!((log.starts_requested(), log.starts_accepted()), (1, 1));
    assert!(process_env.journal().contains("\"accepted\""), "{}", process_env.journal());
}

#[test]
fn second_signal_exits_at_once_and_next_run_attaches() {
    use std::os::unix::process::ExitStatusExt as _;

    let process_env = slow(Duration::from_millis(600));
    let child = interrupted(&process_env, &format!("{UPGRADE} --yes --output json"), Signal::INT, started);
    // A different signal: two of the same kind can merge into one.
    send(&child, Signal::TERM);
    let ended = ProcessOutput::after(child);
    // Both can arrive together, so either one can be the second.
    let by = ended.output.status.signal();
    assert!(by == Some(2) || by == Some(15), "{:?}\n{}", ended.output.status, ended.stderr);
    assert_eq!(ended.stdout, "", "there is no time for a result");

    let next = ProcessOutput::of(&mut process_env.cdss(&format!("{UPGRADE} --no-wait --output json")));
    assert!(next.stderr.contains("whose response is not recorded"), "{}", next.stderr);
    // The crash came before the response, so the change cannot be attributed.
    assert_eq!(next.code(), Some(9), "{}", next.stderr);
    assert_eq!(next.document()["verdict"], "unknown");
    assert_eq!(process_env.sandbox.log().starts_requested(), 1, "a crash leaves the start open");
}

#[test]
fn signal_before_observed_change_leaves_start_unresolved() {
    let process_env = ProcessEnv::new(Scenario::NeverStarts);
    let arguments = format!("{UPGRADE} --yes --poll 2h --output json");
    let looked = |log: &RequestLog| log.starts_requested() == 1 && log.count("getClusterInfo") > 2;
    let ended = ProcessOutput::after(interrupted(&process_env, &arguments, Signal::INT, looked));
    let document = assert_ended_by_signal(&ended, 130);
    assert_eq!(document["verdict"], "unknown");
    assert!(!ended.stderr.contains("still running"), "{}", ended.stderr);
    let again = ProcessOutput::of(&mut process_env.cdss(&format!("{UPGRADE} --yes")));
    assert_eq!(again.code(), Some(5), "{}", again.stderr);
    assert!(again.stderr.contains("[start.unresolved]"), "{}", again.stderr);
    assert_eq!(process_env.sandbox.log().starts_requested(), 1);
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
                        let process_env = ProcessEnv::new(Scenario::Stalled);
                        // From the first read to far into the watch.
                        let after = 1 + moment * 7 % 35;
                        let arguments = format!("{UPGRADE} --yes --output json");
                        let ended =
                            ProcessOutput::after(interrupted(&process_env, &arguments, signal, |log| {
                                log.requests.len() >= after
                            }));
                        let document = assert_ended_by_signal(&ended, code);
                        let accepted = process_env.sandbox.log().starts_accepted();
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
    let process_env = ProcessEnv::new(Scenario::Healthy);
    // Like nohup: the trap of the shell is inherited across exec.
    let mut command = process_env.command("sh");
    command.args(["-c", &format!("trap '' HUP; exec cdss {UPGRADE} --yes --output json")]);
    let child = command.spawn().expect("sh is there");
    process_env.sandbox.wait_until(|log| log.count("getClusterInfo") > 0);
    send(&child, Signal::HUP);
    let ended = ProcessOutput::after(child);
    assert_eq!((ended.code(), &ended.document()["verdict"]), (Some(0), &"done".into()), "{}", ended.stderr);
}
