//! TLS and proxies: which certificates the binary trusts, and what others can see.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use cdss::sandbox::{Options, Sandbox};

use crate::injector::network::forward;
use crate::injector::proxy::Proxy;
use crate::injector::tls::{Authority, Validity, accept, self_signed};
use crate::injector::{Injector, Step};
use crate::metrics;
use crate::support::{
    ACCESS_KEY, Home, Run, SECRET_KEY, UPGRADE, mkfifo, point_to_sandbox, serve, write_private,
};

const AUTHORITY: &str = "cdss test authority";

/// A service behind TLS.
struct Service {
    sandbox: Arc<Sandbox>,
    injector: Injector,
}

impl Service {
    fn new(config: Arc<rustls::ServerConfig>) -> Self {
        Self::refusing_starts(config, 0)
    }

    /// Aborts this many handshakes of the connections that would send a start.
    fn refusing_starts(config: Arc<rustls::ServerConfig>, times: usize) -> Self {
        let sandbox = Arc::new(serve(Options::default()));
        let port = sandbox.port();
        let script = move |_| {
            let answer = Box::new(move |request: &str| forward(request, port));
            vec![Step::Read, Step::Respond(answer), Step::Fin]
        };
        let (service, cut) = (Arc::clone(&sandbox), AtomicUsize::new(0));
        let injector = Injector::with(script, move |stream| {
            // The second pre-check is the last read before the start, and every request has its own connection.
            let starts =
                service.log().count("rollingUpgradePreCheck") == 2 && service.log().starts_requested() == 0;
            if starts && cut.fetch_add(1, Ordering::SeqCst) < times {
                return Err(std::io::ErrorKind::ConnectionAborted.into());
            }
            accept(&config, stream)
        });
        Self { sandbox, injector }
    }

    fn url(&self) -> String {
        format!("https://127.0.0.1:{}", self.injector.port())
    }
}

/// Writes the authority's certificate to a file for `--cacert`.
fn certificate(home: &Home, authority: &Authority) -> PathBuf {
    let path = home.path().join("authority.pem");
    fs::write(&path, authority.pem()).expect("the home can be written");
    path
}

fn run(home: &Home, line: &str, variables: &[(&str, &str)]) -> Run {
    let mut command = home.command(line);
    command
        .env("NCLOUD_ACCESS_KEY_ID", ACCESS_KEY)
        .env("NCLOUD_SECRET_ACCESS_KEY", SECRET_KEY)
        .env("CDSS_POLL", "1s")
        .envs(variables.iter().copied());
    Run::of(command)
}

#[test]
fn untrusted_certificate_is_refused_without_retry() {
    let (known, unknown) = (Authority::new(AUTHORITY), Authority::new("Corporate Proxy CA"));
    let home = Home::empty();
    let cacert = certificate(&home, &known);
    let mut refused = 0;
    for (what, config, texts) in [
        (
            "an unknown authority",
            unknown.server("127.0.0.1", Validity::Now),
            [
                "UnknownIssuer",
                "issued by `Corporate Proxy CA`",
                "hint: pass the issuer's CA certificate with --cacert FILE",
                "--cacert FILE",
            ],
        ),
        (
            "signed by itself",
            self_signed("127.0.0.1"),
            [
                "is not trusted",
                "issued by `made by itself`",
                "hint: pass the issuer's CA certificate with --cacert FILE",
                "--cacert FILE",
            ],
        ),
        (
            "expired",
            known.server("127.0.0.1", Validity::Expired),
            ["expired", "issued by `cdss test authority`", "hint: check this machine's clock", "renewed"],
        ),
        (
            "not valid yet",
            known.server("127.0.0.1", Validity::NotYet),
            [
                "not valid yet",
                "issued by `cdss test authority`",
                "hint: check this machine's clock",
                "renewed",
            ],
        ),
        (
            "another host's",
            known.server("other.test", Validity::Now),
            ["not valid for", "issued by `cdss test authority`", "hint: check --endpoint", "proxy"],
        ),
    ] {
        let service = Service::new(config);
        let line = format!("{UPGRADE} --yes --endpoint {} --cacert {}", service.url(), cacert.display());
        let run = run(&home, &line, &[]);
        run.assert_says(12, &["the certificate of https://127.0.0.1:", "cdss changed nothing."])
            .assert_says(12, &texts);
        // The first reads are sent concurrently, and none of them is retried.
        let seen = service.injector.seen();
        assert!(seen.requests.is_empty() && seen.connections <= 2, "{what}: {seen:?}");
        assert!(service.sandbox.log().requests.is_empty(), "{what}");
        refused += 1;
    }
    // A server that supports at most TLS 1.1 responds with the alert protocol_version.
    let old =
        Injector::start(|_| vec![Step::ReadBytes(5), Step::Send(vec![0x15, 3, 2, 0, 2, 2, 70]), Step::Hang]);
    let line =
        format!("list versions --endpoint https://127.0.0.1:{} --cacert {}", old.port(), cacert.display());
    run(&home, &line, &[]).assert_says(12, &["can't connect to https://127.0.0.1:", "ProtocolVersion"]);
    metrics::record("untrustworthy certificates refused", refused + 1, "of 6");
}

#[test]
fn custom_ca_is_trusted_only_when_configured() {
    let authority = Authority::new(AUTHORITY);
    let home = Home::empty();
    let path = certificate(&home, &authority);
    let path = path.to_str().expect("it is text");
    let service = Service::new(authority.server("127.0.0.1", Validity::Now));
    let line = format!("list versions --endpoint {}", service.url());
    assert_eq!(run(&home, &format!("{line} --cacert {path}"), &[]).code, 0);
    let log = home.path().join("keys.log");
    let log = log.to_str().expect("it is text");
    let variables = [("SSL_CERT_FILE", path), ("SSLKEYLOGFILE", log)];
    assert_eq!(run(&home, &line, &variables).code, 0);
    assert!(!fs::exists(log).expect("it can be looked for"), "no key of a connection is written down");
    let text = format!(
        "[profiles.prod]\naccess_key = \"{ACCESS_KEY}\"\nsecret_key = \"{SECRET_KEY}\"\nendpoint = \"{}\"\ncacert = \"{path}\"\n",
        service.url()
    );
    write_private(&home.profiles(), &text);
    let listed = run(&home, "list versions --profile prod", &[]);
    assert_eq!(listed.code, 0, "{}", listed.stderr);
    run(&home, &format!("{line} --cacert {path}.none"), &[])
        .assert_says(2, &["authority.pem.none: No such file"]);
    run(&home, &format!("{line} --insecure"), &[]).assert_says(2, &["unexpected argument '--insecure'"]);
}

#[test]
fn process_substitution_works_as_a_ca_file() {
    let authority = Authority::new(AUTHORITY);
    let home = Home::empty();
    let path = certificate(&home, &authority);
    let service = Service::new(authority.server("127.0.0.1", Validity::Now));
    // Two requests on separate connections: the pipe can be read only once.
    let script = format!(
        "\"$1\" {UPGRADE} --yes --no-wait --endpoint {} --cacert <(cat {})",
        service.url(),
        path.display()
    );
    let mut command = home.program("bash");
    command.args(["-c", &script, "bash", env!("CARGO_BIN_EXE_cdss")]);
    point_to_sandbox(&mut command, &service.url(), ACCESS_KEY, SECRET_KEY);
    let run = Run::of(command);
    assert_eq!(run.code, 0, "{run:#?}");
}

#[test]
fn invalid_ca_file_is_refused_before_any_request() {
    let authority = Authority::new(AUTHORITY);
    let service = Service::new(authority.server("127.0.0.1", Validity::Now));
    let home = Home::empty();
    let [large, pipe] = ["large", "pipe"].map(|name| home.path().join(name));
    let file = fs::File::create(&large).expect("the home can be written");
    file.set_len(11 * 1024 * 1024).expect("it can grow");
    mkfifo(&pipe);
    let (large, pipe) = (large.display().to_string(), pipe.display().to_string());
    let cases = [
        ("/dev/zero", "/dev/zero: not a regular file or pipe"),
        ("/dev/tty", "/dev/tty: not a regular file or pipe"),
        ("/", "/: is a directory"),
        ("/no/such/file", "/no/such/file: No such file"),
        (&*large, "larger than 10 MiB"),
    ];
    let silent = || {
        let line = format!("{UPGRADE} --endpoint {} --cacert {pipe}", service.url());
        run(&home, &line, &[]).assert_says(2, &["cacert: ", &pipe, "timed out after 5s"]);
    };
    let refused = |(path, reason): &(&str, &str)| {
        for line in [UPGRADE, "config verify"] {
            let line = format!("{line} --endpoint {}", service.url());
            run(&home, &format!("{line} --cacert {path}"), &[]).assert_says(2, &["cacert: ", reason]);
            let named = run(&home, &line, &[("SSL_CERT_FILE", path)]);
            named.assert_says(2, &["SSL_CERT_FILE: ", reason, "hint: correct SSL_CERT_FILE"]);
        }
    };
    std::thread::scope(|scope| {
        scope.spawn(silent);
        cases.iter().for_each(refused);
    });
    assert_eq!(service.injector.seen().connections, 0);
}

#[test]
fn proxy_sees_the_host_but_no_key_or_signature() {
    let authority = Authority::new(AUTHORITY);
    let home = Home::empty();
    let cacert = certificate(&home, &authority);
    let service = Service::new(authority.server("cdss.test", Validity::Now));
    let proxy = Proxy::start("200 Connected", service.injector.port());
    let line = format!("list versions -vvv --endpoint https://cdss.test --cacert {}", cacert.display());
    let url = proxy.url("user:hunter2@");
    let through = run(&home, &line, &[("HTTPS_PROXY", &url)]);
    assert_eq!(through.code, 0, "{}", through.stderr);
    let seen = proxy.seen();
    assert!(seen.heads[0].starts_with("CONNECT cdss.test:443 HTTP/1.1\r\n"), "{:?}", seen.heads);
    assert!(
        seen.heads[0].to_lowercase().contains("proxy-authorization: basic dxnlcjpodw50zxiy"),
        "{:?}",
        seen.heads
    );
    let sent = String::from_utf8_lossy(&seen.sent).to_lowercase();
    assert!(!sent.is_empty() && !sent.contains("x-ncp") && !sent.contains(&ACCESS_KEY.to_lowercase()));
    for text in [&through.stdout, &through.stderr] {
        assert!(!text.contains("hunter2"), "{text}");
    }
    assert!(service.sandbox.log().requests.iter().all(|request| request.status == 200));
}

#[test]
fn refusing_proxy_is_named_without_its_password() {
    std::thread::scope(|scope| {
        for (status, text) in
            [("407 Proxy Authentication Required", "proxy authoriz"), ("502 Bad Gateway", "tunnel"), ("", "")]
        {
            scope.spawn(move || {
                let home = Home::empty();
                let proxy = Proxy::start(status, 9);
                let url = proxy.url("user:hunter2@");
                let run =
                    run(&home, "list versions --endpoint https://cdss.test -vvv", &[("HTTPS_PROXY", &url)]);
                let named =
                    format!("can't connect to https://cdss.test:443 through proxy {}: ", proxy.url(""));
                let login = status.starts_with("407");
                let hint = if login {
                    "hint: set the proxy to http://USER:"
                } else {
                    "hint: make sure that the network and the proxy"
                };
                run.assert_says(12, &[&named, hint]);
                assert!(!login || proxy.seen().heads.len() == 1, "one try: four could lock an account");
                assert!(run.stderr.to_lowercase().contains(text), "{status}: {}", run.stderr);
                assert!(!run.stderr.contains("hunter2"), "{}", run.stderr);
                assert!(!proxy.seen().heads.is_empty());
            });
        }
        for exempt in ["cdss.test", ".test", "test", "*", "other.test,cdss.test"] {
            scope.spawn(move || {
                let home = Home::empty();
                let proxy = Proxy::start("502 Bad Gateway", 9);
                let variables = [("HTTPS_PROXY", proxy.url("")), ("NO_PROXY", exempt.to_owned())];
                let variables = [0, 1].map(|at| (variables[at].0, variables[at].1.as_str()));
                let run = run(&home, "list versions --endpoint https://cdss.test", &variables);
                run.assert_says(12, &["can't connect to https://cdss.test:443: "]);
                assert!(proxy.seen().heads.is_empty(), "{exempt}: nobody asks the proxy");
            });
        }
    });
    let socks = [("HTTPS_PROXY", "socks5://127.0.0.1:9")];
    run(&Home::empty(), "list versions --endpoint https://cdss.test", &socks)
        .assert_says(2, &["unsupported proxy scheme `socks5`; use http or https"]);
}

#[test]
fn unsent_start_is_retried_at_most_four_times() {
    let authority = Authority::new(AUTHORITY);
    for (times, code, submitted, accepted) in [(1, 0, "yes", 1), (3, 0, "yes", 1), (usize::MAX, 12, "no", 0)]
    {
        let home = Home::empty();
        let cacert = certificate(&home, &authority);
        let service = Service::refusing_starts(authority.server("127.0.0.1", Validity::Now), times);
        let line = format!(
            "{UPGRADE} --yes --poll 10ms --endpoint {} --cacert {} -o json",
            service.url(),
            cacert.display()
        );
        let run = run(&home, &line, &[]);
        assert_eq!(run.code, code, "{times}: {run:#?}");
        assert_eq!(run.document()["submitted"], submitted, "{times}");
        assert_eq!(service.sandbox.log().starts_accepted(), accepted, "{times}");
    }
}
