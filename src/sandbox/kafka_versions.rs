//! The Kafka versions on offer.

/// One version, under the service's code for it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Version {
    pub(super) code: &'static str,
    pub(super) number: &'static str,
}

/// All versions, oldest first: the order decides which is higher, the codes do not.
pub(super) const ALL: &[Version] = &[
    Version { code: "2823006", number: "2.8.2" },
    Version { code: "3623006", number: "3.6.2" },
    Version { code: "3713006", number: "3.7.1" },
    Version { code: "3903006", number: "3.9.0" },
];

impl Version {
    /// Returns the number with the word that the service puts before it.
    pub(super) fn name(&self) -> String {
        format!("Kafka {}", self.number)
    }

    pub(super) fn application_name(&self) -> String {
        format!("Kafka {}, {CMAK_VERSION}", self.number)
    }
}

/// The management tool that is part of a version's name, although no longer of the service.
pub(super) const CMAK_VERSION: &str = "CMAK 3.0.0.6";

/// Returns the place of a code among the versions, or `None` for a foreign one.
pub(super) fn position(code: &str) -> Option<usize> {
    ALL.iter().position(|version| version.code == code)
}

pub(super) fn by_code(code: &str) -> Option<&'static Version> {
    ALL.iter().find(|version| version.code == code)
}

pub(super) fn by_number(number: &str) -> Option<&'static Version> {
    ALL.iter().find(|version| version.number == number)
}
