//! `--record`, and what the sandbox does with recordings.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use cdss::sandbox::{
    AccountChange, Comparison, Finding, Options, ReplayClock, Scenario, compare as compare_recording,
    compare_last_session,
};
use serde_json::{Value, json};

use crate::support::{ACCESS_KEY, Home, Run, SECRET_KEY, TestEnv, UPGRADE, side_by_side};

/// Records one command. Returns its result and the path of the recording.
fn record(env: &TestEnv, line: &str) -> (Run, PathBuf) {
    let path = env.home.path().join("run.jsonl");
    let run = env.run(&format!("{line} --record {}", path.display()));
    (run, path)
}

fn upgrade() -> String {
    format!("{UPGRADE} --yes --timeout 3s")
}

fn lines(path: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(path).expect("there is a recording");
    text.lines().map(|line| serde_json::from_str(line).expect("each line is JSON")).collect()
}

/// Compares a recording, and returns the finding and the details of each question.
fn compare(path: &Path) -> Vec<(String, String, Vec<String>)> {
    let home = Home::empty();
    let document = home.run(&format!("sandbox --compare {} -o json", path.display())).document();
    let questions = document["questions"].as_array().expect("there are questions").iter();
    let text = |value: &Value| value.as_str().expect("it is a text").to_owned();
    let details =
        |question: &Value| question["details"].as_array().expect("a list").iter().map(text).collect();
    questions.map(|question| (text(&question["id"]), text(&question["finding"]), details(question))).collect()
}

fn contradicted(path: &Path) -> Vec<(String, Vec<String>)> {
    let answers = compare(path).into_iter();
    answers.filter(|(_, finding, _)| finding == "contradicts").map(|(id, _, details)| (id, details)).collect()
}

#[test]
fn recording_of_any_scenario_has_no_secrets() {
    side_by_side(Scenario::ALL, |scenario| {
        let env = TestEnv::new(*scenario);
        let (run, path) = record(&env, &upgrade());
        let text = std::fs::read_to_string(&path).expect("there is a recording");
        for secret in
            [SECRET_KEY, ACCESS_KEY, "signature", "sandbox-password", "127.0.0.1", "admin", "2500001"]
        {
            assert!(!text.contains(secret), "{scenario}: {secret} in {text}");
        }
        let mode = std::fs::metadata(&path).expect("there is a recording").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{scenario}");
        let exchanges = lines(&path).len() - 1;
        let requests = env.log().requests.len();
        // A signal or the deadline may end the command before the last response.
        assert!(
            exchanges == requests || exchanges + 1 == requests,
            "{scenario}: {exchanges} of {requests}\n{run:#?}"
        );
    });
}

#[test]
fn values_and_messages_that_name_something_are_not_recorded() {
    let env = TestEnv::new(Scenario::PrecheckRefused);
    for (key, value) in [
        ("ssl.keystore.key", "-----BEGIN PRIVATE KEY-----"),
        ("super.users", "User:kim"),
        ("advertised.listeners", "SASL://b1.acme.internal:9092"),
    ] {
        let change = AccountChange::CustomValue { group: 301, key: key.to_owned(), value: value.to_owned() };
        env.sandbox.apply(change);
    }
    let line = "check --cluster orders-prod --version 3.9.0 --config-group orders-390";
    let (_, path) = record(&env, line);
    let text = std::fs::read_to_string(&path).expect("there is a recording");
    for secret in ["PRIVATE KEY", "User:kim", "acme"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    assert!(text.contains("ssl.keystore.key") && text.contains("복제 중인 토픽"), "{text}");
    std::fs::remove_file(&path).expect("it is there");
    let (_, path) = record(&env, &format!("{line} --record-anonymous"));
    let text = std::fs::read_to_string(&path).expect("there is a recording");
    for name in ["PRIVATE KEY", "User:kim", "acme", "orders", "복제 중인 토픽"] {
        assert!(!text.contains(name), "{name} in {text}");
    }
}

#[test]
fn recording_of_a_sandbox_upgrade_confirms_the_assumptions() {
    let env = TestEnv::new(Scenario::Healthy);
    let (run, path) = record(&env, &upgrade());
    run.assert_says(
        0,
        &["Recorded in ", "assumptions about the service, it confirms ", "sandbox --compare "],
    );
    assert!(!run.stdout.contains("Recorded in"), "{}", run.stdout);
    assert_eq!(contradicted(&path), []);
    let confirmed: Vec<String> = compare(&path)
        .into_iter()
        .filter(|(_, finding, _)| finding == "confirms")
        .map(|(id, ..)| id)
        .collect();
    for id in [
        "start.form",
        "switch.moment",
        "status.during-upgrade",
        "brokers.order",
        "response.fields",
        "response.types",
    ] {
        assert!(confirmed.iter().any(|confirmed| confirmed == id), "{id}: {confirmed:?}");
    }
    let table = env.home.run(&format!("sandbox --compare {}", path.display()));
    assert!(table.stdout.contains("progress.idle          untouched"), "{}", table.stdout);
}

#[test]
fn each_change_of_a_recording_is_reported_under_its_question() {
    let env = TestEnv::new(Scenario::Healthy);
    let (_, path) = record(&env, &upgrade());
    let original = lines(&path);
    let changed = |change: &dyn Fn(&mut Vec<Value>)| {
        let mut lines = original.clone();
        change(&mut lines);
        let path = env.home.path().join("changed.jsonl");
        let lines: Vec<String> = lines.iter().map(Value::to_string).collect();
        let text = lines.join("\n") + "\n";
        std::fs::write(&path, text).expect("the home can be written");
        contradicted(&path)
    };
    let position = |operation: &str, nth: usize| {
        let of_operation = |(_, line): &(usize, &Value)| line["operation"] == operation;
        original.iter().enumerate().filter(of_operation).nth(nth).expect("it is recorded").0
    };
    let cluster = position("getClusterInfo", 0);
    let renamed = changed(&|lines| {
        let result = lines[cluster]["response"]["result"].as_object_mut().expect("a cluster");
        let status = result.remove("status").expect("a status");
        result.insert("clusterStatus".to_owned(), status);
    });
    assert_eq!(renamed[0].0, "response.fields");
    assert!(renamed[0].1[0].contains("`result.clusterStatus`"), "{renamed:?}");
    let retyped =
        changed(&|lines| lines[cluster]["response"]["result"]["kafkaVersionCode"] = json!(3_713_006));
    let detail = "getClusterInfo: `result.kafkaVersionCode` is number, not string".to_owned();
    assert_eq!(retyped, [("response.types".to_owned(), vec![detail])]);
    let code = changed(&|lines| lines[cluster]["response"]["code"] = json!(4));
    let detail = "getClusterInfo: HTTP 200, code 4".to_owned();
    assert_eq!(code, [("response.codes".to_owned(), vec![detail])]);
    // The end of the upgrade comes right after its start.
    let (start, last) = (
        position("rollingUpgrade", 0),
        original.iter().rposition(|line| line["operation"] == "getClusterInfo"),
    );
    let reordered = changed(&|lines| {
        let end = lines.remove(last.expect("the end was read"));
        lines.insert(start + 1, end);
    });
    assert_eq!(reordered[0].0, "switch.moment", "{reordered:?}");
    assert_eq!(reordered[0].1, ["the version switched back"]);
}

#[test]
fn replayed_recordings_end_as_they_ended() {
    for (scenario, code, verdict) in [
        (Scenario::Healthy, 0, "done"),
        (Scenario::EndsInError, 7, "failed"),
        (Scenario::AnswerLostNotStarted, 9, "unknown"),
    ] {
        let env = TestEnv::new(scenario);
        let (run, path) = record(&env, &format!("{} -o json", upgrade()));
        assert_eq!(run.code, code, "{scenario}: {run:#?}");
        let replay = Options { replay: Some((path, ReplayClock::Fast)), ..Options::default() };
        let replayed = TestEnv::with(replay);
        let (again, document) = replayed.json(&upgrade());
        assert_eq!((again.code, &document["verdict"]), (code, &json!(verdict)), "{scenario}: {again:#?}");
        let original = run.document();
        for field in ["submitted", "from", "to", "brokers"] {
            assert_eq!(document[field], original[field], "{scenario}: {field}");
        }
        // The addresses of brokers and their answers are not recorded.
        let checks = |document: &Value| -> Vec<Value> {
            let all = document["checks"].as_array().expect("there are checks").iter();
            all.filter(|check| check["id"] != "data.replication").cloned().collect()
        };
        assert_eq!(checks(&document), checks(&original), "{scenario}");
        assert_eq!(replayed.log().starts_requested(), 1, "{scenario}");
    }
}

#[test]
fn anonymous_recording_is_replayed_with_its_placeholders() {
    let env = TestEnv::new(Scenario::Healthy);
    let (run, path) = record(&env, &format!("{} --record-anonymous", upgrade()));
    assert_eq!(run.code, 0, "{run:#?}");
    let text = std::fs::read_to_string(&path).expect("there is a recording");
    for name in ["orders", "1009123", "analytics", "vpc-a", "logs-prod"] {
        assert!(!text.contains(name), "{name} in {text}");
    }
    assert_eq!(contradicted(&path), []);
    let replay = Options { replay: Some((path, ReplayClock::Fast)), ..Options::default() };
    let replayed =
        TestEnv::with(replay).run("upgrade --cluster cluster-1 --version 3.9.0 --yes --timeout 3s");
    replayed.assert_says(0, &["cluster-1-d-001"]);
    assert!(replayed.stdout.contains("cluster-1  3.7.1 → 3.9.0  done"), "{}", replayed.stdout);
}

#[test]
fn recording_is_served_by_the_command() {
    let env = TestEnv::new(Scenario::PrecheckRefused);
    let (run, path) = record(&env, "check --cluster orders-prod --version 3.9.0");
    assert_eq!(run.code, 5, "{run:#?}");
    let cdss = env!("CARGO_BIN_EXE_cdss");
    let line = format!(
        "sandbox --replay {} --clock fast -- {cdss} check --cluster orders-prod --version 3.9.0",
        path.display()
    );
    let replayed = env.home.run(&line);
    replayed.assert_says(5, &["복제 중인 토픽이 있어", "sandbox: "]);
    for (file, reason) in [("none.jsonl", "can't read none.jsonl: "), (cdss, "it is not a recording")] {
        let refused = env.home.run(&format!("sandbox --replay {file}"));
        refused.assert_says(2, &[reason]);
    }
}

#[test]
fn unusable_file_is_a_warning_and_the_command_goes_on() {
    let env = TestEnv::new(Scenario::Healthy);
    let other = env.home.path().join("notes.txt");
    std::fs::write(&other, "my notes\n").expect("the home can be written");
    let missing = env.home.path().join("none/run.jsonl");
    // A relative path needs no directory.
    let mut relative = env.command("list versions --record here.jsonl");
    let run = Run::of(relative.current_dir(env.home.path()));
    run.assert_says(0, &["Recorded in here.jsonl"]);
    assert_eq!(lines(&env.home.path().join("here.jsonl")).len(), 2);
    for (path, reason) in [(&other, "it exists and is not a recording"), (&missing, "No such file")] {
        let run =
            env.run(&format!("check --cluster orders-prod --version 3.9.0 --record {}", path.display()));
        run.assert_says(0, &["warning: can't record in ", reason]);
        assert_eq!(run.stderr.matches("can't record").count(), 1, "{}", run.stderr);
        assert!(!run.stderr.contains("Recorded in"), "{}", run.stderr);
    }
    assert_eq!(std::fs::read_to_string(&other).expect("it is still there"), "my notes\n");
}

#[test]
fn profile_can_record_every_command() {
    let env = TestEnv::new(Scenario::Healthy);
    let path = env.home.path().join("all.jsonl");
    env.write_profile(&format!("record = \"{}\"\n", path.display()));
    for line in ["list clusters", "status --cluster orders-prod"] {
        let run = Run::of(env.home.command(&format!("{line} --profile prod")));
        assert_eq!(run.code, 0, "{run:#?}");
    }
    let headers = lines(&path).iter().filter(|line| line["recording"] == "cdss-recording/v1").count();
    assert_eq!(headers, 2);
}

#[test]
fn failed_upgrade_contradicts_no_assumption() {
    let env = TestEnv::new(Scenario::EndsInError);
    let (run, path) = record(&env, &upgrade());
    assert_eq!(run.code, 7, "{run:#?}");
    let text = std::fs::read_to_string(&path).expect("there is a recording");
    assert!(text.contains(r#""status":"red""#) && text.contains(r#""status":"error""#), "{text}");
    assert_eq!(contradicted(&path), []);
}

#[test]
fn commands_in_one_file_are_compared_apart() {
    let env = TestEnv::new(Scenario::Healthy);
    let path = env.home.path().join("run.jsonl");
    // The placeholder of the first cluster is the same in both commands.
    for line in ["check --cluster logs-prod --version 3.9.0 --config-group logs-390", upgrade().as_str()] {
        let run = env.run(&format!("{line} --record {} --record-anonymous", path.display()));
        assert_eq!(run.code, 0, "{run:#?}");
    }
    let whole = std::fs::read_to_string(&path).expect("there is a recording");
    assert_eq!(contradicted(&path), []);
    // The first command was killed while it wrote its last line.
    let header = whole.rfind("{\"recording\"").expect("the second command has a header");
    let (first, second) = (&whole[..header], &whole[header..]);
    for line_end in ["\n", ""] {
        let torn = format!("{}{line_end}{second}", &first[..first.len() - 20]);
        std::fs::write(&path, torn).expect("the home can be written");
        assert_eq!(contradicted(&path), []);
    }
    // What contradicts is in the first command.
    let changed = first.replace("\"kafkaVersionName\"", "\"kafkaVersion\"") + second;
    std::fs::write(&path, changed).expect("the home can be written");
    let ids = |comparisons: Vec<Comparison>| -> Vec<String> {
        let contradicts = |comparison: &Comparison| comparison.finding == Finding::Contradicts;
        comparisons.into_iter().filter(contradicts).map(|comparison| comparison.question.id).collect()
    };
    assert_eq!(ids(compare_recording(&path).expect("it is a recording")), ["response.fields"]);
    let last = compare_last_session(&path).expect("it is a recording");
    assert!(last.iter().any(|comparison| comparison.finding == Finding::Confirms));
    assert_eq!(ids(last), Vec::<String>::new());
}

#[test]
fn replay_has_no_data_of_clusters_that_were_not_read() {
    let env = TestEnv::new(Scenario::Healthy);
    let (run, path) = record(&env, "check --cluster orders-prod --version 3.9.0");
    assert_eq!(run.code, 0, "{run:#?}");
    let replay = Options { replay: Some((path, ReplayClock::Fast)), ..Options::default() };
    let replayed = TestEnv::with(replay);
    let other = replayed.run("check --cluster no:1009210 --version 3.9.0");
    assert_ne!(other.code, 0, "{other:#?}");
    let log = replayed.log();
    let reads: Vec<_> = log.requests.iter().filter(|request| request.path.ends_with("/1009210")).collect();
    assert!(!reads.is_empty() && reads.iter().all(|request| request.status == 404), "{reads:#?}");
    assert_eq!(replayed.run("check --cluster orders-prod --version 3.9.0").code, 0);
}
