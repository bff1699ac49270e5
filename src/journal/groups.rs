//! The lines about config groups that were made: each is on the disk before its request leaves.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::entries::{line, whole};
use super::{ClusterLock, Journal, JournalError, LockError};
use crate::domain::group_create::Create;
use crate::domain::group_name::GroupName;
use crate::domain::ids::{ConfigGroupNo, VersionCode};
use crate::domain::service::Service;

/// A config group that is about to be made or filled.
#[derive(Debug)]
pub(crate) struct GroupEntry<'a> {
    pub service: &'a Service,
    pub name: &'a GroupName,
    pub version: VersionCode,
    /// How consent was given.
    pub consent: &'a str,
    /// The run that has made the group, where it is there already.
    pub made_by: Option<&'a str>,
    /// Both versions and groups, every setting, and what is left out, in the form of the documents on stdout.
    pub plan: &'a Value,
}

impl Journal {
    /// Takes the lock of this name at this service, without waiting: two runs would make two groups.
    ///
    /// # Errors
    ///
    /// Fails when another process on this machine holds it, or the folder can't be used.
    pub(crate) fn lock_group(&self, service: &Service, name: &GroupName) -> Result<ClusterLock, LockError> {
        let region = service.region.code();
        self.lock_on(&service.endpoint.identity(), &format!("group-{region}-{name}"))
    }

    /// Writes down a config group that is about to be made. On return it is on the disk.
    ///
    /// # Errors
    ///
    /// Fails when it can't be written; then nothing may be sent.
    pub(crate) fn group_create(&self, at: Timestamp, entry: &GroupEntry<'_>) -> Result<(), JournalError> {
        self.prepare()?;
        self.append(&self.group_line("group-create", at, None, entry))
    }

    /// Writes down that the group was made, and its number.
    ///
    /// # Errors
    ///
    /// Fails when it can't be written.
    pub(crate) fn group_created(&self, at: Timestamp, no: ConfigGroupNo) -> Result<(), JournalError> {
        let number = no.to_string();
        self.append(&json!({ "run": self.run, "event": "group-created", "at": at, "config_group": number }))
    }

    /// Writes down that all values of a group are about to be written. On return it is on the disk.
    ///
    /// # Errors
    ///
    /// Fails when it can't be written; then nothing may be sent.
    pub(crate) fn group_write(
        &self,
        at: Timestamp,
        no: ConfigGroupNo,
        entry: &GroupEntry<'_>,
    ) -> Result<(), JournalError> {
        self.prepare()?;
        self.append(&self.group_line("group-write", at, Some(no), entry))
    }

    /// Returns the creates of groups of this version that were sent from this machine to this region, without those that
    /// were certainly in vain. What the write of a group tells counts for a create whose answer was lost.
    ///
    /// # Errors
    ///
    /// Fails when there is a journal that can't be read. A damaged line is passed over.
    pub(crate) fn creates(
        &self,
        service: &Service,
        version: VersionCode,
    ) -> Result<Vec<Create>, JournalError> {
        let is_of_it = |entry: &Value| {
            entry["endpoint"] == service.endpoint.identity()
                && entry["service"]["region"] == service.region.code()
                && entry["version_code"] == version.to_string()
        };
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let number = |value: &Value| value.as_str().and_then(|no| no.parse::<ConfigGroupNo>().ok());
        let mut creates: Vec<Create> = Vec::new();
        for entry in whole(&self.text()?) {
            let run = entry["run"].as_str().unwrap_or_default();
            match entry["event"].as_str() {
                Some("group-create") if is_of_it(&entry) => creates.push(Create {
                    name: text(&entry["config_group_name"]).unwrap_or_default(),
                    run: run.to_owned(),
                    profile: text(&entry["profile"]),
                    access_key: text(&entry["access_key"]),
                    from: number(&entry["plan"]["config_group"]["from"]["no"]),
                    no: None,
                }),
                Some("group-created" | "group-write") => {
                    let maker = entry["made_by"].as_str().unwrap_or(run);
                    let of_it = creates.iter_mut().filter(|create| create.run == maker);
                    of_it.for_each(|create| create.no = create.no.or(number(&entry["config_group"])));
                }
                Some("end") if entry["document"]["created"] == "no" => {
                    creates.retain(|create| create.run != run || create.no.is_some());
                }
                _ => {}
            }
        }
        Ok(creates)
    }

    fn group_line(
        &self,
        event: &str,
        at: Timestamp,
        no: Option<ConfigGroupNo>,
        entry: &GroupEntry<'_>,
    ) -> Value {
        let GroupEntry { service, name, version, consent, made_by, plan } = entry;
        let own = json!({
            "config_group": no.map(|no| no.to_string()),
            "config_group_name": name.text(),
            "version_code": version.to_string(),
            "consent": consent,
            "made_by": made_by,
            "plan": plan,
        });
        line(event, &self.run, at, &self.operator, service, own)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::endpoint::Endpoint;
    use crate::domain::region::Site;
    use crate::journal::Operator;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;
    const VERSION: VersionCode = VersionCode::new(39);

    fn journal(folder: &tempfile::TempDir, run: &str) -> Journal {
        Journal::new(Some(folder.path().join("state")), Operator::default(), run.to_owned())
    }

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

    fn entry<'a>(
        service: &'a Service,
        name: &'a GroupName,
        made_by: Option<&'a str>,
        plan: &'a Value,
    ) -> GroupEntry<'a> {
        GroupEntry { service, name, version: VERSION, consent: "--yes", made_by, plan }
    }

    fn create(journal: &Journal, service: &Service) {
        let plan = json!({ "config_group": { "from": { "no": "301" } } });
        journal.group_create(NOW, &entry(service, &name("orders-390"), None, &plan)).unwrap();
    }

    fn name(text: &str) -> GroupName {
        text.parse().unwrap()
    }

    /// Run and number of each create for the version.
    fn creates(journal: &Journal, service: &Service) -> Vec<(String, Option<u64>)> {
        let creates = journal.creates(service, VERSION).unwrap();
        let source = Some(ConfigGroupNo::new(301));
        assert!(creates.iter().all(|create| create.from == source && create.name == "orders-390"));
        creates.into_iter().map(|one| (one.run, one.no.map(ConfigGroupNo::number))).collect()
    }

    #[test]
    fn a_create_is_known_by_name_version_and_region_with_its_number_once_that_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let journal = journal(&folder, "first");
        assert_eq!(creates(&journal, &korea()), [], "no journal yet");
        create(&journal, &korea());
        assert_eq!(creates(&journal, &korea()), [("first".to_owned(), None)]);
        for other in [service("https://example.com", "JPN"), service("https://example.org", "KR")] {
            assert_eq!(creates(&journal, &other), []);
        }
        assert_eq!(journal.creates(&korea(), VersionCode::new(40)).unwrap(), []);
        journal.group_created(NOW, ConfigGroupNo::new(501)).unwrap();
        assert_eq!(creates(&journal, &korea()), [("first".to_owned(), Some(501))]);
    }

    #[test]
    fn the_write_of_a_group_tells_the_number_of_its_own_create_alone() {
        let folder = tempfile::tempdir().unwrap();
        let japan = service("https://example.com", "JPN");
        let [first, second, third] = ["first", "second", "third"].map(|run| journal(&folder, run));
        create(&first, &korea());
        create(&second, &japan);
        third
            .group_write(
                NOW,
                ConfigGroupNo::new(501),
                &entry(&japan, &name("orders-390"), Some("second"), &json!({})),
            )
            .unwrap();
        third.end(NOW, Some("third"), None, &json!({ "created": "no" })).unwrap();
        assert_eq!(creates(&first, &japan), [("second".to_owned(), Some(501))]);
        assert_eq!(creates(&first, &korea()), [("first".to_owned(), None)], "it is still open");
    }

    #[test]
    fn a_create_that_was_in_vain_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let first = journal(&folder, "first");
        for (created, left) in [("unknown", 1), ("yes", 2), ("no", 0)] {
            create(&first, &korea());
            first.end(NOW, Some("first"), None, &json!({ "created": created })).unwrap();
            assert_eq!(creates(&first, &korea()).len(), left, "{created}");
        }
    }

    #[test]
    fn two_runs_do_not_make_the_same_group_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let (first, second) = (journal(&folder, "first"), journal(&folder, "second"));
        let held = first.lock_group(&korea(), &name("orders-390")).unwrap();
        assert!(matches!(second.lock_group(&korea(), &name("orders-390")), Err(LockError::Held)));
        drop(second.lock_group(&korea(), &name("orders-400")).unwrap());
        drop(second.lock_group(&service("https://example.com", "JPN"), &name("orders-390")).unwrap());
        drop(held);
        drop(second.lock_group(&korea(), &name("orders-390")).unwrap());
    }
}
