//! Config group creations recorded in this machine's journal, and the groups that they created.

use crate::model::config_group::{ConfigGroup, Setting};
use crate::model::group_name::GroupName;
use crate::model::ids::ConfigGroupNo;

/// A creation of a group in this machine's journal that may have succeeded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GroupCreation {
    pub name: String,
    pub run: String,
    /// The profile that was used.
    pub profile: Option<String>,
    /// The last four characters of the access key.
    pub access_key: Option<String>,
    /// The group whose values were to be copied.
    pub from: Option<ConfigGroupNo>,
    /// None if no response contained it.
    pub no: Option<ConfigGroupNo>,
}

/// Returns the description of a new group, which records the run that created it.
pub(crate) fn description(from: ConfigGroupNo, run: &str) -> String {
    format!("Copied from config group {from}{}", description_suffix(run))
}

fn description_suffix(run: &str) -> String {
    format!(" by cdss, run {run}")
}

/// Who created a group, according to its description.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Provenance {
    ThisRun,
    Other,
    /// It has no description: the creator set none, or the service lost it.
    Unknown,
}

fn provenance(group: &ConfigGroup, run: &str) -> Provenance {
    match &group.description {
        Some(description) if description.ends_with(&description_suffix(run)) => Provenance::ThisRun,
        Some(_) => Provenance::Other,
        None => Provenance::Unknown,
    }
}

/// What a list of groups shows about the group that a run may have created.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ListedGroup {
    /// The run created the group with this number.
    Own(ConfigGroupNo),
    /// This group has no description, so the run may have created it.
    Unproven(ConfigGroup),
    /// So many groups have the name, and no response contained a number.
    NotUnique(usize),
    /// The run did not create this group.
    Foreign(ConfigGroup),
    Missing,
}

impl ListedGroup {
    pub(crate) fn unproven(&self) -> Option<&ConfigGroup> {
        match self {
            Self::Unproven(group) => Some(group),
            Self::Own(_) | Self::NotUnique(_) | Self::Foreign(_) | Self::Missing => None,
        }
    }
}

/// Finds the group that this run may have created. `reported` is the number in the response to the create.
pub(crate) fn find_new_group(
    groups: &[ConfigGroup],
    name: &GroupName,
    run: &str,
    reported: Option<ConfigGroupNo>,
) -> ListedGroup {
    let is_named = |group: &&ConfigGroup| group.is_named(name.as_str());
    let named: Vec<&ConfigGroup> = groups.iter().filter(is_named).collect();
    if reported.is_none() && named.len() > 1 {
        return ListedGroup::NotUnique(named.len());
    }
    if let Some(own) = named.iter().find(|group| provenance(group, run) == Provenance::ThisRun) {
        return ListedGroup::Own(own.no);
    }
    let candidate = match reported {
        Some(no) => groups.iter().find(|group| group.no == no),
        None => named.first().copied(),
    };
    match candidate {
        None => ListedGroup::Missing,
        Some(group) if is_named(&group) && provenance(group, run) == Provenance::Unknown => {
            ListedGroup::Unproven(group.clone())
        }
        Some(group) => ListedGroup::Foreign(group.clone()),
    }
}

/// Why an existing group may not be filled with copied values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum GroupProblem {
    #[error("more than one group has that name")]
    NameNotUnique,
    #[error("it was not created by `cdss config-group copy` on this machine")]
    NotCreatedHere,
    #[error("it has no description, so it is unknown whether this machine created it")]
    CreatorUnknown,
    #[error("it was created as a copy of another group")]
    OtherSource,
    #[error("it has custom values")]
    HasCustomValues,
    #[error("the service does not report its settings")]
    SettingsUnknown,
    #[error("a cluster uses it")]
    InUse,
    #[error("the service does not report whether a cluster uses it")]
    UsageUnknown,
}

impl GroupCreation {
    /// Returns the run id with profile and key, because another account may use the same group name.
    pub(crate) fn run_label(&self) -> String {
        let profile = self.profile.as_ref().map(|profile| format!("profile {profile}"));
        let key = self.access_key.as_ref().map(|key| format!("key …{key}"));
        let details: Vec<String> = profile.into_iter().chain(key).collect();
        if details.is_empty() { self.run.clone() } else { format!("{} ({})", self.run, details.join(", ")) }
    }
}

/// Returns the recorded creation of this group as a copy of `from`.
///
/// # Errors
///
/// Returns the reason why none of them matches, as far as is known.
pub(crate) fn find_creation<'a>(
    group: &ConfigGroup,
    from: ConfigGroupNo,
    creations: &'a [GroupCreation],
) -> Result<&'a GroupCreation, GroupProblem> {
    let mut same_name = creations.iter().filter(|creation| group.is_named(&creation.name));
    let matching = same_name.clone().find(|creation| match (provenance(group, &creation.run), creation.no) {
        (Provenance::ThisRun, no) => no.is_none_or(|no| no == group.no),
        // If the service lost the description, the number decides.
        (Provenance::Unknown, no) => no == Some(group.no),
        (Provenance::Other, _) => false,
    });
    let is_possible = |creation: &GroupCreation| creation.no.is_none() && group.description.is_none();
    match matching {
        Some(creation) if creation.from == Some(from) => Ok(creation),
        Some(_) => Err(GroupProblem::OtherSource),
        None if same_name.any(is_possible) => Err(GroupProblem::CreatorUnknown),
        None => Err(GroupProblem::NotCreatedHere),
    }
}

/// Returns a creation of this name with an unknown outcome. Another create could make a second group.
pub(crate) fn find_unresolved<'a>(
    name: &GroupName,
    creations: &'a [GroupCreation],
) -> Option<&'a GroupCreation> {
    creations.iter().find(|creation| creation.name == name.as_str() && creation.no.is_none())
}

/// Checks that a group created by cdss has no custom values and no users.
///
/// # Errors
///
/// Returns the reason why it may not be empty and unused.
pub(crate) fn check_empty_and_unused(
    settings: Option<&[Setting]>,
    used_by: Option<u64>,
) -> Result<(), GroupProblem> {
    match (settings, used_by) {
        (None, _) => Err(GroupProblem::SettingsUnknown),
        (Some(settings), _) if settings.iter().any(is_customized) => Err(GroupProblem::HasCustomValues),
        (_, None) => Err(GroupProblem::UsageUnknown),
        (_, Some(0)) => Ok(()),
        (_, Some(_)) => Err(GroupProblem::InUse),
    }
}

/// Returns true for a custom value. The service may report a default as a custom value too.
fn is_customized(setting: &Setting) -> bool {
    setting.custom.is_some() && setting.custom != setting.default
}

#[cfg(test)]
mod tests {
    use super::super::difference::tests::group;
    use super::*;

    fn listed(custom: Option<&str>) -> Setting {
        Setting {
            key: "a".to_owned(),
            custom: custom.map(str::to_owned),
            default: Some("1".to_owned()),
            modifiable: true,
            range: None,
            listed: true,
        }
    }

    /// A create of run `r`, of a group named `group-501`.
    fn create(no: Option<u64>) -> GroupCreation {
        GroupCreation {
            name: "group-501".to_owned(),
            run: "r".to_owned(),
            profile: None,
            access_key: None,
            from: None,
            no: no.map(ConfigGroupNo::new),
        }
    }

    #[test]
    fn only_an_empty_unused_group_may_be_filled() {
        let [empty, set, default_as_custom] = [None, Some("5"), Some("1")].map(|custom| [listed(custom)]);
        for (settings, used_by, expected) in [
            (Some(&empty[..]), Some(0), Ok(())),
            (Some(&default_as_custom), Some(0), Ok(())),
            (Some(&set), Some(0), Err(GroupProblem::HasCustomValues)),
            (None, Some(0), Err(GroupProblem::SettingsUnknown)),
            (Some(&empty), Some(2), Err(GroupProblem::InUse)),
            (Some(&empty), None, Err(GroupProblem::UsageUnknown)),
        ] {
            assert_eq!(check_empty_and_unused(settings, used_by), expected, "{settings:?} {used_by:?}");
        }
        // The service may report no default.
        let without_default = Setting { default: None, ..listed(Some("1")) };
        assert_eq!(
            check_empty_and_unused(Some(&[without_default]), Some(0)),
            Err(GroupProblem::HasCustomValues)
        );
    }

    /// A group that someone created with the name `group-501`.
    fn group_with(no: u64, name: &str, description: Option<&str>) -> ConfigGroup {
        ConfigGroup {
            name: Some(name.to_owned()),
            description: description.map(str::to_owned),
            ..group(no, 2, &[]).group
        }
    }

    #[test]
    fn group_matches_its_creation_by_name_description_and_number() {
        let source = ConfigGroupNo::new(301);
        let own_description = description(source, "r");
        let (own, team) = (Some(own_description.as_str()), Some("owned by the orders team"));
        let (not_own, unknown) = (Err(GroupProblem::NotCreatedHere), Err(GroupProblem::CreatorUnknown));
        for (no, description, expected) in [
            (None, own, Ok(())),
            (Some(501), own, Ok(())),
            (Some(502), own, not_own),
            (None, None, unknown),
            (Some(501), None, Ok(())),
            (Some(502), None, not_own),
            (Some(501), team, not_own),
            (None, team, not_own),
        ] {
            let creations = [GroupCreation { from: Some(source), ..create(no) }];
            let found = find_creation(&group_with(501, "group-501", description), source, &creations);
            assert_eq!(found, expected.map(|()| &creations[0]), "{no:?} {description:?}");
        }
        let find = |creation| {
            let creations = [creation];
            find_creation(&group_with(501, "group-501", own), source, &creations).cloned()
        };
        let creation = GroupCreation { from: Some(source), ..create(Some(501)) };
        let other_name = GroupCreation { name: "orders-390".to_owned(), ..creation.clone() };
        assert_eq!(find(other_name), Err(GroupProblem::NotCreatedHere));
        let other_source = GroupCreation { from: Some(ConfigGroupNo::new(302)), ..creation };
        assert_eq!(find(other_source), Err(GroupProblem::OtherSource));
    }

    #[test]
    fn only_a_creation_without_number_is_unresolved() {
        let name = "group-501".parse().unwrap();
        let other_name = GroupCreation { name: "orders-390".to_owned(), ..create(None) };
        assert_eq!(find_unresolved(&name, &[other_name, create(Some(501))]), None);
        assert_eq!(find_unresolved(&name, &[create(Some(501)), create(None)]), Some(&create(None)));
    }

    #[test]
    fn new_group_needs_both_the_name_and_the_description_of_this_run() {
        let name = "orders-390".parse().unwrap();
        let find = |groups: &[&ConfigGroup], reported: Option<u64>| {
            let groups: Vec<ConfigGroup> = groups.iter().copied().cloned().collect();
            find_new_group(&groups, &name, "r", reported.map(ConfigGroupNo::new))
        };
        let (ours, theirs) =
            (description(ConfigGroupNo::new(301), "r"), description(ConfigGroupNo::new(301), "other"));
        let own = group_with(501, "orders-390", Some(&ours));
        let other_run = group_with(400, "orders-390", Some(&theirs));
        let unproven = group_with(401, "orders-390", None);
        let other_name = group_with(402, "logs-390", Some(&ours));
        let unrelated = group_with(403, "logs-390", None);
        let own_no = || ListedGroup::Own(own.no);
        let foreign = |group: &ConfigGroup| ListedGroup::Foreign(group.clone());
        let may_be_own = |group: &ConfigGroup| ListedGroup::Unproven(group.clone());
        let all = [&other_name, &unrelated, &other_run, &unproven, &own];
        for (groups, reported, expected) in [
            (&[][..], None, ListedGroup::Missing),
            (&[&own], None, own_no()),
            // The description counts more than the number in the response.
            (&all, Some(501), own_no()),
            (&all, Some(400), own_no()),
            // Without a number, the name has to be unique.
            (&all, None, ListedGroup::NotUnique(3)),
            (&[&unproven, &own], None, ListedGroup::NotUnique(2)),
            (&[&own, &other_run], None, ListedGroup::NotUnique(2)),
            (&[&other_run, &other_run], None, ListedGroup::NotUnique(2)),
            // Only the description, only the number, or only the name.
            (&[&other_name, &unrelated], None, ListedGroup::Missing),
            (&all[..4], Some(501), ListedGroup::Missing),
            (&all[..4], Some(402), foreign(&other_name)),
            (&all[..4], Some(403), foreign(&unrelated)),
            (&[&other_run], None, foreign(&other_run)),
            (&all[..4], Some(400), foreign(&other_run)),
            // The service may have lost the description.
            (&[&other_name, &unproven], None, may_be_own(&unproven)),
            (&all[..4], Some(401), may_be_own(&unproven)),
        ] {
            assert_eq!(find(groups, reported), expected, "{groups:?} {reported:?}");
        }
    }

    #[test]
    fn run_label_has_profile_and_key() {
        for (profile, key, text) in [
            (Some("prod"), Some("7Q2F"), "r (profile prod, key …7Q2F)"),
            (None, Some("7Q2F"), "r (key …7Q2F)"),
            (None, None, "r"),
        ] {
            let (profile, access_key) = (profile.map(str::to_owned), key.map(str::to_owned));
            assert_eq!(GroupCreation { profile, access_key, ..create(None) }.run_label(), text);
        }
    }
}
