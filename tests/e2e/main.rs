//! Tests of the real binary against the sandbox, as users, scripts, and pipelines run it. Most of them need a POSIX
//! shell, signals, and pseudo-terminals.
#![cfg(unix)]

mod accept;
mod altered;
mod approved_plan;
mod bad_input;
mod brokers;
mod completions;
mod config_group;
mod config_group_answers;
mod config_group_copy;
mod config_group_show;
mod config_terminal;
mod credentials;
mod documented_answers;
mod extremes;
mod files;
mod help;
mod history;
#[path = "../injector/mod.rs"]
#[expect(dead_code, reason = "the tests of the HTTP layer use the rest")]
mod injector;
mod journal;
mod keys;
#[cfg(target_os = "linux")]
mod killed_writes;
mod korean;
mod man;
mod markdown;
#[path = "../metrics/mod.rs"]
mod metrics;
mod odd_answers;
mod old_journals;
mod other_clients;
mod outcomes;
mod profiles;
mod pty;
mod read_only;
mod readme;

mod recording;
mod regions;
mod rehearsal;
mod rerun;
mod scenarios;
mod screen;
mod scripted_brokers;
#[cfg(target_os = "linux")]
mod secret_leaks;
mod signals;
mod signed_request;
mod status;
mod streams;
mod support;
mod tab;
mod terminal;
#[path = "../brokers/mod.rs"]
#[expect(dead_code, reason = "the tests of the library use the rest")]
mod test_brokers;
mod tls;
mod verdicts;
mod verify;
mod waves;
mod wide;
mod wrong_answers;
