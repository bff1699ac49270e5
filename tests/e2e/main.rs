//! The real binary against the sandbox: what a user, a script and a pipeline see. Most of it needs a POSIX shell,
//! signals and pseudo-terminals.
#![cfg(unix)]

mod accept;
mod bad_input;
mod completions;
mod config_terminal;
mod help;
mod history;
mod keys;
mod lab;
mod profiles;
mod pty;
mod read_only;
mod readme;
mod regions;
mod rehearsal;
mod rerun;
mod scenarios;
mod signals;
mod streams;
mod support;
mod terminal;
mod wide;
