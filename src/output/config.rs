//! Text output of `config`.

use serde_json::Value;

use super::escape::escape;
use super::plan::checks_table;
use super::result::{CommandReport, View};
use crate::documents::{VerifyFields, to_value};
use crate::exit::Exit;
use crate::model::command_context::CommandContext;
use crate::model::profile_edit::ProfileEdit;
use crate::report::config::{ProfileChange, ProfileChangeReport, VerifyReport};
use crate::upgrade::rules::checks::Check;

impl CommandReport for VerifyReport {
    fn fields(&self, commands: Option<&CommandContext>) -> Value {
        to_value(&VerifyFields::from_report(self, commands))
    }

    fn render(&self, view: &View<'_>) -> String {
        render_verification(&self.0, view)
    }
}

impl CommandReport for ProfileChangeReport {
    fn fields(&self, _: Option<&CommandContext>) -> Value {
        to_value(self)
    }

    fn render(&self, _: &View<'_>) -> String {
        self.change.as_ref().map_or_else(String::new, render_profile_change)
    }

    fn unprinted_change_note(&self) -> Option<&'static str> {
        self.change.as_ref().map(|_| "The profile was changed anyway.")
    }
}

/// Renders a profile change as one line.
fn render_profile_change(change: &ProfileChange) -> String {
    let ProfileChange { profile, source, key, edit } = change;
    let change = match (key, edit) {
        (Some(key), ProfileEdit::Created) => format!("created with {key}"),
        (None, ProfileEdit::Created) => "created".to_owned(),
        (Some(key), edit) => format!("{key} {}", edit.into_str()),
        (None, edit) => edit.into_str().to_owned(),
    };
    escape(&format!("profile {profile}: {change} in {source}"))
}

/// Renders the steps as a table, and how to fix the first failing step. With colors, that step is red.
fn render_verification(checks: &[Check], view: &View<'_>) -> String {
    if checks.is_empty() {
        return String::new();
    }
    let table = checks_table(checks);
    let failed = checks.iter().position(Check::is_blocking);
    let is_red = |line: usize| view.options.stdout_color && failed.is_some_and(|row| row + 1 == line);
    let lines = table.lines().enumerate().map(|(number, line)| match line {
        line if is_red(number) => format!("\u{1b}[1;31m{line}\u{1b}[0m"),
        line => line.to_owned(),
    });
    let end = match checks.iter().find(|check| check.is_blocking()) {
        _ if view.outcome.exit == Exit::Ok => {
            "\n\ncdss can use this service. Nothing was changed.".to_owned()
        }
        Some(failed) => {
            let remedy = failed.remedy.as_ref().map(|remedy| remedy.render(view.outcome.commands));
            format!("\n\nFix {} first: {}.", failed.id, escape(&remedy.unwrap_or_default()))
        }
        None => String::new(),
    };
    format!("Service       {}\n\n{}{end}", view.service, lines.collect::<Vec<_>>().join("\n"))
}
