import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Budget, compileText } from "../../../src/core/act/jinja/jinja.ts";
import { namesOf } from "../../../src/core/act/scope.ts";
import { checkTemplate, renderTemplate, renderText } from "../../../src/core/act/template.ts";
import { automation, event, firing } from "./builders.ts";

const word = fc.constantFrom(
  "a",
  "b",
  "list",
  "length",
  "not",
  "items",
  "constructor",
  "_x",
  "toString",
  "if",
);
const payload = fc
  .dictionary(word, fc.jsonValue({ maxDepth: 2 }))
  .map((given) => JSON.parse(JSON.stringify(given)));
const path = fc
  .tuple(
    fc.constantFrom(
      "event",
      "event.payload",
      "event.resource",
      "event.resource.labels",
      "labels",
      "automation",
      "firing",
      "variables",
    ),
    fc.array(
      fc.oneof(word, fc.constantFrom("id", "name", "prefect", "resource", "event", "occurred", "related")),
      { maxLength: 4 },
    ),
  )
  .map(([root, steps]) => [root, ...steps].join("."));
const between = fc.oneof(
  fc.string({ maxLength: 5 }).filter((text) => !/\{[{%#]|\{$/.test(text)),
  fc.constantFrom("\n", " ", "}}", "<&>", "{ ", "\r\n", "%}"),
);
const template = fc
  .array(
    fc.oneof(
      between,
      path.map((one) => `{{${one}}}`),
      path.map((one) => `{{ ${one} }}`),
    ),
    { maxLength: 6 },
  )
  .map((pieces) => pieces.join(""))
  .filter((text) => !/\{\{\{|\{%|\{#/.test(text));

describe("a template whose tags are all plain names", () => {
  it("means the same on the fast road and on the long one, whatever it is given", () => {
    fc.assert(
      fc.property(template, payload, (source, given) => {
        const seen = {
          firing: firing(),
          automation: automation(),
          event: event({ payload: given }),
          variables: given,
        };
        const fast = renderText(source, namesOf(seen), new Budget());
        assert.equal(fast, compileText(source)(namesOf(seen), new Budget()), source);
      }),
      { numRuns: 500 },
    );
  });

  it("gives the same value as the expression in parentheses, when it stands alone", () => {
    fc.assert(
      fc.property(path, payload, (one, given) => {
        const seen = {
          firing: firing(),
          automation: automation(),
          event: event({ payload: given }),
          variables: given,
        };
        const render = (source: string) => renderTemplate(source, namesOf(seen), new Budget());
        assert.deepEqual(render(`{{ ${one} }}`), render(`{{ (${one}) }}`));
      }),
      { numRuns: 500 },
    );
  });

  it("is told what is wrong with it like any other", () => {
    assert.deepEqual(checkTemplate("{{ event.id }}", "any"), null);
    assert.deepEqual(checkTemplate("a\n{{ event. }}", "any"), {
      line: 2,
      message: "unexpected end of tag '}}', expected name or number",
    });
  });

  it("is rendered rightly also after a thousand others", () => {
    const seen = { firing: firing(), automation: automation(), event: event(), variables: {} };
    for (let i = 0; i < 2_500; i++) {
      assert.equal(
        renderText(`${i % 1_200} {{ event.event }}`, namesOf(seen), new Budget()),
        `${i % 1_200} order.placed`,
      );
    }
  });
});
