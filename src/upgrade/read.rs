//! Reads everything that the plan needs.

use std::sync::Arc;

use tokio::{join, try_join};

use crate::api::{CdssApi, RetryPolicy};
use crate::config_group::rules::choice::{
    ComparedGroups, GroupChoice, MAX_COMPARED, choose, copy_is_better, select_for_comparison, settings_of,
};
use crate::config_group::rules::difference::VersionedSettings;
use crate::error::CommandError;
use crate::model::cluster::Cluster;
use crate::model::config_group::{ConfigGroup, GroupSettings};
use crate::model::data_plane::{DataPlane, NotQueried};
use crate::model::ids::ClusterNo;
use crate::model::journal_state::JournalState;
use crate::model::kafka_version::{KafkaVersion, Release, ResolvedVersion, release_of};
use crate::model::selector::Selector;
use crate::model::suggested_command::SuggestedCommand;
use crate::report::upgrade::PlanReport;
use crate::session::Session;
use crate::session::resolve::{ResolvedCluster, UpgradeRequest, require_both};
use crate::upgrade::rules::checks::ItemKind;
use crate::upgrade::rules::plan::{Plan, UpgradeTarget};
use crate::upgrade::rules::snapshot::{PreCheck, SelectedGroup, Snapshot};

impl<A: CdssApi> Session<'_, A> {
    /// Reads everything and makes the plan.
    ///
    /// # Errors
    ///
    /// Fails if the cluster, version, or config group is not found, or a read fails. Nothing was started.
    pub(super) async fn read_and_plan(
        &self,
        request: &UpgradeRequest,
        report: &mut PlanReport,
    ) -> Result<(Snapshot, Plan), CommandError> {
        let found = self.find_cluster(&request.cluster, report).await?;
        let no = found.no();
        // If the versions are known, the target's groups can be read together with the cluster. An error in the version is
        // reported after those of the cluster.
        let known = found.offered_versions().and_then(|offers| request.version.resolve(offers).ok());
        let groups = async {
            match known {
                Some(target) => Some(self.fetch_groups(target.version.code).await),
                None => None,
            }
        };
        let (resolved, groups, brokers) =
            join!(self.read_cluster(found, report), groups, self.find_brokers(no));
        let resolved = resolved?;
        brokers?;
        let target = request.version.resolve(&resolved.offered_versions)?;
        report.to = Some(target.version.clone());
        let groups = groups.transpose()?;
        let wanted = request.config_group.as_ref();
        let (mut snapshot, data_plane) =
            try_join!(self.read_snapshot(resolved, target, groups, wanted), self.query_brokers())?;
        snapshot.data_plane = Arc::new(data_plane);
        snapshot.requires_brokers = request.require_brokers;
        snapshot.requires_journal = request.require_journal;
        snapshot.approved_plan = request.approved_plan;
        let known = request.acceptances.validate_items(&|kind, item| match kind {
            ItemKind::Setting => is_setting(&snapshot, item),
            ItemKind::Run => is_start_run(&snapshot, item),
            ItemKind::Topic => snapshot.data_plane.may_have_topic(item),
        });
        known.map_err(|error| {
            let version = Some(snapshot.target.version.clone());
            let config_group = snapshot.selected_group.group().map(|group| group.no);
            let check = SuggestedCommand::Check { cluster: snapshot.cluster.no, version, config_group };
            CommandError::Acceptance { error, check: Box::new(check) }
        })?;
        let plan = Plan::new(&snapshot, &request.acceptances);
        report.apply(&plan);
        Ok((snapshot, plan))
    }

    /// Reads the snapshot for one target version. `list` has the version's groups, if they are known.
    ///
    /// # Errors
    ///
    /// Fails if the config group is not found, or a read fails.
    async fn read_snapshot(
        &self,
        resolved: ResolvedCluster,
        target: ResolvedVersion,
        list: Option<Vec<ConfigGroup>>,
        wanted: Option<&Selector>,
    ) -> Result<Snapshot, CommandError> {
        let offers = resolved.offered_versions.clone();
        let mut snapshot = new_snapshot(self.context.service.key(), resolved, target);
        let (current, groups) = join!(
            self.fetch_current_settings(&snapshot.cluster),
            self.read_target_groups(&snapshot, &offers, list, wanted)
        );
        snapshot.journal = self.journal_state(snapshot.cluster.no);
        snapshot.current_group = current?;
        self.select_target_group(&mut snapshot, groups?).await?;
        snapshot.pre_check = self.run_pre_check(&snapshot).await?;
        Ok(snapshot)
    }

    /// Reads the journal entries of this cluster.
    pub(super) fn journal_state(&self, no: ClusterNo) -> JournalState {
        self.journal.state(&self.context.service, no)
    }

    /// Rereads everything that may have changed since `before`: cluster, health, both groups, and the pre-check.
    ///
    /// # Errors
    ///
    /// Fails if a read fails, or the cluster no longer exists. Nothing was started.
    pub(super) async fn reread(&self, before: &Snapshot) -> Result<Snapshot, CommandError> {
        let no = before.cluster.no;
        let target_group = before.selected_group.group().filter(|_| before.target_settings.is_some());
        // The groups and the pre-check are those of the earlier snapshot. If they no longer apply, they are read again.
        let (cluster, health, current_group, target_settings, pre_check) = join!(
            self.api.cluster(no, RetryPolicy::Retry),
            self.api.status(no, RetryPolicy::Retry),
            self.fetch_current_settings(&before.cluster),
            self.fetch_readable_settings(target_group.map_or(&[], std::slice::from_ref)),
            self.run_pre_check(before),
        );
        let (cluster, health) = require_both((cluster, health)).map_err(CommandError::before_start)?;
        let pre_check = match pre_check {
            Err(error @ CommandError::Interrupted { .. }) => return Err(error),
            pre_check => pre_check,
        };
        let cluster = cluster.ok_or(CommandError::PlanChanged)?.with_name_from(&before.cluster);
        let group_of = |cluster: &Cluster| (cluster.config_group, cluster.version);
        let current_group = if group_of(&cluster) == group_of(&before.cluster) {
            current_group?
        } else {
            self.fetch_current_settings(&cluster).await?
        };
        let target_settings = target_settings?.pop();
        let current_version = match (&before.current_version, cluster.version) {
            (Some(from), Some(code)) if from.code == code => Some(from.clone()),
            (_, code) => code.map(KafkaVersion::unnamed),
        };
        let mut snapshot = Snapshot {
            cluster,
            listed_identity: before.identity().ok().or_else(|| before.listed_identity.clone()),
            current_version,
            health,
            current_group,
            target_settings,
            journal: self.journal_state(no),
            ..before.clone()
        };
        snapshot.pre_check = match (pre_check_target(before), pre_check_target(&snapshot)) {
            (Ok(_), Ok(_)) => pre_check?,
            _ => self.run_pre_check(&snapshot).await?,
        };
        Ok(snapshot)
    }

    /// Reads the groups of the target version, and the settings of those to compare. At the target version there is nothing
    /// to choose and nothing to compare.
    async fn read_target_groups(
        &self,
        snapshot: &Snapshot,
        offers: &[KafkaVersion],
        list: Option<Vec<ConfigGroup>>,
        wanted: Option<&Selector>,
    ) -> Result<TargetGroups, CommandError> {
        let code = snapshot.target.version.code;
        let list = match list {
            Some(list) => list,
            None => self.fetch_groups(code).await?,
        };
        let named = match wanted {
            Some(wanted) => Some(self.resolve_group(offers, &list, wanted).await?),
            None => None,
        };
        let compared = match &named {
            _ if snapshot.is_at_target() => &[],
            Some(named) if named.version == code => std::slice::from_ref(named),
            Some(_) => &[],
            None if snapshot.cluster.config_group.is_none() || snapshot.cluster.version.is_none() => &[],
            None if list.len() > MAX_COMPARED => return Ok(TargetGroups { list, named, settings: None }),
            None => list.as_slice(),
        };
        let settings = Some(self.fetch_readable_settings(compared).await?);
        Ok(TargetGroups { list, named, settings })
    }

    /// Selects the target config group. If there are too many, this reads the settings of those with a name like the
    /// current group's.
    async fn select_target_group(
        &self,
        snapshot: &mut Snapshot,
        TargetGroups { list, named, settings }: TargetGroups,
    ) -> Result<(), CommandError> {
        if snapshot.target.version.release.is_none() {
            let name = list.iter().find_map(|group| group.version_name.as_deref());
            snapshot.target.version.release = name.and_then(Release::find);
        }
        let candidates = if let Some(settings) = settings {
            settings
        } else {
            let compared = candidates_to_read(snapshot.current_group.as_ref(), &list);
            self.fetch_readable_settings(&compared).await?
        };
        if let Some(named) = named {
            snapshot.target_settings = candidates.into_iter().next();
            snapshot.selected_group = SelectedGroup::Named(named);
            if !snapshot.is_at_target() {
                let target = snapshot.target_settings.as_ref();
                snapshot.copy_command = self.better_copy_command(snapshot, target, &list);
            }
        } else if !snapshot.is_at_target() {
            choose_group(snapshot, &candidates, list.len());
            if let SelectedGroup::Chosen(GroupChoice::None(compared)) = &snapshot.selected_group {
                let nearest = compared.candidates.first();
                let nearest = nearest.and_then(|nearest| settings_of(&candidates, nearest.group.no));
                snapshot.copy_command = self.better_copy_command(snapshot, nearest, &list);
            }
        }
        Ok(())
    }

    /// Returns the command that copies the current group, if the copy keeps more values than `other`.
    fn better_copy_command(
        &self,
        snapshot: &Snapshot,
        other: Option<&GroupSettings>,
        list: &[ConfigGroup],
    ) -> Option<SuggestedCommand> {
        let current = snapshot.current_group.as_ref()?;
        let (release, target) = (release_of(snapshot.current_version.as_ref()), &snapshot.target.version);
        let side = VersionedSettings { settings: &current.settings, release };
        if other.is_some_and(|other| !copy_is_better(side, &other.settings, target.release.as_ref())) {
            return None;
        }
        let source = format!("--cluster no:{}", snapshot.cluster.no);
        self.copy_command(&source, (&current.group, release), target, list, None)
    }

    /// Runs the service's pre-check, if it applies.
    pub(super) async fn run_pre_check(&self, snapshot: &Snapshot) -> Result<PreCheck, CommandError> {
        let target = match pre_check_target(snapshot) {
            Ok(target) => target,
            Err(reason) => return Ok(PreCheck::NotRun(reason)),
        };
        self.api.pre_check(&target).await.map_err(CommandError::before_start)
    }
}

/// The groups of the target version.
struct TargetGroups {
    list: Vec<ConfigGroup>,
    /// The group that was named on the command line.
    named: Option<ConfigGroup>,
    /// The settings of the groups to compare; None if there are too many groups. Then the name of the current group decides
    /// which are compared.
    settings: Option<Vec<GroupSettings>>,
}

/// Creates a snapshot without groups, journal entries, or a pre-check.
pub(super) fn new_snapshot(service: String, resolved: ResolvedCluster, target: ResolvedVersion) -> Snapshot {
    Snapshot {
        cluster: resolved.cluster,
        listed_identity: resolved.listed_identity,
        current_version: resolved.current_version,
        health: resolved.health,
        target,
        current_group: None,
        selected_group: SelectedGroup::Chosen(GroupChoice::Unknown(ComparedGroups::default())),
        target_settings: None,
        pre_check: PreCheck::NotRun("not run yet"),
        copy_command: None,
        journal: JournalState::default(),
        requires_journal: false,
        service,
        approved_plan: None,
        data_plane: Arc::new(DataPlane::NotQueried(NotQueried {
            reason: "brokers were not queried".into(),
            remedy: None,
        })),
        requires_brokers: false,
    }
}

/// Returns the groups whose settings have to be read; empty if there is nothing to compare them with.
pub(super) fn candidates_to_read(current: Option<&GroupSettings>, list: &[ConfigGroup]) -> Vec<ConfigGroup> {
    current.map_or_else(Vec::new, |current| select_for_comparison(&current.group, list))
}

/// Chooses one of the groups that were read. `total` is the number of groups of the version.
pub(super) fn choose_group(snapshot: &mut Snapshot, candidates: &[GroupSettings], total: usize) {
    let release = release_of(snapshot.current_version.as_ref());
    let target = snapshot.target.version.release.as_ref();
    let choice = choose(snapshot.current_group.as_ref(), release, candidates, target, total);
    snapshot.target_settings = choice.chosen().and_then(|group| settings_of(candidates, group.no)).cloned();
    snapshot.selected_group = SelectedGroup::Chosen(choice);
}

/// Returns the input of the pre-check, or why it is skipped.
fn pre_check_target(snapshot: &Snapshot) -> Result<UpgradeTarget, &'static str> {
    if snapshot.is_at_target() {
        return Err("already at the version");
    }
    if snapshot.is_changing() {
        return Err("the cluster is changing");
    }
    let group = snapshot.selected_group.group().ok_or("no config group selected")?;
    if group.version != snapshot.target.version.code {
        return Err("the config group is for another version");
    }
    Ok(UpgradeTarget { cluster: snapshot.cluster.no, version: group.version, config_group: group.no })
}

/// Returns true if either group has a setting with this name, or no settings are known.
fn is_setting(snapshot: &Snapshot, key: &str) -> bool {
    let groups = [&snapshot.current_group, &snapshot.target_settings];
    let is_unknown = groups.iter().all(|group| group.is_none());
    is_unknown || groups.into_iter().flatten().any(|group| group.setting(key).is_some())
}

/// Returns true if the journal has a start by this run, or can't be read, which blocks the upgrade anyway.
fn is_start_run(snapshot: &Snapshot, run: &str) -> bool {
    let journal = &snapshot.journal;
    journal.problem.is_some()
        || journal.start_runs.iter().any(|known| known == run)
        || journal.open_starts.iter().any(|start| start.run == run)
}
