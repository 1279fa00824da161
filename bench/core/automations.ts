/** The automations of the workloads. */
import type { Automation } from "../../src/core/model/automation.ts";
import type { JsonObject } from "../../src/core/model/json.ts";
import { instant, seconds } from "../../src/core/model/time.ts";
import type { EventTrigger, Trigger } from "../../src/core/model/trigger.ts";

/** A reactive trigger for each resource, with a window of 60 seconds; the rest as told. */
export const eventTrigger = (id: string, told: Partial<EventTrigger>): EventTrigger => ({
  kind: "event",
  id,
  match: {},
  matchRelated: [],
  after: [],
  expect: [],
  forEach: ["prefect.resource.id"],
  posture: "Reactive",
  threshold: 1,
  within: seconds(60),
  ...told,
});

export const composite = (
  kind: "compound" | "sequence",
  id: string,
  triggers: readonly Trigger[],
): Trigger => ({
  id,
  triggers,
  within: seconds(60),
  correlate: true,
  ...(kind === "compound" ? { kind, require: "all" } : { kind }),
});

const CREATED = instant(0);

/** Runs a deployment when its trigger fires. */
export const automation = (trigger: Trigger, parameters: JsonObject = {}): Automation => ({
  id: `automation-${trigger.id}`,
  name: `automation ${trigger.id}`,
  description: "",
  enabled: true,
  tags: [],
  trigger,
  actions: [
    {
      kind: "run-deployment",
      source: "selected",
      deploymentId: "0b8f2c5e-4a57-4c58-9d0a-6f6c0c8a2d11",
      parameters,
      jobVariables: null,
      scheduleAfter: seconds(0),
    },
  ],
  actionsOnTrigger: [],
  actionsOnResolve: [],
  ownerResource: null,
  created: CREATED,
  updated: CREATED,
});
