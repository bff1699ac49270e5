//! Plain signed requests, as any program could send them: nothing here is from the client or the sandbox.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpStream};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cdss::sandbox::Sandbox;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::Sha256;

use crate::support::{ACCESS_KEY, SECRET_KEY};

/// A signed request.
#[derive(Clone, Copy)]
pub(crate) struct SignedRequest<'a> {
    pub(crate) method: &'a str,
    /// The path with the prefix of the region.
    pub(crate) path: &'a str,
    pub(crate) content_type: &'a str,
    pub(crate) body: &'a str,
    /// The version in the name of the signature's header.
    pub(crate) signature_version: &'a str,
}

impl SignedRequest<'_> {
    /// Sends the request and returns the HTTP status and the body.
    pub(crate) fn send(&self, sandbox: &Sandbox) -> (u16, String) {
        let Self { method, path, content_type, body, signature_version } = self;
        let timestamp = jiff::Timestamp::now().as_millisecond();
        let mut mac =
            Hmac::<Sha256>::new_from_slice(SECRET_KEY.as_bytes()).expect("a key may have any length");
        mac.update(format!("{method} {path}\n{timestamp}\n{ACCESS_KEY}").as_bytes());
        let signature = STANDARD.encode(mac.finalize().into_bytes());
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: service.example\r\nConnection: close\r\n\
             Content-Type: {content_type}\r\nContent-Length: {}\r\n\
             x-ncp-apigw-timestamp: {timestamp}\r\nx-ncp-iam-access-key: {ACCESS_KEY}\r\n\
             x-ncp-apigw-signature-{signature_version}: {signature}\r\n\r\n",
            body.len()
        );
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, sandbox.port())).expect("it listens");
        stream.write_all((head + body).as_bytes()).expect("it reads");
        let mut response = String::new();
        stream.read_to_string(&mut response).expect("it answers in UTF-8");
        let (head, body) = response.split_once("\r\n\r\n").expect("a response has a head");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        (status.expect("a response has a status"), body.to_owned())
    }
}

/// Sends a request to the Korean region and returns the envelope. An empty body is not sent.
#[track_caller]
pub(crate) fn envelope(sandbox: &Sandbox, route: &str, body: &str) -> Value {
    let (method, path) = route.split_once(' ').expect("a route is a method and a path");
    let path = format!("/api/v1/{path}");
    let request = SignedRequest {
        method,
        path: &path,
        content_type: "application/json",
        body,
        signature_version: "v2",
    };
    let (status, text) = request.send(sandbox);
    assert_eq!(status, 200, "{route}: {text}");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{route}: {error}: {text}"))
}

/// As [`envelope`], and returns the result as a client decodes it.
#[track_caller]
pub(crate) fn result<T: DeserializeOwned>(sandbox: &Sandbox, route: &str, body: &str) -> T {
    let envelope = envelope(sandbox, route, body);
    assert_eq!((&envelope["code"], &envelope["message"]), (&0.into(), &"SUCCESS".into()), "{route}");
    serde_json::from_value(envelope["result"].clone())
        .unwrap_or_else(|error| panic!("{route}: {error}: {envelope:#}"))
}
