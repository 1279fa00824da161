/** Deployments with their triggers, as prefect.yaml and the SDK write them → definitions → automations (triggers-spec 5). */
import type { RunDeployment } from "../core/model/action.ts";
import type { Automation } from "../core/model/automation.ts";
import type { Deployment } from "../core/model/deployment.ts";
import { deriveId } from "../core/model/id.ts";
import type { Json, JsonObject } from "../core/model/json.ts";
import { type Instant, seconds } from "../core/model/time.ts";
import type { Trigger } from "../core/model/trigger.ts";
import { readRun } from "./action-reader.ts";
import { triggerId } from "./automation-reader.ts";
import {
  type Faults,
  type Fields,
  fieldsOf,
  listOf,
  orNull,
  type Place,
  type Read,
  readFlag,
  readList,
  readObject,
  readText,
} from "./reader.ts";
import { readTrigger } from "./trigger-reader.ts";

/** A deployment as its author wrote it. */
export interface DeploymentDefinition {
  readonly name: string;
  readonly flowName: string;
  readonly entrypoint: string | null;
  readonly workPool: string | null;
  readonly parameters: JsonObject;
  readonly parameterSchema: JsonObject | null;
  readonly tags: readonly string[];
  readonly description: string;
  readonly triggers: readonly DeploymentTrigger[];
}

/** A trigger and what it runs its deployment with. */
export interface DeploymentTrigger
  extends Pick<RunDeployment, "parameters" | "jobVariables" | "scheduleAfter"> {
  readonly name: string;
  readonly description: string;
  readonly enabled: boolean;
  readonly trigger: Trigger;
}

export const deploymentId = (definition: { readonly flowName: string; readonly name: string }): string =>
  deriveId("deployment", definition.flowName, definition.name);

const automationId = (ofDeployment: string, triggerName: string): string =>
  deriveId("automation", ofDeployment, triggerName);

/** Where the forms differ in how they name things. */
export interface Form {
  readonly flowName: (fields: Fields, entrypoint: string | null, faults: Faults) => string;
  readonly workPool: (fields: Fields) => string | null;
}

export const readDeployment =
  (form: Form): Read<DeploymentDefinition> =>
  (value, at, faults) => {
    const fields = fieldsOf(value, at, faults);
    if (fields === null) return NOTHING;
    const entrypoint = fields.optional("entrypoint", orNull(readText), null);
    const flowName = form.flowName(fields, entrypoint, faults);
    const name = fields.required("name", readText, "");
    const triggers: Read<readonly DeploymentTrigger[]> = (list, place) =>
      readTriggers(list, { place, faults, deployment: { name, flowName } });
    return {
      name,
      flowName,
      entrypoint,
      workPool: form.workPool(fields),
      parameters: fields.optional("parameters", orNull(readObject), null) ?? {},
      parameterSchema: fields.optional("parameter_openapi_schema", orNull(readObject), null),
      tags: fields.optional("tags", orNull(listOf(readText)), null) ?? [],
      description: fields.optional("description", orNull(readText), null) ?? "",
      triggers: fields.optional("triggers", orNull(triggers), null) ?? [],
    };
  };

const NOTHING: DeploymentDefinition = {
  name: "",
  flowName: "",
  entrypoint: null,
  workPool: null,
  parameters: {},
  parameterSchema: null,
  tags: [],
  description: "",
  triggers: [],
};

interface Owner {
  readonly place: Place;
  readonly faults: Faults;
  readonly deployment: { readonly name: string; readonly flowName: string };
}

function readTriggers(value: Json, owner: Owner): readonly DeploymentTrigger[] {
  const { place, faults } = owner;
  const triggers = readList(value, place, faults).map((one, i) => readOne(one, i, owner));
  triggers.forEach(({ name }, i) => {
    const first = triggers.findIndex((other) => other.name === name);
    if (first < i) {
      faults.rule([...place, i, "name"], `'${name}' is the name of triggers[${first}] already`, name);
    }
  });
  return triggers;
}

function readOne(value: Json, i: number, { place, faults, deployment }: Owner): DeploymentTrigger {
  const at = [...place, i];
  const fields = fieldsOf(value, at, faults);
  // Named ones count too, as in Prefect.
  const unnamed = `${deployment.name}__automation_${i + 1}`;
  const name = fields?.optional("name", orNull(readText), null) ?? unnamed;
  if (fields === null)
    return { ...NO_RUN, name: unnamed, description: "", enabled: false, trigger: NO_TRIGGER };
  const ofAutomation = automationId(deploymentId(deployment), name);
  const writing = {
    dialect: "file",
    fixedIds: false,
    idOf: (path: readonly number[]) => triggerId(ofAutomation, path),
  } as const;
  return {
    name,
    description: fields.optional("description", readText, ""),
    enabled: fields.optional("enabled", readFlag, true),
    trigger: readTrigger(writing)(value, at, faults),
    ...readRun(fields, { dialect: "file", checksTemplates: true }),
  };
}

const NO_RUN = { parameters: null, jobVariables: null, scheduleAfter: seconds(0) };
const NO_TRIGGER: Trigger = { kind: "sequence", id: "", triggers: [], within: null, correlate: false };

/** The deployment that a definition makes. */
export const toDeployment = (definition: DeploymentDefinition, now: Instant): Deployment => {
  const { triggers: _, ...rest } = definition;
  return { id: deploymentId(definition), ...rest, created: now, updated: now };
};

/** The automation that a trigger of a deployment makes: it runs that deployment. */
export function triggerToAutomation(
  { trigger, name, description, enabled, ...run }: DeploymentTrigger,
  { ofDeployment, now }: { readonly ofDeployment: string; readonly now: Instant },
): Automation {
  return {
    id: automationId(ofDeployment, name),
    name,
    description,
    enabled,
    tags: [],
    trigger,
    actions: [{ kind: "run-deployment", source: "selected", deploymentId: ofDeployment, ...run }],
    actionsOnTrigger: [],
    actionsOnResolve: [],
    ownerResource: `prefect.deployment.${ofDeployment}`,
    created: now,
    updated: now,
  };
}
