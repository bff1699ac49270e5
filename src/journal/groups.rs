//! The lines about config groups that were made: each is on the disk before its request leaves.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::entries::{line, whole};
use super::{ClusterLock, Journal, JournalError, LockError};
use crate::domain::group_copy::Create;
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
    /// Both versions and groups, every setting, and what is left out, in the form of the documents on stdout.
    pub plan: &'a Value,
}

impl Journal {
    /// Takes the lock of this name at this service, without waiting: two runs would make two groups.
    ///
    /// # Errors
    ///
    /// Fails when another process on this machine holds it, or the folder can't be used.
    pub(crate) fn lock_group(&self, endpoint: &str, name: &GroupName) -> Result<ClusterLock, LockError> {
        self.lock_on(endpoint, &format!("group-{name}"))
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

    /// Returns the creates of groups with this name and version that were sent from this machine, without those that
    /// were certainly in vain. What a group's write tells counts for a create whose answer was lost.
    ///
    /// # Errors
    ///
    /// Fails when there is a journal that can't be read. A damaged line is passed over.
    pub(crate) fn creates(
        &self,
        endpoint: &str,
        name: &GroupName,
        version: VersionCode,
    ) -> Result<Vec<Create>, JournalError> {
        let mut creates: Vec<Create> = Vec::new();
        for entry in whole(&self.text()?) {
            let run = entry["run"].as_str().unwrap_or_default();
            let no = || entry["config_group"].as_str().and_then(|no| no.parse::<ConfigGroupNo>().ok());
            let is_of_it = entry["endpoint"] == endpoint
                && entry["config_group_name"] == name.text()
                && entry["version_code"] == version.to_string();
            match entry["event"].as_str() {
                Some("group-create") if is_of_it => creates.push(Create { run: run.to_owned(), no: None }),
                Some("group-created") => {
                    creates.iter_mut().filter(|create| create.run == run).for_each(|create| create.no = no());
                }
                Some("group-write") if is_of_it => {
                    creates
                        .iter_mut()
                        .filter(|create| create.no.is_none())
                        .for_each(|create| create.no = no());
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
        let GroupEntry { service, name, version, consent, plan } = entry;
        let own = json!({
            "config_group": no.map(|no| no.to_string()),
            "config_group_name": name.text(),
            "version_code": version.to_string(),
            "consent": consent,
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

    const ENDPOINT: &str = "https://example.com:443";
    const NOW: Timestamp = Timestamp::UNIX_EPOCH;
    const VERSION: VersionCode = VersionCode::new(39);

    fn journal(folder: &tempfile::TempDir, run: &str) -> Journal {
        Journal::new(Some(folder.path().join("state")), Operator::default(), run.to_owned())
    }

    fn service() -> Service {
        Service {
            site: Site::Public,
            region: Site::Public.default_region(),
            endpoint: Endpoint::parse("https://example.com").unwrap(),
            sandbox: false,
        }
    }

    fn create(journal: &Journal, name: &str) {
        let service = service();
        let name: GroupName = name.parse().unwrap();
        let entry = GroupEntry {
            service: &service,
            name: &name,
            version: VERSION,
            consent: "--yes",
            plan: &json!({}),
        };
        journal.group_create(NOW, &entry).unwrap();
    }

    fn creates(journal: &Journal, endpoint: &str, name: &str, version: u64) -> Vec<(String, Option<u64>)> {
        let creates = journal.creates(endpoint, &name.parse().unwrap(), VersionCode::new(version)).unwrap();
        creates.into_iter().map(|one| (one.run, one.no.map(ConfigGroupNo::number))).collect()
    }

    #[test]
    fn a_create_is_known_by_name_version_and_endpoint_with_its_number_once_that_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let journal = journal(&folder, "first");
        assert_eq!(creates(&journal, ENDPOINT, "orders-390", 39), [], "no journal yet");
        create(&journal, "orders-390");
        assert_eq!(creates(&journal, ENDPOINT, "orders-390", 39), [("first".to_owned(), None)]);
        for (endpoint, name, version) in [
            (ENDPOINT, "orders-391", 39),
            (ENDPOINT, "orders-390", 40),
            ("https://example.org:443", "orders-390", 39),
        ] {
            assert_eq!(creates(&journal, endpoint, name, version), []);
        }
        journal.group_created(NOW, ConfigGroupNo::new(501)).unwrap();
        assert_eq!(creates(&journal, ENDPOINT, "orders-390", 39), [("first".to_owned(), Some(501))]);
    }

    #[test]
    fn the_write_of_a_group_tells_the_number_of_its_lost_create() {
        let folder = tempfile::tempdir().unwrap();
        let (first, second) = (journal(&folder, "first"), journal(&folder, "second"));
        create(&first, "orders-390");
        let name: GroupName = "orders-390".parse().unwrap();
        let service = service();
        let entry = GroupEntry {
            service: &service,
            name: &name,
            version: VERSION,
            consent: "--yes",
            plan: &json!({}),
        };
        second.group_write(NOW, ConfigGroupNo::new(501), &entry).unwrap();
        second.end(NOW, Some("second"), None, &json!({ "created": "no" })).unwrap();
        assert_eq!(creates(&first, ENDPOINT, "orders-390", 39), [("first".to_owned(), Some(501))]);
    }

    #[test]
    fn a_create_that_was_in_vain_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let first = journal(&folder, "first");
        for (created, left) in [("unknown", 1), ("yes", 2), ("no", 0)] {
            create(&first, "orders-390");
            first.end(NOW, Some("first"), None, &json!({ "created": created })).unwrap();
            assert_eq!(creates(&first, ENDPOINT, "orders-390", 39).len(), left, "{created}");
        }
    }

    #[test]
    fn two_runs_do_not_make_the_same_group_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let (first, second) = (journal(&folder, "first"), journal(&folder, "second"));
        let name = |text: &str| text.parse::<GroupName>().unwrap();
        let held = first.lock_group(ENDPOINT, &name("orders-390")).unwrap();
        assert!(matches!(second.lock_group(ENDPOINT, &name("orders-390")), Err(LockError::Held)));
        drop(second.lock_group(ENDPOINT, &name("orders-400")).unwrap());
        drop(held);
        drop(second.lock_group(ENDPOINT, &name("orders-390")).unwrap());
    }
}
