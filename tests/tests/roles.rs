//! The same conversation with every provider in each of its roles, over every way to it: a recording of a person is
//! heard, a question answered, the answer spoken and every word of it timed. The conversation, its turns and its sound
//! are the real ones; the devices are memory, so that all of it runs at the same time and needs no sound card. What
//! sound devices have to do with it, `cloud.rs` shows.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "these are tests"
)]

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use libretto_assistant::audio::backend::replay::{Pace, ReplaySink, ReplaySource};
use libretto_assistant::audio::{AudioSettings, Sound, VadKind, VadSettings};
use libretto_assistant::conversation::machine::Phase;
use libretto_assistant::conversation::memory::ShortMemory;
use libretto_assistant::conversation::notice::{Body, Data, End, Lifecycle};
use libretto_assistant::conversation::{Conversation, Notice, Parts, Policy};
use libretto_assistant::providers::Network;
use libretto_assistant::voice::{Mark, Provenance, SampleRate};
use libretto_testkit::fakes::speech;
use libretto_testkit::recordings;
use libretto_tests::ways::{MODELS, Opened, RECOGNISERS, VOICES, Way};
use libretto_tests::{Cloud, karaoke};
use tokio::sync::Semaphore;
use tokio::sync::broadcast::Receiver;
use tokio::time::timeout;

/// One phrase, so that its times are those of the fakes' sentence.
const REPLY: &str = "Oslo is rather rainy for most.";
/// Conversations at once: more are more than two processors can play in real time.
const AT_ONCE: usize = 6;
/// A conversation takes a few seconds, on a busy machine more.
const LIMIT: Duration = Duration::from_mins(1);

/// Who does what.
#[derive(Clone, Copy)]
struct Cast {
    recogniser: Way,
    model: Way,
    voice: Way,
}

/// What came of a turn.
#[derive(Default)]
struct Turn {
    said: String,
    reply: String,
    marks: Vec<Mark>,
    rate: Option<SampleRate>,
    problems: Vec<String>,
    end: Option<End>,
}

async fn follow(mut notices: Receiver<Notice>) -> Result<Turn> {
    let mut turn = Turn::default();
    while turn.end.is_none() {
        match notices.recv().await?.body {
            Body::Data(Data::Said { text }) => turn.said = text,
            Body::Data(Data::Reply { delta }) => turn.reply.push_str(&delta),
            Body::Data(Data::Marks { rate, marks }) => {
                turn.rate = Some(rate);
                turn.marks.extend(marks);
            }
            Body::Problem(problem) => turn.problems.push(problem.message),
            Body::Lifecycle(Lifecycle::Closed { end }) => turn.end = Some(end),
            _ => {}
        }
    }
    Ok(turn)
}

/// A person speaks, and is answered.
async fn converse(cloud: &Cloud, cast: Cast, recording: &recordings::Recording) -> Result<Turn> {
    let network = Network::new()?;
    let open = |way: Way| -> Result<Opened> {
        let (url, key) = way.fake(cloud)?;
        way.open(&url, key, &network)
    };
    let said = recording.audio()?;
    let length = said.duration();
    let high = SampleRate::new(48_000).context("a rate")?;
    let settings = AudioSettings {
        vad: VadSettings {
            // It needs no model.
            kind: VadKind::Gate,
            ..VadSettings::default()
        },
        ..AudioSettings::default()
    };
    let source = ReplaySource::new(said, Pace::RealTime);
    let sink = ReplaySink::new(high);
    let tape = sink.tape();
    let sound = Sound::new(Arc::new(source), Arc::new(sink), &settings)?;
    let parts = Parts {
        microphone: sound.microphone(),
        loudspeaker: sound.loudspeaker(),
        recognisers: vec![open(cast.recogniser)?.recogniser()?],
        models: vec![open(cast.model)?.model()?],
        voices: vec![open(cast.voice)?.voice()?],
        turn_detector: None,
        memory: Arc::new(ShortMemory::new(1)),
    };
    let conversation = Conversation::start(parts, Policy::default());
    let turn = tokio::spawn(follow(conversation.subscribe()));
    let mut states = conversation.states();
    conversation.key_down();
    states
        .wait_for(|state| matches!(state.phase, Phase::Listening { .. }))
        .await?;
    tokio::time::sleep(length).await;
    conversation.key_up();
    let turn = turn.await??;
    let (played, _) = tape.played();
    ensure!(played.rms() > 0.001, "nothing was played");
    Ok(turn)
}

/// How far the times of words lie from the truth, in seconds; `None` where they were estimated.
fn errors(turn: &Turn) -> Option<Vec<f64>> {
    let rate = turn.rate?;
    let truth = speech::speak(REPLY).words;
    if turn
        .marks
        .iter()
        .any(|mark| mark.provenance != Provenance::Measured)
    {
        return None;
    }
    // Marks may be finer than words: of each word, the first counts.
    let begin = |cluster: usize| turn.marks.iter().find(|mark| mark.text.end > cluster);
    let error = |(bytes, seconds): &(std::ops::Range<usize>, std::ops::Range<f64>)| {
        let told = begin(bytes.start)?.audio.start;
        Some(rate.duration(told).as_secs_f64() - seconds.start)
    };
    Some(truth.iter().filter_map(error).collect())
}

fn check(cast: Cast, turn: &Turn, recording: &recordings::Recording) -> Result<String> {
    ensure!(turn.problems.is_empty(), "{:?}", turn.problems);
    ensure!(turn.end == Some(End::Complete), "it ended with {:?}", turn.end);
    ensure!(
        turn.said.trim() == recording.text.trim(),
        "it heard {:?}",
        turn.said
    );
    ensure!(turn.reply.trim() == REPLY, "it answered {:?}", turn.reply);
    ensure!(!turn.marks.is_empty(), "no word has a time");
    let Some(errors) = errors(turn) else {
        return Ok("times estimated".into());
    };
    if cast.voice.speaks_mp3() {
        return Ok("times measured, of another sentence".into());
    }
    let words = REPLY.split_whitespace().count();
    ensure!(
        errors.len() == words,
        "{} of {words} words have times",
        errors.len()
    );
    let (median, p90) = karaoke::spread(&errors).context("no word")?;
    ensure!(
        median < 0.010 && p90 < 0.030,
        "the times are {:.0} and {:.0} ms wrong with {}",
        median * 1e3,
        p90 * 1e3,
        cast.voice.name()
    );
    Ok(format!(
        "times measured, error median {:.1} ms, p90 {:.1} ms",
        median * 1e3,
        p90 * 1e3
    ))
}

#[test]
fn every_provider_in_each_role() {
    let cloud = Arc::new(Cloud::start().unwrap());
    let recording = Arc::new(recordings::named("go-forward").unwrap());
    cloud.hears(&recording.text);
    cloud.answers(REPLY);
    let usual = Cast {
        recogniser: RECOGNISERS[0],
        model: MODELS[0],
        voice: VOICES[0],
    };
    let recognisers = RECOGNISERS.iter().map(|way| {
        let cast = Cast {
            recogniser: *way,
            ..usual
        };
        (format!("recogniser  {}", way.name()), cast)
    });
    let models = MODELS.iter().map(|way| {
        let cast = Cast { model: *way, ..usual };
        (format!("model       {}", way.name()), cast)
    });
    let voices = VOICES.iter().map(|way| {
        let cast = Cast { voice: *way, ..usual };
        (format!("voice       {}", way.name()), cast)
    });
    let casts: Vec<_> = recognisers.chain(models).chain(voices).collect();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let failed = runtime.block_on(async {
        let places = Arc::new(Semaphore::new(AT_ONCE));
        let tasks: Vec<_> = casts
            .into_iter()
            .map(|(role, cast)| {
                let (cloud, recording, places) =
                    (Arc::clone(&cloud), Arc::clone(&recording), Arc::clone(&places));
                tokio::spawn(async move {
                    let _place = places.acquire().await.unwrap();
                    let turn = timeout(LIMIT, converse(&cloud, cast, &recording)).await;
                    let turn = turn.context("it does not come to an end").flatten();
                    let checked = turn.and_then(|turn| check(cast, &turn, &recording));
                    (role, checked)
                })
            })
            .collect();
        let mut failed = 0;
        for task in tasks {
            let (role, checked) = task.await.unwrap();
            match checked {
                Ok(how) => println!("ok      {role:44} {how}"),
                Err(error) => {
                    failed += 1;
                    println!("FAILED  {role:44} {error:#}");
                }
            }
        }
        failed
    });
    assert_eq!(failed, 0, "the table says who");
}
