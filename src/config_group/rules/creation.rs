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
pub(crate) enum Provenance {
    ThisRun,
    Other,
    /// It has no description: the creator set none, or the service lost it.
    Unknown,
}

/// Returns who created this group.
pub(crate) fn provenance(group: &ConfigGroup, run: &str) -> Provenance {
    match &group.description {
        Some(description) if description.ends_with(&description_suffix(run)) => Provenance::ThisRun,
        Some(_) => Provenance::Other,
        None => Provenance::Unknown,
    }
}

/// Why an existing group may not be filled with copied values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum GroupProblem {
    #[error("more than one group has that name")]
    NameNotUnique,
    #[error("it was created in the meantime")]
    CreatedMeanwhile,
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

/// Returns the recorded creation of this group.
///
/// # Errors
///
/// Returns the reason why none of them matches, as far as is known.
pub(crate) fn find_create<'a>(
    group: &ConfigGroup,
    creates: &'a [GroupCreation],
) -> Result<&'a GroupCreation, GroupProblem> {
    let mut same_name = creates.iter().filter(|create| group.is_named(&create.name));
    let matching = same_name.clone().find(|create| match (provenance(group, &create.run), create.no) {
        (Provenance::ThisRun, no) => no.is_none_or(|no| no == group.no),
        // If the service lost the description, the number decides.
        (Provenance::Unknown, no) => no == Some(group.no),
        (Provenance::Other, _) => false,
    });
    let is_possible = |create: &GroupCreation| create.no.is_none() && group.description.is_none();
    match matching {
        Some(create) => Ok(create),
        None if same_name.any(is_possible) => Err(GroupProblem::CreatorUnknown),
        None => Err(GroupProblem::NotCreatedHere),
    }
}

/// Returns a creation of this name with an unknown outcome. Another create could make a second group.
pub(crate) fn find_unresolved<'a>(
    name: &GroupName,
    creates: &'a [GroupCreation],
) -> Option<&'a GroupCreation> {
    creates.iter().find(|create| create.name == name.as_str() && create.no.is_none())
}

/// Checks whether an existing group may be filled with the values of `from`, and returns its creation.
///
/// # Errors
///
/// Returns the reason why it is not the empty group of an interrupted run on this machine.
pub(crate) fn check_resumable(
    create: Result<&GroupCreation, GroupProblem>,
    from: ConfigGroupNo,
    settings: Option<&[Setting]>,
    used_by: Option<u64>,
) -> Result<GroupCreation, GroupProblem> {
    let create = create?;
    if create.from != Some(from) {
        return Err(GroupProblem::OtherSource);
    }
    check_empty_and_unused(settings, used_by).map(|()| create.clone())
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
    fn only_own_empty_unused_group_is_resumable() {
        let from = ConfigGroupNo::new(301);
        let create = |from| GroupCreation { from, ..create(None) };
        let (own, other_source) = (create(Some(from)), create(Some(ConfigGroupNo::new(302))));
        let [empty, set, default_as_custom] = [None, Some("5"), Some("1")].map(|custom| [listed(custom)]);
        for settings in [&empty, &default_as_custom] {
            assert_eq!(check_resumable(Ok(&own), from, Some(settings), Some(0)).as_ref(), Ok(&own));
        }
        for (create, settings, used_by, reason) in [
            (Err(GroupProblem::NotCreatedHere), Some(&empty[..]), Some(0), GroupProblem::NotCreatedHere),
            (Ok(&other_source), Some(&empty[..]), Some(0), GroupProblem::OtherSource),
            (Ok(&own), Some(&set[..]), Some(0), GroupProblem::HasCustomValues),
            (Ok(&own), None, Some(0), GroupProblem::SettingsUnknown),
            (Ok(&own), Some(&empty[..]), Some(2), GroupProblem::InUse),
            (Ok(&own), Some(&empty[..]), None, GroupProblem::UsageUnknown),
        ] {
            assert_eq!(check_resumable(create, from, settings, used_by), Err(reason));
        }
    }

    #[test]
    fn group_matches_its_creation_by_description_and_number() {
        let group = |description: Option<&str>| ConfigGroup {
            description: description.map(str::to_owned),
            ..group(501, 2, &[]).group
        };
        let own_description = description(ConfigGroupNo::new(301), "r");
        let (not_own, unknown) = (Err(GroupProblem::NotCreatedHere), Err(GroupProblem::CreatorUnknown));
        for (no, description, expected) in [
            (None, Some(own_description.as_str()), Ok(())),
            (Some(501), Some(&own_description), Ok(())),
            (Some(502), Some(&own_description), not_own),
            (None, None, unknown),
            (Some(501), None, Ok(())),
            (Some(502), None, not_own),
            (Some(501), Some("owned by the orders team"), not_own),
            (None, Some("owned by the orders team"), not_own),
        ] {
            let creates = [create(no)];
            match (find_create(&group(description), &creates), expected) {
                (Ok(_), Ok(())) => {}
                (Err(problem), Err(expected)) => assert_eq!(problem, expected),
                (found, _) => panic!("{found:?}: {no:?} {description:?}"),
            }
        }
        let other_name = GroupCreation { name: "orders-390".to_owned(), ..create(Some(501)) };
        assert!(find_create(&group(Some(&own_description)), &[other_name]).is_err());
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
