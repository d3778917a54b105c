//! Timers.

use std::time::Duration;

use super::{Answer, Effect, Heard, Intent};

/// A timer may run this long: nobody keeps a computer awake for more.
const LONGEST: Duration = Duration::from_hours(24);

pub(super) const SET: Intent = Intent {
    name: "set timer",
    pattern: r"(?:(?:set|start|make|create|give me) )?(?:a |an |the |another )?timer (?:for|in|of|to) ((?:\d|half|an? |quarter).*)|(?:(?:set|start|make) )?(?:an? )?((?:\d|half|quarter).*?) timer|(?:wake|remind|call) me in ((?:\d|half|an? |quarter).*)|(?:set|start) (?:a|the|another) timer",
    examples: &[
        "Set a timer for ten minutes.",
        "Timer for one hour and thirty minutes",
        "Start a 5 minute timer",
        "Remind me in half an hour.",
    ],
    answer: |heard| {
        let wanted = (1..=3)
            .find_map(|group| heard.groups.get(group))
            .map_or("", |m| m.as_str());
        match duration(wanted) {
            Some(time) if time.is_zero() || time > LONGEST => {
                Answer::say("I can set timers from a second to a day. How long shall it be?")
            }
            Some(time) => {
                Answer::say(format!("I set a timer for {}.", words(time))).and(Effect::SetTimer(time))
            }
            None => Answer::say("For how long? Say, for example: set a timer for ten minutes."),
        }
    },
};

pub(super) const CANCEL: Intent = Intent {
    name: "cancel timers",
    pattern: r"(?:cancel|stop|delete|remove|clear|turn off|forget) (?:the|my|all|every|all the|all my) (?:timers?|alarms?|reminders?)",
    examples: &["Cancel the timer.", "Stop all timers."],
    answer: |heard| {
        let text = match heard.context.timers.len() {
            0 => "No timer is running.",
            1 => "I cancelled the timer.",
            _ => "I cancelled all timers.",
        };
        Answer::say(text).and(Effect::CancelTimers)
    },
};

pub(super) const LEFT: Intent = Intent {
    name: "time left",
    pattern: r"how (?:much time|long|much) (?:is |do i have )?left(?: on (?:the|my) timer)?|(?:what's|how's|what is) (?:left on )?(?:the|my) timer",
    examples: &["How much time is left?", "How much time is left on the timer?"],
    answer: left,
};

fn left(heard: &Heard<'_>) -> Answer {
    match heard.context.timers.first() {
        None => Answer::say("No timer is running."),
        Some(time) => {
            let words = words(Duration::from_secs(time.as_secs_f64().ceil() as u64));
            let verb = if words.starts_with("1 ") && words.split(' ').count() == 2 {
                "is"
            } else {
                "are"
            };
            Answer::say(format!("{words} {verb} left."))
        }
    }
}

/// "1 hour and 30 minutes", "half an hour", "1.5 minutes", "1 and a half minutes"; `None` for what is no time.
fn duration(text: &str) -> Option<Duration> {
    let text = text
        .replace("half an hour", "30 minutes")
        .replace("quarter of an hour", "15 minutes")
        .replace("half a minute", "30 seconds")
        .replace(" and a half", ".5");
    let mut seconds = 0.0;
    let mut number: Option<f64> = None;
    let mut any = false;
    for word in text.split_whitespace() {
        let unit = match word.trim_end_matches('s') {
            "hour" | "hr" | "h" => 3_600.0,
            "minute" | "min" | "m" => 60.0,
            "second" | "sec" => 1.0,
            "and" => continue,
            "a" | "an" => {
                number = Some(1.0);
                continue;
            }
            other => {
                number = Some(other.parse().ok().filter(|n: &f64| n.is_finite() && *n >= 0.0)?);
                continue;
            }
        };
        seconds += number.take()? * unit;
        any = true;
    }
    if !any || number.is_some() {
        return None;
    }
    Duration::try_from_secs_f64(seconds).ok()
}

/// "1 hour 5 minutes", to the second.
pub fn words(time: Duration) -> String {
    let total = time.as_secs();
    let parts = [
        (total / 3_600, "hour"),
        (total / 60 % 60, "minute"),
        (total % 60, "second"),
    ];
    let words: Vec<String> = parts
        .iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, unit)| format!("{n} {unit}{}", if *n == 1 { "" } else { "s" }))
        .collect();
    if words.is_empty() {
        "0 seconds".into()
    } else {
        words.join(" ")
    }
}
