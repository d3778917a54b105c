//! `settings`: one value at a time, by its dotted key.

use libretto_assistant::Foundation;
use libretto_assistant::voice::Error;

use crate::args::Settings;
use crate::output::{self, Output};

pub(crate) fn run(command: Settings, foundation: &Foundation, output: Output) -> Result<(), Error> {
    let settings = &foundation.settings;
    match command {
        Settings::Get { key } => {
            let value = settings.value(&key)?;
            output.print(&value, |value| match value.as_str() {
                Some(text) => text.to_owned(),
                None => value.to_string(),
            })
        }
        Settings::Set { key, value } => {
            settings.set(&key, &value)?;
            output::line(&format!("{key} is set in {}.", settings.path().display()))
        }
    }
}
