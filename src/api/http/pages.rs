//! What the pages of a list come to.

use std::collections::BTreeSet;

use crate::api::{Answer, Read};

/// Drops config groups of other versions than the one asked for, should the service not have done it.
pub(super) fn only_wanted(read: &Read, answer: Answer) -> Answer {
    match (read, answer) {
        (Read::ConfigGroups(Some(version)), Answer::ConfigGroups(mut groups)) => {
            groups.retain(|group| group.version == *version);
            Answer::ConfigGroups(groups)
        }
        (_, answer) => answer,
    }
}

/// Adds a page to what is there, each entry once. Returns false for answers without pages. A config group is known by
/// version and number, a cluster by its number in one of two lists.
pub(super) fn merge(whole: &mut Option<Answer>, part: Answer, seen: &mut BTreeSet<(u64, u64)>) -> bool {
    match part {
        Answer::Clusters(mut page) => {
            page.allowed.retain(|entry| seen.insert((1, entry.no.number())));
            page.forbidden.retain(|entry| seen.insert((0, entry.no.number())));
            match whole {
                Some(Answer::Clusters(list)) => {
                    list.allowed.append(&mut page.allowed);
                    list.forbidden.append(&mut page.forbidden);
                }
                _ => *whole = Some(Answer::Clusters(page)),
            }
            true
        }
        Answer::ConfigGroups(mut page) => {
            page.retain(|group| seen.insert((group.version.number(), group.no.number())));
            match whole {
                Some(Answer::ConfigGroups(list)) => list.append(&mut page),
                _ => *whole = Some(Answer::ConfigGroups(page)),
            }
            true
        }
        single => {
            *whole = Some(single);
            false
        }
    }
}
