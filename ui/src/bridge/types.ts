// What the backend says, in its own words (see the crates `conversation`, `store` and `ondevice`). Times are
// milliseconds unless a name says otherwise; text is counted in grapheme clusters, audio in samples.

/** One exchange: what was said and what was answered. Greater is newer. */
export type TurnId = number;
/** A conversation that can be resumed: a UUID. */
export type SessionId = string;

export interface Range {
  start: number;
  /** The first that is not in it. */
  end: number;
}

export type Mode = "push_to_talk" | "hands_free";
export type Phase = "idle" | "arming" | "waiting" | "listening" | "finishing" | "thinking" | "speaking";

/** What is going on. Windows show it and keep none of their own. */
export interface State {
  mode: Mode;
  turn: TurnId | null;
  phase: Phase;
  /** Listening: a tap began it, and it goes on until the next one. */
  latched: boolean;
  /** Speaking: somebody else speaks, and it is being found out whether they cut in. */
  ducked: boolean;
}

/** How a turn ended. */
export type End = "complete" | "cut" | "heard_nothing" | "cancelled" | "continued" | "failed";
export type Stage = "microphone" | "recogniser" | "model" | "voice" | "loudspeaker" | "memory";

/** What went wrong, as far as anyone has to decide something by it. */
export type Kind =
  | "unauthorised"
  | "quota"
  | "rate_limited"
  | "unavailable"
  | "timeout"
  | "bad_input"
  | "unsupported"
  | "device"
  | "cancelled"
  | "internal";

export type Provenance = "measured" | "estimated";

/** Some clusters of a reply's text, and the samples during which they sound. */
export interface Mark {
  text: Range;
  audio: Range;
  provenance: Provenance;
}

export interface Problem {
  stage: Stage | null;
  kind: Kind;
  /** What happened and what to do next: a sentence. */
  message: string;
  /** Who takes over. */
  next: string | null;
  /** What was said and could not be worked on. */
  text: string | null;
}

/** When each milestone of a turn was passed, in the order of passing. */
export type Milestone =
  | "opened"
  | "first_sample"
  | "first_partial"
  | "speech_end"
  | "key_up"
  | "turn_end"
  | "final_transcript"
  | "first_token"
  | "first_phrase"
  | "first_audio"
  | "first_sound"
  | "first_word_lit"
  | "closed";
export interface Passed {
  milestone: Milestone;
  at: number;
}

/** What the conversation tells whoever watches. */
export type Notice = { turn: TurnId | null } & (
  | { event: "state"; state: State }
  | { event: "closed"; end: End }
  | { event: "using"; stage: Stage; provider: string }
  | { event: "device"; stage: Stage; device: string }
  | { event: "dropped"; samples: number }
  | { event: "reasoning" }
  | { event: "gap" }
  | { event: "partial"; text: string }
  | { event: "said"; text: string }
  | { event: "reply"; delta: string }
  | { event: "marks"; rate: number; marks: Mark[] }
  | { event: "started" }
  | { event: "heard"; clusters: number }
  | { event: "exchange"; said: string | null; reply: string; heard: number; cut: boolean }
  | { event: "ledger"; passed: Passed[] }
  | { event: "problem"; problem: Problem }
);

/** A point where samples and time meet. */
export interface Anchor {
  turn: TurnId;
  /** This sample leaves the loudspeaker … */
  sample: number;
  /** … at this time of this page's `performance.now()`. */
  at: number;
  /** Samples per second at which it moves on; 0 while it stands still. */
  rate: number;
}

/** What changes many times a second. */
export type Live = { kind: "level"; level: number } | { kind: "playhead"; anchor: Anchor | null };

/** An exchange of an earlier time, as the history has it. */
export interface PastExchange {
  /** The history's number, or `null` where it keeps none. */
  id: number | null;
  turn: TurnId;
  said: string | null;
  reply: string;
  /** Clusters of the reply that were heard. */
  heard: number;
  cut: boolean;
}

export interface Session {
  id: SessionId;
  title: string;
  /** Unix time. */
  created: number;
  /** Unix time of the last exchange. */
  updated: number;
  exchanges: number;
}

/** Where a search found its words. */
export interface Hit {
  session: SessionId;
  title: string;
  updated: number;
  snippet: string;
  /** UTF-16 units of the snippet that were found. */
  found: Range[];
}

export type Format = "markdown" | "json" | "srt" | "vtt";
export type Theme = "system" | "light" | "dark" | "high_contrast";

export interface Persona {
  name: string;
  system_prompt?: string | null;
  voice?: string | null;
  voice_provider?: string | null;
  model?: string | null;
  model_provider?: string | null;
  language?: string | null;
  speed?: number | null;
}

/** The settings that the windows show; the file has more. Times are in seconds, as there. */
export interface Settings {
  conversation: {
    mode: Mode;
    system_prompt: string;
    persona?: string | null;
    personas: Persona[];
    barge_in: boolean;
    max_silence: number;
    tail: number;
    memory: number;
  };
  microphone: { device?: string | null; keep_warm: number; echo_cancellation: boolean };
  loudspeaker: { device?: string | null; volume: number };
  vad: { threshold: number; min_speech: number; min_silence: number; padding: number };
  recogniser: { language?: string | null; vocabulary: string[] };
  voice: { voice?: string | null; language?: string | null; speed: number; instructions?: string | null };
  on_device: {
    idle_minutes: number;
    recogniser?: string | null;
    model?: string | null;
    voice?: string | null;
  };
  hotkeys: { talk: string; cancel: string; quick_ask: string };
  history: { on: boolean; keep_days: number; store_alignment: boolean };
  appearance: {
    theme: Theme;
    language?: string | null;
    text_size: number;
    reduced_motion: boolean;
    overlay: boolean;
    start_at_login: boolean;
  };
}

export interface Device {
  id: string;
  name: string;
  isDefault: boolean;
}
export interface Devices {
  inputs: Device[];
  outputs: Device[];
}

export type Part = "recogniser" | "model" | "voice" | "turn";
export interface Model {
  id: string;
  name: string;
  description: string;
  part: Part;
  embedded: boolean;
  languages: string[];
  licence: string;
  licenceNote: string | null;
  /** Bytes to download; `null` where nobody knows before. */
  bytes: number | null;
  /** Bytes of memory while it is loaded. */
  memory: number;
  quality: string;
  /** Measured here, in a sentence; `null` before it ran. */
  speed: string | null;
  state: "missing" | "present" | "partial" | "downloading" | "paused" | "damaged";
  /** Bytes that are here. */
  here: number;
  /** Bytes per second, while it comes. */
  rate: number | null;
  /** Why the last download ended. */
  problem: string | null;
}

export interface Voice {
  id: string;
  name: string;
  language: string;
}

/** Where a key lives. */
export interface Place {
  kind: "keychain" | "environment" | "dot_env" | "memory";
  /** The keychain's name, the variable, or the file. */
  name: string;
}
export interface Key {
  provider: string;
  /** Its last four characters; `null` when there is none. */
  masked: string | null;
  place: Place | null;
  /** The variables that would be looked at. */
  variables: string[];
  /** Whether this one can be taken away here: the environment's cannot. */
  removable: boolean;
}
export interface Keychain {
  works: boolean;
  /** Its name, or what is the matter and what to do. */
  sentence: string;
}

export type HotkeyName = "talk" | "cancel" | "quick_ask";
export interface Hotkey {
  name: HotkeyName;
  /** As the settings have it, such as `Ctrl+Shift+Space`; empty is off. */
  keys: string;
  state: "active" | "taken" | "invalid" | "unsupported" | "off";
  /** What is the matter and what to do. */
  message: string | null;
}
export interface Hotkeys {
  list: Hotkey[];
  /** Who listens to the keys: X11, the desktop's portal, … */
  mechanism: string;
  /** Whether it also says when a key goes up: without it nothing can be held. */
  hold: boolean;
  /** What to do where no key can be had. */
  advice: string | null;
}

export interface Finding {
  name: string;
  health: "good" | "limited" | "bad";
  found: string;
  advice: string | null;
}

/** All that a window needs when it opens. */
export interface Snapshot {
  version: string;
  state: State;
  session: Session | null;
  exchanges: PastExchange[];
  settings: Settings;
  defaults: Settings;
  hotkeys: Hotkeys;
  /** The three steps of the first run are still to be done. */
  firstRun: boolean;
  /** What was found odd while starting: sentences. */
  notices: string[];
}

export type Page = "conversation" | "history" | "settings";

/** What the backend tells unasked, by name. */
export interface Tells {
  notice: Notice;
  settings: Settings;
  hotkeys: Hotkeys;
  devices: Devices;
  models: Model[];
  /** Another session is the one that is spoken in. */
  session: { session: Session | null; exchanges: PastExchange[] };
  /** The list of sessions changed. */
  history: null;
  /** The tray, or another window, asks for a page of the main window. */
  page: Page;
  /** A hotkey was pressed while its test was on. */
  hotkeyPressed: HotkeyName;
}

/** A refusal: what to match on, and the sentence for the user. */
export class Refusal extends Error {
  constructor(
    readonly kind: Kind,
    message: string,
  ) {
    super(message);
    this.name = "Refusal";
  }
}
