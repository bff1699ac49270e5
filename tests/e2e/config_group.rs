//! What a change of config group does to the settings, and how they are carried over.

use std::time::Duration;

use cdss::sandbox::{Change, NewCluster, Options, Scenario};
use serde_json::{Value, json};

use crate::lab::{Ended, Lab};
use crate::pty::Terminal;
use crate::support::{Bench, UPGRADE, check, raw_characters};

const CHECK: &str = "check --cluster payments-prod --version 3.9.0";
const COPY: &str = "config-group copy analytics-371 --version 3.9.0";
const CREATE: &str = "createConfigGroup";
const WRITE: &str = "setKafkaConfigGroupDetail";

fn set(bench: &Bench, group: u64, key: &str, value: &str) {
    bench.sandbox.alter(Change::CustomValue { group, key: key.to_owned(), value: value.to_owned() });
}

/// Asserts how often a group was made and filled, and that nothing was started or deleted.
#[track_caller]
fn assert_made(bench: &Bench, creates: usize, writes: usize) {
    let log = bench.log();
    assert_eq!((log.count(CREATE), log.count(WRITE)), (creates, writes));
    assert!(log.requests.iter().all(|request| !request.path.to_lowercase().contains("delete")));
    bench.assert_no_start();
}

/// The groups of 3.9.0 with this name.
fn groups_named(bench: &Bench, name: &str) -> Vec<Value> {
    let (_, document) = bench.json("list config-groups --version 3.9.0");
    let groups = document["config_groups"].as_array().expect("there is a list").clone();
    groups.into_iter().filter(|group| group["name"] == name).collect()
}

fn class(document: &Value, key: &str) -> Value {
    let mut settings = document["settings"].as_array().expect("there is a list").iter();
    settings.find(|setting| setting["key"] == key).map_or(Value::Null, |setting| setting["class"].clone())
}

/// Key and reason of what was left out.
fn left_out(document: &Value) -> Vec<(String, String)> {
    let left_out = document["left_out"].as_array().expect("there is a list").iter();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    left_out.map(|one| (text(&one["key"]), text(&one["reason"]))).collect()
}

#[test]
fn check_names_the_lost_overrides_and_goes_on_with_the_flag_that_it_prints() {
    let bench = Bench::new(Scenario::Healthy);
    let line = format!("{CHECK} --config-group payments-390");
    let run = bench.run(&line);
    let flag = "--accept config.lost-override=log.segment.bytes,num.network.threads";
    run.assert_says(5, &[&format!("hint: to go on all the same, add {flag}\n")]);
    for text in [
        "payments-371 (331) → payments-390 (332)  4 kept\n",
        "log.segment.bytes    268435456 → 1073741824 bytes  lost-override\n",
        "num.network.threads  6 → 3                         lost-override\n",
    ] {
        assert!(run.stdout.contains(text), "{text:?} is not in\n{}", run.stdout);
    }
    bench.home.assert_untouched();

    let (run, document) = bench.json(&format!("{line} {flag}"));
    let items = json!(["log.segment.bytes", "num.network.threads"]);
    assert_eq!((run.code, &check(&document, "config.lost-override")["accepted"]), (0, &items));
    assert_eq!(class(&document, "log.segment.bytes"), "lost-override");
    bench.assert_no_start();

    let upgrade = format!("{} --config-group payments-390 --yes {flag}", CHECK.replace("check", "upgrade"));
    let _done = bench.run(&upgrade).assert_says(0, &[]);
    let entries = bench.home.entries();
    let accepted =
        json!(["config.lost-override=log.segment.bytes", "config.lost-override=num.network.threads"]);
    assert_eq!(entries[0]["accepted"], accepted, "the journal holds what was accepted");
    assert_eq!(check(&entries[0]["plan"], "config.lost-override")["accepted"], items);
}

#[test]
fn a_shorter_retention_blocks() {
    let bench = Bench::new(Scenario::Healthy);
    set(&bench, 301, "log.retention.hours", "168");
    let (run, document) = bench.json(&format!("{UPGRADE} --yes --config-group orders-390"));
    run.assert_says(
        5,
        &["log.retention.hours 168 → 72 hours", "--accept config.changed=log.retention.hours"],
    );
    assert_eq!(check(&document, "config.changed")["items"], json!(["log.retention.hours"]));
    assert_eq!(class(&document, "log.retention.hours"), "changed");
    bench.assert_no_start();
}

#[test]
fn where_no_group_fits_the_three_nearest_are_shown_with_their_differences_and_commands() {
    let bench = Bench::new(Scenario::Healthy);
    let (run, document) = bench.json(CHECK);
    run.assert_says(
        5,
        &["hint: name one with --config-group, or carry the settings over with `cdss config-group copy"],
    );
    let candidates = document["candidates"].as_array().expect("there is a list");
    let names: Vec<&Value> = candidates.iter().map(|candidate| &candidate["group"]["name"]).collect();
    assert_eq!(names, ["payments-390", "orders-390", "audit-390"]);
    assert_eq!(class(&candidates[0], "num.network.threads"), "lost-override");
    let shown = bench.run(CHECK).stdout;
    assert!(shown.contains("\n  payments-390 (332)  2 lost-override, 4 kept\n"), "{shown}");

    let command = candidates[0]["command"].as_str().expect("there is a command");
    assert!(shown.contains(&format!("      {command}\n")), "{shown}");
    let _pasted = bench
        .run(command.strip_prefix("cdss ").expect("it is one of cdss"))
        .assert_says(5, &["config.lost-override"]);

    let copy = "config-group copy --cluster no:1009130 --version 3.9.0";
    assert!(run.stderr.contains(copy), "{}", run.stderr);
    let _copied = bench.run(&format!("{copy} --name payments-new --yes")).assert_says(0, &[]);
    let (run, document) = bench.json(CHECK);
    assert_eq!((run.code, &document["config_group"]["to"]["name"]), (0, &"payments-new".into()));
    assert_eq!(document["candidates"], json!([]));
    bench.assert_no_start();
}

#[test]
fn a_value_outside_the_targets_limits_blocks_and_nobody_may_accept_it() {
    let bench = Bench::new(Scenario::Healthy);
    for group in [301, 312] {
        set(&bench, group, "num.io.threads", "8");
    }
    set(&bench, 312, "num.io.threads", "0");
    let line = format!("{UPGRADE} --yes --config-group orders-390");
    let (run, document) = bench.json(&line);
    run.assert_says(5, &["num.io.threads 0 (allowed: 1 ~ 2147483647)", "hint: correct the values"]);
    assert_eq!(check(&document, "config.out-of-range")["result"], "block");
    bench
        .run(&format!("{line} --accept config.out-of-range=num.io.threads"))
        .assert_says(2, &["check `config.out-of-range` cannot be overruled"]);
    bench.assert_no_start();
}

#[test]
fn the_requests_of_a_check_do_not_grow_with_groups_and_settings() {
    let new =
        |number: u32| NewCluster { name: format!("team-{number}"), version: "3.9.0".to_owned(), brokers: 3 };
    let bench = Bench::with(Options { clusters: (0..300).map(new).collect(), ..Options::default() });
    for number in 0..200 {
        set(&bench, 301, &format!("some.setting.number.{number}"), "5");
    }
    let requests = |line: &str| -> (i32, Value, Vec<(&'static str, usize)>) {
        let before = bench.log();
        let (run, document) = bench.json(line);
        let after = bench.log();
        let names = [
            "getClusterInfoList",
            "getCDSSVersionList",
            "getClusterInfo",
            "getClusterStatus",
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
        // 304 groups on pages of a hundred.
        ("getKafkaVersionConfigGroupList", 4),
        ("getKafkaConfigGroup", 1),
    ];
    let (code, document, counts) = requests("check --cluster orders-prod --version 3.9.0");
    let mut expected = first.to_vec();
    // The present group, and the twenty whose names are most alike.
    expected.push(("getKafkaConfigGroupDetailList", 21));
    assert_eq!((code, counts), (5, expected));
    let reason = check(&document, "config.no-group")["reason"].to_string();
    assert!(reason.contains("20 of 304 were compared"), "{reason}");
    assert_eq!(document["candidates"][0]["group"]["name"], "orders-390", "the name was the nearest");
    assert_eq!(document["settings"], json!([]));

    let (code, document, counts) =
        requests("check --cluster orders-prod --version 3.9.0 --config-group orders-390");
    let mut expected = first.to_vec();
    expected.extend([("getKafkaConfigGroupDetailList", 2), ("rollingUpgradePreCheck", 1)]);
    assert_eq!((code, counts), (5, expected));
    assert_eq!(check(&document, "config.lost-override")["items"].as_array().map(Vec::len), Some(200));
    bench.home.assert_untouched();
}

#[test]
fn where_not_every_group_was_compared_none_is_taken_by_itself() {
    let new =
        |number: u32| NewCluster { name: format!("team-{number}"), version: "3.9.0".to_owned(), brokers: 3 };
    let bench = Bench::with(Options { clusters: (0..30).map(new).collect(), ..Options::default() });
    let (run, document) = bench.json("check --cluster orders-prod --version 3.9.0");
    let reason = check(&document, "config.several-groups")["reason"].to_string();
    assert_eq!(run.code, 5);
    assert!(
        reason.contains("orders-390 (312) keeps every custom value, and others of 3.9.0 may too; 20 of 34"),
        "{reason}"
    );
    let _named = bench
        .run("check --cluster orders-prod --version 3.9.0 --config-group orders-390")
        .assert_says(0, &[]);
    bench.assert_no_start();
}

#[test]
fn two_groups_are_compared_by_name_or_number_in_both_forms() {
    let bench = Bench::new(Scenario::Healthy);
    for line in ["config-group diff payments-371 payments-390", "config-group diff 331 name:payments-390"] {
        let (run, document) = bench.json(line);
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{line}");
        let from = json!({ "name": "payments-371", "no": "331", "version": "3.7.1", "code": "3713006" });
        assert_eq!((&document["from"], &document["to"]["no"]), (&from, &"332".into()));
        assert_eq!(class(&document, "log.segment.bytes"), "lost-override");
        assert_eq!(class(&document, "log.retention.hours"), "kept");
        assert_eq!(document["command"], "config-group");
    }
    let table = bench.run("config-group diff payments-371 payments-390").stdout;
    assert!(table.contains("From          payments-371 (331)  Kafka 3.7.1\n"), "{table}");
    assert!(table.contains("\nSettings      2 lost-override, 4 kept\n"), "{table}");
    assert!(table.contains("\n  num.network.threads  6 → 3 "), "{table}");
    assert!(!table.contains("log.retention.hours"), "what is kept is told with -v: {table}");
    let in_full = bench.run("config-group diff payments-371 payments-390 -v").stdout;
    assert!(in_full.contains("\n  log.retention.hours               720 hours "), "{in_full}");
    assert_made(&bench, 0, 0);
    bench.home.assert_untouched();
}

#[test]
fn the_exit_code_tells_a_difference_only_where_it_is_asked_for() {
    let bench = Bench::new(Scenario::Healthy);
    for (groups, flag, code) in [
        ("payments-371 payments-390", "--exit-code", 20),
        ("payments-371 payments-390", "", 0),
        ("orders-371 orders-390", "--exit-code", 0),
        ("analytics-371 analytics-371", "--exit-code", 0),
    ] {
        let line = format!("config-group diff {groups} {flag}");
        let (run, document) = bench.json(line.trim());
        assert_eq!((run.code, run.stderr.as_str()), (code, ""), "{line}");
        assert_eq!(document["ok"], code == 0, "{line}");
        assert!(document["settings"].as_array().is_some_and(|settings| settings.len() > 10), "{line}");
        let table = bench.run(line.trim());
        assert_eq!((table.code, table.stdout.is_empty()), (code, false), "{line}");
    }
    let (_, document) = bench.json("config-group diff payments-371 payments-390 --exit-code");
    assert_eq!(document["exit"], json!({ "code": 20, "name": "different" }));
    assert_eq!(document["error"]["kind"], "different");
}

#[test]
fn groups_that_are_not_there_or_not_named_are_refused() {
    let bench = Bench::new(Scenario::Healthy);
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
        (
            "config-group copy orders-371 --version 9.9.9 --yes",
            3,
            "the service offers no Kafka version 9.9.9",
        ),
        ("config-group copy orders-371 --version 9999999 --yes", 3, "the service offers no Kafka version"),
        ("config-group copy orders-371 --yes", 2, "--version"),
        ("config-group copy --version 3.9.0 --yes", 2, "<FROM|--cluster <CLUSTER>>"),
        ("config-group copy orders-371 --cluster orders --version 3.9.0", 2, "cannot be used with"),
        (
            "config-group copy orders-371 --version 3.9.0 --name Orders --yes",
            2,
            "`Orders` is no name of a config group",
        ),
        ("config-group copy orders-371 --version 3.9.0 --name o --yes", 2, "3 to 30 small letters"),
    ] {
        let (run, document) = bench.json(line);
        let all = format!("{}{document}", run.stderr);
        assert_eq!(run.code, code, "{line}: {all}");
        assert!(all.contains(text), "{line}: {all}");
    }
    assert_made(&bench, 0, 0);
    bench.home.assert_untouched();
}

#[test]
fn a_copy_carries_every_value_and_leaves_out_what_nobody_can_set() {
    let bench = Bench::new(Scenario::Healthy);
    let (run, document) = bench.json(&format!("{COPY} --yes"));
    run.assert_says(
        0,
        &[
            "From          analytics-371 (351)  Kafka 3.7.1\nTo            analytics-390 (new)  Kafka 3.9.0\n",
            "Settings      3 carried, 1 left out\n",
            "\n  offsets.topic.replication.factor  2      read-only\n",
        ],
    );
    assert_eq!(
        left_out(&document),
        [("offsets.topic.replication.factor".to_owned(), "read-only".to_owned())]
    );
    assert_eq!((&document["created"], &document["written"]), (&"yes".into(), &"yes".into()));
    assert_eq!((&document["to"]["name"], &document["not_as_sent"]), (&"analytics-390".into(), &json!([])));
    assert_made(&bench, 1, 1);
    let log = bench.log();
    let sent = |operation: &str| {
        let request = log.requests.iter().find(|request| request.operation == operation);
        request.and_then(|request| request.body.clone()).expect("it has a body")
    };
    assert_eq!(
        sent(WRITE),
        json!({
            "kafkaVersionCode": "3903006",
            "logCleanupPolicy": "compact",
            "numPartitions": 24,
            "additionalKafkaConfigGroupDetailList":
                [{ "configName": "message.max.bytes", "configValue": "4194304" }],
        }),
        "everything at once, and nothing that nobody can set"
    );
    assert_eq!(sent(CREATE)["description"], "Copied from config group 351 by cdss");

    let no = document["to"]["no"].as_str().expect("it has a number");
    let (_, difference) = bench.json(&format!("config-group diff analytics-371 no:{no}"));
    let settings = difference["settings"].as_array().expect("there is a list").iter();
    let differing: Vec<_> = settings.filter(|setting| setting["class"] != "kept").collect();
    assert_eq!(differing.len(), 1, "{differing:?}");
    assert_eq!(
        (&differing[0]["key"], &differing[0]["class"]),
        (&"offsets.topic.replication.factor".into(), &"read-only".into())
    );
    let (run, document) = bench.json("check --cluster no:1009301 --version 3.9.0");
    assert_eq!((run.code, &document["config_group"]["to"]["no"]), (0, &no.into()), "it is the one that fits");
    assert_eq!(check(&document, "config.read-only")["result"], "warn");
    bench.assert_no_start();
}

#[test]
fn a_copy_is_written_down_before_it_is_sent_and_told_by_history() {
    let bench = Bench::new(Scenario::Healthy);
    let _done = bench.run(&format!("{COPY} --yes")).assert_says(0, &[]);
    let entries = bench.home.entries();
    let events: Vec<&str> = entries.iter().filter_map(|entry| entry["event"].as_str()).collect();
    assert_eq!(events, ["group-create", "group-created", "group-write", "end"]);
    assert_eq!(
        (&entries[0]["consent"], &entries[0]["config_group_name"]),
        (&"--yes".into(), &"analytics-390".into())
    );
    assert_eq!(entries[0]["plan"]["left_out"][0]["reason"], "read-only");
    assert_eq!(entries[3]["document"]["written"], "yes");
    let (_, document) = bench.json("history");
    assert_eq!(
        (&document["runs"][0]["result"], document["runs"].as_array().map(Vec::len)),
        (&"done".into(), Some(1))
    );
    let table = bench.run("history").stdout;
    assert!(table.contains("  3.7.1 → 3.9.0  copied to analytics-390  done"), "{table}");
    let id = document["runs"][0]["id"].as_str().expect("it has an id");
    let whole = bench.run(&format!("history {id}")).stdout;
    assert!(whole.contains("config group analytics-390 is about to be made, consent by --yes"), "{whole}");
}

#[test]
fn a_dry_run_says_what_would_be_made_and_makes_nothing() {
    let bench = Bench::new(Scenario::Healthy);
    let (run, document) = bench.json(&format!("{COPY} --dry-run"));
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    assert_eq!((&document["created"], &document["to"]["no"]), (&"no".into(), &Value::Null));
    assert_eq!(class(&document, "log.cleanup.policy"), "kept");
    assert_eq!(class(&document, "offsets.topic.replication.factor"), "read-only");
    let table = bench.run(&format!("{COPY} -n -v")).stdout;
    for text in ["\nNothing was changed.\n", "\n  LEFT OUT ", "\n  message.max.bytes   4194304 bytes\n"] {
        assert!(table.contains(text), "{text:?} is not in\n{table}");
    }
    assert_made(&bench, 0, 0);
    bench.home.assert_untouched();
}

#[test]
fn an_unforeseen_drop_ends_with_7_and_names_what_differs() {
    let bench = Bench::new(Scenario::GroupDropsValue);
    let (run, document) = bench.json(&format!("{COPY} --yes"));
    run.assert_says(
        7,
        &["error: config group analytics-390 (2001) was made and isn't right: num.partitions is not as sent"],
    );
    run.assert_says(7, &["hint: compare them with: cdss config-group diff no:351 no:2001 "]);
    assert_eq!(document["not_as_sent"], json!([{ "key": "num.partitions", "sent": "24", "read": "1" }]));
    assert_eq!(class(&document, "num.partitions"), "lost-override");
    assert_made(&bench, 1, 1);
    assert_eq!(groups_named(&bench, "analytics-390").len(), 1, "nothing is deleted");
    let entries = bench.home.entries();
    assert_eq!(entries.last().map(|entry| &entry["verdict"]), Some(&"failed".into()));
    let table = Bench::new(Scenario::GroupDropsValue).run(&format!("{COPY} --yes")).stdout;
    assert!(table.contains("\n  num.partitions  24    1\n"), "{table}");
    assert!(table.ends_with("Config group analytics-390 (2001) is there and was not deleted.\n"), "{table}");
}

#[test]
fn lost_answers_are_judged_by_looks_and_nothing_is_sent_twice() {
    let bench = Bench::new(Scenario::GroupAnswerLost);
    let (run, document) = bench.json(&format!("{COPY} --yes"));
    run.assert_says(0, &["looking whether the config group was made", "reading what the config group has"]);
    assert_eq!((&document["created"], &document["written"]), (&"yes".into(), &"yes".into()));
    assert_made(&bench, 1, 1);
    assert_eq!(groups_named(&bench, "analytics-390").len(), 1);
}

#[test]
fn a_create_that_nobody_finds_ends_with_9() {
    let bench = Bench::new(Scenario::GroupLost);
    let (run, document) = bench.json(&format!("{COPY} --yes"));
    run.assert_says(
        9,
        &["error: whether config group analytics-390 was made is not known", "hint: look before"],
    );
    assert_eq!((&document["created"], &document["written"]), (&"unknown".into(), &"no".into()));
    assert!(!run.stderr.contains("Nothing was changed"), "{}", run.stderr);
    assert_made(&bench, 1, 0);
}

#[test]
fn a_group_that_a_killed_run_left_behind_is_used_by_the_next() {
    let answer_delay = Duration::from_millis(300);
    let bench = Bench::with(Options { scenario: Scenario::Slow, answer_delay, ..Options::default() });
    let first = bench.start(&format!("{COPY} --yes"));
    bench.sandbox.wait_until(|log| log.count(CREATE) == 1);
    // Its answer is still on the way.
    first.kill();
    assert_made(&bench, 1, 0);

    let (run, document) = bench.json(&format!("{COPY} --yes"));
    run.assert_says(0, &["To            analytics-390 (2001), which is there and empty  Kafka 3.9.0\n"]);
    assert_eq!((&document["created"], &document["written"]), (&"no".into(), &"yes".into()));
    assert_eq!(document["to"]["no"], "2001");
    assert_made(&bench, 1, 1);
    assert_eq!(groups_named(&bench, "analytics-390").len(), 1);
    let events: Vec<Value> = bench.home.entries().into_iter().map(|entry| entry["event"].clone()).collect();
    assert_eq!(events, ["group-create", "group-write", "end"]);

    let (again, document) = bench.json(&format!("{COPY} --yes"));
    again.assert_says(
        5,
        &["exists already, and it has custom values; nothing was written", "Nothing was changed."],
    );
    assert_eq!(document["created"], "no");
    assert_made(&bench, 1, 1);
}

#[test]
fn a_group_of_the_name_that_is_not_this_machines_own_is_left_alone() {
    let bench = Bench::new(Scenario::Healthy);
    let (run, document) = bench.json("config-group copy payments-371 --version 3.9.0 --yes");
    run.assert_says(
        5,
        &[
            "config group payments-390 (332) of 3.9.0 exists already, and it was not made by",
            "Nothing was changed.",
            "hint: give another name with --name",
        ],
    );
    assert_eq!(document["to"]["no"], Value::Null);
    assert_made(&bench, 0, 0);
    bench.home.assert_untouched();
    let _other = bench
        .run("config-group copy payments-371 --version 3.9.0 --name payments-b --yes")
        .assert_says(0, &[]);
    assert_made(&bench, 1, 1);
}

#[test]
fn a_long_name_has_to_be_given() {
    let clusters = vec!["a-very-long-cluster-name=3.7.1,3".parse().expect("the service could have it")];
    let bench = Bench::with(Options { clusters, ..Options::default() });
    set(&bench, 402, "num.partitions", "1");
    let line = "config-group copy --cluster a-very-long-cluster-name --version 3.9.0 --yes";
    let _refused = bench.run(line).assert_says(5, &["a-very-long-390 (402) of 3.9.0 exists already"]);
    let made = bench.run(&format!("{line} --name a-very-long-cluster-390"));
    made.assert_says(0, &[]);
    let _too_long = bench
        .run("config-group copy a-very-long-cluster-390 --version 3.6.2 --yes")
        .assert_says(2, &["there is no name of at most 15 letters", "hint: give one with --name"]);
    assert_made(&bench, 1, 1);
}

#[test]
fn without_a_terminal_and_without_yes_nothing_is_made() {
    let bench = Bench::new(Scenario::Healthy);
    let (run, document) = bench.json(COPY);
    run.assert_says(10, &["the question `Type analytics-390 to make it` needs an answer", "hint: add --yes"]);
    run.assert_says(10, &["Settings      3 carried, 1 left out", "Nothing was changed."]);
    assert_eq!(document["created"], "no");
    assert_made(&bench, 0, 0);
    bench.home.assert_untouched();
}

#[test]
fn on_a_terminal_the_new_name_is_typed() {
    let declined = [("y", "2 tries left"), ("yes", "one try left"), ("analytics-371", "nothing was made")];
    for (answers, code, creates) in [
        (&[("analytics-390", "analytics-390 (2001)  done  3 carried, 1 left out")][..], 0, 1),
        (&declined[..], 10, 0),
    ] {
        let lab = Lab::new(Scenario::Healthy);
        let mut terminal = Terminal::open(&lab, COPY);
        for (answer, then) in answers {
            terminal.answer_to("Type analytics-390 to make it: ", answer);
            terminal.expect(then);
        }
        let (ended, text) = terminal.end();
        assert_eq!(ended, code, "{text}");
        assert!(!text.contains("brokers"), "no caution about an upgrade: {text}");
        assert_eq!(lab.sandbox.log().count(CREATE), creates, "{text}");
        assert_eq!(lab.sandbox.log().starts_asked(), 0);
    }
}

#[test]
fn a_result_that_cannot_be_written_does_not_change_what_was_made() {
    for redirection in [">&-", ">/dev/full"] {
        let lab = Lab::new(Scenario::Healthy);
        let mut command = lab.command("sh");
        command.args(["-c", &format!("exec cdss {COPY} --yes {redirection}")]);
        let ended = Ended::of(&mut command);
        assert_eq!(ended.code(), Some(0), "{redirection}: {}", ended.stderr);
        assert_eq!(lab.sandbox.log().count(CREATE), 1);
        let differs = Ended::of(lab.command("sh").args([
            "-c",
            &format!("exec cdss config-group diff payments-371 payments-390 --exit-code {redirection}"),
        ]));
        assert_eq!(differs.code(), Some(20), "{redirection}: {}", differs.stderr);
    }
}

#[test]
fn what_cannot_be_read_or_written_ends_before_anything_is_made() {
    for (scenario, code) in
        [(Scenario::NoPermission, 4), (Scenario::WrongSignature, 4), (Scenario::ServerError, 12)]
    {
        let bench = Bench::new(scenario);
        for line in [format!("{COPY} --yes"), "config-group diff 301 312".to_owned()] {
            let (run, _) = bench.json(&line);
            assert_eq!(run.code, code, "{scenario} {line}: {}", run.stderr);
        }
        assert_made(&bench, 0, 0);
    }
    let bench = Bench::new(Scenario::Healthy);
    std::fs::write(bench.home.path().join("state"), "in the way").expect("the home can be written");
    for flag in ["--yes", "--dry-run"] {
        let _blocked =
            bench.run(&format!("{COPY} {flag}")).assert_says(5, &["journal", "Nothing was changed."]);
    }
    assert_made(&bench, 0, 0);
}

#[test]
fn hostile_values_are_shown_and_do_nothing() {
    let bench = Bench::new(Scenario::Healthy);
    set(&bench, 351, "num.partitions", "\u{1b}[2J\u{202e}9");
    set(&bench, 301, "some.name", "\u{1b}]0;owned\u{7}");
    for line in [
        format!("{COPY} --dry-run -v"),
        "config-group diff analytics-371 orders-371 -v".to_owned(),
        "check --cluster no:1009301 --version 3.9.0 -v".to_owned(),
    ] {
        for form in ["table", "json"] {
            let run = bench.run(&format!("{line} -o {form}"));
            let found = raw_characters(&format!("{}{}", run.stdout, run.stderr));
            assert!(found.is_empty(), "{line}: {found:?}");
        }
    }
}
