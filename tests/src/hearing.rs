//! What a person at the loudspeaker makes of a turn.

use std::time::Instant;

use anyhow::{Context, Result};
use libretto_testkit::{Sound, clock, wer};
use libretto_voice::text::Graphemes;
use libretto_voice::{Alignment, Audio};

use crate::karaoke::Comparison;
use crate::{Stage, Turn};

/// Louder than this is a sound: −54 dBFS.
pub const SOUND: f32 = 0.002;

/// A reply as it was heard.
#[derive(Clone, Debug)]
pub struct Hearing {
    /// From its first sound to its last.
    pub audio: Audio,
    /// When it began.
    pub from: Instant,
    /// When it ended.
    pub to: Instant,
    /// What was recognised.
    pub text: String,
}

impl Hearing {
    /// What was heard after `from`; `None` when nothing was.
    pub fn of(stage: &Stage, sound: &Sound, from: Instant) -> Result<Option<Self>> {
        let (Some(first), Some(last)) = (sound.onset(sound.sample(from), SOUND), sound.last(SOUND)) else {
            return Ok(None);
        };
        let (from, to) = (sound.moment(first), sound.moment(last + 1));
        let audio = sound.between(from, to);
        let text = stage.transcribe(&audio)?;
        Ok(Some(Self {
            audio,
            from,
            to,
            text,
        }))
    }

    /// How far what was recognised is from a text: the word error rate.
    pub fn error(&self, shown: &str) -> f64 {
        wer::wer(shown, &self.text)
    }
}

/// Compares when each word of a turn was lit with when it was audible.
///
/// What the words sound like is asked of the voice anew, phrase by phrase as the turn had them, without a loudspeaker.
pub fn compare(stage: &Stage, sound: &Sound, turn: &Turn) -> Result<Comparison> {
    let text = in_lines(turn);
    let (reply, alignment) = stage.say(&text)?;
    let start = |cluster: usize| {
        let words = alignment.by_word(&text);
        words
            .into_iter()
            .find(|word| word.text.start == cluster)
            .map(|word| word.audio.start)
    };
    let mut comparison = Comparison::default();
    let (mut starts, mut lit) = (Vec::new(), Vec::new());
    for word in &turn.lit {
        match start(word.cluster) {
            Some(sample) => {
                starts.push(sample);
                lit.push((word.word.clone(), word.at));
            }
            None => comparison.lost.push(word.word.clone()),
        }
    }
    comparison.extend(Comparison::of(sound, &reply, &starts, &lit));
    Ok(comparison)
}

/// The reply with each of its phrases on a line: a notice of marks is about one phrase.
fn in_lines(turn: &Turn) -> String {
    let graphemes = Graphemes::of(&turn.reply);
    let mut text = String::with_capacity(turn.reply.len());
    for index in 0..graphemes.len() {
        let cluster = &turn.reply[graphemes.bytes(index..index + 1)];
        let ends = turn.phrases.contains(&index) && cluster.trim().is_empty();
        text.push_str(if ends { "\n" } else { cluster });
    }
    text
}

/// How much of a text was audible before a moment, by the turn's own marks: the words whose first half had sounded.
pub fn audible_before(turn: &Turn, at: Instant) -> Result<String> {
    let alignment: &Alignment = turn.alignment.as_ref().context("nothing was spoken")?;
    let started = turn.started.context("nothing sounded")?;
    let sample = alignment.rate().sample_at(clock::between(started, at));
    let clusters = alignment.heard(&turn.reply, sample);
    Ok(turn.reply[Graphemes::of(&turn.reply).bytes(0..clusters)].to_owned())
}
