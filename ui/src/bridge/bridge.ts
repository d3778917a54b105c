// The one door to the backend. Whatever stands behind it (Tauri, or the tests' stand-in), the windows see only this.

import type {
  Devices,
  Finding,
  Format,
  Hit,
  HotkeyName,
  Hotkeys,
  Key,
  Keychain,
  Live,
  Mode,
  Model,
  Session,
  SessionId,
  Settings,
  Snapshot,
  Tells,
  TurnId,
  Voice,
} from "./types";

/** The sections and fields of the settings, such as `"voice.speed"`. */
export type SettingPath = {
  [S in keyof Settings & string]: `${S}.${keyof Settings[S] & string}`;
}[keyof Settings & string];

/** The type of the setting at a path. */
export type SettingAt<P extends SettingPath> = P extends `${infer S}.${infer F}`
  ? S extends keyof Settings
    ? F extends keyof Settings[S]
      ? Settings[S][F]
      : never
    : never
  : never;

/** Calls are refused with a `Refusal`, which has a kind and a sentence. */
export interface Bridge {
  /** What is so now. */
  snapshot(): Promise<Snapshot>;
  /** Hears what is told from now on, until the returned function is called. */
  on<K extends keyof Tells>(name: K, hear: (told: Tells[K]) => void): () => void;
  /** Levels and playhead, as long as somebody watches. */
  watch(see: (live: Live) => void): () => void;

  talkKey(down: boolean): Promise<void>;
  cancel(): Promise<void>;
  stop(): Promise<void>;
  ask(text: string): Promise<void>;
  /** Says the last reply again, from this grapheme cluster of it on. */
  replay(turn: TurnId, cluster: number): Promise<void>;
  setMode(mode: Mode): Promise<void>;

  /** Takes effect at once and stays. */
  change<P extends SettingPath>(path: P, value: SettingAt<P>): Promise<void>;

  newSession(): Promise<void>;
  sessions(limit: number): Promise<Session[]>;
  search(query: string, limit: number): Promise<Hit[]>;
  resume(id: SessionId): Promise<void>;
  rename(id: SessionId, title: string): Promise<void>;
  remove(id: SessionId): Promise<void>;
  removeAll(): Promise<void>;
  /** Asks where to put it; the path, or `null` when the user thought better of it. */
  exportTo(id: SessionId, format: Format): Promise<string | null>;

  devices(): Promise<Devices>;
  /** Opens the microphone for its levels only, or closes it again. */
  testMicrophone(on: boolean): Promise<void>;
  testLoudspeaker(): Promise<void>;

  voices(): Promise<Voice[]>;
  models(): Promise<Model[]>;
  download(id: string): Promise<void>;
  pauseDownload(id: string): Promise<void>;
  removeModel(id: string): Promise<void>;

  keys(): Promise<{ keys: Key[]; keychain: Keychain }>;
  /** The key is not kept on this side. */
  setKey(provider: string, key: string): Promise<void>;
  removeKey(provider: string): Promise<void>;

  hotkeys(): Promise<Hotkeys>;
  setHotkey(name: HotkeyName, keys: string): Promise<Hotkeys>;
  /** While keys are captured, the hotkeys themselves are silent. */
  captureHotkeys(on: boolean): Promise<void>;

  examine(): Promise<Finding[]>;
  copy(text: string): Promise<void>;
  firstRunDone(): Promise<void>;

  /** Quick ask: stays open when it loses the focus. */
  pin(pinned: boolean): Promise<void>;
  /** Quick ask: goes on in the main window. */
  handOver(): Promise<void>;
  closeWindow(): Promise<void>;
  dragWindow(): Promise<void>;
}
