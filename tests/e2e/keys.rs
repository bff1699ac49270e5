//! Keys from the environment: both halves from one source, in either spelling.

use cdss::sandbox::Scenario;

use crate::support::{ACCESS_KEY, SECRET_KEY, TestEnv, UPGRADE};

#[test]
fn missing_half_or_empty_keys_are_reported() {
    const PAIRS: [(&str, &str); 2] =
        [("NCLOUD_ACCESS_KEY_ID", "NCLOUD_SECRET_ACCESS_KEY"), ("NCLOUD_ACCESS_KEY", "NCLOUD_SECRET_KEY")];
    let env = TestEnv::new(Scenario::Healthy);
    let none = PAIRS.map(|(access, secret)| [(access, None), (secret, None)]).concat();
    let refused = |set: &[(&'static str, Option<&'static str>)], texts: &[&str]| {
        let variables = [&none, set].concat();
        env.run_with(&format!("{UPGRADE} --yes"), &variables).assert_says(4, texts);
    };
    refused(
        &[],
        &[
            "no credentials found: NCLOUD_ACCESS_KEY_ID and NCLOUD_SECRET_ACCESS_KEY are not set",
            "hint: set ",
        ],
    );
    for (access, secret) in PAIRS {
        let half =
            |present, missing| format!("incomplete credentials: {present} is set but {missing} is not");
        refused(&[(access, Some(ACCESS_KEY))], &[&half(access, secret), "hint: set "]);
        refused(&[(secret, Some(SECRET_KEY))], &[&half(secret, access), "hint: set "]);
        for (empty, full, key) in [(access, secret, SECRET_KEY), (secret, access, ACCESS_KEY)] {
            refused(
                &[(empty, Some("")), (full, Some(key))],
                &[&format!("{empty} is set but empty"), "hint: set "],
            );
        }
    }
    assert_eq!(env.log().requests, []);
}

#[test]
fn both_spellings_of_the_key_variables_are_read() {
    let env = TestEnv::new(Scenario::Healthy);
    let other = [
        ("NCLOUD_ACCESS_KEY_ID", None),
        ("NCLOUD_SECRET_ACCESS_KEY", None),
        ("NCLOUD_ACCESS_KEY", Some(ACCESS_KEY)),
        ("NCLOUD_SECRET_KEY", Some(SECRET_KEY)),
    ];
    assert_eq!(env.run_with("check --cluster orders-prod", &other).code, 0);
    let wrong = [("NCLOUD_SECRET_ACCESS_KEY", Some("another"))];
    env.run_with("check --cluster orders-prod", &wrong).assert_says(4, &["hint: "]);
}
