// The bridge to Libretto itself: the generated commands and events, and nothing else of Tauri's.

import { Channel } from "@tauri-apps/api/core";
import { getCurrentWindow } from "@tauri-apps/api/window";

import { commands, events, type Value } from "../lib/bindings";
import { type Bridge, Refusal, type Tells } from "./bridge";
import type { Settings } from "./settings";
import type { Failure, Pulse, SampleWord, Window } from "./types";

type Outcome<T> = { status: "ok"; data: T } | { status: "error"; error: Failure };

/** Sessions that the list gets at once. */
const PAGE = 50;
/** The newest test of a device or a voice in this window. An end that comes late is that of its own test. */
let test = 0;

/** What the call gave, or its refusal. */
async function fine<T>(call: Promise<Outcome<T>>): Promise<T> {
  const outcome = await call;
  if (outcome.status === "ok") return outcome.data;
  const { kind, message, retry } = outcome.error;
  throw new Refusal(kind, message, retry);
}

/** For calls whose answer says nothing. */
async function done(call: Promise<Outcome<unknown>>): Promise<void> {
  await fine(call);
}

/** The document is checked where it is written: here it only gets its type. */
const typed = (values: Value): Settings => values as unknown as Settings;

/** How each kind of news is listened to. */
const LISTENERS: { [K in keyof Tells]: (hear: (told: Tells[K]) => void) => Promise<() => void> } = {
  notice: (hear) => events.notice.listen(({ payload }) => { hear(payload); }),
  settings: (hear) =>
    events.settingsChanged.listen(({ payload: { values, undoable } }) => { hear({ values: typed(values), undoable }); }),
  shell: (hear) => events.shellChanged.listen(({ payload }) => { hear(payload.shell); }),
  session: (hear) => events.sessionChanged.listen(({ payload }) => { hear(payload.session); }),
  notices: (hear) => events.noticesChanged.listen(({ payload }) => { hear(payload.notices); }),
  hotkey: (hear) => events.hotkeyUsed.listen(({ payload }) => { hear(payload); }),
  modelProgress: (hear) => events.modelProgress.listen(({ payload }) => { hear(payload); }),
  modelEnded: (hear) => events.modelEnded.listen(({ payload }) => { hear(payload); }),
};

/** Puts a text on the clipboard. Webviews without the newer way have the older one. */
async function copy(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const field = document.createElement("textarea");
    field.value = text;
    document.body.append(field);
    field.select();
    const copied = document.execCommand("copy");
    field.remove();
    if (!copied) throw new Refusal("unsupported", "The clipboard cannot be used; select the text and copy it.");
  }
}

export function tauri(): Bridge {
  const window = getCurrentWindow().label as Window;
  const opening = new Set<Promise<unknown>>();
  return {
    window,
    snapshot: () => commands.snapshot(),
    on: (name, hear) => {
      const listening = LISTENERS[name](hear);
      opening.add(listening);
      return () => void listening.then((stop) => { stop(); });
    },
    listening: async () => {
      await Promise.all(opening);
      opening.clear();
    },
    watch: (see) => {
      let seeing = true;
      const pulses = new Channel<Pulse>();
      pulses.onmessage = (pulse) => {
        if (seeing) see(pulse);
      };
      void commands.watch(pulses);
      return () => (seeing = false);
    },

    talkKey: (down) => (down ? commands.keyDown() : commands.keyUp()),
    cancel: () => commands.cancel(),
    ask: (text) => done(commands.ask(text)),
    pause: (paused) => commands.setPaused(paused),
    repeat: (of, reply, cluster) => commands.repeat(of, reply, cluster),

    settings: async () => {
      const { values, defaults, ...rest } = await fine(commands.settingsGet());
      return { ...rest, values: typed(values), defaults: typed(defaults) };
    },
    set: (key, value) => fine(commands.settingsSet(key, (value ?? null) as Value)),
    patch: (section, values) => fine(commands.settingsSet(section, values as Value)),
    undo: (change) => fine(commands.settingsUndo(change)),

    newSession: () => done(commands.sessionResume(null)),
    sessions: (after) => fine(commands.historySessions(after, PAGE)),
    search: (query) => fine(commands.historySearch(query)),
    look: (session) => fine(commands.historyOpen(session)),
    resume: (session) => done(commands.sessionResume(session)),
    rename: (session, title) => done(commands.historyRename(session, title)),
    remove: (session) => done(commands.historyDelete(session)),
    removeAll: () => done(commands.historyDeleteAll()),
    exportTo: (session, format) => fine(commands.historySave(session, format)),

    devices: () => fine(commands.devicesList()),
    chooseDevice: (side, id) => fine(commands.devicesChoose(side, id)),
    testMicrophone: (id, level) => {
      const levels = new Channel<number | null>();
      levels.onmessage = (loudness) => { level(loudness ?? 0); };
      return fine(commands.devicesTest(++test, "microphone", id, levels));
    },
    testLoudspeaker: (id) => done(commands.devicesTest(++test, "loudspeaker", id, new Channel<number | null>())),
    hearVoice: (model, text, heard) => {
      const words = new Channel<SampleWord>();
      words.onmessage = heard;
      return done(commands.voicePreview(++test, model, text, words));
    },
    endTest: () => commands.devicesTestEnd(test),

    models: () => fine(commands.modelsList()),
    missingModels: () => fine(commands.modelsMissing()),
    measureModel: (id) => fine(commands.modelsMeasure(id)),
    download: (id, unverified) => done(commands.modelsGet(id, unverified)),
    pauseDownload: (id, paused) => done(commands.modelsPause(id, paused)),
    cancelDownload: (id) => done(commands.modelsCancel(id)),
    removeModel: (id) => done(commands.modelsRemove(id)),

    keys: () => fine(commands.keysList()),
    setKey: (provider, key) => fine(commands.keysSet(provider, key)),
    removeKey: (provider) => fine(commands.keysRemove(provider)),

    providers: () => fine(commands.providersList()),
    orderProviders: (part, names) => fine(commands.providersOrder(part, names)),
    chooseProvider: (provider, field, id) => fine(commands.providersChoose(provider, field, id)),
    testProvider: (provider) => fine(commands.providersTest(provider)),
    providerModels: (provider, part) => fine(commands.providersModels(provider, part)),
    providerVoices: (provider) => fine(commands.providersVoices(provider)),
    previewVoice: (provider, voice, text, heard) => {
      const words = new Channel<SampleWord>();
      words.onmessage = heard;
      return done(commands.providersPreview(++test, provider, voice, text, words));
    },

    setHotkey: (action, keys) => fine(commands.hotkeysSet(action, keys)),
    captureHotkeys: (on) => commands.hotkeysCapture(on),

    examine: () => fine(commands.doctorExamine()),
    copy,
    openLink: (address) => done(commands.linkOpen(address)),
    show: (window, section) => done(commands.windowOpen(window, section ?? null)),
    drawn: () => done(commands.windowDrawn()),
    hide: () => done(commands.windowHide(window)),
    pin: (pinned) => commands.windowPin(pinned),
    quit: () => done(commands.quit()),
  };
}
