//! The time and the date.

use super::{Answer, Intent};

pub(super) const TIME: Intent = Intent {
    name: "time",
    pattern: r"(?:tell me )?(?:what time is it|what's the time|what is the time|the time|what time it is|do you (?:know|have) (?:what time it is|the time))",
    examples: &[
        "What time is it?",
        "Tell me the time.",
        "Do you know what time it is?",
        "Hey Libretto, what's the time now?",
    ],
    answer: |heard| Answer::say(format!("It's {}.", heard.now.strftime("%-I:%M %p"))),
};

pub(super) const DATE: Intent = Intent {
    name: "date",
    pattern: r"(?:tell me )?(?:what(?:'s| is) (?:the date|today's date|the date today|today)|what (?:day|date) is (?:it|today)(?: today)?|the date|today's date|what day it is)",
    examples: &[
        "What's the date?",
        "What day is it today?",
        "What is today's date?",
        "Tell me what day it is.",
    ],
    answer: |heard| {
        let day = heard.now.day();
        let date = heard.now.strftime("Today is %A, %B");
        Answer::say(format!("{date} {day}{}, {}.", ending(day), heard.now.year()))
    },
};

fn ending(day: i8) -> &'static str {
    match day {
        11..=13 => "th",
        _ => match day % 10 {
            1 => "st",
            2 => "nd",
            3 => "rd",
            _ => "th",
        },
    }
}
