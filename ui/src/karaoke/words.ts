// Which words a reply has and when each sounds. The same cut into words as the backend's (`voice::text::words`), so
// that both speak of the same ones.

import type { Mark, Provenance, Range } from "../bridge/types";
import { Graphemes } from "./graphemes";

/** A word and the samples during which it sounds. */
export interface Word {
  /** Grapheme clusters of the text. */
  text: Range;
  /** Samples of the reply's audio. */
  audio: Range;
  provenance: Provenance;
}

const SPACE = /^\s+$/u;
const SPEAKS = /[\p{L}\p{N}]/u;
/** Scripts that write no spaces between words: Thai, Lao, Myanmar, Khmer, Chinese, Japanese. */
const NO_SPACES = /[\u0E00-\u0EFF\u1000-\u109F\u1780-\u17FF\u2E80-\u30FF\u3400-\u9FFF\uF900-\uFAFF\u{20000}-\u{3FFFF}]/u;

let segmenter: Intl.Segmenter | undefined;

/** The words of a text in clusters: each takes the punctuation that touches it along, white space belongs to none. */
export function words(text: string, graphemes = new Graphemes(text)): Range[] {
  segmenter ??= new Intl.Segmenter("und", { granularity: "word" });
  const found: Range[] = [];
  let spoken = false;
  let touching = false;
  for (const { segment, index } of segmenter.segment(text)) {
    if (SPACE.test(segment)) {
      touching = spoken = false;
      continue;
    }
    const last = found.at(-1);
    const start = Math.max(graphemes.index(index), last?.end ?? 0);
    const end = graphemes.index(index + segment.length - 1) + 1;
    if (end <= start) continue;
    const speaks = SPEAKS.test(segment);
    const apart = speaks && spoken && NO_SPACES.test(segment);
    if (last && touching && !apart) last.end = Math.max(last.end, end);
    else found.push({ start, end });
    spoken = (spoken && touching) || speaks;
    touching = true;
  }
  return found;
}

/** One entry for each word that has a time, from the first sample of its marks to the last. */
export function timed(text: string, marks: readonly Mark[], graphemes = new Graphemes(text)): Word[] {
  const found: Word[] = [];
  let next = 0;
  for (const word of words(text, graphemes)) {
    let whole: Word | undefined;
    // A comma whose time had to be guessed does not make a guess of its word.
    let said: Provenance | undefined;
    for (; next < marks.length; next++) {
      const mark = marks[next];
      if (!mark || mark.text.start >= word.end) break;
      if (mark.text.end > word.start) {
        whole ??= { text: word, audio: { ...mark.audio }, provenance: mark.provenance };
        whole.audio.end = mark.audio.end;
        whole.provenance = both(whole.provenance, mark.provenance);
        const marked = text.slice(graphemes.offset(mark.text.start), graphemes.offset(mark.text.end));
        if (SPEAKS.test(marked)) said = said ? both(said, mark.provenance) : mark.provenance;
      }
      // It reaches into the next word.
      if (mark.text.end > word.end) break;
    }
    if (whole) found.push({ ...whole, provenance: said ?? whole.provenance });
  }
  return found;
}

function both(one: Provenance, other: Provenance): Provenance {
  return one === "measured" ? other : one;
}

/** The word that holds a cluster, or the next one after it. */
export function wordAt(text: string, cluster: number): Range | undefined {
  return words(text).find((word) => word.end > cluster);
}
