//! Markdown output of `check` and `upgrade`, for tickets, pull requests, and job summaries.
//!
//! Text that others wrote, such as names, values, and messages of the service, is escaped, and never begins a line.

use super::data_plane::{AffectedRows, affected_rows, after_lines, forecast_rows};
use super::escape::escape;
use super::format::{count, utc_time};
use super::plan::{class_counts, groups_text, is_significant, versions_text};
use super::result::{CommandReport, View};
use super::table::or_dash;
use super::upgrade_details::{elapsed, possible_text, support_details, terraform_note};
use crate::brokers::forecast::Forecast;
use crate::config_group::rules::difference::SettingChange;
use crate::config_group::rules::setting_text::format_change;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::model::cluster::name_or_number;
use crate::model::data_plane::ClusterView;
use crate::model::language::Language;
use crate::model::verdict::Verdict;
use crate::report::upgrade::{CheckReport, PlanReport, UpgradeReport, VersionChoice};
use crate::upgrade::rules::broker_history::BrokerHistories;
use crate::upgrade::rules::checks::Check;

/// Pages are for others, and have the language of the documents.
const LANGUAGE: Language = Language::English;

/// Renders the page of `check` and of `upgrade --dry-run`.
pub(super) fn check_page(report: &CheckReport, view: &View<'_>) -> String {
    let CheckReport { plan, versions } = report;
    let is_at_target =
        plan.to.as_ref().zip(plan.from.as_ref()).is_some_and(|(to, from)| to.code == from.code);
    let result = match view.outcome.exit {
        Exit::Ok if is_at_target => "nothing to do",
        Exit::Ok if versions.is_none() => "possible",
        exit => exit.into(),
    };
    let mut blocks = vec![heading("Upgrade check", plan), facts(plan, result, view, [])];
    blocks.extend(error_blocks(report, view));
    blocks.extend(versions.as_deref().and_then(versions_table));
    blocks.extend(plan_blocks(plan, view));
    blocks.join("\n\n")
}

/// Renders the page of `upgrade`.
pub(super) fn upgrade_page(report: &UpgradeReport, view: &View<'_>) -> String {
    let UpgradeReport { plan, start, observed, verdict, ended_at, .. } = report;
    let plan = &PlanReport { state: observed.state.clone(), ..plan.clone() };
    let result: &str = verdict.map_or(view.outcome.exit.into(), Verdict::into);
    let is_over =
        matches!(verdict, Some(Verdict::Done | Verdict::Failed | Verdict::Running | Verdict::Unknown));
    let time =
        verdict.map(|verdict| elapsed(report, verdict, LANGUAGE)).filter(|time| is_over && !time.is_empty());
    let facts_of_the_run = [
        ("Run", start.run.clone()),
        ("Started", start.at.map(utc_time)),
        ("Request ID", start.request_id.clone()),
        ("Ended", ended_at.filter(|_| is_over).map(utc_time)),
        ("Duration", time),
    ];
    let mut blocks = vec![heading("Upgrade", plan), facts(plan, result, view, facts_of_the_run)];
    blocks.extend(error_blocks(report, view));
    blocks.extend(brokers_table(&observed.brokers));
    let after: Vec<String> =
        report.data_plane_after.iter().flat_map(|after| after_lines(after, LANGUAGE)).collect();
    if !after.is_empty() {
        blocks.push(
            after.iter().map(|line| format!("- {}", escape_markdown(line))).collect::<Vec<_>>().join("\n"),
        );
    }
    match verdict {
        Some(Verdict::Done) => blocks.extend(terraform_note(report, LANGUAGE).map(|note| code_span(&note))),
        Some(Verdict::Failed) => {
            let details = support_details(report, view.outcome, utc_time).split_off(2).join("\n");
            blocks.push(format!("### For NAVER Cloud support\n\n```text\n{details}\n```"));
        }
        _ => {}
    }
    blocks.extend(plan_blocks(plan, view));
    blocks.join("\n\n")
}

fn heading(title: &str, plan: &PlanReport) -> String {
    let Some((name, no)) = &plan.cluster else { return format!("## {title}") };
    let name = name_or_number(name, *no);
    let versions = plan.from.as_ref().map(|_| format!(", {}", versions_text(plan))).unwrap_or_default();
    format!("## {title}: {}", escape_markdown(&format!("{name}{versions}")))
}

/// Renders what the command worked on and how it ended, with the facts that are known.
fn facts<const N: usize>(
    plan: &PlanReport,
    result: &str,
    view: &View<'_>,
    more: [(&str, Option<String>); N],
) -> String {
    let exit = view.outcome.exit;
    let result = format!("**{}** (exit code {})", result.replace('_', " "), exit.code());
    let cluster = plan.cluster.as_ref().map(|(name, no)| {
        let brokers = plan.broker_count.map(|number| format!(", {}", count(number, "broker")));
        let state = plan.state.as_ref().map(|state| format!(", {state}"));
        format!("{name} ({no}){}{}", brokers.unwrap_or_default(), state.unwrap_or_default())
    });
    let service = view.outcome.commands.map(|commands| {
        let sandbox = if commands.service.sandbox { "sandbox " } else { "" };
        format!("{sandbox}{}", commands.location())
    });
    let texts = [
        ("Service", service),
        ("Cluster", cluster),
        ("Kafka", plan.from.as_ref().map(|_| versions_text(plan))),
        ("Config group", groups_text(plan)),
    ];
    let texts = texts.into_iter().chain(more);
    let rows = texts.filter_map(|(label, text)| Some((label, escape_markdown(&text?))));
    let plan_id = plan.id.map(|id| ("Plan", code_span(&id.to_string())));
    let rows = std::iter::once(("Result", result)).chain(plan_id).chain(rows);
    table(&["", ""], rows.map(|(label, cell)| [label.to_owned(), cell]))
}

/// Renders the error, if any, with the hint and the command to run next.
fn error_blocks(report: &dyn CommandReport, view: &View<'_>) -> Vec<String> {
    let Some(failure) = view.outcome.failure else { return Vec::new() };
    let commands = view.outcome.commands;
    let mut lines = vec![format!("**Error:** {}", with_code_spans(&failure.message(commands)))];
    lines.extend(failure.request_id().map(|id| format!("Request ID: {}", escape_markdown(id))));
    lines.extend(report.change_note(failure).map(|note| escape_markdown(&note.text(LANGUAGE))));
    let mut blocks = vec![lines.join("<br>\n")];
    let next = failure.follow_command().map(|command| command.render(commands));
    if let Some(hint) = failure.hint(commands) {
        // The command is in a block of its own, to copy it.
        let text = next.as_ref().and_then(|next| hint.strip_suffix(next.as_str())).unwrap_or(&hint);
        blocks.push(format!("**Hint:** {}", with_code_spans(text.trim_end())));
    }
    blocks.extend(next.map(|next| command_block([next])));
    if let CommandError::Blocked(checks) = failure
        && let Some(first) = checks.first()
    {
        blocks.push(format!("Details: {}", code_span(&format!("cdss help {}", first.id))));
    }
    blocks
}

/// Renders the setting changes, the checks, and the closest config groups.
fn plan_blocks(plan: &PlanReport, view: &View<'_>) -> Vec<String> {
    let shown: Vec<&SettingChange> =
        plan.changes.iter().filter(|change| view.shows_all() || is_significant(change)).collect();
    let mut blocks = Vec::new();
    if !shown.is_empty() {
        let rows = shown.into_iter().map(|change| {
            let note = change.note.clone().unwrap_or_default();
            [&change.key, &format_change(change), &change.class.to_string(), &note]
                .map(|text| escape_markdown(text))
        });
        blocks.push(section("Setting changes", &table(&["Setting", "Change", "Class", "Note"], rows)));
    }
    if !plan.checks.is_empty() {
        blocks.push(section(
            "Checks",
            &table(&["Check", "Result", "Detail"], plan.checks.iter().map(check_row)),
        ));
    }
    blocks.extend(
        plan.data_plane.as_ref().and_then(|one| one.view()).map(|one| forecast_block(one, view.shows_all())),
    );
    if !plan.candidates.is_empty() {
        let rows = plan.candidates.iter().map(|candidate| {
            [candidate.group.to_string(), class_counts(&candidate.changes)].map(|text| escape_markdown(&text))
        });
        blocks.push(section("Closest config groups", &table(&["Config group", "Changes"], rows)));
        let commands =
            plan.candidates.iter().filter_map(|candidate| plan.check_with_group(candidate.group.no));
        blocks.push(command_block(commands.map(|command| command.render(view.outcome.commands))));
    }
    blocks
}

/// Renders the forecast as a table, and below it the affected topics.
fn forecast_block(cluster: &ClusterView, show_all: bool) -> String {
    let forecast = Forecast::new(cluster);
    let (heading, rows) = forecast_rows(&forecast);
    let AffectedRows { rows: affected, more } = affected_rows(&forecast, show_all);
    let mut blocks = vec![section("While a broker restarts", &table(&heading, rows))];
    if !affected.is_empty() {
        let rows = affected.into_iter().map(|row| row.map(|cell| escape_markdown(&cell)));
        blocks.push(table(&["Effect", "Partitions", "Brokers"], rows));
    }
    blocks.extend(more);
    blocks.join("\n\n")
}

fn check_row(check: &Check) -> [String; 3] {
    let result = match (check.is_blocking(), check.accepted.is_empty()) {
        (true, _) => format!("**{}**", check.result),
        (false, false) => format!("{}, accepted", check.result),
        (false, true) => check.result.to_string(),
    };
    [escape_markdown(&check.id.to_string()), result, escape_markdown(&check.reason)]
}

fn versions_table(versions: &[VersionChoice]) -> Option<String> {
    let rows = versions.iter().map(|choice| {
        let cells = [or_dash(choice.name.as_ref()), possible_text(choice), choice.reason.clone()];
        cells.map(|cell| escape_markdown(&cell))
    });
    (!versions.is_empty()).then(|| section("Versions", &table(&["Version", "Possible", "Detail"], rows)))
}

fn brokers_table(brokers: &BrokerHistories) -> Option<String> {
    let rows = brokers.0.iter().map(|broker| {
        let restarted = broker.restart_evidence().to_string().replace('_', " ");
        [broker.name.clone(), broker.color_path(), restarted].map(|text| escape_markdown(&text))
    });
    (!brokers.0.is_empty()).then(|| section("Brokers", &table(&["Broker", "Observed", "Restarted"], rows)))
}

fn section(title: &str, body: &str) -> String {
    format!("### {title}\n\n{body}")
}

/// Renders a table. The cells are Markdown without line breaks.
fn table(heading: &[&str], rows: impl IntoIterator<Item = impl AsRef<[String]>>) -> String {
    let mut lines =
        vec![format!("| {} |", heading.join(" | ")), format!("|{}", " --- |".repeat(heading.len()))];
    lines.extend(rows.into_iter().map(|cells| format!("| {} |", cells.as_ref().join(" | "))));
    lines.join("\n")
}

/// Renders commands, which begin with our own words, one a line.
fn command_block(commands: impl IntoIterator<Item = String>) -> String {
    let lines: Vec<String> = commands.into_iter().map(|command| escape(&command)).collect();
    format!("```sh\n{}\n```", lines.join("\n"))
}

/// Renders text as a code span, for use outside of a table.
fn code_span(text: &str) -> String {
    let text = escape(text);
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest.saturating_add(1));
    // One space on each side is not part of the content. It separates the fence from a backtick in the text.
    let space = if longest > 0 || text.trim().is_empty() { " " } else { "" };
    format!("{fence}{space}{text}{space}{fence}")
}

/// Characters that have an effect before Markdown is rendered, in a workflow or as HTML. A quoted text with one of them is
/// escaped instead of shown as code.
const NOT_IN_CODE: [char; 7] = ['<', '>', '@', '#', '$', '[', '|'];

/// Renders one of our messages, in which backticks quote names and commands.
fn with_code_spans(text: &str) -> String {
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return escape_markdown(text);
    }
    let part = |(index, part): (usize, &&str)| match index {
        index if index.is_multiple_of(2) => escape_markdown(part),
        _ if part.is_empty() || part.contains(NOT_IN_CODE) => escape_markdown(&format!("`{part}`")),
        _ => code_span(part),
    };
    parts.iter().enumerate().map(part).collect()
}

/// Separates a character from the next one without being visible, so that GitHub sees neither a mention nor a reference.
const SEPARATOR: &str = "&#8203;";

/// Escapes text for a paragraph, a heading, or a table cell, but not for the beginning of a line. The text becomes no
/// markup, HTML, link, mention, or reference on GitHub, and no workflow command or expression of GitHub Actions.
fn escape_markdown(text: &str) -> String {
    let text: Vec<char> = escape(text).chars().collect();
    let mut escaped = String::with_capacity(text.len());
    for (index, &c) in text.iter().enumerate() {
        let next = text.get(index.saturating_add(1)).copied();
        let follows = |word: &str| {
            let mut before = text[..index].iter().rev();
            word.chars().rev().all(|letter| before.next().is_some_and(|c| c.eq_ignore_ascii_case(&letter)))
        };
        let is_before_digit = next.is_some_and(|next| next.is_ascii_digit());
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '\\' | '`' | '*' | '_' | '~' | '^' | '|' | '[' | ']' | '{' | '}' | '$' | '#' => {
                escaped.extend(['\\', c]);
            }
            // A workflow command, and a link.
            ':' if matches!(next, Some(':' | '/')) => escaped.push_str("\\:"),
            '.' if follows("www") => escaped.push_str("\\."),
            c => escaped.push(c),
        }
        // A mention, an issue by `#1`, and one by `GH-1`.
        if c == '@' || (c == '#' && is_before_digit) || (c == '-' && is_before_digit && follows("gh")) {
            escaped.push_str(SEPARATOR);
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use pulldown_cmark::{Event, Options, Parser, Tag};

    use super::*;

    #[test]
    fn foreign_text_stays_text() {
        for (text, escaped) in [
            ("orders-prod (1009123)", "orders-prod (1009123)"),
            ("log.retention.hours 168 → 72 hours", "log.retention.hours 168 → 72 hours"),
            ("주문 é 🙂", "주문 é 🙂"),
            ("a|b", r"a\|b"),
            (r"a\|b", r"a\\\|b"),
            ("`rm`", r"\`rm\`"),
            ("**b** _i_ ~~s~~", r"\*\*b\*\* \_i\_ \~\~s\~\~"),
            ("[x](http://a)", r"\[x\](http\://a)"),
            ("![x](y)", r"!\[x\](y)"),
            ("<img src=x>", "&lt;img src=x&gt;"),
            ("<!-- x -->", "&lt;!-- x --&gt;"),
            ("&lt;b&gt;", "&amp;lt;b&amp;gt;"),
            ("@team", "@&#8203;team"),
            ("a@b.example", "a@&#8203;b.example"),
            ("#123", r"\#&#8203;123"),
            ("owner/repo#1", r"owner/repo\#&#8203;1"),
            ("GH-7 x-7", "GH-&#8203;7 x-7"),
            ("www.example.com", r"www\.example.com"),
            ("# heading", r"\# heading"),
            ("a\nb\u{1b}[2J", r"a\\u\{a\}b\\u\{1b\}\[2J"),
            ("::error::x", r"\::error\::x"),
            ("##[error]x", r"\#\#\[error\]x"),
            ("${{ secrets.KEY }}", r"\$\{\{ secrets.KEY \}\}"),
        ] {
            assert_eq!(escape_markdown(text), escaped);
        }
    }

    #[test]
    fn quoted_parts_of_a_message_are_code() {
        for (text, rendered) in [
            ("run `cdss history` to list", "run `cdss history` to list"),
            ("no cluster named `a_b`", "no cluster named `a_b`"),
            ("an odd ` stays *text*", r"an odd \` stays \*text\*"),
            ("named ``", r"named \`\`"),
            ("named `<b>`", r"named \`&lt;b&gt;\`"),
            ("named `${{ x }}`", r"named \`\$\{\{ x \}\}\`"),
        ] {
            assert_eq!(with_code_spans(text), rendered);
        }
        assert_eq!(code_span("a`b"), "`` a`b ``");
        assert_eq!(code_span("a\n::error::"), r"`a\u{a}::error::`");
    }

    fn parse(markdown: &str) -> Vec<Event<'_>> {
        Parser::new_ext(markdown, Options::all() - Options::ENABLE_SMART_PUNCTUATION).collect()
    }

    /// Returns the text of a rendered page without spaces, if all its tags are allowed.
    fn plain_text(markdown: &str, is_allowed: fn(&Tag<'_>) -> bool) -> Result<String, String> {
        let mut shown = String::new();
        for event in parse(markdown) {
            match event {
                Event::Text(text) | Event::Code(text) => shown.push_str(&text),
                Event::End(_) => {}
                Event::Start(tag) if is_allowed(&tag) => {}
                other => return Err(format!("{other:?} in {markdown:?}")),
            }
        }
        shown.retain(|c| c != '\u{200b}' && c != ' ');
        Ok(shown)
    }

    fn expected(text: &str) -> String {
        escape(text).replace(' ', "")
    }

    /// Returns text with many characters that mean something in Markdown.
    fn hostile() -> impl Strategy<Value = String> {
        let words = [
            "|",
            "`",
            "``",
            "*",
            "_",
            "~",
            "[",
            "](",
            ")",
            "<",
            "<img>",
            "<!--",
            "-->",
            "&amp;",
            "@",
            "#1",
            "\\",
            "\n",
            "\r\n",
            "::",
            "://",
            "${{",
            "}}",
            "$",
            "www.",
            "http://a.b",
            "- ",
            "1. ",
            " ",
            "a",
            "^",
            ":",
            "!",
            "=",
            "+",
        ];
        let word = prop_oneof![3 => prop::sample::select(words.to_vec()).prop_map(str::to_owned), 1 => any::<String>()];
        prop::collection::vec(word, 0..12).prop_map(|words| words.concat())
    }

    proptest! {
        #[test]
        fn cells_headings_and_paragraphs_show_foreign_text_as_it_is(text in hostile()) {
            let escaped = escape_markdown(&text);
            let cells = table(&["A", "B"], [["x".to_owned(), format!("y{escaped}z")]]);
            let in_table = |tag: &Tag<'_>| {
                matches!(tag, Tag::Table(_) | Tag::TableHead | Tag::TableRow | Tag::TableCell)
            };
            prop_assert_eq!(plain_text(&cells, in_table), Ok(format!("ABxy{}z", expected(&text))));
            let heading = format!("## y{escaped}z");
            prop_assert_eq!(plain_text(&heading, |tag| matches!(tag, Tag::Heading { .. })), Ok(format!("y{}z", expected(&text))));
            let paragraph = format!("y{escaped}z");
            prop_assert_eq!(plain_text(&paragraph, |tag| matches!(tag, Tag::Paragraph)), Ok(format!("y{}z", expected(&text))));
        }

        #[test]
        fn code_spans_show_foreign_text_as_it_is(text in hostile()) {
            let paragraph = format!("y{}z", code_span(&text));
            prop_assert_eq!(plain_text(&paragraph, |tag| matches!(tag, Tag::Paragraph)), Ok(format!("y{}z", expected(&text))));
        }

        #[test]
        fn escaped_text_has_no_mention_link_command_or_expression(text in hostile()) {
            let escaped = escape_markdown(&text);
            for part in ["\n", "\r", "${{", "##[", "<", ">"] {
                prop_assert!(!escaped.contains(part), "{part:?} in {escaped}");
            }
            for part in ["::", "://"] {
                prop_assert!(escaped.match_indices(part).all(|(at, _)| escaped[..at].ends_with('\\')), "{escaped}");
            }
            prop_assert!(escaped.split('@').skip(1).all(|rest| rest.starts_with(SEPARATOR)), "{escaped}");
            let is_reference = |rest: &str| rest.starts_with(|c: char| c.is_ascii_digit());
            prop_assert!(!escaped.replace(SEPARATOR, "~").split('#').skip(1).any(is_reference), "{escaped}");
        }
    }
}
