//! Output options and settings flags from the command line and the environment.

use std::ffi::OsString;

use super::args::Global;
use crate::model::output_format::OutputFormat;
use crate::output::{OutputOptions, should_use_color, streams};
use crate::settings::{Environment, Flags, SettingsError, language};

/// Guesses the output options when parsing failed, because the parser returns no values after the first error.
pub(super) fn guess_output_options(arguments: &[OsString], environment: &Environment) -> OutputOptions {
    let words: Vec<&str> = arguments.iter().filter_map(|argument| argument.to_str()).collect();
    let has_flag = |format: &str| {
        let is_value = |word: &&str| {
            ["-o=", "-o", "--output="].iter().any(|flag| word.strip_prefix(flag) == Some(format))
        };
        let is_pair = |pair: &[&str]| matches!(pair, ["-o" | "--output", value] if *value == format);
        words.iter().any(is_value) || words.windows(2).any(is_pair)
    };
    let format = if has_flag("markdown") {
        OutputFormat::Markdown
    } else if has_flag("json") || environment.value("CDSS_OUTPUT") == Some("json") {
        OutputFormat::Json
    } else {
        OutputFormat::Table
    };
    OutputOptions {
        format,
        language: language(None, environment).unwrap_or_default(),
        ..OutputOptions::default()
    }
}

/// Resolves the output options without reading a profile: the flag, then `CDSS_OUTPUT`, then `table`.
pub(super) fn output_options(
    global: &Global,
    environment: &Environment,
) -> Result<OutputOptions, SettingsError> {
    crate::settings::validate_time_zone(environment)?;
    let (format, origin) = match (global.output.as_deref(), environment.value("CDSS_OUTPUT")) {
        (Some(""), _) => return Err(SettingsError::Empty("--output".to_owned())),
        (Some(text), _) => (text.parse(), "--output"),
        (None, Some("")) => return Err(SettingsError::Empty("CDSS_OUTPUT".to_owned())),
        (None, Some(text)) => (OutputFormat::parse_default(text), "CDSS_OUTPUT"),
        (None, None) => (Ok(OutputFormat::default()), "default"),
    };
    let invalid = |reason| SettingsError::Invalid { name: origin.to_owned(), reason };
    let uses_color = |is_terminal| {
        should_use_color(global.color, environment.value("NO_COLOR"), environment.value("TERM"), is_terminal)
    };
    Ok(OutputOptions {
        format: format.map_err(invalid)?,
        language: language(global.language, environment)?,
        quiet: global.quiet,
        verbosity: global.verbose,
        color: uses_color(streams::stderr_is_terminal()),
        stdout_color: uses_color(streams::stdout_is_terminal()),
    })
}

pub(super) fn flags(global: &Global, poll: Option<&str>, brokers: Option<&str>) -> Flags {
    Flags {
        profile: global.profile.clone(),
        site: global.site.clone(),
        region: global.region.clone(),
        endpoint: global.endpoint.clone(),
        cacert: global.cacert.clone(),
        output: global.output.clone(),
        poll: poll.map(str::to_owned),
        brokers: brokers.map(str::to_owned),
        record: global.record.clone(),
        record_anonymous: global.record_anonymous,
        language: global.language,
    }
}
