//! Service addresses. Decisions use the parsed host, never the text.

use std::fmt;
use std::net::IpAddr;

use url::{Host, Url};

use super::region::Site;
use super::words::serialize_as_text;

/// A base URL with only scheme, host, and port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Endpoint(Url);

/// Why an address is invalid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EndpointError {
    #[error("{0} is not an address such as https://host:port")]
    NotAnAddress(QuotedAddress),
    #[error("`{0}` must have only a scheme, host, and port")]
    ExtraParts(String),
    #[error("`{0}` uses http, which is allowed only for loopback addresses")]
    PlainHttp(String),
}

/// An invalid address for error messages, hidden if it may contain a user name or a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct QuotedAddress(Option<String>);

impl QuotedAddress {
    fn new(text: &str) -> Self {
        // Includes the encoded form and characters that IDNA maps to `@`.
        let has_at = text.contains(['@', '\u{fe6b}', '\u{ff20}']) || text.contains("%40");
        // Only a port may follow a host; anything else may be a password with its `@` missing.
        let authority = text.split_once("//").map_or(text, |(_, authority)| authority);
        let is_port =
            |part: &str| part.split('/').next().is_some_and(|port| port.chars().all(|c| c.is_ascii_digit()));
        let has_only_port = authority.split(':').skip(1).all(is_port);
        Self((!has_at && has_only_port).then(|| text.to_owned()))
    }
}

impl fmt::Display for QuotedAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(text) => write!(f, "`{text}`"),
            None => f.write_str("the value (hidden: it may contain a password)"),
        }
    }
}

impl Endpoint {
    /// Parses an address such as `https://host` or `http://127.0.0.1:8080`.
    ///
    /// # Errors
    ///
    /// Rejects other schemes than http and https, user names, paths, queries, fragments, and http to hosts other than
    /// loopback: the signature does not cover the body, so TLS must protect it.
    pub(crate) fn parse(text: &str) -> Result<Self, EndpointError> {
        let invalid = || EndpointError::NotAnAddress(QuotedAddress::new(text));
        let url = Url::parse(text).map_err(|_| invalid())?;
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return Err(invalid());
        }
        let bare = url.username().is_empty()
            && url.password().is_none()
            && url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none();
        if !bare {
            // The text may contain a password, so the message has only the host.
            return Err(EndpointError::ExtraParts(url.host_str().unwrap_or_default().to_owned()));
        }
        let endpoint = Self(url);
        if endpoint.0.scheme() == "http" && !endpoint.is_loopback() {
            return Err(EndpointError::PlainHttp(endpoint.to_string()));
        }
        Ok(endpoint)
    }

    /// Converts the address of NCP's shared gateway, as configured for the vendor's other tools, to the address of this
    /// service.
    ///
    /// A host in a site's domain maps to that site. In any other address, a leading `ncloud` is replaced, as in the
    /// vendor's Go SDK.
    ///
    /// # Errors
    ///
    /// Fails like [`Endpoint::parse`].
    pub(crate) fn from_gateway(text: &str) -> Result<Self, EndpointError> {
        let text = text.trim();
        let host =
            Url::parse(text).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
        if let Some(site) = Site::all().find(|site| host.ends_with(domain_suffix(*site))) {
            return Ok(Self::for_site(site));
        }
        let service = text.replacen("://ncloud.", "://clouddatastreamingservice.", 1).replacen(
            "://fin-ncloud.",
            "://fin-clouddatastreamingservice.",
            1,
        );
        Self::parse(&service)
    }

    pub(crate) fn for_site(site: Site) -> Self {
        Self(Url::parse(site.base_url()).expect("site URLs are valid"))
    }

    pub(crate) fn url(&self) -> &Url {
        &self.0
    }

    pub(crate) fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// Returns true for 127.0.0.0/8, `::1` and `localhost`.
    pub(crate) fn is_loopback(&self) -> bool {
        match self.0.host() {
            Some(Host::Ipv4(address)) => IpAddr::V4(address).is_loopback(),
            Some(Host::Ipv6(address)) => IpAddr::V6(address).is_loopback(),
            Some(Host::Domain(name)) => name == "localhost",
            None => false,
        }
    }

    /// Returns the site that has this address.
    pub(crate) fn site(&self) -> Option<Site> {
        Site::all().find(|site| Self::for_site(*site) == *self)
    }

    /// Returns true if this is the service's address in one of the sites.
    pub(crate) fn is_ncp(&self) -> bool {
        self.site().is_some()
    }

    /// Returns `scheme://host:port`, including a default port.
    pub(crate) fn address(&self) -> String {
        self.address_with(self.0.host_str().unwrap_or_default())
    }

    /// Returns the normalized form for journal and locks. All names of the loopback interface lead to the same service,
    /// so they share one identity.
    pub(crate) fn identity(&self) -> String {
        match self.0.host_str().unwrap_or_default() {
            "localhost" | "[::1]" => self.address_with("127.0.0.1"),
            host => self.address_with(host),
        }
    }

    fn address_with(&self, host: &str) -> String {
        let port = self.0.port_or_known_default().unwrap_or_default();
        format!("{}://{host}:{port}", self.0.scheme())
    }
}

/// Returns the suffix of all host names of a site, such as `.apigw.ntruss.com`.
fn domain_suffix(site: Site) -> &'static str {
    site.base_url().find('.').map_or("", |dot| &site.base_url()[dot..])
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

serialize_as_text!(Endpoint);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_is_only_allowed_for_loopback() {
        for text in ["http://127.0.0.1:8080", "http://localhost:1", "http://[::1]:9", "https://example.com"] {
            assert!(Endpoint::parse(text).is_ok(), "{text}");
        }
        for text in
            ["http://example.com", "http://10.0.0.1", "http://127.0.0.1.example.com", "http://0.0.0.0"]
        {
            assert!(matches!(Endpoint::parse(text), Err(EndpointError::PlainHttp(_))), "{text}");
        }
    }

    #[test]
    fn lookalike_addresses_are_not_ncp() {
        for text in [
            "",
            "orders",
            "ftp://example.com",
            "https://",
            "https://user@example.com",
            "https://clouddatastreamingservice.apigw.ntruss.com@example.com",
            "https://example.com/path",
            "https://example.com?x=1",
            "https://example.com#clouddatastreamingservice.apigw.ntruss.com",
        ] {
            assert!(Endpoint::parse(text).is_err(), "{text}");
        }
        let lookalike = Endpoint::parse("https://clouddatastreamingservice.apigw.ntruss.com.example.com");
        assert!(!lookalike.unwrap().is_ncp());
        // Only the last three are NCP's host.
        let host = "clouddatastreamingservice.apigw.ntruss.com";
        for (text, is_ncp) in [
            (format!("https://{host}@example.com"), false),
            (format!("https://{host}:x@example.com"), false),
            (format!("https://example.com#{host}"), false),
            (format!("https://example.com\\{host}"), false),
            (format!("https://{host}\\@example.com"), false),
            (format!("https://{host}."), false),
            (format!("https://{host}:444"), false),
            (format!("https://{host}.example.com"), false),
            ("https://clouddatastreamingservice.apigw.ntrus\u{455}.com".to_owned(), false),
            ("https://[::1]".to_owned(), false),
            (format!("https://example.com/{host}"), false),
            (format!("http://{host}"), false),
            (format!("https://{}", host.to_uppercase()), true),
            ("https://clouddatastreamingservice%2eapigw.ntruss.com".to_owned(), true),
            (format!("https://{host}:443"), true),
        ] {
            let actual = Endpoint::parse(&text).is_ok_and(|endpoint| endpoint.is_ncp());
            assert_eq!(actual, is_ncp, "{text}");
        }
        let uppercase = Endpoint::parse("HTTPS://CloudDataStreamingService.apigw.ntruss.com:443/");
        assert!(uppercase.unwrap().is_ncp());
    }

    #[test]
    fn gateway_address_maps_to_service_address() {
        let [public, gov, fin] = [Site::Public, Site::Gov, Site::Fin].map(Site::base_url);
        for (gateway, endpoint) in [
            ("https://ncloud.apigw.ntruss.com", public),
            ("https://ncloud.apigw.gov-ntruss.com", gov),
            ("https://fin-ncloud.apigw.fin-ntruss.com", fin),
            (" https://NCLOUD.apigw.gov-ntruss.com/ ", gov),
            ("http://ncloud.apigw.gov-ntruss.com", gov),
            ("https://ncloud.apigw.ntruss.com/vserver/v2", public),
            (public, public),
            (gov, gov),
            (fin, fin),
            ("https://ncloud.example.com", "https://clouddatastreamingservice.example.com"),
            ("https://fin-ncloud.example.com", "https://fin-clouddatastreamingservice.example.com"),
            ("https://example.com/", "https://example.com"),
            (
                "https://ncloud.apigw.ntruss.com.example.com",
                "https://clouddatastreamingservice.apigw.ntruss.com.example.com",
            ),
        ] {
            assert_eq!(Endpoint::from_gateway(gateway).unwrap().to_string(), endpoint, "{gateway}");
        }
        for gateway in ["", "ncloud.apigw.ntruss.com", "http://ncloud.example.com", "https://example.com/x"] {
            assert!(Endpoint::from_gateway(gateway).is_err(), "{gateway}");
        }
    }

    #[test]
    fn errors_contain_no_user_name_or_password() {
        for text in [
            "https://hunter1:hunter2@example.com",
            "https://hunter1:hunter2@example.com/x",
            "http://hunter1:hunter2@example.com",
            "https://hunter1:hunter2@",
            "https://hunter1@",
            "https://hunter1:hunter2",
            "https://hunter1:2hunter/",
            "//hunter1:hunter2@example.com",
            "hunter1:hunter2@example.com:80",
            "hunter1@example.com",
            "ftp://hunter1:hunter2@example.com",
            "https://hunter1:hunter2@exa mple.com",
            "https://hunter1:hunter2@example.com:port",
            "https://hunter1:hunter2%40example.com",
            "https://hunter1:hunter2\u{ff20}example.com",
            "https://hunter1:hunt@hunter2@[::1",
            "ht\u{1b}tps://hunter1:hunter2@example.com",
            "https://hunter1:\thunter2\n@exam\u{0}ple.com",
        ] {
            for error in [Endpoint::parse(text).unwrap_err(), Endpoint::from_gateway(text).unwrap_err()] {
                assert!(!format!("{error} {error:?}").contains("hunter"), "{text}: {error}");
            }
        }
    }

    #[test]
    fn invalid_address_without_user_is_quoted() {
        for text in ["orders", "ftp://example.com", "example.com:443", "https://", "//example.com/x"] {
            let error = Endpoint::parse(text).unwrap_err();
            assert!(error.to_string().starts_with(&format!("`{text}` is not an address")), "{error}");
        }
    }

    #[test]
    fn spellings_of_one_endpoint_share_an_identity() {
        for (text, identity) in [
            ("https://example.com", "https://example.com:443"),
            ("https://EXAMPLE.com:443", "https://example.com:443"),
            ("https://example.com/", "https://example.com:443"),
            ("http://localhost:8080", "http://127.0.0.1:8080"),
            ("http://LOCALHOST:8080/", "http://127.0.0.1:8080"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
            ("http://127.1:8080", "http://127.0.0.1:8080"),
            ("http://[::1]:8080", "http://127.0.0.1:8080"),
            ("http://[0:0:0:0:0:0:0:1]:8080", "http://127.0.0.1:8080"),
            ("http://localhost", "http://127.0.0.1:80"),
            ("https://localhost", "https://127.0.0.1:443"),
            // A different port, scheme, or loopback address is a different service.
            ("http://localhost:8081", "http://127.0.0.1:8081"),
            ("https://localhost:8080", "https://127.0.0.1:8080"),
            ("http://127.0.0.2:8080", "http://127.0.0.2:8080"),
            ("https://localhost.example.com", "https://localhost.example.com:443"),
        ] {
            assert_eq!(Endpoint::parse(text).unwrap().identity(), identity, "{text}");
        }
    }

    #[test]
    fn address_keeps_the_given_host() {
        for (text, address) in [
            ("http://localhost:8080", "http://localhost:8080"),
            ("http://[::1]:8080", "http://[::1]:8080"),
            ("https://example.com", "https://example.com:443"),
        ] {
            assert_eq!(Endpoint::parse(text).unwrap().address(), address, "{text}");
        }
    }
}
