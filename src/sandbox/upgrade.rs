//! The three upgrade operations: whether it can be done, the start, and how it goes.

use serde_json::Value;

use super::account::Account;
use super::cluster::{Now, Upgrade};
use super::fields::Fields;
use super::life::RUNNING;
use super::response::Answer;
use super::scenario::Scenario;
use super::{reads, versions};

/// "Topics are still being replicated, an upgrade is not possible."
const REPLICATING: &str = "복제 중인 토픽이 있어 업그레이드할 수 없습니다.";
/// "Another operation is going on in the cluster, the upgrade cannot be started."
const OTHER_WORK: &str = "클러스터에서 다른 작업이 진행 중이어서 업그레이드를 시작할 수 없습니다.";

/// What a client wants to upgrade, and to what.
struct Wish {
    cluster: u64,
    version: String,
    group: u64,
}

impl Wish {
    fn read(body: &[u8]) -> Result<Self, Answer> {
        let fields = Fields::parse(body)?;
        Ok(Self {
            cluster: fields.required_integer("serviceGroupInstanceNo")?,
            version: fields.required_integer("upgradeKafkaVersionCode")?.to_string(),
            group: fields.required_integer("upgradeConfigGroupNo")?,
        })
    }

    /// # Errors
    /// The refusal of a wish that cannot be granted.
    fn check(&self, account: &Account, now: Now) -> Result<(), Answer> {
        if account.is_disallowed(self.cluster) {
            return Err(Answer::permission_denied());
        }
        let refused = |message: &str| Err(Answer::refusal(message));
        let Some(cluster) = account.cluster(self.cluster) else {
            return refused("The cluster does not exist.");
        };
        let view = cluster.view(now);
        if view.status != RUNNING || view.under_way {
            return refused("The cluster is not running.");
        }
        let Some(place) = versions::place(&self.version) else {
            return refused("The Kafka version does not exist.");
        };
        if versions::place(&view.version).is_some_and(|present| place <= present) {
            return refused("The Kafka version is not higher than the present one.");
        }
        if account.group(self.group, &self.version).is_none() {
            return refused("The config group does not belong to the Kafka version.");
        }
        match now.scenario {
            Scenario::PrecheckRefused => refused(REPLICATING),
            Scenario::PrecheckRefusedHttp => {
                Err(Answer::Refusal { status: 400, message: REPLICATING.to_owned() })
            }
            _ => Ok(()),
        }
    }
}

/// # Errors
/// The answer to a wish that is malformed or cannot be granted.
pub(super) fn precheck(account: &Account, body: &[u8], now: Now) -> Result<Answer, Answer> {
    Wish::read(body)?.check(account, now)?;
    Ok(Answer::Result(Value::Bool(true)))
}

/// Starts an upgrade and returns the answer, with `true` where the start took effect.
///
/// # Errors
/// The answer to a wish that is malformed or cannot be granted; then nothing has changed.
pub(super) fn start(account: &mut Account, body: &[u8], now: Now) -> Result<(Answer, bool), Answer> {
    let wish = Wish::read(body)?;
    wish.check(account, now)?;
    let granted = || Answer::Result(Value::Bool(true));
    let (answer, starts) = match now.scenario {
        Scenario::StartRefused => return Err(Answer::refusal(OTHER_WORK)),
        Scenario::RefusedButStarted => (Answer::refusal(OTHER_WORK), true),
        Scenario::NeverStarts => (granted(), false),
        Scenario::AnswerLostNotStarted => (Answer::Cut, false),
        Scenario::AnswerLost => (Answer::Cut, true),
        Scenario::Answer504 => (Answer::gateway(504, "510", "Endpoint Timeout"), true),
        _ => (granted(), true),
    };
    if starts && let Some(cluster) = account.cluster_mut(wish.cluster) {
        // What an earlier upgrade led to is what this one starts from.
        let view = cluster.view(now);
        (cluster.version, cluster.group) = (view.version, view.group);
        cluster.upgrade =
            Some(Upgrade { version: wish.version, group: wish.group, accepted_ms: now.at_ms, looks: 0 });
    }
    Ok((answer, starts))
}

/// # Errors
/// The answer to a body that is wrong.
pub(super) fn progress(account: &mut Account, body: &[u8], now: Now) -> Result<Answer, Answer> {
    let cluster = Fields::parse(body)?.required_integer("serviceGroupInstanceNo")?;
    Ok(reads::status(account, cluster, now))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::{Pace, demo};

    const NOW: Now = Now { scenario: Scenario::Healthy, pace: Pace::Looks, at_ms: 0 };

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
        let mut account = demo::account();
        for (cluster, version, group, reason) in table {
            let body = body(cluster, version, group);
            assert_eq!(precheck(&account, &body, NOW), Err(Answer::refusal(reason)));
            assert_eq!(start(&mut account, &body, NOW), Err(Answer::refusal(reason)));
        }
        let denied = precheck(&account, &body(1_009_555, 3_903_006, 312), NOW);
        assert_eq!(denied, Err(Answer::permission_denied()));
    }

    #[test]
    fn a_second_start_is_refused_until_the_first_is_over() {
        let mut account = demo::account();
        let body = body(1_009_123, 3_903_006, 312);
        let mut refusals = vec![];
        assert_eq!(start(&mut account, &body, NOW), Ok((Answer::Result(Value::Bool(true)), true)));
        for _ in 0..12 {
            refusals.push(start(&mut account, &body, NOW));
            reads::status(&mut account, 1_009_123, NOW);
        }
        assert!(
            refusals.iter().all(|refusal| *refusal == Err(Answer::refusal("The cluster is not running.")))
        );
        let over = Err(Answer::refusal("The Kafka version is not higher than the present one."));
        assert_eq!(start(&mut account, &body, NOW), over);
    }

    #[test]
    fn a_gap_that_looks_finished_is_no_time_to_start_again() {
        let mut account = demo::account();
        let now = Now { scenario: Scenario::Flapping, ..NOW };
        let body = body(1_009_123, 3_903_006, 312);
        assert!(start(&mut account, &body, now).is_ok());
        for _ in 0..4 {
            reads::status(&mut account, 1_009_123, now);
        }
        assert_eq!(account.cluster(1_009_123).unwrap().view(now).status, RUNNING);
        assert_eq!(start(&mut account, &body, now), Err(Answer::refusal("The cluster is not running.")));
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
            let mut account = demo::account();
            let now = Now { scenario, ..NOW };
            let (answer, starts) = start(&mut account, &body(1_009_123, 3_903_006, 312), now).unwrap();
            assert_eq!((answer.status(), starts), (status, expected), "{scenario}");
            assert_eq!(account.cluster(1_009_123).unwrap().upgrade.is_some(), expected, "{scenario}");
        }
    }
}
