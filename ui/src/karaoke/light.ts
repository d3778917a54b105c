// From a time to the word that is heard at it. Pure: the time is an argument.

import type { Word } from "../bridge/types";

/** A point where samples and time meet. */
export interface Anchor {
  turn: number;
  /** This sample leaves the loudspeaker … */
  sample: number;
  /** … at this time of the page's clock, in milliseconds. */
  at: number;
  /** Samples per second at which it moves on; 0 while it stands still. */
  rate: number;
}

/** A word stays lit so long after its end while nothing follows: a pause between sentences is longer. Seconds. */
export const LINGER = 0.35;

/** Which sample leaves the loudspeaker at a time of the page's clock, in milliseconds. */
export function sampleAt(anchor: Anchor, now: number): number {
  return anchor.sample + ((now - anchor.at) * anchor.rate) / 1000;
}

/** What is lit. */
export interface Light {
  /** Units of the text before this one were heard. */
  heard: number;
  /** Number of the word that is heard now; -1 in a pause, before the first and after the last. */
  now: number;
}

/** What is lit when a sample is reached. `rate` is in samples per second. */
export function lightAt(words: readonly Word[], sample: number, rate: number): Light {
  const last = begun(words, sample) - 1;
  const word = words[last];
  if (!word) return { heard: words[0]?.text.start ?? 0, now: -1 };
  const sounding = sample < word.audio.end + LINGER * rate;
  return sounding ? { heard: word.text.start, now: last } : { heard: word.text.end, now: -1 };
}

/** The first sample at which something else is lit; `undefined` when nothing changes any more. */
export function nextChange(words: readonly Word[], sample: number, rate: number): number | undefined {
  const next = begun(words, sample);
  const start = words[next]?.audio.start;
  const word = words[next - 1];
  if (!word) return start;
  const fades = word.audio.end + LINGER * rate;
  if (fades <= sample) return start;
  return start === undefined ? fades : Math.min(start, fades);
}

/** How many words have begun to sound. */
function begun(words: readonly Word[], sample: number): number {
  let [low, high] = [0, words.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((words[middle]?.audio.start ?? Infinity) <= sample) low = middle + 1;
    else high = middle;
  }
  return low;
}
