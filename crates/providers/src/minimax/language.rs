//! The service's names of languages.

const COUNT: usize = 40;

/// Tags, and how the service calls them. Case counts.
const NAMES: [(&str, &str); COUNT] = [
    ("zh", "Chinese"),
    ("yue", "Chinese,Yue"),
    ("en", "English"),
    ("ar", "Arabic"),
    ("ru", "Russian"),
    ("es", "Spanish"),
    ("fr", "French"),
    ("pt", "Portuguese"),
    ("de", "German"),
    ("tr", "Turkish"),
    ("nl", "Dutch"),
    ("uk", "Ukrainian"),
    ("vi", "Vietnamese"),
    ("id", "Indonesian"),
    ("ja", "Japanese"),
    ("it", "Italian"),
    ("ko", "Korean"),
    ("th", "Thai"),
    ("pl", "Polish"),
    ("ro", "Romanian"),
    ("el", "Greek"),
    ("cs", "Czech"),
    ("fi", "Finnish"),
    ("hi", "Hindi"),
    ("bg", "Bulgarian"),
    ("da", "Danish"),
    ("he", "Hebrew"),
    ("ms", "Malay"),
    ("fa", "Persian"),
    ("sk", "Slovak"),
    ("sv", "Swedish"),
    ("hr", "Croatian"),
    ("fil", "Filipino"),
    ("hu", "Hungarian"),
    ("no", "Norwegian"),
    ("sl", "Slovenian"),
    ("ca", "Catalan"),
    ("nn", "Nynorsk"),
    ("ta", "Tamil"),
    ("af", "Afrikaans"),
];

/// What it speaks.
pub(super) const TAGS: [&str; COUNT] = {
    let mut tags = [""; COUNT];
    let mut at = 0;
    while at < COUNT {
        tags[at] = NAMES[at].0;
        at += 1;
    }
    tags
};

/// What the first two generations do not know.
const LATER: [&str; 3] = ["fa", "fil", "ta"];

/// The name for a BCP 47 tag, where the model knows it.
pub(super) fn name(tag: &str, model: &str) -> Option<&'static str> {
    let tag = tag.to_ascii_lowercase();
    let code = match tag.split('-').next().unwrap_or_default() {
        "zh" if tag.contains("-hk") || tag.contains("-mo") || tag.contains("-yue") => "yue",
        "nb" => "no",
        "tl" => "fil",
        code => code,
    };
    let early = model.starts_with("speech-01") || model.starts_with("speech-02");
    NAMES
        .iter()
        .find(|(known, _)| *known == code && !(early && LATER.contains(known)))
        .map(|(_, name)| *name)
}

/// The tag of a voice, whose id begins with its language.
pub(super) fn of_voice(id: &str) -> Option<&'static str> {
    if id.starts_with("Cantonese") {
        return Some("yue");
    }
    NAMES
        .iter()
        .find(|(_, name)| {
            let rest = id.strip_prefix(name);
            rest.is_some_and(|rest| rest.starts_with(['_', ' ']))
        })
        .map(|(tag, _)| *tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_and_names() {
        for (tag, model, expected) in [
            ("en-GB", "speech-2.8-turbo", Some("English")),
            ("zh-Hans-CN", "speech-2.8-turbo", Some("Chinese")),
            ("zh-HK", "speech-2.8-turbo", Some("Chinese,Yue")),
            ("nb", "speech-2.8-turbo", Some("Norwegian")),
            ("fa", "speech-2.8-turbo", Some("Persian")),
            ("fa", "speech-02-hd", None),
            ("xx", "speech-2.8-turbo", None),
        ] {
            assert_eq!(name(tag, model), expected, "{tag}");
        }
        assert_eq!(of_voice("English_radiant_girl"), Some("en"));
        assert_eq!(of_voice("Chinese (Mandarin)_Lyrical_Voice"), Some("zh"));
        assert_eq!(of_voice("Cantonese_GentleLady"), Some("yue"));
        assert_eq!(of_voice("moss_audio_1"), None);
    }
}
