//! What a person chooses in the settings about providers: their order, and each one's model, voice and address.

use std::collections::BTreeMap;

use libretto_providers::{Entry, Part, catalogue};
use libretto_store::Settings;
use libretto_store::settings::{ON_DEVICE, Provider, Value};
use libretto_voice::Result;

use crate::Foundation;
use crate::accounts::nobody;
use crate::order::{Named, listed, order};

/// What can be chosen of a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// The model of a part.
    Model(Part),
    /// The voice.
    Voice,
    /// Another address than its own.
    Base,
}

impl Field {
    /// Its name in the provider's table.
    fn key(self) -> &'static str {
        match self {
            Self::Model(Part::Recogniser) => "recogniser_model",
            Self::Model(Part::Model) => "model",
            Self::Model(Part::Voice) => "voice_model",
            Self::Voice => "voice",
            Self::Base => "base_url",
        }
    }

    /// The part that it belongs to.
    fn part(self) -> Option<Part> {
        match self {
            Self::Model(part) => Some(part),
            Self::Voice => Some(Part::Voice),
            Self::Base => None,
        }
    }

    /// The setting that says the same for whoever is first.
    fn of_the_first(self, settings: &mut Settings) -> Option<&mut Option<String>> {
        match self {
            Self::Model(Part::Recogniser) => Some(&mut settings.recogniser.model),
            Self::Model(Part::Model) => Some(&mut settings.model.model),
            Self::Model(Part::Voice) => Some(&mut settings.voice.model),
            Self::Voice => Some(&mut settings.voice.voice),
            Self::Base => None,
        }
    }
}

impl Foundation {
    /// Who is tried for a part in which order: this machine's own last, unless the user put it elsewhere.
    pub fn order_of(&self, part: Part) -> Vec<Named> {
        order(listed(&self.now(), part), None)
    }

    /// Sets who is tried for a part in which order. Answers the change's number, as the settings file does.
    ///
    /// # Errors
    /// `BadInput` for a name that nobody has; what the settings file says.
    pub fn set_order(&self, part: Part, names: &[String]) -> Result<Option<u64>> {
        let unknown = names
            .iter()
            .find(|name| *name != ON_DEVICE && catalogue::named(name).is_none());
        if let Some(name) = unknown {
            return Err(nobody(name));
        }
        let new: Vec<String> = order(names, None)
            .into_iter()
            .map(|one| one.name().to_owned())
            .collect();
        Ok(self
            .settings
            .update(|settings| reorder(settings, part, new, &|entry| self.accounts.has_key(entry)))?)
    }

    /// Chooses for one provider; `None` is its own default. Answers the change's number, as the settings file does.
    ///
    /// # Errors
    /// `BadInput` for an unknown provider; what the settings file says.
    pub fn choose(&self, provider: &str, field: Field, id: Option<String>) -> Result<Option<u64>> {
        let Some(entry) = catalogue::named(provider) else {
            return Err(nobody(provider));
        };
        let id = id.map(|id| id.trim().to_owned()).filter(|id| !id.is_empty());
        Ok(self
            .settings
            .update(|settings| set(settings, entry, field, id, &|entry| self.accounts.has_key(entry)))?)
    }

    /// What was chosen for one provider.
    pub fn choice(&self, provider: &str, field: Field) -> Option<String> {
        get(&self.now(), provider, field, &|entry| {
            self.accounts.has_key(entry)
        })
    }
}

/// Whether there is a key for a provider.
type Keyed<'a> = &'a dyn Fn(&Entry) -> bool;

/// Who is the first of the list that can be used, and has the names that are given for nobody in particular.
fn first(settings: &Settings, part: Part, keyed: Keyed<'_>) -> &'static str {
    let usable = |one: &Named| match one {
        Named::OnDevice => true,
        Named::Cloud(entry) => entry.ability(part).is_some() && (!entry.needs_key || keyed(entry)),
    };
    let first = order(listed(settings, part), None).into_iter().find(usable);
    first.map_or(ON_DEVICE, Named::name)
}

fn reorder(settings: &mut Settings, part: Part, names: Vec<String>, keyed: Keyed<'_>) {
    let before = first(settings, part, keyed);
    *listed_mut(settings, part) = names;
    if first(settings, part, keyed) == before {
        return;
    }
    // A name that is given for whoever is first was meant for the one who was.
    for field in [Field::Model(part), Field::Voice] {
        if field.part() == Some(part)
            && let Some(name) = field.of_the_first(settings).and_then(Option::take)
        {
            put(&mut settings.providers, before, field, Some(name));
        }
    }
}

fn set(settings: &mut Settings, entry: &Entry, field: Field, id: Option<String>, keyed: Keyed<'_>) {
    let first = field.part().map(|part| first(settings, part, keyed));
    // Otherwise the older choice would stand over the new one.
    if first == Some(entry.name)
        && let Some(anyones) = field.of_the_first(settings)
        && anyones.is_some()
    {
        anyones.clone_from(&id);
    }
    put(&mut settings.providers, entry.name, field, id);
}

fn get(settings: &Settings, provider: &str, field: Field, keyed: Keyed<'_>) -> Option<String> {
    let first = field.part().map(|part| first(settings, part, keyed));
    let mut settings = settings.clone();
    let anyones = field.of_the_first(&mut settings).and_then(Option::take);
    let own = || settings.provider(provider).text(field.key()).map(str::to_owned);
    anyones.filter(|_| first == Some(provider)).or_else(own)
}

fn put(providers: &mut BTreeMap<String, Provider>, name: &str, field: Field, id: Option<String>) {
    match id {
        Some(id) => {
            let table = &mut providers.entry(name.to_owned()).or_default().0;
            table.insert(field.key().to_owned(), Value::Text(id));
        }
        None => {
            if let Some(table) = providers.get_mut(name) {
                table.0.remove(field.key());
            }
        }
    }
}

fn listed_mut(settings: &mut Settings, part: Part) -> &mut Vec<String> {
    match part {
        Part::Recogniser => &mut settings.recogniser.providers,
        Part::Model => &mut settings.model.providers,
        Part::Voice => &mut settings.voice.providers,
    }
}

#[cfg(test)]
mod tests {
    use libretto_store::settings::Persona;

    use super::*;

    /// There are keys for all but Cartesia.
    const KEYED: Keyed<'static> = &|entry| entry.name != "cartesia";

    fn settings(voices: &[&str]) -> Settings {
        let mut settings = Settings::default();
        settings.voice.providers = voices.iter().map(|name| (*name).to_owned()).collect();
        settings
    }

    fn own<'s>(settings: &'s Settings, provider: &str, field: Field) -> Option<&'s str> {
        settings.providers.get(provider)?.text(field.key())
    }

    #[test]
    fn the_first_is_the_first_that_can_be_used() {
        let mut settings = settings(&["cartesia", "nobody", "openai", "on-device"]);
        assert_eq!(first(&settings, Part::Voice, KEYED), "openai");
        // It has no language model.
        settings.model.providers = vec!["deepgram".into(), "ollama".into()];
        assert_eq!(first(&settings, Part::Model, KEYED), "ollama");
        settings.recogniser.providers.clear();
        assert_eq!(first(&settings, Part::Recogniser, KEYED), ON_DEVICE);
    }

    #[test]
    fn the_first_keeps_its_names_when_another_takes_its_place() {
        let mut settings = settings(&["openai", "elevenlabs"]);
        settings.voice.voice = Some("marin".into());
        settings.voice.model = Some("tts-1".into());
        settings.model.model = Some("gpt-5.4".into());
        reorder(
            &mut settings,
            Part::Voice,
            vec!["elevenlabs".into(), "openai".into()],
            KEYED,
        );
        assert_eq!((&settings.voice.voice, &settings.voice.model), (&None, &None));
        assert_eq!(own(&settings, "openai", Field::Voice), Some("marin"));
        assert_eq!(own(&settings, "openai", Field::Model(Part::Voice)), Some("tts-1"));
        assert_eq!(
            settings.model.model.as_deref(),
            Some("gpt-5.4"),
            "of another part"
        );
    }

    #[test]
    fn an_order_with_the_same_first_moves_no_name() {
        let mut settings = settings(&["openai", "elevenlabs"]);
        settings.voice.voice = Some("marin".into());
        // There is no key for the one that is put before it.
        let names = vec!["cartesia".into(), "openai".into(), "on-device".into()];
        reorder(&mut settings, Part::Voice, names, KEYED);
        assert_eq!(settings.voice.voice.as_deref(), Some("marin"));
        assert!(settings.providers.is_empty());
    }

    #[test]
    fn a_choice_counts_at_once_and_is_what_is_shown() {
        let mut settings = settings(&["openai", "elevenlabs"]);
        settings.voice.voice = Some("marin".into());
        let entry = |name| catalogue::named(name).unwrap();
        for (name, voice) in [("openai", Some("alloy")), ("elevenlabs", Some("George"))] {
            set(
                &mut settings,
                entry(name),
                Field::Voice,
                voice.map(str::to_owned),
                KEYED,
            );
            assert_eq!(get(&settings, name, Field::Voice, KEYED).as_deref(), voice);
            let speaks = crate::translate::speaking(&settings, name, name == "openai");
            assert_eq!(speaks.voice.as_deref(), voice);
        }
        set(&mut settings, entry("openai"), Field::Voice, None, KEYED);
        assert_eq!(get(&settings, "openai", Field::Voice, KEYED), None);
        assert_eq!(settings.voice.voice, None);
    }

    #[test]
    fn what_is_chosen_for_a_personas_provider_is_heard_from_it() {
        let mut settings = settings(&["openai"]);
        settings.voice.voice = Some("marin".into());
        settings.conversation.persona = Some("Ada".into());
        settings.conversation.personas = vec![Persona {
            name: "Ada".into(),
            voice_provider: Some("elevenlabs".into()),
            ..Persona::default()
        }];
        let speaks = |settings: &Settings| crate::translate::speaking(settings, "elevenlabs", false).voice;
        assert_eq!(speaks(&settings), None, "that voice is OpenAI's");
        let entry = catalogue::named("elevenlabs").unwrap();
        set(&mut settings, entry, Field::Voice, Some("George".into()), KEYED);
        assert_eq!(speaks(&settings).as_deref(), Some("George"));
        assert_eq!(
            get(&settings, "openai", Field::Voice, KEYED).as_deref(),
            Some("marin")
        );
    }
}
