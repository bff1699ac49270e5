//! The id of a plan, and `upgrade --plan`, which starts only the approved one.

use cdss::sandbox::{AccountChange, Options, Scenario, ScheduledChange};
use serde_json::Value;

use crate::config_group::set;
use crate::pty::Terminal;
use crate::support::{TestEnv, UPGRADE, check};

const CHECK: &str = "check --cluster orders-prod --version 3.9.0";
const ORDERS: u64 = 1_009_123;

/// Returns the plan id that a check prints. The check may be blocked.
#[track_caller]
fn plan_id(env: &TestEnv, line: &str) -> String {
    let (_, document) = env.json(line);
    let id = document["plan_id"].as_str().unwrap_or_else(|| panic!("no id: {document:#}")).to_owned();
    assert!(id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{id}");
    id
}

fn custom(group: u64, key: &str, value: &str) -> AccountChange {
    AccountChange::CustomValue { group, key: key.into(), value: value.into() }
}

#[test]
fn approved_plan_is_started() {
    let env = TestEnv::new(Scenario::Healthy);
    let id = plan_id(&env, CHECK);
    assert_eq!(plan_id(&env, CHECK), id, "request ids and times are not in it");
    for line in [
        "check --cluster no:1009123 --version 3.9.0",
        "check --cluster orders-prod --version 3903006 --config-group no:312",
        &format!("{UPGRADE} --dry-run"),
        &format!("{UPGRADE} --dry-run --plan {id}"),
    ] {
        assert_eq!(plan_id(&env, line), id, "{line}");
    }
    let shown = env.run(CHECK).stdout;
    assert!(shown.contains(&format!("  7 kept\nPlan          {id}\n\n  CHECK ")), "{shown}");

    let (run, document) = env.json(&format!("{UPGRADE} --yes --plan {}", id.to_uppercase()));
    assert_eq!(
        (run.code, &document["plan_id"], &document["submitted"]),
        (0, &id.as_str().into(), &"yes".into())
    );
    assert_eq!(env.home.entries()[0]["plan"]["plan_id"], id, "the journal has the id");
    assert_eq!(env.log().starts_accepted(), 1);

    let run = env.home.entries()[0]["run"].as_str().expect("a run has an id").to_owned();
    let shown = env.home.run(&format!("history {run}")).stdout;
    assert!(shown.contains(&format!("\nPlan          {id}\nConfirmed by  --yes\n")), "{shown}");

    // Nothing is left to do, as without the id.
    let (run, document) = env.json(&format!("{UPGRADE} --yes --plan {id}"));
    assert_eq!((run.code, &document["verdict"], &document["plan_id"]), (0, &"already".into(), &Value::Null));
    assert_eq!(env.log().starts_requested(), 1);
}

#[test]
fn other_plan_is_refused_before_the_question() {
    let env = TestEnv::new(Scenario::Healthy);
    let id = plan_id(&env, CHECK);
    for (line, id) in [
        (UPGRADE, "0123456789abcdef"),
        ("upgrade --cluster orders-prod --version 3.9.0 --config-group audit-390", id.as_str()),
        ("upgrade --cluster audit --version 3.9.0 --config-group orders-390", id.as_str()),
        // Several groups fit, so there is no plan.
        ("upgrade --cluster logs-prod --version 3.7.1", id.as_str()),
    ] {
        for flag in ["--yes", "--dry-run", "--yes --no-wait"] {
            let (run, document) = env.json(&format!("{line} --plan {id} {flag}"));
            run.assert_says(5, &["[plan.stale]", &format!("not {id}, which was approved")]);
            assert_eq!(check(&document, "plan.stale")["result"], "block", "{line} {flag}");
            assert_eq!(document["submitted"], "no");
        }
    }
    // On a terminal, there is no question.
    let terminal = Terminal::open(&env, &format!("{UPGRADE} --plan 0123456789abcdef"));
    let (code, screen) = terminal.end();
    assert_eq!(code, 5, "{screen}");
    assert!(!screen.contains("Type ") && screen.contains("cdss changed nothing."), "{screen}");
    env.assert_no_start();
    assert_eq!(env.home.journal_text(), "", "nothing was recorded");
}

#[test]
fn plan_that_changed_after_the_approval_is_refused() {
    for change in [
        custom(312, "num.partitions", "7"),
        custom(301, "num.partitions", "7"),
        AccountChange::ConfigGroup { cluster: ORDERS, no: 331 },
    ] {
        let env = TestEnv::new(Scenario::Healthy);
        let id = plan_id(&env, CHECK);
        env.sandbox.apply(change.clone());
        let line = format!("{UPGRADE} --config-group orders-390 --yes --plan {id}");
        env.run(&line).assert_says(5, &["[plan.stale]", "hint: "]);
        env.assert_no_start();
    }
}

/// The plan is compared again with everything that is read under the lock, just before the start.
#[test]
fn plan_that_changes_just_before_the_start_is_refused() {
    let change = custom(312, "num.partitions", "7");
    let before_operation = "getClusterInfo".to_owned();
    let scheduled_changes = vec![ScheduledChange { before_operation, nth: 3, change }];
    let env = TestEnv::with(Options { scheduled_changes, ..Options::default() });
    let id = plan_id(&env, CHECK);
    let (run, document) = env.json(&format!("{UPGRADE} --yes --plan {id}"));
    run.assert_says(5, &["the cluster changed since the plan was made", "[plan.stale]"]);
    assert_ne!(document["plan_id"], id, "the document has the plan that was refused");
    let stale = document["checks"].as_array().into_iter().flatten().filter(|one| one["id"] == "plan.stale");
    assert_eq!(stale.count(), 1);
    env.assert_no_start();
    assert_eq!(env.home.journal_text(), "");
}

/// A person who is asked again could agree to a plan that nobody approved.
#[test]
fn terminal_does_not_ask_again_for_another_plan() {
    let change = custom(312, "num.partitions", "7");
    let before_operation = "getClusterInfo".to_owned();
    let scheduled_changes = vec![ScheduledChange { before_operation, nth: 3, change }];
    let env = TestEnv::with(Options { scheduled_changes, ..Options::default() });
    let id = plan_id(&env, CHECK);
    let mut terminal = Terminal::open(&env, &format!("{UPGRADE} --plan {id}"));
    terminal.answer_to("Type orders-prod to start: ", "orders-prod");
    let (code, screen) = terminal.end();
    assert_eq!(code, 5, "{screen}");
    let (_, after) =
        screen.split_once("the cluster changed since the plan was made").expect("the change was noticed");
    assert!(
        after.contains("[plan.stale]") && !after.contains("Type "),
        "there is no second question: {screen}"
    );
    env.assert_no_start();
}

#[test]
fn blocked_plan_has_an_id_and_stays_blocked() {
    let env = TestEnv::new(Scenario::Healthy);
    let line = "check --cluster payments-prod --version 3.9.0 --config-group payments-390";
    let id = plan_id(&env, line);
    let upgrade = format!("{} --yes --plan {id}", line.replace("check", "upgrade"));
    let run = env.run(&upgrade);
    run.assert_says(5, &["[config.lost-override]"]);
    assert!(!run.stderr.contains("plan.stale"), "{}", run.stderr);
    env.assert_no_start();
    // Accepted checks do not change the plan.
    let flag = "--accept config.lost-override=log.segment.bytes,num.network.threads";
    assert_eq!(plan_id(&env, &format!("{line} {flag}")), id);
    assert_eq!(env.run(&format!("{upgrade} {flag}")).code, 0);
}

#[test]
fn upgrade_without_a_selected_group_has_no_id() {
    let env = TestEnv::new(Scenario::Healthy);
    for line in [
        "check --cluster logs-prod --version 3.7.1",
        "check --cluster orders --version 3.9.0",
        "check --cluster orders-prod",
    ] {
        let (_, document) = env.json(line);
        assert_eq!(document.get("plan_id"), Some(&Value::Null), "{line}");
        assert!(!env.run(line).stdout.contains("\nPlan "), "{line}");
    }
}

#[test]
fn running_upgrade_is_followed_whatever_the_id() {
    let env = TestEnv::new(Scenario::Healthy);
    let id = plan_id(&env, CHECK);
    assert_eq!(env.run(&format!("{UPGRADE} --yes --no-wait --plan {id}")).code, 0);
    for id in [id.as_str(), "0123456789abcdef"] {
        let (run, document) = env.json(&format!("{UPGRADE} --yes --plan {id}"));
        assert_eq!((run.code, &document["submitted"], &document["plan_id"]), (0, &"no".into(), &Value::Null));
    }
    assert_eq!(env.log().starts_requested(), 1);

    let env = TestEnv::new(Scenario::Busy);
    let line = format!("{UPGRADE} --yes --plan {id} --timeout 100ms");
    let run = env.run(&line);
    assert_eq!(run.code, 11, "{run:#?}");
    env.assert_no_start();
}

#[test]
fn malformed_id_is_a_usage_error() {
    let env = TestEnv::new(Scenario::Healthy);
    for id in ["7f3a", "7f3a9c2e41d0b6ag", "7f3a9c2e41d0b6a80", ""] {
        let mut command = env.command(UPGRADE);
        let run = crate::support::Run::of(command.args(["--yes", "--plan", id]));
        run.assert_says(2, &["--plan <ID>", "16 hexadecimal digits"]);
    }
    for line in [
        format!("{UPGRADE} --yes --accept plan.stale"),
        format!("{UPGRADE} --yes --plan 0123456789abcdef --accept plan.stale"),
    ] {
        env.run(&line).assert_says(2, &["check `plan.stale` can't be overridden"]);
    }
    assert!(env.log().requests.is_empty());
}

#[test]
fn custom_value_of_a_hostile_group_has_an_id() {
    let env = TestEnv::new(Scenario::Healthy);
    let before = plan_id(&env, CHECK);
    set(&env, 312, "num.partitions", "\u{1b}[2J|`@team`");
    assert_ne!(plan_id(&env, &format!("{CHECK} --config-group no:312")), before);
}
