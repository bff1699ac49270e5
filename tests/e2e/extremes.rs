//! Dates, pauses, and numbers at the limits of their ranges, with the real binary. Each run ends with a documented
//! exit code and never with a panic.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use cdss::sandbox::{Options, Scenario};
use serde_json::Value;

use crate::altered::Altered;
use crate::injector::http;
use crate::injector::network::forward;
use crate::support::{ACCESS_KEY, Run, SECRET_KEY, TestEnv, side_by_side, write_private};

/// At least one command line for each API operation.
const LINES: [&str; 8] = [
    "upgrade --cluster orders-prod --version 3.9.0 --yes --timeout 300ms -o json",
    "check --cluster orders-prod --version 3.9.0 -vvv",
    "status --cluster no:1009123 -o json",
    "list clusters",
    "list versions -o json",
    "list config-groups -vvv",
    "config-group copy analytics-371 --version 3.9.0 --name copied --yes -o json",
    "config verify",
];

const DATES: [&str; 9] = [
    "Fri, 31 Dec 9999 23:59:59 GMT",
    // The last second that a timestamp can represent. One second later is out of range.
    "Thu, 30 Dec 9999 22:00:00 GMT",
    "Thu, 01 Jan 0001 00:00:00 GMT",
    "Mon, 01 Jan -001 00:00:00 GMT",
    "Sat, 01 Jan 0000 00:00:00 GMT",
    "Mon, 01 Jan 292277026596 00:00:00 GMT",
    "Wed, 31 Feb 2026 25:61:61 GMT",
    "-1",
    "",
];

const PAUSES: [&str; 9] = [
    "18446744073709551615",
    "18446744073709551616",
    "99999999999999999999999999",
    "-1",
    "0.5",
    "1e400",
    "Fri, 31 Dec 9999 23:59:59 GMT",
    "Thu, 01 Jan 0001 00:00:00 GMT",
    "",
];

/// Numbers in JSON syntax.
const NUMBERS: [&str; 8] = [
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "-9223372036854775808",
    "1e300",
    "\"18446744073709551615\"",
    "\"-9223372036854775808\"",
];

#[track_caller]
fn assert_ends_well(what: &str, run: &Run) {
    assert!(matches!(run.code, 0 | 2..=12), "{what}: {run:#?}");
    assert!(!run.stderr.contains("panicked"), "{what}: {run:#?}");
}

/// Returns a gateway that refuses the first request to this path with a status and an error code, and adds the
/// headers to each response.
fn refusing_first(status: &'static str, code: &'static str, path: &'static str, headers: String) -> Altered {
    let was_refused = Arc::new(AtomicBool::new(false));
    Altered::serving_with(Options::default(), move |request, port| {
        if request.contains(path) && !was_refused.swap(true, Ordering::Relaxed) {
            let body =
                format!(r#"{{"error":{{"errorCode":"{code}","message":"refused","details":"refused"}}}}"#);
            return http(status, &headers, &body).into_bytes();
        }
        let (status, body) = json_answer(request, port);
        http(&status, &headers, &body.to_string()).into_bytes()
    })
}

#[test]
fn extreme_dates_do_not_panic() {
    side_by_side(&DATES, |date| {
        for line in LINES {
            let gateway = refusing_first("401 Unauthorized", "200", "", format!("date: {date}\r\n"));
            let run = gateway.home.run_at(&gateway.url(), line);
            assert_ends_well(&format!("{date}: {line}"), &run);
        }
    });
}

#[test]
fn extreme_retry_after_does_not_panic() {
    side_by_side(&PAUSES, |pause| {
        for (path, line) in [("rollingUpgrade ", LINES[0]), ("createConfigGroup", LINES[6])] {
            let headers = format!("retry-after: {pause}\r\ndate: Thu, 30 Dec 9999 22:00:00 GMT\r\n");
            let gateway = refusing_first("429 Too Many", "410", path, headers);
            let run = gateway.home.run_at(&gateway.url(), line);
            assert_ends_well(&format!("{pause}: {line}"), &run);
        }
    });
}

/// One command line for each operation.
const OPERATIONS: [(&str, &str); 13] = [
    ("cluster/getClusterInfoList ", LINES[3]),
    ("cluster/getClusterInfoList/", LINES[0]),
    ("cluster/getClusterStatus", LINES[2]),
    ("cluster/getCDSSVersionList", LINES[4]),
    ("cluster/rollingUpgradePreCheck", LINES[1]),
    ("cluster/rollingUpgrade ", LINES[0]),
    ("cluster/rollingUpgradeProgressCheck", LINES[0]),
    ("configGroup/getKafkaVersionConfigGroupList", LINES[5]),
    ("configGroup/getKafkaConfigGroupList", LINES[1]),
    ("configGroup/getKafkaConfigGroupDetailList", LINES[6]),
    ("configGroup/getConfigGroupUsingClusterList", LINES[5]),
    ("configGroup/createConfigGroup", LINES[6]),
    ("configGroup/setKafkaConfigGroupDetail", LINES[6]),
];

#[test]
fn extreme_numbers_in_responses_do_not_panic() {
    let codes: Mutex<Vec<i32>> = Mutex::default();
    side_by_side(&NUMBERS, |number| {
        let every_operation = LINES.map(|line| ("", line));
        for (path, line) in OPERATIONS.into_iter().chain(every_operation) {
            let value: Value = serde_json::from_str(number).unwrap_or(Value::Null);
            let gateway = Altered::serving_with(Options::default(), move |request, port| {
                let (status, mut body) = json_answer(request, port);
                if request.contains(path) {
                    replace_numbers(&mut body["result"], &value);
                }
                http(&status, "", &body.to_string()).into_bytes()
            });
            let run = gateway.home.run_at(&gateway.url(), line);
            assert_ends_well(&format!("{number} from {path:?}: {line}"), &run);
            codes.lock().expect("no other thread failed").push(run.code);
        }
    });
    let codes = codes.into_inner().expect("no thread failed");
    assert!(codes.contains(&0) && codes.contains(&12), "both kinds came up: {codes:?}");
}

/// Returns the status and body of the sandbox's response.
fn json_answer(request: &str, port: u16) -> (String, Value) {
    let answer = String::from_utf8(forward(request, port)).expect("the sandbox answers in UTF-8");
    let (head, body) = answer.split_once("\r\n\r\n").expect("an answer has a head");
    let status = head.split(' ').nth(1).expect("an answer has a status");
    (format!("{status} X"), serde_json::from_str(body).expect("the sandbox answers in JSON"))
}

/// Replaces every number, and every text that contains a number.
fn replace_numbers(value: &mut Value, by: &Value) {
    match value {
        Value::Number(_) => *value = by.clone(),
        Value::String(text) if text.parse::<i64>().is_ok() => *value = by.clone(),
        Value::Array(values) => values.iter_mut().for_each(|value| replace_numbers(value, by)),
        Value::Object(fields) => fields.values_mut().for_each(|value| replace_numbers(value, by)),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

#[test]
fn extreme_durations_in_arguments_do_not_panic() {
    let times = [
        "99999999999999h",
        "18446744073709551615s",
        "18446744073709551615s 999999999ns",
        "18446744073709551616s",
        "584554049253y",
        "99999999999999999999999999h",
        "-1s",
        "1ns",
    ];
    side_by_side(&times, |time| {
        let env = TestEnv::new(Scenario::Healthy);
        for flag in ["--timeout", "--poll"] {
            // The last --poll overrides the variable. A run with an endless interval finishes at once.
            let mut command = env.command(LINES[0]);
            command.args([format!("{flag}={time}")]);
            let run = Run::of(command);
            assert_ends_well(&format!("{flag}={time}"), &run);
        }
    });
}

#[test]
fn extreme_credential_expirations_do_not_panic() {
    for (expiration, code) in [
        ("9999-12-30T22:00:00.999999999Z", 0),
        ("9999-12-31T23:59:59Z", 4),
        ("-009999-01-02T01:59:59Z", 4),
        ("-010000-01-01T00:00:00Z", 4),
        ("+292277026596-12-04T15:30:07Z", 4),
        ("0000-00-00T00:00:00Z", 4),
        ("18446744073709551615", 4),
    ] {
        let env = TestEnv::new(Scenario::Healthy);
        let script = env.home.path().join("key.sh");
        let answer = format!(
            r#"{{"Version":1,"AccessKeyId":"{ACCESS_KEY}","SecretAccessKey":"{SECRET_KEY}","Expiration":"{expiration}"}}"#
        );
        std::fs::write(&script, format!("echo '{answer}'\n")).expect("the home can be written");
        let profile = format!(
            "[profiles.prod]\nendpoint = \"{}\"\ncredential_process = \"sh {}\"\n",
            env.sandbox.url(),
            script.display()
        );
        write_private(&env.home.profiles(), &profile);
        let run = env.home.run("list versions --profile prod");
        assert_ends_well(expiration, &run);
        assert_eq!(run.code, code, "{expiration}: {run:#?}");
    }
}
