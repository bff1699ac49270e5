//! `config verify` tests the connection step by step. Each fault fails its own step and shows a remedy.

use std::fs;
use std::sync::Arc;

use cdss::sandbox::{Options, Sandbox, Scenario};
use serde_json::Value;

use crate::injector::network::forward;
use crate::injector::proxy::Proxy;
use crate::injector::tls::{Authority, Validity, accept};
use crate::injector::{Injector, Step, http};
use crate::metrics;
use crate::support::{ACCESS_KEY, Home, Run, SECRET_KEY, TestEnv, UPGRADE, check, serve, write_private};

const STEPS: [&str; 10] = [
    "name.resolution",
    "proxy",
    "connection",
    "tls",
    "clock",
    "service.answer",
    "key.accepted",
    "key.permission",
    "region",
    "versions",
];

/// Runs `config verify` with the test key and additional variables.
fn verify(home: &Home, arguments: &str, variables: &[(&str, &str)]) -> Run {
    let line = format!("config verify {arguments}");
    let mut command = home.command(&line);
    command.env("NCLOUD_ACCESS_KEY_ID", ACCESS_KEY).env("NCLOUD_SECRET_ACCESS_KEY", SECRET_KEY);
    command.envs(variables.iter().copied());
    Run::of(command)
}

fn results(document: &Value) -> Vec<(&str, &str)> {
    let checks = document["checks"].as_array().expect("there is a list");
    checks
        .iter()
        .map(|check| (check["id"].as_str().unwrap_or(""), check["result"].as_str().unwrap_or("")))
        .collect()
}

/// Asserts that a step is the first that blocks, in table and JSON, with this remedy. Returns the run.
#[track_caller]
fn assert_first(
    home: &Home,
    arguments: &str,
    variables: &[(&str, &str)],
    step: &str,
    code: i32,
    remedy: &str,
) {
    let json = verify(home, &format!("{arguments} -o json"), variables);
    let document = json.document();
    assert_eq!(json.code, code, "{json:#?}");
    let results = results(&document);
    assert_eq!(results.iter().map(|(id, _)| *id).collect::<Vec<_>>(), STEPS);
    let first = results.iter().find(|(_, result)| *result == "block");
    assert_eq!(first.map(|(id, _)| *id), Some(step), "{document:#}");
    let at = STEPS.iter().position(|id| *id == step).expect("it is a step");
    let check = &document["checks"][at];
    assert!(check["remedy"].as_str().is_some_and(|text| text.contains(remedy)), "{check:#}");
    assert_eq!(document["error"]["hint"], check["remedy"]);
    assert!(
        document["error"]["message"].as_str().is_some_and(|text| text.ends_with(&format!(" [{step}]"))),
        "{document:#}"
    );

    let table = verify(home, arguments, variables);
    table.assert_says(code, &[&format!(" [{step}]\n"), "hint: "]);
    let row = table.stdout.lines().find(|line| line.contains("  block  "));
    assert!(row.is_some_and(|row| row.trim_start().starts_with(step)), "{}", table.stdout);
    assert!(table.stdout.contains(&format!("Fix {step} first: ")), "{}", table.stdout);
    for text in [&table.stdout, &table.stderr, &json.stdout, &json.stderr] {
        assert!(!text.contains(SECRET_KEY) && !text.contains(ACCESS_KEY), "{text}");
    }
}

/// Asserts that only read requests were sent.
#[track_caller]
fn assert_only_reads(sandbox: &Sandbox) {
    let log = sandbox.log();
    let reads = ["getCDSSVersionList", "getClusterInfoList", "unknown"];
    let odd = log.requests.iter().find(|request| !reads.contains(&request.operation.as_str()));
    assert!(odd.is_none(), "{odd:?}");
}

#[test]
fn working_connection_passes_every_step_in_both_formats() {
    let env = TestEnv::new(Scenario::Healthy);
    env.write_profile("");
    let run = env.home.run("config verify --profile prod -o json");
    let document = run.document();
    assert_eq!(run.code, 0, "{run:#?}");
    assert_eq!(results(&document).iter().map(|(id, _)| *id).collect::<Vec<_>>(), STEPS);
    assert!(results(&document).iter().all(|(_, result)| ["pass", "info"].contains(result)), "{document:#}");
    assert_eq!(document["access_key"], "1234");
    let table = env.home.run("config verify --profile prod").stdout;
    for line in [
        "Service       public KR  at http://127.0.0.1:",
        "  CHECK            RESULT  DETAIL",
        "  key.permission   pass    read access OK; 8 of 9 clusters accessible",
        "  versions         pass    4 versions, up to 3.9.0",
        "cdss can use this service. Nothing was changed.",
    ] {
        assert!(table.contains(line), "{line:?} is not in\n{table}");
    }
    assert_only_reads(&env.sandbox);
    assert!(!env.home.state().exists(), "nothing is written");
}

#[test]
fn each_fault_fails_its_own_step_with_a_remedy() {
    let home = Home::empty();
    let authority = Authority::new("cdss test authority");
    let cacert = home.path().join("authority.pem");
    fs::write(&cacert, authority.pem()).expect("the home can be written");
    let mut met = 0;

    // The local resolver rejects a label of more than 63 characters without a query.
    let nowhere = format!("--endpoint https://{}.test", "x".repeat(64));
    assert_first(&home, &nowhere, &[], "name.resolution", 12, "name servers");
    met += 1;

    let refusing = Proxy::start("502 Bad Gateway", 9);
    let url = refusing.url("user:hunter2@");
    assert_first(&home, "--endpoint https://cdss.test", &[("HTTPS_PROXY", &url)], "proxy", 12, "NO_PROXY");
    let login = Proxy::start("407 Proxy Authentication Required", 9);
    let url = login.url("user:hunter2@");
    assert_first(
        &home,
        "--endpoint https://cdss.test",
        &[("HTTPS_PROXY", &url)],
        "proxy",
        12,
        "USER:PASSWORD",
    );
    let closed = [("HTTPS_PROXY", "http://127.0.0.1:9")];
    assert_first(&home, "--endpoint https://cdss.test", &closed, "proxy", 12, "the proxy's address");
    met += 1;

    // A loopback port without a listener.
    assert_first(&home, "--endpoint http://127.0.0.1:9", &[], "connection", 12, "HTTPS_PROXY");

    let sandbox = Arc::new(serve(Options::default()));
    let port = sandbox.port();
    let stranger = Authority::new("Corporate Proxy CA").server("127.0.0.1", Validity::Now);
    let service = Injector::with(move |_| vec![Step::Hang], move |stream| accept(&stranger, stream));
    let arguments = format!("--endpoint https://127.0.0.1:{} --cacert {}", service.port(), cacert.display());
    assert_first(&home, &arguments, &[], "tls", 12, "--cacert FILE");
    let table = verify(&home, &arguments, &[]).stdout;
    assert!(table.contains("issued by `Corporate Proxy CA`"), "{table}");
    met += 1;

    // A firewall that allows the connection but not TLS.
    let cutting = Injector::start(|_| vec![Step::ReadBytes(5), Step::Rst]);
    let arguments = format!("--endpoint https://127.0.0.1:{}", cutting.port());
    assert_first(&home, &arguments, &[], "tls", 12, "TLS 1.2");
    // A proxy that opens the tunnel, with nothing behind it.
    let open = Proxy::start("200 Connected", cutting.port());
    assert_first(
        &home,
        "--endpoint https://cdss.test",
        &[("HTTPS_PROXY", &open.url(""))],
        "tls",
        12,
        "TLS 1.2",
    );

    for (scenario, step, code, remedy) in [
        (Scenario::ServerError, "service.answer", 12, "retry in a few"),
        (Scenario::WrongSignature, "key.accepted", 4, "check the secret key"),
        (Scenario::NoPermission, "key.permission", 4, "attach the policy"),
    ] {
        let env = TestEnv::new(scenario);
        assert_first(&home, &format!("--endpoint {}", env.sandbox.url()), &[], step, code, remedy);
        assert_only_reads(&env.sandbox);
        met += usize::from(step != "service.answer");
    }

    let env = TestEnv::new(Scenario::Healthy);
    let elsewhere = format!("--endpoint {} --region USW", env.sandbox.url());
    assert_first(&home, &elsewhere, &[], "region", 12, "site public has KR, SGN, JPN");
    assert_only_reads(&env.sandbox);
    met += 1;

    let answer = move |request: &str| {
        if request.contains("getCDSSVersionList") && request.contains("x-ncp-iam-access-key") {
            let body = r#"{"code":0,"message":"SUCCESS","requestId":"r","result":{"kafkaVersionList":[]}}"#;
            http("200 OK", "", body).into_bytes()
        } else {
            forward(request, port)
        }
    };
    let service = Injector::start(move |_| vec![Step::Read, Step::Respond(Box::new(answer)), Step::Fin]);
    assert_first(
        &home,
        &format!("--endpoint {}", service.url()),
        &[],
        "versions",
        5,
        "another region than KR",
    );
    assert_only_reads(&sandbox);
    met += 1;

    metrics::record("faults that config verify names first", met, "of 7");
    assert_eq!(met, 7);
}

#[test]
fn correctable_clock_skew_is_a_warning_with_a_remedy() {
    let env = TestEnv::new(Scenario::SkewedClock);
    env.write_profile("");
    let run = env.home.run("config verify --profile prod -o json");
    assert_eq!(run.code, 0, "{run:#?}");
    let document = run.document();
    assert!(document["error"].is_null(), "{document:#}");
    let unusual: Vec<_> =
        results(&document).into_iter().filter(|(_, result)| !["pass", "info"].contains(result)).collect();
    assert_eq!(unusual, [("clock", "warn")], "{document:#}");
    let clock = check(&document, "clock");
    assert!(
        clock["remedy"].as_str().is_some_and(|text| text.contains("set this machine's clock")),
        "{clock:#}"
    );
    let table = env.home.run("config verify --profile prod");
    assert_eq!(table.code, 0, "{table:#?}");
    for text in
        ["  clock            warn    ", "cdss signs with the service's time", "set this machine's clock"]
    {
        assert!(table.stdout.contains(text), "{text:?} is not in\n{}", table.stdout);
    }
    assert!(table.stdout.contains("cdss can use this service."), "{}", table.stdout);
    env.home.run(&format!("{UPGRADE} --yes --profile prod")).assert_says(0, &["this machine's clock is at"]);
}

#[test]
fn clock_skew_does_not_hide_a_rejected_key() {
    let env = TestEnv::new(Scenario::SkewedClock);
    env.sandbox.accept_key(ACCESS_KEY, "another-secret");
    env.write_profile("");
    let run = env.home.run("config verify --profile prod -o json");
    let document = run.document();
    assert_eq!((run.code, &document["error"]["kind"]), (4, &serde_json::json!("auth")), "{run:#?}");
    assert_eq!(check(&document, "clock")["result"], "warn");
    assert_eq!(check(&document, "key.accepted")["result"], "block");
    assert_eq!(check(&document, "key.permission")["result"], "skipped");
    assert_only_reads(&env.sandbox);
}

#[test]
fn first_request_has_no_key_and_tls_and_proxy_are_reported() {
    let authority = Authority::new("cdss test authority");
    let sandbox = Arc::new(serve(Options::default()));
    let port = sandbox.port();
    let config = authority.server("cdss.test", Validity::Now);
    let script = move |_| {
        let answer = Box::new(move |request: &str| forward(request, port));
        vec![Step::Read, Step::Respond(answer), Step::Fin]
    };
    let service = Injector::with(script, move |stream| accept(&config, stream));
    let proxy = Proxy::start("200 Connected", service.port());
    let home = Home::empty();
    let cacert = home.path().join("authority.pem");
    fs::write(&cacert, authority.pem()).expect("the home can be written");
    let arguments = format!("--endpoint https://cdss.test --cacert {}", cacert.display());
    let run = verify(&home, &arguments, &[("HTTPS_PROXY", &proxy.url("user:hunter2@"))]);
    assert_eq!(run.code, 0, "{run:#?}");
    let rows = [
        format!("  proxy            pass    {}\n", proxy.url("")),
        "  connection       pass    through the proxy\n".to_owned(),
        "  tls              pass    certificate issued by `cdss test authority`\n".to_owned(),
    ];
    for row in rows {
        assert!(run.stdout.contains(&row), "{row:?} is not in\n{}", run.stdout);
    }
    assert!(!run.stdout.contains("hunter2"), "{}", run.stdout);
    let requests = service.seen().requests;
    assert!(!requests[0].contains("x-ncp-"), "{}", requests[0]);
    assert!(requests[1..].iter().all(|request| request.contains("x-ncp-apigw-signature-v2")));
}

#[test]
fn missing_key_fails_its_step_and_the_connection_is_tested() {
    let env = TestEnv::new(Scenario::Healthy);
    let line = format!("config verify --endpoint {}", env.sandbox.url());
    let run = env.home.run(&format!("{line} -o json"));
    let document = run.document();
    assert_eq!((run.code, &document["error"]["kind"]), (4, &serde_json::json!("auth")));
    assert_eq!(results(&document)[6], ("key.accepted", "block"));
    assert_eq!(results(&document)[5], ("service.answer", "pass"));
    env.home.run(&line).assert_says(4, &["error: no credentials found", "hint: set both"]);
    let text =
        format!("[profiles.prod]\ncredential_process = \"false\"\nendpoint = \"{}\"\n", env.sandbox.url());
    write_private(&env.home.profiles(), &text);
    env.home
        .run("config verify --profile prod")
        .assert_says(4, &["error: credential_process `false` of profile prod in "]);
    assert_eq!(env.log().count("getClusterInfoList"), 0, "nothing is asked with a key that isn't there");
}

#[test]
fn connection_errors_hint_at_config_verify() {
    let home = Home::empty();
    let stranger = Authority::new("a stranger").server("127.0.0.1", Validity::Now);
    let untrusted = Injector::with(|_| vec![Step::Hang], move |stream| accept(&stranger, stream));
    let cutting = Injector::start(|_| vec![Step::ReadBytes(5), Step::Rst]);
    let hanging_up = Injector::start(|_| vec![Step::Read, Step::Fin]);
    let [refusing, login] =
        ["502 Bad Gateway", "407 Proxy Authentication Required"].map(|status| Proxy::start(status, 9));
    for (what, endpoint, proxy) in [
        ("a closed port", "http://127.0.0.1:9".to_owned(), None),
        ("no such host", format!("https://{}.test", "x".repeat(64)), None),
        ("an untrusted certificate", format!("https://127.0.0.1:{}", untrusted.port()), None),
        ("no TLS", format!("https://127.0.0.1:{}", cutting.port()), None),
        ("no answer", hanging_up.url(), None),
        ("a proxy that refuses", "https://cdss.test".to_owned(), Some(refusing.url(""))),
        ("a proxy that wants a login", "https://cdss.test".to_owned(), Some(login.url(""))),
    ] {
        let line = format!("list versions --endpoint {endpoint}");
        let mut command = home.command(&line);
        command.env("NCLOUD_ACCESS_KEY_ID", ACCESS_KEY).env("NCLOUD_SECRET_ACCESS_KEY", SECRET_KEY);
        command.envs(proxy.map(|proxy| ("HTTPS_PROXY", proxy)));
        let run = Run::of(command);
        assert_eq!(run.code, 12, "{what}: {}", run.stderr);
        assert!(
            run.stderr.contains(&format!(
                "; to test each connection step, run `cdss config verify --endpoint {endpoint}`"
            )),
            "{what}: {}",
            run.stderr
        );
    }
}

#[test]
fn invalid_proxy_variable_is_reported() {
    let env = TestEnv::new(Scenario::Healthy);
    env.write_profile("");
    for (value, is_reported) in
        [("proxy.corp:notaport", true), ("proxy.corp:3128", false), ("socks5://127.0.0.1:9", false)]
    {
        let mut command = env.home.command("config show --endpoint https://cdss.test");
        command.env("HTTPS_PROXY", value);
        let run = Run::of(command);
        let reported =
            run.stderr.contains("warning: HTTPS_PROXY is not a valid proxy address, so no proxy is used");
        assert_eq!(reported, is_reported, "{value}: {}", run.stderr);
    }
}
