//! Which config group an upgrade takes.

use super::config_group::{ConfigGroup, GroupSettings};
use super::group_difference::{difference, keeps_everything};
use super::ids::ConfigGroupNo;

/// What came of looking for the group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum GroupChoice {
    /// The one that was named, or the only one that keeps everything.
    One(ConfigGroup),
    /// No group of the version keeps every custom value; all groups of the version are listed.
    None(Vec<ConfigGroup>),
    /// More than one does.
    Several(Vec<ConfigGroup>),
    /// The present group's settings are not known, so nothing can be compared.
    Unknown(Vec<ConfigGroup>),
}

impl GroupChoice {
    pub(crate) fn one(&self) -> Option<&ConfigGroup> {
        match self {
            Self::One(group) => Some(group),
            Self::None(_) | Self::Several(_) | Self::Unknown(_) => None,
        }
    }
}

/// Chooses the group when none was named: the only one of the target version that keeps every custom
/// value of the present one. Never guesses between two.
pub(crate) fn choose(present: Option<&GroupSettings>, candidates: &[GroupSettings]) -> GroupChoice {
    let all = || candidates.iter().map(|candidate| candidate.group.clone()).collect();
    let Some(present) = present else { return GroupChoice::Unknown(all()) };
    let mut keeping: Vec<ConfigGroup> = candidates
        .iter()
        .filter(|candidate| keeps_everything(&difference(present, candidate)))
        .map(|candidate| candidate.group.clone())
        .collect();
    match keeping.len() {
        0 => GroupChoice::None(all()),
        1 => GroupChoice::One(keeping.remove(0)),
        _ => GroupChoice::Several(keeping),
    }
}

/// Returns the settings of the group with this number.
pub(crate) fn settings_of(candidates: &[GroupSettings], no: ConfigGroupNo) -> Option<&GroupSettings> {
    candidates.iter().find(|candidate| candidate.group.no == no)
}

#[cfg(test)]
mod tests {
    use super::super::group_difference::tests::group;
    use super::*;

    #[test]
    fn only_the_one_that_keeps_everything_is_taken() {
        let present = group(1, 1, &[("a", "5", "1")]);
        let keeps = group(2, 2, &[("a", "5", "1")]);
        let also_keeps = group(3, 2, &[("a", "5", "1")]);
        let loses = group(4, 2, &[("a", "", "1")]);
        let gains = group(5, 2, &[("a", "5", "1"), ("b", "2", "1")]);
        let numbers = |groups: &[ConfigGroup]| groups.iter().map(|g| g.no.number()).collect::<Vec<_>>();

        let all_but_one = [loses.clone(), keeps.clone(), gains.clone()];
        assert_eq!(choose(Some(&present), &all_but_one).one().unwrap().no.number(), 2);
        let GroupChoice::Several(groups) = choose(Some(&present), &[keeps.clone(), also_keeps]) else {
            panic!("two keep everything")
        };
        assert_eq!(numbers(&groups), [2, 3]);
        let GroupChoice::None(groups) = choose(Some(&present), &[loses, gains]) else { panic!("none keeps") };
        assert_eq!(numbers(&groups), [4, 5]);
        assert!(matches!(choose(None, &[keeps]), GroupChoice::Unknown(_)), "missing data is never a pass");
    }
}
