//! Checking, starting, and watching an upgrade.

mod check;
mod conclude;
mod follow;
mod poller;
mod read;
pub(crate) mod rules;
mod run;
mod start;
mod start_outcome;
mod status;
mod watch;

pub(crate) use check::{check, check_all};
pub(crate) use follow::WaitOptions;
pub(crate) use run::{ConfirmOptions, upgrade};
pub(crate) use status::{StatusRequest, status};

#[cfg(test)]
pub(crate) mod tests;
