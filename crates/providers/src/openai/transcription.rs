//! The recogniser: `POST audio/transcriptions` with the whole utterance, which was held in memory only; unless it
//! listens over its socket.

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use libretto_voice::listen::ListenSession;
use libretto_voice::session::Ends;
use libretto_voice::{
    Audio, Error, ListenEvent, ListenInput, ListenOptions, Result, Session, SpeechToText, TimedWord,
    Transcript,
};
use reqwest::multipart::{Form, Part};
use reqwest::{Method, RequestBuilder};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::mpsc::Sender;

use super::preset::SoundInterface;
use super::{OpenAi, realtime, xai};
use crate::failure::{Failure, Fault};
use crate::retry::{self, Work};
use crate::service::{Reply, Service};
use crate::sound::wav_file;
use crate::sse::Events;
use crate::timed::Stop;

/// Largest file that the service takes, less its header and the other fields.
const MOST: usize = (25 << 20) - 4_096;
/// Speech is unlikely above the one and below the other: what is said in silence was made up.
const NO_SPEECH: f64 = 0.6;
const UNSURE: f64 = -1.0;

/// The recogniser of an account.
pub(super) struct Recogniser(pub(super) OpenAi);

impl SpeechToText for Recogniser {
    fn name(&self) -> &str {
        self.0.preset.entry.name
    }

    fn warm(&self) {
        self.0.service.open();
    }

    fn listen(&self, options: ListenOptions) -> ListenSession {
        let account = &self.0;
        let (settings, sound) = (&account.settings, account.preset.sound);
        if settings.realtime && sound == SoundInterface::Xai {
            return xai::listen(account, &options);
        }
        let own = account
            .preset
            .entry
            .recogniser
            .map_or("", |ability| ability.model);
        let model = options.model.clone().unwrap_or_else(|| own.to_owned());
        if settings.realtime || realtime::is_live(&model) {
            return realtime::session(account, &model, &options);
        }
        let service = account.service.clone();
        Session::spawn(move |ends| listen((service, sound), model, options, ends))
    }
}

async fn listen(
    (service, sound): (Service, SoundInterface),
    model: String,
    options: ListenOptions,
    mut ends: Ends<ListenInput, ListenEvent>,
) -> Result<()> {
    say(&ends, ListenEvent::Ready).await?;
    let mut utterance = Audio::empty(options.rate);
    while let Some(ListenInput::Audio(audio)) = ends.input.recv().await {
        if (utterance.samples.len() + audio.samples.len()) * 2 > MOST {
            return Err(service.failure(Fault::TooLong).into());
        }
        utterance.samples.extend(audio.samples);
    }
    if !utterance.is_empty() {
        let file = wav_file(&utterance);
        drop(utterance);
        let retry = service.retry;
        let mut ask = Ask {
            service,
            sound,
            model,
            options,
            file,
            events: ends.events.clone(),
            begun: false,
        };
        retry::through(retry, &mut ask).await?;
    }
    say(&ends, ListenEvent::Finished).await
}

async fn say(ends: &Ends<ListenInput, ListenEvent>, event: ListenEvent) -> Result<()> {
    ends.events.send(Ok(event)).await.map_err(|_| Error::cancelled())
}

struct Ask {
    service: Service,
    sound: SoundInterface,
    model: String,
    options: ListenOptions,
    file: Vec<u8>,
    events: Sender<Result<ListenEvent>>,
    /// Something has been understood and told.
    begun: bool,
}

#[derive(Deserialize)]
struct Whole {
    text: String,
    language: Option<String>,
    words: Option<Vec<Word>>,
    segments: Option<Vec<Segment>>,
}

#[derive(Deserialize)]
struct Word {
    #[serde(alias = "word")]
    text: String,
    start: f64,
    end: f64,
}

#[derive(Deserialize)]
struct Segment {
    start: f64,
    end: f64,
    text: String,
    avg_logprob: Option<f64>,
    no_speech_prob: Option<f64>,
}

impl Ask {
    /// Only the first generation knows words and their times; only those after it stream.
    fn is_whisper(&self) -> bool {
        self.model.contains("whisper")
    }

    /// It tells who speaks, and takes no hints.
    fn tells_speakers(&self) -> bool {
        self.model.contains("diarize")
    }

    fn request(&self) -> Result<RequestBuilder, Failure> {
        let parts = match self.sound {
            SoundInterface::Xai => &["stt"][..],
            _ => &["audio", "transcriptions"][..],
        };
        let url = self.service.url(parts, []);
        if self.sound == SoundInterface::OpenRouter {
            return self.service.post(url, self.object().to_string());
        }
        Ok(self.service.request(Method::POST, url)?.multipart(self.form()?))
    }

    /// Without its region.
    fn language(&self) -> Option<String> {
        let language = self.options.language.as_deref()?;
        Some(language.split('-').next().unwrap_or_default().to_owned())
    }

    fn object(&self) -> Value {
        let mut body =
            json!({"model": self.model, "input_audio": {"data": BASE64.encode(&self.file), "format": "wav"}});
        if let Some(language) = self.language() {
            body["language"] = language.into();
        }
        if self.is_whisper() {
            body["response_format"] = "verbose_json".into();
            body["timestamp_granularities"] = json!(["word", "segment"]);
        }
        body
    }

    fn form(&self) -> Result<Form, Failure> {
        let file = Part::bytes(self.file.clone())
            // The service goes by the name.
            .file_name("utterance.wav")
            .mime_str("audio/wav")
            .map_err(|error| self.service.broken(error))?;
        let form = match self.language() {
            Some(language) if takes_lists(&self.model) => Form::new().text("languages[]", language),
            Some(language) => Form::new().text("language", language),
            None => Form::new(),
        };
        if self.sound == SoundInterface::Xai {
            // Numbers and names as a reader would write them. The file comes last: some servers stop reading behind it.
            return Ok(form.text("format", "true").part("file", file));
        }
        let mut form = form.part("file", file).text("model", self.model.clone());
        let vocabulary = &self.options.vocabulary;
        if self.tells_speakers() {
            // It refuses more than half a minute without this.
            form = form.text("chunking_strategy", "auto");
        } else if takes_lists(&self.model) {
            let terms = vocabulary.iter().cloned();
            form = terms.fold(form, |form, term| form.text("keywords[]", term));
        } else if !vocabulary.is_empty() {
            form = form.text("prompt", vocabulary.join(", "));
        }
        Ok(if self.is_whisper() {
            form.text("response_format", "verbose_json")
                .text("timestamp_granularities[]", "word")
                .text("timestamp_granularities[]", "segment")
        } else {
            form.text("response_format", "json").text("stream", "true")
        })
    }

    async fn tell(&mut self, event: ListenEvent) {
        self.begun = true;
        // Whoever listened may have gone.
        let _ = self.events.send(Ok(event)).await;
    }

    async fn stream(&mut self, reply: Reply) -> Result<Transcript, Failure> {
        let (mut events, mut so_far) = (reply.events(Events::new()), String::new());
        let mut segments = false;
        while let Some(ready) = events.next().await? {
            for data in ready {
                if data.starts_with("[DONE]") {
                    continue;
                }
                let value: Value =
                    serde_json::from_str(&data).map_err(|error| events.reply.garbled().because(error))?;
                let text = |field: &str| value.get(field).and_then(Value::as_str).unwrap_or_default();
                match text("type") {
                    "transcript.text.delta" => {
                        so_far.push_str(text("delta"));
                        self.tell(partial(&so_far)).await;
                    }
                    // Who speaks, and what, from the model that tells speakers: the same words come as deltas too, or not.
                    "transcript.text.segment" if !self.begun || segments => {
                        segments = true;
                        so_far = format!("{so_far} {}", text("text").trim());
                        self.tell(partial(&so_far)).await;
                    }
                    "transcript.text.done" => return Ok(Transcript::text(text("text").trim())),
                    _ if value.get("error").is_some_and(|error| !error.is_null()) => {
                        return Err(events.reply.complaint(&data));
                    }
                    _ => {}
                }
            }
        }
        Err(events.reply.failure(Fault::BrokeOff))
    }
}

impl Work for Ask {
    type Done = ();

    async fn attempt(&mut self) -> Result<(), Stop> {
        let reply = self.service.send(self.request()?).await?;
        let transcript = match reply.content_type().as_str() {
            "text/event-stream" => self.stream(reply).await?,
            // Servers that know nothing of streaming answer with the whole.
            _ => transcript(reply.json().await?),
        };
        if !transcript.is_blank() {
            self.tell(ListenEvent::Segment(transcript)).await;
        }
        Ok(())
    }

    fn begun(&self) -> bool {
        self.begun
    }
}

fn partial(text: &str) -> ListenEvent {
    ListenEvent::Partial(Transcript::text(text.trim()))
}

/// Whether a model is told languages and likely words as lists.
pub(super) fn takes_lists(model: &str) -> bool {
    model.starts_with("gpt-transcribe") || model.starts_with("gpt-live-transcribe")
}

/// The transcript without what was made up in silence.
fn transcript(whole: Whole) -> Transcript {
    let made_up = |segment: &Segment| {
        segment.no_speech_prob.is_some_and(|p| p > NO_SPEECH)
            && segment.avg_logprob.is_some_and(|p| p < UNSURE)
    };
    let segments = whole.segments.unwrap_or_default();
    let (bad, good): (Vec<_>, Vec<_>) = segments.iter().partition(|segment| made_up(segment));
    let text = if bad.is_empty() {
        whole.text.trim().to_owned()
    } else {
        good.iter()
            .map(|segment| segment.text.trim())
            .collect::<Vec<_>>()
            .join(" ")
    };
    let heard = |word: &Word| !bad.iter().any(|b| (b.start..b.end).contains(&word.start));
    let words = whole.words.unwrap_or_default().into_iter().filter(heard);
    Transcript {
        words: words
            .map(|word| TimedWord {
                text: word.text.trim().to_owned(),
                seconds: word.start..word.end,
                confidence: None,
            })
            .collect(),
        language: whole.language.and_then(|language| tag(&language)),
        ..Transcript::text(text)
    }
}

/// Whisper says languages by their English names.
fn tag(language: &str) -> Option<String> {
    let known = [
        ("arabic", "ar"),
        ("chinese", "zh"),
        ("dutch", "nl"),
        ("english", "en"),
        ("french", "fr"),
        ("german", "de"),
        ("hindi", "hi"),
        ("italian", "it"),
        ("japanese", "ja"),
        ("korean", "ko"),
        ("polish", "pl"),
        ("portuguese", "pt"),
        ("russian", "ru"),
        ("spanish", "es"),
        ("turkish", "tr"),
        ("ukrainian", "uk"),
    ];
    if language.len() == 2 {
        return Some(language.to_ascii_lowercase());
    }
    known
        .iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(language))
        .map(|(_, tag)| (*tag).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_made_up_in_silence_is_left_out() {
        let whole = r#"{"text":"Hi there. Thanks for watching!","language":"english",
            "words":[{"word":"Hi","start":0.1,"end":0.4},{"word":"Thanks","start":1.5,"end":1.8}],
            "segments":[{"start":0.0,"end":1.0,"text":" Hi there.","avg_logprob":-0.2,"no_speech_prob":0.01},
                {"start":1.0,"end":3.0,"text":" Thanks for watching!","avg_logprob":-1.4,"no_speech_prob":0.9}]}"#;
        let transcript = transcript(serde_json::from_str(whole).unwrap());
        assert_eq!(
            (transcript.text.as_str(), transcript.words.len()),
            ("Hi there.", 1)
        );
        assert_eq!(transcript.language.as_deref(), Some("en"));
    }
}
