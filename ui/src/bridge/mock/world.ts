// A backend's state for the tests: what is so before anything is done.

import type { Settings } from "../settings";
import type { Devices, Exchange, Finding, Hit, Keys, MissingModel, Model, PastExchange, Provider, Providers, Session, Shell, Snapshot } from "../types";

export interface World {
  snapshot: Snapshot;
  settings: Settings;
  defaults: Settings;
  devices: Devices;
  sessions: Session[];
  /** The second page of them. */
  older: Session[];
  hits: Hit[];
  /** What was said in each session of earlier times. */
  past: PastExchange[];
  models: Model[];
  missing: MissingModel[];
  keys: Keys;
  providers: Providers;
  findings: Finding[];
}

const DAY = 86_400_000;
/** The tests' clock begins here. */
export const NOW = Date.UTC(2026, 4, 12, 9, 30);

export function settings(): Settings {
  return {
    conversation: {
      mode: "push_to_talk",
      system_prompt: "You are a helpful voice assistant. Answer in one short spoken sentence.",
      personas: [],
      barge_in: true,
      max_silence: 1,
      tail: 0.4,
      memory: 20,
    },
    microphone: { keep_warm: 30, echo_cancellation: true },
    loudspeaker: { volume: 0.8 },
    vad: { threshold: 0.5, min_speech: 0.1, min_silence: 0.3, padding: 0.1 },
    recogniser: { vocabulary: ["Libretto", "Tannhäuser"] },
    model: {},
    voice: { speed: 1 },
    on_device: { idle_minutes: 10 },
    hotkeys: { talk: "Ctrl+Shift+Space", cancel: "Escape", quick_ask: "Ctrl+Shift+K" },
    history: { on: true, keep_days: 0, store_alignment: true },
    appearance: {
      theme: "light",
      language: "en",
      text_size: 1,
      reduced_motion: false,
      overlay: true,
      latency: false,
      start_at_login: false,
      first_steps: false,
    },
    network: { attempts: 3, wait: 0.6, concurrency: 3 },
  };
}

const SHELL: Shell = {
  hotkeys: [
    { action: "talk", keys: "Ctrl+Shift+Space", problem: null, trigger: null },
    { action: "cancel", keys: "Escape", problem: null, trigger: null },
    { action: "quick_ask", keys: "Ctrl+Shift+K", problem: "Another program has these keys; choose others.", trigger: null },
  ],
  way: "own",
  paused: false,
  pinned: false,
  asked: 0,
  led: null,
  version: "0.1.0",
};

const SESSIONS: [id: string, title: string, days: number, exchanges: number][] = [
  ["s0", "What is the capital of France?", 0, 3],
  ["s1", "Why is the sea salty, and since when?", 1, 8],
  ["s2", "كيف حال الطقس غداً؟", 2, 1],
  ["s3", "Ein Rezept für Kartoffelsuppe", 5, 4],
  ["s4", "How do I tune a guitar without a tuner when I have only got my ears and a glass of water?", 12, 2],
  ["s5", "今天晚上吃什么？", 40, 6],
];

const MODELS: Model[] = [
  {
    id: "smollm2-135m", name: "SmolLM2 135M", description: "Answers in a sentence, at once, on any machine.",
    quality: "Tiny model, often wrong: it invents facts and cannot do sums. Choose a larger one for real questions.",
    part: "language_model", embedded: true, languages: ["en"], licence: "Apache-2.0", licenceNote: null,
    bytes: 105_000_000, memory: 180_000_000, verified: true, chosen: true,
    state: { kind: "present" }, download: null, speed: { of: "text", words: 41.6, first: 0.21 },
  },
  {
    id: "qwen3-1.7b", name: "Qwen3 1.7B",
    description: "The first real step up: holds a conversation in many languages on a machine with 8 GB.",
    quality: "Sensible answers to everyday questions; check facts that matter.", part: "language_model",
    embedded: false, languages: ["en", "de", "fr", "es", "ar", "zh"], licence: "Apache-2.0", licenceNote: null,
    bytes: 1_282_439_264,
    memory: 1_900_000_000, verified: true, chosen: false, state: { kind: "partial", bytes: 412_000_000 },
    download: {
      model: "qwen3-1.7b", phase: "downloading", source: "the model hub", bytes: 412_000_000, total: 1_282_439_264,
      rate: 7_300_000,
    },
    speed: null,
  },
  {
    id: "gemma-3-4b", name: "Gemma 3 4B", description: "The largest that a computer without a graphics card runs well.",
    quality: "Answers carefully, and takes its time.", part: "language_model", embedded: false, languages: [],
    licence: "LicenseRef-Gemma", licenceNote: "Google's Gemma Terms of Use and its list of prohibited uses apply.",
    bytes: 2_489_757_856, memory: 3_400_000_000,
    verified: false, chosen: false, state: { kind: "missing" }, download: null, speed: null,
  },
  {
    id: "moonshine-tiny-en", name: "Moonshine tiny",
    description: "Recognises English speech in a tenth of the time that it takes to say it.",
    quality: "Good for clear speech close to the microphone; among other voices about every third word is wrong.",
    part: "recogniser", embedded: true, languages: ["en"], licence: "MIT", licenceNote: null,
    bytes: 28_431_117, memory: 210_000_000, verified: true, chosen: true,
    state: { kind: "present" }, download: null, speed: { of: "sound", times: 11.4 },
  },
  {
    id: "hibari", name: "Hibari",
    description: "A lively American woman's voice that knows the time of every word it speaks.",
    quality: "Clear; names from other languages may be misread.", part: "voice", embedded: true,
    languages: ["en"], licence: "MIT", licenceNote: null,
    bytes: 13_800_000, memory: 90_000_000, verified: true, chosen: true, state: { kind: "present" },
    download: null, speed: null,
  },
  {
    id: "hibari-fenrir", name: "Fenrir", description: "An American man's voice.",
    quality: "Clear; names from other languages may be misread.", part: "voice", embedded: false,
    languages: ["en-US"], licence: "Apache-2.0", licenceNote: null, bytes: 13_800_000,
    memory: 90_000_000, verified: true, chosen: false, state: { kind: "present" }, download: null, speed: null,
  },
];

type Ability = Provider["abilities"][number];
const ability = (part: Ability["part"], model: string, more: Partial<Ability> = {}): Ability => ({
  part, model, streaming: true, timings: part !== "model", cancel: true, languages: null, rates: [24_000], ...more,
});
const provider = (name: string, title: string, hasKey: boolean, abilities: Provider["abilities"]): Provider => ({
  name, title, base: `https://api.${name}.example`, needsKey: true, hasKey, abilities, health: null,
  chosen: { recogniserModel: null, model: null, voiceModel: null, voice: null, baseUrl: null },
});
const PROVIDERS: Providers = {
  providers: [
    {
      ...provider("elevenlabs", "ElevenLabs", true, [
        ability("recogniser", "scribe_v2_realtime"), ability("voice", "eleven_flash_v2_5"),
      ]),
      health: { problem: null },
    },
    provider("deepgram", "Deepgram", false, [
      ability("recogniser", "nova-3"), ability("voice", "aura-2-thalia-en", { timings: false, languages: ["de", "en", "es", "fr", "it", "ja", "nl"] }),
    ]),
    {
      ...provider("openai", "OpenAI", true, [
        ability("recogniser", "gpt-4o-mini-transcribe"), ability("model", "gpt-5.4-mini"), ability("voice", "gpt-4o-mini-tts", { timings: false }),
      ]),
      health: { problem: "OpenAI says that the account has nothing left. Top it up, or choose another provider." },
    },
    provider("openrouter", "OpenRouter", false, [ability("model", "x-ai/grok-4.1-fast")]),
  ],
  recogniser: ["deepgram", "elevenlabs", "openai", "on-device"],
  model: ["openrouter", "openai", "on-device"],
  voice: ["openai", "elevenlabs", "on-device"],
};

export function world(exchanges: Exchange[] = []): World {
  const device = (id: string, name: string, usual = false) => ({ id, name, host: "PulseAudio", default: usual });
  return {
    snapshot: {
      sequence: 0,
      state: { mode: "push_to_talk", turn: null, phase: { kind: "idle" } },
      session: "s0",
      exchanges,
      turn: null,
      microphone: null,
      shell: structuredClone(SHELL),
      notices: [],
    },
    settings: settings(),
    defaults: settings(),
    devices: {
      microphones: [device("m1", "Built-in microphone", true), device("m2", "Headset (Bluetooth)")],
      loudspeakers: [device("l1", "Built-in loudspeakers", true), device("l2", "Headset (Bluetooth)")],
      microphone: null,
      loudspeaker: null,
    },
    sessions: SESSIONS.map(([id, title, days, count]) => ({
      id, title, created: NOW - days * DAY, updated: NOW - days * DAY, exchanges: count, timed: id === "s3",
    })),
    older: [],
    hits: [
      {
        session: "s1", title: "Why is the sea salty, and since when?", exchange: 4, created: NOW - DAY,
        snippet: "… rain carries salt from the rocks into the sea, and there it …", marked: [{ start: 15, end: 19 }],
      },
    ],
    past: [
      {
        id: 1, created: NOW - DAY, said: "Why is the sea salty?", reply: "Rivers carry salt into it.", heard: 26, cut: false,
        milestones: [
          { milestone: "opened", at: 0 }, { milestone: "key_up", at: 1_900 }, { milestone: "final_transcript", at: 2_120 },
          { milestone: "first_token", at: 2_310 }, { milestone: "first_sound", at: 2_480 },
          { milestone: "first_word_lit", at: 2_490 },
        ],
      },
      {
        id: 2, created: NOW - DAY + 60_000, said: "And since when?", reply: "Since there are oceans: the salt stays when the water goes.",
        heard: 23, cut: true, milestones: [],
      },
    ],
    models: structuredClone(MODELS),
    missing: [],
    keys: {
      keys: [
        { provider: "elevenlabs", masked: "…7Qx2", place: { kind: "keychain", name: "Secret Service" }, also: [] },
        { provider: "deepgram", masked: null, place: null, also: [] },
        { provider: "openai", masked: "…f00d", place: { kind: "environment", variable: "OPENAI_API_KEY" }, also: [] },
        { provider: "openrouter", masked: null, place: null, also: [] },
      ],
      keychain: { kind: "works", name: "Secret Service" },
    },
    providers: structuredClone(PROVIDERS),
    findings: [
      { name: "Libretto", health: "good", found: "0.1.0 on linux (x86_64)", advice: null },
      { name: "Microphone", health: "good", found: "Built-in microphone (PulseAudio), one of 2", advice: null },
      { name: "Keychain", health: "limited", found: "It does not answer.", advice: "Look for its password window." },
      { name: "Engine", health: "bad", found: "The program is not there.", advice: "Install Libretto again." },
    ],
  };
}
