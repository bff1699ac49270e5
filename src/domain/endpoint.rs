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
    #[error("`{0}` is not an address such as https://host:port")]
    NotAnAddress(String),
    #[error("`{0}` has more than scheme, host and port")]
    TooMuch(String),
    #[error("`{0}` is http, which is for this machine's own loopback only")]
    PlainHttp(String),
}

impl Endpoint {
    /// Reads an address such as `https://host` or `http://127.0.0.1:8080`.
    ///
    /// # Errors
    ///
    /// Refuses anything but http and https, a user name, a path, a query, a fragment, and http to a host
    /// that is not loopback: the signature doesn't cover the body, so the wire has to.
    pub(crate) fn parse(text: &str) -> Result<Self, EndpointError> {
        let shown = || text.to_owned();
        let url = Url::parse(text).map_err(|_| EndpointError::NotAnAddress(shown()))?;
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return Err(EndpointError::NotAnAddress(shown()));
        }
        let bare = url.username().is_empty()
            && url.password().is_none()
            && url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none();
        if !bare {
            // The text may hold a password, so it isn't repeated beyond the host.
            return Err(EndpointError::TooMuch(url.host_str().unwrap_or_default().to_owned()));
        }
        let endpoint = Self(url);
        if endpoint.0.scheme() == "http" && !endpoint.is_loopback() {
            return Err(EndpointError::PlainHttp(shown()));
        }
        Ok(endpoint)
    }

    pub(crate) fn of_site(site: Site) -> Self {
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

    /// Returns true when this is the service's own address in one of the sites.
    pub(crate) fn is_ncp(&self) -> bool {
        Site::ALL.into_iter().any(|site| Self::of_site(site) == *self)
    }

    /// Returns `scheme://host:port` with the port always written: one spelling for one service, as the
    /// journal and the lock need it.
    pub(crate) fn identity(&self) -> String {
        let port = self.0.port_or_known_default().unwrap_or_default();
        format!("{}://{}:{port}", self.0.scheme(), self.0.host_str().unwrap_or_default())
    }
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
        let shouted = Endpoint::parse("HTTPS://CloudDataStreamingService.apigw.ntruss.com:443/");
        assert!(shouted.unwrap().is_ncp());
    }

    #[test]
    fn a_password_is_not_repeated() {
        let error = Endpoint::parse("https://user:hunter2@example.com").unwrap_err();
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }

    #[test]
    fn one_service_has_one_identity() {
        for text in ["https://example.com", "https://EXAMPLE.com:443", "https://example.com/"] {
            assert_eq!(Endpoint::parse(text).unwrap().identity(), "https://example.com:443", "{text}");
        }
    }
}
