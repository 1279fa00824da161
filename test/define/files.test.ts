/** Files of automations in every form they are kept in, and what can be wrong with them. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { formatFault } from "../../src/core/model/fault.ts";
import { instant } from "../../src/core/model/time.ts";
import {
  automationsFile,
  automationToJson,
  type Definitions,
  parseAutomation,
} from "../../src/define/define.ts";

function definitions(text: string): Definitions {
  const read = automationsFile(text);
  return read.ok ? read.value : assert.fail(read.faults.map(formatFault).join("\n"));
}

function faults(text: string): readonly string[] {
  const read = automationsFile(text);
  return read.ok ? assert.fail("expected faults") : read.faults.map(formatFault);
}

const names = (text: string): readonly string[] => definitions(text).automations.map(({ name }) => name);

const body = (name: string): string =>
  `{ name: ${name}, trigger: { type: event, posture: Reactive, expect: [x] }, actions: [] }`;

describe("a file of automations", () => {
  it("may be one, a list, or a list under its name", () => {
    assert.deepEqual(names(body("a")), ["a"]);
    assert.deepEqual(names(`[${body("a")}, ${body("b")}]`), ["a", "b"]);
    assert.deepEqual(names(`automations: [${body("a")}, ${body("b")}]`), ["a", "b"]);
  });

  it("may be a prefect.yaml, all of whose triggers are meant", () => {
    const path = join(import.meta.dirname, "../../docs/examples/campaign.yaml");
    const { automations, deployments } = definitions(readFileSync(path, "utf8"));
    assert.deepEqual(
      automations.map(({ name, actions }) => [name, actions.length]),
      [["campaign-execution__automation_1", 1]],
    );
    assert.deepEqual(
      deployments.map(({ name }) => name),
      ["campaign-execution"],
    );
  });

  it("may be triggers alone, as `--trigger` takes them", () => {
    const { automations, deployments } = definitions(
      "triggers: [{ expect: [x] }, { name: mine, expect: [y] }]",
    );
    assert.deepEqual(
      automations.map(({ name }) => name),
      ["triggers__automation_1", "mine"],
    );
    assert.equal(deployments[0]?.name, "triggers");
  });

  it("keeps the order in which they are written, and ids that they bring", () => {
    const text = JSON.stringify(
      ["b", "a"].map((name) => {
        const trigger = { type: "event", posture: "Reactive" };
        const read = parseAutomation(
          { name, trigger, actions: [] },
          { id: `${name}0000000-0000-4000-8000-000000000000`, now: instant(9) },
        );
        return read.ok ? automationToJson(read.value) : assert.fail();
      }),
    );
    const { automations } = definitions(text);
    assert.deepEqual(
      automations.map(({ id, created }) => [id.slice(0, 1), created]),
      [
        ["b", 0],
        ["a", 1],
      ],
    );
  });

  it("is refused with every fault in its place", () => {
    assert.deepEqual(faults("[{ name: a, trigger: { type: event }, actions: [] }, 7]"), [
      "[0].trigger.EventTrigger.posture: this must be given",
      "[1]: expected a mapping; found 7",
    ]);
    assert.deepEqual(faults("triggers: [{ within: soon }]").length, 1);
    assert.match(faults("triggers: [{ within: soon }]")[0] ?? "", /^triggers\[0\]\.within: /);
    assert.deepEqual(faults("automations: 7"), ["automations: expected a list; found 7"]);
    assert.match(faults("a: [")[0] ?? "", /^line 1: /);
  });

  it("may not name one id twice", () => {
    const one = `{ id: a0000000-0000-4000-8000-000000000000, ${body("a").slice(1)}`;
    assert.match(
      faults(`[${one}, ${one}]`)[0] ?? "",
      /^\[1\]: the id a0000000.* stands in an automation before/,
    );
  });
});
