//! How a change of config group affects settings, and how to keep them.

use cdss::sandbox::{AccountChange, NewCluster, Options, Scenario};
use serde_json::{Value, json};

use crate::support::{TestEnv, UPGRADE, check, raw_characters};

const CHECK: &str = "check --cluster payments-prod --version 3.9.0";
pub(crate) const COPY: &str = "config-group copy analytics-371 --version 3.9.0";
pub(crate) const CREATE: &str = "createConfigGroup";
pub(crate) const WRITE: &str = "setKafkaConfigGroupDetail";

pub(crate) fn set(env: &TestEnv, group: u64, key: &str, value: &str) {
    env.sandbox.apply(AccountChange::CustomValue { group, key: key.to_owned(), value: value.to_owned() });
}

/// Asserts how many groups were created and filled, and that nothing was started or deleted.
#[track_caller]
pub(crate) fn assert_made(env: &TestEnv, creates: usize, writes: usize) {
    let log = env.log();
    assert_eq!((log.count(CREATE), log.count(WRITE)), (creates, writes));
    assert!(log.requests.iter().all(|request| !request.path.to_lowercase().contains("delete")));
    env.assert_no_start();
}

pub(crate) fn class(document: &Value, key: &str) -> Value {
    let mut settings = document["settings"].as_array().expect("there is a list").iter();
    settings.find(|setting| setting["key"] == key).map_or(Value::Null, |setting| setting["class"].clone())
}

#[test]
fn printed_flag_accepts_the_lost_overrides() {
    let env = TestEnv::new(Scenario::Healthy);
    let line = format!("{CHECK} --config-group payments-390");
    let run = env.run(&line);
    let flag = "--accept config.lost-override=log.segment.bytes,num.network.threads";
    let safer =
        "hint: use a config group that sets them, or copy the current one with `cdss config-group copy";
    run.assert_says(5, &[safer, &format!("; to proceed anyway, add {flag}\n")]);
    for text in [
        "payments-371 (331) → payments-390 (332)  4 kept\n",
        "log.segment.bytes    268435456 → 1073741824 bytes  lost-override\n",
        "num.network.threads  6 → 3                         lost-override\n",
    ] {
        assert!(run.stdout.contains(text), "{text:?} is not in\n{}", run.stdout);
    }
    env.home.assert_untouched();

    let (run, document) = env.json(&format!("{line} {flag}"));
    let items = json!(["log.segment.bytes", "num.network.threads"]);
    assert_eq!((run.code, &check(&document, "config.lost-override")["accepted"]), (0, &items));
    assert_eq!(class(&document, "log.segment.bytes"), "lost-override");
    env.assert_no_start();

    let upgrade = format!("{} --config-group payments-390 --yes {flag}", CHECK.replace("check", "upgrade"));
    let _done = env.run(&upgrade).assert_says(0, &[]);
    let entries = env.home.entries();
    let accepted =
        json!(["config.lost-override=log.segment.bytes", "config.lost-override=num.network.threads"]);
    assert_eq!(entries[0]["accepted"], accepted, "the journal holds what was accepted");
    assert_eq!(check(&entries[0]["plan"], "config.lost-override")["accepted"], items);
}

#[test]
fn group_that_changes_retention_suggests_copy_before_accept() {
    let env = TestEnv::new(Scenario::Healthy);
    let run = env.run("check --cluster audit --version 3.9.0 --config-group audit-390");
    let copy = "hint: use a config group with the current values, or copy the current one with `cdss";
    run.assert_says(5, &[copy, "; to proceed anyway, add --accept config.changed=log.retention.hours\n"]);
}

#[test]
fn shorter_retention_blocks() {
    let env = TestEnv::new(Scenario::Healthy);
    set(&env, 301, "log.retention.hours", "168");
    let (run, document) = env.json(&format!("{UPGRADE} --yes --config-group orders-390"));
    run.assert_says(
        5,
        &["log.retention.hours 168 → 72 hours", "--accept config.changed=log.retention.hours"],
    );
    assert_eq!(check(&document, "config.changed")["items"], json!(["log.retention.hours"]));
    assert_eq!(class(&document, "log.retention.hours"), "changed");
    env.assert_no_start();
}

#[test]
fn three_closest_groups_are_shown_when_none_fits() {
    let env = TestEnv::new(Scenario::Healthy);
    let (run, document) = env.json(CHECK);
    run.assert_says(
        5,
        &["hint: select one with --config-group, or copy the current one with `cdss config-group copy"],
    );
    let candidates = document["candidates"].as_array().expect("there is a list");
    let names: Vec<&Value> = candidates.iter().map(|candidate| &candidate["group"]["name"]).collect();
    assert_eq!(names, ["payments-390", "orders-390", "audit-390"]);
    assert_eq!(class(&candidates[0], "num.network.threads"), "lost-override");
    let shown = env.run(CHECK).stdout;
    assert!(shown.contains("\n  payments-390 (332)  2 lost-override, 4 kept\n"), "{shown}");

    // The text is for this shell, the document for any.
    let here = "cdss check --cluster no:1009130 --version 3.9.0 --config-group no:332";
    assert!(shown.contains(&format!("      {here}\n")), "{shown}");
    let command = candidates[0]["command"].as_str().expect("there is a command");
    assert!(command.contains(" --site public --region KR --endpoint http://127.0.0.1"), "{command}");
    let _pasted = env
        .run(command.strip_prefix("cdss ").expect("it is one of cdss"))
        .assert_says(5, &["config.lost-override"]);

    let (_, rest) =
        run.stderr.split_once("copy the current one with `cdss ").expect("the copy is pointed to");
    let (copy, _) = rest.split_once('`').expect("it ends");
    assert!(copy.contains("--cluster no:1009130") && !copy.contains("--endpoint"), "{copy}");
    assert!(copy.ends_with("--version 3.9.0 --name payments-390-2"), "the default name is taken: {copy}");
    let upgrade = format!("{} --yes", CHECK.replace("check", "upgrade"));
    let _same = env.run(&upgrade).assert_says(5, &[&format!("copy the current one with `cdss {copy}`")]);
    let copied = env.run(&format!("{copy} --yes"));
    copied.assert_says(0, &["created config group payments-390-2 (2001)"]);
    let (_, next) = copied
        .stdout
        .split_once("To check an upgrade with this config group:\n  cdss ")
        .expect("the next command follows");
    let _possible = env.run(next.trim_end()).assert_says(0, &[]);
    let (run, document) = env.json(CHECK);
    assert_eq!((run.code, &document["config_group"]["to"]["name"]), (0, &"payments-390-2".into()));
    assert_eq!(document["candidates"], json!([]));
    env.assert_no_start();
}

#[test]
fn value_out_of_target_range_blocks_without_override() {
    let env = TestEnv::new(Scenario::Healthy);
    for group in [301, 312] {
        set(&env, group, "num.io.threads", "8");
    }
    set(&env, 312, "num.io.threads", "0");
    let line = format!("{UPGRADE} --yes --config-group orders-390");
    let (run, document) = env.json(&line);
    run.assert_says(5, &["num.io.threads 0 (allowed: 1 ~ 2147483647)", "hint: correct the values"]);
    assert_eq!(check(&document, "config.out-of-range")["result"], "block");
    env.run(&format!("{line} --accept config.out-of-range=num.io.threads"))
        .assert_says(2, &["check `config.out-of-range` can't be overridden"]);
    env.assert_no_start();
}

#[test]
fn check_request_count_is_bounded() {
    let new =
        |number: u32| NewCluster { name: format!("team-{number}"), version: "3.9.0".to_owned(), brokers: 3 };
    let env = TestEnv::with(Options { clusters: (0..300).map(new).collect(), ..Options::default() });
    for number in 0..200 {
        set(&env, 301, &format!("some.setting.number.{number}"), "5");
    }
    let requests = |line: &str| -> (i32, Value, Vec<(&'static str, usize)>) {
        let before = env.log();
        let (run, document) = env.json(line);
        let after = env.log();
        let names = [
            "getClusterInfoList",
            "getCDSSVersionList",
            "getClusterInfo",
            "getClusterStatus",
            "getBrokerInfo",
            "downloadCertificate",
            "getKafkaVersionConfigGroupList",
            "getKafkaConfigGroupList",
            "getKafkaConfigGroup",
            "getKafkaConfigGroupDetailList",
            "rollingUpgradePreCheck",
        ];
        let counts: Vec<_> = names
            .map(|name| (name, after.count(name) - before.count(name)))
            .into_iter()
            .filter(|(_, n)| *n > 0)
            .collect();
        let all = after.requests.len() - before.requests.len();
        assert_eq!(counts.iter().map(|(_, count)| count).sum::<usize>(), all, "{line}");
        (run.code, document, counts)
    };

    let first = [
        ("getClusterInfoList", 1),
        ("getCDSSVersionList", 1),
        ("getClusterInfo", 1),
        ("getClusterStatus", 1),
        ("getBrokerInfo", 1),
        ("downloadCertificate", 1),
        // 304 groups on pages of 100.
        ("getKafkaVersionConfigGroupList", 4),
        ("getKafkaConfigGroup", 1),
    ];
    let (code, document, counts) = requests("check --cluster orders-prod --version 3.9.0");
    let mut expected = first.to_vec();
    // The current group, and the twenty with the most similar names.
    expected.push(("getKafkaConfigGroupDetailList", 21));
    assert_eq!((code, counts), (5, expected));
    let reason = check(&document, "config.no-group")["reason"].to_string();
    assert!(reason.contains("20 of 304 were compared"), "{reason}");
    assert_eq!(document["candidates"][0]["group"]["name"], "orders-390", "the name was the nearest");
    assert_eq!(document["settings"], json!([]));

    // Without a version, every newer one is evaluated. There is only one. The brokers are not queried.
    let mut expected = first.to_vec();
    expected.retain(|(name, _)| !["getBrokerInfo", "downloadCertificate"].contains(name));
    expected.push(("getKafkaConfigGroupDetailList", 21));
    let (code, _, counts) = requests("check --cluster orders-prod");
    assert_eq!((code, counts), (5, expected));

    let (code, document, counts) =
        requests("check --cluster orders-prod --version 3.9.0 --config-group orders-390");
    let mut expected = first.to_vec();
    expected.extend([("getKafkaConfigGroupDetailList", 2), ("rollingUpgradePreCheck", 1)]);
    assert_eq!((code, counts), (5, expected));
    assert_eq!(check(&document, "config.lost-override")["items"].as_array().map(Vec::len), Some(200));
    env.home.assert_untouched();
}

#[test]
fn incomplete_comparison_selects_no_group() {
    let new =
        |number: u32| NewCluster { name: format!("team-{number}"), version: "3.9.0".to_owned(), brokers: 3 };
    let env = TestEnv::with(Options { clusters: (0..30).map(new).collect(), ..Options::default() });
    let (run, document) = env.json("check --cluster orders-prod --version 3.9.0");
    let reason = check(&document, "config.several-groups")["reason"].to_string();
    assert_eq!(run.code, 5);
    assert!(
        reason.contains(
            "orders-390 (312) keeps all custom values, and other config groups for 3.9.0 may too; 20 of 34"
        ),
        "{reason}"
    );
    let _named =
        env.run("check --cluster orders-prod --version 3.9.0 --config-group orders-390").assert_says(0, &[]);
    env.assert_no_start();
}

#[test]
fn diff_accepts_names_and_numbers_in_both_formats() {
    let env = TestEnv::new(Scenario::Healthy);
    for line in ["config-group diff payments-371 payments-390", "config-group diff 331 name:payments-390"] {
        let (run, document) = env.json(line);
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{line}");
        let from = json!({ "name": "payments-371", "no": "331", "version": "3.7.1", "code": "3713006" });
        assert_eq!((&document["from"], &document["to"]["no"]), (&from, &"332".into()));
        assert_eq!(class(&document, "log.segment.bytes"), "lost-override");
        assert_eq!(class(&document, "log.retention.hours"), "kept");
        assert_eq!(document["command"], "config-group");
    }
    let table = env.run("config-group diff payments-371 payments-390").stdout;
    assert!(table.contains("From          payments-371 (331)  Kafka 3.7.1\n"), "{table}");
    assert!(table.contains("\nSettings      2 lost-override, 4 kept\n"), "{table}");
    assert!(table.contains("\n  num.network.threads  6 → 3 "), "{table}");
    assert!(!table.contains("log.retention.hours"), "kept values are printed with -v: {table}");
    let in_full = env.run("config-group diff payments-371 payments-390 -v").stdout;
    assert!(in_full.contains("\n  log.retention.hours               720 hours "), "{in_full}");
    assert_made(&env, 0, 0);
    env.home.assert_untouched();
}

#[test]
fn exit_code_reports_differences_only_on_request() {
    let env = TestEnv::new(Scenario::Healthy);
    for (groups, flag, code) in [
        ("payments-371 payments-390", "--exit-code", 20),
        ("payments-371 payments-390", "", 0),
        ("orders-371 orders-390", "--exit-code", 0),
        ("analytics-371 analytics-371", "--exit-code", 0),
    ] {
        let line = format!("config-group diff {groups} {flag}");
        let (run, document) = env.json(line.trim());
        assert_eq!((run.code, run.stderr.as_str()), (code, ""), "{line}");
        assert_eq!(document["ok"], code == 0, "{line}");
        assert!(document["settings"].as_array().is_some_and(|settings| settings.len() > 10), "{line}");
        let table = env.run(line.trim());
        assert_eq!((table.code, table.stdout.is_empty()), (code, false), "{line}");
    }
    let (_, document) = env.json("config-group diff payments-371 payments-390 --exit-code");
    assert_eq!(document["exit"], json!({ "code": 20, "name": "different" }));
    assert_eq!(document["error"]["kind"], "different");
}

#[test]
fn unknown_or_missing_groups_are_refused() {
    let env = TestEnv::new(Scenario::Healthy);
    for (line, code, text) in [
        ("config-group diff orders-371 nobody", 3, "no config group `nobody`"),
        ("config-group diff 301 999", 3, "no config group `999`"),
        ("config-group diff orders-371", 2, "<B>"),
        ("config-group", 2, "Usage: cdss config-group"),
        ("config-group copy nobody --version 3.9.0 --yes", 3, "no config group `nobody`"),
        ("config-group copy --cluster nobody --version 3.9.0 --yes", 3, "no cluster named `nobody`"),
        (
            "config-group copy --cluster analytics --version 3.9.0 --yes",
            3,
            "2 clusters are named `analytics`",
        ),
        ("config-group copy orders-371 --version 9.9.9 --yes", 3, "Kafka version 9.9.9 is not offered"),
        (
            "config-group copy orders-371 --version 9999999 --yes",
            3,
            "Kafka version code 9999999 is not offered",
        ),
        ("config-group copy orders-371 --yes", 2, "--version"),
        ("config-group copy --version 3.9.0 --yes", 2, "<FROM|--cluster <CLUSTER>>"),
        ("config-group copy orders-371 --cluster orders --version 3.9.0", 2, "cannot be used with"),
        (
            "config-group copy orders-371 --version 3.9.0 --name Orders --yes",
            2,
            "invalid config group name `Orders`",
        ),
        ("config-group copy orders-371 --version 3.9.0 --name o --yes", 2, "3 to 30 lowercase letters"),
    ] {
        let (run, document) = env.json(line);
        let all = format!("{}{document}", run.stderr);
        assert_eq!(run.code, code, "{line}: {all}");
        assert!(all.contains(text), "{line}: {all}");
    }
    assert_made(&env, 0, 0);
    env.home.assert_untouched();
}

#[test]
fn groups_with_the_same_name_are_identified_by_version() {
    let env = TestEnv::new(Scenario::Healthy);
    let _made = env
        .run("config-group copy payments-371 --version 3.9.0 --name payments-371 --yes")
        .assert_says(0, &[]);
    let (run, _) = env.json("config-group diff payments-371 orders-390");
    run.assert_says(3, &["2 config groups are named `payments-371`: 331 of 3.7.1, 2001 of 3.9.0", "no:331"]);
}

#[test]
fn usage_error_json_has_the_fields_of_its_command() {
    let env = TestEnv::new(Scenario::Healthy);
    for (line, fields) in [
        ("config-group diff orders-371", &["from", "to", "settings", "not_covered"][..]),
        ("config-group show", &["config_group"]),
        (
            "config-group copy --version 3.9.0",
            &["from", "to", "settings", "not_covered", "left_out", "created"],
        ),
    ] {
        let (run, document) = env.json(line);
        assert_eq!(run.code, 2, "{line}");
        assert!(fields.iter().all(|field| document.get(*field).is_some()), "{line}: {document}");
    }
}

#[test]
fn hostile_values_are_escaped() {
    let env = TestEnv::new(Scenario::Healthy);
    set(&env, 351, "num.partitions", "\u{1b}[2J\u{202e}9");
    set(&env, 301, "some.name", "\u{1b}]0;owned\u{7}");
    for line in [
        format!("{COPY} --dry-run -v"),
        "config-group diff analytics-371 orders-371 -v".to_owned(),
        "check --cluster no:1009301 --version 3.9.0 -v".to_owned(),
    ] {
        for form in ["table", "json"] {
            let run = env.run(&format!("{line} -o {form}"));
            let found = raw_characters(&format!("{}{}", run.stdout, run.stderr));
            assert!(found.is_empty(), "{line}: {found:?}");
        }
    }
}
