//! What people and scripts see: the result on stdout, everything else on stderr.

mod escape;
mod finish;
mod group_text;
mod group_views;
mod history;
mod plan_text;
mod progress;
mod prompt;
mod render;
mod requests;
pub(crate) mod streams;
mod text;
mod views;

pub(crate) use escape::{escape, escape_lines};
pub(crate) use finish::{finish, is_closed_pipe, result_only};
pub(crate) use group_views::copy_document;
pub(crate) use progress::Narrator;
pub(crate) use prompt::{TerminalPrompt, Unseen};
pub(crate) use requests::RequestLog;
pub(crate) use streams::{Look, color_choice};
pub(crate) use views::{Body, Ending, HistoryView, ProfileChange, Setting, document, plan_document};
