/** One automation of every kind of trigger, by every kind of key, with runs at once and runs after a delay. */
import type { Automation } from "../../../src/core/model/automation.ts";
import { formatFault } from "../../../src/core/model/fault.ts";
import type { JsonObject } from "../../../src/core/model/json.ts";
import type { Instant } from "../../../src/core/model/time.ts";
import { parseAutomation } from "../../../src/define/define.ts";

interface Given {
  readonly name: string;
  readonly trigger: JsonObject;
  /** How long its run waits; no run where it is not said. */
  readonly runAfter?: number;
}

const DEPLOYMENT = "d0000000-0000-4000-8000-000000000000";
/** The longest that a run waits. */
export const DELAY_MAX_MS = 20_000;

const on = (expect: string, more: JsonObject = {}): JsonObject => ({
  type: "event",
  posture: "Reactive",
  expect: [expect],
  threshold: 1,
  within: 0,
  ...more,
});

const absence = (after: string | null, expect: string, more: JsonObject): JsonObject => ({
  type: "event",
  posture: "Proactive",
  ...(after !== null && { after: [after] }),
  expect: [expect],
  threshold: 1,
  within: 10,
  ...more,
});

const RESOURCE = "prefect.resource.id";
const byShop = { for_each: ["shop"] };

const GIVEN: readonly Given[] = [
  { name: "every ping", trigger: on("ping"), runAfter: 0 },
  {
    name: "three probes failed",
    trigger: on("probe.failed", { for_each: [RESOURCE], threshold: 3, within: 10 }),
    runAfter: 5,
  },
  { name: "a busy shop", trigger: on("order.placed", { ...byShop, threshold: 8, within: 20 }), runAfter: 20 },
  {
    name: "a busy zone",
    trigger: on("order.placed", { for_each: ["related:zone:name"], threshold: 12, within: 15 }),
    runAfter: 1,
  },
  { name: "many logins", trigger: on("login", { threshold: 40, within: 15 }), runAfter: 3 },
  {
    name: "a job done in time",
    trigger: on("job.finished", { after: ["job.started"], for_each: [RESOURCE], within: 10 }),
  },
  {
    name: "a job stuck",
    trigger: absence("job.started", "job.finished", { for_each: [RESOURCE] }),
    runAfter: 0,
  },
  { name: "a beat missed by host", trigger: absence("beat", "beat", { for_each: ["host"] }), runAfter: 2 },
  { name: "a beat missed by resource", trigger: absence("beat", "beat", { for_each: [RESOURCE] }) },
  { name: "few logins", trigger: absence(null, "login", { threshold: 60 }), runAfter: 0 },
  {
    name: "paid and shipped",
    trigger: {
      type: "compound",
      require: "all",
      within: 20,
      correlate: true,
      triggers: [on("order.paid", byShop), on("order.shipped", byShop)],
    },
    runAfter: 4,
  },
  {
    name: "two of three",
    trigger: {
      type: "compound",
      require: 2,
      within: 15,
      triggers: [
        on("order.shipped", { threshold: 5, within: 10 }),
        absence("job.started", "job.finished", { for_each: [RESOURCE] }),
        on("probe.failed", { for_each: ["host"], threshold: 2, within: 10 }),
      ],
    },
    runAfter: 0,
  },
  {
    name: "placed, then paid, then shipped",
    trigger: {
      type: "sequence",
      within: 10,
      triggers: [
        on("order.placed", { threshold: 3, within: 10 }),
        on("order.paid", { threshold: 2, within: 10 }),
        on("order.shipped"),
      ],
    },
    runAfter: 1,
  },
  {
    // Comes back as an event of its own making: by way of what other automations have led to.
    name: "often triggered",
    trigger: on("prefect.automation.triggered", {
      match: { "prefect.resource.name": ["three probes failed", "a job stuck", "paid and shipped"] },
      for_each: [RESOURCE],
      threshold: 3,
      within: 30,
    }),
    runAfter: 0,
  },
];

export function automations(now: Instant, newId: () => string): readonly Automation[] {
  return GIVEN.map(({ name, trigger, runAfter }) => {
    const run = {
      type: "run-deployment",
      deployment_id: DEPLOYMENT,
      parameters: { automation: "{{ automation.name }}", about: "{{ event.resource.id }}" },
      schedule_after: runAfter ?? 0,
    };
    const actions = runAfter === undefined ? [{ type: "do-nothing" }] : [run];
    const read = parseAutomation({ name, trigger, actions }, { id: newId(), now });
    if (!read.ok) throw new Error(`${name}: ${read.faults.map(formatFault).join("; ")}`);
    return read.value;
  });
}
