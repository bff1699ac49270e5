//! The question on the terminal.

use std::io;
use std::sync::mpsc::{self, TryRecvError};
use std::time::Duration;

use secrecy::SecretString;

use super::streams;
use crate::clock::SignalListener;
use crate::consent::Prompt;

/// Asks on stderr and reads from the terminal on stdin.
pub(crate) struct TerminalPrompt {
    pub interrupt: SignalListener,
}

/// What the service warns of, and what it does not say: that there is no way back.
///
/// Source: NAVER Cloud API guide, `cdss-rollingupgrade`; the list of operations has no cancel.
const CAUTIONS: &str = "
This cannot be cancelled or undone.
  Clients can be cut off for a moment while each broker restarts.
  Data can be lost, above all in topics with a single replica.
  Topics that are still replicating have to finish first.
  The config group has to fit the version.
";

/// How long a key press or a signal may go unnoticed.
///
/// Chosen: below what a person feels.
const NOTICE: Duration = Duration::from_millis(20);

impl TerminalPrompt {
    /// Asks for one line that isn't shown while it is typed.
    ///
    /// # Errors
    ///
    /// Fails as [`Prompt::line`] does.
    pub(crate) fn secret(&mut self, question: &str) -> io::Result<SecretString> {
        let question = super::escape::escape(question);
        self.ask(move || {
            let prompt = dialoguer::Password::new().with_prompt(question).allow_empty_password(true);
            prompt.interact().map(SecretString::from)
        })
    }

    /// Lets `read` ask on a thread of its own: the prompt swallows signals that come while it reads. At a signal
    /// the thread is left behind; the process is about to end.
    fn ask<T: Send + 'static>(
        &self,
        read: impl FnOnce() -> dialoguer::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let terminal = SavedTerminal::take();
        drop_typed_ahead();
        let (tell, told) = mpsc::channel();
        std::thread::Builder::new().name("prompt".to_owned()).spawn(move || {
            let _asker_has_gone = tell.send(read());
        })?;
        loop {
            match told.try_recv() {
                Ok(Ok(answer)) => return Ok(answer),
                Ok(Err(dialoguer::Error::IO(error))) => {
                    terminal.restore();
                    return Err(error);
                }
                Err(TryRecvError::Disconnected) => {
                    terminal.restore();
                    return Err(io::Error::other("the prompt ended without an answer"));
                }
                Err(TryRecvError::Empty) => {}
            }
            if self.interrupt.wait(NOTICE).is_err() {
                // Keys that are still to be read make the prompt's thread take the terminal again. Without
                // them it rests after one key at most, so the second time is the last.
                for _ in 0..2 {
                    drop_typed_ahead();
                    terminal.restore();
                    let _left_behind = told.recv_timeout(NOTICE);
                }
                terminal.restore();
                streams::print_stderr("");
                return Err(io::ErrorKind::Interrupted.into());
            }
        }
    }
}

impl Prompt for TerminalPrompt {
    fn non_terminal_stream(&self) -> Option<&'static str> {
        streams::missing_terminal()
    }

    fn show_cautions(&mut self) {
        streams::print_stderr(CAUTIONS);
    }

    fn read_line(&mut self, question: &str) -> io::Result<String> {
        let question = super::escape::escape(question);
        self.ask(move || {
            dialoguer::Input::<String>::new().with_prompt(question).allow_empty(true).interact_text()
        })
    }

    fn reject_answer(&mut self, why: &str) {
        streams::print_stderr(why);
    }
}

/// Keeps the terminal from showing by itself what is typed, also between two questions, and from ending cdss at a
/// key before it can undo that. It goes back to what it was when this goes.
#[must_use]
pub(crate) struct EchoGuard(#[expect(dead_code, reason = "its end is what counts")] Restored);

impl EchoGuard {
    pub(crate) fn begin() -> Self {
        let before = SavedTerminal::take();
        before.hide();
        Self(Restored(before))
    }
}

struct Restored(SavedTerminal);

impl Drop for Restored {
    fn drop(&mut self) {
        drop_typed_ahead();
        self.0.restore();
    }
}

/// The terminal's settings before the question: echo and line mode come back whatever happens.
#[cfg(unix)]
struct SavedTerminal(Option<rustix::termios::Termios>);

/// Takes a special key's meaning away: what POSIX calls `_POSIX_VDISABLE`, which is another number elsewhere.
#[cfg(unix)]
const NO_KEY: u8 = if cfg!(any(target_os = "linux", target_os = "android")) { 0 } else { 0xff };

#[cfg(unix)]
impl SavedTerminal {
    fn take() -> Self {
        Self(rustix::termios::tcgetattr(io::stdin()).ok())
    }

    fn hide(&self) {
        use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, tcsetattr};
        if let Some(settings) = &self.0 {
            let mut settings = settings.clone();
            settings.local_modes.remove(LocalModes::ECHO);
            settings.special_codes[SpecialCodeIndex::VQUIT] = NO_KEY;
            let _terminal_has_gone = tcsetattr(io::stdin(), OptionalActions::Now, &settings);
        }
    }

    fn restore(&self) {
        if let Some(settings) = &self.0 {
            let action = rustix::termios::OptionalActions::Now;
            let _terminal_has_gone = rustix::termios::tcsetattr(io::stdin(), action, settings);
        }
    }
}

#[cfg(not(unix))]
struct SavedTerminal;

#[cfg(not(unix))]
impl SavedTerminal {
    fn take() -> Self {
        Self
    }

    fn hide(&self) {}

    fn restore(&self) {}
}

/// Keys pressed before the question was there are no answer to it.
fn drop_typed_ahead() {
    #[cfg(unix)]
    let _not_a_terminal = rustix::termios::tcflush(io::stdin(), rustix::termios::QueueSelector::IFlush);
}
