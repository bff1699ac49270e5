//! Completion: the scripts of `cdss completions`, and the answers to a shell on Tab. An answer opens no connection and
//! runs no program.

use std::ffi::OsString;
use std::io;

use clap::builder::PossibleValuesParser;
use clap::{Args, Command, ValueHint};
use clap_complete::Shell;
use clap_complete::env::Shells;
use strum::VariantNames as _;

use super::help::topics;
use crate::settings::Environment;
use crate::upgrade::rules::checks::CheckId;

pub(super) mod candidates;
pub(super) mod words;

/// The variable that a script sets to the name of its shell.
const VARIABLE: &str = "COMPLETE";

/// Print a shell completion script
#[derive(Debug, Args)]
#[command(
    after_help = "\
Examples:
  source <(cdss completions bash)     # in ~/.bashrc
  source <(cdss completions zsh)      # in ~/.zshrc, after compinit
  cdss completions fish | source      # in ~/.config/fish/config.fish",
    after_long_help = "\
On Tab, the script asks cdss, which also completes profiles, run IDs, and the
names of clusters, versions, and config groups. The names come from a cache in
$XDG_CACHE_HOME/cdss. Every command that lists them updates it, for example
`cdss list clusters`. Names older than a day are ignored. Tab never connects to
the service and never runs a credential process.

Examples:
  source <(cdss completions bash)     # in ~/.bashrc
  source <(cdss completions zsh)      # in ~/.zshrc, after compinit
  cdss completions fish | source      # in ~/.config/fish/config.fish"
)]
pub(crate) struct CompletionsArgs {
    /// Shell: bash, zsh, fish, elvish, or powershell
    #[arg(value_name = "SHELL", hide_possible_values = true)]
    shell: Shell,
}

/// The script for bash. That of the library can't complete `--cluster=NAME`, and inserts file names without quotes.
const BASH: &str = include_str!("cdss.bash");

/// Returns the completion script for a shell.
pub(super) fn script(args: &CompletionsArgs) -> String {
    if args.shell == Shell::Bash {
        return BASH.to_owned();
    }
    let mut script = Vec::new();
    let shells = Shells::builtins();
    if let Some(shell) = shells.completer(&args.shell.to_string()) {
        let written = shell.write_registration(VARIABLE, "cdss", "cdss", "cdss", &mut script);
        written.expect("a vector can be written");
    }
    String::from_utf8_lossy(&script).into_owned()
}

/// Answers a call such as `COMPLETE=bash cdss -- cdss upgrade --cluster`, which a completion script makes on Tab. Returns
/// None for every other call, so that the variable alone never keeps a command from running.
pub(super) fn answer(
    arguments: &[OsString],
    environment: &Environment,
    cdss: impl FnOnce() -> Command,
    commands: &[&'static str],
) -> Option<io::Result<String>> {
    let shells = Shells::builtins();
    let shell = shells.completer(environment.value(VARIABLE)?)?;
    let [_, separator, line @ ..] = arguments else { return None };
    if separator != "--" || line.is_empty() {
        return None;
    }
    let mut words = Vec::new();
    let directory = std::env::current_dir().ok();
    let written = shell.write_complete(
        &mut prepared(cdss(), commands),
        line.to_vec(),
        directory.as_deref(),
        &mut words,
    );
    Some(written.map(|()| String::from_utf8_lossy(&words).into_owned()))
}

/// Prepares the parser for completion. File names are offered only for arguments that are declared as files.
fn prepared(cdss: Command, commands: &[&'static str]) -> Command {
    let subjects = [commands, &topics(), CheckId::VARIANTS].concat();
    let subjects = PossibleValuesParser::new(subjects);
    let commands = PossibleValuesParser::new(commands.iter().copied());
    without_file_names(cdss)
        .mut_subcommand("help", |help| help.mut_arg("subject", |arg| arg.value_parser(subjects)))
        .mut_subcommand("man", |man| man.mut_arg("command", |arg| arg.value_parser(commands)))
}

fn without_file_names(command: Command) -> Command {
    let command = command.mut_args(|arg| {
        if arg.get_action().takes_values() && arg.get_value_hint() == ValueHint::Unknown {
            arg.value_hint(ValueHint::Other)
        } else {
            arg
        }
    });
    command.mut_subcommands(without_file_names)
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;
    use std::path::Path;

    use clap::CommandFactory as _;
    use clap::builder::PossibleValue;

    use super::*;
    use crate::cli::args::Cli;
    use crate::cli::command;

    /// Returns a script that never runs cdss. It completes commands, options, and fixed values, but no names.
    fn static_script(shell: Shell) -> String {
        let mut script = Vec::new();
        let mut cdss = prepared(Cli::command(), command::Command::VARIANTS);
        clap_complete::generate(shell, &mut cdss, "cdss", &mut script);
        // Without these options, bash offers no file names in place of other values.
        let script = String::from_utf8_lossy(&script).replace(" -o bashdefault -o default", "");
        if shell == Shell::Fish { script + &fish_arguments(&cdss) } else { script }
    }

    /// Returns the lines about arguments without a flag, which the library leaves out of the script for fish.
    fn fish_arguments(cdss: &Command) -> String {
        let mut lines = "complete -c cdss -f\n".to_owned();
        let below = |command: &Command| {
            let condition = format!("__fish_cdss_using_subcommand {}", command.get_name());
            let nested = command.get_subcommands().map(|nested| {
                let condition = format!("{condition}; and __fish_seen_subcommand_from {}", nested.get_name());
                (condition, nested.clone())
            });
            nested.chain([(condition.clone(), command.clone())]).collect::<Vec<_>>()
        };
        for (condition, command) in cdss.get_subcommands().flat_map(below) {
            for argument in command.get_positionals() {
                let values = argument.get_possible_values();
                let words: Vec<&str> = values.iter().map(PossibleValue::get_name).collect();
                if argument.get_value_hint() == ValueHint::AnyPath {
                    let _infallible = writeln!(lines, "complete -c cdss -n \"{condition}\" -F");
                } else if !words.is_empty() {
                    let words = words.join(" ");
                    let _infallible = writeln!(lines, "complete -c cdss -n \"{condition}\" -a \"{words}\"");
                }
            }
        }
        lines
    }

    #[test]
    fn static_scripts_are_up_to_date() {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("completions");
        for (shell, name) in [(Shell::Bash, "cdss.bash"), (Shell::Zsh, "_cdss"), (Shell::Fish, "cdss.fish")] {
            let (path, script) = (directory.join(name), static_script(shell));
            if std::env::vars_os().any(|(name, _)| name == "CDSS_RECORD") {
                std::fs::write(&path, &script).unwrap();
            }
            let is_current = std::fs::read_to_string(&path).unwrap() == script;
            assert!(is_current, "{name}: run `CDSS_RECORD=1 cargo test --locked --lib completion`");
        }
    }

    #[test]
    fn only_a_call_of_a_script_is_answered() {
        let answers = |variable: &[(&str, &str)], line: &str| {
            let arguments: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            answer(&arguments, &Environment::from_pairs(variable), Cli::command, &[]).is_some()
        };
        let bash = [(VARIABLE, "bash")];
        for line in ["cdss", "cdss upgrade", "cdss upgrade -- x", "cdss --version", "cdss --"] {
            assert!(!answers(&bash, line), "{line}");
        }
        for variable in [&[][..], &[(VARIABLE, "")], &[(VARIABLE, "1")], &[(VARIABLE, "tcsh")]] {
            assert!(!answers(variable, "cdss -- cdss upgrade"), "{variable:?}");
        }
    }

    #[test]
    fn file_names_are_offered_only_where_a_file_is_expected() {
        let mut command = prepared(Cli::command(), &[]);
        command.build();
        let mut found = Vec::new();
        let mut commands = vec![&command];
        while let Some(command) = commands.pop() {
            commands.extend(command.get_subcommands());
            for arg in command.get_arguments().filter(|arg| arg.get_action().takes_values()) {
                if arg.get_value_hint() != ValueHint::Other {
                    found.push(arg.get_id().to_string());
                }
            }
        }
        found.sort();
        found.dedup();
        assert_eq!(found, ["cacert", "command", "compare", "dir", "record", "replay"]);
    }
}
