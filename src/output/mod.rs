//! What people and scripts see: the result on stdout, everything else on stderr.

mod config_group;
mod config_group_document;
mod document;
mod escape;
mod finish;
mod history;
mod plan;
mod progress;
mod prompt;
mod request_log;
pub(crate) mod streams;
mod table;
mod text;

pub(crate) use config_group_document::copy_document;
pub(crate) use document::{
    CommandOutput, HistoryView, Outcome, ProfileChange, Setting, document, plan_document,
};
pub(crate) use escape::{escape, escape_lines};
pub(crate) use finish::{finish, is_closed_pipe, result_only};
pub(crate) use progress::StderrReporter;
pub(crate) use prompt::{EchoGuard, TerminalPrompt};
pub(crate) use request_log::RequestLog;
pub(crate) use streams::{OutputOptions, color_choice};
