//! One manual page.

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Roff, bold, roman};
use strum::VariantArray as _;

use super::markdown::{add_topic, add_verbatim, inlines};
use super::tidy::tidy;
use crate::cli::help;
use crate::exit::Exit;

/// The date on the pages: of the release, or of the last change before the first one.
pub(super) const DATE: &str = "2026-11-28";

/// The section of the manual: commands.
const SECTION: &str = "1";

/// Returns a command and all commands below it.
pub(super) fn all_commands(command: &Command) -> Vec<&Command> {
    let below = command.get_subcommands().filter(|command| !command.is_hide_set()).flat_map(all_commands);
    std::iter::once(command).chain(below).collect()
}

/// Returns the name of a page, such as `cdss-config-group-copy`.
fn page_name(command: &Command) -> &str {
    command.get_display_name().unwrap_or_else(|| command.get_name())
}

/// Returns the file name of a page, such as `cdss-config-group-copy.1`.
pub(super) fn file_name(command: &Command) -> String {
    format!("{}.{SECTION}", page_name(command))
}

/// Renders the page of a command. That of `cdss` itself has the help topics.
pub(super) fn render(command: &Command, cdss: &Command) -> String {
    let is_whole = page_name(command) == page_name(cdss);
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ").to_owned();
    // The page has everything that `--help` has.
    let shown = command.clone().override_usage(usage).subcommand_help_heading("COMMANDS");
    let shown = shown.mut_args(|arg| arg.hide_short_help(false));
    let man = Man::new(shown)
        .title(page_name(command).to_uppercase())
        .section(SECTION)
        .date(DATE)
        .source(concat!("cdss ", env!("CARGO_PKG_VERSION")))
        .manual("cdss manual");
    let mut text = Vec::new();
    let mut notes = Roff::new();
    let examples = add_notes(&mut notes, command);
    let written = (|| {
        man.render_title(&mut text)?;
        man.render_name_section(&mut text)?;
        man.render_synopsis_section(&mut text)?;
        man.render_description_section(&mut text)?;
        notes.to_writer(&mut text)?;
        if command.has_subcommands() {
            man.render_subcommands_section(&mut text)?;
        }
        man.render_options_section(&mut text)
    })();
    written.expect("a vector can be written");
    let mut rest = Roff::new();
    add_verbatim_section(&mut rest, "EXAMPLES", &examples);
    if is_whole {
        help::topics_in_manual_order().for_each(|(heading, topic)| add_topic(&mut rest, heading, &topic));
    } else {
        add_exit_codes(&mut rest);
    }
    add_see_also(&mut rest, command, cdss);
    tidy(&(String::from_utf8_lossy(&text).into_owned() + &rest.render()))
}

/// Adds the text after the options in `--help`, and returns its examples. What the topics explain is left out.
fn add_notes(roff: &mut Roff, command: &Command) -> Vec<String> {
    let text = command.get_after_long_help().or_else(|| command.get_after_help());
    let text = text.map(ToString::to_string).unwrap_or_default();
    let mut examples = Vec::new();
    for block in text.split("\n\n") {
        let (first, rest) = block.trim_end().split_once('\n').unwrap_or((block, ""));
        match first {
            "Examples:" | "Example:" => examples.extend(rest.lines().map(unindented)),
            "Exit codes:" => {}
            _ if first.starts_with("Topics ") => {}
            _ if rest.starts_with("  ") => {
                roff.control("PP", []);
                roff.text(inlines(first));
                let lines = rest.lines().map(unindented);
                if lines.clone().any(|line| line.starts_with("cdss ") || line.contains("  ")) {
                    add_verbatim(roff, lines);
                } else {
                    let paragraph: Vec<String> = lines.collect();
                    roff.control("RS", ["4"]).text(inlines(&paragraph.join("\n"))).control("RE", []);
                }
            }
            _ if !block.trim().is_empty() => {
                roff.control("PP", []);
                roff.text(inlines(block));
            }
            _ => {}
        }
    }
    examples
}

fn unindented(line: &str) -> String {
    line.strip_prefix("  ").unwrap_or(line).to_owned()
}

fn add_verbatim_section(roff: &mut Roff, heading: &str, lines: &[String]) {
    if !lines.is_empty() {
        roff.control("SH", [heading]);
        add_verbatim(roff, lines.iter().cloned());
    }
}

fn add_exit_codes(roff: &mut Roff) {
    roff.control("SH", ["EXIT STATUS"]);
    for exit in Exit::VARIANTS {
        roff.control("TP", []).text([bold(exit.code().to_string())]).text([roman(exit.meaning())]);
    }
}

/// Adds references to the other pages: from `cdss` to all of them, otherwise to those above and below.
fn add_see_also(roff: &mut Roff, command: &Command, cdss: &Command) {
    let line =
        |command: &Command| format!("{} ", command.get_bin_name().unwrap_or_else(|| command.get_name()));
    let own = line(command);
    let is_related = |other: &&Command| {
        let other = line(other);
        other != own && (other.starts_with(&own) || own.starts_with(&other))
    };
    let mut references = Vec::new();
    for other in all_commands(cdss).into_iter().filter(is_related) {
        let separator = if references.is_empty() { "" } else { ", " };
        references.extend([roman(separator), bold(page_name(other)), roman(format!("({SECTION})"))]);
    }
    roff.control("SH", ["SEE ALSO"]).text(references);
    if page_name(command) != page_name(cdss) {
        roff.control("PP", []);
        roff.text(inlines("`cdss`(1) explains exit codes, environment variables, files, and checks."));
    }
}
