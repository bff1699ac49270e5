//! A wrong local clock.

use std::cell::Cell;

use futures_util::future::LocalBoxFuture;

use super::*;
use crate::clock::Clock;
use crate::signals::Interrupted;

/// Starts a gateway whose clock is `ahead` of the local one and that rejects timestamps by its own clock.
fn gateway_ahead(ahead: SignedDuration, more: &'static str) -> Injector {
    Injector::start(move |_| {
        let respond = move |request: &str| {
            let now = SystemClock { signals: SignalListener::new() }.now() + ahead;
            let timestamp: i64 = header(request, "x-ncp-apigw-timestamp").unwrap().parse().unwrap();
            let is_rejected = (now.as_millisecond() - timestamp).abs() > 5 * 60 * 1_000;
            let date = format!("date: {}\r\n{more}", now.strftime("%a, %d %b %Y %H:%M:%S GMT"));
            let date = if more == "no date" { "" } else { &date };
            let body = r#"{"error":{"errorCode":"200","message":"Authentication Failed"}}"#;
            let response =
                if is_rejected { http("401 Unauthorized", date, body) } else { http("200 OK", date, YES) };
            response.into_bytes()
        };
        vec![Step::Read, Step::Respond(Box::new(respond)), Step::Fin]
    })
}

#[test]
fn clock_correction_costs_one_request_and_is_kept() {
    for (minutes, requests) in [
        (0, 1),
        (1, 1),
        (-1, 1),
        (4, 1),
        (-4, 1),
        (6, 2),
        (-6, 2),
        (30, 2),
        (-30, 2),
        (26 * 60, 2),
        (-26 * 60, 2),
    ] {
        let gateway = gateway_ahead(SignedDuration::from_mins(minutes), "");
        let client = client_of(&gateway.url(), QUICK);
        // The response to a start is not a health response, but it is accepted.
        assert!(start(&client).is_ok() || minutes.abs() > 4, "{minutes}");
        if minutes.abs() > 4 {
            assert!(start(&client).is_ok(), "{minutes}: the clock is corrected");
        }
        assert_eq!(gateway.seen().requests.len(), requests, "{minutes}");
        let reader = client_of(&gateway.url(), QUICK);
        assert!(read(&reader).is_ok(), "{minutes}");
        assert!(read(&reader).is_ok(), "{minutes}");
        assert_eq!(gateway.seen().requests.len(), requests + requests + 1, "{minutes}: one more, once");
    }
}

#[test]
fn missing_or_cached_date_is_ignored() {
    for more in ["no date", "age: 3\r\n"] {
        let gateway = gateway_ahead(SignedDuration::from_mins(30), more);
        let error = read(&client_of(&gateway.url(), QUICK)).unwrap_err();
        let hint = error.hint(None).unwrap();
        assert!(
            hint.contains("the local time is 20") && hint.contains("the service did not report its time"),
            "{hint}"
        );
        assert_eq!(gateway.seen().requests.len(), 1, "{more}");
    }
}

#[test]
fn wrong_key_is_not_mistaken_for_a_wrong_clock() {
    let body = r#"{"error":{"errorCode":"200","message":"Authentication Failed"}}"#;
    let gateway = Injector::start(move |_| {
        let refuse = move |_: &str| {
            let now = SystemClock { signals: SignalListener::new() }.now();
            let date = format!("date: {}\r\n", now.strftime("%a, %d %b %Y %H:%M:%S GMT"));
            http("401 Unauthorized", &date, body).into_bytes()
        };
        vec![Step::Read, Step::Respond(Box::new(refuse)), Step::Fin]
    });
    let error = read(&client_of(&gateway.url(), QUICK)).unwrap_err();
    assert_eq!(error.hint(None).unwrap(), "check the secret key, and that the key belongs to this site");
    assert_eq!(gateway.seen().requests.len(), 1);
    // A wrong clock costs one more request, and the key is still wrong.
    let both = Injector::answering(vec![
        http("401 Unauthorized", "date: Tue, 01 Jan 2030 00:00:00 GMT\r\n", body),
        http("401 Unauthorized", "date: Tue, 01 Jan 2030 00:00:00 GMT\r\n", body),
    ]);
    let error = read(&client_of(&both.url(), QUICK)).unwrap_err();
    assert_eq!(error.hint(None).unwrap(), "check the secret key, and that the key belongs to this site");
    assert_eq!(both.seen().requests.len(), 2);
}

/// A clock that advances by two seconds at every read, up to the maximum.
struct Ticking(Cell<Timestamp>);

impl Clock for Ticking {
    fn now(&self) -> Timestamp {
        let now = self.0.get();
        self.0.set(now.saturating_add(SignedDuration::from_secs(2)).unwrap());
        now
    }

    fn elapsed(&self) -> Duration {
        Duration::MAX
    }

    fn sleep(&self, _: Duration) -> LocalBoxFuture<'_, Result<(), Interrupted>> {
        Box::pin(std::future::ready(Ok(())))
    }
}

#[test]
fn extreme_times_of_both_clocks_work() {
    const LAST: &str = "date: Thu, 30 Dec 9999 22:00:00 GMT\r\n";
    const FIRST: &str = "date: Sat, 01 Jan 0000 00:00:00 GMT\r\n";
    let today = SystemClock { signals: SignalListener::new() }.now();
    for local in [Timestamp::MIN, Timestamp::UNIX_EPOCH, today, Timestamp::MAX] {
        for date in [LAST, FIRST, "date: Fri, 31 Dec 9999 23:59:59 GMT\r\n", ""] {
            let refusal = r#"{"error":{"errorCode":"200","message":"Authentication Failed"}}"#;
            let refusal = http("401 Unauthorized", date, refusal);
            let accepted = http("200 OK", date, YES);
            let gateway = Injector::answering([vec![refusal.clone(), refusal], vec![accepted; 4]].concat());
            let mut client = client_of(&gateway.url(), QUICK);
            client.client.connection.clock = Rc::new(Ticking(Cell::new(local)));
            for _ in 0..4 {
                let _outcome = read(&client);
            }
            assert!(gateway.seen().requests.len() > 3, "{local} {date}: each read was sent");
        }
    }
}
