//! Parses and edits the text of `config.toml`. Edits leave the rest of the text unchanged.

use std::ops::Range;
use std::path::Path;

use strum::VariantNames as _;
use toml_edit::{Document, DocumentMut, Item, Table, TableLike, Value};

use super::SettingsError;
use super::profile::Profile;
use crate::model::setting_name::Field;

/// The only top-level table.
const PROFILES: &str = "profiles";

/// Parses the profiles.
///
/// # Errors
///
/// Fails with line and column. Unknown names are errors: a misspelled `region` would otherwise silently select another
/// region. The error never contains the line itself, which may contain a key.
pub(super) fn parse(text: &str, file: &Path) -> Result<Vec<Profile>, SettingsError> {
    let invalid = |span: Option<Range<usize>>, reason: String| {
        let (line, column) = position(text, span.map_or(0, |span| span.start));
        SettingsError::InvalidFile { file: file.to_owned(), line, column, reason }
    };
    let document =
        Document::parse(text).map_err(|error| invalid(error.span(), error.message().replace('\n', ", ")))?;
    let mut profiles = Vec::new();
    for (name, item) in document.as_table() {
        let span = document.as_table().key(name).and_then(toml_edit::Key::span);
        if name != PROFILES {
            return Err(invalid(span, "only tables such as [profiles.prod] are allowed here".to_owned()));
        }
        let Some(tables) = item.as_table_like() else {
            return Err(invalid(span, "`profiles` is not a table".to_owned()));
        };
        for (name, item) in tables.iter() {
            let span = tables.key(name).and_then(toml_edit::Key::span);
            let Some(settings) = item.as_table_like() else {
                return Err(invalid(span, "a profile must be a table such as [profiles.prod]".to_owned()));
            };
            validate_profile_name(name).map_err(|reason| invalid(span, reason))?;
            profiles
                .push(parse_profile(name, settings, file).map_err(|(span, reason)| invalid(span, reason))?);
        }
    }
    Ok(profiles)
}

/// Checks that the name of a profile can be typed and printed.
pub(super) fn validate_profile_name(name: &str) -> Result<(), String> {
    if name.is_empty() || name.trim() != name || name.chars().any(char::is_control) {
        Err("a profile name must not be empty or start or end with whitespace".to_owned())
    } else {
        Ok(())
    }
}

type SpannedError = (Option<Range<usize>>, String);

fn parse_profile(name: &str, settings: &dyn TableLike, file: &Path) -> Result<Profile, SpannedError> {
    let mut profile = Profile::new(name, file);
    for (name, item) in settings.iter() {
        let Ok(field) = name.parse::<Field>() else {
            let span = settings.key(name).and_then(toml_edit::Key::span);
            return Err((span, format!("unknown setting `{name}`; use {}", Field::VARIANTS.join(", "))));
        };
        match item.as_str() {
            Some(value) => profile.set_value(field, value),
            None => return Err((item.span(), format!("{name} must be a quoted string"))),
        }
    }
    Ok(profile)
}

/// Returns the line and column of a byte offset. Both start at 1; columns are counted in characters.
fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

/// Returns the text with one value of one profile set. Adds the profile if it does not exist.
///
/// [`parse`] must accept the text. An existing value is replaced in place, so that no other byte changes.
pub(super) fn set_value(text: &str, profile: &str, field: Field, new: &str) -> String {
    let new = Value::from(new);
    let span = Document::parse(text)
        .ok()
        .and_then(|document| profile_table(&document, profile)?.get(field.into_str())?.span());
    if let Some(span) = span {
        return format!("{}{}{}", &text[..span.start], new.decorated("", ""), &text[span.end..]);
    }
    edit(text, |document| {
        let is_first_profile = document.as_table().is_empty();
        let tables = document.entry(PROFILES).or_insert_with(|| {
            let mut table = Table::new();
            table.set_implicit(true);
            Item::Table(table)
        });
        let Some(tables) = tables.as_table_like_mut() else { return };
        let settings = tables.entry(profile).or_insert_with(|| Item::Table(Table::new()));
        let Some(settings) = settings.as_table_like_mut() else { return };
        settings.insert(field.into_str(), Item::Value(new));
        if is_first_profile {
            // Keep the comments at the top of a file that has no profiles yet.
            let comments = document.trailing().as_str().unwrap_or_default().to_owned();
            document.set_trailing("");
            let table = document.get_mut(PROFILES).and_then(|tables| tables.get_mut(profile));
            if let Some(Item::Table(table)) = table.filter(|_| !comments.trim().is_empty()) {
                table.decor_mut().set_prefix(format!("{}\n\n", comments.trim_end()));
            }
        }
    })
}

/// Returns the text without a profile, or without one value of it. Comments above are kept.
pub(super) fn remove(text: &str, profile: &str, field: Option<Field>) -> String {
    if let Some(lines) = own_lines(text, profile, field) {
        return format!("{}{}", &text[..lines.start], &text[lines.end..]);
    }
    edit(text, |document| {
        let Some(tables) = document.get_mut(PROFILES).and_then(Item::as_table_like_mut) else { return };
        match field {
            None => drop(tables.remove(profile)),
            Some(field) => {
                let settings = tables.get_mut(profile).and_then(Item::as_table_like_mut);
                drop(settings.and_then(|settings| settings.remove(field.into_str())));
            }
        }
    })
}

fn profile_table<'a>(document: &'a Document<&str>, profile: &str) -> Option<&'a dyn TableLike> {
    document.get(PROFILES)?.as_table_like()?.get(profile)?.as_table_like()
}

/// Returns the range of lines of a value, or of the header and all values, in a profile with its own `[header]`.
fn own_lines(text: &str, profile: &str, field: Option<Field>) -> Option<Range<usize>> {
    let document = Document::parse(text).ok()?;
    let table = document.get(PROFILES)?.get(profile)?.as_table().filter(|table| !table.is_dotted())?;
    let range = if let Some(field) = field {
        let (key, item) = table.get_key_value(field.into_str())?;
        key.span()?.start..item.span()?.end
    } else {
        let header = table.span()?;
        let ends = table.iter().map(|(_, item)| item.span().map(|span| span.end));
        let end = ends.chain([Some(header.end)]).try_fold(0, |last, end| end.map(|end| last.max(end)))?;
        header.start..end
    };
    Some(whole_lines(text, range))
}

/// Extends a range to whole lines.
fn whole_lines(text: &str, range: Range<usize>) -> Range<usize> {
    let start = text[..range.start].rfind('\n').map_or(0, |at| at + 1);
    let end = text[range.end..].find('\n').map_or(text.len(), |at| range.end + at + 1);
    start..end
}

/// Edits a text. Keeps its byte order mark, and its line endings if they are all the same.
fn edit(text: &str, change: impl FnOnce(&mut DocumentMut)) -> String {
    let bare = text.trim_start_matches('\u{feff}');
    let bom = &text[..text.len() - bare.len()];
    let is_crlf = bare.contains("\r\n") && bare.matches('\n').count() == bare.matches("\r\n").count();
    let plain = if is_crlf { bare.replace("\r\n", "\n") } else { bare.to_owned() };
    let Ok(mut document) = plain.parse::<DocumentMut>() else { return text.to_owned() };
    change(&mut document);
    let changed = document.to_string();
    format!("{bom}{}", if is_crlf { changed.replace('\n', "\r\n") } else { changed })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const FILE: &str = "# team keys
[profiles.prod] # careful
access_key = \"AKIDEXAMPLE1\"
secret_key = 'S1'   # rotated in May
region = \"KR\"

# the other cloud
[profiles.\"gov 1\"]
site = \"gov\"
";

    fn read(text: &str) -> Vec<Profile> {
        parse(text, Path::new("/c/config.toml")).unwrap()
    }

    fn parse_error(text: &str) -> String {
        parse(text, Path::new("/c/config.toml")).unwrap_err().to_string()
    }

    /// Returns the lines that differ.
    fn changed_lines(before: &str, after: &str) -> Vec<(String, String)> {
        assert_eq!(before.lines().count(), after.lines().count(), "{after}");
        let pairs = before.split('\n').zip(after.split('\n'));
        pairs.filter(|(a, b)| a != b).map(|(a, b)| (a.to_owned(), b.to_owned())).collect()
    }

    #[test]
    fn all_toml_forms_of_profiles_are_parsed() {
        for text in [
            FILE.to_owned(),
            FILE.replace('\n', "\r\n"),
            format!("\u{feff}{FILE}"),
            "profiles.prod = { access_key = \"AKIDEXAMPLE1\", secret_key = \"S1\", region = \"KR\" }\n\
             profiles.\"gov 1\".site = \"gov\""
                .to_owned(),
        ] {
            let profiles = read(&text);
            assert_eq!(profiles.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["prod", "gov 1"]);
            assert_eq!(profiles[0].value(Field::AccessKey), Some("AKIDEXAMPLE1"));
            assert_eq!(profiles[0].value(Field::Region), Some("KR"));
            assert_eq!(profiles[0].value(Field::SecretKey), Some("S1"));
            assert_eq!(profiles[1].value(Field::Site), Some("gov"));
            assert!(
                profiles[1].value(Field::AccessKey).is_none()
                    && profiles[1].value(Field::SecretKey).is_none()
            );
        }
        assert!(read("").is_empty() && read("[profiles]").is_empty());
    }

    #[test]
    fn errors_have_line_and_column_but_not_the_line() {
        for (text, position) in [
            ("[profiles.prod]\nsecret_key = hunter2\n", "/c/config.toml:2:14: "),
            ("[profiles.prod]\nsecret_key = \"hunter2\n", "/c/config.toml:2:"),
            ("[profiles.prod\nsecret_key = \"hunter2\"", "/c/config.toml:1:"),
            (
                "[profiles.prod]\n  regoin = \"KR\"",
                "/c/config.toml:2:3: unknown setting `regoin`; use access_key, ",
            ),
            ("[profiles.prod]\npoll = 15", "/c/config.toml:2:8: poll must be a quoted string"),
            (
                "[profiles.prod]\nsecret_key = [\"hunter2\"]",
                "/c/config.toml:2:14: secret_key must be a quoted string",
            ),
            (
                "# x\n\n[profile.prod]",
                "/c/config.toml:3:2: only tables such as [profiles.prod] are allowed here",
            ),
            ("region = \"KR\"", "/c/config.toml:1:1: only tables"),
            ("profiles = 3", "/c/config.toml:1:1: `profiles` is not a table"),
            ("[profiles]\nprod = 3", "/c/config.toml:2:1: a profile must be a table"),
            ("[profiles.\"\"]", "/c/config.toml:1:11: a profile name must not be empty"),
            ("[profiles.a]\nregion=\"KR\"\nregion=\"SGN\"", "/c/config.toml:3:1: duplicate key"),
            ("# 한국어\n[profiles.a]\n\"한\" = 1", "/c/config.toml:3:1: unknown setting `한`"),
        ] {
            let message = parse_error(text);
            assert!(message.contains(position), "{message}\nlacks {position}");
            assert!(!message.contains("hunter2") && !message.contains('\n'), "{message}");
        }
    }

    #[test]
    fn replacing_a_value_changes_only_its_line() {
        let after = set_value(FILE, "prod", Field::SecretKey, "S2");
        assert_eq!(
            changed_lines(FILE, &after),
            [(
                "secret_key = 'S1'   # rotated in May".to_owned(),
                "secret_key = \"S2\"   # rotated in May".to_owned()
            )]
        );
        let windows = FILE.replace('\n', "\r\n");
        let after = set_value(&windows, "gov 1", Field::Site, "fin");
        assert_eq!(
            changed_lines(&windows, &after),
            [("site = \"gov\"\r".to_owned(), "site = \"fin\"\r".to_owned())]
        );
        let marked = format!("\u{feff}{FILE}");
        assert!(set_value(&marked, "prod", Field::Region, "SGN").starts_with("\u{feff}# team keys\n"));
        let inline = "[profiles]\na = { site = \"gov\", region = \"KR\" } # both\n";
        assert_eq!(
            set_value(inline, "a", Field::Region, "KRS"),
            "[profiles]\na = { site = \"gov\", region = \"KRS\" } # both\n"
        );
    }

    #[test]
    fn setting_a_new_value_adds_one_line() {
        let after = set_value(FILE, "prod", Field::Poll, "30s");
        assert_eq!(after, FILE.replace("region = \"KR\"\n", "region = \"KR\"\npoll = \"30s\"\n"));
        assert_eq!(set_value("", "default", Field::Region, "JPN"), "[profiles.default]\nregion = \"JPN\"\n");
        let more = set_value(FILE, "new one", Field::Region, "JPN");
        assert_eq!(more, format!("{FILE}\n[profiles.\"new one\"]\nregion = \"JPN\"\n"));
    }

    #[test]
    fn comments_at_the_top_are_kept() {
        let after = set_value("# team keys\n", "prod", Field::Region, "JPN");
        assert_eq!(after, "# team keys\n\n[profiles.prod]\nregion = \"JPN\"\n");
    }

    #[test]
    fn removal_keeps_everything_else() {
        assert_eq!(remove(FILE, "prod", Some(Field::Region)), FILE.replace("region = \"KR\"\n", ""));
        let with_comment = FILE.replace("region", "# region = \"SGN\"\nregion");
        assert_eq!(
            remove(&with_comment, "prod", Some(Field::Region)),
            with_comment.replace("region = \"KR\"\n", "")
        );
        assert_eq!(
            remove(FILE, "prod", None),
            "# team keys\n\n# the other cloud\n[profiles.\"gov 1\"]\nsite = \"gov\"\n"
        );
        let inline = "[profiles]\na = { site = \"gov\", region = \"KR\" } # both\nb.site = \"gov\"\nb.region = \"KR\"\n";
        assert_eq!(read(&remove(inline, "a", None)).len(), 1);
        assert_eq!(read(&remove(inline, "b", None)).len(), 1);
        let less = read(&remove(&remove(inline, "a", Some(Field::Site)), "b", Some(Field::Site)));
        assert!(
            less.iter().all(
                |profile| profile.value(Field::Site).is_none() && profile.value(Field::Region).is_some()
            )
        );
        assert_eq!(remove(FILE, "missing", None), FILE);
        assert_eq!(remove(FILE, "missing", Some(Field::Region)), FILE);
    }

    #[test]
    fn mixed_line_endings_are_kept() {
        let mixed = FILE.replacen('\n', "\r\n", 2);
        let after = set_value(&mixed, "prod", Field::Region, "JPN");
        assert_eq!(after, mixed.replace("\"KR\"", "\"JPN\""));
    }

    proptest! {
        #[test]
        fn a_set_value_is_read_back_and_nothing_else_changes(name in "[^\\p{C}\\s]{1,12}", text in "\\PC{0,20}", key in 0..Field::VARIANTS.len()) {
            let key: Field = Field::VARIANTS[key].parse().unwrap();
            let before = read(FILE);
            let after = read(&set_value(FILE, &name, key, &text));
            let found = after.iter().find(|profile| profile.name == name).unwrap();
            prop_assert_eq!(found.value(key), Some(text.as_str()));
            for old in before.iter().filter(|profile| profile.name != name) {
                let new = after.iter().find(|profile| profile.name == old.name).unwrap();
                for name in Field::VARIANTS {
                    let key: Field = name.parse().unwrap();
                    prop_assert_eq!(new.value(key), old.value(key));
                }
            }
        }
    }
}
