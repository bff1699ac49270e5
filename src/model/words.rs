//! Values as text: in documents, and the words of enums in messages.

use std::fmt::Display;

/// Implements `Serialize` for a type, with its `Display` text.
macro_rules! serialize_as_text {
    ($name:ident) => {
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.collect_str(self)
            }
        }
    };
}

pub(crate) use serialize_as_text;

/// Returns the words as a list of alternatives, such as `public, gov, or fin`.
pub(crate) fn alternatives(words: &[&str]) -> String {
    list(words, "or")
}

/// Returns the words as a list, such as `a, b, and c`.
pub(crate) fn enumeration(words: &[&str]) -> String {
    list(words, "and")
}

fn list(words: &[&str], conjunction: &str) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [one, other] => format!("{one} {conjunction} {other}"),
        [first @ .., last] => format!("{}, {conjunction} {last}", first.join(", ")),
    }
}

/// Returns a count with its noun: `1 broker`, `3 brokers`.
pub(crate) fn count<N: Copy + Display + PartialEq + From<u8>>(number: N, noun: &str) -> String {
    if number == N::from(1) { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alternatives_are_listed() {
        for (words, expected) in [
            (&[][..], ""),
            (&["table"], "table"),
            (&["table", "json"], "table or json"),
            (&["public", "gov", "fin"], "public, gov, or fin"),
        ] {
            assert_eq!(alternatives(words), expected);
        }
    }
}
