//! Every rule with a number in it.

use std::time::Duration;

use libretto_voice::TurnId;

use crate::key;

/// Who decides when the person speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// The key: hold it, or tap it to begin and again to end.
    #[default]
    PushToTalk,
    /// The voice-activity detector.
    HandsFree,
}

/// Every rule of the conversation that a user or a test may want different.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Policy {
    /// Who decides when the person speaks.
    pub mode: Mode,
    /// Nobody is listened to, whoever decides; what is typed is answered. Pausing calls off what goes on.
    pub paused: bool,
    /// A device or a voice is being tried: hands-free, nobody is listened to meanwhile. A sample would be taken for
    /// somebody who speaks, and be answered. Whoever holds the key wants to be heard. A trial calls off what goes on.
    pub trying: bool,
    /// Hold or tap.
    pub key: key::Timing,
    /// When the person has finished.
    pub turn_end: TurnEnd,
    /// When speech cuts a reply.
    pub barge_in: BargeIn,
    /// How long anything may take.
    pub deadlines: Deadlines,
    /// Turns count on from this one. The loudspeaker, which outlives a conversation, drops what comes of a turn that is
    /// not newer than those that it knows.
    pub after: TurnId,
}

/// When the person has finished.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TurnEnd {
    /// Listening goes on for so long after the key went up, or until speech has ended: fingers are faster than
    /// tongues (350 to 500 ms cure cut last words, Handy #1983).
    pub tail: Duration,
    /// From this score on the turn detector's word is taken that the person has finished (Smart Turn's own bound).
    pub score: f32,
    /// However sure the detector is, so much silence must have passed. Inner gaps of speech reach up to 0.2 s.
    pub min_silence: Duration,
    /// However unsure it is, so much silence ends the turn.
    pub max_silence: Duration,
    /// What ends it where there is no detector (Pipecat's rule without a model).
    pub plain_silence: Duration,
    /// The longest utterance. It is answered, not dropped.
    pub max_utterance: Duration,
    /// The key listens no longer than this to somebody who says nothing: a latch that was forgotten, a release that
    /// was lost.
    pub max_idle: Duration,
}

impl Default for TurnEnd {
    fn default() -> Self {
        Self {
            tail: Duration::from_millis(400),
            score: 0.5,
            min_silence: Duration::from_millis(200),
            max_silence: Duration::from_secs(1),
            plain_silence: Duration::from_millis(600),
            max_utterance: Duration::from_mins(5),
            max_idle: Duration::from_mins(1),
        }
    }
}

/// When speech cuts a reply. Three steps, the first two of which cost nothing to undo: duck at once, cut when it lasts
/// or says words, otherwise be loud again. Where the microphone hears the reply itself, sound that lasts proves nothing,
/// and only words cut (`LiveKit` and Unmute do so for the first 3 s, while their echo cancellers learn; ours says
/// whether there is an echo at all).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BargeIn {
    /// Without it the microphone rests while a reply sounds.
    pub enabled: bool,
    /// Speech that lasts so long cuts (vellum-assistant #38325: 250 ms tells speech from a cough).
    pub sustained: Duration,
    /// So long after the speech began it cuts even if it is faint.
    pub certain: Duration,
    /// A level below this part of the speech's own peak is a pause in it, which the detector's hangover hides.
    pub pause_level: f32,
    /// Loudness while it is being found out.
    pub duck: f32,
    /// Words that the reply itself has just said are its echo when at least this part of them is.
    pub echo: f32,
}

impl Default for BargeIn {
    fn default() -> Self {
        Self {
            enabled: true,
            sustained: Duration::from_millis(250),
            certain: Duration::from_millis(1500),
            pause_level: 0.25,
            duck: 0.2,
            echo: 0.75,
        }
    }
}

/// How long anything may take before the next in line is tried, or the user is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadlines {
    /// From opening the microphone to its first real sample. Bluetooth takes 1 to 2 s (`FluidVoice` #592).
    pub arming: Duration,
    /// From a microphone's going away until it is back, or another is there. Longer than the microphone itself looks
    /// for one, which then fails: this is for one that says nothing more.
    pub microphone_gone: Duration,
    /// Wait before a microphone that failed is tried again while hands-free.
    pub microphone_retry: Duration,
    /// For the turn detector's verdict; without it, silence decides.
    pub verdict: Duration,
    /// From the end of the utterance, or the recogniser's last word, to the final transcript (2 s were too short,
    /// anarlog PR 4853). A replayed utterance gets a quarter of its own length more.
    pub transcript: Duration,
    /// To the model's first token.
    pub first_token: Duration,
    /// To the voice's first audio.
    pub first_audio: Duration,
    /// Between two signs of life in the middle.
    pub stall: Duration,
    /// From the first audio queued to the first sample played, and how much longer than its audio a reply may play.
    pub playback: Duration,
    /// For the loudspeaker's answer to how much was heard of a cut reply.
    pub silence: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            arming: Duration::from_secs(3),
            microphone_gone: Duration::from_secs(15),
            microphone_retry: Duration::from_secs(5),
            verdict: Duration::from_millis(500),
            transcript: Duration::from_secs(5),
            first_token: Duration::from_secs(15),
            first_audio: Duration::from_secs(8),
            stall: Duration::from_secs(8),
            playback: Duration::from_secs(3),
            silence: Duration::from_secs(1),
        }
    }
}

/// How much audio the voice may be ahead of the loudspeaker: enough never to run dry, little enough that a cut reply
/// was not paid for in full.
pub const AHEAD: Duration = Duration::from_secs(12);

/// The longest text of a turn, in bytes: about an hour of speech. What a model says beyond it is not asked for; a typed
/// question, or a text that is to be said again, is refused.
pub const LONGEST_TEXT: usize = 64 * 1024;

/// How many typed questions and announcements may wait.
pub const LONGEST_QUEUE: usize = 16;
