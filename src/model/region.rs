//! Sites, their regions, and the path prefix of each region.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;
use strum::{Display, IntoStaticStr, VariantArray, VariantNames};

use super::words::alternatives;

/// One of NAVER Cloud Platform's separate clouds. Keys are valid in one site only.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Display, IntoStaticStr, VariantArray, VariantNames, Serialize,
)]
#[strum(serialize_all = "lowercase", const_into_str)]
#[serde(into = "&'static str")]
pub(crate) enum Site {
    /// 민간
    Public,
    /// 공공
    Gov,
    /// 금융
    Fin,
}

impl Site {
    /// Returns all sites.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        <Self as VariantArray>::VARIANTS.iter().copied()
    }

    /// Returns the base URL of the service in this site.
    ///
    /// Source: NAVER Cloud API guide, `analytics-clouddatastreamingservice` of each site.
    pub(crate) const fn base_url(self) -> &'static str {
        match self {
            Self::Public => "https://clouddatastreamingservice.apigw.ntruss.com",
            Self::Gov => "https://clouddatastreamingservice.apigw.gov-ntruss.com",
            Self::Fin => "https://fin-clouddatastreamingservice.apigw.fin-ntruss.com",
        }
    }

    /// Returns the region codes of the service in this site, the default region first.
    pub(crate) const fn regions(self) -> &'static [&'static str] {
        match self {
            Self::Public => &["KR", "SGN", "JPN"],
            Self::Gov => &["KR", "KRS"],
            Self::Fin => &["FKR"],
        }
    }

    pub(crate) fn default_region(self) -> Region {
        Region(self.regions()[0].to_owned())
    }
}

impl FromStr for Site {
    type Err = RegionError;

    /// Parses the name of a site in upper or lower case.
    fn from_str(text: &str) -> Result<Self, RegionError> {
        let found = Self::all().find(|site| site.into_str().eq_ignore_ascii_case(text.trim()));
        found.ok_or_else(|| RegionError::UnknownSite(text.to_owned()))
    }
}

/// A region code in upper case, such as `KR`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Region(String);

impl Region {
    pub(crate) fn code(&self) -> &str {
        &self.0
    }

    /// Returns the prefix of all request paths: `/api/v1` for Korea, `/api/sgn-v1` for Singapore.
    ///
    /// The vendor's rule: KR and FKR have the plain prefix, every other code has its own. New regions therefore work
    /// without a change.
    pub(crate) fn path_prefix(&self) -> String {
        match self.0.as_str() {
            "KR" | "FKR" => "/api/v1".to_owned(),
            code => format!("/api/{}-v1", code.to_ascii_lowercase()),
        }
    }

    /// Returns the only site with this region; None if there are several, as for `KR`, or none.
    pub(crate) fn implied_site(&self) -> Option<Site> {
        let mut sites = Site::all().filter(|site| site.regions().contains(&self.code()));
        match (sites.next(), sites.next()) {
            (Some(only), None) => Some(only),
            _ => None,
        }
    }

    /// Returns the other regions of `site`, for hints.
    pub(crate) fn other_regions(&self, site: Site) -> Vec<&'static str> {
        site.regions().iter().copied().filter(|code| *code != self.0).collect()
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Region {
    type Err = RegionError;

    /// Parses any code of two to eight letters and digits; [`resolve`] checks whether the site has it.
    fn from_str(text: &str) -> Result<Self, RegionError> {
        let code = text.trim().to_ascii_uppercase();
        let well_formed = (2..=8).contains(&code.len()) && code.bytes().all(|b| b.is_ascii_alphanumeric());
        if well_formed { Ok(Self(code)) } else { Err(RegionError::Malformed(text.to_owned())) }
    }
}

/// Why a site or a region can't be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RegionError {
    #[error("unknown site `{0}`; use {sites}", sites = alternatives(<Site as VariantNames>::VARIANTS))]
    UnknownSite(String),
    #[error("`{0}` is not a region code")]
    Malformed(String),
    #[error("site {site} has no region {region}; it has {}", site.regions().join(", "))]
    NotInSite { site: Site, region: Region },
}

/// Where requests are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EndpointKind {
    /// The endpoint of the site.
    Site,
    /// An endpoint that the user set.
    Custom,
}

/// Resolves site and region from the given values.
///
/// A region that only one site has implies that site. A custom endpoint accepts any well-formed region, because the
/// region then only determines the path.
pub(crate) fn resolve(
    site: Option<Site>,
    region: Option<Region>,
    endpoint: EndpointKind,
) -> Result<(Site, Region), RegionError> {
    let site = site.or_else(|| region.as_ref().and_then(Region::implied_site)).unwrap_or(Site::Public);
    let region = region.unwrap_or_else(|| site.default_region());
    if endpoint == EndpointKind::Site && !site.regions().contains(&region.code()) {
        return Err(RegionError::NotInSite { site, region });
    }
    Ok((site, region))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn region(code: &str) -> Region {
        code.parse().unwrap()
    }

    #[test]
    fn regions_have_the_documented_path_prefix() {
        for (code, prefix) in [
            ("KR", "/api/v1"),
            ("kr", "/api/v1"),
            ("FKR", "/api/v1"),
            ("SGN", "/api/sgn-v1"),
            ("JPN", "/api/jpn-v1"),
            ("KRS", "/api/krs-v1"),
            ("USW", "/api/usw-v1"),
        ] {
            assert_eq!(region(code).path_prefix(), prefix, "{code}");
        }
    }

    #[test]
    fn unique_region_implies_its_site() {
        for (code, site) in [
            ("SGN", Some(Site::Public)),
            ("JPN", Some(Site::Public)),
            ("KRS", Some(Site::Gov)),
            ("FKR", Some(Site::Fin)),
            ("KR", None),
            ("USW", None),
        ] {
            assert_eq!(region(code).implied_site(), site, "{code}");
        }
    }

    #[test]
    fn region_of_another_site_is_rejected() {
        let error = resolve(Some(Site::Gov), Some(region("SGN")), EndpointKind::Site).unwrap_err();
        assert_eq!(error.to_string(), "site gov has no region SGN; it has KR, KRS");
        assert!(
            resolve(None, Some(region("USW")), EndpointKind::Site).is_err(),
            "unknown regions require a custom endpoint"
        );
        assert_eq!(resolve(None, Some(region("USW")), EndpointKind::Custom).unwrap().1.code(), "USW");
        assert_eq!(resolve(Some(Site::Fin), None, EndpointKind::Site).unwrap().1.code(), "FKR");
        assert_eq!(resolve(None, None, EndpointKind::Site).unwrap(), (Site::Public, region("KR")));
    }

    #[test]
    fn malformed_codes_are_rejected() {
        for text in ["", "K", "K R", "../v1", "KR/..", "한국", "ABCDEFGHI"] {
            assert!(text.parse::<Region>().is_err(), "{text:?}");
        }
    }
}
