/** Routes of deployments: apply them with their triggers, all or nothing, and show what stands. */
import type { Hono } from "hono";
import type { Automation } from "../core/model/automation.ts";
import type { Deployment } from "../core/model/deployment.ts";
import { canonicalJson, type Json, type JsonObject } from "../core/model/json.ts";
import { formatInstant } from "../core/model/time.ts";
import { type Applied, automationToJson, parseApply } from "../define/define.ts";
import { inPlaceOf } from "./armed.ts";
import { readBody } from "./body.ts";
import type { Change, GatewayPorts, Limits } from "./ports.ts";
import { invalid, notFound } from "./refusal.ts";

export function addDeployments(app: Hono, ports: GatewayPorts, limits: Limits): void {
  app.post("/deployments/apply", async (c) => {
    const { json } = await readBody(c, limits);
    const applied = parseApply(json, ports.now());
    if (!applied.ok) throw invalid("body", applied.faults, json);
    const answer = await ports.define(() => {
      const plans = planAll(applied.value, ports);
      return { changes: plans.flatMap((plan) => plan.changes), answer: plans.map((plan) => plan.answer) };
    });
    return c.json(answer);
  });

  app.get("/deployments", (c) => c.json(ports.deployments().toSorted(byName).map(deploymentJson)));

  app.get("/deployments/:id", (c) => {
    const id = c.req.param("id").toLowerCase();
    const deployment = ports.deployments().find((one) => one.id === id);
    if (deployment === undefined) throw notFound("Deployment");
    return c.json(deploymentJson(deployment));
  });
}

const byName = (a: Deployment, b: Deployment): number => {
  const [one, other] = [`${a.flowName}/${a.name}`, `${b.flowName}/${b.name}`];
  return one < other ? -1 : one > other ? 1 : 0;
};

/** What an apply changes for one deployment, and what it answers. */
interface Plan {
  readonly changes: readonly Change[];
  readonly answer: JsonObject;
}

function planAll(applied: readonly Applied[], ports: GatewayPorts): readonly Plan[] {
  const deployments = new Map(ports.deployments().map((one) => [one.id, one]));
  const owned = Map.groupBy(ports.automations(), ({ ownerResource }) => ownerResource);
  return applied.map((one) => {
    const { id } = one.deployment;
    return plan(one, deployments.get(id), owned.get(`prefect.deployment.${id}`) ?? []);
  });
}

/** What stands already keeps its time of creation; what is as it was is not written again. */
function plan(applied: Applied, before: Deployment | undefined, owned: readonly Automation[]): Plan {
  const deployment = succeed(before, applied.deployment, deploymentText);
  const earlier = new Map(owned.map((one) => [one.id, one]));
  const automations = applied.automations.map((one) => {
    const old = earlier.get(one.id);
    return succeed(old, old === undefined ? one : inPlaceOf(old, one), automationText);
  });
  const listed = new Set(applied.automations.map(({ id }) => id));
  const dropped = owned.filter(({ id }) => !listed.has(id));
  const { id, name, flowName } = deployment.value;
  return {
    changes: [
      ...(deployment.status === "unchanged"
        ? []
        : [{ kind: "deployment", deployment: deployment.value } as const]),
      ...automations
        .filter(({ status }) => status !== "unchanged")
        .map(({ value }) => ({ kind: "automation", automation: value }) as const),
      ...dropped.map((one) => ({ kind: "automation-deleted", id: one.id }) as const),
    ],
    answer: {
      id,
      name,
      flow_name: flowName,
      status: deployment.status,
      automations: [
        ...automations.map(({ value, status }) => ({ id: value.id, name: value.name, status })),
        ...dropped.map((one) => ({ id: one.id, name: one.name, status: "deleted" })),
      ],
    },
  };
}

interface Succeeded<T> {
  readonly value: T;
  readonly status: "created" | "updated" | "unchanged";
}

function succeed<T extends Pick<Deployment, "created" | "updated">>(
  before: T | undefined,
  after: T,
  textOf: (one: T) => string,
): Succeeded<T> {
  if (before === undefined) return { value: after, status: "created" };
  const value = { ...after, created: before.created };
  if (textOf({ ...value, updated: before.updated }) === textOf(before))
    return { value: before, status: "unchanged" };
  return { value, status: "updated" };
}

const deploymentText = (deployment: Deployment): string => canonicalJson(deploymentJson(deployment));

const automationText = (automation: Automation): string => {
  const owner: Json = automation.ownerResource;
  return canonicalJson([automationToJson(automation), owner]);
};

/** As Prefect names its fields. */
const deploymentJson = (deployment: Deployment): JsonObject => ({
  id: deployment.id,
  created: formatInstant(deployment.created),
  updated: formatInstant(deployment.updated),
  name: deployment.name,
  description: deployment.description,
  flow_name: deployment.flowName,
  entrypoint: deployment.entrypoint,
  work_pool_name: deployment.workPool,
  parameters: deployment.parameters,
  parameter_openapi_schema: deployment.parameterSchema,
  tags: deployment.tags,
});
