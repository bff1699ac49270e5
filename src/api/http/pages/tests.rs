use serde_json::{Value, json};

use super::*;
use crate::api::wire::{self, Envelope};

/// Reads the pages, which come in the order in which they are requested. Returns the names in the list, or what is
/// wrong with it. Every page has to be requested, and none after the last one.
fn read(results: &[Value]) -> Result<Vec<String>, String> {
    let read = Read::Clusters(Some("o".to_owned()));
    let mut pages = Pages::default();
    for (requested, result) in (1..).zip(results) {
        let envelope = Envelope { result: result.clone(), request_id: None, message: String::new() };
        let part = wire::parse_response(&read, &envelope)?;
        let added = pages.add(requested, part, wire::parse_page_info(result));
        let is_last = requested as usize == results.len();
        match added {
            Ok(Some(ReadResponse::Clusters(list))) => {
                assert!(is_last, "the list ends on page {requested}: {list:?}");
                let allowed = list.allowed.into_iter().map(|entry| entry.name);
                return Ok(allowed.chain(list.forbidden.into_iter().map(|entry| entry.name)).collect());
            }
            Err(what) => {
                assert!(is_last, "the list fails on page {requested}: {what}");
                return Err(what);
            }
            Ok(None) => {}
            Ok(Some(other)) => panic!("{other:?}"),
        }
    }
    Err("another page".to_owned())
}

/// A page with these allowed and disallowed clusters, and with these paging fields besides.
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
fn the_count_covers_the_allowed_clusters_or_all_of_them() {
    let last = |count: Value| json!({ "isLast": true, "totalCount": count });
    for (allowed, disallowed, count, entries) in [
        (&[1, 2][..], &[][..], json!(2), Ok(2)),
        (&[1, 2], &[3], json!(3), Ok(3)),
        (&[1, 2], &[3], json!(2), Ok(3)),
        (&[1, 2], &[3], json!("3"), Ok(3)),
        (&[], &[3], json!(0), Ok(1)),
        (&[], &[3], json!(1), Ok(1)),
        (&[], &[], json!(0), Ok(0)),
        // Twice the same cluster is one entry.
        (&[1, 1], &[3, 3], json!(2), Ok(2)),
        (&[1, 1], &[], json!(2), Err("a cluster list with 1 entry where the service counts 2")),
        (&[1, 2, 4], &[], json!(5), Err("a cluster list with 3 entries where the service counts 5")),
        (&[1, 2], &[3], json!(5), Err("a cluster list with 3 entries where the service counts 5")),
        (&[1, 2], &[3], json!(1), Err("a cluster list with 3 entries where the service counts 1")),
        (&[1, 2], &[], json!(1), Err("a cluster list with 2 entries where the service counts 1")),
        (&[], &[], json!(1), Err("a cluster list with 0 entries where the service counts 1")),
        // Without a count, the last page says enough.
        (&[1, 2], &[3], Value::Null, Ok(3)),
    ] {
        let found = read(&[page(allowed, disallowed, &last(count.clone()))]).map(|names| names.len());
        assert_eq!(found, entries.map_err(str::to_owned), "{allowed:?} {disallowed:?} {count}");
    }
}

/// What no count of anything can be.
fn unreadable() -> Vec<Value> {
    let numbers = [json!(-1), json!(1_u64 << 63), json!(2_f64.powi(64)), json!(2.0), json!(2.5)];
    let texts = ["", "x", "many", "-1", "2.0", "18446744073709551616"].map(Value::from);
    let others = [json!(true), json!(false), json!([]), json!([2]), json!({}), json!({ "count": 2 })];
    [&numbers[..], &texts, &others].concat()
}

#[test]
fn a_count_that_can_not_be_read_is_not_taken_for_none() {
    let what = "a cluster list with an unreadable count";
    let counted = json!({ "isLast": true, "currentPage": 1, "totalPage": 1, "totalCount": 2 });
    assert_eq!(read(&[page(&[1, 2], &[], &counted)]).map(|names| names.len()), Ok(2));
    for field in ["totalCount", "totalPage", "currentPage"] {
        for value in unreadable() {
            let mut paging = counted.clone();
            paging[field] = value.clone();
            assert_eq!(read(&[page(&[1, 2], &[], &paging)]), Err(what.to_owned()), "{field} {value}");
            let only = json!({ "isLast": true, field: value });
            assert_eq!(read(&[page(&[1, 2], &[], &only)]), Err(what.to_owned()), "{only}");
            let pages =
                [page(&[1], &[], &json!({ "isLast": false, "totalCount": 2 })), page(&[2], &[], &only)];
            assert_eq!(read(&pages), Err(what.to_owned()), "{only} on page 2");
        }
        let only = json!({ "isLast": true, field: null });
        assert_eq!(read(&[page(&[1, 2], &[], &only)]).map(|names| names.len()), Ok(2), "{only}");
    }
}

/// Pages, and the clusters in the list or what is wrong with it.
type Case = (&'static str, Vec<Value>, Result<usize, &'static str>);

fn assert_each(cases: Vec<Case>) {
    for (what, pages, entries) in cases {
        let found = read(&pages).map(|names| names.len());
        assert_eq!(found, entries.map_err(str::to_owned), "{what}");
    }
}

#[test]
fn without_a_count_the_pages_have_to_end_properly() {
    let of = |current: i64, total: i64| json!({ "currentPage": current, "totalPage": total });
    let more = json!({ "isLast": false });
    let last = json!({ "isLast": true });
    let none = json!({});
    assert_each(vec![
        ("by number", vec![page(&[1], &[], &of(1, 2)), page(&[2], &[], &of(2, 2))], Ok(2)),
        ("by flag", vec![page(&[1], &[], &more), page(&[2], &[], &last)], Ok(2)),
        ("an empty last page", vec![page(&[1], &[], &more), page(&[], &[], &last)], Ok(1)),
        ("nothing new after a silent page", vec![page(&[1], &[], &none), page(&[1], &[], &none)], Ok(1)),
        ("an empty page after a silent one", vec![page(&[1], &[], &none), page(&[], &[], &none)], Ok(1)),
        ("null for no such name", vec![Value::Null], Ok(0)),
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
            "page 1 again and again",
            vec![page(&[1], &[], &of(1, 2)), page(&[1], &[], &of(1, 2))],
            Err("a cluster list that repeats itself on page 2"),
        ),
        (
            "the same page under the next number",
            vec![page(&[1], &[], &of(1, 3)), page(&[1], &[], &of(2, 3))],
            Err("a cluster list that repeats itself on page 2"),
        ),
        (
            "a page left out",
            vec![page(&[1], &[], &of(1, 3)), page(&[3], &[], &of(3, 3))],
            Err("a cluster list with other pages than the requested ones"),
        ),
        (
            "an end before the last page",
            vec![page(&[1], &[], &of(1, 3)), page(&[2], &[], &last)],
            Err("a cluster list that ends on page 2 of 3"),
        ),
        (
            "silence after more was announced",
            vec![page(&[1], &[], &more), page(&[], &[], &none)],
            Err("a cluster list that ends before page 2, which it announces"),
        ),
        (
            "null after more was announced",
            vec![page(&[1], &[], &of(1, 2)), Value::Null],
            Err("a cluster list that ends before page 2, which it announces"),
        ),
        ("more without an end", vec![page(&[1], &[], &more), page(&[2], &[], &more)], Err("another page")),
        (
            "empty pages without an end",
            vec![page(&[], &[], &more), page(&[], &[], &more)],
            Err("another page"),
        ),
    ]);
}

#[test]
fn a_count_that_is_met_outweighs_how_the_pages_end() {
    let counted = |mut paging: Value, count: u64| {
        paging["totalCount"] = count.into();
        paging
    };
    let of = |current: i64, total: i64| json!({ "currentPage": current, "totalPage": total });
    assert_each(vec![
        (
            "page 1 again, and it was all",
            vec![page(&[1, 2], &[], &counted(of(1, 2), 2)), page(&[1, 2], &[], &counted(of(1, 2), 2))],
            Ok(2),
        ),
        (
            "page 1 again, and it was not all",
            vec![page(&[1, 2], &[], &counted(of(1, 2), 3)), page(&[1, 2], &[], &counted(of(1, 2), 3))],
            Err("a cluster list that repeats itself on page 2"),
        ),
        (
            "pages that are counted from 0",
            vec![page(&[1], &[], &counted(of(0, 2), 2)), page(&[2], &[], &counted(of(1, 2), 2)), Value::Null],
            Ok(2),
        ),
        (
            "a disallowed cluster on a page after the allowed ones",
            vec![page(&[1, 2], &[], &counted(of(1, 2), 2)), page(&[], &[3], &counted(of(2, 2), 2))],
            Ok(3),
        ),
        (
            "a last page that lacks an entry",
            vec![page(&[1, 2], &[], &counted(of(1, 2), 4)), page(&[3], &[], &counted(of(2, 2), 4))],
            Err("a cluster list with 3 entries where the service counts 4"),
        ),
        (
            "a silent end that lacks an entry",
            vec![page(&[1], &[], &json!({ "totalCount": 2 })), page(&[1], &[], &json!({}))],
            Err("a cluster list with 1 entry where the service counts 2"),
        ),
        (
            "a count that changes",
            vec![page(&[1], &[], &counted(of(1, 2), 2)), page(&[2, 3], &[], &counted(of(2, 2), 3))],
            Err("a cluster list with a count that changes from 2 to 3"),
        ),
    ]);
}

#[test]
fn two_names_for_one_number_are_no_list() {
    let named = |list: &str, name: &str, is_last: bool| {
        let mut result = page(&[], &[], &json!({ "isLast": is_last }));
        result[list] = json!([{ "serviceGroupInstanceNo": 7, "clusterName": name }]);
        result
    };
    for list in ["allowedClusters", "disallowedClusters"] {
        let same = [named(list, "orders", false), named(list, "orders", true)];
        assert_eq!(read(&same).map(|names| names.len()), Ok(1), "{list}");
        let other = [named(list, "orders", false), named(list, "billing", true)];
        let what = "a cluster list with two entries for 7: name `billing` instead of `orders`";
        assert_eq!(read(&other), Err(what.to_owned()), "{list}");
    }
}

#[test]
fn config_groups_are_counted_only_where_they_are_too_few() {
    let unreadable = unreadable().into_iter().map(|count| {
        let paging = json!({ "isLast": true, "totalCount": count });
        (paging, &[1, 2][..], Err("a list with an unreadable count"))
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
            Err("a list with fewer entries than it counts"),
        ),
        (json!({ "isLast": false }), &[], Ok(0)),
    ];
    for (paging, numbers, entries) in cases.into_iter().chain(unreadable) {
        let result = groups(numbers, &paging);
        let envelope = Envelope { result, request_id: None, message: String::new() };
        let part = wire::parse_response(&Read::ConfigGroups(None), &envelope).unwrap();
        let found =
            Pages::default().add(1, part, wire::parse_page_info(&envelope.result)).map(|whole| match whole {
                Some(ReadResponse::ConfigGroups(groups)) => groups.len(),
                other => panic!("{other:?}"),
            });
        assert_eq!(found, entries.map_err(str::to_owned), "{paging}");
    }
}
