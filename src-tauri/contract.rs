//! The whole contract between the pages and Libretto: every command and every event. `ui/src/lib/bindings.ts` is
//! written from it; the test below fails when that file is not what it should be.

use specta_typescript::semantic;
use tauri_specta::{Builder, collect_commands, collect_events};

use crate::commands::{devices, history, keys, models, providers, settings, shell, talk};
use crate::wire;

/// Every command and every event.
pub fn contract() -> Builder<tauri::Wry> {
    Builder::new()
        .commands(collect_commands![
            talk::snapshot,
            talk::watch,
            talk::key_down,
            talk::key_up,
            talk::ask,
            talk::cancel,
            talk::repeat,
            talk::set_paused,
            settings::settings_get,
            settings::settings_set,
            settings::settings_undo,
            devices::devices_list,
            devices::devices_choose,
            devices::devices_test,
            devices::devices_test_end,
            devices::voice_preview,
            models::models_list,
            models::models_missing,
            models::models_measure,
            models::models_get,
            models::models_pause,
            models::models_cancel,
            models::models_remove,
            keys::keys_list,
            keys::keys_set,
            keys::keys_remove,
            providers::providers_list,
            providers::providers_order,
            providers::providers_choose,
            providers::providers_test,
            providers::providers_models,
            providers::providers_voices,
            providers::providers_preview,
            history::history_sessions,
            history::history_search,
            history::history_open,
            history::history_rename,
            history::history_save,
            history::history_delete,
            history::history_delete_all,
            history::session_resume,
            shell::doctor_examine,
            shell::window_open,
            shell::window_drawn,
            shell::window_hide,
            shell::window_pin,
            shell::hotkeys_capture,
            shell::hotkeys_set,
            shell::link_open,
            shell::quit,
        ])
        .events(collect_events![
            wire::notice::Notice,
            wire::settings::SettingsChanged,
            wire::shell::ShellChanged,
            wire::shell::SessionChanged,
            wire::shell::NoticesChanged,
            wire::hotkeys::HotkeyUsed,
            wire::models::ModelProgress,
            wire::models::ModelEnded,
        ])
        // Samples, bytes and milliseconds stay far below the 2^53 that a page's number holds exactly.
        .dangerously_cast_bigints_to_number()
        // What is written can be read, so one type serves both ways; and none of our numbers is infinite.
        .disable_serde_phases()
        .semantic_types(semantic::Configuration::empty().enable_lossless_floats())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use specta_typescript::Typescript;

    use super::contract;

    /// Which window has which command is checked where the pages are (`ui/tests/capabilities.test.ts`).
    #[test]
    fn every_command_is_allowed_to_some_window_and_nothing_else_is() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let read = |path: &str| std::fs::read_to_string(root.join(path)).unwrap();
        let config: serde_json::Value = serde_json::from_str(&read("tauri.conf.json")).unwrap();
        let capabilities = config["app"]["security"]["capabilities"].as_array().unwrap();
        let allowed: BTreeSet<String> = capabilities
            .iter()
            .flat_map(|capability| capability["permissions"].as_array().unwrap())
            .filter_map(|permission| permission.as_str()?.strip_prefix("allow-"))
            .map(|command| command.replace('-', "_"))
            .collect();
        let bindings = read("ui/src/lib/bindings.ts");
        let calls = bindings
            .split("__TAURI_INVOKE")
            .filter_map(|call| call.split_once("(\""));
        let commands: BTreeSet<String> = calls
            .filter_map(|(_, rest)| rest.split('"').next())
            .filter(|command| !command.contains(':'))
            .map(str::to_owned)
            .collect();
        assert!(commands.len() > 40, "{commands:?}");
        assert_eq!(allowed, commands);
    }

    #[test]
    fn the_pages_know_the_contract() {
        let folder = tempfile::tempdir().unwrap();
        let fresh = folder.path().join("bindings.ts");
        let typescript = Typescript::default()
            .header("// Written by `LIBRETTO_BLESS=1 cargo test -p libretto`; do not edit.\n");
        contract().export(typescript, &fresh).unwrap();
        let fresh = std::fs::read_to_string(fresh).unwrap();
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("ui/src/lib/bindings.ts");
        if std::env::var_os("LIBRETTO_BLESS").is_some() {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, &fresh).unwrap();
        }
        let kept = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            kept == fresh,
            "ui/src/lib/bindings.ts is not what the commands and events say: run this test with LIBRETTO_BLESS=1, and \
             see that the pages still fit"
        );
    }
}
