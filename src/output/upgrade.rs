//! Text output of `check`, `upgrade`, and `status`.

use serde_json::Value;

use super::escape::escape;
use super::format::local_time;
use super::markdown;
use super::plan::render_plan;
use super::result::{CommandReport, View};
use super::table::{or_dash, table};
use super::upgrade_details::{elapsed, possible_text, support_details, terraform_note};
use crate::documents::{CheckFields, Outcome, StatusFields, UpgradeFields, to_value};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::model::command_context::CommandContext;
use crate::model::kafka_version::KafkaVersion;
use crate::model::verdict::{Submitted, Verdict};
use crate::report::RunEnd;
use crate::report::upgrade::{CheckReport, PlanReport, StatusReport, UpgradeReport, VersionChoice};

impl CommandReport for CheckReport {
    fn fields(&self, commands: Option<&CommandContext>) -> Value {
        to_value(&CheckFields::from_report(self, commands))
    }

    fn render(&self, view: &View<'_>) -> String {
        match &self.versions {
            Some(versions) => render_version_choices(&self.plan, versions, view.service),
            None => render_check(&self.plan, view),
        }
    }

    fn markdown(&self, view: &View<'_>) -> String {
        markdown::check_page(self, view)
    }

    fn change_note(&self, failure: &CommandError) -> Option<&'static str> {
        // The message for a signal already reports it.
        (!matches!(failure, CommandError::Interrupted { .. })).then_some("cdss changed nothing.")
    }
}

impl CommandReport for UpgradeReport {
    fn fields(&self, commands: Option<&CommandContext>) -> Value {
        to_value(&UpgradeFields::from_report(self, commands))
    }

    fn render(&self, view: &View<'_>) -> String {
        render_upgrade(self, view.outcome)
    }

    fn markdown(&self, view: &View<'_>) -> String {
        markdown::upgrade_page(self, view)
    }

    fn change_note(&self, failure: &CommandError) -> Option<&'static str> {
        if matches!(failure, CommandError::Interrupted { .. }) {
            return None;
        }
        match self.start.submitted {
            Submitted::No if self.start.run.is_none() || self.verdict == Some(Verdict::NotStarted) => {
                Some("cdss changed nothing.")
            }
            Submitted::Unknown => Some("It is unknown whether anything was changed."),
            Submitted::No | Submitted::Yes => None,
        }
    }

    fn end(&self) -> Option<RunEnd> {
        self.end()
    }

    fn has_outcome(&self) -> bool {
        self.verdict.is_some()
    }
}

impl CommandReport for StatusReport {
    fn fields(&self, commands: Option<&CommandContext>) -> Value {
        to_value(&StatusFields::from_report(self, commands))
    }

    fn render(&self, view: &View<'_>) -> String {
        match self.0.verdict {
            None => render_status(view.service, &self.0),
            Some(_) => render_upgrade(&self.0, view.outcome),
        }
    }

    fn end(&self) -> Option<RunEnd> {
        self.0.end()
    }

    fn has_outcome(&self) -> bool {
        self.0.has_outcome()
    }
}

/// Renders the plan, its checks, and whether the upgrade is possible.
fn render_check(plan: &PlanReport, view: &View<'_>) -> String {
    if plan.cluster.is_none() || plan.checks.is_empty() {
        return String::new();
    }
    let end = match (view.outcome.exit, &plan.to, &plan.from) {
        (Exit::Ok, Some(to), Some(from)) if from.code == to.code => {
            format!("\n\nAlready at {to}; nothing to do.")
        }
        (Exit::Ok, Some(to), _) => format!("\n\nThe upgrade to {to} is possible. Nothing was changed."),
        _ => String::new(),
    };
    format!("{}{end}", render_plan(plan, view.service, view.shows_all()))
}

/// Renders the versions that the cluster could be upgraded to.
fn render_version_choices(plan: &PlanReport, versions: &[VersionChoice], service: &str) -> String {
    let text = render_plan(plan, service, false);
    if plan.cluster.is_none() || versions.is_empty() {
        return text;
    }
    let rows = versions.iter().map(|choice| {
        let name = or_dash(choice.name.as_ref());
        [name, choice.code.to_string(), possible_text(choice), choice.reason.clone()]
    });
    format!("{text}\n\n{}", table(&["VERSION", "CODE", "POSSIBLE", "DETAIL"], rows, 2))
}

/// Renders the result of an upgrade, and the information for support after a failure.
fn render_upgrade(report: &UpgradeReport, outcome: &Outcome<'_>) -> String {
    let UpgradeReport { plan, start, observed, verdict, .. } = report;
    let (Some(verdict), Some((name, no))) = (*verdict, &plan.cluster) else { return String::new() };
    if verdict == Verdict::NotStarted {
        return String::new();
    }
    let version_text = |version: &Option<KafkaVersion>| {
        version.as_ref().map_or_else(|| "unknown".to_owned(), ToString::to_string)
    };
    let cluster = if name.trim().is_empty() { format!("cluster {no}") } else { escape(name) };
    if verdict == Verdict::Already {
        let version = version_text(&plan.to);
        let has_watched = !observed.brokers.0.is_empty();
        if !has_watched {
            return format!("{cluster} is already at {version}; nothing to do.");
        }
        let origin = match start.submitted {
            Submitted::Unknown => "it is unknown whether this run started the upgrade",
            Submitted::No | Submitted::Yes => "this run did not start the upgrade",
        };
        return format!("{cluster} is now at {version}; {origin}.");
    }
    let versions = if plan.from == plan.to {
        version_text(&plan.to)
    } else {
        format!("{} → {}", version_text(&plan.from), version_text(&plan.to))
    };
    let time = match elapsed(report, verdict) {
        time if time.is_empty() => time,
        time => format!("  {time}"),
    };
    let mut lines = vec![format!("{cluster}  {versions}  {verdict}{time}")];
    match verdict {
        Verdict::Done => {
            let all = observed.brokers.0.len();
            lines.push(format!("Observed {} of {all} brokers restart.", observed.brokers.restarted_count()));
            lines.extend(terraform_note(report));
        }
        Verdict::Failed => lines.extend(support_details(report, outcome)),
        Verdict::Already | Verdict::NotStarted | Verdict::Running | Verdict::Unknown => {}
    }
    lines.join("\n")
}

fn render_status(service: &str, report: &UpgradeReport) -> String {
    if report.plan.cluster.is_none() {
        return String::new();
    }
    let plan = PlanReport { state: report.observed.state.clone(), ..report.plan.clone() };
    let health = report.observed.health.iter();
    let nodes = health.flat_map(|health| health.brokers.nodes.iter().chain(&health.zookeeper.nodes));
    let rows: Vec<[String; 2]> =
        nodes.map(|node| [node.name.clone(), or_dash(node.color.as_ref())]).collect();
    let observed_at =
        report.ended_at.map(|at| format!("\nObserved      {}", local_time(at))).unwrap_or_default();
    let nodes =
        if rows.is_empty() { String::new() } else { format!("\n\n{}", table(&["NODE", "STATUS"], rows, 2)) };
    format!("{}{observed_at}{nodes}", render_plan(&plan, service, false))
}
