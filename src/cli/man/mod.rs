//! `cdss man`: manual pages, made from the parser and the help topics.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use clap::{Args, Command, ValueHint};

use super::help::find_command;
use crate::error::{CommandError, UsageError};

mod markdown;
mod page;
mod tidy;

/// Print or write manual pages
///
/// Without --dir, one page is printed in the format of man, roff.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cdss man | man -l -
  cdss man config-group copy | man -l -
  cdss man --dir ~/.local/share/man/man1")]
pub(crate) struct ManArgs {
    /// Command whose page to print [default: the page of cdss]
    #[arg(value_name = "COMMAND")]
    command: Vec<String>,
    /// Write all pages to this directory
    ///
    /// It is created if it does not exist. Existing pages are replaced.
    #[arg(long, value_name = "DIR", conflicts_with = "command", value_hint = ValueHint::DirPath)]
    dir: Option<PathBuf>,
}

/// The result of the command.
pub(super) enum Output {
    /// The page to print.
    Page(String),
    /// The message about the pages that were written.
    Written(String),
}

/// Renders a page, or writes all of them.
///
/// # Errors
///
/// Fails if the command does not exist, or if a page can't be written. Every page in the directory is then complete.
pub(super) fn run(args: &ManArgs, mut cdss: Command) -> Result<Output, CommandError> {
    cdss.build();
    let Some(directory) = &args.dir else {
        let path: Vec<&str> = args.command.iter().map(String::as_str).collect();
        let not_found = || UsageError::NoManualPage(path.join(" "));
        let command = find_command(&cdss, &path).ok_or_else(not_found)?;
        return Ok(Output::Page(page::render(command, &cdss)));
    };
    let pages = page::all_commands(&cdss);
    write_pages(directory, &pages, &cdss).map_err(|error| UsageError::UnwritableManual {
        directory: directory.clone(),
        reason: error.to_string(),
    })?;
    Ok(Output::Written(format!("wrote {} manual pages to {}", pages.len(), directory.display())))
}

fn write_pages(directory: &Path, commands: &[&Command], cdss: &Command) -> io::Result<()> {
    if directory.exists() && !directory.is_dir() {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    fs::create_dir_all(directory)?;
    for command in commands {
        write_page(&directory.join(page::file_name(command)), &page::render(command, cdss))?;
    }
    Ok(())
}

/// Writes a temporary file and renames it, so that no page is incomplete.
fn write_page(path: &Path, text: &str) -> io::Result<()> {
    let temporary = path.with_extension("new");
    let create = || OpenOptions::new().write(true).create_new(true).open(&temporary);
    let mut file: File = match create() {
        // A killed run left it.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            fs::remove_file(&temporary)?;
            create()?
        }
        created => created?,
    };
    let written = file.write_all(text.as_bytes()).and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        let _next_run_replaces_it = fs::remove_file(&temporary);
    }
    written
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;
    use strum::VariantArray as _;

    use super::*;
    use crate::cli::args::Cli;
    use crate::cli::help;
    use crate::exit::Exit;

    fn cdss() -> Command {
        let mut cdss = Cli::command();
        cdss.build();
        cdss
    }

    #[test]
    fn every_command_and_option_is_in_the_manual() {
        let cdss = cdss();
        let whole = page::render(&cdss, &cdss);
        for command in page::all_commands(&cdss) {
            let page = page::render(command, &cdss);
            let name = command.get_bin_name().unwrap_or("cdss").to_owned();
            let reference = format!("\\fB{}\\fR(1)", name.replace([' ', '-'], "\\-"));
            assert!(whole.contains(&reference) || name == "cdss", "{reference}");
            for section in
                [".SH NAME", ".SH SYNOPSIS", ".SH DESCRIPTION", ".SH EXAMPLES", ".SH \"EXIT STATUS\""]
            {
                assert!(page.contains(&format!("\n{section}\n")), "{name}: {section}");
            }
            for arg in command.get_arguments().filter(|arg| !arg.is_hide_set()) {
                let shown = match arg.get_long() {
                    Some(long) => format!("\\fB\\-\\-{}\\fR", long.replace('-', "\\-")),
                    None => format!("\\fI{}\\fR", arg.get_value_names().unwrap_or_default()[0]),
                };
                assert!(page.contains(&shown), "{name}: {shown}");
                let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
                let word = help.split(' ').next().unwrap_or_default();
                assert!(!word.is_empty() && page.contains(word), "{name}: {shown} is described");
            }
        }
    }

    #[test]
    fn every_exit_code_and_topic_is_in_the_manual() {
        let cdss = cdss();
        let page = page::render(&cdss, &cdss);
        let copy = page::render(find_command(&cdss, &["config-group", "copy"]).unwrap(), &cdss);
        for exit in Exit::VARIANTS {
            let (code, name, meaning) =
                (exit.code(), exit.to_string().replace('-', "\\-"), exit.meaning().replace('-', "\\-"));
            assert!(page.contains(&format!("\n{code:>3} {name}")), "{code}");
            assert!(copy.contains(&format!("\n\\fB{code}\\fR\n{meaning}\n")), "{code}");
        }
        let headings: Vec<&str> = page
            .lines()
            .filter_map(|line| line.strip_prefix(".SH "))
            .map(|line| line.trim_matches('"'))
            .collect();
        let mut topics: Vec<&str> = help::topics().to_vec();
        for (heading, text) in help::topics_in_manual_order() {
            assert!(headings.contains(&heading), "{heading}: {headings:?}");
            topics.retain(|name| help::topic(name).as_ref() != Some(&text));
            let sections = text.lines().filter_map(|line| line.strip_prefix("## "));
            for section in sections {
                let titles = [format!("\n.SS {section}\n"), format!("\n.SS \"{section}\"\n")];
                assert!(titles.iter().any(|title| page.contains(title)), "{heading}: {section}");
            }
        }
        assert!(topics.is_empty(), "not in the manual: {topics:?}");
    }

    #[test]
    fn date_is_that_of_the_release() {
        let changes = include_str!("../../../CHANGELOG.md");
        let release =
            changes.lines().find(|line| line.starts_with(concat!("## [", env!("CARGO_PKG_VERSION"), "]")));
        let date = release.and_then(|line| line.split(" - ").nth(1)).unwrap_or(page::DATE);
        assert_eq!(date, page::DATE);
    }
}
