//! Language models in GGUF files, run by llama.cpp.

mod cpu;
mod prompt;
mod utf8;

use std::num::NonZeroU32;

use libretto_ondevice::wire::{Chat, LanguageFile, Sampling, Usage};
use libretto_voice::chat::Role;
use llama_cpp_2::context::LlamaContext;
use llama_cpp_2::context::params::LlamaContextParams;
use llama_cpp_2::llama_backend::LlamaBackend;
use llama_cpp_2::llama_batch::LlamaBatch;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::model::params::LlamaModelParams;
use llama_cpp_2::sampling::LlamaSampler;
use llama_cpp_2::token::LlamaToken;
use llama_cpp_2::{LogOptions, send_logs_to_tracing};

use crate::error::Error;
use prompt::Template;
use utf8::Utf8;

const PART: &str = "on-device language model";

/// Tokens that are read at once: cancelling has to wait for that many (about 50 ms on two cores), and the work space
/// grows with it (the largest part of it is one row of logits for each).
const BATCH: u32 = 16;
/// There is one conversation.
const SEQUENCE: i32 = 0;
/// Room for a reply that must be left beside the prompt, as part of the context.
const ROOM: usize = 4;
/// Same conversation, same answer, also where the temperature is not 0.
const SEED: u32 = 20_26;

/// llama.cpp, started. One for each process.
pub struct Llama {
    backend: LlamaBackend,
}

impl Llama {
    /// Checks the processor and starts llama.cpp.
    pub fn start() -> Result<Self, Error> {
        cpu::check()?;
        send_logs_to_tracing(LogOptions::default());
        let backend = LlamaBackend::init().map_err(|error| start(&error))?;
        Ok(Self { backend })
    }

    /// Reads a model file. The weights stay in the file and are mapped.
    pub fn load(&self, file: &LanguageFile) -> Result<Weights<'_>, Error> {
        let path = &file.path;
        let readable = std::fs::File::open(path).map(drop);
        readable.map_err(|source| Error::Missing {
            part: PART,
            path: path.clone(),
            source,
        })?;
        let parameters = LlamaModelParams::default().with_use_mmap(true);
        let model =
            LlamaModel::load_from_file(&self.backend, path, &parameters).map_err(|error| Error::Broken {
                part: PART,
                path: path.clone(),
                detail: error.to_string(),
            })?;
        let template = Template::of(&model)?;
        Ok(Weights {
            llama: self,
            model,
            template,
            context: file.context,
        })
    }
}

/// A model in memory.
pub struct Weights<'l> {
    llama: &'l Llama,
    model: LlamaModel,
    template: Template,
    context: u32,
}

impl Weights<'_> {
    /// Gets ready to answer.
    pub fn answerer(&self, threads: usize) -> Result<Answerer<'_>, Error> {
        let context = self.context.clamp(256, self.model.n_ctx_train().max(256));
        let threads = i32::try_from(threads.max(1)).unwrap_or(i32::MAX);
        let parameters = LlamaContextParams::default()
            .with_n_ctx(NonZeroU32::new(context))
            .with_n_batch(BATCH)
            .with_n_ubatch(BATCH)
            .with_n_threads(threads)
            .with_n_threads_batch(threads);
        let context = self
            .model
            .new_context(&self.llama.backend, parameters)
            .map_err(|error| start(&error))?;
        Ok(Answerer {
            weights: self,
            context,
            cached: Vec::new(),
        })
    }
}

/// A model that answers one conversation at a time, and remembers what it has read of the last one.
pub struct Answerer<'w> {
    weights: &'w Weights<'w>,
    context: LlamaContext<'w>,
    /// The tokens whose keys and values are in the cache.
    cached: Vec<LlamaToken>,
}

impl Answerer<'_> {
    /// Reads the beginning of a conversation ahead, so that the next reply need not.
    pub fn warm(&mut self, messages: &[(Role, String)], cancelled: &dyn Fn() -> bool) -> Result<(), Error> {
        let tokens = self
            .weights
            .template
            .tokens(&self.weights.model, messages, false)?;
        if tokens.len() < self.limit() {
            self.read(&tokens, cancelled)?;
        }
        Ok(())
    }

    /// Answers. `say` is given the pieces of the answer, none of which ends in the middle of a character. `None` when
    /// `cancelled` says true, which is asked before every token.
    pub fn answer(
        &mut self,
        chat: &Chat,
        cancelled: &dyn Fn() -> bool,
        say: &mut dyn FnMut(String),
    ) -> Result<Option<Usage>, Error> {
        let prompt = self.prompt(&chat.messages)?;
        let Some(reused) = self.read(&prompt, cancelled)? else {
            return Ok(None);
        };
        let mut usage = Usage {
            prompt: prompt.len() as u32,
            reused: reused as u32,
            ..Usage::default()
        };
        let mut sampler = sampler(&self.weights.model, &chat.sampling);
        let vocabulary = self.weights.model.vocab();
        let mut utf8 = Utf8::default();
        loop {
            if cancelled() {
                return Ok(None);
            }
            // Of the last position that was computed.
            let token = sampler.sample(&self.context, -1);
            if vocabulary.is_eog(token) {
                break;
            }
            usage.generated += 1;
            let text = utf8.push(&vocabulary.token_to_piece(token, false, None));
            if !text.is_empty() {
                say(text);
            }
            if usage.generated >= chat.sampling.max_tokens
                || self.cached.len() + 1 >= self.context.n_ctx() as usize
            {
                usage.cut = true;
                break;
            }
            self.decode(&[token])?;
        }
        let rest = utf8.finish();
        if !rest.is_empty() {
            say(rest);
        }
        Ok(Some(usage))
    }

    /// Most tokens that a prompt may have.
    fn limit(&self) -> usize {
        let context = self.context.n_ctx() as usize;
        context - context / ROOM
    }

    /// The conversation's tokens; the oldest exchanges are left out where all would not fit.
    fn prompt(&self, messages: &[(Role, String)]) -> Result<Vec<LlamaToken>, Error> {
        let limit = self.limit();
        let instructions = messages
            .iter()
            .take_while(|(role, _)| *role == Role::System)
            .count();
        let mut shortened = messages.to_vec();
        loop {
            let tokens = self
                .weights
                .template
                .tokens(&self.weights.model, &shortened, true)?;
            if tokens.len() <= limit {
                return Ok(tokens);
            }
            // A conversation goes on with what a person says.
            let next = (instructions + 1..shortened.len()).find(|i| shortened[*i].0 == Role::User);
            match next {
                Some(next) => drop(shortened.drain(instructions..next)),
                None => {
                    return Err(Error::TooLong {
                        tokens: tokens.len(),
                        limit,
                    });
                }
            }
        }
    }

    /// Sees to it that exactly these tokens are in the cache and that the last one's logits are at hand. Says how
    /// many were there already; `None` when it was called off.
    fn read(&mut self, tokens: &[LlamaToken], cancelled: &dyn Fn() -> bool) -> Result<Option<usize>, Error> {
        let common = tokens
            .iter()
            .zip(&self.cached)
            .take_while(|(a, b)| a == b)
            .count();
        // The last one is read again even when it was there: its logits are gone.
        let common = common.min(tokens.len().saturating_sub(1));
        let removed = u32::try_from(common).map(|at| self.context.kv_cache_seq_rm(SEQUENCE, Some(at), None));
        let common = if let Ok(Ok(())) = removed {
            common
        } else {
            // Models with a recurrent state cannot go back; they begin anew.
            self.context.clear_kv_cache();
            0
        };
        self.cached.truncate(common);
        for chunk in tokens[common..].chunks(BATCH as usize) {
            if cancelled() {
                return Ok(None);
            }
            self.decode(chunk)?;
        }
        Ok(Some(common))
    }

    /// Computes the next tokens; the last one's logits are at hand after it.
    fn decode(&mut self, tokens: &[LlamaToken]) -> Result<(), Error> {
        let mut batch = LlamaBatch::new(tokens.len(), 1);
        for (index, token) in tokens.iter().enumerate() {
            let position = i32::try_from(self.cached.len() + index).map_err(|error| failed(&error))?;
            batch
                .add(*token, position, &[SEQUENCE], index + 1 == tokens.len())
                .map_err(|e| failed(&e))?;
        }
        if let Err(error) = self.context.decode(&mut batch) {
            // What is in the cache now is not known.
            self.context.clear_kv_cache();
            self.cached.clear();
            return Err(failed(&error));
        }
        self.cached.extend_from_slice(tokens);
        Ok(())
    }
}

fn sampler(model: &LlamaModel, sampling: &Sampling) -> LlamaSampler {
    let window = i32::try_from(sampling.repeat_window).unwrap_or(i32::MAX);
    // Zero and below would divide by nothing.
    let penalty = if sampling.repeat_penalty > 0.0 {
        sampling.repeat_penalty
    } else {
        1.0
    };
    let penalties = LlamaSampler::penalties(model.n_vocab(), window, penalty, 0.0, 0.0);
    if sampling.temperature > 0.0 {
        let steps = [
            penalties,
            // llama.cpp's own defaults.
            LlamaSampler::top_k(40),
            LlamaSampler::top_p(0.95, 1),
            LlamaSampler::temp(sampling.temperature),
            LlamaSampler::dist(SEED),
        ];
        LlamaSampler::chain_simple(steps)
    } else {
        LlamaSampler::chain_simple([penalties, LlamaSampler::greedy()])
    }
}

fn start(detail: &dyn std::fmt::Display) -> Error {
    Error::Start {
        part: PART,
        detail: detail.to_string(),
    }
}

fn failed(detail: &dyn std::fmt::Display) -> Error {
    Error::Run {
        part: PART,
        detail: detail.to_string(),
    }
}
