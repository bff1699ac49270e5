//! The text of a watch. Uses no clock and no terminal.

use std::cmp::Reverse;
use std::time::Duration;

use console::{Alignment, measure_text_width, pad_str, truncate_str};

use crate::model::broker_health::Color;
use crate::output::color::{AnsiColor, node_color, paint};
use crate::output::escape::escape;
use crate::output::format::duration;
use crate::report::watch::WatchView;
use crate::upgrade::rules::broker_history::{BrokerHistory, RestartEvidence};
use crate::upgrade::rules::progress::WaitingFor;

/// The size of a terminal in characters.
#[derive(Debug, Clone, Copy)]
pub(super) struct Size {
    pub rows: usize,
    pub columns: usize,
}

/// The narrowest column for names. Chosen: shows the number at the end of a broker's name.
const MIN_NAME_WIDTH: usize = 8;

/// Returns the lines of the screen. They fit into the terminal with one row and one column to spare.
pub(super) fn lines(view: &WatchView, now: Duration, size: Size, color: bool) -> Vec<String> {
    let (rows, columns) = (size.rows.saturating_sub(1).max(1), size.columns.saturating_sub(1).max(1));
    let mut lines = wrap(&header(view, now), "  ", "", columns);
    let waiting = waiting_text(view, now);
    lines.extend(wrap(&words(&waiting), " ", "  ", columns));
    let mut warnings: Vec<String> = view
        .warnings
        .iter()
        .flat_map(|warning| {
            let text = format!("warning: {}", escape(&warning.text(now)));
            wrap(&words(&text), " ", "  ", columns)
        })
        .collect();
    // At least two rows are for brokers.
    warnings.truncate(rows.saturating_sub(lines.len() + 2));
    let left = rows.saturating_sub(lines.len() + warnings.len());
    lines.extend(broker_lines(view, now, left, columns, color));
    let warning_color = color.then_some(AnsiColor::Yellow);
    lines.extend(warnings.iter().map(|line| paint(line, warning_color)));
    lines.truncate(rows);
    lines.iter().map(|line| truncate_str(line, columns, "…").into_owned()).collect()
}

/// Returns what stays on the terminal after the watch: one line for each broker, and the warnings that still hold.
pub(super) fn record(view: &WatchView, now: Duration) -> Vec<String> {
    let brokers = view.brokers.0.iter().map(|broker| change_line(broker, now));
    let warnings = view.warnings.iter();
    let warnings = warnings.map(|warning| format!("warning: {}", escape(&warning.text(now))));
    brokers.chain(warnings).collect()
}

/// Returns a broker's colors, and how long it has been or was away.
pub(super) fn change_line(broker: &BrokerHistory, now: Duration) -> String {
    let name = escape(&broker.name);
    match broker.time_away(now) {
        None => format!("  {name}  no change observed"),
        Some(away) => format!("  {name}  {:<24}  {}", escape(&broker.color_path()), duration(away)),
    }
}

/// Returns what the watch waits for, and how long.
pub(super) fn waiting_text(view: &WatchView, now: Duration) -> String {
    let remaining = |until: Duration| {
        let left = until.saturating_sub(now);
        if left.is_zero() { String::new() } else { format!(" for {} more", duration(left)) }
    };
    let target = if view.to.is_some() { "target version reached" } else { "the cluster is healthy" };
    match view.waiting_for {
        None if view.last_response_at.is_none() => "waiting for the first response".to_owned(),
        None => "the last response was incomplete; polling again".to_owned(),
        Some(WaitingFor::FirstChange { until }) => {
            format!("no change observed yet; waiting{}", remaining(until))
        }
        Some(WaitingFor::EndOfChange) => {
            let (restarted, all) = (view.brokers.restarted_count(), view.brokers.0.len());
            format!("observed {restarted} of {all} brokers restart")
        }
        Some(WaitingFor::Confirmation { until }) => format!("{target}; confirming{}", remaining(until)),
        Some(WaitingFor::OtherVersionConfirmation { until }) => {
            format!("healthy, but not at the target version; confirming{}", remaining(until))
        }
    }
}

/// Returns the parts of the header: cluster, versions, elapsed time, and the age of the last response.
fn header(view: &WatchView, now: Duration) -> Vec<String> {
    let versions = match (&view.from, &view.to) {
        (Some(from), Some(to)) if from.code != to.code => Some(format!("{from} → {to}")),
        (from, to) => to.as_ref().or(from.as_ref()).map(ToString::to_string),
    };
    let response = match view.last_response_at {
        None => "no response yet".to_owned(),
        Some(at) => format!("last response {} ago", duration(now.saturating_sub(at))),
    };
    let time = format!("{} of {}", duration(now), duration(view.timeout));
    let parts = [Some(view.cluster.clone()), versions, Some(time), Some(response)];
    parts.into_iter().flatten().map(|part| escape(&part)).collect()
}

/// Returns at most `rows` lines. If there are more brokers, those that changed last are shown, and the others counted.
fn broker_lines(view: &WatchView, now: Duration, rows: usize, columns: usize, color: bool) -> Vec<String> {
    let mut shown: Vec<&BrokerHistory> = view.brokers.0.iter().collect();
    let mut hidden = Vec::new();
    if shown.len() > rows {
        // The sort is stable, so brokers that changed together stay in order.
        shown.sort_by_key(|broker| Reverse(broker.changed_at));
        hidden = shown.split_off(rows.saturating_sub(1));
        let position = |broker: &&BrokerHistory| view.brokers.0.iter().position(|other| other == *broker);
        shown.sort_by_key(position);
    }
    let mut lines = broker_table(view, &shown, now, columns, color);
    if !hidden.is_empty() && rows > 0 {
        let green = hidden.iter().filter(|broker| state(view, broker) == Color::Green.as_ref()).count();
        let noun = if hidden.len() == 1 { "other" } else { "others" };
        lines.push(format!("  {} {noun}, {green} green", hidden.len()));
    }
    lines
}

/// Returns a line for each broker: its state, the time in that state, and whether it restarted, where that fits.
fn broker_table(
    view: &WatchView,
    brokers: &[&BrokerHistory],
    now: Duration,
    columns: usize,
    color: bool,
) -> Vec<String> {
    let cells = brokers.iter().map(|broker| {
        let time = duration(now.saturating_sub(broker.changed_at));
        [escape(&broker.name), escape(state(view, broker)), time]
    });
    let cells: Vec<[String; 3]> = cells.collect();
    let longest = |column: usize| cells.iter().map(|cells| measure_text_width(&cells[column])).max();
    let [name_width, state_width, time_width] = [0, 1, 2].map(|column| longest(column).unwrap_or_default());
    let other_width = "      ".len() + state_width + time_width;
    let name_width = name_width.min(columns.saturating_sub(other_width).max(MIN_NAME_WIDTH));
    let note_width = columns.saturating_sub(other_width + name_width + "  ".len());
    let lines = brokers.iter().zip(&cells).map(|(broker, [name, state, time])| {
        let state_color =
            if state == MISSING { Some(AnsiColor::Red) } else { broker.colors.last().and_then(node_color) };
        let state = pad_str(state, state_width, Alignment::Left, None);
        let state = paint(&state, state_color.filter(|_| color));
        let time = pad_str(time, time_width, Alignment::Left, None);
        let note = restart_note(broker).filter(|note| note.len() <= note_width).unwrap_or_default();
        format!("  {}  {state}  {time}  {note}", fit_end(name, name_width)).trim_end().to_owned()
    });
    lines.collect()
}

fn restart_note(broker: &BrokerHistory) -> Option<String> {
    match (broker.restart_evidence(), broker.returned_at, broker.left_green_at) {
        (RestartEvidence::Yes, Some(returned), Some(left)) => {
            Some(format!("restarted in {}", duration(returned.saturating_sub(left))))
        }
        (RestartEvidence::NotObserved, _, None) => Some("no change observed".to_owned()),
        _ => None,
    }
}

/// The state of a broker that the last response did not list.
const MISSING: &str = "missing";

fn state<'a>(view: &WatchView, broker: &'a BrokerHistory) -> &'a str {
    if view.missing_brokers.contains(&broker.name) {
        return MISSING;
    }
    broker.colors.last().map_or("unknown", AsRef::as_ref)
}

/// Pads or shortens a name to a width. The end stays, because broker names differ there.
fn fit_end(name: &str, width: usize) -> String {
    let mut kept = name.to_owned();
    while measure_text_width(&kept) > width {
        let rest: String = kept.trim_start_matches('…').chars().skip(1).collect();
        kept = format!("…{rest}");
    }
    pad_str(&kept, width, Alignment::Left, None).into_owned()
}

fn words(text: &str) -> Vec<String> {
    text.split(' ').map(str::to_owned).collect()
}

/// Joins parts to lines of at most `width` columns. Lines after the first begin with `indent`.
fn wrap(parts: &[String], separator: &str, indent: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for part in parts {
        match lines.last_mut() {
            Some(line) if measure_text_width(line) + separator.len() + measure_text_width(part) <= width => {
                line.push_str(separator);
                line.push_str(part);
            }
            Some(_) => lines.push(format!("{indent}{part}")),
            None => lines.push(part.clone()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::broker_health::tests::health;
    use crate::model::ids::VersionCode;
    use crate::model::kafka_version::KafkaVersion;
    use crate::upgrade::rules::broker_history::BrokerHistories;
    use crate::upgrade::rules::watch_warnings::WatchWarning;

    const MINUTE: Duration = Duration::from_secs(60);

    fn view() -> WatchView {
        let mut brokers = BrokerHistories::default();
        brokers.record(&health(&["green", "green", "green"]), Duration::ZERO);
        brokers.record(&health(&["orange", "green", "green"]), MINUTE);
        brokers.record(&health(&["green", "red", "green"]), 2 * MINUTE);
        WatchView {
            cluster: "orders-prod".to_owned(),
            from: Some(KafkaVersion::unnamed(VersionCode::new(3_713_006))),
            to: Some(KafkaVersion::unnamed(VersionCode::new(3_903_006))),
            origin: Duration::from_secs(1_000),
            timeout: 180 * MINUTE,
            last_response_at: Some(5 * MINUTE),
            brokers,
            missing_brokers: Vec::new(),
            waiting_for: Some(WaitingFor::EndOfChange),
            warnings: vec![WatchWarning::RedBroker { name: "b2".to_owned(), since: 2 * MINUTE }],
        }
    }

    fn text(view: &WatchView, now: Duration, rows: usize, columns: usize) -> String {
        lines(view, now, Size { rows, columns }, false).join("\n")
    }

    #[test]
    fn the_screen_has_a_header_a_line_for_each_broker_and_the_warnings() {
        let now = 5 * MINUTE + Duration::from_secs(3);
        assert_eq!(
            text(&view(), now, 24, 100),
            "orders-prod  code 3713006 → code 3903006  5m 3s of 3h  last response 3s ago\n\
             observed 1 of 3 brokers restart\n  \
               b1  green  3m 3s  restarted in 1m\n  \
               b2  red    3m 3s\n  \
               b3  green  5m 3s  no change observed\n\
             warning: b2 has been red for 3m 3s"
        );
    }

    #[test]
    fn colors_only_add_escape_sequences() {
        let (view, now, size) = (view(), 5 * MINUTE, Size { rows: 24, columns: 100 });
        let (plain, colored) = (lines(&view, now, size, false), lines(&view, now, size, true));
        let stripped: Vec<String> =
            colored.iter().map(|line| console::strip_ansi_codes(line).into_owned()).collect();
        assert_eq!(stripped, plain);
        assert_ne!(colored, plain);
    }

    #[test]
    fn a_confirmation_counts_down() {
        let until = 9 * MINUTE;
        for (waiting_for, to, expected) in [
            (WaitingFor::Confirmation { until }, true, "target version reached; confirming for 4m 40s more"),
            (WaitingFor::Confirmation { until }, false, "the cluster is healthy; confirming for 4m 40s more"),
            (WaitingFor::FirstChange { until }, true, "no change observed yet; waiting for 4m 40s more"),
            (
                WaitingFor::OtherVersionConfirmation { until },
                true,
                "healthy, but not at the target version; confirming for 4m 40s more",
            ),
            (WaitingFor::Confirmation { until: MINUTE }, true, "target version reached; confirming"),
        ] {
            let mut view = WatchView { waiting_for: Some(waiting_for), ..view() };
            view.to = view.to.filter(|_| to);
            assert_eq!(waiting_text(&view, 4 * MINUTE + Duration::from_secs(20)), expected);
        }
    }

    #[test]
    fn a_missing_broker_is_not_shown_in_its_last_color() {
        let view = WatchView { missing_brokers: vec!["b3".to_owned()], ..view() };
        let text = text(&view, 5 * MINUTE, 24, 100);
        assert!(text.contains("  b3  missing"), "{text}");
        assert!(!text.contains("b3  green"), "{text}");
    }

    #[test]
    fn long_names_keep_their_end() {
        assert_eq!(fit_end("orders-prod-d-001", 8), "…d-d-001");
        assert_eq!(fit_end("주문-브로커-001", 9), "…로커-001");
        assert_eq!(fit_end("b1", 4), "b1  ");
    }

    #[test]
    fn before_the_first_response_there_is_only_a_header() {
        let brokers = BrokerHistories::default();
        let view =
            WatchView { brokers, last_response_at: None, waiting_for: None, warnings: vec![], ..view() };
        assert!(
            text(&view, Duration::ZERO, 24, 100).ends_with("no response yet\nwaiting for the first response")
        );
        assert_eq!(record(&view, Duration::ZERO), [""; 0]);
    }

    proptest! {
        #[test]
        fn the_screen_fits_into_any_terminal(
            (rows, columns) in (1_usize..60, 1_usize..200),
            names in prop::collection::vec(".{0,40}", 0..12),
            error in ".{0,200}",
            color in any::<bool>(),
        ) {
            let mut view = view();
            let broker = view.brokers.0[1].clone();
            view.brokers.0 = vec![broker; names.len()];
            for (broker, name) in view.brokers.0.iter_mut().zip(names) {
                broker.name = name;
            }
            view.warnings.push(WatchWarning::FailingReads { since: MINUTE, last_error: error });
            let lines = lines(&view, 5 * MINUTE, Size { rows, columns }, color);
            prop_assert!(lines.len() <= rows.saturating_sub(1).max(1), "{lines:#?}");
            for line in lines {
                let line = console::strip_ansi_codes(&line).into_owned();
                prop_assert!(measure_text_width(&line) <= columns.saturating_sub(1).max(1), "{line:?}");
                prop_assert!(!line.contains(char::is_control), "{line:?}");
            }
        }
    }
}
