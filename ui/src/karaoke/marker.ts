// The ground behind words that are lit or chosen: boxes of their own, behind the text and as high as its letters.
//
// A highlight could have a ground too, but WebKit paints it up to the line before and draws only the word's own box
// anew when it goes: after scrolling, a band of it stays between the lines.

/** How far a ground reaches beyond its word at both ends, in parts of its height. */
const BEYOND = 0.06;

export type Ground = "now" | "cursor";

/** Lays grounds into an element that lies behind a text and is as large. */
export class Marker {
  readonly #boxes = new Map<Ground, HTMLElement[]>();

  constructor(private readonly layer: HTMLElement) {}

  /** Lays a ground behind this range, one box on each of its lines, and takes it away from where it was. */
  set(ground: Ground, range: AbstractRange | undefined): void {
    const boxes = this.#boxes.get(ground) ?? [];
    const lines = range ? rects(range) : [];
    const origin = lines.length > 0 ? this.layer.getBoundingClientRect() : undefined;
    const next = lines.map((line, index) => {
      const box = boxes[index] ?? this.layer.appendChild(Object.assign(document.createElement("i"), { className: ground }));
      const beyond = line.height * BEYOND;
      box.style.left = `${String(line.left - (origin?.left ?? 0) - beyond)}px`;
      box.style.top = `${String(line.top - (origin?.top ?? 0))}px`;
      box.style.width = `${String(line.width + 2 * beyond)}px`;
      box.style.height = `${String(line.height)}px`;
      return box;
    });
    for (const box of boxes.slice(next.length)) box.remove();
    this.#boxes.set(ground, next);
  }
}

/** The boxes of a range's lines; what has no width (the end of a line) has none. */
function rects(range: AbstractRange): DOMRect[] {
  return Array.from(measurable(range).getClientRects()).filter((rect) => rect.width > 0);
}

/** The same range, as one that says where it is on the screen. */
export function measurable(range: AbstractRange): Range {
  const live = document.createRange();
  live.setStart(range.startContainer, range.startOffset);
  live.setEnd(range.endContainer, range.endOffset);
  return live;
}
