//! Shared data types: clusters, brokers, versions, config groups, and services. No I/O and no clock.

pub(crate) mod broker_health;
pub(crate) mod characters;
pub(crate) mod cluster;
pub(crate) mod command_context;
pub(crate) mod config_group;
pub(crate) mod consent_method;
pub(crate) mod endpoint;
pub(crate) mod group_name;
pub(crate) mod history;
pub(crate) mod ids;
pub(crate) mod journal_event;
pub(crate) mod journal_state;
pub(crate) mod kafka_version;
pub(crate) mod open_start;
pub(crate) mod output_format;
pub(crate) mod profile_edit;
pub(crate) mod proxy_address;
pub(crate) mod region;
pub(crate) mod request_record;
pub(crate) mod selector;
pub(crate) mod service;
pub(crate) mod setting_name;
pub(crate) mod suggested_command;
pub(crate) mod utc_time;
pub(crate) mod verdict;
pub(crate) mod words;
