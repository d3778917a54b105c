//! Whole turns, played to the machine in virtual time.

mod scenario;

use libretto_conversation::machine::Policy;
use scenario::{hands_free, play, push_to_talk};

#[test]
fn hold_speak_release_hear() {
    let stage = play(
        push_to_talk(),
        "
        at 0.00 key down
        expect microphone on
        expect warm
        expect listen 0
        state arming
        at 0.05 mic listening
        state listening
        at 0.30 mic speech
        at 0.80 heard partial what is
        expect partial what is
        at 1.50 mic silence 0.25
        at 1.60 key up
        expect end utterance
        expect microphone off
        state transcribing
        at 1.70 heard segment What is the time?
        at 1.70 heard done
        expect said What is the time?
        expect think 0 What is the time?
        state thinking
        at 1.80 model says The time is noon. And
        expect say The time is noon.
        at 1.85 model says  all is well.
        at 1.90 model done
        expect say And all is well.
        expect end speech
        at 1.95 voice speaks 2.0
        at 1.96 voice done
        expect drain
        at 1.97 speaker starts
        state speaking
        at 3.97 speaker drained
        expect record [What is the time?] [The time is noon. And all is well.|]
        expect closed Complete
        state idle
        ",
    );
    assert!(
        (stage.when("end utterance") - 1.6).abs() < 0.001,
        "who stopped before the release waits for nothing"
    );
}

#[test]
fn tap_speak_tap_hear() {
    play(
        push_to_talk(),
        "
        at 0.00 key down
        at 0.05 mic listening
        at 0.10 key up
        at 0.30 nothing
        state latched
        at 0.40 mic speech
        at 2.00 mic silence 0.25
        state latched
        at 2.10 key down
        expect end utterance
        at 2.15 key up
        at 2.30 heard segment Hello.
        at 2.30 heard done
        expect think 0 Hello.
        ",
    );
}

#[test]
fn hands_free_the_detector_ends_the_turn() {
    play(
        hands_free(),
        "
        expect microphone on
        state arming
        at 0.10 mic listening
        state waiting
        at 1.00 mic speech
        expect listen 0
        state listening
        at 2.00 mic silence 0.25
        expect judge
        at 2.07 judge 0.9
        expect end utterance
        state transcribing
        at 2.10 heard segment How are you?
        at 2.10 heard done
        expect think 0 How are you?
        ",
    );
}

#[test]
fn hands_free_a_pause_for_thought_is_not_the_end() {
    let stage = play(
        hands_free(),
        "
        at 0.10 mic listening
        at 1.00 mic speech
        at 2.00 mic silence 0.25
        at 2.07 judge 0.1
        state listening
        at 2.60 nothing
        never end utterance
        at 2.65 mic speech
        at 4.00 mic silence 0.25
        at 4.05 judge 0.2
        at 9.00 nothing
        expect end utterance
        ",
    );
    assert!(
        (stage.when("end utterance") - 4.75).abs() < 0.001,
        "one second of silence is enough"
    );
}

#[test]
fn a_detector_that_fails_or_stalls_leaves_it_to_silence() {
    let stage = play(
        hands_free(),
        "
        at 0.10 mic listening
        at 1.00 mic speech
        at 2.00 mic silence 0.20
        at 2.05 judge fails
        at 5.00 nothing
        expect end utterance
        ",
    );
    assert!((stage.when("end utterance") - 2.4).abs() < 0.001);
    let stage = play(
        hands_free(),
        "
        at 0.10 mic listening
        at 1.00 mic speech
        at 2.00 mic silence 0.20
        at 5.00 nothing
        expect end utterance
        ",
    );
    assert!((stage.when("end utterance") - 2.5).abs() < 0.001);
}

/// A reply of four words of half a second each, sounding since 3.00 s.
const SPEAKING: &str = "
    at 0.10 mic listening
    at 1.00 mic speech
    at 2.00 mic silence 0.25
    at 2.05 judge 0.9
    at 2.10 heard segment Count for me.
    at 2.10 heard done
    at 2.20 model says One two three four.
    at 2.30 model done
    at 2.40 voice speaks 2.0
    at 2.50 voice done
    at 3.00 speaker starts
    state speaking
";

#[test]
fn speaking_cuts_and_only_what_was_heard_is_remembered() {
    let script = format!(
        "{SPEAKING}
        at 4.00 mic speech
        expect duck 0.2
        state ducked
        at 4.20 nothing
        never cut
        at 4.30 nothing
        expect duck 1
        expect record [Count for me.] [One two three|four.]
        expect closed Cut
        state listening
        at 5.00 mic silence 0.25
        at 5.05 judge 0.9
        at 5.10 heard segment Stop counting.
        at 5.10 heard done
        expect think 0 Stop counting.
        "
    );
    let stage = play(hands_free(), &script);
    assert!((stage.when("cut") - 4.25).abs() < 0.001);
    assert_eq!(stage.records[0].messages()[1].text, "One two three …");
}

#[test]
fn a_cough_only_ducks() {
    let script = format!(
        "{SPEAKING}
        at 4.00 mic speech
        expect duck 0.2
        at 4.05 mic level 0.2
        at 4.15 mic level 0.01
        at 4.35 mic silence 0.25
        expect duck 1
        state speaking
        at 4.40 heard done
        at 5.00 speaker drained
        never cut
        expect record [Count for me.] [One two three four.|]
        state waiting
        "
    );
    play(hands_free(), &script);
}

#[test]
fn a_short_word_is_not_lost() {
    let script = format!(
        "{SPEAKING}
        at 4.00 mic speech
        at 4.05 mic level 0.2
        at 4.15 mic level 0.01
        at 4.35 mic silence 0.25
        expect duck 1
        at 4.45 heard segment Stop!
        at 4.45 heard done
        expect cut
        expect think 0 Stop!
        "
    );
    play(hands_free(), &script);
}

#[test]
fn recognised_words_cut_at_once() {
    let script = format!(
        "{SPEAKING}
        at 4.00 mic speech
        at 4.10 heard partial wait a moment
        expect cut
        expect partial wait a moment
        state listening
        "
    );
    play(hands_free(), &script);
}

#[test]
fn the_key_cuts_at_once() {
    let script = "
        at 0.00 ask Count.
        at 0.10 model says One two three four.
        at 0.10 model done
        at 0.20 voice speaks 2.0
        at 0.20 voice done
        at 0.30 speaker starts
        at 1.00 key down
        expect microphone on
        expect cut
        expect record [Count.] [One|two three four.]
        state arming
        at 1.05 mic listening
        at 1.10 voice speaks 1.0
        state listening
        ";
    play(push_to_talk(), script);
}

#[test]
fn going_on_before_the_reply_sounds_makes_it_one_turn() {
    play(
        hands_free(),
        "
        at 0.10 mic listening
        at 1.00 mic speech
        at 2.00 mic silence 0.25
        at 2.05 judge 0.9
        at 2.10 heard segment I would like to
        at 2.10 heard done
        expect think 0 I would like to
        at 2.20 mic speech
        expect hold true
        at 2.50 nothing
        expect closed Continued
        expect hold false
        state listening
        at 2.60 model says Like what?
        at 3.00 mic silence 0.25
        at 3.05 judge 0.9
        at 3.10 heard segment go home.
        at 3.10 heard done
        expect think 0 I would like to go home.
        never record
        never speak
        ",
    );
}

#[test]
fn going_on_while_it_is_transcribed_makes_it_one_turn() {
    play(
        hands_free(),
        "
        at 0.10 mic listening
        at 1.00 mic speech
        at 2.00 mic silence 0.25
        at 2.05 judge 0.9
        state transcribing
        at 2.10 mic speech
        state listening
        at 2.15 late heard segment I would like to
        at 2.15 late heard done
        at 3.00 mic silence 0.25
        at 3.05 judge 0.9
        at 3.10 heard segment go home.
        at 3.10 heard done
        expect think 0 I would like to go home.
        ",
    );
}

#[test]
fn a_timer_waits_until_nobody_speaks() {
    let script = format!(
        "{SPEAKING}
        at 3.50 announce Your tea is ready.
        at 4.90 mic speech
        at 4.91 heard partial wait
        expect cut
        at 5.60 mic silence 0.25
        at 5.65 judge 0.9
        at 5.70 heard done
        expect closed HeardNothing
        expect say Your tea is ready.
        at 5.80 voice speaks 1.0
        at 5.80 voice done
        at 5.90 speaker starts
        at 6.90 speaker drained
        expect record [-] [Your tea is ready.|]
        state waiting
        "
    );
    // The recogniser takes its word back in the end.
    play(
        hands_free(),
        &script.replace("at 5.70 heard done", "at 5.69 heard partial\nat 5.70 heard done"),
    );
}

#[test]
fn a_typed_question_waits_for_a_person_and_cuts_a_reply() {
    play(
        push_to_talk(),
        "
        at 0.00 key down
        at 0.05 mic listening
        at 0.50 ask And the second?
        never think
        at 1.00 mic speech
        at 2.00 key up
        at 2.10 mic silence 0.10
        at 2.20 heard segment The first?
        at 2.20 heard done
        expect think 0 The first?
        at 2.30 model says Yes.
        at 2.30 model done
        at 2.40 voice speaks 0.5
        at 2.40 voice done
        at 2.50 speaker starts
        at 3.00 speaker drained
        expect think 0 And the second?
        at 3.10 ask A third?
        expect record [And the second?] [|]
        expect think 0 A third?
        ",
    );
}

#[test]
fn again_from_a_word_on() {
    play(
        push_to_talk(),
        "
        at 0.00 ask Count.
        at 0.10 model says One two three four.
        at 0.10 model done
        at 0.20 voice speaks 2.0
        at 0.20 voice done
        at 0.30 speaker starts
        at 2.30 speaker drained
        expect record [Count.]
        at 3.00 replay 9
        expect say three four.
        at 3.20 voice speaks 1.0
        at 3.20 voice done
        at 3.30 speaker starts
        at 4.30 speaker drained
        expect closed Complete
        never record [-]
        state idle
        ",
    );
}

#[test]
fn an_older_reply_is_said_again_and_the_last_one_stays_the_last() {
    play(
        push_to_talk(),
        "
        at 0.00 ask Count.
        at 0.10 model says One two.
        at 0.10 model done
        at 0.20 voice speaks 2.0
        at 0.20 voice done
        at 0.30 speaker starts
        at 2.30 speaker drained
        expect record [Count.]
        at 3.00 repeat 6 Long ago and far away.
        expect again Exchange(7)
        expect say ago and far away.
        at 3.20 voice speaks 1.0
        at 3.20 voice done
        at 3.30 speaker starts
        at 4.30 speaker drained
        expect closed Complete
        never record [-]
        at 5.00 replay 4
        expect again Turn(TurnId(1))
        expect say two.
        ",
    );
}

#[test]
fn a_half_duplex_user_is_not_listened_to_while_it_speaks() {
    let mut policy = hands_free();
    policy.barge_in.enabled = false;
    let script = format!(
        "{SPEAKING}
        expect microphone off
        at 4.00 mic speech
        never duck
        at 5.00 speaker drained
        expect microphone on
        state arming
        "
    );
    play(policy, &script);
}

#[test]
fn a_thought_is_neither_spoken_nor_remembered() {
    play(
        push_to_talk(),
        "
        at 0.00 ask Count.
        at 0.10 model says <think>They want numbers.</think>One two.
        at 0.20 model done
        expect say One two.
        at 0.30 voice speaks 1.0
        at 0.30 voice done
        at 0.30 speaker starts
        at 1.30 speaker drained
        expect record [Count.] [One two.|]
        ",
    );
}

/// Paused means that nobody listens, whatever is pressed, said or set; a typed question is answered.
#[test]
fn nobody_listens_while_it_is_paused() {
    play(
        Policy {
            paused: true,
            ..hands_free()
        },
        "
        at 0.00 nothing
        state idle
        at 1.00 key down
        expect problem microphone unavailable
        at 1.05 key up
        at 1.50 nothing
        state idle
        at 2.00 mic speech
        at 3.00 ask Are you there?
        expect think 0 Are you there?
        at 3.10 model says Yes.
        at 3.10 model done
        at 3.20 voice speaks 1.0
        at 3.20 voice done
        at 3.30 speaker starts
        state speaking
        at 3.50 mic speech
        state speaking
        at 4.20 speaker drained
        expect closed Complete
        state idle
        never microphone on
        at 9.00 pause off
        expect microphone on
        at 9.05 mic listening
        state waiting
        ",
    );
}

/// A voice's sample is speech: hands-free it would be taken for a question, and be answered.
#[test]
fn nobody_listens_while_a_device_or_a_voice_is_tried() {
    play(
        hands_free(),
        "
        at 0.00 nothing
        expect microphone on
        at 0.05 mic listening
        state waiting
        at 1.00 trial on
        expect microphone off
        state idle
        at 1.50 mic speech
        state idle
        at 4.00 trial off
        expect microphone on
        at 4.05 mic listening
        state waiting
        ",
    );
    // Whoever holds the key wants to be heard.
    play(
        hands_free(),
        "
        at 0.00 trial on
        at 1.00 key down
        expect microphone on
        at 1.05 mic listening
        state listening
        ",
    );
    // It is over, and it is still paused.
    play(
        hands_free(),
        "
        at 0.00 nothing
        expect microphone on
        at 0.05 mic listening
        at 1.00 trial on
        expect microphone off
        at 2.00 pause on
        at 3.00 trial off
        at 9.00 nothing
        state idle
        ",
    );
}

#[test]
fn a_pause_calls_off_what_goes_on_and_shuts_the_microphone() {
    let stage = play(
        push_to_talk(),
        "
        at 0.00 key down
        expect microphone on
        at 0.05 mic listening
        at 0.30 mic speech
        at 0.80 pause on
        expect closed Cancelled
        expect microphone off
        state idle
        at 1.00 key up
        at 5.00 nothing
        state idle
        at 6.00 key down
        expect problem microphone unavailable
        at 6.50 key down
        at 6.53 key down
        at 7.00 key up
        at 8.00 ask Still there?
        at 8.10 model says Yes, I am.
        at 8.15 model done
        at 8.20 voice speaks 1.0
        at 8.30 speaker starts
        at 8.50 pause off
        state speaking
        at 8.60 pause on
        expect cut
        expect closed Cancelled
        at 9.00 pause off
        at 9.10 key down
        expect microphone on
        ",
    );
    let problems = stage.log.iter().filter(|(_, told)| told.starts_with("problem"));
    assert_eq!(
        problems.count(),
        1,
        "a press is told of once, however long it is held"
    );
}

#[test]
fn what_is_too_long_for_a_turn_is_refused_with_a_sentence() {
    let long = "word ".repeat(libretto_conversation::machine::LONGEST_TEXT / 5 + 1);
    for wish in [format!("ask {long}"), format!("repeat 6 {long}")] {
        play(
            push_to_talk(),
            &format!(
                "
                at 0.00 {wish}
                expect problem model bad_input next - text -
                state idle
                at 0.10 ask Count.
                expect said Count.
                "
            ),
        );
    }
}
