//! The document of `config verify`.

use serde::Serialize;

use super::components::Check;
use crate::model::command_context::CommandContext;
use crate::report::config::VerifyReport;

/// `config verify`.
#[derive(Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
pub(crate) struct VerifyFields {
    /// One check for each step, in order; empty if no step was run.
    checks: Vec<Check>,
}

impl VerifyFields {
    pub(crate) fn from_report(report: &VerifyReport, commands: Option<&CommandContext>) -> Self {
        Self { checks: Check::from_checks(&report.0, commands) }
    }
}
