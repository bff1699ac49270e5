//! A real Tab in bash, zsh, and fish: what it completes, and that it needs no service and runs nothing.

use std::fs;
use std::io::ErrorKind;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use cdss::sandbox::Scenario;
use serde_json::{Value, json};

use crate::pty::Terminal;
use crate::support::{Home, SECRET_KEY, TestEnv, has_tool, write_private};

/// A shell without the user's configuration, and what loads the completion script.
struct Shell {
    words: &'static [&'static str],
    setup: &'static str,
}

const SHELLS: [Shell; 3] = [
    Shell { words: &["bash", "--norc", "--noprofile"], setup: "source <(cdss completions bash)" },
    Shell {
        words: &["zsh", "-f"],
        setup: "autoload -Uz compinit && compinit -u -D && source <(cdss completions zsh)",
    },
    Shell { words: &["fish", "--no-config", "--private"], setup: "cdss completions fish | source" },
];

/// Runs a test in each shell that is installed.
fn in_each_shell(test: impl Fn(&Shell)) {
    SHELLS.iter().filter(|shell| has_tool(shell.words[0])).for_each(test);
}

/// A user in front of a shell.
struct User(Terminal);

impl User {
    fn open(shell: &Shell, program: Command) -> Self {
        Self::open_with(shell, shell.setup, program)
    }

    fn open_with(shell: &Shell, setup: &str, program: Command) -> Self {
        let mut terminal = Terminal::with(program, shell.words);
        terminal.press(&format!("{setup}; printf '%s-%s.' is ready\r"));
        terminal.expect("is-ready.");
        Self(terminal)
    }

    /// Types a line, presses Tab, and returns the words that are then on the line.
    fn tab(&mut self, line: &str) -> Vec<String> {
        // The keys after Tab go to the end of the line, then to its start. The shell prints the words instead of running
        // them.
        self.0.press(&format!("{line}\t\u{5} end\u{1}printf '<%s>' begin \r"));
        self.0.expect("<begin>");
        let words = self.0.expect("<end>");
        words.split(['<', '>']).filter(|word| !word.is_empty()).map(str::to_owned).collect()
    }

    /// Asserts what the last word is after Tab.
    #[track_caller]
    fn assert_completes(&mut self, line: &str, last: &str) {
        let words = self.tab(line);
        assert_eq!(words.last().map(String::as_str), Some(last), "{line}: {words:?}\n{}", self.0.screen);
    }

    /// Presses Tab twice after a line, and returns what is shown before the next line is run.
    fn list(&mut self, line: &str) -> String {
        // Ctrl-E and Ctrl-U clear the line.
        self.0.press(&format!("{line}\t\t\u{5}\u{15}printf '%s-%s.' is listed\r"));
        self.0.expect("is-listed.")
    }

    fn close(mut self) {
        self.0.press("exit\r");
        self.0.end();
    }
}

/// Fills the cache with a real read.
fn read_names(env: &TestEnv) {
    for line in ["list clusters", "list config-groups"] {
        assert_eq!(env.run(line).code, 0, "{line}");
    }
}

/// Returns the only file of the cache.
fn cache_file(home: &Home) -> PathBuf {
    let files = fs::read_dir(home.name_cache()).expect("there is a cache");
    let files: Vec<PathBuf> = files.map(|entry| entry.expect("it is read").path()).collect();
    let [file] = &files[..] else { panic!("{files:?}") };
    file.clone()
}

/// Changes the content of the cache.
fn edit_cache(home: &Home, edit: impl FnOnce(&mut Value)) {
    let file = cache_file(home);
    let mut names = serde_json::from_slice(&fs::read(&file).expect("it is read")).expect("it is JSON");
    edit(&mut names);
    write_private(&file, &names.to_string());
}

#[test]
fn tab_completes_names_without_a_connection() {
    let env = TestEnv::new(Scenario::Healthy);
    read_names(&env);
    let program = || env.program("sh");
    let programs: Vec<Command> = SHELLS.iter().map(|_| program()).collect();
    let address = env.sandbox.url().trim_start_matches("http://").to_owned();
    let TestEnv { sandbox, home } = env;
    drop(sandbox);
    let listener = TcpListener::bind(&address).expect("the port is free again");
    listener.set_nonblocking(true).expect("it does not block");
    for (shell, program) in SHELLS.iter().zip(programs).filter(|(shell, _)| has_tool(shell.words[0])) {
        let mut user = User::open(shell, program);
        for (line, last) in [
            ("cdss upgrade --cluster orders-p", "orders-prod"),
            ("cdss upgrade --cluster=pay", "--cluster=payments-prod"),
            ("cdss upgrade --cluster orders-prod --version ", "3.9.0"),
            ("cdss check --cluster no:1009123 --version ", "3.9.0"),
            ("cdss upgrade --cluster orders-prod --version 3.9 --config-group o", "orders-390"),
            ("cdss config-group diff orders-371 logs-39", "logs-390"),
            ("cdss config-group copy --cluster orders-prod --version ", "3.9.0"),
        ] {
            user.assert_completes(line, last);
        }
        let all = user.list("cdss status --cluster orders-prod --version ");
        assert!(["2.8.2", "3.7.1", "3.9.0"].iter().all(|version| all.contains(version)), "{all}");
        let clusters = user.list("cdss status --cluster ");
        // Two clusters are named analytics, so the numbers are offered.
        for name in ["audit", "logs-prod", "orders-prod", "1009301", "1009302"] {
            assert!(clusters.contains(name), "{name}: {clusters}");
        }
        user.close();
    }
    let connection = listener.accept().map(drop).map_err(|error| error.kind());
    assert_eq!(connection, Err(ErrorKind::WouldBlock), "Tab opened a connection");
    assert_eq!(home.journal_text(), "");
}

#[test]
fn tab_completes_fixed_words_profiles_and_runs() {
    let env = TestEnv::new(Scenario::Healthy);
    env.write_profile("");
    assert_eq!(env.run("upgrade --cluster orders-prod --version 3.9.0 --yes --no-wait").code, 0);
    let run = env.home.entries()[0]["run"].as_str().expect("a run has an id").to_owned();
    in_each_shell(|shell| {
        let mut user = User::open(shell, env.program("sh"));
        for (line, last) in [
            ("cdss upg", "upgrade"),
            ("cdss config-group co", "copy"),
            ("cdss upgrade --require-j", "--require-journal"),
            ("cdss --profile pr", "prod"),
            ("cdss list clusters --region S", "SGN"),
            ("cdss list clusters --site g", "gov"),
            ("cdss list clusters -o j", "json"),
            ("cdss list clusters --color al", "always"),
            ("cdss sandbox --scenario nev", "never-starts"),
            ("cdss completions fi", "fish"),
            ("cdss config set acc", "access_key"),
            ("cdss config set region F", "FKR"),
            ("cdss config remove pol", "poll"),
            ("cdss upgrade --accept config.l", "config.lost-override"),
            ("cdss help exit", "exit-codes"),
            ("cdss help config.no", "config.no-group"),
            ("cdss man upg", "upgrade"),
            ("cdss history 2", &run),
        ] {
            user.assert_completes(line, last);
        }
        user.close();
    });
}

#[test]
fn static_scripts_complete_fixed_words_and_no_files() {
    let env = TestEnv::new(Scenario::Healthy);
    fs::write(env.home.path().join("orders-file"), "").expect("the home can be written");
    in_each_shell(|shell| {
        let name = shell.words[0];
        let script = if name == "zsh" { "_cdss".to_owned() } else { format!("cdss.{name}") };
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("completions").join(script);
        let setup =
            shell.setup.replace(&format!("cdss completions {name}"), &format!("cat {}", path.display()));
        let mut user = User::open_with(shell, &setup, env.program("sh"));
        for (line, last) in [
            ("cdss upg", "upgrade"),
            ("cdss list clusters --region S", "SGN"),
            ("cdss list clusters --site g", "gov"),
            ("cdss sandbox --scenario nev", "never-starts"),
            ("cdss config set acc", "access_key"),
            ("cdss completions fi", "fish"),
            ("cdss help exit", "exit-codes"),
            ("cdss upgrade --accept config.l", "config.lost-override"),
            ("cdss upgrade --cluster orders-f", "orders-f"),
            ("cdss history orders-f", "orders-f"),
        ] {
            user.assert_completes(line, last);
        }
        user.close();
    });
}

#[test]
fn tab_offers_files_only_where_a_file_is_expected() {
    let env = TestEnv::new(Scenario::Healthy);
    for file in ["ca.pem", "orders-file", "300"] {
        fs::write(env.home.path().join(file), "").expect("the home can be written");
    }
    in_each_shell(|shell| {
        let mut user = User::open(shell, env.program("sh"));
        user.assert_completes("cdss list clusters --cacert ca", "ca.pem");
        user.assert_completes("cdss sandbox -- ./ca", "./ca.pem");
        for (line, last) in [
            ("cdss upgrade --cluster orders-f", "orders-f"),
            ("cdss upgrade --cluster orders-prod --timeout 3", "3"),
            ("cdss config-group copy orders-f", "orders-f"),
            ("cdss config-group copy --name orders-f", "orders-f"),
            ("cdss list clusters --region orders-f", "orders-f"),
            ("cdss history orders-f", "orders-f"),
            ("cdss help orders-f", "orders-f"),
            ("cdss upgrade orders-f", "orders-f"),
        ] {
            user.assert_completes(line, last);
        }
        user.close();
    });
}

#[test]
fn tab_runs_no_credential_process() {
    let env = TestEnv::new(Scenario::Healthy);
    env.write_profile("");
    let read = env.run_with(
        "list clusters --profile prod",
        &[("CDSS_ENDPOINT", None), ("NCLOUD_ACCESS_KEY_ID", None), ("NCLOUD_SECRET_ACCESS_KEY", None)],
    );
    assert_eq!(read.code, 0, "{}", read.stderr);
    let profile = fs::read_to_string(env.home.profiles()).expect("it is read");
    let keyless: String = profile
        .lines()
        .filter(|line| !line.contains("_key = "))
        .fold(String::new(), |text, line| text + line + "\n");
    let ran = env.home.path().join("ran");
    let process = format!("credential_process = \"touch {}\"\n", ran.display());
    write_private(&env.home.profiles(), &(keyless + &process));
    in_each_shell(|shell| {
        let mut program = env.program("sh");
        for name in ["CDSS_ENDPOINT", "NCLOUD_ACCESS_KEY_ID", "NCLOUD_SECRET_ACCESS_KEY"] {
            program.env_remove(name);
        }
        let mut user = User::open(shell, program);
        user.assert_completes("cdss upgrade --profile prod --cluster orders-p", "orders-prod");
        // Without the profile, the names are those of another service.
        user.assert_completes("cdss upgrade --cluster orders-p", "orders-p");
        user.close();
    });
    assert!(!ran.exists(), "Tab ran the credential process");
}

#[test]
fn hostile_names_are_neither_run_nor_typed() {
    let env = TestEnv::new(Scenario::Healthy);
    read_names(&env);
    let names = [
        "$(touch hacked)",
        "`touch hacked`",
        "; touch hacked;",
        "a b",
        "it's",
        "\"",
        "--yes",
        "-rf",
        "*",
        "~",
        "\u{1b}]0;title\u{7}",
        "new\nline",
        "tab\there",
        "a:b",
        "\\",
        "%n",
        "(e:'touch hacked':)",
    ];
    edit_cache(&env.home, |cache| {
        let seen = cache["clusters"][0]["seen"].clone();
        let one = |index: usize, name: &str| json!({"no": (5_000_000 + index).to_string(), "name": name, "release": null, "seen": seen});
        let hostile = names.iter().enumerate().map(|(index, name)| one(index, name));
        cache["clusters"] = hostile.chain([one(99, "harmless")]).collect();
    });
    fs::write(env.home.path().join("file"), "").expect("the home can be written");
    in_each_shell(|shell| {
        let mut user = User::open(shell, env.program("sh"));
        let listed = user.list("cdss upgrade --cluster ");
        assert!(listed.contains("harmless") && listed.contains("5000000"), "{listed}");
        assert!(!listed.contains("\u{1b}]0;title"), "{listed:?}");
        user.assert_completes("cdss upgrade --cluster h", "harmless");
        user.assert_completes("cdss upgrade --cluster 5000003", "5000003");
        for start in ["\\$", "a", "-r"] {
            user.list(&format!("cdss upgrade --cluster {start}"));
        }
        user.close();
    });
    assert!(!env.home.path().join("hacked").exists(), "a name was run");
}

#[test]
fn cache_has_only_names_numbers_and_versions() {
    use std::os::unix::fs::PermissionsExt as _;
    let env = TestEnv::new(Scenario::Healthy);
    read_names(&env);
    let file = cache_file(&env.home);
    let mode = |path: &Path| fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    assert_eq!((mode(&file), mode(&env.home.name_cache())), (0o600, 0o700));
    let text = fs::read_to_string(&file).expect("it is read");
    let names: Value = serde_json::from_str(&text).expect("it is JSON");
    for (list, fields) in [
        ("clusters", &["name", "no", "release", "seen"][..]),
        ("groups", &["name", "no", "seen", "version"]),
        ("versions", &["code", "release", "seen"]),
    ] {
        let entries = names[list].as_array().expect("it is a list");
        assert!(!entries.is_empty(), "{list}");
        for entry in entries {
            let mut found: Vec<&str> =
                entry.as_object().into_iter().flatten().map(|(key, _)| &**key).collect();
            found.sort_unstable();
            assert_eq!(found, fields, "{list}");
        }
    }
    assert_eq!(names.as_object().map(serde_json::Map::len), Some(3));
    assert!(!text.contains(SECRET_KEY) && !text.contains("1234"), "{text}");
}

#[test]
fn old_damaged_and_missing_caches_offer_nothing() {
    let env = TestEnv::new(Scenario::Healthy);
    let offers = || {
        let mut command = env.command("-- cdss upgrade --cluster orders-p");
        command.env("COMPLETE", "fish");
        let run = crate::support::Run::of(command);
        assert_eq!((run.code, run.stderr.as_str()), (0, ""));
        run.stdout
    };
    assert_eq!(offers(), "", "without a cache");
    env.home.assert_untouched();
    read_names(&env);
    let requests = env.log().requests.len();
    assert_eq!(offers(), "orders-prod\t1009123  3.7.1\n");
    assert_eq!(env.log().requests.len(), requests, "nothing was sent");
    edit_cache(&env.home, |cache| {
        for cluster in cache["clusters"].as_array_mut().into_iter().flatten() {
            let seen = cluster["seen"].as_i64().expect("it is a time");
            cluster["seen"] = (seen - 24 * 60 * 60 - 60).into();
        }
    });
    assert_eq!(offers(), "", "with an old cache");
    write_private(&cache_file(&env.home), "{");
    assert_eq!(offers(), "", "with a damaged cache");
    read_names(&env);
    assert_eq!(offers(), "orders-prod\t1009123  3.7.1\n", "the next read replaces it");
}

#[test]
fn cache_that_cannot_be_written_changes_nothing() {
    let env = TestEnv::new(Scenario::Healthy);
    fs::write(env.home.path().join(".cache"), "a file").expect("the home can be written");
    let run = env.run("list clusters");
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    assert!(run.stdout.contains("orders-prod"));
}

#[test]
fn names_of_a_sandbox_stay_in_its_directory() {
    let home = Home::empty();
    let seen = "cdss list clusters > list && COMPLETE=fish cdss -- cdss upgrade --cluster orders-p > offered";
    let mut command = home.command("sandbox -- sh -c");
    command.arg(seen);
    let run = crate::support::Run::of(command);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let offered = fs::read_to_string(home.path().join("offered")).expect("it is read");
    assert_eq!(offered, "orders-prod\t1009123  3.7.1\n");
    assert!(!home.name_cache().exists(), "the user's cache has no names of a sandbox");
}

#[test]
fn variable_alone_does_not_replace_a_command() {
    let home = Home::empty();
    for shell in ["bash", "1", "nonsense"] {
        let mut command = home.command("--version");
        command.env("COMPLETE", shell);
        let run = crate::support::Run::of(command);
        assert_eq!((run.code, run.stdout), (0, format!("cdss {}\n", env!("CARGO_PKG_VERSION"))), "{shell}");
    }
}
