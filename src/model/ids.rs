//! A type for each kind of number, so that a cluster number can't be passed as a config group number.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, de};

use super::words::serialize_as_text;

/// The text is not an unsigned 64-bit integer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a number")]
pub(crate) struct InvalidNumber(String);

macro_rules! id_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub(crate) struct $name(u64);

        impl $name {
            pub(crate) const fn new(number: u64) -> Self {
                Self(number)
            }

            /// Returns the number for request bodies.
            pub(crate) const fn number(self) -> u64 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        // As a number, readers would round it.
        serialize_as_text!($name);

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Cow::<str>::deserialize(deserializer)?.parse().map_err(de::Error::custom)
            }
        }

        impl FromStr for $name {
            type Err = InvalidNumber;

            /// Parses decimal digits without sign; surrounding spaces are ignored.
            fn from_str(text: &str) -> Result<Self, InvalidNumber> {
                let digits = text.trim();
                if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                    return Err(InvalidNumber(text.to_owned()));
                }
                digits.parse().map(Self).map_err(|_| InvalidNumber(text.to_owned()))
            }
        }
    };
}

id_type! {
    /// A cluster number; `serviceGroupInstanceNo` in the API.
    ClusterNo
}
id_type! {
    /// A config group number; `configGroupNo` in the API.
    ConfigGroupNo
}
id_type! {
    /// A Kafka version code, such as 3903006 for 3.9.0; `kafkaVersionCode` in the API.
    ///
    /// The service assigns the codes, so their order has no meaning.
    VersionCode
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_digits_are_accepted() {
        for (text, number) in [("1009123", Some(1_009_123)), (" 7 ", Some(7)), ("0", Some(0))] {
            assert_eq!(text.parse::<ClusterNo>().ok().map(ClusterNo::number), number, "{text:?}");
        }
        for text in ["", " ", "-1", "+1", "1.5", "1e3", "orders", "99999999999999999999"] {
            assert!(text.parse::<ClusterNo>().is_err(), "{text:?}");
        }
    }
}
