// Which place of a reply lies under the pointer, and which word lies below another.

import { measurable } from "../karaoke/marker";
import type { Place } from "../karaoke/words";
import type { Shown } from "../markdown/show";

/** The unit of the source at a point of the window; `undefined` beside the text. */
export function unitAt(shown: Shown, x: number, y: number): number | undefined {
  // The first is the standard's, the second what older WebKits have.
  const old = document as Document & { caretRangeFromPoint?: (x: number, y: number) => Range | null };
  const caret = "caretPositionFromPoint" in document ? document.caretPositionFromPoint(x, y) : null;
  if (caret) return shown.source(caret.offsetNode, caret.offset);
  const range = old.caretRangeFromPoint?.(x, y);
  return range ? shown.source(range.startContainer, range.startOffset) : undefined;
}

/** The word that stands closest in the next line (`by` = 1) or the one before (-1). */
export function below(shown: Shown | undefined, words: readonly Place[], from: number, by: 1 | -1): number {
  const box = (index: number): DOMRect | undefined => {
    const word = words[index];
    const found = word && shown?.range(word.text.start, word.text.end);
    return found && measurable(found).getClientRects()[0];
  };
  const here = box(from);
  if (!here) return 0;
  const middle = here.left + here.width / 2;
  let best = from;
  let line: number | undefined;
  let distance = Infinity;
  for (let index = from + by; index >= 0 && index < words.length; index += by) {
    const there = box(index);
    if (!there || Math.abs(there.top - here.top) < here.height / 2) continue;
    line ??= there.top;
    if (Math.abs(there.top - line) > there.height / 2) break;
    const away = Math.abs(there.left + there.width / 2 - middle);
    if (away < distance) [best, distance] = [index, away];
  }
  return best;
}
