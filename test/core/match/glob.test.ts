import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { glob } from "../../../src/core/match/glob.ts";
import { valueMatcher } from "../../../src/core/match/interest.ts";
import { nameMatcher, namePattern } from "../../../src/core/match/name-pattern.ts";

const matchesName = (pattern: string, name: string): boolean => nameMatcher(namePattern(pattern))(name);

describe("a glob", () => {
  const fitting: readonly (readonly [string, string])[] = [
    ["abc", "abc"],
    ["", ""],
    ["*", ""],
    ["*", "a.b/c\nd"],
    ["a*", "a"],
    ["a*c*e", "abcde"],
    ["*.b", "a.b.b"],
    ["?", "é"],
    ["?", "😀"],
    ["a[bc]d", "acd"],
    ["[a-c]", "b"],
    ["[!a-c]", "d"],
    ["[]]", "]"],
    ["[!]]", "a"],
    ["[a-]", "-"],
    ["[-a]", "-"],
    ["[^a]", "^"],
    ["[a-c-e]", "-"],
    ["[!z-a]", "q"],
    ["a[b", "a[b"],
    ["[!]", "[!]"],
    ["[]", "[]"],
    ["\\*", "\\x"],
  ];
  const failing: readonly (readonly [string, string])[] = [
    ["abc", "ABC"],
    ["abc", "abcd"],
    ["", "a"],
    ["?", ""],
    ["?", "ab"],
    ["a*c", "abd"],
    ["[a-c]", "d"],
    ["[!a]", ""],
    ["[z-a]", "m"],
    ["[]]", "["],
    ["[!😀]", "😀"],
  ];
  for (const [pattern, text] of fitting) {
    it(`${JSON.stringify(pattern)} fits ${JSON.stringify(text)}`, () => assert.ok(glob(pattern)(text)));
  }
  for (const [pattern, text] of failing) {
    it(`${JSON.stringify(pattern)} does not fit ${JSON.stringify(text)}`, () =>
      assert.ok(!glob(pattern)(text)));
  }

  it("decides as trying every way does, whatever the pattern", () => {
    const tries = (pattern: string, text: string): boolean => {
      const [first] = pattern;
      if (first === undefined) return text === "";
      if (first === "*")
        return tries(pattern.slice(1), text) || (text !== "" && tries(pattern, text.slice(1)));
      return text !== "" && (first === "?" || first === text[0]) && tries(pattern.slice(1), text.slice(1));
    };
    const letters = (from: string) => fc.string({ unit: fc.constantFrom(...Array.from(from)), maxLength: 7 });
    fc.assert(
      fc.property(letters("ab*?"), letters("ab"), (pattern, text) => {
        assert.equal(glob(pattern)(text), tries(pattern, text));
      }),
    );
  });

  it("does not try every way where there are very many", () => {
    assert.ok(!glob(`${"*a".repeat(50)}*b`)("a".repeat(5000)));
  });

  it("is negated by one leading exclamation mark, and only by that", () => {
    assert.ok(valueMatcher("!a*")("b"));
    assert.ok(!valueMatcher("!a*")("ab"));
    assert.ok(!valueMatcher("!!a")("!a"));
    assert.ok(valueMatcher("!!a")("a"));
  });
});

describe("a pattern for event names", () => {
  const table: readonly (readonly [string, string, boolean])[] = [
    ["a.b", "a.b", true],
    ["a.b", "a.bc", false],
    ["a.*", "a.b", true],
    ["a.*", "a.", false],
    ["a.b*", "a.b", false],
    ["*.Completed", "run.Completed", true],
    ["*.Completed", ".Completed", false],
    ["a.*.c", "a.b.c", true],
    ["a.*.c", "a..c", false],
    ["a*a", "aa", false],
    ["a*a", "aba", true],
    ["*", "a", true],
    ["*", "", false],
    ["**", "a", false],
    ["**", "ab", true],
    ["*b*", "abb", true],
    ["*b*", "bb", false],
    ["a?", "ab", false],
    ["a?", "a?", true],
    ["!x", "y", false],
    ["!x", "!x", true],
    ["a[b]", "ab", false],
    ["a[b]", "a[b]", false],
    ["[b]*", "bcd", false],
    ["a[b", "a[b", true],
    ["A", "a", false],
  ];
  for (const [pattern, name, fits] of table) {
    it(`${pattern} ${fits ? "fits" : "does not fit"} '${name}'`, () =>
      assert.equal(matchesName(pattern, name), fits));
  }

  it("decides as a regular expression does in which `*` is one or more, whatever comes", () => {
    const letters = (from: string) => fc.string({ unit: fc.constantFrom(...Array.from(from)), maxLength: 7 });
    fc.assert(
      fc.property(letters("ab*"), letters("ab"), (pattern, name) => {
        const regex = new RegExp(`^${pattern.replaceAll("*", ".+")}$`);
        assert.equal(matchesName(pattern, name), regex.test(name));
      }),
    );
  });
});
