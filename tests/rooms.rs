//! The rooms of the house use each other only along the arrows that the README draws.

#![expect(clippy::unwrap_used, reason = "a test that can't read the sources has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Reads the README's table: room, then the rooms that it may use.
fn allowed() -> BTreeMap<String, BTreeSet<String>> {
    let readme = fs::read_to_string(root().join(".github/CONTRIBUTING.md")).unwrap();
    let rows = readme.lines().skip_while(|line| *line != "| room | may use |").skip(2);
    let rows: Vec<&str> = rows.take_while(|line| line.starts_with('|')).collect();
    assert!(rows.len() >= 10, "the README has a table of rooms");
    let names =
        |cell: &str| -> BTreeSet<String> { cell.split('`').skip(1).step_by(2).map(str::to_owned).collect() };
    let mut table = BTreeMap::new();
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split('|').collect();
        for room in names(cells[0]) {
            table.insert(room, names(cells[1]));
        }
    }
    table
}

/// Every source file that is no test, with its text up to the tests at its end.
fn sources(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if name != "tests" {
                found.extend(sources(&path));
            }
        } else if path.extension().is_some_and(|extension| extension == "rs") && name != "tests.rs" {
            let text = fs::read_to_string(&path).unwrap();
            let start = text.lines().scan("", |before, line| {
                let opens = before.trim() == "#[cfg(test)]" && line.ends_with("mod tests {");
                *before = line;
                Some((opens, line))
            });
            let code =
                start.take_while(|(opens, _)| !opens).map(|(_, line)| line).collect::<Vec<_>>().join("\n");
            found.push((path, code));
        }
    }
    found
}

fn room_of(path: &Path) -> String {
    let inside = path.strip_prefix(root().join("src")).unwrap();
    let first = inside.components().next().unwrap().as_os_str().to_string_lossy().into_owned();
    first.trim_end_matches(".rs").to_owned()
}

/// The rooms that a text names behind `crate::`.
fn used(code: &str) -> BTreeSet<String> {
    let after = code.split("crate::").skip(1);
    let names =
        after.map(|rest| rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect());
    names.filter(|name: &String| !name.is_empty()).collect()
}

#[test]
fn every_room_uses_only_what_the_readme_allows() {
    let allowed = allowed();
    let mut wrong = Vec::new();
    for (path, code) in sources(&root().join("src")) {
        let room = room_of(&path);
        if room == "lib" || room == "main" {
            continue;
        }
        let may = allowed.get(&room).unwrap_or_else(|| panic!("the README's table has no room `{room}`"));
        for other in used(&code) {
            if other != room && !may.contains(&other) {
                wrong.push(format!("{} uses {other}", path.strip_prefix(root()).unwrap().display()));
            }
        }
    }
    assert!(wrong.is_empty(), "arrows that the README does not draw:\n{}", wrong.join("\n"));
}

#[test]
fn a_secret_is_laid_open_where_it_is_used_and_nowhere_else() {
    const PLACES: [&str; 6] = [
        "src/api/sign.rs",
        "src/commands/config/desk.rs",
        "src/config/credential_process.rs",
        "src/config/edit.rs",
        "src/config/mod.rs",
        "src/domain/proxy_address.rs",
    ];
    let opened =
        sources(&root().join("src")).into_iter().filter(|(_, code)| code.contains("expose_secret()"));
    let places: BTreeSet<String> =
        opened.map(|(path, _)| path.strip_prefix(root()).unwrap().display().to_string()).collect();
    assert_eq!(places, PLACES.map(str::to_owned).into(), "one place more is a change made on purpose");
}

#[test]
fn a_braced_import_from_the_crate_can_not_hide_an_arrow() {
    for (path, code) in sources(&root().join("src")) {
        assert!(!code.contains("crate::{"), "{}: name each room by itself", path.display());
    }
}

#[test]
fn every_room_of_the_table_is_there() {
    let rooms: BTreeSet<String> =
        sources(&root().join("src")).iter().map(|(path, _)| room_of(path)).collect();
    let listed: BTreeSet<String> = allowed().into_keys().collect();
    let missing: Vec<&String> = listed.difference(&rooms).collect();
    assert!(missing.is_empty(), "the README lists rooms that are not there: {missing:?}");
}
