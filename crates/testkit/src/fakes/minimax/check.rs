//! What the service would refuse of a call's or a task's fields.

use libretto_voice::SampleRate;
use serde_json::{Value, json};

use super::super::speech::{self, Spoken};

const MODELS: &[&str] = &[
    "speech-2.8-hd",
    "speech-2.8-turbo",
    "speech-2.6-hd",
    "speech-2.6-turbo",
    "speech-02-hd",
    "speech-02-turbo",
    "speech-01-hd",
    "speech-01-turbo",
];
const RATES: &[u64] = &[8_000, 16_000, 22_050, 24_000, 32_000, 44_100];
const BITRATES: &[u64] = &[32_000, 64_000, 128_000, 256_000];
const EMOTIONS: &[&str] = &[
    "happy",
    "sad",
    "angry",
    "fearful",
    "disgusted",
    "surprised",
    "calm",
    "fluent",
    "whisper",
];
const EFFECTS: &[&str] = &["spacious_echo", "auditorium_echo", "lofi_telephone", "robotic"];
const SUBTITLES: &[&str] = &["sentence", "word", "word_streaming"];
const LANGUAGES: &str = "Chinese;Chinese,Yue;English;Arabic;Russian;Spanish;French;Portuguese;German;Turkish;Dutch;\
    Ukrainian;Vietnamese;Indonesian;Japanese;Italian;Korean;Thai;Polish;Romanian;Greek;Czech;Finnish;Hindi;Bulgarian;\
    Danish;Hebrew;Malay;Persian;Slovak;Swedish;Croatian;Filipino;Hungarian;Norwegian;Slovenian;Catalan;Nynorsk;Tamil;\
    Afrikaans;auto";

/// What the first two generations do not know.
const LATER: &[&str] = &["Persian", "Filipino", "Tamil"];

/// How the sound is coded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Codec {
    Pcm,
    Mp3,
    Opus,
    Pcmu,
}

/// The sound that is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sound {
    pub(super) codec: Codec,
    pub(super) rate: SampleRate,
}

impl Sound {
    /// The sound of a text, as it is sent.
    pub(super) fn bytes(self, spoken: &Spoken) -> Vec<u8> {
        match self.codec {
            Codec::Pcm => spoken.audio.to_pcm16(),
            Codec::Mp3 => speech::mp3().to_vec(),
            Codec::Opus => speech::opus(&spoken.audio),
            Codec::Pcmu => speech::g711(&spoken.audio, true),
        }
    }
}

/// The sound that is asked for, or the code of what is wrong. `streamed` where it does not come whole.
pub(super) fn check(body: &Value, streamed: bool) -> Result<Sound, i64> {
    let among = |value: &Value, known: &[&str]| value.as_str().is_some_and(|value| known.contains(&value));
    if !among(&body["model"], MODELS) {
        return Err(2013);
    }
    let model = body["model"].as_str().unwrap_or_default();
    let early = model.starts_with("speech-01") || model.starts_with("speech-02");
    let by_socket = body.get("event").is_some();
    if body["continuous_sound"] == true && !(by_socket && model.starts_with("speech-2.8")) {
        return Err(2013);
    }
    let sound = &body["audio_setting"];
    let rate = sound["sample_rate"].as_u64().unwrap_or(32_000);
    let codec = match sound["format"].as_str().unwrap_or("mp3") {
        "pcm" => Codec::Pcm,
        "mp3" => Codec::Mp3,
        "opus" => Codec::Opus,
        "pcmu_raw" if rate == 8_000 => Codec::Pcmu,
        _ => return Err(2013),
    };
    voice(body, model, by_socket)?;
    let changes = &body["voice_modify"];
    let hundred = |name: &str| {
        let fits = |value: &Value| value.as_i64().is_some_and(|value| (-100..=100).contains(&value));
        changes.get(name).is_none_or(fits)
    };
    let changed = changes.is_null()
        || (changes.is_object()
            && ["pitch", "intensity", "timbre"].iter().all(|name| hundred(name))
            && changes
                .get("sound_effects")
                .is_none_or(|effect| among(effect, EFFECTS))
            && (!streamed || codec == Codec::Mp3));
    let tone = &body["pronunciation_dict"]["tone"];
    let said = |one: &Value| one.as_str().is_some_and(|one| one.contains('/'));
    let language = |name: &Value| {
        let known = |name: &str| LANGUAGES.split(';').any(|known| known == name);
        name.as_str()
            .is_some_and(|name| known(name) && !(early && LATER.contains(&name)))
    };
    let bits = |bits: &Value| bits.as_u64().is_some_and(|bits| BITRATES.contains(&bits));
    let good = changed
        && (tone.is_null() || tone.as_array().is_some_and(|all| all.iter().all(said)))
        && (body["language_boost"].is_null() || language(&body["language_boost"]))
        && body
            .get("subtitle_type")
            .is_none_or(|kind| among(kind, SUBTITLES))
        && sound.get("bitrate").is_none_or(bits)
        && RATES.contains(&rate)
        && [&Value::Null, &json!(1)].contains(&&sound["channel"]);
    let rate = u32::try_from(rate)
        .ok()
        .and_then(SampleRate::new)
        .filter(|_| good);
    rate.map(|rate| Sound { codec, rate }).ok_or(2013)
}

/// What is wrong with the voice and its manner.
fn voice(body: &Value, model: &str, by_socket: bool) -> Result<(), i64> {
    let (voice, mixed) = (&body["voice_setting"], &body["timbre_weights"]);
    let weighed = |one: &Value| {
        let weight = one["weight"]
            .as_i64()
            .is_some_and(|weight| (1..=100).contains(&weight));
        weight && one["voice_id"].as_str().is_some_and(|id| !id.is_empty())
    };
    let mix = mixed
        .as_array()
        .is_some_and(|all| (1..=4).contains(&all.len()) && all.iter().all(weighed));
    match (voice["voice_id"].as_str(), mixed.is_null()) {
        (None | Some(""), true) | (None, false) => return Err(2013),
        (Some("nobody"), _) => return Err(2054),
        (Some(id), false) if !id.is_empty() || !mix => return Err(2013),
        _ => {}
    }
    let speed = voice["speed"].as_f64().unwrap_or(1.0);
    let volume = voice["vol"].as_f64().unwrap_or(1.0);
    let emotion = |emotion: &Value| {
        emotion.as_str().is_some_and(|emotion| {
            EMOTIONS.contains(&emotion) && (emotion != "whisper" || !model.contains("2.8"))
        })
    };
    let chinese = [&Value::Null, &json!("Chinese"), &json!("auto")].contains(&&body["language_boost"]);
    // Over HTTP it may have its older name too.
    let named = !by_socket || voice.get("text_normalization").is_none();
    let good = named
        && (0.5..=2.0).contains(&speed)
        && volume > 0.0
        && volume <= 10.0
        && voice
            .get("pitch")
            .is_none_or(|pitch| pitch.as_i64().is_some_and(|pitch| (-12..=12).contains(&pitch)))
        && voice.get("emotion").is_none_or(emotion)
        && voice
            .get("latex_read")
            .is_none_or(|reads| reads.is_boolean() && chinese);
    if good { Ok(()) } else { Err(2013) }
}
