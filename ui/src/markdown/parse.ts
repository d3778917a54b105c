// Markdown to a small tree of allowed elements. Every piece of text knows where in the source it stands, because the
// alignment counts in the source. Nothing here makes HTML: what is no allowed Markdown is shown as it is written.

import type { SyntaxNode } from "@lezer/common";
import { GFM, parser } from "@lezer/markdown";

/** All elements that a reply may have. */
export type Tag =
  | "p" | "h3" | "h4" | "ul" | "ol" | "li" | "blockquote" | "pre" | "code" | "hr" | "br" | "em" | "strong" | "del" | "a"
  | "table" | "thead" | "tbody" | "tr" | "th" | "td";

/** A piece of text, and what of the source it stands for (UTF-16 units). */
export interface Text {
  text: string;
  from: number;
  to: number;
}
export interface Element {
  tag: Tag;
  children: Piece[];
  /** Of a link: an address that may be opened. */
  href?: string;
  /** Of a numbered list. */
  start?: number;
}
export type Piece = Text | Element;

const markdown = parser.configure(GFM);

const INLINE: Partial<Record<string, Tag>> = { Emphasis: "em", StrongEmphasis: "strong", Strikethrough: "del" };
const HEADINGS = /^(?:ATX|Setext)Heading(\d)$/u;
/** What is there for the writer only. */
const MARKS = new Set([
  "EmphasisMark", "StrikethroughMark", "HeaderMark", "QuoteMark", "ListMark", "CodeMark", "CodeInfo", "LinkMark",
  "LinkTitle", "LinkLabel", "TableDelimiter", "LinkReference",
]);
const ENTITIES: Partial<Record<string, string>> = {
  amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", nbsp: "\u00A0", hellip: "…", mdash: "—", ndash: "–",
};

/** Reads a text. */
export function parse(source: string): Element[] {
  return new Reader(source).blocks(markdown.parse(source).topNode);
}

/** Only these may be opened; everything else is shown as text. */
export function openable(address: string): string | undefined {
  return /^(?:https?:\/\/|mailto:)\S+$/iu.test(address) ? address : undefined;
}

class Reader {
  constructor(private readonly source: string) {}

  /** The blocks inside a block; what lies between them is white space. */
  blocks(node: SyntaxNode): Element[] {
    return children(node).flatMap((child) => this.block(child));
  }

  private block(node: SyntaxNode): Element[] {
    if (MARKS.has(node.name)) return [];
    const level = HEADINGS.exec(node.name)?.[1];
    if (level) return [{ tag: Number(level) <= 2 ? "h3" : "h4", children: this.inline(node) }];
    switch (node.name) {
      case "Blockquote":
        return [{ tag: "blockquote", children: this.blocks(node) }];
      case "BulletList":
        return [{ tag: "ul", children: this.blocks(node) }];
      case "OrderedList":
        return [{ tag: "ol", children: this.blocks(node), ...this.firstNumber(node) }];
      case "ListItem":
        return [{ tag: "li", children: this.item(node) }];
      case "FencedCode":
      case "CodeBlock":
        return [{ tag: "pre", children: [{ tag: "code", children: this.code(node) }] }];
      case "HorizontalRule":
        return [{ tag: "hr", children: [] }];
      case "Table":
        return [this.table(node)];
      default:
        // Paragraphs, and HTML, which is shown as it is written.
        return [{ tag: "p", children: this.inline(node) }];
    }
  }

  /** A list item with one paragraph is written without one: it stands closer. */
  private item(node: SyntaxNode): Piece[] {
    const inner = children(node).filter((child) => !MARKS.has(child.name));
    return inner.flatMap((child, index): Piece[] =>
      index === 0 && (child.name === "Paragraph" || child.name === "Task") ? this.inline(child) : this.block(child),
    );
  }

  private firstNumber(node: SyntaxNode): { start?: number } {
    const mark = node.firstChild?.getChild("ListMark");
    const start = mark ? Number.parseInt(this.source.slice(mark.from, mark.to), 10) : 1;
    return start > 1 ? { start } : {};
  }

  private code(node: SyntaxNode): Piece[] {
    return node.getChildren("CodeText").map((child) => this.text(child.from, child.to));
  }

  private table(node: SyntaxNode): Element {
    const row = (line: SyntaxNode, tag: "th" | "td"): Element => ({
      tag: "tr",
      children: line.getChildren("TableCell").map((cell) => ({ tag, children: this.inline(cell) })),
    });
    const head = node.getChildren("TableHeader").map((line) => row(line, "th"));
    const body = node.getChildren("TableRow").map((line) => row(line, "td"));
    return {
      tag: "table",
      children: [
        { tag: "thead", children: head },
        { tag: "tbody", children: body },
      ],
    };
  }

  /** What stands in a line: the source, less what is there for the writer. */
  private inline(node: SyntaxNode): Piece[] {
    const pieces: Piece[] = [];
    let at = node.from;
    for (const child of children(node)) {
      if (child.from > at) pieces.push(this.text(at, child.from));
      pieces.push(...this.span(child));
      at = child.to;
    }
    if (node.to > at) pieces.push(this.text(at, node.to));
    return pieces;
  }

  private span(node: SyntaxNode): Piece[] {
    if (MARKS.has(node.name)) return [];
    const tag = INLINE[node.name];
    if (tag) return [{ tag, children: this.inline(node) }];
    switch (node.name) {
      case "InlineCode":
        return [{ tag: "code", children: this.inline(node) }];
      case "Escape":
        return [this.text(node.from + 1, node.to)];
      case "Entity":
        return [{ text: this.entity(node), from: node.from, to: node.to }];
      case "HardBreak":
        return [{ tag: "br", children: [] }];
      case "TaskMarker":
        return [{ text: this.slice(node).toLowerCase() === "[x]" ? "☑" : "☐", from: node.from, to: node.to }];
      case "Link":
        return [this.link(node)];
      case "Autolink":
      case "URL":
        return [this.address(node.name === "URL" ? node : (node.getChild("URL") ?? node))];
      case "Image":
        // Nothing is fetched: its description stands for it.
        return this.without(node, "URL");
      default:
        return this.inline(node);
    }
  }

  private link(node: SyntaxNode): Piece {
    const url = node.getChild("URL");
    const href = url ? openable(this.slice(url)) : undefined;
    return { tag: "a", children: this.without(node, "URL"), ...(href ? { href } : {}) };
  }

  private address(node: SyntaxNode): Piece {
    const href = openable(this.slice(node));
    return { tag: "a", children: [this.text(node.from, node.to)], ...(href ? { href } : {}) };
  }

  /** What stands between the brackets of a link or an image. */
  private without(node: SyntaxNode, name: string): Piece[] {
    const [open, close] = node.getChildren("LinkMark");
    const pieces: Piece[] = [];
    let at = open?.to ?? node.from;
    const end = close?.from ?? node.to;
    for (const child of children(node)) {
      if (child.from < at || child.to > end || child.name === name) continue;
      if (child.from > at) pieces.push(this.text(at, child.from));
      pieces.push(...this.span(child));
      at = child.to;
    }
    if (end > at) pieces.push(this.text(at, end));
    return pieces;
  }

  private entity(node: SyntaxNode): string {
    const name = this.source.slice(node.from + 1, node.to - 1);
    const number = /^#(?:x([0-9a-f]{1,6})|(\d{1,7}))$/iu.exec(name);
    if (!number) return ENTITIES[name] ?? this.slice(node);
    const code = number[1] ? Number.parseInt(number[1], 16) : Number.parseInt(number[2] ?? "", 10);
    return code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff)
      ? String.fromCodePoint(code)
      : this.slice(node);
  }

  private slice(node: SyntaxNode): string {
    return this.source.slice(node.from, node.to);
  }

  private text(from: number, to: number): Text {
    return { text: this.source.slice(from, to), from, to };
  }
}

function children(node: SyntaxNode): SyntaxNode[] {
  const found: SyntaxNode[] = [];
  for (let child = node.firstChild; child; child = child.nextSibling) found.push(child);
  return found;
}
