/** `POST /api/deployments/apply`: deployments with their triggers, all of them or none; the CLI writes it, the gateway reads it. */
import type { Automation } from "../core/model/automation.ts";
import type { Deployment } from "../core/model/deployment.ts";
import { nestsDeeper } from "../core/model/event-reader.ts";
import { bad, good, type Result } from "../core/model/fault.ts";
import { isJsonObject, type JsonObject } from "../core/model/json.ts";
import { type Instant, toSeconds } from "../core/model/time.ts";
import { triggerToJson } from "./automation-writer.ts";
import {
  type DeploymentDefinition,
  type DeploymentTrigger,
  deploymentId,
  type Form,
  readDeployment,
  toDeployment,
  triggerToAutomation,
} from "./deployment-reader.ts";
import { loopFault } from "./loop-prevention.ts";
import { Faults, fieldsOf, listOf, orNull, readText } from "./reader.ts";

export interface Applied {
  readonly deployment: Deployment;
  readonly automations: readonly Automation[];
}

const BODY: Form = {
  flowName: (fields) => fields.required("flow_name", readText, ""),
  workPool: (fields) => fields.optional("work_pool_name", orNull(readText), null),
};

const NESTING_MAX = 100;

/** Validates the body; triggers as in prefect.yaml, with its defaults and names. */
export function parseApply(body: unknown, now: Instant): Result<readonly Applied[]> {
  const faults = new Faults();
  if (isJsonObject(body) && nestsDeeper(body, NESTING_MAX)) {
    return bad([
      { at: [], type: "value_error", message: `Value error, nested deeper than ${NESTING_MAX} levels` },
    ]);
  }
  const definitions =
    fieldsOf(body, [], faults)?.required("deployments", listOf(readDeployment(BODY)), []) ?? [];
  if (faults.count === 0) findTwins(definitions, faults);
  const read = faults.result(definitions);
  if (!read.ok) return read;
  const applied = definitions.map((definition) => applyOne(definition, now));
  applied.forEach(({ automations }, i) => {
    automations.forEach((automation, k) => {
      const loop = loopFault(automation);
      if (loop !== null) faults.rule(["deployments", i, "triggers", k], loop);
    });
  });
  const result = faults.result(applied);
  return result.ok ? good(applied) : result;
}

function findTwins(definitions: readonly DeploymentDefinition[], faults: Faults): void {
  definitions.forEach((definition, i) => {
    const first = definitions.findIndex((other) => deploymentId(other) === deploymentId(definition));
    if (first < i) {
      const called = `${definition.flowName}/${definition.name}`;
      faults.rule(["deployments", i, "name"], `${called} is deployments[${first}] already`, definition.name);
    }
  });
}

function applyOne(definition: DeploymentDefinition, now: Instant): Applied {
  const deployment = toDeployment(definition, now);
  const context = { ofDeployment: deployment.id, now };
  return {
    deployment,
    automations: definition.triggers.map((trigger) => triggerToAutomation(trigger, context)),
  };
}

/** The body that says what the definitions say. */
export const applyBody = (definitions: readonly DeploymentDefinition[]): JsonObject => ({
  deployments: definitions.map((definition) => ({
    name: definition.name,
    flow_name: definition.flowName,
    entrypoint: definition.entrypoint,
    work_pool_name: definition.workPool,
    parameters: definition.parameters,
    parameter_openapi_schema: definition.parameterSchema,
    tags: definition.tags,
    description: definition.description,
    triggers: definition.triggers.map(triggerBody),
  })),
});

function triggerBody(trigger: DeploymentTrigger): JsonObject {
  return {
    name: trigger.name,
    description: trigger.description,
    enabled: trigger.enabled,
    ...triggerToJson(trigger.trigger),
    parameters: trigger.parameters,
    job_variables: trigger.jobVariables,
    schedule_after: toSeconds(trigger.scheduleAfter),
  };
}
