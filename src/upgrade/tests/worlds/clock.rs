//! The time and the steps of a run. At any step the run may be killed, receive a signal, or be overtaken by another run.

use std::future::ready;
use std::panic::resume_unwind;
use std::time::Duration;

use futures_util::future::LocalBoxFuture;
use jiff::Timestamp;

use super::runners::{Plan, run};
use super::world::World;
use crate::clock::Clock;
use crate::signals::{Interrupted, Signal};

/// The panic payload of a killed run.
pub(super) struct Killed;

/// Whether and how a run is ended early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Lives,
    /// Killed at this step. `is_torn` truncates the last write.
    Killed {
        step: u32,
        is_torn: bool,
    },
    /// Receives a signal at this step.
    Signal {
        step: u32,
    },
}

/// A run in progress.
#[derive(Debug)]
pub(super) struct Frame {
    pub id: String,
    pub journal: usize,
    pub fate: Fate,
    pub steps: u32,
    /// Another run that runs during this step.
    pub nested: Option<(u32, Box<Plan>)>,
    /// From this step on the journal cannot be written.
    pub blocked_at: Option<u32>,
    /// The length of the journal at the previous step.
    pub journal_length: u64,
    /// When the last reads of an idle entry and an idle status were sent.
    pub idle_entry: Option<Duration>,
    pub idle_status: Option<Duration>,
    /// What the run accepts.
    pub accepted: Vec<String>,
    /// The number of polls.
    pub polls: u32,
}

impl World {
    /// Counts one step of the innermost run.
    pub(super) fn step(self: &std::rc::Rc<Self>) {
        let nested = {
            let mut frames = self.frames.borrow_mut();
            let Some(frame) = frames.last_mut() else { return };
            frame.steps += 1;
            let at = frame.steps;
            frame.nested.take_if(|(step, _)| *step == at).map(|(_, plan)| plan)
        };
        if let Some(plan) = nested {
            run(self, &plan);
        }
        let mut frames = self.frames.borrow_mut();
        let Some(frame) = frames.last_mut() else { return };
        if frame.blocked_at.is_some_and(|step| step == frame.steps) {
            self.journals.borrow_mut()[frame.journal].block();
        }
        let length = self.journals.borrow()[frame.journal].length();
        if let Fate::Killed { step, is_torn } = frame.fate
            && step <= frame.steps
        {
            let written = frame.journal_length;
            if is_torn && length > written {
                self.journals.borrow()[frame.journal].tear(written, self.roll(1 << 20) as u64);
            }
            drop(frames);
            resume_unwind(Box::new(Killed));
        }
        frame.journal_length = length;
    }

    /// Returns true once the innermost run received a signal.
    pub(super) fn is_signalled(&self) -> bool {
        let frames = self.frames.borrow();
        frames.last().is_some_and(|frame| matches!(frame.fate, Fate::Signal { step } if step <= frame.steps))
    }

    /// Lets time pass.
    pub(super) fn pass(&self, time: Duration) {
        self.clock.advance(time);
    }
}

/// The world's time, with the steps of its runs.
#[derive(Clone)]
pub(super) struct WorldClock(pub std::rc::Rc<World>);

impl Clock for WorldClock {
    fn now(&self) -> Timestamp {
        self.0.step();
        self.0.clock.now()
    }

    fn elapsed(&self) -> Duration {
        self.0.clock.elapsed()
    }

    fn sleep(&self, time: Duration) -> LocalBoxFuture<'_, Result<(), Interrupted>> {
        self.0.step();
        if self.0.is_signalled() {
            return Box::pin(ready(Err(Interrupted(Signal::Terminate))));
        }
        self.0.pass(time);
        Box::pin(ready(Ok(())))
    }
}
