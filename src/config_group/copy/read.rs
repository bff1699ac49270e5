//! Reading the source of a copy, and what its name and its target version depend on.

use super::{CopyRequest, CopySource};
use crate::api::CdssApi;
use crate::error::{CommandError, CopyError, UsageError};
use crate::model::config_group::{ConfigGroup, GroupSettings};
use crate::model::group_name::GroupName;
use crate::model::kafka_version::{
    KafkaVersion, Release, ResolvedVersion, VersionError, VersionSelector, release_of,
};
use crate::model::suggested_command::SuggestedCommand;
use crate::report::config_group::CopyReport;
use crate::report::upgrade::PlanReport;
use crate::session::Session;
use crate::session::config_groups::fetch_all_groups;
use crate::session::copy_command::default_copy_name;

/// The source group and the target version of a copy.
pub(super) struct CopyEndpoints {
    /// The source as an argument of `config-group copy`.
    pub source_arg: String,
    /// The source as an argument of `config-group diff`.
    pub diff_arg: String,
    pub source: GroupSettings,
    pub source_version: Option<KafkaVersion>,
    pub target_version: KafkaVersion,
    /// The existing groups of the target version.
    pub target_groups: Vec<ConfigGroup>,
}

impl CopyEndpoints {
    pub(super) fn source_release(&self) -> Option<&Release> {
        release_of(self.source_version.as_ref())
    }

    pub(super) fn default_name(&self) -> Result<GroupName, CommandError> {
        let (from, target) = (&self.source.group, &self.target_version);
        default_copy_name(from, self.source_release(), target).ok_or_else(|| {
            let (source_group, target) = (from.clone(), target.clone());
            UsageError::NoCopyName { source_group, target }.into()
        })
    }
}

impl<A: CdssApi> Session<'_, A> {
    /// Reads the source, its settings, the target version, and that version's groups.
    ///
    /// # Errors
    ///
    /// Fails if the source or the version is not found, or a read fails.
    pub(super) async fn read_endpoints(
        &self,
        request: &CopyRequest,
        report: &mut CopyReport,
    ) -> Result<CopyEndpoints, CommandError> {
        match &request.source {
            CopySource::Group(selector) => {
                let listing = fetch_all_groups(self.api).await?;
                let target_version = find_offered(&request.version, &listing.offered_versions)?;
                let group = listing.find(selector, "")?;
                let source_arg = listing.selector_argument(group);
                Ok(CopyEndpoints {
                    diff_arg: source_arg.clone(),
                    source_arg,
                    source: self.fetch_required_settings(group).await?,
                    source_version: Some(group.kafka_version(&listing.offered_versions)),
                    target_groups: listing
                        .groups
                        .iter()
                        .filter(|group| group.version == target_version.code)
                        .cloned()
                        .collect(),
                    target_version,
                })
            }
            CopySource::Cluster(selector) => {
                let resolved = self.resolve_cluster(selector, &mut PlanReport::default()).await?;
                let cluster = &resolved.cluster;
                report.cluster = Some(cluster.no);
                let target_version = find_offered(&request.version, &resolved.offered_versions)?;
                let target_groups = self.fetch_groups(target_version.code).await?;
                let group = self.fetch_current_group(cluster).await?;
                let group = group.ok_or_else(|| self.source_unknown(&cluster.name, &target_version))?;
                Ok(CopyEndpoints {
                    source_arg: format!("--cluster no:{}", cluster.no),
                    diff_arg: format!("no:{}", group.no),
                    source: self.fetch_required_settings(&group).await?,
                    source_version: resolved.current_version,
                    target_version,
                    target_groups,
                })
            }
        }
    }

    fn source_unknown(&self, cluster: &str, target: &KafkaVersion) -> CommandError {
        let (source, version) = ("GROUP".to_owned(), target.clone());
        let copy = SuggestedCommand::CopyConfigGroup { source, version, name: None };
        let message =
            format!("the service did not report which config group {cluster} uses; nothing was written");
        let hint = format!("specify the config group: {}", copy.render(Some(self.context)));
        CopyError::blocked(message, hint)
    }
}

/// Finds the version among those on offer: the service creates groups only for these.
fn find_offered(wanted: &VersionSelector, offers: &[KafkaVersion]) -> Result<KafkaVersion, CommandError> {
    let ResolvedVersion { version, listed } = wanted.resolve(offers)?;
    if listed {
        return Ok(version);
    }
    Err(CommandError::Version(VersionError::NotOffered {
        requested: wanted.to_string(),
        offered: offers.to_vec(),
    }))
}
