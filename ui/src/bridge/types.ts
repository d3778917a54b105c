// What crosses the bridge, as `src-tauri/wire` has it. Places in a text are UTF-16 code units, as this page counts;
// audio is counted in samples of the reply, times are milliseconds since 1970 unless a name says otherwise.

export type FailureKind =
  | "unauthorised" | "quota" | "rate_limited" | "unavailable" | "timeout" | "bad_input" | "unsupported" | "device"
  | "cancelled" | "internal";
export interface Failure { kind: FailureKind; message: string; retry: boolean }

export type Mode = "push_to_talk" | "hands_free";
export type Phase =
  | { kind: "idle" }
  | { kind: "arming" }
  | { kind: "waiting" }
  | { kind: "listening"; latched: boolean }
  | { kind: "finishing"; tail: boolean }
  | { kind: "thinking" }
  | { kind: "speaking"; ducked: boolean };
export interface State { mode: Mode; turn: number | null; phase: Phase }
export type End =
  | { kind: "complete" }
  | { kind: "cut" }
  | { kind: "heard_nothing" }
  | { kind: "cancelled" }
  | { kind: "continued"; by: number }
  | { kind: "failed" };
export type Stage = "microphone" | "recogniser" | "model" | "voice" | "loudspeaker" | "memory";
export type Lifecycle = { kind: "state"; state: State } | { kind: "closed"; end: End };
export type Progress =
  | { kind: "using"; stage: Stage; provider: string }
  | { kind: "device"; stage: Stage; device: string }
  | { kind: "dropped"; samples: number }
  | { kind: "reasoning" }
  | { kind: "gap" };
export interface Span { start: number; end: number }
export interface Word { text: Span; audio: Span; cluster: number }
export interface Exchange { turn: number; said: string | null; reply: string; heard: number; cut: boolean }
export type Data =
  | { kind: "partial"; text: string }
  | { kind: "said"; text: string }
  | { kind: "reply"; delta: string }
  | { kind: "words"; rate: number; words: Word[] }
  | { kind: "started"; audible: number }
  | { kind: "heard"; until: number }
  | { kind: "exchange"; exchange: Exchange };
export interface Problem {
  stage: Stage;
  kind: FailureKind;
  message: string;
  next: string | null;
  text: string | null;
}
export type Body =
  | { group: "lifecycle"; event: Lifecycle }
  | { group: "progress"; event: Progress }
  | { group: "data"; event: Data }
  | { group: "problem"; event: Problem };
export interface Notice { sequence: number; turn: number | null; at: number; body: Body }

export type Pulse =
  | { kind: "level"; level: number }
  | { kind: "playhead"; turn: number; sample: number; rate: number; at: number }
  | { kind: "lit"; turn: number; text: Span; at: number };

export interface Turn {
  turn: number;
  partial: string;
  said: string | null;
  reply: string;
  rate: number;
  words: Word[];
  heard: number | null;
  end: End | null;
  problem: Problem | null;
}
export interface Snapshot {
  sequence: number;
  state: State;
  session: string;
  exchanges: Exchange[];
  turn: Turn | null;
  shell: Shell;
  notices: string[];
}

export type HotkeyAction = "talk" | "cancel" | "quick_ask";
export interface Hotkey { action: HotkeyAction; keys: string; problem: string | null }
export interface HotkeyUsed { action: HotkeyAction; down: boolean }
export interface Shell { hotkeys: Hotkey[]; paused: boolean; pinned: boolean; version: string }
export type Window = "main" | "settings" | "quick-ask" | "overlay";

export interface Device { id: string; name: string; host: string; default: boolean }
export interface Devices {
  microphones: Device[];
  loudspeakers: Device[];
  microphone: string | null;
  loudspeaker: string | null;
}
export type Side = "microphone" | "loudspeaker";

export interface Session { id: string; title: string; created: number; updated: number; exchanges: number }
export interface SessionPage { sessions: Session[]; next: string | null }
export interface PastExchange {
  id: number;
  created: number;
  said: string;
  reply: string;
  heard: number;
  cut: boolean;
}
export interface WholeSession { session: Session; exchanges: PastExchange[] }
export interface Hit {
  session: string;
  title: string;
  exchange: number | null;
  created: number;
  snippet: string;
  marked: Span[];
}
export type Format = "markdown" | "json" | "srt" | "vtt";

export type Place =
  | { kind: "keychain"; name: string }
  | { kind: "environment"; variable: string }
  | { kind: "dot_env"; path: string; variable: string }
  | { kind: "memory" };
export interface Key { provider: string; masked: string | null; place: Place | null; also: Place[] }
export type Keychain = { kind: "works"; name: string } | { kind: "fails"; sentence: string };
export interface Keys { keys: Key[]; keychain: Keychain }
export interface KeyStored { place: Place; sentence: string | null }

export type Part = "recogniser" | "language_model" | "voice" | "turn_detector" | "vad" | "embeddings";
export type ModelState =
  | { kind: "present" }
  | { kind: "missing" }
  | { kind: "partial"; bytes: number }
  | { kind: "corrupt"; file: string };
export type DownloadPhase = "waiting" | "downloading" | "paused" | "retrying" | "unpacking" | "checking" | "done";
export interface ModelProgress {
  model: string;
  phase: DownloadPhase;
  source: string | null;
  bytes: number;
  total: number | null;
  rate: number;
}
export interface ModelEnded { model: string; failure: Failure | null }
export interface Model {
  id: string;
  name: string;
  description: string;
  quality: string;
  part: Part;
  embedded: boolean;
  languages: string[];
  licence: string;
  licenceNote: string | null;
  bytes: number | null;
  memory: number;
  verified: boolean;
  chosen: boolean;
  state: ModelState;
  download: ModelProgress | null;
}

export interface Finding { name: string; health: "good" | "limited" | "bad"; found: string; advice: string | null }
export interface Undone { keys: string[] }
export interface SettingsDocument {
  values: unknown;
  defaults: unknown;
  schema: unknown;
  notices: string[];
  path: string;
}
