//! Fixed words that completion offers for an argument whose value is validated elsewhere.

use std::ffi::OsStr;

use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use clap::{Arg, Command, Error};
use strum::VariantArray as _;

use crate::model::region::Site;
use crate::upgrade::rules::checks::{CheckId, Override};

/// A parser that also offers words. It accepts what the inner parser accepts.
#[derive(Clone)]
pub(crate) struct Suggesting<P> {
    parser: P,
    words: Vec<&'static str>,
}

/// Adds words to a parser.
pub(crate) fn suggest<P>(words: impl IntoIterator<Item = &'static str>, parser: P) -> Suggesting<P> {
    Suggesting { parser, words: words.into_iter().collect() }
}

/// Accepts any text, and offers words.
pub(crate) fn text(words: impl IntoIterator<Item = &'static str>) -> Suggesting<StringValueParser> {
    suggest(words, StringValueParser::new())
}

impl<P: TypedValueParser> TypedValueParser for Suggesting<P> {
    type Value = P::Value;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, value: &OsStr) -> Result<P::Value, Error> {
        self.parser.parse_ref(command, arg, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(self.words.iter().map(PossibleValue::new)))
    }
}

/// Returns the regions of all sites.
pub(crate) fn regions() -> Vec<&'static str> {
    let mut regions: Vec<&str> = Vec::new();
    for region in Site::all().flat_map(Site::regions) {
        if !regions.contains(region) {
            regions.push(region);
        }
    }
    regions
}

/// Returns the checks that `--accept` can override.
pub(crate) fn overridable_checks() -> impl Iterator<Item = &'static str> {
    let is_overridable = |check: &&CheckId| check.overridable() != Override::Never;
    CheckId::VARIANTS.iter().filter(is_overridable).map(CheckId::into_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_closed_sets_are_complete() {
        assert_eq!(regions(), ["KR", "SGN", "JPN", "KRS", "FKR"]);
        let checks: Vec<&str> = overridable_checks().collect();
        assert!(
            checks.contains(&"config.lost-override") && !checks.contains(&"config.version"),
            "{checks:?}"
        );
    }
}
