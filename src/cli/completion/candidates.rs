//! Candidates that depend on this machine: profiles, runs, and names from the cache.
//!
//! The parser declares which argument has which candidates. Nothing here fails: without data there are no candidates.

use std::ffi::OsString;

use clap::builder::StyledStr;
use clap_complete::engine::CompletionCandidate;
use strum::VariantNames as _;

use super::words;
use crate::cli::context::{name_cache_path, open_journal};
use crate::clock::{Clock as _, SystemClock};
use crate::model::history::PastRun;
use crate::model::kafka_version::{KafkaVersion, Release, VersionSelector};
use crate::model::output_format::OutputFormat;
use crate::model::region::Site;
use crate::model::selector::Selector;
use crate::model::setting_name::Field;
use crate::name_cache::{self, GroupName, Names};
use crate::output::escape;
use crate::settings::{self, Environment, Flags};
use crate::signals::SignalListener;

/// The command line that is being completed.
struct Line(Vec<String>);

impl Line {
    /// Reads the words after the `--` that a completion script puts before them.
    fn from_process() -> Self {
        let words = std::env::args_os().skip(2).map(|word| word.to_string_lossy().into_owned());
        Self(words.collect())
    }

    /// Returns the value of an option, if it is on the line.
    fn value(&self, option: &str) -> Option<&str> {
        let words: Vec<&str> = self.0.iter().map(String::as_str).collect();
        let after = |(index, word): (usize, &&str)| match (word.strip_prefix(option)?, &words[index..]) {
            // bash splits words at the equals sign.
            ("", [_, "=", value, ..] | [_, value, ..]) => Some(*value),
            (rest, _) => words[index].get(option.len() + 1..).filter(|_| rest.starts_with('=')),
        };
        words.iter().enumerate().rev().find_map(after)
    }

    /// Returns the words after a command.
    fn after(&self, command: &str) -> &[String] {
        self.0.split(|word| word == command).nth(1).unwrap_or_default()
    }

    /// Reads the names of the service that this command line would use. It needs no key, so nothing is run to get one.
    fn names(&self) -> Names {
        let environment = Environment::from_process();
        let option = |name: &str| self.value(name).map(str::to_owned);
        let flags = Flags {
            profile: option("--profile"),
            site: option("--site"),
            region: option("--region"),
            endpoint: option("--endpoint"),
            ..Flags::default()
        };
        let path = settings::load_settings(&flags, &environment)
            .ok()
            .and_then(|settings| name_cache_path(&settings, &environment));
        path.map(|path| name_cache::load(&path, clock().now())).unwrap_or_default()
    }

    /// Returns the version of the cluster on the line, if it is known.
    fn cluster_release(&self, names: &Names) -> Option<Release> {
        let cluster = self.value("--cluster")?.parse::<Selector>().ok()?;
        let is_selected = |no: u64, name: &str| match &cluster {
            Selector::Number(number) => *number == no,
            Selector::Name(selected) => selected == name,
        };
        let mut found = names.clusters.iter().filter(|entry| is_selected(entry.no.number(), &entry.name));
        found.next().filter(|_| found.next().is_none())?.release()
    }
}

fn clock() -> SystemClock {
    SystemClock { signals: SignalListener::new() }
}

/// Returns true for a word that needs no quotes in any shell and is not an option.
fn is_plain(word: &str) -> bool {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
    !word.is_empty() && !word.starts_with('-') && word.chars().all(is_plain)
}

/// Returns a candidate with a description, which zsh and fish show.
fn candidate(value: impl Into<OsString>, description: &str) -> CompletionCandidate {
    let description = Some(escape(description)).filter(|text| !text.is_empty());
    // Without a tag, the engine renders one for each candidate.
    let tag = Some(StyledStr::from("names"));
    CompletionCandidate::new(value).help(description.map(StyledStr::from)).tag(tag)
}

/// Returns a candidate for each thing with a number and a name: the name if it selects only this one and needs no quotes,
/// otherwise the number.
fn by_name<'a>(things: impl Iterator<Item = (u64, &'a str, Option<String>)>) -> Vec<CompletionCandidate> {
    let mut things: Vec<_> = things.collect();
    things.sort_by_key(|(_, name, _)| *name);
    let mut found = Vec::new();
    for same_name in things.chunk_by(|(_, a, _), (_, b, _)| a == b) {
        for (no, name, version) in same_name {
            let is_name = name.parse() == Ok(Selector::Name((*name).to_owned()));
            let version = version.as_deref().unwrap_or_default();
            found.push(if is_plain(name) && is_name && same_name.len() == 1 {
                candidate(*name, format!("{no}  {version}").trim_end())
            } else {
                candidate(no.to_string(), format!("{name}  {version}").trim())
            });
        }
    }
    found
}

/// The clusters that the key can access.
pub(crate) fn clusters() -> Vec<CompletionCandidate> {
    let names = Line::from_process().names();
    by_name(names.clusters.iter().map(|entry| {
        let release = entry.release().map(|release| release.to_string());
        (entry.no.number(), entry.name.as_str(), release)
    }))
}

fn versions_where(is_offered: impl Fn(&KafkaVersion) -> bool, names: &Names) -> Vec<CompletionCandidate> {
    let versions = names.versions();
    let one = |version: &KafkaVersion| {
        let description = if version.needs_code { version.to_string() } else { String::new() };
        candidate(version.argument(), &description)
    };
    versions.iter().filter(|version| is_offered(version)).map(one).collect()
}

/// The offered versions.
pub(crate) fn versions() -> Vec<CompletionCandidate> {
    versions_where(|_| true, &Line::from_process().names())
}

/// The versions that the cluster on the line can be upgraded to.
pub(crate) fn target_versions() -> Vec<CompletionCandidate> {
    let line = Line::from_process();
    let names = line.names();
    let current = line.cluster_release(&names);
    versions_where(|version| current.is_none() || version.release > current, &names)
}

fn groups_where(is_offered: impl Fn(&GroupName) -> bool, names: &Names) -> Vec<CompletionCandidate> {
    let versions = names.versions();
    by_name(names.groups.iter().filter(|group| is_offered(group)).map(|group| {
        let version = versions.iter().find(|version| version.code == group.version);
        let version = version.map(|version| format!("Kafka {version}"));
        (group.no.number(), group.name.as_deref().unwrap_or_default(), version)
    }))
}

/// The config groups of all versions.
pub(crate) fn config_groups() -> Vec<CompletionCandidate> {
    groups_where(|_| true, &Line::from_process().names())
}

/// The config groups of the version on the line.
pub(crate) fn target_config_groups() -> Vec<CompletionCandidate> {
    let line = Line::from_process();
    let names = line.names();
    let version = line.value("--version").and_then(|text| text.parse::<VersionSelector>().ok());
    let version = version.and_then(|version| version.resolve(&names.versions()).ok());
    groups_where(|group| version.as_ref().is_none_or(|found| found.version.code == group.version), &names)
}

/// The profiles in both files.
pub(crate) fn profiles() -> Vec<CompletionCandidate> {
    let Ok(files) = settings::read_profiles(&Environment::from_process()) else { return Vec::new() };
    let profiles = files.config.iter().chain(files.ncloud.iter().flatten());
    profiles
        .filter(|profile| is_plain(&profile.name))
        .map(|profile| candidate(&profile.name, &profile.file.to_string_lossy()))
        .collect()
}

/// The runs in the journal, the latest first.
pub(crate) fn runs() -> Vec<CompletionCandidate> {
    let Ok(journal) = open_journal(&Environment::from_process()) else { return Vec::new() };
    if journal.size().is_none_or(|size| size > MAX_JOURNAL_BYTES) {
        return Vec::new();
    }
    let runs = journal.history().map(|history| history.runs).unwrap_or_default();
    let one = |run: &PastRun| candidate(&run.id, &run.outcome.to_string());
    runs.iter().rev().filter(|run| is_plain(&run.id)).map(one).collect()
}

/// The runs of a larger journal are not offered. Chosen: this much is read in a few milliseconds.
const MAX_JOURNAL_BYTES: u64 = 1024 * 1024;

/// The values of the setting on the line of `config set`.
pub(crate) fn setting_values() -> Vec<CompletionCandidate> {
    let line = Line::from_process();
    let field = line.after("set").iter().find_map(|word| word.parse::<Field>().ok());
    let values = match field {
        Some(Field::Site) => Site::VARIANTS.to_vec(),
        Some(Field::Region) => words::regions(),
        Some(Field::Output) => OutputFormat::VARIANTS.to_vec(),
        _ => Vec::new(),
    };
    values.into_iter().map(CompletionCandidate::new).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Line {
        Line(text.split(' ').map(str::to_owned).collect())
    }

    #[test]
    fn options_are_found_in_all_their_forms() {
        for (text, value) in [
            ("cdss check --cluster orders --version ", Some("orders")),
            ("cdss check --cluster=orders --version ", Some("orders")),
            ("cdss check --cluster = orders --version ", Some("orders")),
            ("cdss check --version 3 --cluster orders", Some("orders")),
            ("cdss check --cluster a --cluster b", Some("b")),
            ("cdss check --clusters orders", None),
            ("cdss check --cluster", None),
            ("cdss check", None),
        ] {
            assert_eq!(line(text).value("--cluster"), value, "{text}");
        }
    }

    #[test]
    fn only_words_without_quotes_are_plain() {
        for word in ["orders-prod", "orders_prod.2", "주문-운영", "1009123"] {
            assert!(is_plain(word), "{word}");
        }
        for word in [
            "",
            "-rf",
            "--yes",
            "a b",
            "a'b",
            "a\"b",
            "$(id)",
            "`id`",
            "a;b",
            "a|b",
            "a&b",
            "a>b",
            "*",
            "a?",
            "[a]",
            "{a,b}",
            "~",
            "!1",
            "#a",
            "a\\b",
            "a\nb",
            "a\tb",
            "a\u{1b}[31m",
            "a:b",
            "a=b",
            "a/b",
            "a,b",
            "%1",
            "^a",
            "\u{202e}a",
        ] {
            assert!(!is_plain(word), "{word:?}");
        }
    }

    #[test]
    fn number_replaces_a_name_that_is_ambiguous_or_needs_quotes() {
        let things =
            [(1, "orders"), (2, "twice"), (3, "twice"), (4, "$(id)"), (5, "12345"), (6, ""), (7, "a b")];
        let found = by_name(things.iter().map(|(no, name)| (*no, *name, Some("3.7.1".to_owned()))));
        let mut found: Vec<String> = found
            .iter()
            .map(|one| {
                let help = one.get_help().map(ToString::to_string).unwrap_or_default();
                format!("{} {help}", one.get_value().to_string_lossy())
            })
            .collect();
        found.sort();
        assert_eq!(
            found,
            [
                "2 twice  3.7.1",
                "3 twice  3.7.1",
                "4 $(id)  3.7.1",
                "5 12345  3.7.1",
                "6 3.7.1",
                "7 a b  3.7.1",
                "orders 1  3.7.1"
            ]
        );
    }
}
