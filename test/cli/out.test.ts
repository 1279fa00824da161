/** What commands print: aligned tables, spans, and nothing that steers a terminal. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { short, spanText, table } from "../../src/cli/out.ts";

describe("a table", () => {
  it("aligns its columns under their headings", () => {
    const text = table(
      ["NAME", "COUNT"],
      [
        ["a", "1"],
        ["much longer", "22"],
      ],
    );
    assert.equal(text, "NAME         COUNT\na            1\nmuch longer  22");
  });

  it("shows what would steer the terminal instead of sending it", () => {
    assert.equal(table(["A"], [["\u001b[2Jgone\nnext"]]), "A\n\\x1b[2Jgone\\nnext");
  });

  it("has one line a row whatever the cells hold", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }))),
        (rows) => {
          assert.equal(table(["A", "B"], rows).split("\n").length, rows.length + 1);
        },
      ),
    );
  });
});

describe("a span", () => {
  const cases: readonly [number, string][] = [
    [-5, "0 s"],
    [0.4, "0 s"],
    [59.6, "1 min"],
    [61, "1 min 1 s"],
    [7140, "1 h 59 min"],
    [7200, "2 h"],
    [90_000, "1 d 1 h"],
    [90_061, "1 d 1 h"],
  ];
  for (const [seconds, expected] of cases) {
    it(`of ${seconds} s reads ${expected}`, () => assert.equal(spanText(seconds), expected));
  }
});

describe("a text that is too long", () => {
  it("keeps its width", () => {
    assert.equal(short("abcdef", 4), "abc…");
    assert.equal(short("abcd", 4), "abcd");
  });
});
