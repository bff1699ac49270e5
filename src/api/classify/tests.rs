//! The outcome table, cell by cell: from what came over the wire to what is done.

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::api::clock_skew::ClockSkew;
use crate::api::error::CertificateProblem;
use crate::api::redact::Redactor;
use crate::api::wire::{Response, parse_envelope};

/// The answer with this status and body; the service's clock is `ahead` seconds ahead where it tells a time.
fn answer(status: u16, body: &str, ahead: Option<i64>) -> Result<(), ApiError> {
    answer_to(OperationKind::Start, status, body, ahead)
}

fn answer_to(class: OperationKind, status: u16, body: &str, ahead: Option<i64>) -> Result<(), ApiError> {
    let own = Timestamp::UNIX_EPOCH;
    let response = Response {
        status,
        headers: Vec::new(),
        body: body.as_bytes().to_vec(),
        request_id: None,
        location: None,
        clock_skew: ClockSkew {
            local: own,
            server: ahead.map(|seconds| own + SignedDuration::from_secs(seconds)),
        },
        retry_after: Some(Duration::from_secs(7)),
    };
    parse_envelope("op", class, &response.parse(&Redactor::new(&[]))).map(drop)
}

fn gateway(status: u16, code: i64) -> ApiError {
    let body = format!(r#"{{"error":{{"errorCode":"{code}","message":"m"}}}}"#);
    answer(status, &body, None).unwrap_err()
}

const AGAIN: RetryDecision = RetryDecision::Retry { retry_after: None };
const ASKED: RetryDecision = RetryDecision::Retry { retry_after: Some(Duration::from_secs(7)) };

#[test]
fn the_gateways_own_answers() {
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
        (429, 410, ASKED, ASKED),
        (429, 420, ASKED, ASKED),
        // Codes that the guide doesn't have prove nothing.
        (400, 999, Final, InDoubt),
        (404, 1, Final, InDoubt),
        (409, 1, Final, InDoubt),
        (413, 1, Final, InDoubt),
        (429, 1, Final, InDoubt),
        (499, 1, Final, InDoubt),
        (500, 900, AGAIN, InDoubt),
        (502, 0, AGAIN, InDoubt),
        (503, 500, AGAIN, InDoubt),
        (504, 510, AGAIN, InDoubt),
        (302, 0, Final, InDoubt),
    ] {
        let error = gateway(status, code);
        assert!(matches!(error, ApiError::Gateway { .. }));
        assert_eq!(classify(OperationKind::Read, &error), read, "a read, {status}/{code}");
        assert_eq!(classify(OperationKind::Start, &error), start, "a start, {status}/{code}");
    }
}

#[test]
fn a_wrong_clock_is_healed_only_where_it_is_measured_and_the_signature_is_what_was_refused() {
    let body = |code| format!(r#"{{"error":{{"errorCode":{code},"message":"m"}}}}"#);
    for (code, ahead, action) in [
        (200, None, RetryDecision::Final),
        (200, Some(0), RetryDecision::Final),
        (200, Some(240), RetryDecision::Final),
        (200, Some(-240), RetryDecision::Final),
        (200, Some(241), RetryDecision::RetryWithServerTime),
        (200, Some(-241), RetryDecision::RetryWithServerTime),
        (200, Some(26 * 60 * 60), RetryDecision::RetryWithServerTime),
        (210, Some(600), RetryDecision::Final),
    ] {
        let error = answer(401, &body(code), ahead).unwrap_err();
        for class in [OperationKind::Read, OperationKind::Start] {
            assert_eq!(classify(class, &error), action, "{class:?} {code} {ahead:?}");
        }
    }
    let elsewhere = answer(403, &body(200), Some(600)).unwrap_err();
    assert_eq!(classify(OperationKind::Read, &elsewhere), RetryDecision::Final);
}

#[test]
fn the_services_own_refusal() {
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
        let error = answer(status, body, None).unwrap_err();
        assert!(matches!(error, ApiError::Refused { .. }));
        assert_eq!(classify(OperationKind::Read, &error), RetryDecision::Final, "{status}");
        assert_eq!(classify(OperationKind::Start, &error), start, "{status}");
    }
}

#[test]
fn only_an_envelope_that_says_no_throughout_refuses_a_start() {
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
        // By result: absent, null, false; then true, an object, a text.
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
            for class in [OperationKind::Start, OperationKind::Change] {
                let error = answer_to(class, status, &body, None).unwrap_err();
                assert_eq!(classify(class, &error), start, "{class:?} {status} {body}: {error:?}");
                assert!(!classify(class, &error).proves_no_effect(), "{status} {body}");
            }
        }
    }
    let without_message = answer(200, r#"{"code":3,"result":null}"#, None).unwrap_err();
    assert_eq!(classify(OperationKind::Start, &without_message), InDoubt);
}

#[test]
fn a_read_is_refused_whatever_the_result() {
    for status in [200, 302, 400, 404, 500, 503] {
        for result in ["", r#","result":null"#, r#","result":false"#, r#","result":true"#, r#","result":{}"#]
        {
            let body = format!(r#"{{"code":3,"message":"m"{result}}}"#);
            let error = answer_to(OperationKind::Read, status, &body, None).unwrap_err();
            assert!(matches!(error, ApiError::Refused { code: Some(3), .. }), "{status} {body}: {error:?}");
            assert_eq!(classify(OperationKind::Read, &error), RetryDecision::Final, "{status} {body}");
        }
    }
}

#[test]
fn a_gateway_error_that_carries_a_result_proves_nothing_about_a_start() {
    for (result, read, start) in [
        ("", RetryDecision::Final, RetryDecision::Final),
        (r#","result":null"#, RetryDecision::Final, RetryDecision::Final),
        (r#","result":true"#, RetryDecision::Final, RetryDecision::InDoubt),
    ] {
        let body = format!(r#"{{"error":{{"errorCode":"210","message":"m"}}{result}}}"#);
        let error = |class| answer_to(class, 401, &body, None).unwrap_err();
        assert_eq!(classify(OperationKind::Read, &error(OperationKind::Read)), read, "{body}");
        assert_eq!(classify(OperationKind::Start, &error(OperationKind::Start)), start, "{body}");
    }
}

#[test]
fn what_is_neither_proves_nothing() {
    for (status, body, read) in [
        (200, "<html>", AGAIN),
        (200, "", AGAIN),
        (200, r#"{"code":0,"mess"#, AGAIN),
        (202, "{}", AGAIN),
        (299, "[]", AGAIN),
        (301, "", RetryDecision::Final),
        (302, "", RetryDecision::Final),
        (307, "", RetryDecision::Final),
        (400, "", RetryDecision::Final),
        (401, "<html>", RetryDecision::Final),
        (404, "", RetryDecision::Final),
        (428, "", RetryDecision::Final),
        (429, "<html>", AGAIN),
        (430, "", RetryDecision::Final),
        (499, "", RetryDecision::Final),
        (500, "", AGAIN),
        (503, "<html>", AGAIN),
        (500, r#"{"code":0,"message":"SUCCESS","result":true}"#, AGAIN),
    ] {
        let error = answer(status, body, Some(600)).unwrap_err();
        assert!(matches!(error, ApiError::Unreadable { .. }), "{status} {body}");
        assert_eq!(classify(OperationKind::Read, &error), read, "{status} {body}");
        assert_eq!(classify(OperationKind::Start, &error), RetryDecision::InDoubt, "{status} {body}");
    }
}

#[test]
fn what_never_became_an_answer() {
    let unsent = |why| ApiError::NotSent { operation: "op", failure: why, reason: String::new() };
    let lost = ApiError::NoResponse { operation: "op", reason: String::new() };
    let signal = ApiError::Interrupted { operation: "op", signal: crate::signals::Signal::Interrupt };
    for (error, read, start) in [
        (unsent(SendFailure::Connection), AGAIN, AGAIN),
        (unsent(SendFailure::Proxy), AGAIN, AGAIN),
        (unsent(SendFailure::Tls), AGAIN, AGAIN),
        (
            unsent(SendFailure::Certificate(CertificateProblem::Issuer)),
            RetryDecision::Final,
            RetryDecision::Final,
        ),
        (unsent(SendFailure::Setup), RetryDecision::Final, RetryDecision::Final),
        (unsent(SendFailure::ProxyAuth), RetryDecision::Final, RetryDecision::Final),
        (unsent(SendFailure::Interrupted), RetryDecision::Final, RetryDecision::Final),
        (lost, AGAIN, RetryDecision::InDoubt),
        (signal, RetryDecision::Final, RetryDecision::InDoubt),
    ] {
        assert_eq!(classify(OperationKind::Read, &error), read, "{error:?}");
        assert_eq!(classify(OperationKind::Start, &error), start, "{error:?}");
    }
}

#[test]
fn only_three_actions_prove_that_nothing_was_done() {
    for (action, proves) in [
        (AGAIN, true),
        (ASKED, true),
        (RetryDecision::RetryWithServerTime, true),
        (RetryDecision::Final, true),
        (RetryDecision::Confirm, false),
        (RetryDecision::InDoubt, false),
    ] {
        assert_eq!(action.proves_no_effect(), proves, "{action:?}");
    }
}

#[test]
fn a_change_that_stays_is_sent_again_only_where_a_start_would_be() {
    let refused = |status| answer(status, r#"{"code":3,"message":"no","result":null}"#, None).unwrap_err();
    let mut errors: Vec<ApiError> = [200, 400, 500].map(refused).to_vec();
    errors.extend(
        [(400, 100), (401, 200), (409, 1), (429, 410), (500, 900), (504, 510)].map(|(s, c)| gateway(s, c)),
    );
    errors
        .extend([(200, ""), (302, ""), (503, "<html>")].map(|(s, body)| answer(s, body, None).unwrap_err()));
    errors.push(ApiError::NoResponse { operation: "op", reason: String::new() });
    errors.push(ApiError::NotSent {
        operation: "op",
        failure: SendFailure::Connection,
        reason: String::new(),
    });
    for error in errors {
        assert_eq!(
            classify(OperationKind::Change, &error),
            classify(OperationKind::Start, &error),
            "{error:?}"
        );
    }
}
