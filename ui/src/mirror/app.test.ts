import { describe, expect, it } from "vitest";

import type { Bridge, Tells } from "../bridge/bridge";
import type { Notice, Snapshot } from "../bridge/types";
import { settings } from "../bridge/mock/world";
import { App } from "./app.svelte";

/** A backend whose snapshots come when the test wants it. */
class Slow {
  readonly hearers: { [K in keyof Tells]?: (told: Tells[K]) => void } = {};
  readonly waiting: ((snapshot: Snapshot) => void)[] = [];

  bridge(): Bridge {
    const answered: Partial<Bridge> = {
      window: "overlay",
      on: (name, hear) => {
        Object.assign(this.hearers, { [name]: hear });
        return () => undefined;
      },
      listening: () => Promise.resolve(),
      watch: () => () => undefined,
      settings: () => Promise.resolve({ values: settings(), defaults: settings(), path: "", notices: [], undoable: null }),
      snapshot: () => new Promise((give) => this.waiting.push(give)),
    };
    return answered as Bridge;
  }

  said(sequence: number, text: string): Notice {
    return { sequence, turn: sequence, at: 0, body: { group: "data", event: { kind: "said", text } } };
  }
}

const snapshot = (sequence: number, session: string, notices: string[] = []): Snapshot => ({
  sequence,
  state: { mode: "push_to_talk", turn: null, phase: { kind: "idle" } },
  session,
  exchanges: [],
  turn: null,
  microphone: null,
  shell: { hotkeys: [], way: "own", paused: false, pinned: false, asked: 0, led: null, version: "0" },
  notices: notices.map((sentence) => ({ about: "settings" as const, sentence })),
});
/** Until all that was answered is taken. */
const settle = (): Promise<void> => new Promise((done) => setTimeout(done, 0));

describe("a window's mirror", () => {
  it("loses no notice that overtakes a snapshot, while it opens and with another session", async () => {
    const slow = new Slow();
    const app = new App(slow.bridge());
    const opened = app.open();
    await settle();
    slow.hearers.notice?.(slow.said(4, "contained"));
    slow.hearers.notice?.(slow.said(5, "overtakes"));
    slow.waiting.shift()?.(snapshot(4, "one"));
    await opened;
    expect(app.view.turns.map((turn) => turn.said)).toEqual(["overtakes"]);

    // Two sessions, one soon after the other: the later one counts, whichever snapshot comes first.
    slow.hearers.session?.("two");
    slow.hearers.session?.("three");
    slow.hearers.notice?.(slow.said(7, "in the third"));
    slow.waiting[1]?.(snapshot(6, "three"));
    await settle();
    expect(app.view.session).toBe("three");
    expect(app.view.turns.map((turn) => turn.said)).toEqual(["in the third"]);
    slow.waiting[0]?.(snapshot(5, "two"));
    await settle();
    expect(app.view.session).toBe("three");
    slow.hearers.notice?.(slow.said(8, "later"));
    expect(app.view.turns.map((turn) => turn.said)).toEqual(["in the third", "later"]);
  });

  it("keeps a notice away that was put away, and one that is no longer so", async () => {
    const slow = new Slow();
    const app = new App(slow.bridge());
    const opened = app.open();
    await settle();
    slow.waiting.shift()?.(snapshot(1, "one", ["A setting is odd.", "The disk is full."]));
    await opened;
    app.putAway("A setting is odd.");
    expect(app.notices.map(({ sentence }) => sentence)).toEqual(["The disk is full."]);
    slow.hearers.session?.("two");
    slow.waiting.shift()?.(snapshot(2, "two", ["A setting is odd.", "The history cannot be read."]));
    await settle();
    expect(app.notices.map(({ sentence }) => sentence)).toEqual(["The history cannot be read."]);
  });
});
