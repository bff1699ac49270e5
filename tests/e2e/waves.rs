//! The requests of each command, in waves. A wave is a set of requests that are sent together. The sandbox holds the
//! responses of a wave until all its requests have arrived, so a run that takes more waves than stated here fails.

use cdss::sandbox::{NewCluster, Options};

use super::support::{TestEnv, UPGRADE};

/// Runs a command against a service that expects these waves.
#[track_caller]
fn assert_waves(line: &str, wave_sizes: &[usize]) {
    assert_waves_with(&[], line, wave_sizes);
}

/// Runs a command against a service with additional clusters.
#[track_caller]
fn assert_waves_with(clusters: &[NewCluster], line: &str, wave_sizes: &[usize]) {
    let env = env_with(clusters, wave_sizes);
    let run = env.run(line);
    let sent: Vec<_> = env.log().requests.into_iter().map(|request| request.operation).collect();
    assert_eq!((run.code, sent.len()), (0, wave_sizes.iter().sum()), "{line}: {sent:#?}\n{}", run.stderr);
}

fn env_with(clusters: &[NewCluster], wave_sizes: &[usize]) -> TestEnv {
    let (clusters, wave_sizes) = (clusters.to_vec(), wave_sizes.to_vec());
    TestEnv::with(Options { clusters, wave_sizes, ..Options::default() })
}

fn clusters(count: usize, version: &str) -> Vec<NewCluster> {
    let new = |number| NewCluster { name: format!("team-{number}"), version: version.to_owned(), brokers: 3 };
    (1..=count).map(new).collect()
}

#[test]
fn lists_take_one_wave_and_one_per_eight_further_pages() {
    assert_waves("list versions", &[1]);
    assert_waves("list clusters", &[1]);
    assert_waves_with(&clusters(100, "3.9.0"), "list clusters", &[1, 1]);
    // 9 + 1,791 clusters fill 18 pages.
    assert_waves_with(&clusters(1_791, "3.9.0"), "list clusters", &[1, 8, 8, 1]);
    // The groups and the versions are read together.
    assert_waves("list config-groups", &[2]);
}

#[test]
fn status_takes_two_waves_by_name_and_one_by_number() {
    // The name of the config group comes from the list of all groups, which needs no number. The addresses of the brokers
    // and their certificate are read together with the rest.
    assert_waves("status --cluster orders-prod", &[2, 5]);
    assert_waves("status --cluster no:1009123", &[6]);
    assert_waves("status --cluster no:1009123 --brokers none", &[4]);
    assert_waves("status --cluster no:1009123 --brokers 127.0.0.1:1", &[5]);
    assert_waves("status --cluster no:1009123 --brokers tls://127.0.0.1:1", &[6]);
}

#[test]
fn check_takes_four_waves() {
    // The cluster list and the versions; entry, status, the four target groups, and the two reads about the brokers; the current group with its settings, and
    // the settings of the target groups; the pre-check.
    assert_waves("check --cluster orders-prod --version 3.9.0", &[2, 5, 6, 1]);
    // Entry, status, versions, and the two reads about the brokers; the target groups, and the current group with its settings; the settings of the target
    // groups; the pre-check.
    assert_waves("check --cluster no:1009123 --version 3.9.0", &[5, 3, 4, 1]);
    // With a named group, only its settings are read.
    assert_waves("check --cluster orders-prod --version 3.9.0 --config-group no:312", &[2, 5, 3, 1]);
    assert_waves("check --cluster no:1009123 --version 3.9.0 --config-group no:312", &[5, 3, 1, 1]);
}

#[test]
fn upgrade_takes_six_waves_up_to_the_start() {
    // After the four waves of a check: everything again, and the start on its own connection.
    assert_waves(&format!("{UPGRADE} --yes --no-wait"), &[2, 5, 6, 1, 6, 1]);
    assert_waves("upgrade --cluster no:1009123 --version 3.9.0 --yes --no-wait", &[5, 3, 4, 1, 6, 1]);
}

#[test]
fn check_of_all_versions_takes_five_waves_by_name_and_four_by_number() {
    assert_waves("check --cluster orders-prod", &[2, 2, 3, 4, 1]);
    assert_waves("check --cluster no:1009123", &[3, 3, 4, 1]);
}

#[test]
fn other_commands_take_this_many_waves() {
    assert_waves("list config-groups --version 3.9.0", &[1, 1]);
    assert_waves("config-group diff no:301 no:312", &[2, 2]);
    assert_waves("config-group list", &[2]);
    assert_waves("config-group list --version 3.9.0", &[1, 1]);
    // The groups and the versions; the settings, the users, and the clusters, which may hide users.
    assert_waves("config-group show orders-390", &[2, 3]);
    assert_waves("config-group show no:312", &[2, 3]);
    assert_waves("config verify", &[1, 1, 1]);
    // Two for the cluster, four for the plan, two under the lock, and a read after each of the two changes.
    let copy = "config-group copy --cluster orders-prod --version 3.9.0 --name team-390 --yes";
    assert_waves(copy, &[2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]);
}

#[test]
fn check_of_more_than_twenty_groups_reads_those_with_similar_names() {
    let env = env_with(&clusters(20, "3.7.1"), &[2, 5, 2, 20]);
    let run = env.run("check --cluster orders-prod --version 3.9.0");
    assert!(run.stderr.contains("20 of 24 were compared"), "{}", run.stderr);
    assert_eq!((run.code, env.log().requests.len()), (5, 29));
}

#[test]
fn healthy_upgrade_of_three_brokers_sends_41_requests() {
    // 13 polls. The entry is due in the first one, in every tenth one, and while the end is being confirmed. It is also read
    // after a poll in which all brokers are green: once after each broker, and once more before the version is stable.
    let polls = [2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 2, 1, 1, 2];
    let wave_sizes = [&[2, 5, 6, 1, 6, 1], &polls[..]].concat();
    assert_waves(&format!("{UPGRADE} --yes"), &wave_sizes);
}
