//! What independent clients of the service read, as plain requests: the calls and the Go types of NAVER's SDK, the Terraform
//! provider's data source and resources, and the community's MCP server.

use std::collections::HashSet;

use cdss::sandbox::{Options, Sandbox, Scenario};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::{Value, json};
use x509_cert::Certificate;
use x509_cert::der::Decode as _;

use crate::signed_request::{SignedRequest, envelope, result};
use crate::support::{TestEnv, UPGRADE, serve};

/// The types of the Go SDK. Go accepts a missing field; these do not, so that a test notices one.
#[expect(
    dead_code,
    clippy::struct_field_names,
    reason = "decoding is the test, and the names are the service's"
)]
mod go {
    use serde::Deserialize;

    macro_rules! response {
        ($name:ident { $($field:ident: $type:ty),* $(,)? }) => {
            #[derive(Debug, Deserialize)]
            #[serde(rename_all = "camelCase")]
            pub(super) struct $name { $(pub(super) $field: $type),* }
        };
    }

    response!(ClusterList {
        allowed_clusters: Vec<AllowedCluster>, disallowed_clusters: Vec<DisallowedCluster>, current_page: i32,
        is_first: bool, is_last: bool, page_size: i32, total_count: i64, total_page: i32,
    });
    response!(AllowedCluster {
        application_version: String,
        broker_node_access_control_group_name: String,
        broker_node_access_control_group_sequence: i32,
        broker_node_count: i32,
        broker_node_product_name: String,
        broker_node_subnet_name: String,
        broker_node_subnet_no: i32,
        broker_node_type: String,
        broker_storage_volume_size: i64,
        cluster_name: String,
        cluster_public_domain: String,
        cmak_port: i32,
        cmak_version: String,
        create_date: String,
        is_use_public_domain: bool,
        kafka_broker_port: i32,
        kafka_broker_tls_port: i32,
        kafka_manager_user_name: String,
        kafka_version: String,
        manager_node_access_control_group_name: String,
        manager_node_access_control_group_sequence: i32,
        manager_node_count: i32,
        manager_node_subnet_name: String,
        manager_node_subnet_no: i32,
        manager_node_type: String,
        member_no: String,
        server_status: String,
        service_group_instance_no: String,
        software_product_name: String,
        vpc_name: String,
        vpc_no: i32,
        zookeeper_port: i32,
    });
    response!(DisallowedCluster { cluster_name: String, service_group_instance_no: String });
    response!(Cluster {
        broker_node_count: i32,
        broker_node_product_code: String,
        broker_node_storage_size: i64,
        broker_node_subnet_no: i32,
        cluster_name: String,
        config_group_no: i32,
        kafka_manager_user_name: String,
        kafka_version_code: String,
        manager_node_product_code: String,
        manager_node_subnet_no: i32,
        software_product_code: String,
        status: String,
        vpc_no: i32,
    });
    response!(Status {
        broker_node_total_number: i32, broker_number: i32, broker_status: String,
        broker_status_per_node: Vec<ProcessStatus>, cluster_name: String, cmak_status: String,
        zookeeper_number: i32, zookeeper_status: String, zookeeper_status_per_node: Vec<ProcessStatus>,
        zookeeper_total_number: i32,
    });
    response!(ProcessStatus { hostname: String, status: String });
    response!(ServiceGroup {
        compute_list: Vec<Compute>, contract_no: i32, created_date: DateTime, product_code: String,
        region_no: i32, service_group_instance_no: i32, service_group_instance_type_code: String,
        service_group_name: String, status_code: String, vpc_no: i32,
    });
    response!(Compute {
        compute_instance_no: i32,
        compute_instance_product_code: String,
        compute_instance_status: String,
        cpu_count: i32,
        created_ymdt: DateTime,
        host_name: String,
        mac_address: String,
        memory_size: i64,
        node_role_code: String,
        operation_ymdt: DateTime,
        os_info: String,
        private_ip: String,
        region_code: String,
        region_name: String,
        region_no: String,
        self_managed: bool,
        service_group_instance_no: i32,
        subnet_name: String,
        subnet_no: i32,
        uuid: String,
        vpc_name: String,
        vpc_no: i32,
        zone_name: String,
        zone_no: i32,
    });
    response!(DateTime { formatted_date: String, formatted_date_time: String, utc: i64 });
    response!(Addresses {
        broker_node_list: String,
        broker_tls_node_list: String,
        local_dns_list: String,
        local_dns_tls_list: String,
        public_endpoint_broker_node_list: String,
        public_endpoint_broker_node_listener_port_list: String,
        public_endpoint_broker_tls_node_list: String,
        public_endpoint_broker_tls_node_listener_port_list: String,
        zookeeper_list: String,
    });
    response!(Certificate { certification: String });
    response!(VersionList { kafka_version_list: Vec<Version> });
    response!(Version {
        application_version_name: String,
        cmak_version_name: String,
        kafka_version_code: String,
        kafka_version_name: String,
    });
    response!(GroupList {
        current_page: i32, is_first: bool, is_last: bool, kafka_config_group_list: Vec<ListedGroup>,
        page_size: i32, total_count: i64, total_page: i32,
    });
    response!(ListedGroup {
        config_group_name: String,
        config_group_no: i32,
        description: String,
        kafka_version: String,
        kafka_version_code: String,
    });
    response!(Group {
        config_group_name: String,
        config_group_no: i32,
        description: String,
        kafka_version_code: String,
        member_no: String,
    });
    response!(Settings {
        config_group_no: i32, kafka_config_group_detail_list: Vec<Setting>, kafka_version_code: String,
        member_no: String,
    });
    response!(Setting {
        config_name: String,
        config_name_key: String,
        custom_value: String,
        default_value: String,
        modify_yn: bool,
        range: String,
        r#type: String,
    });
    response!(Users {
        current_page: i32, is_first: bool, is_last: bool, page_size: i32, total_count: i64, total_page: i32,
        using_cluster_name_list: Vec<User>,
    });
    response!(User { cluster_name: String, service_group_instance_no: i32 });
    response!(GroupNo { config_group_no: i32 });
    response!(Deleted { is_delete: bool });
    response!(Region { region_code: String, region_name: String });
}

const CODE: &str = r#"{"kafkaVersionCode":"3903006"}"#;

fn sandbox() -> Sandbox {
    serve(Options::default())
}

#[test]
fn go_sdk_decodes_every_answer() {
    let sandbox = &sandbox();
    let versions: go::VersionList = result(sandbox, "GET cluster/getCDSSVersionList", "");
    assert!(versions.kafka_version_list.iter().any(|version| version.kafka_version_code == "3903006"));
    // An empty request struct is `{}`. The read of one cluster has no body.
    let clusters: go::ClusterList = result(sandbox, "POST cluster/getClusterInfoList", "{}");
    assert!(clusters.allowed_clusters.len() > 3 && !clusters.disallowed_clusters.is_empty());
    let cluster: go::Cluster = result(sandbox, "POST cluster/getClusterInfoList/1009123", "");
    assert_eq!((cluster.cluster_name.as_str(), cluster.status.as_str()), ("orders-prod", "running"));
    let _status: go::Status = result(sandbox, "GET cluster/getClusterStatus/1009123", "");
    let _nodes: go::ServiceGroup = result(sandbox, "GET cluster/getClusterNodeList/1009123", "");
    let _addresses: go::Addresses = result(sandbox, "GET cluster/getBrokerInfo/1009123", "");
    let _certificate: go::Certificate = result(sandbox, "GET cluster/downloadCertificate/1009123", "");
    let groups: go::GroupList = result(sandbox, "POST configGroup/getKafkaVersionConfigGroupList", CODE);
    assert!(groups.kafka_config_group_list.iter().all(|group| group.kafka_version_code == "3903006"));
    let _all: go::GroupList = result(sandbox, "POST configGroup/getKafkaConfigGroupList", "{}");
    let group: go::Group = result(sandbox, "POST configGroup/getKafkaConfigGroup/312", CODE);
    assert_eq!(group.config_group_name, "orders-390");
    let _settings: go::Settings = result(sandbox, "POST configGroup/getKafkaConfigGroupDetailList/312", CODE);
    let users: go::Users = result(sandbox, "POST configGroup/getConfigGroupUsingClusterList/312", "{}");
    assert_eq!(users.using_cluster_name_list[0].service_group_instance_no, 1_009_124);
}

/// Returns the node list, checked against every other operation that tells something about the nodes.
#[track_caller]
fn assert_consistent(sandbox: &Sandbox, no: u64) {
    let clusters: go::ClusterList = result(sandbox, "POST cluster/getClusterInfoList", r#"{"pageSize":100}"#);
    let no_text = no.to_string();
    let listed =
        clusters.allowed_clusters.iter().find(|cluster| cluster.service_group_instance_no == no_text);
    let listed = listed.expect("the cluster is in the list");
    let cluster: go::Cluster = result(sandbox, &format!("POST cluster/getClusterInfoList/{no}"), "");
    let status: go::Status = result(sandbox, &format!("GET cluster/getClusterStatus/{no}"), "");
    let nodes: go::ServiceGroup = result(sandbox, &format!("GET cluster/getClusterNodeList/{no}"), "");
    let addresses: go::Addresses = result(sandbox, &format!("GET cluster/getBrokerInfo/{no}"), "");

    let count = listed.broker_node_count;
    assert_eq!((cluster.broker_node_count, status.broker_node_total_number), (count, count));
    let role = |subnet: i32| {
        let of_role = nodes.compute_list.iter().filter(|node| node.subnet_no == subnet);
        of_role.map(|node| (node.host_name.clone(), node.private_ip.clone())).collect::<Vec<_>>()
    };
    let (managers, brokers) = (role(listed.manager_node_subnet_no), role(listed.broker_node_subnet_no));
    let length = |list: &[(String, String)]| i32::try_from(list.len()).expect("it is small");
    assert_eq!((length(&managers), length(&brokers)), (listed.manager_node_count, count));
    assert_eq!(nodes.compute_list.len(), managers.len() + brokers.len());
    let distinct: HashSet<_> = nodes.compute_list.iter().map(|node| node.compute_instance_no).collect();
    assert_eq!(distinct.len(), nodes.compute_list.len());

    let hosts =
        |list: &[go::ProcessStatus]| list.iter().map(|node| node.hostname.clone()).collect::<Vec<_>>();
    let names: Vec<_> = brokers.iter().map(|(name, _)| name.clone()).collect();
    assert_eq!(hosts(&status.broker_status_per_node), names);
    let zookeepers = hosts(&status.zookeeper_status_per_node);
    assert_eq!(i32::try_from(zookeepers.len()), Ok(status.zookeeper_total_number));
    assert!(zookeepers.iter().all(|name| names.contains(name)), "{zookeepers:?}");

    let joined = |separator: &str, text: &dyn Fn(&(String, String)) -> String| {
        brokers.iter().map(text).collect::<Vec<_>>().join(separator)
    };
    let (port, tls_port) = (listed.kafka_broker_port, listed.kafka_broker_tls_port);
    assert_eq!(addresses.broker_node_list, joined(",", &|(_, ip)| format!("{ip}:{port}")));
    assert_eq!(addresses.broker_tls_node_list, joined(",", &|(name, _)| format!("{name}:{tls_port}")));
    assert_eq!(addresses.local_dns_list, joined("\n", &|(name, ip)| format!("{ip} {name}")));
    let of_zookeeper = brokers.iter().filter(|(name, _)| zookeepers.contains(name));
    let of_zookeeper = of_zookeeper.map(|(_, ip)| format!("{ip}:{}", listed.zookeeper_port));
    assert_eq!(addresses.zookeeper_list, of_zookeeper.collect::<Vec<_>>().join(","));

    assert_eq!(listed.is_use_public_domain, !listed.cluster_public_domain.is_empty());
    for list in [
        &addresses.public_endpoint_broker_node_list,
        &addresses.public_endpoint_broker_node_listener_port_list,
        &addresses.public_endpoint_broker_tls_node_list,
        &addresses.public_endpoint_broker_tls_node_listener_port_list,
        &addresses.local_dns_tls_list,
    ] {
        let lines = if listed.is_use_public_domain { brokers.len() } else { 0 };
        assert_eq!(list.lines().count(), lines, "{list:?}");
        assert!(!list.contains(',') && !list.ends_with('\n'), "{list:?}");
    }
    let endpoints = addresses.public_endpoint_broker_node_list.lines();
    let ports = addresses.public_endpoint_broker_node_listener_port_list.lines();
    for (endpoint, port) in endpoints.zip(ports) {
        assert!(endpoint.ends_with(&format!(":{port}")), "{endpoint} {port}");
    }

    assert_eq!(listed.kafka_manager_user_name, cluster.kafka_manager_user_name);
    assert_eq!(listed.application_version, format!("{}, {}", listed.kafka_version, listed.cmak_version));
    assert_eq!(listed.server_status, cluster.status);
    let created = &nodes.created_date;
    assert!(created.formatted_date_time.starts_with(&listed.create_date));
    assert!(listed.create_date.starts_with(&created.formatted_date));
    assert_eq!((nodes.vpc_no, cluster.vpc_no), (listed.vpc_no, listed.vpc_no));
    assert_eq!(nodes.service_group_name, listed.cluster_name);
}

#[test]
fn operations_agree_about_the_nodes() {
    let clusters = vec!["mine=3.7.1,7".parse().expect("it is a cluster")];
    let sandbox = serve(Options { clusters, ..Options::default() });
    for no in [1_009_123, 1_009_210, 1_009_130, 1_009_401] {
        assert_consistent(&sandbox, no);
    }
}

#[test]
fn certificate_is_a_certificate() {
    let answer: go::Certificate = result(&sandbox(), "GET cluster/downloadCertificate/1009123", "");
    let der = CertificateDer::from_pem_slice(answer.certification.as_bytes()).expect("it is PEM");
    let certificate = Certificate::from_der(&der).expect("it is a certificate");
    let parts = certificate.tbs_certificate();
    RootCertStore::empty().add(der.clone()).expect("a client can trust it");
    assert_eq!(parts.issuer(), parts.subject(), "it is self-signed");
    assert!(!answer.certification.contains("PRIVATE"));
}

/// The region list that the Terraform provider reads before anything else, decoded as the Go SDK does: by position.
#[test]
fn terraform_provider_finds_its_region() {
    let request = SignedRequest {
        method: "POST",
        path: "/vserver/v2/getRegionList",
        content_type: "application/x-www-form-urlencoded",
        body: "responseFormatType=json",
        signature_version: "v1",
    };
    let sandbox = sandbox();
    let (status, body) = request.send(&sandbox);
    assert_eq!(status, 200, "{body}");
    let position = body.trim_matches('{').find('{').expect("there is an inner object");
    let inner: Value = serde_json::from_str(&body[position..body.len() - 1]).expect("the SDK can decode it");
    let regions: Vec<go::Region> =
        serde_json::from_value(inner["regionList"].clone()).expect("there is a list");
    assert!(regions.iter().any(|region| region.region_code == "KR"));
    let (status, _) = SignedRequest { signature_version: "v2", ..request }.send(&sandbox);
    assert_eq!(status, 401, "this service reads the header of version 1");
}

#[test]
fn terraform_data_source_reads_a_cluster() {
    let sandbox = &sandbox();
    let clusters: go::ClusterList = result(sandbox, "POST cluster/getClusterInfoList", "{}");
    // Without a filter, the provider takes the first cluster.
    let id = &clusters.allowed_clusters[0].service_group_instance_no;
    let cluster: go::Cluster = result(sandbox, &format!("POST cluster/getClusterInfoList/{id}"), "");
    assert_eq!(cluster.cluster_name, clusters.allowed_clusters[0].cluster_name);
    let addresses: go::Addresses = result(sandbox, &format!("GET cluster/getBrokerInfo/{id}"), "");
    let fields =
        |text: &str, separator: char| text.split(separator).filter(|field| !field.is_empty()).count();
    assert_eq!(fields(&addresses.broker_node_list, ','), 3);
    assert_eq!(fields(&addresses.broker_tls_node_list, ','), 3);
    assert_eq!(fields(&addresses.zookeeper_list, ','), 3);
    assert_eq!(fields(&addresses.local_dns_list, '\n'), 3);
    assert_eq!(fields(&addresses.public_endpoint_broker_node_list, '\n'), 0);
    let missing: Option<go::Cluster> = result(sandbox, "POST cluster/getClusterInfoList/7", "");
    assert!(missing.is_none(), "the provider removes such a cluster from its state");
}

#[test]
fn terraform_config_group_is_created_read_described_and_deleted() {
    let sandbox = &sandbox();
    let create = r#"{"configGroupName":"terraform-390","description":"a","kafkaVersionCode":"3903006"}"#;
    let created: go::GroupNo = result(sandbox, "POST configGroup/createConfigGroup", create);
    let id = created.config_group_no;
    let read = || -> Option<go::Group> {
        result(sandbox, &format!("POST configGroup/getKafkaConfigGroup/{id}"), CODE)
    };
    let group = read().expect("it was created");
    assert_eq!((group.config_group_name.as_str(), group.description.as_str()), ("terraform-390", "a"));
    let memo = r#"{"kafkaVersionCode":"3903006","description":"b"}"#;
    assert!(result::<bool>(sandbox, &format!("POST configGroup/setKafkaConfigGroupMemo/{id}"), memo));
    assert_eq!(read().map(|group| group.description), Some("b".to_owned()));
    let delete = format!("DELETE configGroup/deleteConfigGroup/{id}");
    assert!(result::<go::Deleted>(sandbox, &delete, "").is_delete);
    assert!(read().is_none());
}

/// The upgrade tools of the MCP server quote all numbers.
#[test]
fn mcp_server_upgrades_with_quoted_numbers() {
    let sandbox = &sandbox();
    let upgrade = json!({
        "serviceGroupInstanceNo": "1009123", "upgradeKafkaVersionCode": "3903006", "upgradeConfigGroupNo": "312",
    });
    let upgrade = upgrade.to_string();
    assert!(result::<bool>(sandbox, "POST cluster/rollingUpgradePreCheck", &upgrade));
    assert!(result::<bool>(sandbox, "POST cluster/rollingUpgrade", &upgrade));
    let cluster = r#"{"serviceGroupInstanceNo":"1009123"}"#;
    let colors: Vec<_> = (0..12)
        .map(|_| {
            let progress: go::Status = result(sandbox, "POST cluster/rollingUpgradeProgressCheck", cluster);
            progress.broker_status
        })
        .collect();
    assert!(colors.iter().any(|color| color == "orange"), "{colors:?}");
    // Its read of one cluster has an empty object as its body.
    let after: go::Cluster = result(sandbox, "POST cluster/getClusterInfoList/1009123", "{}");
    assert_eq!((after.kafka_version_code.as_str(), after.config_group_no), ("3903006", 312));
    let list = r#"{"inputText":"orders","pageNo":1,"pageSize":10}"#;
    let found: go::ClusterList = result(sandbox, "POST cluster/getClusterInfoList", list);
    assert_eq!((found.total_count, found.allowed_clusters[0].kafka_version.as_str()), (2, "Kafka 3.9.0"));
    for route in [
        "GET cluster/getClusterStatus/1009123",
        "GET cluster/getClusterNodeList/1009123",
        "GET cluster/getBrokerInfo/1009123",
        "GET cluster/downloadCertificate/1009123",
    ] {
        assert_eq!(envelope(sandbox, route, "")["code"], 0, "{route}");
    }
}

#[test]
fn cdss_sends_numbers_as_documented() {
    let strict = |scenario| TestEnv::with(Options { scenario, strict_numbers: true, ..Options::default() });
    strict(Scenario::Healthy).run(&format!("{UPGRADE} --yes")).assert_says(0, &[]);
    let copy = "config-group copy --cluster no:1009130 --version 3.9.0 --name strict-390 --yes";
    strict(Scenario::Healthy).run(copy).assert_says(0, &[]);
}
