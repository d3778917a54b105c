//! Who fails is followed by the next, and nothing is lost. The time is virtual.

// Tests may panic.
#![allow(clippy::unwrap_used, clippy::panic, reason = "all of this is a test")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use libretto_assistant::conversation::Choice;
use libretto_assistant::failover::{Models, Recognisers, Tell, Voices};
use libretto_voice::chat::{ChatSession, FinishReason};
use libretto_voice::listen::ListenSession;
use libretto_voice::speak::SpeakSession;
use libretto_voice::{
    Alignment, Audio, ChatEvent, ChatRequest, Error, Kind, LanguageModel, ListenEvent, ListenInput,
    ListenOptions, Mark, Message, Provenance, Role, SampleRate, Session, SpeakEvent, SpeakInput,
    SpeakOptions, SpeechToText, TextToSpeech, TimedWord, Transcript, text,
};
use tokio::time::sleep;

fn broken(who: &str) -> Error {
    Error::new(
        Kind::Unavailable,
        format!("{who} broke off in the middle. Try again."),
    )
    .from_origin(who)
}

/// Who took over from whom.
fn telling() -> (Tell, Arc<Mutex<Vec<String>>>) {
    let told = Arc::new(Mutex::new(Vec::new()));
    let keep = Arc::clone(&told);
    let tell: Tell = Arc::new(move |switch| {
        assert!(switch.why.message().starts_with(&switch.from), "{switch}");
        keep.lock()
            .unwrap()
            .push(format!("{} → {}", switch.from, switch.to));
    });
    (tell, told)
}

fn choices<P: ?Sized, O: Default>(parts: Vec<Arc<P>>) -> Vec<Choice<P, O>> {
    let choice = |provider| Choice {
        provider,
        options: O::default(),
    };
    parts.into_iter().map(choice).collect()
}

/// Speaks each word in a tenth of a second, and dies in the middle of the word with this number.
struct Voice {
    name: &'static str,
    rate: SampleRate,
    dies_at: Option<usize>,
    timed: bool,
    texts: Arc<Mutex<Vec<String>>>,
}

impl TextToSpeech for Voice {
    fn name(&self) -> &str {
        self.name
    }

    fn timed(&self) -> bool {
        self.timed
    }

    fn speak(&self, _: SpeakOptions) -> SpeakSession {
        let (name, rate, dies_at, timed) = (self.name, self.rate, self.dies_at, self.timed);
        let texts = Arc::clone(&self.texts);
        Session::spawn(move |mut ends| async move {
            let mut all = String::new();
            while let Some(SpeakInput::Text(text)) = ends.input.recv().await {
                all.push_str(&text);
            }
            texts.lock().unwrap().push(all.clone());
            let word = u64::from(rate.hertz()) / 10;
            for (number, place) in text::words(&all).into_iter().enumerate() {
                sleep(Duration::from_millis(20)).await;
                let start = number as u64 * word;
                let dies = dies_at == Some(number);
                if timed {
                    let mark = Mark {
                        text: place,
                        audio: start..start + word,
                        provenance: Provenance::Measured,
                    };
                    let _ = ends.events.send(Ok(SpeakEvent::Marks(vec![mark]))).await;
                }
                let length = if dies { word / 2 } else { word };
                let samples = vec![0.25; length as usize];
                let _ = ends
                    .events
                    .send(Ok(SpeakEvent::Audio(Audio::new(rate, samples))))
                    .await;
                if dies {
                    return Err(broken(name));
                }
            }
            let _ = ends.events.send(Ok(SpeakEvent::Finished)).await;
            Ok(())
        })
    }
}

struct Spoken {
    seconds: f64,
    words: Vec<(String, f64)>,
    error: Option<Error>,
}

async fn say(voice: &Voices, lines: &[&str]) -> Spoken {
    let whole: String = lines.concat();
    let mut session = voice.speak(SpeakOptions::default());
    for line in lines {
        session.send(SpeakInput::Text((*line).into())).await.unwrap();
        sleep(Duration::from_millis(5)).await;
    }
    let _ = session.send(SpeakInput::Finish).await;
    let (mut audio, mut marks, mut error) = (Vec::new(), Vec::new(), None);
    let mut rate = SampleRate::VOICE;
    loop {
        match session.next().await {
            Some(Ok(SpeakEvent::Audio(more))) => {
                rate = more.rate;
                audio.extend(more.samples);
            }
            Some(Ok(SpeakEvent::Marks(more))) => marks.extend(more),
            Some(Ok(SpeakEvent::Finished)) | None => break,
            Some(Ok(_)) => {}
            Some(Err(why)) => error = Some(why),
        }
    }
    let graphemes = text::Graphemes::of(&whole);
    let alignment = Alignment::of(rate, marks);
    let second = |samples: u64| rate.duration(samples).as_secs_f64();
    let word = |mark: &Mark| {
        let word = &whole[graphemes.bytes(mark.text.clone())];
        (word.to_owned(), second(mark.audio.start))
    };
    Spoken {
        seconds: second(audio.len() as u64),
        words: alignment.by_word(&whole).iter().map(word).collect(),
        error,
    }
}

fn voice(name: &'static str, rate: u32, dies_at: Option<usize>, timed: bool) -> Arc<Voice> {
    Arc::new(Voice {
        name,
        rate: SampleRate::new(rate).unwrap(),
        dies_at,
        timed,
        texts: Arc::default(),
    })
}

#[tokio::test(start_paused = true)]
async fn the_next_voice_goes_on_with_the_first_word_that_was_not_given_in_full() {
    let first = voice("cartesia", 24_000, Some(3), true);
    let second = voice("openai", 44_100, None, true);
    let (tell, told) = telling();
    let both: Vec<Arc<dyn TextToSpeech>> = vec![first.clone(), second.clone()];
    let spoken = say(
        &Voices::new(choices(both), tell),
        &["One two three ", "four five six."],
    )
    .await;
    assert!(spoken.error.is_none(), "{:?}", spoken.error);
    assert_eq!(*told.lock().unwrap(), ["cartesia → openai"]);
    assert_eq!(*second.texts.lock().unwrap(), ["four five six."]);
    let words: Vec<&str> = spoken.words.iter().map(|(word, _)| word.as_str()).collect();
    assert_eq!(words, ["One", "two", "three", "four", "five", "six."]);
    // Half a word was cut, and the other rate makes no difference.
    for ((word, at), expected) in spoken.words.iter().zip([0.0, 0.1, 0.2, 0.35, 0.45, 0.55]) {
        assert!((at - expected).abs() < 0.002, "{word} at {at}");
    }
    assert!((spoken.seconds - 0.65).abs() < 0.002, "{}", spoken.seconds);
}

#[tokio::test(start_paused = true)]
async fn a_voice_without_times_takes_over_sentence_by_sentence_and_is_given_some() {
    let first = voice("elevenlabs", 24_000, Some(0), true);
    let second = voice("openai", 24_000, None, false);
    let (tell, _) = telling();
    let both: Vec<Arc<dyn TextToSpeech>> = vec![first, second.clone()];
    let spoken = say(
        &Voices::new(choices(both), tell),
        &["One two. Three four.\n", "Five."],
    )
    .await;
    assert!(spoken.error.is_none(), "{:?}", spoken.error);
    assert_eq!(
        *second.texts.lock().unwrap(),
        ["One two. ", "Three four.\n", "Five."]
    );
    let words: Vec<&str> = spoken.words.iter().map(|(word, _)| word.as_str()).collect();
    assert_eq!(words, ["One", "two.", "Three", "four.", "Five."]);
}

#[tokio::test(start_paused = true)]
async fn when_all_fail_the_last_failure_is_told_once() {
    let (tell, told) = telling();
    let all: Vec<Arc<dyn TextToSpeech>> = vec![
        voice("cartesia", 24_000, Some(0), true),
        voice("openai", 24_000, Some(0), true),
    ];
    let spoken = say(&Voices::new(choices(all), tell), &["One."]).await;
    assert_eq!(spoken.error.unwrap().origin(), Some("openai"));
    assert_eq!(told.lock().unwrap().len(), 1);
}

/// Hears every tenth of a second as a word, its number since the utterance began being the first sample's value.
struct Ear {
    name: &'static str,
    dies_after: Option<usize>,
    timed: bool,
}

impl SpeechToText for Ear {
    fn name(&self) -> &str {
        self.name
    }

    fn listen(&self, options: ListenOptions) -> ListenSession {
        let (name, dies_after, timed) = (self.name, self.dies_after, self.timed);
        Session::spawn(move |mut ends| async move {
            let (mut heard, mut samples) = (0, 0);
            while let Some(message) = ends.input.recv().await {
                let ListenInput::Audio(audio) = message else { break };
                if dies_after == Some(heard) {
                    return Err(broken(name));
                }
                heard += 1;
                let start = options.rate.duration(samples).as_secs_f64();
                samples += audio.samples.len() as u64;
                let end = options.rate.duration(samples).as_secs_f64();
                let said = format!("{}", audio.samples[0]);
                let word = TimedWord {
                    text: said.clone(),
                    seconds: start..end,
                    confidence: None,
                };
                let words = if timed { vec![word] } else { Vec::new() };
                let segment = Transcript {
                    words,
                    ..Transcript::text(said)
                };
                let _ = ends.events.send(Ok(ListenEvent::Segment(segment))).await;
            }
            let _ = ends.events.send(Ok(ListenEvent::Finished)).await;
            Ok(())
        })
    }
}

async fn hear(timed: bool) -> (String, Vec<f64>) {
    let (tell, told) = telling();
    let ear = |name, dies_after| -> Arc<dyn SpeechToText> {
        Arc::new(Ear {
            name,
            dies_after,
            timed,
        })
    };
    let ears = vec![
        ear("deepgram", Some(3)),
        ear("elevenlabs", Some(1)),
        ear("on-device", None),
    ];
    let mut session = Recognisers::new(choices(ears), tell).listen(ListenOptions::default());
    let rate = SampleRate::SPEECH;
    for number in 0..6_u8 {
        let samples = vec![f32::from(number); rate.hertz() as usize / 10];
        session
            .send(ListenInput::Audio(Audio::new(rate, samples)))
            .await
            .unwrap();
        sleep(Duration::from_millis(100)).await;
    }
    session.send(ListenInput::Finish).await.unwrap();
    let (mut said, mut times) = (Transcript::default(), Vec::new());
    while let Some(event) = session.next().await {
        if let ListenEvent::Segment(segment) = event.unwrap() {
            times.extend(segment.words.iter().map(|word| word.seconds.start));
            said.append(segment);
        }
    }
    assert_eq!(
        *told.lock().unwrap(),
        ["deepgram → elevenlabs", "elevenlabs → on-device"]
    );
    (said.text, times)
}

#[tokio::test(start_paused = true)]
async fn the_next_recogniser_hears_what_was_not_committed_and_no_word_is_lost_or_doubled() {
    let (said, times) = hear(true).await;
    assert_eq!(said, "0 1 2 3 4 5");
    for (number, at) in times.iter().enumerate() {
        assert!((at - number as f64 / 10.0).abs() < 1e-6, "{times:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn without_times_the_next_recogniser_hears_all_of_it() {
    assert_eq!(hear(false).await.0, "0 1 2 3 4 5");
}

/// Fails before, or after its first token.
struct Model(&'static str, bool, bool);

impl LanguageModel for Model {
    fn name(&self) -> &str {
        self.0
    }

    fn reply(&self, request: ChatRequest) -> ChatSession {
        let Self(name, speaks, fails) = *self;
        Session::spawn(move |ends| async move {
            let asked = request.messages.last().map(|message| message.text.clone());
            if speaks {
                let text = format!("{name} on {}.", asked.unwrap_or_default());
                let _ = ends.events.send(Ok(ChatEvent::Text(text))).await;
            }
            if fails {
                return Err(broken(name));
            }
            let end = ChatEvent::Finished(FinishReason::Stop);
            let _ = ends.events.send(Ok(end)).await;
            Ok(())
        })
    }
}

async fn ask(models: Vec<Arc<dyn LanguageModel>>) -> (String, Option<Error>) {
    let request = ChatRequest {
        messages: vec![Message::new(Role::User, "tea")],
        ..ChatRequest::default()
    };
    let mut session = Models::new(choices(models), telling().0).reply(request);
    let mut answer = String::new();
    while let Some(event) = session.next().await {
        match event {
            Ok(ChatEvent::Text(text)) => answer.push_str(&text),
            Ok(_) => {}
            Err(error) => return (answer, Some(error)),
        }
    }
    (answer, None)
}

#[tokio::test(start_paused = true)]
async fn a_model_that_fails_before_its_first_token_is_followed_by_the_next_and_no_other() {
    let (answer, error) = ask(vec![
        Arc::new(Model("openrouter", false, true)),
        Arc::new(Model("openai", true, false)),
    ])
    .await;
    assert_eq!((answer.as_str(), error.is_none()), ("openai on tea.", true));
    let (answer, error) = ask(vec![
        Arc::new(Model("openrouter", true, true)),
        Arc::new(Model("openai", true, false)),
    ])
    .await;
    assert_eq!(answer, "openrouter on tea.");
    assert_eq!(error.unwrap().origin(), Some("openrouter"));
}
