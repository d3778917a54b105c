//! Models that the settings count on and that are not here. Nothing fails because of them before they are needed; whoever
//! shows them can offer to get them.

use libretto_ondevice::catalogue::{Part, Shelf, State};
use libretto_store::Settings;

use crate::translate;

/// A model that is counted on and not here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing {
    /// What it would do.
    pub part: Part,
    /// What the settings call it, or the catalogue.
    pub id: String,
    /// Whether the catalogue has it, so that it can be downloaded. Where it does not, the one that Libretto comes with
    /// stands in.
    pub known: bool,
    /// The setting that names it, dotted; `None` where it is the one that Libretto comes with.
    pub setting: Option<&'static str>,
}

/// What is missing of the parts of a turn.
pub fn missing(settings: &Settings, shelf: &Shelf) -> Vec<Missing> {
    let set = &settings.on_device;
    let parts = [
        (Part::Recogniser, &set.recogniser, Some("on_device.recogniser")),
        (Part::LanguageModel, &set.model, Some("on_device.model")),
        (Part::Voice, &set.voice, Some("on_device.voice")),
        (Part::TurnDetector, &None, None),
        (Part::Vad, &None, None),
    ];
    let mut found = Vec::new();
    for (part, chosen, setting) in parts {
        let Some(used) = translate::model(shelf, part, chosen.as_deref()) else {
            continue;
        };
        let named = chosen.as_ref().is_some_and(|id| *id == used.id);
        if let Some(id) = chosen
            && !named
        {
            found.push(Missing {
                part,
                id: id.clone(),
                known: false,
                setting,
            });
        }
        if !matches!(shelf.state(&used.id), Ok(State::Present { .. })) {
            found.push(Missing {
                part,
                id: used.id.clone(),
                known: true,
                setting: setting.filter(|_| named),
            });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use libretto_ondevice::catalogue::Catalogue;

    use super::*;

    #[test]
    fn what_is_named_and_not_there_is_told_apart() {
        let nowhere = PathBuf::from("/nonexistent/models");
        let shelf = Shelf::new(Catalogue::shipped().unwrap(), Vec::new(), nowhere);
        let mut settings = Settings::default();
        settings.on_device.voice = Some("a-voice-of-long-ago".into());
        let larger = shelf
            .catalogue()
            .of(Part::LanguageModel)
            .find(|model| !model.embedded)
            .unwrap()
            .id
            .clone();
        settings.on_device.model = Some(larger.clone());
        let missing = missing(&settings, &shelf);
        let one = |part, known| missing.iter().find(|m| m.part == part && m.known == known);
        assert_eq!(one(Part::Voice, false).unwrap().setting, Some("on_device.voice"));
        assert_eq!(
            one(Part::Voice, true).unwrap().setting,
            None,
            "the stand-in is not here either"
        );
        let embedded = shelf.catalogue().of(Part::Voice).find(|model| model.embedded);
        let used = |id| translate::model(&shelf, Part::Voice, id).map(|model| &model.id);
        assert_eq!(
            used(settings.on_device.voice.as_deref()),
            embedded.map(|model| &model.id)
        );
        assert_eq!(used(None), embedded.map(|model| &model.id));
        let model = one(Part::LanguageModel, true).unwrap();
        assert_eq!(
            (model.id.as_str(), model.setting),
            (larger.as_str(), Some("on_device.model"))
        );
        translate::engines(&settings, &shelf).expect("the engines start without them");
    }
}
