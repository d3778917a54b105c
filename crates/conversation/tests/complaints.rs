//! What users of other voice apps complain about, one test for each complaint that a turn machine can cause or cure.

mod scenario;

use libretto_conversation::machine::{Mode, Policy, Providers};
use scenario::{hands_free, play, play_with, push_to_talk, two_of_each};

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
";

// Hotkeys die or stick.

/// Handy #1539: X11 auto-repeat makes storms of starts and stops.
#[test]
fn auto_repeat_starts_and_stops_in_a_storm() {
    let mut script = String::from("at 0.00 key down\nat 0.05 mic listening\nat 0.10 mic speech\n");
    for n in 0..80 {
        let at = 0.66 + f64::from(n) * 0.04;
        script.extend([
            format!("at {at:.3} key up\n"),
            format!("at {:.3} key down\n", at + 0.001),
        ]);
    }
    script +=
        "state listening\nnever end utterance\nat 3.90 mic silence 0.25\nat 4.00 key up\nat 4.10 nothing\n";
    script += "expect end utterance\nnever cut";
    let stage = play(push_to_talk(), &script);
    assert_eq!(
        stage.log.iter().filter(|(_, a)| a.starts_with("listen")).count(),
        1
    );
}

/// Whispering #1671: a quick tap loses its key-up and the recording latches.
#[test]
fn a_lost_key_up_latches_the_recording() {
    play(
        push_to_talk(),
        "
        at 0.00 key down
        at 0.05 mic listening
        at 1.00 mic speech
        at 3.00 mic silence 0.25
        at 4.00 key down
        expect end utterance
        at 4.05 key up
        at 4.10 heard segment Hello.
        at 4.10 heard done
        expect think 0 Hello.
        ",
    );
    // Nor does it stay on for ever when nobody comes back.
    play(
        push_to_talk(),
        "
        at 0.00 key down
        at 0.05 mic listening
        at 61.0 nothing
        expect end utterance
        expect microphone off
        at 61.1 heard done
        expect closed HeardNothing
        state idle
        ",
    );
}

/// Pluely #48: a microphone that starts alone.
#[test]
fn the_microphone_starts_alone() {
    play(
        push_to_talk(),
        "at 1.0 mic speech\nat 2.0 key up\nat 3.0 mic silence 0.2\nat 99.0 nothing\nnever microphone\nstate idle",
    );
}

// First word lost, last word cut.

/// `FluidVoice` #592: "listening" is shown although a Bluetooth microphone takes 1.5 s to its first packet.
#[test]
fn it_says_listening_before_it_hears() {
    play(
        push_to_talk(),
        "
        at 0.00 key down
        state arming
        at 1.49 nothing
        state arming
        at 1.50 mic listening
        state listening
        ",
    );
}

/// Handy #1983: the last word is cut because fingers are faster than tongues.
#[test]
fn the_last_word_is_cut_at_key_up() {
    let stage = play(
        push_to_talk(),
        "
        at 0.00 key down
        at 0.05 mic listening
        at 0.20 mic speech
        at 2.00 key up
        state tail
        at 2.30 nothing
        state tail
        at 2.50 nothing
        expect end utterance
        ",
    );
    assert!((stage.when("end utterance") - 2.4).abs() < 0.001);
    let stage = play(
        push_to_talk(),
        "
        at 0.00 key down
        at 0.05 mic listening
        at 0.20 mic speech
        at 2.00 key up
        at 2.15 mic silence 0.10
        expect end utterance
        ",
    );
    assert!(
        (stage.when("end utterance") - 2.15).abs() < 0.001,
        "the tail is no longer than it need be"
    );
}

/// anarlog PR 4853: two seconds for finalisation were too short.
#[test]
fn a_slow_recogniser_loses_the_last_words() {
    play(
        push_to_talk(),
        "
        at 0.00 ask x
        at 0.01 cancel
        at 0.10 key down
        at 0.15 mic listening
        at 0.20 mic speech
        at 2.00 mic silence 0.2
        at 2.10 key up
        at 6.00 heard segment All of
        at 10.5 heard segment it.
        at 10.6 heard done
        expect think 0 All of it.
        ",
    );
}

// Stuck on "transcribing".

/// Handy #433, #183, #772: the recogniser hangs, and so does the app.
#[test]
fn transcribing_hangs() {
    play(
        push_to_talk(),
        "
        at 0.00 key down
        at 0.05 mic listening
        at 0.20 mic speech
        at 1.80 heard partial Hello there
        at 2.00 mic silence 0.2
        at 2.10 key up
        state transcribing
        at 8.00 nothing
        expect problem recogniser timeout next second ear
        expect listen 1 replaying
        expect end utterance
        at 30.0 nothing
        expect problem recogniser timeout next - text Hello there
        expect think 0 Hello there
        ",
    );
}

/// Handy #1228: the model stalled; cancel hid the window but the work went on.
#[test]
fn cancel_hides_the_window_while_the_work_goes_on() {
    play(
        push_to_talk(),
        "
        at 0.00 ask Hello?
        state thinking
        at 5.00 cancel
        expect drop
        expect record [Hello?] [|]
        expect closed Cancelled
        state idle
        at 6.00 model says Too late.
        at 6.00 model done
        never reply
        never speak
        state idle
        ",
    );
}

/// `VoiceInk` #321, #425: no stage may stay for ever.
#[test]
fn cancel_works_at_every_stage() {
    let steps = [
        "at 0.00 key down",
        "at 0.05 mic listening",
        "at 0.20 mic speech",
        "at 1.80 heard partial Hello",
        "at 2.10 key up",
        "at 2.60 nothing",
        "at 2.70 heard segment Hello there.",
        "at 2.70 heard done",
        "at 2.80 model says One two three. Four",
        "at 2.90 voice speaks 1.0",
        "at 3.00 speaker starts",
    ];
    for end in 1..=steps.len() {
        let script = format!(
            "{}\nat 3.10 cancel\nstate idle\nat 3.20 key up\nat 60.0 nothing\nstate idle",
            steps[..end].join("\n")
        );
        let stage = play(push_to_talk(), &script);
        assert_eq!(
            stage.machine.deadline(),
            None,
            "nothing is left after {}",
            steps[end - 1]
        );
    }
}

/// `VoiceInk` #479: a model that never answers.
#[test]
fn the_model_never_answers() {
    play(
        push_to_talk(),
        "
        at 0.00 ask Hello?
        at 15.1 nothing
        expect problem model timeout next second mind
        expect think 1 Hello?
        at 15.2 late model says Late.
        never reply
        at 31.0 nothing
        expect problem model timeout next - text Hello?
        expect record [Hello?] [|]
        expect closed Failed
        state idle
        ",
    );
}

/// The model dies in mid-sentence: what came is spoken, and nobody begins again.
#[test]
fn the_model_dies_in_mid_sentence() {
    play(
        push_to_talk(),
        "
        at 0.00 ask Hello?
        at 0.10 model says One two three. Four fi
        at 0.20 model fails
        expect problem model unavailable next -
        expect say Four fi
        expect end speech
        never think 1
        ",
    );
}

// Devices.

/// anarlog #3505, Whispering #174: no microphone, or one that is stuck loading.
#[test]
fn a_dead_microphone_waits_for_ever() {
    play(
        push_to_talk(),
        "
        at 0.00 key down
        at 3.10 nothing
        expect problem microphone device
        expect closed Failed
        state idle
        at 4.00 key up
        at 5.00 key down
        expect microphone on
        at 5.10 mic listening
        state listening
        ",
    );
}

/// The microphone is unplugged in mid-word: what was heard is answered.
#[test]
fn unplugging_the_microphone_loses_the_utterance() {
    play(
        push_to_talk(),
        "
        at 0.00 key down
        at 0.05 mic listening
        at 0.20 mic speech
        at 1.50 mic fails
        expect problem microphone device
        expect end utterance
        at 1.60 heard segment What time is
        at 1.60 heard done
        expect think 0 What time is
        ",
    );
}

/// It is unplugged and plugged in again while the person speaks: the window says that nothing is heard meanwhile, and
/// the turn goes on.
#[test]
fn while_the_microphone_is_gone_it_says_listening() {
    play(
        push_to_talk(),
        "
        at 0.00 key down
        at 0.05 mic listening
        state listening
        at 0.20 mic speech
        at 1.00 mic gone
        state arming
        at 3.00 mic listening
        state listening
        at 4.00 key up
        at 4.45 heard segment What time is it
        at 4.45 heard done
        expect think 0 What time is it
        ",
    );
}

/// Hands-free it is tried again, and complained about once.
#[test]
fn hands_free_a_missing_microphone_is_taken_again() {
    let stage = play(
        hands_free(),
        "
        at 21.0 nothing
        expect problem microphone device
        at 21.1 nothing
        at 25.0 mic listening
        state waiting
        ",
    );
    assert_eq!(
        stage.log.iter().filter(|(_, a)| a.starts_with("problem")).count(),
        1
    );
}

/// cpal #1012: a loudspeaker that takes audio and never plays it.
#[test]
fn a_dead_loudspeaker_hangs_the_turn() {
    play(
        push_to_talk(),
        "
        at 0.00 ask Count.
        at 0.10 model says One two.
        at 0.10 model done
        at 0.20 voice speaks 1.0
        at 0.20 voice done
        at 5.00 nothing
        expect problem loudspeaker timeout
        expect record [Count.] [|One two.]
        expect closed Failed
        state idle
        ",
    );
}

/// A loudspeaker that plays and never says that it has finished.
#[test]
fn a_loudspeaker_that_never_drains_hangs_the_turn() {
    play(
        push_to_talk(),
        "
        at 0.00 ask Count.
        at 0.10 model says One two.
        at 0.10 model done
        at 0.20 voice speaks 1.0
        at 0.20 voice done
        at 0.30 speaker starts
        at 4.25 nothing
        state speaking
        at 4.40 nothing
        expect record [Count.] [One two.|]
        state idle
        ",
    );
}

/// A loudspeaker is pulled out in the middle of a reply, and put back: while nothing plays, nobody gives up.
#[test]
fn another_loudspeaker_ends_the_turn() {
    play(
        push_to_talk(),
        "
        at 0.00 ask Count.
        at 0.10 model says One two.
        at 0.10 model done
        at 0.20 voice speaks 1.0
        at 0.20 voice done
        at 0.30 speaker starts
        at 3.30 speaker changed
        at 7.25 nothing
        state speaking
        at 7.25 speaker drained
        expect record [Count.] [One two.|]
        state idle
        ",
    );
}

// Gaps and late starts.

/// hermes-agent #79859: the next sentence is asked for only when the last one has been played.
#[test]
fn silence_between_sentences() {
    play(
        push_to_talk(),
        "
        at 0.00 ask Go on.
        at 0.10 model says One two three. Four five six. Seven
        expect say One two three.
        expect say Four five six.
        at 0.20 voice speaks 2.0
        at 0.30 speaker starts
        at 0.40 model says  eight nine.
        at 0.40 model done
        expect say Seven eight nine.
        ",
    );
}

/// hermes-agent #91997: speech begins only when all text is there.
#[test]
fn nothing_is_said_before_the_whole_text_is_there() {
    let stage = play(
        push_to_talk(),
        "
        at 0.00 ask Go on.
        at 0.10 model says One two three. Four fi
        expect say One two three.
        ",
    );
    assert!((stage.when("say") - 0.1).abs() < 0.001);
}

/// A long reply is not bought in advance: the voice is only some seconds ahead of the ear.
#[test]
fn a_cut_reply_was_paid_for_in_full() {
    let sentence = "This sentence has about seventy five characters, so it takes five seconds. ";
    let script = format!(
        "
        at 0.00 ask Go on.
        at 0.10 model says {}
        at 0.10 model done
        at 0.20 voice speaks 15.0
        at 0.30 speaker starts
        at 0.40 nothing
        ",
        sentence.repeat(20)
    );
    let stage = play(push_to_talk(), &script);
    let said = stage.log.iter().filter(|(_, a)| a.starts_with("say")).count();
    assert!((2..=5).contains(&said), "{said} phrases were given to the voice");
}

/// The voice dies in mid-reply: the next one goes on with the first word that was not spoken.
#[test]
fn the_voice_dies_in_mid_reply() {
    play(
        push_to_talk(),
        "
        at 0.00 ask Count.
        at 0.10 model says One two three. Four five six.
        at 0.10 model done
        at 0.20 voice speaks 3.0
        at 0.30 speaker starts
        at 0.40 voice fails
        never problem
        at 4.00 speaker drained
        expect record [Count.] [One two three. Four five six.|]
        ",
    );
    play(
        push_to_talk(),
        "
        at 0.00 ask Count.
        at 0.10 model says One two three. Four
        at 0.20 voice speaks 1.5
        at 0.30 speaker starts
        at 0.40 model says  five six.
        at 0.40 model done
        at 0.50 voice fails
        expect problem voice unavailable next second voice
        expect speak 1
        expect say Four five six.
        at 0.60 voice speaks 1.5
        at 0.70 voice done
        at 3.30 speaker drained
        expect record [Count.] [One two three. Four five six.|]
        expect closed Complete
        ",
    );
}

/// Pipecat notices a voice that goes silent without closing only by a watchdog.
#[test]
fn a_voice_goes_silent_without_closing() {
    play(
        push_to_talk(),
        "
        at 0.00 ask Count.
        at 0.10 model says One two.
        at 0.10 model done
        at 8.20 nothing
        expect problem voice timeout next second voice
        expect say One two.
        at 20.0 nothing
        expect problem voice timeout next -
        expect record [Count.] [|One two.]
        state idle
        ",
    );
}

/// `LiveKit`'s next recogniser gets only the audio from then on: what was said before is lost.
#[test]
fn a_recogniser_that_dies_takes_the_words_along() {
    play(
        push_to_talk(),
        "
        at 0.00 key down
        at 0.05 mic listening
        at 0.20 mic speech
        at 1.00 heard partial One two
        at 1.50 heard fails
        expect problem recogniser unavailable next second ear
        expect listen 1 replaying
        state listening
        at 1.60 late heard segment from the dead
        at 2.00 mic silence 0.2
        at 2.10 key up
        expect end utterance
        at 2.20 heard segment One two three.
        at 2.20 heard done
        expect think 0 One two three.
        ",
    );
}

// The assistant interrupts itself.

/// vellum-assistant #38325: it hears its own words and answers them.
#[test]
fn it_answers_its_own_echo() {
    let script = format!(
        "{SPEAKING}
        at 3.60 mic echo
        expect duck 0.2
        at 4.00 heard partial one two
        at 4.40 heard partial one two three
        state ducked
        at 5.00 speaker drained
        at 5.10 mic silence 0.25
        at 5.15 judge 0.9
        at 5.20 heard segment One two three four.
        at 5.20 heard done
        never cut
        expect record [Count for me.] [One two three four.|]
        never think 0 One
        state waiting
        "
    );
    play(hands_free(), &script);
}

/// What a canceller leaves of an echo makes a recogniser guess, each time something else.
#[test]
fn a_guess_at_its_echo_stops_the_reply() {
    let script = format!(
        "{SPEAKING}
        at 3.60 mic echo
        at 3.90 heard partial various
        at 4.20 heard partial and the police
        at 4.50 heard partial is a priest
        never cut
        state ducked
        "
    );
    play(hands_free(), &script);
    // Whoever says one word is believed.
    let script = format!(
        "{SPEAKING}
        at 3.60 mic echo
        at 3.90 mic silence 0.25
        at 4.00 heard segment Stop.
        at 4.00 heard done
        expect cut
        "
    );
    play(hands_free(), &script);
}

/// Unmute and `LiveKit` close their ears for the first three seconds: recognised words must cut in at any time, and where
/// there is no echo, speech that lasts too.
#[test]
fn nobody_can_interrupt_in_the_first_seconds() {
    let script = format!(
        "{SPEAKING}
        at 3.60 mic echo
        at 4.00 nothing
        never cut
        at 4.10 heard partial no wait
        at 4.40 heard partial no wait please
        expect cut
        "
    );
    play(hands_free(), &script);
    let script = format!(
        "{SPEAKING}
        at 3.60 mic speech
        at 3.90 nothing
        expect cut
        "
    );
    play(hands_free(), &script);
}

/// `LiveKit` pauses for two seconds at a cough and drops part of the sentence.
#[test]
fn a_cough_stops_the_reply() {
    let script = format!(
        "{SPEAKING}
        at 3.60 mic speech
        at 3.65 mic level 0.3
        at 3.75 mic level 0.02
        at 3.95 mic silence 0.25
        at 3.96 heard done
        never cut
        state speaking
        "
    );
    let stage = play(hands_free(), &script);
    assert!(
        stage.when("duck 1") - stage.when("duck 0.2") < 0.4,
        "loud again within 0.4 s"
    );
}

/// `GLaDOS` estimates by percentage what was heard; others keep all that was generated.
#[test]
fn the_model_remembers_what_nobody_heard() {
    let script = format!(
        "{SPEAKING}
        at 3.60 stop
        expect record [Count for me.] [One|two three four.]
        "
    );
    let stage = play(hands_free(), &script);
    assert_eq!(stage.records[0].unheard.trim(), "two three four.");
}

/// Handy #502: an empty transcript must not be answered.
#[test]
fn silence_is_answered() {
    play(
        push_to_talk(),
        "
        at 0.00 key down
        at 0.05 mic listening
        at 1.50 key up
        at 2.00 heard segment  
        at 2.00 heard done
        expect closed HeardNothing
        never think
        never problem
        state idle
        ",
    );
}

/// Nothing at all is set up: the question is shown and kept.
#[test]
fn nothing_is_set_up() {
    let nobody = Providers::default();
    play_with(
        Policy::default(),
        nobody.clone(),
        "
        at 0.00 ask Hello?
        expect problem model unsupported next - text Hello?
        expect record [Hello?] [|]
        state idle
        at 1.00 key down
        expect problem recogniser unsupported
        state idle
        at 2.00 key up
        state idle
        ",
    );
    let reader = Providers {
        voices: Vec::new(),
        ..two_of_each()
    };
    play_with(
        Policy {
            mode: Mode::PushToTalk,
            ..Policy::default()
        },
        reader,
        "
        at 0.00 ask Hello?
        at 0.10 model says Hello.
        at 0.10 model done
        expect record [Hello?] [Hello.|]
        expect closed Complete
        never problem
        ",
    );
}
