use serde_json::{Value, json};

use super::*;
use crate::api::wire::{self, Envelope};

/// Adds the pages in the order in which they are requested. Returns the names in the list, or the reason why it is
/// invalid. Asserts that every page is requested, and none after the last one.
fn read(results: &[Value]) -> Result<Vec<String>, String> {
    let mut pages = ClusterPages::default();
    for (requested, result) in (1..).zip(results) {
        let envelope = Envelope { result: result.clone(), request_id: None, message: String::new() };
        let response = wire::cluster_page(Some("o"), requested).parse(&envelope)?;
        let added = pages.add(requested, response, wire::parse_page_info(result));
        let is_last = requested as usize == results.len();
        match added {
            Ok(Some(list)) => {
                assert!(is_last, "the list ends on page {requested}: {list:?}");
                let allowed = list.allowed.into_iter().map(|entry| entry.name);
                return Ok(allowed.chain(list.forbidden.into_iter().map(|entry| entry.name)).collect());
            }
            Err(reason) => {
                assert!(is_last, "the list fails on page {requested}: {reason}");
                return Err(reason);
            }
            Ok(None) => {}
        }
    }
    Err("another page".to_owned())
}

/// Returns a page with these allowed and disallowed clusters and these paging fields.
fn page(allowed: &[u64], disallowed: &[u64], paging: &Value) -> Value {
    let entries = |numbers: &[u64]| -> Value {
        let entry =
            |no: &u64| json!({ "serviceGroupInstanceNo": no.to_string(), "clusterName": format!("c{no}") });
        numbers.iter().map(entry).collect()
    };
    let mut result = paging.clone();
    result["allowedClusters"] = entries(allowed);
    result["disallowedClusters"] = entries(disallowed);
    result
}

#[test]
fn total_count_covers_allowed_or_all_clusters() {
    let last = |count: Value| json!({ "isLast": true, "totalCount": count });
    for (allowed, disallowed, count, entries) in [
        (&[1, 2][..], &[][..], json!(2), Ok(2)),
        (&[1, 2], &[3], json!(3), Ok(3)),
        (&[1, 2], &[3], json!(2), Ok(3)),
        (&[1, 2], &[3], json!("3"), Ok(3)),
        (&[], &[3], json!(0), Ok(1)),
        (&[], &[3], json!(1), Ok(1)),
        (&[], &[], json!(0), Ok(0)),
        // A duplicate cluster counts once.
        (&[1, 1], &[3, 3], json!(2), Ok(2)),
        (&[1, 1], &[], json!(2), Err("the cluster list has 1 entry, but its total count is 2")),
        (&[1, 2, 4], &[], json!(5), Err("the cluster list has 3 entries, but its total count is 5")),
        (&[1, 2], &[3], json!(5), Err("the cluster list has 3 entries, but its total count is 5")),
        (&[1, 2], &[3], json!(1), Err("the cluster list has 3 entries, but its total count is 1")),
        (&[1, 2], &[], json!(1), Err("the cluster list has 2 entries, but its total count is 1")),
        (&[], &[], json!(1), Err("the cluster list has 0 entries, but its total count is 1")),
        // Without a total count, the last page is enough.
        (&[1, 2], &[3], Value::Null, Ok(3)),
    ] {
        let found = read(&[page(allowed, disallowed, &last(count.clone()))]).map(|names| names.len());
        assert_eq!(found, entries.map_err(str::to_owned), "{allowed:?} {disallowed:?} {count}");
    }
}

/// Returns values that are not counts.
fn invalid_counts() -> Vec<Value> {
    let numbers = [json!(-1), json!(1_u64 << 63), json!(2_f64.powi(64)), json!(2.0), json!(2.5)];
    let texts = ["", "x", "many", "-1", "2.0", "18446744073709551616"].map(Value::from);
    let others = [json!(true), json!(false), json!([]), json!([2]), json!({}), json!({ "count": 2 })];
    [&numbers[..], &texts, &others].concat()
}

#[test]
fn invalid_count_is_an_error() {
    let error = "the cluster list has an invalid total count or page number";
    let counted = json!({ "isLast": true, "currentPage": 1, "totalPage": 1, "totalCount": 2 });
    assert_eq!(read(&[page(&[1, 2], &[], &counted)]).map(|names| names.len()), Ok(2));
    for field in ["totalCount", "totalPage", "currentPage"] {
        for value in invalid_counts() {
            let mut paging = counted.clone();
            paging[field] = value.clone();
            assert_eq!(read(&[page(&[1, 2], &[], &paging)]), Err(error.to_owned()), "{field} {value}");
            let only = json!({ "isLast": true, field: value });
            assert_eq!(read(&[page(&[1, 2], &[], &only)]), Err(error.to_owned()), "{only}");
            let pages =
                [page(&[1], &[], &json!({ "isLast": false, "totalCount": 2 })), page(&[2], &[], &only)];
            assert_eq!(read(&pages), Err(error.to_owned()), "{only} on page 2");
        }
        let only = json!({ "isLast": true, field: null });
        assert_eq!(read(&[page(&[1, 2], &[], &only)]).map(|names| names.len()), Ok(2), "{only}");
    }
}

/// A description, the pages, and the number of clusters or the reason why the list is invalid.
type Case = (&'static str, Vec<Value>, Result<usize, &'static str>);

fn assert_each(cases: Vec<Case>) {
    for (name, pages, entries) in cases {
        let found = read(&pages).map(|names| names.len());
        assert_eq!(found, entries.map_err(str::to_owned), "{name}");
    }
}

#[test]
fn pages_must_end_properly_without_total_count() {
    let of = |current: i64, total: i64| json!({ "currentPage": current, "totalPage": total });
    let more = json!({ "isLast": false });
    let last = json!({ "isLast": true });
    let none = json!({});
    assert_each(vec![
        ("by number", vec![page(&[1], &[], &of(1, 2)), page(&[2], &[], &of(2, 2))], Ok(2)),
        ("by flag", vec![page(&[1], &[], &more), page(&[2], &[], &last)], Ok(2)),
        ("an empty last page", vec![page(&[1], &[], &more), page(&[], &[], &last)], Ok(1)),
        (
            "no new entries after a page without paging fields",
            vec![page(&[1], &[], &none), page(&[1], &[], &none)],
            Ok(1),
        ),
        (
            "an empty page after a page without paging fields",
            vec![page(&[1], &[], &none), page(&[], &[], &none)],
            Ok(1),
        ),
        ("null result for an unknown name", vec![Value::Null], Ok(0)),
        (
            "an empty page in the middle",
            vec![page(&[1], &[], &of(1, 3)), page(&[], &[], &of(2, 3)), page(&[2], &[], &of(3, 3))],
            Ok(2),
        ),
        ("an empty first page", vec![page(&[], &[], &of(1, 2)), page(&[], &[2], &of(2, 2))], Ok(1)),
        (
            "a flag that lags behind the number",
            vec![
                page(&[1], &[], &json!({ "isLast": false, "currentPage": 1, "totalPage": 1 })),
                page(&[], &[], &json!({ "isLast": false, "currentPage": 2, "totalPage": 1 })),
            ],
            Ok(1),
        ),
        (
            "a flag that comes too early",
            vec![
                page(&[1], &[], &json!({ "isLast": true, "currentPage": 1, "totalPage": 2 })),
                page(&[2], &[], &json!({ "isLast": true, "currentPage": 2, "totalPage": 2 })),
            ],
            Ok(2),
        ),
        (
            "page 1 repeated",
            vec![page(&[1], &[], &of(1, 2)), page(&[1], &[], &of(1, 2))],
            Err("page 2 of the cluster list repeats earlier entries"),
        ),
        (
            "the same page under the next number",
            vec![page(&[1], &[], &of(1, 3)), page(&[1], &[], &of(2, 3))],
            Err("page 2 of the cluster list repeats earlier entries"),
        ),
        (
            "a skipped page",
            vec![page(&[1], &[], &of(1, 3)), page(&[3], &[], &of(3, 3))],
            Err("the cluster list has pages that were not requested"),
        ),
        (
            "an end before the last page",
            vec![page(&[1], &[], &of(1, 3)), page(&[2], &[], &last)],
            Err("the cluster list ends on page 2 of 3"),
        ),
        (
            "no paging fields after another page was announced",
            vec![page(&[1], &[], &more), page(&[], &[], &none)],
            Err("the cluster list ends before page 2, which the service announced"),
        ),
        (
            "null result after another page was announced",
            vec![page(&[1], &[], &of(1, 2)), Value::Null],
            Err("the cluster list ends before page 2, which the service announced"),
        ),
        ("endless pages", vec![page(&[1], &[], &more), page(&[2], &[], &more)], Err("another page")),
        ("endless empty pages", vec![page(&[], &[], &more), page(&[], &[], &more)], Err("another page")),
    ]);
}

#[test]
fn matching_total_count_overrides_page_end() {
    let counted = |mut paging: Value, count: u64| {
        paging["totalCount"] = count.into();
        paging
    };
    let of = |current: i64, total: i64| json!({ "currentPage": current, "totalPage": total });
    assert_each(vec![
        (
            "repeated page of a complete list",
            vec![page(&[1, 2], &[], &counted(of(1, 2), 2)), page(&[1, 2], &[], &counted(of(1, 2), 2))],
            Ok(2),
        ),
        (
            "repeated page of an incomplete list",
            vec![page(&[1, 2], &[], &counted(of(1, 2), 3)), page(&[1, 2], &[], &counted(of(1, 2), 3))],
            Err("page 2 of the cluster list repeats earlier entries"),
        ),
        (
            "pages numbered from 0",
            vec![page(&[1], &[], &counted(of(0, 2), 2)), page(&[2], &[], &counted(of(1, 2), 2)), Value::Null],
            Ok(2),
        ),
        (
            "a disallowed cluster on a page after the allowed ones",
            vec![page(&[1, 2], &[], &counted(of(1, 2), 2)), page(&[], &[3], &counted(of(2, 2), 2))],
            Ok(3),
        ),
        (
            "a last page with a missing entry",
            vec![page(&[1, 2], &[], &counted(of(1, 2), 4)), page(&[3], &[], &counted(of(2, 2), 4))],
            Err("the cluster list has 3 entries, but its total count is 4"),
        ),
        (
            "a missing entry without paging fields",
            vec![page(&[1], &[], &json!({ "totalCount": 2 })), page(&[1], &[], &json!({}))],
            Err("the cluster list has 1 entry, but its total count is 2"),
        ),
        (
            "a changed total count",
            vec![page(&[1], &[], &counted(of(1, 2), 2)), page(&[2, 3], &[], &counted(of(2, 2), 3))],
            Err("the total count of the cluster list changed from 2 to 3"),
        ),
    ]);
}

#[test]
fn conflicting_names_for_one_number_are_rejected() {
    let named = |list: &str, name: &str, is_last: bool| {
        let mut result = page(&[], &[], &json!({ "isLast": is_last }));
        result[list] = json!([{ "serviceGroupInstanceNo": 7, "clusterName": name }]);
        result
    };
    for list in ["allowedClusters", "disallowedClusters"] {
        let same = [named(list, "orders", false), named(list, "orders", true)];
        assert_eq!(read(&same).map(|names| names.len()), Ok(1), "{list}");
        let other = [named(list, "orders", false), named(list, "billing", true)];
        let error = "the cluster list has two entries for cluster 7: name `billing` instead of `orders`";
        assert_eq!(read(&other), Err(error.to_owned()), "{list}");
    }
}

#[test]
fn config_group_list_may_exceed_its_total_count() {
    let invalid = invalid_counts().into_iter().map(|count| {
        let paging = json!({ "isLast": true, "totalCount": count });
        (paging, &[1, 2][..], Err("the list has an invalid total count"))
    });
    let groups = |numbers: &[u64], paging: &Value| {
        let mut result = paging.clone();
        let entry = |no: &u64| json!({ "configGroupNo": no, "kafkaVersionCode": "3903006" });
        result["kafkaConfigGroupList"] = numbers.iter().map(entry).collect();
        result
    };
    let cases = [
        (json!({ "isLast": true }), &[1, 2][..], Ok(2)),
        (json!({ "isLast": true, "totalCount": null }), &[1, 2], Ok(2)),
        (json!({ "isLast": true, "totalCount": 2 }), &[1, 2], Ok(2)),
        (json!({ "isLast": true, "totalCount": 1 }), &[1, 2], Ok(2)),
        (
            json!({ "isLast": true, "totalCount": 3 }),
            &[1, 2],
            Err("the list has fewer entries than its total count"),
        ),
        (json!({ "isLast": false }), &[], Ok(0)),
    ];
    for (paging, numbers, entries) in cases.into_iter().chain(invalid) {
        let result = groups(numbers, &paging);
        let envelope = Envelope { result, request_id: None, message: String::new() };
        let response = wire::config_group_page(None, 1).parse(&envelope).unwrap();
        let added =
            EntryPages::<ConfigGroup>::default().add(1, response, wire::parse_page_info(&envelope.result));
        let found = added.map(|list| list.expect("the list is complete").len());
        assert_eq!(found, entries.map_err(str::to_owned), "{paging}");
    }
}
