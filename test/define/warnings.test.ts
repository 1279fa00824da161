/** What triggers hold that Prefect takes without a word, and their author hardly meant. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatFault } from "../../src/core/model/fault.ts";
import { prefectFileWarnings, triggerWarnings } from "../../src/define/define.ts";

const warnings = (trigger: object): readonly string[] =>
  triggerWarnings(JSON.parse(JSON.stringify([trigger])), ["triggers"]).map(formatFault);

describe("a key of a trigger that nobody knows", () => {
  const cases: readonly [string, object, string][] = [
    ["is told with the one that may be meant", { expcet: ["a"], match: { a: "b" } }, "expcet/expect"],
    ["may be written in another way", { expect: ["a"], forEach: ["b"] }, "forEach/for_each"],
    ["may lack a letter", { expect: ["a"], treshold: 3 }, "treshold/threshold"],
    ["may be nothing like any other", { expect: ["a"], colour: "red" }, "colour/"],
    ["may be that of another type", { expect: ["a"], require: "all" }, "require/"],
  ];
  for (const [claim, trigger, key] of cases) {
    it(claim, () => {
      const [found = "", meant = ""] = key.split("/");
      const hint = meant === "" ? "" : `; did you mean ${meant}?`;
      assert.deepEqual(warnings(trigger), [`triggers[0].${found}: unknown key, it is ignored${hint}`]);
    });
  }

  it("is found in children and metrics, too", () => {
    const metric = { posture: "Metric", metric: { nmae: "successes" } };
    const compound = { require: "all", triggers: [{ expect: ["a"], wihtin: 3 }, metric] };
    assert.deepEqual(warnings(compound), [
      "triggers[0].triggers[0].wihtin: unknown key, it is ignored; did you mean within?",
      "triggers[0].triggers[1].metric.nmae: unknown key, it is ignored; did you mean name?",
    ]);
  });
});

describe("a trigger that says nothing of events", () => {
  it("fires on every one", () => {
    const said = "triggers[0]: there is no expect, match or after: fires on every event";
    assert.deepEqual(warnings({}), [said]);
    assert.deepEqual(warnings({ match: {}, expect: [] }), [said]);
    assert.match(warnings({ posture: "Proactive" }).join(), /every event counts as expected$/);
  });
});

describe("a prefect.yaml", () => {
  const file =
    "deployments: [{ name: a, triggers: [{}] }, { name: b, triggers: [{ after: [x], wihtin: 1 }] }]";
  const of = (options: object, text = file) => prefectFileWarnings(text, options).map(formatFault);

  it("is warned about where it is meant", () => {
    assert.deepEqual(of({ names: ["b"] }), [
      "deployments[1].triggers[0].wihtin: unknown key, it is ignored; did you mean within?",
    ]);
    assert.equal(of({ all: true }).length, 2);
  });

  it("that cannot be read has faults, not warnings", () => {
    assert.deepEqual(
      [of({ all: true }, "a: ["), of({ all: true }, "deployments: 7"), of({}, "")],
      [[], [], []],
    );
  });
});
