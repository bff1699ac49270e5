//! Keys and settings from profiles: which ones are used, which are not, and how files change.

use std::fs;
use std::path::PathBuf;
use std::process::Stdio;

use cdss::sandbox::Scenario;
use serde_json::{Value, json};

use crate::support::{ACCESS_KEY, Home, Run, SECRET_KEY, TestEnv, UPGRADE, allow, write_private};

const CHECK: &str = "check --cluster orders-prod --version 3.9.0";

/// Every variable of the ncloud tools, set to a value that would lead elsewhere or nowhere.
const NCLOUD: [(&str, &str); 8] = [
    ("NCLOUD_ACCESS_KEY_ID", "WRONGACCESSKEY000001"),
    ("NCLOUD_SECRET_ACCESS_KEY", "wrong"),
    ("NCLOUD_ACCESS_KEY", "WRONGACCESSKEY000002"),
    ("NCLOUD_SECRET_KEY", "wrong"),
    ("NCLOUD_REGION", "FKR"),
    ("NCLOUD_SITE", "nowhere"),
    ("NCLOUD_API_GW", "http://127.0.0.1:9"),
    ("NCLOUD_PROFILE", "nobody"),
];

fn vendor(home: &Home) -> PathBuf {
    home.path().join(".ncloud/configure")
}

/// A env whose home has a profile for its service.
fn bench_with_profile(more: &str) -> TestEnv {
    let env = TestEnv::new(Scenario::Healthy);
    env.write_profile(more);
    env
}

/// Runs with only these variables.
fn run(home: &Home, line: &str, variables: &[(&str, &str)]) -> Run {
    let mut command = home.command(line);
    command.envs(variables.iter().copied());
    let run = Run::of(command);
    for secret in [SECRET_KEY, "wrong"] {
        assert!(!run.stdout.contains(secret) && !run.stderr.contains(secret), "{run:#?}");
    }
    run
}

#[test]
fn named_profile_ignores_the_environment() {
    let env = bench_with_profile("region = \"JPN\"\n");
    let line = format!("{UPGRADE} --yes --profile prod -o json");
    let done = run(&env.home, &line, &NCLOUD);
    done.assert_says(
        0,
        &["Service       public JPN  at http://127.0.0.1:", "  profile prod (--profile)  key …1234\n"],
    );
    let document = done.document();
    assert_eq!((&document["profile"], &document["access_key"]), (&json!("prod"), &json!("1234")));
    assert_eq!(document["service"]["region"], "JPN");
    let log = env.log();
    assert_eq!(log.starts_accepted(), 1);
    assert!(
        log.requests.iter().all(|request| request.path.starts_with("/api/jpn-v1/")),
        "{:?}",
        log.requests
    );
    let follow = format!(
        "cdss status --cluster no:1009123 --site public --region JPN --profile prod --endpoint {} --version 3.9.0 --from 3.7.1 --watch",
        env.sandbox.url()
    );
    assert!(done.stderr.contains(&follow), "{}", done.stderr);
    let again = run(&env.home, &follow.replacen("cdss ", "", 1), &NCLOUD);
    assert_eq!(again.code, 0, "the command that was printed works: {}", again.stderr);
    let journal = fs::read_to_string(env.home.journal()).expect("the start is in the journal");
    assert!(journal.contains("\"profile\":\"prod\"") && !journal.contains(SECRET_KEY), "{journal}");
}

#[test]
fn config_show_reports_the_source_of_each_value() {
    let env = bench_with_profile("");
    let shown = run(&env.home, "config show --profile prod --site gov -o json", &NCLOUD);
    let document = shown.document();
    let file = env.home.profiles();
    let of_profile = format!("profile prod in {}", file.display());
    let expected = [
        ("profile", json!("prod"), "--profile"),
        ("site", json!("gov"), "--site"),
        ("region", json!("KR"), "default"),
        ("endpoint", json!(env.sandbox.url()), of_profile.as_str()),
        ("cacert", Value::Null, "default"),
        ("proxy", Value::Null, "default"),
        ("output", json!("json"), "--output"),
        ("poll", json!("10ms"), &of_profile),
        ("brokers", json!("auto"), "default"),
        ("record", Value::Null, "default"),
        ("access_key", json!("…1234"), &of_profile),
        ("credential_process", Value::Null, "default"),
        ("secret_key", json!("(hidden)"), &of_profile),
    ];
    let settings = document["settings"].as_array().expect("there is a list");
    assert_eq!(settings.len(), expected.len());
    for (setting, (key, value, origin)) in settings.iter().zip(expected) {
        assert_eq!(setting, &json!({ "key": key, "value": value, "origin": origin }));
    }
    assert_eq!((&document["profile"], document["ok"].as_bool()), (&json!("prod"), Some(true)));
    let from_environment = run(
        &env.home,
        "config show",
        &[
            ("NCLOUD_ACCESS_KEY", ACCESS_KEY),
            ("NCLOUD_SECRET_KEY", SECRET_KEY),
            ("NCLOUD_REGION", "sgn"),
            ("CDSS_POLL", "1m"),
        ],
    );
    for row in [
        "region SGN NCLOUD_REGION",
        "site public implied by region",
        "poll 1m CDSS_POLL",
        "access_key …1234 NCLOUD_ACCESS_KEY",
        "profile - default",
    ] {
        assert!(has_row(&from_environment.stdout, row), "{row:?} is not in\n{}", from_environment.stdout);
    }
    let none = run(&env.home, "config show", &[("NCLOUD_ACCESS_KEY", ACCESS_KEY)]);
    none.assert_says(
        0,
        &["warning: incomplete credentials: NCLOUD_ACCESS_KEY is set but NCLOUD_SECRET_KEY is not\n"],
    );
    assert_eq!(env.log().requests, []);
}

/// Returns whether a table has a row with these words, whatever the spacing.
fn has_row(table: &str, row: &str) -> bool {
    table.lines().any(|line| line.split_whitespace().collect::<Vec<_>>().join(" ") == row)
}

#[test]
fn profile_key_is_not_sent_to_an_environment_endpoint() {
    let env = TestEnv::new(Scenario::Healthy);
    let keys = format!("access_key = \"{ACCESS_KEY}\"\nsecret_key = \"{SECRET_KEY}\"\n");
    write_private(&env.home.profiles(), &format!("[profiles.default]\n{keys}\n[profiles.prod]\n{keys}"));
    let url = env.sandbox.url();
    let refused = |line: &str, variable: &str| {
        let text = format!("{variable} points to {url}, but the credentials belong to profile ");
        run(&env.home, line, &[(variable, &url)]).assert_says(2, &[&text, "hint: unset "]);
    };
    refused(CHECK, "CDSS_ENDPOINT");
    refused(CHECK, "NCLOUD_API_GW");
    refused(&format!("{CHECK} --profile prod"), "CDSS_ENDPOINT");
    assert_eq!(env.log().requests, []);
    let given =
        run(&env.home, &format!("{CHECK} --endpoint {url}"), &[("CDSS_ENDPOINT", "http://127.0.0.1:9")]);
    assert_eq!(given.code, 0, "{}", given.stderr);
}

#[test]
fn ncloud_configure_file_is_read() {
    let env = TestEnv::new(Scenario::Healthy);
    let file = vendor(&env.home);
    let text = format!(
        "\u{feff}[DEFAULT]\r\nncloud_access_key_id = WRONGACCESSKEY000003\r\nncloud_secret_access_key = other\r\n\r\n\
         [team]\r\n# ours\r\nncloud_access_key_id = {ACCESS_KEY}\r\nncloud_secret_access_key = {SECRET_KEY}\r\n\
         ncloud_api_url = {}\r\n",
        env.sandbox.url()
    );
    write_private(&file, &text);
    let named = run(&env.home, &format!("{CHECK} --profile team -o json"), &NCLOUD);
    assert_eq!((named.code, &named.document()["profile"]), (0, &json!("team")), "{}", named.stderr);
    assert_eq!(named.stderr, "");
    let chosen = run(&env.home, CHECK, &[("NCLOUD_PROFILE", "team")]);
    assert_eq!(chosen.code, 0, "{}", chosen.stderr);
    assert!(chosen.stdout.contains("  profile team (NCLOUD_PROFILE)  key …1234\n"), "{}", chosen.stdout);
    let listed = run(&env.home, "config list -o json", &[]).document();
    let source = file.display().to_string();
    assert_eq!(
        listed["profiles"],
        json!([{ "name": "DEFAULT", "source": source }, { "name": "team", "source": source }])
    );
    for line in ["config set region KR --profile team", "config remove --profile team --yes"] {
        run(&env.home, line, &[]).assert_says(2, &["which cdss never changes"]);
    }
    assert_eq!(fs::read_to_string(&file).expect("it is there"), text, "it is never written");
}

#[test]
fn files_accessible_to_others_are_warned_about_or_refused() {
    let env = bench_with_profile("");
    let file = vendor(&env.home);
    let section =
        format!("[team]\nncloud_access_key_id={ACCESS_KEY}\nncloud_secret_access_key={SECRET_KEY}\n");
    write_private(&file, &section);
    let line = format!("{CHECK} --profile team --endpoint {}", env.sandbox.url());
    allow(&file, 0o644);
    let warned = run(&env.home, &line, &[]);
    let chmod = format!("chmod 600 {}", file.display());
    assert_eq!(warned.code, 0);
    assert_eq!(warned.stderr.matches("warning: permissions of ").count(), 1, "{}", warned.stderr);
    assert!(warned.stderr.contains(&chmod), "{}", warned.stderr);
    let requests = env.log().requests.len();
    allow(&file, 0o666);
    run(&env.home, &line, &[]).assert_says(2, &["other users can write to it", &chmod]);
    allow(&env.home.profiles(), 0o644);
    let refused = run(&env.home, &format!("{CHECK} --profile prod"), &[]);
    refused.assert_says(
        2,
        &["other users can read it", &format!("hint: run `chmod 600 {}`", env.home.profiles().display())],
    );
    assert_eq!(env.log().requests.len(), requests, "nothing was asked");
}

#[test]
fn damaged_file_is_reported_with_position_outside_sandbox() {
    let env = TestEnv::new(Scenario::Healthy);
    write_private(&env.home.profiles(), &format!("[profiles.prod]\nsecret_key = \"{SECRET_KEY}\n"));
    for line in
        [format!("{UPGRADE} --yes --profile prod"), "config list".into(), "config set region KR".into()]
    {
        run(&env.home, &line, &[]).assert_says(2, &["config.toml:2:", "hint: correct or remove the line"]);
    }
    env.assert_no_start();
    let rehearsal = run(&env.home, "sandbox -- cdss config show --profile prod", &[]);
    rehearsal.assert_says(0, &[]);
    assert!(rehearsal.stdout.contains("sandbox"), "{}", rehearsal.stdout);
    let before = fs::read(env.home.profiles()).expect("it is there");
    let written = run(&env.home, "sandbox -- cdss config set region SGN --profile prod", &[]);
    assert!(
        written.stdout.contains("/cdss-sandbox-"),
        "a rehearsal has profiles of its own: {}",
        written.stdout
    );
    assert_eq!(fs::read(env.home.profiles()).expect("it is there"), before);
}

#[test]
fn missing_or_ambiguous_profile_exits_3() {
    let env = bench_with_profile("");
    for variables in [&[][..], &[("CDSS_PROFILE", "nobody")]] {
        let line = if variables.is_empty() { format!("{CHECK} --profile nobody") } else { CHECK.to_owned() };
        run(&env.home, &line, variables).assert_says(
            3,
            &[
                "profile `nobody` not found in ",
                "config.toml or ",
                "hint: list the profiles with `cdss config list`",
            ],
        );
    }
    write_private(&vendor(&env.home), "[prod]\n");
    run(&env.home, &format!("{CHECK} --profile prod"), &[])
        .assert_says(3, &["profile `prod` is defined twice: in ", "config.toml and in ", "configure"]);
    for line in ["config remove --profile nobody --yes", "config remove proxy --profile prod --yes"] {
        assert_eq!(run(&env.home, line, &[]).code, 3, "{line}");
    }
    assert_eq!(env.log().requests, []);
}

#[test]
fn unknown_cluster_error_names_the_profile() {
    let env = bench_with_profile("");
    let line = "check --cluster nobody --version 3.9.0 --profile prod";
    run(&env.home, line, &[]).assert_says(3, &["public KR at http://127.0.0.1:", ", profile prod\n"]);
}

#[test]
fn output_format_can_be_set_in_a_profile() {
    let env = bench_with_profile("output = \"json\"\n");
    let line = format!("{CHECK} --profile prod");
    assert!(run(&env.home, &line, &[("CDSS_OUTPUT", "table")]).stdout.starts_with('{'));
    assert!(!run(&env.home, &format!("{line} -o table"), &[]).stdout.starts_with('{'));
    run(&env.home, &line.replace("prod --version", "prod -o yaml --version"), &[])
        .assert_says(2, &["--output: unsupported output format `yaml`"]);
}

#[test]
fn set_changes_one_line_and_keeps_comments() {
    let home = Home::empty();
    let before = "# the team's keys, rotated in May\n[profiles.prod]   # careful\naccess_key = \"AKIDEXAMPLE1\"\n\
                  region = \"KR\"    # Seoul\n\n# spare\n[profiles.spare]\nsite = \"gov\"\n";
    write_private(&home.profiles(), before);
    let set = run(&home, "config set region jpn --profile prod -o json", &[]).document();
    assert_eq!((&set["change"]["key"], &set["change"]["done"]), (&json!("region"), &json!("changed")));
    let after = fs::read_to_string(home.profiles()).expect("it is there");
    assert_eq!(after, before.replace("region = \"KR\" ", "region = \"jpn\" "));
    let same = run(&home, "config set region jpn --profile prod", &[]);
    assert!(same.stdout.contains("profile prod: region unchanged in "), "{}", same.stdout);
    assert_eq!(fs::read_to_string(home.profiles()).expect("it is there"), after);
}

/// Runs with this standard input.
fn run_with_input(home: &Home, line: &str, input: &str) -> Run {
    let file = home.path().join("input");
    fs::write(&file, input).expect("the home can be written");
    let mut command = home.command(line);
    command.stdin(Stdio::from(fs::File::open(&file).expect("it was written")));
    Run::of(command)
}

#[test]
fn secret_is_read_from_stdin_and_never_from_arguments() {
    let home = Home::empty();
    let refused = run(&home, "config set secret_key hunter2 --profile prod", &[]);
    refused.assert_says(2, &["secret_key can't be set on the command line", "replace this key"]);
    assert!(!refused.stderr.contains("hunter2") && !home.profiles().exists(), "{}", refused.stderr);
    for (input, code) in [("hunter2\n", 0), ("hunter2\r\n", 0), ("hunter2", 0), ("", 2), ("two\nlines\n", 2)]
    {
        let run = run_with_input(&home, "config set secret_key --stdin --profile prod", input);
        assert_eq!(run.code, code, "{input:?}: {}", run.stderr);
        assert!(!run.stdout.contains("hunter2") && !run.stderr.contains("hunter2"));
        let text = fs::read_to_string(home.profiles()).expect("the first one wrote it");
        assert_eq!(text, "[profiles.prod]\nsecret_key = \"hunter2\"\n");
    }
    let nobody = run(&home, "config set secret_key --profile prod", &[]);
    nobody.assert_says(10, &["Secret key required, but stdin is not a terminal", "--stdin"]);
    run(&home, "config init --profile new", &[]).assert_says(10, &["stdin is not a terminal", "--stdin"]);
    run(&home, "config remove --profile prod", &[]).assert_says(10, &["add --yes"]);
    assert_eq!(
        fs::read_to_string(home.profiles()).expect("it is there"),
        "[profiles.prod]\nsecret_key = \"hunter2\"\n"
    );
}

#[test]
fn non_utf8_variable_is_refused_without_fallback() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    let home = Home::empty();
    write_private(
        &home.profiles(),
        "[profiles.default]\naccess_key = \"AKIDEXAMPLE1\"\nsecret_key = \"S1\"\n",
    );
    for (name, value, code) in [
        ("CDSS_SANDBOX", "http://127.0.0.1:9", 2),
        ("CDSS_PROFILE", "default", 3),
        ("CDSS_ENDPOINT", "https://example.com", 2),
        ("NCLOUD_REGION", "KR", 2),
        ("NCLOUD_ACCESS_KEY_ID", "AKIDEXAMPLE2", 4),
    ] {
        let mut command = home.command("list clusters");
        command.env(name, OsStr::from_bytes(&[value.as_bytes(), b"\xff"].concat()));
        command.env("NCLOUD_SECRET_ACCESS_KEY", "S2");
        assert_eq!(Run::of(command).code, code, "{name}");
    }
}

#[test]
fn surprising_consequences_of_a_change_are_reported() {
    let home = Home::empty();
    write_private(
        &vendor(&home),
        "[DEFAULT]\nncloud_access_key_id=AKIDEXAMPLE1\nncloud_secret_access_key=S1\n",
    );
    run(&home, "config set output json", &[]).assert_says(
        0,
        &["warning: profile DEFAULT in ", " is no longer used: profile default takes precedence"],
    );
    run(&home, "config set site gov --profile prod", &[]).assert_says(0, &[]);
    run(&home, "config set region JPN --profile prod", &[])
        .assert_says(0, &["warning: region of profile prod in ", "site gov has no region JPN"]);
    let right = run(&home, "config set site public --profile prod", &[("NCLOUD_SITE", "gov")]);
    assert_eq!((right.code, right.stderr.as_str()), (0, ""));
    let keys = run(&home, "list clusters --profile prod", &[]);
    keys.assert_says(
        4,
        &["`cdss config set access_key KEY --profile prod` and `cdss config set secret_key --profile prod`"],
    );
}

#[test]
fn hints_for_this_shell_repeat_only_the_options_that_were_given() {
    let env = bench_with_profile("region = \"JPN\"\n");
    let url = env.sandbox.url();
    for (options, repeated) in [
        ("--profile prod", "--profile prod".to_owned()),
        ("--profile prod --region jpn", "--region JPN --profile prod".to_owned()),
        ("--region SGN --profile=prod", "--region SGN --profile prod".to_owned()),
        (&format!("--site public --endpoint {url} --profile prod"), {
            format!("--site public --profile prod --endpoint {url}")
        }),
    ] {
        let failed = run(&env.home, &format!("status --cluster nobody {options}"), &[]);
        failed.assert_says(3, &[&format!("hint: run `cdss list clusters {repeated}` to list the clusters")]);
        let listed = run(&env.home, &format!("list clusters {repeated} -o json"), &[]).document();
        let there = run(&env.home, &format!("status --cluster nobody {options} -o json"), &[]).document();
        assert_eq!(listed["service"], there["service"], "{options}");
        assert_eq!(listed["profile"], there["profile"], "{options}");
        let hint = there["error"]["hint"].as_str().unwrap_or_default();
        let complete = format!("--profile prod --endpoint {url}` to list");
        assert!(hint.contains("cdss list clusters --site ") && hint.contains(&complete), "{hint}");
    }
    // A pasted command reads the same variables and the same default profile.
    let variables = [("CDSS_PROFILE", "prod"), ("CDSS_POLL", "20ms")];
    let failed = run(&env.home, "status --cluster nobody", &variables);
    failed.assert_says(3, &["hint: run `cdss list clusters` to list the clusters"]);
    assert!(run(&env.home, "list clusters", &variables).stdout.contains("orders-prod"));
}

#[test]
fn set_refuses_a_region_that_no_site_has_unless_the_endpoint_is_custom() {
    let home = Home::empty();
    let set = |line: &str| run(&home, &format!("config set {line} --profile prod"), &[]);
    for region in ["JNP", "xx"] {
        let error =
            format!("region: site public has no region {}; it has KR, SGN, JPN", region.to_uppercase());
        set(&format!("region {region}")).assert_says(2, &[&error]);
        run(&home, &format!("list clusters --region {region}"), &[]).assert_says(2, &[&format!("--{error}")]);
    }
    assert!(!home.profiles().exists(), "nothing was written");
    set("endpoint https://clouddatastreamingservice.apigw.gov-ntruss.com").assert_says(0, &[]);
    set("region JNP").assert_says(2, &["region: site gov has no region JNP; it has KR, KRS"]);
    set("endpoint http://127.0.0.1:9").assert_says(0, &[]);
    set("region JNP").assert_says(0, &[]);
    let text = std::fs::read_to_string(home.profiles()).expect("it was written");
    assert!(text.contains("region = \"JNP\""), "{text}");
}

#[test]
fn environment_ca_file_and_proxy_are_shown() {
    let home = Home::empty();
    let variables = [("HTTPS_PROXY", "http://user:hunter2@127.0.0.1:9"), ("SSL_CERT_FILE", "/own.pem")];
    let shown = run(&home, "config show", &variables).stdout;
    for row in ["proxy http://hidden@127.0.0.1:9 HTTPS_PROXY", "cacert /own.pem SSL_CERT_FILE"] {
        assert!(has_row(&shown, row), "{row:?} is not in\n{shown}");
    }
}
