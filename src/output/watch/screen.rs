//! Draws lines at the bottom of a terminal and replaces them.

use std::fmt::Write as _;
use std::time::Duration;

use console::Term;

use super::frame::{self, Size};
use crate::output::streams;
use crate::report::watch::WatchView;

/// The lines of a watch on the terminal of stderr.
///
/// Between two paints, the cursor stays at the beginning of the first line. When a terminal changes its width, it may
/// wrap the lines anew, but the cursor stays at its character. So erasing from the cursor on always erases these lines, and
/// nothing before them.
pub(super) struct Screen {
    term: Term,
    color: bool,
    is_painted: bool,
}

/// Erases from the cursor to the end of the screen.
const ERASE_BELOW: &str = "\x1b[J";

/// Erases from the cursor to the end of the line.
const ERASE_LINE: &str = "\x1b[K";

/// Turns automatic line breaks off, so that a line that is too long for a window that just shrank stays one line.
const WRAP_OFF: &str = "\x1b[?7l";
const WRAP_ON: &str = "\x1b[?7h";

impl Screen {
    pub(super) fn new(color: bool) -> Self {
        Self { term: Term::stderr(), color, is_painted: false }
    }

    /// Paints the watch, unless the shell has moved this process to the background.
    pub(super) fn paint(&mut self, view: &WatchView, now: Duration) {
        if !is_in_foreground() {
            return;
        }
        let lines = frame::lines(view, now, self.size(), self.color);
        let mut text = format!("{WRAP_OFF}\r");
        text.push_str(&lines.join(&format!("{ERASE_LINE}\r\n")));
        let _infallible = write!(text, "{ERASE_BELOW}\r");
        if lines.len() > 1 {
            let _infallible = write!(text, "\x1b[{}A", lines.len() - 1);
        }
        text.push_str(WRAP_ON);
        streams::write_stderr(&text);
        self.is_painted = true;
    }

    /// Erases the watch.
    pub(super) fn clear(&mut self) {
        if std::mem::take(&mut self.is_painted) {
            streams::write_stderr(&format!("\r{ERASE_BELOW}"));
        }
    }

    /// Returns the current size. Some pseudo-terminals report none, or zero.
    fn size(&self) -> Size {
        match self.term.size_checked() {
            Some((rows, columns)) if rows > 0 && columns > 0 => {
                Size { rows: rows.into(), columns: columns.into() }
            }
            _ => Size { rows: 24, columns: 80 },
        }
    }
}

/// Returns false if the terminal is controlled by another job, which the screen would overwrite.
fn is_in_foreground() -> bool {
    #[cfg(unix)]
    {
        let foreground = rustix::termios::tcgetpgrp(std::io::stderr());
        foreground.map_or(true, |group| group == rustix::process::getpgrp())
    }
    #[cfg(not(unix))]
    true
}
