//! The runner with parts that behave as told, in virtual time.

// Tests may panic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod fakes;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use fakes::{Alive, Ear, Manner, Mic, Mind, Speaker, Throat};
use libretto_conversation::machine::{Mode, Phase, Policy};
use libretto_conversation::memory::ShortMemory;
use libretto_conversation::notice::{Body, Data, End, Lifecycle, Notice, Problem};
use libretto_conversation::{Choice, Conversation, Exchange, Parts};
use libretto_voice::device::MicrophoneEvent;
use libretto_voice::{
    ChatRequest, Kind, LanguageModel, ListenOptions, Milestone, Provenance, Role, SpeakOptions, SpeechToText,
    TextToSpeech,
};
use tokio::sync::{broadcast, mpsc};
use tokio::time::{sleep, timeout};

const REPLY: &str = "The answer to it is forty two. There is no other one.";

/// A conversation of fakes.
struct House {
    talk: Conversation,
    notices: broadcast::Receiver<Notice>,
    mic: Mic,
    speaker: Speaker,
    memory: Arc<ShortMemory>,
    asked: mpsc::UnboundedReceiver<ChatRequest>,
    heard: Arc<Mutex<usize>>,
    alive: Alive,
}

/// How the first of each kind behaves; the second behaves well.
#[derive(Clone)]
struct Plan {
    ear: Manner,
    mind: Manner,
    throat: Manner,
    timed: bool,
    mic: Option<Duration>,
    speaker: bool,
    policy: Policy,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            ear: Manner::Well,
            mind: Manner::Well,
            throat: Manner::Well,
            timed: true,
            mic: Some(Duration::from_millis(20)),
            speaker: true,
            policy: Policy::default(),
        }
    }
}

impl House {
    fn build(plan: &Plan) -> Self {
        let (asking, asked) = mpsc::unbounded_channel();
        let (mic, mut speaker, alive) = (Mic::new(plan.mic), Speaker::new(), Alive::default());
        speaker.broken = !plan.speaker;
        let heard = Arc::new(Mutex::new(0));
        let memory = Arc::new(ShortMemory::new(10));
        let ear = |name, manner| Choice {
            provider: Arc::new(Ear {
                name,
                manner,
                says: "What is the answer?",
                heard: Arc::clone(&heard),
                alive: alive.clone(),
            }) as Arc<dyn SpeechToText>,
            options: ListenOptions::default(),
        };
        let mind = |name, manner| Choice {
            provider: Arc::new(Mind {
                name,
                manner,
                says: REPLY,
                asked: asking.clone(),
                alive: alive.clone(),
            }) as Arc<dyn LanguageModel>,
            options: ChatRequest::default(),
        };
        let throat = |name, manner, timed| Choice {
            provider: Arc::new(Throat {
                name,
                manner,
                timed,
                alive: alive.clone(),
            }) as Arc<dyn TextToSpeech>,
            options: SpeakOptions::default(),
        };
        let parts = Parts {
            microphone: Arc::new(mic.clone()),
            loudspeaker: Arc::new(speaker.clone()),
            recognisers: vec![ear("ear 1", plan.ear), ear("ear 2", Manner::Well)],
            models: vec![mind("mind 1", plan.mind), mind("mind 2", Manner::Well)],
            voices: vec![
                throat("voice 1", plan.throat, plan.timed),
                throat("voice 2", Manner::Well, true),
            ],
            turn_detector: None,
            memory: Arc::clone(&memory) as _,
        };
        let talk = Conversation::start(parts, plan.policy.clone());
        let notices = talk.subscribe();
        Self {
            talk,
            notices,
            mic,
            speaker,
            memory,
            asked,
            heard,
            alive,
        }
    }

    /// Holds the key and speaks for a second.
    async fn speak(&self) {
        self.talk.key_down();
        sleep(Duration::from_millis(200)).await;
        self.mic.says(MicrophoneEvent::SpeechStarted { echo: false });
        sleep(Duration::from_secs(1)).await;
        self.mic.says(MicrophoneEvent::SpeechEnded {
            silence: Duration::from_millis(200),
        });
        sleep(Duration::from_millis(50)).await;
        self.talk.key_up();
    }

    /// All notices to the end of the turn.
    async fn rest_of_turn(&mut self) -> (Vec<Notice>, End) {
        let mut notices = Vec::new();
        loop {
            let notice = timeout(Duration::from_mins(2), self.notices.recv())
                .await
                .expect("it wedged")
                .unwrap();
            let end = if let Body::Lifecycle(Lifecycle::Closed { end }) = &notice.body {
                Some(*end)
            } else {
                None
            };
            notices.push(notice);
            if let Some(end) = end {
                return (notices, end);
            }
        }
    }

    async fn until(&mut self, phase: fn(Phase) -> bool) {
        let mut states = self.talk.states();
        timeout(
            Duration::from_mins(2),
            states.wait_for(|state| phase(state.phase)),
        )
        .await
        .expect("it wedged")
        .unwrap();
    }

    /// What is remembered once all is quiet.
    async fn remembered(&self) -> Vec<Exchange> {
        sleep(Duration::from_secs(1)).await;
        self.memory.exchanges()
    }
}

fn problems(notices: &[Notice]) -> Vec<&Problem> {
    notices
        .iter()
        .filter_map(|n| {
            if let Body::Problem(problem) = &n.body {
                Some(problem)
            } else {
                None
            }
        })
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_question_is_heard_answered_and_remembered() {
    let mut house = House::build(&Plan::default());
    house.speak().await;
    let (notices, end) = house.rest_of_turn().await;
    assert_eq!(end, End::Complete);
    assert!(problems(&notices).is_empty());
    let turn = notices.last().unwrap().turn;
    assert!(
        notices.iter().all(|n| n.turn == turn || n.turn.is_none()),
        "every notice bears the turn's id"
    );

    let exchanges = house.remembered().await;
    assert_eq!(exchanges[0].said.as_deref(), Some("What is the answer?"));
    assert_eq!(
        (exchanges[0].heard.as_str(), exchanges[0].unheard.as_str()),
        (REPLY, "")
    );
    let alignment = exchanges[0].alignment.as_ref().unwrap();
    let words = libretto_voice::text::words(REPLY);
    assert_eq!(
        alignment.by_word(REPLY).len(),
        words.len(),
        "every word has its time"
    );
    assert_eq!(alignment.marks()[11].audio, 11 * fakes::WORD..12 * fakes::WORD);

    let ledger = notices.iter().find_map(|n| match &n.body {
        Body::Data(Data::Ledger { ledger }) => Some(ledger),
        _ => None,
    });
    let ledger = ledger.unwrap();
    let passed: Vec<_> = ledger.entries().iter().map(|(milestone, _)| *milestone).collect();
    for milestone in [
        Milestone::Opened,
        Milestone::FirstSample,
        Milestone::SpeechEnd,
        Milestone::KeyUp,
        Milestone::TurnEnd,
        Milestone::FinalTranscript,
        Milestone::FirstToken,
        Milestone::FirstPhrase,
        Milestone::FirstAudio,
        Milestone::FirstSound,
        Milestone::FirstWordLit,
        Milestone::Closed,
    ] {
        assert!(
            passed.contains(&milestone),
            "{milestone:?} is missing in {passed:?}"
        );
    }
    let model = ledger
        .between(Milestone::FinalTranscript, Milestone::FirstToken)
        .unwrap();
    assert_eq!(
        model.as_millis(),
        100,
        "nothing of ours stands between the transcript and the model"
    );
    let voice = ledger
        .between(Milestone::FirstPhrase, Milestone::FirstSound)
        .unwrap();
    assert_eq!(
        voice.as_millis(),
        60,
        "nothing of ours stands between the phrase and the loudspeaker"
    );

    assert_eq!(house.alive.count(), 0, "no worker is left");
    assert!(
        *house.heard.lock().unwrap() >= 16_000,
        "the recogniser heard all of it"
    );

    // The next question is asked with the first one in mind.
    house.talk.ask("And then?");
    house.rest_of_turn().await;
    house.asked.recv().await.unwrap();
    let request = house.asked.recv().await.unwrap();
    let roles: Vec<_> = request.messages.iter().map(|m| m.role).collect();
    assert_eq!(roles, [Role::User, Role::Assistant, Role::User]);
    assert_eq!(request.messages[1].text, REPLY);
}

#[tokio::test(start_paused = true)]
async fn no_gap_is_heard_between_phrases() {
    let mut house = House::build(&Plan::default());
    house.talk.ask("Go on.");
    let (notices, _) = house.rest_of_turn().await;
    let started = notices
        .iter()
        .find(|n| matches!(n.body, Body::Data(Data::Started { .. })))
        .unwrap()
        .at;
    let length = notices.last().unwrap().at.since(started);
    assert!(
        length <= Duration::from_millis(6_020),
        "12 words of half a second took {length:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn the_key_cuts_in_and_only_what_was_heard_is_remembered() {
    let mut house = House::build(&Plan::default());
    house.talk.ask("Go on.");
    house.until(|phase| matches!(phase, Phase::Speaking { .. })).await;
    sleep(Duration::from_millis(1_900)).await;
    house.speak().await;
    let (_, end) = house.rest_of_turn().await;
    assert_eq!(end, End::Cut);
    let queued = house.speaker.queued();
    let (_, end) = house.rest_of_turn().await;
    assert_eq!(end, End::Complete);
    let exchanges = house.remembered().await;
    assert_eq!(exchanges[0].heard, "The answer to it");
    assert_eq!(exchanges[0].unheard, " is forty two. There is no other one.");
    assert!(exchanges[0].cut);
    assert_eq!(exchanges[1].heard, REPLY);
    let (first, later) = (queued[0].0, house.speaker.queued());
    assert!(
        later[queued.len()..].iter().all(|(turn, _)| *turn > first),
        "nothing of the cut reply is queued"
    );
}

#[tokio::test(start_paused = true)]
async fn speaking_cuts_in_hands_free() {
    let policy = Policy {
        mode: Mode::HandsFree,
        ..Policy::default()
    };
    let mut house = House::build(&Plan {
        policy,
        ..Plan::default()
    });
    house.until(|phase| phase == Phase::Waiting).await;
    house.mic.says(MicrophoneEvent::SpeechStarted { echo: false });
    sleep(Duration::from_secs(1)).await;
    house.mic.says(MicrophoneEvent::SpeechEnded {
        silence: Duration::from_millis(250),
    });
    house.until(|phase| matches!(phase, Phase::Speaking { .. })).await;
    let heard = *house.heard.lock().unwrap();
    assert!(
        heard >= 20_000,
        "what was said before it was known to be speech is heard too: {heard}"
    );
    sleep(Duration::from_millis(900)).await;
    house.mic.says(MicrophoneEvent::SpeechStarted { echo: false });
    let (_, end) = house.rest_of_turn().await;
    assert_eq!(end, End::Cut);
    assert_eq!(house.speaker.ducks(), [0.2, 1.0]);
    house.mic.says(MicrophoneEvent::SpeechEnded {
        silence: Duration::from_millis(250),
    });
    let (_, end) = house.rest_of_turn().await;
    assert_eq!(end, End::Complete);
}

#[tokio::test(start_paused = true)]
async fn whoever_fails_is_followed_by_the_next() {
    use Manner::{Dead, Dying, Stalled, Vanishing, Well};
    for manner in [Dead, Stalled, Dying, Vanishing] {
        for stage in ["ear", "mind", "throat"] {
            let mut plan = Plan::default();
            match stage {
                "ear" => plan.ear = manner,
                "mind" => plan.mind = manner,
                _ => plan.throat = manner,
            }
            assert_ne!(manner, Well);
            let mut house = House::build(&plan);
            house.speak().await;
            let (notices, end) = house.rest_of_turn().await;
            let case = format!("{stage} {manner:?}");
            assert_eq!(end, End::Complete, "{case}");
            assert_eq!(problems(&notices).len(), 1, "{case}");
            let exchange = house.remembered().await.remove(0);
            assert_eq!(exchange.said.as_deref(), Some("What is the answer?"), "{case}");
            // A model that dies after its first token is not asked again: its reply ends there.
            let begun = stage == "mind" && matches!(manner, Dying | Vanishing);
            let reply = if begun { "The answer to " } else { REPLY };
            assert_eq!(exchange.heard, reply, "{case}");
            let alignment = exchange.alignment.unwrap();
            let words = libretto_voice::text::words(reply).len() as u64;
            assert_eq!(
                alignment.marks().last().unwrap().audio.end,
                words * fakes::WORD,
                "{case}: no word twice"
            );
            assert!(
                *house.heard.lock().unwrap() >= 16_000,
                "{case}: the whole utterance was heard"
            );
            assert_eq!(house.alive.count(), 0, "{case}: no worker is left");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn cancel_reaches_every_worker_at_every_stage() {
    for after in (0..40).map(|n| Duration::from_millis(n * 97)) {
        let house = House::build(&Plan::default());
        let talk = house.talk.clone();
        let speaking = async {
            house.speak().await;
            sleep(Duration::from_mins(1)).await;
        };
        let _ = timeout(after, speaking).await;
        talk.cancel();
        sleep(Duration::from_millis(20)).await;
        assert_eq!(house.alive.count(), 0, "workers live after a cancel at {after:?}");
        talk.key_up();
        sleep(Duration::from_millis(20)).await;
        assert_eq!(talk.state().phase, Phase::Idle, "cancelled at {after:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_voice_without_times_is_lit_by_its_sound() {
    let mut house = House::build(&Plan {
        timed: false,
        ..Plan::default()
    });
    house.talk.ask("Go on.");
    let (_, end) = house.rest_of_turn().await;
    assert_eq!(end, End::Complete);
    let exchange = house.remembered().await.remove(0);
    let alignment = exchange.alignment.unwrap();
    assert!(
        alignment
            .marks()
            .iter()
            .all(|mark| mark.provenance == Provenance::Estimated)
    );
    let words = libretto_voice::text::words(REPLY).len();
    assert_eq!(alignment.marks().len(), words);
    assert_eq!(alignment.marks()[words - 1].audio.end, words as u64 * fakes::WORD);
}

#[tokio::test(start_paused = true)]
async fn a_microphone_that_gives_nothing_is_named() {
    let mut house = House::build(&Plan {
        mic: None,
        ..Plan::default()
    });
    house.talk.key_down();
    let (notices, end) = house.rest_of_turn().await;
    assert_eq!(end, End::Failed);
    assert_eq!(problems(&notices)[0].kind, Kind::Device);
}

#[tokio::test(start_paused = true)]
async fn unplugged_in_mid_word_it_answers_what_it_heard() {
    let mut house = House::build(&Plan::default());
    house.talk.key_down();
    sleep(Duration::from_secs(1)).await;
    house.mic.says(MicrophoneEvent::SpeechStarted { echo: false });
    sleep(Duration::from_millis(500)).await;
    house.mic.unplug();
    let (notices, end) = house.rest_of_turn().await;
    assert_eq!(end, End::Complete);
    assert_eq!(problems(&notices)[0].kind, Kind::Device);
}

#[tokio::test(start_paused = true)]
async fn without_a_loudspeaker_the_reply_is_still_read() {
    let mut house = House::build(&Plan {
        speaker: false,
        ..Plan::default()
    });
    house.talk.ask("Go on.");
    let (notices, end) = house.rest_of_turn().await;
    assert_eq!(end, End::Failed);
    assert_eq!(problems(&notices)[0].kind, Kind::Device);
    let exchange = house.remembered().await.remove(0);
    assert_eq!(exchange.heard, "");
}

#[tokio::test(start_paused = true)]
async fn notices_are_told_as_one_flat_object() {
    let mut house = House::build(&Plan::default());
    house.talk.ask("Go on.");
    let (notices, _) = house.rest_of_turn().await;
    let json = serde_json::to_value(&notices[0]).unwrap();
    assert!(json["group"].is_string() && json["event"].is_string(), "{json}");
    for notice in &notices {
        let json = serde_json::to_string(notice).unwrap();
        assert_eq!(&serde_json::from_str::<Notice>(&json).unwrap(), notice);
    }
}

/// Whoever quits asks for this before the program ends.
#[tokio::test(start_paused = true)]
async fn what_is_called_off_is_remembered_before_it_is_said_to_be() {
    let mut house = House::build(&Plan::default());
    house.talk.ask("What is the answer?");
    house.until(|phase| matches!(phase, Phase::Speaking { .. })).await;
    sleep(Duration::from_millis(800)).await;
    house.talk.cancel();
    house.talk.kept().await;
    let kept = house.memory.exchanges();
    assert_eq!(kept.len(), 1);
    assert!(
        kept[0].cut && !kept[0].heard.is_empty() && !kept[0].unheard.is_empty(),
        "{kept:?}"
    );
    // Once more, with nothing going on.
    house.talk.kept().await;
    assert_eq!(house.memory.exchanges(), kept);
}
