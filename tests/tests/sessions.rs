//! What holds for every conversation of one Libretto: what is kept of it and what is not, pauses, timers, troubles of
//! the history. Assistants are real ones with real settings and histories; services are fakes, devices are memory.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "these are tests"
)]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use libretto_assistant::audio::backend::replay::{Pace, ReplaySink, ReplaySource};
use libretto_assistant::audio::backend::{Alarm, MakeEar, Source, Stream};
use libretto_assistant::audio::{self, AudioSettings, DeviceId, Listing, Sound, VadKind, VadSettings};
use libretto_assistant::conversation::Notice;
use libretto_assistant::conversation::machine::Phase;
use libretto_assistant::conversation::notice::{Body, Data, Lifecycle, Stage as Part};
use libretto_assistant::store::history::SessionId;
use libretto_assistant::store::settings::Mode;
use libretto_assistant::store::{Environment, environment::Places};
use libretto_assistant::voice::{Audio, SampleRate};
use libretto_assistant::{Assistant, Foundation, Runtime, Start};
use libretto_tests::Cloud;
use libretto_tests::cloud::KEYS;
use tokio::sync::mpsc;
use tokio::time::timeout;

/// Anything happens within this time, on a busy machine.
const LIMIT: Duration = Duration::from_mins(1);

/// A microphone that counts how often it is opened.
struct Counted(ReplaySource, Arc<AtomicUsize>);

impl Source for Counted {
    fn open(&self, wanted: Option<&DeviceId>, ear: MakeEar<'_>, alarm: &Alarm) -> audio::Result<Stream> {
        self.1.fetch_add(1, Ordering::SeqCst);
        self.0.open(wanted, ear, alarm)
    }

    fn listing(&self) -> audio::Result<Listing> {
        self.0.listing()
    }
}

/// One Libretto.
struct House {
    foundation: Arc<Foundation>,
    /// How often the microphone was opened.
    opened: Arc<AtomicUsize>,
}

/// Where the house keeps its files.
fn places(folder: &Path) -> Places {
    Places {
        config: folder.to_owned(),
        data: folder.join("data"),
    }
}

impl House {
    /// Must be called inside a runtime.
    fn open(cloud: &Cloud, folder: &Path) -> Self {
        let places = places(folder);
        let settings = cloud.settings(&["deepgram"], &["openai"], &["cartesia"]);
        std::fs::write(places.settings(), settings).unwrap();
        let keys = KEYS.map(|(name, key)| (name.to_owned(), key.to_owned()));
        let environment = Environment::of(keys, &[], places);
        let opened = Arc::new(AtomicUsize::new(0));
        let silence = Audio::silence(SampleRate::SPEECH, Duration::from_mins(10));
        let source = Counted(ReplaySource::new(silence, Pace::RealTime), Arc::clone(&opened));
        let sink = ReplaySink::new(SampleRate::new(48_000).unwrap());
        let settings = AudioSettings {
            vad: VadSettings {
                // It needs no model.
                kind: VadKind::Gate,
                ..VadSettings::default()
            },
            ..AudioSettings::default()
        };
        let sound = Sound::new(Arc::new(source), Arc::new(sink), &settings).unwrap();
        let foundation = Foundation::open(environment).unwrap().with_sound(sound);
        Self {
            foundation: Arc::new(foundation),
            opened,
        }
    }

    async fn talk(&self) -> Talk {
        let (tell, notices) = mpsc::unbounded_channel();
        let foundation = Arc::clone(&self.foundation);
        let assistant = Assistant::start(foundation, Start::default(), Arc::new(Channel(tell)))
            .await
            .unwrap();
        Talk {
            assistant,
            notices,
            seen: Vec::new(),
        }
    }

    fn keep(&self, on: bool) {
        let settings = &self.foundation.settings;
        settings.update(|settings| settings.history.on = on).unwrap();
    }

    /// What was said in a session, as it is kept, once this is among it.
    async fn kept(&self, session: SessionId, last: &str) -> Vec<String> {
        let deadline = Instant::now() + LIMIT;
        loop {
            let kept = self.foundation.history.recent(session, 100).await.unwrap();
            let said: Vec<_> = kept.into_iter().map(|exchange| exchange.user).collect();
            if said.iter().any(|said| said == last) {
                return said;
            }
            assert!(Instant::now() < deadline, "{last:?} is not kept: {said:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

struct Channel(mpsc::UnboundedSender<Notice>);

impl Runtime for Channel {
    fn emit(&self, notice: &Notice, _: Instant) {
        let _ = self.0.send(notice.clone());
    }
}

/// A conversation.
struct Talk {
    assistant: Assistant,
    notices: mpsc::UnboundedReceiver<Notice>,
    /// All that was told so far.
    seen: Vec<Body>,
}

impl Talk {
    async fn wait_for(&mut self, what: &str, wanted: impl Fn(&Body) -> bool) {
        let found = async {
            loop {
                let body = self.notices.recv().await.expect("it goes on").body;
                let found = wanted(&body);
                self.seen.push(body);
                if found {
                    return;
                }
            }
        };
        let found = timeout(LIMIT, found).await;
        assert!(found.is_ok(), "{what} did not come: {:#?}", self.seen);
    }

    /// Asks, and waits until the answer was heard.
    async fn ask(&mut self, question: &str) {
        self.assistant.conversation().ask(question);
        self.wait_for("the end", |body| {
            matches!(body, Body::Lifecycle(Lifecycle::Closed { .. }))
        })
        .await;
    }

    async fn wait_for_reply(&mut self, text: &str) {
        self.wait_for(
            text,
            |body| matches!(body, Body::Data(Data::Reply { delta }) if delta.contains(text)),
        )
        .await;
    }

    /// The sentences that were told of troubles in this part.
    fn problems(&self, part: Part) -> Vec<&str> {
        let problems = self.seen.iter().filter_map(|body| match body {
            Body::Problem(problem) if problem.stage == part => Some(problem.message.as_str()),
            _ => None,
        });
        problems.collect()
    }
}

/// Every test has services and a folder of its own.
fn in_house(prepare: impl FnOnce(&Path), test: impl AsyncFnOnce(House, &Path)) {
    let cloud = Cloud::start().unwrap();
    cloud.answers("Oslo is rather rainy for most.");
    let folder = tempfile::tempdir().unwrap();
    prepare(folder.path());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let house = House::open(&cloud, folder.path());
        test(house, folder.path()).await;
    });
}

/// Whether a text stands anywhere in the history's files.
fn written(folder: &Path, text: &str) -> bool {
    let Ok(files) = std::fs::read_dir(places(folder).data) else {
        return false;
    };
    let mut files = files.map(|file| std::fs::read(file.unwrap().path()).unwrap());
    files.any(|bytes| bytes.windows(text.len()).any(|window| window == text.as_bytes()))
}

#[test]
fn the_history_is_switched_off_and_on_while_a_conversation_runs() {
    in_house(
        |_| {},
        async |house, folder| {
            house.foundation.history.ready().await;
            let mut talk = house.talk().await;
            let session = talk.assistant.session();
            talk.ask("Tell me of larks.").await;
            assert_eq!(house.kept(session, "Tell me of larks.").await.len(), 1);
            house.keep(false);
            talk.ask("Tell me of owls.").await;
            house.keep(true);
            talk.ask("Tell me of wrens.").await;
            let kept = house.kept(session, "Tell me of wrens.").await;
            assert_eq!(kept, ["Tell me of larks.", "Tell me of wrens."]);
            house.foundation.history.flush().await;
            assert!(written(folder, "larks") && written(folder, "wrens"));
            assert!(
                !written(folder, "owls"),
                "what was said while it was off is on the disk"
            );
            // The next conversation obeys as well.
            house.keep(false);
            let mut next = house.talk().await;
            next.ask("Tell me of finches.").await;
            next.assistant.close().await;
            assert!(!written(folder, "finches"));
            // What was kept before can be deleted still.
            house.foundation.history.delete_all().await.unwrap();
            assert!(!written(folder, "larks") && !written(folder, "wrens"));
        },
    );
}

#[test]
fn who_starts_without_a_history_leaves_no_file_until_it_is_switched_on() {
    in_house(
        |_| {},
        async |house, folder| {
            house.keep(false);
            // As at the start of a Libretto whose settings say so.
            let environment = house.foundation.environment.clone();
            let sound = house.foundation.sound().unwrap().clone();
            let foundation = Foundation::open(environment).unwrap().with_sound(sound);
            let file = places(folder).history();
            house.foundation.history.ready().await;
            std::fs::remove_dir_all(places(folder).data).unwrap();
            let house = House {
                foundation: Arc::new(foundation),
                ..house
            };
            let mut talk = house.talk().await;
            talk.ask("Tell me of robins.").await;
            talk.ask("And of rooks.").await;
            assert!(!file.exists());
            house.keep(true);
            talk.ask("Tell me of larks.").await;
            let kept = house.kept(talk.assistant.session(), "Tell me of larks.").await;
            assert_eq!(kept, ["Tell me of larks."]);
            assert!(written(folder, "larks") && !written(folder, "robins") && !written(folder, "rooks"));
        },
    );
}

#[test]
fn what_is_to_be_deleted_is_forgotten_in_the_middle_of_a_turn() {
    in_house(
        |_| {},
        async |house, folder| {
            let mut talk = house.talk().await;
            let session = talk.assistant.session();
            talk.ask("Tell me of larks.").await;
            house.kept(session, "Tell me of larks.").await;
            talk.assistant.conversation().ask("Tell me of owls.");
            talk.wait_for_reply("rainy").await;
            talk.assistant.forget().await;
            house.foundation.history.delete_all().await.unwrap();
            talk.wait_for("the end", |body| {
                matches!(body, Body::Lifecycle(Lifecycle::Closed { .. }))
            })
            .await;
            // Whatever it says still is nobody's.
            talk.ask("Tell me of wrens.").await;
            talk.assistant.close().await;
            let sessions = house.foundation.history.sessions(None, 10).await.unwrap();
            assert!(sessions.sessions.is_empty(), "{sessions:?}");
            assert!(
                ["larks", "owls", "wrens"]
                    .iter()
                    .all(|said| !written(folder, said))
            );
        },
    );
}

#[test]
fn nothing_listens_while_it_is_paused() {
    in_house(
        |_| {},
        async |house, _| {
            let foundation = &house.foundation;
            let opened = || house.opened.load(Ordering::SeqCst);
            let hands_free = |on: bool| {
                let mode = if on { Mode::HandsFree } else { Mode::PushToTalk };
                let settings = &foundation.settings;
                settings
                    .update(|settings| settings.conversation.mode = mode)
                    .unwrap();
            };
            foundation.pause(true);
            hands_free(true);
            // A conversation begins.
            let mut talk = house.talk().await;
            talk.ask("Tell me of larks.").await;
            // Keys are read anew, as when one was saved.
            foundation.accounts.read_keys().await;
            talk.ask("Tell me of owls.").await;
            // Something is set.
            hands_free(false);
            hands_free(true);
            talk.ask("Tell me of wrens.").await;
            // The key is pressed, by whatever hand.
            talk.assistant.conversation().key_down();
            talk.assistant.conversation().key_up();
            talk.wait_for("why not", |body| matches!(body, Body::Problem(_)))
                .await;
            assert_eq!(talk.problems(Part::Microphone).len(), 1);
            assert!(talk.problems(Part::Microphone)[0].contains("is paused"));
            // Another conversation begins.
            drop(talk);
            let mut talk = house.talk().await;
            talk.ask("Tell me of finches.").await;
            assert_eq!(opened(), 0, "something listened");
            assert_eq!(talk.assistant.conversation().state().phase, Phase::Idle);

            foundation.pause(false);
            let mut states = talk.assistant.conversation().states();
            let waits = states.wait_for(|state| state.phase == Phase::Waiting);
            timeout(LIMIT, waits).await.expect("it listens again").unwrap();
            assert!(opened() >= 1);
            foundation.pause(true);
            let rests = states.wait_for(|state| state.phase == Phase::Idle);
            timeout(LIMIT, rests).await.expect("it listens no more").unwrap();
        },
    );
}

#[test]
fn a_timer_rings_in_the_conversation_that_runs_then() {
    in_house(
        |_| {},
        async |house, _| {
            let mut talk = house.talk().await;
            talk.assistant.conversation().ask("Set a timer for four seconds.");
            talk.wait_for_reply("4 seconds").await;
            let mut next = house.talk().await;
            talk.assistant.close().await;
            next.wait_for_reply("Your timer for 4 seconds is over.").await;
            next.wait_for("its sound", |body| {
                matches!(body, Body::Data(Data::Started { .. }))
            })
            .await;
        },
    );
}

#[test]
fn a_broken_history_is_told_once() {
    let spoil = |folder: &Path| {
        let places = places(folder);
        std::fs::create_dir_all(&places.data).unwrap();
        std::fs::write(places.history(), b"This is no database.").unwrap();
    };
    in_house(spoil, async |house, _| {
        house.foundation.history.ready().await;
        let notices = house.foundation.notices();
        let told: Vec<_> = notices.iter().map(|notice| notice.sentence.as_str()).collect();
        let [told] = told[..] else { panic!("{told:?}") };
        assert!(
            told.contains("a new one was begun") && told.contains("repair or delete it"),
            "{told}"
        );
        house.keep(false);
        assert!(house.foundation.notices().is_empty(), "nobody wants one");
    });
}

#[test]
fn a_history_that_cannot_be_written_is_told_once() {
    let obstruct = |folder: &Path| std::fs::write(places(folder).data, "in the way").unwrap();
    in_house(obstruct, async |house, folder| {
        house.foundation.history.ready().await;
        let told = |house: &House| house.foundation.notices().len();
        assert_eq!(told(&house), 1, "{:?}", house.foundation.notices());
        let mut talk = house.talk().await;
        for question in ["Tell me of larks.", "Tell me of owls."] {
            talk.ask(question).await;
        }
        // An answer comes after all that was before it is kept, or is not.
        talk.ask("Tell me of wrens.").await;
        let problems = talk.problems(Part::Memory);
        let [problem] = problems[..] else {
            panic!("{problems:?}")
        };
        assert!(problem.contains("Make its folder writable"), "{problem}");
        assert_eq!(told(&house), 1);
        // It is tried again.
        std::fs::remove_file(places(folder).data).unwrap();
        talk.ask("Tell me of finches.").await;
        let kept = house.kept(talk.assistant.session(), "Tell me of finches.").await;
        assert_eq!(kept.len(), 4);
        assert_eq!(told(&house), 0);
    });
}
