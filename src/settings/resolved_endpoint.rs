//! Where requests go: site, region and address from every level of the sources. Pure.

use super::profile::Field;
use super::sources::{Level, Sources};
use super::{ConfigError, Origin};
use crate::model::endpoint::Endpoint;
use crate::model::region::{Region, Site, resolve};
use crate::model::service::Service;

/// Where the requests go, and why there.
pub(super) struct ResolvedEndpoint {
    pub service: Service,
    pub site_origin: Origin,
    pub region_origin: Origin,
    pub endpoint_origin: Origin,
}

/// What one level says about where to go. An address of NCP's own says nothing but its site.
#[derive(Default)]
struct Override {
    site: Option<(Site, Origin)>,
    endpoint: Option<(Endpoint, Origin)>,
}

/// Settles site, region and address.
///
/// # Errors
///
/// Fails where they don't go together, or where the address may not have the key.
pub(super) fn place(sources: &Sources<'_>) -> Result<ResolvedEndpoint, ConfigError> {
    let mut site = None;
    let mut endpoint = None;
    for level in Level::ALL {
        let stated = stated(sources, level)?;
        site = site.or(stated.site);
        endpoint = endpoint.or(stated.endpoint);
    }
    let region = match sources.first(Field::Region, &["NCLOUD_REGION"])? {
        Some((text, origin)) => Some((parse::<Region>(&text, &origin, Field::Region)?, origin)),
        None => None,
    };
    let (asked_site, site_origin) = site.unzip();
    let (asked_region, region_origin) = region.unzip();
    let custom = endpoint.filter(|(endpoint, _)| !endpoint.is_ncp());
    let region_origin = region_origin.unwrap_or(Origin::Default);
    let (site, region) = resolve(asked_site, asked_region, custom.is_some()).map_err(|error| {
        ConfigError::Invalid { name: label(&region_origin, Field::Region), reason: error.to_string() }
    })?;
    let site_origin = site_origin.unwrap_or_else(|| match region.implied_site() {
        Some(_) if region_origin != Origin::Default => Origin::Implied("region".to_owned()),
        _ => Origin::Default,
    });
    // The flags are checked as they are outside a sandbox, so that a rehearsal finds the same mistakes.
    let in_force = sources.sandbox.clone().map(|endpoint| (endpoint, Origin::Sandbox)).or(custom);
    let (endpoint, endpoint_origin) = in_force.unwrap_or_else(|| {
        let by_site = site_origin != Origin::Default;
        let origin = if by_site { Origin::Implied("site".to_owned()) } else { Origin::Default };
        (Endpoint::for_site(site), origin)
    });
    let service = Service { site, region, endpoint, sandbox: sources.sandbox.is_some() };
    Ok(ResolvedEndpoint { service, site_origin, region_origin, endpoint_origin })
}

fn stated(sources: &Sources<'_>, level: Level) -> Result<Override, ConfigError> {
    let site = match sources.at(level, Field::Site, &["NCLOUD_SITE"])? {
        Some((text, origin)) => Some((parse::<Site>(&text, &origin, Field::Site)?, origin)),
        None => None,
    };
    // In a sandbox, variables are not checked: `cdss sandbox` removes them, and they have no effect.
    let is_ignored = sources.sandbox.is_some() && level != Level::Flag;
    let endpoint = if is_ignored { None } else { stated_endpoint(sources, level)? };
    let Some((endpoint, origin)) = endpoint else { return Ok(Override { site, endpoint: None }) };
    let site = match (site, endpoint.site()) {
        (Some((site, site_origin)), Some(other)) if site != other => {
            let reason = format!("it is the address of site {other}, and {site_origin} says {site}");
            return Err(ConfigError::Invalid { name: label(&origin, Field::Endpoint), reason });
        }
        (None, Some(site)) => Some((site, Origin::Implied(label(&origin, Field::Endpoint)))),
        (site, _) => site,
    };
    Ok(Override { site, endpoint: Some((endpoint, origin)) })
}

/// Returns the address that a level states.
///
/// # Errors
///
/// Refuses the environment's address where the key is a profile's: whoever can set a variable would get a
/// signature of it.
fn stated_endpoint(sources: &Sources<'_>, level: Level) -> Result<Option<(Endpoint, Origin)>, ConfigError> {
    let invalid = |origin: &Origin, error: &dyn std::fmt::Display| ConfigError::Invalid {
        name: label(origin, Field::Endpoint),
        reason: error.to_string(),
    };
    let own = sources.at(level, Field::Endpoint, &["CDSS_ENDPOINT"])?;
    let stated = match own {
        Some((text, origin)) => {
            let endpoint = Endpoint::parse(&text).map_err(|error| invalid(&origin, &error))?;
            Some((endpoint, origin))
        }
        None if level == Level::Environment && sources.named.is_none() => {
            match sources.environment.value("NCLOUD_API_GW") {
                Some("") => return Err(ConfigError::Empty("NCLOUD_API_GW".to_owned())),
                Some(text) => {
                    let origin = Origin::Variable("NCLOUD_API_GW");
                    let endpoint = Endpoint::from_gateway(text).map_err(|error| invalid(&origin, &error))?;
                    Some((endpoint, origin))
                }
                None => None,
            }
        }
        None => None,
    };
    let Some((endpoint, Origin::Variable(variable))) = &stated else { return Ok(stated) };
    let Some((profile, _)) = sources.profile() else { return Ok(stated) };
    // A named profile takes no address from the environment, whosever it is. What outranks it keeps it from
    // mattering.
    let is_named = sources.named.is_some();
    let outranked = [Level::Flag, Level::Named]
        .into_iter()
        .any(|level| matches!(sources.at(level, Field::Endpoint, &[]), Ok(Some(_))));
    if outranked {
        Ok(None)
    } else if is_named || !endpoint.is_ncp() {
        Err(ConfigError::ForeignEndpoint {
            variable,
            endpoint: endpoint.to_string(),
            profile: profile.name.clone(),
        })
    } else {
        Ok(stated)
    }
}

/// Returns what to call a value in a message: its place, and its name where the place alone doesn't tell.
pub(super) fn label(origin: &Origin, key: Field) -> String {
    match origin {
        Origin::Profile(..) => format!("{} of {origin}", key.name()),
        Origin::Default => key.name().to_owned(),
        origin => origin.to_string(),
    }
}

/// Reads a value.
///
/// # Errors
///
/// Fails with where the value comes from.
pub(super) fn parse<T: std::str::FromStr<Err: std::fmt::Display>>(
    text: &str,
    origin: &Origin,
    key: Field,
) -> Result<T, ConfigError> {
    text.parse()
        .map_err(|error: T::Err| ConfigError::Invalid { name: label(origin, key), reason: error.to_string() })
}
