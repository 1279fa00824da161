/** Bodies of `POST /api/automations/`, and what is stored of them → automations (triggers-spec 2.1, 6.1). */
import type { Action } from "../core/model/action.ts";
import type { Automation } from "../core/model/automation.ts";
import { nestsDeeper } from "../core/model/event-reader.ts";
import { good, type Result } from "../core/model/fault.ts";
import { deriveId } from "../core/model/id.ts";
import { isJsonObject, type JsonObject } from "../core/model/json.ts";
import { type Instant, instant } from "../core/model/time.ts";
import { isComposite, type Trigger } from "../core/model/trigger.ts";
import { readAction } from "./action-reader.ts";
import { automationToJson } from "./automation-writer.ts";
import { loopFault } from "./loop-prevention.ts";
import { Faults, type Fields, fieldsOf, listOf, orNull, readFlag, readText } from "./reader.ts";
import { readTrigger, type Writing } from "./trigger-reader.ts";

export interface AutomationContext {
  readonly id: string;
  readonly now: Instant;
  /** Where it replaces one: when that was created. */
  readonly created?: Instant;
  /** Whether the body may bring ids: its own, which is not looked at, and those of triggers, which are kept. */
  readonly fixedIds?: boolean;
}

/** Validates and completes an automation; every fault at once, with Prefect's `loc` (without `body`), `type` and `msg`. */
export function parseAutomation(body: unknown, context: AutomationContext): Result<Automation> {
  return parse(body, context, true);
}

const NESTING_MAX = 100;
const OWN_FIELDS = [
  "name",
  "description",
  "enabled",
  "tags",
  "trigger",
  "actions",
  "actions_on_trigger",
  "actions_on_resolve",
  "owner_resource",
];
const SENT = new Set(OWN_FIELDS);
const STORED = new Set([...OWN_FIELDS, "id", "created", "updated"]);

function parse(body: unknown, context: AutomationContext, isChecked: boolean): Result<Automation> {
  const faults = new Faults();
  if (isTooDeep(body)) faults.rule([], `a definition may be nested at most ${NESTING_MAX} levels deep`);
  const fields = faults.count > 0 ? null : fieldsOf(body, [], faults);
  if (fields === null) return faults.result(NOTHING);
  const { id, fixedIds = false } = context;
  fields.forbidOthers(fixedIds ? STORED : SENT);
  const automation = readFields(fields, context, isChecked);
  const twice = fixedIds ? repeatedId(automation.trigger) : null;
  if (twice !== null) faults.rule(["trigger"], `the id ${twice} stands on two triggers`);
  const before = faults.result(automation);
  const loop = before.ok && isChecked ? loopFault(automation) : null;
  if (loop !== null) faults.rule([], loop, id);
  return faults.result(automation);
}

function readFields(fields: Fields, context: AutomationContext, isChecked: boolean): Automation {
  const { id, now, fixedIds = false } = context;
  const writing: Writing = {
    dialect: "api",
    idOf: (path) => triggerId(id, path),
    fixedIds,
  };
  const actions = listOf(readAction({ dialect: "api", checksTemplates: isChecked }));
  return {
    id,
    name: fields.required("name", readText, ""),
    description: fields.optional("description", readText, ""),
    enabled: fields.optional("enabled", readFlag, true),
    tags: fields.optional("tags", listOf(readText), []),
    trigger: fields.required("trigger", readTrigger(writing), NOTHING.trigger),
    actions: fields.required<readonly Action[]>("actions", actions, []),
    actionsOnTrigger: fields.optional<readonly Action[]>("actions_on_trigger", actions, []),
    actionsOnResolve: fields.optional<readonly Action[]>("actions_on_resolve", actions, []),
    ownerResource: fields.optional("owner_resource", orNull(readText), null),
    created: context.created ?? now,
    updated: now,
  };
}

/** What stands where nothing could be read; never handed out. */
const NOTHING: Automation = {
  id: "",
  name: "",
  description: "",
  enabled: false,
  tags: [],
  trigger: { kind: "sequence", id: "", triggers: [], within: null, correlate: false },
  actions: [],
  actionsOnTrigger: [],
  actionsOnResolve: [],
  ownerResource: null,
  created: instant(0),
  updated: instant(0),
};

/** A trigger's id is that of its place in the tree of its automation (semantics.md, section 7). */
export const triggerId = (automationId: string, path: readonly number[]): string =>
  deriveId("trigger", automationId, ...path);

/** Walks no further than needed, so that it holds for values that contain themselves, too. */
const isTooDeep = (body: unknown): boolean =>
  (isJsonObject(body) || Array.isArray(body)) && nestsDeeper(body, NESTING_MAX);

function repeatedId(trigger: Trigger): string | null {
  const seen = new Set<string>();
  const visit = (one: Trigger): string | null => {
    if (seen.has(one.id)) return one.id;
    seen.add(one.id);
    const children = isComposite(one) ? one.triggers : [];
    return children.map(visit).find((id) => id !== null) ?? null;
  };
  return visit(trigger);
}

/** What is kept of an automation in its topic: what must be found at once, and the rest in its wire form. */
export interface StoredAutomation {
  readonly id: string;
  readonly name: string;
  readonly enabled: boolean;
  readonly ownerResource: string | null;
  readonly created: Instant;
  readonly updated: Instant;
  readonly armed: Instant | null;
  readonly definition: JsonObject;
}

export const storeAutomation = (automation: Automation): StoredAutomation => ({
  id: automation.id,
  name: automation.name,
  enabled: automation.enabled,
  ownerResource: automation.ownerResource,
  created: automation.created,
  updated: automation.updated,
  armed: automation.armed ?? null,
  definition: automationToJson(automation),
});

/** What was checked when it was written is not checked again: rules may have grown stricter since. */
export function readStored(stored: StoredAutomation): Result<Automation> {
  const { id, enabled, ownerResource, created, updated, armed } = stored;
  const read = parse(stored.definition, { id, now: updated, created, fixedIds: true }, false);
  if (!read.ok) return read;
  return good({ ...read.value, enabled, ownerResource, ...(armed !== null && { armed }) });
}
