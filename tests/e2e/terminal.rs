//! The confirmation prompt on a pseudo-terminal: who can start an upgrade, and the state of the terminal afterwards.

use std::time::Duration;

use cdss::sandbox::{self, AccountChange, Scenario};
use rustix::process::{Signal, kill_process};

use crate::altered::Altered;
use crate::pty::Terminal;
use crate::support::{ACCESS_KEY, Run, SECRET_KEY, TestEnv, UPGRADE, check, point_to_sandbox};

/// The prompt's beginning is printed again after the answer. The colon and the space identify the prompt.
const QUESTION: &str = "Type orders-prod to start: ";

#[test]
fn typing_the_name_starts_one_upgrade() {
    let env = TestEnv::new(Scenario::Healthy);
    let mut terminal = Terminal::open(&env, UPGRADE);
    let plan = terminal.expect("This cannot be canceled or undone.");
    for part in ["orders-prod (1009123)", "3.7.1 → 3.9.0", "orders-390 (312)", "service.precheck"] {
        assert!(plan.contains(part), "{part} is missing in\n{plan}");
    }
    let cautions = terminal.expect(QUESTION);
    assert!(cautions.contains("Data loss is possible"), "{cautions}");
    assert_eq!(env.sandbox.log().starts_requested(), 0, "the question comes first");
    terminal.press("orders-prod\r");
    terminal.expect("Started ");
    terminal.expect("The upgrade continues if you close this terminal");
    for broker in ["orders-prod-d-001", "orders-prod-d-002", "orders-prod-d-003"] {
        terminal.expect(broker);
    }
    terminal.expect("orders-prod  3.7.1 → 3.9.0  done");
    let (code, rest) = terminal.end();
    assert_eq!(code, 0);
    assert!(rest.contains("Observed 3 of 3 brokers restart."), "{rest}");
    let log = env.sandbox.log();
    assert_eq!((log.starts_requested(), log.starts_accepted()), (1, 1));
    assert!(env.home.journal_text().contains("typed name"), "the journal keeps how consent was given");
}

#[test]
fn third_wrong_answer_aborts_without_a_start() {
    let env = TestEnv::new(Scenario::Healthy);
    let mut terminal = Terminal::open(&env, UPGRADE);
    terminal.answer_to(QUESTION, "y");
    terminal.expect("that is not the cluster's name; 2 attempts left");
    terminal.answer_to(QUESTION, "");
    terminal.expect("nothing was typed; 1 attempt left");
    terminal.answer_to(QUESTION, "orders-pro");
    terminal.expect("nothing was started");
    let (code, rest) = terminal.end();
    assert_eq!(code, 10);
    assert!(!rest.contains("Type orders-prod"), "a fourth question:\n{rest}");
    assert_eq!(env.sandbox.log().starts_requested(), 0);
    assert_eq!(env.home.journal_text(), "", "a declined start leaves no trace of one");
}

/// A service that reports this name for the cluster. `None` omits the field.
fn with_name(name: Option<&'static str>) -> Altered {
    Altered::editing("1009123", move |result| {
        let Some(fields) = result.as_object_mut() else { return };
        fields.remove("clusterName");
        fields.extend(name.map(|name| ("clusterName".to_owned(), name.into())));
    })
}

#[test]
fn unnamed_cluster_is_confirmed_by_number_not_by_enter() {
    for name in [None, Some(""), Some(" \u{a0}"), Some("orders\u{200b}prod")] {
        let service = with_name(name);
        let line = "upgrade --cluster 1009123 --version 3.9.0 --no-wait";
        let mut command = service.home.program("sh");
        point_to_sandbox(&mut command, &service.url(), ACCESS_KEY, SECRET_KEY);
        command.env("TERM", "xterm");
        let words: Vec<&str> = std::iter::once(env!("CARGO_BIN_EXE_cdss")).chain(line.split(' ')).collect();
        let mut terminal = Terminal::with(command, &words);
        let question = "Type 1009123 to start: ";
        terminal.expect("The service returned no usable name; confirm with the cluster number.");
        terminal.answer_to(question, "");
        terminal.expect("nothing was typed; 2 attempts left");
        terminal.answer_to(question, " ");
        terminal.expect("nothing was typed; 1 attempt left");
        assert_eq!(service.sandbox.log().starts_requested(), 0, "{name:?}");
        terminal.answer_to(question, "1009123");
        terminal.expect("Started ");
        assert_eq!(terminal.end().0, 0);
        assert_eq!(service.sandbox.log().starts_requested(), 1, "{name:?}");
        assert_eq!(service.home.entries()[0]["consent"], "typed number", "{name:?}");
    }
}

#[test]
fn check_shows_an_unnamed_cluster_by_number() {
    let service = with_name(None);
    let line = "check --cluster 1009123 --version 3.9.0";
    let run = service.home.run_at(&service.url(), line);
    let lines =
        "Cluster       1009123  3 brokers  running\n              The service returned no usable name;";
    assert_eq!(run.code, 0, "{run:#?}");
    assert!(run.stdout.contains(lines), "{}", run.stdout);
    let (_, document) = service.json(line);
    assert_eq!(document["cluster"], serde_json::json!({ "name": null, "no": "1009123" }));
    assert_eq!(check(&document, "service.precheck")["result"], "pass");
}

#[test]
fn hangul_answer_hints_at_the_korean_input_mode() {
    let env = TestEnv::new(Scenario::Healthy);
    let mut terminal = Terminal::open(&env, UPGRADE);
    terminal.answer_to(QUESTION, "ㅐㄱㅇㄷㄱㄴ-ㅔ개ㅇ");
    terminal.expect("the keyboard is in Korean input mode (한/영); 2 attempts left");
    assert_eq!(env.sandbox.log().starts_requested(), 0);
    terminal.answer_to(QUESTION, "orders-prod");
    terminal.expect("done");
    assert_eq!(terminal.end().0, 0);
    assert_eq!(env.sandbox.log().starts_requested(), 1);
}

#[test]
fn corrected_input_is_accepted() {
    let env = TestEnv::new(Scenario::Healthy);
    let mut terminal = Terminal::open(&env, &format!("{UPGRADE} --no-wait"));
    terminal.answer_to(QUESTION, "orders-prox\u{7f}d");
    terminal.expect("Started ");
    assert_eq!(terminal.end().0, 0);
    assert_eq!(env.sandbox.log().starts_requested(), 1);
}

#[test]
fn ctrl_c_at_prompt_starts_nothing_and_restores_terminal() {
    for typed in ["", "orders-prod"] {
        let env = TestEnv::new(Scenario::Healthy);
        let mut terminal = Terminal::open(&env, UPGRADE);
        terminal.expect(QUESTION);
        terminal.press(typed);
        terminal.press("\u{3}");
        terminal.expect("interrupted; nothing was started");
        let (code, rest) = terminal.end();
        assert_eq!(code, 130, "{rest}");
        assert!(!rest.contains("Started"), "{rest}");
        assert_eq!(env.sandbox.log().starts_requested(), 0);
        assert_eq!(env.home.journal_text(), "");
    }
}

#[test]
fn signal_at_prompt_starts_nothing_and_restores_terminal() {
    for (signal, code) in [(Signal::HUP, 129), (Signal::INT, 130), (Signal::TERM, 143)] {
        let env = TestEnv::new(Scenario::Healthy);
        let mut terminal = Terminal::open(&env, UPGRADE);
        let pid = terminal.pid();
        terminal.expect(QUESTION);
        terminal.press("orders-prod");
        // The echo: the prompt waits for the next key.
        terminal.expect("orders-prod");
        kill_process(pid, signal).expect("it waits at the question");
        terminal.expect("interrupted; nothing was started");
        assert_eq!(terminal.end().0, code, "{signal:?}");
        assert_eq!(env.sandbox.log().starts_requested(), 0);
    }
}

#[test]
fn end_of_input_declines() {
    for (typed, keys) in [("", "\u{4}"), ("orders-prod", "\u{4}\u{4}")] {
        let env = TestEnv::new(Scenario::Healthy);
        let mut terminal = Terminal::open(&env, UPGRADE);
        terminal.expect(QUESTION);
        terminal.press(typed);
        terminal.expect(typed);
        terminal.press(keys);
        terminal.expect("the start was not confirmed: `orders-prod` was not typed");
        let (code, rest) = terminal.end();
        assert_eq!(code, 10, "{typed:?}: {rest}");
        assert!(rest.contains("cdss changed nothing."), "{typed:?}: {rest}");
        assert!(!rest.contains("attempt"), "{typed:?}: it asks again:\n{rest}");
        assert_eq!(env.sandbox.log().starts_requested(), 0, "{typed:?}");
        assert_eq!(env.home.journal_text(), "", "{typed:?}");
    }
}

#[test]
fn input_before_the_prompt_is_ignored() {
    let answer_delay = Duration::from_millis(300);
    let env = TestEnv::with(sandbox::Options {
        scenario: Scenario::Slow,
        response_delay: answer_delay,
        ..Default::default()
    });
    let mut terminal = Terminal::open(&env, &format!("{UPGRADE} --no-wait"));
    env.sandbox.wait_until(|log| !log.requests.is_empty());
    terminal.press("orders-prod\r");
    // The echo: the terminal holds the line long before the plan names the cluster.
    terminal.expect("orders-prod\r\n");
    assert_eq!(env.sandbox.log().count("rollingUpgradePreCheck"), 0, "the line came too late for this test");
    terminal.expect(QUESTION);
    // Whatever is read first is read now.
    terminal.press("typed now\r");
    terminal.expect("that is not the cluster's name; 2 attempts left");
    assert_eq!(env.sandbox.log().starts_requested(), 0);
    terminal.answer_to(QUESTION, "orders-prod");
    terminal.expect("Started ");
    assert_eq!(terminal.end().0, 0);
    assert_eq!(env.sandbox.log().starts_requested(), 1);
}

#[test]
fn input_before_the_second_prompt_is_ignored() {
    let env = TestEnv::new(Scenario::Healthy);
    let mut terminal = Terminal::open(&env, UPGRADE);
    terminal.expect(QUESTION);
    terminal.press("no\rno\rno\rno\r");
    terminal.expect("2 attempts left");
    terminal.press("\u{3}");
    let (code, _) = terminal.end();
    assert!(code == 130 || code == 10, "{code}");
    assert_eq!(env.sandbox.log().starts_requested(), 0);
}

#[test]
fn quiet_still_shows_the_plan_and_cautions() {
    let env = TestEnv::new(Scenario::Healthy);
    let mut terminal = Terminal::open(&env, &format!("{UPGRADE} --quiet"));
    let plan = terminal.expect("cannot be canceled");
    assert!(plan.contains("3.7.1 → 3.9.0") && plan.contains("service.precheck"), "{plan}");
    terminal.answer_to(QUESTION, "orders-prod");
    terminal.expect("Started ");
    let rest = terminal.expect("orders-prod  3.7.1 → 3.9.0  done");
    assert!(!rest.contains("orders-prod-d-00"), "progress in spite of --quiet:\n{rest}");
    assert_eq!(terminal.end().0, 0);
    assert_eq!(env.sandbox.log().starts_requested(), 1);
}

#[test]
fn yes_skips_the_prompt_on_a_terminal() {
    let env = TestEnv::new(Scenario::Healthy);
    let mut terminal = Terminal::open(&env, &format!("{UPGRADE} --yes"));
    let before = terminal.expect("Started ");
    assert!(!before.contains("Type orders-prod"), "{before}");
    assert!(before.contains("service.precheck"), "the plan is shown:\n{before}");
    terminal.expect("orders-prod  3.7.1 → 3.9.0  done");
    assert_eq!(terminal.end().0, 0);
    assert_eq!(env.sandbox.log().starts_requested(), 1);
    assert!(env.home.journal_text().contains("--yes"), "the journal keeps how consent was given");
}

#[test]
fn non_terminal_stream_is_named_without_prompting() {
    for (redirection, stream) in [
        ("2>said", "stderr"),
        ("2>&1 | cat >said", "stderr"),
        ("2>said <&-", "stdin"),
        ("2>said </dev/null", "stdin"),
    ] {
        let env = TestEnv::new(Scenario::Healthy);
        let script = format!("cdss {UPGRADE} {redirection}");
        let piped = redirection.contains('|');
        let (code, _) = Terminal::run(&env, &["sh", "-c", &script]).end();
        let said = std::fs::read_to_string(env.home.path().join("said")).expect("sh made the file");
        assert!(piped || code == 10, "{redirection}: {code}\n{said}");
        let error = format!("{stream} is not a terminal");
        assert!(said.contains(&error), "{redirection}:\n{said}");
        assert!(said.contains("--yes"), "{redirection}:\n{said}");
        assert!(!said.contains(QUESTION), "{redirection}:\n{said}");
        assert_eq!(env.sandbox.log().starts_requested(), 0, "{redirection}");
    }
}

#[test]
fn prompt_works_with_piped_stdout() {
    let env = TestEnv::new(Scenario::Healthy);
    let script = format!("cdss {UPGRADE} --output json >result");
    let mut terminal = Terminal::run(&env, &["sh", "-c", &script]);
    terminal.answer_to(QUESTION, "orders-prod");
    terminal.expect("Started ");
    assert_eq!(terminal.end().0, 0);
    let result = std::fs::read_to_string(env.home.path().join("result")).expect("sh made the file");
    let document: serde_json::Value = serde_json::from_str(&result).expect("stdout is one document");
    assert_eq!(document["verdict"], "done");
}

#[test]
fn plan_changed_at_prompt_is_shown_and_confirmed_again() {
    let env = TestEnv::new(Scenario::Healthy);
    let mut terminal = Terminal::open(&env, &format!("{UPGRADE} -v"));
    terminal.expect(QUESTION);
    let (key, value) = ("num.io.threads".to_owned(), "31".to_owned());
    env.sandbox.apply(AccountChange::CustomValue { group: 312, key, value });
    terminal.press("orders-prod\r");
    terminal.expect("warning: the cluster changed since the plan was made");
    let plan = terminal.expect(QUESTION);
    assert!(plan.contains("num.io.threads") && plan.contains("31"), "{plan}");
    assert_eq!(env.sandbox.log().starts_requested(), 0, "the first answer was for another plan");
    assert_eq!(env.home.journal_text(), "");
    terminal.press("orders-prod\r");
    terminal.expect("Started ");
    terminal.expect("orders-prod  3.7.1 → 3.9.0  done");
    assert_eq!(terminal.end().0, 0);
    assert_eq!(env.sandbox.log().starts_requested(), 1);
}

#[test]
fn declined_changed_plan_starts_nothing() {
    let env = TestEnv::new(Scenario::Healthy);
    let mut terminal = Terminal::open(&env, UPGRADE);
    terminal.expect(QUESTION);
    let (key, value) = ("num.io.threads".to_owned(), "31".to_owned());
    env.sandbox.apply(AccountChange::CustomValue { group: 312, key, value });
    terminal.press("orders-prod\r");
    terminal.expect("warning: the cluster changed since the plan was made");
    terminal.expect(QUESTION);
    terminal.press("\u{3}");
    terminal.expect("interrupted; nothing was started");
    assert_eq!(terminal.end().0, 130);
    assert_eq!(env.sandbox.log().starts_requested(), 0);
}

#[test]
fn confirmation_after_another_start_starts_nothing() {
    let env = TestEnv::new(Scenario::Stalled);
    let mut terminal = Terminal::open(&env, UPGRADE);
    terminal.expect(QUESTION);
    let other = Run::of(env.command(&format!("{UPGRADE} --yes --timeout 100ms --output json")));
    assert_eq!(other.code, 8, "{}", other.stderr);
    assert_eq!(other.document()["submitted"], "yes");
    // The other run has exited, and its upgrade is in progress.
    terminal.press("orders-prod\r");
    assert_eq!(terminal.end().0, 11);
    assert_eq!(env.sandbox.log().starts_requested(), 1, "the other run's");
}
