//! Terminal and JSON output: the result on stdout, everything else on stderr.

mod config_group;
mod config_group_document;
mod document;
mod escape;
mod format;
mod history;
mod json;
mod plan;
mod progress;
mod prompt;
mod request_log;
mod result;
pub(crate) mod streams;
mod table;

pub(crate) use config_group_document::copy_document;
pub(crate) use document::{CommandOutput, EffectiveSetting, Outcome, ProfileChange, document, plan_document};
pub(crate) use escape::{escape, escape_lines};
pub(crate) use history::HistoryView;
pub(crate) use progress::StderrReporter;
pub(crate) use prompt::{EchoGuard, TerminalPrompt};
pub(crate) use request_log::RequestLog;
pub(crate) use result::{is_closed_pipe, print_document, print_result};
pub(crate) use streams::{OutputOptions, should_use_color};
