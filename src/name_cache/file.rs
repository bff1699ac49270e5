//! The files of the cache: one for each service and profile.

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use super::Names;
use crate::model::service::Service;
use crate::private_file::{self, Exposure, Replacement};

/// The size limit of a file. Chosen: [`MAX_ENTRIES`](super::MAX_ENTRIES) of each kind take less.
const MAX_MEBIBYTES: u64 = 2;

/// Returns the file for a service and a profile in the cache directory.
pub(crate) fn path(directory: &Path, service: &Service, profile: Option<&str>) -> PathBuf {
    // A profile name can contain any character, so the file name has a hash.
    let key = format!("{}\n{}\n{}", service.key(), service.sandbox, profile.unwrap_or_default());
    let mut name = format!("names-{}-{}-", service.site, service.region);
    for byte in &Sha256::digest(key)[..8] {
        let _infallible = write!(name, "{byte:02x}");
    }
    directory.join(name + ".json")
}

/// Reads the names that are at most one day old. A missing, damaged, or too large file has none, and neither has one that
/// another user can access.
pub(crate) fn load(path: &Path, now: Timestamp) -> Names {
    match private_file::read(path, MAX_MEBIBYTES) {
        Ok(Some((content, Exposure::Private))) => {
            serde_json::from_slice::<Names>(&content).unwrap_or_default().without_expired(now)
        }
        _ => Names::default(),
    }
}

/// Adds names to a file. It does not wait for other writers: while one has the lock, nothing is written.
///
/// # Errors
///
/// Fails if the file can't be written. Its old content is then unchanged.
pub(crate) fn update(path: &Path, names: Names, now: Timestamp) -> io::Result<()> {
    if names.is_empty() {
        return Ok(());
    }
    let Some(replacement) = Replacement::try_begin(path)? else { return Ok(()) };
    let names = names.with_older(load(path, now));
    replacement.write_unsynced(&serde_json::to_vec(&names)?)
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::model::endpoint::Endpoint;
    use crate::model::region::Site;
    use crate::name_cache::tests::{at, clusters};

    fn names(cluster: &str) -> Names {
        let mut names = Names::default();
        names.add_clusters(None, &clusters(&[(1, cluster)]), at(1_000));
        names
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn file_is_private_and_has_names_numbers_and_versions_only() {
        let temporary = tempfile::tempdir().unwrap();
        let file = temporary.path().join("cache/cdss/names.json");
        update(&file, names("orders"), at(1_000)).unwrap();
        assert_eq!((mode(&file), mode(file.parent().unwrap())), (0o600, 0o700));
        let text = fs::read_to_string(&file).unwrap();
        let cluster = r#"{"no":"1","name":"orders","release":"3.7.1","seen":1000}"#;
        assert_eq!(text, format!(r#"{{"clusters":[{cluster}],"groups":[],"versions":[]}}"#));
        assert_eq!(fs::read_dir(file.parent().unwrap()).unwrap().count(), 1, "no temporary file is left");
        assert_eq!(load(&file, at(2_000)).clusters.len(), 1);
    }

    #[test]
    fn nothing_is_written_without_names() {
        let temporary = tempfile::tempdir().unwrap();
        update(&temporary.path().join("cache/names.json"), Names::default(), at(1)).unwrap();
        assert_eq!(fs::read_dir(temporary.path()).unwrap().count(), 0);
    }

    #[test]
    fn services_and_profiles_have_separate_files() {
        let service = |site, region: &str, endpoint, sandbox| Service {
            site,
            region: region.parse().unwrap(),
            endpoint,
            sandbox,
        };
        let ncp = || Endpoint::for_site(Site::Public);
        let local = Endpoint::parse("http://127.0.0.1:9").unwrap();
        let paths = [
            (service(Site::Public, "KR", ncp(), false), None),
            (service(Site::Public, "KR", ncp(), false), Some("prod")),
            (service(Site::Public, "KR", ncp(), false), Some("../../prod")),
            (service(Site::Public, "JPN", ncp(), false), Some("prod")),
            (service(Site::Gov, "KR", ncp(), false), Some("prod")),
            (service(Site::Public, "KR", local.clone(), false), Some("prod")),
            (service(Site::Public, "KR", local, true), Some("prod")),
        ]
        .map(|(service, profile)| path(Path::new("/cache"), &service, profile));
        for (index, one) in paths.iter().enumerate() {
            assert_eq!(one.parent(), Some(Path::new("/cache")), "{}", one.display());
            assert!(!paths[index + 1..].contains(one), "{}", one.display());
        }
    }

    #[test]
    fn damaged_exposed_and_large_files_are_ignored_and_replaced() {
        let temporary = tempfile::tempdir().unwrap();
        let file = temporary.path().join("names.json");
        fs::set_permissions(temporary.path(), Permissions::from_mode(0o700)).unwrap();
        update(&file, names("orders"), at(1_000)).unwrap();
        let valid = fs::read(&file).unwrap();
        let large = [valid.clone(), vec![b' '; 2 * 1024 * 1024]].concat();
        for (content, mode) in [
            (&b"{"[..], 0o600),
            (b"\xff\x00", 0o600),
            (b"[]", 0o600),
            (b"{\"clusters\":[{\"no\":\"x\"}],\"groups\":[],\"versions\":[]}", 0o600),
            (&large, 0o600),
            (&valid, 0o644),
            (&valid, 0o622),
        ] {
            fs::write(&file, content).unwrap();
            fs::set_permissions(&file, Permissions::from_mode(mode)).unwrap();
            assert_eq!(load(&file, at(1_000)), Names::default(), "{mode:o} {:?}", content.get(..20));
            update(&file, names("payments"), at(1_000)).unwrap();
            assert_eq!(load(&file, at(1_000)).clusters[0].name, "payments");
            assert_eq!(super::tests::mode(&file), 0o600);
        }
    }

    #[test]
    fn links_and_other_file_types_are_neither_read_nor_replaced() {
        let temporary = tempfile::tempdir().unwrap();
        let target = temporary.path().join("target");
        fs::write(&target, "important").unwrap();
        let link = temporary.path().join("names.json");
        std::os::unix::fs::symlink(&target, &link).unwrap();
        assert!(update(&link, names("orders"), at(1_000)).is_err());
        assert_eq!(fs::read_to_string(&target).unwrap(), "important");
        let directory = temporary.path().join("directory.json");
        fs::create_dir(&directory).unwrap();
        assert_eq!(load(&directory, at(1_000)), Names::default());
        assert!(update(&directory, names("orders"), at(1_000)).is_err());
    }

    #[test]
    fn writer_does_not_wait_for_another() {
        let temporary = tempfile::tempdir().unwrap();
        let file = temporary.path().join("names.json");
        let directory = fs::File::open(temporary.path()).unwrap();
        directory.lock().unwrap();
        update(&file, names("orders"), at(1_000)).unwrap();
        assert!(!file.exists());
        directory.unlock().unwrap();
        update(&file, names("orders"), at(1_000)).unwrap();
        assert!(file.exists());
    }
}
