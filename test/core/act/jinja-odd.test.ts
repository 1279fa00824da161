/** Whatever is asked of whatever value: an answer, or a sentence that says what is wrong; never a crash. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { FILTERS } from "../../../src/core/act/jinja/filters/filters.ts";
import { TESTS } from "../../../src/core/act/jinja/tests.ts";
import { TEXT_METHODS } from "../../../src/core/act/jinja/text-methods.ts";
import { ours } from "./judged.ts";

const ODD =
  "1e308*10;(1e308*10)-(1e308*10);-1;0;2.5;1e300;1e-320;9007199254740991;true;none;nope;'';'a';'%d';'{:d}';'{';" +
  "'😀é';'\\ud800';'x' * 9999;[1] * 9999;[[]];{};event;event.occurred;event.received - event.occurred;" +
  "event.resource;labels;automation;range(3);d.items();l|map('abs');people;namespace(a=1);cycler(1);joiner()";
const odd = fc.constantFrom(...ODD.split(";"));
const name = fc.constantFrom(
  "precision",
  "width",
  "format",
  "attribute",
  "suppress",
  "base",
  "when",
  "length",
);
const args = fc
  .tuple(
    fc.array(odd, { maxLength: 3 }),
    fc.array(
      fc.tuple(name, odd).map((pair) => pair.join("=")),
      { maxLength: 1 },
    ),
  )
  .map(([positional, named]) => [...positional, ...named].join(", "));
const of = (names: Iterable<string>): fc.Arbitrary<string> => fc.constantFrom(...names);
const expression = fc.oneof(
  fc.tuple(odd, of(FILTERS.keys()), args).map(([value, filter, given]) => `(${value})|${filter}(${given})`),
  fc.tuple(odd, of(TESTS.keys()), args).map(([value, test, given]) => `(${value}) is ${test}(${given})`),
  fc
    .tuple(odd, of([...TEXT_METHODS.keys(), "items", "get", "index", "strftime", "isoformat"]), args)
    .map(([value, method, given]) => `(${value}).${method}(${given})`),
);

describe("a filter, test or method", () => {
  it("gives an answer or says what is wrong, whatever it is given", () => {
    let given = 0;
    fc.assert(
      fc.property(expression, fc.constantFrom("text", "value"), (source, as) => {
        const answer = ours({
          about: "",
          as,
          in: "full",
          template: `{{ ${source} }}`,
          answer: { gives: "" },
        });
        if ("gives" in answer) given++;
      }),
      { numRuns: 2_000 },
    );
    assert.ok(given > 200, `${given} gave an answer`);
  });
});
