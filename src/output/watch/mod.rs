//! The display of a running watch on stderr: a screen that is repainted every second on a terminal, lines elsewhere.

mod frame;
mod lines;
mod screen;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use self::lines::Lines;
use self::screen::Screen;
use super::streams;
use crate::clock::{Clock as _, SystemClock};
use crate::report::watch::WatchView;
use crate::signals;

/// Prints to stderr, and keeps the display of a watch below what is printed.
#[derive(Clone)]
pub(super) struct WatchDisplay(Arc<Mutex<State>>);

struct State {
    clock: SystemClock,
    mode: Mode,
    /// The watch that is shown; None before and after a watch.
    view: Option<WatchView>,
}

/// How a watch is shown.
enum Mode {
    Screen(Screen),
    Lines(Lines),
}

/// The time between two repaints.
const REPAINT_INTERVAL: Duration = Duration::from_secs(1);

impl WatchDisplay {
    /// Creates a display on a terminal that can move the cursor.
    pub(super) fn on_terminal(clock: SystemClock, color: bool) -> Self {
        Self::new(clock, Mode::Screen(Screen::new(color)))
    }

    /// Creates a display for pipes and files. With `quiet`, it shows only warnings.
    pub(super) fn in_lines(clock: SystemClock, quiet: bool) -> Self {
        Self::new(clock, Mode::Lines(Lines::new(quiet)))
    }

    fn new(clock: SystemClock, mode: Mode) -> Self {
        Self(Arc::new(Mutex::new(State { clock, mode, view: None })))
    }

    /// Shows the watch, or updates what is shown of it. The first call starts the repainting, so it needs a runtime.
    pub(super) fn show(&self, view: &WatchView) {
        let mut state = self.lock();
        let now = state.clock.elapsed().saturating_sub(view.origin);
        if let Mode::Lines(lines) = &mut state.mode {
            lines.update(view, now);
        }
        let is_first = state.view.replace(view.clone()).is_none();
        state.tick();
        drop(state);
        if is_first {
            self.repaint_until_end();
            self.clear_while_suspended();
        }
    }

    /// Ends the display. The screen is replaced by one line for each broker.
    pub(super) fn end(&self) {
        let mut state = self.lock();
        let Some(view) = state.view.take() else { return };
        let now = state.clock.elapsed().saturating_sub(view.origin);
        if let Mode::Screen(screen) = &mut state.mode {
            screen.clear();
            for line in frame::record(&view, now) {
                streams::print_stderr(&line);
            }
        }
    }

    /// Prints text above the screen.
    pub(super) fn print(&self, text: &str) {
        let mut state = self.lock();
        state.clear();
        streams::print_stderr(text);
        state.tick();
    }

    fn repaint_until_end(&self) {
        let display = self.clone();
        tokio::spawn(async move {
            let mut interval = tokio::time::interval(REPAINT_INTERVAL);
            interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            loop {
                interval.tick().await;
                let mut state = display.lock();
                if state.view.is_none() {
                    return;
                }
                state.tick();
            }
        });
    }

    /// Clears the screen before Ctrl-Z stops the process, and paints it when the process continues. If the handler can't be
    /// installed, the shell's messages may be painted over.
    fn clear_while_suspended(&self) {
        let display = self.clone();
        if !matches!(self.lock().mode, Mode::Screen(_)) {
            return;
        }
        let _cosmetic = signals::on_suspend(move |stop| {
            // The lock prevents a repaint until the process is stopped.
            let mut state = display.lock();
            state.clear();
            stop();
            state.tick();
        });
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Repaints the screen, or prints a line if none was printed for a while.
    fn tick(&mut self) {
        let Some(view) = &self.view else { return };
        let now = self.clock.elapsed().saturating_sub(view.origin);
        match &mut self.mode {
            Mode::Screen(screen) => screen.paint(view, now),
            Mode::Lines(lines) => lines.print_heartbeat(view, now),
        }
    }

    fn clear(&mut self) {
        if let Mode::Screen(screen) = &mut self.mode {
            screen.clear();
        }
    }
}
