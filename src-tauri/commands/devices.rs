//! Microphones and loudspeakers: what there is, which one, and whether it works.

use std::sync::Arc;
use std::time::Instant;

use libretto_assistant::audio::{self, DeviceId, devices};
use libretto_assistant::failover::{Switch, Voices};
use libretto_assistant::karaoke::Word;
use libretto_assistant::say::{self, Speech};
use libretto_assistant::translate;
use libretto_assistant::voice::device::{MicrophoneEvent, MicrophoneInput};
use libretto_assistant::voice::{Error, Kind, SpeakOptions};
use tauri::Webview;
use tauri::ipc::Channel;

use super::App;
use crate::libretto::Libretto;
use crate::relay::wall;
use crate::units::Places;
use crate::wire::devices::{Devices, Side, TestEnd};
use crate::wire::failure::Answer;
use crate::wire::pulse::SampleWord;

/// What there is, and what was chosen.
#[tauri::command]
#[specta::specta]
pub async fn devices_list(app: App<'_>) -> Answer<Devices> {
    let listing = tauri::async_runtime::spawn_blocking(devices::list)
        .await?
        .map_err(Error::from)?;
    let settings = app.foundation.now();
    Ok(Devices {
        microphones: listing.inputs.into_iter().map(Into::into).collect(),
        loudspeakers: listing.outputs.into_iter().map(Into::into).collect(),
        microphone: settings.microphone.device.clone(),
        loudspeaker: settings.loudspeaker.device.clone(),
    })
}

/// Uses a device from now on; `null` is the system's default.
#[tauri::command]
#[specta::specta]
pub fn devices_choose(app: App<'_>, side: Side, device: Option<String>) -> Answer<Option<u64>> {
    Ok(app.foundation.settings.update(|settings| match side {
        Side::Microphone => settings.microphone.device = device,
        Side::Loudspeaker => settings.loudspeaker.device = device,
    })?)
}

/// What a loudspeaker is tried with.
const SAMPLE: &str = "This is what I sound like.";

/// Tries a device without choosing it: a microphone sends its loudness (RMS from 0 to 1, ten times a second) until
/// `devices_test_end` or for a minute; a loudspeaker says a sentence. Answers when it has ended, and how. One test runs
/// at a time; `test` is a number that this window has given to no other test.
#[tauri::command]
#[specta::specta]
pub async fn devices_test(
    app: App<'_>,
    webview: Webview,
    test: u32,
    side: Side,
    device: Option<String>,
    level: Channel<f32>,
) -> Answer<TestEnd> {
    let device = device.map(DeviceId);
    let work = async {
        let _deaf = app.foundation.trial();
        match side {
            Side::Microphone => microphone(&app, device, level).await,
            Side::Loudspeaker => loudspeaker(&app, device).await,
        }
    };
    app.trials.run((webview.label(), test), work).await
}

/// The longest sample of a voice, in bytes.
const LONGEST: usize = 1_000;

/// Says a sample with a voice that runs here, whichever is chosen, and tells each word as it is heard. It is a test of
/// its own: see `devices_test`.
#[tauri::command]
#[specta::specta]
pub async fn voice_preview(
    app: App<'_>,
    webview: Webview,
    test: u32,
    model: String,
    text: String,
    heard: Channel<SampleWord>,
) -> Answer<TestEnd> {
    let foundation = &app.foundation;
    let lit = sample(&text, heard)?;
    let work = async {
        let _deaf = foundation.trial();
        let folder = foundation.shelf.path(&model).ok_or_else(|| {
            let message = "That voice isn’t downloaded. Download it first.";
            Error::new(Kind::BadInput, message)
        })?;
        let voice = foundation.engines.voice_in(folder);
        let now = foundation.now();
        let options = SpeakOptions {
            speed: now.voice.speed as f32,
            ..SpeakOptions::default()
        };
        // A sound of its own: the conversation's loudspeaker stays as it is.
        let sound = audio::open(&translate::audio(&now, &foundation.shelf))?;
        let speech = Speech::new(&*voice, options, &text);
        say::aloud(&*sound.loudspeaker(), speech, &text, lit).await
    };
    app.trials.run((webview.label(), test), work).await
}

/// Passes on the words of a sample as they are heard.
pub(super) fn sample(
    text: &str,
    heard: Channel<SampleWord>,
) -> Result<impl FnMut(&Word, Instant) + Send, Error> {
    if text.len() > LONGEST {
        let message = "That sample is too long. One sentence is enough.";
        return Err(Error::new(Kind::BadInput, message));
    }
    let mut places = Places::of(text);
    Ok(move |word: &Word, at: Instant| {
        let text = places.span(word.text.clone());
        // A window that went away misses nothing.
        let _ = heard.send(SampleWord { text, at: wall(at) });
    })
}

/// Ends a test, if it is still the one that runs.
#[tauri::command]
#[specta::specta]
pub fn devices_test_end(app: App<'_>, webview: Webview, test: u32) {
    app.trials.end((webview.label(), test));
}

async fn microphone(app: &Libretto, device: Option<DeviceId>, level: Channel<f32>) -> Result<(), Error> {
    if app.shell().paused {
        let message = "Libretto is paused and isn’t listening. Resume it, then test the microphone.";
        return Err(Error::new(Kind::Unavailable, message));
    }
    let mut settings = translate::audio(&app.foundation.now(), &app.foundation.shelf);
    settings.input.device = device;
    // A sound of its own: the conversation's microphone stays as it is.
    let sound = audio::open(&settings)?;
    let mut session = sound.microphone().open();
    let gone = || {
        Error::new(
            Kind::Device,
            "The microphone was disconnected. Choose another one.",
        )
    };
    session.send(MicrophoneInput::Start).await.map_err(|_| gone())?;
    while let Some(event) = session.next().await {
        if let MicrophoneEvent::Level(loudness) = event?
            && level.send(loudness).is_err()
        {
            return Ok(());
        }
    }
    Err(gone())
}

async fn loudspeaker(app: &Libretto, device: Option<DeviceId>) -> Result<(), Error> {
    let now = app.foundation.now();
    let mut settings = translate::audio(&now, &app.foundation.shelf);
    settings.output.device = device;
    let sound = audio::open(&settings)?;
    let voice = Voices::new(app.foundation.voices(), Arc::new(|_: &Switch| {}));
    let speech = Speech::new(&voice, SpeakOptions::default(), SAMPLE);
    say::aloud(&*sound.loudspeaker(), speech, SAMPLE, |_, _| {}).await?;
    Ok(())
}
