//! Value ranges of settings, parsed from text whose format the service does not document.

use std::fmt;

/// A parsed range.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ValueRange {
    /// None: unbounded on that side.
    Between(Option<f64>, Option<f64>),
    OneOf(Vec<String>),
}

impl ValueRange {
    /// Parses `1 ~ 100`, `1-100`, `[1,...,100]`, `[1,...]`, `>= 1`, `delete, compact`, and similar forms. Returns None for
    /// any other text, which then forbids nothing.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text).trim();
        if let Some(min) = bare.strip_prefix(">=").or_else(|| bare.strip_prefix('≥')) {
            return number(min).map(|min| Self::Between(Some(min), None));
        }
        if let Some((min, max)) = split_bounds(bare) {
            return between(min, max);
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

    /// Returns true unless the value is certainly outside. In a comma-separated list, each value must be allowed. A value
    /// that is not a number always passes a numeric range.
    pub(crate) fn allows(&self, value: &str) -> bool {
        match self {
            Self::Between(min, max) => number(value)
                .is_none_or(|value| min.is_none_or(|min| value >= min) && max.is_none_or(|max| value <= max)),
            Self::OneOf(items) => {
                value.split(',').all(|part| items.iter().any(|item| item.eq_ignore_ascii_case(part.trim())))
            }
        }
    }
}

impl fmt::Display for ValueRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Between(Some(min), Some(max)) => write!(f, "{min} to {max}"),
            Self::Between(Some(min), None) => write!(f, "{min} or more"),
            Self::Between(None, Some(max)) => write!(f, "{max} or less"),
            Self::Between(None, None) => f.write_str("any number"),
            Self::OneOf(items) => f.write_str(&items.join(", ")),
        }
    }
}

fn between(min: &str, max: &str) -> Option<ValueRange> {
    let is_unbounded = |text: &str| text.trim().is_empty();
    let (low, high) = (number(min), number(max));
    match (low, high) {
        (Some(low), Some(high)) if low <= high => Some(ValueRange::Between(Some(low), Some(high))),
        (Some(low), None) if is_unbounded(max) => Some(ValueRange::Between(Some(low), None)),
        (None, Some(high)) if is_unbounded(min) => Some(ValueRange::Between(None, Some(high))),
        _ => None,
    }
}

/// Splits a numeric range into its two bounds.
fn split_bounds(text: &str) -> Option<(&str, &str)> {
    if let Some((min, max)) = text.split_once("...") {
        return Some((min.trim().trim_end_matches(','), max.trim().trim_start_matches(',')));
    }
    if let Some(bounds) = text.split_once(['~', '～']) {
        return Some(bounds);
    }
    // A leading minus sign is not a separator.
    let (at, _) = text.char_indices().skip(1).find(|(_, c)| matches!(c, '-' | '–'))?;
    let dash = text[at..].chars().next()?.len_utf8();
    let (min, max) = (&text[..at], &text[at + dash..]);
    number(min).and(number(max)).map(|_| (min, max))
}

/// Parses a plain decimal number. Rounding can only make two different numbers equal, which forbids nothing.
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
    fn usual_range_formats_are_parsed() {
        let between = |min: f64, max: f64| Some(ValueRange::Between(Some(min), Some(max)));
        let from = |min: f64| Some(ValueRange::Between(Some(min), None));
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
    fn only_values_certainly_outside_are_forbidden() {
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
        fn any_text_is_parsed_without_a_panic(text in ".{0,30}", value in ".{0,10}") {
            let _allowed = ValueRange::parse(&text).is_none_or(|range| range.allows(&value));
        }

        #[test]
        fn bounds_are_inclusive(a in -1_000_i64..1_000, b in -1_000_i64..1_000) {
            let (min, max) = (a.min(b), a.max(b));
            for text in [format!("{min}~{max}"), format!("[{min},...,{max}]"), format!("{min} - {max}")] {
                let range = ValueRange::parse(&text).unwrap();
                prop_assert!(range.allows(&min.to_string()) && range.allows(&max.to_string()));
                prop_assert!(!range.allows(&(min - 1).to_string()) && !range.allows(&(max + 1).to_string()));
            }
        }
    }
}
