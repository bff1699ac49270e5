//! Names for new config groups.

use std::fmt;
use std::str::FromStr;

use super::kafka_version::Release;

/// A valid name for a new config group.
///
/// Source: NAVER Cloud API guide, `clouddatastreamingservice-createconfiggroup`; the end without a hyphen is a rule of the
/// console.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GroupName(String);

/// The service would refuse the name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "invalid config group name `{0}`: use 3 to 30 lowercase letters, digits, and hyphens, starting with a letter and not \
     ending with a hyphen"
)]
pub(crate) struct InvalidGroupName(String);

/// The maximum length of a generated name: the limit of the service's Terraform provider.
const MAX_GENERATED_LENGTH: usize = 15;

/// The highest numeric suffix of a generated name.
///
/// Chosen: users with more copies of one group for one version choose their own names.
const MAX_SUFFIX: usize = 9;

impl FromStr for GroupName {
    type Err = InvalidGroupName;

    fn from_str(text: &str) -> Result<Self, InvalidGroupName> {
        let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        let fits = (3..=30).contains(&text.len())
            && text.starts_with(|c: char| c.is_ascii_lowercase())
            && !text.ends_with('-')
            && text.chars().all(allowed);
        if fits { Ok(Self(text.to_owned())) } else { Err(InvalidGroupName(text.to_owned())) }
    }
}

impl fmt::Display for GroupName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl GroupName {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the default name for a copy: the old name with its version digits replaced, or with the new version's
    /// digits appended. None if that is not a valid name or too long.
    pub(crate) fn for_copy(old: &str, before: Option<&Release>, after: &Release) -> Option<Self> {
        let digits = after.digits();
        let replaced = before.and_then(|before| replace_number(old, &before.digits(), &digits));
        let name = replaced.unwrap_or_else(|| format!("{old}-{digits}"));
        name.parse().ok().filter(|_| name.len() <= MAX_GENERATED_LENGTH)
    }
}

/// Returns an unused name for a copy, within the maximum length: the default name, or a similar one. None if all are
/// taken. `digits` are those of the new version.
pub(crate) fn available_name(
    old: &str,
    default: Option<&GroupName>,
    digits: &str,
    is_taken: &dyn Fn(&GroupName) -> bool,
) -> Option<GroupName> {
    let version = format!("-{digits}");
    let base = default.map_or(old, GroupName::as_str);
    // Only the numeric suffix follows the version.
    let (stem, tail) = match base.strip_suffix(&version) {
        Some(stem) => (stem, version.as_str()),
        None if default.is_some() => (base, ""),
        None => (base, version.as_str()),
    };
    let numbers = (2..=MAX_SUFFIX).map(|number| format!("-{number}"));
    let endings: Vec<String> = std::iter::once(String::new()).chain(numbers).collect();
    let named = |stem: &str, tail: &str| {
        let cut: String = stem.chars().take(MAX_GENERATED_LENGTH.saturating_sub(tail.len())).collect();
        format!("{}{tail}", cut.trim_end_matches('-')).parse::<GroupName>().ok()
    };
    [(stem, tail), ("copy", &version)]
        .into_iter()
        .flat_map(|(stem, tail)| endings.iter().filter_map(move |end| named(stem, &format!("{tail}{end}"))))
        .find(|name| !is_taken(name))
}

/// Replaces the last number that consists of exactly these digits.
fn replace_number(text: &str, old: &str, new: &str) -> Option<String> {
    let is_digit = |c: Option<char>| c.is_some_and(|c| c.is_ascii_digit());
    let whole = |(at, found): &(usize, &str)| {
        !is_digit(text[..*at].chars().next_back()) && !is_digit(text[at + found.len()..].chars().next())
    };
    let (at, _) = text.rmatch_indices(old).find(whole)?;
    Some(format!("{}{new}{}", &text[..at], &text[at + old.len()..]))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn release(text: &str) -> Release {
        Release::find(text).unwrap()
    }

    #[test]
    fn names_follow_the_rules_of_the_service() {
        for name in ["abc", "orders-390", "a23456789012345678901234567890"] {
            assert_eq!(name.parse::<GroupName>().unwrap().as_str(), name);
        }
        for name in [
            "",
            "ab",
            "Orders-390",
            "3orders",
            "orders_390",
            "orders 390",
            "주문-390",
            "-ab",
            "ab-",
            "a234567890123456789012345678901",
        ] {
            assert!(name.parse::<GroupName>().is_err(), "{name:?}");
        }
    }

    #[test]
    fn copy_name_has_digits_of_new_version() {
        for (old, before, name) in [
            ("orders-371", Some("3.7.1"), Some("orders-390")),
            ("orders-371-b", Some("3.7.1"), Some("orders-390-b")),
            ("kafka371", Some("3.7.1"), Some("kafka390")),
            ("a371-371", Some("3.7.1"), Some("a371-390")),
            ("orders", Some("3.7.1"), Some("orders-390")),
            ("orders-1371", Some("3.7.1"), Some("orders-1371-390")),
            ("o371-1371", Some("3.7.1"), Some("o390-1371")),
            ("orders-3712", Some("3.7.1"), Some("orders-3712-390")),
            ("orders-371", None, Some("orders-371-390")),
            ("a-long-name-371", Some("3.7.1"), Some("a-long-name-390")),
            ("a-long-name-of-it", Some("3.7.1"), None),
            ("a-long-name-0", Some("3.7.1"), None),
            ("Orders-371", Some("3.7.1"), None),
            ("orders-371-", Some("3.7.1"), None),
            ("주문-371", Some("3.7.1"), None),
        ] {
            let found = GroupName::for_copy(old, before.map(release).as_ref(), &release("3.9.0"));
            assert_eq!(found.as_ref().map(GroupName::as_str), name, "{old}");
        }
    }

    #[test]
    fn available_name_is_the_default_or_similar() {
        let free = |old: &str, taken: &[&str]| {
            let default = GroupName::for_copy(old, Some(&release("3.7.1")), &release("3.9.0"));
            let name = available_name(old, default.as_ref(), "390", &|name| taken.contains(&name.as_str()));
            name.map(|name| name.as_str().to_owned())
        };
        for (old, taken, name) in [
            ("orders-371", &[][..], "orders-390"),
            ("orders-371", &["orders-390"], "orders-390-2"),
            ("orders-371", &["orders-390", "orders-390-2"], "orders-390-3"),
            ("orders-371-b", &["orders-390-b"], "orders-390-b-2"),
            ("a-long-name-of-it", &[], "a-long-name-390"),
            ("a-long-name-of-it", &["a-long-name-390"], "a-long-na-390-2"),
            ("orders-371-", &[], "orders-371-390"),
            ("주문-371", &[], "copy-390"),
            ("주문-371", &["copy-390", "copy-390-2"], "copy-390-3"),
        ] {
            assert_eq!(free(old, taken).as_deref(), Some(name), "{old} {taken:?}");
        }
    }

    proptest! {
        #[test]
        fn available_names_are_short_and_unique(old in ".{0,20}", is_plain in any::<bool>()) {
            let old = if is_plain { "orders-371".to_owned() } else { old };
            let default = GroupName::for_copy(&old, Some(&release("3.7.1")), &release("3.9.0"));
            let mut taken: Vec<GroupName> = Vec::new();
            while let Some(name) = available_name(&old, default.as_ref(), "390", &|name| taken.contains(name)) {
                prop_assert!(name.as_str().len() <= MAX_GENERATED_LENGTH && !taken.contains(&name), "{}", name);
                taken.push(name);
            }
            prop_assert!((9..=18).contains(&taken.len()), "{} names", taken.len());
        }
    }
}
