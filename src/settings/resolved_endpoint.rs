//! Resolves where requests go: site, region, and endpoint.

use super::sources::{GATEWAY_VARIABLE, Level, Sources};
use super::{Origin, SettingsError};
use crate::model::endpoint::Endpoint;
use crate::model::region::{EndpointKind, Region, Site, resolve};
use crate::model::service::Service;
use crate::model::setting_name::Field;

/// Where requests go, and the origin of each part.
pub(super) struct ResolvedEndpoint {
    pub service: Service,
    pub site_origin: Origin,
    pub region_origin: Origin,
    pub endpoint_origin: Origin,
}

/// Resolves the service from all levels.
///
/// # Errors
///
/// Fails if site, region, and endpoint conflict, or if the credentials must not be sent to the endpoint.
pub(super) fn resolve_endpoint(sources: &Sources<'_>) -> Result<ResolvedEndpoint, SettingsError> {
    let mut site = None;
    let mut endpoint = None;
    for level in sources.levels() {
        let (site_here, endpoint_here) = site_and_endpoint_at(sources, level)?;
        (site, endpoint) = (site.or(site_here), endpoint.or(endpoint_here));
    }
    let region = parse_value::<Region>(sources.first_value(Field::Region)?, Field::Region)?;
    let (requested_site, site_origin) = site.unzip();
    let (requested_region, region_origin) = region.unzip();
    let custom = endpoint.filter(|(endpoint, _)| !endpoint.is_ncp());
    let region_origin = region_origin.unwrap_or(Origin::Default);
    let kind = if custom.is_some() { EndpointKind::Custom } else { EndpointKind::Site };
    let (site, region) = resolve(requested_site, requested_region, kind).map_err(|error| {
        SettingsError::Invalid { name: label(&region_origin, Field::Region), reason: error.to_string() }
    })?;
    let site_origin = site_origin.unwrap_or_else(|| match region.implied_site() {
        Some(_) if region_origin != Origin::Default => Origin::Implied("region".to_owned()),
        _ => Origin::Default,
    });
    // A sandbox validates flags like a real run does, so that it finds the same mistakes.
    let effective = sources.sandbox.clone().map(|endpoint| (endpoint, Origin::Sandbox)).or(custom);
    let (endpoint, endpoint_origin) = effective.unwrap_or_else(|| {
        let is_site_set = site_origin != Origin::Default;
        let origin = if is_site_set { Origin::Implied("site".to_owned()) } else { Origin::Default };
        (Endpoint::for_site(site), origin)
    });
    let service = Service { site, region, endpoint, sandbox: sources.sandbox.is_some() };
    Ok(ResolvedEndpoint { service, site_origin, region_origin, endpoint_origin })
}

/// A value, if it is set, and where it comes from.
type Found<T> = Option<(T, Origin)>;

/// Returns the site and the endpoint that a level sets.
fn site_and_endpoint_at(
    sources: &Sources<'_>,
    level: Level,
) -> Result<(Found<Site>, Found<Endpoint>), SettingsError> {
    let site = parse_value::<Site>(sources.at_level(level, Field::Site)?, Field::Site)?;
    // In a sandbox, variables are not validated: `cdss sandbox` removes them, and they have no effect.
    let is_ignored = sources.sandbox.is_some() && level != Level::Flag;
    let endpoint = if is_ignored { None } else { endpoint_override_at(sources, level)? };
    let Some((endpoint, origin)) = endpoint else { return Ok((site, None)) };
    let site = match (site, endpoint.site()) {
        (Some((site, site_origin)), Some(other)) if site != other => {
            let reason = format!("this endpoint belongs to site {other}, but {site_origin} is {site}");
            return Err(SettingsError::Invalid { name: label(&origin, Field::Endpoint), reason });
        }
        (None, Some(site)) => Some((site, Origin::Implied(label(&origin, Field::Endpoint)))),
        (site, _) => site,
    };
    Ok((site, Some((endpoint, origin))))
}

/// Returns the endpoint that a level sets.
///
/// # Errors
///
/// Fails if the environment sets the endpoint but the credentials are a profile's. Otherwise, anyone who can set a
/// variable could receive signed requests.
fn endpoint_override_at(sources: &Sources<'_>, level: Level) -> Result<Found<Endpoint>, SettingsError> {
    let Some((text, origin)) = sources.at_level(level, Field::Endpoint)? else { return Ok(None) };
    let is_gateway = origin == Origin::Variable(GATEWAY_VARIABLE);
    let parsed = if is_gateway { Endpoint::from_gateway(&text) } else { Endpoint::parse(&text) };
    let address = parsed.map_err(|error| SettingsError::Invalid {
        name: label(&origin, Field::Endpoint),
        reason: error.to_string(),
    })?;
    let (Origin::Variable(variable), Some((profile, _))) = (&origin, sources.credentials_profile()) else {
        return Ok(Some((address, origin)));
    };
    // A named profile never takes its endpoint from the environment. A flag or the profile overrides the variable.
    let mut above = sources.levels().into_iter().take_while(|other| *other != level);
    if above.any(|level| matches!(sources.at_level(level, Field::Endpoint), Ok(Some(_)))) {
        Ok(None)
    } else if sources.is_profile_named || !address.is_ncp() {
        Err(SettingsError::EndpointConflict {
            variable,
            endpoint: address.to_string(),
            profile: profile.name.clone(),
        })
    } else {
        Ok(Some((address, origin)))
    }
}

/// Returns the name of a setting for error messages: its origin, with the field's name if that is not part of it.
pub(super) fn label(origin: &Origin, field: Field) -> String {
    match origin {
        Origin::Profile(..) => format!("{field} of {origin}"),
        Origin::Default => field.to_string(),
        origin => origin.to_string(),
    }
}

/// Parses a value, if it is set. The error names its origin.
pub(super) fn parse_value<T: std::str::FromStr<Err: std::fmt::Display>>(
    value: Found<String>,
    field: Field,
) -> Result<Found<T>, SettingsError> {
    let Some((text, origin)) = value else { return Ok(None) };
    match text.parse() {
        Ok(value) => Ok(Some((value, origin))),
        Err(error) => {
            Err(SettingsError::Invalid { name: label(&origin, field), reason: T::Err::to_string(&error) })
        }
    }
}
