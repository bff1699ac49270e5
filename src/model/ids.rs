//! One type for each number of the service, so that a cluster can't be passed for a config group.

use std::fmt;
use std::str::FromStr;

/// The text is not a whole number of at most 64 bits.
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

            /// Returns the number as the service's request bodies want it.
            pub(crate) const fn number(self) -> u64 {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = NotANumber;

            /// Reads decimal digits only: no sign, no spaces inside.
            fn from_str(text: &str) -> Result<Self, NotANumber> {
                let digits = text.trim();
                if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
                    return Err(NotANumber(text.to_owned()));
                }
                digits.parse().map(Self).map_err(|_| NotANumber(text.to_owned()))
            }
        }
    };
}

id_type! {
    /// A cluster; `serviceGroupInstanceNo` on the wire.
    ClusterNo
}
id_type! {
    /// A config group; `configGroupNo` on the wire.
    ConfigGroupNo
}
id_type! {
    /// A Kafka version's code, such as 3903006 for 3.9.0; `kafkaVersionCode` on the wire.
    ///
    /// Only equality means anything: the digits are the service's own and are never compared by size.
    VersionCode
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_digits_are_a_number() {
        for (text, number) in [("1009123", Some(1_009_123)), (" 7 ", Some(7)), ("0", Some(0))] {
            assert_eq!(text.parse::<ClusterNo>().ok().map(ClusterNo::number), number, "{text:?}");
        }
        for text in ["", " ", "-1", "+1", "1.5", "1e3", "orders", "99999999999999999999"] {
            assert!(text.parse::<ClusterNo>().is_err(), "{text:?}");
        }
    }
}
