//! The command that follows an upgrade from anywhere, ready to paste.

use super::ids::{ClusterNo, ConfigGroupNo};
use super::kafka_version::KafkaVersion;
use super::service::Service;

/// What has to be repeated on the command line for another shell to find the same service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CommandContext {
    pub service: Service,
    /// The profile that was named; None when none was.
    pub profile: Option<String>,
}

impl CommandContext {
    /// Returns `cdss status --cluster no:… --watch` for this cluster and target. `from` is the version before, without
    /// which another machine can't tell a return to it from a change that is still to come.
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

    /// Returns `cdss check --cluster no:…` for this cluster and version, and the config group where one is meant.
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

    /// Returns a whole command line: `cdss SUBCOMMAND BEFORE <site, region, profile, endpoint>AFTER`. BEFORE may be
    /// empty.
    pub(crate) fn command_line(&self, subcommand: &str, before: &str, after: &str) -> String {
        let Service { site, region, endpoint, sandbox } = &self.service;
        let prefix = if *sandbox { format!("CDSS_SANDBOX={endpoint} ") } else { String::new() };
        let before = if before.is_empty() { String::new() } else { format!("{before} ") };
        let mut line = format!("{prefix}cdss {subcommand} {before}--site {site} --region {region}");
        if !sandbox {
            let profile = self.profile.as_ref().map(|profile| {
                // One that looks like a flag would be taken for one.
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

/// Quotes a word for a POSIX shell where it needs it.
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
    fn the_command_names_all_that_another_shell_needs() {
        let version = KafkaVersion::new(VersionCode::new(3_903_006), Some("Kafka 3.9.0"));
        let follow = |surroundings: CommandContext| {
            surroundings.follow_command(ClusterNo::new(1_009_123), Some(&version), None)
        };
        let ncp = "https://clouddatastreamingservice.apigw.ntruss.com";
        for (surroundings, command) in [
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
            assert_eq!(follow(surroundings), command);
        }
    }

    #[test]
    fn the_version_before_is_named_unless_it_is_the_target() {
        let here = context("http://127.0.0.1:9", true, None);
        let version = |code, name| KafkaVersion::new(VersionCode::new(code), Some(name));
        let (old, new) = (version(3_713_006, "Kafka 3.7.1"), version(3_903_006, "Kafka 3.9.0"));
        let follow = |target, from| here.follow_command(ClusterNo::new(1), target, from);
        assert!(follow(Some(&new), Some(&old)).ends_with(" --version 3.9.0 --from 3.7.1 --watch"));
        assert!(follow(Some(&new), Some(&new)).ends_with(" --version 3.9.0 --watch"));
        assert!(follow(None, Some(&old)).ends_with("--region KR --watch"));
        let nameless = KafkaVersion::unnamed(old.code);
        assert!(follow(Some(&new), Some(&nameless)).ends_with(" --from 3713006 --watch"));
    }

    #[test]
    fn quoting_survives_a_quote() {
        assert_eq!(shell_quote("prod"), "prod");
        assert_eq!(shell_quote(""), "''");
        assert_eq!(shell_quote("it's; rm -rf"), r"'it'\''s; rm -rf'");
    }
}
