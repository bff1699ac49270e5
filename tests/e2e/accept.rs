//! `--accept`: which checks a user can override, and how.

use cdss::sandbox::Scenario;

use crate::support::{TestEnv, UPGRADE, check};

#[test]
fn lost_settings_block_until_the_printed_flag_is_used() {
    let env = TestEnv::new(Scenario::Healthy);
    let line = "upgrade --yes --cluster payments-prod --version 3.9.0 --config-group payments-390";
    let flag = "--accept config.lost-override=log.segment.bytes,num.network.threads";
    let (run, document) = env.json(line);
    run.assert_says(
        5,
        &["log.segment.bytes 268435456 → 1073741824", &format!("; to proceed anyway, add {flag}\n")],
    );
    let items = serde_json::json!(["log.segment.bytes", "num.network.threads"]);
    assert_eq!(check(&document, "config.lost-override")["items"], items);
    for too_little in ["--accept config.lost-override", "--accept config.lost-override=log.segment.bytes"] {
        env.run(&format!("{line} {too_little}")).assert_says(5, &["[config.lost-override]"]);
    }
    env.assert_no_start();

    let (pasted, document) = env.json(&format!("{line} {flag}"));
    assert_eq!((pasted.code, &document["verdict"]), (0, &"done".into()));
    let lost = check(&document, "config.lost-override");
    assert_eq!((&lost["result"], &lost["accepted"]), (&"block".into(), &items));
    assert_eq!(env.log().starts_requested(), 1);
}

#[test]
fn changed_retention_blocks_and_harmless_gain_does_not() {
    let env = TestEnv::new(Scenario::Healthy);
    let line = "upgrade --yes --cluster audit --version 3.9.0 --config-group 342";
    let flag = "--accept config.changed=log.retention.hours";
    let (run, document) = env.json(line);
    run.assert_says(5, &["log.retention.hours 336 → 72", &format!("add {flag}\n")]);
    let changed = check(&document, "config.changed");
    assert_eq!(changed["items"], serde_json::json!(["log.retention.hours"]));
    env.assert_no_start();
    assert_eq!(env.run(&format!("{line} {flag}")).code, 0);
}

#[test]
fn accepted_block_is_shown_as_accepted_and_stays_a_block_in_json() {
    let env = TestEnv::new(Scenario::Healthy);
    let line = "check --cluster payments-prod --version 3.9.0 --config-group payments-390";
    let row = |arguments: &str| {
        let table = env.run(&format!("{line} {arguments}")).stdout;
        table.lines().find(|row| row.contains("config.lost-override")).expect("there is a row").to_owned()
    };
    let (part, all) = ("log.segment.bytes", "log.segment.bytes,num.network.threads");
    assert!(row("").starts_with("  config.lost-override  block  "), "{}", row(""));
    let partly = row(&format!("--accept config.lost-override={part}"));
    assert!(partly.starts_with("  config.lost-override  block  "), "{partly}");
    assert!(partly.ends_with("  (accepted: log.segment.bytes)"), "{partly}");
    let accepted = row(&format!("--accept config.lost-override={all}"));
    assert!(accepted.starts_with("  config.lost-override  accepted  "), "{accepted}");
    let (run, document) = env.json(&format!("{line} --accept config.lost-override={all}"));
    let lost = check(&document, "config.lost-override");
    assert_eq!((run.code, &lost["result"]), (0, &"block".into()), "{run:#?}");
}

#[test]
fn unknown_accept_is_refused_and_unneeded_accept_is_noted() {
    let env = TestEnv::new(Scenario::Healthy);
    env.run(&format!("{UPGRADE} --yes --accept config.changed=log.retention.ours")).assert_says(
        2,
        &[
            "neither config group has a setting `log.retention.ours`",
            "hint: run `cdss check --cluster no:1009123 --version 3.9.0 --config-group no:312` to print the --accept flag",
        ],
    );
    env.run(&format!("{UPGRADE} --yes --accept config.changed=*"))
        .assert_says(2, &["neither config group has a setting `*`"]);
    env.assert_no_start();
    env.run(&format!("{UPGRADE} --yes --accept config.changed=num.partitions --accept zookeeper.health"))
        .assert_says(
            0,
            &[
                "--accept config.changed=num.partitions has no effect: no such check or item blocks this upgrade",
                "--accept zookeeper.health has no effect: no such check or item blocks this upgrade",
            ],
        );
}
