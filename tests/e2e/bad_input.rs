//! Invalid input: each case has its own message, hint, and exit code, and nothing is started.

use cdss::sandbox::Scenario;

use crate::support::{
    ACCESS_KEY, Home, Run, SECRET_KEY, TestEnv, UPGRADE, check, mkfifo, side_by_side, unread, write_private,
};

/// Command line, exit code, and texts on stderr: the problem, then the hint.
type Row<'a> = (&'a str, i32, &'a [&'a str]);

/// Runs each line against one sandbox, with table and JSON output.
#[track_caller]
fn refused(env: &TestEnv, rows: &[Row<'_>]) {
    for (line, code, texts) in rows {
        let run = env.run(line);
        run.assert_says(*code, texts);
        assert_eq!(run.stdout, "", "{line}");
        let document = env.run(&format!("{line} -o json")).document();
        let error = &document["error"];
        assert_eq!(document["exit"]["code"], *code, "{line}");
        // The message is one line.
        let stderr: Vec<&str> = run.stderr.split_whitespace().collect();
        let message = error["message"].as_str().expect("there is a message");
        assert!(stderr.join(" ").contains(message), "{line}: {error}");
    }
    env.assert_no_start();
}

#[test]
fn missing_or_ambiguous_targets_exit_3_or_4() {
    let env = TestEnv::new(Scenario::Healthy);
    refused(
        &env,
        &[
            (
                "upgrade --yes --cluster order --version 3.9.0",
                3,
                &[
                    "no cluster named `order` in public KR",
                    "hint: run `cdss list clusters` to list the clusters in this region",
                    "SGN, JPN",
                ],
            ),
            (
                "upgrade --yes --cluster no:42 --version 3.9.0",
                3,
                &["cluster 42 not found in public KR", "hint: "],
            ),
            (
                "upgrade --yes --cluster analytics --version 3.9.0",
                3,
                &[
                    "2 clusters are named `analytics`: 1009301, 1009302",
                    "hint: use the cluster number, such as --cluster no:1009301",
                ],
            ),
            (
                "upgrade --yes --cluster billing --version 3.9.0",
                4,
                &[
                    "the key has no permission for cluster `billing` (1009555)",
                    "hint: grant the sub account permission",
                ],
            ),
            (
                "upgrade --yes --cluster orders-prod --version 9.9.9",
                3,
                &[
                    "Kafka version 9.9.9 is not offered; available versions: 2.8.2, 3.6.2, 3.7.1, 3.9.0",
                    "hint: run `cdss list versions` to list the versions",
                ],
            ),
            (
                "upgrade --yes --cluster orders-prod --version 3",
                3,
                &["`3` is ambiguous; it matches 3.6.2, 3.7.1, 3.9.0", "hint: use the full version"],
            ),
            (
                "upgrade --yes --cluster orders-prod --version 3.9.0 --config-group orders",
                3,
                &[
                    "no config group `orders`",
                    "hint: similar names: orders-371, orders-390; run `cdss list config-groups` to list all config groups",
                ],
            ),
        ],
    );
}

#[test]
fn blocked_checks_exit_5_with_a_hint() {
    let env = TestEnv::new(Scenario::Healthy);
    for (line, id, texts) in [
        (
            "--cluster orders-prod --version 3.6.2",
            "version.order",
            ["3.6.2 is lower than the current version 3.7.1", "hint: use a higher version"],
        ),
        (
            "--cluster orders-prod --version 3.9.0 --config-group orders-371",
            "config.version",
            ["group orders-371 (301) is for Kafka 3.7.1, not 3.9.0", "hint: use a group for 3.9.0"],
        ),
        (
            "--cluster legacy --version 3.9.0",
            "config.no-group",
            ["no 3.9.0 config group keeps all custom values", "hint: select one with --config-group"],
        ),
        (
            "--cluster logs-prod --version 3.7.1",
            "config.several-groups",
            ["logs-371-a (322), logs-371-b (323)", "hint: select one with --config-group"],
        ),
        (
            "--cluster orders --version 3.9.0 --config-group logs-390",
            "config.other-group",
            [
                "already at 3.9.0, with config group 312 instead of logs-390 (324)",
                "hint: apply the group in the console",
            ],
        ),
    ] {
        let (run, document) = env.json(&format!("upgrade --yes {line}"));
        run.assert_says(5, &texts).assert_says(5, &["error: blocked: ", id, "cdss changed nothing."]);
        assert_eq!(check(&document, id)["result"], "block");
        assert_eq!(document["verdict"], "not_started");
    }
    env.assert_no_start();
}

#[test]
fn current_version_is_not_an_error_and_starts_nothing() {
    let env = TestEnv::new(Scenario::Healthy);
    let (run, document) = env.json("upgrade --cluster orders --version 3.9.0");
    assert_eq!((run.code, &document["verdict"]), (0, &"already".into()));
    let printed = env.run("upgrade --cluster orders --version 3.9.0");
    assert_eq!((printed.code, printed.stdout.as_str()), (0, "orders is already at 3.9.0; nothing to do.\n"));
    env.assert_no_start();
}

#[test]
fn invalid_arguments_are_refused_without_a_request() {
    let env = TestEnv::new(Scenario::Healthy);
    let with = |flags: &str| format!("{UPGRADE} --yes {flags}");
    refused(
        &env,
        &[
            (
                "--version 3.9.0 upgrade --yes --cluster orders-prod",
                2,
                &["--version must come after the subcommand", "hint: use `cdss upgrade --version 3.9.0"],
            ),
            (&with("--endpoint nowhere"), 2, &["--endpoint", "nowhere"]),
            (&with("--endpoint http://cdss.example"), 2, &["--endpoint", "http"]),
            (&with("--site nowhere"), 2, &["--site", "nowhere"]),
            (&with("--timeout 3"), 2, &["--timeout", "invalid duration `3`; add a unit, such as 15s or 3h"]),
            (&with("--poll 15"), 2, &["--poll: invalid duration `15`; add a unit, such as 15s or 3h"]),
            (&with("--poll 0s"), 2, &["--poll: duration must be positive"]),
            (&with("--accept config.nothing"), 2, &["unknown check `config.nothing`"]),
            (&with("--accept service.precheck"), 2, &["check `service.precheck` can't be overridden"]),
            (&with("--profile nobody"), 3, &["profile `nobody` not found", "hint: "]),
            ("upgrade --yes --cluster orders-prod", 2, &["required"]),
            ("upgrade --yes --version 3.9.0", 2, &["required"]),
            ("upgrade --yes --cluster orders-prod --version latest", 2, &["`latest` is not a Kafka version"]),
            ("upgrade --yes --cluster no:orders --version 3.9.0", 2, &["`orders` is not a number"]),
            ("upgrad", 2, &["unrecognized subcommand"]),
        ],
    );
    assert_eq!(env.log().requests, []);
}

#[test]
fn unknown_output_format_is_refused() {
    let env = TestEnv::new(Scenario::Healthy);
    env.run("list versions --output yaml")
        .assert_says(2, &["--output: unsupported output format `yaml`; use table, json, or markdown"]);
    env.run("list versions --color pink").assert_says(2, &["--color", "pink"]);
    assert_eq!(env.log().requests, []);
}

#[test]
fn unknown_region_is_refused_without_a_request() {
    let home = Home::empty();
    let mut command = home.command(&format!("{UPGRADE} --yes --region MARS"));
    command.env("NCLOUD_ACCESS_KEY_ID", ACCESS_KEY).env("NCLOUD_SECRET_ACCESS_KEY", SECRET_KEY);
    Run::of(command).assert_says(2, &["--region", "MARS", "KR"]);
}

#[test]
fn empty_flag_does_not_fall_back() {
    let env = TestEnv::new(Scenario::Healthy);
    let flags = [
        "--config-group",
        "--accept",
        "--timeout",
        "--poll",
        "--profile",
        "--region",
        "--site",
        "--endpoint",
        "--cacert",
        "--output",
    ];
    for flag in flags {
        env.run(&format!("{UPGRADE} --yes {flag}=")).assert_says(2, &[flag]);
    }
    for line in ["upgrade --yes --cluster= --version 3.9.0", "upgrade --yes --cluster orders --version="] {
        env.run(line).assert_says(2, &["''"]);
    }
    assert_eq!(env.log().requests, []);
}

#[test]
fn empty_variable_does_not_fall_back() {
    let env = TestEnv::new(Scenario::Healthy);
    let line = format!("{UPGRADE} --yes");
    for name in [
        "CDSS_ENDPOINT",
        "CDSS_POLL",
        "CDSS_OUTPUT",
        "CDSS_LANG",
        "CDSS_PROFILE",
        "CDSS_SANDBOX",
        "NCLOUD_REGION",
        "NCLOUD_SITE",
    ] {
        env.run_with(&line, &[(name, Some(""))]).assert_says(2, &[name, "is empty", "hint: set "]);
    }
    assert_eq!(env.log().requests, []);
}

#[test]
fn without_terminal_or_yes_stdin_is_not_read() {
    let env = TestEnv::new(Scenario::Healthy);
    let (reader, mut writer) = std::io::pipe().expect("a pipe can be made");
    std::io::Write::write_all(&mut writer, b"orders-prod\n").expect("the pipe takes a line");
    let mut command = env.command(UPGRADE);
    command.stdin(reader.try_clone().expect("a pipe has two ends and more"));
    let run = Run::of(command);
    run.assert_says(
        10,
        &["confirmation required, but stdin is not a terminal", "cdss changed nothing.", "hint: add --yes"],
    );
    drop(writer);
    assert_eq!(unread(reader), "orders-prod\n");
    env.assert_no_start();
    env.home.assert_untouched();
}

#[test]
fn url_credentials_are_never_printed() {
    const ADDRESSES: [&str; 10] = [
        "https://hunter1:hunter2@example.com/x",
        "http://hunter1:hunter2@127.0.0.1:9",
        "https://hunter1:hunter2@",
        "https://hunter1:hunter2",
        "//hunter1:hunter2@example.com",
        "hunter1:hunter2@example.com:80",
        "ftp://hunter1:hunter2@example.com",
        "https://hunter1:hunter2@exa mple.com",
        "https://hunter1:hunter2%40example.com",
        "https://hunter1:\u{1b}hunter2\n@exam\u{7}ple.com",
    ];
    side_by_side(&ADDRESSES, |address| {
        for place in [
            "--endpoint",
            "CDSS_ENDPOINT",
            "NCLOUD_API_GW",
            "CDSS_SANDBOX",
            "endpoint",
            "proxy",
            "HTTPS_PROXY",
        ] {
            for line in ["config show -vvv", "list versions -vvv -o json", "config verify -o json"] {
                let home = Home::empty();
                let mut command = match place {
                    "endpoint" | "proxy" => {
                        let value = address
                            .replace('\u{1b}', "\\u001b")
                            .replace('\n', "\\n")
                            .replace('\u{7}', "\\u0007");
                        let profile = format!(
                            "[profiles.prod]\naccess_key = \"{ACCESS_KEY}\"\nsecret_key = \"{SECRET_KEY}\"\n\
                             {place} = \"{value}\"\n"
                        );
                        write_private(&home.profiles(), &profile);
                        home.command(&format!("{line} --profile prod"))
                    }
                    _ => home.command(line),
                };
                if place != "endpoint" && place != "--endpoint" {
                    // No request may leave this machine.
                    command.env("CDSS_ENDPOINT", "https://127.0.0.1:9");
                }
                command.env("NCLOUD_ACCESS_KEY_ID", ACCESS_KEY).env("NCLOUD_SECRET_ACCESS_KEY", SECRET_KEY);
                match place {
                    "--endpoint" => drop(command.args([place, address])),
                    "endpoint" | "proxy" => drop(command.env_remove("CDSS_ENDPOINT")),
                    _ => drop(command.env(place, address)),
                }
                let run = Run::of(command);
                let shown = format!("{}{}", run.stdout, run.stderr);
                assert!(!shown.contains("hunter"), "{place} {address}: {run:#?}");
                assert!(
                    run.code == 2 || place == "NCLOUD_API_GW" || place == "HTTPS_PROXY" || place == "proxy",
                    "{place} {address:?}: {run:#?}"
                );
            }
        }
    });
}

/// The time zone library would read a device until memory is exhausted, and wait for a pipe forever.
#[test]
fn invalid_time_zone_is_refused_by_every_command() {
    let env = TestEnv::new(Scenario::Healthy);
    let pipe = env.home.path().join("pipe");
    mkfifo(&pipe);
    let pipe = pipe.to_str().expect("it is text");
    let lines = ["status --cluster orders-prod", "history", "config show", "config list", UPGRADE];
    for line in lines {
        for zone in ["/dev/zero", ":/dev/zero", "/dev/tty", "/", pipe, "pipe"] {
            let run = env.run_with(line, &[("TZ", Some(zone))]);
            run.assert_says(2, &["TZ: ", "hint: correct TZ, or remove it"]);
            assert_eq!(run.stdout, "", "{line} in {zone}");
        }
    }
    assert_eq!(env.log().requests.len(), 0, "nothing was asked");
    for zone in ["Asia/Seoul", ":Asia/Seoul", "KST-9", "", "/etc/passwd", "/no/such/file", "config"] {
        let run = env.run_with("status --cluster orders-prod", &[("TZ", Some(zone))]);
        assert_eq!(run.code, 0, "{zone}: {run:#?}");
    }
}

#[test]
fn document_of_a_usage_error_names_the_missing_arguments() {
    let (_, document) = TestEnv::new(Scenario::Healthy).json("upgrade");
    let message =
        "the following required arguments were not provided: --cluster <CLUSTER> --version <VERSION>";
    assert_eq!(document["error"]["message"], message);
}

#[test]
fn recording_needs_a_command_that_sends_requests() {
    let home = Home::empty();
    for (line, reason) in [
        ("history --record run.jsonl", "--record: this command sends no requests"),
        ("config list --record run.jsonl", "--record: this command sends no requests"),
        ("sandbox --record run.jsonl --list", "cdss sandbox -- cdss upgrade … --record FILE"),
    ] {
        let run = home.run(line);
        run.assert_says(2, &[reason]);
    }
    let env = TestEnv::new(Scenario::Healthy);
    let run = env.run("list versions --record-anonymous");
    run.assert_says(2, &["--record-anonymous: it needs --record FILE"]);
    assert_eq!(env.log().received(), 0);
}
