//! `cdss help`: the help of a command, a topic, or a check.

use std::borrow::Cow;

use clap::{Args, Command};

use crate::error::{CommandError, UsageError};
use crate::sandbox::{Evidence, Question, questions};
use crate::upgrade::rules::checks::CheckId;

/// Show help for a command, topic, or check
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cdss help upgrade
  cdss help exit-codes
  cdss help config.no-group")]
pub(crate) struct HelpArgs {
    /// Command, topic, or check ID
    #[arg(value_name = "SUBJECT")]
    subject: Vec<String>,
}

/// The topics, in the order in which `cdss --help` lists them.
const TOPICS: [(&str, &str); 11] = [
    ("checks", CHECKS),
    ("outcomes", include_str!("../help/outcomes.md")),
    ("exit-codes", include_str!("../help/exit-codes.md")),
    ("credentials", include_str!("../help/credentials.md")),
    ("environment", include_str!("../help/environment.md")),
    ("files", include_str!("../help/files.md")),
    ("config-groups", include_str!("../help/config-groups.md")),
    ("pipelines", include_str!("../help/pipelines.md")),
    ("network", include_str!("../help/network.md")),
    ("service", include_str!("../help/service.md")),
    ("first-run", include_str!("../help/first-run.md")),
];

const CHECKS: &str = include_str!("../help/checks.md");

/// Returns the names of the topics.
pub(super) fn topics() -> [&'static str; TOPICS.len()] {
    TOPICS.map(|(name, _)| name)
}

/// Returns the topics with their headings in the manual. Those that a manual page usually has come first.
pub(super) fn topics_in_manual_order() -> impl Iterator<Item = (&'static str, Cow<'static, str>)> {
    const ORDER: [(&str, &str); TOPICS.len()] = [
        ("exit-codes", "EXIT STATUS"),
        ("environment", "ENVIRONMENT"),
        ("files", "FILES"),
        ("checks", "CHECKS"),
        ("outcomes", "OUTCOMES"),
        ("credentials", "CREDENTIALS"),
        ("config-groups", "CONFIG GROUPS"),
        ("pipelines", "PIPELINES"),
        ("network", "NETWORK"),
        ("service", "SERVICE"),
        ("first-run", "FIRST RUN"),
    ];
    ORDER.into_iter().map(|(name, heading)| (heading, topic(name).unwrap_or_default()))
}

/// Returns the text for a command of `cdss`, a topic, or a check ID.
///
/// # Errors
///
/// Fails if there is no help for the subject.
pub(super) fn text(args: &HelpArgs, mut cdss: Command) -> Result<String, CommandError> {
    // Adds the global options to every subcommand.
    cdss.build();
    let words: Vec<&str> = args.subject.iter().map(String::as_str).collect();
    if let Some(command) = find_command(&cdss, &words) {
        return Ok(command.clone().render_long_help().to_string());
    }
    let found = match words.as_slice() {
        [word] => topic(word).or_else(|| check(word).map(Cow::Borrowed)),
        _ => None,
    };
    found.map(Cow::into_owned).ok_or_else(|| {
        let (subject, topics) = (words.join(" "), topics().to_vec());
        UsageError::NoHelp { subject, topics }.into()
    })
}

/// Finds a command by its path, such as `config-group copy`.
pub(super) fn find_command<'a>(cdss: &'a Command, path: &[&str]) -> Option<&'a Command> {
    path.iter().try_fold(cdss, |command, word| command.find_subcommand(word))
}

/// Returns the text of a topic. That of `service` ends with the open questions.
pub(super) fn topic(name: &str) -> Option<Cow<'static, str>> {
    let (_, text) = TOPICS.into_iter().find(|(topic, _)| *topic == name)?;
    Some(if name == "service" { Cow::Owned(format!("{text}{}", open_questions())) } else { text.into() })
}

/// Describes the open questions about the service, with the evidence.
fn open_questions() -> String {
    let mut text = "\n## Open questions\n\nThe IDs are those of `cdss sandbox --compare FILE`.\n".to_owned();
    for Question { id, question, assumption, evidence } in questions() {
        let about = format!("`{id}`: {question} The sandbox assumes: {assumption}.");
        text.extend(["\n".to_owned(), wrap(&about, ""), "\n".to_owned()]);
        for Evidence { date, source, text: finding } in evidence {
            text.push_str(&wrap(&format!("- {date}, {source}: {finding}"), "  "));
        }
    }
    text
}

/// Wraps a text like those of the topics. Lines after the first begin with `indent`.
fn wrap(text: &str, indent: &str) -> String {
    const COLUMNS: usize = 80;
    let (mut wrapped, mut column) = (String::new(), 0);
    for word in text.split(' ') {
        if column > 0 && column + 1 + word.len() > COLUMNS {
            wrapped.extend(["\n", indent]);
            column = indent.len();
        } else if column > 0 {
            wrapped.push(' ');
            column += 1;
        }
        wrapped.push_str(word);
        column += word.len();
    }
    wrapped + "\n"
}

/// Cuts the section of a check out of the topic `checks`.
fn check(id: &str) -> Option<&'static str> {
    let id: CheckId = id.parse().ok()?;
    let heading = format!("## {id}\n");
    let start = CHECKS.match_indices(&heading).find(|(at, _)| CHECKS[..*at].ends_with('\n'))?.0;
    let section = &CHECKS[start..];
    let end = section[heading.len()..].find("\n## ").map_or(section.len(), |end| heading.len() + end + 1);
    Some(section[..end].trim_end())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;
    use strum::VariantArray as _;

    use super::*;
    use crate::cli::args::Cli;

    fn help(subject: &str) -> Result<String, CommandError> {
        let args = HelpArgs { subject: subject.split_whitespace().map(str::to_owned).collect() };
        text(&args, Cli::command())
    }

    #[test]
    fn commands_topics_and_checks_have_help() {
        for (subject, expected) in [
            ("", "Usage: cdss [OPTIONS] [COMMAND]"),
            ("upgrade", "Usage: cdss upgrade [OPTIONS] --cluster"),
            ("config-group copy", "Usage: cdss config-group copy [OPTIONS]"),
            ("help", "Usage: cdss help"),
            ("exit-codes", "# Exit codes"),
            ("config.no-group", "## config.no-group"),
            ("versions", "## versions"),
        ] {
            let text = help(subject).unwrap();
            assert!(text.contains(expected), "{subject}: {text}");
        }
    }

    #[test]
    fn a_section_ends_before_the_next_one() {
        let text = help("config.no-group").unwrap();
        assert_eq!(text.matches("## ").count(), 1, "{text}");
        assert!(!text.ends_with('\n'));
    }

    #[test]
    fn unknown_subjects_are_usage_errors() {
        for subject in ["nothing", "config.no", "upgrade nothing", "exit-codes checks", "## versions"] {
            let failure = help(subject).unwrap_err();
            assert_eq!(failure.exit().code(), 2, "{subject}");
            assert!(failure.hint(None).is_some_and(|hint| hint.contains("exit-codes")), "{subject}");
        }
    }

    #[test]
    fn every_exit_code_is_in_its_topic() {
        let topic = topic("exit-codes").unwrap();
        for exit in crate::exit::Exit::VARIANTS {
            let line = format!("\n{:>3} {:<14} {}\n", exit.code(), exit, exit.meaning());
            assert!(topic.contains(&line), "{line}");
        }
    }
}
