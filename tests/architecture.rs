//! Checks that modules import each other only as the table in CONTRIBUTING allows, that functions are short, and that the
//! paths that documents name exist.

#![expect(clippy::unwrap_used, reason = "a test that can't read the sources has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The document that contains the table.
const TABLE: &str = ".github/CONTRIBUTING.md";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Parses the table into each module and the modules it may use.
fn allowed() -> BTreeMap<String, BTreeSet<String>> {
    let document = fs::read_to_string(root().join(TABLE)).unwrap();
    let rows = document.lines().skip_while(|line| *line != "| module | may use |").skip(2);
    let rows: Vec<&str> = rows.take_while(|line| line.starts_with('|')).collect();
    assert!(rows.len() >= 10, "{TABLE} has a table of modules");
    let names =
        |cell: &str| -> BTreeSet<String> { cell.split('`').skip(1).step_by(2).map(str::to_owned).collect() };
    let mut table = BTreeMap::new();
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split('|').collect();
        for module in names(cells[0]) {
            table.insert(module, names(cells[1]));
        }
    }
    table
}

/// Returns every non-test source file: its path below `src`, and its text without the tests at the end.
fn sources() -> BTreeMap<PathBuf, String> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root().join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                if !path.ends_with("tests") {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|extension| extension == "rs")
                && !path.ends_with("tests.rs")
            {
                let inside = path.strip_prefix(root().join("src")).unwrap().to_owned();
                found.insert(inside, without_tests(&fs::read_to_string(&path).unwrap()));
            }
        }
    }
    found
}

/// Cuts a text off before its test module. Attributes on one line may stand between `#[cfg(test)]` and the module.
fn without_tests(text: &str) -> String {
    let start = text.lines().scan(false, |is_test_item, line| {
        let opens = *is_test_item && line.ends_with("mod tests {");
        *is_test_item = line == "#[cfg(test)]" || *is_test_item && line.starts_with("#[");
        Some((opens, line))
    });
    start.take_while(|(opens, _)| !opens).map(|(_, line)| line).collect::<Vec<_>>().join("\n")
}

/// Returns the module path of a file, such as `["upgrade", "rules", "plan"]`.
fn module_of(file: &Path) -> Vec<String> {
    let file = file.with_extension("");
    let names = file.iter().map(|name| name.to_string_lossy().into_owned());
    names.filter(|name| name != "mod").collect()
}

/// Returns the table row for a module. The most specific row wins: `upgrade/rules` before `upgrade`.
fn row(module: &[String], table: &BTreeMap<String, BTreeSet<String>>) -> Option<String> {
    (1..=module.len()).rev().map(|length| module[..length].join("/")).find(|name| table.contains_key(name))
}

/// Returns every path after `crate::` in a text.
fn paths(code: &str) -> impl Iterator<Item = Vec<String>> + '_ {
    code.split("crate::").skip(1).map(|rest| {
        let end =
            rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != ':').unwrap_or(rest.len());
        rest[..end].split("::").filter(|name| !name.is_empty()).map(str::to_owned).collect()
    })
}

#[test]
fn modules_import_only_what_the_table_allows() {
    let table = allowed();
    let mut wrong = Vec::new();
    for (file, code) in sources() {
        if matches!(file.to_str(), Some("lib.rs" | "main.rs")) {
            continue;
        }
        let own = row(&module_of(&file), &table)
            .unwrap_or_else(|| panic!("the table has no row for {}", file.display()));
        for path in paths(&code).filter(|path| !path.is_empty() && path[0] != "bugs") {
            let Some(other) = row(&path, &table) else { continue };
            if own != "cli" && other != own && !table[&own].contains(&other) {
                wrong.push(format!("{} uses {other}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "not in the table:\n{}", wrong.join("\n"));
}

#[test]
fn every_module_in_the_table_exists() {
    let folders: BTreeSet<String> = sources()
        .keys()
        .flat_map(|file| {
            let module = module_of(file);
            (1..=module.len()).map(move |length| module[..length].join("/")).collect::<Vec<_>>()
        })
        .collect();
    let missing: Vec<String> = allowed().into_keys().filter(|module| !folders.contains(module)).collect();
    assert!(missing.is_empty(), "not in src: {missing:?}");
}

#[test]
fn secrets_are_exposed_only_where_they_are_used() {
    const FILES: [&str; 6] = [
        "api/sign.rs",
        "cli/config/profile_editor.rs",
        "model/proxy_address.rs",
        "settings/credential_process/mod.rs",
        "settings/edit.rs",
        "settings/mod.rs",
    ];
    let sources = sources();
    let exposing = sources.iter().filter(|(_, code)| code.contains("expose_secret()"));
    let files: Vec<String> = exposing.map(|(file, _)| file.display().to_string()).collect();
    assert_eq!(files, FILES, "another file that exposes a secret is a decision");
}

#[test]
fn each_import_names_one_module() {
    for (file, code) in sources() {
        assert!(!code.contains("crate::{"), "{}: a braced import hides what it uses", file.display());
    }
}

/// Returns every path that a `use` statement of the file imports, with braces expanded.
fn imports(code: &str) -> Vec<Import> {
    let mut found = Vec::new();
    let mut rest = code;
    while let Some(at) = rest.find("use ") {
        let line = rest[..at].rfind('\n').map_or(0, |end| end + 1);
        let before = rest[line..at].trim();
        let statement = &rest[at + 4..];
        let is_reexport = before == "pub" || before.starts_with("pub(") && before.ends_with(')');
        if !before.is_empty() && !is_reexport {
            rest = statement;
            continue;
        }
        let end = statement.find(';').unwrap_or(statement.len());
        let paths = expand(&statement[..end]);
        found.extend(paths.into_iter().map(|path| Import { path, is_reexport }));
        rest = &statement[end..];
    }
    found
}

#[test]
fn only_use_items_are_imports() {
    let code = "/// Words to use in messages.\npub(crate) enum LimitCause {\n    Timeout,\n}\n\
                use crate::a::{B, c::D};\npub use self::e::F;\npub(crate) use g::H;";
    let found: Vec<(String, bool)> =
        imports(code).iter().map(|import| (import.path.join("::"), import.is_reexport)).collect();
    let expected = [("crate::a::B", false), ("crate::a::c::D", false), ("self::e::F", true), ("g::H", true)];
    assert_eq!(found, expected.map(|(path, is_reexport)| (path.to_owned(), is_reexport)));
}

struct Import {
    path: Vec<String>,
    is_reexport: bool,
}

/// Expands `a::{b, c::D}` to `a::b` and `a::c::D`.
fn expand(tree: &str) -> Vec<Vec<String>> {
    let names = |path: &str| -> Vec<String> {
        let path = path.split(" as ").next().unwrap_or_default();
        path.split("::").map(|name| name.trim().to_owned()).filter(|name| !name.is_empty()).collect()
    };
    let Some((prefix, inside)) = tree.split_once('{') else { return vec![names(tree)] };
    let inside = inside.trim_end().strip_suffix('}').unwrap();
    let (mut depth, mut start, mut parts) = (0, 0, Vec::new());
    for (at, c) in inside.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(&inside[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&inside[start..]);
    let parts = parts.into_iter().filter(|part| !part.trim().is_empty());
    parts.flat_map(expand).map(|path| [names(prefix), path].concat()).collect()
}

/// Returns the files that each file imports from. A re-export leads to the file that has the item.
fn graph() -> BTreeMap<PathBuf, BTreeSet<PathBuf>> {
    let sources = sources();
    let files: BTreeMap<Vec<String>, &PathBuf> = sources.keys().map(|file| (module_of(file), file)).collect();
    let absolute = |module: &[String], path: &[String]| -> Vec<String> {
        let ups = path.iter().take_while(|name| *name == "super").count();
        match path.first().map(String::as_str) {
            Some("crate") => path[1..].to_vec(),
            Some("super") => [&module[..module.len().saturating_sub(ups)], &path[ups..]].concat(),
            _ => [module, path].concat(),
        }
    };
    let mut reexports: BTreeMap<Vec<String>, Vec<String>> = BTreeMap::new();
    for (file, code) in &sources {
        let module = module_of(file);
        for import in imports(code).into_iter().filter(|import| import.is_reexport) {
            let Some(item) = import.path.last().cloned() else { continue };
            let (name, target) = ([module.clone(), vec![item]].concat(), absolute(&module, &import.path));
            // A macro is re-exported from the module that defines it.
            if name != target {
                reexports.insert(name, target);
            }
        }
    }
    let file_of = |mut path: Vec<String>| {
        while let Some(target) = reexports.get(&path) {
            path.clone_from(target);
        }
        (1..=path.len()).rev().find_map(|length| files.get(&path[..length])).map(|file| (*file).clone())
    };
    let edges = |(file, code): (&PathBuf, &String)| {
        let module = module_of(file);
        let imports = imports(code).into_iter().filter(|import| !import.is_reexport);
        let targets = imports.filter_map(|import| file_of(absolute(&module, &import.path)));
        // A module consists of its folder, so that its own `mod.rs` may use what is inside.
        let is_inside =
            |target: &PathBuf| file.ends_with("mod.rs") && target.starts_with(file.parent().unwrap());
        (file.clone(), targets.filter(|target| target != file && !is_inside(target)).collect())
    };
    sources.iter().map(edges).collect()
}

#[test]
fn files_do_not_import_each_other_in_a_cycle() {
    let mut graph = graph();
    // Files that import none of the others are in no cycle. What remains at the end is in a cycle or imports one.
    loop {
        let leaves: Vec<PathBuf> =
            graph.iter().filter(|(_, targets)| targets.is_empty()).map(|(file, _)| file.clone()).collect();
        if leaves.is_empty() {
            break;
        }
        graph.retain(|file, _| !leaves.contains(file));
        for targets in graph.values_mut() {
            targets.retain(|target| !leaves.contains(target));
        }
    }
    // The same from the other side.
    loop {
        let imported: BTreeSet<PathBuf> = graph.values().flatten().cloned().collect();
        let before = graph.len();
        graph.retain(|file, _| imported.contains(file));
        if graph.len() == before {
            break;
        }
    }
    assert!(graph.is_empty(), "cycles among: {graph:#?}");
}

#[test]
fn test_module_may_have_more_attributes() {
    let code = "fn a() {}\n\n#[cfg(test)]\n#[path = \"b.rs\"]\nmod b;\n";
    let tests =
        "\n#[cfg(test)]\n#[expect(clippy::panic, reason = \"a test\")]\nmod tests {\n    fn c() {}\n}\n";
    let rest = without_tests(&format!("{code}{tests}"));
    assert!(rest.contains("mod b;") && !rest.contains("fn c"), "{rest}");
}

/// A longer function does not fit on a screen.
///
/// Chosen: an editor on a laptop shows about 65 lines.
const MAX_FUNCTION_LINES: usize = 65;

/// Returns the functions of formatted code, each with its number of lines without blank lines and comment lines.
fn functions(code: &str) -> Vec<(&str, usize)> {
    let lines: Vec<&str> = code.lines().collect();
    let mut found = Vec::new();
    for (at, first) in lines.iter().enumerate() {
        let declaration = first.trim_start();
        let Some((before, after)) = declaration.split_once("fn ") else { continue };
        let is_qualifier = |word: &str| word.starts_with("pub") || ["const", "async"].contains(&word);
        if !before.split_whitespace().all(is_qualifier) {
            continue;
        }
        let indent = &first[..first.len() - declaration.len()];
        // The first line with the same indentation that ends a block or a declaration without a body.
        let ends = |line: &&str| {
            let rest = line.strip_prefix(indent).filter(|rest| !rest.starts_with(' '));
            rest.is_some_and(|rest| rest.ends_with(['}', ';']))
        };
        let length = lines[at..].iter().position(ends).unwrap() + 1;
        let is_code = |line: &&&str| !line.trim().is_empty() && !line.trim_start().starts_with("//");
        let name = after.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap();
        found.push((name, lines[at..at + length].iter().filter(is_code).count()));
    }
    found
}

#[test]
fn functions_fit_on_a_screen() {
    let mut count = 0;
    let mut long = Vec::new();
    for (file, code) in sources() {
        for (name, length) in functions(&code) {
            count += 1;
            if length > MAX_FUNCTION_LINES {
                long.push(format!("{}: {name} has {length} lines", file.display()));
            }
        }
    }
    assert!(count > 1_000, "found {count} functions");
    assert!(long.is_empty(), "more than {MAX_FUNCTION_LINES} lines:\n{}", long.join("\n"));
}

#[test]
fn entry_points_fit_on_a_page() {
    let lines = |file| fs::read_to_string(root().join("src").join(file)).unwrap().lines().count();
    let total = lines("lib.rs") + lines("main.rs");
    assert!(total <= 70, "lib.rs and main.rs have {total} lines");
}

/// Returns all files of a folder with one of these extensions.
fn files_in(folder: &str, extensions: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
            if path.is_dir() {
                folders.push(path);
            } else if extensions.contains(&extension) {
                found.push(path);
            }
        }
    }
    found
}

#[test]
fn paths_in_documents_and_comments_exist() {
    let mut documents = vec![root().join(TABLE), root().join("README.md")];
    documents.extend(files_in("src", &["md", "rs"]));
    documents.extend(files_in("tests", &["rs"]));
    let is_path = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    let mut missing = Vec::new();
    for document in documents {
        let text = fs::read_to_string(&document).unwrap();
        let words = text.split(|c| !is_path(c)).map(|word| word.trim_end_matches(['.', '/']));
        let paths = words.filter(|word| word.starts_with("src/") || word.starts_with("tests/"));
        let absent = paths.filter(|path| !root().join(path).exists());
        missing.extend(absent.map(|path| format!("{}: {path}", document.display())));
    }
    assert!(missing.is_empty(), "paths that do not exist:\n{}", missing.join("\n"));
}
