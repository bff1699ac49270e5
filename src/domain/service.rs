//! Which service a command talks to.

use super::endpoint::Endpoint;
use super::region::{Region, Site};

/// Site, region and address: everything but the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Service {
    pub site: Site,
    pub region: Region,
    pub endpoint: Endpoint,
    /// True when the rehearsal service of `cdss sandbox` is in force.
    pub sandbox: bool,
}

impl Service {
    /// Returns the path of an operation on the wire, such as `/api/v1/cluster/rollingUpgrade`.
    pub(crate) fn path(&self, operation: &str) -> String {
        format!("{}/{operation}", self.region.path_prefix())
    }
}
