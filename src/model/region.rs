//! Sites, their regions, and the path prefix of each region.

use std::fmt;
use std::str::FromStr;

/// One of NAVER Cloud Platform's separate clouds. Keys are valid in one site only.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Site {
    /// 민간
    Public,
    /// 공공
    Gov,
    /// 금융
    Fin,
}

impl Site {
    pub(crate) const ALL: [Self; 3] = [Self::Public, Self::Gov, Self::Fin];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Gov => "gov",
            Self::Fin => "fin",
        }
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

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Site {
    type Err = RegionError;

    fn from_str(text: &str) -> Result<Self, RegionError> {
        let wanted = text.trim().to_ascii_lowercase();
        let found = Self::ALL.into_iter().find(|site| site.name() == wanted);
        found.ok_or_else(|| RegionError::UnknownSite(text.to_owned()))
    }
}

/// A region code in upper case, such as `KR`.
#[derive(Debug, Clone, PartialEq, Eq)]
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
        let mut sites = Site::ALL.into_iter().filter(|site| site.regions().contains(&self.code()));
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
    #[error("unknown site `{0}`; use public, gov, or fin")]
    UnknownSite(String),
    #[error("`{0}` is not a region code")]
    Malformed(String),
    #[error("site {site} has no region {region}; it has {}", site.regions().join(", "))]
    NotInSite { site: Site, region: Region },
}

/// Resolves site and region from the given values.
///
/// A region that only one site has implies that site. A custom endpoint accepts any well-formed region, because the
/// region then only determines the path.
pub(crate) fn resolve(
    site: Option<Site>,
    region: Option<Region>,
    has_custom_endpoint: bool,
) -> Result<(Site, Region), RegionError> {
    let site = site.or_else(|| region.as_ref().and_then(Region::implied_site)).unwrap_or(Site::Public);
    let region = region.unwrap_or_else(|| site.default_region());
    if !has_custom_endpoint && !site.regions().contains(&region.code()) {
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
        let error = resolve(Some(Site::Gov), Some(region("SGN")), false).unwrap_err();
        assert_eq!(error.to_string(), "site gov has no region SGN; it has KR, KRS");
        assert!(
            resolve(None, Some(region("USW")), false).is_err(),
            "unknown regions require a custom endpoint"
        );
        assert_eq!(resolve(None, Some(region("USW")), true).unwrap().1.code(), "USW");
        assert_eq!(resolve(Some(Site::Fin), None, false).unwrap().1.code(), "FKR");
        assert_eq!(resolve(None, None, false).unwrap(), (Site::Public, region("KR")));
    }

    #[test]
    fn malformed_codes_are_rejected() {
        for text in ["", "K", "K R", "../v1", "KR/..", "한국", "ABCDEFGHI"] {
            assert!(text.parse::<Region>().is_err(), "{text:?}");
        }
    }
}
