//! Output options and settings flags from the command line and the environment.

use std::ffi::OsString;

use super::args::Global;
use crate::model::output_format::OutputFormat;
use crate::output::{OutputOptions, should_use_color, streams};
use crate::settings::{Environment, Flags, SettingsError, language};

/// Guesses the output options when parsing failed, because the parser returns no values after the first error.
pub(super) fn guess_output_options(arguments: &[OsString], environment: &Environment) -> OutputOptions {
    let words: Vec<&str> = arguments.iter().filter_map(|argument| argument.to_str()).collect();
    let wants_json = words.iter().any(|word| matches!(*word, "-ojson" | "-o=json" | "--output=json"))
        || words.windows(2).any(|pair| matches!(pair, ["-o" | "--output", "json"]))
        || environment.value("CDSS_OUTPUT") == Some("json");
    OutputOptions {
        format: if wants_json { OutputFormat::Json } else { OutputFormat::Table },
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
    let (text, origin) = match (global.output.as_deref(), environment.value("CDSS_OUTPUT")) {
        (Some(text), _) => (text, "--output"),
        (None, Some(text)) => (text, "CDSS_OUTPUT"),
        (None, None) => (OutputFormat::default().into_str(), "default"),
    };
    if text.is_empty() {
        return Err(SettingsError::Empty(origin.to_owned()));
    }
    let invalid = |reason| SettingsError::Invalid { name: origin.to_owned(), reason };
    let uses_color = |is_terminal| {
        should_use_color(global.color, environment.value("NO_COLOR"), environment.value("TERM"), is_terminal)
    };
    Ok(OutputOptions {
        format: text.parse().map_err(invalid)?,
        language: language(global.language, environment)?,
        quiet: global.quiet,
        verbosity: global.verbose,
        color: uses_color(streams::stderr_is_terminal()),
        stdout_color: uses_color(streams::stdout_is_terminal()),
    })
}

pub(super) fn flags(global: &Global, poll: Option<&str>) -> Flags {
    Flags {
        profile: global.profile.clone(),
        site: global.site.clone(),
        region: global.region.clone(),
        endpoint: global.endpoint.clone(),
        cacert: global.cacert.clone(),
        output: global.output.clone(),
        poll: poll.map(str::to_owned),
        record: global.record.clone(),
        record_anonymous: global.record_anonymous,
        language: global.language,
    }
}
