//! How far a copy of a config group came.

use super::copy::{CopiedSetting, Mismatch, SkippedSetting};
use crate::model::group_name::GroupName;
use crate::model::verdict::{Submitted, Verdict};

/// What a copy was about, and how far it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct CopyReport {
    pub name: GroupName,
    pub copied: Vec<CopiedSetting>,
    pub skipped: Vec<SkippedSetting>,
    /// False while no group of the version was there to tell which values it takes: more may have to stay behind.
    pub has_target_settings: bool,
    pub created: Submitted,
    /// Whether the values were written; with [`Submitted::Yes`] they may still differ.
    pub written: Submitted,
    pub mismatches: Vec<Mismatch>,
    /// True when the group was there from an earlier run of this machine.
    pub is_resumed: bool,
    /// True once a line of the journal speaks of it.
    pub is_journaled: bool,
    /// The command that checks an upgrade with it, where a cluster was named.
    pub check_command: Option<String>,
}

impl CopyReport {
    /// Returns what the journal keeps as the outcome; None where nothing came of it.
    pub(crate) fn verdict(&self) -> Option<Verdict> {
        if !self.may_have_changed() {
            return None;
        }
        let is_filled = self.written == Submitted::Yes || self.copied.is_empty();
        Some(if !self.mismatches.is_empty() {
            Verdict::Failed
        } else if self.created == Submitted::Unknown {
            Verdict::Unknown
        } else if is_filled {
            Verdict::Done
        } else if self.written == Submitted::No {
            Verdict::Failed
        } else {
            Verdict::Unknown
        })
    }

    /// Returns true once something may have changed at the service.
    pub(crate) fn may_have_changed(&self) -> bool {
        self.created != Submitted::No || self.written != Submitted::No
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_outcome_is_as_sure_as_what_is_known() {
        use Submitted::{No, Unknown, Yes};
        let carried = [CopiedSetting { key: "a".to_owned(), value: "1".to_owned(), listed: true }];
        let differs = [Mismatch { key: "a".to_owned(), sent: "1".to_owned(), read: None }];
        for (created, written, carried, unequal, verdict) in [
            (No, No, &carried[..], &[][..], None),
            (Unknown, No, &carried, &[], Some(Verdict::Unknown)),
            (Yes, No, &carried, &[], Some(Verdict::Failed)),
            (Yes, Unknown, &carried, &[], Some(Verdict::Unknown)),
            (Yes, Yes, &carried, &[], Some(Verdict::Done)),
            (No, Yes, &carried, &[], Some(Verdict::Done)),
            (No, Unknown, &carried, &[], Some(Verdict::Unknown)),
            (Yes, Yes, &carried, &differs, Some(Verdict::Failed)),
            (Yes, No, &[], &[], Some(Verdict::Done)),
        ] {
            let report = CopyReport {
                name: "orders-390".parse().unwrap(),
                copied: carried.to_vec(),
                skipped: Vec::new(),
                has_target_settings: true,
                created,
                written,
                mismatches: unequal.to_vec(),
                is_resumed: false,
                is_journaled: true,
                check_command: None,
            };
            assert_eq!(report.verdict(), verdict, "{created:?} {written:?}");
            assert_eq!(report.may_have_changed(), verdict.is_some());
        }
    }
}
