// Puts the tree into the page and keeps it there: what is the same stays, so that a reply that grows neither flickers
// nor loses a selection. Elements are made by name from the allow-list; text is text.

import type { Element as Wanted, Piece, Text as WantedText } from "./parse";

/** A piece of text in the page, and what of the source it stands for. */
interface Segment {
  node: Text;
  from: number;
  to: number;
}

/** Where the source stands in the page. */
export class Shown {
  constructor(private readonly segments: readonly Segment[]) {}

  /** The range that shows these UTF-16 units of the source; `undefined` where nothing of them is shown. */
  range(from: number, to: number): StaticRange | undefined {
    const first = this.segments.find((segment) => segment.to > from);
    const last = this.segments.findLast((segment) => segment.from < to);
    if (!first || !last || first.from >= to || last.to <= from) return undefined;
    const range = {
      startContainer: first.node,
      startOffset: inside(first, from, 0),
      endContainer: last.node,
      endOffset: inside(last, to, last.node.length),
    };
    return new StaticRange(range);
  }

  /** The same, as one range for each node: what changes in one of them leaves the others alone. */
  ranges(from: number, to: number): StaticRange[] {
    const touched = this.segments.filter((segment) => segment.to > from && segment.from < to);
    return touched.flatMap((segment) => {
      const [startOffset, endOffset] = [inside(segment, from, 0), inside(segment, to, segment.node.length)];
      if (startOffset >= endOffset) return [];
      return [new StaticRange({ startContainer: segment.node, startOffset, endContainer: segment.node, endOffset })];
    });
  }

  /** The unit of the source that stands at a place in the page. */
  source(node: Node, offset: number): number | undefined {
    const segment = this.segments.find((segment) => segment.node === node);
    if (!segment) return undefined;
    const literal = segment.to - segment.from === segment.node.length;
    return literal ? segment.from + Math.min(offset, segment.node.length) : segment.from;
  }
}

function inside(segment: Segment, at: number, otherwise: number): number {
  const literal = segment.to - segment.from === segment.node.length;
  return literal ? Math.max(0, Math.min(at - segment.from, segment.node.length)) : otherwise;
}

/** Makes the inside of `parent` be these pieces. */
export function show(parent: HTMLElement, pieces: readonly Piece[]): Shown {
  const segments: Segment[] = [];
  reconcile(parent, pieces, segments);
  return new Shown(segments);
}

/**
 * A text, word by word, each with the space after it: a node is drawn as a whole, and so a word that is lit is all that
 * is drawn anew. No script joins letters over a space; one that has none stays whole.
 */
function words(piece: Piece): Piece[] {
  if (!("text" in piece) || piece.to - piece.from !== piece.text.length) return [piece];
  let from = piece.from;
  return (piece.text.match(/^\s+|\S+\s*/gu) ?? []).map((text) => {
    const word = { text, from, to: from + text.length };
    from = word.to;
    return word;
  });
}

function reconcile(parent: HTMLElement, whole: readonly Piece[], segments: Segment[]): void {
  const pieces = whole.flatMap(words);
  pieces.forEach((piece, index) => {
    const there = parent.childNodes[index];
    if ("text" in piece) segments.push({ node: text(parent, there, piece), from: piece.from, to: piece.to });
    else reconcile(element(parent, there, piece), piece.children, segments);
  });
  while (parent.childNodes.length > pieces.length) parent.lastChild?.remove();
}

function text(parent: HTMLElement, there: ChildNode | undefined, piece: WantedText): Text {
  if (there instanceof Text) {
    const before = there.data;
    // What is only appended leaves ranges and selections where they are.
    if (piece.text !== before) {
      if (piece.text.startsWith(before)) there.appendData(piece.text.slice(before.length));
      else there.data = piece.text;
    }
    return there;
  }
  return put(parent, there, document.createTextNode(piece.text));
}

function element(parent: HTMLElement, there: ChildNode | undefined, piece: Wanted): HTMLElement {
  const fits = there instanceof HTMLElement && there.localName === piece.tag;
  const found = fits ? there : put(parent, there, document.createElement(piece.tag));
  if (piece.tag === "a") {
    set(found, "href", piece.href);
    set(found, "title", piece.href);
  }
  if (piece.tag === "ol") set(found, "start", piece.start?.toString());
  return found;
}

function set(element: HTMLElement, name: string, value: string | undefined): void {
  if (value === undefined) element.removeAttribute(name);
  else if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

function put<N extends Node>(parent: HTMLElement, there: ChildNode | undefined, node: N): N {
  if (there) parent.replaceChild(node, there);
  else parent.appendChild(node);
  return node;
}
