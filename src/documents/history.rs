//! The document of `history`.

use serde::Serialize;
#[cfg(test)]
use serde_json::Map;
use serde_json::Value;

use super::components::Text;
use crate::model::history::{
    ChangeOrigin, DamagedRecord, History, InitOutcome, Outcome, PastRun, RecordedService, Subject,
};
use crate::model::ids::ClusterNo;
use crate::model::journal_state::DamagedLine;
use crate::model::time::Time;
use crate::report::history::{HistoryReport, HistoryView};

/// `history`.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct HistoryFields {
    /// All runs, the oldest first. With a run ID, only that run.
    runs: Vec<Run>,
    /// Lines of the journal that can't be read.
    damaged: Vec<DamagedLine>,
    /// `--repair`: the damaged lines that no longer block upgrades; null otherwise.
    repaired: Option<Vec<DamagedRecord>>,
    /// `--init`: whether a journal was created; null otherwise.
    initialized: Option<bool>,
}

impl HistoryFields {
    pub(crate) fn from_report(HistoryReport { history, view }: &HistoryReport) -> Self {
        let runs = history.runs.iter();
        Self {
            runs: match view {
                HistoryView::Run { id, entries } => runs
                    .filter(|run| run.id == *id)
                    .map(|run| Run::from_run(history, run, Some(entries)))
                    .collect(),
                HistoryView::All | HistoryView::Repair(_) | HistoryView::Init(_) => {
                    runs.map(|run| Run::from_run(history, run, None)).collect()
                }
            },
            damaged: history.damaged.clone(),
            repaired: match view {
                HistoryView::Repair(lines) => Some(lines.clone()),
                _ => None,
            },
            initialized: match view {
                HistoryView::Init(outcome) => Some(*outcome == InitOutcome::Created),
                _ => None,
            },
        }
    }
}

/// A run that started or followed an upgrade, or copied a config group. `from`, `to`, and `config_group` are from the
/// recorded plan. Fields of the change are null if it was not recorded or its line is damaged.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct Run {
    id: Text,
    /// When the run began.
    at: Time,
    ended_at: Option<Time>,
    /// The run whose start this one followed.
    of: Option<Text>,
    /// The verdict that this machine recorded. `ended`: the run ended without a verdict. `unfinished`: no end was recorded.
    #[cfg_attr(test, schemars(schema_with = "super::tests::outcome"))]
    result: Outcome,
    cluster: RecordedCluster,
    #[cfg_attr(test, schemars(with = "Option<Map<String, Value>>"))]
    from: Value,
    #[cfg_attr(test, schemars(with = "Option<Map<String, Value>>"))]
    to: Value,
    #[cfg_attr(test, schemars(with = "Option<Map<String, Value>>"))]
    config_group: Value,
    service: Option<RecordedService>,
    endpoint: Option<Text>,
    /// How the change was confirmed.
    consent: Option<Text>,
    /// Overridden checks, as `ID=ITEM`.
    accepted: Option<Vec<String>>,
    user: Option<Text>,
    host: Option<Text>,
    profile: Option<Text>,
    access_key: Option<Text>,
    /// The version of cdss.
    version: Option<Text>,
    /// The journal entries of this run; null unless a run ID was given.
    #[cfg_attr(test, schemars(with = "Option<Vec<Map<String, Value>>>"))]
    entries: Option<Vec<Value>>,
}

impl Run {
    fn from_run(history: &History, run: &PastRun, entries: Option<&Vec<Value>>) -> Self {
        let change = history.change_of(run);
        let origin = change.map(|change| &change.origin);
        let plan = |field: &str| change.map_or(Value::Null, |change| change.plan[field].clone());
        let recorded = |value: fn(&ChangeOrigin) -> &String| origin.map(|origin| Text::new(value(origin)));
        let optional = |value: fn(&ChangeOrigin) -> &Option<String>| {
            origin.and_then(|origin| value(origin).clone()).map(Text)
        };
        let (cluster, accepted) = match change.map(|change| &change.subject) {
            Some(Subject::Upgrade { cluster, name, accepted }) => {
                (RecordedCluster { name: name.clone().map(Text), no: Some(*cluster) }, Some(accepted.clone()))
            }
            Some(Subject::ConfigGroup { .. }) | None => (RecordedCluster { name: None, no: None }, None),
        };
        Self {
            id: Text::new(&run.id),
            at: Time(run.started_at),
            ended_at: run.ended_at.map(Time),
            of: run.followed_run.clone().map(Text),
            result: run.outcome,
            cluster,
            from: plan("from"),
            to: plan("to"),
            config_group: plan("config_group"),
            service: origin.map(|origin| origin.service.clone()),
            endpoint: recorded(|origin| &origin.endpoint),
            consent: change.map(|change| Text::new(&change.consent)),
            accepted,
            user: optional(|origin| &origin.user),
            host: optional(|origin| &origin.host),
            profile: optional(|origin| &origin.profile),
            access_key: optional(|origin| &origin.access_key),
            version: recorded(|origin| &origin.cdss),
            entries: entries.cloned(),
        }
    }
}

/// The upgraded cluster; both fields are null for another change.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
struct RecordedCluster {
    name: Option<Text>,
    no: Option<ClusterNo>,
}
