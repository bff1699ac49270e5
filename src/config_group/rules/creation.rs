//! Creates of config groups that this machine's journal holds, and the groups that they have made.

use crate::model::config_group::{ConfigGroup, Setting};
use crate::model::group_name::GroupName;
use crate::model::ids::ConfigGroupNo;

/// A create of a group that this machine's journal holds and that was not certainly in vain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GroupCreation {
    pub name: String,
    pub run: String,
    /// With which profile and key, whose last four characters these are.
    pub profile: Option<String>,
    pub access_key: Option<String>,
    /// The group whose values it was to have.
    pub from: Option<ConfigGroupNo>,
    /// None where no answer told it.
    pub no: Option<ConfigGroupNo>,
}

/// Returns the description that a new group is given: it tells for ever which run has made it.
pub(crate) fn description(from: ConfigGroupNo, run: &str) -> String {
    format!("Copied from config group {from}{}", mark(run))
}

fn mark(run: &str) -> String {
    format!(" by cdss, run {run}")
}

/// Who made a group that has come by the name of a create, as its description tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Provenance {
    ThisRun,
    SomebodyElse,
    /// It has no description: whoever made it left none, or the service lost it.
    Unknown,
}

/// Returns who made this group.
pub(crate) fn provenance(group: &ConfigGroup, run: &str) -> Provenance {
    match &group.description {
        Some(description) if description.ends_with(&mark(run)) => Provenance::ThisRun,
        Some(_) => Provenance::SomebodyElse,
        None => Provenance::Unknown,
    }
}

impl GroupCreation {
    /// Returns which run it was of, and of whom: another account's may have the same name.
    pub(crate) fn who(&self) -> String {
        let profile = self.profile.as_ref().map(|profile| format!("profile {profile}"));
        let key = self.access_key.as_ref().map(|key| format!("key …{key}"));
        let of: Vec<String> = profile.into_iter().chain(key).collect();
        if of.is_empty() { self.run.clone() } else { format!("{} ({})", self.run, of.join(", ")) }
    }
}

/// Returns the one of these creates that has made this group.
///
/// # Errors
///
/// Fails with the reason why it is none of them, as far as is known.
pub(crate) fn create_of<'a>(
    group: &ConfigGroup,
    creates: &'a [GroupCreation],
) -> Result<&'a GroupCreation, &'static str> {
    let mut of_name = creates.iter().filter(|create| group.is_named(&create.name));
    let its = of_name.clone().find(|create| match (provenance(group, &create.run), create.no) {
        (Provenance::ThisRun, no) => no.is_none_or(|no| no == group.no),
        // Its number tells, where the service has lost the description.
        (Provenance::Unknown, no) => no == Some(group.no),
        (Provenance::SomebodyElse, _) => false,
    });
    let may_be = |create: &GroupCreation| create.no.is_none() && group.description.is_none();
    match its {
        Some(create) => Ok(create),
        None if of_name.any(may_be) => {
            Err("nothing tells whether this machine made it: it has no description")
        }
        None => Err("it was not made by `cdss config-group copy` on this machine"),
    }
}

/// Returns the create of this name whose group nobody has seen yet: another one could make a second group.
pub(crate) fn unresolved<'a>(name: &GroupName, creates: &'a [GroupCreation]) -> Option<&'a GroupCreation> {
    creates.iter().find(|create| create.name == name.as_str() && create.no.is_none())
}

/// Decides whether a group that has the name already may be filled with the values of `from`, and returns its create.
///
/// # Errors
///
/// Fails with the reason why it can't be the empty group that a cut run of this machine left behind.
pub(crate) fn resume(
    create: Result<&GroupCreation, &'static str>,
    from: ConfigGroupNo,
    settings: Option<&[Setting]>,
    used_by: Option<u64>,
) -> Result<GroupCreation, &'static str> {
    let create = create?;
    if create.from != Some(from) {
        return Err("it was made for the values of another one");
    }
    untouched(settings, used_by).map(|()| create.clone())
}

/// Decides whether a group of one's own is still as it was made.
///
/// # Errors
///
/// Fails with the reason why it may not be.
pub(crate) fn untouched(settings: Option<&[Setting]>, used_by: Option<u64>) -> Result<(), &'static str> {
    match (settings, used_by) {
        (None, _) => Err("the service tells none of its settings"),
        (Some(settings), _) if settings.iter().any(is_set) => Err("it has custom values"),
        (_, None) => Err("the service doesn't tell whether a cluster uses it"),
        (_, Some(0)) => Ok(()),
        (_, Some(_)) => Err("a cluster uses it"),
    }
}

/// Returns true for a value that somebody set: a service may tell a default as a custom value too.
fn is_set(setting: &Setting) -> bool {
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
    fn only_an_empty_unused_group_of_this_machine_and_source_is_taken_up() {
        let from = ConfigGroupNo::new(301);
        let create = |from| GroupCreation { from, ..create(None) };
        let (ours, of_another) = (create(Some(from)), create(Some(ConfigGroupNo::new(302))));
        let [empty, set, told_twice] = [None, Some("5"), Some("1")].map(|custom| [listed(custom)]);
        for settings in [&empty, &told_twice] {
            assert_eq!(resume(Ok(&ours), from, Some(settings), Some(0)).as_ref(), Ok(&ours));
        }
        for (create, settings, used_by, why) in [
            (Err("not ours"), Some(&empty[..]), Some(0), "not ours"),
            (Ok(&of_another), Some(&empty[..]), Some(0), "of another one"),
            (Ok(&ours), Some(&set[..]), Some(0), "custom values"),
            (Ok(&ours), None, Some(0), "none of its settings"),
            (Ok(&ours), Some(&empty[..]), Some(2), "a cluster uses it"),
            (Ok(&ours), Some(&empty[..]), None, "doesn't tell whether"),
        ] {
            let refused = resume(create, from, settings, used_by).unwrap_err();
            assert!(refused.contains(why), "{refused}");
        }
    }

    #[test]
    fn a_group_is_that_of_a_create_by_its_mark_and_number() {
        let group = |description: Option<&str>| ConfigGroup {
            description: description.map(str::to_owned),
            ..group(501, 2, &[]).group
        };
        let mark = description(ConfigGroupNo::new(301), "r");
        let (not_ours, untold) = (Err("was not made by"), Err("nothing tells whether"));
        for (no, description, expected) in [
            (None, Some(mark.as_str()), Ok(())),
            (Some(501), Some(&mark), Ok(())),
            (Some(502), Some(&mark), not_ours),
            (None, None, untold),
            (Some(501), None, Ok(())),
            (Some(502), None, not_ours),
            (Some(501), Some("of the team of orders"), not_ours),
            (None, Some("of the team of orders"), not_ours),
        ] {
            let creates = [create(no)];
            match (create_of(&group(description), &creates), expected) {
                (Ok(_), Ok(())) => {}
                (Err(why), Err(words)) => assert!(why.contains(words), "{why}"),
                (found, _) => panic!("{found:?}: {no:?} {description:?}"),
            }
        }
        let of_another_name = GroupCreation { name: "orders-390".to_owned(), ..create(Some(501)) };
        assert!(create_of(&group(Some(&mark)), &[of_another_name]).is_err());
    }

    #[test]
    fn a_create_is_told_with_its_run_profile_and_key() {
        for (profile, key, text) in [
            (Some("prod"), Some("7Q2F"), "r (profile prod, key …7Q2F)"),
            (None, Some("7Q2F"), "r (key …7Q2F)"),
            (None, None, "r"),
        ] {
            let (profile, access_key) = (profile.map(str::to_owned), key.map(str::to_owned));
            assert_eq!(GroupCreation { profile, access_key, ..create(None) }.who(), text);
        }
    }
}
