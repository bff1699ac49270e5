//! The result of editing a profile.

use serde::Serialize;
use strum::IntoStaticStr;

/// The result of an edit, as the field `done` of the JSON output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr, Serialize)]
#[strum(serialize_all = "lowercase", const_into_str)]
#[serde(into = "&'static str")]
pub(crate) enum ProfileEdit {
    /// A new profile was created.
    #[strum(serialize = "made")]
    Created,
    #[strum(serialize = "changed")]
    Updated,
    /// The value was already set.
    Unchanged,
    Removed,
}
