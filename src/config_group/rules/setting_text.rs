//! Formats settings for people: values with their unit.

use super::difference::SettingChange;

/// Returns the unit at the end of a setting's name.
fn unit(key: &str) -> Option<&'static str> {
    let (_, last) = key.rsplit_once('.')?;
    ["ms", "seconds", "minutes", "hours", "bytes"].into_iter().find(|unit| *unit == last)
}

/// Formats the old and new value with the unit: `168 → 72 hours`.
pub(crate) fn format_change(change: &SettingChange) -> String {
    let from = change.from.as_deref().map_or("not set", display_value);
    let Some(to) = &change.to else { return format!("{from} → not set") };
    let to = with_unit(&change.key, to);
    if change.from == change.to { to } else { format!("{from} → {to}") }
}

fn display_value(value: &str) -> &str {
    if value.is_empty() { "(empty)" } else { value }
}

/// Formats a value with its unit. Negative numbers have no unit: they have a special meaning, such as no limit.
pub(crate) fn with_unit(key: &str, value: &str) -> String {
    match unit(key).filter(|_| !value.is_empty() && !value.starts_with('-')) {
        Some(unit) => format!("{value} {unit}"),
        None => display_value(value).to_owned(),
    }
}

/// The most settings listed on one line. The plan has a line for each setting.
///
/// Chosen: more are unreadable in a table cell.
const MAX_LISTED: usize = 8;

/// Joins the first few texts and counts the rest.
pub(crate) fn first_few(texts: impl Iterator<Item = String>) -> String {
    let all: Vec<String> = texts.collect();
    let shown = &all[..all.len().min(MAX_LISTED)];
    match all.len() - shown.len() {
        0 => shown.join(", "),
        more => format!("{}, and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::difference::ChangeClass;
    use super::*;

    #[test]
    fn at_most_eight_texts_are_listed() {
        let text = |count: usize| first_few((1..=count).map(|number| number.to_string()));
        assert_eq!(text(1), "1");
        assert_eq!(text(8), "1, 2, 3, 4, 5, 6, 7, 8");
        assert_eq!(text(10), "1, 2, 3, 4, 5, 6, 7, 8, and 2 more");
    }

    #[test]
    fn values_have_the_unit_of_the_setting_name() {
        let text = |key: &str, from: Option<&str>, to: Option<&str>| {
            format_change(&SettingChange {
                key: key.to_owned(),
                from: from.map(str::to_owned),
                to: to.map(str::to_owned),
                class: ChangeClass::Changed,
                was_custom: true,
                note: None,
            })
        };
        assert_eq!(text("log.retention.hours", Some("168"), Some("72")), "168 → 72 hours");
        assert_eq!(text("log.segment.bytes", Some("1"), Some("1")), "1 bytes");
        assert_eq!(text("num.partitions", Some("1"), Some("6")), "1 → 6");
        assert_eq!(text("log.retention.ms", Some("1"), None), "1 → not set");
        assert_eq!(text("log.retention.bytes", Some("1"), Some("-1")), "1 → -1");
        assert_eq!(text("log.retention.bytes", None, Some("1")), "not set → 1 bytes");
        assert_eq!(text("ssl.cipher.suites", Some(""), None), "(empty) → not set");
        assert_eq!(text("log.retention.bytes", Some("1"), Some("")), "1 → (empty)");
    }
}
