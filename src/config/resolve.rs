//! Which value is in force, and why: flag, then environment, then default. Pure.

use std::time::Duration;

use super::{ConfigError, Environment, Keys, Origin, sandbox_keys};
use crate::domain::endpoint::Endpoint;
use crate::domain::region::{Region, Site, settle};
use crate::domain::service::Service;

/// The global flags as they were written; None where one was left out.
#[derive(Debug, Clone, Default)]
pub(crate) struct Flags {
    pub profile: Option<String>,
    pub site: Option<String>,
    pub region: Option<String>,
    pub endpoint: Option<String>,
    pub cacert: Option<String>,
    pub poll: Option<String>,
}

/// One value with its origin, for `-v` and error texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Shown {
    pub name: &'static str,
    pub value: String,
    pub origin: Origin,
}

/// Everything that was settled. The keys are a result of their own: a fault there has its own exit code and
/// must not hide a fault of the rest.
#[derive(Debug)]
pub(crate) struct Settings {
    pub service: Service,
    pub keys: Result<Keys, ConfigError>,
    pub key_origin: Origin,
    pub cacert: Option<String>,
    /// Between two looks of a watch.
    pub poll: Duration,
    pub shown: Vec<Shown>,
}

/// The environment variable that turns every `cdss` towards a rehearsal service.
const SANDBOX: &str = "CDSS_SANDBOX";

/// How often a watch looks at the real service.
///
/// Chosen: the vendor's own provider polls every 3 s, and nothing faster than this tells more of an upgrade
/// of minutes.
const POLL: Duration = Duration::from_secs(15);

/// In a rehearsal an upgrade takes seconds.
const SANDBOX_POLL: Duration = Duration::from_millis(300);

/// Settles everything.
///
/// # Errors
///
/// Fails with the first value that can't be used; nothing was asked of the service.
pub(crate) fn resolve(flags: &Flags, environment: &Environment) -> Result<Settings, ConfigError> {
    let sandbox = match environment.value(SANDBOX) {
        Some("") => return Err(ConfigError::Empty(SANDBOX.to_owned())),
        Some(text) => Some(sandbox_endpoint(text)?),
        None => None,
    };
    let in_sandbox = sandbox.is_some();
    let look = Look { environment, in_sandbox };

    let profile =
        if in_sandbox { None } else { look.find("--profile", flags.profile.as_deref(), &["CDSS_PROFILE"])? };
    if let Some((name, _)) = profile {
        return Err(ConfigError::NoProfile(name));
    }
    let (endpoint, endpoint_origin) = match sandbox {
        Some(endpoint) => (Some((endpoint, None)), Origin::Sandbox),
        None => custom_endpoint(&look, flags)?,
    };
    let implied_site = endpoint.as_ref().and_then(|(_, site)| *site);
    let endpoint = endpoint.map(|(endpoint, _)| endpoint);

    let site = look.find("--site", flags.site.as_deref(), &["NCLOUD_SITE"])?;
    let region = look.find("--region", flags.region.as_deref(), &["NCLOUD_REGION"])?;
    let (asked_site, site_origin) = match &site {
        Some((text, origin)) => (Some(parse::<Site>(text, origin)?), Some(origin.clone())),
        None => (implied_site, None),
    };
    let (asked_region, region_origin) = match &region {
        Some((text, origin)) => (Some(parse::<Region>(text, origin)?), origin.clone()),
        None => (None, Origin::Default),
    };
    let custom = endpoint.as_ref().is_some_and(|endpoint| !endpoint.is_ncp());
    let (site, region) = settle(asked_site, asked_region, custom).map_err(|error| ConfigError::Invalid {
        name: if region_origin == Origin::Default { "site".to_owned() } else { region_origin.to_string() },
        reason: error.to_string(),
    })?;
    let site_origin = site_origin.unwrap_or_else(|| match (implied_site, region.implied_site()) {
        (Some(_), _) => Origin::Implied(endpoint_origin.to_string()),
        (None, Some(_)) => Origin::Implied(region_origin.to_string()),
        (None, None) => Origin::Default,
    });

    let endpoint = endpoint.unwrap_or_else(|| Endpoint::of_site(site));
    let (poll, poll_origin) = poll(&look, flags, &endpoint)?;
    let cacert = if in_sandbox { None } else { look.find("--cacert", flags.cacert.as_deref(), &[])? };
    let (keys, key_origin) =
        if in_sandbox { (Ok(sandbox_keys()), Origin::Sandbox) } else { keys(environment) };

    let show = |name, value: String, origin| Shown { name, value, origin };
    let shown = vec![
        show("site", site.to_string(), site_origin),
        show("region", region.to_string(), region_origin),
        show("endpoint", endpoint.to_string(), endpoint_origin),
        show("poll", humantime::format_duration(poll).to_string(), poll_origin),
        show(
            "access_key",
            keys.as_ref().map_or_else(|_| "none".to_owned(), |keys: &Keys| format!("…{}", keys.tail())),
            key_origin.clone(),
        ),
    ];
    Ok(Settings {
        service: Service { site, region, endpoint, sandbox: in_sandbox },
        keys,
        key_origin,
        cacert: cacert.map(|(path, _)| path),
        poll,
        shown,
    })
}

/// Looks a value up in its places.
struct Look<'a> {
    environment: &'a Environment,
    in_sandbox: bool,
}

impl Look<'_> {
    /// Returns the first value among the flag and the variables, in this order. In a rehearsal only
    /// variables of cdss's own count.
    ///
    /// # Errors
    ///
    /// An empty value is an error and never falls through to the next place.
    fn find(
        &self,
        flag: &'static str,
        given: Option<&str>,
        variables: &[&'static str],
    ) -> Result<Option<(String, Origin)>, ConfigError> {
        let from_flag = given.map(|value| (value, Origin::Flag(flag)));
        let mut from_environment = variables
            .iter()
            .filter(|name| !self.in_sandbox || name.starts_with("CDSS_"))
            .filter_map(|name| Some((self.environment.value(name)?, Origin::Variable(name))));
        match from_flag.or_else(|| from_environment.next()) {
            Some((value, origin)) if value.trim().is_empty() => Err(ConfigError::Empty(origin.to_string())),
            found => Ok(found.map(|(value, origin)| (value.to_owned(), origin))),
        }
    }
}

fn parse<T: std::str::FromStr<Err: std::fmt::Display>>(
    text: &str,
    origin: &Origin,
) -> Result<T, ConfigError> {
    text.parse()
        .map_err(|error: T::Err| ConfigError::Invalid { name: origin.to_string(), reason: error.to_string() })
}

fn sandbox_endpoint(text: &str) -> Result<Endpoint, ConfigError> {
    let refuse = |reason: String| ConfigError::Invalid { name: SANDBOX.to_owned(), reason };
    let endpoint = Endpoint::parse(text).map_err(|error| refuse(error.to_string()))?;
    if endpoint.is_https() || !endpoint.is_loopback() {
        return Err(refuse(format!("`{text}` is not http on this machine's loopback")));
    }
    Ok(endpoint)
}

/// An address with the site that it implies.
type CustomEndpoint = Option<(Endpoint, Option<Site>)>;

fn custom_endpoint(look: &Look<'_>, flags: &Flags) -> Result<(CustomEndpoint, Origin), ConfigError> {
    let own = look.find("--endpoint", flags.endpoint.as_deref(), &["CDSS_ENDPOINT"])?;
    if let Some((text, origin)) = own {
        let endpoint = Endpoint::parse(&text)
            .map_err(|error| ConfigError::Invalid { name: origin.to_string(), reason: error.to_string() })?;
        let site = Site::ALL.into_iter().find(|site| Endpoint::of_site(*site) == endpoint);
        return Ok((Some((endpoint, site)), origin));
    }
    let Some((text, origin)) = look.find("", None, &["NCLOUD_API_GW"])? else {
        return Ok((None, Origin::Default));
    };
    let derived = derive_from_gateway(&text);
    let endpoint = Endpoint::parse(&derived)
        .map_err(|error| ConfigError::Invalid { name: origin.to_string(), reason: error.to_string() })?;
    let site = Site::ALL.into_iter().find(|site| Endpoint::of_site(*site) == endpoint);
    Ok((Some((endpoint, site)), origin))
}

/// Turns the address of NCP's shared gateway into the service's own, as the vendor's Go SDK does.
fn derive_from_gateway(gateway: &str) -> String {
    gateway.trim().replacen("https://ncloud.", "https://clouddatastreamingservice.", 1).replacen(
        "https://fin-ncloud.",
        "https://fin-clouddatastreamingservice.",
        1,
    )
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

fn poll(look: &Look<'_>, flags: &Flags, endpoint: &Endpoint) -> Result<(Duration, Origin), ConfigError> {
    let Some((text, origin)) = look.find("--poll", flags.poll.as_deref(), &["CDSS_POLL"])? else {
        let default = if look.in_sandbox { SANDBOX_POLL } else { POLL };
        return Ok((default, Origin::Default));
    };
    let invalid = |reason| ConfigError::Invalid { name: origin.to_string(), reason };
    let poll = duration(&text).map_err(invalid)?;
    if poll < Duration::from_secs(1) && !endpoint.is_loopback() {
        return Err(invalid(format!("`{text}` is below one second, which is for loopback only")));
    }
    Ok((poll, origin))
}

/// The two spellings of the key variables among NCP's own tools.
const KEY_VARIABLES: [[&str; 2]; 2] =
    [["NCLOUD_ACCESS_KEY_ID", "NCLOUD_SECRET_ACCESS_KEY"], ["NCLOUD_ACCESS_KEY", "NCLOUD_SECRET_KEY"]];

/// Takes the first pair of which a half is set. Half a pair is an error instead of a reason to look further:
/// mixed halves would sign for an account that nobody chose.
fn keys(environment: &Environment) -> (Result<Keys, ConfigError>, Origin) {
    for [access_name, secret_name] in KEY_VARIABLES {
        let origin = Origin::Variable(access_name);
        let pair = match (environment.value(access_name), environment.value(secret_name)) {
            (None, None) => continue,
            (Some(""), _) => Err(ConfigError::EmptyKey(access_name)),
            (_, Some("")) => Err(ConfigError::EmptyKey(secret_name)),
            (Some(_), None) => Err(ConfigError::HalfPair { present: access_name, missing: secret_name }),
            (None, Some(_)) => Err(ConfigError::HalfPair { present: secret_name, missing: access_name }),
            // The access key goes into a header and into the signed text, line by line.
            (Some(access), Some(_)) if !access.bytes().all(|byte| byte.is_ascii_graphic()) => {
                Err(ConfigError::OddKey)
            }
            (Some(access), Some(secret)) => Ok(Keys::new(access, secret)),
        };
        return (pair, origin);
    }
    (Err(ConfigError::NoKeys(KEY_VARIABLES[0])), Origin::Default)
}

#[cfg(test)]
mod tests;
