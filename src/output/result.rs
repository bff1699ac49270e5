//! Prints the outcome of a command: the error on stderr, the result on stdout.

use std::io;

use jiff::Timestamp;
use serde_json::Value;

use super::config_group;
use super::document::{CommandOutput, Outcome, ProfileChange, localize};
use super::escape::{escape, escape_json};
use super::format::{count, duration, local_time, utc_time};
use super::plan::PlanText;
use super::streams::{self, OutputOptions};
use super::table::table;
use crate::config_group::rules::copy_report::CopyReport;
use crate::error::{CommandError, CopyError};
use crate::exit::Exit;
use crate::model::output_format::OutputFormat;
use crate::model::profile_edit::ProfileEdit;
use crate::model::verdict::{Submitted, Verdict};
use crate::report::Report;

/// Prints the error, if any, and then the result: as text, or `document` for JSON output.
///
/// # Errors
///
/// Fails if stdout can't be written. The error was still printed.
pub(crate) fn print_result(
    options: OutputOptions,
    service: &str,
    output: &CommandOutput,
    report: &Report,
    outcome: &Outcome<'_>,
    document: &Value,
) -> io::Result<()> {
    // With `diff --exit-code`, a difference sets the exit code and is not an error.
    if let Some(failure) =
        outcome.failure.filter(|failure| !matches!(failure, CommandError::SettingsDiffer { .. }))
    {
        print_error(options, failure, report, outcome);
    }
    let text = match options.format {
        OutputFormat::Json => {
            let text = serde_json::to_string_pretty(document).map_err(io::Error::other)?;
            escape_json(&text)
        }
        OutputFormat::Table => render(options, service, output, report, outcome),
    };
    if text.is_empty() { Ok(()) } else { streams::print_stdout(&format!("{text}\n")) }
}

/// Prints only the document. The caller has already printed the error.
///
/// # Errors
///
/// Fails if stdout can't be written.
pub(crate) fn print_document(document: &Value) -> io::Result<()> {
    let text = serde_json::to_string_pretty(document).map_err(io::Error::other)?;
    streams::print_stdout(&format!("{}\n", escape_json(&text)))
}

/// Returns true if the reader closed stdout, as `head` does.
pub(crate) fn is_closed_pipe(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::BrokenPipe
}

/// Prints an error: what failed and why, the request ID, whether anything was changed, and what to do next.
fn print_error(options: OutputOptions, failure: &CommandError, report: &Report, outcome: &Outcome<'_>) {
    let label = if options.color { "\u{1b}[1;31merror:\u{1b}[0m" } else { "error:" };
    streams::print_stderr(&format!("{label} {}", escape(&failure.to_string())));
    if let Some(id) = failure.request_id() {
        streams::print_stderr(&format!("request ID: {}", escape(id)));
    }
    if let Some(note) = change_note(failure, report, outcome.command) {
        streams::print_stderr(note);
    }
    if let Some(hint) = failure.hint() {
        streams::print_stderr(&format!("hint: {}", escape(&localize(&hint, outcome.service))));
    }
    if let CommandError::Blocked { check: Some(id), .. } = failure {
        streams::print_stderr(&format!("hint: run `cdss help {id}` for details"));
    }
}

/// Returns a line on whether anything was changed; None if the error itself reports it.
fn change_note(failure: &CommandError, report: &Report, command: &str) -> Option<&'static str> {
    if let Some(copy) = &report.copy {
        let is_reported = matches!(failure, CommandError::Copy(failure) if matches!(**failure, CopyError::Interrupted { .. }));
        return (!is_reported && !copy.may_have_changed()).then_some("cdss changed nothing.");
    }
    // The message for a signal already reports it.
    if matches!(failure, CommandError::Interrupted { .. }) || !matches!(command, "upgrade" | "check") {
        return None;
    }
    match report.submitted {
        Submitted::No if report.start_run.is_none() || report.verdict == Some(Verdict::NotStarted) => {
            Some("cdss changed nothing.")
        }
        Submitted::Unknown => Some("It is unknown whether anything was changed."),
        Submitted::No | Submitted::Yes => None,
    }
}

/// Renders the result as text.
fn render(
    options: OutputOptions,
    service: &str,
    output: &CommandOutput,
    report: &Report,
    outcome: &Outcome<'_>,
) -> String {
    match output {
        CommandOutput::Check => match &report.versions {
            Some(_) => render_version_choices(service, report),
            None => render_check(options, service, report, outcome),
        },
        CommandOutput::Upgrade => render_upgrade(report, outcome),
        CommandOutput::Verify => render_verification(options, service, report, outcome),
        CommandOutput::Status if report.verdict.is_some() => render_upgrade(report, outcome),
        CommandOutput::Status => render_status(service, report),
        CommandOutput::Diff => config_group::render_diff(report, service, options.verbosity >= 1),
        CommandOutput::Copy => render_copy(options, service, report, outcome),
        _ if outcome.failure.is_some() => String::new(),
        CommandOutput::Clusters(list) => clusters_table(list),
        CommandOutput::Versions(versions) => {
            let name = |version: &crate::model::kafka_version::KafkaVersion| {
                version.release.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string)
            };
            let rows: Vec<Vec<String>> =
                versions.iter().map(|version| vec![name(version), version.code.to_string()]).collect();
            table(&["VERSION", "CODE"], &rows, 0)
        }
        CommandOutput::ConfigGroups(groups, versions) => {
            let rows: Vec<Vec<String>> = groups
                .iter()
                .map(|group| {
                    let release = group.release(versions).map_or_else(|| "-".to_owned(), |r| r.to_string());
                    let name = group.name.clone().unwrap_or_else(|| "-".to_owned());
                    vec![name, group.no.to_string(), release, group.version.to_string()]
                })
                .collect();
            table(&["NAME", "NO", "VERSION", "CODE"], &rows, 0)
        }
        CommandOutput::Settings(settings) => {
            let value_text = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
            let rows: Vec<Vec<String>> = settings
                .iter()
                .map(|setting| {
                    vec![setting.key.to_string(), value_text(&setting.value), setting.origin.clone()]
                })
                .collect();
            table(&["KEY", "VALUE", "ORIGIN"], &rows, 0)
        }
        CommandOutput::Profiles(profiles) => {
            let rows: Vec<Vec<String>> =
                profiles.iter().map(|(name, source)| vec![name.clone(), source.clone()]).collect();
            table(&["PROFILE", "SOURCE"], &rows, 0)
        }
        CommandOutput::History(history, view) => super::history::render(history, view),
        CommandOutput::ProfileChange(change) => {
            change.as_ref().map_or_else(String::new, render_profile_change)
        }
        CommandOutput::Scenarios(scenarios) => {
            let rows: Vec<Vec<String>> = scenarios
                .iter()
                .map(|(name, exit, about)| vec![name.clone(), exit.to_string(), about.clone()])
                .collect();
            table(&["SCENARIO", "EXIT", "SERVICE BEHAVIOR"], &rows, 0)
        }
        CommandOutput::None => String::new(),
    }
}

/// Renders the result of a copy, or its plan for a dry run. Empty if it failed before anything was created.
fn render_copy(options: OutputOptions, service: &str, report: &Report, outcome: &Outcome<'_>) -> String {
    if report.copy.as_ref().is_some_and(CopyReport::may_have_changed) {
        return config_group::render_copy_result(report);
    }
    if outcome.failure.is_some() {
        return String::new();
    }
    format!(
        "{}\n\nNothing was changed.",
        config_group::render_copy_plan(report, service, options.verbosity >= 1)
    )
}

/// Renders a profile change as one line.
fn render_profile_change(change: &ProfileChange) -> String {
    let ProfileChange { profile, source, key, edit } = change;
    let change = match (key, edit) {
        (Some(key), ProfileEdit::Created) => format!("created with {key}"),
        (None, ProfileEdit::Created) => "created".to_owned(),
        (Some(key), edit) => format!("{key} {}", edit.into_str()),
        (None, edit) => edit.into_str().to_owned(),
    };
    escape(&format!("profile {profile}: {change} in {source}"))
}

/// Renders the steps as a table, and how to fix the first failing step. That step is red if stdout is a terminal that
/// supports colors.
fn render_verification(
    options: OutputOptions,
    service: &str,
    report: &Report,
    outcome: &Outcome<'_>,
) -> String {
    if report.checks.is_empty() {
        return String::new();
    }
    let table = super::plan::checks_table(&report.checks);
    let failed = report.checks.iter().position(crate::upgrade::rules::checks::Check::is_blocking);
    let is_red = |line: usize| {
        options.color && streams::stdout_is_terminal() && failed.is_some_and(|row| row + 1 == line)
    };
    let lines = table.lines().enumerate().map(|(number, line)| match line {
        line if is_red(number) => format!("\u{1b}[1;31m{line}\u{1b}[0m"),
        line => line.to_owned(),
    });
    let end = match report.checks.iter().find(|check| check.is_blocking()) {
        _ if outcome.exit == Exit::Ok => "\n\ncdss can use this service. Nothing was changed.".to_owned(),
        Some(failed) => {
            format!("\n\nFix {} first: {}.", failed.id, escape(failed.remedy.as_deref().unwrap_or_default()))
        }
        None => String::new(),
    };
    format!("Service       {service}\n\n{}{end}", lines.collect::<Vec<_>>().join("\n"))
}

/// Renders the plan, its checks, and whether the upgrade is possible.
fn render_check(options: OutputOptions, service: &str, report: &Report, outcome: &Outcome<'_>) -> String {
    let Some(plan) = PlanText::from_report(report, service, options.verbosity >= 1) else {
        return String::new();
    };
    if report.checks.is_empty() {
        return String::new();
    }
    let end = match (outcome.exit, &report.to, &report.from) {
        (Exit::Ok, Some(to), Some(from)) if from.code == to.code => {
            format!("\n\nAlready at {to}; nothing to do.")
        }
        (Exit::Ok, Some(to), _) => format!("\n\nThe upgrade to {to} is possible. Nothing was changed."),
        _ => String::new(),
    };
    format!("{}{end}", plan.render())
}

/// Renders the versions that the cluster could be upgraded to.
fn render_version_choices(service: &str, report: &Report) -> String {
    let Some(plan) = PlanText::from_report(report, service, false) else { return String::new() };
    let rows: Vec<Vec<String>> = report
        .versions
        .iter()
        .flatten()
        .map(|choice| {
            let possible = match (choice.is_current, choice.possible) {
                (true, _) => "-",
                (false, Some(true)) => "yes",
                (false, Some(false)) => "no",
                (false, None) => "unknown",
            };
            let name = choice.version.release.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
            vec![name, choice.version.code.to_string(), possible.to_owned(), choice.reason.clone()]
        })
        .collect();
    if rows.is_empty() {
        return plan.render();
    }
    format!("{}\n\n{}", plan.render(), table(&["VERSION", "CODE", "POSSIBLE", "DETAIL"], &rows, 2))
}

/// Renders the result of an upgrade, and the information for support after a failure.
fn render_upgrade(report: &Report, outcome: &Outcome<'_>) -> String {
    let (Some(verdict), Some((name, no))) = (report.verdict, &report.cluster) else { return String::new() };
    if verdict == Verdict::NotStarted {
        return String::new();
    }
    let version_text = |version: &Option<crate::model::kafka_version::KafkaVersion>| {
        version.as_ref().map_or_else(|| "unknown".to_owned(), ToString::to_string)
    };
    let cluster = if name.trim().is_empty() { format!("cluster {no}") } else { escape(name) };
    if verdict == Verdict::Already {
        let version = version_text(&report.to);
        let has_watched = !report.brokers.0.is_empty();
        if !has_watched {
            return format!("{cluster} is already at {version}; nothing to do.");
        }
        let start = match report.submitted {
            Submitted::Unknown => "it is unknown whether this run started the upgrade",
            Submitted::No | Submitted::Yes => "this run did not start the upgrade",
        };
        return format!("{cluster} is now at {version}; {start}.");
    }
    let versions = if report.from == report.to {
        version_text(&report.to)
    } else {
        format!("{} → {}", version_text(&report.from), version_text(&report.to))
    };
    let since_start =
        |end: Timestamp, start| duration(end.duration_since(start).try_into().unwrap_or_default());
    let time = match (report.started_at, report.finished_at, report.ended_at) {
        (Some(start), Some(end), _) => format!("  {}", since_start(end, start)),
        (Some(start), None, Some(end)) => {
            let bound = match verdict {
                // The end was noticed this long after the start; the upgrade may have ended earlier.
                Verdict::Done | Verdict::Failed => "at most",
                // The upgrade may not have ended.
                Verdict::Already | Verdict::NotStarted | Verdict::Running | Verdict::Unknown => "after",
            };
            format!("  {bound} {}", since_start(end, start))
        }
        _ => String::new(),
    };
    let mut lines = vec![format!("{cluster}  {versions}  {verdict}{time}")];
    match verdict {
        Verdict::Done => {
            let all = report.brokers.0.len();
            lines.push(format!("Observed {} of {all} brokers restart.", report.brokers.restarted_count()));
            lines.extend(terraform_note(report));
        }
        Verdict::Failed => lines.extend(support_details(report, outcome)),
        Verdict::Already | Verdict::NotStarted | Verdict::Running | Verdict::Unknown => {}
    }
    lines.join("\n")
}

/// Returns the values to set in Terraform. Otherwise the next apply would replace the cluster, because its version code
/// changed outside of Terraform.
fn terraform_note(report: &Report) -> Option<String> {
    let code = report.to.as_ref()?.code;
    let group = report.last_cluster.as_ref()?.config_group;
    let group = group.map(|no| format!(" and config_group_no = {no}")).unwrap_or_default();
    Some(format!("terraform: set kafka_version_code = \"{code}\"{group} before the next apply"))
}

/// Returns what NAVER Cloud support asks for: numbers, times in UTC, request IDs, and the last observations. It contains
/// no secrets.
fn support_details(report: &Report, outcome: &Outcome<'_>) -> Vec<String> {
    let mut lines = vec![String::new(), "For NAVER Cloud support:".to_owned()];
    if let Some((name, no)) = &report.cluster {
        lines.push(format!("  cluster   {} ({no})", escape(name)));
    }
    if let Some(service) = outcome.service {
        lines.push(format!("  service   {} {}", service.site, service.region));
    }
    let code = |version: &Option<crate::model::kafka_version::KafkaVersion>| {
        version.as_ref().map_or_else(|| "unknown".to_owned(), |version| version.code.to_string())
    };
    lines.push(format!("  versions  code {} to code {}", code(&report.from), code(&report.to)));
    if let Some(at) = report.started_at {
        lines.push(format!("  started   {}", utc_time(at)));
    }
    if let Some(at) = report.ended_at {
        lines.push(format!("  ended     {}", utc_time(at)));
    }
    if let Some(id) = &report.start_request_id {
        lines.push(format!("  request   {}", escape(id)));
    }
    let latest = report.evidence.iter().rev().take(3).collect::<Vec<_>>();
    for evidence in latest.into_iter().rev() {
        lines.push(format!(
            "  observed  {}  {}: {}",
            utc_time(evidence.at),
            evidence.operation,
            escape(&evidence.observed)
        ));
    }
    let request_id = outcome.requests.iter().rev().find_map(|record| record.request_id.as_deref());
    lines.extend(request_id.map(|id| format!("  latest    request {}", escape(id))));
    lines
}

fn render_status(service: &str, report: &Report) -> String {
    let Some(plan) = PlanText::from_report(report, service, false) else { return String::new() };
    let rows: Vec<Vec<String>> = report
        .health
        .iter()
        .flat_map(|health| health.brokers.nodes.iter().chain(&health.zookeeper.nodes))
        .map(|node| {
            vec![node.name.clone(), node.color.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string)]
        })
        .collect();
    let observed_at =
        report.ended_at.map(|at| format!("\nObserved      {}", local_time(at))).unwrap_or_default();
    let nodes =
        if rows.is_empty() { String::new() } else { format!("\n\n{}", table(&["NODE", "STATUS"], &rows, 2)) };
    format!("{}{observed_at}{nodes}", plan.render())
}

fn clusters_table(list: &crate::model::cluster::ClusterList) -> String {
    let allowed = list.allowed.iter().map(|entry| {
        vec![
            entry.name.clone(),
            entry.no.to_string(),
            entry.release.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string),
            entry.state.to_string(),
            entry.brokers.map_or_else(|| "-".to_owned(), |number| count(number, "broker")),
        ]
    });
    let forbidden = list.forbidden.iter().map(|entry| {
        let dash = || "-".to_owned();
        vec![entry.name.clone(), entry.no.to_string(), dash(), "no permission".to_owned(), dash()]
    });
    let rows: Vec<Vec<String>> = allowed.chain(forbidden).collect();
    table(&["NAME", "NO", "VERSION", "STATE", "BROKERS"], &rows, 0)
}
