//! The engines as the app sees them: a recogniser, a language model, a voice and a turn detector behind the traits
//! that the cloud's stand behind too. Each runs in a process that is started when it is needed, started again when it
//! dies, and ended when nobody has needed it for a while.

mod error;
mod language;
mod pieces;
mod process;
mod program;
mod recogniser;
mod restarts;
mod sentences;
mod settings;
mod supervisor;
mod turn;
mod voice;

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use futures::future::join_all;
use libretto_voice::{LanguageModel, Result, SpeechToText, TextToSpeech, TurnDetector};

use crate::wire::{Ask, Role, Usage};
pub use error::EngineError;
use language::OnDeviceLanguage;
pub use program::PROGRAM;
use recogniser::OnDeviceRecogniser;
pub use settings::{EngineSettings, LanguageChoice, Models};
pub use supervisor::RoleStatus;
use supervisor::Supervisor;
use turn::OnDeviceTurnDetector;
use voice::OnDeviceVoice;

/// How all engines that run here call themselves.
pub const NAME: &str = "on-device";

/// All engines of this machine. Nothing is started before it is needed; dropping it ends the processes.
pub struct Engines {
    settings: Arc<RwLock<EngineSettings>>,
    speech: Arc<Supervisor>,
    language: Arc<Supervisor>,
    model: Arc<OnDeviceLanguage>,
}

impl Engines {
    /// Engines with these models. What it gives must be used inside a tokio runtime.
    pub fn new(settings: EngineSettings) -> Arc<Self> {
        let settings = Arc::new(RwLock::new(settings));
        let speech = Supervisor::new(Role::Speech, Arc::clone(&settings));
        let language = Supervisor::new(Role::Language, Arc::clone(&settings));
        let model = Arc::new(OnDeviceLanguage::new(Arc::clone(&language), None));
        Arc::new(Self {
            settings,
            speech,
            language,
            model,
        })
    }

    /// Takes other settings. Models change with the next session; threads and program with the next start.
    pub fn configure(&self, settings: EngineSettings) {
        *self.settings.write().unwrap_or_else(PoisonError::into_inner) = settings;
    }

    /// English speech to text.
    pub fn recogniser(&self) -> Arc<dyn SpeechToText> {
        Arc::new(OnDeviceRecogniser::new(Arc::clone(&self.speech), None))
    }

    /// The recogniser in this folder, whichever is chosen: it takes the chosen one's place in memory until that is
    /// needed again.
    pub fn recogniser_in(&self, folder: PathBuf) -> Arc<dyn SpeechToText> {
        Arc::new(OnDeviceRecogniser::new(Arc::clone(&self.speech), Some(folder)))
    }

    /// The small language model.
    pub fn language_model(&self) -> Arc<dyn LanguageModel> {
        Arc::<OnDeviceLanguage>::clone(&self.model)
    }

    /// This language model, whichever is chosen: it takes the chosen one's place in memory until that is needed again.
    pub fn language_model_of(&self, choice: LanguageChoice) -> Arc<dyn LanguageModel> {
        Arc::new(OnDeviceLanguage::new(Arc::clone(&self.language), Some(choice)))
    }

    /// English text to speech.
    pub fn voice(&self) -> Arc<dyn TextToSpeech> {
        Arc::new(OnDeviceVoice::new(Arc::clone(&self.speech), None))
    }

    /// The voice in this folder, whichever is chosen: it takes the chosen one's place in memory until that is needed
    /// again.
    pub fn voice_in(&self, folder: PathBuf) -> Arc<dyn TextToSpeech> {
        Arc::new(OnDeviceVoice::new(Arc::clone(&self.speech), Some(folder)))
    }

    /// Judges whether a speaker has finished.
    pub fn turn_detector(&self) -> Arc<dyn TurnDetector> {
        Arc::new(OnDeviceTurnDetector::new(Arc::clone(&self.speech)))
    }

    /// How each process is, for people to see.
    pub async fn status(&self) -> Vec<RoleStatus> {
        join_all([&self.speech, &self.language].map(|role| role.status())).await
    }

    /// What the language model's last reply took.
    pub fn last_usage(&self) -> Option<Usage> {
        self.model.last_usage()
    }

    /// Where the engine's program is.
    pub fn program(&self) -> Result<PathBuf> {
        let chosen = self
            .settings
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .program
            .clone();
        Ok(program::find(chosen.as_deref())?)
    }

    /// Ends a role's process if nobody uses it; it is started again when it is needed.
    pub async fn unload(&self, role: Role) {
        self.role(role).unload().await;
    }

    /// Has a role's process abort, for tests; it obeys only where [`EngineSettings::faults`] is on.
    #[doc(hidden)]
    pub async fn crash(&self, role: Role) -> Result<()> {
        self.role(role).tell(Ask::Crash).await
    }

    fn role(&self, role: Role) -> &Arc<Supervisor> {
        match role {
            Role::Speech => &self.speech,
            Role::Language => &self.language,
        }
    }
}
