import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { formatFault } from "../../src/core/model/fault.ts";
import { deriveId } from "../../src/core/model/id.ts";
import { isJsonObject, type Json, type JsonObject } from "../../src/core/model/json.ts";
import { instant, seconds } from "../../src/core/model/time.ts";
import { automationToJson, parseAutomation, readStored, storeAutomation } from "../../src/define/define.ts";

const ID = "d4bc49b8-66cf-4f96-b593-870a422caa84";
const DEPLOYMENT = "8e080a20-0c46-4ffb-8cc5-5ba3d2cc7bc9";
const now = instant(1_700_000_000_000_000);
const context = { id: ID, now };

const event = { type: "event", posture: "Reactive", expect: ["ping"] };
const run = { type: "run-deployment", deployment_id: DEPLOYMENT };
const body = { name: "a", trigger: event, actions: [run] };

const read = (sent: unknown, more: { readonly fixedIds?: boolean } = {}) =>
  parseAutomation(sent, { ...context, ...more });

const automation = (sent: unknown, more: { readonly fixedIds?: boolean } = {}) => {
  const found = read(sent, more);
  return found.ok ? found.value : assert.fail(found.faults.map(formatFault).join("\n"));
};
function trigger(fields: JsonObject): JsonObject {
  const { trigger: found = null } = automationToJson(automation({ ...body, trigger: fields }));
  return isJsonObject(found) ? found : assert.fail("no trigger");
}
/** As it comes out of a log, or off the wire. */
function copy<T>(value: T): T {
  const read: T = JSON.parse(JSON.stringify(value));
  return read;
}

describe("an automation sent with what it must have", () => {
  it("is answered with every default written out", () => {
    const sent = {
      name: "a",
      trigger: { posture: "Reactive" },
      actions: [{}, { deployment_id: DEPLOYMENT }],
    };
    assert.deepEqual(automationToJson(automation(sent)), {
      name: "a",
      description: "",
      enabled: true,
      tags: [],
      trigger: {
        type: "event",
        id: deriveId("trigger", ID),
        match: {},
        match_related: {},
        after: [],
        expect: [],
        for_each: [],
        posture: "Reactive",
        threshold: 1,
        within: 0,
      },
      actions: [
        { type: "do-nothing" },
        {
          type: "run-deployment",
          source: "selected",
          deployment_id: DEPLOYMENT,
          parameters: null,
          job_variables: null,
          schedule_after: 0,
        },
      ],
      actions_on_trigger: [],
      actions_on_resolve: [],
      id: ID,
      created: "2023-11-14T22:13:20Z",
      updated: "2023-11-14T22:13:20Z",
    });
  });

  it("is taken as leniently as Prefect takes it", () => {
    const found = automation({ ...body, enabled: "no", tags: ["b", "a", "b"], owner_resource: "x" });
    assert.deepEqual([found.enabled, found.tags, found.ownerResource], [false, ["b", "a", "b"], "x"]);
    const { threshold, within, expect, ...rest } = trigger({
      ...event,
      threshold: "2",
      within: "PT1M30S",
      expect: ["a", "b", "a"],
      colour: 1,
    });
    assert.deepEqual([threshold, within, expect, "colour" in rest], [2, 90, ["a", "b"], false]);
    assert.deepEqual(
      [true, 2.0, 0, -5].map((n) => trigger({ ...event, threshold: n })["threshold"]),
      [1, 2, 0, -5],
    );
    assert.equal(trigger({ ...event, within: "01:30:00" })["within"], 5400);
  });

  it("keeps `match` as it was written", () => {
    const match = { "prefect.resource.id": ["a.*", "!b"], other: "c" };
    const found = trigger({ ...event, match, match_related: [match, {}] });
    assert.deepEqual([found["match"], found["match_related"]], [match, [match, {}]]);
  });

  it("gives absence its ten seconds, and takes its spans as text", () => {
    const within = (value: Json | undefined) =>
      trigger({ ...event, posture: "Proactive", ...(value !== undefined && { within: value }) })["within"];
    assert.deepEqual([undefined, 0, "", 10, "PT30S", 12.5].map(within), [10, 10, 10, 10, 30, 12.5]);
  });

  it("tells triggers by their fields where they have no type", () => {
    const child = { posture: "Reactive" };
    assert.equal(trigger({ triggers: [child], require: "any", within: null })["type"], "compound");
    assert.equal(trigger({ triggers: [child], within: 5 })["type"], "sequence");
    const metric = { name: "successes", operator: "<", threshold: 0.9 };
    assert.deepEqual(trigger({ posture: "Metric", metric })["metric"], {
      ...metric,
      range: 300,
      firing_for: 300,
    });
  });

  it("keeps every kind of action with its defaults", () => {
    const sent = [
      { type: "pause-work-pool", work_pool_id: DEPLOYMENT },
      { type: "change-flow-run-state", state: "FAILED" },
      { type: "send-notification", block_document_id: DEPLOYMENT, body: "b" },
      { type: "call-webhook", block_document_id: DEPLOYMENT, payload: { a: 1 } },
      { type: "declare-incident", x: 1 },
      { type: "run-deployment", source: "inferred", schedule_after: "PT2H", parameters: { a: 1 } },
    ];
    assert.deepEqual(automationToJson(automation({ ...body, actions: sent }))["actions"], [
      { type: "pause-work-pool", source: "selected", work_pool_id: DEPLOYMENT },
      { type: "change-flow-run-state", name: null, state: "FAILED", message: null, force: false },
      {
        type: "send-notification",
        block_document_id: DEPLOYMENT,
        subject: "Prefect automated notification",
        body: "b",
      },
      { type: "call-webhook", block_document_id: DEPLOYMENT, payload: '{\n  "a": 1\n}' },
      { type: "declare-incident", x: 1 },
      {
        type: "run-deployment",
        source: "inferred",
        deployment_id: null,
        parameters: { a: 1 },
        job_variables: null,
        schedule_after: 7200,
      },
    ]);
  });
});

describe("the ids of triggers", () => {
  const own = "70c74356-6f2f-48a1-80ae-f736f6f39b4b";
  const tree = { type: "sequence", id: own, within: null, triggers: [{ ...event, id: DEPLOYMENT }, event] };
  const ids = (sent: unknown, fixedIds: boolean) => {
    const { trigger: root } = automation(sent, { fixedIds });
    return [root.id, ...(root.kind === "sequence" ? root.triggers.map(({ id }) => id) : [])];
  };

  it("are those of their places, whatever is sent", () => {
    const expected = [deriveId("trigger", ID), deriveId("trigger", ID, 0), deriveId("trigger", ID, 1)];
    assert.deepEqual(ids({ ...body, trigger: tree }, false), expected);
  });

  it("are their own where ids are fixed", () => {
    assert.deepEqual(ids({ ...body, id: ID, trigger: tree }, true), [
      own,
      DEPLOYMENT,
      deriveId("trigger", ID, 1),
    ]);
    const twice = read({ ...body, trigger: { ...tree, id: DEPLOYMENT } }, { fixedIds: true });
    assert.deepEqual(!twice.ok && twice.faults.map(formatFault), [
      `trigger: Value error, the id ${DEPLOYMENT} stands on two triggers`,
    ]);
  });
});

describe("an automation that was stored", () => {
  const leaf = fc.record(
    {
      posture: fc.constantFrom("Reactive", "Proactive"),
      within: fc.integer({ min: 10, max: 1e6 }),
      threshold: fc.integer(),
      expect: fc.array(fc.string()),
      for_each: fc.array(fc.string()),
      match: fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.array(fc.string()))),
    },
    { requiredKeys: ["posture"] },
  );
  const metric = fc.constant({
    type: "metric",
    metric: { name: "lateness", operator: ">", threshold: 5, range: 600 },
  });
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { maxDepth: 3 },
      leaf,
      metric,
      fc.record({ triggers: fc.array(tie("tree"), { maxLength: 3 }), within: fc.option(fc.integer()) }),
      fc.record({
        triggers: fc.array(tie("tree"), { maxLength: 3 }),
        within: fc.constant(1.5),
        require: fc.constantFrom("any", "all"),
      }),
    ),
  }));

  it("is read as it was, whatever it was", () => {
    fc.assert(
      fc.property(tree, fc.boolean(), fc.boolean(), (root, enabled, isArmed) => {
        const first = {
          ...automation({ ...body, enabled, trigger: copy(root), owner_resource: "o" }),
          ...(isArmed && { armed: instant(now + seconds(3)) }),
        };
        const stored = storeAutomation({ ...first, updated: instant(now + seconds(5)) });
        const again = readStored(copy(stored));
        assert.deepEqual(again, { ok: true, value: { ...first, updated: instant(now + seconds(5)) } });
      }),
    );
  });

  it("is not judged by rules that came later", () => {
    const looping = {
      ...automation(body),
      trigger: automation({ ...body, trigger: { ...event, expect: ["prefect.flow-run.*"] }, enabled: false })
        .trigger,
    };
    assert.equal(readStored(storeAutomation(looping)).ok, true);
  });
});
