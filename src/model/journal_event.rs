//! The names of journal events.

use strum::EnumString;

/// The name of an event in the journal. Writing an event derives the same name from its variant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, EnumString)]
#[strum(serialize_all = "kebab-case")]
pub(crate) enum EventName {
    Start,
    Accepted,
    Refused,
    Attached,
    Brokers,
    End,
    GroupCreate,
    GroupCreated,
    GroupWrite,
    Torn,
    Repaired,
    Initialized,
}
