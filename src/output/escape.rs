//! Escaping of untrusted text, such as names from the service, before it reaches a terminal or a document.

use std::fmt::Write as _;

use crate::model::characters::is_unsafe_to_display;

/// Escapes untrusted text. Characters that move the cursor, change the writing direction, are invisible, or break the
/// line become `\u{…}`.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if is_unsafe_to_display(c) {
            let _infallible = write!(escaped, "\\u{{{:x}}}", u32::from(c));
        } else {
            escaped.push(c);
        }
    }
    escaped
}

/// Escapes each line of a text and keeps the line breaks.
pub(crate) fn escape_lines(text: &str) -> String {
    text.split('\n').map(escape).collect::<Vec<_>>().join("\n")
}

/// Escapes a JSON document with JSON's `\uXXXX`. Line breaks stay: pretty-printed JSON has them between values, and
/// the other harmful characters occur only in strings.
pub(crate) fn escape_json(document: &str) -> String {
    let mut escaped = String::with_capacity(document.len());
    for c in document.chars() {
        if c != '\n' && is_unsafe_to_display(c) {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                let _infallible = write!(escaped, "\\u{unit:04x}");
            }
        } else {
            escaped.push(c);
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn line_breaks_are_kept_and_the_rest_is_escaped() {
        assert_eq!(escape_lines("a\u{1b}[2J\nb\r\n"), "a\\u{1b}[2J\nb\\u{d}\n");
    }

    #[test]
    fn control_characters_are_escaped() {
        for (hostile, escaped) in [
            ("\u{1b}[2J", r"\u{1b}[2J"),
            ("\u{1b}]0;owned\u{7}", r"\u{1b}]0;owned\u{7}"),
            ("a\rb", r"a\u{d}b"),
            ("a\nb", r"a\u{a}b"),
            ("a\tb", r"a\u{9}b"),
            ("\u{9b}31m", r"\u{9b}31m"),
            ("\u{7f}", r"\u{7f}"),
            ("\u{202e}abc", r"\u{202e}abc"),
            ("a\u{200b}b", r"a\u{200b}b"),
            ("a\u{2028}b", r"a\u{2028}b"),
            ("주문 orders-é 🙂", "주문 orders-é 🙂"),
        ] {
            assert_eq!(escape(hostile), escaped);
        }
    }

    proptest! {
        #[test]
        fn escaped_text_has_no_harmful_characters(text in any::<String>()) {
            prop_assert!(!escape(&text).chars().any(is_unsafe_to_display));
        }

        #[test]
        fn escaped_json_parses_to_the_same_value(text in any::<String>()) {
            let document = serde_json::to_string_pretty(&serde_json::json!({ "name": text })).unwrap();
            let escaped = escape_json(&document);
            prop_assert!(!escaped.chars().any(|c| c != '\n' && is_unsafe_to_display(c)));
            let parsed: serde_json::Value = serde_json::from_str(&escaped).unwrap();
            prop_assert_eq!(parsed["name"].as_str(), Some(text.as_str()));
        }
    }
}
