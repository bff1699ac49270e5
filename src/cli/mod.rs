//! The command line: one file for each command, with its arguments and how they are run.

mod args;
mod check;
pub(crate) mod command;
mod completion;
pub(crate) mod config;
mod config_group;
mod context;
pub(crate) mod finish;
mod help;
pub(crate) mod history;
mod list;
mod man;
mod options;
mod run;
mod runtime;
pub(crate) mod sandbox;
mod status;
mod upgrade;

pub(crate) use run::main;
