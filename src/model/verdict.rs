//! The outcome of an upgrade and the evidence for it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use strum::{Display, IntoStaticStr, VariantArray, VariantNames};

use super::operation_name::OperationName;

/// The outcome of a run. It is never a guess.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    Display,
    IntoStaticStr,
    VariantArray,
    VariantNames,
    Serialize,
    Deserialize,
)]
#[strum(serialize_all = "snake_case", const_into_str)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Verdict {
    /// The cluster was confirmed to be healthy and at the target version.
    Done,
    /// The cluster was already at the target version, or it reached that version through a change that this run did not
    /// start or whose start was refused.
    Already,
    /// This run certainly started nothing.
    NotStarted,
    /// The upgrade was started and failed.
    Failed,
    /// The upgrade is still running.
    Running,
    /// The outcome is unknown. Check the status before retrying.
    Unknown,
}

impl Verdict {
    /// Returns true if a start with this verdict needs no further observation.
    pub(crate) const fn is_final(self) -> bool {
        match self {
            Self::Done | Self::Already | Self::NotStarted | Self::Failed => true,
            Self::Running | Self::Unknown => false,
        }
    }
}

/// Whether the service accepted this run's start.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Default,
    Display,
    IntoStaticStr,
    VariantArray,
    VariantNames,
    Serialize,
    Deserialize,
)]
#[strum(serialize_all = "snake_case", const_into_str)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Submitted {
    Yes,
    #[default]
    No,
    Unknown,
}

/// An observation that the verdict is based on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Evidence {
    #[cfg_attr(test, schemars(with = "super::time::Time"))]
    pub at: Timestamp,
    /// The name of the operation in the API guide.
    pub operation: OperationName,
    /// What was observed.
    #[serde(rename = "saw")]
    #[cfg_attr(test, schemars(length(min = 1)))]
    pub observed: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serde_and_strum_have_the_same_words() {
        for verdict in <Verdict as VariantArray>::VARIANTS {
            assert_eq!(serde_json::to_value(verdict).unwrap(), verdict.into_str());
        }
        for submitted in <Submitted as VariantArray>::VARIANTS {
            assert_eq!(serde_json::to_value(submitted).unwrap(), submitted.into_str());
        }
    }
}
