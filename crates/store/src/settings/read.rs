//! From the file's text and the environment to settings: what can be used counts, what cannot is told.

use serde_json::{Value as Plain, json};
use toml_edit::{Document, Item};

use crate::environment::Environment;
use crate::notice::{Notice, Subject};

use super::model::Settings;
use super::plain::{self, Path};
use super::{edit, migrate, overrides, schema};

/// Settings and what was wrong on the way to them.
#[derive(Clone, Debug, Default)]
pub(super) struct Reading {
    pub(super) settings: Settings,
    pub(super) notices: Vec<Notice>,
}

/// Reads a document in the present layout.
pub(super) fn read(document: &Document<String>, environment: &Environment) -> Reading {
    let (mut settings, mut notices) = overrides::read(environment);
    notices.splice(0..0, environment.notices().iter().cloned());

    let mut file = plain::from_item(document.as_item()).unwrap_or_else(|| json!({}));
    let version = file.as_object_mut().and_then(|file| file.shift_remove("version"));
    if let Some(newer) = version.and_then(|v| v.as_i64()).filter(|v| *v > migrate::VERSION) {
        notices.push(Notice::new(
            Subject::Settings,
            format!(
                "The settings were written by a newer Libretto (layout {newer}; this one knows {}). What it knows \
                 counts, the rest is kept.",
                migrate::VERSION
            ),
        ));
    }
    // Again and again: a table may miss what was taken out of it.
    loop {
        let wrong = schema::check(&file);
        if wrong.is_empty() {
            break;
        }
        // The last first: taking an entry out of a list moves only those behind it.
        for wrong in wrong.into_iter().rev() {
            plain::remove(&mut file, &wrong.path);
            let entry = wrong
                .path
                .last()
                .is_some_and(|step| step.parse::<usize>().is_ok());
            let below = plain::at(&settings, &wrong.path).or_else(|| schema::default_of(&wrong.path));
            notices.push(about(document, &wrong, below.filter(|_| !entry)));
        }
    }
    for path in schema::unknown(&file) {
        notices.push(unknown(document, &path));
    }
    notices.extend(keys_in_the_file(document, &file));
    plain::overlay(&mut settings, file);
    match serde_json::from_value(settings) {
        Ok(settings) => Reading { settings, notices },
        Err(error) => {
            // The check lets nothing through that the types do not take; should it ever, the defaults remain.
            let sentence = format!("The settings could not be used ({error}); the defaults count.");
            notices.push(Notice::new(Subject::Settings, sentence));
            Reading {
                settings: Settings::default(),
                notices,
            }
        }
    }
}

fn about(document: &Document<String>, wrong: &schema::Wrong, below: Option<&Plain>) -> Notice {
    let key = plain::dotted(&wrong.path);
    let instead = below.and_then(plain::to_value).map(|v| v.to_string());
    let instead = match instead.filter(|v| v.len() <= 60) {
        Some(value) => format!("{} counts instead", value.trim()),
        None => "it was passed over".to_owned(),
    };
    let line = line(document, &wrong.path);
    let place = line.map(|line| format!(" on line {line}")).unwrap_or_default();
    let sentence = format!(
        "`{key}`{place} is {}, but must be {}; {instead}.",
        shown(&wrong.value),
        wrong.expected
    );
    Notice {
        subject: Subject::Settings,
        sentence,
        key: Some(key),
        line,
    }
}

fn unknown(document: &Document<String>, path: &Path) -> Notice {
    let key = plain::dotted(path);
    let line = line(document, path);
    let place = line.map(|line| format!(" on line {line}")).unwrap_or_default();
    let sentence = format!("`{key}`{place} is no setting that Libretto knows; it is kept, and does nothing.");
    Notice {
        subject: Subject::Settings,
        sentence,
        key: Some(key),
        line,
    }
}

/// Keys belong in the keychain. What looks like one is told, and its value is not.
fn keys_in_the_file(document: &Document<String>, file: &Plain) -> Vec<Notice> {
    let Some(providers) = file.get("providers").and_then(Plain::as_object) else {
        return Vec::new();
    };
    let mut notices = Vec::new();
    for (provider, entries) in providers {
        for key in entries.as_object().into_iter().flat_map(|e| e.keys()) {
            if !["api_key", "key", "secret", "token", "password"]
                .iter()
                .any(|word| key.ends_with(word))
            {
                continue;
            }
            let path = vec!["providers".to_owned(), provider.clone(), key.clone()];
            let sentence = format!(
                "`providers.{provider}.{key}` looks like a secret. Settings are no place for one, and it is not used: \
                 store it with `libretto-cli keys set {provider}`, then delete that line."
            );
            let line = line(document, &path);
            notices.push(Notice {
                subject: Subject::Secrets,
                sentence,
                key: Some(plain::dotted(&path)),
                line,
            });
        }
    }
    notices
}

/// A value as a sentence can bear it.
pub(super) fn shown(value: &Plain) -> String {
    let text = value.to_string();
    match text.char_indices().nth(60) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

/// The line of a key, counted from 1.
fn line(document: &Document<String>, path: &[String]) -> Option<usize> {
    let span = span(document.as_item(), path)?;
    let before = document.raw().get(..span.start)?;
    Some(before.matches('\n').count() + 1)
}

fn span(item: &Item, path: &[String]) -> Option<std::ops::Range<usize>> {
    let Some((step, rest)) = path.split_first() else {
        return item.span();
    };
    match item {
        Item::ArrayOfTables(tables) => {
            let table = tables.get(step.parse().ok()?)?;
            if rest.is_empty() {
                table.span()
            } else {
                span(&Item::Table(table.clone()), rest)
            }
        }
        Item::Value(toml_edit::Value::Array(array)) => {
            let value = array.get(step.parse().ok()?)?;
            if rest.is_empty() {
                value.span()
            } else {
                span(&Item::Value(value.clone()), rest)
            }
        }
        _ => span(edit::at(item, std::slice::from_ref(step))?, rest),
    }
}
