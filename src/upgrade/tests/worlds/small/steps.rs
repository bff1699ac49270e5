//! The steps of a run.

use super::state::{
    At, CONFIRMING_POLLS, Exploration, Id, Mode, SentStart, State, Truth, WatchState, id_of, progress,
};
use crate::journal::tests::memory::Line;
use crate::model::open_start::StartResponse;
use crate::model::verdict::Verdict;
use crate::upgrade::rules::checks::CheckId;
use crate::upgrade::rules::next_action::NextAction;
use crate::upgrade::rules::progress::{Observation, Progress};
use crate::upgrade::rules::state_after_start::StateAfterStart;

impl State {
    pub(super) fn begin(&mut self, place: usize, exploration: &mut Exploration) {
        let run = self.runs[place].id;
        let plan = exploration.plan(self.truth.view(), &self.journal);
        match &plan.next_action {
            NextAction::RunChecks if plan.target().is_some() => self.runs[place].at = At::Confirmed,
            NextAction::Attach(start) if self.take_lock(place) => {
                exploration.sometimes("attached");
                self.journal.push(Line::Attached { run, of: id_of(&start.run) });
                let watch = WatchState::new(progress());
                self.runs[place].at = At::Watching { response: start.response, of: id_of(&start.run), watch };
            }
            NextAction::NothingToDo => {
                self.claim(place, Verdict::Already, exploration);
                self.end(place);
            }
            action => {
                exploration.sometimes(match action {
                    NextAction::RunChecks
                        if plan.blocking_checks().any(|check| check.id == CheckId::JournalDamaged) =>
                    {
                        "blocked by damage"
                    }
                    NextAction::RunChecks => "blocked by an open start",
                    NextAction::FollowOtherChange => "someone else's change",
                    _ => "another run watches",
                });
                self.claim(place, Verdict::NotStarted, exploration);
                self.end(place);
            }
        }
    }

    pub(super) fn send(&mut self, place: usize, mode: Mode, exploration: &mut Exploration) {
        let run = self.runs[place].id;
        let is_first = self.sent.is_empty();
        for sent in &self.sent {
            if sent.is_recorded && !self.resolved.contains(&sent.run) {
                exploration.violations.insert(format!("a second start: {self:?}"));
            }
        }
        let is_idle = matches!(self.truth, Truth::Idle | Truth::Back);
        let (response, truth) = match mode {
            _ if !is_idle => (StartResponse::Refused, None),
            Mode::Executed if is_first => (StartResponse::Missing, Some(Truth::Changing(run))),
            Mode::NotExecuted if is_first => (StartResponse::Missing, None),
            Mode::Late if is_first => (StartResponse::Missing, Some(Truth::Pending(run))),
            Mode::Refused if is_first => (StartResponse::Refused, None),
            Mode::RefusedAndExecuted if is_first => (StartResponse::Refused, Some(Truth::Changing(run))),
            _ => (StartResponse::Accepted, Some(Truth::Changing(run))),
        };
        if !is_first {
            exploration.sometimes("a second start after the first was resolved or its journal lost");
        }
        let has_line =
            self.journal.iter().any(|line| matches!(line, Line::Start { run: of, .. } if *of == run));
        self.sent.push(SentStart { run, is_recorded: has_line, is_executed: truth.is_some() });
        self.truth = truth.unwrap_or_else(|| self.truth.clone());
        self.runs[place].at = At::ResponseReceived(response);
    }

    pub(super) fn record_response(&mut self, place: usize, response: StartResponse) {
        let run = self.runs[place].id;
        match response {
            StartResponse::Accepted => self.journal.push(Line::Accepted { run }),
            StartResponse::Refused => self.journal.push(Line::Refused { run }),
            StartResponse::Missing => {}
        }
        self.runs[place].at = match response {
            StartResponse::Accepted => At::Watching { response, of: run, watch: WatchState::new(progress()) },
            _ => At::Observing(response, 0),
        };
    }

    pub(super) fn observe(
        &mut self,
        place: usize,
        response: StartResponse,
        unchanged: usize,
        exploration: &mut Exploration,
    ) {
        let of = self.runs[place].id;
        let plan = exploration.plan("idle", &[]);
        let Observation { health, cluster, .. } = exploration.observation(self.truth.view());
        let cluster = cluster.as_ref().expect("the observation has the entry");
        let observed = StateAfterStart::classify(&plan, health, cluster);
        let mut progress = progress();
        self.runs[place].at = match observed {
            StateAfterStart::Unchanged if unchanged + 1 < CONFIRMING_POLLS => {
                At::Observing(response, unchanged + 1)
            }
            StateAfterStart::Unchanged | StateAfterStart::Unclear => {
                let is_refused = response == StartResponse::Refused;
                exploration.sometimes(if is_refused { "a refusal is confirmed" } else { "in doubt" });
                let verdict = if is_refused { Verdict::NotStarted } else { Verdict::Unknown };
                self.claim(place, verdict, exploration);
                At::Concluded { verdict, of }
            }
            observed => {
                if observed == StateAfterStart::Changing {
                    progress.mark_change_observed();
                }
                At::Watching { response, of, watch: WatchState::new(progress) }
            }
        };
    }

    pub(super) fn watch(
        &mut self,
        place: usize,
        response: StartResponse,
        of: Id,
        watch: &WatchState,
        exploration: &mut Exploration,
    ) {
        let mut progress = Progress::clone(&watch.progress);
        if progress.was_change_observed() && self.truth.view() == "changing" {
            // Further observations of the same state don't change the result.
            return;
        }
        let result = progress.record(exploration.observation(self.truth.view()));
        self.runs[place].at = match result {
            Some(result) => {
                let verdict = exploration.verdict(result, response);
                self.claim(place, verdict, exploration);
                At::Concluded { verdict, of }
            }
            None => At::Watching { response, of, watch: WatchState::new(progress) },
        };
    }

    /// Compares a verdict with the truth.
    pub(super) fn claim(&self, place: usize, verdict: Verdict, exploration: &mut Exploration) {
        let run = &self.runs[place].id;
        let was_executed = self.sent.iter().any(|sent| sent.run == *run && sent.is_executed);
        exploration.sometimes(verdict.into_str());
        let holds = match verdict {
            Verdict::Done | Verdict::Already => self.truth == Truth::AtTarget,
            Verdict::NotStarted => !was_executed,
            Verdict::Failed => self.truth == Truth::Back,
            Verdict::Running | Verdict::Unknown => true,
        };
        if !holds {
            exploration.violations.insert(format!("verdict {}: {self:?}", verdict.into_str()));
        }
    }

    pub(super) fn is_over(&self) -> bool {
        self.runs.iter().all(|run| matches!(run.at, At::Ended | At::Killed))
    }
}
