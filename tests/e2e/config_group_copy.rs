//! Config group copies to another version: created once, and verified by reading them back.

use std::time::Duration;

use cdss::sandbox::{AccountChange, Options, Scenario};
use serde_json::{Value, json};

use crate::config_group::{COPY, CREATE, WRITE, assert_made, class, set};
use crate::pty::Terminal;
use crate::support::{Run, TestEnv, check};

/// Returns the 3.9.0 groups with this name.
fn groups_named(env: &TestEnv, name: &str) -> Vec<Value> {
    let (_, document) = env.json("list config-groups --version 3.9.0");
    let groups = document["config_groups"].as_array().expect("there is a list").clone();
    groups.into_iter().filter(|group| group["name"] == name).collect()
}

/// Returns key and reason of each setting that was not copied.
fn left_out(document: &Value) -> Vec<(String, String)> {
    let left_out = document["left_out"].as_array().expect("there is a list").iter();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    left_out.map(|one| (text(&one["key"]), text(&one["reason"]))).collect()
}

#[test]
fn copy_keeps_values_and_skips_unsettable_keys() {
    let env = TestEnv::new(Scenario::Healthy);
    let (run, document) = env.json(&format!("{COPY} --yes"));
    run.assert_says(
        0,
        &[
            "From          analytics-371 (351)  Kafka 3.7.1\nTo            analytics-390 (new)  Kafka 3.9.0\n",
            "Settings      3 to copy, 1 skipped\n",
            "\n  offsets.topic.replication.factor  2      read-only\n",
        ],
    );
    assert_eq!(
        left_out(&document),
        [("offsets.topic.replication.factor".to_owned(), "read-only".to_owned())]
    );
    assert_eq!((&document["created"], &document["written"]), (&"yes".into(), &"yes".into()));
    assert_eq!((&document["to"]["name"], &document["not_as_sent"]), (&"analytics-390".into(), &json!([])));
    assert_made(&env, 1, 1);
    let log = env.log();
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
    let entries = env.home.entries();
    let run_id = entries[0]["run"].as_str().expect("it has an id");
    let description = format!("Copied from config group 351 by cdss, run {run_id}");
    assert_eq!(sent(CREATE)["description"], description.as_str(), "it tells who made it");

    let no = document["to"]["no"].as_str().expect("it has a number");
    let (_, difference) = env.json(&format!("config-group diff analytics-371 no:{no}"));
    let settings = difference["settings"].as_array().expect("there is a list").iter();
    let differing: Vec<_> = settings.filter(|setting| setting["class"] != "kept").collect();
    assert_eq!(differing.len(), 1, "{differing:?}");
    assert_eq!(
        (&differing[0]["key"], &differing[0]["class"]),
        (&"offsets.topic.replication.factor".into(), &"read-only".into())
    );
    let (run, document) = env.json("check --cluster no:1009301 --version 3.9.0");
    assert_eq!((run.code, &document["config_group"]["to"]["no"]), (0, &no.into()), "it is the one that fits");
    assert_eq!(check(&document, "config.read-only")["result"], "warn");
    env.assert_no_start();
}

#[test]
fn copy_is_journaled_before_sending_and_shown_in_history() {
    let env = TestEnv::new(Scenario::Healthy);
    let _done = env.run(&format!("{COPY} --yes")).assert_says(0, &[]);
    let entries = env.home.entries();
    let events: Vec<&str> = entries.iter().filter_map(|entry| entry["event"].as_str()).collect();
    assert_eq!(events, ["group-create", "group-created", "group-write", "end"]);
    assert_eq!(
        (&entries[0]["consent"], &entries[0]["config_group_name"]),
        (&"--yes".into(), &"analytics-390".into())
    );
    assert_eq!((&entries[0]["from_config_group"], &entries[3]["created"]), (&"351".into(), &"yes".into()));
    assert_eq!(entries[0]["plan"]["left_out"][0]["reason"], "read-only");
    assert_eq!(entries[3]["document"]["written"], "yes");
    let (_, document) = env.json("history");
    assert_eq!(
        (&document["runs"][0]["result"], document["runs"].as_array().map(Vec::len)),
        (&"done".into(), Some(1))
    );
    let table = env.run("history").stdout;
    assert!(table.contains("  analytics-390  copy to 3.9.0  done"), "{table}");
    let id = document["runs"][0]["id"].as_str().expect("it has an id");
    let whole = env.run(&format!("history {id}")).stdout;
    assert!(whole.contains("about to create config group analytics-390, confirmed by --yes"), "{whole}");
}

#[test]
fn dry_run_shows_the_copy_and_creates_nothing() {
    let env = TestEnv::new(Scenario::Healthy);
    let (run, document) = env.json(&format!("{COPY} --dry-run"));
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    assert_eq!((&document["created"], &document["to"]["no"]), (&"no".into(), &Value::Null));
    assert_eq!(class(&document, "log.cleanup.policy"), "kept");
    assert_eq!(class(&document, "offsets.topic.replication.factor"), "read-only");
    let table = env.run(&format!("{COPY} -n -v")).stdout;
    for text in ["\nNothing was changed.\n", "\n  SKIPPED ", "\n  message.max.bytes   4194304 bytes\n"] {
        assert!(table.contains(text), "{text:?} is not in\n{table}");
    }
    assert_made(&env, 0, 0);
    env.home.assert_untouched();
}

#[test]
fn unexpected_value_loss_exits_7_and_names_differences() {
    let env = TestEnv::new(Scenario::GroupDropsValue);
    let (run, document) = env.json(&format!("{COPY} --yes"));
    run.assert_says(
        7,
        &["error: config group analytics-390 (2001) does not match: num.partitions was not saved, although the service reported success"],
    );
    run.assert_says(7, &["hint: compare them: cdss config-group diff no:351 no:2001 "]);
    assert_eq!(document["not_as_sent"], json!([{ "key": "num.partitions", "sent": "24", "read": "1" }]));
    assert_eq!(class(&document, "num.partitions"), "lost-override");
    assert_made(&env, 1, 1);
    assert_eq!(groups_named(&env, "analytics-390").len(), 1, "nothing is deleted");
    let entries = env.home.entries();
    assert_eq!(entries.last().map(|entry| &entry["verdict"]), Some(&"failed".into()));
    let id = entries[0]["run"].as_str().expect("it has an id");
    let whole = env.run(&format!("history {id}")).stdout;
    assert!(whole.contains("ended: failed, mismatched: num.partitions\n"), "{whole}");
    let table = TestEnv::new(Scenario::GroupDropsValue).run(&format!("{COPY} --yes")).stdout;
    assert!(table.contains("  failed  2 copied, 1 mismatched, 1 skipped\n"), "{table}");
    assert!(table.contains("\n  num.partitions  24    1\n"), "{table}");
    assert!(table.ends_with("Config group analytics-390 (2001) exists and was not deleted.\n"), "{table}");
}

#[test]
fn lost_responses_are_resolved_by_polling_without_resending() {
    let env = TestEnv::new(Scenario::GroupAnswerLost);
    let (run, document) = env.json(&format!("{COPY} --yes"));
    run.assert_says(
        0,
        &["checking whether the config group was created", "reading the config group to check"],
    );
    assert_eq!((&document["created"], &document["written"]), (&"yes".into(), &"yes".into()));
    assert_made(&env, 1, 1);
    assert_eq!(groups_named(&env, "analytics-390").len(), 1);
}

#[test]
fn create_with_unknown_outcome_exits_9() {
    let env = TestEnv::new(Scenario::GroupLost);
    let (run, document) = env.json(&format!("{COPY} --yes"));
    run.assert_says(
        9,
        &[
            "error: unknown whether config group analytics-390 was created",
            "hint: check with `cdss list config-groups --site public",
            "if the group is listed, run the same command again to fill it; if not, create one with another name: cdss config-group copy",
        ],
    );
    assert_eq!((&document["created"], &document["written"]), (&"unknown".into(), &"no".into()));
    assert!(!run.stderr.contains("changed nothing"), "{}", run.stderr);
    assert_made(&env, 1, 0);

    // A second create request could create a second group.
    let run_id = env.home.entries()[0]["run"].as_str().map(str::to_owned).expect("it has an id");
    for flag in ["--yes", "--dry-run"] {
        let (again, document) = env.json(&format!("{COPY} {flag}"));
        let sent = format!(
            "error: run {run_id} (key …1234) tried to create config group analytics-390; the outcome is unknown"
        );
        let hint =
            "if not, create one with another name: cdss config-group copy no:351 --site public --region KR";
        again.assert_says(5, &[&sent, "cdss changed nothing.", hint]);
        assert_eq!((&document["created"], &document["written"]), (&"no".into(), &"no".into()));
    }
    assert_made(&env, 1, 0);

    // No printed command suggests that name again.
    let shown = env.run("check --cluster no:1009301 --version 3.9.0").stderr;
    assert!(shown.contains("--version 3.9.0 --name analytics-390-2`"), "{shown}");
}

#[test]
fn group_left_by_a_killed_run_is_reused() {
    let answer_delay = Duration::from_millis(300);
    let env = TestEnv::with(Options {
        scenario: Scenario::Slow,
        response_delay: answer_delay,
        ..Options::default()
    });
    let first = env.start(&format!("{COPY} --yes"));
    env.sandbox.wait_until(|log| log.count(CREATE) == 1);
    // The response is still in flight.
    first.kill();
    assert_made(&env, 1, 0);
    let other = "config-group copy payments-371 --version 3.9.0 --name analytics-390 --yes";
    let _others =
        env.run(other).assert_says(5, &["already exists and can't be filled: it was created as a copy"]);

    let (run, document) = env.json(&format!("{COPY} --yes"));
    run.assert_says(0, &["To            analytics-390 (2001) (exists, empty)  Kafka 3.9.0\n"]);
    assert_eq!((&document["created"], &document["written"]), (&"no".into(), &"yes".into()));
    assert_eq!(document["to"]["no"], "2001");
    assert_made(&env, 1, 1);
    assert_eq!(groups_named(&env, "analytics-390").len(), 1);
    let events: Vec<Value> = env.home.entries().into_iter().map(|entry| entry["event"].clone()).collect();
    assert_eq!(events, ["group-create", "group-write", "end"]);

    let (again, document) = env.json(&format!("{COPY} --yes"));
    again.assert_says(
        5,
        &[
            "already exists and can't be filled: it has custom values; nothing was written",
            "cdss changed nothing.",
            "hint: use it with --config-group no:2001, since it keeps every custom value, or compare first: cdss",
        ],
    );
    assert_eq!((&document["created"], &document["to"]["no"]), (&"no".into(), &"2001".into()));
    assert_made(&env, 1, 1);
}

#[test]
fn foreign_group_with_the_same_name_is_not_modified() {
    let env = TestEnv::new(Scenario::Healthy);
    let (run, document) = env.json("config-group copy payments-371 --version 3.9.0 --yes");
    run.assert_says(
        5,
        &[
            "config group payments-390 (332) for 3.9.0 already exists and can't be filled: it was not created by",
            "cdss changed nothing.",
            "hint: compare it with `cdss config-group diff no:331 no:332 ",
            "`, or create one with another name: cdss config-group copy no:331 ",
        ],
    );
    assert_eq!((&document["to"]["no"], &document["created"]), (&"332".into(), &"no".into()));
    assert_eq!(
        class(&document, "num.network.threads"),
        "lost-override",
        "it tells of the group that is there"
    );
    assert_made(&env, 0, 0);
    env.home.assert_untouched();
    let _other =
        env.run("config-group copy payments-371 --version 3.9.0 --name payments-b --yes").assert_says(0, &[]);
    assert_made(&env, 1, 1);
}

#[test]
fn generated_name_conflict_requires_an_explicit_name() {
    let clusters = vec!["a-very-long-cluster-name=3.7.1,3".parse().expect("the service could have it")];
    let env = TestEnv::with(Options { clusters, ..Options::default() });
    set(&env, 402, "num.partitions", "1");
    let line = "config-group copy --cluster a-very-long-cluster-name --version 3.9.0 --yes";
    let _refused = env.run(line).assert_says(5, &["a-very-long-390 (402) for 3.9.0 already exists"]);
    let made = env.run(&format!("{line} --name a-very-long-cluster-390"));
    made.assert_says(0, &[]);
    let _too_long = env
        .run("config-group copy a-very-long-cluster-390 --version 3.6.2 --yes")
        .assert_says(2, &["can't derive a name of at most 15 characters", "hint: choose a name with --name"]);
    assert_made(&env, 1, 1);
}

#[test]
fn without_terminal_or_yes_nothing_is_created() {
    let env = TestEnv::new(Scenario::Healthy);
    let (run, document) = env.json(COPY);
    run.assert_says(10, &["confirmation required, but stdin is not a terminal", "hint: add --yes"]);
    run.assert_says(10, &["Settings      3 to copy, 1 skipped", "cdss changed nothing."]);
    assert_eq!(document["created"], "no");
    assert_made(&env, 0, 0);
    env.home.assert_untouched();
}

#[test]
fn terminal_confirmation_requires_typing_the_new_name() {
    let declined =
        [("y", "2 attempts left"), ("yes", "1 attempt left"), ("analytics-371", "nothing was created")];
    for (answers, code, creates) in [
        (&[("analytics-390", "analytics-390 (2001)  done  3 copied, 1 skipped")][..], 0, 1),
        (&declined[..], 10, 0),
    ] {
        let env = TestEnv::new(Scenario::Healthy);
        let mut terminal = Terminal::open(&env, COPY);
        for (answer, then) in answers {
            terminal.answer_to("Type analytics-390 to create it: ", answer);
            terminal.expect(then);
        }
        let (ended, text) = terminal.end();
        assert_eq!(ended, code, "{text}");
        assert!(!text.contains("brokers"), "no caution about an upgrade: {text}");
        assert_eq!(env.sandbox.log().count(CREATE), creates, "{text}");
        assert_eq!(env.sandbox.log().starts_requested(), 0);
    }
}

#[test]
fn unwritable_output_does_not_affect_the_copy() {
    for redirection in [">&-", ">/dev/full"] {
        let env = TestEnv::new(Scenario::Healthy);
        let mut command = env.program("sh");
        command.args(["-c", &format!("exec cdss {COPY} --yes {redirection}")]);
        let ended = Run::of(command);
        assert_eq!(ended.code, 0, "{redirection}: {}", ended.stderr);
        assert_eq!(env.sandbox.log().count(CREATE), 1);
        let differs = Run::of(env.program("sh").args([
            "-c",
            &format!("exec cdss config-group diff payments-371 payments-390 --exit-code {redirection}"),
        ]));
        assert_eq!(differs.code, 20, "{redirection}: {}", differs.stderr);
    }
}

#[test]
fn service_errors_or_unusable_journal_create_nothing() {
    for (scenario, code) in
        [(Scenario::NoPermission, 4), (Scenario::WrongSignature, 4), (Scenario::ServerError, 12)]
    {
        let env = TestEnv::new(scenario);
        for line in [format!("{COPY} --yes"), "config-group diff 301 312".to_owned()] {
            let (run, _) = env.json(&line);
            assert_eq!(run.code, code, "{scenario} {line}: {}", run.stderr);
        }
        assert_made(&env, 0, 0);
    }
    let env = TestEnv::new(Scenario::Healthy);
    std::fs::write(env.home.path().join("state"), "in the way").expect("the home can be written");
    for flag in ["--yes", "--dry-run"] {
        let _blocked =
            env.run(&format!("{COPY} {flag}")).assert_says(5, &["journal", "cdss changed nothing."]);
    }
    assert_made(&env, 0, 0);
}

#[test]
fn access_control_settings_are_copied() {
    let env = TestEnv::new(Scenario::Healthy);
    let class = "kafka.security.authorizer.AclAuthorizer";
    let expected = [("allow.everyone.if.no.acl.found", "true"), ("authorizer.class.name", class)];
    for (key, value) in expected {
        let (key, value) = (key.to_owned(), value.to_owned());
        env.sandbox.apply(AccountChange::CustomValue { group: 351, key, value });
    }
    let (_, document) = env.json(&format!("{COPY} --yes"));
    assert_eq!(
        (&document["exit"]["code"], &document["not_as_sent"]),
        (&0.into(), &json!([])),
        "{document:#}"
    );
    let no = document["to"]["no"].as_str().expect("it has a number");
    let (_, difference) = env.json(&format!("config-group diff analytics-371 no:{no}"));
    for (key, value) in expected {
        assert_eq!(class_of(&difference, key), ("kept", Some(value)), "{key}");
    }
}

/// Returns the class of a setting in a difference, and its value in the second group.
fn class_of<'a>(document: &'a Value, key: &str) -> (&'a str, Option<&'a str>) {
    let settings = document["settings"].as_array().expect("there is a list");
    let setting = settings.iter().find(|setting| setting["key"] == key).expect("the setting is compared");
    (setting["class"].as_str().unwrap_or_default(), setting["to"].as_str())
}
