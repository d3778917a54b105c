//! Microphones and loudspeakers: what there is, under stable ids and readable names.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::backend;
use crate::error::Result;

/// Names a device across restarts: the host's name, a colon, and the host's own id.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DeviceId(pub String);

impl fmt::Display for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A microphone or a loudspeaker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// Stable id, for settings.
    pub id: DeviceId,
    /// Readable name, for people.
    pub name: String,
    /// Who offers it: `PulseAudio`, `PipeWire`, `ALSA`, `WASAPI`, `CoreAudio`.
    pub host: String,
    /// The one that is used when none is chosen.
    pub default: bool,
}

impl Device {
    pub(crate) fn virtual_one(id: &str, name: &str) -> Self {
        Self {
            id: DeviceId(id.to_owned()),
            name: name.to_owned(),
            host: "Libretto".into(),
            default: true,
        }
    }
}

/// What there is at a moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// Microphones.
    pub inputs: Vec<Device>,
    /// Loudspeakers.
    pub outputs: Vec<Device>,
}

impl Listing {
    pub(crate) fn of(device: Device) -> Self {
        Self {
            inputs: vec![device.clone()],
            outputs: vec![device],
        }
    }
}

/// The system's devices. Takes up to a few seconds where the sound system hangs, so ask it off the main thread.
///
/// # Errors
/// `Hung` when the sound system does not answer.
pub fn list() -> Result<Listing> {
    backend::cpal::listing()
}
