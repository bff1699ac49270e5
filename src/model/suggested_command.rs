//! The commands that hints suggest.

use super::command_context::CommandContext;
use super::group_name::GroupName;
use super::ids::{ClusterNo, ConfigGroupNo};
use super::kafka_version::KafkaVersion;

/// A command to run next. It becomes a command line where it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SuggestedCommand {
    ListClusters,
    ListVersions,
    /// Lists the config groups of a version, or all.
    ListConfigGroups(Option<KafkaVersion>),
    /// Checks one upgrade, or without a version, all newer versions.
    Check {
        cluster: ClusterNo,
        version: Option<KafkaVersion>,
        config_group: Option<ConfigGroupNo>,
    },
    /// Watches an upgrade. Another machine needs `from`, the version before the upgrade, to distinguish a rollback from
    /// an upgrade that has not begun.
    Follow {
        cluster: ClusterNo,
        target: Option<KafkaVersion>,
        from: Option<KafkaVersion>,
    },
    /// `source` is the group or `--cluster no:…`, as an argument of the command.
    CopyConfigGroup {
        source: String,
        version: KafkaVersion,
        name: Option<GroupName>,
    },
    /// `from` is an argument of the command.
    DiffConfigGroups {
        from: String,
        to: ConfigGroupNo,
    },
    VerifyConfig,
    History,
    RepairHistory,
    InitHistory,
}

impl SuggestedCommand {
    /// Returns the command line, ready to paste: it reaches the service of the context. A command that follows a change
    /// is needed after this shell is closed, so it runs in any shell. Without a context, the service is not known yet, and
    /// the line has only the command's own arguments.
    pub(crate) fn render(&self, context: Option<&CommandContext>) -> String {
        let (subcommand, before, after) = self.parts();
        match context {
            Some(context) if matches!(self, Self::Follow { .. }) => {
                context.in_any_shell().command_line(subcommand, &before, &after)
            }
            Some(context) if self.uses_service() => context.command_line(subcommand, &before, &after),
            Some(context) => format!("{}cdss {subcommand}{after}", context.sandbox_prefix()),
            None => {
                let before = if before.is_empty() { before } else { format!(" {before}") };
                format!("cdss {subcommand}{before}{after}")
            }
        }
    }

    /// Returns the rendered command in backticks.
    pub(crate) fn quoted(&self, context: Option<&CommandContext>) -> String {
        format!("`{}`", self.render(context))
    }

    fn uses_service(&self) -> bool {
        !matches!(self, Self::History | Self::RepairHistory | Self::InitHistory)
    }

    /// Returns the subcommand, and the arguments before and after those that select the service.
    fn parts(&self) -> (&'static str, String, String) {
        let nothing = String::new;
        let version = |version: &KafkaVersion| format!(" --version {}", version.argument());
        match self {
            Self::ListClusters => ("list clusters", nothing(), nothing()),
            Self::ListVersions => ("list versions", nothing(), nothing()),
            Self::ListConfigGroups(of) => {
                ("list config-groups", nothing(), of.as_ref().map_or_else(nothing, version))
            }
            Self::Check { cluster, version: target, config_group } => {
                let target = target.as_ref().map_or_else(nothing, version);
                let group = config_group.map_or_else(nothing, |no| format!(" --config-group no:{no}"));
                ("check", format!("--cluster no:{cluster}"), format!("{target}{group}"))
            }
            Self::Follow { cluster, target, from } => {
                let from = from
                    .as_ref()
                    .filter(|from| target.as_ref().is_some_and(|target| target.code != from.code))
                    .map_or_else(nothing, |from| format!(" --from {}", from.argument()));
                let target = target.as_ref().map_or_else(nothing, version);
                ("status", format!("--cluster no:{cluster}"), format!("{target}{from} --watch"))
            }
            Self::CopyConfigGroup { source, version: target, name } => {
                let name = name.as_ref().map_or_else(nothing, |name| format!(" --name {name}"));
                ("config-group copy", source.clone(), format!("{}{name}", version(target)))
            }
            Self::DiffConfigGroups { from, to } => {
                ("config-group diff", format!("{from} no:{to}"), nothing())
            }
            Self::VerifyConfig => ("config verify", nothing(), nothing()),
            Self::History => ("history", nothing(), nothing()),
            Self::RepairHistory => ("history", nothing(), " --repair".to_owned()),
            Self::InitHistory => ("history", nothing(), " --init".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::command_context::ServiceOption;
    use super::super::endpoint::Endpoint;
    use super::super::ids::VersionCode;
    use super::super::region::Site;
    use super::super::service::Service;
    use super::*;

    fn context(endpoint: &str, sandbox: bool, profile: Option<&str>) -> CommandContext {
        let service = Service {
            site: Site::Public,
            region: Site::Public.default_region(),
            endpoint: Endpoint::parse(endpoint).unwrap(),
            sandbox,
        };
        CommandContext::new(service, profile.map(str::to_owned))
    }

    fn version(code: u64, name: &str) -> KafkaVersion {
        KafkaVersion::new(VersionCode::new(code), Some(name))
    }

    #[test]
    fn follow_commands_have_all_options_another_shell_needs() {
        let follow = SuggestedCommand::Follow {
            cluster: ClusterNo::new(1_009_123),
            target: Some(version(3_903_006, "Kafka 3.9.0")),
            from: None,
        };
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
            assert_eq!(follow.render(Some(&context)), command);
        }
        assert_eq!(follow.render(None), "cdss status --cluster no:1009123 --version 3.9.0 --watch");
    }

    #[test]
    fn from_is_omitted_if_it_equals_the_target() {
        let here = context("http://127.0.0.1:9", true, None);
        let (old, new) = (version(3_713_006, "Kafka 3.7.1"), version(3_903_006, "Kafka 3.9.0"));
        let follow = |target: Option<&KafkaVersion>, from: &KafkaVersion| {
            let (target, from) = (target.cloned(), Some(from.clone()));
            SuggestedCommand::Follow { cluster: ClusterNo::new(1), target, from }.render(Some(&here))
        };
        assert!(follow(Some(&new), &old).ends_with(" --version 3.9.0 --from 3.7.1 --watch"));
        assert!(follow(Some(&new), &new).ends_with(" --version 3.9.0 --watch"));
        assert!(follow(None, &old).ends_with("--region KR --watch"));
        let unnamed = KafkaVersion::unnamed(old.code);
        assert!(follow(Some(&new), &unnamed).ends_with(" --from 3713006 --watch"));
    }

    #[test]
    fn commands_for_this_shell_repeat_only_the_given_options() {
        use ServiceOption::{Endpoint, Profile, Region, Site};
        let ncp = "https://clouddatastreamingservice.apigw.ntruss.com";
        for (endpoint, given, command) in [
            (ncp, vec![], "cdss list clusters"),
            ("http://127.0.0.1:9", vec![], "cdss list clusters"),
            (ncp, vec![Region], "cdss list clusters --region KR"),
            (ncp, vec![Site, Profile], "cdss list clusters --site public --profile prod"),
            (
                ncp,
                vec![Endpoint],
                "cdss list clusters --endpoint https://clouddatastreamingservice.apigw.ntruss.com",
            ),
            ("http://127.0.0.1:9", vec![Endpoint], "cdss list clusters --endpoint http://127.0.0.1:9"),
        ] {
            let context = CommandContext { given, ..context(endpoint, false, Some("prod")) };
            let here = context.in_this_shell();
            assert_eq!(SuggestedCommand::ListClusters.render(Some(&here)), command);
            let follow = SuggestedCommand::Follow { cluster: ClusterNo::new(1), target: None, from: None };
            assert_eq!(follow.render(Some(&here)), follow.render(Some(&context)), "follows from anywhere");
        }
        let cacert = Some("my ca.pem".to_owned());
        let private = CommandContext { cacert, ..context(ncp, false, None) };
        let list = |context: &CommandContext| SuggestedCommand::ListClusters.render(Some(context));
        assert_eq!(list(&private.in_this_shell()), "cdss list clusters --cacert='my ca.pem'");
        assert_eq!(list(&private), "cdss list clusters --site public --region KR");
        let sandbox = context("http://127.0.0.1:9", true, None).in_this_shell();
        assert_eq!(
            SuggestedCommand::ListClusters.render(Some(&sandbox)),
            "CDSS_SANDBOX=http://127.0.0.1:9 cdss list clusters"
        );
    }

    #[test]
    fn commands_reach_the_service_of_the_context() {
        let (prod, sandbox) = (
            context("https://clouddatastreamingservice.apigw.ntruss.com", false, Some("prod")),
            context("http://127.0.0.1:9", true, None),
        );
        let of = |version| SuggestedCommand::ListConfigGroups(version);
        for (command, without, of_profile, in_sandbox) in [
            (
                SuggestedCommand::ListVersions,
                "cdss list versions",
                "cdss list versions --site public --region KR --profile prod",
                "CDSS_SANDBOX=http://127.0.0.1:9 cdss list versions --site public --region KR",
            ),
            (
                of(Some(version(3_903_006, "Kafka 3.9.0"))),
                "cdss list config-groups --version 3.9.0",
                "cdss list config-groups --site public --region KR --profile prod --version 3.9.0",
                "CDSS_SANDBOX=http://127.0.0.1:9 cdss list config-groups --site public --region KR --version 3.9.0",
            ),
            (
                SuggestedCommand::RepairHistory,
                "cdss history --repair",
                "cdss history --repair",
                "CDSS_SANDBOX=http://127.0.0.1:9 cdss history --repair",
            ),
        ] {
            assert_eq!(command.render(None), without);
            assert_eq!(command.render(Some(&prod)), of_profile);
            assert_eq!(command.render(Some(&sandbox)), in_sandbox);
        }
    }
}
