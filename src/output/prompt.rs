//! Prompts on the terminal.

use std::io::{self, BufRead as _, Write as _};
use std::time::Duration;

use secrecy::SecretString;

use super::data_plane::cautions;
use super::streams;
use crate::consent::{ConsentError, Prompt};
use crate::model::data_plane::DataPlane;
use crate::model::language::Language;
use crate::signals::{Signal, SignalListener};

/// Prompts on stderr and reads the answer from the terminal on stdin.
pub(crate) struct TerminalPrompt {
    pub signals: SignalListener,
    pub language: Language,
}

/// How long the abandoned thread may take to read one more key.
///
/// Chosen: shorter than a noticeable delay.
const LAST_KEY_PAUSE: Duration = Duration::from_millis(20);

impl TerminalPrompt {
    /// Reads one line without echo.
    pub(crate) async fn read_secret(&mut self, question: &str) -> Result<SecretString, ConsentError> {
        let question = super::escape::escape(question);
        self.read_interruptibly(move || {
            let prompt = dialoguer::Password::new().with_prompt(question).allow_empty_password(true);
            prompt.interact().map(SecretString::from)
        })
        .await
    }

    /// Reads one line. It echoes every key itself, so the rest of a paste stays hidden while echo is off.
    pub(crate) async fn read_field(&mut self, question: &str) -> Result<String, ConsentError> {
        let question = super::escape::escape(question);
        self.read_interruptibly(move || {
            dialoguer::Input::<String>::new().with_prompt(question).allow_empty(true).interact_text()
        })
        .await
    }

    /// Runs `read` on a separate thread, because the prompt ignores signals while it reads. After a signal the thread
    /// is abandoned; the process is about to exit.
    async fn read_interruptibly<T: Send + 'static>(
        &self,
        read: impl FnOnce() -> dialoguer::Result<T> + Send + 'static,
    ) -> Result<T, ConsentError> {
        let terminal = SavedTerminal::save();
        discard_typeahead();
        let mut reading = tokio::task::spawn_blocking(read);
        tokio::select! {
            biased;
            answer = &mut reading => {
                let error = match answer {
                    Ok(Ok(answer)) => return Ok(answer),
                    Ok(Err(dialoguer::Error::IO(error))) => error,
                    Err(_) => io::Error::other("the prompt closed without an answer"),
                };
                terminal.restore();
                Err(match error.kind() {
                    io::ErrorKind::Interrupted => {
                        ConsentError::Interrupted(self.signals.received().unwrap_or(Signal::Interrupt))
                    }
                    _ => ConsentError::Terminal(error),
                })
            }
            signal = self.signals.recv() => {
                // A key that is still unread makes the prompt's thread change the terminal settings again. After
                // the input is discarded, it reads at most one more key, so restoring twice is enough.
                for _ in 0..2 {
                    discard_typeahead();
                    terminal.restore();
                    if tokio::time::timeout(LAST_KEY_PAUSE, &mut reading).await.is_ok() {
                        break;
                    }
                }
                terminal.restore();
                streams::print_stderr("");
                Err(ConsentError::Interrupted(signal))
            }
        }
    }
}

impl Prompt for TerminalPrompt {
    fn non_terminal_stream(&self) -> Option<&'static str> {
        streams::missing_terminal()
    }

    fn language(&self) -> Language {
        self.language
    }

    fn show_cautions(&mut self, data_plane: &DataPlane) {
        streams::print_stderr(&cautions(data_plane.view(), self.language));
    }

    async fn read_line(&mut self, question: &str) -> Result<String, ConsentError> {
        let question = super::escape::escape(question);
        self.read_interruptibly(move || Ok(read_terminal_line(&question)?)).await
    }

    fn reject_answer(&mut self, reason: &str) {
        streams::print_stderr(reason);
    }
}

/// Prints the question and reads one line, which the terminal lets the user edit.
///
/// # Errors
///
/// Fails with [`io::ErrorKind::UnexpectedEof`] unless the line is complete: Ctrl-D is no answer, whatever was typed before.
fn read_terminal_line(question: &str) -> io::Result<String> {
    let terminal = SavedTerminal::save();
    terminal.enable_line_mode();
    let mut line = Vec::new();
    let mut stderr = io::stderr();
    let printed = write!(stderr, "{question}: ").and_then(|()| stderr.flush());
    let read = printed.and_then(|()| io::stdin().lock().read_until(b'\n', &mut line));
    terminal.restore();
    read?;
    if line.ends_with(b"\n") {
        return Ok(String::from_utf8_lossy(&line).into_owned());
    }
    streams::print_stderr("");
    Err(io::ErrorKind::UnexpectedEof.into())
}

/// Turns off echo until it is dropped, also between two prompts. It also disables the quit key, which would end cdss
/// before the terminal is restored.
#[must_use]
pub(crate) struct EchoGuard(#[expect(dead_code, reason = "only its drop matters")] RestoreOnDrop);

impl EchoGuard {
    pub(crate) fn disable_echo() -> Self {
        let saved = SavedTerminal::save();
        saved.disable_echo();
        Self(RestoreOnDrop(saved))
    }
}

struct RestoreOnDrop(SavedTerminal);

impl Drop for RestoreOnDrop {
    fn drop(&mut self) {
        discard_typeahead();
        self.0.restore();
    }
}

/// The terminal settings before the prompt, such as echo and line mode.
#[cfg(unix)]
struct SavedTerminal(Option<rustix::termios::Termios>);

/// Disables a special key: `_POSIX_VDISABLE` of POSIX, whose value depends on the system.
#[cfg(unix)]
const DISABLED_KEY: u8 = if cfg!(any(target_os = "linux", target_os = "android")) { 0 } else { 0xff };

#[cfg(unix)]
impl SavedTerminal {
    fn save() -> Self {
        Self(rustix::termios::tcgetattr(io::stdin()).ok())
    }

    fn disable_echo(&self) {
        use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, tcsetattr};
        if let Some(settings) = &self.0 {
            let mut settings = settings.clone();
            settings.local_modes.remove(LocalModes::ECHO);
            settings.special_codes[SpecialCodeIndex::VQUIT] = DISABLED_KEY;
            let _terminal_is_gone = tcsetattr(io::stdin(), OptionalActions::Now, &settings);
        }
    }

    /// Makes the terminal echo, edit, and deliver whole lines, and send signals, whatever the last program left.
    fn enable_line_mode(&self) {
        use rustix::termios::{InputModes, LocalModes, OptionalActions, tcsetattr};
        if let Some(settings) = &self.0 {
            let mut settings = settings.clone();
            settings.input_modes.insert(InputModes::ICRNL);
            settings.local_modes.insert(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG);
            let _terminal_is_gone = tcsetattr(io::stdin(), OptionalActions::Now, &settings);
        }
    }

    fn restore(&self) {
        if let Some(settings) = &self.0 {
            let action = rustix::termios::OptionalActions::Now;
            let _terminal_is_gone = rustix::termios::tcsetattr(io::stdin(), action, settings);
        }
    }
}

#[cfg(not(unix))]
struct SavedTerminal;

#[cfg(not(unix))]
impl SavedTerminal {
    fn save() -> Self {
        Self
    }

    fn disable_echo(&self) {}

    fn enable_line_mode(&self) {}

    fn restore(&self) {}
}

/// Discards keys that were pressed before the prompt appeared.
fn discard_typeahead() {
    #[cfg(unix)]
    let _not_a_terminal = rustix::termios::tcflush(io::stdin(), rustix::termios::QueueSelector::IFlush);
}
