//! What is asked of a recogniser in the middle of an utterance.

use libretto_providers::Provider;
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

/// Changes what the settings say to this table.
fn tune(fake: &deepgram::Deepgram, account: &dyn Provider, table: Value) -> bool {
    let names: Vec<String> = table.as_object().unwrap().keys().cloned().collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    account.tune(&common::setup(fake.url(), KEY, table), &names)
}

#[tokio::test]
async fn flux_is_told_of_other_thresholds_and_terms() {
    let fake = deepgram::Deepgram::start().await.unwrap();
    let account = common::opened("deepgram", fake.url(), KEY, json!({}));
    let recogniser = account.recogniser().unwrap();
    let flux = ListenOptions {
        model: Some("flux-general-multi".into()),
        ..options()
    };
    let mut session = recogniser.listen(flux.clone());
    assert_eq!(next(&mut session).await, ListenEvent::Ready);
    let table = json!({"eot_threshold": 0.85, "eager_eot_threshold": 0.1, "eot_timeout_ms": 1,
        "features": {"keyterm": ["Bach", "Brahms:2"], "numerals": true, "language_hint": ["de"]}});
    assert!(tune(&fake, account.as_ref(), table));
    let configure = json!({"type": "Configure", "numerals": true, "keyterms": ["Libretto", "Bach"],
        "language_hints": ["de"],
        "thresholds": {"eot_threshold": 0.85, "eager_eot_threshold": 0.3, "eot_timeout_ms": 500}});
    assert_eq!(told(&fake, 1).await, [configure]);
    // It says early now that the turn ends.
    for piece in utterance().samples.chunks(1_600) {
        send(&session, piece).await;
    }
    while !matches!(next(&mut session).await, ListenEvent::EndOfTurn(sure) if sure < 1.0) {}
    // A session that begins later knows it from the beginning.
    let mut later = recogniser.listen(flux);
    assert_eq!(next(&mut later).await, ListenEvent::Ready);
    assert_eq!(fake.script.last().unwrap().query("eot_threshold"), Some("0.85"));
    // What no session can be told of needs another account.
    assert!(!tune(
        &fake,
        account.as_ref(),
        json!({"eot_threshold": 0.6, "endpointing": 100})
    ));
}

#[tokio::test]
async fn nova_is_told_one_change_at_a_time() {
    let fake = deepgram::Deepgram::start().await.unwrap();
    let account = common::opened("deepgram", fake.url(), KEY, json!({}));
    let recogniser = account.recogniser().unwrap();
    let mut session = recogniser.listen(options());
    assert_eq!(next(&mut session).await, ListenEvent::Ready);
    let change = |features: Value| assert!(tune(&fake, account.as_ref(), json!({ "features": features })));
    change(json!({"keyterm": "Bach"}));
    let first = json!({"type": "Configure", "keyterms": ["Libretto", "Bach"]});
    assert_eq!(told(&fake, 1).await, std::slice::from_ref(&first));
    // The fake answers with the next sound; until then, nothing more may be asked of it.
    change(json!({"keyterm": "Brahms"}));
    change(json!({"numerals": true, "redact": "pci"}));
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(told(&fake, 1).await, std::slice::from_ref(&first));
    send(&session, &[0.0; 1_600]).await;
    let last = json!({"type": "Configure", "keyterms": ["Libretto"], "features": {"numerals": true}});
    assert_eq!(told(&fake, 2).await, [first, last]);
    // Those before it know no terms in the middle.
    let older = ListenOptions {
        model: Some("nova-2-general".into()),
        ..options()
    };
    let mut session = recogniser.listen(older);
    assert_eq!(next(&mut session).await, ListenEvent::Ready);
    assert_eq!(fake.script.last().unwrap().query("redact"), Some("pci"));
    change(json!({"keyterm": "Bach"}));
    let other = json!({"type": "Configure", "features": {"numerals": false}});
    assert_eq!(told(&fake, 1).await, std::slice::from_ref(&other));
    session.send(ListenInput::Finish).await.unwrap();
    assert_eq!(next(&mut session).await, ListenEvent::Finished);
    assert_eq!(told(&fake, 2).await, [other, json!({"type": "CloseStream"})]);
}
