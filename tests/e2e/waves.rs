//! Requests and waves of each command. A wave is a set of requests that are sent together. The sandbox holds the responses
//! of a wave until all its requests have arrived, so that a run with more waves than stated here fails.

use cdss::sandbox::{NewCluster, Options, Scenario};

use super::support::{TestEnv, UPGRADE};

/// Runs a command against a service that expects these waves, with clusters added to the account.
fn assert_waves(line: &str, wave_sizes: &[usize], clusters: Vec<NewCluster>) {
    let env = TestEnv::with(Options { wave_sizes: wave_sizes.to_vec(), clusters, ..Options::default() });
    let run = env.run(line);
    let sent: Vec<_> = env.log().requests.into_iter().map(|request| request.operation).collect();
    assert_eq!((run.code, sent.len()), (0, wave_sizes.iter().sum()), "{line}: {sent:#?}\n{}", run.stderr);
}

fn clusters(count: usize, version: &str) -> Vec<NewCluster> {
    let cluster = |number| NewCluster { name: format!("team-{number}"), version: version.to_owned(), brokers: 3 };
    (0..count).map(cluster).collect()
}

#[test]
fn lists_take_one_wave_and_one_per_eight_further_pages() {
    for (line, wave_sizes) in [
        ("list versions", &[1][..]),
        ("list clusters", &[1, 1]),
        // The number of groups
        ("list config-groups", &[2, 1]),
    ] {
        assert_waves(line, wave_sizes, clusters(100, "3.9.0"));
    }
    assert_waves("list clusters", &[1, 8, 8, 3], clusters(1_990, "3.9.0"));
}

#[test]
fn status_takes_two_waves() {
    assert_waves("status --cluster orders-prod", &[2, 2], Vec::new());
    assert_waves("status --cluster no:1009325", &[3], Vec::new());
}

#[test]
fn check_takes_four_waves() {
    for line in ["check --cluster orders-prod --version 3.9.0"] {
        assert_waves(line, &[2, 3, 6, 1], Vec::new());
    }
}
