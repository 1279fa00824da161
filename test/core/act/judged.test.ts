/**
 * Prefect's own renderer as the judge. `judged/answers.json` was made by running Prefect 3.8.8 (its `made` says how);
 * `judged/differences.json` is ours: where we answer otherwise, what, and why.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { type Answer, isSame, type Judged, judged, ours } from "./judged.ts";

const read = readFileSync(join(import.meta.dirname, "judged/differences.json"), "utf8");
const reasons: Readonly<Record<string, Readonly<Record<string, Answer>>>> = JSON.parse(read);
const differences = new Map(Object.values(reasons).flatMap((answers) => Object.entries(answers)));

const keyOf = ({ as, template }: Judged): string => `${as} ${template}`;
const subjects = [...new Set(judged.map(({ about }) => about))];

describe("a template that Prefect has rendered", () => {
  for (const subject of subjects) {
    it(`means the same here: ${subject}`, () => {
      const cases = judged.filter((one) => one.about === subject && !differences.has(keyOf(one)));
      const wrong = cases.flatMap((one) => {
        const mine = ours(one);
        return isSame(one.answer, mine) ? [] : [{ template: one.template, theirs: one.answer, mine }];
      });
      assert.deepEqual(wrong, []);
      assert.ok(cases.length > 0);
    });
  }

  it("means something else only where we say so, and what", () => {
    const found = judged.flatMap((one): [string, Answer][] => {
      const mine = ours(one);
      return isSame(one.answer, mine) ? [] : [[keyOf(one), mine]];
    });
    assert.deepEqual(Object.fromEntries(found), Object.fromEntries(differences));
  });

  it("is one of more than a thousand", () => {
    assert.ok(judged.length > 1_700, `${judged.length} judged`);
  });
});
