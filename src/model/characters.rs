//! Characters that are safe to display and possible to type.

/// Returns true for control characters, line and paragraph separators, invisible characters, and characters that change
/// the writing direction.
pub(crate) fn is_unsafe_to_display(c: char) -> bool {
    matches!(c,
        '\u{0}'..='\u{1f}'
        | '\u{7f}'..='\u{9f}'
        | '\u{ad}'
        | '\u{61c}'
        | '\u{180e}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e007f}')
}

/// Returns true for text that a person can read on the screen and type: it is not blank, has no unsafe characters, and
/// has no whitespace other than plain spaces between words.
pub(crate) fn is_typeable(text: &str) -> bool {
    !text.is_empty()
        && text.trim() == text
        && !text.chars().any(|c| is_unsafe_to_display(c) || (c.is_whitespace() && c != ' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_visible_text_is_typeable() {
        for text in ["orders-prod", "orders prod", "주문-운영", "주문 🙂", "1009123", "orders é"] {
            assert!(is_typeable(text), "{text:?}");
        }
        for text in [
            "",
            " ",
            "\u{a0}",
            "\u{3000}\u{3000}",
            " orders",
            "orders\u{a0}prod",
            "orders\u{2009}prod",
            "orders\tprod",
            "orders\nprod",
            "orders\u{1b}[2J",
            "orders\u{7f}",
            "orders\u{200b}prod",
            "\u{200b}",
            "\u{202e}dorp-sredro",
            "\u{feff}orders",
        ] {
            assert!(!is_typeable(text), "{text:?}");
        }
    }
}
