/** The gateway's ports in memory: what was published and defined can be looked at. */
import type { Automation } from "../../src/core/model/automation.ts";
import type { Deployment } from "../../src/core/model/deployment.ts";
import type { Event } from "../../src/core/model/event.ts";
import type { Json } from "../../src/core/model/json.ts";
import type { RunCommand } from "../../src/core/model/run-command.ts";
import { type Instant, parseInstant, plus, seconds } from "../../src/core/model/time.ts";
import type { Change, GatewayPorts, Health, PendingRun } from "../../src/gateway/gateway.ts";

export const at = (text: string): Instant => {
  const found = parseInstant(text);
  if (found === null) throw new Error(`Not a time: ${text}`);
  return found;
};

export interface MemoryPorts extends GatewayPorts {
  /** Each call of `publishEvents`. */
  readonly published: (readonly Event[])[];
  /** Each call of `define`. */
  readonly defined: (readonly Change[])[];
  readonly asked: string[];
  readonly pending: PendingRun[];
  clock: Instant;
  answer: (sql: string) => readonly Readonly<Record<string, Json>>[];
  state: Health;
}

export function memoryPorts(): MemoryPorts {
  const automations = new Map<string, Automation>();
  const deployments = new Map<string, Deployment>();
  let ids = 0;
  const take = (change: Change): void => {
    if (change.kind === "automation") automations.set(change.automation.id, change.automation);
    else if (change.kind === "automation-deleted") automations.delete(change.id);
    else if (change.kind === "deployment") deployments.set(change.deployment.id, change.deployment);
    else deployments.delete(change.id);
  };
  const ports: MemoryPorts = {
    published: [],
    defined: [],
    asked: [],
    pending: [],
    clock: at("2026-11-20T12:00:00Z"),
    answer: () => [],
    state: { status: "ready", roles: ["gateway"] },
    publishEvents: async (events) => void ports.published.push(events),
    define: async (decide) => {
      const { changes, answer } = decide();
      if (changes.length > 0) ports.defined.push(changes);
      changes.forEach(take);
      return answer;
    },
    automations: () => [...automations.values()],
    deployments: () => [...deployments.values()],
    pendingRuns: () => ports.pending,
    history: async (sql) => {
      ports.asked.push(sql);
      return ports.answer(sql);
    },
    now: () => ports.clock,
    newId: () => `0195c8d3-0000-7000-8000-${String(++ids).padStart(12, "0")}`,
    health: async () => ports.state,
  };
  return ports;
}

/** The command of a run that waits. */
export function pendingRun(fields: Partial<RunCommand> & { readonly inSeconds: number }): PendingRun {
  const { inSeconds, ...rest } = fields;
  const triggered = at("2026-11-20T12:00:00Z");
  const command: RunCommand = {
    kind: "schedule",
    runId: "11111111-1111-5111-8111-111111111111",
    automationId: "a0000000-0000-4000-8000-000000000000",
    automationName: "campaign-execution__automation_1",
    triggerId: "b0000000-0000-4000-8000-000000000000",
    firingId: "c0000000-0000-5000-8000-000000000000",
    actionIndex: 0,
    deploymentId: "d0000000-0000-4000-8000-000000000000",
    deploymentName: "campaign-execution",
    parameters: { campaign_id: "marketing.campaign" },
    jobVariables: null,
    triggered,
    scheduleAfter: seconds(inSeconds),
    target: "topic",
    eventId: "e0000000-0000-7000-8000-000000000000",
    eventName: "campaign.proposal.created",
    resourceId: "marketing.campaign",
    causes: [],
    ...rest,
  };
  return { command, due: plus(triggered, seconds(inSeconds)) };
}
