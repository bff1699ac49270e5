//! `cdss config` on a pseudo-terminal: prompts, output, and the effect of answers.

use std::fs;

use cdss::sandbox::Scenario;
use rustix::process::{Signal, kill_process};

use crate::pty::Terminal;
use crate::support::{ACCESS_KEY, SECRET_KEY, TestEnv};

fn config(env: &TestEnv) -> String {
    fs::read_to_string(env.home.path().join("config/cdss/config.toml")).unwrap_or_default()
}

#[test]
fn init_prompts_hide_the_secret_and_repeat_on_bad_input() {
    let env = TestEnv::new(Scenario::Healthy);
    let mut terminal = Terminal::open(&env, "config init --profile prod");
    terminal.expect("Profile prod in ");
    terminal.answer_to("Site (public, gov, or fin) [public]: ", "private");
    terminal.expect("unknown site `private`");
    terminal.answer_to("Site (public, gov, or fin) [public]: ", "gov");
    terminal.answer_to("Region (KR, KRS) [KR]: ", "SGN");
    terminal.expect("site gov has no region SGN; it has KR, KRS");
    terminal.answer_to("Region (KR, KRS) [KR]: ", "krs");
    terminal.answer_to("Access key ID: ", "");
    terminal.expect("the value is empty");
    terminal.answer_to("Access key ID: ", ACCESS_KEY);
    terminal.answer_to("Secret key: ", SECRET_KEY);
    let shown = terminal.expect("profile prod: created in ");
    assert!(!shown.contains(SECRET_KEY), "{shown}");
    assert_eq!(terminal.end().0, 0);
    assert_eq!(
        config(&env),
        format!(
            "[profiles.prod]\naccess_key = \"{ACCESS_KEY}\"\nsecret_key = \"{SECRET_KEY}\"\nsite = \"gov\"\n\
             region = \"KRS\"\n"
        )
    );
    let before = config(&env);
    let mut again = Terminal::open(&env, "config init --profile prod");
    again.expect("profile `prod` already exists in ");
    again.expect("config set KEY VALUE --profile prod");
    assert_eq!(again.end().0, 2);
    assert_eq!(config(&env), before);
}

#[test]
fn enter_accepts_the_defaults() {
    let env = TestEnv::new(Scenario::Healthy);
    let mut terminal = Terminal::open(&env, "config init");
    terminal.answer_to("Site (public, gov, or fin) [public]: ", "");
    terminal.answer_to("Region (KR, SGN, JPN) [KR]: ", "");
    terminal.answer_to("Access key ID: ", ACCESS_KEY);
    terminal.answer_to("Secret key: ", SECRET_KEY);
    assert_eq!(terminal.end().0, 0);
    assert!(config(&env).starts_with("[profiles.default]\n"));
    assert!(config(&env).ends_with("site = \"public\"\nregion = \"KR\"\n"), "{}", config(&env));
}

#[test]
fn flags_set_the_prompt_defaults() {
    let env = TestEnv::new(Scenario::Healthy);
    let mut terminal = Terminal::open(&env, "config init --region krs");
    terminal.answer_to("Site (public, gov, or fin) [gov]: ", "");
    terminal.answer_to("Region (KR, KRS) [KRS]: ", "");
    terminal.answer_to("Access key ID: ", ACCESS_KEY);
    terminal.answer_to("Secret key: ", SECRET_KEY);
    assert_eq!(terminal.end().0, 0);
    assert!(config(&env).ends_with("site = \"gov\"\nregion = \"KRS\"\n"), "{}", config(&env));
}

#[test]
fn signal_during_init_writes_nothing_and_restores_terminal() {
    let answers = [
        ("Site (public, gov, or fin) [public]: ", ""),
        ("Region (KR, SGN, JPN) [KR]: ", ""),
        ("Access key ID: ", ACCESS_KEY),
        ("Secret key: ", ""),
    ];
    for at in 0..answers.len() {
        let env = TestEnv::new(Scenario::Healthy);
        let mut terminal = Terminal::open(&env, "config init");
        let pid = terminal.pid();
        for (question, answer) in &answers[..at] {
            terminal.answer_to(question, answer);
        }
        terminal.expect(answers[at].0);
        let code = if at % 2 == 0 {
            terminal.press("\u{3}");
            130
        } else {
            kill_process(pid, Signal::TERM).expect("it runs");
            143
        };
        terminal.expect("interrupted; nothing was changed");
        assert_eq!(terminal.end().0, code, "at {:?}", answers[at].0);
        assert_eq!(config(&env), "");
    }
}

#[test]
fn secret_prompt_does_not_echo() {
    let env = TestEnv::new(Scenario::Healthy);
    let mut terminal = Terminal::open(&env, "config set secret_key --profile prod");
    terminal.answer_to("Secret key: ", "two words");
    terminal.expect("the key contains invalid characters");
    terminal.answer_to("Secret key: ", SECRET_KEY);
    let shown = terminal.expect("profile prod: created with secret_key in ");
    assert!(!shown.contains(SECRET_KEY), "{shown}");
    assert_eq!(terminal.end().0, 0);
    assert_eq!(config(&env), format!("[profiles.prod]\nsecret_key = \"{SECRET_KEY}\"\n"));
    let mut terminal = Terminal::open(&env, "config set region --stdin --profile prod");
    terminal.expect("standard input is a terminal");
    assert_eq!(terminal.end().0, 2);
}

#[test]
fn early_paste_is_hidden_and_echo_restored() {
    let env = TestEnv::new(Scenario::Healthy);
    let mut terminal = Terminal::open(&env, "config init --region KR");
    terminal.answer_to("Site (public, gov, or fin) [public]: ", "");
    terminal.answer_to("Region (KR, SGN, JPN) [KR]: ", "");
    terminal.expect("Access key ID: ");
    terminal.press(&format!("{ACCESS_KEY}\r{SECRET_KEY}"));
    let before = terminal.expect("Secret key: ");
    // Ctrl-\ ends most programs at once, and Ctrl-U clears the line. Early input is not the answer.
    terminal.press(&format!("\u{1c}\u{15}{SECRET_KEY}\r"));
    let after = terminal.expect("profile default: created in ");
    assert!(!before.contains(SECRET_KEY) && !after.contains(SECRET_KEY), "{before}{after}");
    assert_eq!(terminal.end().0, 0);
    assert!(config(&env).contains(&format!("secret_key = \"{SECRET_KEY}\"\n")), "{}", config(&env));
}

#[test]
fn profile_is_removed_only_after_typing_its_name() {
    let env = TestEnv::new(Scenario::Healthy);
    assert!(env.command("config set region KR --profile prod").status().expect("it runs").success());
    let before = config(&env);
    let mut terminal = Terminal::open(&env, "config remove --profile prod");
    for left in ["2 attempts left", "1 attempt left", "nothing was removed"] {
        terminal.answer_to("Type prod to remove the profile: ", "yes");
        terminal.expect(&format!("that is not the profile name; {left}"));
    }
    terminal.expect("the removal was not confirmed");
    assert_eq!(terminal.end().0, 10);
    assert_eq!(config(&env), before);
    let mut terminal = Terminal::open(&env, "config remove region --profile prod");
    terminal.answer_to("Type prod to remove its region: ", "prod");
    terminal.expect("profile prod: region removed in ");
    assert_eq!(terminal.end().0, 0);
    let mut terminal = Terminal::open(&env, "config remove --profile prod");
    terminal.answer_to("Type prod to remove the profile: ", "prod");
    assert_eq!(terminal.end().0, 0);
    assert!(!config(&env).contains("prod"), "{}", config(&env));
}
