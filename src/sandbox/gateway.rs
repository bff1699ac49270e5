//! The API gateway in front of the service: routes, throttles, and verifies requests, and logs them.

use std::hash::BuildHasher as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use hyper::Request;
use hyper::body::Bytes;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use sha2::Sha256;

use super::log::{LogEntry, START};
use super::message::{Fields, Response};
use super::regions::{self, REGIONS};
use super::scenario::Scenario;
use super::service::Service;
use super::{InvalidOption, clusters};

/// An operation: its method and path, and its implementation, which gets the number at the end of the path, or 0.
pub(super) type Operation = (&'static str, fn(&mut Service, u64, &Fields) -> Result<Value, Response>);

/// All operations. The region's prefix comes before the path, unless that begins with a slash.
pub(super) const OPERATIONS: [Operation; 20] = [
    ("GET cluster/getCDSSVersionList", |_, _, _| Ok(clusters::versions())),
    ("POST cluster/getClusterInfoList", Service::cluster_list),
    (READ_CLUSTER, Service::read_cluster),
    ("GET cluster/getClusterStatus/{no}", Service::status),
    ("GET cluster/getClusterNodeList/{no}", Service::node_list),
    ("GET cluster/getBrokerInfo/{no}", Service::broker_info),
    ("GET cluster/downloadCertificate/{no}", Service::certificate),
    ("POST cluster/rollingUpgradePreCheck", Service::precheck),
    ("POST cluster/rollingUpgrade", Service::start),
    ("POST cluster/rollingUpgradeProgressCheck", Service::progress),
    ("POST configGroup/getKafkaVersionConfigGroupList", Service::groups_of_version),
    ("POST configGroup/getKafkaConfigGroupList", Service::all_groups),
    ("POST configGroup/getKafkaConfigGroup/{no}", Service::read_group),
    ("POST configGroup/getKafkaConfigGroupDetailList/{no}", Service::group_settings),
    ("POST configGroup/getConfigGroupUsingClusterList/{no}", Service::group_users),
    ("POST configGroup/createConfigGroup", Service::create_group),
    ("POST configGroup/setKafkaConfigGroupDetail/{no}", Service::write_group),
    ("POST configGroup/setKafkaConfigGroupMemo/{no}", Service::describe_group),
    ("DELETE configGroup/deleteConfigGroup/{no}", Service::delete_group),
    ("POST /vserver/v2/getRegionList", |_, _, _| Err(regions::list())),
];

const READ_CLUSTER: &str = "POST cluster/getClusterInfoList/{no}";

/// The name of requests without a route in the log.
const UNKNOWN: &str = "unknown";

/// How far the clock is ahead in `skewed-clock`: twice the allowed skew of a signature.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(10);

/// The allowed difference between a timestamp and the gateway's clock, as documented.
const MAX_SKEW: SignedDuration = SignedDuration::from_mins(5);

/// Returns the operation and the number at the end of the path; None if the service has no such route.
fn find(method: &str, path: &str) -> Option<(Operation, u64)> {
    let in_region = REGIONS.iter().find_map(|region| path.strip_prefix(region.prefix));
    let path = in_region.or((path == regions::LIST_PATH).then_some(path))?;
    let (path, number) = match path.rsplit_once('/') {
        Some((words, last)) if last.starts_with(|first: char| first.is_ascii_digit()) => {
            (format!("{words}/{{no}}"), last.parse().ok()?)
        }
        _ => (path.to_owned(), 0),
    };
    let route = format!("{method} {path}");
    OPERATIONS.into_iter().find(|operation| operation.0 == route).map(|operation| (operation, number))
}

/// Returns the name of an operation in the log: the last word of its path, except for the read of one cluster.
pub(super) fn name((route, _): Operation) -> &'static str {
    let words = if route == READ_CLUSTER { "getClusterInfo" } else { route.trim_end_matches("/{no}") };
    words.rsplit('/').next().unwrap_or(words)
}

impl Service {
    /// Checks that the scheduled changes can be applied.
    ///
    /// # Errors
    ///
    /// Fails if a change names something that does not exist.
    pub(super) fn validate_schedule(&self) -> Result<(), InvalidOption> {
        let names = OPERATIONS.map(name);
        for scheduled in &self.options.scheduled_changes {
            let operation = &scheduled.before_operation;
            if !names.contains(&operation.as_str()) {
                let known = names.join(", ");
                let error = format!("the sandbox has no operation `{operation}`; expected one of {known}");
                return Err(InvalidOption(error));
            }
            if scheduled.nth == 0 {
                let error = "a scheduled change must come before request 1 or later, not before request 0";
                return Err(InvalidOption(error.to_owned()));
            }
            self.clone().apply(scheduled.change.clone())?;
        }
        Ok(())
    }

    /// Handles a request and logs it. The body is None if it was too long. Returns the response and the request id.
    pub(super) fn handle(&mut self, request: &Request<Option<Bytes>>) -> (Response, String) {
        // The sandbox simulates a remote machine with its own clock.
        self.now = Timestamp::now();
        let operation = find(request.method().as_str(), request.uri().path());
        let name = operation.map_or(UNKNOWN, |(operation, _)| name(operation));
        self.apply_scheduled_changes(name);
        let started_before = self.started_upgrades;
        let result = self.answer(request, operation, name);
        let mut response = result.map_or_else(|response| response, |result| Response::success(&result));
        let accepted = name == START
            && response.status == 200
            && response.body["code"] == 0
            && response.body["result"] == Value::Bool(true);
        let request_id = self.request_id();
        // A replayed response has its own.
        if let Some(id) = response.body.get_mut("requestId").filter(|id| id.is_null()) {
            *id = Value::String(request_id.clone());
        }
        self.log.add(LogEntry {
            at_ms: u64::try_from(self.now.as_millisecond()).unwrap_or_default(),
            operation: name.to_owned(),
            method: request.method().to_string(),
            path: request.uri().path_and_query().map(ToString::to_string).unwrap_or_default(),
            body: request.body().as_deref().and_then(body_as_json),
            status: response.status,
            request_id: request_id.clone(),
            accepted,
            executed: self.started_upgrades > started_before || (self.replay.is_some() && accepted),
            body_bytes: request.body().as_ref().map_or(0, Bytes::len),
        });
        (response, request_id)
    }

    /// Returns the time of the current request by the gateway's clock.
    pub(super) fn gateway_time(&self) -> Timestamp {
        let skewed = self.options.scenario == Scenario::SkewedClock;
        self.now + if skewed { CLOCK_SKEW } else { SignedDuration::ZERO }
    }

    /// Returns the result of the operation, or the response of the gateway to a refused request.
    fn answer(
        &mut self,
        request: &Request<Option<Bytes>>,
        operation: Option<(Operation, u64)>,
        name: &'static str,
    ) -> Result<Value, Response> {
        let scenario = self.options.scenario;
        if scenario == Scenario::Throttled {
            self.throttle(name)?;
        }
        let ((_, serve), number) = operation.ok_or_else(Response::not_found)?;
        if scenario == Scenario::WrongSignature || !self.is_signed(request) {
            return Err(Response::error(401, "200", "Authentication Failed"));
        }
        let Some(body) = request.body() else {
            return Err(Response::error(413, "430", "Request Entity Too Large"));
        };
        if let Some(replay) = &mut self.replay {
            return Err(replay.respond(name, number, body_as_json(body).as_ref(), self.now));
        }
        match scenario {
            Scenario::NoPermission => Err(Response::permission_denied()),
            Scenario::NoProgress if name == "rollingUpgradeProgressCheck" => Err(Response::not_found()),
            Scenario::ServerError if name != START => Err(Response::error(503, "500", "Endpoint Error")),
            _ => {
                let mut fields = Fields::parse(body);
                fields.is_strict = self.options.strict_numbers;
                serve(self, number, &fields)
            }
        }
    }

    /// Refuses every fourth request and the first start, but no operation twice in a row: the next request of another
    /// operation is refused instead. Every second refusal has no `Retry-After`.
    fn throttle(&mut self, name: &'static str) -> Result<(), Response> {
        let is_first_start = name == START && self.log.starts_requested() == 0;
        let is_fourth = (self.log.received() + 1).is_multiple_of(4);
        let throttling = &mut self.throttling;
        throttling.is_due |= is_fourth;
        let was_refused = throttling.refused.remove(name);
        if !is_first_start && (!throttling.is_due || was_refused) {
            return Ok(());
        }
        throttling.is_due = false;
        throttling.refused.insert(name);
        throttling.count += 1;
        let has_retry_after = !throttling.count.is_multiple_of(2);
        Err(Response { has_retry_after, ..Response::error(429, "410", "Throttle Limited") })
    }

    /// Returns true if a request was signed (version 2) with the accepted key, at a time near the gateway's clock. Written
    /// only from the service's documentation.
    fn is_signed<B>(&self, request: &Request<B>) -> bool {
        let header = |name: &str| {
            request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
        };
        let (timestamp, access_key) = (header("x-ncp-apigw-timestamp"), header("x-ncp-iam-access-key"));
        let version = if request.uri().path() == regions::LIST_PATH { "v1" } else { "v2" };
        let Ok(signature) = STANDARD.decode(header(&format!("x-ncp-apigw-signature-{version}"))) else {
            return false;
        };
        let sent = timestamp.parse().ok().and_then(|sent| Timestamp::from_millisecond(sent).ok());
        let is_in_time = sent.is_some_and(|sent| sent.duration_since(self.gateway_time()).abs() <= MAX_SKEW);
        let path_and_query = request.uri().path_and_query().map_or("", |path| path.as_str());
        let text = format!("{} {path_and_query}\n{timestamp}\n{access_key}", request.method());
        let mut mac = Hmac::<Sha256>::new_from_slice(self.options.secret_key.as_bytes())
            .expect("HMAC accepts keys of any length");
        mac.update(text.as_bytes());
        is_in_time && access_key == self.options.access_key && mac.verify_slice(&signature).is_ok()
    }

    /// Returns a new request id in the form of a UUID.
    fn request_id(&self) -> String {
        let [high, low] = [0_u8, 1].map(|part| self.seed.hash_one((self.log.received(), part)));
        let (a, b, c) = (high >> 32, high >> 16 & 0xffff, high & 0xffff);
        format!("{a:08x}-{b:04x}-{c:04x}-{:04x}-{:012x}", low >> 48, low & 0xffff_ffff_ffff)
    }
}

/// Returns None if it is empty.
fn body_as_json(body: &[u8]) -> Option<Value> {
    let text = || Value::String(String::from_utf8_lossy(body).into_owned());
    (!body.is_empty()).then(|| serde_json::from_slice(body).unwrap_or_else(|_| text()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::Options;

    #[test]
    fn paths_map_to_operations() {
        let table = [
            ("GET", "/api/v1/cluster/getCDSSVersionList", Some(("getCDSSVersionList", 0))),
            ("POST", "/api/sgn-v1/cluster/getClusterInfoList", Some(("getClusterInfoList", 0))),
            ("POST", "/api/jpn-v1/cluster/getClusterInfoList/1009123", Some(("getClusterInfo", 1_009_123))),
            ("GET", "/api/krs-v1/cluster/getClusterStatus/7", Some(("getClusterStatus", 7))),
            ("POST", "/api/v1/cluster/rollingUpgrade", Some((START, 0))),
            ("GET", "/api/v1/cluster/rollingUpgrade", None),
            ("POST", "/api/v1/cluster/rollingUpgrade/1009123", None),
            ("POST", "/api/v1/cluster/getKafkaConfigGroup/301", None),
            ("POST", "/api/v1/configGroup/getKafkaConfigGroup/301", Some(("getKafkaConfigGroup", 301))),
            ("POST", "/api/v1/configGroup/getKafkaConfigGroup", None),
            ("GET", "/api/v1/cluster/getClusterStatus/7x", None),
            ("GET", "/api/fkr-v1/cluster/getCDSSVersionList", None),
            ("DELETE", "/api/v1/configGroup/deleteConfigGroup/312", Some(("deleteConfigGroup", 312))),
            ("POST", "/vserver/v2/getRegionList", Some(("getRegionList", 0))),
            ("POST", "/api/v1/getRegionList", None),
            ("GET", "/", None),
        ];
        for (method, path, expected) in table {
            let found = find(method, path).map(|(operation, number)| (name(operation), number));
            assert_eq!(found, expected, "{method} {path}");
        }
        let unique: std::collections::HashSet<_> = OPERATIONS.map(name).into();
        assert_eq!(unique.len(), OPERATIONS.len());
    }

    #[test]
    fn every_fourth_request_and_the_first_start_are_throttled() {
        let options = Options { scenario: Scenario::Throttled, ..Options::default() };
        let mut service = Service::new(options).unwrap();
        let paths = ["nowhere"; 4].into_iter().chain(["cluster/rollingUpgrade"; 3]);
        let responses = paths.map(|path| {
            let request = Request::post(format!("/api/v1/{path}")).body(None).unwrap();
            let response = service.handle(&request).0;
            (response.status, response.has_retry_after)
        });
        // A request that is not throttled is not found or not signed.
        let expected =
            [(404, false), (404, false), (404, false), (429, true), (429, false), (401, false), (401, false)];
        assert_eq!(responses.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn throttling_refuses_no_operation_twice_in_a_row() {
        let options = Options { scenario: Scenario::Throttled, ..Options::default() };
        let mut service = Service::new(options).unwrap();
        let mut status = |path: &str| {
            let request = Request::get(format!("/api/v1/cluster/{path}")).body(None).unwrap();
            service.handle(&request).0.status
        };
        let mut refused = 0;
        let mut was_refused = [false; 4];
        for round in 0..50 {
            for (index, path) in
                ["getCDSSVersionList", "getClusterStatus/7", "getClusterNodeList/7", "getBrokerInfo/7"]
                    .into_iter()
                    .enumerate()
            {
                let is_refused = status(path) == 429;
                assert!(!(is_refused && was_refused[index]), "{path} in round {round}");
                was_refused[index] = is_refused;
                refused += usize::from(is_refused);
            }
        }
        assert!((40..=50).contains(&refused), "{refused} of 200");
    }

    /// The time at which the request was signed, in milliseconds.
    const SIGNED: i64 = 1_700_000_000_000;
    const PATH: &str = "/api/v1/cluster/rollingUpgradePreCheck";
    /// Computed with openssl: `printf '%s' "$text" | openssl dgst -sha256 -hmac test-secret-key -binary | base64`.
    const SIGNATURE: &str = "p3Bf8RvLZcaB8sOCvP4+6oFVCacK/1n0og7VCkWyKJA=";
    const MAX_SKEW_MS: i64 = 300_000;

    fn accepted(path: &str, access_key: &str, signature: &str, now_ms: i64) -> bool {
        let (access, secret_key) = ("test-access-key".to_owned(), "test-secret-key".to_owned());
        let options = Options { access_key: access, secret_key, ..Options::default() };
        let now = Timestamp::from_millisecond(now_ms).unwrap();
        let request = Request::post(path)
            .header("x-ncp-apigw-timestamp", SIGNED)
            .header("x-ncp-iam-access-key", access_key)
            .header("x-ncp-apigw-signature-v2", signature);
        Service { now, ..Service::new(options).unwrap() }.is_signed(&request.body(()).unwrap())
    }

    #[test]
    fn valid_signature_is_accepted_within_five_minutes() {
        for now in [SIGNED, SIGNED + MAX_SKEW_MS, SIGNED - MAX_SKEW_MS] {
            assert!(accepted(PATH, "test-access-key", SIGNATURE, now));
        }
        for now in [SIGNED + MAX_SKEW_MS + 1, SIGNED - MAX_SKEW_MS - 1] {
            assert!(!accepted(PATH, "test-access-key", SIGNATURE, now));
        }
    }

    #[test]
    fn invalid_signatures_are_rejected() {
        assert!(!accepted("/api/v1/cluster/rollingUpgrade", "test-access-key", SIGNATURE, SIGNED));
        assert!(!accepted(PATH, "other-access-key", SIGNATURE, SIGNED));
        assert!(!accepted(PATH, "test-access-key", "", SIGNED));
        assert!(!accepted(PATH, "test-access-key", "p3Bf8RvLZcaB8sOCvP4=", SIGNED));
    }
}
