//! TOML as plain values and back. Plain values are JSON's: settings are compared, checked and shown in them.

use serde_json::{Map, Number, Value as Plain};
use toml_edit::{Array, ArrayOfTables, InlineTable, Item, Table, TableLike, Value};

/// A place in the settings: names of tables and keys, and numbers of list entries.
pub(crate) type Path = Vec<String>;

/// `vad.threshold`, `conversation.personas.0.name`.
pub(crate) fn dotted(path: &[String]) -> String {
    path.join(".")
}

/// Dates become text, numbers that are none (`nan`, `inf`) too: no setting is either.
pub(crate) fn from_item(item: &Item) -> Option<Plain> {
    match item {
        Item::None => None,
        Item::Value(value) => Some(from_value(value)),
        Item::Table(table) => Some(from_table(table)),
        Item::ArrayOfTables(tables) => Some(tables.iter().map(|t| from_table(t)).collect()),
    }
}

fn from_table(table: &dyn TableLike) -> Plain {
    table
        .iter()
        .filter_map(|(key, item)| Some((key.to_owned(), from_item(item)?)))
        .collect::<Map<_, _>>()
        .into()
}

fn from_value(value: &Value) -> Plain {
    match value {
        Value::String(text) => text.value().as_str().into(),
        Value::Integer(number) => (*number.value()).into(),
        Value::Float(number) => Number::from_f64(*number.value())
            .map_or_else(|| Plain::String(number.value().to_string()), Plain::Number),
        Value::Boolean(flag) => (*flag.value()).into(),
        Value::Datetime(date) => date.value().to_string().into(),
        Value::Array(values) => values.iter().map(from_value).collect(),
        Value::InlineTable(table) => from_table(table),
    }
}

/// Tables become sections and lists of tables become sections of the same name; `null` is nothing.
pub(crate) fn to_item(plain: &Plain) -> Item {
    match plain {
        Plain::Object(entries) => Item::Table(to_table(entries)),
        Plain::Array(entries) if !entries.is_empty() && entries.iter().all(Plain::is_object) => {
            Item::ArrayOfTables(
                entries
                    .iter()
                    .filter_map(Plain::as_object)
                    .map(to_table)
                    .collect::<ArrayOfTables>(),
            )
        }
        _ => to_value(plain).map_or(Item::None, Item::Value),
    }
}

fn to_table(entries: &Map<String, Plain>) -> Table {
    let mut table = Table::new();
    for (key, plain) in entries {
        let item = to_item(plain);
        if !item.is_none() {
            table.insert(key, item);
        }
    }
    table
}

/// `None` for `null`.
pub(crate) fn to_value(plain: &Plain) -> Option<Value> {
    Some(match plain {
        Plain::Null => return None,
        Plain::Bool(flag) => (*flag).into(),
        Plain::Number(number) => match number.as_i64() {
            Some(integer) => integer.into(),
            None => number.as_f64().unwrap_or_default().into(),
        },
        Plain::String(text) => text.as_str().into(),
        Plain::Array(entries) => entries.iter().filter_map(to_value).collect::<Array>().into(),
        Plain::Object(entries) => {
            let values = entries
                .iter()
                .filter_map(|(key, plain)| Some((key, to_value(plain)?)));
            values.collect::<InlineTable>().into()
        }
    })
}

/// What lies at a path.
pub(crate) fn at<'a>(plain: &'a Plain, path: &[String]) -> Option<&'a Plain> {
    path.iter().try_fold(plain, |plain, step| match plain {
        Plain::Object(entries) => entries.get(step),
        Plain::Array(entries) => entries.get(step.parse::<usize>().ok()?),
        _ => None,
    })
}

/// Puts `upper` over `lower`: tables are merged, everything else replaces.
pub(crate) fn overlay(lower: &mut Plain, upper: Plain) {
    match (lower, upper) {
        (Plain::Object(lower), Plain::Object(upper)) => {
            for (key, plain) in upper {
                match lower.get_mut(&key) {
                    Some(below) => overlay(below, plain),
                    None => {
                        lower.insert(key, plain);
                    }
                }
            }
        }
        (lower, upper) => *lower = upper,
    }
}

/// Takes out what lies at a path; true when there was something.
pub(crate) fn remove(plain: &mut Plain, path: &[String]) -> bool {
    let Some((step, path)) = path.split_first() else {
        return false;
    };
    match plain {
        Plain::Object(entries) if path.is_empty() => entries.shift_remove(step).is_some(),
        Plain::Object(entries) => entries.get_mut(step).is_some_and(|inner| remove(inner, path)),
        Plain::Array(entries) => {
            let index = step.parse().ok().filter(|index| *index < entries.len());
            match index {
                Some(index) if path.is_empty() => {
                    entries.remove(index);
                    true
                }
                Some(index) => remove(&mut entries[index], path),
                None => false,
            }
        }
        _ => false,
    }
}
