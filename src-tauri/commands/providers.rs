//! Providers in the cloud: what each can do, whether its key is good, its models and voices, and who is tried in which
//! order.

use libretto_assistant::accounts::within;
use libretto_assistant::choose::Field;
use libretto_assistant::providers::Part;
use libretto_assistant::providers::catalogue::{self, Entry};
use libretto_assistant::sample;
use tauri::Webview;
use tauri::ipc::Channel;

use super::App;
use super::devices;
use crate::libretto::Libretto;
use crate::wire::devices::TestEnd;
use crate::wire::failure::Answer;
use crate::wire::providers::{
    Ability, Provider, ProviderAccount, ProviderChoices, ProviderField, ProviderHealth, ProviderModel,
    ProviderPart, ProviderVoice, Providers,
};
use crate::wire::pulse::SampleWord;

/// Every provider, what it can do, how it fared, and who is tried in which order.
#[tauri::command]
#[specta::specta]
pub fn providers_list(app: App<'_>) -> Answer<Providers> {
    let order = |part| {
        let order = app.foundation.order_of(part).into_iter();
        order.map(|one| one.name().to_owned()).collect()
    };
    Ok(Providers {
        providers: catalogue::all().map(|entry| row(&app, entry)).collect(),
        recogniser: order(Part::Recogniser),
        model: order(Part::Model),
        voice: order(Part::Voice),
    })
}

fn row(app: &Libretto, entry: &Entry) -> Provider {
    let foundation = &app.foundation;
    let parts = [ProviderPart::Recogniser, ProviderPart::Model, ProviderPart::Voice].into_iter();
    let abilities = parts.filter_map(|part| Some(Ability::of(part, entry.ability(part.into())?)));
    let chosen = |field| foundation.choice(entry.name, field);
    Provider {
        name: entry.name.to_owned(),
        title: entry.title.to_owned(),
        base: entry.base.to_owned(),
        needs_key: entry.needs_key,
        has_key: foundation.accounts.has_key(entry),
        abilities: abilities.collect(),
        health: foundation
            .accounts
            .health(entry.name)
            .map(|health| ProviderHealth {
                problem: health.problem,
            }),
        chosen: ProviderChoices {
            recogniser_model: chosen(Field::Model(Part::Recogniser)),
            model: chosen(Field::Model(Part::Model)),
            voice_model: chosen(Field::Model(Part::Voice)),
            voice: chosen(Field::Voice),
            base_url: chosen(Field::Base),
        },
    }
}

/// Sets who is tried for a part in which order. This machine's own is always among them.
#[tauri::command]
#[specta::specta]
pub fn providers_order(app: App<'_>, part: ProviderPart, names: Vec<String>) -> Answer<Option<u64>> {
    Ok(app.foundation.set_order(part.into(), &names)?)
}

/// Chooses a provider's model, voice or address; `null` is its own default.
#[tauri::command]
#[specta::specta]
pub fn providers_choose(
    app: App<'_>,
    provider: String,
    field: ProviderField,
    id: Option<String>,
) -> Answer<Option<u64>> {
    Ok(app.foundation.choose(&provider, field.into(), id)?)
}

/// Tests a provider's key by one cheap call; a refusal says what is wrong with it.
#[tauri::command]
#[specta::specta]
pub async fn providers_test(app: App<'_>, provider: String) -> Answer<ProviderAccount> {
    let foundation = &app.foundation;
    let account = foundation.accounts.test(&foundation.now(), &provider).await?;
    Ok(account.into())
}

/// The models that can be chosen for a part, as the service lists them.
#[tauri::command]
#[specta::specta]
pub async fn providers_models(
    app: App<'_>,
    provider: String,
    part: ProviderPart,
) -> Answer<Vec<ProviderModel>> {
    let foundation = &app.foundation;
    let account = foundation.accounts.named(&foundation.now(), &provider)?;
    let models = within(account.models(part.into())).await?;
    Ok(models.into_iter().map(Into::into).collect())
}

/// The voices that can be chosen, as the service lists them.
#[tauri::command]
#[specta::specta]
pub async fn providers_voices(app: App<'_>, provider: String) -> Answer<Vec<ProviderVoice>> {
    let foundation = &app.foundation;
    let account = foundation.accounts.named(&foundation.now(), &provider)?;
    let voices = within(account.voices()).await?;
    Ok(voices.into_iter().map(Into::into).collect())
}

/// Says a sample with a provider's voice, and tells each word as it is heard; `null` is the voice that was chosen. It
/// is a test of its own: see `devices_test`.
#[tauri::command]
#[specta::specta]
pub async fn providers_preview(
    app: App<'_>,
    webview: Webview,
    test: u32,
    provider: String,
    voice: Option<String>,
    text: String,
    heard: Channel<SampleWord>,
) -> Answer<TestEnd> {
    let lit = devices::sample(&text, heard)?;
    let work = async {
        let _deaf = app.foundation.trial();
        sample::hear(&app.foundation, &provider, voice, &text, lit).await
    };
    app.trials.run((webview.label(), test), work).await
}
