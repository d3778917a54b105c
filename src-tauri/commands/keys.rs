//! API keys. A key goes in here and never comes out.

use libretto_assistant::store::secrets::KNOWN;

use super::App;
use crate::wire::failure::Answer;
use crate::wire::keys::{Key, KeyStored, Keys, Place};

/// Every known provider, with its key masked, and how the keychain is.
#[tauri::command]
#[specta::specta]
pub async fn keys_list(app: App<'_>) -> Answer<Keys> {
    let secrets = &app.foundation.secrets;
    let keychain = secrets.check().await.into();
    // It may have been unlocked meanwhile.
    app.foundation.accounts.read_keys().await;
    let more: Vec<String> = app.foundation.now().providers.keys().cloned().collect();
    let mut entries = secrets.list(&more).await;
    let names = KNOWN.iter().map(|known| known.provider.to_owned());
    let own = more
        .into_iter()
        .filter(|name| KNOWN.iter().all(|known| known.provider != name));
    let keys = names.chain(own).map(|provider| {
        let found = entries.iter().position(|entry| entry.provider == provider);
        match found.map(|index| entries.swap_remove(index)) {
            Some(entry) => Key {
                provider,
                masked: Some(entry.masked),
                place: Some(entry.place.into()),
                also: entry.also.into_iter().map(Into::into).collect(),
            },
            None => Key {
                provider,
                masked: None,
                place: None,
                also: Vec::new(),
            },
        }
    });
    Ok(Keys {
        keys: keys.collect(),
        keychain,
    })
}

/// Keeps a key in the keychain, or in memory where there is none; the answer says which.
#[tauri::command]
#[specta::specta]
pub async fn keys_set(app: App<'_>, provider: String, key: String) -> Answer<KeyStored> {
    let stored = app.foundation.secrets.set(&provider, &key).await?;
    app.foundation.accounts.read_keys().await;
    Ok(KeyStored {
        place: stored.place.into(),
        sentence: stored.notice.map(|notice| notice.sentence),
    })
}

/// Forgets a key; answers where another one for the provider is still given.
#[tauri::command]
#[specta::specta]
pub async fn keys_remove(app: App<'_>, provider: String) -> Answer<Option<Place>> {
    let left = app.foundation.secrets.remove(&provider).await?;
    app.foundation.accounts.read_keys().await;
    Ok(left.map(Into::into))
}
