//! `cdss sandbox -- COMMAND`: what runs inside can reach nothing else, and its exit code comes out.

use std::net::TcpListener;
use std::process::Command;

use crate::support::{Home, Run, Running, UPGRADE};

/// Something that counts who comes.
struct Listener(TcpListener);

impl Listener {
    fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port of loopback is free");
        listener.set_nonblocking(true).expect("a listener can be asked without waiting");
        Self(listener)
    }

    fn url(&self) -> String {
        format!("http://{}", self.0.local_addr().expect("it is bound"))
    }

    /// Returns how many connections wait; nobody has taken one before.
    fn connections(&self) -> usize {
        std::iter::from_fn(|| self.0.accept().ok()).count()
    }
}

/// Leads everything that a variable can lead to `url`.
fn misled(mut command: Command, url: &str) -> Command {
    for name in ["CDSS_ENDPOINT", "NCLOUD_API_GW", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
        command.env(name, url).env(name.to_lowercase(), url);
    }
    for (name, value) in [
        ("NCLOUD_ACCESS_KEY_ID", "PRODUCTIONKEY0001"),
        ("NCLOUD_SECRET_ACCESS_KEY", "production-secret"),
        ("NCLOUD_ACCESS_KEY", "PRODUCTIONKEY0002"),
        ("NCLOUD_SECRET_KEY", "production-secret"),
        ("NCLOUD_REGION", "MARS"),
        ("NCLOUD_SITE", "moon"),
        ("NCLOUD_PROFILE", "prod"),
        ("CDSS_PROFILE", "prod"),
        ("CDSS_POLL", "never"),
        ("NO_PROXY", ""),
    ] {
        command.env(name, value);
    }
    command
}

fn inside(home: &Home, flags: &str, program: &[&str]) -> Run {
    let mut command = home.command(&format!("sandbox {flags} --"));
    command.args(program);
    Running::start(command, "sandbox").end()
}

#[test]
fn a_rehearsal_reaches_the_sandbox_alone_whatever_it_is_given() {
    let listener = Listener::new();
    let home = Home::empty();
    let url = listener.url();
    let line = format!(
        "sandbox -- cdss {UPGRADE} --yes --profile x --endpoint {url} --cacert /nowhere --poll 50ms -o json"
    );
    let run = Running::start(misled(home.command(&line), &url), &line).end();
    run.assert_says(
        0,
        &["Service       sandbox http://127.0.0.1:", "1 accepted", "CDSS_SANDBOX=http://127.0.0.1:"],
    );
    let document = run.document();
    assert_eq!((&document["verdict"], &document["service"]["sandbox"]), (&"done".into(), &true.into()));
    assert_eq!((&document["access_key"], &document["profile"]), (&"0000".into(), &serde_json::Value::Null));
    assert_eq!(listener.connections(), 0);
    home.assert_untouched();
}

#[test]
fn only_the_variables_of_the_service_are_taken_away() {
    let home = Home::empty();
    let mut command = misled(home.command("sandbox --"), "http://127.0.0.1:9");
    command.arg("env").env("KEPT", "yes");
    let run = Running::start(command, "sandbox").end();
    assert_eq!(run.code, 0, "{run:#?}");
    let variables: Vec<_> = run.stdout.lines().collect();
    assert!(variables.contains(&"KEPT=yes"));
    for name in
        ["NCLOUD_", "HTTP_PROXY", "https_proxy", "ALL_PROXY", "NO_PROXY", "CDSS_ENDPOINT", "CDSS_PROFILE"]
    {
        assert!(!variables.iter().any(|variable| variable.starts_with(name)), "{name}: {variables:#?}");
    }
    assert_eq!(
        variables.iter().filter(|variable| variable.starts_with("CDSS_")).count(),
        1,
        "{variables:#?}"
    );
    home.assert_untouched();
}

#[test]
fn the_exit_code_of_the_command_inside_comes_out() {
    let home = Home::empty();
    let silent = inside(&home, "", &["sh", "-c", "exit 7"]);
    silent.assert_says(7, &["sandbox: 0 requests", "warning: the sandbox saw no request"]);
    for (scenario, code) in [("precheck-refused", 5), ("no-permission", 4), ("busy", 11)] {
        let line = format!("cdss {UPGRADE} --yes --no-wait");
        let program: Vec<_> = line.split(' ').collect();
        let run = inside(&home, &format!("--scenario {scenario}"), &program);
        run.assert_says(code, &[" 0 accepted"]);
        assert!(!run.stderr.contains("saw no request"), "{run:#?}");
    }
    home.assert_untouched();
}

#[test]
fn a_script_finds_this_very_cdss() {
    let home = Home::empty();
    let script = "cdss list versions && cdss check --cluster orders-prod --version 3.9.0 -q";
    let run = inside(&home, "", &["sh", "-c", script]);
    assert!(run.stdout.contains("The upgrade to 3.9.0 is possible."), "{run:#?}");
    assert_eq!(run.code, 0);
}

#[test]
fn a_sandbox_variable_that_leads_elsewhere_is_refused() {
    let home = Home::empty();
    let refused =
        ["https://127.0.0.1:9", "http://example.com", "nowhere", "", "http://10.0.0.1:80", "127.0.0.1:9"];
    for value in refused {
        let mut command = home.command("list clusters -o json");
        command.env("CDSS_SANDBOX", value);
        let run = Running::start(command, "list clusters").end();
        run.assert_says(2, &["CDSS_SANDBOX"]);
    }
    home.assert_untouched();
}

/// Returns how wide a terminal shows the text: Hangul takes two columns a letter.
fn width(text: &str) -> usize {
    text.chars().map(|letter| if ('가'..='힣').contains(&letter) { 2 } else { 1 }).sum()
}

#[test]
fn a_cluster_of_ones_own_keeps_its_name_and_the_columns() {
    let home = Home::empty();
    let run = inside(&home, "--cluster 주문-운영=3.7.1,5", &["cdss", "list", "clusters"]);
    assert_eq!(run.code, 0, "{run:#?}");
    assert!(
        run.stdout.lines().any(|row| row.starts_with("주문-운영 ") && row.contains("5 brokers")),
        "{}",
        run.stdout
    );
    let numbers: Vec<_> =
        run.stdout.lines().skip(1).map(|row| width(row.split("1009").next().unwrap_or_default())).collect();
    assert!(numbers.iter().all(|column| *column == numbers[0]), "{numbers:?}\n{}", run.stdout);

    let line = ["cdss", "upgrade", "--cluster", "주문-운영", "--version", "3.9.0", "--yes", "--no-wait"];
    let run = inside(&home, "--cluster 주문-운영=3.7.1,5", &line);
    assert!(run.stdout.starts_with("주문-운영  3.7.1 → 3.9.0  running"), "{run:#?}");
    home.assert_untouched();
}

#[test]
fn what_cannot_be_served_or_run_is_a_usage_error() {
    let home = Home::empty();
    for (line, text) in [
        ("sandbox --scenario helthy -- true", "unknown scenario `helthy`"),
        ("sandbox --cluster a=3.7,3 -- true", "unknown Kafka version `3.7`"),
        ("sandbox --cluster a -- true", "NAME=VERSION,BROKERS"),
        ("sandbox -- no-such-program-here", "no-such-program-here"),
    ] {
        home.run(line).assert_says(2, &[text]);
    }
    home.assert_untouched();
}

/// Upgrades twice in a sandbox, each time with one of these state folders. The start is accepted and has no effect.
fn two_runners(home: &Home, states: [&str; 2]) -> Run {
    let line = format!("cdss {UPGRADE} --yes --poll 10ms -q");
    let runners = states.map(|state| format!("XDG_STATE_HOME=\"$PWD/{state}\" {line}; echo exit=$?"));
    inside(home, "--scenario never-starts", &["sh", "-c", &runners.join("\n")])
}

fn exits(run: &Run) -> Vec<&str> {
    run.stdout.lines().filter(|line| line.starts_with("exit=")).collect()
}

#[test]
fn an_upgrade_is_started_once_per_journal() {
    let home = Home::empty();
    let shared = two_runners(&home, ["shared", "shared"]);
    assert_eq!(exits(&shared), ["exit=9", "exit=5"], "{shared:#?}");
    shared.assert_says(0, &["blocked by start.unresolved", " 1 starts asked"]);

    let separate = two_runners(&home, ["first", "second"]);
    assert_eq!(exits(&separate), ["exit=9", "exit=9"], "{separate:#?}");
    separate.assert_says(0, &[" 2 starts asked"]);
    assert!(!separate.stderr.contains("start.unresolved"), "{separate:#?}");
}

#[test]
fn a_later_sandbox_on_the_same_port_does_not_see_an_old_journal() {
    let home = Home::empty();
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    let flags =
        format!("--scenario never-starts --port {}", free.expect("a port of loopback is free").port());
    let script = format!("XDG_STATE_HOME=\"$PWD/state\" cdss {UPGRADE} --yes --poll 10ms");
    for _ in 0..2 {
        inside(&home, &flags, &["sh", "-c", &script]).assert_says(9, &[" 1 starts asked"]);
    }
    let journals = std::fs::read_dir(home.state()).expect("the script's folder is there").count();
    assert_eq!(journals, 2, "one per sandbox");
    assert!(!home.journal().exists(), "the script's journal of real upgrades is left alone");
}
