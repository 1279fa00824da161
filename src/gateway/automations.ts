/** Routes of automations: create, read, list, change, delete, as Prefect's clients call them (triggers-spec 6.1). */
import type { Context, Hono } from "hono";
import type { Automation } from "../core/model/automation.ts";
import type { Fault, Result } from "../core/model/fault.ts";
import { isJsonObject, type Json, type JsonObject } from "../core/model/json.ts";
import { automationToJson, parseAutomation } from "../define/define.ts";
import { inPlaceOf } from "./armed.ts";
import { readAutomationQuery } from "./automation-filter.ts";
import { readBody, readOptionalBody } from "./body.ts";
import type { Decision, GatewayPorts, Limits } from "./ports.ts";
import { invalid, notFound } from "./refusal.ts";

/** Anything else in its place is an unknown route, as in Prefect. */
const ID = ":id{[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}}";

export function addAutomations(app: Hono, ports: GatewayPorts, limits: Limits): void {
  addReading(app, ports, limits);

  app.post("/automations", (c) => c.redirect(`/api/automations/${new URL(c.req.url).search}`, 307));
  app.post("/automations/", async (c) => {
    const { json } = await readBody(c, limits);
    const automation = checked(parseAutomation(json, { id: ports.newId(), now: ports.now() }), json);
    await ports.define(() => written(automation));
    return c.json(automationToJson(automation), 201);
  });

  app.put(`/automations/${ID}`, async (c) => {
    const { json } = await readBody(c, limits);
    await ports.define(() => replaced(ports, found(c, ports), json));
    return c.body(null, 204);
  });

  app.patch(`/automations/${ID}`, async (c) => {
    const { json } = await readBody(c, limits);
    await ports.define(() => enabled(ports, found(c, ports), json));
    return c.body(null, 204);
  });

  app.delete(`/automations/${ID}`, async (c) => {
    await ports.define(() => deleted([found(c, ports)]));
    return c.body(null, 204);
  });

  app.delete("/automations/owned-by/:resource", async (c) => {
    const owner = c.req.param("resource");
    const before = ports.now();
    const isOwned = ({ ownerResource, created }: Automation): boolean =>
      ownerResource === owner && created <= before;
    await ports.define(() => deleted(ports.automations().filter(isOwned)));
    return c.json(null, 202);
  });
}

function addReading(app: Hono, ports: GatewayPorts, limits: Limits): void {
  app.post("/automations/filter", async (c) => {
    const { test, sort, limit, offset } = readAutomationQuery(await readOptionalBody(c, limits));
    const wanted = ports.automations().filter(test).toSorted(sort);
    return c.json(wanted.slice(offset, offset + limit).map(automationToJson));
  });

  app.post("/automations/count", async (c) => {
    const { test } = readAutomationQuery(await readOptionalBody(c, limits));
    return c.json(ports.automations().filter(test).length);
  });

  app.get(`/automations/${ID}`, (c) => c.json(automationToJson(found(c, ports))));

  app.get("/automations/related-to/:resource", (c) => {
    const resource = c.req.param("resource");
    const related = ports.automations().filter((automation) => isRelated(automation, resource));
    return c.json(related.map(automationToJson));
  });
}

function found(c: Context, ports: GatewayPorts): Automation {
  const id = c.req.param("id")?.toLowerCase();
  const automation = ports.automations().find((one) => one.id === id);
  if (automation === undefined) throw notFound("Automation");
  return automation;
}

function checked<T>(result: Result<T>, body: Json): T {
  if (!result.ok) throw invalid("body", result.faults, body);
  return result.value;
}

/** Not a full replacement: what may be left out and is, keeps its old value. */
function replaced(ports: GatewayPorts, old: Automation, body: Json): Decision<null> {
  if (isJsonObject(body) && Object.hasOwn(body, "owner_resource")) throw extra(["owner_resource"], body);
  const { id, created } = old;
  const merged = isJsonObject(body) ? { ...optionalFields(old), ...body } : body;
  const automation = checked(parseAutomation(merged, { id, created, now: ports.now() }), body);
  return written(inPlaceOf(old, { ...automation, ownerResource: old.ownerResource }));
}

const written = (automation: Automation): Decision<null> => ({
  changes: [{ kind: "automation", automation }],
  answer: null,
});

const deleted = (automations: readonly Automation[]): Decision<null> => ({
  changes: automations.map(({ id }) => ({ kind: "automation-deleted", id })),
  answer: null,
});

function optionalFields(automation: Automation): JsonObject {
  const { name: _name, trigger: _trigger, actions: _actions, ...rest } = automationToJson(automation);
  const { id: _id, created: _created, updated: _updated, ...optional } = rest;
  return optional;
}

/** Switches an automation on or off; its triggers stay who they are. */
function enabled(ports: GatewayPorts, old: Automation, body: Json): Decision<null> {
  if (isJsonObject(body)) {
    const others = Object.keys(body).filter((name) => name !== "enabled");
    if (others.length > 0) throw extra(others, body);
  }
  const { name, trigger, actions } = automationToJson(old);
  const changed = isJsonObject(body) ? { enabled: true, ...body, name, trigger, actions } : body;
  const asked = checked(parseAutomation(changed, { id: old.id, now: ports.now() }), body);
  // An empty body is checked as if it switched on, and changes nothing.
  if (isJsonObject(body) && !Object.hasOwn(body, "enabled")) return { changes: [], answer: null };
  return written(inPlaceOf(old, { ...old, enabled: asked.enabled, updated: ports.now() }));
}

function extra(names: readonly string[], body: JsonObject): Error {
  const faults: Fault[] = names.map((name) => ({
    at: [name],
    type: "extra_forbidden",
    message: "Extra inputs are not permitted",
    input: body[name],
  }));
  return invalid("body", faults, body);
}

/** Owned by this resource, or running it. */
function isRelated({ ownerResource, actions }: Automation, resource: string): boolean {
  const ids = actions.flatMap((action) => (action.kind === "run-deployment" ? [action.deploymentId] : []));
  return (
    ownerResource === resource || ids.some((id) => id !== null && `prefect.deployment.${id}` === resource)
  );
}
