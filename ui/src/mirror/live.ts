// What changes many times a second: it goes past the page's state, straight to what draws it.

import type { Bridge } from "../bridge/bridge";
import type { Pulse } from "../bridge/types";
import type { Anchor } from "../karaoke/light";

/** How loud it is, and when that changes. */
export interface Loudness {
  /** RMS, from 0 to 1. */
  readonly level: number;
  watch(see: () => void): () => void;
}

export class Live implements Loudness {
  level = 0;
  readonly #anchors = new Map<number, Anchor>();
  readonly #seers = new Set<(pulse: Pulse) => void>();

  constructor(bridge: Bridge) {
    // As long as the window is there: an anchor that nobody took would be missing when a reply is shown.
    bridge.watch((pulse) => {
      this.#take(pulse);
    });
  }

  /** Where the playhead of a turn is, if it has one. */
  anchor(turn: number): Anchor | null {
    return this.#anchors.get(turn) ?? null;
  }

  /** Sees each pulse from now on, until the returned function is called. */
  watch(see: (pulse: Pulse) => void): () => void {
    this.#seers.add(see);
    return () => this.#seers.delete(see);
  }

  #take(pulse: Pulse): void {
    if (pulse.kind === "level") this.level = pulse.level ?? 0;
    if (pulse.kind === "playhead") {
      this.#anchors.clear();
      this.#anchors.set(pulse.turn, { ...pulse, at: pulse.at === null ? performance.now() : local(pulse.at) });
    }
    for (const see of this.#seers) see(pulse);
  }
}

/** Milliseconds since 1970 as this page's clock has them. Asked anew each time: the system's clock may be set. */
function local(at: number): number {
  return performance.now() - (Date.now() - at);
}
