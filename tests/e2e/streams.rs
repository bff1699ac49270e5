//! Streams that cannot be written, that are not terminals, or that receive hostile text.

use std::process::Command;

use cdss::sandbox::{AccountChange, Options, Scenario};
use serde_json::Value;

use crate::pty::Terminal;
use crate::support::{Run, TestEnv, UPGRADE, raw_characters};

const READS: [&str; 11] = [
    "list clusters",
    "list versions",
    "list config-groups",
    "config-group diff orders-371 payments-390",
    "config-group copy orders-371 --version 3.9.0 --name orders-new --dry-run",
    "check --cluster orders-prod --version 3.9.0",
    "status --cluster orders",
    "config show",
    "config list",
    "history",
    "sandbox --list",
];

const FORMATS: [&str; 2] = ["table", "json"];

/// Returns cdss with a redirection in sh syntax.
fn redirected(env: &TestEnv, arguments: &str, redirection: &str) -> Command {
    let mut command = env.program("sh");
    command.args(["-c", &format!("exec cdss {arguments} {redirection}")]);
    command
}

/// Returns cdss with a stdout that has no reader.
fn unread(env: &TestEnv, arguments: &str) -> Command {
    let (reader, writer) = std::io::pipe().expect("there is a pipe");
    drop(reader);
    let mut command = env.command(arguments);
    command.stdout(writer);
    command
}

fn last_event(env: &TestEnv) -> Value {
    let journal = env.home.journal_text();
    let line = journal.lines().last().expect("the journal has a line");
    serde_json::from_str(line).expect("a line of the journal is JSON")
}

/// Asserts by exit code and journal alone that the upgrade is done.
fn assert_done_without_stdout(env: &TestEnv, ended: &Run) {
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let event = last_event(env);
    assert_eq!(event["event"], "end", "{event}");
    assert_eq!(event["verdict"], "done", "{event}");
    assert_eq!(event["document"]["verdict"], "done", "{event}");
    let log = env.sandbox.log();
    assert_eq!((log.starts_requested(), log.starts_accepted()), (1, 1));
}

/// Asserts that a text does not control a terminal: no control characters other than newlines, no invisible
/// characters, and none that change the text direction.
fn assert_plain(text: &str) {
    let found = raw_characters(text);
    assert!(found.is_empty(), "{found:?} in\n{text}");
}

#[test]
fn read_commands_succeed_with_closed_stdout_or_pipe() {
    let env = TestEnv::new(Scenario::Healthy);
    for arguments in READS {
        for format in FORMATS {
            let arguments = format!("{arguments} --output {format}");
            for command in [redirected(&env, &arguments, ">&-"), unread(&env, &arguments)] {
                let ended = Run::of(command);
                assert_eq!(ended.code, 0, "{arguments}\n{}", ended.stderr);
                assert!(!ended.stderr.contains("error"), "{arguments}\n{}", ended.stderr);
            }
        }
    }
    assert_eq!(env.sandbox.log().starts_requested(), 0);
}

#[cfg(target_os = "linux")]
#[test]
fn read_commands_fail_when_output_cannot_be_written() {
    let env = TestEnv::new(Scenario::Healthy);
    for arguments in READS {
        for format in FORMATS {
            let arguments = format!("{arguments} --output {format}");
            let ended = Run::of(redirected(&env, &arguments, ">/dev/full"));
            assert_eq!(ended.code, 1, "{arguments}\n{}", ended.stderr);
            assert!(ended.stderr.contains("error: can't write the result"), "{}", ended.stderr);
        }
    }
}

#[test]
fn upgrade_succeeds_with_closed_stdout() {
    for format in FORMATS {
        let arguments = format!("{UPGRADE} --yes --output {format}");
        for piped in [false, true] {
            let env = TestEnv::new(Scenario::Healthy);
            let command = if piped { unread(&env, &arguments) } else { redirected(&env, &arguments, ">&-") };
            assert_done_without_stdout(&env, &Run::of(command));
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn upgrade_succeeds_when_stdout_cannot_be_written() {
    for format in FORMATS {
        let env = TestEnv::new(Scenario::Healthy);
        let arguments = format!("{UPGRADE} --yes --output {format}");
        let ended = Run::of(redirected(&env, &arguments, ">/dev/full"));
        assert_done_without_stdout(&env, &ended);
    }
}

#[test]
fn upgrade_succeeds_when_stderr_cannot_be_written() {
    let mut redirections = vec!["2>&-", ">&- 2>&-", "<&- >&- 2>&-"];
    if cfg!(target_os = "linux") {
        redirections.extend(["2>/dev/full", ">/dev/full 2>/dev/full"]);
    }
    for redirection in redirections {
        let env = TestEnv::new(Scenario::Healthy);
        let ended = Run::of(redirected(&env, &format!("{UPGRADE} --yes"), redirection));
        assert_done_without_stdout(&env, &ended);
    }
}

#[test]
fn unsuccessful_verdict_keeps_its_exit_code_without_stdout() {
    for (scenario, code) in
        [(Scenario::PrecheckRefused, 5), (Scenario::EndsOnOldVersion, 7), (Scenario::ServerError, 12)]
    {
        for format in FORMATS {
            let env = TestEnv::new(scenario);
            let ended = Run::of(unread(&env, &format!("{UPGRADE} --yes --output {format}")));
            assert_eq!(ended.code, code, "{scenario}\n{}", ended.stderr);
        }
    }
}

#[test]
fn quiet_keeps_the_error_and_its_hint() {
    let env = TestEnv::new(Scenario::Healthy);
    let line = "cdss check --cluster audit --version 3.9.0 --config-group audit-390 -q";
    let ended = Run::of(env.program("sh").args(["-c", line]));
    assert_eq!(ended.code, 5, "{}", ended.stderr);
    assert!(ended.stderr.contains("[config.changed]"), "{}", ended.stderr);
    assert!(ended.stderr.contains("add --accept config.changed=log.retention.hours"), "{}", ended.stderr);
}

#[test]
fn help_succeeds_with_a_closed_pipe() {
    let env = TestEnv::new(Scenario::Healthy);
    for arguments in ["--help", "--version", "upgrade --help", "sandbox --list"] {
        let ended = Run::of(unread(&env, arguments));
        assert!(matches!(ended.code, 0 | 1), "{arguments}: {ended:#?}");
        let ended = Run::of(redirected(&env, arguments, ">&-"));
        assert_eq!(ended.code, 0, "{arguments}\n{}", ended.stderr);
    }
    assert!(env.sandbox.log().requests.is_empty());
}

#[test]
fn no_control_sequences_without_a_terminal() {
    for verbosity in ["", "-v", "-vv", "-vvv", "--color auto"] {
        let env = TestEnv::new(Scenario::Healthy);
        for arguments in READS.map(str::to_owned).into_iter().chain([format!("{UPGRADE} --yes")]) {
            let ended = Run::of(env.command(&format!("{arguments} {verbosity}")));
            assert_eq!(ended.code, 0, "{}", ended.stderr);
            assert!(!ended.stdout.is_empty());
            assert_plain(&ended.stdout);
            assert_plain(&ended.stderr);
        }
        let ended = Run::of(env.command(&format!("check --cluster nobody {verbosity}")));
        assert_eq!(ended.code, 3, "{}", ended.stderr);
        assert_plain(&ended.stderr);
    }
}

#[test]
fn color_is_used_on_request_but_never_in_documents() {
    let env = TestEnv::new(Scenario::PrecheckRefused);
    for format in FORMATS {
        let arguments = format!("{UPGRADE} --yes --color always --output {format}");
        let ended = Run::of(env.command(&arguments));
        assert_eq!(ended.code, 5, "{}", ended.stderr);
        assert!(ended.stderr.contains("\u{1b}[1;31merror:"), "{}", ended.stderr);
        assert_plain(&ended.stdout);
    }
    let status = "status --cluster orders-prod --color always";
    let document = env.run(&format!("{status} -o json"));
    assert_plain(&document.stdout);
    let colored = env.run(status).stdout;
    assert!(colored.contains("  \u{1b}[32mrunning\u{1b}[0m\n"), "{colored}");
    assert!(colored.contains("orders-prod-d-001  broker     \u{1b}[32mgreen\u{1b}[0m\n"), "{colored}");
}

#[test]
fn color_is_decided_for_each_stream() {
    let env = TestEnv::new(Scenario::Healthy);
    // The result is on the terminal, or the error is, but never both.
    let status = "cdss status --cluster orders-prod 2>said";
    let shown = Terminal::run(&env, &["sh", "-c", status]).end().1;
    assert!(shown.contains("\u{1b}[32mrunning\u{1b}[0m"), "{shown}");
    let status = "cdss status --cluster orders-prod >result";
    let _shown = Terminal::run(&env, &["sh", "-c", status]).end();
    let result = std::fs::read_to_string(env.home.path().join("result")).expect("sh made the file");
    assert!(result.contains("  running\n"), "{result}");
    assert_plain(&result);
    let failing = "cdss check --cluster audit --version 3.9.0 2>said";
    let _shown = Terminal::run(&env, &["sh", "-c", failing]).end();
    let said = std::fs::read_to_string(env.home.path().join("said")).expect("sh made the file");
    assert!(said.contains("error: blocked"), "{said}");
    assert_plain(&said);
}

/// Returns what a command writes to both streams, in the order in which it was written.
fn interleaved(env: &TestEnv, arguments: &str, code: i32) -> String {
    let ended = Run::of(redirected(env, arguments, ">all 2>&1"));
    let all = std::fs::read_to_string(env.home.path().join("all")).expect("sh made the file");
    assert_eq!(ended.code, code, "{arguments}\n{all}");
    all
}

#[test]
fn error_follows_the_complete_result() {
    let last_of_result = [
        (Scenario::Healthy, "check --cluster audit --version 3.9.0", 5, "--config-group no:332\n"),
        (
            Scenario::PrecheckRefused,
            "check --cluster orders-prod --version 3.9.0",
            5,
            "they are not on this machine\n",
        ),
        (Scenario::EndsInError, &format!("{UPGRADE} --yes"), 7, "\n  latest    request "),
        (Scenario::NoPermission, "config verify", 4, "\nFix key.permission first: "),
    ];
    for (scenario, arguments, code, result) in last_of_result {
        let env = TestEnv::new(scenario);
        let text = interleaved(&env, arguments, code);
        let (before, after) = text.split_once("\nerror: ").unwrap_or_else(|| panic!("no error in\n{text}"));
        assert!(format!("{before}\n").contains(result), "{arguments}:\n{text}");
        assert!(!after.contains(result), "{arguments}:\n{text}");

        let env = TestEnv::new(scenario);
        let text = interleaved(&env, &format!("{arguments} -o json"), code);
        let (document, _) = text.rsplit_once("}\nerror: ").unwrap_or_else(|| panic!("no error in\n{text}"));
        assert!(document.contains("\"error\": {"), "{arguments}:\n{text}");
    }
    let env = TestEnv::new(Scenario::Healthy);
    for (arguments, last) in
        [("upgrade", "}\nerror: the following required arguments"), ("", "}\nPerform rolling Kafka upgrades")]
    {
        let text = interleaved(&env, &format!("{arguments} -o json"), 2);
        assert!(text.starts_with('{') && text.contains(last), "{text}");
    }
}

#[test]
fn blocked_check_ends_with_the_words_of_the_service() {
    let env = TestEnv::new(Scenario::PrecheckRefused);
    let (run, document) = env.json("check --cluster orders-prod --version 3.9.0");
    let words = document["error"]["service_message"].as_str().expect("the service gave a reason");
    run.assert_says(5, &["error: blocked: the service's pre-check refused the upgrade: ", words]);
    let error = run.stderr.lines().find(|line| line.starts_with("error: ")).expect("there is an error");
    assert!(error.contains(words) && error.ends_with(" [service.precheck]"), "{error}");
}

#[test]
fn no_verbosity_level_prints_a_secret() {
    let (access_key, secret_key) =
        ("access-not-in-full-1a2b".to_owned(), "secret-not-to-be-told-3c4d".to_owned());
    for verbosity in ["-vv", "-vvv", "-vvv --output json"] {
        let options =
            Options { access_key: access_key.clone(), secret_key: secret_key.clone(), ..Options::default() };
        let env = TestEnv::with(options);
        let commands = READS
            .into_iter()
            .filter(|line| !line.starts_with("sandbox"))
            .map(str::to_owned)
            .chain(["status --cluster orders-prod".to_owned(), format!("{UPGRADE} --yes")]);
        for arguments in commands {
            let ended = Run::of(env.command(&format!("{arguments} {verbosity}")));
            assert_eq!(ended.code, 0, "{arguments}\n{}", ended.stderr);
            let is_local = ["config", "history"].iter().any(|word| arguments.starts_with(word));
            assert!(is_local || ended.stderr.contains("> get"), "requests are printed:\n{}", ended.stderr);
            let journal = env.home.journal_text();
            for text in [&ended.stdout, &ended.stderr, &journal] {
                for secret in [&secret_key, &access_key, "sandbox-password-not-to-be-kept", "-signature"] {
                    assert!(!text.contains(secret), "{arguments} {verbosity} tells {secret}:\n{text}");
                }
                // A base64-encoded HMAC-SHA256.
                let is_signature = |word: &str| word.len() == 44 && word.ends_with('=');
                let word = text
                    .split(|c: char| !(c.is_ascii_alphanumeric() || "+/=".contains(c)))
                    .find(|w| is_signature(w));
                assert_eq!(word, None, "{arguments} {verbosity}");
            }
        }
        let log = env.sandbox.log();
        assert!(log.requests.iter().all(|request| request.status == 200), "each was signed rightly");
    }
}

/// Clears the screen, hides text, changes the text direction, sets the window title, and breaks the line.
const HOSTILE: &str = "\u{1b}[2J\u{202e}x\u{1b}]0;owned\u{7}\r\nerror: \u{9b}31m\u{200b}\u{2066}\u{feff}";

#[test]
fn hostile_status_word_is_escaped() {
    let env = TestEnv::new(Scenario::Healthy);
    env.sandbox.apply(AccountChange::Status { cluster: 1_009_123, status: HOSTILE.to_owned() });
    let check = "check --cluster orders-prod --version 3.9.0";
    let commands = [
        ("list clusters", 0),
        ("status --cluster orders-prod", 0),
        (check, 5),
        ("check --cluster orders-prod", 5),
        (&format!("{UPGRADE} --yes"), 5),
        (&format!("{UPGRADE} --dry-run"), 5),
    ];
    for (arguments, code) in commands {
        for more in ["", "-vvv", "--output json", "--output json -vvv"] {
            let arguments = format!("{arguments} {more}");
            let ended = Run::of(env.command(&arguments));
            assert_eq!(ended.code, code, "{arguments}\n{}", ended.stderr);
            assert_plain(&ended.stdout);
            assert_plain(&ended.stderr);
            let shown = format!("{}{}", ended.stdout, ended.stderr);
            assert!(shown.contains("[2J"), "{arguments}: the word is not hidden either:\n{shown}");
        }
    }
    let document = Run::of(env.command("list clusters --output json")).document();
    assert_eq!(document["clusters"][0]["status"], HOSTILE, "a document holds what the service said");
    assert_eq!(env.sandbox.log().starts_requested(), 0);
}

#[test]
fn hostile_health_colors_and_values_are_escaped() {
    let env = TestEnv::new(Scenario::Healthy);
    let (key, value) = ("num.io.threads".to_owned(), HOSTILE.to_owned());
    env.sandbox.apply(AccountChange::BrokerColor {
        cluster: 1_009_123,
        broker: 0,
        color: HOSTILE.to_owned(),
    });
    env.sandbox.apply(AccountChange::CustomValue { group: 312, key, value });
    for arguments in [
        "status --cluster orders-prod",
        "check --cluster orders-prod --version 3.9.0 --config-group 312",
        &format!("{UPGRADE} --yes --config-group 312"),
    ] {
        for more in ["", "-v", "-vvv", "--output json"] {
            let ended = Run::of(env.command(&format!("{arguments} {more}")));
            assert_plain(&ended.stdout);
            assert_plain(&ended.stderr);
            let shown = format!("{}{}", ended.stdout, ended.stderr);
            assert!(shown.contains("[2J"), "{arguments} {more}:\n{shown}");
        }
    }
    assert_eq!(env.sandbox.log().starts_requested(), 0);
}

/// Runs cdss with these arguments and asserts that it refuses them without printing control characters.
fn assert_refused_plainly(env: &TestEnv, words: &[&str]) {
    for format in ["--output=table", "--output=json"] {
        let ended = Run::of(env.command("").args(words).arg(format));
        assert!(matches!(ended.code, 2 | 3), "{words:?} {format}: {ended:#?}");
        assert_plain(&ended.stdout);
        assert_plain(&ended.stderr);
    }
    assert_eq!(env.sandbox.log().starts_requested(), 0);
}

#[test]
fn hostile_names_are_escaped() {
    let env = TestEnv::new(Scenario::Healthy);
    for words in [
        ["check", "--cluster", HOSTILE, "--version", "3.9.0"],
        ["upgrade", "--cluster", HOSTILE, "--version", "3.9.0"],
        ["check", "--version=3.9.0", "--cluster=orders-prod", "--config-group", HOSTILE],
        ["list", "clusters", "--region", HOSTILE, "-v"],
        ["list", "clusters", "--endpoint", HOSTILE, "-v"],
    ] {
        assert_refused_plainly(&env, &words);
    }
}

#[test]
fn rejected_hostile_arguments_are_escaped() {
    let env = TestEnv::new(Scenario::Healthy);
    for words in [
        ["upgrade", "--cluster=orders-prod", "--version", HOSTILE],
        ["list", "clusters", "--color", HOSTILE],
        ["list", "clusters", "-v", HOSTILE],
    ] {
        assert_refused_plainly(&env, &words);
    }
}
