/** Files that commands read whole: automations in whichever form they are kept, and workspace variables. */
import type { Automation } from "../core/model/automation.ts";
import type { Deployment } from "../core/model/deployment.ts";
import type { Result } from "../core/model/fault.ts";
import { deriveId, isUuid } from "../core/model/id.ts";
import { isJsonList, isJsonObject, type Json, type JsonObject } from "../core/model/json.ts";
import { instant } from "../core/model/time.ts";
import { isComposite, type Trigger } from "../core/model/trigger.ts";
import { parseAutomation } from "./automation-reader.ts";
import {
  type DeploymentDefinition,
  type Form,
  readDeployment,
  toDeployment,
  triggerToAutomation,
} from "./deployment-reader.ts";
import { loopFault } from "./loop-prevention.ts";
import { inPlainWords } from "./plain-words.ts";
import { prefectFile, readYaml } from "./prefect-file.ts";
import { Faults, type Place, readList, readObject, readText } from "./reader.ts";

export interface Definitions {
  readonly automations: readonly Automation[];
  readonly deployments: readonly Deployment[];
}

/**
 * The automations of a file, in its order: those of a prefect.yaml's triggers, of a file of `triggers` alone, or
 * bodies as of `POST /api/automations/`: one, a list of them, or a list under `automations`. Every fault at once.
 */
export function automationsFile(text: string): Result<Definitions> {
  const read = readYaml(text);
  if (!read.ok) return read;
  const { value } = read;
  if (!isJsonObject(value)) return isJsonList(value) ? ofBodies(value, []) : ofBodies([value], null);
  if (value["deployments"] !== undefined) {
    const definitions = prefectFile(text, { all: true });
    return definitions.ok ? ofDeployments(definitions.value, (i) => ["deployments", i]) : definitions;
  }
  if (value["automations"] !== undefined) return ofList(value["automations"]);
  return value["trigger"] === undefined && value["triggers"] !== undefined
    ? ofTriggers(value)
    : ofBodies([value], null);
}

/** Workspace variables: an object of names and values. */
export function variablesText(text: string): Result<JsonObject> {
  const read = readYaml(text);
  if (!read.ok) return read;
  const faults = new Faults();
  // A file of nothing but comments has no variables.
  return inPlainWords(faults.result(read.value === null ? {} : readObject(read.value, [], faults)));
}

function ofList(value: Json): Result<Definitions> {
  const faults = new Faults();
  const bodies = readList(value, ["automations"], faults);
  const read = faults.result(bodies);
  return read.ok ? ofBodies(bodies, ["automations"]) : inPlainWords(read);
}

/** Bodies with their own ids, or ids of their places in the file; `at` is null for one that is the whole file. */
function ofBodies(bodies: readonly Json[], at: Place | null): Result<Definitions> {
  const faults = new Faults();
  const automations = bodies.flatMap((body, i) => {
    const place = at === null ? [] : [...at, i];
    const own = isJsonObject(body) ? body["id"] : undefined;
    const id = typeof own === "string" && isUuid(own) ? own.toLowerCase() : deriveId("automation", i);
    const read = parseAutomation(body, { id, now: instant(i), fixedIds: true });
    if (read.ok) return [read.value];
    for (const fault of read.faults)
      faults.add([...place, ...fault.at], fault.type, fault.message, fault.input);
    return [];
  });
  findTwins(automations, at ?? [], faults);
  return inPlainWords(faults.result({ automations, deployments: [] }));
}

function findTwins(automations: readonly Automation[], at: Place, faults: Faults): void {
  const seen = new Set<string>();
  automations.forEach(({ id, trigger }, i) => {
    for (const one of [id, ...idsOf(trigger)]) {
      if (seen.has(one))
        faults.rule([...at, i], `the id ${one} stands in an automation before this one already`);
      seen.add(one);
    }
  });
}

const idsOf = (trigger: Trigger): readonly string[] => [
  trigger.id,
  ...(isComposite(trigger) ? trigger.triggers.flatMap(idsOf) : []),
];

/** Triggers without a deployment are as if of one called `triggers`. */
function ofTriggers({ triggers }: JsonObject): Result<Definitions> {
  const faults = new Faults();
  const alone = { name: "triggers", flow_name: "triggers", triggers: triggers ?? null };
  const read = faults.result(readDeployment(ALONE)(alone, [], faults));
  return read.ok ? ofDeployments([read.value], () => []) : inPlainWords(read);
}

const ALONE: Form = {
  flowName: (fields) => fields.required("flow_name", readText, ""),
  workPool: () => null,
};

function ofDeployments(
  definitions: readonly DeploymentDefinition[],
  placeOf: (i: number) => Place,
): Result<Definitions> {
  const faults = new Faults();
  const deployments = definitions.map((definition, i) => toDeployment(definition, instant(i)));
  let created = 0;
  const automations = definitions.flatMap(({ triggers }, i) =>
    triggers.map((trigger, k) => {
      const ofDeployment = deployments[i]?.id ?? "";
      const automation = triggerToAutomation(trigger, { ofDeployment, now: instant(created++) });
      const loop = loopFault(automation);
      if (loop !== null) faults.rule([...placeOf(i), "triggers", k], loop);
      return automation;
    }),
  );
  return inPlainWords(faults.result({ automations, deployments }));
}
