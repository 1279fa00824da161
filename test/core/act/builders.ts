/** Firings, automations and worlds to act on, each with what a test says and sensible rest. */
import assert from "node:assert/strict";
import type { Action, RunDeployment } from "../../../src/core/model/action.ts";
import type { Automation } from "../../../src/core/model/automation.ts";
import { type AutomationTable, tableOf } from "../../../src/core/model/automation-table.ts";
import type { Deployment } from "../../../src/core/model/deployment.ts";
import type { Event } from "../../../src/core/model/event.ts";
import { formatFault, type Result } from "../../../src/core/model/fault.ts";
import type { Firing } from "../../../src/core/model/firing.ts";
import { deriveId } from "../../../src/core/model/id.ts";
import type { JsonObject } from "../../../src/core/model/json.ts";
import { type Instant, instant, parseInstant, seconds } from "../../../src/core/model/time.ts";
import type { World } from "../../../src/core/processor.ts";

export const at = (text: string): Instant => parseInstant(text) ?? assert.fail(`no time: ${text}`);

/** The value, or the faults as a failure. */
export function value<T>(result: Result<T>): T {
  if (result.ok) return result.value;
  return assert.fail(result.faults.map(formatFault).join("\n"));
}

export const DEPLOYMENT = "8e080a20-0c46-4ffb-8cc5-5ba3d2cc7bc9";
export const NOON = at("2031-03-04T12:00:00.250Z");

export const event = (fields: Partial<Event> = {}): Event => ({
  id: "84512249-c5c7-4306-a2d6-8f1662bfea31",
  event: "order.placed",
  occurred: NOON,
  received: NOON,
  resource: { "prefect.resource.id": "order.77", "prefect.resource.name": "Order 77", region: "eu-west" },
  related: [],
  payload: {},
  follows: null,
  causes: [],
  ...fields,
});

export const firing = (fields: Partial<Firing> = {}): Firing => ({
  kind: "firing",
  id: deriveId("firing", "one"),
  automationId: deriveId("automation", "one"),
  triggerId: deriveId("trigger", "one"),
  revision: 0,
  state: "Triggered",
  at: NOON,
  triggered: NOON,
  event: event(),
  labels: { "prefect.resource.id": "order.77" },
  key: ["order.77"],
  windowStart: null,
  windowEnd: null,
  paidBy: [],
  children: [],
  value: null,
  causes: [deriveId("automation", "one")],
  cause: "event",
  rank: "",
  ...fields,
});

export const runWith = (parameters: JsonObject | null, fields: Partial<RunDeployment> = {}): Action => ({
  kind: "run-deployment",
  source: "selected",
  deploymentId: DEPLOYMENT,
  parameters,
  jobVariables: null,
  scheduleAfter: seconds(0),
  ...fields,
});

export const automation = (fields: Partial<Automation> = {}): Automation => ({
  id: deriveId("automation", "one"),
  name: "watch the lilies",
  description: "",
  enabled: true,
  tags: [],
  trigger: {
    kind: "event",
    id: deriveId("trigger", "one"),
    match: {},
    matchRelated: {},
    after: [],
    expect: ["order.placed"],
    forEach: [],
    posture: "Reactive",
    threshold: 1,
    within: seconds(0),
  },
  actions: [],
  actionsOnTrigger: [],
  actionsOnResolve: [],
  ownerResource: null,
  created: instant(0),
  updated: instant(0),
  ...fields,
});

export const deployment = (fields: Partial<Deployment> = {}): Deployment => ({
  id: DEPLOYMENT,
  name: "nightly",
  flowName: "etl",
  entrypoint: null,
  workPool: null,
  parameters: {},
  parameterSchema: null,
  tags: [],
  description: "",
  created: instant(0),
  updated: instant(0),
  ...fields,
});

export function world(of: {
  automations?: readonly Automation[];
  deployments?: readonly Deployment[];
}): World {
  const automations: AutomationTable = tableOf(
    (of.automations ?? []).map((one, i) => ({ automation: one, revision: i })),
  );
  return {
    at: NOON,
    automations,
    deployments: new Map((of.deployments ?? []).map((one) => [one.id, one])),
    variables: {},
    seen: { has: () => false, reachesBackTo: instant(0) },
  };
}
