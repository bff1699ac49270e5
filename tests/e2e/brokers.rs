//! What `check`, `upgrade`, and `status` learn from the brokers: scripted ones, and those of the sandbox.

use std::net::TcpListener;
use std::sync::{Arc, Mutex, mpsc};

use cdss::sandbox::{Options, Scenario};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::altered::Altered;
use crate::injector::network::forward;
use crate::pty::Terminal;
use crate::support::{ACCESS_KEY, Run, Running, SECRET_KEY, TestEnv, UPGRADE, check, point_to_sandbox};
use crate::test_brokers::TestCluster;
use crate::test_brokers::options::{ClusterOptions, Transport};
use crate::test_brokers::profile::Profile;
use crate::test_brokers::topic::{TestTopic, many_topics};

const CHECK: &str = "check --cluster orders-prod --version 3.9.0";

/// Topics that no check blocks.
fn settled_topics() -> Vec<TestTopic> {
    vec![
        TestTopic::new("__consumer_offsets", &[&[1, 2, 3], &[2, 3, 1]]).min_in_sync(2).internal(),
        TestTopic::new("orders", &[&[1, 2, 3], &[2, 3, 1], &[3, 1, 2]]).min_in_sync(2),
        TestTopic::new("solo", &[&[1], &[2], &[3]]),
        TestTopic::new("strict", &[&[2, 3]]).min_in_sync(2),
    ]
}

fn brokers(topics: Vec<TestTopic>) -> TestCluster {
    TestCluster::start(&ClusterOptions::new(Profile::V3_7).topics(topics))
}

/// Returns the option that names all brokers.
fn naming(cluster: &TestCluster) -> String {
    let addresses: Vec<String> =
        cluster.addresses(Transport::Plain).iter().map(ToString::to_string).collect();
    format!("--brokers {}", addresses.join(","))
}

fn word(value: &Value) -> &str {
    value.as_str().expect("it is a word")
}

/// Returns the ids and results of the checks of the brokers.
fn data_checks(document: &Value) -> Vec<(&str, &str)> {
    let checks = document["checks"].as_array().expect("there are checks").iter();
    let words = checks.map(|check| (word(&check["id"]), word(&check["result"])));
    words.filter(|(id, _)| id.starts_with("data.")).collect()
}

#[test]
fn check_shows_what_each_restart_takes_away() {
    let (env, cluster) = (TestEnv::new(Scenario::Healthy), brokers(settled_topics()));
    let line = format!("{CHECK} {}", naming(&cluster));
    let (run, document) = env.json(&line);
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert_eq!(
        data_checks(&document),
        [
            // The service lists other addresses.
            ("data.reachable", "warn"),
            ("data.replication", "pass"),
            ("data.reassignment", "pass"),
            ("data.restart-offline", "warn"),
            ("data.restart-write-blocked", "warn"),
        ]
    );
    let data_plane = &document["data_plane"];
    assert_eq!(
        (&data_plane["asked"], &data_plane["via"], &data_plane["topics"], &data_plane["partitions"]),
        (&json!(true), &json!("plain"), &json!(4), &json!(9))
    );
    assert_eq!(data_plane["brokers"][0]["release"], json!(["3.7"]));
    assert_eq!(data_plane["forecast"][1]["offline"], json!([{ "topic": "solo", "partitions": "1" }]));
    assert_eq!(data_plane["forecast"][1]["write_blocked"], json!([{ "topic": "strict", "partitions": "0" }]));
    assert_eq!(data_plane["forecast"][0]["write_blocked"], json!([]));
    let shown = env.run(&line).stdout;
    for row in ["While a broker restarts  offline  write-blocked  one copy left", "broker 2", "solo 0-2"] {
        assert!(shown.contains(row), "{row:?} is not in\n{shown}");
    }
    env.assert_no_start();
}

#[test]
fn topics_that_are_out_of_sync_block_until_each_is_accepted() {
    let topics = vec![
        TestTopic::new("orders", &[&[1, 2, 3]]).out_of_sync(0, 3),
        TestTopic::new("payments", &[&[1, 2, 3], &[2, 3, 1]]).out_of_sync(1, 3),
    ];
    let (env, cluster) = (TestEnv::new(Scenario::Healthy), brokers(topics));
    let upgrade = format!("{UPGRADE} --yes --no-wait {}", naming(&cluster));
    let run = env.run(&upgrade);
    run.assert_says(5, &["[data.replication]", "--accept data.replication=orders,payments"]);
    for (accepted, code) in [
        ("--accept data.replication=orders", 5),
        ("--accept data.replication=orders,order*", 2),
        ("--accept data.replication", 2),
        ("--accept data.reachable", 2),
    ] {
        assert_eq!(env.run(&format!("{upgrade} {accepted}")).code, code, "{accepted}");
    }
    env.assert_no_start();
    let (run, document) = env.json(&format!("{upgrade} --accept data.replication=orders,payments"));
    assert_eq!(run.code, 0, "{}", run.stderr);
    assert_eq!(check(&document, "data.replication")["accepted"], json!(["orders", "payments"]));
    assert_eq!(
        env.home.entries()[0]["accepted"],
        json!(["data.replication=orders", "data.replication=payments"])
    );
}

#[test]
fn half_finished_upgrade_can_be_accepted_as_a_whole() {
    let options = ClusterOptions::new(Profile::V3_7).topics(settled_topics()).profile(2, Profile::V3_9);
    let (env, cluster) = (TestEnv::new(Scenario::Healthy), TestCluster::start(&options));
    let line = format!("{CHECK} {}", naming(&cluster));
    env.run(&line).assert_says(5, &["[data.versions-equal]", "--accept data.versions-equal"]);
    assert_eq!(env.run(&format!("{line} --accept data.versions-equal")).code, 0);
}

#[test]
fn unreachable_brokers_change_one_line_and_nothing_else() {
    let env = TestEnv::new(Scenario::Healthy);
    let refused = "--brokers 127.0.0.1:1,tls://127.0.0.1:1";
    let checks = |document: &Value| -> Vec<Value> {
        let all = document["checks"].as_array().expect("there are checks").iter();
        all.filter(|one| one["id"] != "data.replication" && one["id"] != "service.precheck")
            .cloned()
            .collect()
    };
    let (without, plain) = env.json(&format!("{CHECK} --brokers none"));
    for option in ["", refused] {
        let (run, document) = env.json(format!("{CHECK} {option}").trim_end());
        assert_eq!((run.code, checks(&document)), (without.code, checks(&plain)), "{option}");
        assert_eq!(data_checks(&document), [("data.replication", "skipped")], "{option}");
        assert_eq!(document["data_plane"]["asked"], false, "{option}");
        assert!(document["data_plane"]["why"].is_string(), "{option}");
    }
    for option in ["--brokers none", refused] {
        let run = env.run(&format!("{UPGRADE} --yes --require-brokers {option}"));
        run.assert_says(5, &["[data.reachable]"]);
        assert!(!run.stderr.contains("--accept"), "{}", run.stderr);
    }
    env.assert_no_start();
    let (run, document) = env.json(&format!("{UPGRADE} --yes {refused}"));
    assert_eq!((run.code, &document["verdict"]), (0, &json!("done")));
    assert_eq!(document["data_plane_after"], Value::Null, "what was not reached before is not asked after");
}

#[test]
fn service_that_does_not_name_its_brokers_ends_no_check() {
    for path in ["/getBrokerInfo/", "/downloadCertificate/"] {
        let refused = move |request: &str| -> Option<String> {
            let body = r#"{"error":{"errorCode":"210","message":"Permission Denied"}}"#;
            request
                .contains(path)
                .then(|| format!("HTTP/1.1 401 Unauthorized\r\nContent-Length: {}\r\n\r\n{body}", body.len()))
        };
        let service = Altered::new(refused);
        let (run, document) = service.json(CHECK);
        assert_eq!(run.code, 0, "{path}: {}", run.stderr);
        let skipped = check(&document, "data.replication");
        assert_eq!(skipped["result"], "skipped");
        assert!(
            skipped["reason"].as_str().expect("there is a reason").contains("Permission Denied"),
            "{skipped}"
        );
    }
}

#[test]
fn silent_broker_takes_three_seconds_and_changes_nothing() {
    let env = TestEnv::new(Scenario::Healthy);
    // The system accepts the connection, and nobody reads from it.
    let silent = TcpListener::bind("127.0.0.1:0").expect("there is a port");
    let address = silent.local_addr().expect("it has an address");
    let run = env.run(&format!("{CHECK} --brokers {address}"));
    run.assert_says(0, &[]);
    let reason = format!("data.replication      skipped  {address} did not answer within 3s");
    assert!(run.stdout.contains(&reason), "{}", run.stdout);
}

#[test]
fn signal_while_the_addresses_are_read_ends_a_status() {
    let (is_asked, asked) = mpsc::channel();
    let gate = Arc::new(Mutex::new(()));
    let held = gate.lock().expect("nobody has it");
    let waits = Arc::clone(&gate);
    let service = Altered::serving_with(Options::default(), move |request, port| {
        if request.contains("/getBrokerInfo/") {
            is_asked.send(()).expect("the test waits");
            drop(waits.lock());
        }
        forward(request, port)
    });
    let mut command = service.home.command("status --cluster no:1009123");
    point_to_sandbox(&mut command, &service.url(), ACCESS_KEY, SECRET_KEY);
    let running = Running::start(command);
    asked.recv().expect("the addresses are read");
    running.signal(Signal::INT);
    assert_eq!(running.end().code, 130);
    drop(held);
}

#[test]
fn warning_before_the_question_names_the_partitions() {
    let (env, cluster) = (TestEnv::new(Scenario::Healthy), brokers(settled_topics()));
    let mut terminal = Terminal::open(&env, &format!("{UPGRADE} {}", naming(&cluster)));
    let before = terminal.expect("Type orders-prod to start: ");
    assert!(before.contains("solo 0-2 will be unavailable while brokers 1, 2, 3 restart"), "{before}");
    terminal.press("\u{3}");
    assert_eq!(terminal.end().0, 130);
    env.assert_no_start();
}

#[test]
fn replica_that_falls_behind_at_the_question_stops_the_start() {
    let (env, cluster) = (TestEnv::new(Scenario::Healthy), brokers(settled_topics()));
    let mut terminal = Terminal::open(&env, &format!("{UPGRADE} {}", naming(&cluster)));
    terminal.expect("Type orders-prod to start: ");
    cluster.down(3);
    cluster.up_lagging(3);
    terminal.press("orders-prod\r");
    let (code, screen) = terminal.end();
    assert_eq!(code, 5, "{screen}");
    let (_, after) =
        screen.split_once("the cluster changed since the plan was made").expect("it was noticed");
    assert!(after.contains("[data.replication]") && !after.contains("Type "), "{screen}");
    env.assert_no_start();
}

#[test]
fn replica_that_catches_up_at_the_question_does_not_stop_the_start() {
    let topics = vec![TestTopic::new("orders", &[&[1, 2, 3]]).out_of_sync(0, 3)];
    let (env, cluster) = (TestEnv::new(Scenario::Healthy), brokers(topics));
    let line = format!("{UPGRADE} --no-wait --accept data.replication=orders {}", naming(&cluster));
    let mut terminal = Terminal::open(&env, &line);
    terminal.expect("Type orders-prod to start: ");
    cluster.catch_up(3);
    terminal.press("orders-prod\r");
    let (code, screen) = terminal.end();
    assert_eq!(code, 0, "{screen}");
    assert!(!screen.contains("changed since"), "{screen}");
    assert_eq!(env.log().starts_accepted(), 1);
}

#[test]
fn brokers_are_asked_again_after_an_upgrade() {
    let env = TestEnv::with(Options { brokers: true, ..Options::default() });
    let (run, document) = env.json(&format!("{UPGRADE} --yes"));
    assert_eq!((run.code, &document["verdict"]), (0, &json!("done")), "{}", run.stderr);
    let (before, after) = (&document["data_plane"], &document["data_plane_after"]);
    assert_eq!(before["brokers"][0]["release"], json!(["3.7"]));
    assert_eq!(after["brokers"][0]["release"], json!(["3.9"]));
    assert_eq!((&after["leaderless"], &after["out_of_sync"]), (&json!([]), &json!([])));

    let env = TestEnv::with(Options { brokers: true, ..Options::default() });
    let shown = env.run(&format!("{UPGRADE} --yes"));
    let sync = shown.stdout.lines().any(|line| line.ends_with(" are in sync."));
    assert!(sync, "{}", shown.stdout);
}

#[test]
fn replicas_out_of_sync_after_an_upgrade_are_named_and_change_no_verdict() {
    let (env, cluster) = (TestEnv::new(Scenario::Healthy), brokers(settled_topics()));
    let running = env.start(&format!("{UPGRADE} --yes {} -o json", naming(&cluster)));
    env.sandbox.wait_until(|log| log.starts_accepted() == 1);
    cluster.down(3);
    let run = running.end();
    let document = run.document();
    assert_eq!((run.code, &document["verdict"]), (0, &json!("done")), "{}", run.stderr);
    let after = &document["data_plane_after"];
    assert_eq!(after["leaderless"], json!([{ "topic": "solo", "partitions": "2" }]));
    let behind: Vec<&Value> =
        after["out_of_sync"].as_array().expect("there is a list").iter().map(|one| &one["topic"]).collect();
    // Kafka lists the only copy of solo 2 as in sync, but its broker did not answer.
    assert_eq!(behind, ["__consumer_offsets", "orders", "solo", "strict"]);
}

#[test]
fn status_shows_replication() {
    let topics = vec![TestTopic::new("payments", &[&[1, 2, 3], &[2, 3, 1]]).out_of_sync(1, 3)];
    let (env, cluster) = (TestEnv::new(Scenario::Healthy), brokers(topics));
    let line = format!("status --cluster orders-prod {}", naming(&cluster));
    let shown = env.run(&line);
    assert_eq!(shown.code, 0, "a status is no check: {}", shown.stderr);
    assert!(shown.stdout.contains("payments 1"), "{}", shown.stdout);
    let (_, document) = env.json(&line);
    assert_eq!(document["data_plane"]["out_of_sync"], json!([{ "topic": "payments", "partitions": "1" }]));
    let without = env.run("status --cluster orders-prod --brokers none").stdout;
    assert!(!without.contains("roker 1") && !without.contains("sync"), "{without}");
}

#[test]
fn sandbox_connects_to_nothing_else() {
    // An address for documentation, and a name that no resolver may see.
    for list in ["192.0.2.7:9092", "tls://kafka.example:9093"] {
        let env = TestEnv::new(Scenario::Healthy);
        for line in [format!("sandbox -- cdss {CHECK} --brokers {list}"), format!("{CHECK} --brokers {list}")]
        {
            let run: Run = if line.starts_with("sandbox") { env.home.run(&line) } else { env.run(&line) };
            run.assert_says(0, &[]);
            assert!(run.stdout.contains("data.replication      skipped"), "{}", run.stdout);
            assert!(run.stdout.contains("this machine"), "{}", run.stdout);
        }
    }
}

#[test]
fn profile_names_the_brokers() {
    let (env, cluster) = (TestEnv::new(Scenario::Healthy), brokers(settled_topics()));
    let list = naming(&cluster).replace("--brokers ", "");
    env.write_profile(&format!("brokers = \"{list}\"\n"));
    let (run, document) = env.json(&format!("{CHECK} --profile prod"));
    assert_eq!((run.code, &document["data_plane"]["asked"]), (0, &json!(true)), "{}", run.stderr);
    let (_, document) = env.json(&format!("{CHECK} --profile prod --brokers none"));
    assert_eq!(document["data_plane"]["asked"], false);
    env.write_profile("brokers = \"kafka-1\"\n");
    let invalid = "`kafka-1` is not auto, none, or a list of HOST:PORT and tls://HOST:PORT";
    env.run(&format!("{CHECK} --profile prod")).assert_says(2, &[invalid]);
    env.run(&format!("{CHECK} --brokers kafka-1")).assert_says(2, &["--brokers: ", invalid]);
}

#[cfg(target_os = "linux")]
#[test]
fn three_thousand_partitions_take_four_mebibytes_at_most() {
    let env = TestEnv::new(Scenario::Healthy);
    let cluster = brokers(many_topics(300, 3_000));
    let peak =
        |option: &str| crate::odd_answers::peak(&env.home, &env.sandbox.url(), &format!("{CHECK} {option}"));
    let (without, with) = (peak("--brokers none"), peak(&naming(&cluster)));
    assert!(with.saturating_sub(without) <= 4 * 1024, "{without} KiB, then {with} KiB");
    crate::metrics::record("more peak memory for 3,000 partitions", with.saturating_sub(without), "KiB");
}
