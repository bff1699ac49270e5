//! The one door that text from the service passes on its way to a terminal or a document.

use std::fmt::Write as _;

use crate::model::characters::is_unsafe_to_display;

/// Makes text from outside harmless: what could move a cursor, turn the writing direction, hide or break a
/// line shows as `\u{…}`.
pub(crate) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        if is_unsafe_to_display(c) {
            let _infallible = write!(safe, "\\u{{{:x}}}", u32::from(c));
        } else {
            safe.push(c);
        }
    }
    safe
}

/// Does the same to a text of several lines, whose line ends stay.
pub(crate) fn escape_lines(text: &str) -> String {
    text.split('\n').map(escape).collect::<Vec<_>>().join("\n")
}

/// Does the same to a JSON document, in JSON's own spelling. Outside of strings JSON has none of these but
/// line ends, which stay.
pub(crate) fn escape_json(document: &str) -> String {
    let mut safe = String::with_capacity(document.len());
    for c in document.chars() {
        if c != '\n' && is_unsafe_to_display(c) {
            let mut units = [0; 2];
            for unit in c.encode_utf16(&mut units) {
                let _infallible = write!(safe, "\\u{unit:04x}");
            }
        } else {
            safe.push(c);
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lines_stay_lines_and_nothing_else_gets_through() {
        assert_eq!(escape_lines("a\u{1b}[2J\nb\r\n"), "a\\u{1b}[2J\nb\\u{d}\n");
    }

    #[test]
    fn what_drives_a_terminal_shows_as_its_number() {
        for (hostile, shown) in [
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
            assert_eq!(escape(hostile), shown);
        }
    }

    proptest! {
        #[test]
        fn nothing_harmful_is_left(text in any::<String>()) {
            prop_assert!(!escape(&text).chars().any(is_unsafe_to_display));
        }

        #[test]
        fn a_document_keeps_its_meaning(text in any::<String>()) {
            let document = serde_json::to_string_pretty(&serde_json::json!({ "name": text })).unwrap();
            let safe = escape_json(&document);
            prop_assert!(!safe.chars().any(|c| c != '\n' && is_unsafe_to_display(c)));
            let back: serde_json::Value = serde_json::from_str(&safe).unwrap();
            prop_assert_eq!(back["name"].as_str(), Some(text.as_str()));
        }
    }
}
