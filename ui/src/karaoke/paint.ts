// Paints ranges of text with the CSS Custom Highlight API. Nothing is put into the page: letters stay joined (Arabic,
// Indic scripts), nothing moves, and a selection stays as it is.

/** The paints; `base.css` says how each looks. Later ones lie above. */
export type Paint = "ahead" | "heard" | "unheard" | "now" | "guessed" | "cursor";
const ORDER: Paint[] = ["ahead", "heard", "unheard", "now", "guessed", "cursor"];

/** Older webviews have none: there the text is simply read. */
const possible = typeof CSS !== "undefined" && "highlights" in CSS && typeof Highlight !== "undefined";

function layer(paint: Paint): Highlight {
  let found = CSS.highlights.get(paint);
  if (!found) {
    found = new Highlight();
    found.priority = ORDER.indexOf(paint);
    CSS.highlights.set(paint, found);
  }
  return found;
}

/** What one text has painted. */
export class Painted {
  readonly #mine = new Map<Paint, AbstractRange[]>();

  /**
   * Paints these, and takes away what was painted before. What stays is not touched: a webview draws every node anew
   * that a range has come to or gone from. Of one paint, no two ranges begin in the same node.
   */
  set(ranges: Partial<Record<Paint, readonly AbstractRange[]>>): void {
    if (!possible) return;
    for (const paint of ORDER) {
      const gone = new Map(this.#mine.get(paint)?.map((range) => [range.startContainer, range]));
      const come: AbstractRange[] = [];
      const now = (ranges[paint] ?? []).map((range) => {
        const before = gone.get(range.startContainer);
        if (before && same(before, range)) {
          gone.delete(range.startContainer);
          return before;
        }
        come.push(range);
        return range;
      });
      if (come.length === 0 && gone.size === 0) continue;
      const on = layer(paint);
      for (const range of gone.values()) on.delete(range);
      for (const range of come) on.add(range);
      this.#mine.set(paint, now);
    }
  }

  clear(): void {
    this.set({});
  }
}

function same(one: AbstractRange, other: AbstractRange): boolean {
  return (
    one.startContainer === other.startContainer &&
    one.startOffset === other.startOffset &&
    one.endContainer === other.endContainer &&
    one.endOffset === other.endOffset
  );
}
