//! The lines about config groups that were made: each is on the disk before its request leaves.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::entries::{line, whole};
use super::{ClusterLock, Journal, JournalError, LockError};
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

    /// Returns true when a run on this machine sent the create of the group with this name and number, and it was not
    /// certainly in vain.
    ///
    /// # Errors
    ///
    /// Fails when there is a journal that can't be read. A damaged line is passed over.
    pub(crate) fn made_group(
        &self,
        endpoint: &str,
        name: &str,
        version: VersionCode,
        no: ConfigGroupNo,
    ) -> Result<bool, JournalError> {
        // The run of each create, with the number where one was told.
        let mut made: Vec<(String, Option<String>)> = Vec::new();
        for entry in whole(&self.text()?) {
            let run = entry["run"].as_str().unwrap_or_default();
            match entry["event"].as_str() {
                Some("group-create")
                    if entry["endpoint"] == endpoint
                        && entry["config_group_name"] == name
                        && entry["version_code"] == version.to_string() =>
                {
                    made.push((run.to_owned(), None));
                }
                Some("group-created") => {
                    for (_, number) in made.iter_mut().filter(|(of, _)| of == run) {
                        *number = entry["config_group"].as_str().map(str::to_owned);
                    }
                }
                Some("end") if entry["document"]["created"] == "no" => made.retain(|(of, _)| of != run),
                _ => {}
            }
        }
        Ok(made.iter().any(|(_, number)| number.as_ref().is_none_or(|number| *number == no.to_string())))
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

    fn create(journal: &Journal, name: &str) {
        let service = Service {
            site: Site::Public,
            region: Site::Public.default_region(),
            endpoint: Endpoint::parse("https://example.com").unwrap(),
            sandbox: false,
        };
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

    #[test]
    fn a_group_is_known_by_name_version_endpoint_and_number() {
        let folder = tempfile::tempdir().unwrap();
        let journal = journal(&folder, "first");
        let made = |endpoint, name, version, no| {
            journal.made_group(endpoint, name, VersionCode::new(version), ConfigGroupNo::new(no)).unwrap()
        };
        assert!(!made(ENDPOINT, "orders-390", 39, 501), "no journal yet");
        create(&journal, "orders-390");
        assert!(made(ENDPOINT, "orders-390", 39, 501), "its answer may be lost, so any number will do");
        assert!(!made(ENDPOINT, "orders-391", 39, 501));
        assert!(!made(ENDPOINT, "orders-390", 40, 501));
        assert!(!made("https://example.org:443", "orders-390", 39, 501));
        journal.group_created(NOW, ConfigGroupNo::new(501)).unwrap();
        assert!(made(ENDPOINT, "orders-390", 39, 501));
        assert!(!made(ENDPOINT, "orders-390", 39, 502), "somebody else's of the same name");
    }

    #[test]
    fn a_create_that_was_in_vain_makes_nothing_ours() {
        let folder = tempfile::tempdir().unwrap();
        let first = journal(&folder, "first");
        let made = || first.made_group(ENDPOINT, "orders-390", VERSION, ConfigGroupNo::new(501)).unwrap();
        for (created, ours) in [("unknown", true), ("yes", true), ("no", false)] {
            create(&first, "orders-390");
            first.end(NOW, Some("first"), None, &json!({ "created": created })).unwrap();
            assert_eq!(made(), ours, "{created}");
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
