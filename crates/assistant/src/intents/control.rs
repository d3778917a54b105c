//! Words that steer Libretto itself.

use super::{Answer, Effect, Intent, TABLE};

pub(super) const REPEAT: Intent = Intent {
    name: "repeat",
    pattern: r"(?:(?:say|repeat) (?:that|it)(?: again)?|repeat|again|say again|what did you (?:just )?say|pardon|come again|once more)",
    examples: &[
        "Say that again, please.",
        "Repeat that.",
        "What did you say?",
        "Again.",
    ],
    answer: |heard| match &heard.context.last_reply {
        Some(reply) => Answer::say(reply.clone()),
        None => Answer::say("I have not said anything yet."),
    },
};

/// Speaking has cut the reply already: nothing is left to do but to stay silent.
pub(super) const STOP: Intent = Intent {
    name: "stop",
    pattern: r"(?:stop(?: it| talking| that)?|be quiet|quiet|silence|shut up|enough|that's enough|never mind|nevermind|cancel)",
    examples: &["Stop.", "Stop talking!", "Never mind.", "Be quiet please."],
    answer: |_| Answer::say(""),
};

/// How much "louder" and "quieter" change the volume.
const STEP: f32 = 0.2;

pub(super) const LOUDER: Intent = Intent {
    name: "louder",
    pattern: r"(?:(?:speak |talk |be )?(?:a (?:bit|little) )?(?:louder|up)|(?:turn|volume) (?:it |the volume )?up|turn up(?: the volume)?|(?:increase|raise) the volume)",
    examples: &["Louder!", "Speak up.", "Turn up the volume.", "Volume up"],
    answer: |heard| volume(heard.context.volume + STEP),
};

pub(super) const QUIETER: Intent = Intent {
    name: "quieter",
    pattern: r"(?:(?:speak |talk |be )?(?:a (?:bit|little) )?(?:quieter|softer)|(?:turn|volume) (?:it |the volume )?down|turn down(?: the volume)?|(?:decrease|lower) the volume|not so loud)",
    examples: &["Quieter, please.", "Turn the volume down.", "Not so loud."],
    answer: |heard| volume(heard.context.volume - STEP),
};

pub(super) const VOLUME: Intent = Intent {
    name: "volume",
    pattern: r"(?:(?:set|turn|put|change) )?(?:the |your )?volume (?:to |at )?(\d{1,3}) ?(?:%|percent)?",
    examples: &["Set the volume to thirty percent.", "Volume 80", "Volume to 50%"],
    answer: |heard| {
        let percent: f32 = heard
            .groups
            .get(1)
            .and_then(|m| m.as_str().parse().ok())
            .unwrap_or(50.0);
        volume(percent / 100.0)
    },
};

fn volume(wanted: f32) -> Answer {
    // Never to silence: an assistant that cannot be heard cannot be told to speak up.
    let volume = ((wanted * 20.0).round() / 20.0).clamp(0.05, 1.0);
    Answer::say(format!("Volume {} percent.", (volume * 100.0).round())).and(Effect::Volume(volume))
}

pub(super) const ABILITIES: Intent = Intent {
    name: "abilities",
    pattern: r"what can (?:you do|i (?:ask|say)(?: you)?|i do here)|what do you do|help|how do you work|what are you able to do",
    examples: &["What can you do?", "Help.", "What can I say?"],
    answer: |_| {
        let wanted = ["time", "set timer", "volume"];
        let examples: Vec<&str> = TABLE
            .iter()
            .filter(|i| wanted.contains(&i.name))
            .filter_map(|i| i.examples.first().copied())
            .collect();
        Answer::say(format!(
            "Ask me anything, and cut in whenever you like. Some things I know for certain, without a model. For example: {}",
            examples.join(" ")
        ))
    },
};
