//! A conversation as the tokens that the model was trained on.

use std::ops::Range;

use libretto_voice::chat::Role;
use llama_cpp_2::model::{LlamaChatMessage, LlamaChatTemplate, LlamaModel};
use llama_cpp_2::token::LlamaToken;

use super::PART;
use crate::error::Error;

/// Models that can think before they answer begin with this; a voice must not wait for thoughts, so they are given
/// empty ones, as the models' own templates do when thinking is switched off.
const NO_THOUGHTS: &str = "<think>\n\n</think>\n\n";

/// The shape in which a model wants its conversations.
pub(super) struct Template {
    template: LlamaChatTemplate,
    thinks: bool,
}

impl Template {
    /// The one in the model's file; `ChatML` where there is none, which is what most small models speak.
    pub(super) fn of(model: &LlamaModel) -> Result<Self, Error> {
        let template = match model.chat_template(None) {
            Ok(template) => template,
            Err(_) => LlamaChatTemplate::new("chatml").map_err(|e| failed(&e))?,
        };
        let thinks = template.to_str().is_ok_and(|text| text.contains("<think>"));
        Ok(Self { template, thinks })
    }

    /// The tokens of a conversation; with `answer`, up to where the model's next message begins.
    ///
    /// What people said is tokenised by itself, so that nobody can end their message and begin another's by saying
    /// `<|im_end|>`.
    pub(super) fn tokens(
        &self,
        model: &LlamaModel,
        messages: &[(Role, String)],
        answer: bool,
    ) -> Result<Vec<LlamaToken>, Error> {
        let marked = messages.iter().enumerate().map(|(index, (role, _))| {
            LlamaChatMessage::new(name(*role).to_owned(), placeholder(index)).map_err(|e| failed(&e))
        });
        let marked = marked.collect::<Result<Vec<_>, _>>()?;
        let mut text = model
            .apply_chat_template(&self.template, &marked, answer)
            .map_err(|error| Error::Start {
                part: PART,
                detail: format!("its conversation template is of an unknown kind ({error})"),
            })?;
        if answer && self.thinks && !text.contains("<think>") {
            text.push_str(NO_THOUGHTS);
        }
        let vocabulary = model.vocab();
        let mut tokens = Vec::new();
        let mut done = 0;
        for (index, (_, said)) in messages.iter().enumerate() {
            // Some templates leave out what they have no place for: a second system message, say.
            let Some(at) = find(&text, &placeholder(index), done) else {
                continue;
            };
            tokens.extend(vocabulary.tokenize(&text.as_bytes()[done..at.start], tokens.is_empty(), true));
            tokens.extend(vocabulary.tokenize(said.trim().as_bytes(), false, false));
            done = at.end;
        }
        tokens.extend(vocabulary.tokenize(&text.as_bytes()[done..], tokens.is_empty(), true));
        Ok(tokens)
    }
}

/// Stands for a message in the template: control characters that no template treats in a special way.
fn placeholder(index: usize) -> String {
    format!("\u{1}{index}\u{2}")
}

fn find(text: &str, wanted: &str, from: usize) -> Option<Range<usize>> {
    let at = from + text.get(from..)?.find(wanted)?;
    Some(at..at + wanted.len())
}

fn name(role: Role) -> &'static str {
    match role {
        Role::System => "system",
        // Small models know no tools; what one answered is told to them as if the user had said it.
        Role::User | Role::Tool => "user",
        Role::Assistant => "assistant",
    }
}

fn failed(detail: &dyn std::fmt::Display) -> Error {
    Error::Run {
        part: PART,
        detail: detail.to_string(),
    }
}
