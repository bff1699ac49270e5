//! Shows and compares config groups, and copies them to another Kafka version.

mod copy;
mod diff;
pub(crate) mod rules;
mod show;

pub(crate) use copy::{CopyRequest, CopySource, copy};
pub(crate) use diff::diff;
pub(crate) use show::show;

#[cfg(test)]
mod tests;
