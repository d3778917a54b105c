import { describe, expect, it } from "vitest";

import type { Body, Notice, Snapshot } from "../bridge/types";
import { lay, of, pairs, type View } from "./turns";

const SNAPSHOT: Snapshot = {
  sequence: 10,
  state: { mode: "push_to_talk", turn: null, phase: { kind: "idle" } },
  session: "s",
  exchanges: [{ original: { kind: "exchange", id: 1 }, said: "Hello", reply: "Hi there", heard: 8, cut: false, milestones: [] }],
  turn: null,
  microphone: null,
  shell: { hotkeys: [], way: "own", paused: false, pinned: false, asked: 0, led: null, version: "0" },
  notices: [],
};

/** As it stands in a snapshot. */
const TURN: NonNullable<Snapshot["turn"]> = {
  turn: 1, partial: "", said: "Hello", again: null, reply: "Hi there", rate: 0, words: [], heard: 8, end: null, problem: null,
  milestones: [], using: [], reasoning: false, gaps: 0, dropped: false,
};

function told(view: View, turn: number | null, ...bodies: Body[]): void {
  for (const body of bodies) {
    const notice: Notice = { sequence: view.sequence + 1, turn, at: 0, body };
    expect(lay(view, notice)).toBe(true);
  }
}
const data = (event: Extract<Body, { group: "data" }>["event"]): Body => ({ group: "data", event });
const closed = (kind: "complete" | "cut" | "heard_nothing"): Body => ({
  group: "lifecycle",
  event: { kind: "closed", end: { kind } },
});

describe("the view of the conversation", () => {
  it("passes over what the snapshot contains", () => {
    const view = of(SNAPSHOT);
    const old: Notice = { sequence: 10, turn: 2, at: 0, body: data({ kind: "said", text: "late" }) };
    expect(lay(view, old)).toBe(false);
    expect(view.turns).toHaveLength(1);
  });

  it("shows a turn as it goes", () => {
    const view = of(SNAPSHOT);
    told(view, 2, data({ kind: "partial", text: "What" }), data({ kind: "said", text: "What is rain?" }));
    told(view, 2, data({ kind: "reply", delta: "Water " }), data({ kind: "reply", delta: "falling." }));
    const word = { text: { start: 0, end: 5 }, audio: { start: 0, end: 9 }, cluster: 0, provenance: "measured" as const };
    told(view, 2, data({ kind: "words", rate: 24_000, words: [word] }));
    told(view, 2, data({ kind: "heard", until: 6 }));
    told(view, 2, data({ kind: "exchange", exchange: { original: { kind: "turn", id: 2 }, said: "What is rain?", reply: "Water falling.", heard: 6, cut: true, milestones: [] } }));
    told(view, 2, closed("cut"));
    const [, pair] = pairs(view.turns);
    expect(pair?.shown).toMatchObject({ said: "What is rain?", reply: "Water falling.", heard: 6, cut: true, rate: 24_000 });
    expect(pair?.shown.words).toEqual([word]);
  });

  it("keeps turns of a resumed session apart from new ones of the same number", () => {
    const view = of(SNAPSHOT);
    told(view, 1, data({ kind: "said", text: "Anew" }));
    expect(pairs(view.turns).map((pair) => pair.shown.said)).toEqual(["Hello", "Anew"]);
  });

  it("lights a reply where it stands when it is said again", () => {
    const view = of(SNAPSHOT);
    told(view, 2, data({ kind: "again", of: { kind: "exchange", id: 1 } }), data({ kind: "reply", delta: "Hi there" }));
    const found = pairs(view.turns);
    expect(found).toHaveLength(1);
    expect(found[0]?.spoken.turn).toBe(2);
    expect(found[0]?.shown.said).toBe("Hello");
  });

  it("lights an older reply where it stands when it is said again", () => {
    const view = of(SNAPSHOT);
    told(view, 2, data({ kind: "said", text: "And now?" }), data({ kind: "reply", delta: "Now something else" }), closed("complete"));
    told(view, 3, data({ kind: "again", of: { kind: "exchange", id: 1 } }), data({ kind: "reply", delta: "Hi there" }));
    const found = pairs(view.turns);
    expect(found.map((pair) => pair.shown.reply)).toEqual(["Hi there", "Now something else"]);
    expect(found.map((pair) => pair.spoken.turn)).toEqual([3, 2]);
  });

  it("keeps what was said unasked as an entry of its own, however often in the same words", () => {
    const timer = (id: number) => ({
      original: { kind: "turn" as const, id }, said: null, reply: "Time is up.", heard: 11, cut: false, milestones: [],
    });
    const view = of({ ...SNAPSHOT, exchanges: [timer(1)] });
    told(view, 2, data({ kind: "reply", delta: "Time is up." }));
    // While it sounds, too: the earlier one is not lit by it.
    expect(pairs(view.turns).map((pair) => pair.spoken.turn)).toEqual([1, 2]);
    told(view, 2, data({ kind: "exchange", exchange: timer(2) }), closed("complete"));
    expect(pairs(view.turns).map((pair) => pair.shown.turn)).toEqual([1, 2]);
    // What says it again belongs to the one that it names.
    told(view, 3, data({ kind: "again", of: { kind: "turn", id: 1 } }), data({ kind: "reply", delta: "Time is up." }));
    expect(pairs(view.turns).map((pair) => pair.spoken.turn)).toEqual([3, 2]);
  });

  it("shows what is said again of another conversation only while it is said", () => {
    const view = of(SNAPSHOT);
    told(view, 2, data({ kind: "again", of: { kind: "exchange", id: 99 } }), data({ kind: "reply", delta: "Hi there" }));
    expect(pairs(view.turns).map((pair) => pair.spoken.turn)).toEqual([0, 2]);
    told(view, 2, closed("complete"));
    expect(pairs(view.turns)).toHaveLength(1);
  });

  it("keeps a turn's milestones, and begins none for them", () => {
    const view = of(SNAPSHOT);
    const milestones = [{ milestone: "opened" as const, at: 0 }];
    told(view, 2, data({ kind: "said", text: "Hello?" }), data({ kind: "ledger", milestones }));
    told(view, 9, data({ kind: "ledger", milestones }));
    expect(view.turns).toHaveLength(2);
    expect(view.turns[1]?.milestones).toEqual(milestones);
  });

  it("leaves out turns in which nobody said anything", () => {
    const view = of(SNAPSHOT);
    told(view, 2, data({ kind: "partial", text: "" }), closed("heard_nothing"));
    expect(pairs(view.turns)).toHaveLength(1);
  });

  it("shows the running turn of the snapshot once", () => {
    const exchanges = SNAPSHOT.exchanges.map((exchange) => ({ ...exchange, original: { kind: "turn" as const, id: 1 } }));
    for (const end of [null, { kind: "complete" as const }]) {
      expect(of({ ...SNAPSHOT, exchanges, turn: { ...TURN, end } }).turns).toHaveLength(1);
    }
    expect(of({ ...SNAPSHOT, exchanges, turn: { ...TURN, turn: 2 } }).turns).toHaveLength(2);
  });

  it("knows of a reply that is said again already, which it is", () => {
    const turn = { ...TURN, turn: 2, said: null, again: { kind: "exchange" as const, id: 1 } };
    const found = pairs(of({ ...SNAPSHOT, turn }).turns);
    expect(found.map((pair) => pair.spoken.turn)).toEqual([2]);
  });

  it("knows of a turn that runs already who works on it, and how it goes", () => {
    const using = [
      { stage: "model" as const, provider: "openai" },
      { stage: "model" as const, provider: "on-device" },
    ];
    const turn = { ...TURN, turn: 2, using, gaps: 2, reasoning: true };
    const view = of({ ...SNAPSHOT, turn, microphone: "Headset" });
    expect(view.microphone).toBe("Headset");
    expect(view.turns[1]).toMatchObject({ using: { model: ["openai", "on-device"] }, gaps: 2, reasoning: true, dropped: false });
  });

  it("knows who works on a turn, and who took over", () => {
    const view = of(SNAPSHOT);
    const using = (stage: "model" | "voice", provider: string): Body => ({ group: "progress", event: { kind: "using", stage, provider } });
    told(view, 2, using("model", "openai"), using("model", "openai"), using("model", "on-device"), using("voice", "on-device"));
    expect(pairs(view.turns)).toHaveLength(1);
    told(view, 2, data({ kind: "said", text: "Hello?" }), { group: "progress", event: { kind: "gap" } });
    told(view, 9, { group: "progress", event: { kind: "gap" } }, { group: "progress", event: { kind: "dropped", samples: 3 } });
    expect(view.turns).toHaveLength(2);
    expect(view.turns[1]).toMatchObject({ using: { model: ["openai", "on-device"], voice: ["on-device"] }, gaps: 1, dropped: false });
  });

  it("keeps a problem with its turn, or apart", () => {
    const view = of(SNAPSHOT);
    const event = { stage: "model" as const, kind: "timeout" as const, message: "Too long.", next: null, text: null };
    told(view, 2, { group: "problem", event });
    told(view, null, { group: "problem", event: { ...event, stage: "microphone" } });
    expect(pairs(view.turns)[1]?.shown.problem?.stage).toBe("model");
    expect(view.problem?.stage).toBe("microphone");
    const state = { mode: "hands_free" as const, turn: 3, phase: { kind: "listening" as const, latched: false } };
    told(view, 3, { group: "lifecycle", event: { kind: "state", state } });
    expect(view.problem).toBeNull();
  });
});
