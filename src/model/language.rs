//! The language of the messages.

use strum::{EnumString, IntoStaticStr, VariantArray, VariantNames};

use super::words::alternatives;

/// The language of the messages that protect the user: cautions, confirmations, and verdicts. All other text is English.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Default, EnumString, IntoStaticStr, VariantArray, VariantNames,
)]
#[strum(parse_err_ty = String, parse_err_fn = unsupported_language, const_into_str)]
pub(crate) enum Language {
    #[default]
    #[strum(serialize = "en")]
    English,
    #[strum(serialize = "ko")]
    Korean,
}

fn unsupported_language(text: &str) -> String {
    format!("unsupported language `{text}`; use {}", alternatives(<Language as VariantNames>::VARIANTS))
}
