//! The outcome table, cell by cell: from what came over the wire to what is done.

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::api::clock_skew::Clocks;
use crate::api::error::Distrust;
use crate::api::redact::Redactor;
use crate::api::wire::{Response, open};

/// The answer with this status and body; the service's clock is `ahead` seconds ahead where it tells a time.
fn answer(status: u16, body: &str, ahead: Option<i64>) -> Result<(), ApiError> {
    answer_to(Class::Start, status, body, ahead)
}

fn answer_to(class: Class, status: u16, body: &str, ahead: Option<i64>) -> Result<(), ApiError> {
    let own = Timestamp::UNIX_EPOCH;
    let response = Response {
        status,
        headers: Vec::new(),
        body: body.as_bytes().to_vec(),
        request_id: None,
        location: None,
        clocks: Clocks { own, its: ahead.map(|seconds| own + SignedDuration::from_secs(seconds)) },
        retry_after: Some(Duration::from_secs(7)),
    };
    open("op", class, &response.read(&Redactor::new(&[]))).map(drop)
}

fn gateway(status: u16, code: i64) -> ApiError {
    let body = format!(r#"{{"error":{{"errorCode":"{code}","message":"m"}}}}"#);
    answer(status, &body, None).unwrap_err()
}

const AGAIN: Action = Action::Again { asked: None };
const ASKED: Action = Action::Again { asked: Some(Duration::from_secs(7)) };

#[test]
fn the_gateways_own_answers() {
    use Action::{Final, InDoubt};
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
        assert_eq!(classify(Class::Read, &error), read, "a read, {status}/{code}");
        assert_eq!(classify(Class::Start, &error), start, "a start, {status}/{code}");
    }
}

#[test]
fn a_wrong_clock_is_healed_only_where_it_is_measured_and_the_signature_is_what_was_refused() {
    let body = |code| format!(r#"{{"error":{{"errorCode":{code},"message":"m"}}}}"#);
    for (code, ahead, action) in [
        (200, None, Action::Final),
        (200, Some(0), Action::Final),
        (200, Some(240), Action::Final),
        (200, Some(-240), Action::Final),
        (200, Some(241), Action::AgainWithItsTime),
        (200, Some(-241), Action::AgainWithItsTime),
        (200, Some(26 * 60 * 60), Action::AgainWithItsTime),
        (210, Some(600), Action::Final),
    ] {
        let error = answer(401, &body(code), ahead).unwrap_err();
        for class in [Class::Read, Class::Start] {
            assert_eq!(classify(class, &error), action, "{class:?} {code} {ahead:?}");
        }
    }
    let elsewhere = answer(403, &body(200), Some(600)).unwrap_err();
    assert_eq!(classify(Class::Read, &elsewhere), Action::Final);
}

#[test]
fn the_services_own_refusal() {
    let body = r#"{"code":3,"message":"no","result":null}"#;
    for (status, start) in [
        (200, Action::Confirm),
        (201, Action::Confirm),
        (299, Action::Confirm),
        (400, Action::Confirm),
        (409, Action::Confirm),
        (499, Action::Confirm),
        (500, Action::InDoubt),
        (300, Action::InDoubt),
        (302, Action::InDoubt),
    ] {
        let error = answer(status, body, None).unwrap_err();
        assert!(matches!(error, ApiError::Refused { .. }));
        assert_eq!(classify(Class::Read, &error), Action::Final, "{status}");
        assert_eq!(classify(Class::Start, &error), start, "{status}");
    }
}

#[test]
fn only_an_envelope_that_says_no_throughout_refuses_a_start() {
    use Action::{Confirm, InDoubt};
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
            for class in [Class::Start, Class::Change] {
                let error = answer_to(class, status, &body, None).unwrap_err();
                assert_eq!(classify(class, &error), start, "{class:?} {status} {body}: {error:?}");
                assert!(!classify(class, &error).proves_nothing_was_done(), "{status} {body}");
            }
        }
    }
    let without_message = answer(200, r#"{"code":3,"result":null}"#, None).unwrap_err();
    assert_eq!(classify(Class::Start, &without_message), InDoubt);
}

#[test]
fn a_read_is_refused_whatever_the_result() {
    for status in [200, 302, 400, 404, 500, 503] {
        for result in ["", r#","result":null"#, r#","result":false"#, r#","result":true"#, r#","result":{}"#]
        {
            let body = format!(r#"{{"code":3,"message":"m"{result}}}"#);
            let error = answer_to(Class::Read, status, &body, None).unwrap_err();
            assert!(matches!(error, ApiError::Refused { code: Some(3), .. }), "{status} {body}: {error:?}");
            assert_eq!(classify(Class::Read, &error), Action::Final, "{status} {body}");
        }
    }
}

#[test]
fn a_gateway_error_that_carries_a_result_proves_nothing_about_a_start() {
    for (result, read, start) in [
        ("", Action::Final, Action::Final),
        (r#","result":null"#, Action::Final, Action::Final),
        (r#","result":true"#, Action::Final, Action::InDoubt),
    ] {
        let body = format!(r#"{{"error":{{"errorCode":"210","message":"m"}}{result}}}"#);
        let error = |class| answer_to(class, 401, &body, None).unwrap_err();
        assert_eq!(classify(Class::Read, &error(Class::Read)), read, "{body}");
        assert_eq!(classify(Class::Start, &error(Class::Start)), start, "{body}");
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
        (301, "", Action::Final),
        (302, "", Action::Final),
        (307, "", Action::Final),
        (400, "", Action::Final),
        (401, "<html>", Action::Final),
        (404, "", Action::Final),
        (428, "", Action::Final),
        (429, "<html>", AGAIN),
        (430, "", Action::Final),
        (499, "", Action::Final),
        (500, "", AGAIN),
        (503, "<html>", AGAIN),
        (500, r#"{"code":0,"message":"SUCCESS","result":true}"#, AGAIN),
    ] {
        let error = answer(status, body, Some(600)).unwrap_err();
        assert!(matches!(error, ApiError::Unreadable { .. }), "{status} {body}");
        assert_eq!(classify(Class::Read, &error), read, "{status} {body}");
        assert_eq!(classify(Class::Start, &error), Action::InDoubt, "{status} {body}");
    }
}

#[test]
fn what_never_became_an_answer() {
    let unsent = |why| ApiError::NotSent { operation: "op", why, reason: String::new() };
    let lost = ApiError::NoAnswer { operation: "op", reason: String::new() };
    let signal = ApiError::Interrupted { operation: "op", signal: crate::clock::Signal::Interrupt };
    for (error, read, start) in [
        (unsent(Unsent::Connection), AGAIN, AGAIN),
        (unsent(Unsent::Proxy), AGAIN, AGAIN),
        (unsent(Unsent::Tls), AGAIN, AGAIN),
        (unsent(Unsent::Certificate(Distrust::Issuer)), Action::Final, Action::Final),
        (unsent(Unsent::Setup), Action::Final, Action::Final),
        (unsent(Unsent::ProxyLogin), Action::Final, Action::Final),
        (unsent(Unsent::Interrupted), Action::Final, Action::Final),
        (lost, AGAIN, Action::InDoubt),
        (signal, Action::Final, Action::InDoubt),
    ] {
        assert_eq!(classify(Class::Read, &error), read, "{error:?}");
        assert_eq!(classify(Class::Start, &error), start, "{error:?}");
    }
}

#[test]
fn only_three_actions_prove_that_nothing_was_done() {
    for (action, proves) in [
        (AGAIN, true),
        (ASKED, true),
        (Action::AgainWithItsTime, true),
        (Action::Final, true),
        (Action::Confirm, false),
        (Action::InDoubt, false),
    ] {
        assert_eq!(action.proves_nothing_was_done(), proves, "{action:?}");
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
    errors.push(ApiError::NoAnswer { operation: "op", reason: String::new() });
    errors.push(ApiError::NotSent { operation: "op", why: Unsent::Connection, reason: String::new() });
    for error in errors {
        assert_eq!(classify(Class::Change, &error), classify(Class::Start, &error), "{error:?}");
    }
}
