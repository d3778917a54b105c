//! How fast a model is on this machine: measured when somebody asks, and remembered.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use libretto_ondevice::catalogue::{Model, Part, State};
use libretto_store::kept;
use libretto_voice::{
    Audio, ChatEvent, ChatRequest, Error, Kind, ListenEvent, ListenInput, ListenOptions, Message, Result,
    Role, SampleRate, SpeakOptions,
};
use serde::{Deserialize, Serialize};

use crate::say::{Piece, Speech};
use crate::{Foundation, translate};

/// How fast a model was.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "of", rename_all = "snake_case")]
pub enum Speed {
    /// Recognisers and voices.
    Sound {
        /// Seconds of sound for each second of work: 1 keeps up with speech.
        times: f64,
    },
    /// Language models.
    Text {
        /// Words a second, once it has begun. People speak two to three.
        words: f64,
        /// Seconds until the first piece of text, the model being in memory.
        first: f64,
    },
}

/// What is spoken and recognised: a little more than four seconds of sound.
const SENTENCE: &str = "The quick brown fox jumps over the lazy dog, and runs away into the dark green wood.";
/// What a language model is asked.
const QUESTION: &str = "Tell me in three sentences how rain comes about.";
/// A model that takes longer is too slow to be measured.
const PATIENCE: Duration = Duration::from_mins(3);
/// More than any file of speeds holds, in bytes.
const LARGEST: u64 = 64 * 1024;

/// Measures a model that is here, and remembers what came of it. It takes the chosen one's place in memory meanwhile.
///
/// # Errors
/// `BadInput` for a model that is not known, not here, or takes no part in a turn by itself; `Timeout`; what the engine
/// says.
pub async fn measure(foundation: &Foundation, id: &str) -> Result<Speed> {
    let model = foundation.shelf.catalogue().get(id)?;
    let State::Present { folder, .. } = foundation.shelf.state(id)? else {
        let message = format!("{} is not on this computer; download it first.", model.name);
        return Err(Error::new(Kind::BadInput, message));
    };
    let work = async {
        match model.part {
            Part::Voice => voice(foundation, &folder).await,
            Part::Recogniser => recogniser(foundation, &folder).await,
            Part::LanguageModel => language_model(foundation, model).await,
            Part::TurnDetector | Part::Vad | Part::Embeddings => Err(Error::new(
                Kind::BadInput,
                "Only recognisers, language models and voices are measured.",
            )),
        }
    };
    let speed = tokio::time::timeout(PATIENCE, work).await.map_err(|_| {
        let message = format!(
            "{} is too slow for this computer; choose a smaller model.",
            model.name
        );
        Error::new(Kind::Timeout, message)
    })??;
    let place = foundation.environment.places().speeds();
    let mut known: BTreeMap<String, Speed> = kept::read(&place, LARGEST);
    known.insert(id.to_owned(), speed);
    if let Err(error) = kept::write(&place, &known) {
        tracing::warn!(%error, "speed_not_kept");
    }
    Ok(speed)
}

/// What was measured before, by model.
pub fn known(foundation: &Foundation) -> BTreeMap<String, Speed> {
    kept::read(&foundation.environment.places().speeds(), LARGEST)
}

async fn spoken(voice: &dyn libretto_voice::TextToSpeech) -> Result<Audio> {
    let mut speech = Speech::new(voice, SpeakOptions::default(), SENTENCE);
    let mut all: Option<Audio> = None;
    while let Some(piece) = speech.next().await? {
        if let Piece::Audio(audio) = piece {
            match &mut all {
                Some(all) => all.samples.extend(audio.samples),
                None => all = Some(audio),
            }
        }
    }
    all.filter(|audio| !audio.is_empty())
        .ok_or_else(|| Error::new(Kind::Internal, "The voice said nothing."))
}

fn times(sound: Duration, work: Duration) -> Speed {
    Speed::Sound {
        times: sound.as_secs_f64() / work.as_secs_f64().max(1e-6),
    }
}

async fn voice(foundation: &Foundation, folder: &Path) -> Result<Speed> {
    let voice = foundation.engines.voice_in(folder.to_owned());
    // The first loads it.
    spoken(&*voice).await?;
    let begun = Instant::now();
    let audio = spoken(&*voice).await?;
    Ok(times(audio.duration(), begun.elapsed()))
}

async fn recogniser(foundation: &Foundation, folder: &Path) -> Result<Speed> {
    let audio = spoken(&*foundation.engines.voice()).await?;
    let audio = libretto_signal::whole(&audio, SampleRate::SPEECH)?;
    let recogniser = foundation.engines.recogniser_in(folder.to_owned());
    let mut begun = Instant::now();
    // The first loads it.
    for _ in 0..2 {
        begun = Instant::now();
        let mut session = recogniser.listen(ListenOptions::default());
        let gone = |_| Error::new(Kind::Unavailable, "The recogniser went away; try again.");
        for piece in audio.samples.chunks(SampleRate::SPEECH.hertz() as usize / 10) {
            let piece = Audio::new(SampleRate::SPEECH, piece.to_vec());
            session.send(ListenInput::Audio(piece)).await.map_err(gone)?;
        }
        session.send(ListenInput::Finish).await.map_err(gone)?;
        while let Some(event) = session.next().await {
            if event? == ListenEvent::Finished {
                break;
            }
        }
    }
    Ok(times(audio.duration(), begun.elapsed()))
}

async fn language_model(foundation: &Foundation, model: &Model) -> Result<Speed> {
    let choice = translate::language(model, &foundation.shelf);
    let model = foundation.engines.language_model_of(choice);
    let request = ChatRequest {
        messages: vec![Message::new(Role::User, QUESTION)],
        ..ChatRequest::default()
    };
    let mut speed = None;
    // The first loads it.
    for _ in 0..2 {
        let begun = Instant::now();
        let mut session = model.reply(request.clone());
        let (mut text, mut first) = (String::new(), None);
        while let Some(event) = session.next().await {
            match event? {
                ChatEvent::Text(more) if !more.is_empty() => {
                    first.get_or_insert_with(|| (begun.elapsed(), more.split_whitespace().count()));
                    text.push_str(&more);
                }
                ChatEvent::Finished(_) => break,
                _ => {}
            }
        }
        speed = first.map(|(first, ahead)| {
            let words = text.split_whitespace().count().saturating_sub(ahead);
            let work = begun.elapsed().saturating_sub(first).as_secs_f64();
            Speed::Text {
                words: words as f64 / work.max(1e-3),
                first: first.as_secs_f64(),
            }
        });
    }
    speed.ok_or_else(|| Error::new(Kind::Internal, "The model said nothing."))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn what_was_measured_is_found_again_and_nonsense_is_nothing() {
        let folder = std::env::temp_dir().join(format!("libretto-speeds-{}", std::process::id()));
        let place = folder.join("data").join("speeds.json");
        let read = || -> BTreeMap<String, Speed> { kept::read(&place, LARGEST) };
        assert_eq!(read(), BTreeMap::new());
        let speeds = BTreeMap::from([
            ("a".to_owned(), Speed::Sound { times: 11.5 }),
            (
                "b".to_owned(),
                Speed::Text {
                    words: 20.0,
                    first: 0.25,
                },
            ),
        ]);
        kept::write(&place, &speeds).unwrap();
        assert_eq!(read(), speeds);
        fs::write(&place, "{]").unwrap();
        assert_eq!(read(), BTreeMap::new());
        fs::remove_dir_all(folder).unwrap();
    }
}
