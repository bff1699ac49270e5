//! Every scenario of the sandbox ends the way the exit table says, with at most one start.

use std::time::Duration;

use cdss::sandbox::{Options, Scenario};

use crate::support::{Bench, UPGRADE};

/// Scenario, exit code, `submitted`, `verdict`, starts that took effect.
type Row = (Scenario, i32, &'static str, &'static str, usize);

/// What the issue says, beside what the sandbox says of itself.
const TABLE: [Row; 27] = [
    (Scenario::Healthy, 0, "yes", "done", 1),
    (Scenario::Flapping, 0, "yes", "done", 1),
    (Scenario::LateVersion, 0, "yes", "done", 1),
    (Scenario::EarlyVersion, 0, "yes", "done", 1),
    (Scenario::Slow, 0, "yes", "done", 1),
    (Scenario::Throttled, 0, "yes", "done", 1),
    // Whether this run's start took effect is not known, only that the cluster got there.
    (Scenario::AnswerLost, 0, "unknown", "done", 1),
    (Scenario::Answer504, 0, "unknown", "done", 1),
    (Scenario::RefusedButStarted, 0, "unknown", "already", 1),
    (Scenario::NoProgress, 0, "yes", "done", 1),
    // These three are about `config-group copy`; an upgrade doesn't notice them.
    (Scenario::GroupAnswerLost, 0, "yes", "done", 1),
    (Scenario::GroupLost, 0, "yes", "done", 1),
    (Scenario::GroupDropsValue, 0, "yes", "done", 1),
    (Scenario::NoPermission, 4, "no", "not_started", 0),
    (Scenario::WrongSignature, 4, "no", "not_started", 0),
    (Scenario::SkewedClock, 0, "yes", "done", 1),
    (Scenario::PrecheckRefused, 5, "no", "not_started", 0),
    (Scenario::PrecheckRefusedHttp, 5, "no", "not_started", 0),
    (Scenario::StartRefused, 6, "no", "not_started", 0),
    (Scenario::EndsOnOldVersion, 7, "yes", "failed", 1),
    (Scenario::EndsInError, 7, "yes", "failed", 1),
    (Scenario::Stalled, 8, "yes", "running", 1),
    (Scenario::BrokerRed, 8, "yes", "running", 1),
    // The service accepts the start, and then nothing happens.
    (Scenario::NeverStarts, 9, "yes", "unknown", 0),
    (Scenario::AnswerLostNotStarted, 9, "unknown", "unknown", 0),
    (Scenario::Busy, 11, "no", "not_started", 0),
    (Scenario::ServerError, 12, "no", "not_started", 0),
];

#[test]
fn the_table_has_every_scenario_with_its_exit_code() {
    for scenario in Scenario::ALL {
        let rows: Vec<_> = TABLE.iter().filter(|row| row.0 == *scenario).collect();
        assert_eq!(rows.len(), 1, "{scenario}");
        assert_eq!(rows[0].1, i32::from(scenario.exit()), "{scenario}");
    }
}

fn ends_as_told(scenarios: impl Iterator<Item = Scenario>) {
    for scenario in scenarios {
        let row = TABLE.iter().find(|row| row.0 == scenario).expect("the table has every scenario");
        ends(*row);
    }
}

fn ends((scenario, code, submitted, verdict, executed): Row) {
    let answer_delay = Duration::from_millis(3);
    let bench = Bench::with(Options { scenario, answer_delay, ..Options::default() });
    // Above what the good ones take, short for those that never end.
    let never_ends = matches!(scenario, Scenario::Stalled | Scenario::BrokerRed | Scenario::Busy);
    let timeout = if never_ends { "1s" } else { "20s" };
    let (run, document) = bench.json(&format!("{UPGRADE} --yes --timeout {timeout}"));

    assert_eq!(run.code, code, "{scenario}: {run:#?}");
    assert_eq!(document["submitted"], submitted, "{scenario}");
    assert_eq!(document["verdict"], verdict, "{scenario}");
    assert_eq!(document["ok"], code == 0, "{scenario}");
    assert_eq!(document["cluster"].is_null(), matches!(code, 4 | 12), "{scenario}");
    let log = bench.log();
    assert_eq!(log.starts_executed(), executed, "{scenario}");
    assert_eq!(log.starts_accepted(), usize::from(submitted == "yes"), "{scenario}: both count the same");
    let was_sent = matches!(code, 0 | 6..=9);
    match scenario {
        Scenario::Throttled => assert!((1..=4).contains(&log.starts_asked()), "{scenario}"),
        _ => assert_eq!(log.starts_asked(), usize::from(was_sent), "{scenario}"),
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
fn upgrades_that_end_well_exit_with_0() {
    ends_as_told(Scenario::ALL.iter().copied().filter(|scenario| scenario.exit() == 0));
}

#[test]
fn refused_keys_exit_with_4() {
    ends_as_told(Scenario::ALL.iter().copied().filter(|scenario| scenario.exit() == 4));
}

#[test]
fn refusals_of_the_service_exit_with_5_or_6() {
    ends_as_told(Scenario::ALL.iter().copied().filter(|scenario| matches!(scenario.exit(), 5 | 6)));
}

#[test]
fn upgrades_that_end_badly_exit_with_7() {
    ends_as_told(Scenario::ALL.iter().copied().filter(|scenario| scenario.exit() == 7));
}

#[test]
fn upgrades_without_an_end_exit_with_8() {
    ends_as_told(Scenario::ALL.iter().copied().filter(|scenario| scenario.exit() == 8));
}

#[test]
fn starts_of_unknown_fate_exit_with_9() {
    ends_as_told(Scenario::ALL.iter().copied().filter(|scenario| scenario.exit() == 9));
}

#[test]
fn what_cannot_begin_exits_with_11_or_12() {
    ends_as_told(Scenario::ALL.iter().copied().filter(|scenario| scenario.exit() > 10));
}

#[test]
fn the_service_is_quoted_in_its_own_words_with_the_request() {
    for scenario in [Scenario::PrecheckRefused, Scenario::PrecheckRefusedHttp] {
        let (run, document) = Bench::new(scenario).json(&format!("{UPGRADE} --yes"));
        let error = &document["error"];
        let words = error["service_message"].as_str().expect("the service gave a reason");
        assert!(words.chars().any(|letter| ('가'..='힣').contains(&letter)), "{words}");
        let id = error["request_id"].as_str().expect("the answer had an id");
        run.assert_says(5, &["[service.precheck]", words, id, "Nothing was changed."]);
        assert_eq!(crate::support::check(&document, "service.precheck")["service_message"], words);
    }
}

#[test]
fn a_second_start_is_sent_only_after_a_429() {
    let bench = Bench::new(Scenario::Throttled);
    bench.run(&format!("{UPGRADE} --yes")).assert_says(0, &[]);
    let log = bench.log();
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
fn success_is_told_in_three_lines_and_failure_with_a_block_for_support() {
    let done = Bench::new(Scenario::Healthy).run(&format!("{UPGRADE} --yes"));
    let lines: Vec<_> =
        done.assert_says(0, &["Started ", "cdss status --cluster no:1009123"]).stdout.lines().collect();
    assert!(lines[0].starts_with("orders-prod  3.7.1 → 3.9.0  done  "), "{lines:?}");
    assert_eq!(lines[1], "3 of 3 brokers were seen to restart.");
    let terraform =
        "terraform: set kafka_version_code = \"3903006\" and config_group_no = 312 before the next apply";
    assert_eq!(lines[2..], [terraform]);

    let failed = Bench::new(Scenario::EndsInError).run(&format!("{UPGRADE} --yes"));
    assert_eq!(failed.code, 7);
    for text in ["For NAVER Cloud support:", "1009123", "code 3713006 to code 3903006", "  request   "] {
        assert!(failed.stdout.contains(text), "{text}: {}", failed.stdout);
    }
}
