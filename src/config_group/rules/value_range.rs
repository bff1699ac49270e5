//! The values that a setting may have, read from a text of no documented form.

use std::fmt;

/// What a text about a range could be read as.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ValueRange {
    /// None: no end on that side.
    Between(Option<f64>, Option<f64>),
    OneOf(Vec<String>),
}

impl ValueRange {
    /// Reads `1 ~ 100`, `1-100`, `[1,...,100]`, `[1,...]`, `>= 1`, `delete, compact` and their like. None for everything
    /// else: a text that can't be read is no range and forbids nothing.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text).trim();
        if let Some(least) = bare.strip_prefix(">=").or_else(|| bare.strip_prefix('≥')) {
            return number(least).map(|least| Self::Between(Some(least), None));
        }
        if let Some((least, most)) = split_bounds(bare) {
            return between(least, most);
        }
        let items: Vec<&str> = bare.split([',', '|']).map(str::trim).collect();
        let is_word = |item: &&str| {
            !item.is_empty()
                && number(item).is_none()
                && item.chars().all(|c| c.is_ascii_alphanumeric() || "_.-".contains(c))
                && *item != "..."
        };
        let is_list = items.len() > 1 && items.iter().all(is_word);
        is_list.then(|| Self::OneOf(items.into_iter().map(str::to_owned).collect()))
    }

    /// Returns true unless the value is certainly outside. Of several values, divided by commas, each has to be
    /// allowed; a value that is no number is not held against a range of numbers.
    pub(crate) fn allows(&self, value: &str) -> bool {
        match self {
            Self::Between(least, most) => number(value).is_none_or(|value| {
                least.is_none_or(|least| value >= least) && most.is_none_or(|most| value <= most)
            }),
            Self::OneOf(items) => {
                value.split(',').all(|part| items.iter().any(|item| item.eq_ignore_ascii_case(part.trim())))
            }
        }
    }
}

impl fmt::Display for ValueRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Between(Some(least), Some(most)) => write!(f, "{least} to {most}"),
            Self::Between(Some(least), None) => write!(f, "{least} or more"),
            Self::Between(None, Some(most)) => write!(f, "{most} or less"),
            Self::Between(None, None) => f.write_str("any number"),
            Self::OneOf(items) => f.write_str(&items.join(", ")),
        }
    }
}

fn between(least: &str, most: &str) -> Option<ValueRange> {
    let open = |text: &str| text.trim().is_empty();
    let (low, high) = (number(least), number(most));
    match (low, high) {
        (Some(low), Some(high)) if low <= high => Some(ValueRange::Between(Some(low), Some(high))),
        (Some(low), None) if open(most) => Some(ValueRange::Between(Some(low), None)),
        (None, Some(high)) if open(least) => Some(ValueRange::Between(None, Some(high))),
        _ => None,
    }
}

/// Splits a range of numbers into its two ends.
fn split_bounds(text: &str) -> Option<(&str, &str)> {
    if let Some((least, most)) = text.split_once("...") {
        return Some((least.trim().trim_end_matches(','), most.trim().trim_start_matches(',')));
    }
    if let Some(two) = text.split_once(['~', '～']) {
        return Some(two);
    }
    // A sign in front is no dash between.
    let (at, _) = text.char_indices().skip(1).find(|(_, c)| matches!(c, '-' | '–'))?;
    let dash = text[at..].chars().next()?.len_utf8();
    let (least, most) = (&text[..at], &text[at + dash..]);
    number(least).and(number(most)).map(|_| (least, most))
}

/// Reads a plain decimal number. Rounding can only make two unequal numbers equal, which forbids nothing.
fn number(text: &str) -> Option<f64> {
    let text = text.trim();
    let plain = |c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | '+');
    if text.is_empty() || !text.chars().all(plain) { None } else { text.parse().ok() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_usual_spellings_of_a_range_are_read() {
        let between = |least: f64, most: f64| Some(ValueRange::Between(Some(least), Some(most)));
        let from = |least: f64| Some(ValueRange::Between(Some(least), None));
        let one_of =
            |items: &[&str]| Some(ValueRange::OneOf(items.iter().map(|item| (*item).into()).collect()));
        for (text, range) in [
            ("1~100", between(1.0, 100.0)),
            ("1 ~ 100", between(1.0, 100.0)),
            ("-1 ~ 100", between(-1.0, 100.0)),
            ("[1,...,100]", between(1.0, 100.0)),
            ("[1, ..., 100]", between(1.0, 100.0)),
            ("[0,...]", from(0.0)),
            ("1-100", between(1.0, 100.0)),
            ("-5 - -1", between(-5.0, -1.0)),
            ("0.0 ~ 1.0", between(0.0, 1.0)),
            ("1 ~", from(1.0)),
            (">= 1", from(1.0)),
            ("true, false", one_of(&["true", "false"])),
            ("[delete, compact]", one_of(&["delete", "compact"])),
            ("delete|compact", one_of(&["delete", "compact"])),
        ] {
            assert_eq!(ValueRange::parse(text), range, "{text:?}");
        }
        for text in [
            "",
            "string",
            "any text",
            "100~1",
            "[0, 1]",
            "1,2,3",
            "~",
            "a ~ b",
            "e.g. delete, compact",
            "-",
            "…",
        ] {
            assert_eq!(ValueRange::parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn only_what_is_certainly_outside_is_forbidden() {
        for (range, value, allowed) in [
            ("1 ~ 100", "1", true),
            ("1 ~ 100", "100", true),
            ("1 ~ 100", "0", false),
            ("1 ~ 100", "101", false),
            ("1 ~ 100", "many", true),
            ("1 ~ 9223372036854775807", "9223372036854775807", true),
            ("delete, compact", "compact,delete", true),
            ("delete, compact", "compact, remove", false),
            ("true, false", "TRUE", true),
        ] {
            assert_eq!(ValueRange::parse(range).unwrap().allows(value), allowed, "{range:?} {value:?}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in ".{0,30}", value in ".{0,10}") {
            let _allowed = ValueRange::parse(&text).is_none_or(|range| range.allows(&value));
        }

        #[test]
        fn both_ends_of_a_range_are_inside(a in -1_000_i64..1_000, b in -1_000_i64..1_000) {
            let (least, most) = (a.min(b), a.max(b));
            for text in [format!("{least}~{most}"), format!("[{least},...,{most}]"), format!("{least} - {most}")] {
                let range = ValueRange::parse(&text).unwrap();
                prop_assert!(range.allows(&least.to_string()) && range.allows(&most.to_string()));
                prop_assert!(!range.allows(&(least - 1).to_string()) && !range.allows(&(most + 1).to_string()));
            }
        }
    }
}
