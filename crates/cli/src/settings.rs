//! `settings`: one value at a time, by its dotted key.

use libretto_assistant::accounts::nobody;
use libretto_assistant::voice::Error;
use libretto_assistant::{Foundation, order};
use serde_json::{Value, json};

use crate::args::Settings;
use crate::output::Output;

pub(crate) fn run(command: Settings, foundation: &Foundation, output: Output) -> Result<(), Error> {
    let settings = &foundation.settings;
    match command {
        Settings::Get { key } => {
            let value = settings.value(&key)?;
            output.print(&value, plain)
        }
        Settings::Set { key, value } => {
            settings.set(&key, &value)?;
            // A list may name who comes with a later version; whoever mistyped a name should know.
            if key.ends_with(".providers") {
                for name in order::unknown(&settings.get()) {
                    eprintln!("{} It is passed over.", nobody(&name).message());
                }
            }
            let told = json!({ "key": key, "value": settings.value(&key)?, "file": settings.path() });
            output.print(&told, |_| {
                format!("{key} is set in {}.", settings.path().display())
            })
        }
    }
}

/// As people write it, and as `set` takes it: a list with commas, a table with a line for each value.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(list) => list.iter().map(plain).collect::<Vec<_>>().join(", "),
        Value::Object(table) => {
            let rows = table.iter().flat_map(|(key, value)| match value {
                Value::Object(_) => plain(value).lines().map(|line| format!("{key}.{line}")).collect(),
                value => vec![format!("{key} = {}", plain(value))],
            });
            rows.collect::<Vec<_>>().join("\n")
        }
        value => value.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_told_as_people_write_them() {
        assert_eq!(
            plain(&json!(["elevenlabs", "on-device"])),
            "elevenlabs, on-device"
        );
        assert_eq!(plain(&json!("a voice")), "a voice");
        let table = json!({ "openai": { "base_url": "http://a", "speed": 1.5 }, "groq": {} });
        assert_eq!(plain(&table), "openai.base_url = http://a\nopenai.speed = 1.5");
    }
}
