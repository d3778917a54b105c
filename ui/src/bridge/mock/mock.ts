// The tests' stand-in for the backend. It plays scripted turns on the page's own clock, which the tests move; it keeps
// what it is told, so that a test can look at it. No part of what is shipped.

import { type Bridge, type Change, Refusal, type Tells } from "../bridge";
import { type Settings } from "../settings";
import type { Body, FailureKind, Original, Passed, Phase, ProviderPart, Pulse, SampleWord, Shell, TestEnd, Window } from "../types";
import { Changes } from "./changes";
import type { Stage } from "./stage";
import { heardUntil, length, RATE, spoken } from "./voice";
import { world } from "./world";

type Hearers = { [K in keyof Tells]?: Set<(told: Tells[K]) => void> };

export function mock(): Bridge {
  const name = new URLSearchParams(location.search).get("window") ?? "main";
  const stage = new Backend(name as Window);
  window.librettoWorld?.(stage.world);
  window.libretto = stage;
  return stage.bridge();
}

class Backend implements Stage {
  readonly world = world();
  readonly calls: Stage["calls"] = [];
  reply = "The capital of France is Paris.";
  utterance = "What is the capital of France?";
  readonly #hearers: Hearers = {};
  readonly #seers = new Set<(pulse: Pulse) => void>();
  readonly #refusals = new Map<string, Refusal>();
  readonly #waits = new Map<string, number>();
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  #turn = 0;
  #started = 0;
  #spoken: { turn: number; text: string } | undefined;
  #down = 0;
  #endTest: (() => void) | undefined;
  /** Each answers when it is over, however that is. */
  readonly #downloads = new Map<string, (failure: Refusal) => void>();
  readonly #changes = new Changes();

  constructor(readonly window: Window) {}

  talk(down: boolean): Promise<void> {
    return this.bridge().talkKey(down);
  }

  ask(text: string): Promise<void> {
    return this.bridge().ask(text);
  }

  repeat(of: Original, reply: string, cluster: number): Promise<void> {
    return this.bridge().repeat(of, reply, cluster);
  }

  refuse(name: string, kind: FailureKind, message: string): void {
    this.#refusals.set(name, new Refusal(kind, message));
  }

  slow(name: string, wait: number): void {
    this.#waits.set(name, wait);
  }

  emit<K extends keyof Tells>(name: K, told: Tells[K]): void {
    for (const hear of this.#hearers[name] ?? []) hear(told);
  }

  pulse(pulse: Pulse): void {
    for (const see of this.#seers) see(pulse);
  }

  tell(turn: number | null, ...bodies: Body[]): void {
    for (const body of bodies) {
      const { snapshot } = this.world;
      snapshot.sequence += 1;
      if (body.group === "lifecycle" && body.event.kind === "state") snapshot.state = body.event.state;
      this.emit("notice", { sequence: snapshot.sequence, turn, at: Date.now(), body });
    }
  }

  #phase(phase: Phase): void {
    const turn = phase.kind === "idle" ? null : this.#turn;
    const mode = this.world.settings.conversation.mode;
    this.tell(turn, { group: "lifecycle", event: { kind: "state", state: { mode, turn, phase } } });
  }

  #using(stage: ProviderPart, provider: string): void {
    this.tell(this.#turn, { group: "progress", event: { kind: "using", stage, provider } });
  }

  #after(wait: number, work: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      work();
    }, wait);
    this.#timers.add(timer);
  }

  #quiet(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }

  // ---- a turn -----------------------------------------------------------------------------------------------------

  #listen(): void {
    this.#cut();
    this.#turn += 1;
    this.#phase({ kind: "arming" });
    this.#using("recogniser", "elevenlabs");
    this.#after(120, () => {
      this.#phase({ kind: "listening", latched: false });
      this.#levels();
      const words = this.utterance.split(" ");
      words.forEach((_, index) => {
        this.#after(200 + index * 180, () => {
          const text = words.slice(0, index + 1).join(" ");
          this.tell(this.#turn, { group: "data", event: { kind: "partial", text } });
        });
      });
    });
  }

  #levels(): void {
    const beat = (step: number): void => {
      this.pulse({ kind: "level", level: 0.05 + 0.06 * Math.abs(Math.sin(step)) });
      this.#after(100, () => {
        beat(step + 1);
      });
    };
    beat(0);
  }

  #understand(): void {
    this.#quiet();
    this.pulse({ kind: "level", level: 0 });
    this.#phase({ kind: "finishing", tail: false });
    this.#after(150, () => {
      this.#answer(this.utterance);
    });
  }

  #answer(said: string): void {
    const text = this.reply;
    this.tell(this.#turn, { group: "data", event: { kind: "said", text: said } });
    this.#phase({ kind: "thinking" });
    this.#using("model", "openai");
    this.#after(400, () => {
      this.#speak(text, 0, said);
    });
  }

  #speak(text: string, from: number, said: string | null): void {
    const turn = this.#turn;
    this.#using("voice", "on-device");
    this.#spoken = { turn, text };
    const pieces = said === null ? [text] : text.split(/(?<=\s)/u);
    pieces.forEach((delta, index) => {
      const tell = (): void => {
        this.tell(turn, { group: "data", event: { kind: "reply", delta } });
      };
      if (index === 0) tell();
      else this.#after(index * 8, tell);
    });
    const all = spoken(text);
    const first = all.find((word) => word.cluster >= from) ?? all[0];
    const skip = (first?.audio.start ?? 0) - 2_400;
    const words = all
      .filter((word) => word.cluster >= from)
      .map((word) => ({ ...word, audio: { start: word.audio.start - skip, end: word.audio.end - skip } }));
    // Samples are queued a little before they sound.
    const wait = pieces.length * 8 + 40;
    this.#after(wait, () => {
      this.tell(turn, { group: "data", event: { kind: "words", rate: RATE, words } });
      this.#started = Date.now() + 20;
      this.tell(turn, { group: "data", event: { kind: "started", audible: this.#started } });
      this.pulse({ kind: "playhead", turn, sample: 0, rate: RATE, at: this.#started });
      this.#phase({ kind: "speaking", ducked: false });
    });
    this.#after(wait + length(words), () => {
      this.#close(said, text, text.length, false);
    });
  }

  #cut(): void {
    this.#quiet();
    const spoken = this.#spoken;
    if (!spoken) return;
    const sample = ((Date.now() - this.#started) * RATE) / 1000;
    this.pulse({ kind: "playhead", turn: spoken.turn, sample: Math.max(0, Math.round(sample)), rate: 0, at: Date.now() });
    const heard = this.#started ? (heardUntil(spoken.text, sample) ?? 0) : 0;
    this.#close(null, spoken.text, heard, true);
  }

  #close(said: string | null, reply: string, heard: number, cut: boolean): void {
    const turn = this.#turn;
    this.#spoken = undefined;
    this.#started = 0;
    this.tell(turn, { group: "data", event: { kind: "heard", until: heard } });
    if (said !== null || cut) {
      const known = said ?? this.utterance;
      const exchange = { original: { kind: "turn" as const, id: turn }, said: known, reply, heard, cut, milestones: [] };
      this.tell(turn, { group: "data", event: { kind: "exchange", exchange } });
    }
    const milestones: Passed[] = [
      { milestone: "opened", at: 0 },
      { milestone: "speech_end", at: 1_900 },
      { milestone: "final_transcript", at: 2_180 },
      { milestone: "first_token", at: 2_420 },
      { milestone: "first_sound", at: 2_870 },
      { milestone: "first_word_lit", at: 2_905 },
    ];
    this.tell(turn, { group: "data", event: { kind: "ledger", milestones } });
    this.tell(turn, { group: "lifecycle", event: { kind: "closed", end: { kind: cut ? "cut" : "complete" } } });
    this.#phase({ kind: "idle" });
  }

  // ---- the bridge -------------------------------------------------------------------------------------------------

  #change(values: Record<string, unknown>): Change {
    const tree = structuredClone(this.world.settings);
    const number = this.#changes.make(tree, this.world.defaults, values);
    this.#settings(tree);
    return number;
  }

  #settings(tree: Settings): void {
    this.world.settings = tree;
    this.emit("settings", { values: structuredClone(tree), undoable: this.#changes.next(tree) });
  }

  #shell(change: Partial<Shell>): void {
    const { snapshot } = this.world;
    snapshot.shell = { ...snapshot.shell, ...change };
    this.emit("shell", structuredClone(snapshot.shell));
  }

  /** A voice's sample: each word is told when it would sound. */
  #sample(text: string, heard: (word: SampleWord) => void): Promise<void> {
    return new Promise((over) => {
      const words = spoken(text);
      const timers = words.map((word) =>
        setTimeout(() => { heard({ text: word.text, at: Date.now() }); }, (word.audio.start * 1000) / RATE),
      );
      const end = (): void => {
        timers.forEach(clearTimeout);
        over();
      };
      timers.push(setTimeout(end, length(words)));
      this.#endTest = end;
    });
  }

  /** Every call is noted, may be refused, and answers later. */
  #call<T>(name: string, args: unknown[], work: () => T): Promise<T> {
    this.calls.push({ name, with: structuredClone(args.filter((arg) => typeof arg !== "function")) });
    const refusal = this.#refusals.get(name);
    this.#refusals.delete(name);
    const wait = this.#waits.get(name);
    this.#waits.delete(name);
    const later = wait === undefined ? Promise.resolve() : new Promise((done) => setTimeout(done, wait));
    return refusal ? Promise.reject(refusal) : later.then(work);
  }

  bridge(): Bridge {
    const { world } = this;
    const copy = <T>(value: T): T => structuredClone(value);
    const nothing = (): void => undefined;
    return {
      window: this.window,
      on: (name, hear) => {
        const hearers = ((this.#hearers[name] as Set<typeof hear> | undefined) ??= new Set());
        (this.#hearers as Record<string, unknown>)[name] = hearers;
        hearers.add(hear);
        return () => hearers.delete(hear);
      },
      listening: () => Promise.resolve(),
      watch: (see) => {
        this.#seers.add(see);
        return () => this.#seers.delete(see);
      },
      snapshot: () => this.#call("snapshot", [], () => copy(world.snapshot)),
      talkKey: (down) =>
        this.#call("talkKey", [down], () => {
          const state = world.snapshot.state.phase;
          if (down) {
            this.#down = Date.now();
            if (state.kind === "listening" && state.latched) this.#understand();
            else this.#listen();
          } else if (["arming", "listening"].includes(state.kind)) {
            if (Date.now() - this.#down < 300) {
              this.#after(state.kind === "arming" ? 200 : 0, () => {
                this.#phase({ kind: "listening", latched: true });
              });
            } else {
              this.#understand();
            }
          }
        }),
      cancel: () =>
        this.#call("cancel", [], () => {
          this.#cut();
          if (world.snapshot.state.phase.kind !== "idle") this.#phase({ kind: "idle" });
        }),
      ask: (text) =>
        this.#call("ask", [text], () => {
          this.#cut();
          this.#turn += 1;
          this.utterance = text;
          this.#answer(text);
        }),
      repeat: (of, reply, cluster) =>
        this.#call("repeat", [of, reply, cluster], () => {
          this.#cut();
          this.#turn += 1;
          this.tell(this.#turn, { group: "data", event: { kind: "again", of } });
          this.#phase({ kind: "thinking" });
          this.#speak(reply, cluster, null);
        }),

      settings: () =>
        this.#call("settings", [], () => ({
          values: copy(world.settings),
          defaults: copy(world.defaults),
          path: "/home/ana/.config/libretto/settings.toml",
          notices: [],
          undoable: this.#changes.next(world.settings),
        })),
      set: (key, value) => this.#call("set", [key, value], () => this.#change({ [key]: value })),
      patch: (section, values) =>
        this.#call("patch", [section, values], () =>
          this.#change(Object.fromEntries(Object.entries(values).map(([field, value]) => [`${section}.${field}`, value]))),
        ),
      undo: (change) =>
        this.#call("undo", [change], () => {
          const tree = copy(world.settings);
          const keys = this.#changes.undo(tree, change);
          this.#settings(tree);
          return { keys };
        }),

      newSession: () =>
        this.#call("newSession", [], () => {
          world.snapshot = { ...world.snapshot, session: "new", exchanges: [], turn: null };
          this.emit("session", "new");
        }),
      sessions: (after) =>
        this.#call("sessions", [after], () =>
          after === null
            ? { sessions: copy(world.sessions), next: world.older.length > 0 ? "older" : null }
            : { sessions: copy(world.older), next: null },
        ),
      search: (query) =>
        this.#call("search", [query], () => copy(world.hits.filter((hit) => hit.snippet.includes(query)))),
      look: (session) =>
        this.#call("look", [session], () => {
          const found = world.sessions.find((other) => other.id === session);
          if (!found) throw new Refusal("bad_input", "There is no such session; it may have been deleted.");
          return { session: copy(found), exchanges: copy(world.past) };
        }),
      resume: (session) =>
        this.#call("resume", [session], () => {
          const exchanges = [{ original: { kind: "exchange" as const, id: 1 }, said: "Why is the sea salty?", reply: "Rivers carry salt into it.", heard: 26, cut: false, milestones: [] }];
          world.snapshot = { ...world.snapshot, session, exchanges, turn: null };
          this.emit("session", session);
        }),
      rename: (session, title) =>
        this.#call("rename", [session, title], () => {
          const found = world.sessions.find((other) => other.id === session);
          if (found) found.title = title;
        }),
      remove: (session) =>
        this.#call("remove", [session], () => {
          world.sessions = world.sessions.filter((other) => other.id !== session);
        }),
      removeAll: () => this.#call("removeAll", [], () => { world.sessions = []; }),
      exportTo: (session, format) =>
        this.#call("exportTo", [session, format], () => `/home/ana/Documents/Libretto.${format}`),

      devices: () => this.#call("devices", [], () => copy(world.devices)),
      chooseDevice: (side, id) =>
        this.#call("chooseDevice", [side, id], () => {
          world.devices[side] = id;
          return this.#change({ [`${side}.device`]: id });
        }),
      testMicrophone: (id, level) =>
        this.#call("testMicrophone", [id], () => undefined).then(
          () =>
            new Promise<TestEnd>((resolve) => {
              let step = 0;
              const timer = setInterval(() => {
                level(0.04 + 0.08 * Math.abs(Math.sin((step += 1))));
              }, 100);
              this.#endTest = () => {
                clearInterval(timer);
                clearTimeout(longest);
                resolve("ended");
              };
              const longest = setTimeout(() => {
                clearInterval(timer);
                resolve("timed_out");
              }, 120_000);
            }),
        ),
      testLoudspeaker: (id) =>
        this.#call("testLoudspeaker", [id], nothing).then(() => new Promise((done) => setTimeout(done, 900))),
      hearVoice: (model, text, heard) =>
        this.#call("hearVoice", [model, text], nothing).then(() => this.#sample(text, heard)),
      endTest: () => this.#call("endTest", [], () => this.#endTest?.()),

      models: () => this.#call("models", [], () => copy(world.models)),
      missingModels: () => this.#call("missingModels", [], () => copy(world.missing)),
      measureModel: (id) =>
        this.#call("measureModel", [id], () => {
          const speed = { of: "sound" as const, times: 7.25 };
          const model = world.models.find((other) => other.id === id);
          if (model) model.speed = speed;
          return speed;
        }),
      download: (id, unverified) =>
        this.#call("download", [id, unverified], nothing).then(
          () => new Promise<void>((_, fail) => this.#downloads.set(id, fail)),
        ),
      pauseDownload: (id, paused) =>
        this.#call("pauseDownload", [id, paused], () => {
          const progress = world.models.find((model) => model.id === id)?.download;
          if (!progress) return;
          progress.phase = paused ? "paused" : "downloading";
          this.emit("modelProgress", copy(progress));
        }),
      cancelDownload: (id) =>
        this.#call("cancelDownload", [id], () => {
          for (const model of [...world.models, ...world.missing]) if (model.id === id) model.download = null;
          const failure = new Refusal("cancelled", "The download was called off.");
          this.#downloads.get(id)?.(failure);
          this.#downloads.delete(id);
          this.emit("modelEnded", { model: id, failure });
        }),
      removeModel: (id) => this.#call("removeModel", [id], nothing),

      keys: () => this.#call("keys", [], () => copy(world.keys)),
      setKey: (provider, key) =>
        this.#call("setKey", [provider, "(a key)"], () => {
          const place = { kind: "keychain" as const, name: "Secret Service" };
          const found = world.keys.keys.find((other) => other.provider === provider);
          if (found) Object.assign(found, { masked: `…${key.slice(-4)}`, place });
          return { place, sentence: null };
        }),
      removeKey: (provider) =>
        this.#call("removeKey", [provider], () => {
          const found = world.keys.keys.find((other) => other.provider === provider);
          if (found) Object.assign(found, { masked: null, place: null });
          return null;
        }),

      providers: () =>
        this.#call("providers", [], () => {
          // An order is a setting, and is undone as one.
          const own = (part: ProviderPart): string[] =>
            (world.settings[part] as { providers?: string[] }).providers ?? world.providers[part];
          return copy({ ...world.providers, recogniser: own("recogniser"), model: own("model"), voice: own("voice") });
        }),
      orderProviders: (part, names) =>
        this.#call("orderProviders", [part, names], () => this.#change({ [`${part}.providers`]: names })),
      chooseProvider: (name, field, id) =>
        this.#call("chooseProvider", [name, field, id], () => {
          const chosen = world.providers.providers.find((other) => other.name === name)?.chosen;
          const keys = {
            recogniser_model: "recogniserModel", model: "model", voice_model: "voiceModel", voice: "voice", base_url: "baseUrl",
          } as const;
          if (chosen) chosen[keys[field]] = id;
          return null;
        }),
      testProvider: (name) =>
        this.#call("testProvider", [name], () => {
          const found = world.providers.providers.find((other) => other.name === name);
          if (found) found.health = { problem: null };
          return { plan: "creator", left: "8800 of 10000 characters", empty: false, limited: false };
        }),
      providerModels: (name, part) =>
        this.#call("providerModels", [name, part], () => [
          { id: "eleven_flash_v2_5", name: "Flash v2.5" }, { id: "eleven_v3", name: "Eleven v3" },
        ]),
      providerVoices: (name) =>
        this.#call("providerVoices", [name], () => [
          { id: "JBFqnCBsd6RMkjVDRZzb", name: "George", description: "warm, British", languages: ["en"], preview: null },
        ]),
      previewVoice: (name, voice, text, heard) =>
        this.#call("previewVoice", [name, voice], nothing).then(() => this.#sample(text, heard)),

      setHotkey: (action, keys) =>
        this.#call("setHotkey", [action, keys], () => {
          const shell = copy(world.snapshot.shell);
          const found = shell.hotkeys.find((other) => other.action === action);
          if (found) Object.assign(found, { keys, problem: null });
          world.snapshot.shell = shell;
          this.emit("shell", copy(shell));
          return this.#change({ [`hotkeys.${action}`]: keys });
        }),
      captureHotkeys: (on) => this.#call("captureHotkeys", [on], nothing),

      examine: () => this.#call("examine", [], () => copy(world.findings)),
      copy: (text) => this.#call("copy", [text], nothing),
      openLink: (address) => this.#call("openLink", [address], nothing),
      show: (window, section) =>
        this.#call("show", [window, ...(section ? [section] : [])], () => {
          const { led } = world.snapshot.shell;
          if (section) this.#shell({ led: { section, times: (led?.times ?? 0) + 1 } });
        }),
      drawn: () => this.#call("drawn", [], nothing),
      hide: () => this.#call("hide", [], nothing),
      pin: (pinned) => this.#call("pin", [pinned], () => { this.#shell({ pinned }); }),
      quit: () => this.#call("quit", [], nothing),
      pause: (paused) => this.#call("pause", [paused], () => { this.#shell({ paused }); }),
    };
  }
}
