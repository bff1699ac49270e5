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
        let is_plan = word.len() == 16 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_id = is_plan || word.trim().len() == 36 && word.matches('-').count() == 4;
        if is_id { word.replace(word.trim(), "ID") } else { word.to_owned() }
    };
    let lines = text.lines().filter(|line| !line.starts_with("Service") && !line.starts_with("Observed"));
    lines.map(|line| line.split(' ').map(mask).collect::<Vec<_>>().join(" ") + "\n").collect()
}

#[test]
fn cluster_list_stays_aligned() {
    let expected = "\
NAME           NO       VERSION  STATE          BROKERS
orders-prod    1009123  3.7.1    running        3 brokers
orders         1009124  3.9.0    running        3 brokers
logs-prod      1009210  3.6.2    running        10 brokers
payments-prod  1009130  3.7.1    running        4 brokers
audit          1009140  3.7.1    running        3 brokers
analytics      1009301  3.7.1    running        3 brokers
analytics      1009302  3.7.1    running        3 brokers
legacy         1009050  2.8.2    running        3 brokers
주문-운영      1009401  3.7.1    running        3 brokers
결제           1009402  3.6.2    running        5 brokers
注文-本番      1009403  3.9.0    running        3 brokers
ａｕｄｉｔ     1009404  3.7.1    running        4 brokers
billing        1009555  -        no permission  -
";
    assert_eq!(env().run("list clusters").stdout, expected);
}

#[test]
fn plan_and_checks_stay_aligned() {
    let expected = "\
Cluster       주문-운영 (1009401)  3 brokers  running
Kafka         3.7.1 → 3.9.0
Config group  c-371 (401) → c-390 (402)  3 kept
Plan          ID

  CHECK                 RESULT   DETAIL
  cluster.identity      pass     주문-운영 (1009401)
  cluster.state         pass     running
  brokers.health        pass     3 of 3 green
  zookeeper.health      pass     3 of 3 green
  version.order         pass     3.7.1 → 3.9.0
  config.version        pass     group 402 is for 3.9.0
  config.lost-override  pass     all custom values are kept
  config.changed        pass     no value changes
  service.precheck      pass     request ID
  data.replication      skipped  brokers were not queried: they are not on this machine

The upgrade to 3.9.0 is possible. Nothing was changed.
";
    assert_eq!(masked(&env().run("check --cluster 주문-운영 --version 3.9.0").stdout), expected);
}

#[test]
fn cluster_status_stays_aligned() {
    let expected = "\
Cluster       결제 (1009402)  5 brokers  running
Kafka         3.6.2
Config group  c-362 (403)

  NODE        ROLE       STATUS
  결제-d-001  broker     green
  결제-d-002  broker     green
  결제-d-003  broker     green
  결제-d-004  broker     green
  결제-d-005  broker     green
  결제-d-001  zookeeper  green
  결제-d-002  zookeeper  green
  결제-d-003  zookeeper  green
";
    assert_eq!(masked(&env().run("status --cluster 결제").stdout), expected);
}

#[test]
fn version_table_stays_aligned() {
    let expected = "\
Cluster       ａｕｄｉｔ (1009404)  4 brokers  running
Kafka         3.7.1
Config group  c-371-3 (407)

  VERSION  CODE     POSSIBLE  DETAIL
  2.8.2    2823006  no        not higher than the current version
  3.6.2    3623006  no        not higher than the current version
  3.7.1    3713006  -         the current version
  3.9.0    3903006  yes       with config group c-390-4 (408)
";
    assert_eq!(masked(&env().run("check --cluster ａｕｄｉｔ").stdout), expected);
}
