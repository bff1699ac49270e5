//! Every site and region of the service, with the real binary.

use cdss::sandbox::Scenario;

use crate::support::{TestEnv, UPGRADE};

#[test]
fn every_region_uses_its_own_path_prefix() {
    for (flags, site, region, prefix) in [
        ("", "public", "KR", "/api/v1/"),
        ("--region SGN", "public", "SGN", "/api/sgn-v1/"),
        ("--region jpn", "public", "JPN", "/api/jpn-v1/"),
        ("--site gov", "gov", "KR", "/api/v1/"),
        ("--region KRS", "gov", "KRS", "/api/krs-v1/"),
        ("--site fin", "fin", "FKR", "/api/v1/"),
        ("--region FKR", "fin", "FKR", "/api/v1/"),
    ] {
        let env = TestEnv::new(Scenario::Healthy);
        let (run, document) = env.json(&format!("check --cluster orders-prod --version 3.9.0 {flags}"));
        assert_eq!(run.code, 0, "{flags}: {}", run.stderr);
        let service = &document["service"];
        assert_eq!((&service["site"], &service["region"]), (&site.into(), &region.into()), "{flags}");
        let log = env.log();
        assert!(log.requests.len() > 3, "{flags}");
        for request in &log.requests {
            assert!(request.path.starts_with(prefix), "{flags}: {}", request.path);
        }
    }
}

#[test]
fn finance_site_without_progress_call_polls_cluster_status() {
    let env = TestEnv::new(Scenario::NoProgress);
    let (run, document) = env.json(&format!("{UPGRADE} --yes --site fin"));
    assert_eq!((run.code, &document["verdict"]), (0, &"done".into()), "{}", run.stderr);
    assert_eq!(document["service"]["region"], "FKR");
    let restarted = document["brokers"].as_array().into_iter().flatten();
    assert_eq!(
        restarted.filter(|broker| broker["restarted"] == "yes").count(),
        3,
        "the colors are observed anyway"
    );
    let log = env.log();
    assert_eq!(log.count("rollingUpgradeProgressCheck"), 1, "it is asked once and not again");
    assert!(log.count("getClusterStatus") > 3);
    assert_eq!(log.starts_accepted(), 1);
}
