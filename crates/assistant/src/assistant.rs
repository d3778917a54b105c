//! A running assistant: the conversation with all its parts, its memory, the desk for what needs no model, and the
//! light on the words.

use std::sync::Arc;
use std::time::{Duration, Instant};

use libretto_conversation::machine::{BargeIn, Mode, Policy, TurnEnd};
use libretto_conversation::notice::{Body, Data, Lifecycle};
use libretto_conversation::runner::{Conversation, Parts};
use libretto_conversation::{Memory, Notice};
use libretto_store::Settings;
use libretto_store::history::SessionId;
use libretto_store::settings::{self, Mode as StoredMode};
use libretto_voice::{
    ChatEvent, ChatRequest, Error, Kind, LanguageModel, Message, Result, Role, Time, TurnId,
};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::desk::{Controls, Desk, WithIntents};
use crate::failover::{Models, Tell};
use crate::foundation::Deaf;
use crate::karaoke::{self, Update};
use crate::remember::Remember;
use crate::runtime::Runtime;
use crate::{Foundation, health, upkeep};

/// A running assistant. Its tasks end when it is dropped.
pub struct Assistant {
    foundation: Arc<Foundation>,
    conversation: Conversation,
    memory: Arc<Remember>,
    /// The desk holds it weakly: it must live as long as we do.
    _controls: Arc<dyn Controls>,
    _tasks: JoinSet<()>,
}

/// Whoever quits waits no longer for a disk: a desktop that ends a session kills what is still there after a while.
const LAST: Duration = Duration::from_secs(4);

/// A keychain that is open answers within milliseconds.
const AT_ONCE: Duration = Duration::from_millis(300);

/// How an assistant starts.
#[derive(Clone, Copy, Debug, Default)]
pub struct Start {
    /// Goes on with this session instead of beginning a new one.
    pub session: Option<SessionId>,
    /// Who decides when the person speaks; `None` is as the settings say.
    pub mode: Option<Mode>,
    /// A keychain that does not answer at once is not waited for: the keys in it count as soon as they were read.
    pub hurry: bool,
}

impl Assistant {
    /// Starts a conversation. `runtime` hears of everything.
    ///
    /// # Errors
    /// What the history says about the session, what the sound system says.
    pub async fn start(foundation: Arc<Foundation>, start: Start, runtime: Arc<dyn Runtime>) -> Result<Self> {
        let desk = Arc::new(Desk::new(Arc::clone(&foundation.timers)));
        let (history, settings) = (foundation.history.clone(), Arc::clone(&foundation.settings));
        let memory = Arc::new(Remember::new(start.session, history, settings, Arc::clone(&desk)).await?);
        let mut tasks = JoinSet::new();
        let accounts = Arc::clone(&foundation.accounts);
        let mut reading = Box::pin(async move { accounts.read_keys().await });
        if !start.hurry {
            reading.await;
        } else if tokio::time::timeout(AT_ONCE, &mut reading).await.is_err() {
            tasks.spawn(reading);
        }
        // Whatever changes from here on is obeyed.
        let changes = Changes::of(&foundation);
        let mut policy = policy(&foundation, start.mode);
        policy.after = foundation.turns_after();
        let parts = parts(&foundation, &desk, Arc::clone(&memory))?;
        let epoch = Instant::now();
        let conversation = Conversation::start(parts, policy);
        let controls: Arc<dyn Controls> = Arc::new(Wires {
            foundation: Arc::clone(&foundation),
            conversation: conversation.clone(),
        });
        desk.connect(&controls);
        tasks.spawn(upkeep::forget(Arc::clone(&foundation)));
        tasks.spawn(upkeep::unlocked(Arc::clone(&foundation.accounts)));
        tasks.spawn(upkeep::others(Arc::clone(&foundation)));
        // Whoever hears of everything listens from now on, not from when its task first runs: a question may come before.
        let notices = conversation.subscribe();
        tasks.spawn(relay(conversation.clone(), notices, epoch, runtime));
        tasks.spawn(health::follow(
            conversation.subscribe(),
            Arc::clone(&foundation.accounts),
        ));
        tasks.spawn(obey(
            Arc::clone(&foundation),
            changes,
            conversation.clone(),
            desk,
            Arc::clone(&memory),
            start.mode,
        ));
        Ok(Self {
            foundation,
            conversation,
            memory,
            _controls: controls,
            _tasks: tasks,
        })
    }

    /// The conversation: keys, questions, state, notices.
    pub fn conversation(&self) -> &Conversation {
        &self.conversation
    }

    /// What it stands on.
    pub fn foundation(&self) -> &Arc<Foundation> {
        &self.foundation
    }

    /// Which session this is.
    pub fn session(&self) -> SessionId {
        self.memory.session()
    }

    /// Loads models and opens devices ahead, so that the first turn is as fast as the others.
    pub fn warm(&self) {
        let foundation = &self.foundation;
        if let Some(recogniser) = foundation.recognisers().first() {
            recogniser.provider.warm();
        }
        if let Some(model) = foundation.models().first() {
            model.provider.warm(&model.options.messages);
        }
        if let Some(voice) = foundation.voices().first() {
            voice.provider.warm();
        }
    }

    /// What was said here is to be deleted: it is forgotten, and nothing more of it is kept. What goes on is given up.
    pub async fn forget(&self) {
        self.conversation.cancel();
        self.memory.forget().await;
    }

    /// Gives up what goes on, and returns when all that was said and heard until then is written; after a few seconds
    /// in any case.
    pub async fn close(&self) {
        self.conversation.cancel();
        let written = async {
            self.conversation.kept().await;
            self.foundation.history.flush().await;
        };
        if tokio::time::timeout(LAST, written).await.is_err() {
            tracing::warn!("last_exchange_not_written");
        }
    }
}

/// The rules of the conversation, from the settings and the pause; `mode` counts before that of the settings.
fn policy(foundation: &Foundation, mode: Option<Mode>) -> Policy {
    let settings = foundation.now();
    let (conversation, deaf) = (&settings.conversation, *foundation.deaf().borrow());
    let stored = match conversation.mode {
        StoredMode::PushToTalk => Mode::PushToTalk,
        StoredMode::HandsFree => Mode::HandsFree,
    };
    Policy {
        mode: mode.unwrap_or(stored),
        paused: deaf.paused,
        trying: deaf.trials > 0,
        turn_end: TurnEnd {
            tail: settings::seconds(conversation.tail),
            max_silence: settings::seconds(conversation.max_silence),
            ..TurnEnd::default()
        },
        barge_in: BargeIn {
            enabled: conversation.barge_in,
            ..BargeIn::default()
        },
        ..Policy::default()
    }
}

/// The parts of the conversation, from the settings.
fn parts(foundation: &Foundation, desk: &Arc<Desk>, memory: Arc<Remember>) -> Result<Parts> {
    let sound = foundation.sound()?;
    let mut models = foundation.models();
    if let Some(first) = models.first_mut() {
        first.provider = Arc::new(WithIntents::new(Arc::clone(desk), Arc::clone(&first.provider)));
    }
    let memory: Arc<dyn Memory> = memory;
    Ok(Parts {
        microphone: sound.microphone(),
        loudspeaker: sound.loudspeaker(),
        recognisers: foundation.recognisers(),
        models,
        voices: foundation.voices(),
        turn_detector: Some(foundation.engines.turn_detector()),
        memory,
    })
}

/// What intents steer.
struct Wires {
    foundation: Arc<Foundation>,
    conversation: Conversation,
}

impl Controls for Wires {
    fn announce(&self, text: String) {
        self.conversation.announce(text);
    }

    fn set_volume(&self, volume: f32) {
        if let Err(error) = self
            .foundation
            .settings
            .update(|settings| settings.loudspeaker.volume = f64::from(volume))
        {
            tracing::warn!(%error, "volume_not_saved");
        }
        if let Ok(sound) = self.foundation.sound() {
            sound.loudspeaker().set_volume(volume);
        }
    }

    fn volume(&self) -> f32 {
        self.foundation.now().loudspeaker.volume as f32
    }
}

/// All that an assistant obeys while it runs.
struct Changes {
    settings: watch::Receiver<Arc<Settings>>,
    keys: watch::Receiver<u64>,
    deaf: watch::Receiver<Deaf>,
}

impl Changes {
    fn of(foundation: &Foundation) -> Self {
        Self {
            settings: foundation.settings.watch(),
            keys: foundation.accounts.watch(),
            deaf: foundation.deaf(),
        }
    }
}

/// What changes takes effect at once.
async fn obey(
    foundation: Arc<Foundation>,
    mut changes: Changes,
    conversation: Conversation,
    desk: Arc<Desk>,
    memory: Arc<Remember>,
    mode: Option<Mode>,
) {
    loop {
        let (changed, parts_too) = tokio::select! {
            // Whoever pauses waits for nothing.
            biased;
            changed = changes.deaf.changed() => (changed.is_ok(), false),
            changed = changes.settings.changed() => (changed.is_ok(), true),
            changed = changes.keys.changed() => (changed.is_ok(), true),
        };
        if !changed {
            return;
        }
        conversation.set_policy(policy(&foundation, mode));
        if !parts_too {
            continue;
        }
        let changed = foundation
            .apply()
            .and_then(|()| parts(&foundation, &desk, Arc::clone(&memory)));
        match changed {
            Ok(parts) => conversation.set_parts(parts),
            Err(error) => tracing::warn!(%error, "settings_not_applied"),
        }
        if !foundation.now().history.on
            && let Err(error) = foundation.history.forget_waiting().await
        {
            tracing::warn!(%error, "history_not_forgotten");
        }
    }
}

/// Passes notices on, and adds one for each word as it is heard.
async fn relay(
    conversation: Conversation,
    mut notices: Receiver<Notice>,
    epoch: Instant,
    runtime: Arc<dyn Runtime>,
) {
    let (tell, updates) = mpsc::channel(256);
    let lights = Arc::clone(&runtime);
    let follow = karaoke::follow(conversation.playhead(), updates, move |turn, word, at| {
        let data = Data::Lit {
            word: word.word.clone(),
            text: word.text.clone(),
            sample: word.audio.start,
        };
        let time = Time(at.saturating_duration_since(epoch));
        lights.emit(
            &Notice {
                turn: Some(turn),
                at: time,
                body: Body::Data(data),
            },
            at,
        );
    });
    let pass = async move {
        let mut reply: Option<(TurnId, String, bool)> = None;
        loop {
            let notice = match notices.recv().await {
                Ok(notice) => notice,
                Err(RecvError::Lagged(lost)) => {
                    tracing::warn!(lost, "notices_lost");
                    continue;
                }
                Err(RecvError::Closed) => return,
            };
            runtime.emit(&notice, epoch + notice.at.0);
            let Some(turn) = notice.turn else { continue };
            if reply.as_ref().is_none_or(|(current, ..)| *current < turn) {
                reply = Some((turn, String::new(), false));
            }
            let Some((_, text, begun)) = reply.as_mut().filter(|(current, ..)| *current == turn) else {
                continue;
            };
            let update = match notice.body {
                Body::Data(Data::Reply { delta }) => {
                    text.push_str(&delta);
                    continue;
                }
                Body::Data(Data::Marks { rate, marks }) => {
                    if !std::mem::replace(begun, true) {
                        let _ = tell.send(Update::Reply(turn, rate)).await;
                    }
                    Update::Marks(turn, text.clone(), marks)
                }
                Body::Lifecycle(Lifecycle::Closed { .. }) => Update::Over(turn),
                _ => continue,
            };
            let _ = tell.send(update).await;
        }
    };
    tokio::join!(follow, pass);
}

/// A question and its answer in writing only; `tell` hears of each model that is followed by the next.
///
/// # Errors
/// What the model says; `Timeout` when it falls silent.
pub async fn answer(
    foundation: &Arc<Foundation>,
    session: Option<SessionId>,
    text: &str,
    tell: Tell,
) -> Result<String> {
    /// A model that says nothing for so long has failed.
    const STALL: Duration = Duration::from_mins(1);
    let desk = Arc::new(Desk::new(Arc::clone(&foundation.timers)));
    let (history, settings) = (foundation.history.clone(), Arc::clone(&foundation.settings));
    let memory = Remember::new(session, history, settings, Arc::clone(&desk)).await?;
    foundation.accounts.read_keys().await;
    let models = foundation.models();
    let mut request = models
        .first()
        .map_or_else(ChatRequest::default, |model| model.options.clone());
    request.messages.extend(memory.recent().await?);
    request.messages.push(Message::new(Role::User, text));
    let model = Models::new(models, tell);
    let mut running = WithIntents::new(desk, Arc::new(model)).reply(request);
    let mut reply = String::new();
    loop {
        let event = tokio::time::timeout(STALL, running.next()).await.map_err(|_| {
            Error::new(
                Kind::Timeout,
                "The model does not answer; try again, or choose another one.",
            )
        })?;
        match event {
            Some(Ok(ChatEvent::Text(text))) => reply.push_str(&text),
            Some(Ok(ChatEvent::Finished(_))) | None => break,
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(error),
        }
    }
    let exchange = libretto_conversation::Exchange {
        turn: TurnId(1),
        said: Some(text.to_owned()),
        heard: reply.clone(),
        unheard: String::new(),
        cut: false,
        alignment: None,
    };
    memory.record(exchange).await?;
    foundation.history.flush().await;
    Ok(reply)
}
