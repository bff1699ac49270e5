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
    /// not reach the real one from another shell, and a list is that of this site and region.
    pub(crate) fn localize(&self, text: &str) -> String {
        let mut remark = text.to_owned();
        if (self.site, &self.region) != (Site::Public, &Site::Public.default_region()) {
            let here = format!(" --site {} --region {}", self.site, self.region);
            for what in ["clusters", "versions", "config-groups"] {
                let list = format!("`cdss list {what}");
                let mut parts = remark.split(&list);
                let mut local = parts.next().unwrap_or_default().to_owned();
                for part in parts {
                    // A command that was made for pasting is whole.
                    let here = if part.starts_with(" --site") { "" } else { here.as_str() };
                    local.extend([list.as_str(), here, part]);
                }
                remark = local;
            }
        }
        if self.sandbox {
            remark = remark.replace("`cdss ", &format!("`CDSS_SANDBOX={} cdss ", self.endpoint));
        }
        remark
    }

    /// Returns what a refused connection means in a sandbox, and what to do; None outside one.
    pub(crate) fn sandbox_not_running(&self, reason: &str) -> Option<(String, String)> {
        let message = format!("the sandbox at {} is not running: {reason}", self.endpoint);
        // No code ticks: `localise` would make this command use the sandbox that is gone.
        let hint = "start one with cdss sandbox and export the CDSS_SANDBOX that it prints, or unset CDSS_SANDBOX to \
                    use the real service";
        self.sandbox.then(|| (message, hint.to_owned()))
    }

    /// Identifies the service in journal and locks: site, region, and endpoint, such as
    /// `public/KR/https://clouddatastreamingservice.apigw.ntruss.com:443`.
    pub(crate) fn key(&self) -> String {
        deliberate_bug!(IgnoreRegion => return format!("{}/{}", self.site, self.endpoint.identity()););
        format!("{}/{}/{}", self.site, self.region, self.endpoint.identity())
    }

    /// Returns the path of an operation on the wire, such as `/api/v1/cluster/rollingUpgrade`.
    pub(crate) fn request_path(&self, operation: &str) -> String {
        format!("{}/{operation}", self.region.path_prefix())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_commands_of_a_remark_lead_to_the_same_service() {
        let service = |region: &str, sandbox| Service {
            site: Site::Public,
            region: region.parse().unwrap(),
            endpoint: Endpoint::parse("http://127.0.0.1:9").unwrap(),
            sandbox,
        };
        let remark = "`cdss list versions` shows them; or `cdss list versions --site public --region JPN`, `cdss history`";
        let (here, elsewhere) = (service("KR", false), service("JPN", false));
        assert_eq!(here.localize(remark), remark);
        let local = "`cdss list versions --site public --region JPN` shows them; or `cdss list versions --site public \
                     --region JPN`, `cdss history`";
        assert_eq!(elsewhere.localize(remark), local);
        let gov = Service { site: Site::Gov, ..service("KR", false) };
        let local = "`cdss list clusters --site gov --region KR`";
        assert_eq!(gov.localize("`cdss list clusters`"), local);
        let rehearsal = service("KR", true).localize("`cdss history`");
        assert_eq!(rehearsal, "`CDSS_SANDBOX=http://127.0.0.1:9 cdss history`");
    }
    #[test]
    fn a_key_tells_sites_regions_and_endpoints_apart() {
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
            assert_eq!(in_sandbox.key(), key, "the sandbox flag is not part of it");
        }
    }
}
