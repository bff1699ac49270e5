//! Tests of the comparison: each deviation from the sandbox is reported under its question.

use serde_json::{Value, json};
use strum::VariantArray as _;

use super::*;
use crate::sandbox::recording::tests::exchanges;

#[test]
fn the_data_file_has_exactly_the_questions_that_can_be_answered() {
    let ids: Vec<String> = questions().into_iter().map(|question| question.id).collect();
    let known: Vec<String> = QuestionId::VARIANTS.iter().map(ToString::to_string).collect();
    assert_eq!(ids, known);
    for Question { id, evidence, .. } in questions() {
        assert!(!evidence.is_empty(), "{id}");
        for Evidence { date, source, text } in evidence {
            assert!(date.parse::<jiff::civil::Date>().is_ok(), "{id}: {date}");
            assert!(!source.is_empty() && text.ends_with('.'), "{id}: {text}");
        }
    }
}

fn envelope(code: u64, result: &Value) -> Value {
    json!({ "code": code, "message": "SUCCESS", "result": result, "requestId": "r" })
}

fn line(
    operation: &str,
    path: &str,
    request: impl Into<Value>,
    status: u16,
    response: impl Into<Value>,
) -> Value {
    let (request, response): (Value, Value) = (request.into(), response.into());
    json!({ "at": "2026-11-28T00:00:01Z", "operation": operation, "path": path, "request": request,
        "status": status, "response": response, "duration_ms": 3 })
}

fn start(code: u64, result: &Value) -> Value {
    let request = json!({ "serviceGroupInstanceNo": 7, "upgradeKafkaVersionCode": 3_903_006, "upgradeConfigGroupNo": 312 });
    line("rollingUpgrade", "/api/v1/cluster/rollingUpgrade", request, 200, envelope(code, result))
}

fn precheck(status: u16, code: u64, result: &Value) -> Value {
    line(
        "rollingUpgradePreCheck",
        "/api/v1/cluster/rollingUpgradePreCheck",
        json!({}),
        status,
        envelope(code, result),
    )
}

fn entry(status: &str, version: &str, group: u64) -> Value {
    let result = json!({ "status": status, "kafkaVersionCode": version, "configGroupNo": group });
    line("getClusterInfo", "/api/v1/cluster/getClusterInfoList/7", Value::Null, 200, envelope(0, &result))
}

fn progress(colors: &[&str]) -> Value {
    let nodes: Vec<Value> = colors.iter().map(|color| json!({ "hostname": "b", "status": color })).collect();
    let request = json!({ "serviceGroupInstanceNo": 7 });
    let result = json!({ "brokerStatusPerNode": nodes });
    line(
        "rollingUpgradeProgressCheck",
        "/api/v1/cluster/rollingUpgradeProgressCheck",
        request,
        200,
        envelope(0, &result),
    )
}

/// Returns the finding and the details for one question.
fn answer(id: &str, lines: &[Value]) -> (Finding, Vec<String>) {
    let comparisons = compare_exchanges(&exchanges(lines));
    let comparison = comparisons.into_iter().find(|comparison| comparison.question.id == id).unwrap();
    assert_eq!(comparison.finding == Finding::Untouched, comparison.lines.is_empty());
    (comparison.finding, comparison.details)
}

fn assert_answer(id: &str, lines: &[Value], finding: Finding, details: &[&str]) {
    let details: Vec<String> = details.iter().map(|detail| (*detail).to_owned()).collect();
    assert_eq!(answer(id, lines), (finding, details), "{id}");
}

#[test]
fn an_empty_recording_touches_nothing() {
    for comparison in compare_exchanges(&[]) {
        assert_eq!((comparison.finding, comparison.lines.len()), (Finding::Untouched, 0));
    }
}

#[test]
fn progress_before_a_start_is_compared() {
    let id = "progress.never-upgraded";
    let refused = line(
        "rollingUpgradeProgressCheck",
        "/p",
        json!({ "serviceGroupInstanceNo": 7 }),
        200,
        envelope(3, &Value::Null),
    );
    assert_answer(id, &[progress(&["green"])], Finding::Confirms, &[]);
    assert_answer(id, std::slice::from_ref(&refused), Finding::Contradicts, &["HTTP 200, code 3"]);
    assert_answer(id, &[start(0, &json!(true)), refused], Finding::Untouched, &[]);
}

#[test]
fn forms_of_a_refusal_and_of_an_accepted_start_are_compared() {
    let null = Value::Null;
    assert_answer("refusal.form", &[precheck(200, 3, &null)], Finding::Confirms, &[]);
    assert_answer("refusal.form", &[start(3, &null)], Finding::Confirms, &[]);
    assert_answer("refusal.form", &[precheck(200, 0, &json!(true))], Finding::Untouched, &[]);
    for (refused, detail) in [
        (precheck(400, 3, &null), "HTTP 400, code 3, result null"),
        (precheck(200, 7, &null), "HTTP 200, code 7, result null"),
        (precheck(200, 0, &null), "HTTP 200, code 0, result null"),
        (start(3, &json!(false)), "HTTP 200, code 3, result false"),
    ] {
        assert_answer("refusal.form", &[refused], Finding::Contradicts, &[detail]);
    }
    assert_answer("start.form", &[start(0, &json!(true))], Finding::Confirms, &[]);
    assert_answer(
        "start.form",
        &[start(1, &json!(true))],
        Finding::Contradicts,
        &["HTTP 200, code 1, result true"],
    );
    assert_answer("start.form", &[start(3, &null)], Finding::Untouched, &[]);
}

#[test]
fn the_course_of_an_upgrade_is_compared() {
    let accepted = || start(0, &json!(true));
    let (old, new) = ("3713006", "3903006");
    let switch = |entries: &[Value]| {
        answer("switch.moment", &[&[entry("running", old, 301), accepted()], entries].concat())
    };
    assert_eq!(switch(&[entry("changing", old, 301)]).0, Finding::Untouched, "not switched yet");
    assert_eq!(switch(&[entry("changing", old, 301), entry("running", new, 312)]).0, Finding::Confirms);
    for (entries, detail) in [
        (vec![entry("changing", new, 312)], "switched in the status `changing`"),
        (vec![entry("changing", new, 301)], "the version switched before the config group"),
        (vec![entry("changing", old, 312)], "the config group switched before the version"),
        (vec![entry("running", new, 312), entry("changing", old, 301)], "the version switched back"),
    ] {
        assert_eq!(switch(&entries), (Finding::Contradicts, vec![detail.to_owned()]));
    }
    let status = |word| {
        answer("status.during-upgrade", &[accepted(), entry(word, old, 301), entry("running", new, 312)])
    };
    assert_eq!(status("changing"), (Finding::Confirms, vec![]));
    assert_eq!(
        status("running"),
        (Finding::Contradicts, vec!["`running` before the version switched".to_owned()])
    );
}

#[test]
fn the_colors_of_the_brokers_are_compared() {
    let colors = |all: &[&[&str]]| {
        let reads = all.iter().map(|colors| progress(colors));
        answer("brokers.order", &[vec![start(0, &json!(true))], reads.collect()].concat())
    };
    let good: &[&[&str]] =
        &[&["green", "green"], &["orange", "green"], &["green", "green"], &["green", "orange"]];
    assert_eq!(colors(good), (Finding::Confirms, vec![]));
    for (reads, detail) in [
        (
            &[&["green", "orange"][..], &["orange", "green"]][..],
            "a broker restarted after one that comes later in the list",
        ),
        (&[&["orange", "orange"]], "2 brokers were not green at once"),
        (&[&["red", "green"]], "a broker was `red`"),
    ] {
        assert_eq!(colors(reads), (Finding::Contradicts, vec![detail.to_owned()]));
    }
}

#[test]
fn page_sizes_and_unknown_clusters_are_compared() {
    let page = |requested: u64, returned: u64| {
        let result = json!({ "pageSize": returned });
        line("getClusterInfoList", "/p", json!({ "pageSize": requested }), 200, envelope(0, &result))
    };
    assert_answer("list.page-size", &[page(100, 100)], Finding::Confirms, &[]);
    assert_answer("list.page-size", &[page(10, 10)], Finding::Untouched, &[]);
    assert_answer(
        "list.page-size",
        &[page(1000, 50)],
        Finding::Contradicts,
        &["1000 requested, 50 returned"],
    );
    let unknown =
        |status, code| line("getClusterInfo", "/p/9", Value::Null, status, envelope(code, &Value::Null));
    assert_answer("cluster.unknown", &[unknown(200, 0)], Finding::Confirms, &[]);
    assert_answer("cluster.unknown", &[unknown(404, 5)], Finding::Contradicts, &["HTTP 404, code 5"]);
    assert_answer("cluster.unknown", &[entry("running", "1", 1)], Finding::Untouched, &[]);
}

#[test]
fn codes_of_reads_are_compared() {
    let gateway =
        line("getClusterStatus", "/p", Value::Null, 429, json!({ "error": { "errorCode": "410" } }));
    assert_answer("response.codes", &[gateway], Finding::Confirms, &[]);
    let coded = line("getClusterStatus", "/p", Value::Null, 200, envelope(9, &Value::Null));
    assert_answer("response.codes", &[coded], Finding::Contradicts, &["getClusterStatus: HTTP 200, code 9"]);
}

#[test]
fn fields_and_types_are_compared() {
    let version = |entry: &Value| {
        line(
            "getCDSSVersionList",
            "/p",
            Value::Null,
            200,
            envelope(0, &json!({ "kafkaVersionList": [entry] })),
        )
    };
    let good = json!({ "kafkaVersionCode": "3903006", "kafkaVersionName": "Kafka 3.9.0",
        "applicationVersionName": "Kafka 3.9.0, CMAK 3.0.0.6", "cmakVersionName": "CMAK 3.0.0.6" });
    let changed = |change: fn(&mut serde_json::Map<String, Value>)| {
        let mut entry = good.clone();
        change(entry.as_object_mut().unwrap());
        version(&entry)
    };
    assert_answer("response.fields", &[version(&good)], Finding::Confirms, &[]);
    assert_answer("response.types", &[version(&good)], Finding::Confirms, &[]);
    let at = "result.kafkaVersionList[]";
    let renamed = changed(|entry| {
        let value = entry.remove("kafkaVersionCode").unwrap();
        entry.insert("kafkaVersioncode".to_owned(), value);
    });
    let details = [
        format!("getCDSSVersionList: `{at}.kafkaVersioncode` instead of `{at}.kafkaVersionCode`"),
        format!("getCDSSVersionList: no field `{at}.kafkaVersionCode`"),
    ];
    assert_answer("response.fields", &[renamed], Finding::Contradicts, &[&details[0], &details[1]]);
    let added = changed(|entry| drop(entry.insert("isDefault".to_owned(), json!(true))));
    let detail = format!("getCDSSVersionList: unknown field `{at}.isDefault`");
    assert_answer("response.fields", &[added], Finding::Contradicts, &[&detail]);
    let retyped = changed(|entry| drop(entry.insert("kafkaVersionCode".to_owned(), json!(3_903_006))));
    let detail = format!("getCDSSVersionList: `{at}.kafkaVersionCode` is number, not string");
    assert_answer("response.types", &[retyped], Finding::Contradicts, &[&detail]);
    let empty =
        line("getCDSSVersionList", "/p", Value::Null, 200, envelope(0, &json!({ "kafkaVersionList": [] })));
    assert_answer("response.fields", &[empty], Finding::Confirms, &[]);
}
