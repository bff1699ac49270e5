//! Paging of lists.

use serde_json::{Map, Value, json};

use super::request_fields::RequestFields;
use super::response::ApiResponse;

/// The largest page. Chosen: smaller than clients may request, so that they must use the returned page size.
const MAX_PAGE_SIZE: u64 = 100;

/// Returns the requested page of a list, with the paging fields.
///
/// # Errors
///
/// Returns the gateway's response to a page number or size that is not an integer.
pub(super) fn page<T>(
    fields: &RequestFields,
    all: Vec<T>,
) -> Result<(Vec<T>, Map<String, Value>), ApiResponse> {
    let number = fields.integer("pageNo")?.unwrap_or(1).max(1);
    let size = fields.integer("pageSize")?.unwrap_or(10).clamp(1, MAX_PAGE_SIZE);
    let total = u64::try_from(all.len()).unwrap_or(u64::MAX);
    let pages = total.div_ceil(size);
    let paging = [
        ("currentPage", json!(number)),
        ("pageSize", json!(size)),
        ("totalPage", json!(pages)),
        ("totalCount", json!(total)),
        ("isFirst", json!(number == 1)),
        ("isLast", json!(number >= pages)),
    ];
    let paging = paging.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let skipped = usize::try_from((number - 1).saturating_mul(size)).unwrap_or(usize::MAX);
    let taken = usize::try_from(size).unwrap_or(usize::MAX);
    Ok((all.into_iter().skip(skipped).take(taken).collect(), paging))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_have_their_position() {
        // Request body; items; and current page, page size, number of pages, is first, is last.
        let table = [
            ("{}", vec![1, 2, 3], json!([1, 10, 1, true, true])),
            (r#"{"pageSize":2}"#, vec![1, 2], json!([1, 2, 2, true, false])),
            (r#"{"pageSize":2,"pageNo":2}"#, vec![3], json!([2, 2, 2, false, true])),
            (r#"{"pageSize":2,"pageNo":9}"#, vec![], json!([9, 2, 2, false, true])),
            (r#"{"pageSize":1000,"pageNo":0}"#, vec![1, 2, 3], json!([1, 100, 1, true, true])),
        ];
        for (body, items, expected) in table {
            let fields = RequestFields::parse(body.as_bytes()).ok().unwrap();
            let (found, paging) = page(&fields, vec![1, 2, 3]).unwrap();
            assert_eq!(found, items, "{body}");
            let names = ["currentPage", "pageSize", "totalPage", "isFirst", "isLast"];
            assert_eq!(Value::from_iter(names.map(|name| paging[name].clone())), expected, "{body}");
            assert_eq!(paging["totalCount"], 3);
        }
    }
}
