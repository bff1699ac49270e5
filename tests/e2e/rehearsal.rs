//! `cdss sandbox -- COMMAND`: the command can reach only the sandbox, and its exit code is returned.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{ACCESS_KEY, Home, Run, SECRET_KEY, UPGRADE, allow};

/// A port that counts its connections.
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

    /// Returns the number of pending connections. None has been accepted before.
    fn connections(&self) -> usize {
        std::iter::from_fn(|| self.0.accept().ok()).count()
    }
}

/// Returns variables that point to `url` in every way that `cdss` supports, with keys.
fn misleading(url: &str) -> Vec<(String, String)> {
    let addresses = ["CDSS_ENDPOINT", "NCLOUD_API_GW", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"];
    let lower = addresses.map(str::to_lowercase);
    let addresses = addresses.iter().map(|name| (*name).to_owned()).chain(lower).map(|name| (name, url));
    let values = [
        ("NCLOUD_ACCESS_KEY_ID", "PRODUCTIONKEY0001"),
        ("NCLOUD_SECRET_ACCESS_KEY", "production-secret"),
        ("NCLOUD_ACCESS_KEY", "PRODUCTIONKEY0002"),
        ("NCLOUD_SECRET_KEY", "production-secret"),
        ("NCLOUD_REGION", "MARS"),
        ("NCLOUD_SITE", "moon"),
        ("NCLOUD_PROFILE", "prod"),
        ("CDSS_PROFILE", "prod"),
        ("NO_PROXY", ""),
    ];
    let values = values.map(|(name, value)| (name.to_owned(), value));
    addresses.chain(values).map(|(name, value)| (name, value.to_owned())).collect()
}

fn misled(mut command: Command, url: &str) -> Command {
    command.envs(misleading(url)).env("CDSS_POLL", "never");
    command
}

fn inside(home: &Home, flags: &str, program: &[&str]) -> Run {
    let mut command = home.command(&format!("sandbox {flags} --"));
    command.args(program);
    Run::of(command)
}

#[test]
fn sandbox_command_reaches_only_the_sandbox() {
    let listener = Listener::new();
    let home = Home::empty();
    let url = listener.url();
    let line = format!(
        "sandbox -- cdss {UPGRADE} --yes --profile x --endpoint {url} --cacert /nowhere --poll 50ms -o json"
    );
    let run = Run::of(misled(home.command(&line), &url));
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
fn only_service_variables_are_removed() {
    let home = Home::empty();
    let mut command = misled(home.command("sandbox --"), "http://127.0.0.1:9");
    command.arg("env").env("KEPT", "yes");
    let run = Run::of(command);
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
fn exit_code_of_the_inner_command_is_returned() {
    let home = Home::empty();
    let silent = inside(&home, "", &["sh", "-c", "exit 7"]);
    silent.assert_says(
        7,
        &[
            "sandbox: 0 requests; 0 starts requested, 0 accepted\n",
            "warning: the sandbox received no requests: ",
            "can reach the real service",
        ],
    );
    for (scenario, code) in [("precheck-refused", 5), ("no-permission", 4), ("busy", 11)] {
        let line = format!("cdss {UPGRADE} --yes --no-wait");
        let program: Vec<_> = line.split(' ').collect();
        let run = inside(&home, &format!("--scenario {scenario}"), &program);
        run.assert_says(code, &[" requested, 0 accepted\n"]);
        assert!(!run.stderr.contains("received no requests"), "{run:#?}");
    }
    home.assert_untouched();
}

#[test]
fn script_finds_the_same_cdss() {
    let home = Home::empty();
    let script = "cdss list versions && cdss check --cluster orders-prod --version 3.9.0 -q";
    let run = inside(&home, "", &["sh", "-c", script]);
    assert!(run.stdout.contains("The upgrade to 3.9.0 is possible."), "{run:#?}");
    assert_eq!(run.code, 0);
}

#[test]
fn sandbox_variable_with_foreign_address_is_refused() {
    let home = Home::empty();
    let refused =
        ["https://127.0.0.1:9", "http://example.com", "nowhere", "", "http://10.0.0.1:80", "127.0.0.1:9"];
    for value in refused {
        let mut command = home.command("list clusters -o json");
        command.env("CDSS_SANDBOX", value);
        let run = Run::of(command);
        run.assert_says(2, &["CDSS_SANDBOX"]);
    }
    home.assert_untouched();
}

/// Returns the display width of a text. A Hangul letter takes two columns.
fn width(text: &str) -> usize {
    text.chars().map(|letter| if ('가'..='힣').contains(&letter) { 2 } else { 1 }).sum()
}

#[test]
fn custom_cluster_keeps_its_name_and_column_alignment() {
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
fn invalid_sandbox_options_or_command_is_a_usage_error() {
    let home = Home::empty();
    for (line, text) in [
        ("sandbox --scenario helthy -- true", "unknown scenario `helthy`"),
        ("sandbox --cluster a=3.7,3 -- true", "unknown Kafka version `3.7`"),
        ("sandbox --cluster a -- true", "NAME=VERSION,BROKERS"),
        ("sandbox --scale 10000 -- true", "CLUSTERS,GROUPS,BROKERS"),
        ("sandbox --scale 1,1,2 -- true", "a cluster must have 3 to 10 brokers, not 2"),
        ("sandbox --brokers --replay run.jsonl -- true", "cannot be used with"),
        ("sandbox --brokers --compare run.jsonl", "cannot be used with"),
        ("sandbox -- no-such-program-here", "no-such-program-here"),
    ] {
        home.run(line).assert_says(2, &[text]);
    }
    home.assert_untouched();
}

#[test]
fn printed_variables_serve_cdss_and_other_tools() {
    let home = Home::empty();
    let mut sandbox = home.command("sandbox").spawn().expect("the program can be run");
    let stdout = BufReader::new(sandbox.stdout.take().expect("it is a pipe"));
    let lines: Vec<String> = stdout.lines().take(6).map(|line| line.expect("it is text")).collect();
    let variables: Vec<_> = lines
        .iter()
        .map(|line| {
            line.strip_prefix("export ").and_then(|line| line.split_once('=')).expect("it is a variable")
        })
        .collect();
    let (url, key, secret) =
        (variables[0].1, "SANDBOXACCESSKEY0000", "sandbox-secret-that-opens-nothing-real00");
    let expected = [
        ("CDSS_SANDBOX", url),
        ("NCLOUD_API_GW", url),
        ("NCLOUD_ACCESS_KEY", key),
        ("NCLOUD_SECRET_KEY", secret),
        ("NCLOUD_ACCESS_KEY_ID", key),
        ("NCLOUD_SECRET_ACCESS_KEY", secret),
    ];
    assert_eq!(variables, expected);
    assert!(url.starts_with("http://127.0.0.1:"), "{url}");

    let paste = |lines: &[String], line: &str| {
        let mut shell = home.program("sh");
        let binary = Path::new(env!("CARGO_BIN_EXE_cdss")).parent().expect("a binary is in a folder");
        shell.env("PATH", format!("{}:/usr/bin:/bin", binary.display()));
        shell.args(["-c", &format!("{}\n{line}", lines.join("\n"))]);
        Run::of(shell)
    };
    let run = paste(&lines, &format!("cdss {UPGRADE} --yes --no-wait -o json"));
    run.assert_says(0, &[&format!("Service       sandbox {url}")]);
    assert_eq!(run.document()["service"]["sandbox"], true);
    assert!(!home.state().exists(), "the journal is in the sandbox's directory");
    // Only what the other tools read: cdss uses the address and the key as any others.
    let run = paste(&lines[1..], "cdss list clusters -o json");
    assert_eq!((run.code, &run.document()["service"]["sandbox"]), (0, &false.into()), "{run:#?}");

    rustix::process::kill_process(rustix::process::Pid::from_child(&sandbox), rustix::process::Signal::INT)
        .expect("it still runs");
    let output = sandbox.wait_with_output().expect("a child can be waited for");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{stderr}");
    assert!(stderr.contains("Serving until Ctrl-C. In another shell:\n"), "{stderr}");
    assert!(!stderr.contains(secret), "{stderr}");
    home.assert_untouched();
}

/// Upgrades twice in one sandbox, each time with one of these state folders. The start is accepted and has no effect.
fn two_runners(home: &Home, states: [&str; 2]) -> Run {
    let line = format!("cdss {UPGRADE} --yes --poll 10ms -q");
    let runners = states.map(|state| format!("XDG_STATE_HOME=\"$PWD/{state}\" {line}; echo exit=$?"));
    inside(home, "--scenario never-starts", &["sh", "-c", &runners.join("\n")])
}

fn exits(run: &Run) -> Vec<&str> {
    run.stdout.lines().filter(|line| line.starts_with("exit=")).collect()
}

#[test]
fn upgrade_is_started_once_per_journal() {
    let home = Home::empty();
    let shared = two_runners(&home, ["shared", "shared"]);
    assert_eq!(exits(&shared), ["exit=9", "exit=5"], "{shared:#?}");
    shared.assert_says(0, &["[start.unresolved]", " 1 start requested"]);

    let separate = two_runners(&home, ["first", "second"]);
    assert_eq!(exits(&separate), ["exit=9", "exit=9"], "{separate:#?}");
    separate.assert_says(0, &[" 2 starts requested"]);
    assert!(!separate.stderr.contains("start.unresolved"), "{separate:#?}");
}

#[test]
fn new_sandbox_on_same_port_ignores_old_journal() {
    let home = Home::empty();
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    let flags =
        format!("--scenario never-starts --port {}", free.expect("a port of loopback is free").port());
    let script = format!("XDG_STATE_HOME=\"$PWD/state\" cdss {UPGRADE} --yes --poll 10ms");
    for _ in 0..2 {
        inside(&home, &flags, &["sh", "-c", &script]).assert_says(9, &[" 1 start requested"]);
    }
    let journals = fs::read_dir(home.state()).expect("the script's folder is there").count();
    assert_eq!(journals, 2, "one per sandbox");
    assert!(!home.journal().exists(), "the script's journal of real upgrades is left alone");
}

/// Puts another `cdss` into a folder. It creates a marker file when it runs. Returns the folder and the marker.
fn other_cdss(home: &Home) -> (PathBuf, PathBuf) {
    let folder = home.path().join("other");
    let mark = home.path().join("other-cdss-ran");
    fs::create_dir_all(&folder).expect("the home can be written");
    fs::write(folder.join("cdss"), format!("#!/bin/sh\n: > '{}'\n", mark.display()))
        .expect("the home can be written");
    allow(&folder.join("cdss"), 0o755);
    (folder, mark)
}

#[test]
fn cleared_environment_still_reaches_only_the_sandbox() {
    let listener = Listener::new();
    let url = listener.url();
    let words = misleading(&url).into_iter().map(|(name, value)| format!("{name}='{value}'"));
    let variables = words.collect::<Vec<_>>().join(" ");
    let upgrade = format!("cdss {UPGRADE} --yes --no-wait");
    for script in [
        format!("env -i PATH=\"$PATH\" {variables} {upgrade}"),
        format!("env -i PATH=\"$PATH\" HOME=/nonexistent TMPDIR=/nonexistent {variables} {upgrade}"),
        format!("unset CDSS_SANDBOX; export {variables}; {upgrade}"),
        format!("env -u CDSS_SANDBOX {variables} {upgrade}"),
        format!("CDSS_SANDBOX= {variables} {upgrade}"),
        format!("CDSS_SANDBOX='{url}' {variables} {upgrade}"),
        format!("env -i PATH=\"$PATH\" {variables} sh -c 'cd / && {upgrade}'"),
        format!("env -i PATH=\"$PATH:$PWD/other\" {variables} {upgrade}"),
        format!("cd other && env -i PATH=\"$PATH:.:\" {variables} {upgrade}"),
    ] {
        let home = Home::empty();
        let (_, mark) = other_cdss(&home);
        let run = inside(&home, "", &["sh", "-c", &script]);
        run.assert_says(0, &["Service       sandbox http://127.0.0.1:", "; 1 start requested, 1 accepted\n"]);
        assert_eq!(listener.connections(), 0, "{script}");
        assert!(!mark.exists(), "{script}");
        assert!(!home.state().exists() && !home.profiles().exists(), "{script}");
        let left = fs::read_dir(home.path()).expect("the home is there").count();
        assert_eq!(left, 1, "only the other cdss is left: {script}");
    }
}

#[test]
fn nested_sandbox_uses_the_inner_one() {
    let home = Home::empty();
    let listener = Listener::new();
    let url = listener.url();
    let script = format!(
        "cdss sandbox -- env -i PATH=\"$PATH\" CDSS_ENDPOINT={url} NCLOUD_ACCESS_KEY_ID=KEY1 \
         NCLOUD_SECRET_ACCESS_KEY=s cdss {UPGRADE} --yes --no-wait"
    );
    let run = inside(&home, "", &["sh", "-c", &script]);
    run.assert_says(
        0,
        &["; 1 start requested, 1 accepted\n", "sandbox: 0 requests; 0 starts requested, 0 accepted\n"],
    );
    assert_eq!(listener.connections(), 0);
    home.assert_untouched();
}

#[test]
fn cleared_environment_keeps_journal_and_state_folder() {
    let home = Home::empty();
    let upgrade = format!("cdss {UPGRADE} --yes --poll 10ms -q; echo exit=$?");
    let clean = "env -i PATH=\"$PATH\"";
    let own = inside(
        &home,
        "--scenario never-starts",
        &["sh", "-c", &format!("{upgrade}\n{clean} sh -c '{upgrade}'")],
    );
    assert_eq!(exits(&own), ["exit=9", "exit=5"], "{own:#?}");
    own.assert_says(0, &["[start.unresolved]", "; 1 start requested, 1 accepted, 0 executed\n"]);
    home.assert_untouched();

    let state = "XDG_STATE_HOME=\"$PWD/state\"";
    let scripts = format!("{state} {clean} {state} sh -c '{upgrade}'\nexport {state}; {upgrade}");
    let script = inside(&home, "--scenario never-starts", &["sh", "-c", &scripts]);
    assert_eq!(exits(&script), ["exit=9", "exit=5"], "{script:#?}");
    let folders: Vec<_> = fs::read_dir(home.state()).expect("the script's folder is there").collect();
    assert_eq!(folders.len(), 1, "{folders:?}");
    assert!(!home.journal().exists(), "the script's journal of real upgrades is left alone");
}

#[test]
fn wrapper_passes_arguments_exit_codes_and_signals() {
    let home = Home::empty();
    let odd = home.path().join("it's a \"folder\"\n$(x) `y` \\");
    fs::create_dir(&odd).expect("the home can be written");
    for (script, code) in [
        ("exec cdss check --cluster 'no such  cluster' --version 3.9.0", 3),
        ("cdss", 2),
        (
            "cdss upgrade --cluster orders-prod --version 3.9.0 --yes --timeout 1h & upgrade=$!; \
          until cdss status --cluster orders-prod | grep -q changing; do :; done; kill -TERM $upgrade; wait $upgrade",
            143,
        ),
    ] {
        let mut command = home.command("sandbox --scenario stalled -- sh -c");
        command.arg(format!(
            "ls -ld \"$(dirname \"$(command -v cdss)\")\"/.; env -i PATH=\"$PATH\" sh -c '{}'",
            script.replace('\'', r"'\''")
        ));
        command.env("TMPDIR", &odd);
        let run = Run::of(command);
        assert_eq!(run.code, code, "{run:#?}");
        assert!(run.stdout.starts_with("drwx------"), "{run:#?}");
        if code == 3 {
            assert!(run.stderr.contains("`no such  cluster`"), "{run:#?}");
        }
    }
    assert_eq!(fs::read_dir(&odd).expect("it is there").count(), 0, "the sandbox removes its folder");
}

/// Copies the program in another process: a file that this process has open for writing could not be executed.
fn copy_of_cdss(folder: &Path) -> PathBuf {
    let copy = folder.join("a copy of cdss");
    let copied = Command::new("cp").arg(env!("CARGO_BIN_EXE_cdss")).arg(&copy).status();
    assert!(copied.expect("cp can be run").success());
    copy
}

#[test]
fn sandbox_without_its_program_runs_no_other_cdss() {
    let listener = Listener::new();
    let url = listener.url();
    let home = Home::empty();
    let (folder, mark) = other_cdss(&home);
    let copy = copy_of_cdss(home.path());
    let script = format!(
        "cdss list versions || exit 1; rm '{}'; env -i PATH=\"$PATH:{}\" CDSS_ENDPOINT={url} \
         NCLOUD_ACCESS_KEY_ID=KEY1 NCLOUD_SECRET_ACCESS_KEY=s cdss list versions",
        copy.display(),
        folder.display()
    );
    let mut command = home.program(copy.to_str().expect("the path is text"));
    command.args(["sandbox", "--", "sh", "-c", &script]);
    let run = Run::of(command);
    run.assert_says(127, &["not found", "sandbox: 1 request; "]);
    assert!(!mark.exists() && listener.connections() == 0, "{run:#?}");
}

#[test]
fn unusable_temporary_folder_is_refused_before_running() {
    let home = Home::empty();
    let odd = home.path().join("a:b");
    fs::create_dir(&odd).expect("the home can be written");
    let mut command = home.command("sandbox -- touch ran");
    command.env("TMPDIR", &odd);
    Run::of(command).assert_says(2, &["first in PATH", "a:b"]);
    assert!(!home.path().join("ran").exists());
    assert_eq!(fs::read_dir(&odd).expect("it is there").count(), 0);
}

#[test]
fn usage_errors_are_the_same_inside_the_sandbox() {
    // Outside the sandbox, a mistake in this test would reach this URL instead of the real service.
    let proxy = Listener::new();
    let outside = Home::empty();
    let sandbox =
        cdss::sandbox::Sandbox::start(cdss::sandbox::Options::default()).expect("loopback has a port");
    let address = format!("CDSS_SANDBOX={} ", sandbox.url());
    for flags in [
        &["--region", "US"][..],
        &["--region", "USW"],
        &["--region", "K R"],
        &["--region", ""],
        &["--region=../v1"],
        &["--site", "moon"],
        &["--site", ""],
        &["--site", "fin", "--region", "KR"],
        &["--site", "gov", "--region", "SGN"],
        &["--site", "public", "--region", "FKR"],
        &["--profile", ""],
        &["--profile", " prod"],
        &["--profile", "a\nb"],
        &["--endpoint", "orders"],
        &["--endpoint", ""],
        &["--endpoint", "http://example.com"],
        &["--endpoint", "https://user:hunter2@example.com"],
        &["--endpoint", "https://example.com/path"],
        &["--endpoint", "https://clouddatastreamingservice.apigw.gov-ntruss.com", "--site", "fin"],
        &["--endpoint", "https://clouddatastreamingservice.apigw.gov-ntruss.com", "--region", "SGN"],
        &["--cacert", ""],
        &["--output", "yaml"],
        &["--output", ""],
        &["--poll", "never"],
        &["--poll", "0s"],
        &["--poll", ""],
        &["--timeout", "soon"],
        &["--version", "three"],
        &["--accept", "no.such.check"],
        &["--color", "sometimes"],
        &["--no-such-flag"],
    ] {
        let mut line = vec!["upgrade", "--cluster", "orders-prod", "--yes"];
        if flags[0] != "--version" {
            line.extend(["--version", "3.9.0"]);
        }
        line.extend(flags);
        let run = |sandbox: Option<&str>| {
            let mut command = outside.command("");
            command.args(&line).env("HTTPS_PROXY", proxy.url());
            command.env("NCLOUD_ACCESS_KEY_ID", ACCESS_KEY).env("NCLOUD_SECRET_ACCESS_KEY", SECRET_KEY);
            command.envs(sandbox.map(|url| ("CDSS_SANDBOX", url)));
            Run::of(command)
        };
        let (real, rehearsed) = (run(None), run(Some(&sandbox.url())));
        assert_eq!(real.code, 2, "{line:?}: {real:#?}");
        assert_eq!(rehearsed.code, 2, "{line:?}: {rehearsed:#?}");
        assert_eq!(rehearsed.stderr.replace(&address, ""), real.stderr, "{line:?}");
    }
    assert_eq!(sandbox.log().requests.len() + proxy.connections(), 0, "a usage error asks nobody");
}

#[test]
fn valid_flags_are_valid_inside_the_sandbox() {
    let home = Home::empty();
    for (flags, prefix) in [
        ("--profile no-such-profile", "/api/v1/"),
        ("--region sgn", "/api/sgn-v1/"),
        ("--site gov --region KRS", "/api/krs-v1/"),
        ("--endpoint https://cdss.example.com --region USW", "/api/usw-v1/"),
        ("--endpoint https://clouddatastreamingservice.apigw.gov-ntruss.com", "/api/v1/"),
        ("--cacert /no/such/file", "/api/v1/"),
    ] {
        let run = home.run(&format!("sandbox -- cdss list versions -vv {flags}"));
        let knows_region = prefix != "/api/usw-v1/";
        assert_eq!(run.code, if knows_region { 0 } else { 12 }, "{flags}: {run:#?}");
        assert!(run.stderr.contains(prefix), "{flags}: {run:#?}");
        assert!(run.stderr.contains("sandbox: 1 request; "), "{flags}: {run:#?}");
    }
}

#[test]
fn stopped_sandbox_is_named_in_the_error() {
    let home = Home::empty();
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    let url = format!("http://{}", free.expect("a port of loopback is free"));
    let gone = format!("the sandbox at {url} is not running: ");
    for line in [
        "upgrade --cluster orders-prod --version 3.9.0 --yes",
        "status --cluster orders-prod",
        "list clusters",
        "config verify",
    ] {
        let run = |more: &str| {
            let mut command = home.command(&format!("{line}{more}"));
            command.env("CDSS_SANDBOX", &url);
            Run::of(command)
        };
        let text = run("");
        text.assert_says(12, &[&gone, "hint: start one with `cdss sandbox`", "unset CDSS_SANDBOX"]);
        assert!(!text.stderr.contains("proxy") && !text.stderr.contains("config verify"), "{text:#?}");
        let document = run(" -o json").document();
        let message = document["error"]["message"].as_str().unwrap_or_default();
        assert!(message.contains(&gone), "{document:#}");
        assert_eq!(document["error"]["kind"], "unreachable");
        assert!(["no", "null"].contains(&document["submitted"].as_str().unwrap_or("null")), "{document:#}");
    }
    assert!(home.entries().is_empty(), "nothing was started");
}
