//! Replies that are begun before it is certain that the person has finished.

mod scenario;

use libretto_conversation::machine::Providers;
use scenario::{Stage, hands_free, play_with, push_to_talk, two_of_each};

fn local() -> Providers {
    Providers {
        local: true,
        ..two_of_each()
    }
}

fn play(script: &str) -> Stage {
    play_with(push_to_talk(), local(), script)
}

/// The key is down and "What time is it" has been understood.
const ASKED: &str = "
at 0.00 key down
at 0.10 mic listening
at 0.20 mic speech
at 0.70 heard partial What time
expect read What time
at 1.00 heard partial What time is it
expect read What time is it
never guess
at 1.05 heard pause
expect keep
expect guess 0 What time is it
state listening
";

fn asked(rest: &str) -> Stage {
    play(&format!("{ASKED}{rest}"))
}

#[test]
fn a_reply_is_ready_when_the_tail_is_over() {
    let stage = asked(
        "
        at 1.10 key up
        state tail
        at 1.20 model says It is ten.
        at 1.20 model done
        expect speak 0
        expect say It is ten.
        at 1.25 voice speaks 1.0
        at 1.26 voice done
        never reply
        never using first mind
        never drain
        at 1.30 mic silence 0.3
        state transcribing
        at 1.31 heard segment What time is it?
        at 1.31 heard done
        expect said What time is it?
        expect using first mind
        expect reply It is ten.
        expect release
        expect drain
        at 1.33 speaker starts
        state speaking
        at 2.33 speaker drained
        expect record [What time is it?] [It is ten.|]
        expect closed Complete
        state idle
        never think
        never forget
        ",
    );
    assert_eq!(stage.records.len(), 1);
}

#[test]
fn other_words_make_another_reply() {
    asked(
        "
        at 1.10 key up
        at 1.20 model says It is ten.
        at 1.25 heard partial What time is it in Rome
        expect drop
        expect forget
        expect read What time is it in Rome
        at 1.28 heard pause
        expect guess 0 What time is it in Rome
        at 1.30 mic silence 0.3
        at 1.31 heard segment What time is it in Rome now?
        at 1.31 heard done
        expect drop
        expect forget
        expect guess 0 What time is it in Rome now?
        expect said What time is it in Rome now?
        expect release
        never reply
        ",
    );
}

#[test]
fn a_guess_that_fails_is_not_told() {
    asked(
        "
        at 1.10 key up
        at 1.15 model fails
        expect forget
        at 1.20 heard partial What time is it now
        at 1.25 heard pause
        at 1.30 mic silence 0.3
        at 1.31 heard segment What time is it now?
        at 1.31 heard done
        expect said
        expect think 0 What time is it now?
        never problem
        ",
    );
}

#[test]
fn who_goes_on_speaking_hears_nothing_of_a_guess() {
    let script = "
        at 0.00 mic listening
        at 0.20 mic speech
        at 1.00 heard partial Where is
        at 1.30 heard pause
        expect guess 0 Where is
        at 1.50 mic silence 0.3
        expect judge
        at 1.60 model says That is in Rome. And
        at 1.70 voice speaks 1.0
        at 1.75 mic speech
        state listening
        at 2.40 heard partial Where is Paris
        expect forget
        at 2.70 heard pause
        expect guess 0 Where is Paris
        at 2.90 mic silence 0.3
        at 2.95 judge 0.9
        expect end utterance
        at 2.96 heard segment Where is Paris?
        at 2.96 heard done
        expect release
        at 3.00 model says In France.
        expect reply In France.
        never reply That
        never closed
    ";
    play_with(hands_free(), local(), script);
}

#[test]
fn what_is_called_off_takes_its_guess_with_it() {
    for end in ["cancel", "stop", "mic fails"] {
        asked(&format!(
            "
            at 1.10 key up
            at 1.20 model says It is ten.
            at 1.25 {end}
            "
        ));
    }
    asked(
        "
        at 1.10 key up
        at 1.20 model says It is ten.
        at 1.25 cancel
        expect forget
        expect closed Cancelled
        state idle
        never record
        never reply
        ",
    );
}

#[test]
fn who_is_paid_is_not_asked_on_a_guess() {
    play_with(
        push_to_talk(),
        two_of_each(),
        "
        at 0.00 key down
        at 0.10 mic listening
        at 0.20 mic speech
        at 1.00 heard partial What time is it
        at 1.10 key up
        at 1.30 mic silence 0.3
        at 1.31 heard segment What time is it?
        at 1.31 heard done
        expect think 0 What time is it?
        never guess
        never read
        ",
    );
}
