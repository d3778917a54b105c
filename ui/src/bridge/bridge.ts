// The one door to the backend. Whatever stands behind it (Tauri, or the tests' stand-in), the windows see only this.

import type { Patch, SettingAt, SettingKey, Settings } from "./settings";
import type {
  Device,
  Devices,
  Failure,
  FailureKind,
  Finding,
  Format,
  Hit,
  HotkeyAction,
  HotkeyUsed,
  Keys,
  KeyStored,
  MissingModel,
  Model,
  ModelEnded,
  ModelProgress,
  ModelSpeed,
  Notice,
  Original,
  Place,
  Provider,
  ProviderAccount,
  ProviderField,
  Remark,
  ProviderModel,
  ProviderPart,
  Providers,
  ProviderVoice,
  Pulse,
  SampleWord,
  Section,
  Session,
  SessionPage,
  Shell,
  Side,
  Snapshot,
  TestEnd,
  Undone,
  WholeSession,
  Window,
} from "./types";

/** What counts, and the change that would be undone next. */
export interface SettingsNow {
  values: Settings;
  undoable: number | null;
}

/** The number of a change, which undoes it; `null` when there is nothing to undo: all is as before, or something was deleted. */
export type Change = number | null;

/** What the backend tells unasked, by name. */
export interface Tells {
  notice: Notice;
  settings: SettingsNow;
  shell: Shell;
  /** Another session is the present one: take a new snapshot. */
  session: string;
  /** All that the user should read now. */
  notices: Remark[];
  hotkey: HotkeyUsed;
  modelProgress: ModelProgress;
  modelEnded: ModelEnded;
}

/** A refused call: what to match on, and the sentence for the user. */
export class Refusal extends Error implements Failure {
  override readonly name = "Refusal";

  constructor(
    readonly kind: FailureKind,
    message: string,
    readonly retry = false,
  ) {
    super(message);
  }
}

/** Every call may be refused with a `Refusal`. */
export interface Bridge {
  /** Which window this is. */
  readonly window: Window;
  snapshot(): Promise<Snapshot>;
  /** Hears what is told from now on, until the returned function is called. */
  on<K extends keyof Tells>(name: K, hear: (told: Tells[K]) => void): () => void;
  /** Waits until all that is listened to so far is heard: what is asked for afterwards misses nothing. */
  listening(): Promise<void>;
  /** Levels and playhead, as long as somebody watches. */
  watch(see: (pulse: Pulse) => void): () => void;

  talkKey(down: boolean): Promise<void>;
  cancel(): Promise<void>;
  ask(text: string): Promise<void>;
  /** Nothing listens until it goes on. */
  pause(paused: boolean): Promise<void>;
  /** Says a reply again, whichever it was and as it was written, from this grapheme cluster of it on. */
  repeat(of: Original, reply: string, cluster: number): Promise<void>;

  settings(): Promise<SettingsNow & { defaults: Settings; path: string; notices: string[] }>;
  /** Takes effect at once and stays; `undefined` is as it was before anything was set. */
  set<K extends SettingKey>(key: K, value: SettingAt<K> | undefined): Promise<Change>;
  /** Several of a section at once, as one change; `null` is as it was before anything was set. */
  patch<S extends keyof Settings>(section: S, values: Patch<S>): Promise<Change>;
  /** Takes a change back, whatever was changed since; `null` is the last. */
  undo(change: Change): Promise<Undone>;

  newSession(): Promise<void>;
  sessions(after: string | null): Promise<SessionPage>;
  search(query: string): Promise<Hit[]>;
  /** All that was said in a session, which stays as it is. */
  look(session: string): Promise<WholeSession>;
  resume(session: string): Promise<void>;
  rename(session: string, title: string): Promise<void>;
  remove(session: string): Promise<void>;
  removeAll(): Promise<void>;
  /** Writes a file; its path, or `null` when the user thought better of it. */
  exportTo(session: Session["id"], format: Format): Promise<string | null>;

  devices(): Promise<Devices>;
  chooseDevice(side: Side, id: Device["id"] | null): Promise<Change>;
  /** Opens a microphone for its level only, for a minute or until the test is ended; answers how it ended. */
  testMicrophone(id: Device["id"] | null, level: (level: number) => void): Promise<TestEnd>;
  /** Says a sentence; answers when it has been heard. */
  testLoudspeaker(id: Device["id"] | null): Promise<void>;
  /** Says a text with a voice that runs here, and tells each word as it is heard; answers when it is over. */
  hearVoice(model: Model["id"], text: string, heard: (word: SampleWord) => void): Promise<void>;
  endTest(): Promise<void>;

  models(): Promise<Model[]>;
  /** What the settings count on and what is not here. */
  missingModels(): Promise<MissingModel[]>;
  /** How fast it is on this machine; it may take a minute. */
  measureModel(id: Model["id"]): Promise<ModelSpeed>;
  /** Answers when it is here. `unverified` is the user's consent to a model whose checksum nobody has stated. */
  download(id: Model["id"], unverified: boolean): Promise<void>;
  pauseDownload(id: Model["id"], paused: boolean): Promise<void>;
  cancelDownload(id: Model["id"]): Promise<void>;
  removeModel(id: Model["id"]): Promise<void>;

  keys(): Promise<Keys>;
  /** The key is not kept on this side. */
  setKey(provider: string, key: string): Promise<KeyStored>;
  /** Where another key for the provider is still given. */
  removeKey(provider: string): Promise<Place | null>;

  providers(): Promise<Providers>;
  /** Who is tried for a part in which order; this machine is always among them. */
  orderProviders(part: ProviderPart, names: string[]): Promise<Change>;
  /** `null` is the provider's own default. */
  chooseProvider(provider: Provider["name"], field: ProviderField, id: string | null): Promise<Change>;
  /** One cheap call; a refusal says what is wrong with the key. */
  testProvider(provider: Provider["name"]): Promise<ProviderAccount>;
  providerModels(provider: Provider["name"], part: ProviderPart): Promise<ProviderModel[]>;
  providerVoices(provider: Provider["name"]): Promise<ProviderVoice[]>;
  /** Says a sentence; answers when it has been heard. `null` is the voice that was chosen. */
  previewVoice(
    provider: Provider["name"],
    voice: string | null,
    text: string,
    heard: (word: SampleWord) => void,
  ): Promise<void>;

  setHotkey(action: HotkeyAction, keys: string): Promise<Change>;
  /** While keys are captured, the hotkeys themselves are silent. */
  captureHotkeys(on: boolean): Promise<void>;

  examine(): Promise<Finding[]>;
  copy(text: string): Promise<void>;
  openLink(address: string): Promise<void>;

  /** Brings a window to the front; the settings with this section, where one is given. */
  show(window: Window, section?: Section): Promise<void>;
  /** This window's page is drawn: it may be seen. */
  drawn(): Promise<void>;
  /** Puts this window away. */
  hide(): Promise<void>;
  /** Quick ask: stays open when it loses the focus. */
  pin(pinned: boolean): Promise<void>;
  /** Ends Libretto. */
  quit(): Promise<void>;
}
