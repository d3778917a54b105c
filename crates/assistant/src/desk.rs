//! The language model that asks the table of intents first: what needs no model is answered without one, and done.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

use jiff::Zoned;
use libretto_voice::chat::{ChatSession, FinishReason};
use libretto_voice::{ChatEvent, ChatRequest, Error, Kind, LanguageModel, Message, Role, Session};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::intents::{self, Context, Effect};

/// What intents can do to the running assistant.
pub trait Controls: Send + Sync {
    /// Speaks a text unasked, as soon as nobody speaks.
    fn announce(&self, text: String);
    /// Sets the volume from 0 to 1, for now and for later.
    fn set_volume(&self, volume: f32);
    /// The volume from 0 to 1.
    fn volume(&self) -> f32;
}

/// Timers that run, and what was said last.
#[derive(Default)]
pub struct Desk {
    controls: OnceLock<Weak<dyn Controls>>,
    last_reply: Mutex<Option<String>>,
    timers: Mutex<Timers>,
}

#[derive(Default)]
struct Timers {
    running: Vec<(u64, Instant)>,
    next: u64,
    /// Ends all that run.
    cancel: CancellationToken,
}

/// A ringing timer says so.
fn rings(time: Duration) -> String {
    format!("Your timer for {} is over.", intents::spoken_time(time))
}

impl Desk {
    /// Connects it to what it steers; without, effects have none.
    pub fn connect(&self, controls: Weak<dyn Controls>) {
        // A second connection would be a second conversation, which gets a desk of its own.
        let _ = self.controls.set(controls);
    }

    /// Remembers what was said, for "say that again".
    pub fn said(&self, text: &str) {
        if !text.trim().is_empty() {
            *lock(&self.last_reply) = Some(text.to_owned());
        }
    }

    fn controls(&self) -> Option<Arc<dyn Controls>> {
        self.controls.get().and_then(Weak::upgrade)
    }

    fn context(&self) -> Context {
        let now = Instant::now();
        let mut timers: Vec<Duration> = lock(&self.timers)
            .running
            .iter()
            .map(|(_, at)| at.saturating_duration_since(now))
            .collect();
        timers.sort_unstable();
        let volume = self.controls().map_or(1.0, |controls| controls.volume());
        Context {
            last_reply: lock(&self.last_reply).clone(),
            volume,
            timers,
        }
    }

    /// Answers what needs no model; `None` leaves it to one.
    fn answer(self: &Arc<Self>, utterance: &str) -> Option<String> {
        let (name, answer) = intents::answer(utterance, &Zoned::now(), &self.context())?;
        tracing::info!(intent = name, "answered_without_model");
        match answer.effect {
            Effect::None => {}
            Effect::Volume(volume) => {
                if let Some(controls) = self.controls() {
                    controls.set_volume(volume);
                }
            }
            Effect::SetTimer(time) => self.set_timer(time),
            Effect::CancelTimers => {
                let mut timers = lock(&self.timers);
                timers.running.clear();
                std::mem::take(&mut timers.cancel).cancel();
            }
        }
        Some(answer.text)
    }

    /// Whether this would do something besides being answered.
    fn acts_on(&self, utterance: &str) -> bool {
        intents::answer(utterance, &Zoned::now(), &self.context())
            .is_some_and(|(_, answer)| answer.effect != Effect::None)
    }

    fn set_timer(self: &Arc<Self>, time: Duration) {
        let at = Instant::now() + time;
        let (id, cancel) = {
            let mut timers = lock(&self.timers);
            let id = timers.next;
            timers.next += 1;
            timers.running.push((id, at));
            (id, timers.cancel.clone())
        };
        let desk = Arc::downgrade(self);
        tokio::spawn(async move {
            tokio::select! {
                () = cancel.cancelled() => return,
                () = tokio::time::sleep_until(at) => {}
            }
            let Some(desk) = desk.upgrade() else { return };
            lock(&desk.timers).running.retain(|(running, _)| *running != id);
            if let Some(controls) = desk.controls() {
                controls.announce(rings(time));
            }
        });
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
        let desk = Arc::new(Desk::default());
        let (announced, mut announcements) = mpsc::unbounded_channel();
        let room = Arc::new(Room(announced, Mutex::new(0.5)));
        let controls: Arc<dyn Controls> = room.clone();
        desk.connect(Arc::downgrade(&controls));
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
}
