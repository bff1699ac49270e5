//! Every sandbox scenario ends with the documented exit code, with at most one start.

use std::time::Duration;

use cdss::sandbox::{Options, Scenario};

use crate::support::{TestEnv, UPGRADE};

/// Scenario, exit code, `submitted`, `verdict`, starts that took effect.
type Row = (Scenario, i32, &'static str, &'static str, usize);

/// The expected results, independent of what the sandbox documents about itself.
const TABLE: [Row; 31] = [
    (Scenario::Healthy, 0, "yes", "done", 1),
    (Scenario::Flapping, 0, "yes", "done", 1),
    (Scenario::LateVersion, 0, "yes", "done", 1),
    (Scenario::EarlyVersion, 0, "yes", "done", 1),
    (Scenario::Slow, 0, "yes", "done", 1),
    (Scenario::Throttled, 0, "yes", "done", 1),
    // It is unknown whether this run's start took effect, only that the cluster reached the version.
    (Scenario::AnswerLost, 0, "unknown", "done", 1),
    (Scenario::Answer504, 0, "unknown", "done", 1),
    (Scenario::RefusedButStarted, 0, "unknown", "already", 1),
    (Scenario::NoProgress, 0, "yes", "done", 1),
    // These three affect only `config-group copy`.
    (Scenario::GroupAnswerLost, 0, "yes", "done", 1),
    (Scenario::GroupLost, 0, "yes", "done", 1),
    (Scenario::GroupDropsValue, 0, "yes", "done", 1),
    (Scenario::SingleReplica, 0, "yes", "done", 1),
    (Scenario::BrokersUnreachable, 0, "yes", "done", 1),
    (Scenario::NoPermission, 4, "no", "not_started", 0),
    (Scenario::WrongSignature, 4, "no", "not_started", 0),
    (Scenario::SkewedClock, 0, "yes", "done", 1),
    (Scenario::PrecheckRefused, 5, "no", "not_started", 0),
    (Scenario::PrecheckRefusedHttp, 5, "no", "not_started", 0),
    (Scenario::UnderReplicated, 5, "no", "not_started", 0),
    (Scenario::Reassigning, 5, "no", "not_started", 0),
    (Scenario::StartRefused, 6, "no", "not_started", 0),
    (Scenario::EndsOnOldVersion, 7, "yes", "failed", 1),
    (Scenario::EndsInError, 7, "yes", "failed", 1),
    (Scenario::Stalled, 8, "yes", "running", 1),
    (Scenario::BrokerRed, 8, "yes", "running", 1),
    // The service accepts the start, but nothing happens.
    (Scenario::NeverStarts, 9, "yes", "unknown", 0),
    (Scenario::AnswerLostNotStarted, 9, "unknown", "unknown", 0),
    (Scenario::Busy, 11, "no", "not_started", 0),
    (Scenario::ServerError, 12, "no", "not_started", 0),
];

#[test]
fn table_has_every_scenario_with_its_exit_code() {
    for scenario in Scenario::ALL {
        let rows: Vec<_> = TABLE.iter().filter(|row| row.0 == *scenario).collect();
        assert_eq!(rows.len(), 1, "{scenario}");
        assert_eq!(rows[0].1, i32::from(scenario.exit_code()), "{scenario}");
    }
}

fn ends_as_documented(scenarios: impl Iterator<Item = Scenario>) {
    for scenario in scenarios {
        let row = TABLE.iter().find(|row| row.0 == scenario).expect("the table has every scenario");
        ends(*row);
    }
}

fn ends((scenario, code, submitted, verdict, executed): Row) {
    let answer_delay = Duration::from_millis(3);
    let env = TestEnv::with(Options { scenario, response_delay: answer_delay, ..Options::default() });
    // Longer than successful scenarios take, and short for those that never end.
    let never_ends = matches!(scenario, Scenario::Stalled | Scenario::BrokerRed | Scenario::Busy);
    let timeout = if never_ends { "1s" } else { "20s" };
    let (run, document) = env.json(&format!("{UPGRADE} --yes --timeout {timeout}"));
    assert_eq!(run.stderr.contains("timed out after"), never_ends, "{scenario}: {run:#?}");
    let marked = scenario.description().ends_with(" (ends at --timeout)");
    assert_eq!(marked, never_ends, "{scenario}: `sandbox --list` marks what only ends at --timeout");

    assert_eq!(run.code, code, "{scenario}: {run:#?}");
    assert_eq!(document["submitted"], submitted, "{scenario}");
    assert_eq!(document["verdict"], verdict, "{scenario}");
    assert_eq!(document["ok"], code == 0, "{scenario}");
    assert_eq!(document["cluster"].is_null(), matches!(code, 4 | 12), "{scenario}");
    let log = env.log();
    assert_eq!(log.starts_executed(), executed, "{scenario}");
    assert_eq!(log.starts_accepted(), usize::from(submitted == "yes"), "{scenario}: both count the same");
    let was_sent = matches!(code, 0 | 6..=9);
    match scenario {
        Scenario::Throttled => assert!((1..=4).contains(&log.starts_requested()), "{scenario}"),
        _ => assert_eq!(log.starts_requested(), usize::from(was_sent), "{scenario}"),
    }
    let all_sent_again_were_throttled = log
        .requests
        .iter()
        .filter(|one| one.operation == "rollingUpgrade" && !one.accepted)
        .all(|one| scenario != Scenario::Throttled || one.status == 429);
    assert!(all_sent_again_were_throttled, "{scenario}: {log:#?}");
    assert!(
        !run.stderr.contains(crate::support::SECRET_KEY) && !run.stdout.contains(crate::support::SECRET_KEY)
    );
}

#[test]
fn successful_upgrades_exit_0() {
    ends_as_documented(Scenario::ALL.iter().copied().filter(|scenario| scenario.exit_code() == 0));
}

#[test]
fn rejected_keys_exit_4() {
    ends_as_documented(Scenario::ALL.iter().copied().filter(|scenario| scenario.exit_code() == 4));
}

#[test]
fn service_refusals_exit_5_or_6() {
    ends_as_documented(
        Scenario::ALL.iter().copied().filter(|scenario| matches!(scenario.exit_code(), 5 | 6)),
    );
}

#[test]
fn failed_upgrades_exit_7() {
    ends_as_documented(Scenario::ALL.iter().copied().filter(|scenario| scenario.exit_code() == 7));
}

#[test]
fn unfinished_upgrades_exit_8() {
    ends_as_documented(Scenario::ALL.iter().copied().filter(|scenario| scenario.exit_code() == 8));
}

#[test]
fn unknown_start_outcomes_exit_9() {
    ends_as_documented(Scenario::ALL.iter().copied().filter(|scenario| scenario.exit_code() == 9));
}

#[test]
fn busy_or_unreachable_exits_11_or_12() {
    ends_as_documented(Scenario::ALL.iter().copied().filter(|scenario| scenario.exit_code() > 10));
}

#[test]
fn service_errors_are_quoted_with_the_request() {
    for scenario in [Scenario::PrecheckRefused, Scenario::PrecheckRefusedHttp] {
        let (run, document) = TestEnv::new(scenario).json(&format!("{UPGRADE} --yes"));
        let error = &document["error"];
        let words = error["service_message"].as_str().expect("the service gave a reason");
        assert!(words.chars().any(|letter| ('가'..='힣').contains(&letter)), "{words}");
        let id = error["request_id"].as_str().expect("the answer had an id");
        run.assert_says(5, &["[service.precheck]", words, id, "cdss changed nothing."]);
        assert_eq!(crate::support::check(&document, "service.precheck")["service_message"], words);
    }
}

#[test]
fn second_start_is_sent_only_after_429() {
    let env = TestEnv::new(Scenario::Throttled);
    env.run(&format!("{UPGRADE} --yes")).assert_says(0, &[]);
    let log = env.log();
    let starts = log.requests.iter().filter(|request| request.operation == "rollingUpgrade");
    let (last, before) = starts
        .map(|start| start.status)
        .collect::<Vec<_>>()
        .split_last()
        .map_or_else(|| panic!("no start was sent"), |(last, before)| (*last, before.to_vec()));
    assert_eq!(last, 200);
    assert!(before.iter().all(|status| *status == 429), "{before:?}");
}

#[test]
fn success_prints_three_lines_and_failure_a_support_block() {
    let done = TestEnv::new(Scenario::Healthy).run(&format!("{UPGRADE} --yes"));
    let lines: Vec<_> =
        done.assert_says(0, &["Started ", "cdss status --cluster no:1009123"]).stdout.lines().collect();
    assert!(lines[0].starts_with("orders-prod  3.7.1 → 3.9.0  done  "), "{lines:?}");
    assert_eq!(lines[1], "Observed 3 of 3 brokers restart.");
    let terraform =
        "terraform: set kafka_version_code = \"3903006\" and config_group_no = 312 before the next apply";
    assert_eq!(lines[2..], [terraform]);

    let failed = TestEnv::new(Scenario::EndsInError).run(&format!("{UPGRADE} --yes"));
    assert_eq!(failed.code, 7);
    for text in ["For NAVER Cloud support:", "1009123", "code 3713006 to code 3903006", "  request   "] {
        assert!(failed.stdout.contains(text), "{text}: {}", failed.stdout);
    }
}
