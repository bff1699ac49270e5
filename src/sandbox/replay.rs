//! Serves the responses of a recording, by operation and order.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::message::Response;
use super::recording::{Exchange, Session, cluster_in};

/// When the responses of a recording are served.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReplayClock {
    /// After the same pause since the previous request as in the recording, and as slowly as there.
    #[default]
    Real,
    /// At once.
    Fast,
}

/// A recording, and what of it was served.
#[derive(Clone)]
pub(super) struct Replay {
    recorded: Vec<Recorded>,
    clock: ReplayClock,
    /// The time of the latest request.
    latest: Option<Timestamp>,
}

/// An exchange that can be served.
#[derive(Clone)]
struct Recorded {
    exchange: Exchange,
    /// The time since the previous request of the same command.
    pause: Duration,
    is_served: bool,
}

/// The longest pause, and the longest duration of a response. Chosen: both together are shorter than the client's timeout.
/// The pause of a person who thought about a question must not become a timeout.
const MAX_HOLD: Duration = Duration::from_secs(5);

impl Replay {
    /// Serves the commands in order. Requests that were never sent have no response. Neither have those without a
    /// signature here: the gateway refuses such requests before the replay.
    pub(super) fn new(sessions: Vec<Session>, clock: ReplayClock) -> Self {
        let recorded = sessions.into_iter().flat_map(|session| {
            let mut previous = None;
            session.into_iter().map(move |exchange| {
                let pause = exchange.at.duration_since(previous.replace(exchange.at).unwrap_or(exchange.at));
                let pause = Duration::try_from(pause).unwrap_or_default();
                Recorded { exchange, pause, is_served: false }
            })
        });
        let can_be_served =
            |recorded: &Recorded| recorded.exchange.was_sent() && !recorded.exchange.is_unsigned;
        Self { recorded: recorded.filter(can_be_served).collect(), clock, latest: None }
    }

    /// Returns the next recorded response to such a request. After the last one, it is repeated.
    ///
    /// The response is that to the same body, if there is one, or else of the same operation for the same numbers: a
    /// recording hides some values of bodies. Numbers that were never recorded have no route.
    pub(super) fn respond(
        &mut self,
        operation: &str,
        number: u64,
        body: Option<&Value>,
        now: Timestamp,
    ) -> Response {
        let passed = self.latest.replace(now).map(|latest| now.duration_since(latest));
        let passed = Duration::try_from(passed.unwrap_or_default()).unwrap_or_default();
        let has_numbers = |exchange: &Exchange| {
            exchange.operation == operation
                && exchange.number().unwrap_or(0) == number
                && cluster_in(exchange.request.as_ref()) == cluster_in(body)
        };
        let has_body = |exchange: &Exchange| has_numbers(exchange) && exchange.request.as_ref() == body;
        let indices = |is_match: &dyn Fn(&Exchange) -> bool| -> Vec<usize> {
            (0..self.recorded.len()).filter(|index| is_match(&self.recorded[*index].exchange)).collect()
        };
        let candidates = [indices(&has_body), indices(&has_numbers)];
        let candidates = candidates.into_iter().find(|indices| !indices.is_empty()).unwrap_or_default();
        let next = candidates.iter().find(|index| !self.recorded[**index].is_served).or(candidates.last());
        let Some(next) = next.copied() else { return Response::not_found() };
        let Recorded { exchange, pause, is_served } = &mut self.recorded[next];
        let is_repeated = std::mem::replace(is_served, true);
        let hold = if is_repeated || self.clock == ReplayClock::Fast {
            Duration::ZERO
        } else {
            pause.saturating_sub(passed).min(MAX_HOLD)
                + Duration::from_millis(exchange.duration_ms).min(MAX_HOLD)
        };
        let body = exchange.response.clone().unwrap_or_default();
        Response { hold, ..Response::new(exchange.status.unwrap_or_default(), body) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::recording::tests::sessions;
    use super::*;

    fn line(second: u32, operation: &str, path: &str, request: &Value, response: &Value) -> Value {
        json!({ "at": format!("2026-11-28T00:00:{second:02}Z"), "operation": operation, "path": path, "request": request,
            "status": if response.is_null() { Value::Null } else { json!(200) }, "response": response, "duration_ms": 500 })
    }

    fn replay(clock: ReplayClock) -> Replay {
        let status = |second, number: u64, response| {
            line(
                second,
                "getClusterStatus",
                &format!("/api/v1/cluster/getClusterStatus/{number}"),
                &Value::Null,
                &response,
            )
        };
        let page = |second, page: u64| {
            let path = "/api/v1/cluster/getClusterInfoList";
            line(second, "getClusterInfoList", path, &json!({ "pageNo": page }), &json!({ "page": page }))
        };
        Replay::new(
            sessions(&[&[
                page(0, 1),
                page(1, 2),
                status(2, 7, json!({ "turn": 1 })),
                status(12, 7, json!({ "turn": 2 })),
                status(13, 8, json!({ "turn": 3 })),
                line(20, "rollingUpgrade", "/api/v1/cluster/rollingUpgrade", &json!({}), &Value::Null),
            ]]),
            clock,
        )
    }

    #[test]
    fn responses_come_by_body_number_and_order() {
        let mut replay = replay(ReplayClock::Fast);
        let mut next = |operation: &str, number, body: Option<Value>| {
            let response = replay.respond(operation, number, body.as_ref(), Timestamp::UNIX_EPOCH);
            assert_eq!(response.hold, Duration::ZERO);
            (response.status, response.body)
        };
        assert_eq!(next("getClusterInfoList", 0, Some(json!({ "pageNo": 2 }))), (200, json!({ "page": 2 })));
        assert_eq!(next("getClusterInfoList", 0, Some(json!({ "pageNo": 1 }))), (200, json!({ "page": 1 })));
        for turn in [1, 2, 2, 2] {
            assert_eq!(
                next("getClusterStatus", 7, None),
                (200, json!({ "turn": turn })),
                "the last is repeated"
            );
        }
        assert_eq!(next("getClusterStatus", 8, None), (200, json!({ "turn": 3 })));
        assert_eq!(next("rollingUpgrade", 0, Some(json!({ "other": 1 }))).0, 0, "lost as in the recording");
        assert_eq!(next("getKafkaConfigGroup", 1, None).0, 404, "never recorded");
    }

    #[test]
    fn numbers_that_were_never_recorded_have_no_route() {
        let body = |number: u64| json!({ "serviceGroupInstanceNo": number });
        let check =
            |number| line(0, "rollingUpgradeProgressCheck", "/p", &body(number), &json!({ "of": number }));
        let status =
            line(0, "getClusterStatus", "/api/v1/cluster/getClusterStatus/9", &Value::Null, &json!({}));
        let mut replay = Replay::new(sessions(&[&[check(7), status], &[check(8)]]), ReplayClock::Fast);
        let mut next = |operation: &str, number, body: Option<Value>| {
            let response = replay.respond(operation, number, body.as_ref(), Timestamp::UNIX_EPOCH);
            (response.status, response.body["of"].clone())
        };
        let progress = "rollingUpgradeProgressCheck";
        assert_eq!(next(progress, 0, Some(body(8))), (200, json!(8)), "of the second command");
        let quoted = json!({ "serviceGroupInstanceNo": "7", "other": 1 });
        assert_eq!(next(progress, 0, Some(quoted)), (200, json!(7)), "the body differs, the number does not");
        assert_eq!(next(progress, 0, Some(body(9))).0, 404, "recorded for another operation only");
        assert_eq!(next(progress, 0, None).0, 404);
        assert_eq!(next("getClusterStatus", 7, None).0, 404);
        assert_eq!(next("getClusterStatus", 9, None).0, 200);
    }

    #[test]
    fn unsigned_and_unsent_requests_have_no_response() {
        let changed = |second, field: &str, value: Value| {
            let mut line =
                line(second, "getCDSSVersionList", "/p", &Value::Null, &json!({ "second": second }));
            line[field] = value;
            line
        };
        let lines = [
            changed(0, "unsigned", json!(true)),
            changed(1, "error", json!("not-sent")),
            changed(2, "unsigned", json!(false)),
        ];
        let mut replay = Replay::new(sessions(&[&lines[..2], &lines]), ReplayClock::Fast);
        for _ in 0..2 {
            let response = replay.respond("getCDSSVersionList", 0, None, Timestamp::UNIX_EPOCH);
            assert_eq!(response.body, json!({ "second": 2 }));
        }
        let mut nothing = Replay::new(sessions(&[&lines[..2]]), ReplayClock::Fast);
        assert_eq!(nothing.respond("getCDSSVersionList", 0, None, Timestamp::UNIX_EPOCH).status, 404);
    }

    #[test]
    fn responses_are_held_as_long_as_in_the_recording() {
        let mut replay = replay(ReplayClock::Real);
        let at = |second| Timestamp::from_second(second).unwrap();
        let mut hold = |second, operation: &str, number| {
            replay.respond(operation, number, None, at(second)).hold.as_millis()
        };
        assert_eq!(hold(100, "getClusterInfoList", 0), 500);
        assert_eq!(hold(100, "getClusterInfoList", 0), 1_500, "one second early");
        assert_eq!(hold(101, "getClusterStatus", 7), 500, "in time");
        assert_eq!(hold(102, "getClusterStatus", 7), 5_500, "nine seconds early");
        assert_eq!(hold(130, "getClusterStatus", 8), 500, "already late");
        assert_eq!(hold(130, "getClusterStatus", 8), 0, "repeated");
    }

    #[test]
    fn pauses_and_durations_of_minutes_are_cut() {
        let slow = |minute: u32| {
            let mut line = line(0, "getCDSSVersionList", "/p", &Value::Null, &json!({}));
            line["at"] = json!(format!("2026-11-28T00:{minute:02}:00Z"));
            line["duration_ms"] = json!(60_000);
            line
        };
        let mut replay = Replay::new(sessions(&[&[slow(0), slow(20)], &[slow(50)]]), ReplayClock::Real);
        let mut hold = || {
            let now = Timestamp::UNIX_EPOCH;
            replay.respond("getCDSSVersionList", 0, None, now).hold.as_secs()
        };
        assert_eq!([hold(), hold(), hold()], [5, 10, 5], "no pause between commands");
    }
}
