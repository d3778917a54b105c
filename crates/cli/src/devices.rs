//! `devices`: microphones and loudspeakers.

use libretto_assistant::audio::devices::{self, Device};
use libretto_assistant::voice::{Error, Kind};

use crate::output::{self, Output};

pub(crate) async fn run(output: Output) -> Result<(), Error> {
    let listing = tokio::task::spawn_blocking(devices::list)
        .await
        .map_err(|error| Error::new(Kind::Internal, format!("Listing the devices failed: {error}.")))??;
    output.print(&listing, |listing| {
        let rows = |title: &str, devices: &[Device]| {
            let none = vec![vec![
                String::new(),
                "none: plug one in, or start the sound system".to_owned(),
            ]];
            let cells = devices.iter().map(|device| {
                let mark = if device.default { "*" } else { "" };
                vec![
                    mark.to_owned(),
                    device.name.clone(),
                    device.host.clone(),
                    device.id.to_string(),
                ]
            });
            let cells: Vec<_> = cells.collect();
            format!(
                "{title}\n{}",
                output::table(if cells.is_empty() { &none } else { &cells })
            )
        };
        let inputs = rows("Microphones", &listing.inputs);
        let outputs = rows("Loudspeakers", &listing.outputs);
        format!("{inputs}\n\n{outputs}\n\n* is used unless the settings choose another.")
    })
}
