//! A config group to create.

use crate::model::group_name::GroupName;
use crate::model::ids::VersionCode;

/// A config group to create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewGroup {
    pub name: GroupName,
    pub version: VersionCode,
    /// The description that the web console shows.
    pub description: String,
}
