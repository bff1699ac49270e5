//! Generates the JSON schema and compares it with `schema.json`.
//!
//! `CDSS_RECORD=1 cargo test --lib output::documents` writes the file instead.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::Path;
use std::{any, fs};

use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform as _};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use super::Document;
use super::config::{ProfileChangeFields, ProfilesFields, SettingsFields, VerifyFields};
use super::config_group::{CopyFields, DiffFields};
use super::history::HistoryFields;
use super::list::{ClustersFields, ConfigGroupsFields, VersionsFields};
use super::sandbox::ScenariosFields;
use super::upgrade::{CheckFields, StatusFields, UpgradeFields};
use super::words::{Spelled, Word};
use crate::exit::Exit;
use crate::settings::Field;
use crate::verify::rules::Step;

/// The checks of an upgrade. Those of `config verify` are [`Step::ALL`].
const CHECK_IDS: [&str; 25] = [
    "cluster.identity",
    "cluster.state",
    "brokers.health",
    "zookeeper.health",
    "version.order",
    "version.listed",
    "version.zookeeper",
    "config.version",
    "config.no-group",
    "config.several-groups",
    "config.other-group",
    "config.lost-override",
    "config.changed",
    "config.out-of-range",
    "config.read-only",
    "config.removed-key",
    "config.changed-default",
    "config.unknown-setting",
    "service.precheck",
    "start.unresolved",
    "plan.stale",
    "journal.writable",
    "journal.damaged",
    "journal.missing",
    "data.replication",
];

const OPERATIONS: [&str; 14] = [
    "getCDSSVersionList",
    "getClusterInfoList",
    "getClusterInfo",
    "getClusterStatus",
    "rollingUpgradePreCheck",
    "rollingUpgrade",
    "rollingUpgradeProgressCheck",
    "getKafkaVersionConfigGroupList",
    "getKafkaConfigGroupList",
    "getKafkaConfigGroup",
    "getKafkaConfigGroupDetailList",
    "getConfigGroupUsingClusterList",
    "createConfigGroup",
    "setKafkaConfigGroupDetail",
];

impl<T: Spelled> JsonSchema for Word<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        any::type_name::<T>().into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        one_word_of(T::variants().iter().map(Spelled::spelling))
    }
}

/// Returns the schema of a text that is one of these words.
fn one_word_of(words: impl IntoIterator<Item = &'static str>) -> Schema {
    let mut seen = BTreeSet::new();
    let words: Vec<&str> = words.into_iter().filter(|word| seen.insert(*word)).collect();
    json_schema!({ "type": "string", "enum": words })
}

pub(super) fn check_id(_: &mut SchemaGenerator) -> Schema {
    one_word_of(CHECK_IDS.into_iter().chain(Step::ALL.map(Step::id)))
}

pub(super) fn operation(_: &mut SchemaGenerator) -> Schema {
    one_word_of(OPERATIONS)
}

pub(super) fn setting_key(_: &mut SchemaGenerator) -> Schema {
    one_word_of(["profile"].into_iter().chain(Field::ALL.map(Field::name)))
}

pub(super) fn error_kind(_: &mut SchemaGenerator) -> Schema {
    one_word_of(Exit::ALL.into_iter().filter(|exit| *exit != Exit::Ok).map(Exit::name))
}

pub(super) fn list_exits(schema: &mut Schema) {
    let exits = Exit::ALL.map(|exit| json!({ "code": exit.code(), "name": exit.name() }));
    schema.insert("enum".to_owned(), json!(exits));
}

/// Returns what each command adds to the envelope. Only documents of failures have no fields of a command.
fn commands(generator: &mut SchemaGenerator) -> [(&'static str, Value); 11] {
    let failed = json!({ "properties": { "ok": { "const": false } } });
    let usage = json!({
        "description": "The subcommand may be unknown.",
        "properties": { "exit": { "const": { "code": Exit::Usage.code(), "name": Exit::Usage.name() } } }
    });
    let check = generator.subschema_for::<CheckFields>();
    let copy = generator.subschema_for::<CopyFields>();
    let upgrade = json!({
        "allOf": [generator.subschema_for::<UpgradeFields>()],
        "dependentSchemas": {
            "versions": {
                "description": "Only a dry run has this field. Its document is the one of check.",
                "allOf": [check],
                "properties": { "versions": { "type": "null" } }
            }
        }
    });
    let list = json!({
        "anyOf": [
            generator.subschema_for::<ClustersFields>(),
            generator.subschema_for::<VersionsFields>(),
            generator.subschema_for::<ConfigGroupsFields>(),
            usage
        ]
    });
    let config_group = json!({
        "anyOf": [generator.subschema_for::<DiffFields>(), copy, usage],
        "dependentSchemas": { "left_out": copy, "not_as_sent": copy, "created": copy, "written": copy }
    });
    let config = json!({
        "anyOf": [
            generator.subschema_for::<SettingsFields>(),
            generator.subschema_for::<VerifyFields>(),
            generator.subschema_for::<ProfilesFields>(),
            generator.subschema_for::<ProfileChangeFields>(),
            usage
        ]
    });
    [
        ("upgrade", upgrade),
        ("check", check.to_value()),
        ("status", generator.subschema_for::<StatusFields>().to_value()),
        ("list", list),
        ("config-group", config_group),
        ("config", config),
        ("history", generator.subschema_for::<HistoryFields>().to_value()),
        ("sandbox", json!({ "anyOf": [generator.subschema_for::<ScenariosFields>(), failed] })),
        ("completions", failed.clone()),
        ("help", failed),
        ("", usage),
    ]
}

/// Returns the rules for fields that depend on each other.
fn rules() -> Value {
    json!([
        {
            "if": { "properties": { "ok": { "const": true } } },
            "then": {
                "properties": { "exit": { "properties": { "code": { "const": 0 } } }, "error": { "type": "null" } }
            },
            "else": {
                "properties": {
                    "exit": { "properties": { "code": { "not": { "const": 0 } } } },
                    "error": { "type": "object" }
                }
            }
        },
        {
            "if": { "properties": { "exit": { "properties": { "code": { "const": Exit::Different.code() } } } } },
            "then": { "properties": { "command": { "const": "config-group" } } }
        }
    ])
}

fn schema() -> Schema {
    let mut generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let mut schema = json_schema!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://cdss.invalid/schema/v1.json",
        "title": "Documents that cdss prints to stdout with --output json",
    });
    let mut envelope = Document::json_schema(&mut generator);
    schema.ensure_object().append(envelope.ensure_object());
    let variants = commands(&mut generator).map(
        |(command, fields)| json!({ "properties": { "command": { "const": command } }, "allOf": [fields] }),
    );
    schema.insert("oneOf".to_owned(), json!(variants));
    schema.insert("allOf".to_owned(), rules());
    schema.insert("$defs".to_owned(), generator.take_definitions(true).into());
    // A description is a doc comment with its line breaks.
    let mut join_lines = RecursiveTransform(|schema: &mut Schema| {
        if let Some(Value::String(text)) = schema.get_mut("description") {
            *text = text.replace('\n', " ");
        }
    });
    join_lines.transform(&mut schema);
    schema
}

#[test]
fn schema_is_generated_from_the_documents() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/output/schema.json");
    let generated = format!("{}\n", serde_json::to_string_pretty(&schema()).unwrap());
    if std::env::vars_os().any(|(name, value)| name == "CDSS_RECORD" && value == "1") {
        fs::write(&path, &generated).unwrap();
    }
    let is_current = fs::read_to_string(&path).unwrap() == generated;
    assert!(is_current, "the documents changed; to write schema.json, run this test with CDSS_RECORD=1");
}
