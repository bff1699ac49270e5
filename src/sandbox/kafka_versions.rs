//! The Kafka versions on offer.

/// A Kafka version with the service's code.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Version {
    pub(super) code: &'static str,
    pub(super) number: &'static str,
}

/// All versions, oldest first. The order decides which version is higher, not the code.
pub(super) const ALL: &[Version] = &[
    Version { code: "2823006", number: "2.8.2" },
    Version { code: "3623006", number: "3.6.2" },
    Version { code: "3713006", number: "3.7.1" },
    Version { code: "3903006", number: "3.9.0" },
];

impl Version {
    /// Returns the name in the form of the service, such as `Kafka 3.9.0`.
    pub(super) fn name(&self) -> String {
        format!("Kafka {}", self.number)
    }

    pub(super) fn application_name(&self) -> String {
        format!("Kafka {}, {CMAK_NAME}", self.number)
    }
}

/// The management tool in the version's name. The service no longer includes the tool.
pub(super) const CMAK_NAME: &str = "CMAK 3.0.0.6";

/// Returns the index of a code in [`ALL`]; `None` for an unknown code.
pub(super) fn position(code: &str) -> Option<usize> {
    ALL.iter().position(|version| version.code == code)
}

pub(super) fn by_code(code: &str) -> Option<&'static Version> {
    ALL.iter().find(|version| version.code == code)
}

pub(super) fn by_number(number: &str) -> Option<&'static Version> {
    ALL.iter().find(|version| version.number == number)
}
