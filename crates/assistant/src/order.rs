//! Who is tried in which order: from the names in the settings to providers, with this machine's own last.

use libretto_providers::catalogue::Entry;
use libretto_providers::provider;
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

/// The order: `first` (a persona's wish), then the listed ones, then what runs here, each once. Names that nobody has
/// are passed over.
pub fn order(listed: &[String], first: Option<&str>) -> Vec<Named> {
    let names = first.into_iter().chain(listed.iter().map(String::as_str));
    let mut order: Vec<Named> = Vec::new();
    for name in names.chain([ON_DEVICE]) {
        let name = name.trim().to_ascii_lowercase();
        let meant: Vec<Named> = if matches!(name.as_str(), ON_DEVICE | "local") {
            vec![Named::OnDevice]
        } else {
            provider::meant(&name).into_iter().map(Named::Cloud).collect()
        };
        for one in meant {
            if !order.contains(&one) {
                order.push(one);
            }
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
    fn whoever_puts_this_machine_first_has_it_first() {
        assert_eq!(names(&["on-device", "openai"], None), ["on-device", "openai"]);
    }
}
