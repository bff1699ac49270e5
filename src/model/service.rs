//! The service that a command uses.

use super::endpoint::Endpoint;
use super::region::{Region, Site};

/// Site, region, and address: everything except the key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Service {
    pub site: Site,
    pub region: Region,
    pub endpoint: Endpoint,
    /// True if the simulator of `cdss sandbox` is used.
    pub sandbox: bool,
}

impl Service {
    /// Adapts the commands in backticks in a text to this service: `list` commands get its site and region, and sandbox
    /// commands get `CDSS_SANDBOX`, so that they never reach the real service from another shell.
    pub(crate) fn localize(&self, text: &str) -> String {
        let mut remark = text.to_owned();
        if (self.site, &self.region) != (Site::Public, &Site::Public.default_region()) {
            let options = format!(" --site {} --region {}", self.site, self.region);
            for kind in ["clusters", "versions", "config-groups"] {
                let list = format!("`cdss list {kind}");
                let mut parts = remark.split(&list);
                let mut local = parts.next().unwrap_or_default().to_owned();
                for part in parts {
                    // A complete command line already has these options.
                    let options = if part.starts_with(" --site") { "" } else { options.as_str() };
                    local.extend([list.as_str(), options, part]);
                }
                remark = local;
            }
        }
        if self.sandbox {
            remark = remark.replace("`cdss ", &format!("`CDSS_SANDBOX={} cdss ", self.endpoint));
        }
        remark
    }

    /// Returns message and hint for a refused connection to a sandbox; None if this is not a sandbox.
    pub(crate) fn sandbox_not_running(&self, reason: &str) -> Option<(String, String)> {
        let message = format!("the sandbox at {} is not running: {reason}", self.endpoint);
        // No backticks: `localize` would point this command to the sandbox that is not running.
        let hint = "start one with cdss sandbox and export the CDSS_SANDBOX value that it prints, or unset CDSS_SANDBOX to \
                    use the real service";
        self.sandbox.then(|| (message, hint.to_owned()))
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
    fn localize_adds_site_region_and_sandbox() {
        let service = |region: &str, sandbox| Service {
            site: Site::Public,
            region: region.parse().unwrap(),
            endpoint: Endpoint::parse("http://127.0.0.1:9").unwrap(),
            sandbox,
        };
        let remark = "`cdss list versions` shows them; or `cdss list versions --site public --region JPN`, `cdss history`";
        let (default, japan) = (service("KR", false), service("JPN", false));
        assert_eq!(default.localize(remark), remark);
        let local = "`cdss list versions --site public --region JPN` shows them; or `cdss list versions --site public \
                     --region JPN`, `cdss history`";
        assert_eq!(japan.localize(remark), local);
        let gov = Service { site: Site::Gov, ..service("KR", false) };
        let local = "`cdss list clusters --site gov --region KR`";
        assert_eq!(gov.localize("`cdss list clusters`"), local);
        let sandbox = service("KR", true).localize("`cdss history`");
        assert_eq!(sandbox, "`CDSS_SANDBOX=http://127.0.0.1:9 cdss history`");
    }

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
