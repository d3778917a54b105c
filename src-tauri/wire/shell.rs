//! Windows, tray and what else belongs to the desktop.

use libretto_assistant::doctor;
use libretto_assistant::store;
use serde::{Deserialize, Serialize};
use specta::Type;
use tauri_specta::Event;

use super::hotkeys::{Hotkey, HotkeyWay};

/// How the desktop's side is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct Shell {
    /// Hotkeys, and whether they work.
    pub hotkeys: Vec<Hotkey>,
    /// How keys can be had here at all.
    pub way: HotkeyWay,
    /// Nothing listens until it goes on: hotkeys are given back, the microphone is shut.
    pub paused: bool,
    /// The quick-ask window stays when it loses the focus.
    pub pinned: bool,
    /// How often the quick-ask window came into sight after it had been put away. Its page empties itself then, and
    /// not when it merely gets the focus back.
    pub asked: u32,
    /// Where the settings' window was last led to; `null` before the first time.
    pub led: Option<Led>,
    /// Libretto's version.
    pub version: String,
}

/// The settings' window was led to a section.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct Led {
    /// To which.
    pub section: Section,
    /// How often it was led anywhere: the same section may be asked for again, when another has been chosen meanwhile.
    pub times: u32,
}

/// The sections of the settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum Section {
    /// The voice.
    Voice,
    /// Models that run here.
    Models,
    /// Microphone and loudspeaker.
    Devices,
    /// Hotkeys.
    Hotkeys,
    /// How one talks, and the personas.
    Conversation,
    /// Languages.
    Language,
    /// How the windows look.
    Appearance,
    /// What is kept.
    Privacy,
    /// Keys of providers.
    Keys,
    /// Who does what, and in which order.
    Providers,
    /// What few people change.
    Advanced,
    /// Version and diagnostics.
    About,
}

/// The desktop's side changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type, Event)]
pub struct ShellChanged {
    /// How it is now.
    pub shell: Shell,
}

/// What the user should read is something else now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type, Event)]
pub struct NoticesChanged {
    /// All of it, as in the snapshot.
    pub notices: Vec<Remark>,
}

/// Something that the user should read, though nobody asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct Remark {
    /// What it is about: the pages say that much in their own language.
    pub about: Subject,
    /// What happened and what to do, in English.
    pub sentence: String,
}

/// What a remark is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// The settings' file.
    Settings,
    /// Keys and where they live.
    Secrets,
    /// What was said and answered.
    History,
    /// Variables and `.env` files.
    Environment,
}

impl From<store::Notice> for Remark {
    fn from(notice: store::Notice) -> Self {
        let about = match notice.subject {
            store::Subject::Settings => Subject::Settings,
            store::Subject::Secrets => Subject::Secrets,
            store::Subject::History => Subject::History,
            store::Subject::Environment => Subject::Environment,
        };
        Self {
            about,
            sentence: notice.sentence,
        }
    }
}

/// Another session is the present one: take a new snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type, Event)]
pub struct SessionChanged {
    /// Its id.
    pub session: String,
}

/// The windows. Each loads the same page, and finds its name in its label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, Type)]
#[serde(rename_all = "kebab-case")]
pub enum Window {
    /// The conversation.
    Main,
    /// Settings.
    Settings,
    /// A quick question.
    QuickAsk,
    /// The small strip over other programs.
    Overlay,
}

impl Window {
    /// Its label.
    pub fn label(self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::Settings => "settings",
            Self::QuickAsk => "quick-ask",
            Self::Overlay => "overlay",
        }
    }
}

/// How a thing is that the doctor looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
#[serde(rename_all = "snake_case")]
pub enum Health {
    /// It works.
    Good,
    /// Libretto works without it, but less well.
    Limited,
    /// Libretto cannot do its main job.
    Bad,
}

/// One thing that the doctor looked at. It holds no key and nothing that was said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Type)]
pub struct Finding {
    /// What.
    pub name: String,
    /// How it is.
    pub health: Health,
    /// What was found.
    pub found: String,
    /// What to do, where something can be done.
    pub advice: Option<String>,
}

impl From<doctor::Finding> for Finding {
    fn from(finding: doctor::Finding) -> Self {
        Self {
            name: finding.name,
            health: match finding.health {
                doctor::Health::Good => Health::Good,
                doctor::Health::Limited => Health::Limited,
                doctor::Health::Bad => Health::Bad,
            },
            found: finding.found,
            advice: finding.advice,
        }
    }
}
