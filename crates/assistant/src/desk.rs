//! The language model that asks the table of intents first: what needs no model is answered without one, and done.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};

use jiff::Zoned;
use libretto_voice::chat::{ChatSession, FinishReason};
use libretto_voice::{ChatEvent, ChatRequest, Error, Kind, LanguageModel, Message, Role, Session};

use crate::intents::{self, Context, Effect};
use crate::timers::Timers;

/// What intents can do to the running assistant.
pub trait Controls: Send + Sync {
    /// Speaks a text unasked, as soon as nobody speaks.
    fn announce(&self, text: String);
    /// Sets the volume from 0 to 1, for now and for later.
    fn set_volume(&self, volume: f32);
    /// The volume from 0 to 1.
    fn volume(&self) -> f32;
}

/// What intents look at and steer: the running assistant, the timers, and what was said last.
#[derive(Default)]
pub struct Desk {
    controls: OnceLock<Weak<dyn Controls>>,
    last_reply: Mutex<Option<String>>,
    timers: Arc<Timers>,
}

impl Desk {
    /// With these timers.
    pub fn new(timers: Arc<Timers>) -> Self {
        Self {
            timers,
            ..Self::default()
        }
    }

    /// Connects it to what it steers, where timers ring from now on; without, effects have none.
    pub fn connect(&self, controls: &Arc<dyn Controls>) {
        // A second connection would be a second conversation, which gets a desk of its own.
        let _ = self.controls.set(Arc::downgrade(controls));
        self.timers.ring_in(controls);
    }

    /// Remembers what was said, for "say that again".
    pub fn said(&self, text: &str) {
        if !text.trim().is_empty() {
            *lock(&self.last_reply) = Some(text.to_owned());
        }
    }

    /// What "say that again" says again.
    pub(crate) fn last_said(&self) -> Option<String> {
        lock(&self.last_reply).clone()
    }

    fn controls(&self) -> Option<Arc<dyn Controls>> {
        self.controls.get().and_then(Weak::upgrade)
    }

    fn context(&self) -> Context {
        let volume = self.controls().map_or(1.0, |controls| controls.volume());
        Context {
            last_reply: self.last_said(),
            volume,
            timers: self.timers.left(),
        }
    }

    /// Answers what needs no model; `None` leaves it to one.
    fn answer(&self, utterance: &str) -> Option<String> {
        let (name, answer) = intents::answer(utterance, &Zoned::now(), &self.context())?;
        tracing::info!(intent = name, "answered_without_model");
        match answer.effect {
            Effect::None => {}
            Effect::Volume(volume) => {
                if let Some(controls) = self.controls() {
                    controls.set_volume(volume);
                }
            }
            Effect::SetTimer(time) => self.timers.set(time),
            Effect::CancelTimers => self.timers.cancel(),
        }
        Some(answer.text)
    }

    /// Whether this would do something besides being answered.
    fn acts_on(&self, utterance: &str) -> bool {
        intents::answer(utterance, &Zoned::now(), &self.context())
            .is_some_and(|(_, answer)| answer.effect != Effect::None)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A language model behind the desk.
pub struct WithIntents {
    desk: Arc<Desk>,
    model: Arc<dyn LanguageModel>,
}

impl WithIntents {
    /// Asks the desk first, then the model.
    pub fn new(desk: Arc<Desk>, model: Arc<dyn LanguageModel>) -> Self {
        Self { desk, model }
    }
}

impl LanguageModel for WithIntents {
    fn name(&self) -> &str {
        self.model.name()
    }

    fn warm(&self, ahead: &[Message]) {
        self.model.warm(ahead);
    }

    fn is_local(&self) -> bool {
        self.model.is_local()
    }

    fn reply(&self, request: ChatRequest) -> ChatSession {
        let tentative = request.tentative;
        let asked = request
            .messages
            .last()
            .filter(|message| message.role == Role::User);
        if let Some(message) = asked
            && tentative
            && self.desk.acts_on(&message.text)
        {
            return Session::spawn(|_| async {
                Err(Error::new(
                    Kind::Unsupported,
                    "It is done once it is certain that it was asked for.",
                ))
            });
        }
        match asked.and_then(|message| self.desk.answer(&message.text)) {
            None => self.model.reply(request),
            Some(text) => Session::spawn(move |ends| async move {
                if !text.is_empty() {
                    let _ = ends.events.send(Ok(ChatEvent::Text(text))).await;
                }
                let _ = ends
                    .events
                    .send(Ok(ChatEvent::Finished(FinishReason::Stop)))
                    .await;
                Ok(())
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use tokio::sync::mpsc;

    struct Model;
    impl LanguageModel for Model {
        fn name(&self) -> &'static str {
            "model"
        }
        fn reply(&self, _: ChatRequest) -> ChatSession {
            Session::spawn(|ends| async move {
                let _ = ends
                    .events
                    .send(Ok(ChatEvent::Text("From the model.".into())))
                    .await;
                Ok(())
            })
        }
    }

    struct Room(mpsc::UnboundedSender<String>, Mutex<f32>);
    impl Controls for Room {
        fn announce(&self, text: String) {
            self.0.send(text).unwrap();
        }
        fn set_volume(&self, volume: f32) {
            *lock(&self.1) = volume;
        }
        fn volume(&self) -> f32 {
            *lock(&self.1)
        }
    }

    type Announcements = mpsc::UnboundedReceiver<String>;

    /// A conversation's desk, and what is announced in it.
    fn desk(timers: &Arc<Timers>) -> (Arc<Desk>, Arc<Room>, Announcements) {
        let desk = Arc::new(Desk::new(Arc::clone(timers)));
        let (announced, announcements) = mpsc::unbounded_channel();
        let room = Arc::new(Room(announced, Mutex::new(0.5)));
        let controls: Arc<dyn Controls> = room.clone();
        desk.connect(&controls);
        (desk, room, announcements)
    }

    async fn ask(model: &WithIntents, text: &str) -> String {
        let messages = vec![Message::new(Role::User, text)];
        let mut session = model.reply(ChatRequest {
            messages,
            ..ChatRequest::default()
        });
        let mut answer = String::new();
        while let Some(event) = session.next().await {
            if let ChatEvent::Text(text) = event.unwrap() {
                answer.push_str(&text);
            }
        }
        answer
    }

    #[tokio::test(start_paused = true)]
    async fn the_desk_answers_first_and_does_what_it_says() {
        let (desk, room, mut announcements) = desk(&Arc::default());
        let model = WithIntents::new(Arc::clone(&desk), Arc::new(Model));
        assert_eq!(ask(&model, "Who wrote Faust?").await, "From the model.");
        desk.said("From the model.");
        assert_eq!(ask(&model, "Say that again.").await, "From the model.");
        assert_eq!(ask(&model, "Louder!").await, "Volume 70 percent.");
        assert!((room.volume() - 0.7).abs() < 1e-6);
        ask(&model, "Set a timer for two minutes.").await;
        tokio::time::advance(Duration::from_secs(30)).await;
        assert_eq!(
            ask(&model, "How much time is left?").await,
            "1 minute 30 seconds are left."
        );
        assert_eq!(
            announcements.recv().await.unwrap(),
            "Your timer for 2 minutes is over."
        );
        assert_eq!(
            ask(&model, "How much time is left?").await,
            "No timer is running."
        );
        ask(&model, "Set a timer for ten minutes.").await;
        assert_eq!(ask(&model, "Cancel the timer.").await, "I cancelled the timer.");
        tokio::time::advance(Duration::from_secs(1_000)).await;
        assert!(
            announcements.try_recv().is_err(),
            "a cancelled timer does not ring"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_timer_rings_in_whichever_conversation_runs_then() {
        let timers = Arc::new(Timers::default());
        let (first, room, mut announcements) = desk(&timers);
        let model = WithIntents::new(Arc::clone(&first), Arc::new(Model));
        ask(&model, "Set a timer for two minutes.").await;
        ask(&model, "Set a timer for three minutes.").await;
        ask(&model, "Set a timer for four minutes.").await;
        // Another conversation begins, as the window's do: first the new one is there, then the old one goes.
        let (second, next_room, mut later) = desk(&timers);
        drop((model, first, room));
        let model = WithIntents::new(Arc::clone(&second), Arc::new(Model));
        assert_eq!(ask(&model, "How much time is left?").await, "2 minutes are left.");
        assert_eq!(later.recv().await.unwrap(), "Your timer for 2 minutes is over.");
        assert_eq!(announcements.recv().await, None, "nobody is there any more");
        // Nobody is there when one rings: it is said to whoever comes next.
        drop((model, second, next_room));
        tokio::time::sleep(Duration::from_secs(61)).await;
        let (third, _room, mut last) = desk(&timers);
        assert_eq!(last.recv().await.unwrap(), "Your timer for 3 minutes is over.");
        let model = WithIntents::new(third, Arc::new(Model));
        assert_eq!(ask(&model, "Cancel the timer.").await, "I cancelled the timer.");
        tokio::time::sleep(Duration::from_mins(10)).await;
        assert!(last.try_recv().is_err(), "a cancelled timer does not ring");
    }
}
