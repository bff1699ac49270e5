//! Checking, starting, and watching an upgrade.

mod check;
mod group_selection;
mod poller;
mod read;
pub(crate) mod rules;
mod run;
mod start;
mod status;
mod watch;

pub(crate) use check::{check, check_all};
pub(crate) use run::{ConfirmOptions, WaitOptions, upgrade};
pub(crate) use status::{StatusRequest, status};

#[cfg(test)]
pub(crate) mod tests;
