//! Signature version 2 of NCP's API gateway. Pure: time comes in, headers come out.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::ExposeSecret as _;
use sha2::Sha256;

use super::redact::Redactor;
use crate::settings::Credentials;

/// The two header values that change with every request.
#[derive(PartialEq, Eq)]
pub(super) struct SignatureHeaders {
    /// Milliseconds since the Unix epoch, in decimal; the signed text holds this very string.
    pub timestamp: String,
    /// Base64 of the 32-byte HMAC-SHA256. It opens the path for five minutes to whoever sees it.
    pub signature: String,
}

/// Signs one request.
///
/// `path_and_query` is what goes on the wire: percent-encoded, without scheme and host. Neither the body nor
/// the host is part of the signature.
///
/// Source: NAVER Cloud API guide, `common-ncpapi`.
pub(super) fn sign(
    keys: &Credentials,
    method: &str,
    path_and_query: &str,
    unix_millis: i64,
) -> SignatureHeaders {
    let timestamp = unix_millis.to_string();
    let text = string_to_sign(method, path_and_query, &timestamp, &keys.access);
    let mut mac = Hmac::<Sha256>::new_from_slice(keys.secret.expose_secret().as_bytes())
        .expect("HMAC takes a key of any length");
    mac.update(text.as_bytes());
    SignatureHeaders { timestamp, signature: STANDARD.encode(mac.finalize().into_bytes()) }
}

/// Returns what masks the keys and the signature in text of the service: a gateway may repeat what it refuses, and the
/// signature opens the path for five minutes to whoever sees it.
pub(super) fn redactor(keys: &Credentials, stamp: &SignatureHeaders) -> Redactor {
    Redactor::new(&[&stamp.signature, &keys.access, keys.secret.expose_secret()])
}

fn string_to_sign(method: &str, path_and_query: &str, timestamp: &str, access_key: &str) -> String {
    format!("{method} {path_and_query}\n{timestamp}\n{access_key}")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::settings::{Environment, Files, Flags, resolve};

    /// One case of `tests/vectors`: what is signed, the text, the signature.
    struct Vector {
        name: String,
        lines: Vec<String>,
        text: String,
        signature: String,
    }

    fn vectors() -> Vec<Vector> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
        let mut found: Vec<Vector> = std::fs::read_dir(&folder)
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
        found.sort_by(|a, b| a.name.cmp(&b.name));
        found
    }

    /// What one choice of site, region and variables leads to: the first line that is signed, behind the host
    /// that it goes to.
    fn request(flags: [Option<&str>; 3], variables: &[(&str, &str)]) -> Result<String, String> {
        let [site, region, endpoint] = flags.map(|value| value.map(str::to_owned));
        let flags = Flags { site, region, endpoint, ..Flags::default() };
        let key = [("NCLOUD_ACCESS_KEY_ID", "ACCESSKEY001"), ("NCLOUD_SECRET_ACCESS_KEY", "secret")];
        let environment = Environment::of(&[&key[..], variables].concat());
        let settings = resolve(&flags, &environment, &Files::default()).map_err(|error| error.to_string())?;
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
    fn every_site_and_region_has_its_host_its_prefix_and_its_signed_text() {
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
                "--endpoint: it is the address of site gov, and --site says public",
            ),
            ([Some("korea"), None, None], &[], "--site: unknown site `korea`; use public, gov, or fin"),
            ([None, Some("한국"), None], &[], "--region: `한국` is not a region code"),
        ] {
            assert_eq!(request(flags, variables), Err(reason.to_owned()), "{flags:?} {variables:?}");
        }
    }

    /// The expected values come from other implementations; `tests/vectors/README.md` says which.
    #[test]
    fn every_vector_of_another_implementation_comes_out() {
        let vectors = vectors();
        assert!(vectors.len() >= 40, "only {} vectors were found", vectors.len());
        crate::figures::record("signing vectors of other implementations", vectors.len(), "of 40");
        for vector in vectors {
            let [method, path, timestamp, access, secret] = &vector.lines[..] else {
                panic!("{}: five lines make a request", vector.name)
            };
            assert_eq!(string_to_sign(method, path, timestamp, access), vector.text, "{}: text", vector.name);
            let stamp =
                sign(&Credentials::new(access, secret.as_str()), method, path, timestamp.parse().unwrap());
            assert_eq!(&stamp.timestamp, timestamp, "{}: timestamp", vector.name);
            assert_eq!(stamp.signature, vector.signature, "{}: signature", vector.name);
        }
    }
}
