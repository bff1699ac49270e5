//! Command lines to copy and paste, complete with site, region, profile, and endpoint.

use super::ids::{ClusterNo, ConfigGroupNo};
use super::kafka_version::KafkaVersion;
use super::service::Service;

/// The options that another shell needs to reach the same service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CommandContext {
    pub service: Service,
    /// The selected profile; None if none was selected.
    pub profile: Option<String>,
}

impl CommandContext {
    /// Returns `cdss status --cluster no:… --watch` for this cluster and target. Another machine needs `from`, the
    /// version before the upgrade, to distinguish a rollback from an upgrade that has not begun.
    pub(crate) fn follow_command(
        &self,
        cluster: ClusterNo,
        target: Option<&KafkaVersion>,
        from: Option<&KafkaVersion>,
    ) -> String {
        let version = target.map_or_else(String::new, |target| format!(" --version {}", target.argument()));
        let from = from.filter(|from| target.is_some_and(|target| target.code != from.code));
        let from = from.map_or_else(String::new, |from| format!(" --from {}", from.argument()));
        self.command_line("status", &format!("--cluster no:{cluster}"), &format!("{version}{from} --watch"))
    }

    /// Returns `cdss check --cluster no:…` for this cluster and version, and the config group if there is one.
    pub(crate) fn check_command(
        &self,
        cluster: ClusterNo,
        target: &KafkaVersion,
        group: Option<ConfigGroupNo>,
    ) -> String {
        let group = group.map_or_else(String::new, |no| format!(" --config-group no:{no}"));
        let target = format!(" --version {}{group}", target.argument());
        self.command_line("check", &format!("--cluster no:{cluster}"), &target)
    }

    /// Returns a complete command line: `cdss SUBCOMMAND BEFORE <site, region, profile, endpoint>AFTER`. BEFORE may be
    /// empty.
    pub(crate) fn command_line(&self, subcommand: &str, before: &str, after: &str) -> String {
        let Service { site, region, endpoint, sandbox } = &self.service;
        let prefix = if *sandbox { format!("CDSS_SANDBOX={endpoint} ") } else { String::new() };
        let before = if before.is_empty() { String::new() } else { format!("{before} ") };
        let mut line = format!("{prefix}cdss {subcommand} {before}--site {site} --region {region}");
        if !sandbox {
            let profile = self.profile.as_ref().map(|profile| {
                // A value that begins with a hyphen would be parsed as a flag.
                let between = if profile.starts_with('-') { '=' } else { ' ' };
                format!(" --profile{between}{}", shell_quote(profile))
            });
            let custom = (!endpoint.is_ncp()).then(|| format!(" --endpoint {endpoint}"));
            line.extend([profile, custom].into_iter().flatten());
        }
        line.push_str(after);
        line
    }
}

/// Quotes a word for a POSIX shell if necessary.
pub(crate) fn shell_quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::endpoint::Endpoint;
    use super::super::ids::VersionCode;
    use super::super::region::Site;
    use super::*;

    fn context(endpoint: &str, sandbox: bool, profile: Option<&str>) -> CommandContext {
        let service = Service {
            site: Site::Public,
            region: Site::Public.default_region(),
            endpoint: Endpoint::parse(endpoint).unwrap(),
            sandbox,
        };
        CommandContext { service, profile: profile.map(str::to_owned) }
    }

    #[test]
    fn follow_command_has_all_options_another_shell_needs() {
        let version = KafkaVersion::new(VersionCode::new(3_903_006), Some("Kafka 3.9.0"));
        let follow =
            |context: CommandContext| context.follow_command(ClusterNo::new(1_009_123), Some(&version), None);
        let ncp = "https://clouddatastreamingservice.apigw.ntruss.com";
        for (context, command) in [
            (
                context(ncp, false, None),
                "cdss status --cluster no:1009123 --site public --region KR --version 3.9.0 --watch",
            ),
            (
                context("http://127.0.0.1:9", false, Some("my prod")),
                "cdss status --cluster no:1009123 --site public --region KR --profile 'my prod' \
                 --endpoint http://127.0.0.1:9 --version 3.9.0 --watch",
            ),
            (
                context("http://127.0.0.1:9", true, Some("prod")),
                "CDSS_SANDBOX=http://127.0.0.1:9 cdss status --cluster no:1009123 --site public --region KR \
                 --version 3.9.0 --watch",
            ),
        ] {
            assert_eq!(follow(context), command);
        }
    }

    #[test]
    fn from_is_omitted_if_it_equals_the_target() {
        let here = context("http://127.0.0.1:9", true, None);
        let version = |code, name| KafkaVersion::new(VersionCode::new(code), Some(name));
        let (old, new) = (version(3_713_006, "Kafka 3.7.1"), version(3_903_006, "Kafka 3.9.0"));
        let follow = |target, from| here.follow_command(ClusterNo::new(1), target, from);
        assert!(follow(Some(&new), Some(&old)).ends_with(" --version 3.9.0 --from 3.7.1 --watch"));
        assert!(follow(Some(&new), Some(&new)).ends_with(" --version 3.9.0 --watch"));
        assert!(follow(None, Some(&old)).ends_with("--region KR --watch"));
        let unnamed = KafkaVersion::unnamed(old.code);
        assert!(follow(Some(&new), Some(&unnamed)).ends_with(" --from 3713006 --watch"));
    }

    #[test]
    fn shell_quote_escapes_single_quotes() {
        assert_eq!(shell_quote("prod"), "prod");
        assert_eq!(shell_quote(""), "''");
        assert_eq!(shell_quote("it's; rm -rf"), r"'it'\''s; rm -rf'");
    }
}
