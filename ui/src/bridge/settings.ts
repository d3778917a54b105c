// The settings that the windows show, out of the document, which has more. Times are in seconds, as there.

import type { Mode } from "./types";

export interface Persona {
  name: string;
  system_prompt?: string;
  voice?: string;
  voice_provider?: string;
  model?: string;
  model_provider?: string;
  language?: string;
  speed?: number;
}

export type Theme = "system" | "light" | "dark" | "high_contrast";

export interface Settings {
  conversation: {
    mode: Mode;
    system_prompt: string;
    persona?: string;
    personas: Persona[];
    barge_in: boolean;
    max_silence: number;
    tail: number;
    memory: number;
  };
  microphone: { device?: string; keep_warm: number; echo_cancellation: boolean };
  loudspeaker: { device?: string; volume: number };
  vad: { threshold: number; min_speech: number; min_silence: number; padding: number };
  recogniser: { language?: string; vocabulary: string[] };
  model: { temperature?: number; max_tokens?: number };
  voice: { voice?: string; language?: string; speed: number; instructions?: string };
  on_device: { idle_minutes: number; recogniser?: string; model?: string; voice?: string };
  hotkeys: { talk: string; cancel: string; quick_ask: string };
  history: { on: boolean; keep_days: number; store_alignment: boolean };
  appearance: {
    theme: Theme;
    language?: string;
    text_size: number;
    reduced_motion: boolean;
    overlay: boolean;
    /** Whether each reply shows how long its steps took. */
    latency: boolean;
    start_at_login: boolean;
    /** Whether the first steps are shown when the window opens. */
    first_steps: boolean;
  };
  network: { attempts: number; wait: number; concurrency: number };
}

/** Some settings of a section; `null` takes one back to what counts where nothing was set. */
export type Patch<S extends keyof Settings> = { [F in keyof Settings[S]]?: Settings[S][F] | null };

/** The dotted key of a setting, such as `"voice.speed"`. */
export type SettingKey = {
  [S in keyof Settings & string]: `${S}.${keyof Settings[S] & string}`;
}[keyof Settings & string];

/** The type of the setting at a key. */
export type SettingAt<K extends SettingKey> = K extends `${infer S}.${infer F}`
  ? S extends keyof Settings
    ? F extends keyof Settings[S]
      ? Settings[S][F]
      : never
    : never
  : never;

/** Reads a setting. */
export function read<K extends SettingKey>(settings: Settings, key: K): SettingAt<K> {
  const [section, field] = key.split(".") as [keyof Settings, string];
  return (settings[section] as Record<string, unknown>)[field] as SettingAt<K>;
}
