//! stub
use crate::model::broker_address::BrokerAddress;
use crate::model::data_plane::{ClusterView, NotQueried};
use jiff::Timestamp;
use std::time::Duration;
pub(crate) struct BrokerQuery<'a> {
    pub addresses: &'a [BrokerAddress],
    pub certificate_authorities: &'a [&'a [u8]],
    pub only_loopback: bool,
    pub reach_within: Duration,
    pub at: Timestamp,
}
pub(crate) async fn query(query: &BrokerQuery<'_>) -> Result<ClusterView, NotQueried> {
    let _ =
        (query.addresses, query.certificate_authorities, query.only_loopback, query.reach_within, query.at);
    Err(NotQueried { reason: "brokers were not queried".to_owned(), remedy: None })
}
