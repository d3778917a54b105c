//! Who is tried in which order: from the names in the settings to providers.
//!
//! What the user wrote stands. What runs here needs no naming: it is last where the list does not put it elsewhere, so
//! that there is always somebody. Who puts it first has the others asked only when it fails, and who names nobody else
//! has nothing asked elsewhere.

use libretto_providers::catalogue::Entry;
use libretto_providers::{Part, provider};
use libretto_store::Settings;
use libretto_store::settings::ON_DEVICE;

/// One in the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// What runs here.
    OnDevice,
    /// A provider in the cloud.
    Cloud(&'static Entry),
}

impl Named {
    /// Its name in the settings.
    pub fn name(self) -> &'static str {
        match self {
            Self::OnDevice => ON_DEVICE,
            Self::Cloud(entry) => entry.name,
        }
    }
}

/// The names that the settings list for a part.
pub fn listed(settings: &Settings, part: Part) -> &[String] {
    match part {
        Part::Recogniser => &settings.recogniser.providers,
        Part::Model => &settings.model.providers,
        Part::Voice => &settings.voice.providers,
    }
}

/// The name that the chosen persona gives for a part.
fn wish(settings: &Settings, part: Part) -> Option<&str> {
    let persona = settings.persona()?;
    match part {
        Part::Recogniser => None,
        Part::Model => persona.model_provider.as_deref(),
        Part::Voice => persona.voice_provider.as_deref(),
    }
}

/// Whose the persona's model or voice is, where it says so.
pub fn wished(settings: &Settings, part: Part) -> Option<Named> {
    meant(wish(settings, part)?).first().copied()
}

/// Who is tried for a part: the chosen persona's own first, then the settings' list.
pub fn tried(settings: &Settings, part: Part) -> Vec<Named> {
    order(listed(settings, part), wish(settings, part))
}

/// Names in the settings' lists that nobody has.
pub fn unknown(settings: &Settings) -> Vec<String> {
    let parts = [Part::Recogniser, Part::Model, Part::Voice].into_iter();
    let names = parts.flat_map(|part| listed(settings, part));
    let mut unknown: Vec<String> = names.filter(|name| meant(name).is_empty()).cloned().collect();
    unknown.sort();
    unknown.dedup();
    unknown
}

/// Whom a name means.
fn meant(name: &str) -> Vec<Named> {
    let name = name.trim().to_ascii_lowercase();
    if matches!(name.as_str(), ON_DEVICE | "local") {
        return vec![Named::OnDevice];
    }
    provider::meant(&name).into_iter().map(Named::Cloud).collect()
}

/// The order: `first` (a persona's wish), then the listed ones, then what runs here, each once. Names that nobody has
/// are passed over.
pub fn order(listed: &[String], first: Option<&str>) -> Vec<Named> {
    let names = first.into_iter().chain(listed.iter().map(String::as_str));
    let mut order: Vec<Named> = Vec::new();
    for one in names.chain([ON_DEVICE]).flat_map(meant) {
        if !order.contains(&one) {
            order.push(one);
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(listed: &[&str], first: Option<&str>) -> Vec<&'static str> {
        let listed: Vec<String> = listed.iter().map(|name| (*name).to_owned()).collect();
        order(&listed, first).into_iter().map(Named::name).collect()
    }

    #[test]
    fn this_machine_stands_last_and_each_once() {
        assert_eq!(names(&[], None), ["on-device"]);
        assert_eq!(
            names(&["deepgram", "nobody", "openai", "deepgram"], None),
            ["deepgram", "openai", "on-device"]
        );
        assert_eq!(names(&["grok"], None), ["openrouter", "xai", "on-device"]);
        assert_eq!(
            names(&["cartesia", "openai", "on-device"], Some("openai")),
            ["openai", "cartesia", "on-device"]
        );
    }

    #[test]
    fn names_that_nobody_has_are_told_once() {
        let mut settings = Settings::default();
        assert_eq!(unknown(&settings), Vec::<String>::new());
        settings.voice.providers = vec!["grok".into(), "nobody".into(), "Local".into()];
        settings.model.providers = vec!["nobody".into()];
        assert_eq!(unknown(&settings), ["nobody"]);
    }

    #[test]
    fn whoever_puts_this_machine_first_has_it_first() {
        assert_eq!(names(&["on-device", "openai"], None), ["on-device", "openai"]);
    }
}
