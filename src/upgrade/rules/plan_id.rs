//! The id of a plan, which a change approval names.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};

use crate::config_group::rules::difference::{ChangeClass, SettingChange};
use crate::model::ids::{ClusterNo, ConfigGroupNo, VersionCode};
use crate::model::words::serialize_as_text;

/// Names the content of a plan: two plans have the same id only if they start the same upgrade with the same effect.
///
/// It consists of the first 64 bits of a SHA-256. Chosen: short enough to read out, and an accidental match is out of the
/// question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PlanId(u64);

/// The text is not the id of a plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a plan ID has 16 hexadecimal digits")]
pub(crate) struct InvalidPlanId;

/// What the id of a plan consists of.
///
/// Nothing here may change between two reads of an unchanged cluster. The results of checks are not part of it: they do not
/// change what a start would do, and are evaluated again before each start.
pub(super) struct PlanContent<'a> {
    /// Site, region, and endpoint, as [`Service::key`](crate::model::service::Service::key) returns them.
    pub service: &'a str,
    pub cluster: (ClusterNo, &'a str),
    pub from: VersionCode,
    pub to: VersionCode,
    pub config_group: ConfigGroupNo,
    pub changes: &'a [SettingChange],
    pub broker_names: &'a [String],
    pub broker_count: Option<u64>,
}

impl PlanId {
    pub(super) fn new(content: &PlanContent<'_>) -> Self {
        let mut encoding = Encoding::default();
        encoding.text("cdss plan 1");
        encoding.text(content.service);
        encoding.number(content.cluster.0.number());
        encoding.text(content.cluster.1);
        encoding.number(content.from.number());
        encoding.number(content.to.number());
        encoding.number(content.config_group.number());
        let is_difference = |change: &&SettingChange| change.class != ChangeClass::Kept;
        let mut differences: Vec<&SettingChange> = content.changes.iter().filter(is_difference).collect();
        differences.sort_by(|one, other| one.key.cmp(&other.key));
        encoding.number(differences.len() as u64);
        for SettingChange { key, from, to, class, .. } in differences {
            encoding.text(key);
            encoding.optional(from.as_deref());
            encoding.optional(to.as_deref());
            encoding.text(class.into());
        }
        let mut brokers: Vec<&str> = content.broker_names.iter().map(String::as_str).collect();
        brokers.sort_unstable();
        encoding.number(brokers.len() as u64);
        for name in brokers {
            encoding.text(name);
        }
        encoding.optional(content.broker_count.map(|count| count.to_string()).as_deref());
        encoding.finish()
    }
}

/// Hashes a sequence of values. Each text begins with its length, so that different sequences have different encodings.
#[derive(Default)]
struct Encoding(Sha256);

impl Encoding {
    fn number(&mut self, number: u64) {
        self.0.update(number.to_be_bytes());
    }

    fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.0.update(text);
    }

    fn optional(&mut self, text: Option<&str>) {
        self.number(u64::from(text.is_some()));
        if let Some(text) = text {
            self.text(text);
        }
    }

    fn finish(self) -> PlanId {
        let first = self.0.finalize().into_iter().take(8);
        PlanId(first.fold(0, |number, byte| number << 8 | u64::from(byte)))
    }
}

impl fmt::Display for PlanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

serialize_as_text!(PlanId);

impl FromStr for PlanId {
    type Err = InvalidPlanId;

    fn from_str(text: &str) -> Result<Self, InvalidPlanId> {
        let text = text.trim();
        let is_valid = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let number = u64::from_str_radix(text, 16).ok().filter(|_| is_valid);
        number.map(Self).ok_or(InvalidPlanId)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::acceptance::Acceptances;
    use super::super::checks::CheckId;
    use super::super::checks::tests::snapshot;
    use super::super::plan::Plan;
    use super::super::plan::tests::any_snapshot;
    use super::super::snapshot::{PreCheck, SelectedGroup, Snapshot};
    use super::*;
    use crate::config_group::rules::choice::{ComparedGroups, GroupChoice};
    use crate::model::broker_health::tests::health;
    use crate::model::cluster::ClusterState;
    use crate::model::kafka_version::KafkaVersion;
    use crate::model::open_start::tests::open_start;

    fn id(snapshot: &Snapshot) -> Option<PlanId> {
        Plan::new(snapshot, &Acceptances::default()).id
    }

    fn with(spoil: impl FnOnce(&mut Snapshot)) -> Snapshot {
        let mut snapshot = snapshot();
        spoil(&mut snapshot);
        snapshot
    }

    fn group_no(snapshot: &mut Snapshot, no: u64) {
        let target = snapshot.target_settings.as_mut().unwrap();
        target.group.no = ConfigGroupNo::new(no);
        snapshot.selected_group = SelectedGroup::Named(target.group.clone());
    }

    #[test]
    fn id_of_a_known_plan_stays_the_same_between_versions_of_cdss() {
        // Computed from the encoding with another implementation. A new value needs a new version in the encoding.
        let lost = with(|s| s.target_settings.as_mut().unwrap().settings[0].custom = None);
        assert_eq!(id(&lost).map(|id| id.to_string()).as_deref(), Some("7751f9308a0c8b1a"));
    }

    type Spoil = (&'static str, fn(&mut Snapshot));

    #[test]
    fn every_ingredient_changes_the_id() {
        let spoil: [Spoil; 16] = [
            ("service", |s| s.service.push('1')),
            ("cluster number", |s| s.cluster.no = ClusterNo::new(1)),
            ("cluster name", |s| s.cluster.name.push('2')),
            ("from", |s| {
                s.cluster.version = Some(VersionCode::new(1));
                s.current_version = Some(KafkaVersion::unnamed(VersionCode::new(1)));
            }),
            ("to", |s| s.target.version.code = VersionCode::new(3_904_006)),
            ("group", |s| group_no(s, 313)),
            ("new value", |s| s.target_settings.as_mut().unwrap().settings[0].custom = Some("9".to_owned())),
            ("current value", |s| {
                s.current_group.as_mut().unwrap().settings[0].custom = Some("9".to_owned());
            }),
            ("lost value", |s| s.target_settings.as_mut().unwrap().settings[0].custom = None),
            ("new default", |s| {
                s.target_settings.as_mut().unwrap().settings[1].default = Some("9".to_owned());
            }),
            ("no default", |s| s.target_settings.as_mut().unwrap().settings[1].default = None),
            ("empty value", |s| s.target_settings.as_mut().unwrap().settings[1].custom = Some(String::new())),
            ("setting name", |s| s.target_settings.as_mut().unwrap().settings[1].key.push('x')),
            ("broker name", |s| s.health.as_mut().unwrap().brokers.nodes[0].name.push('x')),
            ("more brokers", |s| s.health = Some(health(&["green", "green", "green", "green"]))),
            ("number of brokers", |s| s.cluster.brokers = Some(4)),
        ];
        let mut ids = vec![id(&snapshot()).unwrap()];
        for (name, spoil) in spoil {
            let changed = id(&with(spoil)).unwrap_or_else(|| panic!("{name}: no id"));
            assert!(!ids.contains(&changed), "{name}");
            ids.push(changed);
        }
    }

    #[test]
    fn what_a_start_does_not_depend_on_is_not_in_the_id() {
        let spoil: [Spoil; 5] = [
            ("request id", |s| s.pre_check = PreCheck::Passed { request_id: Some("r-2".to_owned()) }),
            ("refusal", |s| s.pre_check = PreCheck::NotRun("x")),
            ("state", |s| s.cluster.state = ClusterState::Error),
            ("kept value", |s| {
                for group in [&mut s.current_group, &mut s.target_settings] {
                    group.as_mut().unwrap().settings[0].custom = Some("24".to_owned());
                }
            }),
            ("start by another run", |s| s.journal.open_starts = vec![open_start(3_903_006)]),
        ];
        for (name, spoil) in spoil {
            assert_eq!(id(&with(spoil)), id(&snapshot()), "{name}");
        }
    }

    #[test]
    fn a_plan_that_can_not_lead_to_a_start_has_no_id() {
        let spoil: [Spoil; 7] = [
            ("no group", |s| {
                s.selected_group = SelectedGroup::Chosen(GroupChoice::None(ComparedGroups::default()));
            }),
            ("unknown version", |s| s.current_version = None),
            ("unknown settings", |s| s.target_settings = None),
            ("unknown current settings", |s| s.current_group = None),
            ("unknown brokers", |s| s.health = None),
            ("changing", |s| s.cluster.state = ClusterState::Changing),
            ("at the target", |s| {
                s.cluster.version = Some(s.target.version.code);
                s.current_version = Some(s.target.version.clone());
            }),
        ];
        for (name, spoil) in spoil {
            assert_eq!(id(&with(spoil)), None, "{name}");
        }
    }

    fn stale(snapshot: &Snapshot) -> Option<String> {
        let plan = Plan::new(snapshot, &Acceptances::default());
        let check = plan.checks.iter().find(|check| check.id == CheckId::PlanStale)?;
        assert!(check.is_blocking() && check.accept_flag().is_none() && plan.target().is_none());
        Some(check.reason.clone())
    }

    #[test]
    fn only_the_approved_plan_has_a_target() {
        let mut approved = snapshot();
        approved.approved_plan = id(&approved);
        assert!(
            stale(&approved).is_none() && Plan::new(&approved, &Acceptances::default()).target().is_some()
        );

        let mut other = approved.clone();
        group_no(&mut other, 313);
        let (id_of_other, id) = (id(&other).unwrap(), id(&approved).unwrap());
        assert_eq!(stale(&other), Some(format!("the plan is {id_of_other}, not {id}, which was approved")));
        let mut without = approved.clone();
        without.health = None;
        assert_eq!(
            stale(&without),
            Some(format!("the plan has no ID, so it is not {id}, which was approved"))
        );

        // Nothing is started, so there is nothing to compare.
        let mut done = approved.clone();
        done.cluster.version = Some(done.target.version.code);
        assert_eq!(stale(&done), None);
        let mut changing = approved;
        changing.cluster.state = ClusterState::Changing;
        assert_eq!(stale(&changing), None);
    }

    #[test]
    fn only_sixteen_hexadecimal_digits_are_an_id() {
        for text in ["7f3a9c2e41d0b6a8", "0000000000000000", " 7f3a9c2e41d0b6a8 "] {
            assert_eq!(text.parse::<PlanId>().unwrap().to_string(), text.trim());
        }
        assert_eq!("7F3A9C2E41D0B6A8".parse::<PlanId>().unwrap().to_string(), "7f3a9c2e41d0b6a8");
        for text in [
            "",
            "7f3a9c2e41d0b6a",
            "7f3a9c2e41d0b6a80",
            "7f3a9c2e41d0b6ag",
            "+f3a9c2e41d0b6a8",
            "７f3a9c2e41d0b",
        ] {
            assert_eq!(text.parse::<PlanId>(), Err(InvalidPlanId), "{text:?}");
        }
    }

    prop_compose! {
        /// Returns a snapshot, and the same one as the service may report it in another order.
        fn reordered()(
            snapshot in any_snapshot(),
            keys in prop::collection::btree_set("[a-z]{1,3}\\.[a-z]", 1..6),
        )(
            orders in (0..3).map(|_| Just(keys.iter().cloned().collect::<Vec<_>>()).prop_shuffle()).collect::<Vec<_>>(),
            nodes in Just(snapshot.health.clone()).prop_flat_map(|health| {
                Just(health.map(|health| health.brokers.nodes).unwrap_or_default()).prop_shuffle()
            }),
            snapshot in Just(snapshot),
        ) -> (Snapshot, Snapshot) {
            let in_order = |order: &[String], custom: bool| {
                order.iter().map(|key| crate::model::config_group::Setting {
                    key: key.clone(),
                    custom: custom.then(|| "5".to_owned()),
                    ..snapshot.current_group.as_ref().unwrap().settings[1].clone()
                }).collect::<Vec<_>>()
            };
            let mut first = snapshot.clone();
            first.current_group.as_mut().unwrap().settings = in_order(&orders[0], true);
            first.target_settings.as_mut().unwrap().settings = in_order(&orders[0], false);
            let mut second = first.clone();
            second.current_group.as_mut().unwrap().settings = in_order(&orders[1], true);
            second.target_settings.as_mut().unwrap().settings = in_order(&orders[2], false);
            if let Some(health) = &mut second.health {
                health.brokers.nodes = nodes;
            }
            (first, second)
        }
    }

    proptest! {
        #[test]
        fn order_of_settings_and_brokers_does_not_matter((one, other) in reordered()) {
            prop_assert_eq!(id(&one), id(&other));
        }

        #[test]
        fn texts_do_not_run_into_each_other(
            one in prop::collection::vec("[ab]{0,2}", 0..4),
            other in prop::collection::vec("[ab]{0,2}", 0..4),
        ) {
            let id = |texts: &[String]| {
                let mut encoding = Encoding::default();
                for text in texts {
                    encoding.text(text);
                }
                encoding.finish()
            };
            prop_assert_eq!(id(&one) == id(&other), one == other);
        }
    }
}
