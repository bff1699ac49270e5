//! Puts the pages of a list together and validates that the list is complete.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::mem::{replace, take};

use crate::api::wire::PageInfo;
use crate::api::{Read, ReadResponse};
use crate::model::cluster::{ClusterIdentity, ClusterList};
use crate::model::config_group::ConfigGroup;
use crate::model::ids::{ClusterNo, ConfigGroupNo, VersionCode};

/// Drops config groups of other versions than the one asked for, should the service not have done it.
pub(super) fn filter_by_version(read: &Read, answer: ReadResponse) -> ReadResponse {
    match (read, answer) {
        (Read::ConfigGroups(Some(version)), ReadResponse::ConfigGroups(mut groups)) => {
            groups.retain(|group| group.version == *version);
            ReadResponse::ConfigGroups(groups)
        }
        (_, answer) => answer,
    }
}

/// The pages of one list so far.
#[derive(Debug, Default)]
pub(super) struct Pages {
    clusters: ClusterPages,
    groups: GroupPages,
}

impl Pages {
    /// Adds the answer to the request for page `requested`. Returns the whole list once it is complete, and None while
    /// the next page has to be read. An answer without pages is complete by itself.
    ///
    /// # Errors
    ///
    /// Fails with what is wrong when the pages end and the list does not add up.
    pub(super) fn add(
        &mut self,
        requested: u32,
        part: ReadResponse,
        paging: PageInfo,
    ) -> Result<Option<ReadResponse>, String> {
        Ok(match part {
            ReadResponse::Clusters(page) => {
                self.clusters.add(requested, page, paging)?.map(ReadResponse::Clusters)
            }
            ReadResponse::ConfigGroups(page) => {
                self.groups.add(page, paging)?.map(ReadResponse::ConfigGroups)
            }
            single => Some(single),
        })
    }
}

#[derive(Debug, Default)]
struct GroupPages {
    list: Vec<ConfigGroup>,
    seen: BTreeSet<(VersionCode, ConfigGroupNo)>,
}

impl GroupPages {
    fn add(
        &mut self,
        mut page: Vec<ConfigGroup>,
        paging: PageInfo,
    ) -> Result<Option<Vec<ConfigGroup>>, String> {
        if paging.has_invalid_total {
            return Err("a list with an unreadable count".to_owned());
        }
        page.retain(|group| self.seen.insert((group.version, group.no)));
        let has_new_entries = !page.is_empty();
        self.list.append(&mut page);
        if has_new_entries && !paging.is_last() {
            return Ok(None);
        }
        // The name of a group that is missing would be taken for a free one.
        if paging.lacks_entries(self.list.len()) {
            return Err("a list with fewer entries than it counts".to_owned());
        }
        Ok(Some(take(&mut self.list)))
    }
}

#[derive(Debug, Default)]
struct ClusterPages {
    list: ClusterList,
    allowed: BTreeMap<ClusterNo, ClusterIdentity>,
    forbidden: BTreeMap<ClusterNo, ClusterIdentity>,
    /// How many entries the service counts on all pages.
    total_count: Option<u64>,
    total_pages: Option<u64>,
    /// The page before said that another one follows.
    has_next: bool,
    /// Some page was not the one that was requested.
    is_out_of_order: bool,
}

impl ClusterPages {
    fn add(
        &mut self,
        requested: u32,
        page: ClusterList,
        paging: PageInfo,
    ) -> Result<Option<ClusterList>, String> {
        // Taken for none, it would let a list pass that may lack entries.
        if paging.has_invalid_total || paging.has_invalid_page_numbers {
            return Err("a cluster list with an unreadable count".to_owned());
        }
        let is_empty = page.allowed.is_empty() && page.forbidden.is_empty();
        let has_new_entries = self.merge(page)?;
        if let Some(count) = paging.total_entries
            && let Some(before) = self.total_count.replace(count)
            && before != count
        {
            return Err(format!("a cluster list with a count that changes from {before} to {count}"));
        }
        self.total_pages = paging.total_pages.or(self.total_pages);
        self.is_out_of_order |= paging.current_page.is_some_and(|current| current != u64::from(requested));

        let (is_last, has_next) = (paging.is_last(), paging.has_next());
        let was_announced = replace(&mut self.has_next, has_next);
        // A page that says both is the last one only if it adds nothing.
        if has_new_entries && (has_next || !is_last) {
            return Ok(None);
        }
        if !has_new_entries && !is_last && !self.matches_total_count() {
            if has_next && is_empty {
                return Ok(None);
            }
            if has_next {
                return Err(format!("a cluster list that repeats itself on page {requested}"));
            }
            if was_announced {
                return Err(format!("a cluster list that ends before page {requested}, which it announces"));
            }
        }
        self.finish(requested).map(Some)
    }

    /// Adds the entries that are not there yet. Returns false when there is none.
    fn merge(&mut self, page: ClusterList) -> Result<bool, String> {
        let before = self.allowed.len().saturating_add(self.forbidden.len());
        for entry in page.allowed {
            if insert_new(&mut self.allowed, entry.no, entry.identity())? {
                self.list.allowed.push(entry);
            }
        }
        for entry in page.forbidden {
            if insert_new(&mut self.forbidden, entry.no, entry.identity())? {
                self.list.forbidden.push(entry);
            }
        }
        Ok(self.allowed.len().saturating_add(self.forbidden.len()) > before)
    }

    /// Returns true when the entries are as many as the service counts. Whether it counts the disallowed ones is not
    /// documented.
    fn matches_total_count(&self) -> bool {
        let (allowed, forbidden) = (self.allowed.len() as u64, self.forbidden.len() as u64);
        self.total_count.is_some_and(|count| count == allowed || count == allowed.saturating_add(forbidden))
    }

    /// Returns the list if it is complete. The count decides; without one, every page has to be there.
    fn finish(&mut self, last: u32) -> Result<ClusterList, String> {
        let entries = self.allowed.len().saturating_add(self.forbidden.len());
        match (self.total_count, self.total_pages) {
            (Some(_), _) if self.matches_total_count() => {}
            (Some(count), _) => {
                let noun = if entries == 1 { "entry" } else { "entries" };
                return Err(format!("a cluster list with {entries} {noun} where the service counts {count}"));
            }
            (None, _) if self.is_out_of_order => {
                return Err("a cluster list with other pages than the requested ones".to_owned());
            }
            (None, Some(total)) if u64::from(last) < total => {
                return Err(format!("a cluster list that ends on page {last} of {total}"));
            }
            (None, _) => {}
        }
        Ok(take(&mut self.list))
    }
}

/// Returns true for a cluster that is not there yet, and adds it.
fn insert_new(
    seen: &mut BTreeMap<ClusterNo, ClusterIdentity>,
    no: ClusterNo,
    identity: ClusterIdentity,
) -> Result<bool, String> {
    match seen.entry(no) {
        Entry::Vacant(place) => {
            place.insert(identity);
            Ok(true)
        }
        Entry::Occupied(known) => match known.get().conflict(&identity) {
            Some(conflict) => Err(format!("a cluster list with two entries for {no}: {conflict}")),
            None => Ok(false),
        },
    }
}

#[cfg(test)]
mod tests;
