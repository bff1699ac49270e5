//! The upgrade operations: pre-check, start, and progress.

use serde_json::Value;

use super::kafka;
use super::lifecycle::Status;
use super::message::{Fields, Response};
use super::scenario::Scenario;
use super::service::{Service, Upgrade};

/// "The upgrade is not possible because topics are still replicating."
const REPLICATING: &str = "복제 중인 토픽이 있어 업그레이드할 수 없습니다.";
/// "The upgrade can't be started because another operation is in progress on the cluster."
const OTHER_OPERATION: &str = "클러스터에서 다른 작업이 진행 중이어서 업그레이드를 시작할 수 없습니다.";

impl Service {
    /// Checks whether an upgrade is possible.
    pub(super) fn precheck(&mut self, _: u64, fields: &Fields) -> Result<Value, Response> {
        self.requested_upgrade(fields)?;
        Ok(Value::Bool(true))
    }

    /// Starts an upgrade. It may take effect although the response is an error.
    pub(super) fn start(&mut self, _: u64, fields: &Fields) -> Result<Value, Response> {
        let (no, upgrade) = self.requested_upgrade(fields)?;
        let success = Ok(Value::Bool(true));
        let refusal = || Err(Response::refusal(OTHER_OPERATION));
        let (result, takes_effect) = match self.options.scenario {
            Scenario::StartRefused => (refusal(), false),
            Scenario::RefusedButStarted => (refusal(), true),
            Scenario::NeverStarts => (success, false),
            Scenario::AnswerLostNotStarted => (Err(Response::lost()), false),
            Scenario::AnswerLost => (Err(Response::lost()), true),
            Scenario::Answer504 => (Err(Response::error(504, "510", "Endpoint Timeout")), true),
            _ => (success, true),
        };
        if takes_effect && let Some(cluster) = self.cluster(no)? {
            // Start from the result of an earlier upgrade.
            let view = self.view(cluster);
            if let Some(cluster) = self.cluster_mut(no) {
                (cluster.version, cluster.group) = (view.version, view.group);
                cluster.upgrade = Some(upgrade);
            }
            self.started_upgrades += 1;
        }
        result
    }

    /// Returns the progress of an upgrade, in the form of the cluster's status.
    pub(super) fn progress(&mut self, _: u64, fields: &Fields) -> Result<Value, Response> {
        self.status(fields.required("serviceGroupInstanceNo")?, fields)
    }

    /// Returns the requested upgrade, with the number of its cluster.
    ///
    /// # Errors
    ///
    /// Returns the refusal if the upgrade is not possible.
    fn requested_upgrade(&self, fields: &Fields) -> Result<(u64, Upgrade), Response> {
        let no = fields.required("serviceGroupInstanceNo")?;
        let version = fields.required::<u64>("upgradeKafkaVersionCode")?.to_string();
        let group = fields.required("upgradeConfigGroupNo")?;
        let refused = |message| Err(Response::refusal(message));
        let Some(cluster) = self.cluster(no)? else { return refused("The cluster does not exist.") };
        let view = self.view(cluster);
        if view.status != Status::Running || view.is_in_progress {
            return refused("The cluster is not running.");
        }
        let Some(target) = kafka::version_index(&version) else {
            return refused("The Kafka version does not exist.");
        };
        if kafka::version_index(&view.version).is_some_and(|current| target <= current) {
            return refused("The Kafka version is not higher than the current one.");
        }
        if self.group(group, &version).is_none() {
            return refused("The config group does not belong to the Kafka version.");
        }
        match self.options.scenario {
            Scenario::PrecheckRefused => refused(REPLICATING),
            Scenario::PrecheckRefusedHttp => Err(Response { status: 400, ..Response::refusal(REPLICATING) }),
            _ => Ok((no, Upgrade { version, group, accepted: self.now, polls: 0 })),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::sandbox::{Options, Pace};

    const CLUSTER: u64 = 1_009_123;

    fn service(scenario: Scenario) -> Service {
        Service::new(Options { scenario, pace: Pace::Polls, ..Options::default() }).unwrap()
    }

    fn fields(cluster: u64, version: u64, group: u64) -> Fields {
        let body = json!({
            "serviceGroupInstanceNo": cluster,
            "upgradeKafkaVersionCode": version,
            "upgradeConfigGroupNo": group,
        });
        Fields::parse(body.to_string().as_bytes())
    }

    #[test]
    fn impossible_upgrades_are_refused_by_precheck_and_start() {
        let table = [
            (1_000_000, 3_903_006, 312, "The cluster does not exist."),
            (CLUSTER, 3_900_000, 312, "The Kafka version does not exist."),
            (CLUSTER, 3_713_006, 301, "The Kafka version is not higher than the current one."),
            (CLUSTER, 3_623_006, 321, "The Kafka version is not higher than the current one."),
            (CLUSTER, 3_903_006, 301, "The config group does not belong to the Kafka version."),
        ];
        let mut service = service(Scenario::Healthy);
        for (cluster, version, group, reason) in table {
            let fields = fields(cluster, version, group);
            assert_eq!(service.precheck(0, &fields), Err(Response::refusal(reason)));
            assert_eq!(service.start(0, &fields), Err(Response::refusal(reason)));
        }
        let denied = service.precheck(0, &fields(1_009_555, 3_903_006, 312));
        assert_eq!(denied, Err(Response::permission_denied()));
        assert_eq!(service.started_upgrades, 0);
    }

    #[test]
    fn second_start_is_refused_during_the_first() {
        let mut service = service(Scenario::Healthy);
        let fields = fields(CLUSTER, 3_903_006, 312);
        assert_eq!(service.start(0, &fields), Ok(json!(true)));
        for _ in 0..12 {
            assert_eq!(service.start(0, &fields), Err(Response::refusal("The cluster is not running.")));
            service.status(CLUSTER, &fields).unwrap();
        }
        let over = Response::refusal("The Kafka version is not higher than the current one.");
        assert_eq!(service.start(0, &fields), Err(over));
    }

    #[test]
    fn start_is_refused_while_flapping_looks_finished() {
        let mut service = service(Scenario::Flapping);
        let fields = fields(CLUSTER, 3_903_006, 312);
        assert!(service.start(0, &fields).is_ok());
        for _ in 0..4 {
            service.status(CLUSTER, &fields).unwrap();
        }
        let cluster = service.cluster(CLUSTER).unwrap().unwrap();
        assert_eq!(service.view(cluster).status, Status::Running);
        assert_eq!(service.start(0, &fields), Err(Response::refusal("The cluster is not running.")));
    }
}
