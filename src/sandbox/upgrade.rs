//! The upgrade operations: pre-check, start, and progress.

use serde_json::Value;

use super::account::Account;
use super::cluster::{RequestContext, Upgrade};
use super::lifecycle::Status;
use super::request_fields::RequestFields;
use super::response::ApiResponse;
use super::scenario::Scenario;
use super::{cluster_reads, kafka_versions};

/// "The upgrade is not possible because topics are still replicating."
const REPLICATING: &str = "복제 중인 토픽이 있어 업그레이드할 수 없습니다.";
/// "The upgrade can't be started because another operation is in progress on the cluster."
const OTHER_OPERATION: &str = "클러스터에서 다른 작업이 진행 중이어서 업그레이드를 시작할 수 없습니다.";

/// The body of a pre-check or start request.
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

    /// Checks whether the upgrade is possible; otherwise returns the refusal.
    fn validate(&self, account: &Account, context: RequestContext) -> Result<(), ApiResponse> {
        if account.is_forbidden(self.cluster) {
            return Err(ApiResponse::permission_denied());
        }
        let refused = |message: &str| Err(ApiResponse::refusal(message));
        let Some(cluster) = account.cluster(self.cluster) else {
            return refused("The cluster does not exist.");
        };
        let view = cluster.view(context);
        if view.status != Status::Running || view.is_in_progress {
            return refused("The cluster is not running.");
        }
        let Some(target) = kafka_versions::position(&self.version) else {
            return refused("The Kafka version does not exist.");
        };
        if kafka_versions::position(&view.version).is_some_and(|current| target <= current) {
            return refused("The Kafka version is not higher than the current one.");
        }
        if account.group(self.group, &self.version).is_none() {
            return refused("The config group does not belong to the Kafka version.");
        }
        match context.scenario {
            Scenario::PrecheckRefused => refused(REPLICATING),
            Scenario::PrecheckRefusedHttp => {
                Err(ApiResponse::Refusal { status: 400, message: REPLICATING.to_owned() })
            }
            _ => Ok(()),
        }
    }
}

/// Checks whether an upgrade is possible.
pub(super) fn precheck(
    account: &Account,
    body: &[u8],
    context: RequestContext,
) -> Result<ApiResponse, ApiResponse> {
    UpgradeRequest::parse(body)?.validate(account, context)?;
    Ok(ApiResponse::Success(Value::Bool(true)))
}

/// Starts an upgrade. Returns the response, and `true` if the start took effect. An error changes nothing.
pub(super) fn start(
    account: &mut Account,
    body: &[u8],
    context: RequestContext,
) -> Result<(ApiResponse, bool), ApiResponse> {
    let request = UpgradeRequest::parse(body)?;
    request.validate(account, context)?;
    let success = || ApiResponse::Success(Value::Bool(true));
    let (response, starts) = match context.scenario {
        Scenario::StartRefused => return Err(ApiResponse::refusal(OTHER_OPERATION)),
        Scenario::RefusedButStarted => (ApiResponse::refusal(OTHER_OPERATION), true),
        Scenario::NeverStarts => (success(), false),
        Scenario::AnswerLostNotStarted => (ApiResponse::Disconnect, false),
        Scenario::AnswerLost => (ApiResponse::Disconnect, true),
        Scenario::Answer504 => (ApiResponse::gateway_error(504, "510", "Endpoint Timeout"), true),
        _ => (success(), true),
    };
    if starts && let Some(cluster) = account.cluster_mut(request.cluster) {
        // Start from the result of an earlier upgrade.
        let view = cluster.view(context);
        (cluster.version, cluster.group) = (view.version, view.group);
        cluster.upgrade = Some(Upgrade {
            version: request.version,
            group: request.group,
            accepted_ms: context.at_ms,
            polls: 0,
        });
    }
    Ok((response, starts))
}

/// Returns the progress of an upgrade, in the form of the cluster's status.
pub(super) fn progress(
    account: &mut Account,
    body: &[u8],
    context: RequestContext,
) -> Result<ApiResponse, ApiResponse> {
    let cluster = RequestFields::parse(body)?.required_integer("serviceGroupInstanceNo")?;
    Ok(cluster_reads::status(account, cluster, context))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::{Pace, demo_account};

    const CONTEXT: RequestContext =
        RequestContext { scenario: Scenario::Healthy, pace: Pace::Polls, at_ms: 0 };

    fn body(cluster: u64, version: u64, group: u64) -> Vec<u8> {
        let body = serde_json::json!({
            "serviceGroupInstanceNo": cluster,
            "upgradeKafkaVersionCode": version,
            "upgradeConfigGroupNo": group,
        });
        body.to_string().into_bytes()
    }

    #[test]
    fn impossible_upgrades_are_refused_by_precheck_and_start() {
        let table = [
            (1_000_000, 3_903_006, 312, "The cluster does not exist."),
            (1_009_123, 3_900_000, 312, "The Kafka version does not exist."),
            (1_009_123, 3_713_006, 301, "The Kafka version is not higher than the current one."),
            (1_009_123, 3_623_006, 321, "The Kafka version is not higher than the current one."),
            (1_009_123, 3_903_006, 301, "The config group does not belong to the Kafka version."),
        ];
        let mut account = demo_account::account();
        for (cluster, version, group, reason) in table {
            let body = body(cluster, version, group);
            assert_eq!(precheck(&account, &body, CONTEXT), Err(ApiResponse::refusal(reason)));
            assert_eq!(start(&mut account, &body, CONTEXT), Err(ApiResponse::refusal(reason)));
        }
        let denied = precheck(&account, &body(1_009_555, 3_903_006, 312), CONTEXT);
        assert_eq!(denied, Err(ApiResponse::permission_denied()));
    }

    #[test]
    fn second_start_is_refused_during_the_first() {
        let mut account = demo_account::account();
        let body = body(1_009_123, 3_903_006, 312);
        let mut refusals = vec![];
        assert_eq!(start(&mut account, &body, CONTEXT), Ok((ApiResponse::Success(Value::Bool(true)), true)));
        for _ in 0..12 {
            refusals.push(start(&mut account, &body, CONTEXT));
            cluster_reads::status(&mut account, 1_009_123, CONTEXT);
        }
        assert!(
            refusals
                .iter()
                .all(|refusal| *refusal == Err(ApiResponse::refusal("The cluster is not running.")))
        );
        let over = Err(ApiResponse::refusal("The Kafka version is not higher than the current one."));
        assert_eq!(start(&mut account, &body, CONTEXT), over);
    }

    #[test]
    fn start_is_refused_while_flapping_looks_finished() {
        let mut account = demo_account::account();
        let context = RequestContext { scenario: Scenario::Flapping, ..CONTEXT };
        let body = body(1_009_123, 3_903_006, 312);
        assert!(start(&mut account, &body, context).is_ok());
        for _ in 0..4 {
            cluster_reads::status(&mut account, 1_009_123, context);
        }
        assert_eq!(account.cluster(1_009_123).unwrap().view(context).status, Status::Running);
        assert_eq!(
            start(&mut account, &body, context),
            Err(ApiResponse::refusal("The cluster is not running."))
        );
    }

    #[test]
    fn starts_take_effect_by_scenario() {
        let table = [
            (Scenario::AnswerLost, 0, true),
            (Scenario::Answer504, 504, true),
            (Scenario::RefusedButStarted, 200, true),
            (Scenario::NeverStarts, 200, false),
            (Scenario::AnswerLostNotStarted, 0, false),
        ];
        for (scenario, status, expected) in table {
            let mut account = demo_account::account();
            let context = RequestContext { scenario, ..CONTEXT };
            let (response, starts) = start(&mut account, &body(1_009_123, 3_903_006, 312), context).unwrap();
            assert_eq!((response.status(), starts), (status, expected), "{scenario}");
            assert_eq!(account.cluster(1_009_123).unwrap().upgrade.is_some(), expected, "{scenario}");
        }
    }
}
