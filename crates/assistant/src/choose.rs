//! What a person chooses in the settings about providers: their order, and each one's model, voice and address.

use std::collections::BTreeMap;

use libretto_providers::{Part, catalogue};
use libretto_store::Settings;
use libretto_store::settings::{ON_DEVICE, Provider, Value};
use libretto_voice::{Error, Kind, Result};

use crate::Foundation;
use crate::order::{Named, order};

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

    /// The setting that says the same for whoever is first, and for which part.
    fn of_the_first(self, settings: &mut Settings) -> Option<(Part, &mut Option<String>)> {
        match self {
            Self::Model(part @ Part::Recogniser) => Some((part, &mut settings.recogniser.model)),
            Self::Model(part @ Part::Model) => Some((part, &mut settings.model.model)),
            Self::Model(part @ Part::Voice) => Some((part, &mut settings.voice.model)),
            Self::Voice => Some((Part::Voice, &mut settings.voice.voice)),
            Self::Base => None,
        }
    }
}

impl Foundation {
    /// Who is tried for a part in which order: this machine's own last, unless the user put it elsewhere.
    pub fn order_of(&self, part: Part) -> Vec<Named> {
        order(listed(&self.now(), part), None)
    }

    /// Who of them is the first that can be used.
    fn first(&self, part: Part) -> &'static str {
        let usable = |one: &Named| match one {
            Named::OnDevice => true,
            Named::Cloud(entry) => !entry.needs_key || self.accounts.has_key(entry),
        };
        let first = self.order_of(part).into_iter().find(usable);
        first.map_or(ON_DEVICE, Named::name)
    }

    /// Sets who is tried for a part in which order.
    ///
    /// # Errors
    /// `BadInput` for a name that nobody has; what the settings file says.
    pub fn set_order(&self, part: Part, names: &[String]) -> Result<()> {
        let unknown = names
            .iter()
            .find(|name| *name != ON_DEVICE && catalogue::named(name).is_none());
        if let Some(name) = unknown {
            let name: String = name.chars().take(64).collect();
            return Err(Error::new(
                Kind::BadInput,
                format!("There is no provider {name}."),
            ));
        }
        let new: Vec<String> = order(names, None)
            .into_iter()
            .map(|one| one.name().to_owned())
            .collect();
        let before = self.first(part);
        self.settings.update(|settings| {
            // A name that is given for whoever is first was meant for the one who was.
            for field in [Field::Model(part), Field::Voice] {
                let Some((of, anyones)) = field.of_the_first(settings) else {
                    continue;
                };
                if of == part
                    && new.first().is_none_or(|first| first != before)
                    && let Some(name) = anyones.take()
                {
                    put(&mut settings.providers, before, field, Some(name));
                }
            }
            *listed_mut(settings, part) = new;
        })?;
        Ok(())
    }

    /// Chooses for one provider; `None` is its own default.
    ///
    /// # Errors
    /// `BadInput` for an unknown provider; what the settings file says.
    pub fn choose(&self, provider: &str, field: Field, id: Option<String>) -> Result<()> {
        let Some(entry) = catalogue::named(provider) else {
            let name: String = provider.chars().take(64).collect();
            return Err(Error::new(
                Kind::BadInput,
                format!("There is no provider {name}."),
            ));
        };
        let first = match field {
            Field::Model(part) => self.first(part),
            Field::Voice => self.first(Part::Voice),
            Field::Base => ON_DEVICE,
        };
        let id = id.map(|id| id.trim().to_owned()).filter(|id| !id.is_empty());
        self.settings.update(|settings| {
            // Otherwise the older choice would stand over the new one.
            if let Some((_, anyones)) = field.of_the_first(settings)
                && first == entry.name
                && anyones.is_some()
            {
                anyones.clone_from(&id);
            }
            put(&mut settings.providers, entry.name, field, id);
        })?;
        Ok(())
    }

    /// What was chosen for one provider.
    pub fn choice(&self, provider: &str, field: Field) -> Option<String> {
        let mut now = (*self.now()).clone();
        let own = now.provider(provider).text(field.key()).map(str::to_owned);
        let Some((part, anyones)) = field.of_the_first(&mut now) else {
            return own;
        };
        anyones.take().filter(|_| self.first(part) == provider).or(own)
    }
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

fn listed(settings: &Settings, part: Part) -> &[String] {
    match part {
        Part::Recogniser => &settings.recogniser.providers,
        Part::Model => &settings.model.providers,
        Part::Voice => &settings.voice.providers,
    }
}

fn listed_mut(settings: &mut Settings, part: Part) -> &mut Vec<String> {
    match part {
        Part::Recogniser => &mut settings.recogniser.providers,
        Part::Model => &mut settings.model.providers,
        Part::Voice => &mut settings.voice.providers,
    }
}
