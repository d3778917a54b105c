//! Keys, lists and tokens.

use libretto_providers::elevenlabs::{ENTRY, TokenUse};
use libretto_providers::service::{Access, Dialect, Service, Verdict};
use libretto_providers::socket::{Frame, Socket};
use libretto_providers::{Credit, Fault as Failed, Key};
use libretto_testkit::fakes::Fault;
use libretto_testkit::fakes::elevenlabs::LIMITED;

use crate::*;

#[tokio::test]
async fn accounts_voices_and_models() {
    let fake = elevenlabs::ElevenLabs::start().await.unwrap();
    let with = |key: &str| ElevenLabs::new(network(), settings(&fake, key)).unwrap();
    let good = with(KEY).check().await.unwrap();
    assert_eq!(
        (good.plan.as_deref(), good.credit),
        (Some("creator"), Credit::Left("8800 of 10000 characters".into()))
    );
    assert!(with(LIMITED).check().await.unwrap().limited);
    assert_eq!(
        with("sk_planted").check().await.unwrap_err().fault(),
        &Failed::WrongKey
    );
    // A key whose account is locked is not one that may do something else.
    let locked = r#"{"detail":{"status":"detected_unusual_activity","message":"Free Tier usage disabled."}}"#;
    fake.script.fail(Fault::Refusal {
        status: 401,
        headers: Vec::new(),
        body: locked.into(),
    });
    let failure = with(KEY).check().await.unwrap_err();
    assert_eq!(failure.fault(), &Failed::Plan);
    assert!(failure.to_string().contains("Free Tier usage disabled."));
    fake.manners(|m| m.used = 10_000);
    assert_eq!(with(KEY).check().await.unwrap().credit, Credit::Empty);

    let voices = with(KEY).voices(None).await.unwrap();
    assert_eq!(voices.len(), 230, "all pages");
    assert_eq!(
        (voices[0].id.as_str(), voices[0].languages.as_slice()),
        ("v0", &["ar".to_owned(), "en".into()][..])
    );
    assert_eq!(with(KEY).voices(Some("Voice 22")).await.unwrap().len(), 11);
    let models: Vec<String> = with(KEY)
        .models()
        .await
        .unwrap()
        .into_iter()
        .map(|model| model.id)
        .collect();
    assert_eq!(models, ["eleven_flash_v2_5", "eleven_v3"], "those that speak");
}

/// The same service for somebody without a key.
static KEYLESS: Dialect = Dialect {
    auth: (reqwest::header::AUTHORIZATION, ""),
    needs_key: false,
    headers: &[],
    request_ids: &[],
    judge: |answer| Verdict::new(Failed::of_status(answer.status), None),
};

#[tokio::test]
async fn tokens_for_clients_without_the_key() {
    let fake = elevenlabs::ElevenLabs::start().await.unwrap();
    let account = account(&fake, Transport::Socket);
    let token = account.single_use_token(TokenUse::RealtimeScribe).await.unwrap();
    assert!(!format!("{token:?}").contains(token.expose()));
    let access = Access {
        base: Some(fake.url()),
        ..Access::default()
    };
    let guest = Service::new(&ENTRY, access, &KEYLESS, network()).unwrap();
    let parts = ["v1", "speech-to-text", "realtime"];
    let query = |token: &Key| {
        [
            ("model_id", "scribe_v2_realtime".to_owned()),
            ("audio_format", "pcm_16000".to_owned()),
            ("token", token.expose().to_owned()),
        ]
    };
    assert!(
        Socket::open(&guest, guest.url(&parts, query(&token)))
            .await
            .is_ok()
    );
    let again = Socket::open(&guest, guest.url(&parts, query(&token))).await;
    assert_eq!(again.unwrap_err().fault(), &Failed::WrongKey, "it is good once");
    let other = account.single_use_token(TokenUse::Speech).await.unwrap();
    assert!(
        Socket::open(&guest, guest.url(&parts, query(&other)))
            .await
            .is_err(),
        "and for one thing"
    );
    account.single_use_token(TokenUse::BatchScribe).await.unwrap();
    let speech = account.single_use_token(TokenUse::Speech).await.unwrap();
    let address = guest.url(
        &["v1", "text-to-speech", "v1", "stream-input"],
        [
            ("model_id", "eleven_flash_v2_5".to_owned()),
            ("output_format", "pcm_24000".to_owned()),
            ("single_use_token", speech.expose().to_owned()),
        ],
    );
    let mut socket = Socket::open(&guest, address).await.unwrap();
    for text in [r#"{"text":" "}"#, r#"{"text":"Tea. "}"#, r#"{"text":""}"#] {
        socket.text(text.to_owned()).await.unwrap();
    }
    let Frame::Text(first) = socket.next().await.unwrap() else {
        panic!("it does not speak")
    };
    assert!(first.contains("\"audio\""), "{first}");
    // It is good for a while only.
    fake.manners(|m| m.token_life = Duration::ZERO);
    let late = account.single_use_token(TokenUse::RealtimeScribe).await.unwrap();
    let refused = Socket::open(&guest, guest.url(&parts, query(&late))).await;
    assert_eq!(refused.unwrap_err().fault(), &Failed::WrongKey);

    let address = account.agent_address("agent_1", true).await.unwrap();
    assert!(
        address
            .expose()
            .contains("agent_id=agent_1&conversation_signature=")
    );
    assert!(address.expose().ends_with("conversation_id=conv_1"));
    let room = account.agent_room("agent_1", Some("me")).await.unwrap();
    assert_eq!(room.conversation.as_deref(), Some("conv_1"));
    assert!(!format!("{address:?} {room:?}").contains("cvtkn") && !format!("{room:?}").contains("eyJ"));
}
