//! `config.toml`: what stands in it, and changes that leave everything else as it is. Text in, text out.

use std::ops::Range;
use std::path::Path;

use toml_edit::{Document, DocumentMut, Item, Table, TableLike, Value};

use super::ConfigError;
use super::profile::{Field, Profile};

/// The only table at the top.
const PROFILES: &str = "profiles";

/// Reads the profiles.
///
/// What can't be meant as it stands is refused instead of passed over: a misspelt `region` would otherwise lead
/// to another region without a word.
///
/// # Errors
///
/// Fails with line and column; the line itself is never shown, it may hold a key.
pub(super) fn parse(text: &str, file: &Path) -> Result<Vec<Profile>, ConfigError> {
    let damaged = |span: Option<Range<usize>>, reason: String| {
        let (line, column) = position(text, span.map_or(0, |span| span.start));
        ConfigError::Damaged { file: file.to_owned(), line, column, reason }
    };
    let document =
        Document::parse(text).map_err(|error| damaged(error.span(), error.message().replace('\n', ", ")))?;
    let mut profiles = Vec::new();
    for (name, item) in document.as_table() {
        let span = document.as_table().key(name).and_then(toml_edit::Key::span);
        if name != PROFILES {
            return Err(damaged(span, "only tables such as [profiles.prod] stand here".to_owned()));
        }
        let Some(tables) = item.as_table_like() else {
            return Err(damaged(span, "`profiles` is not a table".to_owned()));
        };
        for (name, item) in tables.iter() {
            let span = tables.key(name).and_then(toml_edit::Key::span);
            let Some(settings) = item.as_table_like() else {
                return Err(damaged(span, "a profile is a table such as [profiles.prod]".to_owned()));
            };
            named(name).map_err(|reason| damaged(span, reason))?;
            profiles.push(profile(name, settings, file).map_err(|(span, reason)| damaged(span, reason))?);
        }
    }
    Ok(profiles)
}

/// Says what is wrong with the name of a profile.
///
/// # Errors
///
/// Refuses names that can't be typed or shown as they are.
pub(super) fn named(name: &str) -> Result<(), String> {
    if name.is_empty() || name.trim() != name || name.chars().any(char::is_control) {
        Err("a profile's name is not empty and has no blanks around it".to_owned())
    } else {
        Ok(())
    }
}

type Misplaced = (Option<Range<usize>>, String);

fn profile(name: &str, settings: &dyn TableLike, file: &Path) -> Result<Profile, Misplaced> {
    let mut profile = Profile::new(name, file);
    for (name, item) in settings.iter() {
        let Some(key) = Field::named(name) else {
            let known: Vec<&str> = Field::ALL.iter().map(|key| key.name()).collect();
            let span = settings.key(name).and_then(toml_edit::Key::span);
            return Err((span, format!("there is no setting `{name}`; there are {}", known.join(", "))));
        };
        match item.as_str() {
            Some(value) => profile.put(key, value),
            None => return Err((item.span(), format!("{name} is not a text in quotes"))),
        }
    }
    Ok(profile)
}

/// Returns line and column of an offset, both from 1, the column in characters.
fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    (before.matches('\n').count() + 1, before[line_start..].chars().count() + 1)
}

/// Returns the text with one value of one profile set; the profile is made where it isn't there yet.
///
/// The text has to be one that [`parse`] takes. A value that stands there already is replaced in its place, so that
/// no other byte changes.
pub(super) fn set(text: &str, profile: &str, key: Field, new: &str) -> String {
    let new = Value::from(new);
    let place = Document::parse(text)
        .ok()
        .and_then(|document| settings_of(&document, profile)?.get(key.name())?.span());
    if let Some(place) = place {
        return format!("{}{}{}", &text[..place.start], new.decorated("", ""), &text[place.end..]);
    }
    edit(text, |document| {
        let is_new = document.as_table().is_empty();
        let tables = document.entry(PROFILES).or_insert_with(|| {
            let mut table = Table::new();
            table.set_implicit(true);
            Item::Table(table)
        });
        let Some(tables) = tables.as_table_like_mut() else { return };
        let settings = tables.entry(profile).or_insert_with(|| Item::Table(Table::new()));
        let Some(settings) = settings.as_table_like_mut() else { return };
        settings.insert(key.name(), Item::Value(new));
        if is_new {
            // Remarks at the top of a file stay there.
            let remarks = document.trailing().as_str().unwrap_or_default().to_owned();
            document.set_trailing("");
            let table = document.get_mut(PROFILES).and_then(|tables| tables.get_mut(profile));
            if let Some(Item::Table(table)) = table.filter(|_| !remarks.trim().is_empty()) {
                table.decor_mut().set_prefix(format!("{}\n\n", remarks.trim_end()));
            }
        }
    })
}

/// Returns the text without a profile. Remarks above it stay.
pub(super) fn remove_profile(text: &str, profile: &str) -> String {
    if let Some(whole) = table_lines(text, profile) {
        return format!("{}{}", &text[..whole.start], &text[whole.end..]);
    }
    edit(text, |document| {
        if let Some(tables) = document.get_mut(PROFILES).and_then(Item::as_table_like_mut) {
            tables.remove(profile);
        }
    })
}

/// Returns the text without one value of one profile. Remarks above it stay.
pub(super) fn remove_value(text: &str, profile: &str, key: Field) -> String {
    if let Some(line) = value_line(text, profile, key) {
        return format!("{}{}", &text[..line.start], &text[line.end..]);
    }
    edit(text, |document| {
        let tables = document.get_mut(PROFILES).and_then(Item::as_table_like_mut);
        if let Some(settings) = tables.and_then(|tables| tables.get_mut(profile)?.as_table_like_mut()) {
            settings.remove(key.name());
        }
    })
}

fn settings_of<'a>(document: &'a Document<&str>, profile: &str) -> Option<&'a dyn TableLike> {
    document.get(PROFILES)?.as_table_like()?.get(profile)?.as_table_like()
}

/// Returns the lines of a profile that stands under a header of its own, header and values.
fn table_lines(text: &str, profile: &str) -> Option<Range<usize>> {
    let document = Document::parse(text).ok()?;
    let table = document.get(PROFILES)?.get(profile)?.as_table().filter(|table| !table.is_dotted())?;
    let header = table.span()?;
    let ends = table.iter().map(|(_, item)| item.span().map(|span| span.end));
    let end = ends.chain([Some(header.end)]).try_fold(0, |end, one| one.map(|one| end.max(one)))?;
    Some(lines(text, header.start..end))
}

/// Returns the lines of a value that stands on lines of its own.
fn value_line(text: &str, profile: &str, key: Field) -> Option<Range<usize>> {
    let document = Document::parse(text).ok()?;
    let table = document.get(PROFILES)?.get(profile)?.as_table().filter(|table| !table.is_dotted())?;
    let (key, item) = table.get_key_value(key.name())?;
    Some(lines(text, key.span()?.start..item.span()?.end))
}

/// Widens a range to whole lines.
fn lines(text: &str, range: Range<usize>) -> Range<usize> {
    let start = text[..range.start].rfind('\n').map_or(0, |at| at + 1);
    let end = text[range.end..].find('\n').map_or(text.len(), |at| range.end + at + 1);
    start..end
}

/// Changes a text and keeps its byte order mark and, where all are of one kind, its line ends.
fn edit(text: &str, change: impl FnOnce(&mut DocumentMut)) -> String {
    let bare = text.trim_start_matches('\u{feff}');
    let mark = &text[..text.len() - bare.len()];
    let windows = bare.contains("\r\n") && bare.matches('\n').count() == bare.matches("\r\n").count();
    let plain = if windows { bare.replace("\r\n", "\n") } else { bare.to_owned() };
    let Ok(mut document) = plain.parse::<DocumentMut>() else { return text.to_owned() };
    change(&mut document);
    let changed = document.to_string();
    format!("{mark}{}", if windows { changed.replace('\n', "\r\n") } else { changed })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use secrecy::ExposeSecret as _;

    use super::*;

    const FILE: &str = "# keys of the team
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

    fn refused(text: &str) -> String {
        parse(text, Path::new("/c/config.toml")).unwrap_err().to_string()
    }

    /// The lines in which two texts differ.
    fn changed(before: &str, after: &str) -> Vec<(String, String)> {
        assert_eq!(before.lines().count(), after.lines().count(), "{after}");
        let pairs = before.split('\n').zip(after.split('\n'));
        pairs.filter(|(a, b)| a != b).map(|(a, b)| (a.to_owned(), b.to_owned())).collect()
    }

    #[test]
    fn profiles_are_read_in_every_way_that_toml_writes_them() {
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
            assert_eq!(profiles[0].secret_key.as_ref().unwrap().expose_secret(), "S1");
            assert_eq!(profiles[1].value(Field::Site), Some("gov"));
            assert!(!profiles[1].has(Field::AccessKey) && !profiles[1].has(Field::SecretKey));
        }
        assert!(read("").is_empty() && read("[profiles]").is_empty());
    }

    #[test]
    fn a_damaged_file_is_refused_with_line_and_column_and_without_the_line() {
        for (text, position) in [
            ("[profiles.prod]\nsecret_key = hunter2\n", "/c/config.toml:2:14: "),
            ("[profiles.prod]\nsecret_key = \"hunter2\n", "/c/config.toml:2:"),
            ("[profiles.prod\nsecret_key = \"hunter2\"", "/c/config.toml:1:"),
            (
                "[profiles.prod]\n  regoin = \"KR\"",
                "/c/config.toml:2:3: there is no setting `regoin`; there are access_key, ",
            ),
            ("[profiles.prod]\npoll = 15", "/c/config.toml:2:8: poll is not a text in quotes"),
            ("[profiles.prod]\nsecret_key = [\"hunter2\"]", "/c/config.toml:2:14: secret_key is not a text"),
            ("# x\n\n[profile.prod]", "/c/config.toml:3:2: only tables such as [profiles.prod] stand here"),
            ("region = \"KR\"", "/c/config.toml:1:1: only tables"),
            ("profiles = 3", "/c/config.toml:1:1: `profiles` is not a table"),
            ("[profiles]\nprod = 3", "/c/config.toml:2:1: a profile is a table"),
            ("[profiles.\"\"]", "/c/config.toml:1:11: a profile's name is not empty"),
            ("[profiles.a]\nregion=\"KR\"\nregion=\"SGN\"", "/c/config.toml:3:1: duplicate key"),
            ("# 한국어\n[profiles.a]\n\"한\" = 1", "/c/config.toml:3:1: there is no setting `한`"),
        ] {
            let message = refused(text);
            assert!(message.contains(position), "{message}\nlacks {position}");
            assert!(!message.contains("hunter2") && !message.contains('\n'), "{message}");
        }
    }

    #[test]
    fn a_new_value_changes_one_line_and_no_remark() {
        let after = set(FILE, "prod", Field::SecretKey, "S2");
        assert_eq!(
            changed(FILE, &after),
            [(
                "secret_key = 'S1'   # rotated in May".to_owned(),
                "secret_key = \"S2\"   # rotated in May".to_owned()
            )]
        );
        let windows = FILE.replace('\n', "\r\n");
        let after = set(&windows, "gov 1", Field::Site, "fin");
        assert_eq!(
            changed(&windows, &after),
            [("site = \"gov\"\r".to_owned(), "site = \"fin\"\r".to_owned())]
        );
        let marked = format!("\u{feff}{FILE}");
        assert!(set(&marked, "prod", Field::Region, "SGN").starts_with("\u{feff}# keys of the team\n"));
        let inline = "[profiles]\na = { site = \"gov\", region = \"KR\" } # both\n";
        assert_eq!(
            set(inline, "a", Field::Region, "KRS"),
            "[profiles]\na = { site = \"gov\", region = \"KRS\" } # both\n"
        );
    }

    #[test]
    fn a_value_that_was_not_there_is_one_line_more() {
        let after = set(FILE, "prod", Field::Poll, "30s");
        assert_eq!(after, FILE.replace("region = \"KR\"\n", "region = \"KR\"\npoll = \"30s\"\n"));
        assert_eq!(set("", "default", Field::Region, "JPN"), "[profiles.default]\nregion = \"JPN\"\n");
        let more = set(FILE, "new one", Field::Region, "JPN");
        assert_eq!(more, format!("{FILE}\n[profiles.\"new one\"]\nregion = \"JPN\"\n"));
    }

    #[test]
    fn remarks_at_the_top_stay_there() {
        let after = set("# keys of the team\n", "prod", Field::Region, "JPN");
        assert_eq!(after, "# keys of the team\n\n[profiles.prod]\nregion = \"JPN\"\n");
    }

    #[test]
    fn what_is_removed_takes_nothing_else_along() {
        assert_eq!(remove_value(FILE, "prod", Field::Region), FILE.replace("region = \"KR\"\n", ""));
        let remark = FILE.replace("region", "# region = \"SGN\"\nregion");
        assert_eq!(remove_value(&remark, "prod", Field::Region), remark.replace("region = \"KR\"\n", ""));
        assert_eq!(
            remove_profile(FILE, "prod"),
            "# keys of the team\n\n# the other cloud\n[profiles.\"gov 1\"]\nsite = \"gov\"\n"
        );
        let inline = "[profiles]\na = { site = \"gov\", region = \"KR\" } # both\nb.site = \"gov\"\nb.region = \"KR\"\n";
        assert_eq!(read(&remove_profile(inline, "a")).len(), 1);
        assert_eq!(read(&remove_profile(inline, "b")).len(), 1);
        let less = read(&remove_value(&remove_value(inline, "a", Field::Site), "b", Field::Site));
        assert!(less.iter().all(|profile| !profile.has(Field::Site) && profile.has(Field::Region)));
        assert_eq!(remove_profile(FILE, "nobody"), FILE);
        assert_eq!(remove_value(FILE, "nobody", Field::Region), FILE);
    }

    #[test]
    fn mixed_line_ends_stay_mixed() {
        let mixed = FILE.replacen('\n', "\r\n", 2);
        let after = set(&mixed, "prod", Field::Region, "JPN");
        assert_eq!(after, mixed.replace("\"KR\"", "\"JPN\""));
    }

    proptest! {
        /// What is set is read back, under any name, and nothing else changes.
        #[test]
        fn what_is_set_is_what_is_read(name in "[^\\p{C}\\s]{1,12}", text in "\\PC{0,20}", key in 0..Field::ALL.len()) {
            let key = Field::ALL[key];
            let before = read(FILE);
            let after = read(&set(FILE, &name, key, &text));
            let found = after.iter().find(|profile| profile.name == name).unwrap();
            let value = if key.is_secret() {
                found.secret_key.as_ref().map(|secret| secret.expose_secret().to_owned())
            } else {
                found.value(key).map(str::to_owned)
            };
            prop_assert_eq!(value, Some(text));
            for old in before.iter().filter(|profile| profile.name != name) {
                let new = after.iter().find(|profile| profile.name == old.name).unwrap();
                prop_assert_eq!(&new.values, &old.values);
            }
        }
    }
}
