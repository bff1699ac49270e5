//! The three upgrade operations: whether it can be done, the start, and how it goes.

use serde_json::Value;

use super::account::Account;
use super::cluster::{RequestContext, Upgrade};
use super::lifecycle::RUNNING;
use super::request_fields::RequestFields;
use super::response::ApiResponse;
use super::scenario::Scenario;
use super::{cluster_reads, kafka_versions};

/// "Topics are still being replicated, an upgrade is not possible."
const REPLICATING: &str = "복제 중인 토픽이 있어 업그레이드할 수 없습니다.";
/// "Another operation is going on in the cluster, the upgrade cannot be started."
const OTHER_OPERATION: &str = "클러스터에서 다른 작업이 진행 중이어서 업그레이드를 시작할 수 없습니다.";

/// What a client wants to upgrade, and to what.
struct UpgradeRequest {
    cluster: u64,
    version: String,
    group: u64,
}

impl UpgradeRequest {
    fn parse(body: &[u8]) -> Result<Self, ApiResponse> {
        let fields = RequestFields::parse(body)?;
        Ok(Self {
            cluster: fields.required_integer("serviceGroupInstanceNo")?,
            version: fields.required_integer("upgradeKafkaVersionCode")?.to_string(),
            group: fields.required_integer("upgradeConfigGroupNo")?,
        })
    }

    /// # Errors
    /// The refusal of a wish that cannot be granted.
    fn validate(&self, account: &Account, now: RequestContext) -> Result<(), ApiResponse> {
        if account.is_forbidden(self.cluster) {
            return Err(ApiResponse::permission_denied());
        }
        let refused = |message: &str| Err(ApiResponse::refusal(message));
        let Some(cluster) = account.cluster(self.cluster) else {
            return refused("The cluster does not exist.");
        };
        let view = cluster.view(now);
        if view.status != RUNNING || view.is_in_progress {
            return refused("The cluster is not running.");
        }
        let Some(place) = kafka_versions::position(&self.version) else {
            return refused("The Kafka version does not exist.");
        };
        if kafka_versions::position(&view.version).is_some_and(|present| place <= present) {
            return refused("The Kafka version is not higher than the present one.");
        }
        if account.group(self.group, &self.version).is_none() {
            return refused("The config group does not belong to the Kafka version.");
        }
        match now.scenario {
            Scenario::PrecheckRefused => refused(REPLICATING),
            Scenario::PrecheckRefusedHttp => {
                Err(ApiResponse::Refusal { status: 400, message: REPLICATING.to_owned() })
            }
            _ => Ok(()),
        }
    }
}

/// # Errors
/// The answer to a wish that is malformed or cannot be granted.
pub(super) fn precheck(
    account: &Account,
    body: &[u8],
    now: RequestContext,
) -> Result<ApiResponse, ApiResponse> {
    UpgradeRequest::parse(body)?.validate(account, now)?;
    Ok(ApiResponse::Success(Value::Bool(true)))
}

/// Starts an upgrade and returns the answer, with `true` where the start took effect.
///
/// # Errors
/// The answer to a wish that is malformed or cannot be granted; then nothing has changed.
pub(super) fn start(
    account: &mut Account,
    body: &[u8],
    now: RequestContext,
) -> Result<(ApiResponse, bool), ApiResponse> {
    let wish = UpgradeRequest::parse(body)?;
    wish.validate(account, now)?;
    let granted = || ApiResponse::Success(Value::Bool(true));
    let (answer, starts) = match now.scenario {
        Scenario::StartRefused => return Err(ApiResponse::refusal(OTHER_OPERATION)),
        Scenario::RefusedButStarted => (ApiResponse::refusal(OTHER_OPERATION), true),
        Scenario::NeverStarts => (granted(), false),
        Scenario::AnswerLostNotStarted => (ApiResponse::Disconnect, false),
        Scenario::AnswerLost => (ApiResponse::Disconnect, true),
        Scenario::Answer504 => (ApiResponse::gateway_error(504, "510", "Endpoint Timeout"), true),
        _ => (granted(), true),
    };
    if starts && let Some(cluster) = account.cluster_mut(wish.cluster) {
        // What an earlier upgrade led to is what this one starts from.
        let view = cluster.view(now);
        (cluster.version, cluster.group) = (view.version, view.group);
        cluster.upgrade =
            Some(Upgrade { version: wish.version, group: wish.group, accepted_ms: now.at_ms, polls: 0 });
    }
    Ok((answer, starts))
}

/// # Errors
/// The answer to a body that is wrong.
pub(super) fn progress(
    account: &mut Account,
    body: &[u8],
    now: RequestContext,
) -> Result<ApiResponse, ApiResponse> {
    let cluster = RequestFields::parse(body)?.required_integer("serviceGroupInstanceNo")?;
    Ok(cluster_reads::status(account, cluster, now))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::{Pace, demo_account};

    const NOW: RequestContext = RequestContext { scenario: Scenario::Healthy, pace: Pace::Polls, at_ms: 0 };

    fn body(cluster: u64, version: u64, group: u64) -> Vec<u8> {
        let body = serde_json::json!({
            "serviceGroupInstanceNo": cluster,
            "upgradeKafkaVersionCode": version,
            "upgradeConfigGroupNo": group,
        });
        body.to_string().into_bytes()
    }

    #[test]
    fn what_is_not_possible_is_refused_by_both() {
        let table = [
            (1_000_000, 3_903_006, 312, "The cluster does not exist."),
            (1_009_123, 3_900_000, 312, "The Kafka version does not exist."),
            (1_009_123, 3_713_006, 301, "The Kafka version is not higher than the present one."),
            (1_009_123, 3_623_006, 321, "The Kafka version is not higher than the present one."),
            (1_009_123, 3_903_006, 301, "The config group does not belong to the Kafka version."),
        ];
        let mut account = demo_account::account();
        for (cluster, version, group, reason) in table {
            let body = body(cluster, version, group);
            assert_eq!(precheck(&account, &body, NOW), Err(ApiResponse::refusal(reason)));
            assert_eq!(start(&mut account, &body, NOW), Err(ApiResponse::refusal(reason)));
        }
        let denied = precheck(&account, &body(1_009_555, 3_903_006, 312), NOW);
        assert_eq!(denied, Err(ApiResponse::permission_denied()));
    }

    #[test]
    fn a_second_start_is_refused_until_the_first_is_over() {
        let mut account = demo_account::account();
        let body = body(1_009_123, 3_903_006, 312);
        let mut refusals = vec![];
        assert_eq!(start(&mut account, &body, NOW), Ok((ApiResponse::Success(Value::Bool(true)), true)));
        for _ in 0..12 {
            refusals.push(start(&mut account, &body, NOW));
            cluster_reads::status(&mut account, 1_009_123, NOW);
        }
        assert!(
            refusals
                .iter()
                .all(|refusal| *refusal == Err(ApiResponse::refusal("The cluster is not running.")))
        );
        let over = Err(ApiResponse::refusal("The Kafka version is not higher than the present one."));
        assert_eq!(start(&mut account, &body, NOW), over);
    }

    #[test]
    fn a_gap_that_looks_finished_is_no_time_to_start_again() {
        let mut account = demo_account::account();
        let now = RequestContext { scenario: Scenario::Flapping, ..NOW };
        let body = body(1_009_123, 3_903_006, 312);
        assert!(start(&mut account, &body, now).is_ok());
        for _ in 0..4 {
            cluster_reads::status(&mut account, 1_009_123, now);
        }
        assert_eq!(account.cluster(1_009_123).unwrap().view(now).status, RUNNING);
        assert_eq!(start(&mut account, &body, now), Err(ApiResponse::refusal("The cluster is not running.")));
    }

    #[test]
    fn only_some_starts_take_effect() {
        let table = [
            (Scenario::AnswerLost, 0, true),
            (Scenario::Answer504, 504, true),
            (Scenario::RefusedButStarted, 200, true),
            (Scenario::NeverStarts, 200, false),
            (Scenario::AnswerLostNotStarted, 0, false),
        ];
        for (scenario, status, expected) in table {
            let mut account = demo_account::account();
            let now = RequestContext { scenario, ..NOW };
            let (answer, starts) = start(&mut account, &body(1_009_123, 3_903_006, 312), now).unwrap();
            assert_eq!((answer.status(), starts), (status, expected), "{scenario}");
            assert_eq!(account.cluster(1_009_123).unwrap().upgrade.is_some(), expected, "{scenario}");
        }
    }
}
