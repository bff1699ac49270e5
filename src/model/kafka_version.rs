//! Kafka versions: parsing, ordering, and resolving the requested one.

use std::cmp::Ordering;
use std::fmt;

use serde::Serialize;

use super::ids::VersionCode;
use super::words::serialize_as_text;

/// A Kafka release number, such as 3.9.0.
#[derive(Debug, Clone)]
pub(crate) struct Release(Vec<u32>);

impl Release {
    /// Finds the first dotted number in a text, as in `Kafka 3.9.0, CMAK 3.0.0.6` or `v3.9.0`.
    pub(crate) fn find(text: &str) -> Option<Self> {
        text.split(|c: char| !c.is_ascii_digit() && c != '.').find_map(Self::parse_dotted)
    }

    fn parse_dotted(text: &str) -> Option<Self> {
        let numbers: Option<Vec<u32>> = text.split('.').map(|part| part.parse().ok()).collect();
        numbers.filter(|numbers| numbers.len() > 1).map(Self)
    }

    pub(crate) fn major(&self) -> u32 {
        self.0.first().copied().unwrap_or_default()
    }

    fn starts_with(&self, prefix: &[u32]) -> bool {
        self.0.starts_with(prefix)
    }

    /// Returns true for the same release or a patch of it, such as 4.3.1 of 4.3.
    pub(crate) fn is_same_or_patch_of(&self, other: &Self) -> bool {
        self.starts_with(&other.0)
    }

    /// Returns the numbers without dots, for names of config groups: 390 for 3.9.0.
    pub(crate) fn digits(&self) -> String {
        self.0.iter().map(ToString::to_string).collect()
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&numbers.join("."))
    }
}

serialize_as_text!(Release);

impl Ord for Release {
    /// Compares number by number; a missing number counts as 0, so 3.9 equals 3.9.0.
    fn cmp(&self, other: &Self) -> Ordering {
        let longest = self.0.len().max(other.0.len());
        let padded = |release: &Self| {
            let mut numbers = release.0.clone();
            numbers.resize(longest, 0);
            numbers
        };
        padded(self).cmp(&padded(other))
    }
}

impl PartialOrd for Release {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Release {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Release {}

/// A Kafka version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "Version"))]
pub(crate) struct KafkaVersion {
    /// The release, such as `3.9.0`; null if the service does not name it.
    #[serde(rename = "version")]
    pub release: Option<Release>,
    /// The service's code for this version.
    pub code: VersionCode,
    /// True if the command line needs the code, because another offered version has the same release, or the version
    /// has no name.
    #[serde(skip)]
    pub needs_code: bool,
}

impl KafkaVersion {
    /// Creates a version from its code and the service's name for it, such as `Kafka 3.9.0`.
    pub(crate) fn new(code: VersionCode, name: Option<&str>) -> Self {
        let release = name.and_then(Release::find);
        Self { code, needs_code: release.is_none(), release }
    }

    /// Creates a version without a known name.
    pub(crate) fn unnamed(code: VersionCode) -> Self {
        Self { code, release: None, needs_code: true }
    }

    /// Returns the value for `--version`.
    pub(crate) fn argument(&self) -> String {
        match &self.release {
            Some(release) if !self.needs_code => release.to_string(),
            _ => self.code.to_string(),
        }
    }
}

/// Returns the release of a version, if known.
pub(crate) fn release_of(version: Option<&KafkaVersion>) -> Option<&Release> {
    version.and_then(|version| version.release.as_ref())
}

impl fmt::Display for KafkaVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.release {
            Some(release) => release.fmt(f),
            None => write!(f, "code {}", self.code),
        }
    }
}

/// A version as the user specified it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum VersionSelector {
    /// Leading numbers: `3.9` matches 3.9.0 and 3.9.1, `3.9.0` matches only 3.9.0.
    Numbers(Vec<u32>),
    Code(VersionCode),
}

/// Why a version can't be resolved.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum VersionError {
    #[error("`{0}` is not a Kafka version; use a release such as 3.9.0, or a version code")]
    Malformed(String),
    #[error("Kafka version {requested} is not offered; available versions: {}", join_versions(offered))]
    NotOffered { requested: String, offered: Vec<KafkaVersion> },
    #[error("`{requested}` is ambiguous; it matches {}", join_versions(matches))]
    Ambiguous { requested: String, matches: Vec<KafkaVersion> },
}

/// Marks the offered versions that are not uniquely identified by their release.
pub(crate) fn mark_ambiguous(offers: &mut [KafkaVersion]) {
    let all = offers.to_vec();
    for offer in offers {
        let release = offer.release.as_ref();
        let found = release
            .and_then(|release| release.to_string().parse::<VersionSelector>().ok()?.resolve(&all).ok());
        offer.needs_code = found.is_none_or(|found| found.version.code != offer.code);
    }
}

fn join_versions(versions: &[KafkaVersion]) -> String {
    let one = |version: &KafkaVersion| match &version.release {
        Some(release) if version.needs_code => format!("{release} (code {})", version.code),
        _ => version.to_string(),
    };
    let shown: Vec<String> = versions.iter().map(one).collect();
    if shown.is_empty() { "none".to_owned() } else { shown.join(", ") }
}

/// The minimum number of digits without a dot that are parsed as a code; known codes have at least seven.
///
/// Chosen: clearly longer than a major version and shorter than a code.
const MIN_CODE_DIGITS: usize = 5;

impl std::str::FromStr for VersionSelector {
    type Err = VersionError;

    /// Parses `3.9.0`, `v3.9.0`, `Kafka 3.9.0`, `3.9`, `3`, or a code such as `3903006`.
    fn from_str(text: &str) -> Result<Self, VersionError> {
        let malformed = || VersionError::Malformed(text.to_owned());
        let lower = text.trim().to_ascii_lowercase();
        let bare = lower.strip_prefix("kafka").unwrap_or(&lower).trim_start();
        let bare = bare.strip_prefix('v').unwrap_or(bare);
        if bare.len() >= MIN_CODE_DIGITS && !bare.contains('.') {
            return bare.parse().map(Self::Code).map_err(|_| malformed());
        }
        let numbers: Result<Vec<u32>, _> =
            bare.split('.')
                .map(|part| {
                    if part.starts_with('+') {
                        Err(malformed())
                    } else {
                        part.parse().map_err(|_| malformed())
                    }
                })
                .collect();
        numbers.map(Self::Numbers)
    }
}

impl fmt::Display for VersionSelector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Numbers(numbers) => Release(numbers.clone()).fmt(f),
            Self::Code(code) => write!(f, "code {code}"),
        }
    }
}

/// A resolved version, and whether the service offers it for new clusters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ResolvedVersion {
    pub version: KafkaVersion,
    pub listed: bool,
}

impl VersionSelector {
    /// Resolves the selector to one of the versions that the service `offers`.
    ///
    /// A code that is not offered is accepted: clusters can run, and be upgraded to, versions that are no longer in the
    /// list for new clusters. A release that is not offered has no code, so it fails.
    pub(crate) fn resolve(&self, offers: &[KafkaVersion]) -> Result<ResolvedVersion, VersionError> {
        let numbers = match self {
            Self::Code(code) => {
                let listed = offers.iter().find(|version| version.code == *code);
                let version = listed.cloned().unwrap_or_else(|| KafkaVersion::unnamed(*code));
                return Ok(ResolvedVersion { version, listed: listed.is_some() });
            }
            Self::Numbers(numbers) => numbers,
        };
        let exact = Release(numbers.clone());
        let offers_where = |is_match: &dyn Fn(&Release) -> bool| -> Vec<KafkaVersion> {
            offers.iter().filter(|version| version.release.as_ref().is_some_and(is_match)).cloned().collect()
        };
        let mut matches =
            if numbers.len() >= 3 { offers_where(&|release| *release == exact) } else { Vec::new() };
        if matches.is_empty() {
            matches = offers_where(&|release| release.starts_with(numbers));
        }
        matches.sort_by(|a, b| a.release.cmp(&b.release));
        match matches.len() {
            0 => Err(VersionError::NotOffered { requested: self.to_string(), offered: offers.to_vec() }),
            1 => Ok(ResolvedVersion { version: matches.remove(0), listed: true }),
            _ => Err(VersionError::Ambiguous { requested: self.to_string(), matches }),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn version(code: u64, name: &str) -> KafkaVersion {
        KafkaVersion::new(VersionCode::new(code), Some(name))
    }

    fn offers() -> Vec<KafkaVersion> {
        vec![
            version(2_823_006, "Kafka 2.8.2"),
            version(3_713_006, "Kafka 3.7.1"),
            version(3_903_006, "Kafka 3.9.0"),
            version(3_913_006, "Kafka 3.9.1"),
        ]
    }

    #[test]
    fn all_spellings_resolve_to_the_same_version() {
        for text in ["3.7.1", "v3.7.1", "V3.7.1", "Kafka 3.7.1", "kafka 3.7.1", " 3.7.1 ", "3.7", "3713006"] {
            let found = text.parse::<VersionSelector>().unwrap().resolve(&offers()).unwrap();
            assert_eq!(found.version.code.number(), 3_713_006, "{text:?}");
            assert!(found.listed);
        }
    }

    #[test]
    fn versions_with_the_same_release_are_listed_with_codes() {
        let mut offers = vec![version(3_903_006, "Kafka 3.9.0"), version(3_903_007, "Kafka 3.9.0")];
        mark_ambiguous(&mut offers);
        let error = "3.9.0".parse::<VersionSelector>().unwrap().resolve(&offers).unwrap_err();
        let expected = "`3.9.0` is ambiguous; it matches 3.9.0 (code 3903006), 3.9.0 (code 3903007)";
        assert_eq!(error.to_string(), expected);
    }

    #[test]
    fn prefix_of_two_versions_is_ambiguous() {
        let error = "3.9".parse::<VersionSelector>().unwrap().resolve(&offers()).unwrap_err();
        assert_eq!(error.to_string(), "`3.9` is ambiguous; it matches 3.9.0, 3.9.1");
    }

    #[test]
    fn version_argument_resolves_to_the_same_version() {
        let mut offers = offers();
        offers.extend([version(3_903_007, "Kafka 3.9.0"), version(4_003_006, "the newest")]);
        offers.extend([version(4_103_006, "Kafka 4.1"), version(4_113_006, "Kafka 4.1.1")]);
        mark_ambiguous(&mut offers);
        assert_eq!(offers[2].argument(), "3903006", "also for a version from the list");
        for (text, argument) in [
            ("3.7.1", "3.7.1"),
            ("3713006", "3.7.1"),
            ("3903006", "3903006"),
            ("3903007", "3903007"),
            ("4003006", "4003006"),
            ("4103006", "4103006"),
            ("4.1.1", "4.1.1"),
            ("9999999", "9999999"),
        ] {
            let find =
                |text: &str| text.parse::<VersionSelector>().unwrap().resolve(&offers).unwrap().version;
            let found = find(text);
            assert_eq!(found.argument(), argument);
            // A release known only from other responses can't be resolved on the command line.
            let named = KafkaVersion { release: found.release.clone().or(Release::find("4.0.0")), ..found };
            assert_eq!(find(&named.argument()).code, named.code, "{text}");
        }
    }

    #[test]
    fn prefix_ends_at_a_dot() {
        let error = "3.70".parse::<VersionSelector>().unwrap().resolve(&offers()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "Kafka version 3.70 is not offered; available versions: 2.8.2, 3.7.1, 3.9.0, 3.9.1"
        );
    }

    #[test]
    fn unoffered_code_is_accepted_but_not_listed() {
        let found = "4003006".parse::<VersionSelector>().unwrap().resolve(&offers()).unwrap();
        assert!(!found.listed);
        assert_eq!(found.version.to_string(), "code 4003006");
    }

    #[test]
    fn invalid_versions_are_rejected() {
        for text in ["", "latest", "3.x", "3..9", "-3.9", "3.+9", "39a3006"] {
            assert!(text.parse::<VersionSelector>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn releases_are_found_in_names_and_compared_by_number() {
        let release = |text| Release::find(text).unwrap();
        assert_eq!(release("Kafka 3.9.0, CMAK 3.0.0.6").to_string(), "3.9.0");
        assert!(release("Kafka 3.10.0") > release("Kafka 3.9.1"));
        assert_eq!(release("3.9"), release("3.9.0"));
        assert!(Release::find("Kafka").is_none());
        assert!(Release::find("Kafka 4").is_none());
    }

    proptest! {
        #[test]
        fn release_round_trips(numbers in prop::collection::vec(0_u32..1000, 2..5)) {
            let release = Release(numbers);
            prop_assert_eq!(Release::find(&format!("Kafka {release}")).unwrap().to_string(), release.to_string());
        }

        #[test]
        fn parsing_never_panics(text in ".{0,40}") {
            let _outcome = text.parse::<VersionSelector>().map(|selector| selector.resolve(&offers()));
        }
    }
}
