//! Values as text: in documents, and the words of enums in messages.

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
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [one, other] => format!("{one} or {other}"),
        [first @ .., last] => format!("{}, or {last}", first.join(", ")),
    }
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
