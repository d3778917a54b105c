// Text in grapheme clusters: what a reader calls a character, and what the backend counts in.

let segmenter: Intl.Segmenter | undefined;

/** Translates between UTF-16 offsets, which the page counts in, and grapheme clusters of one text. */
export class Graphemes {
  /** Offset of each cluster's start, and the text's length at the end. */
  readonly #starts: number[];

  constructor(text: string) {
    segmenter ??= new Intl.Segmenter("und", { granularity: "grapheme" });
    this.#starts = Array.from(segmenter.segment(text), (piece) => piece.index);
    this.#starts.push(text.length);
  }

  /** How many clusters there are. */
  get length(): number {
    return this.#starts.length - 1;
  }

  /** Where a cluster starts; the text's length for any behind the last. */
  offset(cluster: number): number {
    const at = Math.max(0, Math.min(cluster, this.length));
    return this.#starts[at] ?? 0;
  }

  /** The cluster that holds an offset; the number of clusters for any behind the end. */
  index(offset: number): number {
    let [low, high] = [0, this.length];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] ?? Infinity) <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
