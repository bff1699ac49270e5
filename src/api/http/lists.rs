//! Reads the pages of a list over HTTP.

use std::time::Duration;

use futures_util::future::join_all;
use reqwest::StatusCode;

use super::HttpApi;
use super::pages::Pages;
use crate::api::wire::{self, PageInfo, ReadRequest};
use crate::api::{ApiError, RetryPolicy};

/// A longer list is an error.
///
/// Chosen: 10,000 clusters take 100 pages, or 1,000 if the service returns only ten entries per page.
const MAX_PAGES: u32 = 1_000;

/// How many pages of a list are read together after the first page shows how many there are.
///
/// Chosen: 100 pages take 14 round trips instead of 100, and eight connections are not a burden for the service.
const PARALLEL_PAGES: u32 = 8;

/// No page of a list is requested after this time. It includes reading the list a second time.
///
/// Chosen: three seconds for each of 100 pages.
const MAX_LIST_DURATION: Duration = Duration::from_secs(5 * 60);

/// The entries of a page or why they are invalid, its paging fields, and the request ID.
type ReadPage<T> = (Result<T, String>, PageInfo, Option<String>);

impl HttpApi {
    /// Reads all pages of a list: the first page, and the rest several at a time. After a throttled request, pages are read
    /// one after another. If they are not a complete list, it may have changed between two pages.
    pub(super) async fn read_list<P: Pages>(
        &self,
        page: impl Fn(u32) -> ReadRequest<P::List>,
    ) -> Result<P::List, ApiError> {
        let name = page(1).operation.name;
        let clock = &self.client.connection.clock;
        let deadline = clock.elapsed().saturating_add(MAX_LIST_DURATION);
        let mut rereads = P::REREADS;
        let (mut pages, mut number, mut total, mut request_id) = (P::default(), 1_u32, 1, None);
        let reason = 'list: loop {
            if number > MAX_PAGES {
                break format!("the list has more than {MAX_PAGES} pages");
            }
            if clock.elapsed() > deadline {
                let limit = humantime::format_duration(MAX_LIST_DURATION);
                break format!("the list was not complete after {limit}");
            }
            let parallel = if self.is_throttled() { 1 } else { PARALLEL_PAGES };
            let end = number.saturating_add(parallel.saturating_sub(1)).min(total).clamp(number, MAX_PAGES);
            let reads = (number..=end).map(|number| self.read_page(page(number)));
            for page in join_all(reads).await {
                let (list, page_info, id) = page?;
                request_id = id;
                if let (1, Ok(list)) = (number, &list) {
                    total = page_info.page_count(P::entries(list));
                }
                match list.and_then(|list| pages.add(number, list, page_info)) {
                    Ok(Some(list)) => return Ok(list),
                    Ok(None) => number = number.saturating_add(1),
                    Err(_) if rereads > 0 => {
                        rereads = rereads.saturating_sub(1);
                        (pages, number, total) = (P::default(), 1, 1);
                        continue 'list;
                    }
                    Err(reason) => break 'list reason,
                }
            }
        };
        Err(ApiError::unreadable(name, reason, request_id))
    }

    /// Reads one page: its entries or why they are invalid, its paging fields, and the request ID.
    async fn read_page<T>(&self, request: ReadRequest<T>) -> Result<ReadPage<T>, ApiError> {
        let envelope = self.send_read(&request.operation, RetryPolicy::Retry).await?;
        let list = request.parse(&envelope).map_err(str::to_owned);
        Ok((list, wire::parse_page_info(&envelope.result), envelope.request_id))
    }

    /// Returns true if the gateway throttled a request of this run.
    fn is_throttled(&self) -> bool {
        let throttled = Some(StatusCode::TOO_MANY_REQUESTS.as_u16());
        self.records.borrow().iter().any(|record| record.http_status == throttled)
    }
}
