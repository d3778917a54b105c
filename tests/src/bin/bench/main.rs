//! `./dev bench`: what a spoken turn takes on this machine, with its own models, over the virtual sound card.
#![forbid(unsafe_code)]

#[cfg(unix)]
mod providers;
#[cfg(unix)]
mod window;

#[cfg(unix)]
mod bench {
    use std::path::Path;
    use std::process::ExitCode;
    use std::thread::sleep;
    use std::time::{Duration, Instant};

    use anyhow::{Context, Result, ensure};
    use libretto_testkit::{clock, recordings};
    use libretto_tests::talk::{ANSWER, Turn, WHOLE};
    use libretto_tests::{Figure, Figures, Stage, Talk, hearing, process};

    /// The recordings that are spoken, each so often.
    const RECORDINGS: [&str; 6] = [
        "go-forward",
        "not-ill-disposed",
        "made-amiable",
        "librivox-0890",
        "something",
        "cards-005",
    ];
    const ROUNDS: usize = 3;
    /// Engines that nobody uses leave after so long.
    const LEAVE: Duration = Duration::from_secs(6);
    /// How long an idle program is watched.
    const IDLE: Duration = Duration::from_secs(20);

    /// Steps of the turn ledger: name, from, to.
    const STEPS: [(&str, &str, &str); 5] = [
        ("key-up to final transcript", "key_up", "final_transcript"),
        (
            "final transcript to first token",
            "final_transcript",
            "first_token",
        ),
        ("first token to first audio", "first_token", "first_audio"),
        ("first audio to first sound", "first_audio", "first_sound"),
        ("first sound to first word lit", "first_sound", "first_word_lit"),
    ];

    pub(crate) fn main() -> ExitCode {
        match run() {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => {
                eprintln!("The benchmark failed: {error:#}");
                ExitCode::FAILURE
            }
        }
    }

    /// Measures the subjects that are named on the command line, or all.
    fn run() -> Result<()> {
        type Subject = fn() -> Result<Figures>;
        let subjects: [(&str, Subject); 5] = [
            ("turn", turns),
            ("engines", engines),
            ("idle", idle),
            ("providers", crate::providers::measure),
            ("window", crate::window::measure),
        ];
        let wanted: Vec<String> = std::env::args().skip(1).collect();
        for (name, measure) in subjects {
            if !wanted.is_empty() && !wanted.iter().any(|w| w == name) {
                continue;
            }
            let figures = measure()?;
            println!("\n== {name}\n{}", figures.table());
            figures.write(&Path::new("target/bench").join(name).with_extension("json"))?;
        }
        println!("Every figure is in target/bench.");
        Ok(())
    }

    /// A turn's milestones, in milliseconds since the key went up.
    fn ledger(turn: &Turn) -> String {
        let zero = turn
            .ledger
            .iter()
            .find(|(name, _)| name == "key_up")
            .map_or(0.0, |(_, at)| *at);
        let milestones = turn
            .ledger
            .iter()
            .map(|(name, at)| format!("{name} {:.0}", (at - zero) * 1e3));
        milestones.collect::<Vec<_>>().join(", ")
    }

    /// Push-to-talk turns: the ledger, what was heard from outside, gaps, karaoke, memory.
    fn turns() -> Result<Figures> {
        let stage = Stage::new()?;
        let ear = stage.card.hear()?;
        let mut talk = Talk::start(&stage, false)?;
        // The first turn loads the models; it is not counted.
        let mut warm = false;
        let mut steps: Vec<Vec<f64>> = vec![Vec::new(); STEPS.len()];
        let (mut first_sounds, mut heard, mut gaps, mut karaoke) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        let mut memory = Vec::new();
        for round in 0..ROUNDS {
            for name in RECORDINGS {
                let recording = recordings::named(name)?;
                talk.key_down()?;
                stage.card.speak(&recording.audio()?)?.wait();
                let key_up = talk.send("key_up")?;
                let turn = talk.wait_for_turn(WHOLE)?;
                memory.push(process::memory(talk.program().id())? as f64 / 1e6);
                sleep(Duration::from_millis(200));
                ensure!(turn.end == "complete", "{name}: {}", turn.problems.join(" "));
                if !std::mem::replace(&mut warm, true) {
                    continue;
                }
                for (values, (_, from, to)) in steps.iter_mut().zip(STEPS) {
                    values.extend(turn.between(from, to));
                }
                println!("{name:16} {}: {:.60}", ledger(&turn), turn.reply);
                first_sounds.extend(turn.between("key_up", "first_sound"));
                gaps.push(turn.gaps as f64);
                let sound = ear.sound()?;
                let onset = sound
                    .onset(sound.sample(key_up), hearing::SOUND)
                    .context("nothing was heard")?;
                heard.push(clock::between(key_up, sound.moment(onset)));
                if round == 0 {
                    karaoke.extend(
                        hearing::compare(&stage, &sound, &turn)?
                            .errors
                            .iter()
                            .map(|e| e.abs() * 1e3),
                    );
                }
            }
        }
        talk.quit()?;
        let mut figures = Figures::default();
        for (values, (name, _, _)) in steps.iter().zip(STEPS) {
            figures.figures.push(Figure::of(name, "s", values));
        }
        figures.figures.push(
            Figure::of("key-up to first sound, by the ledger", "s", &first_sounds).aim(0.35, Some(0.5)),
        );
        figures
            .figures
            .push(Figure::of("key-up to first sound, at the monitor", "s", &heard).aim(0.35, Some(0.5)));
        figures
            .figures
            .push(Figure::of("gaps inside a reply", "count", &gaps).aim(0.0, Some(0.0)));
        figures
            .figures
            .push(Figure::of("word lit to word audible", "ms", &karaoke).aim(10.0, Some(30.0)));
        figures
            .figures
            .push(Figure::of("memory while talking", "MB", &memory).aim(550.0, None));
        Ok(figures)
    }

    /// How fast the recogniser and the voice are: the difference between a long and a short piece of work, so that
    /// starting the program and loading the model do not count.
    fn engines() -> Result<Figures> {
        let stage = Stage::new()?;
        let said = recordings::named("librivox-0870")?.audio()?;
        let mut long = said.clone();
        for _ in 0..4 {
            long.samples.extend(&said.samples);
        }
        let sentence = "The quick brown fox jumps over the lazy dog.\n";
        let (mut recogniser, mut voice) = (Vec::new(), Vec::new());
        for _ in 0..3 {
            let short_time = timed(|| stage.transcribe(&said).map(drop))?;
            let long_time = timed(|| stage.transcribe(&long).map(drop))?;
            recogniser.push(
                (long_time - short_time) / (long.duration().as_secs_f64() - said.duration().as_secs_f64()),
            );
            let mut sounds = (0.0, 0.0);
            let one = timed(|| {
                stage
                    .say(sentence)
                    .map(|(audio, _)| sounds.0 = audio.duration().as_secs_f64())
            })?;
            let many = timed(|| {
                stage
                    .say(&sentence.repeat(20))
                    .map(|(audio, _)| sounds.1 = audio.duration().as_secs_f64())
            })?;
            voice.push((many - one) / (sounds.1 - sounds.0));
        }
        let figures = vec![
            Figure::of("recogniser, real-time factor", "", &recogniser),
            Figure::of("voice, real-time factor", "", &voice),
        ];
        Ok(Figures { figures })
    }

    /// Start-up, and what waiting takes.
    fn idle() -> Result<Figures> {
        let stage = Stage::new()?;
        let mut starts = Vec::new();
        for _ in 0..5 {
            let begin = Instant::now();
            let talk = Talk::start(&stage, false)?;
            starts.push(begin.elapsed().as_secs_f64());
            talk.quit()?;
        }
        // Engines that leave soon, so that nobody waits for ten minutes.
        stage.set(&format!(
            "[on_device]\nidle_minutes = {}\n",
            LEAVE.as_secs_f64() / 60.0
        ))?;
        let mut talk = Talk::start(&stage, true)?;
        talk.wait_for_phase("waiting", ANSWER)?;
        talk.ask("Good morning!")?;
        talk.wait_for_turn(WHOLE)?;
        let id = talk.program().id();
        let deadline = Instant::now() + LEAVE * 10;
        while !process::named(id, "libretto-engine")?.is_empty() {
            ensure!(Instant::now() < deadline, "the engines do not leave");
            sleep(Duration::from_millis(200));
        }
        sleep(Duration::from_secs(3));
        let before = process::processor(id)?;
        sleep(IDLE);
        let used = process::processor(id)?.saturating_sub(before);
        let busy = used.as_secs_f64() / IDLE.as_secs_f64() * 100.0;
        let memory = process::memory(id)? as f64 / 1e6;
        talk.quit()?;
        let figures = vec![
            Figure::of("start to ready, engines not loaded", "s", &starts).aim(0.15, None),
            Figure::of("processor while listening hands-free", "%", &[busy]).aim(1.0, None),
            Figure::of("memory when the engines have left", "MB", &[memory]).aim(60.0, None),
        ];
        Ok(Figures { figures })
    }

    fn timed(work: impl FnOnce() -> Result<()>) -> Result<f64> {
        let begin = Instant::now();
        work()?;
        Ok(begin.elapsed().as_secs_f64())
    }
}

#[cfg(unix)]
fn main() -> std::process::ExitCode {
    bench::main()
}

#[cfg(not(unix))]
fn main() {
    eprintln!("The benchmark needs virtual sound devices, which this system does not have.");
    std::process::exit(1);
}
