//! Changes to a document that leave everything else as its author wrote it.

use serde_json::Value as Plain;
use toml_edit::{ArrayOfTables, Decor, DocumentMut, Item, Table, TableLike};

use super::plain::{self, Path};

/// One value that changed: `None` is taken out.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Change {
    pub(super) path: Path,
    pub(super) value: Option<Plain>,
}

/// What has to be changed to get from one state of the settings to another.
pub(super) fn difference(before: &Plain, after: &Plain) -> Vec<Change> {
    fn search(before: &Plain, after: &Plain, path: &mut Path, changes: &mut Vec<Change>) {
        let (Plain::Object(old), Plain::Object(new)) = (before, after) else {
            if before != after {
                changes.push(Change {
                    path: path.clone(),
                    value: Some(after.clone()),
                });
            }
            return;
        };
        for (key, value) in new {
            path.push(key.clone());
            match old.get(key) {
                Some(old) => search(old, value, path, changes),
                None => changes.push(Change {
                    path: path.clone(),
                    value: Some(value.clone()),
                }),
            }
            path.pop();
        }
        for key in old.keys().filter(|key| !new.contains_key(*key)) {
            path.push(key.clone());
            changes.push(Change {
                path: path.clone(),
                value: None,
            });
            path.pop();
        }
    }
    let mut changes = Vec::new();
    search(before, after, &mut Vec::new(), &mut changes);
    changes
}

/// What a JSON merge patch changes: the values of a section are set one by one, `null` takes out.
pub(super) fn patch(path: Path, value: Plain, changes: &mut Vec<Change>) {
    match value {
        Plain::Object(entries) => {
            for (key, value) in entries {
                let path = path.iter().cloned().chain([key]).collect();
                patch(path, value, changes);
            }
        }
        Plain::Null => changes.push(Change { path, value: None }),
        value => changes.push(Change {
            path,
            value: Some(value),
        }),
    }
}

/// Makes a change. A value keeps the comments around the one that it replaces; entries of a list of tables keep what
/// is not known of them.
pub(super) fn apply(document: &mut DocumentMut, change: &Change) {
    let Some(value) = &change.value else {
        put(document, &change.path, None);
        return;
    };
    let mut item = plain::to_item(value);
    match (at(document.as_item(), &change.path), &mut item) {
        (Some(Item::Value(old)), Item::Value(new)) => *new.decor_mut() = old.decor().clone(),
        (Some(Item::ArrayOfTables(old)), Item::ArrayOfTables(new)) => keep_unknown(old, new),
        _ => {}
    }
    put(document, &change.path, Some(item));
}

/// Entries are the same when their names are.
fn keep_unknown(old: &ArrayOfTables, new: &mut ArrayOfTables) {
    let name = |table: &Table| table.get("name").and_then(Item::as_str).map(str::to_owned);
    for table in new.iter_mut() {
        let Some(before) = old
            .iter()
            .find(|before| name(before).is_some() && name(before) == name(table))
        else {
            continue;
        };
        let after = std::mem::replace(table, before.clone());
        table.set_position(None);
        let known = |key: &str| super::schema::at(&["conversation", "personas", "0", key].map(str::to_owned));
        table.retain(|key, _| after.contains_key(key) || known(key).is_none());
        for (key, item) in &after {
            match (table.get_mut(key), item) {
                (Some(Item::Value(old)), Item::Value(new)) => {
                    let decor = old.decor().clone();
                    *old = new.clone();
                    *old.decor_mut() = decor;
                }
                _ => {
                    table.insert(key, item.clone());
                }
            }
        }
    }
}

/// What lies at a path.
pub(super) fn at<'a>(item: &'a Item, path: &[String]) -> Option<&'a Item> {
    let found = path.iter().try_fold(item, |item, step| match item {
        Item::ArrayOfTables(_) => None,
        _ => item.as_table_like()?.get(step),
    });
    found.filter(|item| !item.is_none())
}

/// Puts an item at a path as it is, or takes it out; tables on the way are made, and comments above the key stay.
pub(super) fn put(document: &mut DocumentMut, path: &[String], item: Option<Item>) {
    let Some((key, tables)) = path.split_last() else {
        return;
    };
    let mut table: &mut dyn TableLike = document.as_table_mut();
    for (depth, name) in tables.iter().enumerate() {
        if table.get(name).is_none_or(|inner| !inner.is_table_like()) {
            if item.is_none() {
                return;
            }
            let mut made = Table::new();
            // `[providers.x]` needs no `[providers]` above it.
            made.set_implicit(depth + 1 < tables.len());
            table.insert(name, Item::Table(made));
        }
        match table.get_mut(name).and_then(Item::as_table_like_mut) {
            Some(inner) => table = inner,
            None => return,
        }
    }
    match (table.get_mut(key), item) {
        (Some(old), Some(item)) => *old = item,
        (None, Some(item)) => {
            table.insert(key, item);
        }
        (_, None) => {
            table.remove(key);
        }
    }
}

/// A value with the comments above it, as it can be put back.
#[derive(Clone, Debug)]
pub(super) struct Held {
    item: Item,
    decor: Option<Decor>,
}

/// What a path holds.
pub(super) fn hold(document: &DocumentMut, path: &[String]) -> Option<Held> {
    let item = at(document.as_item(), path)?.clone();
    Some(Held {
        item,
        decor: decor(document, path),
    })
}

/// Whether two are the same value, however they are written.
pub(super) fn same(one: Option<&Held>, other: Option<&Held>) -> bool {
    let value = |held: Option<&Held>| held.and_then(|held| plain::from_item(&held.item));
    value(one) == value(other)
}

/// Puts back what a path held. A section that is left empty and without a word goes too.
pub(super) fn put_back(document: &mut DocumentMut, path: &[String], held: Option<Held>) {
    if let Some(held) = held {
        put(document, path, Some(held.item));
        if let Some(decor) = held.decor {
            set_decor(document, path, decor);
        }
        return;
    }
    put(document, path, None);
    for length in (1..path.len()).rev() {
        let section = at(document.as_item(), &path[..length]).and_then(Item::as_table);
        let prefix = section.and_then(|table| table.decor().prefix()?.as_str());
        if section.is_some_and(Table::is_empty) && !prefix.is_some_and(|text| text.contains('#')) {
            put(document, &path[..length], None);
        }
    }
}

/// The comments above a key.
pub(super) fn decor(document: &DocumentMut, path: &[String]) -> Option<Decor> {
    let (key, tables) = path.split_last()?;
    let table = at(document.as_item(), tables)?.as_table_like()?;
    Some(table.key(key)?.leaf_decor().clone())
}

/// Sets the comments above a key.
pub(super) fn set_decor(document: &mut DocumentMut, path: &[String], decor: Decor) {
    let Some((key, tables)) = path.split_last() else {
        return;
    };
    let mut table: &mut dyn TableLike = document.as_table_mut();
    for name in tables {
        match table.get_mut(name).and_then(Item::as_table_like_mut) {
            Some(inner) => table = inner,
            None => return,
        }
    }
    if let Some(mut key) = table.key_mut(key) {
        *key.leaf_decor_mut() = decor;
    }
}
