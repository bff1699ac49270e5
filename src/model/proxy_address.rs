//! Proxy addresses, which may contain a password.

use std::str::FromStr;

use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

/// A proxy URL. It is never displayed without redaction.
#[derive(Debug, Clone)]
pub(crate) struct ProxyAddress(SecretString);

/// The text is not a proxy URL. It may contain a password, so the error does not repeat it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a valid proxy address, such as http://proxy.example.com:3128")]
pub(crate) struct InvalidProxyAddress;

impl FromStr for ProxyAddress {
    type Err = InvalidProxyAddress;

    /// Parses http and https URLs with optional user name and password, and without a path.
    fn from_str(text: &str) -> Result<Self, InvalidProxyAddress> {
        let url = Url::parse(text).map_err(|_| InvalidProxyAddress)?;
        let bare = url.path() == "/" && url.query().is_none() && url.fragment().is_none();
        let usable = matches!(url.scheme(), "http" | "https") && url.has_host() && bare;
        if usable { Ok(Self(SecretString::from(text))) } else { Err(InvalidProxyAddress) }
    }
}

impl ProxyAddress {
    /// Returns the complete URL, including the password.
    pub(crate) fn url(&self) -> Url {
        Url::parse(self.0.expose_secret()).expect("the URL was validated")
    }

    /// Returns the URL for display, without user name and password.
    pub(crate) fn redacted(&self) -> String {
        let mut url = self.url();
        if !url.username().is_empty() || url.password().is_some() {
            let _ignored = url.set_username("hidden").and(url.set_password(None));
        }
        url.as_str().trim_end_matches('/').to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn redacted_hides_user_name_and_password() {
        for (text, shown) in [
            ("http://proxy:3128", "http://proxy:3128"),
            ("http://user:hunter2@proxy:3128/", "http://hidden@proxy:3128"),
            ("https://user@proxy", "https://hidden@proxy"),
        ] {
            let address: ProxyAddress = text.parse().unwrap();
            assert_eq!(address.redacted(), shown);
            assert!(!format!("{address:?}").contains("hunter2"), "{address:?}");
        }
    }

    #[test]
    fn errors_do_not_repeat_the_text() {
        for text in [
            "",
            "hunter2",
            "ftp://user:hunter2@proxy",
            "http://proxy/hunter2",
            "http://proxy?hunter2",
            "http://",
        ] {
            let error = text.parse::<ProxyAddress>().unwrap_err();
            assert!(!error.to_string().contains("hunter2"), "{text}");
        }
    }
}
