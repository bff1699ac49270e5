//! Searches all output and the process list for the key, in every encoding, and for every signature made with it.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use cdss::sandbox::{Options, Pace, Sandbox, Scenario};
use memchr::memmem;

use crate::injector::network::{Fault, steps};
use crate::injector::relay::Relay;
use crate::injector::tls::{Authority, Validity, accept};
use crate::injector::{Injector, Step, header, http};
use crate::metrics;
use crate::pty::Terminal;
use crate::support::{Home, Run, Running, UPGRADE, side_by_side, write_private};

const ACCESS: &str = "CANARYACCESS00KEY7Q2F";
/// Contains every character that one of the encodings changes.
const SECRET: &str = "canary/Secret+key=that&must%never~be_seen-9f3c";

/// A part of the secret with this length must not appear.
const PART: usize = 16;

/// All patterns that reveal a text: plain, base64 at each of its three offsets, hexadecimal, and URL encoded.
fn forms(text: &str) -> BTreeSet<String> {
    let bytes = text.as_bytes();
    let mut forms = BTreeSet::from([text.to_owned()]);
    for skipped in 0..3 {
        let whole = &bytes[skipped..skipped + (bytes.len() - skipped) / 3 * 3];
        forms.extend([STANDARD.encode(whole), URL_SAFE.encode(whole)]);
    }
    forms.extend([hexadecimal(text).to_uppercase(), hexadecimal(text)]);
    let quoted = |is_plain: fn(u8) -> bool| {
        bytes.iter().fold(String::new(), |mut text, byte| {
            if is_plain(*byte) {
                text.push(char::from(*byte));
            } else {
                let _infallible = write!(text, "%{byte:02X}");
            }
            text
        })
    };
    let strict = quoted(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte));
    let loose = quoted(|byte| byte.is_ascii_graphic() && !b"%&=+".contains(&byte));
    forms.extend([strict.to_lowercase(), strict, loose, text.replace('/', "\\/")]);
    forms
        .extend(ENCODINGS.iter().filter(|(name, _)| *name != "in two parts").map(|(_, encode)| encode(text)));
    // A part of the secret reveals too much as well.
    forms.extend(bytes.windows(PART).map(|part| String::from_utf8_lossy(part).into_owned()));
    forms
}

fn hexadecimal(text: &str) -> String {
    text.bytes().fold(String::new(), |mut text, byte| {
        let _infallible = write!(text, "{byte:02x}");
        text
    })
}

/// Searches for the key and for signatures.
#[derive(Default)]
struct Hunt {
    texts: AtomicUsize,
    runs: AtomicUsize,
    signatures: AtomicUsize,
    process_lists: AtomicUsize,
    found: Mutex<Vec<String>>,
}

impl Hunt {
    fn look(&self, what: &str, text: &str, signatures: &[String]) {
        let signatures = signatures.iter().flat_map(|signature| forms(signature)).collect();
        self.look_for(what, text, &signatures);
    }

    /// Searches for the key and for these forms of signatures.
    fn look_for(&self, what: &str, text: &str, signatures: &BTreeSet<String>) {
        static KEY: LazyLock<BTreeSet<String>> = LazyLock::new(|| &forms(SECRET) | &forms(ACCESS));
        self.texts.fetch_add(1, Ordering::Relaxed);
        for form in KEY.iter().chain(signatures) {
            // In a debug build, this is many times as fast as `str::contains`.
            if memmem::find(text.as_bytes(), form.as_bytes()).is_some() {
                self.found.lock().unwrap_or_else(PoisonError::into_inner).push(format!("{what}: {form}"));
            }
        }
    }

    /// Searches everything that a run has left: both streams, and every file in its home except those that contain
    /// the key by design.
    fn look_at(&self, what: &str, run: &Run, home: &Home, signatures: &[String]) {
        self.runs.fetch_add(1, Ordering::Relaxed);
        self.signatures.fetch_add(signatures.len(), Ordering::Relaxed);
        assert!(run.code != 101 && run.code != 134, "{what}: {run:#?}");
        let signatures = signatures.iter().flat_map(|signature| forms(signature)).collect();
        self.look_for(&format!("stdout of {what}"), &run.stdout, &signatures);
        self.look_for(&format!("stderr of {what}"), &run.stderr, &signatures);
        let by_right =
            [home.profiles(), home.path().join(".ncloud/configure"), home.path().join("program.sh")];
        for file in files(home.path()).into_iter().filter(|file| !by_right.contains(file)) {
            let text = fs::read(&file).unwrap_or_default();
            if file == home.path().join("processes") && String::from_utf8_lossy(&text).contains("cdss") {
                self.process_lists.fetch_add(1, Ordering::Relaxed);
            }
            self.look_for(
                &format!("{} of {what}", file.display()),
                &String::from_utf8_lossy(&text),
                &signatures,
            );
        }
    }
}

/// Returns every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let below = |entry: fs::DirEntry| {
        let path = entry.path();
        if path.is_dir() { files(&path) } else { vec![path] }
    };
    entries.flat_map(below).collect()
}

/// The source of a run's key.
#[derive(Debug, Clone, Copy)]
enum Source {
    Environment,
    Profile,
    Program,
    /// `~/.ncloud/configure`
    Vendor,
}

const SOURCES: [Source; 4] = [Source::Environment, Source::Profile, Source::Program, Source::Vendor];

/// Returns cdss in this home, with the key from this source.
fn command(home: &Home, source: Source, url: &str, line: &str) -> Command {
    let mut command = match source {
        Source::Environment => {
            let mut command = home.command(line);
            command.env("NCLOUD_ACCESS_KEY_ID", ACCESS).env("NCLOUD_SECRET_ACCESS_KEY", SECRET);
            command
        }
        Source::Profile => {
            let text = format!("[profiles.canary]\naccess_key = \"{ACCESS}\"\nsecret_key = \"{SECRET}\"\n");
            write_private(&home.profiles(), &text);
            home.command(&format!("{line} --profile canary"))
        }
        Source::Program => {
            // The program writes the command lines of all processes to a file, and prints its key to stderr.
            let script = home.path().join("program.sh");
            let answer = format!(r#"{{"Version":1,"AccessKeyId":"{ACCESS}","SecretAccessKey":"{SECRET}"}}"#);
            let script_text =
                format!("cat /proc/[0-9]*/cmdline >processes 2>/dev/null\nset -x\necho '{answer}'\n");
            fs::write(&script, script_text).expect("the home can be written");
            let text = format!("[profiles.canary]\ncredential_process = \"sh {}\"\n", script.display());
            write_private(&home.profiles(), &text);
            home.command(&format!("{line} --profile canary"))
        }
        Source::Vendor => {
            let text =
                format!("[canary]\nncloud_access_key_id = {ACCESS}\nncloud_secret_access_key = {SECRET}\n");
            write_private(&home.path().join(".ncloud/configure"), &text);
            home.command(&format!("{line} --profile canary"))
        }
    };
    command.arg("--endpoint").arg(url).env("CDSS_POLL", "10ms").env("RUST_BACKTRACE", "full");
    command
}

fn serve(scenario: Scenario) -> Sandbox {
    let options = Options {
        scenario,
        access_key: ACCESS.to_owned(),
        secret_key: SECRET.to_owned(),
        pace: Pace::Polls,
        response_delay: Duration::from_millis(1),
        ..Options::default()
    };
    Sandbox::start(options).expect("loopback has a port")
}

const COMMANDS: [&str; 22] = [
    "upgrade --cluster orders-prod --version 3.9.0 --yes",
    "upgrade --cluster orders-prod --version 3.9.0 --dry-run",
    "upgrade --cluster orders-prod --version 3.9.0",
    "upgrade --cluster nobody --version 3.9.0 --yes",
    "check --cluster orders-prod --version 3.9.0",
    "check --cluster orders-prod",
    "status --cluster orders-prod",
    "status --cluster orders-prod --version 3.9.0 --watch",
    "list clusters",
    "list versions",
    "list config-groups",
    "config-group diff orders-371 orders-390",
    "config-group copy orders-371 --version 3.9.0 --name canary-390 --yes",
    "config show",
    "config list",
    "config verify",
    "config set region JPN",
    "config set secret_key",
    "config remove poll --yes",
    "config init",
    "history",
    "sandbox --list",
];

#[test]
fn search_finds_the_key_in_every_encoding() {
    let mut texts = vec![
        format!("error: {SECRET}!"),
        hexadecimal(SECRET).to_uppercase(),
        serde_json::json!(SECRET).to_string().replace('/', "\\/"),
    ];
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.~".contains(c);
    let in_an_address =
        SECRET.chars().map(|c| if is_plain(c) { c.to_string() } else { format!("%{:02X}", u32::from(c)) });
    texts.push(in_an_address.collect());
    for before in ["", "a", "ab", "abc"] {
        texts.push(STANDARD.encode(format!("{before}{SECRET} and more")));
    }
    for text in texts {
        let hunt = Hunt::default();
        hunt.look("a text", &text, &[]);
        assert!(!hunt.found.into_inner().expect("nobody panicked").is_empty(), "{text}");
    }
}

#[test]
fn no_command_leaks_the_key_at_any_verbosity() {
    let hunt = Hunt::default();
    every_command(&hunt);
    every_way_in(&hunt);
    every_scenario(&hunt);
    every_fault(&hunt);
    let found = hunt.found.into_inner().expect("nobody panicked");
    assert!(found.is_empty(), "{found:#?}");
    let [runs, texts, signatures, lists] =
        [hunt.runs, hunt.texts, hunt.signatures, hunt.process_lists].map(AtomicUsize::into_inner);
    assert!(runs > 200 && signatures > 1_000, "{runs} {signatures}");
    assert!(lists > 20 || cfg!(not(target_os = "linux")), "{lists}");
    metrics::record(
        "places where the key or a signature came out",
        0,
        &format!("of {texts} texts of {runs} runs"),
    );
    metrics::record("process lists that were searched for the key", lists, &format!("of {runs} runs"));
}

fn every_command(hunt: &Hunt) {
    let sandbox = serve(Scenario::Healthy);
    let cases: Vec<(usize, &str)> = COMMANDS.into_iter().enumerate().collect();
    side_by_side(&cases, |(at, line)| {
        for (turn, verbosity) in ["", " -v", " -vv", " -vvv"].into_iter().enumerate() {
            for format in ["table", "json"] {
                let home = Home::empty();
                let relay = Relay::start(sandbox.port());
                let line = format!("{line}{verbosity} -o {format}");
                let source = SOURCES[(at + turn) % SOURCES.len()];
                let run = Run::of(command(&home, source, &relay.url(), &line));
                hunt.look_at(&format!("{line} ({source:?})"), &run, &home, &relay.signatures());
            }
        }
    });
}

/// Commands that receive the secret as input.
fn every_way_in(hunt: &Hunt) {
    for format in ["table", "json"] {
        let (home, line) =
            (Home::empty(), format!("config set secret_key --stdin --profile canary -vvv -o {format}"));
        let given = home.path().join("given");
        fs::write(&given, format!("{SECRET}\n")).expect("the home can be written");
        let mut command = home.command(&line);
        command.stdin(Stdio::from(fs::File::open(&given).expect("it was written")));
        let run = Run::of(command);
        assert_eq!(run.code, 0, "{run:#?}");
        fs::remove_file(&given).expect("it is there");
        hunt.look_at(&line, &run, &home, &[]);
        assert!(fs::read_to_string(home.profiles()).expect("it was made").contains(SECRET));
    }
    let home = Home::empty();
    let mut shell = home.program("sh");
    shell.env("TERM", "xterm");
    let mut terminal = Terminal::with(shell, &[env!("CARGO_BIN_EXE_cdss"), "config", "init", "-vvv"]);
    terminal.answer_to("Site (public, gov, or fin) [public]: ", "");
    terminal.answer_to("Region (KR, SGN, JPN) [KR]: ", "");
    terminal.expect("Access key ID: ");
    // The access key is echoed as it is typed; the secret must not be.
    terminal.press(&format!("{}\r", &ACCESS[..8]));
    terminal.answer_to("Secret key: ", SECRET);
    let mut shown = terminal.expect("profile default: created in ");
    let (code, rest) = terminal.end();
    shown.push_str(&rest);
    hunt.look("the screen of config init", &shown, &[]);
    assert_eq!(code, 0, "{shown}");
}

fn every_scenario(hunt: &Hunt) {
    let cases: Vec<(usize, Scenario)> = Scenario::ALL.iter().copied().enumerate().collect();
    side_by_side(&cases, |(at, scenario)| {
        for (turn, more) in ["-vvv", "-vvv -o json"].into_iter().enumerate() {
            let (home, sandbox) = (Home::empty(), serve(*scenario));
            let relay = Relay::start(sandbox.port());
            let line = format!("{UPGRADE} --yes --timeout 300ms {more}");
            let source = SOURCES[(at + turn) % SOURCES.len()];
            let run = Run::of(command(&home, source, &relay.url(), &line));
            hunt.look_at(&format!("{line} in {scenario}"), &run, &home, &relay.signatures());
            for line in
                ["config verify", "config-group copy orders-371 --version 3.9.0 --name canary-390 --yes"]
            {
                let line = format!("{line} {more}");
                let run = Run::of(command(&home, source, &relay.url(), &line));
                hunt.look_at(&format!("{line} in {scenario}"), &run, &home, &relay.signatures());
            }
        }
    });
}

type Encode = fn(&str) -> String;

/// How a gateway encodes a text that it repeats.
const ENCODINGS: [(&str, Encode); 14] = [
    ("as it is", str::to_owned),
    ("percent-encoded", |text| percent_encoded(text, |c| !c.is_ascii_alphanumeric(), true)),
    ("percent-encoded in lower case", |text| percent_encoded(text, |c| !c.is_ascii_alphanumeric(), false)),
    ("partly percent-encoded", |text| percent_encoded(text, |c| c == '+', true)),
    ("percent-encoded twice", |text| {
        percent_encoded(text, |c| !c.is_ascii_alphanumeric(), true).replace('%', "%25")
    }),
    ("named HTML entities", |text| {
        text.replace('+', "&plus;").replace('/', "&sol;").replace('=', "&equals;")
    }),
    ("decimal HTML entities", |text| each(text, |c| format!("&#{};", u32::from(c)))),
    ("hexadecimal HTML entities", |text| each(text, |c| format!("&#x{:x};", u32::from(c)))),
    ("hexadecimal", hexadecimal),
    ("hexadecimal in upper case", |text| hexadecimal(text).to_uppercase()),
    ("base64url", |text| text.replace('+', "-").replace('/', "_")),
    ("without padding", |text| text.trim_end_matches('=').to_owned()),
    ("JSON escapes", |text| each(text, |c| format!("\\u{:04x}", u32::from(c)))),
    ("in two parts", |text| format!("{}...{}", &text[..text.len() - 5], &text[5..])),
];

fn each(text: &str, encode: fn(char) -> String) -> String {
    text.chars().map(encode).collect()
}

fn percent_encoded(text: &str, encode: fn(char) -> bool, upper: bool) -> String {
    let one = |c: char| match (encode(c), upper) {
        (false, _) => c.to_string(),
        (true, true) => format!("%{:02X}", u32::from(c)),
        (true, false) => format!("%{:02x}", u32::from(c)),
    };
    text.chars().map(one).collect()
}

/// A gateway that refuses and repeats everything it received in its message and headers.
fn parrot(status: &'static str, encode: Encode) -> Injector {
    Injector::start(move |_| {
        let repeat = move |request: &str| {
            let printed = ["x-ncp-apigw-signature-v2", "x-ncp-iam-access-key", "x-ncp-apigw-timestamp"]
                .map(|name| encode(&header(request, name).unwrap_or_default()))
                .join(" ");
            let body = serde_json::json!({ "error": { "errorCode": "200", "message": printed, "details": printed } });
            let more = format!("x-ncp-apigw-error-message: {printed}\r\nx-ncp-request-id: {printed}\r\n");
            // JSON can escape the same text in several ways.
            let body = body.to_string().replace('/', "\\/").replace('=', "\\u003d");
            http(status, &more, &body).into_bytes()
        };
        vec![Step::Read, Step::Respond(Box::new(repeat)), Step::Fin]
    })
}

fn every_fault(hunt: &Hunt) {
    let stranger = Authority::new("a stranger").server("127.0.0.1", Validity::Now);
    let delivered = true;
    let faults = [
        Fault::Cut { delivered },
        Fault::Reset { delivered },
        Fault::Half,
        Fault::Garbage { delivered },
        Fault::Page { status: 502, delivered },
        Fault::Gateway { status: 401, code: 200, delivered },
        Fault::Gateway { status: 429, code: 400, delivered },
        Fault::Redirect { status: 307, delivered },
        Fault::Empty,
        Fault::Refusal { status: 200, delivered },
    ];
    let sandbox = serve(Scenario::Healthy);
    let port = sandbox.port();
    let mut services: Vec<(String, Injector, String)> = faults
        .into_iter()
        .map(|fault| {
            let follow = move |request: &str| steps(fault, request, port);
            let service = Injector::start(move |_| vec![Step::Read, Step::Then(Box::new(follow))]);
            let url = service.url();
            (format!("{fault:?}"), service, url)
        })
        .collect();
    for status in ["401 Unauthorized", "403 Forbidden", "500 Internal", "400 Bad Request"] {
        let service = parrot(status, str::to_owned);
        let url = service.url();
        services.push((format!("a parrot with {status}"), service, url));
    }
    for (name, encode) in ENCODINGS {
        let service = parrot("401 Unauthorized", encode);
        let url = service.url();
        services.push((format!("a parrot, {name}"), service, url));
    }
    let service = Injector::with(|_| vec![Step::Hang], move |stream| accept(&stranger, stream));
    let url = format!("https://127.0.0.1:{}", service.port());
    services.push(("a stranger's certificate".to_owned(), service, url));
    side_by_side(&services, |(what, service, url)| {
        for line in [
            "list versions -vvv",
            "check --cluster no:1009123 --version 3.9.0 -vvv -o json",
            "config verify -vvv",
        ] {
            let home = Home::empty();
            let run = Run::of(command(&home, Source::Environment, url, line));
            let requests = service.seen().requests;
            let signatures: Vec<String> =
                requests.iter().filter_map(|request| header(request, "x-ncp-apigw-signature-v2")).collect();
            assert!(run.code != 0 || line.contains("config"), "{what}: {run:#?}");
            hunt.look_at(&format!("{line} at {what}"), &run, &home, &signatures);
        }
    });
}

#[test]
fn stack_overflow_leaks_no_key_and_leaves_no_core() {
    let (hunt, sandbox) = (Hunt::default(), serve(Scenario::Healthy));
    let relay = Relay::start(sandbox.port());
    let (mut crashed, mut went_well) = (0, 0);
    // From too little to enough, in KiB. With less, the program does not even load.
    for limit in [48, 64, 96, 128, 160, 192, 256, 8192] {
        let home = Home::empty();
        let inner = command(&home, Source::Environment, &relay.url(), "list clusters -vvv -o json");
        let crash = below(&home, &format!("ulimit -c unlimited; ulimit -s {limit}"), &inner);
        let run = Run::of(crash);
        hunt.look("a crash", &(run.stdout + &run.stderr), &relay.signatures());
        assert!(!run.has_core, "{limit}");
        crashed += usize::from(run.code < 0);
        went_well += usize::from(run.code == 0);
    }
    let found = hunt.found.into_inner().expect("nobody panicked");
    assert!(found.is_empty(), "{found:#?}");
    assert!(crashed > 0 && went_well > 0, "{crashed} crashed, {went_well} went well");
}

/// Returns a command as started by a shell after setting limits.
fn below(home: &Home, limits: &str, inner: &Command) -> Command {
    let mut command = home.program("sh");
    command.args(["-c", &format!("{limits}; exec \"$@\""), "sh"]);
    command.arg(inner.get_program()).args(inner.get_args());
    let variables = inner.get_envs().filter_map(|(name, value)| Some((name, value?)));
    command.envs(variables);
    command
}

#[test]
fn process_with_a_key_writes_no_core() {
    const UNLIMITED: &str = "ulimit -c unlimited 2>/dev/null";
    let home = Home::empty();
    let sandbox = serve(Scenario::Stalled);
    let inner = command(&home, Source::Environment, &sandbox.url(), &format!("{UPGRADE} --yes --timeout 1h"));
    let running = Running::start(below(&home, UNLIMITED, &inner));
    sandbox.wait_until(|log| log.count("rollingUpgradeProgressCheck") > 3);
    let limits = fs::read_to_string(format!("/proc/{}/limits", running.id())).expect("it runs still");
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).expect("it has a limit");
    assert_eq!(core.split_whitespace().nth(4), Some("0"), "{core}");
    assert!(!running.crash(), "a core holds the key");

    // A core from another process proves that this machine writes cores at all.
    let fifo = home.path().join("ready");
    crate::support::mkfifo(&fifo);
    let mut plain = Command::new("sh");
    plain.args(["-c", &format!("echo > {}; while :; do :; done", fifo.display())]);
    let running = Running::start(below(&home, UNLIMITED, &plain));
    fs::read(&fifo).expect("it writes");
    let shown = if running.crash() { "yes" } else { "no core is written of anybody here" };
    metrics::record("a process with a key leaves no core where another one does", shown, "");
}
