//! What is asked of a recogniser in the middle of an utterance.

use libretto_providers::deepgram::{Flux, Tuning};
use libretto_voice::listen::ListenSession;
use serde_json::Value;

use crate::*;

/// The next event that is no partial.
async fn next(session: &mut ListenSession) -> ListenEvent {
    loop {
        let event = tokio::time::timeout(common::PATIENCE, session.next())
            .await
            .unwrap();
        match event.unwrap().unwrap() {
            ListenEvent::Partial(_) | ListenEvent::SpeechStarted => {}
            event => return event,
        }
    }
}

async fn send(session: &ListenSession, samples: &[f32]) {
    let audio = Audio::new(SampleRate::SPEECH, samples.to_vec());
    session.send(ListenInput::Audio(audio)).await.unwrap();
}

/// What a fake was told besides sound, once it was told `enough`.
async fn told(fake: &deepgram::Deepgram, enough: usize) -> Vec<Value> {
    let start = Instant::now();
    loop {
        let body = fake.script.last().unwrap().body;
        let said: Vec<Value> = body.as_array().unwrap().clone();
        let said: Vec<Value> = said
            .into_iter()
            .filter(|said| said.get("sound").is_none())
            .collect();
        if said.len() >= enough {
            return said;
        }
        assert!(start.elapsed() < common::PATIENCE, "{said:?}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn at_a_pause_the_words_become_final() {
    let fake = deepgram::Deepgram::start().await.unwrap();
    let settings = Settings {
        finalize: true,
        endpointing: None,
        ..settings(&fake, Transport::Socket)
    };
    let recogniser = Deepgram::new(network(), settings).unwrap().recogniser();
    assert!(recogniser.wants_pauses());
    let mut session = recogniser.listen(options());
    assert_eq!(next(&mut session).await, ListenEvent::Ready);
    let spoken = utterance().samples;
    send(&session, &spoken[..20_000]).await;
    session.send(ListenInput::Silence(true)).await.unwrap();
    let mut said = String::new();
    loop {
        match next(&mut session).await {
            ListenEvent::Segment(transcript) => said = format!("{said} {}", transcript.text),
            ListenEvent::Paused => break,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(said.trim(), HEARS);
    // Where nothing has been said since, nothing is answered, and the pause is told all the same.
    session.send(ListenInput::Silence(false)).await.unwrap();
    session.send(ListenInput::Silence(true)).await.unwrap();
    assert_eq!(next(&mut session).await, ListenEvent::Paused);
    session.send(ListenInput::Finish).await.unwrap();
    assert_eq!(next(&mut session).await, ListenEvent::Finished);
    let kinds: Vec<Value> = told(&fake, 3)
        .await
        .iter()
        .map(|said| said["type"].clone())
        .collect();
    assert_eq!(kinds, ["Finalize", "Finalize", "CloseStream"]);
    assert_eq!(fake.script.last().unwrap().query("endpointing"), Some("false"));
    assert!(!account(&fake, Transport::Socket).recogniser().wants_pauses());
}

#[tokio::test]
async fn flux_is_told_of_other_thresholds_and_terms() {
    let fake = deepgram::Deepgram::start().await.unwrap();
    let account = account(&fake, Transport::Socket);
    let recogniser = account.recogniser();
    let flux = ListenOptions {
        model: Some("flux-general-en".into()),
        ..options()
    };
    let mut session = recogniser.listen(flux.clone());
    assert_eq!(next(&mut session).await, ListenEvent::Ready);
    let tuning = Tuning {
        flux: Flux {
            threshold: Some(0.85),
            eager: Some(0.1),
            timeout_ms: Some(1),
        },
        keyterms: Some(vec!["Bach".into(), "Brahms:2".into()]),
        numerals: Some(true),
    };
    account.tune(tuning);
    let configure = json!({"type": "Configure", "numerals": true, "keyterms": ["Bach"],
        "thresholds": {"eot_threshold": 0.85, "eager_eot_threshold": 0.3, "eot_timeout_ms": 500}});
    assert_eq!(told(&fake, 1).await, std::slice::from_ref(&configure));
    // It says early now that the turn ends.
    for piece in utterance().samples.chunks(1_600) {
        send(&session, piece).await;
    }
    while !matches!(next(&mut session).await, ListenEvent::EndOfTurn(sure) if sure < 1.0) {}
    // A session that begins later is told too.
    let mut later = recogniser.listen(flux);
    assert_eq!(next(&mut later).await, ListenEvent::Ready);
    assert_eq!(told(&fake, 1).await, [configure]);
}

#[tokio::test]
async fn nova_is_told_one_change_at_a_time() {
    let fake = deepgram::Deepgram::start().await.unwrap();
    let account = account(&fake, Transport::Socket);
    let mut session = account.recogniser().listen(options());
    assert_eq!(next(&mut session).await, ListenEvent::Ready);
    let terms = |terms: &[&str]| Tuning {
        keyterms: Some(terms.iter().map(|term| (*term).to_owned()).collect()),
        ..Tuning::default()
    };
    account.tune(terms(&["Bach"]));
    let first = json!({"type": "Configure", "keyterms": ["Bach"]});
    assert_eq!(told(&fake, 1).await, std::slice::from_ref(&first));
    // The fake answers with the next sound; until then, nothing more may be asked of it.
    account.tune(terms(&["Brahms"]));
    account.tune(terms(&[]));
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(told(&fake, 1).await, std::slice::from_ref(&first));
    send(&session, &[0.0; 1_600]).await;
    let last = json!({"type": "Configure", "keyterms": []});
    assert_eq!(told(&fake, 2).await, [first, last]);
    // Those before it know no such message.
    let older = ListenOptions {
        model: Some("nova-2-general".into()),
        ..options()
    };
    let mut session = account.recogniser().listen(older);
    assert_eq!(next(&mut session).await, ListenEvent::Ready);
    session.send(ListenInput::Finish).await.unwrap();
    assert_eq!(next(&mut session).await, ListenEvent::Finished);
    assert_eq!(told(&fake, 1).await, [json!({"type": "CloseStream"})]);
}
