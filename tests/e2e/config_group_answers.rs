//! Config groups when the service's responses are incomplete or refuse something.

use serde_json::{Value, json};

use crate::altered::{Altered, answers, success};
use crate::config_group::{COPY, CREATE, WRITE, class};
use crate::injector::http;
use crate::support::check;

impl Altered {
    fn assert_made(&self, creates: usize, writes: usize) {
        let log = self.sandbox.log();
        assert_eq!((log.count(CREATE), log.count(WRITE), log.starts_requested()), (creates, writes, 0));
    }
}

#[test]
fn missing_list_of_all_groups_falls_back_to_each_version() {
    let gone = |request: &str| {
        let body = json!({ "error": { "errorCode": "300", "message": "Not Found Exception" } });
        request
            .contains("/getKafkaConfigGroupList")
            .then(|| http("404 Not Found", "Content-Type: application/json\r\n", &body.to_string()))
    };
    let service = Altered::new(gone);
    let (run, document) = service.json("list config-groups");
    assert_eq!((run.code, document["config_groups"].as_array().map(Vec::len)), (0, Some(12)));
    let gap = "the service lists config groups of offered versions only";
    assert_eq!(run.stderr, format!("{gap}\n"));
    let (run, _) = service.json("config-group diff nobody payments-390");
    run.assert_says(3, &["no config group `nobody`", gap]);
    let (run, document) = service.json("config-group diff payments-371 payments-390");
    assert_eq!((run.code, class(&document, "log.segment.bytes")), (0, "lost-override".into()));
    let (run, document) = service.json(&format!("{COPY} --dry-run"));
    assert_eq!((run.code, &document["from"]["no"]), (0, &"351".into()));
    let other_version = "check --cluster orders-prod --version 3.9.0 --config-group orders-371";
    let (run, document) = service.json(other_version);
    assert_eq!((run.code, &check(&document, "config.version")["result"]), (5, &"block".into()));
}

#[test]
fn missing_group_list_does_not_mean_the_name_is_free() {
    let service = Altered::new(|request| {
        request.contains("/getKafkaVersionConfigGroupList").then(|| success(&Value::Null))
    });
    let (run, _) = service.json("config-group copy --cluster payments-prod --version 3.9.0 --yes");
    run.assert_says(
        12,
        &["invalid response to getKafkaVersionConfigGroupList: the list is missing in the response"],
    );
    service.assert_made(0, 0);
}

#[test]
fn missing_settings_do_not_mean_no_custom_values() {
    let service = Altered::new(|request| {
        let lists =
            json!({ "kafkaConfigGroupDetailList": null, "additionalKafkaConfigGroupDetailList": null });
        request.contains("/getKafkaConfigGroupDetailList/331").then(|| success(&lists))
    });
    let (run, _) = service.json("config-group copy payments-371 --version 3.9.0 --name copied --yes");
    run.assert_says(12, &["invalid response to getKafkaConfigGroupDetailList: an empty response"]);
    let (run, document) = service.json("check --cluster payments-prod --version 3.9.0");
    assert_eq!((run.code, &check(&document, "config.no-group")["result"]), (5, &"block".into()));
    let named = "check --cluster payments-prod --version 3.9.0 --config-group payments-390";
    let (run, document) = service.json(named);
    assert_eq!((run.code, &check(&document, "config.lost-override")["result"]), (5, &"block".into()));
    service.assert_made(0, 0);
}

#[test]
fn additional_setting_without_value_is_reported_unknown() {
    let service = Altered::new(|request| {
        let partitions = json!({ "configName": "num.partitions", "customValue": "24", "defaultValue": "1" });
        let lists = json!({
            "kafkaConfigGroupDetailList": [partitions],
            "additionalKafkaConfigGroupDetailList": [{ "configName": "ssl.cipher.suites", "configValue": "" }],
        });
        request.contains("/getKafkaConfigGroupDetailList/351").then(|| success(&lists))
    });
    let (run, document) = service.json(&format!("{COPY} --yes"));
    run.assert_says(
        0,
        &["\n  ssl.cipher.suites  (empty)  unknown (the service does not report its value)\n"],
    );
    let left_out = document["left_out"].as_array().into_iter().flatten();
    let reason = left_out.filter(|one| one["key"] == "ssl.cipher.suites").map(|one| &one["reason"]);
    assert_eq!(reason.collect::<Vec<_>>(), ["unknown"]);
    let (run, document) =
        service.json("check --cluster no:1009301 --version 3.9.0 --config-group analytics-390");
    assert_eq!((run.code, class(&document, "ssl.cipher.suites")), (5, "lost-override".into()));
    // No other copy would keep the value.
    let (run, _) = service.json("check --cluster no:1009301 --version 3.9.0");
    assert_eq!(run.code, 5);
    assert!(!run.stderr.contains("config-group copy"), "{}", run.stderr);
}

#[test]
fn refusal_quotes_the_service() {
    let words = "권한이 없습니다.";
    let refuses = move |part: &'static str| {
        move |request: &str| {
            let body = json!({ "code": 7, "message": words, "requestId": "r-7", "result": null });
            request.contains(part).then(|| answers(&body))
        }
    };
    let read = Altered::new(refuses("/getKafkaConfigGroupDetailList/351"));
    for line in [format!("{COPY} --yes"), "config-group diff analytics-371 orders-390".to_owned()] {
        let (run, document) = read.json(&line);
        run.assert_says(12, &[words]);
        let error = &document["error"];
        assert_eq!(
            (&error["service_message"], &error["request_id"]),
            (&words.into(), &"r-7".into()),
            "{line}"
        );
    }
    read.assert_made(0, 0);

    let written = Altered::new(refuses("/setKafkaConfigGroupDetail/"));
    let (run, document) = written.json(&format!("{COPY} --yes"));
    run.assert_says(7, &[words, "hint: compare them: cdss config-group diff no:351 no:2001 "]);
    let error = &document["error"];
    assert_eq!((&error["service_message"], &error["request_id"]), (&words.into(), &"r-7".into()));
    assert_eq!((&document["created"], &document["written"]), (&"yes".into(), &"unknown".into()));
    written.assert_made(1, 0);
}

#[test]
fn forbidden_write_reports_missing_permission() {
    let service = Altered::new(|request| {
        let body = json!({ "error": { "errorCode": "210", "message": "Permission Denied" } });
        let no = || http("401 Unauthorized", "Content-Type: application/json\r\n", &body.to_string());
        request.contains("/setKafkaConfigGroupDetail/").then(no)
    });
    let (run, document) = service.json(&format!("{COPY} --yes"));
    run.assert_says(
        7,
        &[
            "config group analytics-390 (2001) was created, but its values were not written",
            "; then run the same command again to fill",
        ],
    );
    assert_eq!((&document["created"], &document["written"]), (&"yes".into(), &"no".into()));
    assert_eq!(document["error"]["service_message"], "Permission Denied");
    service.assert_made(1, 0);
}

#[test]
fn version_without_known_kafka_changes_is_reported() {
    let service = Altered::new(|request| {
        let version = |code: &str, name: &str| json!({ "kafkaVersionCode": code, "kafkaVersionName": name });
        let versions = [version("3713006", "Kafka 3.7.1"), version("3903006", "Kafka 5.0.0")];
        request.contains("/getCDSSVersionList").then(|| success(&json!({ "kafkaVersionList": versions })))
    });
    let line = "config-group copy analytics-371 --version 5.0.0 --name copied --yes";
    let (run, document) = service.json(line);
    let row = "Settings      3 to copy, 1 skipped\nNot covered   Kafka's own changes in 5.0.0 (covered: 2.4 to 4.3)\n";
    run.assert_says(0, &[row]);
    assert_eq!(document["not_covered"], json!(["5.0.0"]));
    let (_, document) = service.json("config-group diff analytics-371 orders-390");
    assert_eq!(document["not_covered"], json!([]), "the group's own version has another name");
}

#[test]
fn unfiltered_or_partial_list_selects_no_wrong_group() {
    let entry = |no: u64, name: &str, code: &str| json!({ "configGroupNo": no, "configGroupName": name, "kafkaVersionCode": code });
    let list = |entries: Vec<Value>, total: usize| {
        success(&json!({ "kafkaConfigGroupList": entries, "totalCount": total, "isLast": true }))
    };
    let unfiltered = list(vec![entry(301, "orders-371", "3713006"), entry(312, "orders-390", "3903006")], 2);
    let service = Altered::new(move |request| {
        request.contains("/getKafkaVersionConfigGroupList").then(|| unfiltered.clone())
    });
    let (run, document) = service.json("check --cluster orders-prod --version 3.9.0");
    assert_eq!((run.code, &document["config_group"]["to"]["no"]), (0, &"312".into()));

    let lacking = list(vec![], 4);
    let service = Altered::new(move |request| request.contains("ConfigGroupList").then(|| lacking.clone()));
    let (run, _) = service.json("config-group copy --cluster payments-prod --version 3.9.0 --yes");
    run.assert_says(12, &["the list has fewer entries than its total count"]);
    service.assert_made(0, 0);

    // A group number is unique only within its version.
    let twice = list(vec![entry(1, "default-371", "3713006"), entry(1, "default-390", "3903006")], 2);
    let service =
        Altered::new(move |request| request.contains("/getKafkaConfigGroupList").then(|| twice.clone()));
    let (_, document) = service.json("list config-groups");
    assert_eq!(document["config_groups"].as_array().map(Vec::len), Some(2));
    let (run, _) = service.json("config-group diff no:1 default-390");
    run.assert_says(
        3,
        &["1 of code 3713006, 1 of code 3903006", "hint: use the group name, such as name:default-371"],
    );
}
