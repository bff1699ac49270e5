//! The end of a command: the error on stderr, the result on stdout.

use std::io;

use jiff::Timestamp;
use serde_json::Value;

use super::config_group;
use super::document::{CommandOutput, Outcome, ProfileChange, localize};
use super::escape::{escape, escape_json};
use super::plan::PlanText;
use super::streams::{self, OutputOptions};
use super::table::table;
use super::text::{count, local_time, seconds, utc_time};
use crate::config_group::rules::copy_report::CopyReport;
use crate::error::{CopyFailure, Failure};
use crate::exit::Exit;
use crate::model::output_format::OutputFormat;
use crate::model::verdict::{Submitted, Verdict};
use crate::report::Report;

/// Says what went wrong, then prints the result, as a table or as the `document`.
///
/// # Errors
///
/// Fails when stdout can't be written; the error was said all the same.
pub(crate) fn finish(
    look: OutputOptions,
    service: &str,
    body: &CommandOutput,
    report: &Report,
    ending: &Outcome<'_>,
    document: &Value,
) -> io::Result<()> {
    // A difference is what was asked for and no error to speak of.
    if let Some(failure) = ending.failure.filter(|failure| !matches!(failure, Failure::Different { .. })) {
        say(look, failure, report, ending);
    }
    let text = match look.format {
        OutputFormat::Json => {
            let text = serde_json::to_string_pretty(document).map_err(io::Error::other)?;
            escape_json(&text)
        }
        OutputFormat::Table => result(look, service, body, report, ending),
    };
    if text.is_empty() { Ok(()) } else { streams::print_stdout(&format!("{text}\n")) }
}

/// Prints the document alone, where the error was already said.
///
/// # Errors
///
/// Fails when stdout can't be written.
pub(crate) fn result_only(document: &Value) -> io::Result<()> {
    let text = serde_json::to_string_pretty(document).map_err(io::Error::other)?;
    streams::print_stdout(&format!("{}\n", escape_json(&text)))
}

/// Returns true when the reader of stdout has simply gone, as `head` does.
pub(crate) fn is_closed_pipe(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::BrokenPipe
}

/// Says the five things of an error: what was attempted, why it failed, the request, what was changed, and
/// what to do next.
fn say(look: OutputOptions, failure: &Failure, report: &Report, ending: &Outcome<'_>) {
    let mark = if look.color { "\u{1b}[1;31merror:\u{1b}[0m" } else { "error:" };
    streams::print_stderr(&format!("{mark} {}", escape(&failure.to_string())));
    // `upgrade` has shown the checks already, and a table of them follows on stdout.
    if matches!(failure, Failure::Blocked { .. })
        && ending.command == "check"
        && look.format == OutputFormat::Json
    {
        for check in report.checks.iter().filter(|check| check.is_blocking()) {
            streams::print_stderr(&format!("  {}: {}", check.id, escape(&check.reason)));
        }
    }
    if let Some(id) = failure.request_id() {
        streams::print_stderr(&format!("request: {}", escape(id)));
    }
    if let Some(changed) = what_was_changed(failure, report, ending.command) {
        streams::print_stderr(changed);
    }
    if let Some(hint) = failure.hint() {
        streams::print_stderr(&format!("hint: {}", escape(&localize(&hint, ending.service))));
    }
}

fn what_was_changed(failure: &Failure, report: &Report, command: &str) -> Option<&'static str> {
    if let Some(copy) = &report.copy {
        let is_told =
            matches!(failure, Failure::Copy(failure) if matches!(**failure, CopyFailure::Interrupted { .. }));
        return (!is_told && !copy.may_have_changed()).then_some("Nothing was changed.");
    }
    // The message of a signal says it already.
    if matches!(failure, Failure::Signal { .. }) || !matches!(command, "upgrade" | "check") {
        return None;
    }
    match report.submitted {
        Submitted::No if report.start_run.is_none() || report.verdict == Some(Verdict::NotStarted) => {
            Some("Nothing was changed.")
        }
        Submitted::Unknown => Some("Whether anything was changed is not known."),
        Submitted::No | Submitted::Yes => None,
    }
}

fn result(
    look: OutputOptions,
    service: &str,
    body: &CommandOutput,
    report: &Report,
    ending: &Outcome<'_>,
) -> String {
    match body {
        CommandOutput::Check => match &report.versions {
            Some(_) => versions_of_cluster(service, report),
            None => check(look, service, report, ending),
        },
        CommandOutput::Upgrade => upgrade(report, ending),
        CommandOutput::Verification => verification(look, service, report, ending),
        CommandOutput::Status if report.verdict.is_some() => upgrade(report, ending),
        CommandOutput::Status => status(service, report),
        CommandOutput::Difference => config_group::difference(report, service, look.verbosity >= 1),
        CommandOutput::Copy => copy(look, service, report, ending),
        _ if ending.failure.is_some() => String::new(),
        CommandOutput::Clusters(list) => clusters(list),
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
            let shown = |value: &Option<String>| value.clone().unwrap_or_else(|| "-".to_owned());
            let rows: Vec<Vec<String>> = settings
                .iter()
                .map(|one| vec![one.key.to_owned(), shown(&one.value), one.origin.clone()])
                .collect();
            table(&["KEY", "VALUE", "ORIGIN"], &rows, 0)
        }
        CommandOutput::Profiles(profiles) => {
            let rows: Vec<Vec<String>> =
                profiles.iter().map(|(name, source)| vec![name.clone(), source.clone()]).collect();
            table(&["PROFILE", "SOURCE"], &rows, 0)
        }
        CommandOutput::History(history, view) => super::history::text(history, view),
        CommandOutput::Change(change) => change.as_ref().map_or_else(String::new, changed),
        CommandOutput::Scenarios(scenarios) => {
            let rows: Vec<Vec<String>> = scenarios
                .iter()
                .map(|(name, exit, about)| vec![name.clone(), exit.to_string(), about.clone()])
                .collect();
            table(&["SCENARIO", "EXIT", "THE SERVICE"], &rows, 0)
        }
        CommandOutput::None => String::new(),
    }
}

/// What a copy came to, or would carry; nothing where it failed before anything was made.
fn copy(look: OutputOptions, service: &str, report: &Report, ending: &Outcome<'_>) -> String {
    if report.copy.as_ref().is_some_and(CopyReport::may_have_changed) {
        return config_group::end_of_copy(report);
    }
    if ending.failure.is_some() {
        return String::new();
    }
    format!("{}\n\nNothing was changed.", config_group::copy(report, service, look.verbosity >= 1))
}

/// One line: what was done to which profile, and where.
fn changed(change: &ProfileChange) -> String {
    let ProfileChange { profile, source, key, done } = change;
    let what = match key {
        Some(key) if *done == "made" => format!("made, with {key},"),
        Some(key) => format!("{key} {done}"),
        None => (*done).to_owned(),
    };
    escape(&format!("profile {profile}: {what} in {source}"))
}

/// The steps as a table. The first that is amiss stands out, in red where the terminal knows colours; its remedy is
/// said beside the error.
fn verification(look: OutputOptions, service: &str, report: &Report, ending: &Outcome<'_>) -> String {
    if report.checks.is_empty() {
        return String::new();
    }
    let table = super::plan::checks(&report.checks);
    let fault = report.checks.iter().position(crate::upgrade::rules::checks::Check::is_blocking);
    let is_red =
        |at: usize| look.color && streams::stdout_is_terminal() && fault.is_some_and(|row| row + 1 == at);
    let lines = table.lines().enumerate().map(|(at, line)| match line {
        line if is_red(at) => format!("\u{1b}[1;31m{line}\u{1b}[0m"),
        line => line.to_owned(),
    });
    let end = match report.checks.iter().find(|check| check.is_blocking()) {
        _ if ending.exit == Exit::Ok => {
            "\n\ncdss can work with this service. Nothing was changed.".to_owned()
        }
        Some(fault) => {
            format!("\n\nStart with {}: {}.", fault.id, escape(fault.remedy.as_deref().unwrap_or_default()))
        }
        None => String::new(),
    };
    format!("Service       {service}\n\n{}{end}", lines.collect::<Vec<_>>().join("\n"))
}

fn check(look: OutputOptions, service: &str, report: &Report, ending: &Outcome<'_>) -> String {
    let Some(plan) = PlanText::of_report(report, service, look.verbosity >= 1) else { return String::new() };
    if report.checks.is_empty() {
        return String::new();
    }
    let end = match (ending.exit, &report.to, &report.from) {
        (Exit::Ok, Some(to), Some(from)) if from.code == to.code => {
            format!("\n\nAlready at {to}. Nothing to do.")
        }
        (Exit::Ok, Some(to), _) => format!("\n\nThe upgrade to {to} is possible. Nothing was changed."),
        _ => String::new(),
    };
    format!("{}{end}", plan.draw())
}

fn versions_of_cluster(service: &str, report: &Report) -> String {
    let Some(plan) = PlanText::of_report(report, service, false) else { return String::new() };
    let rows: Vec<Vec<String>> = report
        .versions
        .iter()
        .flatten()
        .map(|choice| {
            let possible = match (choice.is_current, choice.possible) {
                (true, _) => "current",
                (false, Some(true)) => "yes",
                (false, Some(false)) => "no",
                (false, None) => "not known",
            };
            let name = choice.version.release.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
            vec![name, choice.version.code.to_string(), possible.to_owned(), choice.reason.clone()]
        })
        .collect();
    if rows.is_empty() {
        return plan.draw();
    }
    format!("{}\n\n{}", plan.draw(), table(&["VERSION", "CODE", "POSSIBLE", "DETAIL"], &rows, 2))
}

/// The three lines of an upgrade's end, and the block for support after a failure.
fn upgrade(report: &Report, ending: &Outcome<'_>) -> String {
    let (Some(verdict), Some((name, no))) = (report.verdict, &report.cluster) else { return String::new() };
    if verdict == Verdict::NotStarted {
        return String::new();
    }
    let shown = |version: &Option<crate::model::kafka_version::KafkaVersion>| {
        version.as_ref().map_or_else(|| "not told".to_owned(), ToString::to_string)
    };
    let versions = if verdict == Verdict::Already || report.from == report.to {
        shown(&report.to)
    } else {
        format!("{} → {}", shown(&report.from), shown(&report.to))
    };
    let since_start =
        |end: Timestamp, start| seconds(end.duration_since(start).try_into().unwrap_or_default());
    let time = match (report.started_at, report.finished_at, report.ended_at) {
        (Some(start), Some(end), _) => format!("  {}", since_start(end, start)),
        // The end may have come earlier than it was seen.
        (Some(start), None, Some(end)) => format!("  observed after {}", since_start(end, start)),
        _ => String::new(),
    };
    let cluster = if name.trim().is_empty() { format!("cluster {no}") } else { escape(name) };
    let mut lines = vec![format!("{cluster}  {versions}  {}{time}", word(verdict))];
    match verdict {
        Verdict::Already => lines.push("Nothing to do.".to_owned()),
        Verdict::Done => {
            let all = report.brokers.0.len();
            lines
                .push(format!("{} of {all} brokers were seen to restart.", report.brokers.restarted_count()));
            lines.extend(terraform(report));
        }
        Verdict::Failed => lines.extend(for_support(report, ending)),
        Verdict::Running | Verdict::Unknown | Verdict::NotStarted => {}
    }
    lines.join("\n")
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::NotStarted => "not started",
        verdict => verdict.word(),
    }
}

/// The provider would replace a cluster whose version code moved behind its back.
fn terraform(report: &Report) -> Option<String> {
    let code = report.to.as_ref()?.code;
    let group = report.last_cluster.as_ref()?.config_group;
    let group = group.map(|no| format!(" and config_group_no = {no}")).unwrap_or_default();
    Some(format!("terraform: set kafka_version_code = \"{code}\"{group} before the next apply"))
}

/// What NAVER Cloud support asks for: numbers, times in UTC, request ids, last states. No secret.
fn for_support(report: &Report, ending: &Outcome<'_>) -> Vec<String> {
    let mut lines = vec![String::new(), "For NAVER Cloud support:".to_owned()];
    if let Some((name, no)) = &report.cluster {
        lines.push(format!("  cluster   {} ({no})", escape(name)));
    }
    if let Some(service) = ending.service {
        lines.push(format!("  service   {} {}", service.site, service.region));
    }
    let code = |version: &Option<crate::model::kafka_version::KafkaVersion>| {
        version.as_ref().map_or_else(|| "not told".to_owned(), |version| version.code.to_string())
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
    let last = report.evidence.iter().rev().take(3).collect::<Vec<_>>();
    for evidence in last.into_iter().rev() {
        lines.push(format!(
            "  saw       {}  {}: {}",
            utc_time(evidence.at),
            evidence.operation,
            escape(&evidence.observed)
        ));
    }
    let latest = ending.requests.iter().rev().find_map(|record| record.request_id.as_deref());
    lines.extend(latest.map(|id| format!("  latest    request {}", escape(id))));
    lines
}

fn status(service: &str, report: &Report) -> String {
    let Some(plan) = PlanText::of_report(report, service, false) else { return String::new() };
    let rows: Vec<Vec<String>> = report
        .health
        .iter()
        .flat_map(|health| health.brokers.nodes.iter().chain(&health.zookeeper.nodes))
        .map(|node| {
            vec![node.name.clone(), node.color.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string)]
        })
        .collect();
    let seen = report.ended_at.map(|at| format!("\nSeen          {}", local_time(at))).unwrap_or_default();
    let nodes =
        if rows.is_empty() { String::new() } else { format!("\n\n{}", table(&["NODE", "STATUS"], &rows, 2)) };
    format!("{}{seen}{nodes}", plan.draw())
}

fn clusters(list: &crate::model::cluster::ClusterList) -> String {
    let allowed = list.allowed.iter().map(|entry| {
        vec![
            entry.name.clone(),
            entry.no.to_string(),
            entry.release.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string),
            entry.state.word().to_owned(),
            entry.brokers.map_or_else(|| "-".to_owned(), |number| count(number, "broker")),
        ]
    });
    let forbidden = list.forbidden.iter().map(|entry| {
        let dash = || "-".to_owned();
        vec![entry.name.clone(), entry.no.to_string(), dash(), "no permission".to_owned(), dash()]
    });
    let rows: Vec<Vec<String>> = allowed.chain(forbidden).collect();
    table(&["NAME", "NO", "VERSION", "STATUS", "BROKERS"], &rows, 0)
}
