//! Requests and responses of the pre-check and of the start.

use serde_json::{Value, json};

use super::{Envelope, Operation, ReadRequest};
use crate::model::operation_name::OperationName;
use crate::upgrade::rules::plan::UpgradeTarget;
use crate::upgrade::rules::snapshot::PreCheck;

/// Starts an upgrade. The three numbers are JSON numbers, as in the table and the example of the guide.
pub(in crate::api) fn start(target: &UpgradeTarget) -> Operation {
    Operation::post(OperationName::RollingUpgrade, "cluster/rollingUpgrade", upgrade_body(target))
}

/// Checks whether the upgrade is possible, without starting it.
pub(in crate::api) fn pre_check(target: &UpgradeTarget) -> ReadRequest<PreCheck> {
    let path = "cluster/rollingUpgradePreCheck";
    ReadRequest::new(
        Operation::post(OperationName::RollingUpgradePreCheck, path, upgrade_body(target)),
        |envelope| Ok(parse_pre_check(envelope)),
    )
}

fn upgrade_body(target: &UpgradeTarget) -> Value {
    json!({
        "serviceGroupInstanceNo": target.cluster.number(),
        "upgradeKafkaVersionCode": target.version.number(),
        "upgradeConfigGroupNo": target.config_group.number(),
    })
}

fn parse_pre_check(envelope: &Envelope) -> PreCheck {
    if envelope.result.as_bool() == Some(true) {
        PreCheck::Passed { request_id: envelope.request_id.clone() }
    } else {
        PreCheck::Refused {
            message: envelope.message.clone(),
            code: Some(0),
            http_status: 200,
            request_id: envelope.request_id.clone(),
        }
    }
}
