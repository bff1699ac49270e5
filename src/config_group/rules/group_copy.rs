//! The progress and outcome of copying a config group.

use super::copy::{CopiedSetting, Mismatch, SkippedSetting};
use crate::model::group_name::GroupName;
use crate::model::verdict::{Submitted, Verdict};

/// A copy of a config group: what it copies, and how far it got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GroupCopy {
    pub name: GroupName,
    pub copied: Vec<CopiedSetting>,
    pub skipped: Vec<SkippedSetting>,
    /// False if no group of the target version exists yet to show which values it accepts: more may be skipped later.
    pub has_target_settings: bool,
    pub created: Submitted,
    /// Whether the values were written. Even with [`Submitted::Yes`] they may differ.
    pub written: Submitted,
    pub mismatches: Vec<Mismatch>,
    /// True when the group was created by an earlier run on this machine.
    pub is_resumed: bool,
    /// True once the journal has an entry for this copy.
    pub is_journaled: bool,
    /// The command that checks an upgrade with the new group, if a cluster was named.
    pub check_command: Option<String>,
}

impl GroupCopy {
    /// Returns the verdict for the journal; None if nothing was changed.
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

    /// Returns true once something may have changed in the service.
    pub(crate) fn may_have_changed(&self) -> bool {
        self.created != Submitted::No || self.written != Submitted::No
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdict_follows_create_and_write_outcomes() {
        use Submitted::{No, Unknown, Yes};
        let copied = [CopiedSetting { key: "a".to_owned(), value: "1".to_owned(), listed: true }];
        let mismatch = [Mismatch { key: "a".to_owned(), sent: "1".to_owned(), read: None }];
        for (created, written, copied, mismatches, verdict) in [
            (No, No, &copied[..], &[][..], None),
            (Unknown, No, &copied, &[], Some(Verdict::Unknown)),
            (Yes, No, &copied, &[], Some(Verdict::Failed)),
            (Yes, Unknown, &copied, &[], Some(Verdict::Unknown)),
            (Yes, Yes, &copied, &[], Some(Verdict::Done)),
            (No, Yes, &copied, &[], Some(Verdict::Done)),
            (No, Unknown, &copied, &[], Some(Verdict::Unknown)),
            (Yes, Yes, &copied, &mismatch, Some(Verdict::Failed)),
            (Yes, No, &[], &[], Some(Verdict::Done)),
        ] {
            let report = GroupCopy {
                name: "orders-390".parse().unwrap(),
                copied: copied.to_vec(),
                skipped: Vec::new(),
                has_target_settings: true,
                created,
                written,
                mismatches: mismatches.to_vec(),
                is_resumed: false,
                is_journaled: true,
                check_command: None,
            };
            assert_eq!(report.verdict(), verdict, "{created:?} {written:?}");
            assert_eq!(report.may_have_changed(), verdict.is_some());
        }
    }
}
