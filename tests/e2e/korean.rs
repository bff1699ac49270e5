//! The messages in Korean: what protects the user is translated, everything else is the same in both languages.

use std::process::Command;

use cdss::sandbox::Scenario;

use crate::pty::Terminal;
use crate::support::{Home, Run, TestEnv, UPGRADE};

/// It is printed again after the answer, so a test waits for the reply before the next answer.
const QUESTION: &str = "시작하려면 클러스터 이름(orders-prod) 입력: ";

/// The ways to choose Korean: a flag, and a variable.
const WAYS: [(&str, &[(&str, &str)]); 3] =
    [("--lang ko", &[]), ("", &[("CDSS_LANG", "ko")]), ("", &[("LANG", "ko_KR.UTF-8")])];

/// Runs `cdss` on a terminal with these variables.
fn terminal(env: &TestEnv, line: &str, variables: &[(&str, &str)]) -> Terminal {
    let mut sh = env.program("sh");
    sh.envs(variables.iter().copied());
    let words: Vec<&str> =
        std::iter::once(env!("CARGO_BIN_EXE_cdss")).chain(line.split_whitespace()).collect();
    Terminal::with(sh, &words)
}

fn run_in(mut command: Command, language: &str) -> Run {
    Run::of(command.env("CDSS_LANG", language))
}

#[test]
fn cautions_question_replies_and_verdict_are_in_korean() {
    for (flag, variables) in WAYS {
        let env = TestEnv::new(Scenario::Healthy);
        let mut terminal = terminal(&env, &format!("{UPGRADE} {flag}"), variables);
        let plan = terminal.expect("롤링 업그레이드는 취소하거나 되돌릴 수 없습니다.");
        assert!(plan.contains("Config group  orders-371 (301)"), "the plan stays English:\n{plan}");
        let cautions = terminal.expect(QUESTION);
        assert!(cautions.contains("데이터가 유실될 수 있습니다."), "{cautions}");
        terminal.press("y\r");
        terminal.expect("클러스터 이름과 다릅니다. 2번 더 입력할 수 있습니다.");
        terminal.answer_to(QUESTION, "ㅐㄱㅇㄷㄱㄴ");
        terminal.expect("한/영 키를 눌러 주십시오. 1번 더 입력할 수 있습니다.");
        assert_eq!(env.log().starts_requested(), 0);
        terminal.answer_to(QUESTION, "orders-prod");
        terminal.expect("시작됨 ");
        terminal.expect("이 터미널을 닫아도 업그레이드는 계속됩니다.");
        terminal.expect("orders-prod  3.7.1 → 3.9.0  완료(done)  ");
        let (code, rest) = terminal.end();
        assert_eq!((code, env.log().starts_accepted()), (0, 1));
        assert!(rest.contains("브로커 3대 중 3대의 재시작을 확인했습니다."), "{rest}");
        assert!(!rest.contains("Observed"), "{rest}");
    }
}

#[test]
fn declining_in_korean_starts_nothing() {
    let env = TestEnv::new(Scenario::Healthy);
    let mut terminal = terminal(&env, UPGRADE, &[("CDSS_LANG", "ko")]);
    for (answer, reply) in [("네", "2번 더 입력할 수 있습니다."), ("예", "1번 더 입력할 수 있습니다.")]
    {
        terminal.answer_to(QUESTION, answer);
        terminal.expect(reply);
    }
    terminal.answer_to(QUESTION, "");
    terminal.expect("입력한 내용이 없습니다. 업그레이드를 시작하지 않았습니다.");
    let (code, rest) = terminal.end();
    assert_eq!(code, 10);
    assert!(rest.contains("cdss는 아무것도 변경하지 않았습니다."), "{rest}");
    env.assert_no_start();
}

#[test]
fn copy_of_a_config_group_asks_in_korean() {
    let env = TestEnv::new(Scenario::Healthy);
    let line = "config-group copy analytics-371 --version 3.9.0 --lang ko";
    let mut terminal = terminal(&env, line, &[]);
    let question = "생성하려면 새 Config Group 이름(analytics-390) 입력: ";
    terminal.answer_to(question, "analytics");
    terminal.expect("새 Config Group 이름과 다릅니다. 2번 더 입력할 수 있습니다.");
    terminal.answer_to(question, "analytics-390");
    terminal.expect("No cluster was changed.");
    assert_eq!(terminal.end().0, 0);
}

#[test]
fn removal_of_a_profile_asks_in_korean() {
    let env = TestEnv::new(Scenario::Healthy);
    env.write_profile("");
    let mut terminal = terminal(&env, "config remove --profile prod", &[("LC_ALL", "ko_KR.UTF-8")]);
    terminal.answer_to("프로필을 삭제하려면 프로필 이름(prod) 입력: ", "prod");
    terminal.expect("profile prod: removed");
    assert_eq!(terminal.end().0, 0);
}

#[test]
fn language_reaches_a_rehearsal() {
    let line = format!("cdss {UPGRADE} --yes --no-wait");
    for (sandbox, variables, verdict) in [
        ("sandbox --".to_owned(), &[("CDSS_LANG", "ko")][..], "진행 중(running)"),
        ("sandbox --".to_owned(), &[("LC_MESSAGES", "ko_KR.UTF-8")], "진행 중(running)"),
        ("sandbox --lang ko --".to_owned(), &[], "진행 중(running)"),
        ("--lang ko sandbox --".to_owned(), &[("CDSS_LANG", "en")], "진행 중(running)"),
        ("sandbox --lang en --".to_owned(), &[("CDSS_LANG", "ko")], "running"),
        ("sandbox --".to_owned(), &[], "running"),
    ] {
        let home = Home::empty();
        let mut command = home.command(&format!("{sandbox} {line}"));
        let run = Run::of(command.envs(variables.iter().copied()));
        assert_eq!(run.code, 0, "{run:#?}");
        let start = format!("orders-prod  3.7.1 → 3.9.0  {verdict}  ");
        assert!(run.stdout.starts_with(&start), "{sandbox} {variables:?}: {}", run.stdout);
    }
}

#[test]
fn exit_codes_are_the_same_and_the_verdict_has_its_word() {
    let upgrade = format!("{UPGRADE} --yes");
    let limited = format!("{UPGRADE} --yes --timeout 500ms");
    for (scenario, line, code, verdict) in [
        (Scenario::EndsInError, &upgrade, 7, "실패(failed)"),
        (Scenario::Stalled, &limited, 8, "진행 중(running)"),
        (Scenario::NeverStarts, &upgrade, 9, "확인 불가(unknown)"),
    ] {
        let run = run_in(TestEnv::new(scenario).command(line), "ko");
        assert_eq!(run.code, code, "{run:#?}");
        let start = format!("orders-prod  3.7.1 → 3.9.0  {verdict}  ");
        assert!(run.stdout.starts_with(&start), "{}", run.stdout);
        assert_eq!(run_in(TestEnv::new(scenario).command(line), "en").code, code, "{scenario}");
    }
    for (scenario, code) in [(Scenario::PrecheckRefused, 5), (Scenario::StartRefused, 6)] {
        let env = TestEnv::new(scenario);
        let run = run_in(env.command(&upgrade), "ko");
        run.assert_says(code, &["error: ", "cdss는 아무것도 변경하지 않았습니다."]);
        assert!(run.stdout.is_empty() && !run.stderr.contains("cdss changed nothing."), "{run:#?}");
    }
}

#[test]
fn finished_upgrade_is_reported_in_korean() {
    let env = TestEnv::new(Scenario::Healthy);
    assert_eq!(env.run(&format!("{UPGRADE} --yes --no-wait")).code, 0);
    let watch = "status --cluster orders-prod --version 3.9.0 --watch";
    let run = run_in(env.command(watch), "ko");
    assert!(run.code == 0 && run.stdout.starts_with("orders-prod  3.7.1 → 3.9.0  완료(done)\n"), "{run:#?}");
    let run = run_in(env.command(&format!("{UPGRADE} --yes")), "ko");
    let already = "orders-prod: 이미 대상 버전(3.9.0)이므로 할 작업이 없습니다.\n";
    assert_eq!((run.code, run.stdout.as_str()), (0, already));
}

#[test]
fn everything_else_is_the_same_in_both_languages() {
    let env = TestEnv::new(Scenario::Healthy);
    for line in [
        "-h",
        "upgrade --help",
        "help checks",
        "completions bash",
        "list clusters",
        "check --cluster orders-prod",
        "check --cluster payments-prod --version 3.9.0",
        "status --cluster orders-prod",
        "config-group diff orders-371 orders-390",
        "history",
        "upgrade --nothing",
    ] {
        let [english, korean] = ["en", "ko"].map(|language| run_in(env.command(line), language));
        assert_eq!((korean.code, without_ids(&korean.stdout)), (english.code, without_ids(&english.stdout)));
        let translated =
            korean.stderr.replace("cdss는 아무것도 변경하지 않았습니다.", "cdss changed nothing.");
        assert_eq!(without_ids(&translated), without_ids(&english.stderr), "{line}");
    }
}

/// Removes request ids and times, which differ between runs.
fn without_ids(text: &str) -> String {
    let is_in_word = |c: char| c.is_ascii_alphanumeric() || "-:.".contains(c);
    let varies = |word: &str| {
        let is_id = word.len() == 36 && word.matches('-').count() == 4;
        is_id || word.matches(':').count() == 2
    };
    let words = text.split_inclusive(|c| !is_in_word(c));
    words.filter(|word| !varies(word.trim_end_matches(|c| !is_in_word(c)))).collect()
}

#[test]
fn documents_are_the_same_in_both_languages() {
    let upgrade = format!("{UPGRADE} --yes -o json");
    for (scenario, line) in [
        (Scenario::Healthy, upgrade.as_str()),
        (Scenario::EndsInError, &upgrade),
        (Scenario::NeverStarts, &upgrade),
        (Scenario::PrecheckRefused, &upgrade),
        (Scenario::Healthy, "upgrade --cluster orders-prod --version 3.9.0 -o json"),
        (Scenario::Healthy, "check --cluster payments-prod --version 3.9.0 -o json"),
        (Scenario::Healthy, "status --cluster nothing -o json"),
        (Scenario::Healthy, "upgrade --nothing -o json"),
    ] {
        let [english, korean] = ["en", "ko"].map(|language| {
            let env = TestEnv::new(scenario);
            let run = run_in(env.command(line), language);
            let _valid = run.document();
            (run.code, comparable(&run.stdout, &env.sandbox.url()))
        });
        assert_eq!(english, korean, "{scenario} {line}");
    }
}

/// Removes the service's address, ids, and times from a document, and the requests, whose order may differ.
fn comparable(document: &str, url: &str) -> String {
    let (before, requests) = document.split_once("\n  \"requests\": [").expect("it has requests");
    let (_, after) = requests.split_once("\n  \"error\": ").expect("its error is last");
    let text = [before, after].map(|part| part.replace(url, "URL")).join("\n");
    // The ID of the plan depends on the address.
    let lines = text.lines().filter(|line| !line.starts_with("  \"plan_id\": "));
    without_ids(&lines.collect::<Vec<_>>().join("\n"))
}

#[test]
fn other_locales_and_encodings_are_english() {
    let env = TestEnv::new(Scenario::PrecheckRefused);
    for (name, value) in [("LANG", "ko_KR.eucKR"), ("LANG", "xx"), ("LC_ALL", "ja_JP.UTF-8")] {
        let run = env.run_with(&format!("{UPGRADE} --yes"), &[(name, Some(value))]);
        run.assert_says(5, &["cdss changed nothing."]);
    }
    let line = format!("{UPGRADE} --yes --lang ko");
    let explicit = env.run_with(&line, &[("LC_ALL", Some("ko_KR.eucKR"))]);
    explicit.assert_says(5, &["cdss는 아무것도 변경하지 않았습니다."]);
}

#[test]
fn unknown_language_is_a_usage_error() {
    let env = TestEnv::new(Scenario::Healthy);
    for line in [format!("{UPGRADE} --yes"), "history".to_owned(), "config list".to_owned()] {
        env.run(&format!("{line} --lang kr")).assert_says(2, &["'kr'", "en, ko"]);
        let run = env.run_with(&line, &[("CDSS_LANG", Some("kr"))]);
        run.assert_says(2, &["CDSS_LANG: unsupported language `kr`; use en or ko"]);
    }
    assert_eq!(env.log().requests, []);
}
