//! What a person types of a setting: its dotted key and its value.

use serde_json::Value as Plain;
use toml_edit::Item;

use crate::error::{Error, Result};

use super::read::shown;
use super::{plain, schema};

pub(super) fn refused(wrong: &schema::Wrong) -> Error {
    let reason = format!("it must be {}", wrong.expected);
    Error::Value {
        key: plain::dotted(&wrong.path),
        value: shown(&wrong.value),
        reason,
    }
}

/// The path and meaning of a dotted key.
pub(super) fn find(key: &str) -> Result<(plain::Path, &'static Plain)> {
    let path: plain::Path = key.trim().split('.').map(str::to_owned).collect();
    let unknown = || Error::NoSuchSetting(key.trim().chars().take(100).collect());
    if path.iter().any(|step| step.is_empty() || step.len() > 100) || path.len() > 8 {
        return Err(unknown());
    }
    let schema = schema::at(&path).ok_or_else(unknown)?;
    Ok((path, schema))
}

/// Typed text as the value that the setting takes; what does not fit stays text and is refused by the check.
pub(super) fn typed(schema: &Plain, text: &str) -> Plain {
    let text = text.trim();
    let parsed = text
        .parse::<toml_edit::Value>()
        .ok()
        .and_then(|v| plain::from_item(&Item::Value(v)));
    match parsed {
        Some(value @ Plain::Array(_)) if schema::takes(schema, "array") => value,
        _ if schema::takes(schema, "array") => text
            .split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .collect(),
        Some(value @ Plain::String(_)) => value,
        _ if schema::takes(schema, "string") => text.into(),
        Some(value) => value,
        None => text.into(),
    }
}
