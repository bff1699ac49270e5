//! The process's streams, and how loud and in which form it speaks.

use std::io::{self, IsTerminal as _, Write as _};

use crate::model::output_format::OutputFormat;

/// How it speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct OutputOptions {
    pub format: OutputFormat,
    /// Drops progress and remarks; never the plan before a question, never an error with its hint.
    pub quiet: bool,
    /// 1 settings, 2 requests, 3 answers.
    pub verbosity: u8,
    /// Colours on stderr.
    pub color: bool,
}

/// Decides about colours: `--color`, then `NO_COLOR`, then whether stderr is a terminal that knows them.
pub(crate) fn should_use_color(
    flag: &str,
    no_color: Option<&str>,
    term: Option<&str>,
    is_terminal: bool,
) -> bool {
    match flag {
        "always" => true,
        "never" => false,
        _ => is_terminal && no_color.is_none_or(str::is_empty) && term != Some("dumb"),
    }
}

/// Writes lines to stderr. A stderr that can't be written has nobody to tell.
pub(crate) fn print_stderr(text: &str) {
    let mut stderr = io::stderr().lock();
    let _nobody_to_tell = stderr.write_all(text.as_bytes()).and_then(|()| stderr.write_all(b"\n"));
}

/// Writes the result to stdout.
///
/// # Errors
///
/// Fails when stdout does; the verdict is then in the exit code and the journal only.
pub(crate) fn print_stdout(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(text.as_bytes())?;
    stdout.flush()
}

/// Returns the name of a stream that a question needs and that is no terminal.
pub(crate) fn missing_terminal() -> Option<&'static str> {
    if !io::stdin().is_terminal() {
        Some("stdin")
    } else if stderr_is_terminal() {
        None
    } else {
        Some("stderr")
    }
}

pub(super) fn stdout_is_terminal() -> bool {
    io::stdout().is_terminal()
}

pub(crate) fn stderr_is_terminal() -> bool {
    io::stderr().is_terminal()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_follow_the_flag_then_no_color_then_the_terminal() {
        for (flag, no_color, term, is_terminal, colour) in [
            ("always", Some("1"), Some("dumb"), false, true),
            ("never", None, None, true, false),
            ("auto", None, None, true, true),
            ("auto", None, None, false, false),
            ("auto", Some("1"), None, true, false),
            ("auto", Some(""), None, true, true),
            ("auto", None, Some("dumb"), true, false),
        ] {
            assert_eq!(
                should_use_color(flag, no_color, term, is_terminal),
                colour,
                "{flag} {no_color:?} {term:?}"
            );
        }
    }
}
