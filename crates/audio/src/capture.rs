//! The microphone: 16 kHz mono in 10 ms frames, with pre-roll, level, voice activity and echo cancellation.
//!
//! ```text
//! device ─► Ear (callback: mixes to mono) ─► ring ─► worker: resample ─► 10 ms frames ─► echo cancel ─► pre-roll
//!                                                                                                      │ started
//!                                                                       session ◄── frames, level, VAD ◄┘
//! ```

mod attention;
mod device;
mod ear;
mod inbox;
mod outbox;
mod worker;

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use libretto_voice::device::{Microphone, MicrophoneSession};
use libretto_voice::{Error, Kind};

use crate::backend::Source;
use crate::echo::Reference;
use crate::settings::{EchoSettings, InputSettings};
use crate::vad::{Models, VadKind, VadSettings};

/// Hears with a [`Source`].
pub struct Recorder {
    source: Arc<dyn Source>,
    live: Arc<Live>,
}

/// What can change while a session runs.
struct Live {
    input: Mutex<InputSettings>,
    vad: Mutex<VadSettings>,
    echo: AtomicBool,
    models: Models,
    reference: Reference,
}

impl Live {
    fn input(&self) -> InputSettings {
        self.input.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn vad(&self) -> VadSettings {
        self.vad.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Recorder {
    /// Hears with `source`; the judge of voice activity lies in the folder `models`, and `reference` tells what our own
    /// loudspeaker plays.
    pub fn new(
        source: Arc<dyn Source>,
        input: InputSettings,
        vad: VadSettings,
        echo: EchoSettings,
        models: &Path,
        reference: Reference,
    ) -> Self {
        let live = Live {
            input: Mutex::new(input),
            vad: Mutex::new(vad),
            echo: AtomicBool::new(echo.enabled),
            models: Models::in_folder(models),
            reference,
        };
        Self {
            source,
            live: Arc::new(live),
        }
    }

    /// Changes the device, with which open sessions go on, how long it stays open, and more.
    pub fn set_input(&self, settings: InputSettings) {
        *self.live.input.lock().unwrap_or_else(PoisonError::into_inner) = settings;
    }

    /// Changes what counts as speech, from the next start on.
    pub fn set_vad(&self, settings: VadSettings) {
        *self.live.vad.lock().unwrap_or_else(PoisonError::into_inner) = settings;
    }

    /// Switches echo cancellation, at once.
    pub fn set_echo(&self, settings: EchoSettings) {
        self.live.echo.store(settings.enabled, Ordering::Relaxed);
    }

    /// The detectors that decide in truth: the gate alone when the judge's model is missing.
    pub fn vad_in_use(&self) -> VadKind {
        self.live.models.available(self.live.vad().kind)
    }
}

impl Microphone for Recorder {
    fn open(&self) -> MicrophoneSession {
        let (session, ends) = MicrophoneSession::pair();
        let (source, live) = (self.source.clone(), self.live.clone());
        // Detectors stay on the thread that makes them.
        let work = move || worker::Worker::new(source, live, ends).run();
        match std::thread::Builder::new()
            .name("sound-capture".into())
            .spawn(work)
        {
            Ok(_) => session,
            Err(error) => {
                let text = "The system gave no thread for the microphone. Restart Libretto.";
                MicrophoneSession::failed(Error::new(Kind::Internal, text).with_source(error))
            }
        }
    }
}
