//! Language models.

use serde::{Deserialize, Serialize};

use crate::session::Session;

/// Who speaks in a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Instructions.
    System,
    /// The person.
    User,
    /// The language model.
    Assistant,
    /// The result of a tool that the model called.
    Tool,
}

/// One message of a conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said.
    pub text: String,
    /// Tools that the assistant called with this message.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calls: Vec<ToolCall>,
    /// Which call a tool's message answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answers: Option<String>,
}

impl Message {
    /// A message of text only.
    pub fn new(role: Role, text: impl Into<String>) -> Self {
        Self {
            role,
            text: text.into(),
            calls: Vec::new(),
            answers: None,
        }
    }
}

/// A tool that the model may call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tool {
    /// Name, unique in the request.
    pub name: String,
    /// What it does, for the model.
    pub description: String,
    /// JSON Schema of its arguments, as JSON text.
    pub parameters: String,
}

/// A call that the model makes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolCall {
    /// The provider's id of the call.
    pub id: String,
    /// Which tool.
    pub name: String,
    /// JSON text, as the model wrote it: it may be invalid.
    pub arguments: String,
    /// What was thought before the calls, in the provider's own form. It stands with the first of them and goes back with
    /// it, and nobody else reads it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thoughts: Option<String>,
}

impl ToolCall {
    /// A call without thoughts.
    pub fn new(id: impl Into<String>, name: impl Into<String>, arguments: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
            arguments: arguments.into(),
            thoughts: None,
        }
    }
}

/// What to answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChatRequest {
    /// The provider's own name of a model; `None` is its default.
    pub model: Option<String>,
    /// The conversation, instructions first.
    pub messages: Vec<Message>,
    /// Tools on offer.
    pub tools: Vec<Tool>,
    /// Randomness; `None` is the model's default.
    pub temperature: Option<f32>,
    /// Length limit in tokens.
    pub max_tokens: Option<u32>,
    /// It is not certain yet that this was asked: nothing may be done that cannot be undone.
    pub tentative: bool,
}

/// What a language model says.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ChatEvent {
    /// The next piece of the answer, cut anywhere.
    Text(String),
    /// The next piece of thinking, which is never spoken.
    Reasoning(String),
    /// A tool call, whole.
    Call(ToolCall),
    /// The answer is over.
    Finished(FinishReason),
}

/// Why an answer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FinishReason {
    /// The model had said all.
    Stop,
    /// The length limit.
    Length,
    /// It waits for tools.
    Tools,
    /// The provider's filter.
    Filtered,
}

/// A running answer. It takes no input.
pub type ChatSession = Session<(), ChatEvent>;

/// A language model.
pub trait LanguageModel: Send + Sync {
    /// Stable name: `on-device`, `openrouter`, ….
    fn name(&self) -> &str;

    /// Gets ready before it is needed (load, connect). The next request will most likely begin with the messages
    /// `ahead`, which a model that runs here can read already. Returns at once.
    fn warm(&self, _ahead: &[Message]) {}

    /// True when asking costs nothing, as for a model that runs here: it may be asked on a guess, and be called off.
    fn is_local(&self) -> bool {
        false
    }

    /// Begins an answer.
    fn reply(&self, request: ChatRequest) -> ChatSession;
}
