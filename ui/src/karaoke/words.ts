// The words of a text, whether or not anybody knows when they sound: places from which it can be said again.

import type { Span } from "../bridge/types";

/** A word of a text. */
export interface Place {
  /** UTF-16 code units of the text. */
  text: Span;
  /** The number of its first grapheme cluster. */
  cluster: number;
}

/** Scripts that write no spaces between words. */
const WITHOUT_SPACES =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;

/**
 * As the backend cuts a text for its marks (`libretto_voice::text::words`): a word takes the punctuation along that
 * touches it. What is not said, such as Markdown's signs, is none.
 */
export function words(text: string): Place[] {
  const found: (Span & { speaks: boolean })[] = [];
  let touching = false;
  for (const { segment, index } of new Intl.Segmenter(undefined, { granularity: "word" }).segment(text)) {
    const last = found.at(-1);
    if (/^\s+$/u.test(segment)) {
      touching = false;
      continue;
    }
    const speaks = /[\p{L}\p{N}]/u.test(segment);
    const end = index + segment.length;
    const apart = speaks && last?.speaks === true && WITHOUT_SPACES.test(segment);
    if (last && touching && !apart) Object.assign(last, { end, speaks: last.speaks || speaks });
    else found.push({ start: index, end, speaks });
    touching = true;
  }
  const clusters = Array.from(new Intl.Segmenter().segment(text), ({ index }) => index);
  let cluster = 0;
  return found
    .filter(({ speaks }) => speaks)
    .map(({ start, end }) => {
      // A cluster may begin before the word does.
      while ((clusters[cluster + 1] ?? Infinity) <= start) cluster += 1;
      return { text: { start, end }, cluster };
    });
}
