import { describe, expect, it } from "vitest";

import { openable, parse, type Piece } from "./parse";

/** The tree in a line. */
function sketch(pieces: readonly Piece[]): string {
  return pieces.map((piece) => ("text" in piece ? piece.text : `<${piece.tag}>${sketch(piece.children)}</>`)).join("");
}

/** Every piece of text whose length is its source's is the source. */
function literal(source: string, pieces: readonly Piece[]): void {
  for (const piece of pieces) {
    if (!("text" in piece)) literal(source, piece.children);
    else if (piece.text.length === piece.to - piece.from) {
      const shown = source.slice(piece.from, piece.to);
      if (!/^[[&]/u.test(shown)) expect(piece.text).toBe(shown);
    }
  }
}

describe("Markdown", () => {
  it.each([
    ["Hello **big** _world_", "<p>Hello <strong>big</> <em>world</></>"],
    ["# Title\n\ntext", "<h3> Title</><p>text</>"],
    ["1. one\n2. two", "<ol><li>one</><li>two</></>"],
    ["- one\n  - inner", "<ul><li>one<ul><li>inner</></></></>"],
    ["> said\n> so", "<blockquote><p>said\n so</></>"],
    ["a `code` b", "<p>a <code>code</> b</>"],
    ["~~gone~~", "<p><del>gone</></>"],
    ["```rust\nlet a = 1;\nlet b;\n```", "<pre><code>let a = 1;\nlet b;</></>"],
    ["2 \\* 3 &amp; 4 &#65; &bogus;", "<p>2 * 3 & 4 A &bogus;</>"],
    ["- [x] done", "<ul><li>☑ done</></>"],
    ["see [here](https://a.b) now", "<p>see <a>here</> now</>"],
    ["![a cat](https://a.b/c.png)", "<p>a cat</>"],
    ["| a | b |\n|---|---|\n| 1 | 2 |", "<table><thead><tr><th>a</><th>b</></></><tbody><tr><td>1</><td>2</></></></>"],
  ])("%j", (source, expected) => {
    const tree = parse(source);
    expect(sketch(tree)).toBe(expected);
    literal(source, tree);
  });

  it("shows HTML as it is written", () => {
    expect(sketch(parse("<img src=x onerror=alert(1)>"))).toBe("<p><img src=x onerror=alert(1)></>");
    expect(sketch(parse("a <script>x</script> b"))).toBe("<p>a <script>x</script> b</>");
  });

  it("opens nothing but web and mail addresses", () => {
    expect(openable("https://example.org/a?b")).toBe("https://example.org/a?b");
    for (const bad of ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", " https://x", "https://a b"]) {
      expect(openable(bad)).toBeUndefined();
    }
    const [paragraph] = parse("[x](javascript:alert(1))");
    expect(JSON.stringify(paragraph)).not.toContain("href");
  });

  it("makes only allowed elements of anything", () => {
    const allowed = /^(p|h3|h4|ul|ol|li|blockquote|pre|code|hr|br|em|strong|del|a|table|thead|tbody|tr|th|td)$/u;
    const alphabet = ["*", "_", "`", "#", "\n", "\n\n", "- ", "1. ", "> ", "<b>", "[", "](", ")", "!", "|", "a", " ", "&lt;", "\\", "é", "سلام", "~~"];
    let seed = 7;
    const random = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
    const check = (pieces: readonly Piece[]): void => {
      for (const piece of pieces) {
        if ("text" in piece) continue;
        expect(piece.tag).toMatch(allowed);
        check(piece.children);
      }
    };
    for (let n = 0; n < 500; n++) {
      const source = Array.from({ length: 30 }, () => alphabet[Math.floor(random() * alphabet.length)]).join("");
      const tree = parse(source);
      check(tree);
      literal(source, tree);
    }
  });
});
