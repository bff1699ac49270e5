//! Request signatures, version 2, of the NAVER Cloud API gateway. Pure: the time is a parameter.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use secrecy::ExposeSecret as _;
use sha2::Sha256;

use super::redact::Redactor;
use crate::settings::Credentials;

/// What authorizes one request: its signed headers.
pub(super) struct Authorization {
    /// Their values are hidden in debug output.
    pub headers: HeaderMap,
    /// Masks the credentials and the signature: a gateway may repeat them in a response, and anyone who sees the
    /// signature can repeat the request for five minutes.
    pub redactor: Redactor,
}

impl Authorization {
    /// Sends a request without a signature.
    pub(super) fn none() -> Self {
        Self { headers: HeaderMap::new(), redactor: Redactor::new(&[]) }
    }

    /// Signs one request.
    ///
    /// `path_and_query` is percent-encoded as in the request, without scheme and host. The signature covers neither the
    /// body nor the host.
    ///
    /// Source: NAVER Cloud API guide, `common-ncpapi`.
    pub(super) fn sign(
        Credentials { access_key, secret_key, .. }: &Credentials,
        method: &str,
        path_and_query: &str,
        unix_millis: i64,
    ) -> Self {
        // In decimal, exactly as in the signed text.
        let timestamp = unix_millis.to_string();
        let secret_key = secret_key.expose_secret();
        let mut mac =
            Hmac::<Sha256>::new_from_slice(secret_key.as_bytes()).expect("HMAC takes a key of any length");
        mac.update(string_to_sign(method, path_and_query, &timestamp, access_key).as_bytes());
        let signature = STANDARD.encode(mac.finalize().into_bytes());
        let headers = [
            ("x-ncp-apigw-timestamp", &timestamp),
            ("x-ncp-iam-access-key", access_key),
            ("x-ncp-apigw-signature-v2", &signature),
        ];
        let headers = headers.map(|(name, value)| {
            let mut value = HeaderValue::from_str(value).expect("keys are validated to be ASCII");
            value.set_sensitive(true);
            (HeaderName::from_static(name), value)
        });
        let redactor = Redactor::new(&[&signature, access_key, secret_key]);
        Self { headers: HeaderMap::from_iter(headers), redactor }
    }
}

fn string_to_sign(method: &str, path_and_query: &str, timestamp: &str, access_key: &str) -> String {
    format!("{method} {path_and_query}\n{timestamp}\n{access_key}")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::settings::{Environment, Flags, ProfileFiles, resolve};

    /// One case of `tests/vectors`: the request, the signed text, and the signature.
    struct Vector {
        name: String,
        lines: Vec<String>,
        text: String,
        signature: String,
    }

    fn vectors() -> Vec<Vector> {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
        let mut vectors: Vec<Vector> = std::fs::read_dir(&directory)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "request"))
            .map(|path| {
                let read = |extension| std::fs::read_to_string(path.with_extension(extension)).unwrap();
                Vector {
                    name: path.file_stem().unwrap().to_string_lossy().into_owned(),
                    lines: read("request").lines().map(str::to_owned).collect(),
                    text: read("text"),
                    signature: read("signature").trim().to_owned(),
                }
            })
            .collect();
        vectors.sort_by(|a, b| a.name.cmp(&b.name));
        vectors
    }

    /// Returns the host and the first line of the signed text for the given site, region, endpoint, and variables.
    fn request(flags: [Option<&str>; 3], variables: &[(&str, &str)]) -> Result<String, String> {
        let [site, region, endpoint] = flags.map(|value| value.map(str::to_owned));
        let flags = Flags { site, region, endpoint, ..Flags::default() };
        let key = [("NCLOUD_ACCESS_KEY_ID", "ACCESSKEY001"), ("NCLOUD_SECRET_ACCESS_KEY", "secret")];
        let environment = Environment::from_pairs(&[&key[..], variables].concat());
        let settings =
            resolve(&flags, &environment, &ProfileFiles::default()).map_err(|error| error.to_string())?;
        let service = settings.service;
        let text = string_to_sign(
            "POST",
            &service.request_path("cluster/rollingUpgrade"),
            "1700000000000",
            "ACCESSKEY001",
        );
        assert_eq!(text.lines().skip(1).collect::<Vec<_>>(), ["1700000000000", "ACCESSKEY001"]);
        Ok(format!("{} {}", service.endpoint, text.lines().next().unwrap_or_default()))
    }

    /// Source: NAVER Cloud API guide, `analytics-clouddatastreamingservice` of each site.
    #[test]
    fn site_and_region_select_host_and_prefix() {
        const PUBLIC: &str = "https://clouddatastreamingservice.apigw.ntruss.com";
        const GOV: &str = "https://clouddatastreamingservice.apigw.gov-ntruss.com";
        const FIN: &str = "https://fin-clouddatastreamingservice.apigw.fin-ntruss.com";
        for (flags, variables, host, prefix) in [
            ([None, None, None], &[][..], PUBLIC, "/api/v1"),
            ([Some("public"), None, None], &[], PUBLIC, "/api/v1"),
            ([Some("public"), Some("KR"), None], &[], PUBLIC, "/api/v1"),
            ([None, Some("SGN"), None], &[], PUBLIC, "/api/sgn-v1"),
            ([Some("public"), Some("sgn"), None], &[], PUBLIC, "/api/sgn-v1"),
            ([None, Some("JPN"), None], &[], PUBLIC, "/api/jpn-v1"),
            ([Some("gov"), None, None], &[], GOV, "/api/v1"),
            ([Some("gov"), Some("KR"), None], &[], GOV, "/api/v1"),
            ([None, Some("KRS"), None], &[], GOV, "/api/krs-v1"),
            ([Some("GOV"), Some("krs"), None], &[], GOV, "/api/krs-v1"),
            ([Some("fin"), None, None], &[], FIN, "/api/v1"),
            ([None, Some("FKR"), None], &[], FIN, "/api/v1"),
            ([Some("fin"), Some("fkr"), None], &[], FIN, "/api/v1"),
            ([None, None, None], &[("NCLOUD_SITE", "gov"), ("NCLOUD_REGION", "KRS")], GOV, "/api/krs-v1"),
            ([None, None, None], &[("NCLOUD_SITE", "fin")], FIN, "/api/v1"),
            ([None, None, None], &[("NCLOUD_API_GW", "https://ncloud.apigw.ntruss.com")], PUBLIC, "/api/v1"),
            ([None, None, None], &[("NCLOUD_API_GW", "https://ncloud.apigw.gov-ntruss.com")], GOV, "/api/v1"),
            (
                [None, Some("KRS"), None],
                &[("NCLOUD_API_GW", "https://ncloud.apigw.gov-ntruss.com")],
                GOV,
                "/api/krs-v1",
            ),
            (
                [None, None, None],
                &[("NCLOUD_API_GW", "https://fin-ncloud.apigw.fin-ntruss.com")],
                FIN,
                "/api/v1",
            ),
            ([None, None, Some(GOV)], &[], GOV, "/api/v1"),
            (
                [None, Some("USW"), Some("https://new.example.com")],
                &[],
                "https://new.example.com",
                "/api/usw-v1",
            ),
            ([None, Some("KRS"), Some("http://127.0.0.1:9")], &[], "http://127.0.0.1:9", "/api/krs-v1"),
        ] {
            let expected = format!("{host} POST {prefix}/cluster/rollingUpgrade");
            assert_eq!(request(flags, variables), Ok(expected), "{flags:?} {variables:?}");
        }
        for (flags, variables, reason) in [
            (
                [Some("gov"), Some("SGN"), None],
                &[][..],
                "--region: site gov has no region SGN; it has KR, KRS",
            ),
            (
                [Some("public"), Some("KRS"), None],
                &[],
                "--region: site public has no region KRS; it has KR, SGN, JPN",
            ),
            ([Some("fin"), Some("KR"), None], &[], "--region: site fin has no region KR; it has FKR"),
            ([None, Some("USW"), None], &[], "--region: site public has no region USW; it has KR, SGN, JPN"),
            (
                [Some("fin"), None, None],
                &[("NCLOUD_REGION", "KRS")],
                "NCLOUD_REGION: site fin has no region KRS; it has FKR",
            ),
            (
                [None, Some("SGN"), None],
                &[("NCLOUD_API_GW", "https://ncloud.apigw.gov-ntruss.com")],
                "--region: site gov has no region SGN; it has KR, KRS",
            ),
            ([None, Some("USW"), Some(GOV)], &[], "--region: site gov has no region USW; it has KR, KRS"),
            (
                [Some("public"), None, Some(GOV)],
                &[],
                "--endpoint: this endpoint belongs to site gov, but --site is public",
            ),
            ([Some("korea"), None, None], &[], "--site: unknown site `korea`; use public, gov, or fin"),
            ([None, Some("한국"), None], &[], "--region: `한국` is not a region code"),
        ] {
            assert_eq!(request(flags, variables), Err(reason.to_owned()), "{flags:?} {variables:?}");
        }
    }

    #[test]
    fn signed_headers_are_hidden_in_debug_output() {
        let credentials = Credentials::new("AKIDEXAMPLE1", "secret");
        let headers = Authorization::sign(&credentials, "GET", "/", 1_700_000_000_000).headers;
        let text = format!("{headers:?}");
        assert_eq!(headers.len(), 3);
        for value in headers.values() {
            assert!(value.is_sensitive() && !text.contains(value.to_str().unwrap()), "{text}");
        }
    }

    /// The expected values come from other implementations, listed in `tests/vectors/README.md`.
    #[test]
    fn signatures_match_other_implementations() {
        let vectors = vectors();
        assert!(vectors.len() >= 40, "only {} vectors were found", vectors.len());
        crate::metrics::record("signing vectors of other implementations", vectors.len(), "of 40");
        for vector in vectors {
            let [method, path, timestamp, access, secret] = &vector.lines[..] else {
                panic!("{}: a request must have five lines", vector.name)
            };
            assert_eq!(string_to_sign(method, path, timestamp, access), vector.text, "{}: text", vector.name);
            let credentials = Credentials::new(access, secret.as_str());
            let headers = Authorization::sign(&credentials, method, path, timestamp.parse().unwrap()).headers;
            assert_eq!(headers["x-ncp-apigw-timestamp"], timestamp, "{}: timestamp", vector.name);
            assert_eq!(headers["x-ncp-apigw-signature-v2"], vector.signature, "{}: signature", vector.name);
        }
    }
}
