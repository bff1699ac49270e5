//! The service that a command uses.

use serde::Serialize;

use super::endpoint::Endpoint;
use super::region::{Region, Site};

/// A service of NAVER Cloud Platform, or a sandbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct Service {
    pub site: Site,
    /// The region code, such as `KR`.
    pub region: Region,
    pub endpoint: Endpoint,
    /// True if this is a sandbox.
    pub sandbox: bool,
}

/// The connection to the address in `CDSS_SANDBOX` was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the sandbox at {endpoint} is not running: {reason}")]
pub(crate) struct SandboxNotRunning {
    pub endpoint: Endpoint,
    /// The operating system's error.
    pub reason: String,
}

impl SandboxNotRunning {
    pub(crate) const REMEDY: &str = "start one with `cdss sandbox` and export the CDSS_SANDBOX value that it prints, or \
                                     unset CDSS_SANDBOX to use the real service";
}

impl Service {
    /// Returns the error of a refused connection to a sandbox; None if this is not a sandbox.
    pub(crate) fn sandbox_not_running(&self, reason: &str) -> Option<SandboxNotRunning> {
        let stopped = || SandboxNotRunning { endpoint: self.endpoint.clone(), reason: reason.to_owned() };
        self.sandbox.then(stopped)
    }

    /// Returns the service's identifier for journal and locks: site, region, and endpoint, such as
    /// `public/KR/https://clouddatastreamingservice.apigw.ntruss.com:443`.
    pub(crate) fn key(&self) -> String {
        deliberate_bug!(IgnoreRegion => return format!("{}/{}", self.site, self.endpoint.identity()););
        format!("{}/{}/{}", self.site, self.region, self.endpoint.identity())
    }

    /// Returns the request path of an operation, such as `/api/v1/cluster/rollingUpgrade`.
    pub(crate) fn request_path(&self, operation: &str) -> String {
        format!("{}/{operation}", self.region.path_prefix())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_distinguish_sites_regions_and_endpoints() {
        let ncp = Endpoint::for_site;
        let endpoint = |text: &str| Endpoint::parse(text).unwrap();
        for (site, region, endpoint, key) in [
            (
                Site::Public,
                "KR",
                ncp(Site::Public),
                "public/KR/https://clouddatastreamingservice.apigw.ntruss.com:443",
            ),
            (
                Site::Public,
                "JPN",
                ncp(Site::Public),
                "public/JPN/https://clouddatastreamingservice.apigw.ntruss.com:443",
            ),
            (
                Site::Gov,
                "KR",
                ncp(Site::Gov),
                "gov/KR/https://clouddatastreamingservice.apigw.gov-ntruss.com:443",
            ),
            (Site::Public, "KR", endpoint("http://localhost:9"), "public/KR/http://127.0.0.1:9"),
            (Site::Gov, "KR", endpoint("http://127.0.0.1:9"), "gov/KR/http://127.0.0.1:9"),
        ] {
            let service = Service { site, region: region.parse().unwrap(), endpoint, sandbox: false };
            assert_eq!(service.key(), key);
            let in_sandbox = Service { sandbox: true, ..service };
            assert_eq!(in_sandbox.key(), key, "the sandbox flag is not part of the key");
        }
    }
}
