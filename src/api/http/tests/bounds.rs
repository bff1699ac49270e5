//! Limits of time, size, and attempts.

use std::collections::BTreeSet;

use super::*;

/// Runs a call that must finish within ten seconds, whatever the server does.
fn in_time<T: Send + 'static>(what: &str, run: impl FnOnce() -> T + Send + 'static) -> T {
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let _timed_out = sender.send(run());
    });
    receiver.recv_timeout(Duration::from_secs(10)).unwrap_or_else(|_| panic!("{what} is not bounded"))
}

const SHORT: Limits = Limits {
    read_timeout: Duration::from_millis(100),
    start_timeout: Duration::from_millis(100),
    max_body_bytes: 64 * 1024,
    ..QUICK
};

#[test]
fn slow_and_endless_responses_time_out() {
    let head = || b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n".to_vec();
    let announced =
        move |length: u64| [head(), format!("content-length: {length}\r\n\r\n").into_bytes()].concat();
    let chunked = move || [head(), b"transfer-encoding: chunked\r\n\r\n".to_vec()].concat();
    let drip = |bytes: Vec<u8>| Step::Drip { bytes, slice: 1, pause: Duration::from_millis(20) };
    for fault in [
        "hang",
        "slow head",
        "slow body",
        "endless chunks",
        "never closing",
        "huge",
        "header bomb",
        "no request read",
    ] {
        let steps = move |_: usize| match fault {
            "hang" => vec![Step::Read, Step::Hang],
            "slow head" => vec![Step::Read, drip(announced(10))],
            "slow body" => vec![Step::Read, Step::Send(announced(1_000)), drip(vec![b' '; 1_000])],
            "endless chunks" => {
                let chunk = [b"1000\r\n".to_vec(), vec![b' '; 0x1000], b"\r\n".to_vec()].concat();
                vec![Step::Read, Step::Send(chunked()), Step::Repeat { bytes: chunk, times: 1_000_000 }]
            }
            "never closing" => {
                vec![Step::Read, Step::Send(announced(100)), Step::Send(b"{".to_vec()), Step::Hang]
            }
            "huge" => {
                let bytes = vec![b' '; 1024 * 1024];
                vec![Step::Read, Step::Send(announced(3 << 30)), Step::Repeat { bytes, times: 3 * 1024 }]
            }
            "header bomb" => {
                vec![
                    Step::Read,
                    Step::Send(head()),
                    Step::Repeat { bytes: b"x: y\r\n".to_vec(), times: 100_000 },
                ]
            }
            _ => vec![Step::Hang],
        };
        let service = Injector::start(steps);
        let url = service.url();
        let error = in_time(fault, move || read(&client_of(&url, SHORT)).unwrap_err());
        assert!(matches!(error, ApiError::NoResponse { .. }), "{fault}: {error:?}");
        let url = service.url();
        let error = in_time(fault, move || start(&client_of(&url, SHORT)).unwrap_err());
        assert_eq!(classify(OperationKind::Change, &error), RetryDecision::InDoubt, "{fault}: {error:?}");
    }
}

#[test]
fn redirects_are_not_followed() {
    let sink = Injector::start(|_| vec![Step::Read, Step::Fin]);
    let mut tried = 0;
    for status in
        ["301 Moved", "302 Found", "303 See Other", "307 Temporary Redirect", "308 Permanent Redirect"]
    {
        for place in
            ["/elsewhere", "http://localhost:PORT/", "http://127.0.0.1:PORT/", "https://127.0.0.1:PORT/"]
        {
            let location = format!("location: {}\r\n", place.replace("PORT", &sink.port().to_string()));
            for starts in [false, true] {
                let service = Injector::answering(vec![http(status, &location, "")]);
                let client = client_of(&service.url(), QUICK);
                let error = if starts { start(&client).unwrap_err() } else { read(&client).unwrap_err() };
                assert!(matches!(error, ApiError::Unreadable { .. }), "{status} {place}: {error:?}");
                assert_eq!(service.seen().connections, 1, "{status} {place}");
                tried += 1;
            }
        }
    }
    assert_eq!((tried, sink.seen().connections), (40, 0));
}

#[test]
fn retries_share_the_time_limit_of_one_attempt() {
    let service = Injector::start(|_| vec![Step::Read, Step::Wait(Duration::from_millis(60)), Step::Rst]);
    let url = service.url();
    let limits = Limits { read_timeout: Duration::from_millis(150), ..QUICK };
    in_time("a read that is cut again and again", move || read(&client_of(&url, limits)).unwrap_err());
    let attempts = service.seen().connections;
    assert!((2..4).contains(&attempts), "{attempts} attempts fit into the time of one");
}

#[test]
fn requested_pauses_do_not_count_toward_the_time_limit() {
    let limited = |header: &str| {
        http("429 Too Many Requests", header, r#"{"error":{"errorCode":"410","message":"x"}}"#)
    };
    let service = Injector::answering(vec![
        limited("retry-after: 1\r\n"),
        limited("retry-after: 3600\r\n"),
        limited("date: Tue, 01 Jan 2030 00:00:00 GMT\r\nretry-after: Tue, 01 Jan 2030 01:00:00 GMT\r\n"),
        http("200 OK", "", YES),
    ]);
    let max_retry_after = Duration::from_millis(80);
    let limits = Limits { read_timeout: Duration::from_millis(150), max_retry_after, ..QUICK };
    let url = service.url();
    let outcome = in_time("a throttled read", move || read(&client_of(&url, limits)));
    assert!(outcome.is_ok(), "three pauses are longer than one attempt may take: {outcome:?}");
    assert_eq!(service.seen().connections, 4);
}

#[test]
fn timestamps_are_unique() {
    let client = client_of("http://127.0.0.1:9", QUICK);
    let now = client.client.connection.clock.now();
    let timestamps: BTreeSet<i64> = (0..1_000).map(|_| client.next_timestamp(now)).collect();
    assert_eq!(timestamps.len(), 1_000);
}

#[test]
fn silent_proxy_times_out() {
    let proxy = Injector::start(|_| vec![Step::Read, Step::Hang]);
    let url = proxy.url();
    let limits = Limits { connect_timeout: Duration::from_millis(100), max_attempts: 1, ..SHORT };
    let error = in_time("a silent proxy", move || read(&client_behind(&url, limits)).unwrap_err());
    assert!(proxy.seen().requests[0].starts_with("CONNECT "), "{error:?}");
}

#[test]
fn start_is_not_sent_if_connecting_times_out() {
    let hour = Duration::from_secs(60 * 60);
    let short = Duration::from_millis(50);
    for (connect_within, limit) in [(short, hour), (hour, short), (Duration::ZERO, hour)] {
        // The TCP connection is established, but the TLS handshake never completes.
        let service = Injector::start(|_| vec![Step::ReadBytes(usize::from(u16::MAX))]);
        let url = service.url().replace("http://", "https://");
        let limits = Limits { connect_timeout: limit, start_timeout: hour, ..QUICK };
        let error = in_time("connecting", move || {
            start_within(&client_of(&url, limits), connect_within).unwrap_err()
        });
        assert!(matches!(error, ApiError::NotSent { failure: SendFailure::Connection, .. }), "{error:?}");
        assert_eq!(service.seen().requests.len(), 0);
        assert!(
            connect_within > Duration::ZERO || service.seen().connections == 0,
            "no connection without time left"
        );
    }
}

#[test]
fn connect_timeout_does_not_limit_the_response() {
    let wait = Duration::from_secs(1);
    let response = http("200 OK", "", YES).into_bytes();
    let service = Injector::start(move |_| vec![Step::Read, Step::Wait(wait), Step::Send(response.clone())]);
    let url = service.url();
    let outcome = in_time("a slow response", move || start_within(&client_of(&url, QUICK), wait / 2));
    assert!(outcome.is_ok(), "{outcome:?}");
}
