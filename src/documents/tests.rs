//! Generates the JSON schema and compares it with `schema.json`.
//!
//! `CDSS_RECORD=1 cargo test --lib documents` writes the file instead.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use schemars::generate::SchemaSettings;
use schemars::transform::{RecursiveTransform, Transform as _};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};
use strum::{VariantArray, VariantNames};

use super::Document;
use super::config::VerifyFields;
use super::config_group::{CopyFields, DiffFields, GroupFields};
use super::history::HistoryFields;
use super::upgrade::{CheckFields, StatusFields, UpgradeFields};
use crate::config_group::rules::copy::SkipReason;
use crate::config_group::rules::difference::ChangeClass;
use crate::exit::Exit;
use crate::model::broker_health::Color;
use crate::model::cluster::ClusterState;
use crate::model::data_plane::Transport;
use crate::model::endpoint::Endpoint;
use crate::model::history::Outcome;
use crate::model::ids::{ClusterNo, ConfigGroupNo, VersionCode};
use crate::model::kafka_version::Release;
use crate::model::operation_name::OperationName;
use crate::model::region::{Region, Site};
use crate::model::setting_name::{Field, SettingName};
use crate::model::verdict::{Submitted, Verdict};
use crate::report::config::{ProfileChangeReport, ProfilesReport, SettingsReport};
use crate::report::list::{
    ClustersReport, ComparisonReport, ConfigGroupsReport, ScenariosReport, VersionsReport,
};
use crate::upgrade::rules::broker_history::RestartEvidence;
use crate::upgrade::rules::checks::{CheckId, CheckResult};
use crate::upgrade::rules::plan_id::PlanId;

/// Implements the schema of a value that is written as a text.
macro_rules! text_schema {
    ($($name:ident => $schema:expr;)*) => {$(
        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                $schema
            }
        }
    )*};
}

text_schema! {
    ChangeClass => words::<Self>();
    CheckId => words::<Self>();
    CheckResult => words::<Self>();
    ClusterState => json_schema!({ "type": "string", "minLength": 1 });
    Color => json_schema!({ "type": "string", "minLength": 1 });
    Endpoint => json_schema!({ "type": "string", "pattern": "^https?://" });
    OperationName => words::<Self>();
    PlanId => json_schema!({ "type": "string", "pattern": "^[0-9a-f]{16}$" });
    Region => json_schema!({ "type": "string", "pattern": "^[A-Z0-9]{2,8}$" });
    Release => json_schema!({ "type": "string", "minLength": 1 });
    RestartEvidence => words::<Self>();
    SettingName => one_word_of(["profile"].into_iter().chain(Field::VARIANTS.iter().copied()));
    Site => words::<Self>();
    SkipReason => words::<Self>();
    Submitted => words::<Self>();
    Transport => words::<Self>();
    Verdict => words::<Self>();
}

/// Implements the schema of numbers, which are one definition.
macro_rules! number_schema {
    ($($name:ident),*) => {$(
        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                "Number".into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "description": "A numeric identifier.", "type": "string", "pattern": "^[0-9]+$" })
            }
        }
    )*};
}

number_schema!(ClusterNo, ConfigGroupNo, VersionCode);

/// Returns the schema of the words of an enum.
fn words<T: VariantNames>() -> Schema {
    one_word_of(T::VARIANTS.iter().copied())
}

/// Returns the schema of a text that is one of these words.
fn one_word_of(words: impl IntoIterator<Item = &'static str>) -> Schema {
    let mut seen = BTreeSet::new();
    let words: Vec<&str> = words.into_iter().filter(|word| seen.insert(*word)).collect();
    json_schema!({ "type": "string", "enum": words })
}

pub(super) fn error_kind(_: &mut SchemaGenerator) -> Schema {
    one_word_of(exits().filter(|exit| *exit != Exit::Ok).map(Exit::into))
}

/// Returns the schema of the outcome of a run.
pub(super) fn outcome(_: &mut SchemaGenerator) -> Schema {
    one_word_of(
        <Verdict as VariantNames>::VARIANTS
            .iter()
            .copied()
            .chain([Outcome::Ended, Outcome::Unfinished].map(Outcome::into)),
    )
}

fn exits() -> impl Iterator<Item = Exit> {
    <Exit as VariantArray>::VARIANTS.iter().copied()
}

pub(super) fn list_exits(schema: &mut Schema) {
    let exits: Vec<Value> = exits().map(|exit| json!({ "code": exit.code(), "name": exit })).collect();
    schema.insert("enum".to_owned(), json!(exits));
}

/// Returns the schema of a struct, and the names of its fields.
fn form<F: JsonSchema>(generator: &mut SchemaGenerator) -> (Schema, Vec<String>) {
    let fields = F::json_schema(generator);
    let names = fields.get("properties").and_then(Value::as_object).into_iter().flat_map(Map::keys);
    (generator.subschema_for::<F>(), names.cloned().collect())
}

/// Returns the schema of a command whose subcommands have different forms. A field implies the first form that has it.
fn one_form_of(forms: impl IntoIterator<Item = (Schema, Vec<String>)>) -> Value {
    let mut any_of = Vec::new();
    let mut implied = BTreeMap::new();
    for (form, fields) in forms {
        for field in fields {
            implied.entry(field).or_insert_with(|| form.clone());
        }
        any_of.push(form.to_value());
    }
    any_of.push(usage());
    json!({ "anyOf": any_of, "dependentSchemas": implied })
}

/// Returns the schema of a document without a result, because the arguments are invalid.
fn usage() -> Value {
    json!({ "properties": { "exit": { "const": { "code": Exit::Usage.code(), "name": Exit::Usage } } } })
}

/// Returns what each command adds to the envelope.
fn commands(generator: &mut SchemaGenerator) -> [(&'static str, Value); 11] {
    let check = generator.subschema_for::<CheckFields>();
    let dry_run = json!({ "allOf": [check], "properties": { "versions": { "type": "null" } } });
    let upgrade = json!({
        "allOf": [generator.subschema_for::<UpgradeFields>()],
        "dependentSchemas": { "versions": dry_run }
    });
    let list = one_form_of([
        form::<ClustersReport>(generator),
        form::<VersionsReport>(generator),
        form::<ConfigGroupsReport>(generator),
    ]);
    let config_group = one_form_of([
        form::<DiffFields>(generator),
        form::<CopyFields>(generator),
        form::<ConfigGroupsReport>(generator),
        form::<GroupFields>(generator),
    ]);
    let config = one_form_of([
        form::<SettingsReport>(generator),
        form::<VerifyFields>(generator),
        form::<ProfilesReport>(generator),
        form::<ProfileChangeReport>(generator),
    ]);
    let failed = json!({ "properties": { "ok": { "const": false } } });
    [
        ("upgrade", upgrade),
        ("check", check.to_value()),
        ("status", generator.subschema_for::<StatusFields>().to_value()),
        ("list", list),
        ("config-group", config_group),
        ("config", config),
        ("history", generator.subschema_for::<HistoryFields>().to_value()),
        (
            "sandbox",
            json!({ "anyOf": [
                generator.subschema_for::<ScenariosReport>(), generator.subschema_for::<ComparisonReport>(), failed,
            ] }),
        ),
        ("completions", failed.clone()),
        ("help", failed),
        ("", usage()),
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
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/documents/schema.json");
    let generated = format!("{}\n", serde_json::to_string_pretty(&schema()).unwrap());
    if std::env::vars_os().any(|(name, value)| name == "CDSS_RECORD" && value == "1") {
        fs::write(&path, &generated).unwrap();
    }
    let is_current = fs::read_to_string(&path).unwrap() == generated;
    assert!(is_current, "the documents changed; to write schema.json, run this test with CDSS_RECORD=1");
}
