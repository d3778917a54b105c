//! The few words that are shown outside the pages: tray, titles of windows, what the desktop is told of hotkeys. The
//! pages have catalogues of their own (`ui/src/strings`), in the same languages.

use libretto_assistant::store::Settings;

/// The words of one language.
#[derive(Debug, PartialEq, Eq)]
pub struct Words {
    /// Menu: begins to listen, or ends it. Also what the desktop calls that key.
    pub talk: &'static str,
    /// Menu: the small window. Also what the desktop calls its key.
    pub quick_ask: &'static str,
    /// Menu: the main window.
    pub open: &'static str,
    /// Menu: which microphone.
    pub microphone: &'static str,
    /// Menu: the microphone that the system chooses.
    pub system_microphone: &'static str,
    /// Menu: nothing listens until it goes on.
    pub pause: &'static str,
    /// Menu: the settings.
    pub settings: &'static str,
    /// Menu: ends Libretto.
    pub quit: &'static str,
    /// Icon: paused.
    pub paused: &'static str,
    /// Icon: nobody speaks yet, and the microphone is open.
    pub waiting: &'static str,
    /// Icon: the person speaks.
    pub listening: &'static str,
    /// Icon: the model was asked.
    pub thinking: &'static str,
    /// Icon: the reply sounds.
    pub speaking: &'static str,
    /// Title of the settings, behind Libretto's name.
    pub settings_title: &'static str,
    /// Title of the small window, behind Libretto's name.
    pub quick_ask_title: &'static str,
    /// Title of the strip, behind Libretto's name.
    pub at_work: &'static str,
    /// Title of the dialog that says why nothing starts.
    pub cannot_start: &'static str,
}

/// The words of the language that is set, or of the system's.
pub fn of(settings: &Settings) -> &'static Words {
    match &settings.appearance.language {
        Some(language) => among([language.clone()]),
        None => system(),
    }
}

/// The words of the system's language.
pub fn system() -> &'static Words {
    among(sys_locale::get_locales())
}

/// The first of these languages (BCP 47 tags) that there are words for.
fn among(wished: impl IntoIterator<Item = String>) -> &'static Words {
    let known = |tag: String| {
        let base = tag.split(['-', '_']).next()?.to_lowercase();
        ALL.iter().find(|(name, _)| *name == base).map(|(_, words)| words)
    };
    wished.into_iter().find_map(known).unwrap_or(&ENGLISH)
}

const ALL: [(&str, Words); 6] = [
    ("en", ENGLISH),
    ("de", GERMAN),
    ("fr", FRENCH),
    ("es", SPANISH),
    ("ar", ARABIC),
    ("zh", CHINESE),
];

const ENGLISH: Words = Words {
    talk: "Talk",
    quick_ask: "Quick ask",
    open: "Open Libretto",
    microphone: "Microphone",
    system_microphone: "System default",
    pause: "Pause",
    settings: "Settings",
    quit: "Quit",
    paused: "paused",
    waiting: "the microphone is open",
    listening: "listening",
    thinking: "thinking",
    speaking: "speaking",
    settings_title: "settings",
    quick_ask_title: "quick ask",
    at_work: "at work",
    cannot_start: "Libretto can’t start",
};

const GERMAN: Words = Words {
    talk: "Sprechen",
    quick_ask: "Schnelle Frage",
    open: "Libretto öffnen",
    microphone: "Mikrofon",
    system_microphone: "Systemstandard",
    pause: "Pause",
    settings: "Einstellungen",
    quit: "Beenden",
    paused: "pausiert",
    waiting: "das Mikrofon ist offen",
    listening: "hört zu",
    thinking: "denkt nach",
    speaking: "spricht",
    settings_title: "Einstellungen",
    quick_ask_title: "schnelle Frage",
    at_work: "bei der Arbeit",
    cannot_start: "Libretto kann nicht starten",
};

const FRENCH: Words = Words {
    talk: "Parler",
    quick_ask: "Question rapide",
    open: "Ouvrir Libretto",
    microphone: "Microphone",
    system_microphone: "Par défaut (système)",
    pause: "Pause",
    settings: "Réglages",
    quit: "Quitter",
    paused: "en pause",
    waiting: "le micro est ouvert",
    listening: "écoute",
    thinking: "réfléchit",
    speaking: "parle",
    settings_title: "réglages",
    quick_ask_title: "question rapide",
    at_work: "au travail",
    cannot_start: "Libretto ne peut pas démarrer",
};

const SPANISH: Words = Words {
    talk: "Hablar",
    quick_ask: "Pregunta rápida",
    open: "Abrir Libretto",
    microphone: "Micrófono",
    system_microphone: "Predeterminado del sistema",
    pause: "Pausa",
    settings: "Ajustes",
    quit: "Salir",
    paused: "en pausa",
    waiting: "el micrófono está abierto",
    listening: "escuchando",
    thinking: "pensando",
    speaking: "hablando",
    settings_title: "ajustes",
    quick_ask_title: "pregunta rápida",
    at_work: "trabajando",
    cannot_start: "Libretto no se puede iniciar",
};

const ARABIC: Words = Words {
    talk: "تحدّث",
    quick_ask: "سؤال سريع",
    open: "افتح Libretto",
    microphone: "الميكروفون",
    system_microphone: "الافتراضي في النظام",
    pause: "إيقاف مؤقت",
    settings: "الإعدادات",
    quit: "إنهاء",
    paused: "متوقف مؤقتًا",
    waiting: "الميكروفون مفتوح",
    listening: "يستمع",
    thinking: "يفكّر",
    speaking: "يتحدّث",
    settings_title: "الإعدادات",
    quick_ask_title: "سؤال سريع",
    at_work: "يعمل",
    cannot_start: "تعذّر تشغيل Libretto",
};

const CHINESE: Words = Words {
    talk: "说话",
    quick_ask: "快速提问",
    open: "打开 Libretto",
    microphone: "麦克风",
    system_microphone: "系统默认",
    pause: "暂停",
    settings: "设置",
    quit: "退出",
    paused: "已暂停",
    waiting: "麦克风已打开",
    listening: "正在聆听",
    thinking: "正在思考",
    speaking: "正在说话",
    settings_title: "设置",
    quick_ask_title: "快速提问",
    at_work: "工作中",
    cannot_start: "Libretto 无法启动",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_known_language_speaks() {
        let first = |wished: &[&str]| among(wished.iter().map(|tag| (*tag).to_owned()));
        assert_eq!(first(&["pt-BR", "fr_CA", "de"]), &FRENCH);
        assert_eq!(first(&["zh-Hant-HK"]), &CHINESE);
        assert_eq!(first(&[]), &ENGLISH);
        let mut settings = Settings::default();
        settings.appearance.language = Some("ar".into());
        assert_eq!(of(&settings), &ARABIC);
    }
}
