//! What the flow tells while it works. `ui` decides how it looks.

use std::time::Duration;

use jiff::Timestamp;

use crate::report::Report;
use crate::upgrade::rules::broker_history::BrokerHistories;
use crate::upgrade::rules::plan::Plan;

/// Is told what happens. None of it is the result.
pub(crate) trait Reporter {
    /// The plan, before a question or as the reason why none is asked.
    fn show_plan(&mut self, plan: &Plan);

    /// What a copy of a config group would make, before a question.
    fn show_copy_plan(&mut self, report: &Report);

    /// The start was accepted. `follow` is the command that follows it from anywhere.
    fn show_started(&mut self, at: Timestamp, request_id: Option<&str>, follow: &str);

    /// A change is followed that this run did not start.
    fn show_following(&mut self, why: &str);

    /// A look at the brokers, `at` after the watch began.
    fn show_brokers(&mut self, trails: &BrokerHistories, at: Duration);

    /// The watch is over: the living lines stay as they are.
    fn end_watch(&mut self);

    /// A remark that `--quiet` drops.
    fn note(&mut self, text: &str);

    /// A remark that has to be read.
    fn warn(&mut self, text: &str);
}
