//! Terminal and JSON output: the result on stdout, everything else on stderr.

mod color;
mod config;
mod config_group;
mod data_plane;
mod escape;
mod format;
mod history;
mod list;
mod markdown;
mod plan;
mod progress;
mod prompt;
mod request_log;
mod result;
pub(crate) mod streams;
mod table;
mod upgrade;
mod upgrade_details;
mod watch;

pub(crate) use escape::{escape, escape_lines};
pub(crate) use progress::StderrReporter;
pub(crate) use prompt::{EchoGuard, TerminalPrompt};
pub(crate) use request_log::RequestLog;
pub(crate) use result::{CommandReport, View, is_closed_pipe, print_result};
pub(crate) use streams::{OutputOptions, should_use_color};
