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
    /// Makes the commands in a remark, which stand in code ticks, lead to this service: in a rehearsal they must
    /// not reach the real one from another shell.
    pub(crate) fn localise(&self, remark: &str) -> String {
        if self.sandbox {
            remark.replace("`cdss ", &format!("`CDSS_SANDBOX={} cdss ", self.endpoint))
        } else {
            remark.to_owned()
        }
    }

    /// Returns the path of an operation on the wire, such as `/api/v1/cluster/rollingUpgrade`.
    pub(crate) fn path(&self, operation: &str) -> String {
        format!("{}/{operation}", self.region.path_prefix())
    }
}
