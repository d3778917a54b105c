//! Sound in and sound out: devices, capture, playback with its playhead, voice activity, echo cancellation, decoding.
//!
//! [`open`] gives the microphone and the loudspeaker that the conversation talks to. What plays and what hears share an
//! echo reference; device callbacks do not allocate, lock, log or wait; and no sound touches the disk unless the user
//! names a file.
#![forbid(unsafe_code)]

pub mod backend;
mod capture;
mod clock;
pub mod decode;
pub mod devices;
mod echo;
mod error;
mod playback;
mod settings;
pub mod vad;
mod watch;

use std::sync::Arc;

use libretto_voice::device::{Loudspeaker, Microphone};

pub use capture::Recorder;
pub use devices::{Device, DeviceId, Listing};
pub use error::{AudioError, Result};
pub use playback::Player;
pub use settings::{AudioSettings, EchoSettings, InputSettings, KeepWarm, OutputSettings};
pub use vad::{VadKind, VadSettings};

/// A microphone and a loudspeaker that know of each other. Cheap to clone; the devices close with the last clone.
#[derive(Clone)]
pub struct Sound {
    recorder: Arc<Recorder>,
    player: Arc<Player>,
}

/// Makes both from the settings. No device is opened yet.
///
/// # Errors
/// `BadInput` when a back end's name or argument makes no sense, `Internal` when the system gives no thread.
pub fn open(settings: &AudioSettings) -> libretto_voice::Result<Sound> {
    let source = backend::source(&settings.input.backend)?;
    let sink = backend::sink(&settings.output.backend)?;
    Sound::new(source, sink, settings)
}

impl Sound {
    /// On these back ends, whatever the settings name.
    ///
    /// # Errors
    /// `Internal` when the system gives no thread.
    pub fn new(
        source: Arc<dyn backend::Source>,
        sink: Arc<dyn backend::Sink>,
        settings: &AudioSettings,
    ) -> libretto_voice::Result<Self> {
        let reference = echo::Reference::default();
        let player = Player::new(sink, settings.output.clone(), reference.clone())?;
        let (input, vad, echo) = (settings.input.clone(), settings.vad.clone(), settings.echo);
        let recorder = Recorder::new(source, input, vad, echo, &settings.models, reference);
        Ok(Self {
            recorder: Arc::new(recorder),
            player: Arc::new(player),
        })
    }

    /// The microphone as the conversation sees it.
    pub fn microphone(&self) -> Arc<dyn Microphone> {
        self.recorder.clone()
    }

    /// The loudspeaker as the conversation sees it.
    pub fn loudspeaker(&self) -> Arc<dyn Loudspeaker> {
        self.player.clone()
    }

    /// The microphone, for live changes of its settings.
    pub fn recorder(&self) -> &Recorder {
        &self.recorder
    }

    /// The loudspeaker, for live changes of its settings.
    pub fn player(&self) -> &Player {
        &self.player
    }

    /// Applies what has changed at once, as far as it can without another back end.
    pub fn apply(&self, settings: &AudioSettings) {
        self.recorder.set_input(settings.input.clone());
        self.recorder.set_vad(settings.vad.clone());
        self.recorder.set_echo(settings.echo);
        self.player.choose(settings.output.device.clone());
        self.player.set_volume(settings.output.volume);
    }
}
