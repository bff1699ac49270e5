//! The cases: how each document is produced.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use cdss::sandbox::{AccountChange, Options, Scenario, ScheduledChange};
use rustix::process::Signal;
use serde_json::{Value, json};

use super::Case;
use crate::altered::{Altered, answers, success};
use crate::config_group::set;
use crate::injector::network::forward;
use crate::injector::tls::{Authority, Validity, accept};
use crate::injector::{Injector, Step, http};
use crate::process_env::ProcessEnv;
use crate::pty::Terminal;
use crate::support::{ACCESS_KEY, Home, Run, Running, SECRET_KEY, TestEnv, allow, write_private};

/// How a document is produced. If there are several command lines, the document of the last one is recorded. `{run}`
/// in a line is the first run in the journal.
enum How {
    /// Against a sandbox with this scenario.
    At(Scenario, Lines),
    /// The same, after a setup step.
    After(Scenario, fn(&TestEnv), Lines),
    /// With a change before the second read of the cluster.
    Between(fn() -> AccountChange, Lines),
    /// With a separate home for the last command line.
    Elsewhere(Scenario, Lines),
    /// With a home that has no service.
    InHome(fn(&Home), Lines),
    /// Against a service that overrides some responses.
    Answering(fn(&str) -> Option<String>, Lines),
    /// Against a service that edits the results of this path.
    Editing(&'static str, fn(&mut Value), Lines),
    /// Against a service that edits its responses after the start.
    EditingAfterStart(Scenario, fn(&str, &mut Value), Lines),
    /// With additional variables. `None` removes one.
    With(&'static [(&'static str, Option<&'static str>)], &'static str),
    /// With a signal after this many requests of an operation. If `slow`, the sandbox delays its responses by this
    /// long.
    Signaled(Signal, Scenario, Duration, &'static str, usize, Lines),
    Own(fn() -> Run),
}

type Lines = &'static [&'static str];

use How::{
    After, Answering, At, Between, Editing, EditingAfterStart, Elsewhere, InHome, Own, Signaled, With,
};
use Scenario::{
    AnswerLostNotStarted, Busy, EndsInError, EndsOnOldVersion, GroupAnswerLost, GroupDropsValue, GroupLost,
    Healthy, NeverStarts, NoPermission, PrecheckRefused, PrecheckRefusedHttp, ServerError, SkewedClock, Slow,
    Stalled, WrongSignature,
};

const ORDERS: u64 = 1_009_123;
const UPGRADE: &str = crate::support::UPGRADE;
const YES: &str = "upgrade --cluster orders-prod --version 3.9.0 --yes";
const NO_WAIT: &str = "upgrade --cluster orders-prod --version 3.9.0 --yes --no-wait";
const CHECK: &str = "check --cluster orders-prod --version 3.9.0";
const STATUS: &str = "status --cluster orders-prod";
const WATCH: &str = "status --cluster orders-prod --version 3.9.0 --watch";
const COPY: &str = "config-group copy analytics-371 --version 3.9.0 --yes";
const VERIFY: &str = "config verify --profile prod";
const NO_KEYS: [(&str, Option<&str>); 2] =
    [("NCLOUD_ACCESS_KEY_ID", None), ("NCLOUD_SECRET_ACCESS_KEY", None)];

/// Longer than any test waits.
const NEVER: Duration = Duration::from_secs(600);
const SOON: Duration = Duration::from_millis(300);
const AT_ONCE: Duration = Duration::ZERO;

/// Name, exit code, and how the document is produced. The upgrades of all scenarios are added to these.
const TABLE: &[(&str, i32, How)] = &[
    // No command, or an unknown one.
    ("no-command", 2, InHome(nothing, &[""])),
    ("no-such-command", 2, InHome(nothing, &["upgrad"])),
    ("no-such-flag", 2, InHome(nothing, &["check --nothing"])),
    ("completions-no-such-shell", 2, InHome(nothing, &["completions cmd"])),
    // upgrade
    ("upgrade-no-wait", 0, At(Healthy, &[NO_WAIT])),
    ("upgrade-attached", 0, At(Healthy, &[NO_WAIT, UPGRADE])),
    (
        "upgrade-attached-no-wait",
        0,
        At(
            Stalled,
            &[
                "upgrade --cluster orders-prod --version 3.9.0 --yes --timeout 1s",
                "upgrade --cluster orders-prod --version 3.9.0 --no-wait",
            ],
        ),
    ),
    (
        "upgrade-attached-deadline",
        8,
        At(Stalled, &[NO_WAIT, "upgrade --cluster orders-prod --version 3.9.0 --timeout 2s"]),
    ),
    ("upgrade-already", 0, At(Healthy, &["upgrade --cluster orders --version 3.9.0"])),
    ("upgrade-already-after-success", 0, At(Healthy, &[YES, UPGRADE])),
    ("upgrade-dry-run", 0, At(Healthy, &["upgrade --cluster orders-prod --version 3.9.0 --dry-run"])),
    ("upgrade-dry-run-blocked", 5, At(Healthy, &["upgrade --cluster legacy --version 3.9.0 --dry-run"])),
    (
        "upgrade-accepted-lost-override",
        0,
        At(
            Healthy,
            &[
                "upgrade --cluster payments-prod --version 3.9.0 --config-group payments-390 --yes --accept config.lost-override=log.segment.bytes,num.network.threads",
            ],
        ),
    ),
    ("upgrade-added-cluster", 0, Own(added_cluster)),
    (
        "upgrade-by-number",
        0,
        At(Healthy, &["upgrade --cluster no:1009123 --version 3903006 --config-group no:312 --yes"]),
    ),
    (
        "upgrade-key-of-profile",
        0,
        After(Healthy, with_profile, &["upgrade --cluster orders-prod --version 3.9.0 --yes --profile prod"]),
    ),
    ("upgrade-not-confirmed", 10, At(Healthy, &[UPGRADE])),
    ("upgrade-declined", 10, Own(declined)),
    ("upgrade-interrupted-at-question", 130, Own(interrupted_at_question)),
    ("upgrade-unseen-before-start", 12, Own(unseen_before_start)),
    ("upgrade-no-such-cluster", 3, At(Healthy, &["upgrade --cluster order --version 3.9.0 --yes"])),
    ("upgrade-no-such-number", 3, At(Healthy, &["upgrade --cluster no:42 --version 3.9.0 --yes"])),
    ("upgrade-ambiguous-cluster", 3, At(Healthy, &["upgrade --cluster analytics --version 3.9.0 --yes"])),
    ("upgrade-forbidden-cluster", 4, At(Healthy, &["upgrade --cluster billing --version 3.9.0 --yes"])),
    ("upgrade-no-such-version", 3, At(Healthy, &["upgrade --cluster orders-prod --version 9.9.9 --yes"])),
    ("upgrade-ambiguous-version", 3, At(Healthy, &["upgrade --cluster orders-prod --version 3 --yes"])),
    (
        "upgrade-no-such-group",
        3,
        At(Healthy, &["upgrade --cluster orders-prod --version 3.9.0 --config-group orders --yes"]),
    ),
    ("upgrade-malformed-version", 2, At(Healthy, &["upgrade --cluster orders-prod --version latest --yes"])),
    ("upgrade-misplaced-version", 2, At(Healthy, &["--version 3.9.0 upgrade --cluster orders-prod --yes"])),
    ("upgrade-without-version", 2, At(Healthy, &["upgrade --cluster orders-prod --yes"])),
    (
        "upgrade-bad-endpoint",
        2,
        At(Healthy, &["upgrade --cluster orders-prod --version 3.9.0 --endpoint nowhere"]),
    ),
    ("upgrade-bad-site", 2, At(Healthy, &["upgrade --cluster orders-prod --version 3.9.0 --site nowhere"])),
    ("upgrade-bad-poll", 2, At(Healthy, &["upgrade --cluster orders-prod --version 3.9.0 --poll 15"])),
    (
        "upgrade-no-such-profile",
        3,
        At(Healthy, &["upgrade --cluster orders-prod --version 3.9.0 --profile nobody"]),
    ),
    (
        "upgrade-accept-unknown-check",
        2,
        At(Healthy, &["upgrade --cluster orders-prod --version 3.9.0 --yes --accept config.nothing"]),
    ),
    (
        "upgrade-accept-unknown-setting",
        2,
        At(
            Healthy,
            &["upgrade --cluster orders-prod --version 3.9.0 --yes --accept config.lost-override=nothing"],
        ),
    ),
    (
        "upgrade-accept-unknown-run",
        2,
        At(
            NeverStarts,
            &[
                "upgrade --cluster orders-prod --version 3.9.0 --yes --accept start.unresolved=20200101T000000.000Z-1",
            ],
        ),
    ),
    ("upgrade-no-keys", 4, With(&NO_KEYS, YES)),
    ("upgrade-half-a-key", 4, With(&[("NCLOUD_SECRET_ACCESS_KEY", None)], YES)),
    ("upgrade-wrong-key", 4, With(&[("NCLOUD_SECRET_ACCESS_KEY", Some("another"))], YES)),
    (
        "upgrade-unreachable",
        12,
        InHome(closed_port, &["upgrade --cluster orders-prod --version 3.9.0 --yes --profile prod"]),
    ),
    (
        "upgrade-no-sandbox",
        12,
        With(&[("CDSS_SANDBOX", Some("http://127.0.0.1:9")), ("CDSS_ENDPOINT", None)], YES),
    ),
    ("upgrade-lower-version", 5, At(Healthy, &["upgrade --cluster orders-prod --version 3.6.2 --yes"])),
    ("upgrade-several-groups", 5, At(Healthy, &["upgrade --cluster logs-prod --version 3.7.1 --yes"])),
    (
        "upgrade-other-group",
        5,
        At(Healthy, &["upgrade --cluster orders --version 3.9.0 --config-group logs-390 --yes"]),
    ),
    ("upgrade-unresolved", 5, At(NeverStarts, &[YES, YES])),
    ("upgrade-unresolved-lost", 5, At(AnswerLostNotStarted, &[YES, YES])),
    (
        "upgrade-unresolved-accepted",
        9,
        At(
            NeverStarts,
            &[YES, "upgrade --cluster orders-prod --version 3.9.0 --yes --accept start.unresolved={run}"],
        ),
    ),
    (
        "upgrade-accepted-without-effect",
        5,
        At(
            NeverStarts,
            &[
                YES,
                "upgrade --cluster orders-prod --version 3.9.0 --yes --accept start.unresolved={run}",
                "upgrade --cluster orders-prod --version 3.9.0 --yes --accept start.unresolved={run}",
            ],
        ),
    ),
    (
        "upgrade-required-journal-missing",
        5,
        At(Healthy, &["upgrade --cluster orders-prod --version 3.9.0 --yes --require-journal"]),
    ),
    ("upgrade-journal-damaged", 5, After(Healthy, damaged_journal, &[YES])),
    (
        "upgrade-journal-damaged-accepted",
        0,
        After(
            Healthy,
            damaged_journal,
            &["upgrade --cluster orders-prod --version 3.9.0 --yes --accept journal.damaged"],
        ),
    ),
    ("upgrade-journal-not-writable", 5, After(Healthy, journal_is_a_link, &[YES])),
    ("upgrade-journal-without-folder", 5, After(Healthy, no_folder, &[YES])),
    ("upgrade-journal-locked", 5, Own(locked_journal)),
    (
        "upgrade-to-another-version-first",
        11,
        At(
            Healthy,
            &[
                "upgrade --cluster logs-prod --version 3.7.1 --config-group 322 --yes --no-wait",
                "upgrade --cluster logs-prod --version 3.9.0 --yes",
            ],
        ),
    ),
    ("upgrade-another-run-at-work", 11, Own(another_run)),
    ("upgrade-followed-from-elsewhere", 0, Elsewhere(Healthy, &[NO_WAIT, YES])),
    (
        "upgrade-under-way-from-elsewhere",
        11,
        Elsewhere(Stalled, &["upgrade --cluster orders-prod --version 3.9.0 --yes --timeout 1s", NO_WAIT]),
    ),
    ("upgrade-stale-group", 5, Between(|| value(312, "num.partitions", "7"), &[YES])),
    (
        "upgrade-stale-version",
        5,
        Between(|| AccountChange::Version { cluster: ORDERS, code: "3903006".into() }, &[YES]),
    ),
    ("upgrade-changing-between", 11, Between(|| word("changing"), &[YES])),
    ("upgrade-error-between", 5, Between(|| word("error"), &[YES])),
    ("upgrade-odd-state-between", 5, Between(|| word("odd"), &[YES])),
    (
        "upgrade-red-between",
        5,
        Between(|| AccountChange::BrokerColor { cluster: ORDERS, broker: 1, color: "red".into() }, &[YES]),
    ),
    ("upgrade-start-unauthorized", 4, Answering(|request| gateway(request, START, 401, 200), &[YES])),
    ("upgrade-start-not-found", 6, Answering(|request| gateway(request, START, 404, 300), &[YES])),
    ("upgrade-start-limited", 12, Answering(|request| gateway(request, START, 429, 400), &[YES])),
    ("upgrade-start-server-error", 9, Answering(|request| gateway(request, START, 500, 900), &[YES])),
    (
        "upgrade-start-redirected",
        9,
        Answering(
            |request| asked(request, START).then(|| http("302 X", "location: http://127.0.0.1:9/\r\n", "")),
            &[YES],
        ),
    ),
    (
        "upgrade-start-without-true",
        9,
        Answering(|request| asked(request, START).then(|| success(&json!(false))), &[YES]),
    ),
    ("upgrade-read-bad-request", 12, Answering(|request| gateway(request, ENTRY, 400, 100), &[YES])),
    (
        "upgrade-target-not-confirmed",
        9,
        EditingAfterStart(
            NeverStarts,
            at_target,
            &["upgrade --cluster orders-prod --version 3.9.0 --yes --poll 100ms --timeout 300ms"],
        ),
    ),
    ("upgrade-end-not-observed", 0, EditingAfterStart(NeverStarts, at_target, &[YES])),
    (
        "upgrade-cluster-gone",
        9,
        EditingAfterStart(
            Stalled,
            cluster_gone,
            &["upgrade --cluster orders-prod --version 3.9.0 --yes --timeout 300ms"],
        ),
    ),
    ("upgrade-another-group-in-use", 0, EditingAfterStart(Healthy, another_group, &[YES])),
    ("upgrade-hangup-before-start", 129, Signaled(Signal::HUP, Slow, NEVER, "getClusterInfoList", 1, &[YES])),
    (
        "upgrade-interrupted-before-start",
        130,
        Signaled(Signal::INT, Slow, NEVER, "getClusterInfoList", 1, &[YES]),
    ),
    ("upgrade-terminated-in-watch", 143, Signaled(Signal::TERM, Stalled, AT_ONCE, PROGRESS, 12, &[YES])),
    ("upgrade-interrupted-at-start", 130, Signaled(Signal::INT, Slow, SOON, "rollingUpgrade", 1, &[YES])),
    ("upgrade-interrupted-while-unchanged", 130, Own(interrupted_while_unchanged)),
    (
        "upgrade-interrupted-while-attached",
        130,
        Signaled(Signal::INT, Stalled, AT_ONCE, PROGRESS, 12, &[NO_WAIT, UPGRADE]),
    ),
    // check
    ("check", 0, At(Healthy, &[CHECK])),
    (
        "check-named-group",
        0,
        At(Healthy, &["check --cluster orders-prod --version 3.9.0 --config-group orders-390"]),
    ),
    ("check-all-versions", 0, At(Healthy, &["check --cluster orders-prod"])),
    ("check-all-versions-of-several", 0, At(Healthy, &["check --cluster logs-prod"])),
    ("check-all-versions-none-possible", 5, At(Healthy, &["check --cluster payments-prod"])),
    ("check-all-versions-none-newer", 0, At(Healthy, &["check --cluster orders"])),
    ("check-all-versions-busy", 11, At(Busy, &["check --cluster orders-prod"])),
    ("check-all-versions-unresolved", 5, At(NeverStarts, &[YES, "check --cluster orders-prod"])),
    ("check-all-versions-no-such-cluster", 3, At(Healthy, &["check --cluster nobody"])),
    ("check-present-version", 0, At(Healthy, &["check --cluster orders --version 3.9.0"])),
    ("check-busy", 11, At(Busy, &[CHECK])),
    (
        "check-under-way",
        11,
        At(Stalled, &["upgrade --cluster orders-prod --version 3.9.0 --yes --timeout 1s", CHECK]),
    ),
    ("check-unresolved", 5, At(NeverStarts, &[YES, CHECK])),
    ("check-candidates", 5, At(Healthy, &["check --cluster payments-prod --version 3.9.0"])),
    (
        "check-lost-override",
        5,
        At(Healthy, &["check --cluster payments-prod --version 3.9.0 --config-group payments-390"]),
    ),
    (
        "check-lost-override-accepted",
        0,
        At(
            Healthy,
            &[
                "check --cluster payments-prod --version 3.9.0 --config-group payments-390 --accept config.lost-override=log.segment.bytes,num.network.threads",
            ],
        ),
    ),
    ("check-changed", 5, At(Healthy, &["check --cluster audit --version 3.9.0 --config-group audit-390"])),
    (
        "check-group-of-another-version",
        5,
        At(Healthy, &["check --cluster orders-prod --version 3.9.0 --config-group orders-371"]),
    ),
    ("check-no-group", 5, At(Healthy, &["check --cluster legacy --version 3.9.0"])),
    (
        "check-out-of-range",
        5,
        After(
            Healthy,
            out_of_range,
            &["check --cluster orders-prod --version 3.9.0 --config-group orders-390"],
        ),
    ),
    (
        "check-odd-settings",
        5,
        After(
            Healthy,
            odd_settings,
            &["check --cluster orders-prod --version 3.9.0 --config-group orders-390"],
        ),
    ),
    ("check-read-only", 0, At(Healthy, &[COPY, "check --cluster no:1009301 --version 3.9.0"])),
    (
        "check-removed-key",
        5,
        After(Healthy, removed_keys, &["check --cluster legacy --version 3.9.0 --config-group orders-390"]),
    ),
    (
        "check-unknown-setting",
        0,
        Editing(
            "/getKafkaConfigGroupDetailList/312",
            listed_for_one_version,
            &["check --cluster orders-prod --version 3.9.0 --config-group orders-390"],
        ),
    ),
    ("check-version-not-listed", 5, At(Healthy, &["check --cluster orders-prod --version 4003006"])),
    ("check-red-broker", 5, After(Healthy, red_broker, &[CHECK])),
    ("check-error-state", 5, After(Healthy, error_state, &[CHECK])),
    ("check-precheck-refused", 5, At(PrecheckRefused, &[CHECK])),
    ("check-precheck-refused-http", 5, At(PrecheckRefusedHttp, &[CHECK])),
    ("check-no-permission", 4, At(NoPermission, &[CHECK])),
    ("check-wrong-signature", 4, At(WrongSignature, &[CHECK])),
    ("check-server-error", 12, At(ServerError, &[CHECK])),
    (
        "check-other-cluster-answers",
        5,
        Editing("/getClusterInfoList/1009123", |result| result["clusterName"] = "another".into(), &[CHECK]),
    ),
    ("check-zookeeper", 5, Answering(renamed_versions, &["check --cluster orders-prod --version 5.0.0"])),
    (
        "check-no-groups-reported",
        12,
        Answering(
            |request| request.contains("/getKafkaVersionConfigGroupList").then(|| success(&Value::Null)),
            &[CHECK],
        ),
    ),
    (
        "check-settings-not-reported",
        5,
        Answering(
            settings_not_reported,
            &["check --cluster payments-prod --version 3.9.0 --config-group payments-390"],
        ),
    ),
    ("check-journal-damaged", 5, After(Healthy, damaged_journal, &[CHECK])),
    (
        "check-bad-accept",
        2,
        At(Healthy, &["check --cluster orders-prod --version 3.9.0 --accept service.precheck"]),
    ),
    (
        "check-no-such-authority",
        2,
        With(
            &[("CDSS_POLL", None)],
            "check --cluster orders-prod --version 3.9.0 --endpoint https://127.0.0.1:9 --cacert nothing.pem",
        ),
    ),
    (
        "check-program-without-key",
        4,
        InHome(program, &["check --cluster orders-prod --version 3.9.0 --profile prod"]),
    ),
    ("check-interrupted", 130, Signaled(Signal::INT, Slow, NEVER, "getClusterInfoList", 1, &[CHECK])),
    // status
    ("status", 0, At(Healthy, &[STATUS])),
    ("status-busy", 0, At(Busy, &[STATUS])),
    ("status-version", 0, At(Healthy, &["status --cluster orders-prod --version 3.9.0"])),
    (
        "status-under-way",
        0,
        At(Stalled, &["upgrade --cluster orders-prod --version 3.9.0 --yes --timeout 1s", STATUS]),
    ),
    ("status-watch-nothing", 0, At(Healthy, &["status --cluster orders-prod --watch"])),
    ("status-watch", 0, At(Healthy, &[NO_WAIT, "status --cluster orders-prod --watch"])),
    ("status-watch-version", 0, At(Healthy, &[NO_WAIT, WATCH])),
    ("status-watch-version-from-elsewhere", 0, Elsewhere(Healthy, &[NO_WAIT, WATCH])),
    ("status-watch-deadline", 8, At(Busy, &["status --cluster orders-prod --watch --timeout 500ms"])),
    ("status-watch-error", 7, At(EndsInError, &[NO_WAIT, "status --cluster orders-prod --watch"])),
    ("status-watch-error-of-own-start", 7, At(EndsInError, &[NO_WAIT, WATCH])),
    ("status-watch-returned-of-own-start", 7, At(EndsOnOldVersion, &[NO_WAIT, WATCH])),
    (
        "status-watch-returned",
        7,
        Elsewhere(
            EndsOnOldVersion,
            &[NO_WAIT, "status --cluster orders-prod --version 3.9.0 --from 3.7.1 --watch"],
        ),
    ),
    ("status-watch-error-from-elsewhere", 11, Elsewhere(EndsInError, &[NO_WAIT, WATCH])),
    ("status-watch-version-idle", 11, At(Healthy, &[WATCH])),
    ("status-watch-own-start-unchanged", 9, At(NeverStarts, &[NO_WAIT, WATCH])),
    (
        "status-watch-interrupted",
        130,
        Signaled(Signal::INT, Stalled, AT_ONCE, PROGRESS, 12, &[NO_WAIT, WATCH]),
    ),
    ("status-no-such-cluster", 3, At(Healthy, &["status --cluster nobody"])),
    ("status-no-permission", 4, At(NoPermission, &[STATUS])),
    ("status-server-error", 12, At(ServerError, &[STATUS])),
    ("status-usage", 2, At(Healthy, &["status --cluster orders-prod --from 3.7.1 --watch"])),
    // list
    ("list-clusters", 0, At(Healthy, &["list clusters"])),
    ("list-clusters-busy", 0, At(Busy, &["list clusters"])),
    ("list-versions", 0, At(Healthy, &["list versions"])),
    ("list-config-groups", 0, At(Healthy, &["list config-groups"])),
    ("list-config-groups-of-version", 0, At(Healthy, &["list config-groups --version 3.9.0"])),
    ("list-config-groups-no-such-version", 3, At(Healthy, &["list config-groups --version 9.9.9"])),
    (
        "list-config-groups-without-list-of-all",
        0,
        Answering(|request| gateway(request, "/getKafkaConfigGroupList", 404, 300), &["list config-groups"]),
    ),
    ("list-clusters-no-permission", 4, At(NoPermission, &["list clusters"])),
    ("list-versions-server-error", 12, At(ServerError, &["list versions"])),
    ("list-versions-bad-region", 2, With(&[("CDSS_ENDPOINT", None)], "list versions --region MARS")),
    ("list-nothing", 2, At(Healthy, &["list"])),
    (
        "list-clusters-terminated",
        143,
        Signaled(Signal::TERM, Slow, NEVER, "getClusterInfoList", 1, &["list clusters"]),
    ),
    // config-group
    ("config-group-nothing", 2, At(Healthy, &["config-group"])),
    ("config-group-diff", 0, At(Healthy, &["config-group diff payments-371 payments-390"])),
    (
        "config-group-diff-different",
        20,
        At(Healthy, &["config-group diff payments-371 payments-390 --exit-code"]),
    ),
    ("config-group-diff-alike", 0, At(Healthy, &["config-group diff orders-371 orders-390 --exit-code"])),
    ("config-group-diff-old-version", 0, At(Healthy, &["config-group diff legacy-282 orders-390"])),
    (
        "config-group-diff-not-covered",
        0,
        Answering(renamed_versions, &["config-group diff orders-371 orders-390"]),
    ),
    ("config-group-diff-no-such-group", 3, At(Healthy, &["config-group diff orders-371 nobody"])),
    (
        "config-group-diff-namesakes",
        3,
        At(
            Healthy,
            &[
                "config-group copy payments-371 --version 3.9.0 --name payments-371 --yes",
                "config-group diff payments-371 orders-390",
            ],
        ),
    ),
    (
        "config-group-diff-refused",
        12,
        Answering(
            |request| refusal(request, "/getKafkaConfigGroupDetailList/301"),
            &["config-group diff orders-371 orders-390"],
        ),
    ),
    ("config-group-diff-usage", 2, At(Healthy, &["config-group diff orders-371"])),
    ("config-group-copy", 0, At(Healthy, &[COPY])),
    (
        "config-group-copy-of-cluster",
        0,
        At(Healthy, &["config-group copy --cluster orders-prod --version 3.9.0 --name orders-new --yes"]),
    ),
    (
        "config-group-copy-dry-run",
        0,
        At(Healthy, &["config-group copy analytics-371 --version 3.9.0 --dry-run"]),
    ),
    (
        "config-group-copy-to-version-of-no-group",
        0,
        At(Healthy, &["config-group copy legacy-282 --version 3.9.0 --yes"]),
    ),
    (
        "config-group-copy-to-older-version",
        0,
        At(Healthy, &["config-group copy orders-371 --version 2.8.2 --yes"]),
    ),
    ("config-group-copy-drops-value", 7, At(GroupDropsValue, &[COPY])),
    ("config-group-copy-answer-lost", 0, At(GroupAnswerLost, &[COPY])),
    ("config-group-copy-lost", 9, At(GroupLost, &[COPY])),
    ("config-group-copy-unresolved", 5, At(GroupLost, &[COPY, COPY])),
    (
        "config-group-copy-unresolved-dry-run",
        5,
        At(GroupLost, &[COPY, "config-group copy analytics-371 --version 3.9.0 --dry-run"]),
    ),
    ("config-group-copy-left-behind", 0, Own(left_behind)),
    ("config-group-copy-again", 5, At(Healthy, &[COPY, COPY])),
    (
        "config-group-copy-name-taken",
        5,
        At(Healthy, &["config-group copy payments-371 --version 3.9.0 --yes"]),
    ),
    (
        "config-group-copy-without-name",
        2,
        At(
            Healthy,
            &[
                "config-group copy payments-371 --version 3.9.0 --name a-very-long-name-of-a-group --yes",
                "config-group copy a-very-long-name-of-a-group --version 3.6.2 --yes",
            ],
        ),
    ),
    (
        "config-group-copy-not-confirmed",
        10,
        At(Healthy, &["config-group copy analytics-371 --version 3.9.0"]),
    ),
    ("config-group-copy-no-such-group", 3, At(Healthy, &["config-group copy nobody --version 3.9.0 --yes"])),
    (
        "config-group-copy-no-such-cluster",
        3,
        At(Healthy, &["config-group copy --cluster nobody --version 3.9.0 --yes"]),
    ),
    (
        "config-group-copy-no-such-version",
        3,
        At(Healthy, &["config-group copy orders-371 --version 9.9.9 --yes"]),
    ),
    (
        "config-group-copy-bad-name",
        2,
        At(Healthy, &["config-group copy orders-371 --version 3.9.0 --name Orders --yes"]),
    ),
    ("config-group-copy-usage", 2, At(Healthy, &["config-group copy --version 3.9.0"])),
    ("config-group-copy-source-changed", 5, Own(source_changed)),
    (
        "config-group-copy-group-not-reported",
        5,
        Editing(
            "/getClusterInfoList/1009130",
            |result| result["configGroupNo"] = Value::Null,
            &["config-group copy --cluster payments-prod --version 3.9.0 --name copied --yes"],
        ),
    ),
    ("config-group-copy-no-permission", 4, At(NoPermission, &[COPY])),
    ("config-group-copy-server-error", 12, At(ServerError, &[COPY])),
    ("config-group-copy-no-journal", 5, After(Healthy, no_folder, &[COPY])),
    ("config-group-copy-refused", 6, Answering(|request| refusal(request, "/createConfigGroup"), &[COPY])),
    (
        "config-group-copy-not-made",
        4,
        Answering(|request| gateway(request, "/createConfigGroup", 401, 210), &[COPY]),
    ),
    (
        "config-group-copy-limited",
        12,
        Answering(|request| gateway(request, "/createConfigGroup", 429, 400), &[COPY]),
    ),
    (
        "config-group-copy-write-refused",
        7,
        Answering(|request| refusal(request, "/setKafkaConfigGroupDetail/"), &[COPY]),
    ),
    (
        "config-group-copy-write-not-permitted",
        7,
        Answering(|request| gateway(request, "/setKafkaConfigGroupDetail/", 401, 210), &[COPY]),
    ),
    (
        "config-group-copy-not-read-back",
        9,
        Answering(|request| gateway(request, "/getKafkaConfigGroupDetailList/2001", 400, 100), &[COPY]),
    ),
    ("config-group-copy-value-not-reported", 0, Answering(value_not_reported, &[COPY])),
    (
        "config-group-copy-not-covered",
        0,
        Answering(renamed_versions, &["config-group copy analytics-371 --version 5.0.0 --name copied --yes"]),
    ),
    (
        "config-group-copy-left-out",
        0,
        After(Healthy, removed_keys, &["config-group copy legacy-282 --version 3.9.0 --yes"]),
    ),
    (
        "config-group-copy-interrupted",
        130,
        Signaled(Signal::INT, Slow, SOON, "createConfigGroup", 1, &[COPY]),
    ),
    (
        "config-group-copy-interrupted-before",
        130,
        Signaled(Signal::INT, Slow, NEVER, "getKafkaConfigGroupList", 1, &[COPY]),
    ),
    // config
    ("config-nothing", 2, InHome(nothing, &["config"])),
    ("config-list", 0, InHome(two_files, &["config list"])),
    ("config-list-empty", 0, InHome(nothing, &["config list"])),
    ("config-list-damaged", 2, InHome(damaged_profiles, &["config list"])),
    ("config-show", 0, InHome(nothing, &["config show"])),
    ("config-show-profile", 0, InHome(two_files, &["config show --profile prod"])),
    ("config-show-vendor-profile", 0, InHome(two_files, &["config show --profile team"])),
    ("config-show-program", 0, InHome(program, &["config show --profile prod"])),
    (
        "config-show-variables",
        0,
        With(
            &[
                ("CDSS_ENDPOINT", None),
                ("CDSS_POLL", None),
                ("HTTPS_PROXY", Some("http://user:pass@127.0.0.1:9")),
                ("SSL_CERT_FILE", Some("/own.pem")),
            ],
            "config show",
        ),
    ),
    ("config-show-no-such-profile", 3, InHome(nothing, &["config show --profile nobody"])),
    ("config-show-two-profiles", 3, InHome(namesakes, &["config show --profile prod"])),
    ("config-show-readable-by-others", 2, InHome(open_to_others, &["config show --profile prod"])),
    ("config-init", 0, Own(init)),
    ("config-init-not-confirmed", 10, InHome(nothing, &["config init --profile new"])),
    ("config-set-made", 0, InHome(nothing, &["config set region JPN --profile prod"])),
    ("config-set-changed", 0, InHome(two_files, &["config set region JPN --profile prod"])),
    ("config-set-unchanged", 0, InHome(two_files, &["config set region KR --profile prod"])),
    ("config-set-secret", 0, Own(secret_from_stdin)),
    ("config-set-secret-as-argument", 2, InHome(nothing, &["config set secret_key hunter2 --profile prod"])),
    ("config-set-secret-not-given", 10, InHome(nothing, &["config set secret_key --profile prod"])),
    ("config-set-vendor-profile", 2, InHome(two_files, &["config set region KR --profile team"])),
    ("config-set-no-such-key", 2, InHome(nothing, &["config set nothing 1"])),
    ("config-remove-key", 0, InHome(two_files, &["config remove region --profile prod --yes"])),
    ("config-remove-profile", 0, InHome(two_files, &["config remove --profile prod --yes"])),
    ("config-remove-not-confirmed", 10, InHome(two_files, &["config remove --profile prod"])),
    ("config-remove-no-such-profile", 3, InHome(two_files, &["config remove --profile nobody --yes"])),
    ("config-remove-no-such-key", 3, InHome(two_files, &["config remove proxy --profile prod --yes"])),
    ("config-verify", 0, After(Healthy, with_profile, &[VERIFY])),
    ("config-verify-skewed-clock", 0, After(SkewedClock, with_profile, &[VERIFY])),
    ("config-verify-no-keys", 4, With(&NO_KEYS, "config verify")),
    ("config-verify-wrong-signature", 4, After(WrongSignature, with_profile, &[VERIFY])),
    ("config-verify-no-permission", 4, After(NoPermission, with_profile, &[VERIFY])),
    ("config-verify-server-error", 12, After(ServerError, with_profile, &[VERIFY])),
    ("config-verify-region", 12, At(Healthy, &["config verify --region USW"])),
    ("config-verify-no-versions", 5, Answering(no_versions, &["config verify"])),
    ("config-verify-no-such-host", 12, Own(no_such_host)),
    ("config-verify-connection", 12, InHome(closed_port, &[VERIFY])),
    (
        "config-verify-proxy",
        12,
        With(
            &[("CDSS_POLL", None), ("HTTPS_PROXY", Some("http://127.0.0.1:9"))],
            "config verify --endpoint https://cdss.test",
        ),
    ),
    ("config-verify-tls", 12, Own(strange_authority)),
    (
        "config-verify-no-sandbox",
        12,
        With(&[("CDSS_SANDBOX", Some("http://127.0.0.1:9")), ("CDSS_ENDPOINT", None)], "config verify"),
    ),
    ("config-verify-no-such-profile", 3, InHome(nothing, &["config verify --profile nobody"])),
    ("config-verify-no-such-flag", 2, InHome(nothing, &["config verify --nothing"])),
    // history
    ("history-empty", 0, InHome(nothing, &["history"])),
    ("history", 0, At(Healthy, &[NO_WAIT, YES, "history"])),
    ("history-of-run", 0, At(Healthy, &[NO_WAIT, "history {run}"])),
    ("history-of-copy", 0, At(Healthy, &[COPY, "history {run}"])),
    (
        "history-copy-refused",
        0,
        Answering(|request| refusal(request, "/createConfigGroup"), &[COPY, "history"]),
    ),
    (
        "history-of-refused-copy",
        0,
        Answering(|request| refusal(request, "/createConfigGroup"), &[COPY, "history {run}"]),
    ),
    ("history-damaged", 0, InHome(damaged, &["history"])),
    ("history-no-such-run", 3, InHome(nothing, &["history 2026"])),
    ("history-ambiguous-run", 3, At(Healthy, &[NO_WAIT, UPGRADE, "history 2"])),
    ("history-init", 0, InHome(nothing, &["history --init"])),
    ("history-init-again", 0, InHome(nothing, &["history --init", "history --init"])),
    ("history-init-without-folder", 5, After(Healthy, no_folder, &["history --init"])),
    ("history-repair", 0, InHome(damaged, &["history --repair"])),
    ("history-repair-again", 0, InHome(damaged, &["history --repair", "history --repair"])),
    ("history-repair-nothing", 0, InHome(nothing, &["history --repair"])),
    ("history-not-readable", 5, InHome(journal_is_a_folder, &["history"])),
    ("history-usage", 2, InHome(nothing, &["history --repair --init"])),
    ("history-bad-sandbox", 2, With(&[("CDSS_SANDBOX", Some("nowhere"))], "history")),
    // sandbox
    ("sandbox-list", 0, InHome(nothing, &["sandbox --list"])),
    ("sandbox-no-such-scenario", 2, InHome(nothing, &["sandbox --scenario nothing"])),
    ("sandbox-bad-cluster", 2, InHome(nothing, &["sandbox --cluster orders"])),
    ("sandbox-no-such-program", 2, Own(no_such_program)),
];

const START: &str = "/rollingUpgrade ";
const PROGRESS: &str = "rollingUpgradeProgressCheck";

pub(super) fn all() -> Vec<Case> {
    let upgrades = Scenario::ALL.iter().map(|scenario| Case {
        name: format!("upgrade-{scenario}"),
        code: i32::from(scenario.exit_code()),
        produce: Box::new(move || upgrade(*scenario)),
    });
    let table = TABLE.iter().map(|(name, code, how)| Case {
        name: (*name).to_owned(),
        code: *code,
        produce: Box::new(|| produce(how)),
    });
    upgrades.chain(table).collect()
}

fn upgrade(scenario: Scenario) -> Run {
    // Long enough for unfinished scenarios to reach their final state.
    let never_ends = matches!(scenario, Stalled | Scenario::BrokerRed | Busy);
    let timeout = if never_ends { "2s" } else { "25s" };
    env(scenario, Duration::from_millis(3)).run(&format!("{YES} --timeout {timeout} -o json"))
}

fn env(scenario: Scenario, response_delay: Duration) -> TestEnv {
    TestEnv::with(Options { scenario, response_delay, ..Options::default() })
}

fn produce(how: &How) -> Run {
    match how {
        How::At(scenario, lines) => at(&TestEnv::new(*scenario), lines),
        How::After(scenario, prepare, lines) => {
            let env = TestEnv::new(*scenario);
            prepare(&env);
            at(&env, lines)
        }
        How::Between(change, lines) => {
            let alteration =
                ScheduledChange { before_operation: "getClusterInfo".to_owned(), nth: 2, change: change() };
            at(&TestEnv::with(Options { scheduled_changes: vec![alteration], ..Options::default() }), lines)
        }
        How::Elsewhere(scenario, lines) => {
            let (last, first) = lines.split_last().expect("there is a line");
            let env = TestEnv::new(*scenario);
            for line in first {
                let _whatever_end = env.run(line);
            }
            Home::empty().run_at(&env.sandbox.url(), &format!("{last} -o json"))
        }
        How::InHome(prepare, lines) => {
            let home = Home::empty();
            prepare(&home);
            in_turn(&home, lines, |line| home.run(line))
        }
        How::Answering(instead, lines) => altered(&Altered::new(*instead), lines),
        How::Editing(path, edit, lines) => altered(&Altered::editing(path, *edit), lines),
        How::EditingAfterStart(scenario, edit, lines) => {
            altered(&Altered::editing_after_start(*scenario, *edit), lines)
        }
        How::With(variables, line) => TestEnv::new(Healthy).run_with(&format!("{line} -o json"), variables),
        How::Signaled(signal, scenario, answer_delay, operation, count, lines) => {
            let env = env(*scenario, *answer_delay);
            in_turn(&env.home, lines, |line| {
                let running = env.start(line);
                if line.ends_with("json") {
                    env.sandbox.wait_until(|log| log.count(operation) >= *count);
                    running.signal(*signal);
                }
                running.end()
            })
        }
        How::Own(run) => run(),
    }
}

fn at(env: &TestEnv, lines: Lines) -> Run {
    in_turn(&env.home, lines, |line| env.run(line))
}

fn altered(service: &Altered, lines: Lines) -> Run {
    in_turn(&service.home, lines, |line| service.home.run_at(&service.url(), line))
}

/// Runs the lines in order and returns the result of the last one.
fn in_turn(home: &Home, lines: Lines, run: impl Fn(&str) -> Run) -> Run {
    let (last, first) = lines.split_last().expect("there is a line");
    let whole = |line: &str| {
        if line.contains("{run}") { line.replace("{run}", &first_run(home)) } else { line.to_owned() }
    };
    for line in first {
        let _whatever_end = run(&whole(line));
    }
    run(&format!("{} -o json", whole(last)))
}

/// Returns the run id in the journal's first line.
fn first_run(home: &Home) -> String {
    home.entries()[0]["run"].as_str().expect("a line tells its run").to_owned()
}

fn asked(request: &str, path: &str) -> bool {
    request.contains(path)
}

/// Returns the gateway's own error for requests to this path.
fn gateway(request: &str, path: &str, status: u16, code: u16) -> Option<String> {
    let body =
        json!({ "error": { "errorCode": code.to_string(), "message": "as the gateway would have it" } });
    asked(request, path).then(|| http(&format!("{status} X"), "", &body.to_string()))
}

/// Returns the service's own refusal of requests to this path.
fn refusal(request: &str, path: &str) -> Option<String> {
    let body = json!({ "code": 7, "message": "권한이 없습니다.", "requestId": "r-7", "result": null });
    asked(request, path).then(|| answers(&body))
}

fn renamed_versions(request: &str) -> Option<String> {
    let version = |code: &str, name: &str| json!({ "kafkaVersionCode": code, "kafkaVersionName": name });
    let versions = [version("3713006", "Kafka 3.7.1"), version("3903006", "Kafka 5.0.0")];
    asked(request, "/getCDSSVersionList").then(|| success(&json!({ "kafkaVersionList": versions })))
}

fn no_versions(request: &str) -> Option<String> {
    let is_signed = asked(request, "x-ncp-iam-access-key");
    (is_signed && asked(request, "/getCDSSVersionList")).then(|| success(&json!({ "kafkaVersionList": [] })))
}

fn settings_not_reported(request: &str) -> Option<String> {
    let lists = json!({ "kafkaConfigGroupDetailList": null, "additionalKafkaConfigGroupDetailList": null });
    asked(request, "/getKafkaConfigGroupDetailList/331").then(|| success(&lists))
}

fn value_not_reported(request: &str) -> Option<String> {
    let partitions = json!({ "configName": "num.partitions", "customValue": "24", "defaultValue": "1" });
    let lists = json!({
        "kafkaConfigGroupDetailList": [partitions],
        "additionalKafkaConfigGroupDetailList": [{ "configName": "ssl.cipher.suites", "configValue": "" }],
    });
    asked(request, "/getKafkaConfigGroupDetailList/351").then(|| success(&lists))
}

const ENTRY: &str = "/getClusterInfoList/1009123";

fn at_target(request: &str, body: &mut Value) {
    if asked(request, ENTRY) {
        body["result"]["kafkaVersionCode"] = "3903006".into();
    }
}

fn cluster_gone(request: &str, body: &mut Value) {
    if asked(request, ENTRY) || asked(request, "ProgressCheck") {
        body["result"] = Value::Null;
    }
}

fn another_group(request: &str, body: &mut Value) {
    if asked(request, ENTRY) {
        body["result"]["configGroupNo"] = 313.into();
    }
}

fn value(group: u64, key: &str, value: &str) -> AccountChange {
    AccountChange::CustomValue { group, key: key.into(), value: value.into() }
}

fn word(word: &str) -> AccountChange {
    AccountChange::Status { cluster: ORDERS, status: word.into() }
}

fn red_broker(env: &TestEnv) {
    env.sandbox.apply(AccountChange::BrokerColor { cluster: ORDERS, broker: 1, color: "red".into() });
}

fn error_state(env: &TestEnv) {
    env.sandbox.apply(word("error"));
}

fn out_of_range(env: &TestEnv) {
    set(env, 301, "num.io.threads", "8");
    set(env, 312, "num.io.threads", "0");
}

/// Settings: one that a version does not list, one that a version removed, and one that only one group has.
fn odd_settings(env: &TestEnv) {
    set(env, 301, "some.setting", "5");
    set(env, 301, "zookeeper.connection.timeout.ms", "18000");
    set(env, 301, "log.message.format.version", "3.0");
    set(env, 312, "num.io.threads", "16");
    set(env, 312, "num.partitions", "7");
}

fn removed_keys(env: &TestEnv) {
    set(env, 361, "advertised.port", "9092");
    set(env, 361, "num.io.threads", "0");
}

/// The other version lists one setting more and one setting less, none of them with a custom value.
fn listed_for_one_version(result: &mut Value) {
    let listed = result["kafkaConfigGroupDetailList"].as_array_mut().expect("there is a list");
    listed.retain(|setting| setting["configName"] != "log.cleaner.threads");
    listed.push(json!({ "configName": "new.setting", "customValue": "", "defaultValue": "1" }));
}

fn with_profile(env: &TestEnv) {
    env.write_profile("");
}

fn nothing(_: &Home) {}

fn profile_at(home: &Home, lines: &str) {
    let text = format!(
        "[profiles.prod]\naccess_key = \"{ACCESS_KEY}\"\nsecret_key = \"{SECRET_KEY}\"\nregion = \"KR\"\n{lines}"
    );
    write_private(&home.profiles(), &text);
}

fn vendor(home: &Home, section: &str) {
    let text = format!(
        "[{section}]\nncloud_access_key_id = {ACCESS_KEY}\nncloud_secret_access_key = {SECRET_KEY}\n"
    );
    write_private(&home.path().join(".ncloud/configure"), &text);
}

fn two_files(home: &Home) {
    profile_at(home, "poll = \"10s\"\n[profiles.spare]\nsite = \"gov\"\n");
    vendor(home, "team");
}

fn namesakes(home: &Home) {
    profile_at(home, "");
    vendor(home, "prod");
}

fn program(home: &Home) {
    write_private(&home.profiles(), "[profiles.prod]\ncredential_process = \"false --of ours\"\n");
}

fn damaged_profiles(home: &Home) {
    write_private(&home.profiles(), "[profiles.prod]\nsecret_key = \"");
}

fn open_to_others(home: &Home) {
    profile_at(home, "");
    allow(&home.profiles(), 0o644);
}

/// A loopback port without a listener.
fn closed_port(home: &Home) {
    profile_at(home, "endpoint = \"http://127.0.0.1:9\"\n");
}

fn damaged(home: &Home) {
    write_private(&home.journal(), "garbage\n\0\0\0\n{\"run\":\"\u{1b}[2J\"}\n");
    allow(&home.state(), 0o700);
}

fn damaged_journal(env: &TestEnv) {
    damaged(&env.home);
}

fn journal_is_a_link(env: &TestEnv) {
    fs::create_dir_all(env.home.state()).expect("the home can be written");
    std::os::unix::fs::symlink("/nowhere/at/all", env.home.journal()).expect("the home can be written");
}

fn journal_is_a_folder(home: &Home) {
    fs::create_dir_all(home.journal()).expect("the home can be written");
}

fn no_folder(env: &TestEnv) {
    fs::write(env.home.path().join("state"), "in the way").expect("the home can be written");
}

fn added_cluster() -> Run {
    let clusters = vec!["team=3.6.2,5".parse().expect("the service could have it")];
    let env = TestEnv::with(Options { clusters, ..Options::default() });
    at(&env, &["upgrade --cluster team --version 3.9.0 --yes"])
}

fn locked_journal() -> Run {
    let env = TestEnv::new(Healthy);
    env.run("history --init").assert_says(0, &[]);
    let journal = fs::File::open(env.home.journal()).expect("it is there");
    journal.lock().expect("it can be locked");
    at(&env, &[YES])
}

fn another_run() -> Run {
    let env = TestEnv::new(Healthy);
    let held = env.start(&format!("{YES} --poll 2h"));
    env.sandbox.wait_until(|log| log.count(PROGRESS) > 0);
    let run = at(&env, &[YES]);
    held.kill();
    run
}

/// Runs a line for its document while a user answers at a terminal.
fn at_terminal(line: &str, person: impl Fn(&mut Terminal)) -> Run {
    let process_env = ProcessEnv::new(Healthy);
    let line = format!("cdss {line} -o json > document.json");
    let mut terminal = Terminal::run(&process_env, &["sh", "-c", &line]);
    person(&mut terminal);
    let (code, stderr) = terminal.end();
    let stdout = fs::read_to_string(process_env.home().join("document.json")).expect("the shell made it");
    let run = Run { stdout, stderr, code };
    let _valid = run.document();
    run
}

const QUESTION: &str = "Type orders-prod to start: ";

fn declined() -> Run {
    at_terminal(UPGRADE, |terminal| {
        for (answer, then) in
            [("y", "2 attempts left"), ("yes", "1 attempt left"), ("orders", "nothing was started")]
        {
            terminal.answer_to(QUESTION, answer);
            terminal.expect(then);
        }
    })
}

fn init() -> Run {
    at_terminal("config init --profile prod", |terminal| {
        terminal.answer_to("[public]: ", "");
        terminal.answer_to("[KR]: ", "");
        terminal.answer_to("Access key ID: ", ACCESS_KEY);
        terminal.answer_to("Secret key: ", SECRET_KEY);
    })
}

fn interrupted_at_question() -> Run {
    at_terminal(UPGRADE, |terminal| {
        terminal.expect(QUESTION);
        terminal.press("\u{3}");
    })
}

/// The first start is rate limited, and nothing can be read after it.
fn unseen_before_start() -> Run {
    let started = Arc::new(AtomicBool::new(false));
    let service = Altered::serving_with(Options::default(), move |request, port| {
        if asked(request, START) {
            started.store(true, Ordering::SeqCst);
        }
        let is_gone = started.load(Ordering::SeqCst);
        let instead =
            gateway(request, START, 429, 410).or_else(|| gateway(request, "", 503, 500)).filter(|_| is_gone);
        instead.map_or_else(|| forward(request, port), String::into_bytes)
    });
    altered(&service, &[YES])
}

fn source_changed() -> Run {
    let before = "getKafkaConfigGroupDetailList".to_owned();
    let alteration =
        ScheduledChange { before_operation: before, nth: 3, change: value(351, "num.partitions", "7") };
    at(&TestEnv::with(Options { scheduled_changes: vec![alteration], ..Options::default() }), &[COPY])
}

fn secret_from_stdin() -> Run {
    let home = Home::empty();
    let line = "config set secret_key --stdin --profile prod -o json";
    let input = home.path().join("input");
    fs::write(&input, "hunter2\n").expect("the home can be written");
    let mut command = home.command(line);
    command.stdin(fs::File::open(&input).expect("it is there"));
    Running::start(command, line).end()
}

/// The signal arrives between the first poll and the second one, two hours later.
fn interrupted_while_unchanged() -> Run {
    let env = TestEnv::new(NeverStarts);
    let running = env.start(&format!("{YES} --poll 2h -o json"));
    let journal = || fs::read_to_string(env.home.journal()).unwrap_or_default();
    // Written after all reads of the poll have completed.
    while !journal().contains("\"event\":\"brokers\"") {
        thread::park_timeout(Duration::from_millis(5));
    }
    running.signal(Signal::INT);
    running.end()
}

/// A run was killed between the create and the write.
fn left_behind() -> Run {
    let env = env(Slow, SOON);
    let first = env.start(COPY);
    env.sandbox.wait_until(|log| log.count("createConfigGroup") == 1);
    first.kill();
    at(&env, &[COPY])
}

/// The local resolver rejects a label of more than 63 characters without a query.
fn no_such_host() -> Run {
    let endpoint = format!("https://{}.test", "x".repeat(64));
    let variables = [("CDSS_POLL", None), ("CDSS_ENDPOINT", Some(endpoint.as_str()))];
    TestEnv::new(Healthy).run_with("config verify -o json", &variables)
}

fn strange_authority() -> Run {
    let stranger = Authority::new("Corporate Proxy CA").server("127.0.0.1", Validity::Now);
    let service = Injector::with(|_| vec![Step::Hang], move |stream| accept(&stranger, stream));
    let endpoint = format!("https://127.0.0.1:{}", service.port());
    TestEnv::new(Healthy).run(&format!("config verify --endpoint {endpoint} -o json"))
}

fn no_such_program() -> Run {
    let home = Home::empty();
    let line = "sandbox -o json -- no-such-program";
    Running::start(home.command(line), line).end()
}
