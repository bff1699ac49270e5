//! What was done from this machine, as the journal tells it.

use jiff::Timestamp;
use serde_json::Value;

/// One run of cdss that sent a start, followed one, or made a config group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PastRun {
    pub id: String,
    /// When its first line was written.
    pub at: Timestamp,
    /// When its last line was written, if that was its end.
    pub ended_at: Option<Timestamp>,
    /// The run whose start it followed; None when it sent one itself.
    pub of: Option<String>,
    pub result: Outcome,
    /// The line that was written before the start, or before a config group was made: who, with what, to which
    /// service, the plan. Null for a run that only followed.
    pub start: Value,
    /// Every line of this run, in order.
    pub entries: Vec<Value>,
}

/// How a run ended, as far as this machine knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The word of a verdict.
    Verdict(String),
    /// It ended without a verdict.
    Ended,
    /// Its end was never written: it runs, or it was killed.
    Unfinished,
}

impl Outcome {
    pub(crate) fn word(&self) -> &str {
        match self {
            Self::Verdict(word) => word,
            Self::Ended => "ended",
            Self::Unfinished => "unfinished",
        }
    }
}

/// A line that can't be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DamagedLine {
    /// From 1.
    pub number: usize,
    pub reason: String,
}

/// All runs, the oldest first, and what could not be read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct History {
    pub runs: Vec<PastRun>,
    pub damaged: Vec<DamagedLine>,
}

/// Why there is not one run to show.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HistoryError {
    #[error("there is no run `{0}`")]
    NoRun(String),
    #[error("`{id}` is the beginning of {count} runs")]
    Several { id: String, count: usize },
}

impl History {
    /// Adds up the journal's text.
    ///
    /// What became of a start is told by the last end that speaks of it, whichever run wrote that.
    pub(crate) fn read(text: &str) -> Self {
        let mut history = Self::default();
        for (at, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            if let Err(reason) = history.take(line) {
                history.damaged.push(DamagedLine { number: at + 1, reason });
            }
        }
        history
    }

    fn take(&mut self, line: &str) -> Result<(), String> {
        let entry: Value = serde_json::from_str(line).map_err(|error| error.to_string())?;
        let text = |field: &str| entry[field].as_str().map(str::to_owned);
        let id = text("run").ok_or("it names no run")?;
        let event = text("event").ok_or("it names no event")?;
        let at: Timestamp = text("at").and_then(|at| at.parse().ok()).ok_or("it has no time")?;
        let of = text("of").filter(|of| *of != id);
        let verdict = text("verdict");
        if event == "end"
            && let Some(verdict) = &verdict
            && let Some(of) = text("of")
            && let Some(start) = self.runs.iter_mut().find(|run| run.id == of)
        {
            start.result = Outcome::Verdict(verdict.clone());
        }
        let place = self.runs.iter().position(|run| run.id == id).unwrap_or_else(|| {
            self.runs.push(PastRun {
                id,
                at,
                ended_at: None,
                of: None,
                result: Outcome::Unfinished,
                start: Value::Null,
                entries: Vec::new(),
            });
            self.runs.len() - 1
        });
        let run = &mut self.runs[place];
        run.of = run.of.take().or(of);
        match event.as_str() {
            "start" => run.start = entry.clone(),
            // A copy that takes up what is there begins with the write.
            "group-create" | "group-write" if run.start.is_null() => run.start = entry.clone(),
            "end" => {
                run.ended_at = Some(at);
                run.result = verdict.map_or(Outcome::Ended, Outcome::Verdict);
            }
            _ => {}
        }
        run.entries.push(entry);
        Ok(())
    }

    /// Returns the start that a run sent or followed.
    pub(crate) fn start_of<'a>(&'a self, run: &'a PastRun) -> &'a Value {
        let followed = run.of.as_ref().and_then(|of| self.runs.iter().find(|other| other.id == *of));
        if run.start.is_null() { followed.map_or(&run.start, |other| &other.start) } else { &run.start }
    }

    /// Finds a run by its id or the beginning of it.
    ///
    /// # Errors
    ///
    /// Fails when no run or more than one begins so.
    pub(crate) fn find(&self, id: &str) -> Result<&PastRun, HistoryError> {
        let mut found = self.runs.iter().filter(|run| run.id.starts_with(id));
        if let Some(exact) = self.runs.iter().find(|run| run.id == id) {
            return Ok(exact);
        }
        match (found.next(), found.count()) {
            (None, _) => Err(HistoryError::NoRun(id.to_owned())),
            (Some(run), 0) => Ok(run),
            (Some(_), more) => Err(HistoryError::Several { id: id.to_owned(), count: more + 1 }),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn line(run: &str, event: &str, more: &Value) -> String {
        let mut entry = json!({ "run": run, "event": event, "at": "2026-11-24T03:02:11Z" });
        for (name, value) in more.as_object().unwrap() {
            entry[name] = value.clone();
        }
        entry.to_string()
    }

    fn results(history: &History) -> Vec<(&str, &str)> {
        history.runs.iter().map(|run| (run.id.as_str(), run.result.word())).collect()
    }

    #[test]
    fn a_run_is_unfinished_until_its_end_is_written() {
        let text = [
            line("a", "start", &json!({ "cluster": "1" })),
            line("a", "accepted", &json!({})),
            line("b", "start", &json!({})),
            line("b", "end", &json!({ "of": "b", "verdict": "done" })),
            line("c", "start", &json!({})),
            line("c", "end", &json!({ "of": "c", "verdict": null })),
        ]
        .join("\n");
        let history = History::read(&text);
        assert_eq!(results(&history), [("a", "unfinished"), ("b", "done"), ("c", "ended")]);
        assert_eq!(history.runs[0].entries.len(), 2);
        assert_eq!(history.runs[0].ended_at, None);
        assert!(history.damaged.is_empty());
    }

    #[test]
    fn a_copy_of_a_config_group_is_a_run_with_its_first_line_as_its_start() {
        let name = json!({ "config_group_name": "orders-390" });
        let text = [
            line("a", "group-create", &name),
            line("a", "group-created", &json!({ "config_group": "501" })),
            line("a", "group-write", &json!({ "config_group_name": "other" })),
            line("a", "end", &json!({ "of": "a", "verdict": "done" })),
            line("b", "group-write", &name),
        ]
        .join("\n");
        let history = History::read(&text);
        assert_eq!(results(&history), [("a", "done"), ("b", "unfinished")]);
        for run in &history.runs {
            assert_eq!(run.start["config_group_name"], "orders-390");
        }
    }

    #[test]
    fn whoever_follows_a_start_tells_its_end() {
        let text = [
            line("a", "start", &json!({ "cluster": "1" })),
            line("a", "end", &json!({ "of": "a", "verdict": "running" })),
            line("b", "attached", &json!({ "of": "a" })),
            line("b", "end", &json!({ "of": "a", "verdict": "done" })),
        ]
        .join("\n");
        let history = History::read(&text);
        assert_eq!(results(&history), [("a", "done"), ("b", "done")]);
        assert_eq!((history.runs[0].of.as_deref(), history.runs[1].of.as_deref()), (None, Some("a")));
        assert_eq!(history.start_of(&history.runs[1])["cluster"], "1");
    }

    #[test]
    fn a_damaged_line_is_told_and_passed_over() {
        let text = [
            "{\"run\":\"a\",\"eve".to_owned(),
            line("b", "start", &json!({})),
            "[]".to_owned(),
            String::new(),
            "{\"run\":\"b\",\"event\":\"end\"}".to_owned(),
        ]
        .join("\n");
        let history = History::read(&text);
        assert_eq!(results(&history), [("b", "unfinished")]);
        let numbers: Vec<usize> = history.damaged.iter().map(|line| line.number).collect();
        assert_eq!(numbers, [1, 3, 5]);
    }

    #[test]
    fn the_beginning_of_an_id_is_enough_where_it_is_the_only_one() {
        let text =
            [line("20261124-1", "start", &json!({})), line("20261124-12", "start", &json!({}))].join("\n");
        let history = History::read(&text);
        assert_eq!(history.find("20261124-12").unwrap().id, "20261124-12");
        assert_eq!(history.find("20261124-1").unwrap().id, "20261124-1", "the whole id outranks a beginning");
        assert_eq!(history.find("2026").unwrap_err().to_string(), "`2026` is the beginning of 2 runs");
        assert_eq!(history.find("2027").unwrap_err(), HistoryError::NoRun("2027".to_owned()));
    }
}
