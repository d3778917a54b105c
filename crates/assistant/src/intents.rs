//! What needs no model: the time, the date, timers, "again", "stop", volume, "what can you do". A language model that
//! fits into 100 MB gets these wrong; a table does not.
//!
//! To add an intent, write a function from [`Heard`] to an [`Answer`] and put it into [`TABLE`] with a pattern and
//! examples. The tests try every example against every pattern, so an intent that takes another's words away shows.

mod clock;
mod control;
mod timers;

use std::time::Duration;

use jiff::Zoned;
use regex::Regex;
use std::sync::LazyLock;
use text2num::{Language, replace_numbers_in_text};

pub use timers::words as spoken_time;

/// One thing that can be asked without a model.
#[derive(Debug)]
pub struct Intent {
    /// Stable name, for logs and tests.
    pub name: &'static str,
    /// What the whole utterance must look like, in lower case, numbers as figures, without courtesies and
    /// punctuation (see [`plain`]).
    pub pattern: &'static str,
    /// Utterances that it takes, for readers, tests and "what can you do".
    pub examples: &'static [&'static str],
    /// The answer.
    pub answer: fn(&Heard<'_>) -> Answer,
}

/// Everything that can be asked without a model. The first that matches answers.
pub const TABLE: &[Intent] = &[
    clock::TIME,
    clock::DATE,
    timers::SET,
    timers::CANCEL,
    timers::LEFT,
    control::REPEAT,
    control::STOP,
    control::LOUDER,
    control::QUIETER,
    control::VOLUME,
    control::ABILITIES,
];

/// What an intent's answer may lean on.
#[derive(Debug)]
pub struct Heard<'a> {
    /// The pattern's groups.
    pub groups: regex::Captures<'a>,
    /// The time where the user is.
    pub now: &'a Zoned,
    /// What is true at the moment.
    pub context: &'a Context,
}

/// What is true at the moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Context {
    /// What was said last.
    pub last_reply: Option<String>,
    /// Volume from 0 to 1.
    pub volume: f32,
    /// What is left of each running timer, the one that rings first in front.
    pub timers: Vec<Duration>,
}

/// What to say and do.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// What is said; may be empty.
    pub text: String,
    /// What is done.
    pub effect: Effect,
}

/// What an answer does besides being said.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Nothing.
    None,
    /// Rings after this time.
    SetTimer(Duration),
    /// Forgets all timers.
    CancelTimers,
    /// Sets the volume, from 0 to 1.
    Volume(f32),
}

impl Answer {
    fn say(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            effect: Effect::None,
        }
    }

    fn and(mut self, effect: Effect) -> Self {
        self.effect = effect;
        self
    }
}

static PATTERNS: LazyLock<Vec<Option<Regex>>> = LazyLock::new(|| {
    // A pattern that is not one matches nothing; the tests see to it that each is one.
    TABLE
        .iter()
        .map(|intent| Regex::new(&format!("^(?:{})$", intent.pattern)).ok())
        .collect()
});

/// The intent that an utterance asks for and its answer; `None` leaves it to the language model.
pub fn answer(utterance: &str, now: &Zoned, context: &Context) -> Option<(&'static str, Answer)> {
    // Nothing in the table is longer; hour-long dictation is not searched.
    if utterance.len() > 200 {
        return None;
    }
    let plain = plain(utterance);
    TABLE.iter().zip(PATTERNS.iter()).find_map(|(intent, pattern)| {
        let groups = pattern.as_ref()?.captures(&plain)?;
        Some((intent.name, (intent.answer)(&Heard { groups, now, context })))
    })
}

/// An utterance as the patterns expect it: lower case, "ten" as "10", no punctuation, no "please", "hey", "can you".
pub fn plain(utterance: &str) -> String {
    static ENGLISH: LazyLock<Language> = LazyLock::new(Language::english);
    static COURTESY: LazyLock<Option<Regex>> = LazyLock::new(|| {
        Regex::new(concat!(
            r"^(?:(?:hey|hi|hello|okay|ok|so|well|um|uh|and|now)(?: libretto)? |libretto )*",
            r"(?:(?:can|could|would|will) you |i(?:'d| would) like you to |i want you to )?(?:please )?",
            r"|(?: please| for me| now| thanks| thank you| libretto)+$"
        ))
        .ok()
    });
    let lower = utterance.to_lowercase().replace('’', "'");
    let words: String = lower
        .chars()
        .map(|c| {
            if c.is_alphanumeric() || matches!(c, '\'' | '%') {
                c
            } else {
                ' '
            }
        })
        .collect();
    let folded = words.split_whitespace().collect::<Vec<_>>().join(" ");
    let figures = replace_numbers_in_text(&folded, &*ENGLISH, 0.0);
    match &*COURTESY {
        Some(courtesy) => courtesy.replace_all(&figures, "").trim().to_owned(),
        None => figures,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noon() -> Zoned {
        "2026-11-21T12:05:00[UTC]".parse().unwrap()
    }

    fn ask(utterance: &str) -> Option<(&'static str, Answer)> {
        let context = Context {
            last_reply: Some("Forty-two.".into()),
            volume: 0.5,
            timers: vec![Duration::from_secs(90)],
        };
        answer(utterance, &noon(), &context)
    }

    #[test]
    fn every_pattern_is_one_and_takes_its_own_examples_only() {
        for (intent, pattern) in TABLE.iter().zip(PATTERNS.iter()) {
            assert!(pattern.is_some(), "{} has a pattern that is not one", intent.name);
            for example in intent.examples {
                let found = ask(example).map(|(name, _)| name);
                assert_eq!(found, Some(intent.name), "{example:?} as {:?}", plain(example));
            }
        }
    }

    #[test]
    fn the_model_keeps_what_only_looks_alike() {
        for utterance in [
            "What time is it in Tokyo?",
            "What time does the sun rise?",
            "Stop the war.",
            "What's the date of the Battle of Hastings?",
            "Repeat after me, she sells sea shells.",
            "How loud is a jet engine?",
            "Tell me about egg timers.",
            "Set the table for ten.",
            "",
            "…",
        ] {
            assert_eq!(ask(utterance), None, "{utterance:?}");
        }
    }

    #[test]
    fn answers_say_what_is_true() {
        let say = |utterance| ask(utterance).unwrap().1;
        assert_eq!(say("What time is it?").text, "It's 12:05 PM.");
        assert_eq!(
            say("what's today's date").text,
            "Today is Saturday, November 21st, 2026."
        );
        assert_eq!(say("Say that again, please.").text, "Forty-two.");
        let timer = say("Please set a timer for ten minutes.");
        assert_eq!(timer.effect, Effect::SetTimer(Duration::from_mins(10)));
        assert_eq!(timer.text, "I set a timer for 10 minutes.");
        assert_eq!(
            say("timer for one hour and thirty minutes").effect,
            Effect::SetTimer(Duration::from_mins(90))
        );
        assert_eq!(
            say("set a timer for one and a half minutes").effect,
            Effect::SetTimer(Duration::from_secs(90))
        );
        assert_eq!(
            say("How much time is left?").text,
            "1 minute 30 seconds are left."
        );
        assert_eq!(
            say("Set the volume to thirty percent.").effect,
            Effect::Volume(0.3)
        );
        assert_eq!(say("Louder!").effect, Effect::Volume(0.7));
        assert_eq!(say("Stop.").text, "");
    }

    #[test]
    fn no_utterance_is_too_odd() {
        for utterance in [
            "timer for 99999999999999999999 hours",
            "set a timer for zero seconds",
            "volume to 900 percent",
        ] {
            ask(utterance);
        }
    }
}
