//! Models that run on this machine.

use std::collections::HashSet;

use libretto_assistant::ondevice::catalogue::{self, Part};
use libretto_assistant::{missing, speed, translate, voice};
use tauri::AppHandle;
use tauri_specta::Event;

use super::App;
use crate::wire::failure::Answer;
use crate::wire::models::{MissingModel, Model, ModelEnded, ModelSpeed};

/// The catalogue, and what of it is here.
#[tauri::command]
#[specta::specta]
pub async fn models_list(app: App<'_>) -> Answer<Vec<Model>> {
    let shelf = &app.foundation.shelf;
    let settings = app.foundation.now();
    let set = &settings.on_device;
    let chosen: HashSet<&str> = [
        (Part::Recogniser, set.recogniser.as_deref()),
        (Part::LanguageModel, set.model.as_deref()),
        (Part::Voice, set.voice.as_deref()),
    ]
    .into_iter()
    .filter_map(|(part, id)| Some(translate::model(shelf, part, id)?.id.as_str()))
    .collect();
    let models = shelf.catalogue().models().iter();
    let speeds = speed::known(&app.foundation);
    models
        .map(|model| {
            let state = shelf.state(&model.id).map_err(voice::Error::from)?;
            Ok(Model {
                speed: speeds.get(&model.id).copied().map(Into::into),
                ..row(model, state, chosen.contains(model.id.as_str()), &app)
            })
        })
        .collect()
}

/// Models that the settings count on and that are not here.
#[tauri::command]
#[specta::specta]
pub async fn models_missing(app: App<'_>) -> Answer<Vec<MissingModel>> {
    let shelf = &app.foundation.shelf;
    let found = missing::missing(&app.foundation.now(), shelf);
    let found = found.into_iter().map(|missing| {
        let model = shelf
            .catalogue()
            .of(missing.part)
            .find(|model| missing.known && model.id == missing.id);
        MissingModel {
            part: missing.part.into(),
            name: model.map(|model| model.name.clone()),
            bytes: model.and_then(catalogue::Model::bytes),
            verified: model.is_some_and(catalogue::Model::verified),
            setting: missing.setting.map(str::to_owned),
            download: app.downloads.progress(&missing.id),
            id: missing.id,
        }
    });
    Ok(found.collect())
}

/// Measures how fast a model is on this machine, and remembers it. It may take a minute.
#[tauri::command]
#[specta::specta]
pub async fn models_measure(app: App<'_>, model: String) -> Answer<ModelSpeed> {
    Ok(speed::measure(&app.foundation, &model).await?.into())
}

fn row(model: &catalogue::Model, state: catalogue::State, chosen: bool, app: &App<'_>) -> Model {
    Model {
        id: model.id.clone(),
        name: model.name.clone(),
        description: model.description.clone(),
        quality: model.quality.clone(),
        part: model.part.into(),
        embedded: model.embedded,
        languages: model.languages.clone(),
        licence: model.licence.name.clone(),
        licence_note: model.licence.note.clone(),
        bytes: model.bytes(),
        memory: model.memory,
        verified: model.verified(),
        chosen,
        state: state.into(),
        download: app.downloads.progress(&model.id),
        speed: None,
    }
}

/// Downloads a model; answers when it is here. `ModelProgress` tells how far it is, `ModelEnded` that it is over.
/// `unverified` is the user's consent to a model whose checksum nobody has stated.
#[tauri::command]
#[specta::specta]
pub async fn models_get(app: App<'_>, handle: AppHandle, model: String, unverified: bool) -> Answer<()> {
    let teller = handle.clone();
    let got = app
        .downloads
        .get(&model, unverified, move |progress| {
            if let Err(error) = progress.emit(&teller) {
                tracing::warn!(%error, "progress_not_told");
            }
        })
        .await;
    let ended = ModelEnded {
        model,
        failure: got.clone().err(),
    };
    ended.emit(&handle)?;
    got
}

/// Pauses a download, or goes on with it.
#[tauri::command]
#[specta::specta]
pub fn models_pause(app: App<'_>, model: String, paused: bool) -> Answer<()> {
    app.downloads.pause(&model, paused)
}

/// Calls a download off. What has come is kept for the next one.
#[tauri::command]
#[specta::specta]
pub fn models_cancel(app: App<'_>, model: String) -> Answer<()> {
    app.downloads.cancel(&model)
}

/// Deletes a model's files.
#[tauri::command]
#[specta::specta]
pub async fn models_remove(app: App<'_>, model: String) -> Answer<()> {
    let shelf = app.foundation.shelf.clone();
    let removed = tauri::async_runtime::spawn_blocking(move || shelf.remove(&model)).await?;
    removed.map_err(|error| voice::Error::from(error).into())
}
