//! Names with wide characters keep columns aligned.

use cdss::sandbox::{NewCluster, Options};

use crate::support::TestEnv;

fn env() -> TestEnv {
    let clusters = ["주문-운영=3.7.1,3", "결제=3.6.2,5", "注文-本番=3.9.0,3", "ａｕｄｉｔ=3.7.1,4"];
    let clusters: Vec<NewCluster> =
        clusters.iter().map(|text| text.parse().expect("the service could have it")).collect();
    TestEnv::with(Options { clusters, ..Options::default() })
}

/// Replaces what varies between runs.
fn masked(text: &str) -> String {
    let mask = |word: &str| {
        let is_id = word.trim().len() == 36 && word.matches('-').count() == 4;
        if is_id { word.replace(word.trim(), "ID") } else { word.to_owned() }
    };
    let lines = text.lines().filter(|line| !line.starts_with("Service") && !line.starts_with("Observed"));
    lines.map(|line| line.split(' ').map(mask).collect::<Vec<_>>().join(" ")).collect::<Vec<_>>().join("\n")
}

#[test]
fn cluster_list_stays_aligned() {
    insta::assert_snapshot!(env().run("list clusters").stdout);
}

#[test]
fn plan_and_checks_stay_aligned() {
    insta::assert_snapshot!(masked(&env().run("check --cluster 주문-운영 --version 3.9.0").stdout));
}

#[test]
fn cluster_status_stays_aligned() {
    insta::assert_snapshot!(masked(&env().run("status --cluster 결제").stdout));
}

#[test]
fn version_table_stays_aligned() {
    insta::assert_snapshot!(masked(&env().run("check --cluster ａｕｄｉｔ").stdout));
}
