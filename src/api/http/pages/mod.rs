//! Combines the pages of a list and validates that the list is complete.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::mem::{replace, take};

use crate::api::wire::PageInfo;
use crate::model::cluster::{ClusterIdentity, ClusterList};
use crate::model::config_group::{ConfigGroup, GroupUser};
use crate::model::ids::{ClusterNo, ConfigGroupNo, VersionCode};

/// The pages of one list so far.
pub(super) trait Pages: Default {
    type List;

    /// How often the list is read again if its pages are not a complete list.
    const REREADS: u32;

    /// Returns the number of entries on a page.
    fn entries(page: &Self::List) -> usize;

    /// Adds the response to the request for page `requested`. Returns the list once it is complete, and None if the next
    /// page has to be read.
    ///
    /// # Errors
    ///
    /// Fails with a reason if the pages end and the list is incomplete or inconsistent.
    fn add(
        &mut self,
        requested: u32,
        page: Self::List,
        page_info: PageInfo,
    ) -> Result<Option<Self::List>, String>;
}

/// An entry of a plain list.
pub(super) trait ListEntry {
    type Key: Ord;

    /// Returns what distinguishes the entry from the others.
    fn key(&self) -> Self::Key;
}

impl ListEntry for ConfigGroup {
    type Key = (VersionCode, ConfigGroupNo);

    fn key(&self) -> Self::Key {
        (self.version, self.no)
    }
}

impl ListEntry for GroupUser {
    type Key = ClusterNo;

    fn key(&self) -> ClusterNo {
        self.no
    }
}

/// The pages of a plain list.
pub(super) struct EntryPages<E: ListEntry> {
    list: Vec<E>,
    seen: BTreeSet<E::Key>,
}

impl<E: ListEntry> Default for EntryPages<E> {
    fn default() -> Self {
        Self { list: Vec::new(), seen: BTreeSet::new() }
    }
}

impl<E: ListEntry> Pages for EntryPages<E> {
    type List = Vec<E>;

    const REREADS: u32 = 0;

    fn entries(page: &Vec<E>) -> usize {
        page.len()
    }

    fn add(&mut self, _: u32, mut page: Vec<E>, page_info: PageInfo) -> Result<Option<Vec<E>>, String> {
        if page_info.has_invalid_total {
            return Err("the list has an invalid total count".to_owned());
        }
        page.retain(|entry| self.seen.insert(entry.key()));
        let has_new_entries = !page.is_empty();
        self.list.append(&mut page);
        if has_new_entries && !page_info.is_last() {
            return Ok(None);
        }
        // The name of a missing group would look available, and a used group would look unused.
        if page_info.lacks_entries(self.list.len()) {
            return Err("the list has fewer entries than its total count".to_owned());
        }
        Ok(Some(take(&mut self.list)))
    }
}

#[derive(Debug, Default)]
pub(super) struct ClusterPages {
    list: ClusterList,
    allowed: BTreeMap<ClusterNo, ClusterIdentity>,
    forbidden: BTreeMap<ClusterNo, ClusterIdentity>,
    /// The number of entries on all pages, as reported by the service.
    total_count: Option<u64>,
    total_pages: Option<u64>,
    /// The previous page announced another one.
    has_next: bool,
    /// A page was not the requested one.
    is_out_of_order: bool,
}

impl Pages for ClusterPages {
    type List = ClusterList;

    const REREADS: u32 = 1;

    fn entries(page: &ClusterList) -> usize {
        page.allowed.len().saturating_add(page.forbidden.len())
    }

    fn add(
        &mut self,
        requested: u32,
        page: ClusterList,
        page_info: PageInfo,
    ) -> Result<Option<ClusterList>, String> {
        // Treating it as missing would accept a list that may be incomplete.
        if page_info.has_invalid_total || page_info.has_invalid_page_numbers {
            return Err("the cluster list has an invalid total count or page number".to_owned());
        }
        let is_empty = page.allowed.is_empty() && page.forbidden.is_empty();
        let has_new_entries = self.merge(page)?;
        if let Some(count) = page_info.total_entries
            && let Some(before) = self.total_count.replace(count)
            && before != count
        {
            return Err(format!("the total count of the cluster list changed from {before} to {count}"));
        }
        self.total_pages = page_info.total_pages.or(self.total_pages);
        self.is_out_of_order |= page_info.current_page.is_some_and(|current| current != u64::from(requested));

        let (is_last, has_next) = (page_info.is_last(), page_info.has_next());
        let was_announced = replace(&mut self.has_next, has_next);
        // A page that claims both is the last one only if it has no new entries.
        if has_new_entries && (has_next || !is_last) {
            return Ok(None);
        }
        if !has_new_entries && !is_last && !self.matches_total_count() {
            if has_next && is_empty {
                return Ok(None);
            }
            if has_next {
                return Err(format!("page {requested} of the cluster list repeats earlier entries"));
            }
            if was_announced {
                return Err(format!(
                    "the cluster list ends before page {requested}, which the service announced"
                ));
            }
        }
        self.finish(requested).map(Some)
    }
}

impl ClusterPages {
    /// Adds the new entries. Returns false if there are none.
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

    /// Returns true if the number of entries matches the total count. Whether the count includes disallowed clusters is
    /// not documented.
    fn matches_total_count(&self) -> bool {
        let (allowed, forbidden) = (self.allowed.len() as u64, self.forbidden.len() as u64);
        self.total_count.is_some_and(|count| count == allowed || count == allowed.saturating_add(forbidden))
    }

    /// Returns the list if it is complete: by its total count, or if there is none, by its pages.
    fn finish(&mut self, last_page: u32) -> Result<ClusterList, String> {
        let entries = self.allowed.len().saturating_add(self.forbidden.len());
        match (self.total_count, self.total_pages) {
            (Some(_), _) if self.matches_total_count() => {}
            (Some(count), _) => {
                let noun = if entries == 1 { "entry" } else { "entries" };
                return Err(format!("the cluster list has {entries} {noun}, but its total count is {count}"));
            }
            (None, _) if self.is_out_of_order => {
                return Err("the cluster list has pages that were not requested".to_owned());
            }
            (None, Some(total)) if u64::from(last_page) < total => {
                return Err(format!("the cluster list ends on page {last_page} of {total}"));
            }
            (None, _) => {}
        }
        Ok(take(&mut self.list))
    }
}

/// Inserts a cluster. Returns true if it is new.
///
/// # Errors
///
/// Fails with a reason if the number belongs to a different cluster.
fn insert_new(
    seen: &mut BTreeMap<ClusterNo, ClusterIdentity>,
    no: ClusterNo,
    identity: ClusterIdentity,
) -> Result<bool, String> {
    match seen.entry(no) {
        Entry::Vacant(entry) => {
            entry.insert(identity);
            Ok(true)
        }
        Entry::Occupied(known) => match known.get().conflict(&identity) {
            Some(conflict) => Err(format!("the cluster list has two entries for cluster {no}: {conflict}")),
            None => Ok(false),
        },
    }
}

#[cfg(test)]
mod tests;
