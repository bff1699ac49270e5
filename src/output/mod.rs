//! Terminal and JSON output: the result on stdout, everything else on stderr.

mod command_output;
mod config_group;
mod documents;
mod escape;
mod format;
mod history;
mod plan;
mod progress;
mod prompt;
mod request_log;
mod result;
pub(crate) mod streams;
mod table;

pub(crate) use command_output::{CommandOutput, EffectiveSetting, Outcome, ProfileChange};
pub(crate) use documents::{copy_document, document, plan_document};
pub(crate) use escape::{escape, escape_lines};
pub(crate) use history::HistoryView;
pub(crate) use progress::StderrReporter;
pub(crate) use prompt::{EchoGuard, TerminalPrompt};
pub(crate) use request_log::RequestLog;
pub(crate) use result::{is_closed_pipe, print_document, print_result};
pub(crate) use streams::{OutputOptions, should_use_color};
