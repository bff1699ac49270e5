//! The decision table, from responses to decisions.

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::api::error::{CertificateProblem, ClientPart};
use crate::api::wire::{Response, parse_body, parse_envelope};
use crate::model::clock_skew::ClockSkew;
use crate::model::operation_name::OperationName;
use crate::signals::Signal;

/// Parses a response with this status and body. `ahead`: by how many seconds the service's clock is ahead, if known.
fn response(status: u16, body: &str, ahead: Option<i64>) -> Result<(), ApiError> {
    response_to(OperationKind::Change, status, body, ahead)
}

fn response_to(kind: OperationKind, status: u16, body: &str, ahead: Option<i64>) -> Result<(), ApiError> {
    let operation = match kind {
        OperationKind::Read => OperationName::GetClusterInfo,
        OperationKind::Change => OperationName::RollingUpgrade,
    };
    let local = Timestamp::UNIX_EPOCH;
    let server = ahead.map(|seconds| local + SignedDuration::from_secs(seconds));
    let response = Response {
        status,
        headers: Vec::new(),
        body: parse_body(status, None, body.as_bytes()),
        request_id: None,
        clock_skew: ClockSkew { local, server },
        retry_after: Some(Duration::from_secs(7)),
    };
    parse_envelope(operation, &response).map(drop)
}

fn gateway(status: u16, code: i64) -> ApiError {
    let body = format!(r#"{{"error":{{"errorCode":"{code}","message":"m"}}}}"#);
    response(status, &body, None).unwrap_err()
}

const RETRY: RetryDecision = RetryDecision::Retry { retry_after: None };
const RETRY_AFTER_7S: RetryDecision = RetryDecision::Retry { retry_after: Some(Duration::from_secs(7)) };

#[test]
fn gateway_errors() {
    use RetryDecision::{Final, InDoubt};
    for (status, code, read, start) in [
        (400, 100, Final, Final),
        (401, 200, Final, Final),
        (401, 210, Final, Final),
        (401, 999, Final, Final),
        (403, 230, Final, Final),
        (404, 300, Final, Final),
        (413, 430, Final, Final),
        (429, 400, Final, Final),
        (429, 410, RETRY_AFTER_7S, RETRY_AFTER_7S),
        (429, 420, RETRY_AFTER_7S, RETRY_AFTER_7S),
        // Undocumented codes prove nothing.
        (400, 999, Final, InDoubt),
        (404, 1, Final, InDoubt),
        (409, 1, Final, InDoubt),
        (413, 1, Final, InDoubt),
        (429, 1, Final, InDoubt),
        (499, 1, Final, InDoubt),
        (500, 900, RETRY, InDoubt),
        (502, 0, RETRY, InDoubt),
        (503, 500, RETRY, InDoubt),
        (504, 510, RETRY, InDoubt),
        (302, 0, Final, InDoubt),
    ] {
        let error = gateway(status, code);
        assert!(matches!(error, ApiError::Gateway { .. }));
        assert_eq!(classify(OperationKind::Read, &error), read, "a read, {status}/{code}");
        assert_eq!(classify(OperationKind::Change, &error), start, "a start, {status}/{code}");
    }
}

#[test]
fn server_time_is_used_only_for_rejected_signatures() {
    let body = |code| format!(r#"{{"error":{{"errorCode":{code},"message":"m"}}}}"#);
    for (code, ahead, decision) in [
        (200, None, RetryDecision::Final),
        (200, Some(0), RetryDecision::Final),
        (200, Some(240), RetryDecision::Final),
        (200, Some(-240), RetryDecision::Final),
        (200, Some(241), RetryDecision::RetryWithServerTime),
        (200, Some(-241), RetryDecision::RetryWithServerTime),
        (200, Some(26 * 60 * 60), RetryDecision::RetryWithServerTime),
        (210, Some(600), RetryDecision::Final),
    ] {
        let error = response(401, &body(code), ahead).unwrap_err();
        for kind in [OperationKind::Read, OperationKind::Change] {
            assert_eq!(classify(kind, &error), decision, "{kind:?} {code} {ahead:?}");
        }
    }
    let elsewhere = response(403, &body(200), Some(600)).unwrap_err();
    assert_eq!(classify(OperationKind::Read, &elsewhere), RetryDecision::Final);
}

#[test]
fn service_refusals() {
    let body = r#"{"code":3,"message":"no","result":null}"#;
    for (status, start) in [
        (200, RetryDecision::Confirm),
        (201, RetryDecision::Confirm),
        (299, RetryDecision::Confirm),
        (400, RetryDecision::Confirm),
        (409, RetryDecision::Confirm),
        (499, RetryDecision::Confirm),
        (500, RetryDecision::InDoubt),
        (300, RetryDecision::InDoubt),
        (302, RetryDecision::InDoubt),
    ] {
        let error = response(status, body, None).unwrap_err();
        assert!(matches!(error, ApiError::Refused { .. }));
        assert_eq!(classify(OperationKind::Read, &error), RetryDecision::Final, "{status}");
        assert_eq!(classify(OperationKind::Change, &error), start, "{status}");
    }
}

#[test]
fn contradictory_refusal_of_a_start_is_in_doubt() {
    use RetryDecision::{Confirm, InDoubt};
    let results = [
        "",
        r#","result":null"#,
        r#","result":false"#,
        r#","result":true"#,
        r#","result":{}"#,
        r#","result":"no""#,
    ];
    for (code, status, starts) in [
        // Results: missing, null, false, true, object, string.
        ("3", 200, [Confirm, Confirm, Confirm, InDoubt, InDoubt, InDoubt]),
        ("-1", 202, [Confirm, Confirm, Confirm, InDoubt, InDoubt, InDoubt]),
        ("\"3\"", 400, [Confirm, Confirm, Confirm, InDoubt, InDoubt, InDoubt]),
        ("3", 499, [Confirm, Confirm, Confirm, InDoubt, InDoubt, InDoubt]),
        ("3", 302, [InDoubt; 6]),
        ("3", 500, [InDoubt; 6]),
        ("3", 503, [InDoubt; 6]),
        ("\"E3\"", 200, [InDoubt; 6]),
        ("3.5", 200, [InDoubt; 6]),
        ("true", 400, [InDoubt; 6]),
        ("null", 200, [InDoubt; 6]),
        ("0", 400, [InDoubt; 6]),
        ("0", 500, [InDoubt; 6]),
    ] {
        for (result, start) in results.iter().zip(starts) {
            let body = format!(r#"{{"code":{code},"message":"m"{result}}}"#);
            let error = response(status, &body, None).unwrap_err();
            let decision = classify(OperationKind::Change, &error);
            assert_eq!(decision, start, "{status} {body}: {error:?}");
            assert!(!decision.proves_no_effect(), "{status} {body}");
        }
    }
    let without_message = response(200, r#"{"code":3,"result":null}"#, None).unwrap_err();
    assert_eq!(classify(OperationKind::Change, &without_message), InDoubt);
}

#[test]
fn read_refusal_does_not_depend_on_the_result() {
    for status in [200, 302, 400, 404, 500, 503] {
        for result in ["", r#","result":null"#, r#","result":false"#, r#","result":true"#, r#","result":{}"#]
        {
            let body = format!(r#"{{"code":3,"message":"m"{result}}}"#);
            let error = response_to(OperationKind::Read, status, &body, None).unwrap_err();
            assert!(matches!(error, ApiError::Refused { code: Some(3), .. }), "{status} {body}: {error:?}");
            assert_eq!(classify(OperationKind::Read, &error), RetryDecision::Final, "{status} {body}");
        }
    }
}

#[test]
fn gateway_error_with_a_result_leaves_start_in_doubt() {
    for (result, read, start) in [
        ("", RetryDecision::Final, RetryDecision::Final),
        (r#","result":null"#, RetryDecision::Final, RetryDecision::Final),
        (r#","result":true"#, RetryDecision::Final, RetryDecision::InDoubt),
    ] {
        let body = format!(r#"{{"error":{{"errorCode":"210","message":"m"}}{result}}}"#);
        let error = |kind| response_to(kind, 401, &body, None).unwrap_err();
        assert_eq!(classify(OperationKind::Read, &error(OperationKind::Read)), read, "{body}");
        assert_eq!(classify(OperationKind::Change, &error(OperationKind::Change)), start, "{body}");
    }
}

#[test]
fn other_responses_leave_start_in_doubt() {
    for (status, body, read) in [
        (200, "<html>", RETRY),
        (200, "", RETRY),
        (200, r#"{"code":0,"mess"#, RETRY),
        (202, "{}", RETRY),
        (299, "[]", RETRY),
        (301, "", RetryDecision::Final),
        (302, "", RetryDecision::Final),
        (307, "", RetryDecision::Final),
        (400, "", RetryDecision::Final),
        (401, "<html>", RetryDecision::Final),
        (404, "", RetryDecision::Final),
        (428, "", RetryDecision::Final),
        (429, "<html>", RETRY),
        (430, "", RetryDecision::Final),
        (499, "", RetryDecision::Final),
        (500, "", RETRY),
        (503, "<html>", RETRY),
        (500, r#"{"code":0,"message":"SUCCESS","result":true}"#, RETRY),
    ] {
        let error = response(status, body, Some(600)).unwrap_err();
        assert!(matches!(error, ApiError::Unreadable { .. }), "{status} {body}");
        assert_eq!(classify(OperationKind::Read, &error), read, "{status} {body}");
        assert_eq!(classify(OperationKind::Change, &error), RetryDecision::InDoubt, "{status} {body}");
    }
}

#[test]
fn failures_without_a_response() {
    let not_sent = |failure| ApiError::NotSent {
        operation: OperationName::GetClusterInfo,
        failure,
        reason: String::new(),
    };
    let lost = ApiError::NoResponse { operation: OperationName::GetClusterInfo, reason: String::new() };
    let signal = ApiError::Interrupted {
        operation: OperationName::GetClusterInfo,
        signal: crate::signals::Signal::Interrupt,
    };
    let setup = ApiError::Setup { part: ClientPart::Tls, reason: String::new() };
    for (error, read, start) in [
        (not_sent(SendFailure::Connection), RETRY, RETRY),
        (not_sent(SendFailure::Proxy), RETRY, RETRY),
        (not_sent(SendFailure::Tls), RETRY, RETRY),
        (
            not_sent(SendFailure::Certificate(CertificateProblem::Untrusted)),
            RetryDecision::Final,
            RetryDecision::Final,
        ),
        (setup, RetryDecision::Final, RetryDecision::Final),
        (not_sent(SendFailure::Consent), RetryDecision::Final, RetryDecision::Final),
        (not_sent(SendFailure::ProxyAuth), RetryDecision::Final, RetryDecision::Final),
        (not_sent(SendFailure::Interrupted(Signal::Terminate)), RetryDecision::Final, RetryDecision::Final),
        (lost, RETRY, RetryDecision::InDoubt),
        (signal, RetryDecision::Final, RetryDecision::InDoubt),
    ] {
        assert_eq!(classify(OperationKind::Read, &error), read, "{error:?}");
        assert_eq!(classify(OperationKind::Change, &error), start, "{error:?}");
    }
}

#[test]
fn decisions_that_prove_no_effect() {
    for (decision, expected) in [
        (RETRY, true),
        (RETRY_AFTER_7S, true),
        (RetryDecision::RetryWithServerTime, true),
        (RetryDecision::Final, true),
        (RetryDecision::Confirm, false),
        (RetryDecision::InDoubt, false),
    ] {
        assert_eq!(decision.proves_no_effect(), expected, "{decision:?}");
    }
}
