//! Which config group an upgrade takes, and which come near.

use super::copy::{partition_settings, planned_settings};
use super::difference::{ChangeClass, SettingChange, VersionedSettings, difference, keeps_everything};
use crate::model::config_group::{ConfigGroup, GroupSettings};
use crate::model::ids::ConfigGroupNo;
use crate::model::kafka_version::Release;

/// What came of looking for the group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum GroupChoice {
    /// The only one of the version that keeps everything.
    One(ConfigGroup),
    /// No group that was compared keeps every custom value.
    None(ComparedGroups),
    /// More than one does, or may: one does, and not all were compared.
    Several(ComparedGroups),
    /// The present group's settings are not known, so nothing can be compared.
    Unknown(ComparedGroups),
}

/// The groups of a version, as far as they were compared with the present one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct ComparedGroups {
    /// The best first.
    pub candidates: Vec<Candidate>,
    /// How many groups the version has. The others may keep everything too.
    pub total: usize,
}

/// A group that was compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub group: ConfigGroup,
    pub changes: Vec<SettingChange>,
    /// The command that looks at it, once it is known where.
    pub command: Option<String>,
}

/// The settings of at most so many groups are read to choose among them.
///
/// Chosen: more than a team keeps for one version, and few enough that a check stays quick.
pub(crate) const MAX_COMPARED: usize = 20;

/// So many candidates are shown.
///
/// Fixed by the design.
pub(crate) const MAX_SHOWN: usize = 3;

impl GroupChoice {
    pub(crate) fn chosen(&self) -> Option<&ConfigGroup> {
        match self {
            Self::One(group) => Some(group),
            Self::None(_) | Self::Several(_) | Self::Unknown(_) => None,
        }
    }

    /// Returns the best of those that were not taken.
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
    /// Returns how many keep every custom value.
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

    /// Orders by what is lost, then by what changes.
    fn cost(&self) -> (usize, usize) {
        cost(&self.changes)
    }
}

fn cost(changes: &[SettingChange]) -> (usize, usize) {
    let count =
        |classes: &[ChangeClass]| changes.iter().filter(|change| classes.contains(&change.class)).count();
    (
        count(&[ChangeClass::LostOverride]),
        count(&[ChangeClass::Changed, ChangeClass::Gained, ChangeClass::OutOfRange]),
    )
}

/// Returns true where a copy of the present group would lose or change less than `other` does. What the version does not
/// take no copy keeps.
pub(crate) fn copy_is_better(
    present: VersionedSettings<'_>,
    other: &GroupSettings,
    target: Option<&Release>,
) -> bool {
    let (carried, _) = partition_settings(present.settings, Some(&other.settings), target);
    let settings = planned_settings(&carried, Some(&other.settings));
    let copy = GroupSettings { group: other.group.clone(), settings };
    let cost_of = |settings| cost(&difference(present, VersionedSettings { settings, release: target }));
    cost_of(&copy) < cost_of(other)
}

/// Puts the groups first whose names are most like the present one's, versions aside, and cuts the list to those that
/// are worth reading.
pub(crate) fn select_for_comparison(
    present: Option<&ConfigGroup>,
    groups: &[ConfigGroup],
) -> Vec<ConfigGroup> {
    let mut groups = groups.to_vec();
    groups.sort_by_key(|group| (name_distance(present, group), group.no));
    groups.truncate(MAX_COMPARED);
    groups
}

/// Chooses the group when none was named: the only one of the target version that keeps every custom
/// value of the present one. Never guesses between two, nor about one that was not compared. `of` is the number of
/// groups that the version has.
pub(crate) fn choose(
    present: Option<VersionedSettings<'_>>,
    groups: &[GroupSettings],
    target: Option<&Release>,
    of: usize,
) -> GroupChoice {
    let Some(present) = present else {
        return GroupChoice::Unknown(ComparedGroups { total: of, ..ComparedGroups::default() });
    };
    let compared = |settings: &GroupSettings| Candidate {
        group: settings.group.clone(),
        changes: difference(present, VersionedSettings { settings, release: target }),
        command: None,
    };
    let mut candidates: Vec<Candidate> = groups.iter().map(compared).collect();
    let name = &present.settings.group;
    candidates.sort_by_cached_key(|one| (one.cost(), name_distance(Some(name), &one.group), one.group.no));
    let compared = ComparedGroups { candidates, total: of };
    match compared.count_keeping() {
        0 => GroupChoice::None(compared),
        1 if compared.is_complete() => {
            let kept = compared.candidates.into_iter().find(Candidate::keeps_everything);
            GroupChoice::One(kept.expect("one was counted").group)
        }
        _ => GroupChoice::Several(compared),
    }
}

/// Returns the settings of the group with this number.
pub(crate) fn settings_of(groups: &[GroupSettings], no: ConfigGroupNo) -> Option<&GroupSettings> {
    groups.iter().find(|group| group.group.no == no)
}

/// Of longer names the beginning is compared; the service's own have thirty letters at most.
const MAX_NAME_LENGTH: usize = 64;

/// Returns how far two names are apart: without their digits first, which tell versions as a rule, then with them.
fn name_distance(present: Option<&ConfigGroup>, group: &ConfigGroup) -> (usize, usize) {
    let name = |group: &ConfigGroup| -> String {
        group.name.iter().flat_map(|name| name.chars()).take(MAX_NAME_LENGTH).collect()
    };
    let (one, other) = (present.map(name).unwrap_or_default(), name(group));
    let stem = |name: &str| name.chars().filter(|c| !c.is_ascii_digit()).collect::<String>();
    (edit_distance(&stem(&one), &stem(&other)), edit_distance(&one, &other))
}

/// Counts the letters to insert, remove or replace to make one text of the other.
fn edit_distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (at, letter) in one.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], at + 1);
        for (place, its) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *its);
            diagonal = row[place + 1];
            row[place + 1] = replaced.min(diagonal + 1).min(row[place] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::super::difference::tests::group;
    use super::*;

    fn chosen(present: &GroupSettings, groups: &[GroupSettings], of: usize) -> GroupChoice {
        choose(Some(VersionedSettings { settings: present, release: None }), groups, None, of)
    }

    fn numbers(compared: &ComparedGroups) -> Vec<u64> {
        compared.candidates.iter().map(|candidate| candidate.group.no.number()).collect()
    }

    #[test]
    fn only_the_one_that_keeps_everything_is_taken() {
        let present = group(1, 1, &[("a", "5", "1")]);
        let keeps = group(2, 2, &[("a", "5", "1")]);
        let also_keeps = group(3, 2, &[("a", "5", "1")]);
        let loses = group(4, 2, &[("a", "", "1")]);
        let gains = group(5, 2, &[("a", "5", "1"), ("b", "2", "1")]);

        let all_but_one = [loses.clone(), keeps.clone(), gains.clone()];
        assert_eq!(chosen(&present, &all_but_one, 3).chosen().unwrap().no.number(), 2);
        let GroupChoice::Several(compared) = chosen(&present, &[keeps.clone(), also_keeps], 2) else {
            panic!("two keep everything")
        };
        assert_eq!(numbers(&compared), [2, 3]);
        let GroupChoice::None(compared) = chosen(&present, &[loses, gains], 2) else { panic!("none keeps") };
        assert_eq!(numbers(&compared), [5, 4], "to gain is better than to lose");
        let unknown = choose(None, &[keeps], None, 1);
        assert!(matches!(unknown, GroupChoice::Unknown(_)), "missing data is never a pass");
    }

    #[test]
    fn a_copy_is_better_only_where_it_keeps_more() {
        let mut present = group(1, 1, &[("a", "5", "1"), ("b", "5", "1"), ("c", "", "1")]);
        // The target version doesn't list it.
        present.settings[1].key = "gone".to_owned();
        let better = |other: &[(&str, &str, &str)]| {
            let present = VersionedSettings { settings: &present, release: None };
            copy_is_better(present, &group(2, 2, other), None)
        };
        assert!(better(&[("a", "", "1"), ("c", "", "1")]), "it loses a");
        assert!(better(&[("a", "6", "1"), ("c", "", "1")]), "it changes a");
        assert!(better(&[("a", "5", "1"), ("c", "2", "1")]), "it gains c");
        assert!(!better(&[("a", "5", "1"), ("c", "", "1")]), "it is what a copy would be");
    }

    #[test]
    fn where_not_all_were_compared_none_is_taken() {
        let present = group(1, 1, &[("a", "5", "1")]);
        let keeps = group(2, 2, &[("a", "5", "1")]);
        let loses = group(4, 2, &[("a", "", "1")]);
        assert!(matches!(chosen(&present, &[keeps, loses.clone()], 3), GroupChoice::Several(_)));
        assert!(matches!(chosen(&present, &[loses], 3), GroupChoice::None(_)));
    }

    #[test]
    fn candidates_are_ranked_by_loss_then_change_then_likeness_of_name() {
        let named = |no: u64, name: &str, settings: &[(&str, &str, &str)]| {
            let mut group = group(no, 2, settings);
            group.group.name = Some(name.to_owned());
            group
        };
        let mut present = group(1, 1, &[("a", "5", "1"), ("b", "5", "1"), ("c", "", "1")]);
        present.group.name = Some("orders-371".to_owned());
        let (lost, kept) = (("a", "", "1"), ("a", "5", "1"));
        let groups = [
            named(10, "logs-390", &[lost, ("b", "", "1"), ("c", "", "1")]),
            named(11, "logs-390", &[lost, ("b", "5", "1"), ("c", "2", "1")]),
            named(12, "logs-390", &[lost, ("b", "5", "1"), ("c", "", "1")]),
            named(13, "orders-390", &[lost, ("b", "5", "1"), ("c", "", "1")]),
            named(14, "logs-390", &[kept, ("b", "6", "1"), ("c", "2", "1")]),
        ];
        let choice = chosen(&present, &groups, 5);
        let GroupChoice::None(compared) = &choice else { panic!("none keeps everything") };
        assert_eq!(numbers(compared), [14, 13, 12, 11, 10]);
        let best: Vec<u64> =
            choice.best_candidates().iter().map(|candidate| candidate.group.no.number()).collect();
        assert_eq!(best, [14, 13, 12]);
    }

    #[test]
    fn at_most_twenty_are_read_and_the_most_alike_come_first() {
        let names = ["logs-390", "orders-x-390", "payments-390", "orders-390", "order-390"];
        let mut groups: Vec<ConfigGroup> = names
            .iter()
            .zip(10..)
            .map(|(name, no)| ConfigGroup { name: Some((*name).to_owned()), ..group(no, 2, &[]).group })
            .collect();
        let mut present = group(1, 1, &[]).group;
        present.name = Some("orders-371".to_owned());
        let order = |groups: &[ConfigGroup]| -> Vec<u64> {
            select_for_comparison(Some(&present), groups).iter().map(|group| group.no.number()).collect()
        };
        assert_eq!(order(&groups), [13, 14, 11, 10, 12]);
        groups.extend((100..400).map(|no| group(no, 2, &[]).group));
        assert_eq!(order(&groups).len(), MAX_COMPARED);
        assert_eq!(order(&groups)[..3], [13, 14, 11]);
    }

    #[test]
    fn edits_are_counted() {
        for (one, other, count) in [
            ("", "", 0),
            ("a", "", 1),
            ("orders", "orders", 0),
            ("orders", "order", 1),
            ("logs", "legs", 1),
            ("ab", "ba", 2),
        ] {
            assert_eq!(
                (edit_distance(one, other), edit_distance(other, one)),
                (count, count),
                "{one} {other}"
            );
        }
    }
}
