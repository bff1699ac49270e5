//! The language of the messages: the flag, then `CDSS_LANG`, then the locale.

use super::{Environment, SettingsError};
use crate::model::language::Language;

/// The environment variable that sets the language.
pub(crate) const LANGUAGE_VARIABLE: &str = "CDSS_LANG";

/// Returns the language. An unknown locale means English.
///
/// # Errors
///
/// Fails if `CDSS_LANG` is needed and is not a language.
pub(crate) fn language(flag: Option<Language>, environment: &Environment) -> Result<Language, SettingsError> {
    let name = || LANGUAGE_VARIABLE.to_owned();
    match (flag, environment.value(LANGUAGE_VARIABLE)) {
        (Some(language), _) => Ok(language),
        (None, Some("")) => Err(SettingsError::Empty(name())),
        (None, Some(text)) => text.parse().map_err(|reason| SettingsError::Invalid { name: name(), reason }),
        (None, None) => Ok(locale_language(environment)),
    }
}

/// Returns Korean for a Korean locale. Messages are always UTF-8, so a terminal with another encoding gets English.
fn locale_language(environment: &Environment) -> Language {
    // The order of POSIX. An empty variable counts as unset.
    let locale = |category| {
        let mut values = ["LC_ALL", category, "LANG"].into_iter().filter_map(|name| environment.value(name));
        values.find(|value| !value.is_empty()).unwrap_or_default()
    };
    let messages = locale("LC_MESSAGES");
    let is_korean = messages.split(['_', '.', '@']).next() == Some("ko");
    if is_korean && [messages, locale("LC_CTYPE")].into_iter().all(may_be_utf8) {
        Language::Korean
    } else {
        Language::English
    }
}

/// Returns false for a locale that names another encoding, as in `ko_KR.eucKR`, or that is ASCII by definition.
fn may_be_utf8(locale: &str) -> bool {
    match locale.split(['.', '@']).nth(1) {
        Some(encoding) if locale.contains('.') => {
            ["utf-8", "utf8"].iter().any(|name| encoding.eq_ignore_ascii_case(name))
        }
        _ => !matches!(locale, "C" | "POSIX"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns the language with these variables.
    fn with(flag: Option<Language>, variables: &[(&str, &str)]) -> Result<Language, SettingsError> {
        language(flag, &Environment::from_pairs(variables))
    }

    #[test]
    fn flag_precedes_variable_and_variable_precedes_locale() {
        use Language::{English, Korean};
        for (flag, variables, expected) in [
            (None, &[][..], English),
            (Some(Korean), &[], Korean),
            (Some(English), &[("CDSS_LANG", "ko"), ("LC_ALL", "ko_KR.UTF-8")], English),
            (Some(Korean), &[("CDSS_LANG", "en"), ("LC_ALL", "C")], Korean),
            (Some(Korean), &[("CDSS_LANG", "xx")], Korean),
            (None, &[("CDSS_LANG", "ko"), ("LC_ALL", "en_US.UTF-8")], Korean),
            (None, &[("CDSS_LANG", "ko"), ("LC_ALL", "ko_KR.eucKR")], Korean),
            (None, &[("CDSS_LANG", "en"), ("LC_ALL", "ko_KR.UTF-8")], English),
        ] {
            assert_eq!(with(flag, variables), Ok(expected), "{flag:?} {variables:?}");
        }
    }

    #[test]
    fn invalid_variable_is_an_error() {
        for (value, message) in [
            ("", "CDSS_LANG is empty"),
            ("kr", "CDSS_LANG: unsupported language `kr`; use en or ko"),
            ("ko_KR.UTF-8", "CDSS_LANG: unsupported language `ko_KR.UTF-8`; use en or ko"),
        ] {
            let error = with(None, &[("CDSS_LANG", value), ("LANG", "ko_KR.UTF-8")]).unwrap_err();
            assert_eq!(error.to_string(), message);
        }
    }

    #[test]
    fn locale_variables_have_the_precedence_of_posix() {
        // LC_ALL, LC_MESSAGES, LANG; empty means unset.
        for (all, messages, lang, is_korean) in [
            ("ko_KR.UTF-8", "en_US.UTF-8", "en_US.UTF-8", true),
            ("en_US.UTF-8", "ko_KR.UTF-8", "ko_KR.UTF-8", false),
            ("C.UTF-8", "ko_KR.UTF-8", "ko_KR.UTF-8", false),
            ("", "ko_KR.UTF-8", "en_US.UTF-8", true),
            ("", "en_US.UTF-8", "ko_KR.UTF-8", false),
            ("", "C", "ko_KR.UTF-8", false),
            ("", "", "ko_KR.UTF-8", true),
            ("", "", "en_US.UTF-8", false),
            ("", "", "", false),
        ] {
            let variables = [("LC_ALL", all), ("LC_MESSAGES", messages), ("LANG", lang)];
            let expected = if is_korean { Language::Korean } else { Language::English };
            assert_eq!(with(None, &variables), Ok(expected), "{variables:?}");
        }
    }

    #[test]
    fn only_a_korean_locale_that_may_be_utf8_is_korean() {
        for (locale, is_korean) in [
            ("ko", true),
            ("ko_KR", true),
            ("ko_KR.UTF-8", true),
            ("ko_KR.utf8", true),
            ("ko_KR.UTF-8@hanja", true),
            ("ko_KR@hanja", true),
            ("ko_KR.eucKR", false),
            ("ko_KR.CP949", false),
            ("ko_KR.eucKR@utf8", false),
            ("ko_KR.", false),
            ("kok_IN.UTF-8", false),
            ("korean", false),
            ("ja_JP.UTF-8", false),
            ("xx", false),
            ("C", false),
        ] {
            let expected = if is_korean { Language::Korean } else { Language::English };
            assert_eq!(with(None, &[("LANG", locale)]), Ok(expected), "{locale}");
        }
    }

    #[test]
    fn terminal_with_another_encoding_gets_english() {
        for (ctype, is_korean) in [
            ("ko_KR.UTF-8", true),
            ("en_US.UTF-8", true),
            // As macOS sets it for remote sessions.
            ("UTF-8", true),
            ("", true),
            ("ko_KR.eucKR", false),
            ("C", false),
            ("POSIX", false),
        ] {
            let variables = [("LC_CTYPE", ctype), ("LANG", "ko_KR.UTF-8")];
            let expected = if is_korean { Language::Korean } else { Language::English };
            assert_eq!(with(None, &variables), Ok(expected), "{ctype:?}");
        }
    }
}
