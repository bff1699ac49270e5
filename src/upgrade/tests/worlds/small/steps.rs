//! The steps of a run.

use super::state::{
    At, CONFIRMING_POLLS, Exploration, Id, Mode, SentStart, State, Truth, WatchState, id_of, progress,
};
use crate::journal::tests::memory::Line;
use crate::model::open_start::StartResponse;
use crate::model::verdict::Verdict;
use crate::upgrade::rules::next_action::NextAction;
use crate::upgrade::rules::observed_state::ObservedState;
use crate::upgrade::rules::progress::{Observation, Progress};

impl State {
    pub(super) fn begin(&mut self, place: usize, seen: &mut Exploration) {
        let run = self.runs[place].id;
        let plan = seen.plan(self.truth.view(), &self.journal);
        match &plan.next_action {
            NextAction::RunChecks if plan.target().is_some() => self.runs[place].at = At::Confirmed,
            NextAction::Attach(start) if self.take_lock(place) => {
                seen.sometimes("attached");
                self.journal.push(Line::Attached { run, of: id_of(&start.run) });
                let watch = WatchState::new(progress());
                self.runs[place].at = At::Watching { answer: start.response, of: id_of(&start.run), watch };
            }
            NextAction::NothingToDo => {
                self.claim(place, Verdict::Already, seen);
                self.end(place);
            }
            action => {
                seen.sometimes(match action {
                    NextAction::RunChecks
                        if plan.blocking_checks().any(|check| check.id == "journal.damaged") =>
                    {
                        "blocked by damage"
                    }
                    NextAction::RunChecks => "blocked by an open start",
                    NextAction::FollowOtherChange => "someone else's change",
                    _ => "another run watches",
                });
                self.claim(place, Verdict::NotStarted, seen);
                self.end(place);
            }
        }
    }

    pub(super) fn send(&mut self, place: usize, mode: Mode, seen: &mut Exploration) {
        let run = self.runs[place].id;
        let is_first = self.sent.is_empty();
        for sent in &self.sent {
            if sent.is_recorded && !self.settled.contains(&sent.run) {
                seen.violations.insert(format!("a second start: {self:?}"));
            }
        }
        let is_idle = matches!(self.truth, Truth::Idle | Truth::Back);
        let (answer, truth) = match mode {
            _ if !is_idle => (StartResponse::Refused, None),
            Mode::Executed if is_first => (StartResponse::Missing, Some(Truth::Changing(run))),
            Mode::NotExecuted if is_first => (StartResponse::Missing, None),
            Mode::Late if is_first => (StartResponse::Missing, Some(Truth::Pending(run))),
            Mode::Refused if is_first => (StartResponse::Refused, None),
            Mode::RefusedAndExecuted if is_first => (StartResponse::Refused, Some(Truth::Changing(run))),
            _ => (StartResponse::Accepted, Some(Truth::Changing(run))),
        };
        if !is_first {
            seen.sometimes("a second start after the first was settled or its journal lost");
        }
        let has_line =
            self.journal.iter().any(|line| matches!(line, Line::Start { run: of, .. } if *of == run));
        self.sent.push(SentStart { run, is_recorded: has_line, is_executed: truth.is_some() });
        self.truth = truth.unwrap_or_else(|| self.truth.clone());
        self.runs[place].at = At::ResponseReceived(answer);
    }

    pub(super) fn record_answer(&mut self, place: usize, answer: StartResponse) {
        let run = self.runs[place].id;
        match answer {
            StartResponse::Accepted => self.journal.push(Line::Accepted { run }),
            StartResponse::Refused => self.journal.push(Line::Refused { run }),
            StartResponse::Missing => {}
        }
        self.runs[place].at = match answer {
            StartResponse::Accepted => At::Watching { answer, of: run, watch: WatchState::new(progress()) },
            _ => At::Observing(answer, 0),
        };
    }

    pub(super) fn observe(
        &mut self,
        place: usize,
        answer: StartResponse,
        unchanged: usize,
        seen: &mut Exploration,
    ) {
        let of = self.runs[place].id;
        let plan = seen.plan("idle", &[]);
        let Observation { health, cluster, .. } = seen.look(self.truth.view());
        let cluster = cluster.as_ref().expect("the observation has the entry");
        let observed = ObservedState::classify(&plan, health, cluster);
        let mut progress = progress();
        self.runs[place].at = match observed {
            ObservedState::Unchanged if unchanged + 1 < CONFIRMING_POLLS => {
                At::Observing(answer, unchanged + 1)
            }
            ObservedState::Unchanged | ObservedState::Unclear => {
                let is_refused = answer == StartResponse::Refused;
                seen.sometimes(if is_refused { "a refusal is confirmed" } else { "in doubt" });
                let verdict = if is_refused { Verdict::NotStarted } else { Verdict::Unknown };
                self.claim(place, verdict, seen);
                At::Concluded { verdict, of }
            }
            observed => {
                if observed == ObservedState::Changing {
                    progress.mark_change_observed();
                }
                At::Watching { answer, of, watch: WatchState::new(progress) }
            }
        };
    }

    pub(super) fn watch(
        &mut self,
        place: usize,
        answer: StartResponse,
        of: Id,
        watch: &WatchState,
        seen: &mut Exploration,
    ) {
        let mut progress = Progress::clone(&watch.progress);
        if progress.was_change_observed() && self.truth.view() == "changing" {
            // Further observations of the same state don't change the result.
            return;
        }
        let settled = progress.record(seen.look(self.truth.view()));
        self.runs[place].at = match settled {
            Some(settled) => {
                let verdict = seen.verdict(settled, answer);
                self.claim(place, verdict, seen);
                At::Concluded { verdict, of }
            }
            None => At::Watching { answer, of, watch: WatchState::new(progress) },
        };
    }

    /// Compares a verdict with the truth.
    pub(super) fn claim(&self, place: usize, verdict: Verdict, seen: &mut Exploration) {
        let run = &self.runs[place].id;
        let was_executed = self.sent.iter().any(|sent| sent.run == *run && sent.is_executed);
        seen.sometimes(verdict.as_str());
        let holds = match verdict {
            Verdict::Done | Verdict::Already => self.truth == Truth::AtTarget,
            Verdict::NotStarted => !was_executed,
            Verdict::Failed => self.truth == Truth::Back,
            Verdict::Running | Verdict::Unknown => true,
        };
        if !holds {
            seen.violations.insert(format!("verdict {}: {self:?}", verdict.as_str()));
        }
    }

    pub(super) fn is_over(&self) -> bool {
        self.runs.iter().all(|run| matches!(run.at, At::Ended | At::Killed))
    }
}
