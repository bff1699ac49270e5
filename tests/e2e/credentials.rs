//! Keys from a credential process, and keys that change during a run.

use std::fs;

use cdss::sandbox::{RequestLog, Scenario};
use rustix::process::Signal;
use serde_json::json;

use crate::injector::relay::Relay;
use crate::metrics;
use crate::support::{ACCESS_KEY, Run, Running, SECRET_KEY, TestEnv, UPGRADE, mkfifo, write_private};

const NEWER: (&str, &str) = ("NEWERACCESSKEY00009876", "newer-secret-that-must-never-be-seen");

/// Writes the profile `prod` with `command` as its credential process.
fn with_command(env: &TestEnv, command: &str) {
    let text = format!(
        "[profiles.prod]\ncredential_process = '{command}'\nendpoint = \"{}\"\npoll = \"100ms\"\n",
        env.sandbox.url()
    );
    write_private(&env.home.profiles(), &text);
}

/// Writes a script, and the profile `prod` that gets its key from it.
fn with_script(env: &TestEnv, script: &str) {
    let file = env.home.path().join("program.sh");
    fs::write(&file, script).expect("the home can be written");
    with_command(env, &format!("sh {}", file.display()));
}

fn answer_of(access: &str, secret: &str) -> String {
    json!({ "Version": 1, "AccessKeyId": access, "SecretAccessKey": secret }).to_string()
}

fn echo(answer: &str) -> String {
    format!("echo '{answer}'")
}

#[track_caller]
fn assert_silent(run: &Run, secret: &str) {
    assert!(!run.stdout.contains(secret) && !run.stderr.contains(secret), "{run:#?}");
}

#[test]
fn credential_process_output_is_never_shown() {
    let env = TestEnv::new(Scenario::Healthy);
    with_script(&env, &format!("echo unlocked >&2; {}", echo(&answer_of(ACCESS_KEY, SECRET_KEY))));
    let line = format!("{UPGRADE} --yes --profile prod -o json -vvv");
    let done = env.home.run(&line);
    assert_eq!((done.code, &done.document()["access_key"]), (0, &json!("1234")), "{}", done.stderr);
    assert!(done.stderr.lines().any(|line| line == "unlocked"), "{}", done.stderr);
    assert_silent(&done, SECRET_KEY);
    let journal = fs::read_to_string(env.home.journal()).expect("the start is in the journal");
    assert!(journal.contains("\"access_key\":\"1234\"") && !journal.contains(SECRET_KEY), "{journal}");
    // Commands that only show settings do not run the program.
    let shown = env.home.run("config show --profile prod");
    assert!(shown.stdout.lines().any(|line| line.starts_with("credential_process  sh ")), "{}", shown.stdout);
    assert!(!shown.stderr.contains("unlocked"), "{}", shown.stderr);
}

#[test]
fn each_credential_process_failure_has_its_own_message() {
    let env = TestEnv::new(Scenario::Healthy);
    let good = echo(&answer_of(ACCESS_KEY, SECRET_KEY));
    let list = "list versions --profile prod -vvv";
    let mut met = 0;

    with_script(&env, &good);
    assert_eq!(env.home.run(list).code, 0);
    met += 1;

    let odd = |field: &str, value: &str| good.replace(field, value);
    for (what, script, words) in [
        ("non-zero", format!("{good}; exit 3"), "exit status: 3"),
        ("garbage", format!("echo {SECRET_KEY}"), "the response must be JSON with Version, AccessKeyId"),
        (
            "wrong version",
            odd("\"Version\":1", "\"Version\":2"),
            "unsupported response version 2; use version 1",
        ),
        ("expired", odd("{", "{\"Expiration\":\"2020-01-01T00:00:00Z\","), "the key has expired"),
        ("1 MiB", format!("yes {SECRET_KEY} | head -c 1048576"), "the response is longer than 64 KiB"),
    ] {
        with_script(&env, &script);
        let refused = env.home.run(list);
        let place = "error: credential_process `sh` of profile prod in ";
        refused.assert_says(4, &[place, &format!(" failed: {words}"), "hint: run the program yourself"]);
        assert_silent(&refused, SECRET_KEY);
        assert!(!refused.stderr.contains(ACCESS_KEY), "{what}: {}", refused.stderr);
        met += 1;
    }

    // A shell with tracing prints its output to stderr too.
    with_script(&env, &format!("set -x; {good}; echo 'for {SECRET_KEY}' >&2; exit 7"));
    let traced = env.home.run(list);
    traced.assert_says(4, &["for (hidden)\n", " failed: exit status: 7"]);
    assert_silent(&traced, SECRET_KEY);
    assert_silent(&traced, ACCESS_KEY);
    met += 1;

    with_command(&env, "no-such-program --of ours");
    env.home.run(list).assert_says(
        4,
        &[
            "credential_process `no-such-program` of profile prod in ",
            "can't start the program: No such file",
        ],
    );
    met += 1;

    // The program has a limit of one minute, which its unit tests cover; here the user interrupts it. Its child
    // processes must end too: they would keep stderr open, and the test could not see the run end.
    let started = env.home.path().join("started");
    mkfifo(&started);
    with_script(&env, &format!("echo > {}; sleep 1000 & sleep 1000", started.display()));
    let before = env.log().requests.len();
    let hanging = Running::start(env.home.command(list));
    fs::read(&started).expect("the program opens it");
    hanging.signal(Signal::TERM);
    hanging.end().assert_says(143, &["interrupted; nothing was started"]);
    assert_eq!(env.log().requests.len(), before);
    met += 1;

    metrics::record("ways of a credential_process that end in clear words", met, "of 9");
    assert_eq!(met, 9);
    env.assert_no_start();
}

fn last_refusal(log: &RequestLog) -> Option<usize> {
    log.requests.iter().rposition(|request| request.status == 401)
}

#[test]
fn key_rotated_during_watch_is_refreshed() {
    for by_program in [false, true] {
        let env = TestEnv::new(Scenario::Healthy);
        let answer = env.home.path().join("answer.json");
        let give = |access: &str, secret: &str| {
            if by_program {
                fs::write(&answer, answer_of(access, secret)).expect("the home can be written");
                with_command(&env, &format!("cat {}", answer.display()));
            } else {
                let text = format!(
                    "[profiles.prod]\naccess_key = \"{access}\"\nsecret_key = \"{secret}\"\nendpoint = \"{}\"\n\
                     poll = \"100ms\"\n",
                    env.sandbox.url()
                );
                write_private(&env.home.profiles(), &text);
            }
        };
        give(ACCESS_KEY, SECRET_KEY);
        let line = format!("{UPGRADE} --yes --profile prod -o json");
        let running = Running::start(env.home.command(&line));
        env.sandbox.wait_until(|log| log.count("rollingUpgradeProgressCheck") > 2);
        env.sandbox.accept_key(NEWER.0, NEWER.1);
        env.sandbox.wait_until(|log| last_refusal(log).is_some());
        give(NEWER.0, NEWER.1);
        let ended = running.end();
        assert_eq!((ended.code, &ended.document()["verdict"]), (0, &json!("done")), "{}", ended.stderr);
        let log = env.log();
        assert_eq!((log.starts_requested(), log.starts_accepted()), (1, 1));
        let at = last_refusal(&log).expect("there was one");
        assert!(at + 2 < log.requests.len(), "the watch went on with the new key");
        assert_silent(&ended, NEWER.1);
    }
}

#[test]
fn new_key_for_another_endpoint_is_not_sent_to_the_old_one() {
    let env = TestEnv::new(Scenario::Healthy);
    let relay = Relay::start(env.sandbox.port());
    let give = |(access, secret): (&str, &str), url: &str, poll: &str| {
        let text = format!(
            "[profiles.prod]\naccess_key = \"{access}\"\nsecret_key = \"{secret}\"\nendpoint = \"{url}\"\n\
             poll = \"{poll}\"\n"
        );
        write_private(&env.home.profiles(), &text);
    };
    give((ACCESS_KEY, SECRET_KEY), &relay.url(), "20ms");
    let line = format!("{UPGRADE} --yes --profile prod --timeout 2s -o json");
    let running = Running::start(env.home.command(&line));
    env.sandbox.wait_until(|log| log.count("rollingUpgradeProgressCheck") > 2);
    // The profile now points elsewhere, with a key for that endpoint. The old service accepts neither key.
    give(NEWER, "https://elsewhere.test", "15s");
    env.sandbox.accept_key("NOBODYSACCESSKEY0000", "nobodys");
    env.sandbox.wait_until(|log| log.requests.iter().filter(|request| request.status == 401).count() > 3);
    let ended = running.end();
    assert_eq!((ended.code, &ended.document()["submitted"]), (8, &json!("yes")), "{}", ended.stderr);
    assert!(relay.sent().contains(ACCESS_KEY) && !relay.sent().contains(NEWER.0));
}

#[test]
fn expiring_key_is_refreshed_before_it_expires() {
    let env = TestEnv::new(Scenario::Healthy);
    let runs = env.home.path().join("runs");
    let soon = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(60);
    let answer = answer_of(ACCESS_KEY, SECRET_KEY).replace('{', &format!("{{\"Expiration\":\"{soon}\","));
    with_script(&env, &format!("echo run >> {}; {}", runs.display(), echo(&answer)));
    let done = env.home.run(&format!("{UPGRADE} --yes --profile prod"));
    assert_eq!(done.code, 0, "{}", done.stderr);
    let runs = fs::read_to_string(&runs).expect("it ran").lines().count();
    assert_eq!(runs, 2, "it is renewed before it ends, and a source of short-lived keys is asked once");
    assert_eq!(env.log().starts_requested(), 1);
}
