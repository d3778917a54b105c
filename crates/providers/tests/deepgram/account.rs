//! Keys, lists and tokens.

use libretto_providers::{Access, Fault as Failed, Key};
use libretto_testkit::fakes::deepgram::LIMITED;

use crate::*;

#[tokio::test]
async fn keys_models_and_voices() {
    let fake = deepgram::Deepgram::start().await.unwrap();
    let good = account(&fake, Transport::Socket);
    good.check().await.unwrap();
    let wrong = Settings {
        access: Access {
            key: Some(Key::new("planted-wrong-key")),
            ..access(fake.url(), KEY)
        },
        ..settings(&fake, Transport::Socket)
    };
    let failure = Deepgram::new(network(), wrong)
        .unwrap()
        .check()
        .await
        .unwrap_err();
    assert_eq!(failure.fault(), &Failed::WrongKey);
    assert!(!format!("{failure} {failure:?}").contains("planted"));
    let models: Vec<String> = good
        .models()
        .await
        .unwrap()
        .into_iter()
        .map(|model| model.id)
        .collect();
    let known = [
        "flux-general-en",
        "flux-general-multi",
        "nova-2-general",
        "nova-3",
        "nova-3-general",
    ];
    assert_eq!(models, known);
    // Where somebody stands in for it and does not know the call.
    fake.manners(|m| m.stands_in = true);
    assert!(!good.check().await.unwrap().limited);
    let limited = Settings {
        access: Access {
            key: Some(Key::new(LIMITED)),
            ..access(fake.url(), KEY)
        },
        ..settings(&fake, Transport::Socket)
    };
    let limited = Deepgram::new(network(), limited).unwrap();
    assert!(limited.check().await.unwrap().limited);
    let voices = good.voices().await.unwrap();
    assert_eq!(
        (voices[0].id.as_str(), voices[0].name.as_str()),
        ("aura-2-thalia-en", "thalia")
    );
    assert_eq!(
        voices.iter().filter(|voice| voice.id == "flux-jack-en").count(),
        1
    );
}

#[tokio::test]
async fn tokens_for_clients_without_the_key() {
    let fake = deepgram::Deepgram::start().await.unwrap();
    let grant = account(&fake, Transport::Socket)
        .grant(Duration::from_hours(24))
        .await
        .unwrap();
    assert_eq!(grant.lives, Some(Duration::from_hours(1)));
    assert!(!format!("{grant:?}").contains("granted"));
    let guest = Settings {
        access: Access {
            key: Some(grant.token),
            ..access(fake.url(), KEY)
        },
        granted: true,
        ..settings(&fake, Transport::Socket)
    };
    let guest = Deepgram::new(network(), guest).unwrap();
    let heard = hear(guest.recogniser().listen(options()), &utterance()).await;
    assert!(heard.error.is_none(), "{:?}", heard.error);
    let refused = guest.grant(Duration::from_secs(1)).await.unwrap_err();
    assert_eq!(refused.fault(), &Failed::Forbidden, "a token grants no other");
    let limited = Settings {
        access: Access {
            key: Some(Key::new(LIMITED)),
            ..access(fake.url(), KEY)
        },
        ..settings(&fake, Transport::Socket)
    };
    let refused = Deepgram::new(network(), limited)
        .unwrap()
        .grant(Duration::ZERO)
        .await;
    assert_eq!(refused.unwrap_err().fault(), &Failed::Forbidden);
}
