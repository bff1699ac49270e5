//! Choosing the config group for an upgrade, and ranking the candidates.

use strsim::levenshtein;

use super::copy::{partition_settings, planned_settings};
use super::difference::{ChangeClass, SettingChange, VersionedSettings, difference, keeps_everything};
use crate::model::config_group::{ConfigGroup, GroupSettings, Setting};
use crate::model::ids::ConfigGroupNo;
use crate::model::kafka_version::Release;

/// The result of choosing a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum GroupChoice {
    /// The only group of the version that keeps every custom value.
    One(ConfigGroup),
    /// None of the compared groups keeps every custom value.
    None(ComparedGroups),
    /// Several groups keep every custom value, or one does but not all groups were compared.
    Several(ComparedGroups),
    /// The current group's settings are unknown, so nothing can be compared.
    Unknown(ComparedGroups),
}

/// The groups of a version that were compared with the current one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct ComparedGroups {
    /// The best first.
    pub candidates: Vec<Candidate>,
    /// The number of groups of the version. Those not compared may keep everything too.
    pub total: usize,
}

/// A group that was compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub group: ConfigGroup,
    pub changes: Vec<SettingChange>,
}

/// The most groups whose settings are read for the choice.
///
/// Chosen: more than a team keeps for one version, and few enough that a check stays fast.
pub(crate) const MAX_COMPARED: usize = 20;

/// The most candidates to show.
///
/// Chosen: each takes a line for every significant change, so more would fill the screen. Candidates are sorted by lost
/// and changed values, so the next ones fit no better.
pub(crate) const MAX_SHOWN: usize = 3;

impl GroupChoice {
    pub(crate) fn chosen(&self) -> Option<&ConfigGroup> {
        match self {
            Self::One(group) => Some(group),
            Self::None(_) | Self::Several(_) | Self::Unknown(_) => None,
        }
    }

    /// Returns the best candidates if no group was chosen.
    pub(crate) fn best_candidates(&self) -> &[Candidate] {
        match self {
            Self::One(_) => &[],
            Self::None(compared) | Self::Several(compared) | Self::Unknown(compared) => {
                &compared.candidates[..compared.candidates.len().min(MAX_SHOWN)]
            }
        }
    }
}

impl ComparedGroups {
    /// Returns how many candidates keep every custom value.
    pub(crate) fn count_keeping(&self) -> usize {
        self.candidates.iter().filter(|candidate| candidate.keeps_everything()).count()
    }

    pub(crate) fn is_complete(&self) -> bool {
        self.candidates.len() == self.total
    }
}

impl Candidate {
    pub(crate) fn keeps_everything(&self) -> bool {
        keeps_everything(&self.changes)
    }
}

/// Counts the lost values, and then the changed ones.
fn cost(changes: &[SettingChange]) -> (usize, usize) {
    let count =
        |classes: &[ChangeClass]| changes.iter().filter(|change| classes.contains(&change.class)).count();
    (
        count(&[ChangeClass::LostOverride]),
        count(&[ChangeClass::Changed, ChangeClass::Gained, ChangeClass::OutOfRange]),
    )
}

/// Returns true if a copy of the current settings would lose or change less than `other`. A copy can't keep values that
/// the target version does not accept.
pub(crate) fn copy_is_better(
    current: VersionedSettings<'_>,
    other: &[Setting],
    target: Option<&Release>,
) -> bool {
    let (copied, _) = partition_settings(current.settings, Some(other), target);
    let copy = planned_settings(&copied, Some(other));
    let cost_of = |settings| cost(&difference(current, VersionedSettings { settings, release: target }));
    cost_of(&copy) < cost_of(other)
}

/// Sorts the groups by the similarity of their names to the current one's, ignoring versions, and limits their number.
pub(crate) fn select_for_comparison(current: &ConfigGroup, groups: &[ConfigGroup]) -> Vec<ConfigGroup> {
    let mut groups = groups.to_vec();
    groups.sort_by_cached_key(|group| (name_distance(current, group), group.no));
    groups.truncate(MAX_COMPARED);
    groups
}

/// Chooses a group when none was named: the only one of the target version that keeps every custom value of the current
/// group. Never guesses between two groups or about a group that was not compared. `total` is the number of groups of
/// the version.
pub(crate) fn choose(
    current: Option<&GroupSettings>,
    release: Option<&Release>,
    groups: &[GroupSettings],
    target: Option<&Release>,
    total: usize,
) -> GroupChoice {
    let Some(GroupSettings { group: current, settings }) = current else {
        return GroupChoice::Unknown(ComparedGroups { total, ..ComparedGroups::default() });
    };
    let before = VersionedSettings { settings, release };
    let compared = |GroupSettings { group, settings }: &GroupSettings| Candidate {
        group: group.clone(),
        changes: difference(before, VersionedSettings { settings, release: target }),
    };
    let mut candidates: Vec<Candidate> = groups.iter().map(compared).collect();
    candidates
        .sort_by_cached_key(|one| (cost(&one.changes), name_distance(current, &one.group), one.group.no));
    let compared = ComparedGroups { candidates, total };
    match compared.count_keeping() {
        0 => GroupChoice::None(compared),
        1 if compared.is_complete() => {
            let chosen = compared.candidates.into_iter().find(Candidate::keeps_everything);
            GroupChoice::One(chosen.expect("count_keeping returned 1").group)
        }
        _ => GroupChoice::Several(compared),
    }
}

/// Returns the settings of the group with this number.
pub(crate) fn settings_of(groups: &[GroupSettings], no: ConfigGroupNo) -> Option<&GroupSettings> {
    groups.iter().find(|group| group.group.no == no)
}

/// Only the beginning of longer names is compared. The service allows at most 30 characters.
const MAX_NAME_LENGTH: usize = 64;

/// Returns the edit distance of two names: first without digits, which usually are versions, then with them.
fn name_distance(one: &ConfigGroup, other: &ConfigGroup) -> (usize, usize) {
    let name = |group: &ConfigGroup| -> String {
        group.name.iter().flat_map(|name| name.chars()).take(MAX_NAME_LENGTH).collect()
    };
    let (one, other) = (name(one), name(other));
    let without_digits = |name: &str| name.replace(|c: char| c.is_ascii_digit(), "");
    (levenshtein(&without_digits(&one), &without_digits(&other)), levenshtein(&one, &other))
}

#[cfg(test)]
mod tests {
    use super::super::difference::tests::group;
    use super::*;

    fn chosen(current: &GroupSettings, groups: &[GroupSettings], of: usize) -> GroupChoice {
        choose(Some(current), None, groups, None, of)
    }

    fn numbers(compared: &ComparedGroups) -> Vec<u64> {
        compared.candidates.iter().map(|candidate| candidate.group.no.number()).collect()
    }

    #[test]
    fn only_group_that_keeps_everything_is_chosen() {
        let current = group(1, 1, &[("a", "5", "1")]);
        let keeps = group(2, 2, &[("a", "5", "1")]);
        let also_keeps = group(3, 2, &[("a", "5", "1")]);
        let loses = group(4, 2, &[("a", "", "1")]);
        let gains = group(5, 2, &[("a", "5", "1"), ("b", "2", "1")]);

        let all_but_one = [loses.clone(), keeps.clone(), gains.clone()];
        assert_eq!(chosen(&current, &all_but_one, 3).chosen().unwrap().no.number(), 2);
        let GroupChoice::Several(compared) = chosen(&current, &[keeps.clone(), also_keeps], 2) else {
            panic!("two keep everything")
        };
        assert_eq!(numbers(&compared), [2, 3]);
        let GroupChoice::None(compared) = chosen(&current, &[loses, gains], 2) else { panic!("none keeps") };
        assert_eq!(numbers(&compared), [5, 4], "gaining a value is better than losing one");
        let unknown = choose(None, None, &[keeps], None, 1);
        assert!(matches!(unknown, GroupChoice::Unknown(_)), "missing data is never a match");
    }

    #[test]
    fn copy_is_better_only_if_it_keeps_more() {
        let mut current = group(1, 1, &[("a", "5", "1"), ("b", "5", "1"), ("c", "", "1")]);
        // The target version does not list this key.
        current.settings[1].key = "gone".to_owned();
        let better = |other: &[(&str, &str, &str)]| {
            let current = VersionedSettings { settings: &current.settings, release: None };
            copy_is_better(current, &group(2, 2, other).settings, None)
        };
        assert!(better(&[("a", "", "1"), ("c", "", "1")]), "it loses a");
        assert!(better(&[("a", "6", "1"), ("c", "", "1")]), "it changes a");
        assert!(better(&[("a", "5", "1"), ("c", "2", "1")]), "it gains c");
        assert!(!better(&[("a", "5", "1"), ("c", "", "1")]), "it equals a copy");
    }

    #[test]
    fn no_group_is_chosen_unless_all_were_compared() {
        let current = group(1, 1, &[("a", "5", "1")]);
        let keeps = group(2, 2, &[("a", "5", "1")]);
        let loses = group(4, 2, &[("a", "", "1")]);
        assert!(matches!(chosen(&current, &[keeps, loses.clone()], 3), GroupChoice::Several(_)));
        assert!(matches!(chosen(&current, &[loses], 3), GroupChoice::None(_)));
    }

    #[test]
    fn candidates_are_ranked_by_loss_change_and_name() {
        let named = |no: u64, name: &str, settings: &[(&str, &str, &str)]| {
            let mut group = group(no, 2, settings);
            group.group.name = Some(name.to_owned());
            group
        };
        let mut current = group(1, 1, &[("a", "5", "1"), ("b", "5", "1"), ("c", "", "1")]);
        current.group.name = Some("orders-371".to_owned());
        let (lost, kept) = (("a", "", "1"), ("a", "5", "1"));
        let groups = [
            named(10, "logs-390", &[lost, ("b", "", "1"), ("c", "", "1")]),
            named(11, "logs-390", &[lost, ("b", "5", "1"), ("c", "2", "1")]),
            named(12, "logs-390", &[lost, ("b", "5", "1"), ("c", "", "1")]),
            named(13, "orders-390", &[lost, ("b", "5", "1"), ("c", "", "1")]),
            named(14, "logs-390", &[kept, ("b", "6", "1"), ("c", "2", "1")]),
        ];
        let choice = chosen(&current, &groups, 5);
        let GroupChoice::None(compared) = &choice else { panic!("none keeps everything") };
        assert_eq!(numbers(compared), [14, 13, 12, 11, 10]);
        let best: Vec<u64> =
            choice.best_candidates().iter().map(|candidate| candidate.group.no.number()).collect();
        assert_eq!(best, [14, 13, 12]);
    }

    #[test]
    fn at_most_twenty_groups_sorted_by_name_similarity() {
        let names = ["logs-390", "orders-x-390", "payments-390", "orders-390", "order-390"];
        let mut groups: Vec<ConfigGroup> = names
            .iter()
            .zip(10..)
            .map(|(name, no)| ConfigGroup { name: Some((*name).to_owned()), ..group(no, 2, &[]).group })
            .collect();
        let mut current = group(1, 1, &[]).group;
        current.name = Some("orders-371".to_owned());
        let order = |groups: &[ConfigGroup]| -> Vec<u64> {
            select_for_comparison(&current, groups).iter().map(|group| group.no.number()).collect()
        };
        assert_eq!(order(&groups), [13, 14, 11, 10, 12]);
        groups.extend((100..400).map(|no| group(no, 2, &[]).group));
        assert_eq!(order(&groups).len(), MAX_COMPARED);
        assert_eq!(order(&groups)[..3], [13, 14, 11]);
    }
}
