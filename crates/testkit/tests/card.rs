//! The virtual sound card against itself: what is played is heard, at the time at which it was played.

use std::f32::consts::TAU;
use std::thread::sleep;
use std::time::{Duration, Instant};

use libretto_testkit::{Device, SoundCard, clock, correlate, recordings};
use libretto_voice::{Audio, SampleRate};

const RATE: SampleRate = SampleRate::new(48_000).unwrap();
/// Within this time comes what has to come, on a busy machine too.
const SOON: Duration = Duration::from_secs(20);

/// One click a fifth of a second after the beginning, and then one each tenth of a second.
fn clicks(count: usize) -> (Audio, Vec<u64>) {
    let at: Vec<u64> = (0..count as u64).map(|n| 9_600 + n * 4_800).collect();
    let mut audio = Audio::silence(RATE, Duration::from_millis(400 + 100 * count as u64));
    for click in &at {
        // 1 ms of a full-scale tone whose first sample already tells.
        for k in 0..48 {
            audio.samples[*click as usize + k] = 0.9 * (TAU * k as f32 / 12.0).cos();
        }
    }
    (audio, at)
}

#[test]
fn a_click_is_heard_when_it_was_played() {
    let card = SoundCard::new().unwrap();
    let ear = card.hear().unwrap();
    // Some time without any player, as before a reply.
    sleep(Duration::from_millis(500));
    let (audio, at) = clicks(20);
    let mut errors = Vec::new();
    let mut sounds = Vec::new();
    for _ in 0..3 {
        let speech = card.play(Device::Speaker, &audio).unwrap();
        let started = speech.started();
        speech.wait();
        sounds.push(started);
        sleep(Duration::from_millis(300));
    }
    let sound = ear.sound().unwrap();
    for started in sounds {
        for click in &at {
            let expected = started + RATE.duration(*click);
            let from = sound.sample(clock::shift(expected, -0.040));
            let found = sound.onset(from, 0.5).expect("a click is missing");
            errors.push(clock::between(expected, sound.moment(found)) * 1e3);
        }
    }
    errors.sort_by(f64::total_cmp);
    let (least, most) = (errors[0], errors[errors.len() - 1]);
    let median = errors[errors.len() / 2];
    println!(
        "60 clicks: error {least:.2} to {most:.2} ms; clock's spread {:?}",
        sound.spread
    );
    // What plays may run dry for a moment on a busy machine, and is late from then on. Nothing is heard before it plays.
    assert!(
        least > -2.0 && median < 2.0,
        "heard {least:.2} to {most:.2} ms after they were played"
    );
}

#[test]
fn samples_arrive_in_the_order_of_the_clock() {
    let card = SoundCard::new().unwrap();
    let ear = card.hear().unwrap();
    sleep(Duration::from_secs(2));
    let now = Instant::now();
    let sound = ear.sound().unwrap();
    // The monitor gives a block when its first sample sounds: never much before, and without load hardly after.
    let mut late: Vec<f64> = sound
        .arrivals
        .iter()
        .map(|(sample, at)| clock::between(sound.moment(*sample), *at) * 1e3)
        .collect();
    late.sort_by(f64::total_cmp);
    println!(
        "arrivals {:.2} to {:.2} ms after the clock, spread {:?}",
        late[0],
        late[late.len() / 2],
        sound.spread
    );
    assert!(
        late[0] > -11.0 && late[late.len() / 2] < 25.0,
        "{:?}",
        &late[..late.len().min(20)]
    );
    let heard = sound.audio.duration().as_secs_f64();
    let passed = clock::between(sound.start, now);
    assert!((passed - heard).abs() < 1.0, "{heard} s of sound in {passed} s");
}

#[test]
fn what_is_said_reaches_the_microphone() {
    let card = SoundCard::new().unwrap();
    let ear = card.overhear(Device::Microphone).unwrap();
    sleep(Duration::from_millis(300));
    let said = recordings::named("go-forward").unwrap().audio().unwrap();
    let speech = card.speak(&said).unwrap();
    let started = speech.started();
    speech.wait();
    sleep(Duration::from_millis(400));
    let sound = ear.sound().unwrap();
    let found = correlate::find(&sound.audio, &said).unwrap();
    let delay = clock::between(started, sound.moment(found.sample));
    println!("{found:?}, {:.1} ms after it was said", delay * 1e3);
    assert!(found.likeness > 0.98, "{found:?}");
    assert!(delay.abs() < 0.2, "{delay} s");
    assert!(
        sound.audio.samples.iter().take(4_800).any(|s| *s != 0.0),
        "a room is never quite silent"
    );
}

#[test]
fn a_speakerphone_hears_itself() {
    let card = SoundCard::new().unwrap();
    let ear = card.overhear(Device::Microphone).unwrap();
    let said = recordings::named("go-forward").unwrap().audio().unwrap();
    card.play(Device::Speaker, &said).unwrap().wait();
    assert!(ear.sound().unwrap().audio.rms() < 1e-3);
    card.plug(Device::Speakerphone).unwrap();
    let ear = card.overhear(Device::Speakerphone).unwrap();
    card.play(Device::Speakerphone, &said).unwrap().wait();
    sleep(Duration::from_millis(200));
    let sound = ear.sound().unwrap();
    assert!(sound.audio.rms() > 1e-2);
    let found = correlate::find(&sound.audio, &said).unwrap();
    println!("echo: {found:?}");
    // 1 where nothing runs dry; 0.1 for what was never played.
    assert!(found.likeness > 0.6, "{found:?}");
}

#[test]
fn devices_come_and_go() {
    let card = SoundCard::bare().unwrap();
    let list = |what: &str| card.pactl("list", ["short", what]).unwrap();
    assert_eq!((list("sinks"), list("sources")), (String::new(), String::new()));
    card.plug(Device::Speaker).unwrap();
    card.plug(Device::Headset).unwrap();
    assert!(list("sinks").contains("speaker") && list("sources").contains("headset"));
    card.unplug(Device::Headset).unwrap();
    assert!(!list("sources").contains("headset"));
    assert!(card.unplug(Device::Headset).is_err());
}

#[test]
fn a_muted_microphone_gives_zeros() {
    let card = SoundCard::new().unwrap();
    card.pactl(
        "load-module",
        ["module-loopback", "source=mic", "sink=speaker", "latency_msec=20"],
    )
    .unwrap();
    let ear = card.hear().unwrap();
    assert!(ear.wait_for_sound(1e-5, SOON));
    card.mute(true).unwrap();
    assert!(ear.wait_for_silence(1e-9, Duration::from_millis(300), SOON));
    card.mute(false).unwrap();
    assert!(ear.wait_for_sound(1e-5, SOON));
}
