//! Tests of the line format.

use super::*;
use crate::journal::entry::Entry;
use crate::journal::line::parse;
use crate::journal::replay::service_key;

fn origin() -> ChangeOrigin {
    ChangeOrigin {
        cdss: "0.1.0".to_owned(),
        user: Some("operator".to_owned()),
        host: None,
        profile: Some("prod".to_owned()),
        access_key: Some("1234".to_owned()),
        service: RecordedService { site: "public".to_owned(), region: "KR".to_owned(), sandbox: false },
        endpoint: "https://example.com:443".to_owned(),
    }
}

/// Returns a start on cluster 1 of the test service.
pub(super) fn start(closes: &[String]) -> Event {
    Event::Start(Box::new(entry::Start {
        origin: origin(),
        cluster: ClusterNo::new(1),
        cluster_name: Some("주문 \"orders\"".to_owned()),
        version_code: VersionCode::new(39),
        config_group: ConfigGroupNo::new(312),
        consent: "--yes".to_owned(),
        accepted: vec!["start.unresolved=*".to_owned()],
        closes: closes.to_vec(),
        from_version_code: Some(VersionCode::new(37)),
        brokers: vec!["b1".to_owned()],
        plan: Plan(
            json!({ "from": { "code": "37" }, "to": null, "config_group": null, "plan_id": "7f3a9c2e41d0b6a8" }),
        ),
    }))
}

pub(super) fn group() -> entry::GroupChange {
    entry::GroupChange {
        origin: origin(),
        config_group: Some(ConfigGroupNo::new(501)),
        config_group_name: "orders-390".to_owned(),
        version_code: VersionCode::new(39),
        consent: "--yes".to_owned(),
        made_by: None,
        from_config_group: Some(ConfigGroupNo::new(301)),
        plan: Plan(json!({ "from": null, "to": null, "config_group": null, "plan_id": null })),
    }
}

pub(super) fn end(of: &str, verdict: Option<Verdict>) -> Event {
    let (of, created) = (Some(of.to_owned()), Some(Submitted::No));
    Event::End(entry::End { of, verdict, created, document: Value::Null })
}

pub(super) fn end_of_an_upgrade(of: &str, verdict: Verdict) -> Event {
    let (of, verdict) = (Some(of.to_owned()), Some(verdict));
    Event::End(entry::End { of, verdict, created: None, document: Value::Null })
}

pub(super) fn every_event() -> Vec<Event> {
    let (user, host) = (Some("operator".to_owned()), None);
    let line = entry::RepairedLine { line: 3, bytes: 7, sha256: "00".to_owned() };
    let cdss = "0.1.0".to_owned();
    vec![
        start(&["earlier".to_owned()]),
        Event::Accepted(entry::Accepted { request_id: None }),
        Event::Refused(entry::Refused { message: "no".to_owned(), request_id: Some("r".to_owned()) }),
        Event::Attached(entry::Attached { of: "first".to_owned() }),
        Event::Brokers(entry::Brokers {
            brokers: vec![entry::BrokerPath {
                name: "b1".to_owned(),
                seen: "green → red".to_owned(),
                restarted: false,
            }],
        }),
        end("first", Some(Verdict::NotStarted)),
        Event::GroupCreate(Box::new(group())),
        Event::GroupCreated(entry::GroupCreated { config_group: ConfigGroupNo::new(501) }),
        Event::GroupWrite(Box::new(group())),
        Event::Torn(entry::Torn { bytes: 7 }),
        Event::Repaired(entry::Repaired {
            cdss: cdss.clone(),
            user: user.clone(),
            host: host.clone(),
            lines: vec![line],
        }),
        Event::Initialized(entry::Initialized { cdss, user, host }),
    ]
}

#[test]
fn all_events_round_trip() {
    for event in every_event() {
        let line = line::encode("first", NOW, &event).unwrap();
        let text = std::str::from_utf8(&line).unwrap();
        let value: Value = serde_json::from_str(text).unwrap();
        assert!(text.starts_with("{\"schema\":\"cdss-journal/v2\",\"run\":\"first\","), "{text}");
        assert_eq!(value.as_object().unwrap().keys().next_back().unwrap(), "crc32", "{text}");
        assert!(!text.contains('\n'), "{text}");
        let entry = parse(&line).unwrap();
        assert_eq!(entry, Entry { run: "first".to_owned(), at: NOW, event: Some(event) });
    }
}

#[test]
fn checksum_covers_the_preceding_bytes() {
    let line = line::encode("first", NOW, &Event::Torn(entry::Torn { bytes: 7 })).unwrap();
    // Computed with Python's zlib.crc32.
    assert_eq!(
        std::str::from_utf8(&line).unwrap(),
        "{\"schema\":\"cdss-journal/v2\",\"run\":\"first\",\"at\":\"1970-01-01T00:00:00Z\",\"event\":\"torn\",\
         \"bytes\":7,\"crc32\":\"693e3898\"}"
    );
}

/// Adds the checksum to the text of an object.
fn with_checksum(text: &str) -> String {
    let text = text.strip_suffix('}').unwrap();
    format!("{text},\"crc32\":\"{:08x}\"}}", crc32fast::hash(text.as_bytes()))
}

#[test]
fn changed_line_is_damaged() {
    const HEAD: &str = "{\"schema\":\"cdss-journal/v2\",\"run\":\"a\",\"at\":\"2026-11-24T03:02:11Z\"";
    let whole = with_checksum(&format!("{HEAD},\"event\":\"accepted\"}}"));
    assert!(parse(whole.as_bytes()).is_ok());
    let utf16: Vec<u8> = whole.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (line, reason) in [
        (whole.replace("accepted", "Accepted").into_bytes(), "its checksum does not match"),
        (whole.replace("crc32", "crc64").into_bytes(), "it does not end with a checksum"),
        (format!("{HEAD},\"event\":\"accepted\"}}").into_bytes(), "it does not end with a checksum"),
        (format!("{whole} ").into_bytes(), "it does not end with a checksum"),
        (format!("\u{feff}{whole}").into_bytes(), "its checksum does not match"),
        (whole.as_bytes()[..60].to_vec(), "EOF while parsing a string, at byte 60"),
        (b"\0\0\0".to_vec(), "expected value, at byte 1"),
        (b"[]".to_vec(), "invalid length 0"),
        (b"\xff".to_vec(), "it is not UTF-8"),
        (utf16, "key must be a string"),
        (with_checksum(&format!("{HEAD},\"event\":\"start\"}}")).into_bytes(), "missing field `cluster`"),
        (with_checksum("{\"event\":\"accepted\"}").into_bytes(), "missing field `run`"),
    ] {
        let found = parse(&line).unwrap_err();
        assert!(found.starts_with(reason), "{}: {found}", String::from_utf8_lossy(&line));
    }
}

#[test]
fn event_of_newer_version_is_not_damaged() {
    let line = with_checksum(
        "{\"schema\":\"cdss-journal/v2\",\"run\":\"a\",\"at\":\"2026-11-24T03:02:11Z\",\"event\":\"paused\"}",
    );
    assert_eq!(parse(line.as_bytes()).unwrap().event, None);
    let mut replay = Replay::default();
    replay.add_line(format!("{line}\n").as_bytes());
    let history = replay.into_history();
    assert_eq!((history.damaged.len(), history.runs.len()), (0, 1));
}

#[test]
fn line_without_checksum_must_be_complete_v1_entry() {
    const HEAD: &str = "\"run\":\"a\",\"at\":\"2026-11-24T03:02:11Z\"";
    const SERVICE: &str = "\"cdss\":\"0.1.0\",\"user\":null,\"host\":null,\"profile\":null,\"access_key\":null,\
        \"service\":{\"site\":\"public\",\"region\":\"KR\",\"sandbox\":false},\"endpoint\":\"https://EXAMPLE.com/\"";
    const START: &str = "\"cluster\":\"1\",\"version_code\":\"39\",\"config_group\":\"312\",\"consent\":\"--yes\",\
        \"accepted\":[],\"closes\":[],\"plan\":{\"from\":{\"code\":\"37\"}}";
    let v1 = "\"schema\":\"cdss-journal/v1\"";
    let whole = format!("{{{v1},\"event\":\"start\",{HEAD},{SERVICE},{START}}}");
    // The oldest format: no broker names, no cluster name, and the previous version only in the plan.
    let Ok(Entry { event: Some(Event::Start(start)), .. }) = parse(whole.as_bytes()) else {
        panic!("{whole}")
    };
    assert_eq!(start.from_version_code, Some(VersionCode::new(37)));
    assert_eq!(service_key(&start.origin).unwrap(), here().key(), "a different spelling of the endpoint");
    for line in [
        whole.replace("v1", "v3"),
        whole.replace("\"schema\"", "\"scheme\""),
        whole.replace("\"closes\":[],", ""),
        whole.replace("\"cluster\":\"1\"", "\"cluster\":\"one\""),
        format!("{{{HEAD},\"event\":\"torn\",\"bytes\":7}}"),
        format!("{{{HEAD},\"event\":\"paused\"}}"),
        format!("{{{HEAD},\"event\":\"accepted\",\"crc32\":\"00000000\",\"x\":1}}"),
        format!("{{{HEAD},\"event\":\"end\",\"of\":\"a\",\"verdict\":\"perhaps\"}}"),
    ] {
        assert!(parse(line.as_bytes()).is_err(), "{line}");
    }
}
