//! `--output markdown`: the pages of `check` and `upgrade`.

use std::fs;
use std::path::Path;

use cdss::sandbox::{Options, Scenario};
use pulldown_cmark::{Event, Options as Markdown, Parser, Tag};
use serde_json::Value;

use crate::altered::Altered;
use crate::config_group::set;
use crate::support::{
    ACCESS_KEY, Run, SECRET_KEY, TestEnv, UPGRADE, raw_characters, side_by_side, write_private,
};

/// Replaces what varies between runs: ids, times, durations, and the service address.
fn masked(page: &str, url: &str) -> String {
    let port = url.rsplit(':').next().expect("it has a port");
    let word = |word: &str| {
        let quoted = word.trim_end_matches("<br>").trim_matches(['`', ',']);
        let is_hex = quoted.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
        let is_time = quoted.len() == 8 && quoted.matches(':').count() == 2;
        let is_date = quoted.len() == 10 && quoted.matches('-').count() == 2 && quoted.starts_with("20");
        let digits = quoted.trim_end_matches(['m', 's']);
        let is_duration = digits.len() < quoted.len()
            && !digits.is_empty()
            && digits.bytes().all(|byte| byte.is_ascii_digit());
        match quoted {
            quoted if quoted.len() == 36 && is_hex => word.replace(quoted, "ID"),
            quoted if quoted.len() == 16 && is_hex => word.replace(quoted, "PLAN"),
            quoted if quoted.starts_with("20") && quoted.contains("Z-") => word.replace(quoted, "RUN"),
            quoted if is_time => word.replace(quoted, "TIME"),
            quoted if is_date => word.replace(quoted, "DATE"),
            quoted if is_duration => word.replace(quoted, "DURATION"),
            _ => word.to_owned(),
        }
    };
    let line = |line: &str| line.replace(port, "PORT").split(' ').map(word).collect::<Vec<_>>().join(" ");
    page.lines()
        .map(line)
        .map(|line| line + "\n")
        .collect::<String>()
        .replace("DURATION DURATION", "DURATION")
}

/// Compares a page with its file in `tests/fixtures/markdown`. `CDSS_RECORD=1` writes the file instead.
#[track_caller]
fn assert_page(env: &TestEnv, name: &str, run: &Run, code: i32) {
    assert_eq!(run.code, code, "{name}: {run:#?}");
    let page = masked(&run.stdout, &env.sandbox.url());
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/markdown").join(name);
    if std::env::vars_os().any(|(name, value)| name == "CDSS_RECORD" && value == "1") {
        fs::create_dir_all(file.parent().expect("it is in a folder")).expect("it can be written");
        fs::write(&file, &page).expect("it can be written");
    }
    let expected = fs::read_to_string(&file).unwrap_or_default();
    assert!(page == expected, "{name} differs; to write it, set CDSS_RECORD=1:\n{page}");
}

#[test]
fn pages_show_every_outcome() {
    let cases = [
        (Scenario::Healthy, "check --cluster orders-prod --version 3.9.0", "possible.md", 0),
        (Scenario::Healthy, "check --cluster logs-prod", "versions.md", 0),
        (
            Scenario::Healthy,
            "check --cluster payments-prod --version 3.9.0 --config-group payments-390",
            "blocked.md",
            5,
        ),
        (Scenario::Healthy, "upgrade --cluster payments-prod --version 3.9.0 --yes", "no-group.md", 5),
        (Scenario::Healthy, &format!("{UPGRADE} --yes"), "done.md", 0),
        (Scenario::StartRefused, &format!("{UPGRADE} --yes"), "refused.md", 6),
        (Scenario::Stalled, &format!("{UPGRADE} --yes --timeout 2s"), "running.md", 8),
        (Scenario::NeverStarts, &format!("{UPGRADE} --yes"), "unknown.md", 9),
        (Scenario::EndsOnOldVersion, &format!("{UPGRADE} --yes"), "failed.md", 7),
        (Scenario::Busy, "check --cluster orders-prod --version 3.9.0", "busy.md", 11),
    ];
    side_by_side(&cases, |(scenario, line, name, code)| {
        let env = TestEnv::new(*scenario);
        let run = env.run(&format!("{line} -o markdown"));
        assert_page(&env, name, &run, *code);
        // The error is on stderr too.
        assert!(*code == 0 || run.stderr.contains("error: "), "{name}: {}", run.stderr);
    });
}

#[test]
fn dry_run_has_the_page_of_check() {
    let env = TestEnv::new(Scenario::Healthy);
    let pages = ["check --cluster orders-prod --version 3.9.0", &format!("{UPGRADE} --dry-run")]
        .map(|line| masked(&env.run(&format!("{line} -o markdown")).stdout, &env.sandbox.url()));
    assert_eq!(pages[0], pages[1]);
    env.assert_no_start();
}

#[test]
fn page_is_written_when_the_command_fails_early() {
    let env = TestEnv::new(Scenario::Healthy);
    for (line, code, text) in [
        (
            "upgrade --cluster nobody --version 3.9.0 --yes",
            3,
            "**Error:** no cluster named `nobody` in public KR",
        ),
        ("check --cluster orders-prod --version 9.9.9", 3, "9.9.9 is not offered"),
        ("check --cluster orders-prod --nothing", 2, "**Error:** unexpected argument"),
        (UPGRADE, 10, "| Result | **not started** (exit code 10) |"),
    ] {
        let run = env.run(&format!("{line} --output markdown"));
        assert_eq!(run.code, code, "{line}: {run:#?}");
        assert!(run.stdout.starts_with("## Upgrade") && run.stdout.contains(text), "{line}: {}", run.stdout);
    }
    env.assert_no_start();
}

#[test]
fn commands_without_markdown_refuse_it() {
    let env = TestEnv::new(Scenario::Healthy);
    for line in [
        "list clusters",
        "status --cluster orders-prod",
        "config-group list",
        "config-group show orders-390",
        "config show",
        "history",
        "sandbox --list",
        "completions bash",
        "help checks",
    ] {
        for flag in ["-o markdown", "--output=markdown"] {
            let run = env.run(&format!("{line} {flag}"));
            let command = line.split(' ').next().expect("it has a name");
            run.assert_says(
                2,
                &[
                    &format!("error: `cdss {command}` has no Markdown output\n"),
                    "only `cdss check` and `cdss upgrade` have --output markdown",
                ],
            );
            assert_eq!(run.stdout, "", "{line}");
        }
    }
    assert!(env.log().requests.is_empty());
}

#[test]
fn markdown_is_never_the_default() {
    let env = TestEnv::new(Scenario::Healthy);
    let reason = "`markdown` can't be the default";
    for line in ["list clusters", "check --cluster orders-prod --version 3.9.0"] {
        let run = env.run_with(line, &[("CDSS_OUTPUT", Some("markdown"))]);
        run.assert_says(2, &[&format!("CDSS_OUTPUT: {reason}")]);
    }
    let check = "check --cluster orders-prod --version 3.9.0 -o markdown";
    let run = env.run_with(check, &[("CDSS_OUTPUT", Some("json"))]);
    assert!(run.code == 0 && run.stdout.starts_with("## Upgrade check: "), "{run:#?}");

    let _refused = env.run("config set output markdown").assert_says(2, &[reason]);
    env.home.assert_untouched();
    env.write_profile("output = \"markdown\"\n");
    let run = env.run_with("list clusters --profile prod", &[("CDSS_ENDPOINT", None)]);
    run.assert_says(2, &[reason]);
    assert_eq!(env.run_with(&format!("{check} --profile prod"), &[("CDSS_ENDPOINT", None)]).code, 0);
    write_private(&env.home.profiles(), "[profiles.default]\noutput = \"json\"\n");
    assert!(env.run(check).stdout.starts_with("## Upgrade check: "), "the flag takes precedence");
}

const HOSTILE: &str = "a|b`c`*d*_e_<img src=x onerror=y><!--@team #1 GH-2 ::error::x ##[error] ${{ secrets.KEY }} [l](http://x)\n\u{1b}[2J\u{202e}";

#[test]
fn hostile_text_stays_text() {
    let env = TestEnv::new(Scenario::Healthy);
    set(&env, 301, "num.partitions", HOSTILE);
    set(&env, 312, "log.retention.hours", HOSTILE);
    let pages = [
        env.run("check --cluster orders-prod --version 3.9.0 --config-group no:312 -v -o markdown"),
        env.run(&format!("{UPGRADE} --config-group no:312 --yes -o markdown")),
    ];
    let renamed = Altered::editing("/getClusterInfoList", |result| {
        for name in ["/clusterName", "/allowedClusters/0/clusterName"] {
            if let Some(name) = result.pointer_mut(name) {
                *name = Value::from(HOSTILE);
            }
        }
    });
    let renamed =
        renamed.home.run_at(&renamed.url(), "check --cluster no:1009123 --version 3.9.0 -o markdown");
    for run in pages.iter().chain([&renamed]) {
        let page = &run.stdout;
        assert_eq!(run.code, 5, "{run:#?}");
        assert!(page.contains("&lt;img src=x onerror=y&gt;&lt;!--@&#8203;team"), "{page}");
        assert_eq!(raw_characters(page), Vec::<char>::new());
        for part in ["<img", "<!--", "@team", "${{", "##["] {
            assert!(!page.contains(part), "{part:?} is in\n{page}");
        }
        for event in Parser::new_ext(page, Markdown::ENABLE_TABLES | Markdown::ENABLE_STRIKETHROUGH) {
            let is_foreign_markup = matches!(
                event,
                Event::Html(_)
                    | Event::InlineHtml(_)
                    | Event::Start(Tag::Emphasis | Tag::Strikethrough | Tag::Link { .. } | Tag::Image { .. })
            );
            assert!(
                !is_foreign_markup || event == Event::InlineHtml("<br>".into()),
                "{event:?} is in\n{page}"
            );
        }
        assert!(page.lines().all(|line| !line.trim_start().starts_with("::")), "{page}");
        let cells = |line: &str| line.replace(r"\\", "").replace(r"\|", "").matches('|').count();
        for line in page.lines().filter(|line| line.starts_with('|')) {
            assert!((3..=5).contains(&cells(line)), "a cell was split: {line}");
        }
    }
}

#[test]
fn page_has_no_secret() {
    for scenario in [Scenario::Healthy, Scenario::WrongSignature, Scenario::EndsInError] {
        let env = TestEnv::with(Options { scenario, ..Options::default() });
        env.write_profile("");
        let line = format!("{UPGRADE} --yes --profile prod -vvv -o markdown");
        let page = env.run_with(&line, &[("CDSS_ENDPOINT", None)]).stdout;
        assert!(page.starts_with("## Upgrade"), "{page}");
        for secret in [ACCESS_KEY, SECRET_KEY, &ACCESS_KEY[ACCESS_KEY.len() - 4..]] {
            assert!(!page.contains(secret), "{page}");
        }
    }
}
