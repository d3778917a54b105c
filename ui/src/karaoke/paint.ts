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
  readonly #mine = new Map<Paint, AbstractRange>();

  /** Paints these, and takes away what was painted before. */
  set(ranges: Partial<Record<Paint, AbstractRange | undefined>>): void {
    if (!possible) return;
    for (const paint of ORDER) {
      const [before, after] = [this.#mine.get(paint), ranges[paint]];
      if (before === after || (before && after && same(before, after))) continue;
      if (before) layer(paint).delete(before);
      if (after) {
        layer(paint).add(after);
        this.#mine.set(paint, after);
      } else {
        this.#mine.delete(paint);
      }
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
