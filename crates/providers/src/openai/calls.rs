//! The calls of tools that an answer makes, put together from what is said of them.

use libretto_voice::ChatEvent;
use libretto_voice::chat::ToolCall;

use super::completion::Broken;

/// Most calls in one answer, and most bytes of the arguments of one.
const MOST: usize = 128;
const ARGUMENTS: usize = 1 << 20;

/// Calls in their order, each found by a key of the protocol's.
#[derive(Debug)]
pub(super) struct Calls<K>(Vec<(K, ToolCall)>);

/// What is said of a call. What is left out or empty stays as it was.
#[derive(Debug, Default)]
pub(super) struct News {
    pub(super) id: Option<String>,
    pub(super) name: Option<String>,
    pub(super) arguments: Option<Arguments>,
}

/// Arguments, as JSON text.
#[derive(Debug)]
pub(super) enum Arguments {
    /// The next piece of them.
    More(String),
    /// All of them.
    All(String),
}

impl<K: PartialEq> Calls<K> {
    pub(super) fn new() -> Self {
        Self(Vec::new())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The newest call of this key.
    pub(super) fn newest(&self, key: &K) -> Option<&ToolCall> {
        let mut calls = self.0.iter().rev();
        calls.find(|(known, _)| known == key).map(|(_, call)| call)
    }

    /// Notes what is said of the newest call of this key, which may be its first.
    pub(super) fn tell(&mut self, key: K, news: News) -> Result<(), Broken> {
        match self.0.iter().rposition(|(known, _)| *known == key) {
            Some(at) => self.set(at, news),
            None => self.add(key, news),
        }
    }

    /// Notes a call that was not known.
    pub(super) fn add(&mut self, key: K, news: News) -> Result<(), Broken> {
        if self.0.len() == MOST {
            return Err(Broken::Garbled);
        }
        self.0.push((key, ToolCall::new("", "", "")));
        self.set(self.0.len() - 1, news)
    }

    fn set(&mut self, at: usize, news: News) -> Result<(), Broken> {
        let call = &mut self.0[at].1;
        for (field, said) in [(&mut call.id, news.id), (&mut call.name, news.name)] {
            if let Some(said) = said.filter(|said| !said.is_empty()) {
                *field = said;
            }
        }
        match news.arguments {
            Some(Arguments::More(text)) => call.arguments.push_str(&text),
            Some(Arguments::All(text)) => call.arguments = text,
            None => {}
        }
        if call.arguments.len() > ARGUMENTS {
            Err(Broken::Garbled)
        } else {
            Ok(())
        }
    }

    /// All of them, with what was thought before. Some servers give no ids, or the same one twice: each gets its own.
    pub(super) fn finish(self, thoughts: Option<String>) -> Vec<ChatEvent> {
        let mut calls: Vec<ToolCall> = Vec::with_capacity(self.0.len());
        for (_, mut call) in self.0 {
            let mut number = calls.len();
            while call.id.is_empty() || calls.iter().any(|known| known.id == call.id) {
                call.id = format!("call_{number}");
                number += 1;
            }
            if call.arguments.trim().is_empty() {
                call.arguments = "{}".into();
            }
            calls.push(call);
        }
        if let Some(first) = calls.first_mut() {
            first.thoughts = thoughts;
        }
        calls.into_iter().map(ChatEvent::Call).collect()
    }
}
