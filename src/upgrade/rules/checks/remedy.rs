//! The remedy of a check.

use std::borrow::Cow;

use crate::model::command_context::CommandContext;
use crate::model::suggested_command::SuggestedCommand;

/// What to do about a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Remedy {
    Text(Cow<'static, str>),
    /// A command between two texts.
    Command {
        before: Cow<'static, str>,
        command: Box<SuggestedCommand>,
        after: &'static str,
    },
}

impl Remedy {
    /// Creates a remedy with a command between two texts.
    pub(in crate::upgrade::rules) fn with_command(
        before: impl Into<Cow<'static, str>>,
        command: SuggestedCommand,
        after: &'static str,
    ) -> Self {
        Self::Command { before: before.into(), command: Box::new(command), after }
    }

    /// Returns the text, with a command for the service of the context.
    pub(crate) fn render(&self, context: Option<&CommandContext>) -> String {
        match self {
            Self::Text(text) => text.to_string(),
            Self::Command { before, command, after } => {
                format!("{before}{}{after}", command.quoted(context))
            }
        }
    }
}

impl From<&'static str> for Remedy {
    fn from(text: &'static str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Remedy {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}
