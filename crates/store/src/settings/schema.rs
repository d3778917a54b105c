//! What each setting means and takes, read from [`super::model`]'s own lines: from there come the check of values, the
//! sentences about wrong ones, and the reference file.

use std::fmt::Write as _;
use std::sync::LazyLock;

use schemars::generate::SchemaSettings;
use serde_json::{Map, Value as Plain};

use super::migrate::VERSION;
use super::model::Settings;
use super::plain::Path;

/// The model as JSON Schema, nested in place.
static SCHEMA: LazyLock<Plain> = LazyLock::new(|| {
    let settings = SchemaSettings::draft2020_12().with(|s| s.inline_subschemas = true);
    settings
        .into_generator()
        .into_root_schema_for::<Settings>()
        .to_value()
});

/// The defaults as plain values.
static DEFAULTS: LazyLock<Plain> =
    LazyLock::new(|| serde_json::to_value(Settings::default()).unwrap_or(Plain::Object(Map::new())));

/// What each setting means and takes: the document as JSON Schema (draft 2020-12), nested in place.
pub fn schema() -> &'static Plain {
    &SCHEMA
}

/// What counts where nothing was set. Settings without a default are missing.
pub fn defaults() -> &'static Plain {
    &DEFAULTS
}

/// A value that a setting does not take.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Wrong {
    pub(super) path: Path,
    pub(super) value: Plain,
    /// "a number from 0 to 1".
    pub(super) expected: String,
}

/// The default of a setting, if it has one.
pub(super) fn default_of(path: &[String]) -> Option<&'static Plain> {
    super::plain::at(&DEFAULTS, path)
}

/// Every value in `settings` that cannot be used. Keys that are not known are no fault.
pub(super) fn check(settings: &Plain) -> Vec<Wrong> {
    let mut wrong = Vec::new();
    walk(&SCHEMA, settings, &mut Vec::new(), &mut |path, value, schema| {
        wrong.push(Wrong {
            path: path.to_vec(),
            value: value.clone(),
            expected: expectation(schema),
        });
    });
    wrong
}

/// Every key in `settings` that no setting has.
pub(super) fn unknown(settings: &Plain) -> Vec<Path> {
    fn search(schema: &Plain, plain: &Plain, path: &mut Path, found: &mut Vec<Path>) {
        match plain {
            Plain::Object(entries) => {
                for (key, inner) in entries {
                    path.push(key.clone());
                    match child(schema, key) {
                        Some(schema) => search(schema, inner, path, found),
                        None => found.push(path.clone()),
                    }
                    path.pop();
                }
            }
            Plain::Array(entries) => {
                for (index, inner) in entries.iter().enumerate() {
                    path.push(index.to_string());
                    search(schema.get("items").unwrap_or(&Plain::Null), inner, path, found);
                    path.pop();
                }
            }
            _ => {}
        }
    }
    let mut found = Vec::new();
    search(&SCHEMA, settings, &mut Vec::new(), &mut found);
    found
}

/// The schema of the setting at a path; `None` when there is no such setting.
pub(super) fn at(path: &[String]) -> Option<&'static Plain> {
    path.iter()
        .try_fold(&*SCHEMA, |schema, step| match step.parse::<usize>() {
            Ok(_) if schema.get("items").is_some() => schema.get("items"),
            _ => child(schema, step),
        })
}

/// What a table's schema says of a key. Where anything goes, it says `true` or refers to itself.
fn child<'a>(schema: &'a Plain, key: &str) -> Option<&'a Plain> {
    if is_free(schema) {
        return Some(schema);
    }
    let named = schema.get("properties").and_then(|p| p.get(key));
    named.or_else(|| {
        schema
            .get("additionalProperties")
            .filter(|s| **s != Plain::Bool(false))
    })
}

/// A provider's own values: any plain value.
fn is_free(schema: &Plain) -> bool {
    *schema == Plain::Bool(true) || schema.get("$ref").is_some() || schema.get("anyOf").is_some()
}

/// True when the schema takes this JSON type.
pub(super) fn takes(schema: &Plain, kind: &str) -> bool {
    match schema.get("type") {
        Some(Plain::String(one)) => one == kind,
        Some(Plain::Array(several)) => several.iter().any(|k| k == kind),
        _ => kind == "string" && schema.get("oneOf").is_some(),
    }
}

fn walk(schema: &Plain, value: &Plain, path: &mut Path, wrong: &mut impl FnMut(&[String], &Plain, &Plain)) {
    if is_free(schema) {
        return;
    }
    let fits = match value {
        Plain::Null => takes(schema, "null"),
        Plain::Bool(_) => takes(schema, "boolean"),
        Plain::Number(number) => {
            let whole = number.is_i64() || number.is_u64();
            let number = number.as_f64().unwrap_or(f64::NAN);
            let bound = |name| schema.get(name).and_then(Plain::as_f64);
            (takes(schema, "number") || whole && takes(schema, "integer"))
                && bound("minimum").is_none_or(|least| number >= least)
                && bound("maximum").is_none_or(|most| number <= most)
        }
        Plain::String(text) => {
            takes(schema, "string")
                && choices(schema).is_none_or(|choices| choices.iter().any(|(name, _)| name == text))
                && within(schema, "Length", text.chars().count())
        }
        Plain::Array(entries) => takes(schema, "array") && within(schema, "Items", entries.len()),
        Plain::Object(entries) => {
            let required = schema.get("required").and_then(Plain::as_array);
            takes(schema, "object")
                && required.is_none_or(|keys| {
                    keys.iter()
                        .filter_map(Plain::as_str)
                        .all(|key| entries.contains_key(key))
                })
        }
    };
    if !fits {
        wrong(path, value, schema);
        return;
    }
    match value {
        Plain::Object(entries) => {
            for (key, inner) in entries {
                if let Some(schema) = child(schema, key) {
                    path.push(key.clone());
                    walk(schema, inner, path, wrong);
                    path.pop();
                }
            }
        }
        Plain::Array(entries) => {
            let Some(schema) = schema.get("items") else { return };
            for (index, inner) in entries.iter().enumerate() {
                path.push(index.to_string());
                walk(schema, inner, path, wrong);
                path.pop();
            }
        }
        _ => {}
    }
}

/// `minLength` and `maxLength`, or `minItems` and `maxItems`.
fn within(schema: &Plain, what: &str, size: usize) -> bool {
    let bound = |name: &str| schema.get(format!("{name}{what}")).and_then(Plain::as_u64);
    bound("min").is_none_or(|least| size as u64 >= least)
        && bound("max").is_none_or(|most| size as u64 <= most)
}

/// The names that an enumeration takes, with what each means.
fn choices(schema: &Plain) -> Option<Vec<(&str, &str)>> {
    let variants = schema.get("oneOf")?.as_array()?;
    let pick = |v| Some((str_of(v, "const")?, str_of(v, "description").unwrap_or_default()));
    Some(variants.iter().filter_map(pick).collect())
}

fn str_of<'a>(plain: &'a Plain, key: &str) -> Option<&'a str> {
    plain.get(key).and_then(Plain::as_str)
}

/// "a number from 0 to 1".
pub(super) fn expectation(schema: &Plain) -> String {
    if let Some(choices) = choices(schema) {
        let names: Vec<_> = choices.iter().map(|(name, _)| format!("\"{name}\"")).collect();
        return format!("one of {}", names.join(", "));
    }
    let bound = |name| schema.get(name).and_then(Plain::as_f64);
    let range = match (bound("minimum"), bound("maximum")) {
        (Some(least), Some(most)) => format!(" from {least} to {most}"),
        (Some(least), None) => format!(" of at least {least}"),
        _ => String::new(),
    };
    let longest = |name| schema.get(name).and_then(Plain::as_u64);
    if takes(schema, "boolean") {
        "true or false".to_owned()
    } else if takes(schema, "integer") {
        format!("a whole number{range}")
    } else if takes(schema, "number") {
        format!("a number{range}")
    } else if takes(schema, "string") {
        longest("maxLength").map_or("text".to_owned(), |most| {
            format!("text of at most {most} characters")
        })
    } else if takes(schema, "array") {
        longest("maxItems").map_or("a list".to_owned(), |most| {
            format!("a list of at most {most} entries")
        })
    } else if let Some(required) = schema.get("required").and_then(Plain::as_array) {
        let keys: Vec<_> = required.iter().filter_map(Plain::as_str).collect();
        format!("a table with {}", keys.join(", "))
    } else {
        "a table".to_owned()
    }
}

/// The reference: every setting with its meaning, bounds and default. Each stands behind a `#`, so that a copy of the
/// file changes nothing until a line is freed.
pub fn documented() -> String {
    let mut text = String::from(
        "# Libretto's settings, each with its default. Copy what you want to change into `settings.toml`.\n\
         # What that file does not say may come from the environment (`SYSTEM_PROMPT`, `TTS_VOICE`, …).\n\n",
    );
    let _ = writeln!(
        text,
        "# Layout of this file; Libretto raises it when it changes the layout.\nversion = {VERSION}"
    );
    let Some(sections) = SCHEMA.get("properties").and_then(Plain::as_object) else {
        return text;
    };
    for (name, section) in sections {
        text.push('\n');
        comment(&mut text, str_of(section, "description").unwrap_or_default());
        let Some(keys) = section.get("properties").and_then(Plain::as_object) else {
            let _ = writeln!(
                text,
                "# [{name}.elevenlabs]\n# base_url = \"https://api.elevenlabs.io\""
            );
            continue;
        };
        let _ = writeln!(text, "[{name}]");
        for (index, (key, schema)) in keys.iter().enumerate() {
            if index > 0 {
                text.push('\n');
            }
            document(&mut text, name, key, schema);
        }
    }
    text
}

fn document(text: &mut String, section: &str, key: &str, schema: &Plain) {
    let mut meaning = str_of(schema, "description").unwrap_or_default().to_owned();
    if let Some(choices) = choices(schema) {
        for (name, what) in choices {
            let _ = write!(meaning, "\n\"{name}\": {what}");
        }
    } else if schema.get("minimum").is_some() || schema.get("maximum").is_some() {
        let expected = expectation(schema);
        let mut letters = expected.chars();
        let first = letters
            .next()
            .map(|c| c.to_uppercase().to_string())
            .unwrap_or_default();
        let _ = write!(meaning, "\n{first}{}.", letters.as_str());
    }
    comment(text, &meaning);
    let default = DEFAULTS
        .get(section)
        .and_then(|s| s.get(key))
        .and_then(super::plain::to_value);
    if let Some(default) = default {
        let _ = writeln!(text, "# {key} = {}", default.to_string().trim());
    } else {
        // Nothing by default: the line shows how it would be written.
        let example = if takes(schema, "string") { "\"…\"" } else { "…" };
        let _ = writeln!(text, "# {key} = {example}");
    }
}

/// Width of the reference file.
const WIDTH: usize = 110;

fn comment(text: &mut String, meaning: &str) {
    // A single line break in a doc comment is only a wrapped line, unless a choice or a bound follows.
    for line in meaning.lines() {
        let mut width = 1;
        text.push('#');
        for word in line.split_whitespace() {
            if width + 1 + word.chars().count() > WIDTH {
                text.push_str("\n#");
                width = 1;
            }
            width += 1 + word.chars().count();
            let _ = write!(text, " {word}");
        }
        text.push('\n');
    }
}
