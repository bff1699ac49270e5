//! Writes to stdout and stderr, and the options that control the output.

use std::io::{self, IsTerminal as _, Write as _};

use clap::ColorChoice;

use crate::model::language::Language;
use crate::model::output_format::OutputFormat;

/// Output options.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct OutputOptions {
    pub format: OutputFormat,
    /// The language of the messages that protect the user.
    pub language: Language,
    /// Hides progress and notes. The plan, errors, and their hints are still printed.
    pub quiet: bool,
    /// 1 adds settings, 2 requests, 3 responses.
    pub verbosity: u8,
    /// Colors on stderr.
    pub color: bool,
    /// Colors in the text on stdout. A document has none.
    pub stdout_color: bool,
}

/// Returns true if output on a stream should be colored: `--color` decides first, then `NO_COLOR`, then whether the stream
/// is a terminal that supports colors.
pub(crate) fn should_use_color(
    choice: ColorChoice,
    no_color: Option<&str>,
    term: Option<&str>,
    is_terminal: bool,
) -> bool {
    match choice {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => is_terminal && no_color.is_none_or(str::is_empty) && term != Some("dumb"),
    }
}

/// Writes `text` and a line break to stderr. Errors are ignored: there is no other stream to report them on.
pub(crate) fn print_stderr(text: &str) {
    write_stderr(&format!("{text}\n"));
}

/// Writes `text` to stderr, without a line break.
pub(super) fn write_stderr(text: &str) {
    let _cannot_be_reported = io::stderr().write_all(text.as_bytes());
}

/// Writes the result to stdout.
///
/// # Errors
///
/// Fails if stdout can't be written. The verdict is then only in the exit code and the journal.
pub(crate) fn print_stdout(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// Returns the name of a stream that the prompt needs and that is not a terminal.
pub(crate) fn missing_terminal() -> Option<&'static str> {
    if !io::stdin().is_terminal() {
        Some("stdin")
    } else if stderr_is_terminal() {
        None
    } else {
        Some("stderr")
    }
}

pub(crate) fn stdout_is_terminal() -> bool {
    io::stdout().is_terminal()
}

/// Returns the number of columns of the terminal on stdout; None if it is not a terminal.
#[cfg(unix)]
pub(super) fn stdout_width() -> Option<u16> {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    Some(size.ws_col).filter(|columns| *columns > 0)
}

#[cfg(not(unix))]
pub(super) fn stdout_width() -> Option<u16> {
    None
}

pub(crate) fn stderr_is_terminal() -> bool {
    io::stderr().is_terminal()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn color_depends_on_flag_then_no_color_then_terminal() {
        for (choice, no_color, term, is_terminal, color) in [
            (ColorChoice::Always, Some("1"), Some("dumb"), false, true),
            (ColorChoice::Never, None, None, true, false),
            (ColorChoice::Auto, None, None, true, true),
            (ColorChoice::Auto, None, None, false, false),
            (ColorChoice::Auto, Some("1"), None, true, false),
            (ColorChoice::Auto, Some(""), None, true, true),
            (ColorChoice::Auto, None, Some("dumb"), true, false),
        ] {
            assert_eq!(
                should_use_color(choice, no_color, term, is_terminal),
                color,
                "{choice} {no_color:?} {term:?}"
            );
        }
    }
}
