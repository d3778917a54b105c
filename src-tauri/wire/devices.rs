//! Microphones and loudspeakers.

use libretto_assistant::audio::devices;
use serde::{Deserialize, Serialize};
use specta::Type;

/// A microphone or a loudspeaker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct Device {
    /// Stable id.
    pub id: String,
    /// Readable name.
    pub name: String,
    /// Who offers it, such as `PulseAudio`.
    pub host: String,
    /// The one that is used when none is chosen.
    pub default: bool,
}

impl From<devices::Device> for Device {
    fn from(device: devices::Device) -> Self {
        Self {
            id: device.id.0,
            name: device.name,
            host: device.host,
            default: device.default,
        }
    }
}

/// What there is, and what was chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "camelCase")]
pub struct Devices {
    /// Microphones.
    pub microphones: Vec<Device>,
    /// Loudspeakers.
    pub loudspeakers: Vec<Device>,
    /// The chosen microphone's id; `null` is the system's default. It may be one that is not there now.
    pub microphone: Option<String>,
    /// The chosen loudspeaker's id; `null` is the system's default. It may be one that is not there now.
    pub loudspeaker: Option<String>,
}

/// Which side of the conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// What listens.
    Microphone,
    /// What is heard.
    Loudspeaker,
}

/// How the test of a device or a voice ended, where it did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum TestEnd {
    /// All was said.
    Over,
    /// It was ended: by `devices_test_end`, by a test that was begun after it, by a pause, by its window being put away.
    Ended,
    /// It had lasted for a minute, which is the longest. Nothing is being tested any more.
    TimedOut,
}
