//! Tests of config groups in the journal.

use super::*;

const VERSION: VersionCode = VersionCode::new(39);

fn service(endpoint: &str, region: &str) -> Service {
    Service {
        site: Site::Public,
        region: region.parse().unwrap(),
        endpoint: Endpoint::parse(endpoint).unwrap(),
        sandbox: false,
    }
}

fn korea() -> Service {
    service("https://example.com", "KR")
}

fn change(journal: &Journal, service: &Service, made_by: Option<&str>) -> GroupChange {
    GroupChange {
        origin: journal.origin(service),
        config_group: None,
        config_group_name: "orders-390".to_owned(),
        version_code: VERSION,
        consent: "--yes".to_owned(),
        made_by: made_by.map(str::to_owned),
        from_config_group: Some(ConfigGroupNo::new(301)),
        plan: Plan(json!({})),
    }
}

fn create(journal: &Journal, service: &Service) {
    block_on(journal.record_group_change(NOW, change(journal, service, None))).unwrap();
}

fn name(text: &str) -> GroupName {
    text.parse().unwrap()
}

/// Returns run and number of each create for the version.
fn creates(journal: &Journal, service: &Service) -> Vec<(String, Option<u64>)> {
    let creates = journal.group_creations(service, VERSION).unwrap();
    let source = Some(ConfigGroupNo::new(301));
    assert!(creates.iter().all(|create| create.from == source && create.name == "orders-390"));
    creates.into_iter().map(|one| (one.run, one.no.map(ConfigGroupNo::number))).collect()
}

#[test]
fn creates_are_separate_per_service_and_version() {
    let folder = tempfile::tempdir().unwrap();
    let journal = journal(&folder, "first");
    assert_eq!(creates(&journal, &korea()), [], "no journal");
    create(&journal, &korea());
    assert_eq!(creates(&journal, &korea()), [("first".to_owned(), None)]);
    for other in [service("https://example.com", "JPN"), service("https://example.org", "KR")] {
        assert_eq!(creates(&journal, &other), []);
    }
    assert_eq!(journal.group_creations(&korea(), VersionCode::new(40)).unwrap(), []);
    block_on(journal.record_group_created(NOW, ConfigGroupNo::new(501))).unwrap();
    assert_eq!(creates(&journal, &korea()), [("first".to_owned(), Some(501))]);
}

#[test]
fn group_write_sets_number_of_its_create_only() {
    let folder = tempfile::tempdir().unwrap();
    let japan = service("https://example.com", "JPN");
    let [first, second, third] = ["first", "second", "third"].map(|run| journal(&folder, run));
    create(&first, &korea());
    create(&second, &japan);
    let mut write = change(&third, &japan, Some("second"));
    write.config_group = Some(ConfigGroupNo::new(501));
    block_on(third.record_group_change(NOW, write)).unwrap();
    block_on(third.record_end(NOW, Some("third"), None, Some(Submitted::No), &json!({}))).unwrap();
    assert_eq!(creates(&first, &japan), [("second".to_owned(), Some(501))]);
    assert_eq!(creates(&first, &korea()), [("first".to_owned(), None)], "still open");
}

#[test]
fn create_without_effect_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let first = journal(&folder, "first");
    // The document is for display only and must not affect the result.
    for (created, left) in [(Submitted::Unknown, 1), (Submitted::Yes, 2), (Submitted::No, 0)] {
        create(&first, &korea());
        block_on(first.record_end(NOW, Some("first"), None, Some(created), &json!({ "created": "no" })))
            .unwrap();
        assert_eq!(creates(&first, &korea()).len(), left, "{created:?}");
    }
}

#[test]
fn group_lock_is_exclusive_per_name() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (journal(&folder, "first"), journal(&folder, "second"));
    let held = first.lock_group(&korea(), &name("orders-390")).unwrap().unwrap();
    assert!(second.lock_group(&korea(), &name("orders-390")).unwrap().is_none());
    drop(second.lock_group(&korea(), &name("orders-400")).unwrap().unwrap());
    drop(second.lock_group(&service("https://example.com", "JPN"), &name("orders-390")).unwrap().unwrap());
    drop(held);
    drop(second.lock_group(&korea(), &name("orders-390")).unwrap().unwrap());
}
