//! Responses that a correct service never sends, with the real binary.

use std::fs;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use cdss::sandbox::Options;

use crate::injector::mutation::mutated;
use crate::injector::network::forward;
use crate::injector::seeded_rng::{SeededRng, cases};
use crate::injector::{Injector, Step, http};
use crate::metrics;
use crate::support::{
    ACCESS_KEY, Home, Run, SECRET_KEY, point_to_sandbox, raw_characters, serve, side_by_side,
};

/// Every exit code in the README's table.
const CODES: [i32; 14] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 20];

#[test]
fn mutated_responses_exit_with_a_known_code_and_one_json() {
    const LINES: [&str; 7] = [
        "check --cluster orders-prod --version 3.9.0 -o json",
        "check --cluster orders-prod",
        "status --cluster orders-prod -o json",
        "list clusters",
        "list versions -o json",
        "list config-groups -o json",
        "config-group diff orders-371 payments-390 --exit-code -o json",
    ];
    let ends: Mutex<Vec<i32>> = Mutex::default();
    let runs = u64::from(cases(80));
    std::thread::scope(|scope| {
        for part in 0..4_u64 {
            let ends = &ends;
            scope.spawn(move || {
                let sandbox = serve(Options::default());
                let port = sandbox.port();
                for seed in (part..runs).step_by(4) {
                    let injector = Injector::start(move |number| {
                        let answer = move |request: &str| {
                            let mut rng = SeededRng::new(seed ^ ((number as u64) << 20));
                            let answer = forward(request, port);
                            if rng.below(3) == 0 { mutated(&answer, &mut rng) } else { answer }
                        };
                        vec![Step::Read, Step::Respond(Box::new(answer)), Step::Fin]
                    });
                    let line = LINES[usize::try_from(seed).expect("it is small") % LINES.len()];
                    // `end` checks a document against the schema and the exit code.
                    let run = Home::empty().run_at(&injector.url(), line);
                    let details = format!("seed {seed}: {line}: {run:#?}");
                    assert!(CODES.contains(&run.code) && run.code != 1, "{details}");
                    assert!(!run.stderr.contains("panicked"), "{details}");
                    assert!(!run.stdout.contains('\u{1b}') && !run.stderr.contains('\u{1b}'), "{details}");
                    if line.ends_with("json") {
                        let _whole = run.document();
                    }
                    ends.lock().expect("no other thread failed").push(run.code);
                }
            });
        }
    });
    let ends = ends.into_inner().expect("no thread failed");
    assert!(ends.contains(&0) && ends.iter().any(|code| *code != 0), "both kinds came up: {ends:?}");
    metrics::record("runs of the binary on mutated answers", ends.len(), "runs");
}

#[test]
fn mutated_responses_create_at_most_one_reported_group() {
    let ends: Mutex<Vec<(i32, usize)>> = Mutex::default();
    let seeds: Vec<u64> = (0..u64::from(cases(48))).collect();
    side_by_side(&seeds, |seed| {
        let sandbox = serve(Options::default());
        let (port, seed) = (sandbox.port(), *seed);
        let is_asked = Arc::new(AtomicBool::new(false));
        let injector = Injector::start(move |number| {
            let is_asked = Arc::clone(&is_asked);
            let answer = move |request: &str| {
                let mut rng = SeededRng::new(seed ^ ((number as u64) << 20));
                let answer = forward(request, port);
                // With some seeds, only the responses from the create request on are wrong. They are truncated, so that
                // no poll can determine the outcome.
                is_asked.fetch_or(request.contains("createConfigGroup"), Ordering::Relaxed);
                match seed % 8 {
                    0 if is_asked.load(Ordering::Relaxed) => answer[..answer.len() / 2].to_vec(),
                    1.. if rng.below(4) == 0 => mutated(&answer, &mut rng),
                    _ => answer,
                }
            };
            vec![Step::Read, Step::Respond(Box::new(answer)), Step::Fin]
        });
        let line = "config-group copy analytics-371 --version 3.9.0 --name copied --yes -o json";
        let run = Home::empty().run_at(&injector.url(), line);
        let log = sandbox.log();
        let made = log
            .requests
            .iter()
            .filter(|one| one.operation == "createConfigGroup" && one.status == 200)
            .count();
        let details = format!("seed {seed}: {made} made: {run:#?}");
        let document = run.document();
        assert!(!run.stderr.contains("panicked") && run.code != 1, "{details}");
        assert!(made <= 1, "{details}");
        assert!(made == 0 || matches!(run.code, 0 | 7 | 9), "{details}");
        assert!(made == 1 || document["created"] != "yes", "{details}");
        assert_eq!(log.starts_requested(), 0);
        ends.lock().expect("no other thread failed").push((run.code, made));
    });
    let ends = ends.into_inner().expect("no thread failed");
    for code in [0, 9] {
        assert!(ends.iter().any(|end| end.0 == code), "{code} came up: {ends:?}");
    }
    metrics::record("copies of a config group on mutated answers", ends.len(), "runs");
}

/// Forwards everything to the sandbox and changes the count in each cluster list.
fn counting(port: u16, change: fn(u64) -> serde_json::Value) -> Injector {
    Injector::start(move |_| {
        let answer = move |request: &str| {
            let answer = forward(request, port);
            if !request.contains("/cluster/getClusterInfoList ") {
                return answer;
            }
            let answer = String::from_utf8(answer).expect("the sandbox speaks UTF-8");
            let (_, body) = answer.split_once("\r\n\r\n").expect("an answer has a head");
            let mut body: serde_json::Value =
                serde_json::from_str(body).expect("the sandbox answers in JSON");
            let count = body["result"]["totalCount"].as_u64().expect("the sandbox counts its clusters");
            body["result"]["totalCount"] = change(count);
            http("200 OK", "", &body.to_string()).into_bytes()
        };
        vec![Step::Read, Step::Respond(Box::new(answer)), Step::Fin]
    })
}

#[test]
fn cluster_list_with_invalid_count_resolves_no_name() {
    let sandbox = serve(Options::default());
    let changes: [fn(u64) -> serde_json::Value; 6] = [
        |_| (-1).into(),
        |_| 2_f64.powi(64).into(),
        |_| "x".into(),
        |_| 2.0.into(),
        |_| 2.5.into(),
        |_| true.into(),
    ];
    for change in changes {
        let injector = counting(sandbox.port(), change);
        let line = "upgrade --cluster orders-prod --version 3.9.0 --yes";
        let run = Home::empty().run_at(&injector.url(), line);
        run.assert_says(
            12,
            &["invalid response to getClusterInfoList: the cluster list has an invalid total count or page number"],
        );
    }
    assert_eq!(sandbox.log().starts_requested(), 0);
}

#[test]
fn incomplete_cluster_list_resolves_no_name() {
    let sandbox = serve(Options::default());
    let injector = counting(sandbox.port(), |count| (count + 1).into());
    for line in [
        "upgrade --cluster orders-prod --version 3.9.0 --yes",
        "check --cluster orders-prod --version 3.9.0",
        "status --cluster orders-prod",
        "status --cluster no-such-cluster",
        "list clusters",
    ] {
        let run = Home::empty().run_at(&injector.url(), line);
        run.assert_says(
            12,
            &["invalid response to getClusterInfoList: the cluster list has", "but its total count is"],
        );
    }
    assert_eq!(sandbox.log().starts_requested(), 0);
    let by_number = Home::empty().run_at(&injector.url(), "status --cluster no:1009123");
    assert_eq!(by_number.code, 0, "a number needs no list: {by_number:#?}");
}

/// Texts that control a terminal, break a line, hide text, or change its direction.
const HOSTILE: [&str; 40] = [
    "\u{0}",
    "\u{1}",
    "\u{7}",
    "\u{8}\u{8}",
    "\t",
    "\n",
    "\r",
    "\r\nerror: x",
    "\u{b}",
    "\u{c}",
    "\u{e}",
    "\u{1a}",
    "\u{1b}[2J",
    "\u{1b}[31m",
    "\u{1b}]0;title\u{7}",
    "\u{1b}]8;;http://x\u{1b}\\",
    "\u{1b}]52;c;eA==\u{7}",
    "\u{1b}c",
    "\u{1b}P+q\u{1b}\\",
    "\u{1f}",
    "\u{7f}",
    "\u{80}",
    "\u{85}",
    "\u{90}",
    "\u{9b}2J",
    "\u{9d}0;x\u{9c}",
    "\u{9f}",
    "\u{200b}",
    "\u{200e}",
    "\u{200f}",
    "\u{202a}",
    "\u{202e}",
    "\u{2028}",
    "\u{2029}",
    "\u{2060}",
    "\u{2066}",
    "\u{2069}",
    "\u{feff}",
    "\u{e0041}",
    "\u{61c}",
];

#[test]
fn hostile_names_and_messages_are_escaped() {
    let found: Mutex<Vec<(&str, char)>> = Mutex::default();
    // Ten texts in one run: each character is escaped on its own.
    let texts: Vec<String> = HOSTILE.chunks(10).map(|texts| texts.join("-")).collect();
    side_by_side(&texts, |hostile| {
        for line in [
            "status --cluster no:1009123",
            "check --cluster no:1009123 --version 3.9.0 -v",
            "check --cluster no:1009123 --version 3.9.0 -o json -vvv",
            "list config-groups",
            "config-group diff no:331 no:332 -v",
            "config-group copy no:351 --version 3.9.0 --name copied --yes -v",
            // The first run covers the plan, the progress, and the result; the second one also the pre-check message.
            "upgrade --cluster no:1009123 --version 3.9.0 --yes",
            "upgrade --cluster no:1009130 --version 3.9.0 --config-group no:332 --yes",
        ] {
            let run = with_text_everywhere(hostile, line);
            let raw = [&run.stdout, &run.stderr].into_iter().flat_map(|text| raw_characters(text));
            found.lock().expect("no other thread failed").extend(raw.map(|c| (line, c)));
            let lines = run.stderr.lines().chain(run.stdout.lines());
            assert!(!lines.into_iter().any(|line| line.starts_with("error: x")), "{hostile:?}: {run:#?}");
        }
    });
    let found = found.into_inner().expect("no thread failed");
    metrics::record("hostile texts: raw characters", found.len(), "of 40 texts");
    assert!(found.is_empty(), "{found:?}");
}

/// Runs against a service whose names, status words, and messages all contain this text.
fn with_text_everywhere(hostile: &str, line: &str) -> Run {
    let quoted = serde_json::to_string(hostile).expect("a text is JSON");
    let sandbox = serve(Options::default());
    let port = sandbox.port();
    let injector = Injector::start(move |_| {
        let text = quoted.trim_matches('"').to_owned();
        let answer = move |request: &str| {
            let answer = String::from_utf8(forward(request, port)).expect("the sandbox speaks UTF-8");
            let (head, body) = answer.split_once("\r\n\r\n").expect("an answer has a head");
            let status = head.split(' ').nth(1).unwrap_or("200");
            let mut body = body.to_owned();
            for word in ["-prod", "-390", "-371", "SUCCESS"] {
                body = body.replace(word, &format!("{word}{text}"));
            }
            http(&format!("{status} X"), "", &body).into_bytes()
        };
        vec![Step::Read, Step::Respond(Box::new(answer)), Step::Fin]
    });
    Home::empty().run_at(&injector.url(), line)
}

/// Memory limit.
const LARGEST: u64 = 40 * 1024;

/// Runs to completion and returns the peak memory in KiB.
#[cfg(target_os = "linux")]
pub(crate) fn peak(home: &Home, url: &str, line: &str) -> u64 {
    let mut command = home.command(line);
    point_to_sandbox(&mut command, url, ACCESS_KEY, SECRET_KEY);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let mut child = command.spawn().expect("it runs");
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait().expect("it can be asked").is_none() {
        // The peak only grows, so the last value is the maximum.
        let text = fs::read_to_string(&status).unwrap_or_default();
        let mark = text.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
        peak = mark.and_then(|mark| mark.trim().parse().ok()).unwrap_or(peak).max(peak);
    }
    peak
}

#[cfg(target_os = "linux")]
#[test]
fn memory_is_bounded_for_any_response() {
    let head =
        |more: &str| format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n{more}").into_bytes();
    let mebibyte = || vec![b' '; 1024 * 1024];
    for fault in [
        "a body of 3 GiB",
        "endless chunks",
        "100,000 headers",
        "a compressed body",
        "countless values",
        "nothing",
    ] {
        let injector = Injector::start(move |_| match fault {
            "a body of 3 GiB" => vec![
                Step::Read,
                Step::Send(head("content-length: 3221225472\r\n\r\n")),
                Step::Repeat { bytes: mebibyte(), times: 3 * 1024 },
            ],
            "endless chunks" => {
                let chunk = [b"100000\r\n".to_vec(), mebibyte(), b"\r\n".to_vec()].concat();
                vec![
                    Step::Read,
                    Step::Send(head("transfer-encoding: chunked\r\n\r\n")),
                    Step::Repeat { bytes: chunk, times: 3 * 1024 },
                ]
            }
            "100,000 headers" => vec![
                Step::Read,
                Step::Send(head("")),
                Step::Repeat { bytes: b"x-header: value\r\n".to_vec(), times: 100_000 },
            ],
            "a compressed body" => {
                let more = format!("content-encoding: gzip\r\ncontent-length: {}\r\n\r\n", 4 * 1024 * 1024);
                vec![
                    Step::Read,
                    Step::Send(head(&more)),
                    Step::Repeat { bytes: mebibyte(), times: 4 },
                    Step::Fin,
                ]
            }
            "countless values" => {
                let body = format!("{{\"result\":[{}0]}}", "0,".repeat(900_000));
                let more = format!("content-length: {}\r\n\r\n{body}", body.len());
                vec![Step::Read, Step::Send(head(&more)), Step::Fin]
            }
            _ => vec![Step::Read, Step::Send(head("content-length: 0\r\n\r\n")), Step::Fin],
        });
        let peak = peak(&Home::empty(), &injector.url(), "check --cluster no:1009123");
        assert!(injector.seen().connections > 0, "{fault}: it came");
        assert!((1_000..=LARGEST).contains(&peak), "{fault}: {peak} KiB");
        metrics::record(&format!("peak memory, {fault}"), peak / 1024, "MiB");
    }
}
