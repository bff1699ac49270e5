//! Signature version 2 of NCP's API gateway. Pure: time comes in, headers come out.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::ExposeSecret as _;
use sha2::Sha256;

use crate::config::Keys;

/// The two header values that change with every request.
#[derive(PartialEq, Eq)]
pub(super) struct Stamp {
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
pub(super) fn sign(keys: &Keys, method: &str, path_and_query: &str, unix_millis: i64) -> Stamp {
    let timestamp = unix_millis.to_string();
    let text = text_to_sign(method, path_and_query, &timestamp, &keys.access);
    let mut mac = Hmac::<Sha256>::new_from_slice(keys.secret.expose_secret().as_bytes())
        .expect("HMAC takes a key of any length");
    mac.update(text.as_bytes());
    Stamp { timestamp, signature: STANDARD.encode(mac.finalize().into_bytes()) }
}

fn text_to_sign(method: &str, path_and_query: &str, timestamp: &str, access_key: &str) -> String {
    format!("{method} {path_and_query}\n{timestamp}\n{access_key}")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

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

    /// The expected values come from other implementations; `tests/vectors/README.md` says which.
    #[test]
    fn every_vector_of_another_implementation_comes_out() {
        let vectors = vectors();
        assert!(vectors.len() >= 19, "only {} vectors were found", vectors.len());
        for vector in vectors {
            let [method, path, timestamp, access, secret] = &vector.lines[..] else {
                panic!("{}: five lines make a request", vector.name)
            };
            assert_eq!(text_to_sign(method, path, timestamp, access), vector.text, "{}: text", vector.name);
            let stamp = sign(&Keys::new(access, secret.as_str()), method, path, timestamp.parse().unwrap());
            assert_eq!(&stamp.timestamp, timestamp, "{}: timestamp", vector.name);
            assert_eq!(stamp.signature, vector.signature, "{}: signature", vector.name);
        }
    }
}
