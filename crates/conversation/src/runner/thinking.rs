//! Asks a language model.

use std::sync::Arc;

use libretto_voice::{ChatEvent, ChatRequest, Kind, LanguageModel, Message, Role};
use tokio::sync::mpsc;

use super::carry::Report;
use super::parts::Choice;
use super::remembering::Recall;
use crate::machine::{Event, Fault, Job, Model};

/// Gets a model ready for the next question: it can read all that comes before it already, and the question as far as
/// it has been asked.
pub(super) async fn warm(
    model: Choice<dyn LanguageModel, ChatRequest>,
    recall: Recall,
    asked: Option<String>,
) {
    let mut ahead = model.options.messages;
    ahead.extend(recall.recent().await);
    ahead.extend(asked.map(|said| Message::new(Role::User, said)));
    model.provider.warm(&ahead);
}

/// Asks a model about what was said, with what is remembered in between.
pub(super) async fn think(
    job: Job,
    model: Arc<dyn LanguageModel>,
    mut request: ChatRequest,
    recall: Recall,
    said: String,
    reports: mpsc::Sender<Report>,
) {
    request.messages.extend(recall.recent().await);
    request.messages.push(Message::new(Role::User, said));
    let mut session = model.reply(request);
    loop {
        let event = match session.next().await {
            Some(Ok(ChatEvent::Text(text))) => Model::Text(text),
            Some(Ok(ChatEvent::Reasoning(_))) => Model::Reasoning,
            Some(Ok(ChatEvent::Finished(reason))) => Model::Finished(reason),
            Some(Ok(_)) => continue,
            Some(Err(error)) => Model::Failed(error.into()),
            None => Model::Failed(Fault::new(
                Kind::Unavailable,
                format!(
                    "The language model {} stopped without a word. Try again, or choose another one in the settings.",
                    model.name()
                ),
            )),
        };
        let last = matches!(event, Model::Failed(_) | Model::Finished(_));
        if reports
            .send(Report::Event(Event::Model(job, event)))
            .await
            .is_err()
            || last
        {
            return;
        }
    }
}
