// Runs something for the display's frames, but sleeps while nothing is going to change: lighting words costs next to
// nothing between two of them.

import type { Word } from "../bridge/types";
import { type Anchor, nextChange, sampleAt } from "./light";

/**
 * What is drawn now is seen one frame later. A word is lit in the frame that is on the glass when it begins, which at
 * 60 pictures a second is the one drawn up to 16 ms before; half of that is the median error.
 */
export const LEAD = 12;
/** Closer than this, the next change is waited for frame by frame: timers are not exact. Milliseconds. */
const CLOSE = 40;
/** No sleep is longer: the playhead may have been set right meanwhile. Milliseconds. */
const LONGEST = 250;

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
  let frame = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = (): void => {
    cancelAnimationFrame(frame);
    clearTimeout(timer);
  };
  const next = (): void => {
    stop();
    frame = requestAnimationFrame(step);
  };
  const step = (): void => {
    const { anchor, words } = read();
    if (anchor) draw(sampleAt(anchor, performance.now() + LEAD), anchor.rate);
    const wait = untilChange(anchor, words, performance.now());
    if (wait <= CLOSE) next();
    else timer = setTimeout(next, Math.min(wait - CLOSE / 2, LONGEST));
  };
  next();
  return { wake: next, stop };
}

/** Milliseconds until something else is lit; a long time when nobody knows. */
export function untilChange(anchor: Anchor | null, words: readonly Word[], now: number): number {
  if (!anchor || anchor.rate <= 0) return LONGEST;
  const sample = sampleAt(anchor, now + LEAD);
  const next = nextChange(words, sample, anchor.rate);
  return next === undefined ? LONGEST : ((next - sample) * 1000) / anchor.rate;
}
