//! Rolling Kafka upgrades for NAVER Cloud Platform's Cloud Data Streaming Service.
//!
//! The library has one public function, [`main`], and the public [`sandbox`] that rehearsals and tests use. The table in
//! CONTRIBUTING says which module may use which; a test checks it.

/// Runs the statements while a test has switched this deliberate bug on. Expands to nothing outside of tests.
macro_rules! deliberate_bug {
    ($bug:ident => $($statements:tt)*) => {
        #[cfg(test)]
        {
            if crate::bugs::is_on(crate::bugs::Bug::$bug) { $($statements)* }
        }
    };
}

mod api;
mod brokers;
#[cfg(test)]
#[path = "../tests/bugs/mod.rs"]
mod bugs;
mod cli;
mod clock;
mod config_group;
mod consent;
mod documents;
mod error;
mod exit;
#[cfg(test)]
#[path = "../tests/injector/mod.rs"]
#[expect(dead_code, reason = "the tests of the binary use the rest")]
mod injector;
mod journal;
mod messages;
#[cfg(test)]
#[path = "../tests/metrics/mod.rs"]
mod metrics;
mod model;
mod name_cache;
mod output;
mod private_file;
mod recording;
mod report;
mod reporter;
pub mod sandbox;
mod session;
mod settings;
mod signals;
#[cfg(test)]
#[path = "../tests/brokers/mod.rs"]
#[expect(dead_code, reason = "the tests of the binary use the rest")]
mod test_brokers;
mod upgrade;
mod verify;

/// Runs the program, and returns its exit code.
pub fn main() -> std::process::ExitCode {
    cli::main()
}
