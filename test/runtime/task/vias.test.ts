import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { stepFor, viasOf } from "../../../src/runtime/task/vias.ts";
import { topology } from "../../support/evaluators.ts";

const vias = viasOf(topology.roles["evaluator"] ?? assert.fail("no evaluator"));

describe("the topics that records of the evaluator travel by", () => {
  it("stand once each, in the order of the flow, so that composites wait for all that lead to them", () => {
    assert.deepEqual(vias, [
      { topic: "matches", steps: ["evaluate", "measure"] },
      { topic: "child-firings", steps: ["compose"] },
    ]);
  });

  it("hand a record to the step that it names, and to the first where it names none", () => {
    assert.equal(stepFor(vias, "matches", "measure"), "measure");
    assert.equal(stepFor(vias, "matches", null), "evaluate");
    assert.equal(stepFor(vias, "matches", "compose"), undefined);
    assert.equal(stepFor(vias, "firings", null), undefined);
  });
});
