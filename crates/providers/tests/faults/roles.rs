//! Each provider in each of its roles, over each of its ways.

use futures::future::BoxFuture;
use libretto_providers::cartesia::Listening;
use libretto_providers::openai::{Interface, OLLAMA, OPENAI, OPENROUTER, OpenAi, Preset, Speaking, XAI};
use libretto_providers::{Access, cartesia, deepgram, elevenlabs, minimax, openai};
use libretto_testkit::fakes::openai::Flavour;
use libretto_testkit::fakes::{self, Script, speech};
use libretto_voice::{
    Audio, ChatEvent, LanguageModel, ListenEvent, ListenOptions, SampleRate, SpeakOptions, SpeechToText,
    TextToSpeech,
};

use crate::common::{answer, hear, question, said, speak};
use crate::{Outcome, Plan};

/// Keys that may stand in no sentence.
pub(crate) const KEYS: [&str; 5] = [
    fakes::elevenlabs::KEY,
    fakes::deepgram::KEY,
    fakes::cartesia::KEY,
    fakes::minimax::KEY,
    fakes::openai::KEY,
];

/// A column of the table.
pub(crate) struct Role {
    pub(crate) name: &'static str,
    /// Whether it has a socket, which can be closed with a code.
    pub(crate) socket: bool,
    /// Whether its fake can flaw its times.
    pub(crate) flawed: bool,
    pub(crate) play: Box<dyn Fn(Plan) -> BoxFuture<'static, Outcome>>,
}

fn role<F>(name: &'static str, socket: bool, play: impl Fn(Plan) -> F + 'static) -> Role
where
    F: Future<Output = Outcome> + Send + 'static,
{
    Role {
        name,
        socket,
        flawed: false,
        play: Box::new(move |plan| Box::pin(play(plan))),
    }
}

/// All of them.
pub(crate) fn roles() -> Vec<Role> {
    use elevenlabs::Transport as Eleven;
    let mut all = Vec::new();
    for (name, transport, model, socket) in [
        ("ElevenLabs voice, stream-input", Eleven::Socket, None, true),
        ("ElevenLabs voice, multi-stream-input", Eleven::Shared, None, true),
        (
            "ElevenLabs voice, dialogue",
            Eleven::Socket,
            Some("eleven_v3"),
            true,
        ),
        (
            "ElevenLabs voice, HTTP with times",
            Eleven::HttpTimed,
            None,
            false,
        ),
        ("ElevenLabs voice, HTTP", Eleven::Http, None, false),
    ] {
        all.push(Role {
            flawed: socket,
            ..role(name, socket, move |plan| eleven_voice(plan, transport, model))
        });
    }
    all.extend([
        role("ElevenLabs recogniser, realtime", true, |plan| {
            eleven_ear(plan, "scribe_v2_realtime")
        }),
        role("ElevenLabs recogniser, batch", false, |plan| {
            eleven_ear(plan, "scribe_v2")
        }),
        role("Deepgram voice, socket", true, |plan| {
            deepgram_voice(plan, deepgram::Transport::Socket, None)
        }),
        role("Deepgram voice, HTTP", false, |plan| {
            deepgram_voice(plan, deepgram::Transport::Http, None)
        }),
        role("Deepgram voice, Flux", true, |plan| {
            deepgram_voice(plan, deepgram::Transport::Socket, Some("flux-priya-en"))
        }),
        role("Deepgram voice, Flux over HTTP", false, |plan| {
            deepgram_voice(plan, deepgram::Transport::Http, Some("flux-priya-en"))
        }),
        role("Deepgram recogniser, Nova", true, |plan| {
            deepgram_ear(plan, deepgram::Transport::Socket, "nova-3")
        }),
        role("Deepgram recogniser, Flux", true, |plan| {
            deepgram_ear(plan, deepgram::Transport::Socket, "flux-general-en")
        }),
        role("Deepgram recogniser, recorded", false, |plan| {
            deepgram_ear(plan, deepgram::Transport::Http, "nova-3")
        }),
        role("Cartesia voice, socket", true, |plan| {
            cartesia_voice(plan, cartesia::Transport::Socket)
        }),
        role("Cartesia voice, events", false, |plan| {
            cartesia_voice(plan, cartesia::Transport::Sse)
        }),
        role("Cartesia voice, bytes", false, |plan| {
            cartesia_voice(plan, cartesia::Transport::Bytes)
        }),
        role("Cartesia recogniser, manual", true, |plan| {
            cartesia_ear(plan, Listening::Manual)
        }),
        role("Cartesia recogniser, turns", true, |plan| {
            cartesia_ear(plan, Listening::Turns(cartesia::Turns::default()))
        }),
        role("Cartesia recogniser, recorded", false, |plan| {
            cartesia_ear(plan, Listening::Recorded)
        }),
        role("MiniMax voice, socket", true, |plan| {
            minimax_voice(plan, minimax::Transport::Socket)
        }),
        role("MiniMax voice, both ways", true, |plan| {
            minimax_voice(plan, minimax::Transport::BothWays)
        }),
        role("MiniMax voice, events", false, |plan| {
            minimax_voice(plan, minimax::Transport::Http)
        }),
        role("MiniMax model", false, minimax_model),
    ]);
    all.extend(compatible());
    all
}

/// Those of whoever speaks OpenAI's protocol.
fn compatible() -> Vec<Role> {
    vec![
        role("OpenAI model", false, |plan| chat(plan, &OPENAI, Interface::Chat)),
        role("OpenAI model, responses", false, |plan| {
            chat(plan, &OPENAI, Interface::Responses)
        }),
        role("OpenRouter model", false, |plan| {
            chat(plan, &OPENROUTER, Interface::Chat)
        }),
        role("Ollama model", false, |plan| {
            chat(plan, &OLLAMA, Interface::Ollama)
        }),
        role("OpenAI voice", false, |plan| {
            openai_voice(plan, &OPENAI, Speaking::Bytes)
        }),
        role("OpenAI voice, events", false, |plan| {
            openai_voice(plan, &OPENAI, Speaking::Events)
        }),
        role("OpenAI recogniser", false, |plan| {
            openai_ear(plan, &OPENAI, false)
        }),
        role("OpenAI recogniser, realtime", true, |plan| {
            openai_ear(plan, &OPENAI, true)
        }),
        role("xAI voice, socket", true, |plan| {
            openai_voice(plan, &XAI, Speaking::Socket)
        }),
        role("xAI recogniser, socket", true, |plan| {
            openai_ear(plan, &XAI, true)
        }),
    ]
}

const PHRASES: [&str; 2] = [speech::SENTENCE, "Then we sit, and drink it slowly. "];
/// A slow drip of less takes long enough.
const WORD: [&str; 1] = ["Tea? "];

async fn voice(plan: &Plan, script: &Script, voice: &dyn TextToSpeech, model: Option<&str>) -> Outcome {
    plan.faults.iter().for_each(|fault| script.fail(fault.clone()));
    let options = SpeakOptions {
        model: model.map(str::to_owned),
        ..SpeakOptions::default()
    };
    let phrases: &[&str] = if plan.drips() { &WORD } else { &PHRASES };
    let spoken = speak(voice.speak(options), phrases).await;
    if let Some(error) = spoken.error {
        return Outcome::Failed(error);
    }
    assert!(spoken.finished, "it neither finished nor failed");
    let seconds = |audio: &Audio| audio.duration().as_secs_f64();
    let whole: f64 = phrases
        .iter()
        .map(|phrase| seconds(&speech::speak(phrase).audio))
        .sum();
    match spoken.audio.as_ref().map(seconds) {
        // A spoilt piece is a little longer or shorter than a good one. MP3 is always the one sentence.
        Some(got) if got > whole * 0.9 || got > seconds(&speech::sentence().audio) => Outcome::Whole,
        _ => Outcome::Short,
    }
}

async fn ear(plan: &Plan, script: &Script, ear: &dyn SpeechToText, model: Option<&str>) -> Outcome {
    plan.faults.iter().for_each(|fault| script.fail(fault.clone()));
    let options = ListenOptions {
        model: model.map(str::to_owned),
        ..ListenOptions::default()
    };
    let utterance = speech::sentence().clone().at(SampleRate::SPEECH).audio;
    let heard = hear(ear.listen(options), &utterance).await;
    let text = heard.text();
    if let Some(error) = heard.error {
        return Outcome::Failed(error);
    }
    assert_eq!(
        heard.events.last(),
        Some(&ListenEvent::Finished),
        "it neither finished nor failed"
    );
    if text.ends_with('.') {
        Outcome::Whole
    } else {
        Outcome::Short
    }
}

async fn eleven(
    plan: &Plan,
    transport: elevenlabs::Transport,
) -> (fakes::elevenlabs::ElevenLabs, elevenlabs::ElevenLabs) {
    let fake = fakes::elevenlabs::ElevenLabs::start().await.unwrap();
    fake.manners(|m| m.flaw = plan.flaw);
    let settings = elevenlabs::Settings {
        transport, // Dripping MP3 takes longer than anybody waits.
        output_format: plan.drips().then(|| "pcm_24000".to_owned()),
        ..elevenlabs::Settings::new(plan.access(fake.url(), fakes::elevenlabs::KEY))
    };
    let account = elevenlabs::ElevenLabs::new(plan.network.clone(), settings).unwrap();
    (fake, account)
}

async fn eleven_voice(plan: Plan, transport: elevenlabs::Transport, model: Option<&'static str>) -> Outcome {
    let (fake, account) = eleven(&plan, transport).await;
    voice(&plan, &fake.script, &account, model).await
}

async fn eleven_ear(plan: Plan, model: &'static str) -> Outcome {
    let (fake, account) = eleven(&plan, elevenlabs::Transport::Socket).await;
    ear(&plan, &fake.script, &account, Some(model)).await
}

async fn deep(
    plan: &Plan,
    transport: deepgram::Transport,
) -> (fakes::deepgram::Deepgram, deepgram::Deepgram) {
    let fake = fakes::deepgram::Deepgram::start().await.unwrap();
    let settings = deepgram::Settings {
        speaking: transport,
        flux_speaking: transport,
        listening: transport,
        ..deepgram::Settings::new(plan.access(fake.url(), fakes::deepgram::KEY))
    };
    let account = deepgram::Deepgram::new(plan.network.clone(), settings).unwrap();
    (fake, account)
}

async fn deepgram_voice(plan: Plan, transport: deepgram::Transport, model: Option<&'static str>) -> Outcome {
    let (fake, account) = deep(&plan, transport).await;
    voice(&plan, &fake.script, &account, model).await
}

async fn deepgram_ear(plan: Plan, transport: deepgram::Transport, model: &'static str) -> Outcome {
    let (fake, account) = deep(&plan, transport).await;
    ear(&plan, &fake.script, &account, Some(model)).await
}

async fn sonic(plan: &Plan, settings: cartesia::Settings) -> (fakes::cartesia::Cartesia, cartesia::Cartesia) {
    let fake = fakes::cartesia::Cartesia::start().await.unwrap();
    let settings = cartesia::Settings {
        access: plan.access(fake.url(), fakes::cartesia::KEY),
        ..settings
    };
    let account = cartesia::Cartesia::new(plan.network.clone(), settings).unwrap();
    (fake, account)
}

fn cartesia_settings() -> cartesia::Settings {
    cartesia::Settings::new(Access::default())
}

async fn cartesia_voice(plan: Plan, transport: cartesia::Transport) -> Outcome {
    let settings = cartesia::Settings {
        transport,
        ..cartesia_settings()
    };
    let (fake, account) = sonic(&plan, settings).await;
    voice(&plan, &fake.script, &account, None).await
}

async fn cartesia_ear(plan: Plan, listening: Listening) -> Outcome {
    let settings = cartesia::Settings {
        listening,
        ..cartesia_settings()
    };
    let (fake, account) = sonic(&plan, settings).await;
    ear(&plan, &fake.script, &account, None).await
}

async fn mini(plan: &Plan, transport: minimax::Transport) -> (fakes::minimax::MiniMax, minimax::MiniMax) {
    let fake = fakes::minimax::MiniMax::start().await.unwrap();
    let settings = minimax::Settings {
        transport,
        ..minimax::Settings::new(plan.access(fake.url(), fakes::minimax::KEY))
    };
    let account = minimax::MiniMax::new(plan.network.clone(), settings).unwrap();
    (fake, account)
}

async fn minimax_voice(plan: Plan, transport: minimax::Transport) -> Outcome {
    let (fake, account) = mini(&plan, transport).await;
    voice(&plan, &fake.script, account.voice().as_ref(), None).await
}

async fn minimax_model(plan: Plan) -> Outcome {
    let (fake, account) = mini(&plan, minimax::Transport::Http).await;
    model(&plan, &fake.script, account.language_model().as_ref()).await
}

async fn open(plan: &Plan, settings: openai::Settings) -> (fakes::openai::OpenAi, OpenAi) {
    let flavour = match settings.preset.entry.name {
        "openrouter" => Flavour::OpenRouter,
        "xai" => Flavour::Xai,
        "ollama" => Flavour::Ollama,
        _ => Flavour::OpenAi,
    };
    let fake = fakes::openai::OpenAi::start(flavour).await.unwrap();
    let settings = openai::Settings {
        access: plan.access(fake.url(), fakes::openai::KEY),
        ..settings
    };
    let account = OpenAi::new(plan.network.clone(), settings).unwrap();
    (fake, account)
}

fn openai_settings(preset: &'static Preset) -> openai::Settings {
    openai::Settings::new(preset, Access::default())
}

async fn chat(plan: Plan, preset: &'static Preset, interface: Interface) -> Outcome {
    let settings = openai::Settings {
        interface: Some(interface),
        ..openai_settings(preset)
    };
    let (fake, account) = open(&plan, settings).await;
    model(&plan, &fake.script, account.language_model().as_ref()).await
}

async fn model(plan: &Plan, script: &Script, model: &dyn LanguageModel) -> Outcome {
    plan.faults.iter().for_each(|fault| script.fail(fault.clone()));
    let mut request = question("Weather?");
    // It has none of its own.
    request.model = (model.name() == "ollama").then(|| "qwen3:8b".to_owned());
    let (events, error) = answer(model.reply(request)).await;
    if let Some(error) = error {
        return Outcome::Failed(error);
    }
    assert!(
        matches!(events.last(), Some(ChatEvent::Finished(_))),
        "it neither finished nor failed"
    );
    if said(&events).ends_with("Oslo.") {
        Outcome::Whole
    } else {
        Outcome::Short
    }
}

async fn openai_voice(plan: Plan, preset: &'static Preset, speaking: Speaking) -> Outcome {
    let settings = openai::Settings {
        speaking,
        ..openai_settings(preset)
    };
    let (fake, account) = open(&plan, settings).await;
    voice(&plan, &fake.script, account.voice().unwrap().as_ref(), None).await
}

async fn openai_ear(plan: Plan, preset: &'static Preset, realtime: bool) -> Outcome {
    let settings = openai::Settings {
        realtime,
        ..openai_settings(preset)
    };
    let (fake, account) = open(&plan, settings).await;
    ear(&plan, &fake.script, account.recogniser().unwrap().as_ref(), None).await
}
