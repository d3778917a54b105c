//! Memory behind a queue: exchanges are kept in the order in which they ended, and a question sees all before it.

use std::sync::Arc;

use libretto_voice::Message;
use tokio::sync::{mpsc, oneshot};

use super::carry::Report;
use crate::machine::Fault;
use crate::memory::{Exchange, Memory};

/// Exchanges that may wait for a slow disk.
const DEPTH: usize = 64;

enum Request {
    Recent(oneshot::Sender<Vec<Message>>),
    Record(Box<Exchange>),
    Use(Arc<dyn Memory>),
}

/// The way to the memory.
#[derive(Clone)]
pub(super) struct Recall(mpsc::Sender<Request>);

impl Recall {
    /// Serves a memory until the last clone is dropped. What was recorded before that is still kept.
    pub(super) fn start(mut memory: Arc<dyn Memory>, reports: mpsc::WeakSender<Report>) -> Self {
        let (requests, mut requested) = mpsc::channel(DEPTH);
        tokio::spawn(async move {
            while let Some(request) = requested.recv().await {
                let (result, text) = match request {
                    Request::Use(new) => {
                        memory = new;
                        continue;
                    }
                    Request::Recent(answer) => match memory.recent().await {
                        Ok(messages) => {
                            let _ = answer.send(messages);
                            continue;
                        }
                        Err(error) => (error, None),
                    },
                    Request::Record(exchange) => {
                        let text = exchange.said.clone();
                        match memory.record(*exchange).await {
                            Ok(()) => continue,
                            Err(error) => (error, text),
                        }
                    }
                };
                if let Some(reports) = reports.upgrade() {
                    let _ = reports.send(Report::Forgotten(Fault::from(result), text)).await;
                }
            }
        });
        Self(requests)
    }

    /// What the model is to know; nothing when the memory cannot say, which is no reason not to answer.
    pub(super) async fn recent(&self) -> Vec<Message> {
        let (answer, answered) = oneshot::channel();
        match self.0.send(Request::Recent(answer)).await {
            Ok(()) => answered.await.unwrap_or_default(),
            Err(_) => Vec::new(),
        }
    }

    /// Keeps an exchange; gives it back when too many wait.
    pub(super) fn record(&self, exchange: Exchange) -> Result<(), Exchange> {
        match self.0.try_reserve() {
            Ok(place) => {
                place.send(Request::Record(Box::new(exchange)));
                Ok(())
            }
            Err(_) => Err(exchange),
        }
    }

    /// Another memory from now on.
    pub(super) fn replace(&self, memory: Arc<dyn Memory>) {
        if self.0.try_send(Request::Use(memory)).is_err() {
            tracing::warn!("memory_not_replaced");
        }
    }
}
