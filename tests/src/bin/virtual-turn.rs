//! One spoken turn on a machine without a microphone or a loudspeaker: virtual ones, a recording of a person that
//! speaks, and what came back left in a folder.
#![forbid(unsafe_code)]

#[cfg(unix)]
mod turn {
    use std::fmt::Write as _;
    use std::fs;
    use std::path::{Path, PathBuf};
    use std::process::ExitCode;
    use std::thread::sleep;
    use std::time::{Duration, Instant};

    use anyhow::{Context, Result, bail, ensure};
    use libretto_testkit::{Recording, clock, recordings};
    use libretto_tests::talk::WHOLE;
    use libretto_tests::{Hearing, Stage, Talk, Turn};
    use serde_json::json;

    /// Which of the shipped recordings speaks.
    const RECORDING: &str = "go-forward";
    /// Above this word error rate something else was heard than was shown.
    const TELLING: f64 = 0.5;

    pub(crate) fn main() -> ExitCode {
        let Some(folder) = std::env::args_os().nth(1).map(PathBuf::from) else {
            eprintln!("Name the folder in which to leave what came back.");
            return ExitCode::from(2);
        };
        match run(&folder) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("The virtual turn failed: {error:#}");
                ExitCode::FAILURE
            }
        }
    }

    fn run(folder: &Path) -> Result<()> {
        fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        let recording = recordings::named(RECORDING)?;
        let said = recording.audio()?;
        let stage = Stage::new()?;
        let ear = stage.card.hear()?;
        let mut talk = Talk::start(&stage, false)?;
        println!("A person says:     {}", recording.text);
        talk.key_down()?;
        let speech = stage.card.speak(&said)?;
        let spoken = speech.ends();
        speech.wait();
        let key_up = talk.send("key_up")?;
        let turn = talk.wait_for_turn(WHOLE)?;
        sleep(Duration::from_millis(300));
        let sound = ear.sound()?;
        talk.quit()?;
        println!("Libretto heard:    {}", turn.said);
        println!("Libretto answered: {}", turn.reply);
        let Some(hearing) = Hearing::of(&stage, &sound, key_up)? else {
            bail!(
                "nothing was heard at the loudspeaker. {}",
                turn.problems.join(" ")
            );
        };
        println!("Recognised at the loudspeaker: {}", hearing.text);
        recordings::write_wav(&folder.join("reply.wav"), &hearing.audio)?;
        let words = words(&turn, hearing.from);
        fs::write(folder.join("transcript.txt"), text(&turn, &words))?;
        fs::write(
            folder.join("transcript.json"),
            whole(&recording, &turn, &hearing, &words, spoken)?,
        )?;
        ensure!(
            hearing.error(&turn.reply) < TELLING,
            "what was heard is not what was shown"
        );
        println!(
            "The first sound came {:.2} s after the key went up; {} words were lit as they were heard, over {:.1} s.",
            clock::between(key_up, hearing.from),
            words.len(),
            clock::between(hearing.from, hearing.to),
        );
        println!(
            "The reply's sound and the transcript with its times are in {}.",
            folder.display()
        );
        Ok(())
    }

    /// Each word and when it was lit, in seconds after the reply's first sound.
    fn words(turn: &Turn, from: Instant) -> Vec<(String, f64)> {
        turn.lit
            .iter()
            .map(|lit| (lit.word.clone(), clock::between(from, lit.at)))
            .collect()
    }

    fn text(turn: &Turn, words: &[(String, f64)]) -> String {
        let mut text = format!("You:      {}\nLibretto: {}\n\n", turn.said, turn.reply);
        for (word, seconds) in words {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{seconds:8.3} s  {word}");
        }
        text
    }

    fn whole(
        recording: &Recording,
        turn: &Turn,
        hearing: &Hearing,
        words: &[(String, f64)],
        spoken: Instant,
    ) -> Result<String> {
        let words: Vec<_> = words
            .iter()
            .map(|(word, seconds)| json!({"word": word, "lit": seconds}))
            .collect();
        let ledger: Vec<_> = turn
            .ledger
            .iter()
            .map(|(name, at)| json!({"milestone": name, "seconds": at}))
            .collect();
        let whole = json!({
            "spoken": recording.text,
            "said": turn.said,
            "reply": turn.reply,
            "end": turn.end,
            "recognised_at_the_loudspeaker": hearing.text,
            "seconds_from_the_end_of_speech_to_the_first_sound": clock::between(spoken, hearing.from),
            "words": words,
            "ledger": ledger,
        });
        Ok(serde_json::to_string_pretty(&whole)? + "\n")
    }
}

#[cfg(unix)]
fn main() -> std::process::ExitCode {
    turn::main()
}

#[cfg(not(unix))]
fn main() {
    eprintln!("Virtual sound devices need PulseAudio, which this system does not have.");
    std::process::exit(1);
}
