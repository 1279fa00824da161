/** Automations as stories write them: the keys of prefect's triggers in short, and `run:`; as bodies of the API. */
import { deriveId } from "../../src/core/model/id.ts";
import { isJsonObject, type Json, type JsonObject } from "../../src/core/model/json.ts";
import { type Body, textOf } from "./story.ts";

const EVENT_KEYS = "match match_related after expect for_each posture threshold within".split(" ");
const COMPOSITE_KEYS = "triggers require within correlate".split(" ");
const METRIC_KEYS = "posture match match_related metric".split(" ");
const RUN_KEYS = "deployment parameters schedule_after".split(" ");
const LISTS = ["after", "expect", "for_each"];

/** Reads one; says by `fault` what it cannot read. */
export function readBody(name: string, value: Json, fault: (message: string) => void): Body {
  if (!isJsonObject(value)) {
    fault(`the automation ${name} should be a mapping`);
    return { name, body: {} };
  }
  const { run, run_on_resolve: onResolve, enabled = true, ...trigger } = value;
  const body = {
    id: automationIdOf(name),
    name,
    enabled,
    trigger: triggerOf(trigger, fault),
    actions: [actionOf(run, fault)],
    actions_on_resolve: onResolve === undefined ? [] : [actionOf(onResolve, fault)],
  };
  return { name, body };
}

export const automationIdOf = (name: string): string => deriveId("story", name);
export const deploymentIdOf = (name: string): string => deriveId("story deployment", name);

function actionOf(run: Json | undefined, fault: (message: string) => void): JsonObject {
  const given = typeof run === "string" ? { deployment: run } : run;
  if (!isJsonObject(given) || typeof given["deployment"] !== "string") {
    fault("every automation should say which deployment to `run`");
    return { type: "do-nothing" };
  }
  onlyKeys(given, RUN_KEYS, fault);
  const { deployment, ...rest } = given;
  return { type: "run-deployment", deployment_id: deploymentIdOf(textOf(deployment)), ...rest };
}

/** As in prefect.yaml, a trigger is Reactive and a composite without a time limit unless it says otherwise. */
function triggerOf(trigger: JsonObject, fault: (message: string) => void): JsonObject {
  const { triggers, ...own } = trigger;
  if (isList(triggers)) {
    onlyKeys(trigger, ["type", ...COMPOSITE_KEYS], fault);
    const children = triggers.map((child) =>
      isJsonObject(child) ? triggerOf(child, fault) : (fault("a trigger should be a mapping"), {}),
    );
    return { within: null, ...own, triggers: children };
  }
  const isMetric = own["metric"] !== undefined;
  onlyKeys(trigger, ["type", ...(isMetric ? METRIC_KEYS : EVENT_KEYS)], fault);
  if (isMetric) return own;
  const lists = Object.entries(own).map(([key, value]) => [
    key,
    LISTS.includes(key) && typeof value === "string" ? [value] : value,
  ]);
  return { posture: "Reactive", ...Object.fromEntries(lists) };
}

function onlyKeys(object: JsonObject, known: readonly string[], fault: (message: string) => void): void {
  const unknown = Object.keys(object).filter((key) => !known.includes(key));
  for (const key of unknown) fault(`'${key}' is not known here; known are ${known.join(", ")}`);
}

const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value);
