//! Which value is in force, and why. Pure.

#![cfg_attr(not(test), warn(clippy::arithmetic_side_effects))]

use std::path::PathBuf;
use std::time::Duration;

use super::profile::{Field, absolute};
use super::resolved_endpoint::{label, parse, place};
use super::sources::Sources;
use super::store::Files;
use super::{ConfigError, CredentialSource, Environment, Origin};
use crate::model::endpoint::Endpoint;
use crate::model::output_format::OutputFormat;
use crate::model::proxy_address::ProxyAddress;
use crate::model::service::Service;

/// The global flags as they were written; None where one was left out.
#[derive(Debug, Clone, Default)]
pub(crate) struct Flags {
    pub profile: Option<String>,
    pub site: Option<String>,
    pub region: Option<String>,
    pub endpoint: Option<String>,
    pub cacert: Option<String>,
    pub output: Option<String>,
    pub poll: Option<String>,
}

/// One value with its origin, for people. The secret itself is never among them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SettingsSummary {
    pub name: &'static str,
    pub value: Option<String>,
    pub origin: Origin,
}

/// Everything that was settled. The keys are a result of their own: a fault there has its own exit code and
/// must not hide a fault of the rest.
#[derive(Debug)]
pub(crate) struct Settings {
    pub service: Service,
    /// The profile whose key is in force, and why it is.
    pub profile: Option<(String, Origin)>,
    pub keys: Result<CredentialSource, ConfigError>,
    pub key_origin: Origin,
    pub cacert: Option<PathBuf>,
    /// The profile's own; without one the system's variables count.
    pub proxy: Option<ProxyAddress>,
    pub output: OutputFormat,
    /// Between two looks of a watch.
    pub poll: Duration,
    pub shown: Vec<SettingsSummary>,
    /// What the user has to be told about the files and the variables.
    pub warnings: Vec<String>,
}

/// How often a watch looks at the real service.
///
/// Chosen: the vendor's own provider polls every 3 s, and nothing faster than this tells more of an upgrade
/// of minutes.
const POLL: Duration = Duration::from_secs(15);

/// In the order in which the HTTP library asks for them.
const PROXY_VARIABLES: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

/// In a rehearsal an upgrade takes seconds.
const SANDBOX_POLL: Duration = Duration::from_millis(300);

/// Settles everything.
///
/// # Errors
///
/// Fails with the first value that can't be used; nothing was asked of the service.
pub(crate) fn resolve(
    flags: &Flags,
    environment: &Environment,
    files: &Files,
) -> Result<Settings, ConfigError> {
    let sources = Sources::choose(flags, environment, files)?;
    let place = place(&sources)?;
    let (cacert, cacert_origin) = cacert(&sources)?;
    let (proxy, proxy_origin) = own_proxy(&sources)?;
    let (output, output_origin) = match sources.first(Field::Output, &["CDSS_OUTPUT"])? {
        Some((text, origin)) => (parse::<OutputFormat>(&text, &origin, Field::Output)?, origin),
        None => (OutputFormat::default(), Origin::Default),
    };
    let (poll, poll_origin) = poll(&sources, &place.service.endpoint)?;
    let profile = sources.profile().map(|(profile, origin)| (profile.name.clone(), origin.clone()));
    // What the environment does where there is nothing of cdss's own.
    let (mut shown_cacert, mut cacert_origin) =
        (cacert.as_ref().map(|path| path.display().to_string()), cacert_origin);
    let mut odd_proxy = None;
    let (mut shown_proxy, mut proxy_origin) = (proxy.as_ref().map(ProxyAddress::redacted), proxy_origin);
    if !place.service.endpoint.is_loopback() {
        let set = |names: &[&'static str]| {
            let mut set = names.iter().filter_map(|name| Some((environment.value(name)?, *name)));
            set.find(|(value, _)| !value.is_empty())
        };
        if let (None, Some((path, name))) = (&cacert, set(&["SSL_CERT_FILE"])) {
            (shown_cacert, cacert_origin) = (Some(path.to_owned()), Origin::Variable(name));
        }
        if let (None, Some((text, name))) = (&proxy, set(&PROXY_VARIABLES)) {
            // The HTTP library takes one without its scheme for http.
            let proxy = text.parse::<ProxyAddress>().or_else(|_| format!("http://{text}").parse());
            let is_known = proxy.is_ok() || text.starts_with("socks");
            odd_proxy = (!is_known).then(|| format!("{name} is no address, so no proxy is used"));
            let shown = proxy.map_or_else(|_| "(not an address)".to_owned(), |proxy| proxy.redacted());
            (shown_proxy, proxy_origin) = (Some(shown), Origin::Variable(name));
        }
    }
    let is_vendors = sources.profile().is_some_and(|(profile, _)| {
        files.vendor.as_ref().is_ok_and(|vendor| vendor.iter().any(|one| one.file == profile.file))
    });

    // It chooses an account, so it doesn't lose without a word.
    let unused =
        sources.profile().filter(|_| sources.named.is_none() && !is_vendors).and_then(|(profile, _)| {
            environment
                .value("NCLOUD_PROFILE")
                .map(|name| format!("NCLOUD_PROFILE={name} is not used: {} comes before it", profile.place()))
        });

    let show = |name, value: Option<String>, origin| SettingsSummary { name, value, origin };
    let of_key = |key: Field, value, origin| show(key.name(), value, origin);
    let origin_of_profile = profile.as_ref().map_or(Origin::Default, |(_, origin)| origin.clone());
    let keys = sources.keys.as_ref().ok().and_then(CredentialSource::pair);
    let command = sources.profile().and_then(|(profile, _)| profile.value(Field::CredentialProcess));
    let shown = vec![
        show("profile", profile.as_ref().map(|(name, _)| name.clone()), origin_of_profile),
        of_key(Field::Site, Some(place.service.site.to_string()), place.site_origin),
        of_key(Field::Region, Some(place.service.region.to_string()), place.region_origin),
        of_key(Field::Endpoint, Some(place.service.endpoint.to_string()), place.endpoint_origin),
        of_key(Field::Cacert, shown_cacert, cacert_origin),
        of_key(Field::Proxy, shown_proxy, proxy_origin),
        of_key(Field::Output, Some(output.as_str().to_owned()), output_origin),
        of_key(Field::Poll, Some(humantime::format_duration(poll).to_string()), poll_origin),
        of_key(Field::AccessKey, keys.map(|keys| format!("…{}", keys.tail())), sources.key_origin.clone()),
        of_key(
            Field::CredentialProcess,
            command.map(str::to_owned),
            if command.is_some() { sources.key_origin.clone() } else { Origin::Default },
        ),
        of_key(Field::SecretKey, keys.map(|_| "(hidden)".to_owned()), sources.key_origin.clone()),
    ];
    Ok(Settings {
        service: place.service,
        profile,
        keys: sources.keys,
        key_origin: sources.key_origin,
        cacert,
        proxy,
        output,
        poll,
        shown,
        warnings: files
            .vendor_warning
            .clone()
            .filter(|_| is_vendors)
            .into_iter()
            .chain(unused)
            .chain(odd_proxy)
            .collect(),
    })
}

/// A path from a flag is meant from here; one of a profile must not depend on where that is.
fn cacert(sources: &Sources<'_>) -> Result<(Option<PathBuf>, Origin), ConfigError> {
    match sources.first(Field::Cacert, &[])? {
        // A sandbox has no TLS, and the file may exist only where the command will run for real.
        Some(_) if sources.sandbox.is_some() => Ok((None, Origin::Default)),
        None => Ok((None, Origin::Default)),
        Some((text, origin @ Origin::Flag(_))) => Ok((Some(PathBuf::from(text)), origin)),
        Some((text, origin)) => {
            let invalid = |reason| ConfigError::Invalid { name: label(&origin, Field::Cacert), reason };
            Ok((Some(absolute(&text).map_err(invalid)?), origin))
        }
    }
}

fn own_proxy(sources: &Sources<'_>) -> Result<(Option<ProxyAddress>, Origin), ConfigError> {
    match sources.first(Field::Proxy, &[])? {
        Some((text, origin)) => Ok((Some(parse(&text, &origin, Field::Proxy)?), origin)),
        None => Ok((None, Origin::Default)),
    }
}

/// Reads a duration with a unit, such as `15s` or `3h`.
///
/// # Errors
///
/// Refuses a number without a unit and zero.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let duration = humantime::parse_duration(text.trim())
        .map_err(|_| format!("`{text}` is not a time with a unit, such as 15s or 3h"))?;
    if duration.is_zero() { Err("zero is no time".to_owned()) } else { Ok(duration) }
}

fn poll(sources: &Sources<'_>, endpoint: &Endpoint) -> Result<(Duration, Origin), ConfigError> {
    let Some((text, origin)) = sources.first(Field::Poll, &["CDSS_POLL"])? else {
        let default = if sources.sandbox.is_some() { SANDBOX_POLL } else { POLL };
        return Ok((default, Origin::Default));
    };
    let invalid = |reason| ConfigError::Invalid { name: label(&origin, Field::Poll), reason };
    let poll = duration(&text).map_err(invalid)?;
    if poll < Duration::from_secs(1) && !endpoint.is_loopback() {
        return Err(invalid(format!("`{text}` is below one second, which is for loopback only")));
    }
    Ok((poll, origin))
}

#[cfg(test)]
mod tests;
