//! Tests of the comparison: each deviation from the sandbox is reported under its question.

use serde_json::{Value, json};
use strum::VariantArray as _;

use super::*;
use crate::sandbox::gateway::{self, OPERATIONS};
use crate::sandbox::recording::tests::sessions;

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
    answer_of_commands(id, &[lines])
}

/// As [`answer`], for the lines of several commands.
fn answer_of_commands(id: &str, commands: &[&[Value]]) -> (Finding, Vec<String>) {
    let comparisons = compare_sessions(&sessions(commands));
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
    for comparison in compare_sessions(&[]) {
        assert_eq!((comparison.finding, comparison.lines.len()), (Finding::Untouched, 0));
    }
}

#[test]
fn evidence_of_commands_is_merged_and_never_combined() {
    let (first, second) = ([entry("running", "1", 301)], [progress(&["green"])]);
    let both = [first[0].clone(), second[0].clone()];
    assert_eq!(answer_of_commands("progress.idle", &[&first, &second]).0, Finding::Untouched);
    assert_eq!(answer_of_commands("progress.idle", &[&[start(0, &json!(true))], &both]).0, Finding::Confirms);
    // The same placeholder can be another cluster in another command.
    let (started, read) = ([start(0, &json!(true))], [entry("running", "1", 301)]);
    assert_eq!(answer_of_commands("status.during-upgrade", &[&started, &read]).0, Finding::Untouched);
    let null = [line("getClusterInfo", "/p/9", Value::Null, 200, envelope(0, &Value::Null))];
    let list = [listed(9)];
    assert_eq!(answer_of_commands("cluster.unknown", &[&list, &null]).0, Finding::Confirms);
    let (good, bad) = ([start(0, &json!(true))], [start(0, &json!({}))]);
    let merged = answer_of_commands("start.form", &[&good, &bad, &bad]);
    assert_eq!(merged, (Finding::Contradicts, vec!["HTTP 200, code 0, result {}".to_owned()]));
}

/// Returns a list with one cluster.
fn listed(number: u64) -> Value {
    let clusters = json!({ "allowedClusters": [{ "serviceGroupInstanceNo": number.to_string() }] });
    line("getClusterInfoList", "/p", json!({}), 200, envelope(0, &clusters))
}

#[test]
fn progress_of_an_idle_cluster_is_compared() {
    let id = "progress.idle";
    let failed = |status, code| {
        let body = json!({ "serviceGroupInstanceNo": 7 });
        line("rollingUpgradeProgressCheck", "/p", body, status, envelope(code, &Value::Null))
    };
    let idle = || entry("running", "1", 301);
    assert_answer(id, &[idle(), progress(&["green"])], Finding::Confirms, &[]);
    assert_answer(id, &[idle(), failed(200, 3)], Finding::Contradicts, &["HTTP 200, code 3"]);
    let other = line("getClusterInfo", "/p/8", Value::Null, 200, idle()["response"].clone());
    for untouched in [
        vec![failed(200, 3)],
        vec![other, failed(200, 3)],
        vec![failed(200, 3), idle()],
        vec![idle(), entry("changing", "1", 301), failed(200, 3)],
        vec![idle(), start(3, &Value::Null), failed(200, 3)],
        vec![start(0, &json!(true)), idle(), failed(200, 3)],
        vec![idle(), failed(429, 3), failed(401, 3), failed(503, 3)],
    ] {
        assert_answer(id, &untouched, Finding::Untouched, &[]);
    }
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
    for failure in [401, 429, 500, 503] {
        assert_answer("refusal.form", &[precheck(failure, 3, &null)], Finding::Untouched, &[]);
    }
}

#[test]
fn accepted_start_without_true_is_a_start_of_another_form() {
    let accepted = || start(0, &Value::Null);
    assert_answer("start.form", &[accepted()], Finding::Contradicts, &["HTTP 200, code 0, result null"]);
    assert_answer("refusal.form", &[accepted()], Finding::Untouched, &[]);
    let status = answer("status.during-upgrade", &[accepted(), entry("changing", "1", 301)]);
    assert_eq!(status.0, Finding::Confirms);
    let mut created = start(0, &json!(true));
    created["status"] = json!(201);
    assert_answer("start.form", &[created], Finding::Contradicts, &["HTTP 201, code 0, result true"]);
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
    let good: &[&[&str]] = &[
        &["green", "green"],
        &["orange", "green"],
        &["green", "green"],
        &["green", "orange"],
        &["green", "green"],
    ];
    assert_eq!(colors(good), (Finding::Confirms, vec![]));
    for (incomplete, reason) in [
        (&good[..1], "no broker restarted"),
        (&good[..3], "the second broker did not restart"),
        (&good[..4], "the second broker is not green again"),
        (&good[2..], "the first broker did not restart"),
    ] {
        assert_eq!(colors(incomplete), (Finding::Untouched, vec![]), "{reason}");
    }
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
fn reads_after_a_failure_contradict_nothing() {
    let (started, changing, failed) =
        (start(0, &json!(true)), entry("changing", "1", 301), entry("error", "1", 301));
    let red = progress(&["red", "green"]);
    // The failure comes between the last two entries.
    let upgrade =
        [started.clone(), changing.clone(), red.clone(), failed.clone(), red.clone(), failed.clone()];
    assert_answer("brokers.order", &upgrade, Finding::Untouched, &[]);
    assert_answer("status.during-upgrade", &upgrade, Finding::Confirms, &[]);
    assert_answer("status.during-upgrade", &[started.clone(), failed.clone()], Finding::Untouched, &[]);
    let red_before = [started.clone(), red, changing, failed];
    assert_answer("brokers.order", &red_before, Finding::Contradicts, &["a broker was `red`"]);
    let unknown = [started, entry("waiting", "1", 301)];
    let detail = "`waiting` before the version switched";
    assert_answer("status.during-upgrade", &unknown, Finding::Contradicts, &[detail]);
}

#[test]
fn page_sizes_are_compared() {
    let page = |requested: u64, returned: u64| {
        let result = json!({ "pageSize": returned });
        line("getClusterInfoList", "/p", json!({ "pageSize": requested }), 200, envelope(0, &result))
    };
    let id = "list.page-size";
    assert_answer(id, &[page(1000, 100)], Finding::Confirms, &[]);
    for (requested, returned) in [(10, 10), (100, 100), (100, 50)] {
        assert_answer(id, &[page(requested, returned)], Finding::Untouched, &[]);
    }
    for (requested, returned) in [(1000, 50), (1000, 1000), (101, 101), (100, 200)] {
        let detail = format!("{requested} requested, {returned} returned");
        assert_answer(id, &[page(requested, returned)], Finding::Contradicts, &[&detail]);
    }
}

#[test]
fn reads_of_unknown_clusters_are_compared() {
    let id = "cluster.unknown";
    let read =
        |status, code| line("getClusterInfo", "/p/7", Value::Null, status, envelope(code, &Value::Null));
    assert_answer(id, &[read(200, 0)], Finding::Confirms, &[]);
    assert_answer(id, &[listed(8), read(200, 0)], Finding::Confirms, &[]);
    assert_answer(id, &[read(404, 5)], Finding::Contradicts, &["HTTP 404, code 5"]);
    let existing = || entry("running", "1", 1);
    for untouched in [
        vec![existing()],
        vec![existing(), read(200, 0)],
        vec![read(404, 5), existing()],
        vec![listed(7), read(404, 5)],
        vec![read(404, 5), listed(7)],
        vec![read(401, 0), read(429, 0), read(500, 0)],
    ] {
        assert_answer(id, &untouched, Finding::Untouched, &[]);
    }
}

#[test]
fn codes_of_reads_are_compared() {
    let id = "response.codes";
    let gateway =
        line("getClusterStatus", "/p", Value::Null, 429, json!({ "error": { "errorCode": "410" } }));
    assert_answer(id, &[gateway], Finding::Confirms, &[]);
    let coded = |operation: &str| line(operation, "/p", Value::Null, 200, envelope(9, &Value::Null));
    for operation in READS {
        let detail = format!("{operation}: HTTP 200, code 9");
        assert_answer(id, &[coded(operation)], Finding::Contradicts, &[&detail]);
    }
    let others: Vec<&str> =
        OPERATIONS.map(gateway::name).into_iter().filter(|name| !READS.contains(name)).collect();
    let changes = [
        "rollingUpgradePreCheck",
        "rollingUpgrade",
        "createConfigGroup",
        "setKafkaConfigGroupDetail",
        "setKafkaConfigGroupMemo",
        "deleteConfigGroup",
        // Of another service.
        "getRegionList",
    ];
    assert_eq!(others, changes);
    for operation in others {
        assert_answer(id, &[coded(operation)], Finding::Untouched, &[]);
    }
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
    let null = changed(|entry| drop(entry.insert("kafkaVersionName".to_owned(), Value::Null)));
    let detail = format!("getCDSSVersionList: `{at}.kafkaVersionName` is null, not string");
    assert_answer("response.types", &[null], Finding::Contradicts, &[&detail]);
    // The same form of another failure says nothing about the operation.
    for status in [401, 429, 500] {
        let failure = line("getCDSSVersionList", "/p", Value::Null, status, json!({ "result": [] }));
        assert_answer("response.fields", std::slice::from_ref(&failure), Finding::Untouched, &[]);
        assert_answer("response.types", &[failure], Finding::Untouched, &[]);
    }
}

#[test]
fn optional_fields_may_be_missing_or_null() {
    for (operation, result, optional) in [
        (
            "getCDSSVersionList",
            json!({ "kafkaVersionList": [{ "kafkaVersionCode": "3903006", "kafkaVersionName": "Kafka 3.9.0",
                "applicationVersionName": "Kafka 3.9.0" }] }),
            "/kafkaVersionList/0/cmakVersionName",
        ),
        (
            "getClusterStatus",
            json!({ "clusterName": "a", "brokerNodeTotalNumber": 1, "brokerNumber": 1, "brokerStatus": "green",
                "brokerStatusPerNode": [], "zookeeperTotalNumber": 1, "zookeeperNumber": 1,
                "zookeeperStatus": "green", "zookeeperStatusPerNode": [] }),
            "/cmakStatus",
        ),
    ] {
        let mut missing = line(operation, "/p", Value::Null, 200, envelope(0, &result));
        missing["response"].as_object_mut().unwrap().remove("requestId");
        let mut null = missing.clone();
        null["response"]["requestId"] = Value::Null;
        let (parent, name) = optional.rsplit_once('/').unwrap();
        null["response"]["result"].pointer_mut(parent).unwrap()[name] = Value::Null;
        for response in [missing, null] {
            assert_answer("response.fields", std::slice::from_ref(&response), Finding::Confirms, &[]);
            assert_answer("response.types", &[response], Finding::Confirms, &[]);
        }
    }
}

#[test]
fn types_of_elements_are_compared() {
    let versions = json!({ "kafkaVersionList": ["3903006"] });
    let strings = line("getCDSSVersionList", "/p", Value::Null, 200, envelope(0, &versions));
    let detail = "getCDSSVersionList: `result.kafkaVersionList[]` is string, not object";
    assert_answer("response.types", std::slice::from_ref(&strings), Finding::Contradicts, &[detail]);
    assert_answer("response.fields", &[strings], Finding::Confirms, &[]);
}
