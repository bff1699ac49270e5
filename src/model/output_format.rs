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
}

fn unsupported_format(text: &str) -> String {
    format!("unsupported output format `{text}`; use {}", alternatives(OutputFormat::VARIANTS))
}
