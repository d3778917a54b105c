// Draws at the moments at which something else is lit, and does nothing between them: lighting words costs next to
// nothing then. A timer does it: it is exact to a millisecond or two, and asking for frames until the moment has come
// would have the whole page looked through for each of them.

import type { Word } from "../bridge/types";
import { type Anchor, nextChange, sampleAt } from "./light";

/**
 * What is drawn now is seen in the display's next frame, which at 60 pictures a second comes within 17 ms; half of that
 * is the median error, and a little more is taken off for the timer, which is late rather than early. Milliseconds.
 */
export const LEAD = 12;
/** No sleep is longer: the playhead may have been set right meanwhile. Milliseconds. */
const LONGEST = 500;

/** A running light. */
export interface Following {
  /** The playhead was set: whatever was waited for may come earlier. */
  wake: () => void;
  stop: () => void;
}

/** Calls `draw` with the sample that will be heard when the frame is seen. */
export function follow(
  read: () => { anchor: Anchor | null; words: readonly Word[] },
  draw: (sample: number, rate: number) => void,
): Following {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = (): void => {
    clearTimeout(timer);
  };
  const step = (): void => {
    stop();
    const { anchor, words } = read();
    const now = performance.now();
    if (anchor) draw(sampleAt(anchor, now + LEAD), anchor.rate);
    timer = setTimeout(step, Math.ceil(Math.min(untilChange(anchor, words, now), LONGEST)));
  };
  step();
  return { wake: step, stop };
}

/** Milliseconds until something else is lit; a long time when nobody knows. */
export function untilChange(anchor: Anchor | null, words: readonly Word[], now: number): number {
  if (!anchor || anchor.rate <= 0) return LONGEST;
  const sample = sampleAt(anchor, now + LEAD);
  const next = nextChange(words, sample, anchor.rate);
  return next === undefined ? LONGEST : ((next - sample) * 1000) / anchor.rate;
}
