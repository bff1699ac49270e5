//! The address that requests go to, judged by its parsed host and never by its text.

use std::fmt;
use std::net::IpAddr;

use url::{Host, Url};

use super::region::Site;

/// A base address: scheme, host and port, nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Endpoint(Url);

/// Why a text is no usable address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum EndpointError {
    #[error("{0} is not an address such as https://host:port")]
    NotAnAddress(QuotedAddress),
    #[error("`{0}` has more than scheme, host and port")]
    ExtraParts(String),
    #[error("`{0}` is http, which is for this machine's own loopback only")]
    PlainHttp(String),
}

/// A text that is no address, as a message may repeat it: hidden where it may contain a user name or a password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct QuotedAddress(Option<String>);

impl QuotedAddress {
    fn new(text: &str) -> Self {
        // Also encoded, or a character that IDNA takes for it.
        let has_at = text.contains(['@', '\u{fe6b}', '\u{ff20}']) || text.contains("%40");
        // What follows a host is a port; anything else may be a password that lost its `@`.
        let authority = text.split_once("//").map_or(text, |(_, authority)| authority);
        let is_port =
            |part: &str| part.split('/').next().is_some_and(|port| port.chars().all(|c| c.is_ascii_digit()));
        let has_port_alone = authority.split(':').skip(1).all(is_port);
        Self((!has_at && has_port_alone).then(|| text.to_owned()))
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
    /// Reads an address such as `https://host` or `http://127.0.0.1:8080`.
    ///
    /// # Errors
    ///
    /// Refuses anything but http and https, a user name, a path, a query, a fragment, and http to a host
    /// that is not loopback: the signature doesn't cover the body, so the wire has to.
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
            // The text may hold a password, so it isn't repeated beyond the host.
            return Err(EndpointError::ExtraParts(url.host_str().unwrap_or_default().to_owned()));
        }
        let endpoint = Self(url);
        if endpoint.0.scheme() == "http" && !endpoint.is_loopback() {
            return Err(EndpointError::PlainHttp(endpoint.to_string()));
        }
        Ok(endpoint)
    }

    /// Reads the address of NCP's shared gateway, as the vendor's other tools are set to it, and returns the
    /// service's own address there.
    ///
    /// A host in the zone of one of the sites leads to that site. Any other address has `ncloud` at its front
    /// replaced, as the vendor's Go SDK does it.
    ///
    /// # Errors
    ///
    /// Refuses what [`Endpoint::parse`] refuses.
    pub(crate) fn from_gateway(text: &str) -> Result<Self, EndpointError> {
        let text = text.trim();
        let host =
            Url::parse(text).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
        if let Some(site) = Site::ALL.into_iter().find(|site| host.ends_with(domain_suffix(*site))) {
            return Ok(Self::for_site(site));
        }
        let own = text.replacen("://ncloud.", "://clouddatastreamingservice.", 1).replacen(
            "://fin-ncloud.",
            "://fin-clouddatastreamingservice.",
            1,
        );
        Self::parse(&own)
    }

    pub(crate) fn for_site(site: Site) -> Self {
        Self(Url::parse(site.base_url()).expect("the table of sites holds addresses"))
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

    /// Returns the site whose own address this is.
    pub(crate) fn site(&self) -> Option<Site> {
        Site::ALL.into_iter().find(|site| Self::for_site(*site) == *self)
    }

    /// Returns true when this is the service's own address in one of the sites.
    pub(crate) fn is_ncp(&self) -> bool {
        self.site().is_some()
    }

    /// Returns `scheme://host:port`, with the port also where it is the default one.
    pub(crate) fn address(&self) -> String {
        self.address_with(self.0.host_str().unwrap_or_default())
    }

    /// Returns the one spelling that the journal and the lock use for this address. The names of the loopback
    /// interface lead to the same service, so they share one identity.
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

/// Returns the end of every host name of a site, such as `.apigw.ntruss.com`.
fn domain_suffix(site: Site) -> &'static str {
    site.base_url().find('.').map_or("", |dot| &site.base_url()[dot..])
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_str().trim_end_matches('/'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_is_for_loopback_only() {
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
    fn tricks_with_the_text_do_not_change_the_host() {
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
        // None of these is NCP's own host, whatever it looks like; the last three truly are it.
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
            let is = Endpoint::parse(&text).is_ok_and(|endpoint| endpoint.is_ncp());
            assert_eq!(is, is_ncp, "{text}");
        }
        let shouted = Endpoint::parse("HTTPS://CloudDataStreamingService.apigw.ntruss.com:443/");
        assert!(shouted.unwrap().is_ncp());
    }

    #[test]
    fn the_shared_gateways_address_leads_to_the_services_own() {
        let [public, gov, fin] = Site::ALL.map(Site::base_url);
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
    fn no_user_name_and_no_password_is_repeated() {
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
    fn an_address_without_a_user_is_repeated_as_it_was_written() {
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
            // Another port, scheme, or loopback address is another service.
            ("http://localhost:8081", "http://127.0.0.1:8081"),
            ("https://localhost:8080", "https://127.0.0.1:8080"),
            ("http://127.0.0.2:8080", "http://127.0.0.2:8080"),
            ("https://localhost.example.com", "https://localhost.example.com:443"),
        ] {
            assert_eq!(Endpoint::parse(text).unwrap().identity(), identity, "{text}");
        }
    }

    #[test]
    fn an_address_keeps_the_host_that_was_given() {
        for (text, address) in [
            ("http://localhost:8080", "http://localhost:8080"),
            ("http://[::1]:8080", "http://[::1]:8080"),
            ("https://example.com", "https://example.com:443"),
        ] {
            assert_eq!(Endpoint::parse(text).unwrap().address(), address, "{text}");
        }
    }
}
