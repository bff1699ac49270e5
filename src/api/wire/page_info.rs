//! The paging fields of a list.

use serde_json::Value;

use super::json::count;

/// The paging fields of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::api) struct PageInfo {
    pub current_page: Option<u64>,
    pub total_pages: Option<u64>,
    pub is_last: Option<bool>,
    /// The number of entries on all pages.
    pub total_entries: Option<u64>,
    /// The page number or the number of pages is present but not a count.
    pub has_invalid_page_numbers: bool,
    /// The number of entries is present but not a count.
    pub has_invalid_total: bool,
}

impl PageInfo {
    /// Returns true if this is certainly the last page. If the page does not indicate it, the next page is requested, and
    /// a page without new entries ends the list.
    pub(in crate::api) fn is_last(&self) -> bool {
        let is_past_the_end =
            self.current_page.zip(self.total_pages).is_some_and(|(current, total)| current >= total);
        self.is_last == Some(true) || is_past_the_end
    }

    /// Returns true if the page indicates that another one follows.
    pub(in crate::api) fn has_next(&self) -> bool {
        let is_before_the_end =
            self.current_page.zip(self.total_pages).is_some_and(|(current, total)| current < total);
        self.is_last == Some(false) || is_before_the_end
    }

    /// Estimates the number of pages from the first page, which has `entries` entries. The estimate decides only which pages
    /// are requested together.
    pub(in crate::api) fn page_count(&self, entries: usize) -> u32 {
        let pages = self.total_pages.or_else(|| Some(self.total_entries?.div_ceil(entries.max(1) as u64)));
        pages.and_then(|pages| u32::try_from(pages).ok()).unwrap_or(1)
    }

    /// Returns true if the total count is higher than this number of entries.
    pub(in crate::api) fn lacks_entries(&self, entries: usize) -> bool {
        self.total_entries.is_some_and(|counted| counted > entries as u64)
    }
}

/// Parses the paging fields of a result.
pub(in crate::api) fn parse_page_info(result: &Value) -> PageInfo {
    let [current, total, entries] =
        ["currentPage", "totalPage", "totalCount"].map(|field| (count(&result[field]), &result[field]));
    let is_unreadable = |(count, value): (Option<u64>, &Value)| count.is_none() && !value.is_null();
    PageInfo {
        current_page: current.0,
        total_pages: total.0,
        is_last: result["isLast"].as_bool(),
        total_entries: entries.0,
        has_invalid_page_numbers: is_unreadable(current) || is_unreadable(total),
        has_invalid_total: is_unreadable(entries),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn invalid_count_differs_from_missing_count() {
        for (result, pages, entries) in [
            (json!({}), false, false),
            (json!(null), false, false),
            (json!({ "currentPage": null, "totalPage": null, "totalCount": null }), false, false),
            (json!({ "currentPage": 0, "totalPage": " 1 ", "totalCount": "0" }), false, false),
            (json!({ "currentPage": "one" }), true, false),
            (json!({ "totalPage": -1 }), true, false),
            (json!({ "totalCount": 2.0 }), false, true),
            (json!({ "totalCount": "" }), false, true),
        ] {
            let page = parse_page_info(&result);
            assert_eq!((page.has_invalid_page_numbers, page.has_invalid_total), (pages, entries), "{result}");
        }
    }

    #[test]
    fn first_page_shows_the_number_of_pages() {
        for (result, entries, pages) in [
            (json!({ "totalPage": 7, "totalCount": 100 }), 100, 7),
            (json!({ "totalCount": 100 }), 100, 1),
            (json!({ "totalCount": 101 }), 100, 2),
            (json!({ "totalCount": 0 }), 0, 0),
            (json!({ "totalCount": 5 }), 0, 5),
            (json!({ "totalPage": u64::MAX }), 1, 1),
            (json!({}), 100, 1),
        ] {
            assert_eq!(parse_page_info(&result).page_count(entries), pages, "{result} {entries}");
        }
    }

    #[test]
    fn page_may_be_last_or_followed_or_neither() {
        for (result, is_last, has_next) in [
            (json!({ "isLast": true }), true, false),
            (json!({ "isLast": false }), false, true),
            (json!({ "currentPage": "2", "totalPage": 2 }), true, false),
            (json!({ "currentPage": 1, "totalPage": "2" }), false, true),
            (json!({ "isLast": false, "currentPage": 2, "totalPage": 2 }), true, true),
            (json!({ "isLast": true, "currentPage": 1, "totalPage": 2 }), true, true),
            (json!({ "isLast": false, "currentPage": 1, "totalPage": 2 }), false, true),
            (json!({ "currentPage": 1 }), false, false),
            (json!({ "totalPage": 2 }), false, false),
            (json!({}), false, false),
            (json!(null), false, false),
        ] {
            let page = parse_page_info(&result);
            assert_eq!((page.is_last(), page.has_next()), (is_last, has_next), "{result}");
        }
    }
}
