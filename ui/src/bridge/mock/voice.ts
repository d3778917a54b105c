// Replies with times, as a backend would tell them: each word sounds for as long as it is, with pauses at stops.

import type { Word } from "../types";

export const RATE = 24_000;
/** Samples per letter, and per stop behind a word: about 14 letters a second. */
const LETTER = 1_700;
const PAUSE = 6_000;

/** The words of a text and when they sound. */
export function spoken(text: string): Word[] {
  const words: Word[] = [];
  let sample = 2_400;
  for (const match of text.matchAll(/\S+/gu)) {
    const [word, start] = [match[0], match.index];
    // Markdown's signs are not said.
    if (!/[\p{L}\p{N}]/u.test(word)) continue;
    const letters = Array.from(word).length;
    const end = sample + letters * LETTER;
    words.push({
      text: { start, end: start + word.length },
      audio: { start: sample, end },
      cluster: Array.from(new Intl.Segmenter().segment(text.slice(0, start))).length,
      // As with a voice that says when most of its words sound: a number is worked out.
      provenance: /\d/u.test(word) ? "estimated" : "measured",
    });
    sample = end + (/[.,:;!?،؟。，]$/u.test(word) ? PAUSE : 900);
  }
  return words;
}

/** How long the words sound, in milliseconds. */
export function length(words: readonly Word[]): number {
  return ((words.at(-1)?.audio.end ?? 0) * 1000) / RATE + 100;
}

/** The end of the last word of which at least half was heard. */
export function heardUntil(text: string, sample: number): number | undefined {
  return spoken(text).findLast((word) => (word.audio.start + word.audio.end) / 2 <= sample)?.text.end;
}
