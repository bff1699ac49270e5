//! Details of a check or an upgrade that the text and the Markdown page have in common.

use jiff::Timestamp;

use super::escape::escape;
use super::format::duration;
use crate::documents::Outcome;
use crate::messages::Message;
use crate::model::kafka_version::KafkaVersion;
use crate::model::language::Language;
use crate::model::verdict::{Evidence, Verdict};
use crate::report::upgrade::{UpgradeReport, VersionChoice};

/// Returns whether an upgrade to the version is possible, as a word.
pub(super) fn possible_text(choice: &VersionChoice) -> String {
    let word = match (choice.current, choice.possible) {
        (true, _) => "-",
        (false, Some(true)) => "yes",
        (false, Some(false)) => "no",
        (false, None) => "unknown",
    };
    word.to_owned()
}

/// Returns how long the upgrade took, or the bound that is known; empty if it is unknown when it started.
pub(super) fn elapsed(report: &UpgradeReport, verdict: Verdict, language: Language) -> String {
    let since_start =
        |end: Timestamp, start| duration(end.duration_since(start).try_into().unwrap_or_default());
    match (report.start.at, report.observed.finished_at, report.ended_at) {
        (Some(start), Some(end), _) => since_start(end, start),
        (Some(start), None, Some(end)) => {
            let time = &*since_start(end, start);
            let bound = match verdict {
                // The end was noticed this long after the start; the upgrade may have ended earlier.
                Verdict::Done | Verdict::Failed => Message::AtMost { time },
                // The upgrade may not have ended.
                Verdict::Already | Verdict::NotStarted | Verdict::Running | Verdict::Unknown => {
                    Message::After { time }
                }
            };
            bound.text(language)
        }
        _ => String::new(),
    }
}

/// Returns the values to set in Terraform. Otherwise the next apply would replace the cluster, because its version code
/// changed outside of Terraform.
pub(super) fn terraform_note(report: &UpgradeReport, language: Language) -> Option<String> {
    let code = &*report.plan.to.as_ref()?.code.to_string();
    let group = report.observed.cluster.as_ref()?.config_group.map(|no| no.to_string());
    let message = match &group {
        Some(group) => Message::TerraformVersionAndGroup { code, group },
        None => Message::TerraformVersion { code },
    };
    Some(message.text(language))
}

/// Returns what NAVER Cloud support asks for: numbers, times, request IDs, and the last observations. It contains no
/// secrets.
pub(super) fn support_details(
    report: &UpgradeReport,
    outcome: &Outcome<'_>,
    format_time: fn(Timestamp) -> String,
) -> Vec<String> {
    let UpgradeReport { plan, start, observed, ended_at, .. } = report;
    let code = |version: &Option<KafkaVersion>| {
        version.as_ref().map_or_else(|| "unknown".to_owned(), |version| version.code.to_string())
    };
    let service = outcome.commands.map(|commands| &commands.service);
    let details = [
        plan.cluster.as_ref().map(|(name, no)| ("cluster", format!("{name} ({no})"))),
        service.map(|service| ("service", format!("{} {}", service.site, service.region))),
        Some(("versions", format!("code {} to code {}", code(&plan.from), code(&plan.to)))),
        start.at.map(|at| ("started", format_time(at))),
        ended_at.map(|at| ("ended", format_time(at))),
        start.request_id.clone().map(|id| ("request", id)),
    ];
    let latest = &observed.evidence[observed.evidence.len().saturating_sub(3)..];
    let evidence = latest.iter().map(|Evidence { at, operation, observed }| {
        ("observed", format!("{}  {operation}: {observed}", format_time(*at)))
    });
    let request_id = outcome.requests.iter().rev().find_map(|record| record.request_id.as_deref());
    let details = details.into_iter().flatten().chain(evidence);
    let details = details.chain(request_id.map(|id| ("latest", format!("request {id}"))));
    let lines = details.map(|(name, value)| format!("  {name:<8}  {}", escape(&value)));
    [String::new(), "For NAVER Cloud support:".to_owned()].into_iter().chain(lines).collect()
}
