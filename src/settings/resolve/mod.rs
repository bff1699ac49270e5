//! Resolves the effective value of each setting and its origin.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

use std::path::PathBuf;
use std::time::Duration;

use super::profile::parse_absolute_path;
use super::resolved_endpoint::{ResolvedEndpoint, label, parse_value, resolve_endpoint};
use super::sources::{Flags, Sources};
use super::store::ProfileFiles;
use super::{CredentialSource, Environment, Origin, SettingsError, language};
use crate::model::broker_address::BrokerSource;
use crate::model::endpoint::Endpoint;
use crate::model::language::Language;
use crate::model::output_format::OutputFormat;
use crate::model::proxy_address::ProxyAddress;
use crate::model::service::Service;
use crate::model::setting_name::{EffectiveSetting, Field, SettingName};

/// All resolved settings.
///
/// `credentials` is a `Result`: an error there has its own exit code and must not hide an error of another setting.
#[derive(Debug)]
pub(crate) struct Settings {
    pub service: Service,
    /// The name of the profile that the credentials come from, and the name's origin.
    pub profile: Option<(String, Origin)>,
    pub credentials: Result<CredentialSource, SettingsError>,
    pub credentials_origin: Origin,
    pub cacert: Option<PathBuf>,
    /// The proxy of the profile. Without one, the HTTP client reads the proxy variables.
    pub proxy: Option<ProxyAddress>,
    pub output: OutputFormat,
    /// The language of the messages that protect the user.
    pub language: Language,
    pub poll_interval: Duration,
    /// The brokers to query.
    pub brokers: BrokerSource,
    /// The file to record requests in.
    pub record: Option<PathBuf>,
    /// All settings for display. The secret key is never included.
    pub summary: Vec<EffectiveSetting>,
    /// Warnings about files and variables.
    pub warnings: Vec<String>,
}

/// The polling interval for the real service.
///
/// Chosen: an upgrade takes minutes, so a shorter interval shows nothing more. NAVER Cloud's Terraform provider polls
/// every 3 s.
const DEFAULT_POLL_INTERVAL: Duration = Duration::from_secs(15);

/// In the order in which the HTTP library reads them.
const PROXY_VARIABLES: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

/// Shorter, because an upgrade in the sandbox takes seconds.
const SANDBOX_POLL_INTERVAL: Duration = Duration::from_millis(300);

/// Resolves all settings.
///
/// # Errors
///
/// Fails with the first invalid value.
pub(crate) fn resolve(
    flags: &Flags,
    environment: &Environment,
    files: &ProfileFiles,
) -> Result<Settings, SettingsError> {
    let sources = Sources::new(flags, environment, files)?;
    let endpoint = resolve_endpoint(&sources)?;
    let cacert = match resolve_path(&sources, Field::Cacert)? {
        // A sandbox has no TLS, and the file may exist only on the machine of the real run.
        _ if sources.sandbox.is_some() => (None, Origin::Default),
        cacert => cacert,
    };
    let record = resolve_path(&sources, Field::Record)?;
    let proxy = parse_value(sources.first_value(Field::Proxy)?, Field::Proxy)?
        .map_or((None, Origin::Default), |(proxy, origin)| (Some(proxy), origin));
    let output = resolve_output(&sources)?;
    let brokers = parse_value(sources.first_value(Field::Brokers)?, Field::Brokers)?
        .map_or((BrokerSource::Auto, Origin::Default), |(brokers, origin)| (brokers, origin));
    let poll_interval = resolve_poll_interval(&sources, &endpoint.service.endpoint)?;
    let connection = EffectiveConnection::new(environment, &endpoint.service.endpoint, &cacert, &proxy);
    let is_ncloud_profile = sources.credentials_profile().is_some_and(|(profile, _)| {
        files.ncloud.as_ref().is_ok_and(|profiles| profiles.iter().any(|other| other.file == profile.file))
    });
    // NCLOUD_PROFILE selects an account, so ignoring it needs a warning.
    let ignored_profile = sources
        .credentials_profile()
        .filter(|_| !sources.is_profile_named && !is_ncloud_profile)
        .and_then(|(profile, _)| {
            environment.value("NCLOUD_PROFILE").map(|name| {
                format!("NCLOUD_PROFILE={name} is ignored: {} takes precedence", profile.origin())
            })
        });
    let ncloud_warning = files.ncloud_warning.clone().filter(|_| is_ncloud_profile);
    let warnings =
        ncloud_warning.into_iter().chain(ignored_profile).chain(connection.invalid_proxy.clone()).collect();
    Ok(Settings {
        summary: summarize(&sources, &endpoint, connection, &output, &poll_interval, &brokers, &record),
        service: endpoint.service,
        profile: sources
            .credentials_profile()
            .map(|(profile, origin)| (profile.name.clone(), origin.clone())),
        credentials: sources.credentials,
        credentials_origin: sources.credentials_origin,
        cacert: cacert.0,
        proxy: proxy.0,
        output: output.0,
        language: language(flags.language, environment)?,
        poll_interval: poll_interval.0,
        brokers: brokers.0,
        record: record.0,
        warnings,
    })
}

/// The CA file and the proxy that the HTTP client uses, for display.
struct EffectiveConnection {
    cacert: (Option<String>, Origin),
    proxy: (Option<String>, Origin),
    /// The warning about a variable that is not a proxy address.
    invalid_proxy: Option<String>,
}

impl EffectiveConnection {
    /// Without a cdss setting, the HTTP client uses variables, except on loopback.
    fn new(
        environment: &Environment,
        endpoint: &Endpoint,
        (cacert, cacert_origin): &(Option<PathBuf>, Origin),
        (proxy, proxy_origin): &(Option<ProxyAddress>, Origin),
    ) -> Self {
        let mut effective = Self {
            cacert: (cacert.as_ref().map(|path| path.display().to_string()), cacert_origin.clone()),
            proxy: (proxy.as_ref().map(ProxyAddress::redacted), proxy_origin.clone()),
            invalid_proxy: None,
        };
        if endpoint.is_loopback() {
            return effective;
        }
        let first_set = |names: &[&'static str]| {
            let mut values = names.iter().filter_map(|name| Some((environment.value(name)?, *name)));
            values.find(|(value, _)| !value.is_empty())
        };
        if let (None, Some((path, name))) = (cacert, first_set(&["SSL_CERT_FILE"])) {
            effective.cacert = (Some(path.to_owned()), Origin::Variable(name));
        }
        if let (None, Some((text, name))) = (proxy, first_set(&PROXY_VARIABLES)) {
            // The HTTP library assumes http:// if the scheme is missing.
            let proxy = text.parse::<ProxyAddress>().or_else(|_| format!("http://{text}").parse());
            let is_valid = proxy.is_ok() || text.starts_with("socks");
            effective.invalid_proxy =
                (!is_valid).then(|| format!("{name} is not a valid proxy address, so no proxy is used"));
            let shown = proxy.map_or_else(|_| "(not an address)".to_owned(), |proxy| proxy.redacted());
            effective.proxy = (Some(shown), Origin::Variable(name));
        }
        effective
    }
}

/// Returns the settings in the order in which they are shown.
fn summarize(
    sources: &Sources<'_>,
    endpoint: &ResolvedEndpoint,
    connection: EffectiveConnection,
    (output, output_origin): &(OutputFormat, Origin),
    (poll_interval, poll_origin): &(Duration, Origin),
    (brokers, brokers_origin): &(BrokerSource, Origin),
    (record, record_origin): &(Option<PathBuf>, Origin),
) -> Vec<EffectiveSetting> {
    let ResolvedEndpoint { service, site_origin, region_origin, endpoint_origin } = endpoint;
    let profile = sources.credentials_profile();
    let credentials = sources.credentials.as_ref().ok().and_then(CredentialSource::static_credentials);
    let credentials_origin = &sources.credentials_origin;
    let command = profile.and_then(|(profile, _)| profile.value(Field::CredentialProcess));
    let command_origin = if command.is_some() { credentials_origin } else { &Origin::Default };
    let summary_of =
        |key, value, origin: &Origin| EffectiveSetting { key, value, origin: origin.to_string() };
    let field_summary = |field, value, origin| summary_of(SettingName::Field(field), value, origin);
    let (cacert, cacert_origin) = connection.cacert;
    let (proxy, proxy_origin) = connection.proxy;
    let access_key = credentials.map(|credentials| format!("…{}", credentials.access_key_tail()));
    let secret_key = credentials.map(|_| "(hidden)".to_owned());
    vec![
        summary_of(
            SettingName::Profile,
            profile.map(|(profile, _)| profile.name.clone()),
            profile.map_or(&Origin::Default, |(_, origin)| origin),
        ),
        field_summary(Field::Site, Some(service.site.to_string()), site_origin),
        field_summary(Field::Region, Some(service.region.to_string()), region_origin),
        field_summary(Field::Endpoint, Some(service.endpoint.to_string()), endpoint_origin),
        field_summary(Field::Cacert, cacert, &cacert_origin),
        field_summary(Field::Proxy, proxy, &proxy_origin),
        field_summary(Field::Output, Some(output.into_str().to_owned()), output_origin),
        field_summary(Field::Poll, Some(humantime::format_duration(*poll_interval).to_string()), poll_origin),
        field_summary(Field::Brokers, Some(brokers.to_string()), brokers_origin),
        field_summary(Field::Record, record.as_ref().map(|path| path.display().to_string()), record_origin),
        field_summary(Field::AccessKey, access_key, credentials_origin),
        field_summary(Field::CredentialProcess, command.map(str::to_owned), command_origin),
        field_summary(Field::SecretKey, secret_key, credentials_origin),
    ]
}

/// Resolves the path of a file. A flag may be relative to the working directory, a profile's value must be absolute.
fn resolve_path(sources: &Sources<'_>, field: Field) -> Result<(Option<PathBuf>, Origin), SettingsError> {
    match sources.first_value(field)? {
        None => Ok((None, Origin::Default)),
        Some((text, origin @ Origin::Flag(_))) => Ok((Some(PathBuf::from(text)), origin)),
        Some((text, origin)) => {
            let invalid = |reason| SettingsError::Invalid { name: label(&origin, field), reason };
            Ok((Some(parse_absolute_path(&text).map_err(invalid)?), origin))
        }
    }
}

/// Parses a positive duration with a unit, such as `15s` or `3h`.
pub(crate) fn parse_duration(text: &str) -> Result<Duration, String> {
    let duration = humantime::parse_duration(text.trim())
        .map_err(|_| format!("invalid duration `{text}`; add a unit, such as 15s or 3h"))?;
    if duration.is_zero() { Err("duration must be positive".to_owned()) } else { Ok(duration) }
}

/// Resolves the output format. Only the flag can select one that most commands do not have.
fn resolve_output(sources: &Sources<'_>) -> Result<(OutputFormat, Origin), SettingsError> {
    let Some((text, origin)) = sources.first_value(Field::Output)? else {
        return Ok((OutputFormat::default(), Origin::Default));
    };
    let format = match origin {
        Origin::Flag(_) => text.parse(),
        _ => OutputFormat::parse_default(&text),
    };
    let invalid = |reason| SettingsError::Invalid { name: label(&origin, Field::Output), reason };
    Ok((format.map_err(invalid)?, origin))
}

fn resolve_poll_interval(
    sources: &Sources<'_>,
    endpoint: &Endpoint,
) -> Result<(Duration, Origin), SettingsError> {
    let Some((text, origin)) = sources.first_value(Field::Poll)? else {
        let default = if sources.sandbox.is_some() { SANDBOX_POLL_INTERVAL } else { DEFAULT_POLL_INTERVAL };
        return Ok((default, Origin::Default));
    };
    let invalid = |reason| SettingsError::Invalid { name: label(&origin, Field::Poll), reason };
    let poll_interval = parse_duration(&text).map_err(invalid)?;
    if poll_interval < Duration::from_secs(1) && !endpoint.is_loopback() {
        return Err(invalid(format!("`{text}` is less than one second, which is only allowed on loopback")));
    }
    Ok((poll_interval, origin))
}

#[cfg(test)]
mod tests;
