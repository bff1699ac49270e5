//! The output format.

use strum::{EnumString, IntoStaticStr, VariantNames};

use super::words::alternatives;

/// The format of the result on stdout.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, EnumString, IntoStaticStr, VariantNames)]
#[strum(serialize_all = "lowercase", const_into_str)]
#[strum(parse_err_ty = String, parse_err_fn = unsupported_format)]
pub(crate) enum OutputFormat {
    #[default]
    Table,
    Json,
    /// Only `check` and `upgrade` have it.
    Markdown,
}

impl OutputFormat {
    /// Parses the format of a profile or of the environment, which applies to all commands.
    ///
    /// # Errors
    ///
    /// Fails for Markdown too: most commands would fail.
    pub(crate) fn parse_default(text: &str) -> Result<Self, String> {
        match text.parse() {
            Ok(Self::Markdown) => Err(
                "`markdown` can't be the default: only `check` and `upgrade` have it, with --output markdown"
                    .to_owned(),
            ),
            Ok(format) => Ok(format),
            Err(_) => Err(unsupported(text, &[Self::Table.into_str(), Self::Json.into_str()])),
        }
    }
}

fn unsupported_format(text: &str) -> String {
    unsupported(text, OutputFormat::VARIANTS)
}

fn unsupported(text: &str, supported: &[&str]) -> String {
    format!("unsupported output format `{text}`; use {}", alternatives(supported))
}
