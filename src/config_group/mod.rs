//! Compares config groups and copies them to another Kafka version.

mod copy;
mod diff;
pub(crate) mod rules;

pub(crate) use copy::{CopyRequest, CopySource, copy};
pub(crate) use diff::diff;

#[cfg(test)]
mod tests;
