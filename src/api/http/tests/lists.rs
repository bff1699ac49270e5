//! Paged lists over HTTP: second reads and limits.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::future::LocalBoxFuture;

use super::*;
use crate::clock::Clock;
use crate::model::cluster::ClusterList;

fn list(client: &HttpApi) -> Result<ClusterList, ApiError> {
    run_in_real_time(client.clusters(Some("orders")))
}

fn entries(numbers: impl IntoIterator<Item = u64>) -> serde_json::Value {
    let entry =
        |no| serde_json::json!({ "serviceGroupInstanceNo": no, "clusterName": format!("orders-{no}") });
    numbers.into_iter().map(entry).collect()
}

/// Returns a page with these clusters and this total count.
fn page(numbers: impl IntoIterator<Item = u64>, is_last: bool, count: u64) -> String {
    let clusters = entries(numbers);
    let result = serde_json::json!({ "allowedClusters": clusters, "isLast": is_last, "totalCount": count });
    http("200 OK", "", &serde_json::json!({ "code": 0, "message": "SUCCESS", "result": result }).to_string())
}

/// Returns the requested page numbers.
fn requested(server: &Injector) -> Vec<u64> {
    let number = |request: &String| {
        let (_, body) = request.split_once("\r\n\r\n").unwrap();
        serde_json::from_str::<serde_json::Value>(body).unwrap()["pageNo"].as_u64().unwrap()
    };
    server.seen().requests.iter().map(number).collect()
}

/// Serves endless pages, each with a new cluster. Every request takes this many seconds by the client's clock.
fn endless(seconds: u64) -> (Injector, HttpApi) {
    let time = Arc::new(AtomicU64::new(0));
    let server_time = Arc::clone(&time);
    let server = Injector::start(move |number| {
        server_time.fetch_add(seconds, Ordering::SeqCst);
        let no = number as u64;
        let body = serde_json::json!({
            "code": 0,
            "message": "SUCCESS",
            "result": { "allowedClusters": entries([no]), "isLast": false },
        });
        vec![Step::Read, Step::Send(http("200 OK", "", &body.to_string()).into_bytes()), Step::Fin]
    });
    let mut client = client_of(&server.url(), QUICK);
    client.client.connection.clock = Rc::new(ServerClock(time));
    (server, client)
}

/// A clock that only the server advances.
struct ServerClock(Arc<AtomicU64>);

impl Clock for ServerClock {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::try_from(self.elapsed()).unwrap()
    }

    fn elapsed(&self) -> Duration {
        Duration::from_secs(self.0.load(Ordering::SeqCst))
    }

    fn sleep(&self, _: Duration) -> LocalBoxFuture<'_, Result<(), crate::signals::Interrupted>> {
        panic!("reading a list must not sleep")
    }
}

#[test]
fn inconsistent_list_is_read_a_second_time() {
    let server = Injector::answering(vec![
        page([1, 2], false, 4),
        page([3], true, 4),
        page([1, 2], false, 4),
        page([3, 4], true, 4),
    ]);
    let found = list(&client_of(&server.url(), QUICK)).unwrap();
    assert_eq!(found.allowed.iter().map(|entry| entry.no.number()).collect::<Vec<_>>(), [1, 2, 3, 4]);
    assert_eq!(requested(&server), [1, 2, 1, 2]);
}

#[test]
fn list_inconsistent_twice_is_an_error() {
    for numbers in [&[1, 2, 3][..], &[1, 2, 3, 4, 5, 6]] {
        let response = page(numbers.iter().copied(), true, 5);
        let server = Injector::answering(vec![response; 3]);
        let error = list(&client_of(&server.url(), QUICK)).unwrap_err();
        let expected = format!(
            "invalid response to getClusterInfoList: the cluster list has {} entries, but its total count is 5 (HTTP 200)",
            numbers.len()
        );
        assert_eq!(error.to_string(), expected);
        assert_eq!(requested(&server), [1, 1], "it is not read a third time");
        assert_eq!(crate::error::CommandError::before_start(error).exit().code(), 12);
    }
}

#[test]
fn list_with_invalid_count_twice_is_an_error() {
    let clusters = entries([1, 2]);
    for count in ["-1", "18446744073709551616", "\"x\"", "2.0", "2.5", "true"] {
        let result = format!(r#"{{"allowedClusters":{clusters},"isLast":true,"totalCount":{count}}}"#);
        let response = http("200 OK", "", &format!(r#"{{"code":0,"message":"SUCCESS","result":{result}}}"#));
        let server = Injector::answering(vec![response.clone(); 3]);
        let error = list(&client_of(&server.url(), QUICK)).unwrap_err();
        let expected = "invalid response to getClusterInfoList: the cluster list has an invalid total count or page number (HTTP 200)";
        assert_eq!(error.to_string(), expected, "{count}");
        assert_eq!(requested(&server), [1, 1], "{count}");
        assert_eq!(crate::error::CommandError::before_start(error).exit().code(), 12);

        let server = Injector::answering(vec![response, page([1, 2], true, 2)]);
        let found = list(&client_of(&server.url(), QUICK)).unwrap();
        assert_eq!(found.allowed.len(), 2, "{count}");
    }
}

#[test]
fn failed_page_does_not_restart_the_list() {
    let down = http("503 Service Unavailable", "", r#"{"error":{"errorCode":"500","message":"down"}}"#);
    let server = Injector::answering([vec![page([1], false, 2)], vec![down; 8]].concat());
    let error = list(&client_of(&server.url(), QUICK)).unwrap_err();
    assert!(matches!(error, ApiError::Gateway { status: 503, .. }), "{error:?}");
    assert_eq!(requested(&server), [1, 2, 2, 2, 2]);
}

#[test]
fn repeated_page_is_an_error() {
    let body = serde_json::json!({
        "code": 0,
        "message": "SUCCESS",
        "result": { "allowedClusters": entries([1]), "currentPage": 1, "totalPage": 2, "isLast": false },
    });
    let server = Injector::answering(vec![http("200 OK", "", &body.to_string()); 5]);
    let error = list(&client_of(&server.url(), QUICK)).unwrap_err();
    assert!(error.to_string().contains("page 2 of the cluster list repeats"), "{error}");
    assert_eq!(requested(&server), [1, 2, 1, 2]);
}

#[test]
fn ten_thousand_clusters_take_100_pages() {
    let server = Injector::start(|number| {
        let first = number as u64 * 100;
        let response = page(first..first + 100, number == 99, 10_000);
        vec![Step::Read, Step::Send(response.into_bytes()), Step::Fin]
    });
    let found = list(&client_of(&server.url(), QUICK)).unwrap();
    assert_eq!((found.allowed.len(), server.seen().requests.len()), (10_000, 100));
}

#[test]
fn endless_pages_are_limited_in_number_and_time() {
    for (seconds, requests, reason) in [
        (0, 1_000, "the list has more than 1000 pages"),
        (60, 6, "the list was not complete after 5m"),
        (301, 1, "the list was not complete after 5m"),
    ] {
        let (server, client) = endless(seconds);
        let error = list(&client).unwrap_err();
        assert_eq!(error.to_string(), format!("invalid response to getClusterInfoList: {reason} (HTTP 200)"));
        let requested = requested(&server);
        assert_eq!(requested.len(), requests, "{seconds} s a page: the list is not read again");
    }
}

#[test]
fn incomplete_config_group_list_is_not_read_again() {
    let body = r#"{"code":0,"message":"SUCCESS","result":{"kafkaConfigGroupList":[],"totalCount":1}}"#;
    let server = Injector::answering(vec![http("200 OK", "", body); 2]);
    let client = client_of(&server.url(), QUICK);
    let outcome = run_in_real_time(client.config_groups(Some(VersionCode::new(3_903_006))));
    assert!(outcome.unwrap_err().to_string().contains("fewer entries than its total count"));
    assert_eq!(server.seen().requests.len(), 1);
}
