import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { formatFault } from "../../src/core/model/fault.ts";
import type { Json, JsonObject } from "../../src/core/model/json.ts";
import { instant } from "../../src/core/model/time.ts";
import { parseAutomation } from "../../src/define/define.ts";

const ID = "d4bc49b8-66cf-4f96-b593-870a422caa84";
const DEPLOYMENT = "8e080a20-0c46-4ffb-8cc5-5ba3d2cc7bc9";
const now = instant(1_700_000_000_000_000);

const event = { type: "event", posture: "Reactive", expect: ["ping"] };
const run = { type: "run-deployment", deployment_id: DEPLOYMENT };
const body = { name: "a", trigger: event, actions: [run] };

function faults(sent: unknown): readonly string[] {
  const found = parseAutomation(sent, { id: ID, now });
  return found.ok ? [] : found.faults.map((fault) => `${fault.type} ${formatFault(fault)}`);
}
const ofTrigger = (fields: JsonObject) => faults({ ...body, trigger: { ...event, ...fields } });
const ofAction = (action: Json) => faults({ ...body, actions: [action] });

describe("an automation that cannot be", () => {
  it("is told all its faults at once", () => {
    assert.deepEqual(
      faults({
        id: ID,
        description: null,
        tags: "x",
        trigger: { type: "event", within: "30" },
        actions: [{ type: "nope" }],
      }),
      [
        "extra_forbidden id: Extra inputs are not permitted",
        "missing name: Field required",
        "string_type description: Input should be a valid string",
        "list_type tags: Input should be a valid list",
        "missing trigger.EventTrigger.posture: Field required",
        "time_delta_parsing trigger.EventTrigger.within: Input should be a valid timedelta, expected seconds as a number, an ISO 8601 duration such as PT30S, or HH:MM:SS",
        faults({ ...body, actions: [{ type: "nope" }] })[0] ?? "",
      ],
    );
  });

  it("is no object, or has nothing of what it needs", () => {
    assert.deepEqual(faults([]), [
      "model_attributes_type Input should be a valid dictionary or object to extract fields from",
    ]);
    assert.deepEqual(faults({}), [
      "missing name: Field required",
      "missing trigger: Field required",
      "missing actions: Field required",
    ]);
  });

  it("is nested beyond all reason", () => {
    const deep: unknown = JSON.parse(`{"a":${"[".repeat(5000)}${"]".repeat(5000)}}`);
    assert.deepEqual(faults({ ...body, x: deep }), [
      "value_error Value error, a definition may be nested at most 100 levels deep",
    ]);
    let tree: JsonObject = event;
    for (let i = 0; i < 32; i++) tree = { within: null, triggers: [tree] };
    assert.match(
      faults({ ...body, trigger: tree })[0] ?? "",
      /triggers may be nested at most 30 levels deep$/,
    );
  });

  const at = "trigger.EventTrigger";
  for (const [fields, fault] of [
    [
      { posture: "reactive" },
      `literal_error ${at}.posture: Input should be Posture.Reactive or Posture.Proactive`,
    ],
    [
      { posture: "Metric" },
      `literal_error ${at}.posture: Input should be Posture.Reactive or Posture.Proactive`,
    ],
    [{ match: null }, `dict_type ${at}.match: Input should be a valid dictionary`],
    [{ match: { a: 1 } }, `string_type ${at}.match.a: Input should be a valid string`],
    [{ match: { a: ["x", 1] } }, `string_type ${at}.match.a[1]: Input should be a valid string`],
    [{ match_related: [1] }, `dict_type ${at}.match_related[0]: Input should be a valid dictionary`],
    [{ expect: "x" }, `set_type ${at}.expect: Input should be a valid set`],
    [{ for_each: [1] }, `string_type ${at}.for_each[0]: Input should be a valid string`],
    [
      { threshold: 1.5 },
      `int_from_float ${at}.threshold: Input should be a valid integer, got a number with a fractional part`,
    ],
    [
      { threshold: "x" },
      `int_parsing ${at}.threshold: Input should be a valid integer, unable to parse string as an integer`,
    ],
    [{ threshold: null }, `int_type ${at}.threshold: Input should be a valid integer`],
    [{ within: null }, `value_error ${at}.within: Value error, \`within\` should be a valid timedelta`],
    [{ within: -1 }, `greater_than_equal ${at}.within: Input should be greater than or equal to 0 seconds`],
    [{ within: true }, `time_delta_type ${at}.within: Input should be a valid timedelta`],
    [{ within: 1e12 }, `value_error ${at}.within: Value error, a span may be at most 285 years long`],
    [
      { posture: "Proactive", within: 9.9 },
      `value_error ${at}.within: Value error, \`within\` for Proactive triggers must be greater than or equal to 10 seconds`,
    ],
    [
      { type: "nope" },
      "union_tag_invalid trigger.type: Input tag 'nope' found using trigger_discriminator() does not match any of the expected tags: 'event', 'metric', 'compound', 'sequence'",
    ],
  ] as const) {
    it(`has a trigger with ${JSON.stringify(fields)}`, () => {
      assert.deepEqual(ofTrigger(fields), [fault]);
    });
  }

  const compound = { type: "compound", require: "all", within: null, triggers: [event, event] };
  for (const [fields, fault] of [
    [{ require: 0 }, "value_error trigger.CompoundTrigger.require: Value error, require must be at least 1"],
    [
      { require: 3 },
      "value_error trigger.CompoundTrigger.require: Value error, require must be less than or equal to the number of triggers",
    ],
    [
      { require: "ANY" },
      "literal_error trigger.CompoundTrigger.require: Input should be a valid integer, 'any' or 'all'",
    ],
    [{ triggers: {} }, "list_type trigger.CompoundTrigger.triggers: Input should be a valid list"],
    [
      { triggers: [event, 1] },
      "model_attributes_type trigger.CompoundTrigger.triggers[1]: Input should be a valid dictionary or object to extract fields from",
    ],
    [
      { triggers: [event, {}] },
      "missing trigger.CompoundTrigger.triggers[1].EventTrigger.posture: Field required",
    ],
    [
      { correlate: true, triggers: [event, { ...event, for_each: ["a"] }] },
      "value_error trigger.CompoundTrigger.correlate: Value error, to be correlated, all children must be event triggers with the same for_each",
    ],
  ] as const) {
    it(`has a compound with ${JSON.stringify(fields)}`, () => {
      assert.deepEqual(faults({ ...body, trigger: { ...compound, ...fields } }), [fault]);
    });
  }

  it("has a composite that does not say within when", () => {
    const { within: _, ...silent } = compound;
    assert.deepEqual(faults({ ...body, trigger: silent }), [
      "missing trigger.CompoundTrigger.within: Field required",
    ]);
    assert.deepEqual(faults({ ...body, trigger: { ...compound, require: "2", within: -5 } }), []);
  });

  it("has a metric that is none", () => {
    const metric = { name: "speed", operator: "==", threshold: "x", range: 299, firing_for: 299 };
    assert.deepEqual(faults({ ...body, trigger: { type: "metric", metric } }), [
      "literal_error trigger.MetricTrigger.metric.name: Input should be 'lateness', 'duration' or 'successes'",
      "literal_error trigger.MetricTrigger.metric.operator: Input should be '<', '<=', '>' or '>='",
      "float_type trigger.MetricTrigger.metric.threshold: Input should be a valid number",
      "value_error trigger.MetricTrigger.metric.range: Value error, The minimum range is 300 seconds (5 minutes)",
      "value_error trigger.MetricTrigger.metric.firing_for: Value error, The minimum range is 300 seconds (5 minutes)",
    ]);
  });

  for (const [action, fault] of [
    [
      { type: "run-deployment" },
      "value_error actions[0].RunDeployment.deployment_id: Value error, deployment_id is required",
    ],
    [
      { ...run, source: "inferred" },
      "value_error actions[0].RunDeployment.deployment_id: Value error, deployment_id is not allowed",
    ],
    [
      { ...run, source: "x" },
      "literal_error actions[0].RunDeployment.source: Input should be 'selected' or 'inferred'",
    ],
    [
      { ...run, schedule_after: -1 },
      "value_error actions[0].RunDeployment.schedule_after: Value error, schedule_after must be non-negative",
    ],
    [
      { ...run, schedule_after: null },
      "time_delta_type actions[0].RunDeployment.schedule_after: Input should be a valid timedelta",
    ],
    [
      { ...run, parameters: [] },
      "dict_type actions[0].RunDeployment.parameters: Input should be a valid dictionary",
    ],
    [
      { ...run, parameters: { a: "{{ x", b: { __prefect_kind: "jinja" } } },
      "value_error actions[0].RunDeployment.parameters: Value error, Invalid parameters: \na: Invalid jinja: unexpected end of template\n  b: Missing 'template' key in __prefect object",
    ],
    [
      { ...run, parameters: { a: [{ b: "{% if %}" }] } },
      "value_error actions[0].RunDeployment.parameters: Value error, Invalid parameters: \na.0.b: Invalid jinja: unexpected end of tag '%}', expected an expression",
    ],
    [
      { type: "pause-automation" },
      "value_error actions[0].PauseAutomation.automation_id: Value error, automation_id is required",
    ],
    [
      { type: "pause-work-queue", source: "inferred", work_queue_id: DEPLOYMENT },
      "value_error actions[0].PauseWorkQueue.work_queue_id: Value error, work_queue_id is not allowed",
    ],
    [
      { type: "call-webhook", block_document_id: DEPLOYMENT, payload: null },
      "string_type actions[0].CallWebhook.payload: Input should be a valid string",
    ],
    [
      { type: "change-flow-run-state", state: "failed" },
      "literal_error actions[0].ChangeFlowRunState.state: Input should be 'SCHEDULED', 'PENDING', 'RUNNING', 'COMPLETED', 'FAILED', 'CANCELLED', 'CRASHED', 'PAUSED' or 'CANCELLING'",
    ],
    [
      1,
      "model_attributes_type actions[0]: Input should be a valid dictionary or object to extract fields from",
    ],
  ] as const) {
    it(`has the action ${JSON.stringify(action)}`, () => {
      assert.deepEqual(ofAction(action), [fault]);
    });
  }

  it("has an action of a type nobody knows, or an id that is none", () => {
    assert.match(
      ofAction({ type: "nope" })[0] ?? "",
      /^literal_error actions\[0\]\.type: Input should be one of 'run-deployment', 'do-nothing'/,
    );
    assert.match(
      ofAction({ ...run, deployment_id: "x" })[0] ?? "",
      /^uuid_parsing .*deployment_id: Input should be a valid UUID/,
    );
    assert.match(
      ofAction({ ...run, deployment_id: 1 })[0] ?? "",
      /^uuid_type .*: UUID input should be a string/,
    );
  });

  it("has flags that are none", () => {
    assert.deepEqual(faults({ ...body, enabled: null }), [
      "bool_type enabled: Input should be a valid boolean",
    ]);
    assert.deepEqual(faults({ ...body, enabled: "maybe" }), [
      "bool_parsing enabled: Input should be a valid boolean, unable to interpret input",
    ]);
  });
});

describe("an automation that would start what starts it", () => {
  const every = { ...event, expect: ["prefect.flow-run.*"] };
  const any = { "prefect.resource.id": "prefect.flow-run.*" };

  it("is refused", () => {
    assert.match(
      faults({
        ...body,
        trigger: every,
        actions: [{ ...run, source: "inferred", deployment_id: null }],
      })[0] ?? "",
      /^value_error Value error, Running an inferred deployment from a flow run state change event will lead to an infinite loop/,
    );
    for (const wide of [
      {},
      { match: any },
      { match: { "prefect.resource.id": ["prefect.flow-run.*"] } },
      { match_related: [{ a: "b" }, any] },
    ]) {
      assert.match(
        faults({ ...body, trigger: { ...every, ...wide } })[0] ?? "",
        /^value_error Value error, Running a selected deployment from a flow run state change event may lead to an infinite loop/,
      );
    }
  });

  it("is let be where it takes part of the runs only, or nothing yet", () => {
    for (const narrow of [
      { match: { a: "b" } },
      { match_related: { a: "b" } },
      { match_related: [] },
      { posture: "Proactive" },
      { expect: ["prefect.flow-run.R*"] },
    ]) {
      assert.deepEqual(faults({ ...body, trigger: { ...every, ...narrow } }), []);
    }
    assert.deepEqual(faults({ ...body, trigger: every, enabled: false }), []);
    assert.deepEqual(faults({ ...body, trigger: every, actions: [], actions_on_trigger: [run] }), []);
  });
});
