//! Serves the responses of a recording, by operation and order.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::message::Response;
use super::recording::Exchange;

/// When the responses of a recording are served.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReplayClock {
    /// Not before the same time has passed as in the recording.
    #[default]
    Real,
    /// At once.
    Fast,
}

/// A recording, and what of it was served.
#[derive(Clone)]
pub(super) struct Replay {
    exchanges: Vec<Exchange>,
    is_served: Vec<bool>,
    clock: ReplayClock,
    /// The time of the first request.
    started: Option<Timestamp>,
}

impl Replay {
    pub(super) fn new(exchanges: Vec<Exchange>, clock: ReplayClock) -> Self {
        Self { is_served: vec![false; exchanges.len()], exchanges, clock, started: None }
    }

    /// Returns the next recorded response to such a request. After the last one, it is repeated.
    ///
    /// The response is that to the same body, if there is one, or else to the same number in the path, or else of the
    /// same operation: a recording hides some values of bodies.
    pub(super) fn respond(
        &mut self,
        operation: &str,
        number: u64,
        body: Option<&Value>,
        now: Timestamp,
    ) -> Response {
        let started = *self.started.get_or_insert(now);
        let is_operation = |exchange: &Exchange| exchange.operation == operation;
        let has_number =
            |exchange: &Exchange| is_operation(exchange) && exchange.number().unwrap_or(0) == number;
        let has_body = |exchange: &Exchange| has_number(exchange) && exchange.request.as_ref() == body;
        let indices = |is_match: &dyn Fn(&Exchange) -> bool| -> Vec<usize> {
            (0..self.exchanges.len()).filter(|index| is_match(&self.exchanges[*index])).collect()
        };
        let candidates = [indices(&has_body), indices(&has_number), indices(&is_operation)];
        let candidates = candidates.into_iter().find(|indices| !indices.is_empty()).unwrap_or_default();
        let next = candidates.iter().find(|index| !self.is_served[**index]).or(candidates.last());
        let Some(next) = next.copied() else { return Response::not_found() };
        let is_repeated = std::mem::replace(&mut self.is_served[next], true);
        let exchange = &self.exchanges[next];
        let hold = if is_repeated || self.clock == ReplayClock::Fast {
            Duration::ZERO
        } else {
            let recorded = exchange.at.duration_since(self.exchanges[0].at);
            let passed = now.duration_since(started);
            let wait = Duration::try_from(recorded.saturating_sub(passed)).unwrap_or_default();
            wait + Duration::from_millis(exchange.duration_ms)
        };
        let body = exchange.response.clone().unwrap_or_default();
        Response { hold, ..Response::new(exchange.status.unwrap_or_default(), body) }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::recording::tests::exchanges;
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
            exchanges(&[
                page(0, 1),
                page(1, 2),
                status(2, 7, json!({ "turn": 1 })),
                status(12, 7, json!({ "turn": 2 })),
                status(13, 8, json!({ "turn": 3 })),
                line(20, "rollingUpgrade", "/api/v1/cluster/rollingUpgrade", &json!({}), &Value::Null),
            ]),
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
    fn responses_are_held_as_long_as_in_the_recording() {
        let mut replay = replay(ReplayClock::Real);
        let at = |second| Timestamp::from_second(second).unwrap();
        let mut hold = |second, operation: &str, number| {
            replay.respond(operation, number, None, at(second)).hold.as_millis()
        };
        assert_eq!(hold(100, "getClusterInfoList", 0), 500);
        assert_eq!(hold(101, "getClusterStatus", 7), 1_500, "one second early");
        assert_eq!(hold(130, "getClusterStatus", 7), 500, "already late");
        assert_eq!(hold(130, "getClusterStatus", 7), 0, "repeated");
    }
}
