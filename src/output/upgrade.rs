//! Text output of `check`, `upgrade`, and `status`.

use serde_json::Value;

use super::color::{AnsiColor, node_color, paint, state_color};
use super::data_plane::{after_lines, cluster_table};
use super::escape::escape;
use super::format::local_time;
use super::markdown;
use super::plan::{UNKNOWN_STATE, header_lines, render_plan};
use super::result::{CommandReport, View};
use super::table::{or_dash, table};
use super::upgrade_details::{elapsed, possible_text, support_details, terraform_note};
use crate::documents::{CheckFields, StatusFields, UpgradeFields, to_value};
use crate::error::CommandError;
use crate::exit::Exit;
use crate::messages::Message;
use crate::model::broker_health::Node;
use crate::model::cluster::{ClusterState, name_or_number};
use crate::model::command_context::CommandContext;
use crate::model::kafka_version::KafkaVersion;
use crate::model::language::Language;
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

    fn change_note(&self, failure: &CommandError) -> Option<Message<'static>> {
        // The message for a signal already reports it.
        (!matches!(failure, CommandError::Interrupted { .. })).then_some(Message::NothingChanged)
    }
}

impl CommandReport for UpgradeReport {
    fn fields(&self, commands: Option<&CommandContext>) -> Value {
        to_value(&UpgradeFields::from_report(self, commands))
    }

    fn render(&self, view: &View<'_>) -> String {
        render_upgrade(self, view)
    }

    fn markdown(&self, view: &View<'_>) -> String {
        markdown::upgrade_page(self, view)
    }

    fn change_note(&self, failure: &CommandError) -> Option<Message<'static>> {
        if matches!(failure, CommandError::Interrupted { .. }) {
            return None;
        }
        match self.start.submitted {
            Submitted::No if self.start.run.is_none() || self.verdict == Some(Verdict::NotStarted) => {
                Some(Message::NothingChanged)
            }
            Submitted::Unknown => Some(Message::ChangeUnknown),
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
        match self.upgrade.verdict {
            None => render_status(self, view),
            Some(_) => render_upgrade(&self.upgrade, view),
        }
    }

    fn end(&self) -> Option<RunEnd> {
        self.upgrade.end()
    }

    fn has_outcome(&self) -> bool {
        self.upgrade.has_outcome()
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
    format!("{}{end}", render_plan(plan, view.service, view.outcome.commands, view.shows_all()))
}

/// Renders the versions that the cluster could be upgraded to.
fn render_version_choices(plan: &PlanReport, versions: &[VersionChoice], service: &str) -> String {
    let text = render_plan(plan, service, None, false);
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
fn render_upgrade(report: &UpgradeReport, view: &View<'_>) -> String {
    let UpgradeReport { plan, start, observed, verdict, .. } = report;
    let (Some(verdict), Some((name, no))) = (*verdict, &plan.cluster) else { return String::new() };
    if verdict == Verdict::NotStarted {
        return String::new();
    }
    let version_text = |version: &Option<KafkaVersion>| {
        version.as_ref().map_or_else(|| "unknown".to_owned(), ToString::to_string)
    };
    let cluster = escape(&name_or_number(name, *no));
    let language = view.options.language;
    if verdict == Verdict::Already {
        let (cluster, version) = (cluster.as_str(), version_text(&plan.to));
        let version = version.as_str();
        let has_watched = !observed.brokers.0.is_empty();
        let message = match start.submitted {
            _ if !has_watched => Message::AlreadyAt { cluster, version },
            Submitted::Unknown => Message::NowAtUnknownOrigin { cluster, version },
            Submitted::No | Submitted::Yes => Message::NowAt { cluster, version },
        };
        return message.text(language);
    }
    let versions = if plan.from == plan.to {
        version_text(&plan.to)
    } else {
        format!("{} → {}", version_text(&plan.from), version_text(&plan.to))
    };
    let upgrade = format!("{cluster}  {versions}");
    let time = match elapsed(report, verdict, language) {
        time if time.is_empty() => time,
        time => format!("  {time}"),
    };
    let mut lines = vec![result_line(verdict, &upgrade, &time, language)];
    match verdict {
        Verdict::Done => {
            let [restarted, all] = [observed.brokers.restarted_count(), observed.brokers.0.len()];
            let (restarted, all) = (&*restarted.to_string(), &*all.to_string());
            lines.push(Message::Restarted { restarted, all }.text(language));
            let after = report.data_plane_after.iter().flat_map(|after| after_lines(after, language));
            lines.extend(after.map(|line| escape(&line)));
            lines.extend(terraform_note(report, language));
        }
        Verdict::Failed => lines.extend(support_details(report, view.outcome, local_time)),
        Verdict::Already | Verdict::NotStarted | Verdict::Running | Verdict::Unknown => {}
    }
    lines.join("\n")
}

/// Renders the verdict of an upgrade. In Korean, a line that says what it means may follow.
fn result_line(verdict: Verdict, upgrade: &str, time: &str, language: Language) -> String {
    let message = match verdict {
        Verdict::Done => Message::Done { upgrade, time },
        Verdict::Failed => Message::Failed { upgrade, time },
        Verdict::Running => Message::Running { upgrade, time },
        Verdict::Unknown | Verdict::Already | Verdict::NotStarted => Message::Unknown { upgrade, time },
    };
    message.text(language)
}

/// Renders the cluster, its versions, its config group, and its nodes, with colors for the states.
fn render_status(StatusReport { upgrade, requested_by }: &StatusReport, view: &View<'_>) -> String {
    let UpgradeReport { plan, observed, ended_at, .. } = upgrade;
    if plan.cluster.is_none() {
        return String::new();
    }
    let painted = |word: &str, color: Option<AnsiColor>| {
        paint(&escape(word), color.filter(|_| view.options.stdout_color))
    };
    let state = observed.state.as_deref().map(|word| painted(word, state_color(&ClusterState::parse(word))));
    let mut lines = header_lines(plan, view.service, state.as_deref().unwrap_or(UNKNOWN_STATE));
    if plan.to.as_ref().map(|to| to.code) != plan.from.as_ref().map(|from| from.code) {
        lines.extend(requested_by.as_ref().map(|run| format!("Requested by  run {}", escape(run))));
    }
    lines.extend(ended_at.map(|at| format!("Observed      {}", local_time(at))));
    // A ZooKeeper node has the name of the broker whose host it runs on.
    let nodes: Vec<(&str, &Node)> = match &observed.health {
        Some(health) => {
            let brokers = health.brokers.nodes.iter().map(|node| ("broker", node));
            brokers.chain(health.zookeeper.nodes.iter().map(|node| ("zookeeper", node))).collect()
        }
        None => Vec::new(),
    };
    if !nodes.is_empty() {
        let status = |node: &Node| or_dash(node.color.as_ref());
        let rows = nodes.iter().map(|(role, node)| [node.name.clone(), (*role).to_owned(), status(node)]);
        let table = table(&["NODE", "ROLE", "STATUS"], rows, 2);
        let (heading, rows) = table.split_once('\n').unwrap_or((&table, ""));
        lines.extend([String::new(), heading.to_owned()]);
        // The status ends the row, so its color does not affect the columns.
        lines.extend(rows.lines().zip(nodes).map(|(row, (_, node))| {
            let word = escape(&status(node));
            let before = row.strip_suffix(&word).unwrap_or(row);
            format!("{before}{}", painted(&row[before.len()..], node.color.as_ref().and_then(node_color)))
        }));
    }
    if let Some(view) = plan.data_plane.as_ref().and_then(|data_plane| data_plane.view()) {
        lines.extend([String::new(), cluster_table(view, plan.broker_count)]);
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::Timestamp;

    use super::*;
    use crate::documents::Outcome;
    use crate::model::data_plane::tests::{ids, partition, topic, view as cluster_view};
    use crate::model::data_plane::{ClusterView, DataPlane, Partition};
    use crate::model::output_format::OutputFormat;
    use crate::output::streams::OutputOptions;
    use crate::upgrade::rules::acceptance::Acceptances;
    use crate::upgrade::rules::checks::tests::{not_queried, snapshot};
    use crate::upgrade::rules::plan::Plan;

    /// Returns the plan report of a cluster with these brokers.
    fn plan(data_plane: DataPlane) -> PlanReport {
        let snapshot =
            crate::upgrade::rules::snapshot::Snapshot { data_plane: Arc::new(data_plane), ..snapshot() };
        let mut report = PlanReport::default();
        report.apply(&Plan::new(&snapshot, &Acceptances::default()));
        report
    }

    /// Returns what the brokers of a cluster report with a topic of one copy, and one topic out of sync.
    fn queried() -> DataPlane {
        let behind = Partition { in_sync: ids(&[1, 3]), ..partition(4, &[1, 2, 3]) };
        let topics = vec![topic("pay|", vec![behind]), topic("solo", vec![partition(0, &[1])])];
        DataPlane::Queried(ClusterView { topics, ..cluster_view(3) })
    }

    /// Renders a report in a language, as text and as Markdown.
    fn render(report: &dyn CommandReport, language: Language) -> [String; 2] {
        let outcome = Outcome {
            command: "upgrade",
            exit: Exit::Ok,
            commands: None,
            profile: None,
            access_key: None,
            requests: Vec::new(),
            failure: None,
        };
        let options = OutputOptions {
            format: OutputFormat::Table,
            language,
            quiet: false,
            verbosity: 0,
            color: false,
            stdout_color: false,
        };
        let view = View { options, service: "service", outcome: &outcome };
        [report.render(&view), report.markdown(&view)]
    }

    #[test]
    fn check_shows_the_forecast_only_if_brokers_were_queried() {
        let report = |data_plane| CheckReport { plan: plan(data_plane), versions: None };
        let [text, page] = render(&report(queried()), Language::English);
        let expected = "
  data.reachable        pass    3 of 3 brokers answered over TLS
  data.replication      block   2 topics, 1 of 2 partitions out of sync on broker 2: pay| 4
  data.reassignment     pass    nothing moves
  data.restart-offline  warn    solo 0, one copy each

While a broker restarts  offline  write-blocked  one copy left
  broker 1               1        0              1
  broker 2               0        0              0
  broker 3               0        0              1

  offline        solo 0  broker 1
  one copy left  pay| 4  brokers 1, 3

The upgrade to 3.9.0";
        assert!(text.contains(expected), "{text}");
        let expected = r"### While a broker restarts

| While a broker restarts | offline | write-blocked | one copy left |
| --- | --- | --- | --- |
| broker 1 | 1 | 0 | 1 |
| broker 2 | 0 | 0 | 0 |
| broker 3 | 0 | 0 | 1 |

| Effect | Partitions | Brokers |
| --- | --- | --- |
| offline | solo 0 | broker 1 |
| one copy left | pay\| 4 | brokers 1, 3 |";
        assert!(page.ends_with(expected), "{page}");

        for text in render(&report(not_queried("brokers were not queried")), Language::English) {
            assert!(text.contains("brokers were not queried") && !text.contains("restarts"), "{text}");
        }
    }

    #[test]
    fn done_upgrade_names_what_the_brokers_report_afterwards() {
        let report = |after| UpgradeReport {
            plan: plan(queried()),
            verdict: Some(Verdict::Done),
            ended_at: Some(Timestamp::UNIX_EPOCH),
            data_plane_after: after,
            ..UpgradeReport::default()
        };
        let [text, page] = render(&report(Some(queried())), Language::English);
        assert!(text.ends_with("restart.\nPartitions out of sync (1): pay| 4"), "{text}");
        assert!(page.contains("\n\n- Partitions out of sync (1): pay\\| 4\n\n"), "{page}");
        let [text, _] = render(&report(Some(queried())), Language::Korean);
        assert!(text.contains("\n동기화되지 않은 파티션(1개): pay| 4"), "{text}");
        let [text, _] = render(&report(Some(not_queried("a\u{1b}[2J"))), Language::English);
        assert!(text.ends_with("\nThe brokers could not be queried again: a\\u{1b}[2J"), "{text}");
        for text in render(&report(None), Language::English) {
            assert!(!text.contains("out of sync (1)") && !text.contains("queried again"), "{text}");
        }
    }

    #[test]
    fn status_shows_the_brokers_only_if_they_were_queried() {
        let report = |data_plane| StatusReport {
            upgrade: UpgradeReport { plan: plan(data_plane), ..UpgradeReport::default() },
            requested_by: None,
        };
        let [text, _] = render(&report(queried()), Language::English);
        let expected = "

  CHECK              DETAIL
  data.reachable     3 of 3 brokers answered over TLS
  data.replication   2 topics, 1 of 2 partitions out of sync on broker 2: pay| 4
  data.reassignment  nothing moves";
        assert!(text.ends_with(expected), "{text}");
        let [text, _] = render(&report(not_queried("brokers were not queried")), Language::English);
        assert!(!text.contains("data.") && !text.contains("queried"), "{text}");
    }

    #[test]
    fn result_line_has_the_word_of_the_document_in_every_language() {
        for verdict in [Verdict::Done, Verdict::Failed, Verdict::Running, Verdict::Unknown] {
            let [english, korean] = [Language::English, Language::Korean]
                .map(|language| result_line(verdict, "orders  3.7.1 → 3.9.0", "  6s", language));
            assert_eq!(english, format!("orders  3.7.1 → 3.9.0  {verdict}  6s"));
            let line = korean.lines().next().unwrap();
            assert!(line.starts_with("orders  3.7.1 → 3.9.0  "), "{line}");
            assert!(line.ends_with(&format!("({verdict})  6s")), "{line}");
        }
    }
}
