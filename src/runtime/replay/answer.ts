/** Firings and their actions as JSON, as conformance cases answer them (test/oracle/FORMAT.md). */
import { type ActionOutcome, actionOutcomes } from "../../core/act/act.ts";
import type { Automation } from "../../core/model/automation.ts";
import type { Firing } from "../../core/model/firing.ts";
import type { Json, JsonObject } from "../../core/model/json.ts";
import { formatInstant } from "../../core/model/time.ts";
import type { Tables } from "../chain/chain.ts";

/** The firing of a root, with those of its children. */
export const firingJson = (firing: Firing): JsonObject => ({
  automation_id: firing.automationId,
  trigger_state: firing.state,
  ...treeJson(firing),
  child_event_ids: [...new Set(eventsBelow(firing))],
});

const treeJson = (firing: Firing): JsonObject => ({
  trigger_id: firing.triggerId,
  triggered: formatInstant(firing.triggered),
  triggering_event_id: firing.event?.id ?? null,
  triggering_labels: firing.labels,
  child_firings: firing.children.map(treeJson),
});

const eventsBelow = (firing: Firing): string[] =>
  firing.children.flatMap((child) => {
    if (child.children.length > 0) return eventsBelow(child);
    return child.event === null ? [] : [child.event.id];
  });

/** What the actions of a firing come to, in order. */
export const actionsJson = (firing: Firing, automation: Automation, tables: Tables): readonly JsonObject[] =>
  actionOutcomes(firing, automation, tables).map((outcome) => actionJson(outcome, tables));

function actionJson(found: ActionOutcome, { deployments }: Tables): JsonObject {
  const { index, type, outcome } = found;
  if (found.outcome === "failed") return { index, type, outcome, reason: found.reason };
  if (found.run === null) {
    const deploymentId: Json = found.deploymentId;
    return { index, type, outcome, deployment_id: deploymentId, performed: found.isPerformed };
  }
  const { deploymentId, parameters, jobVariables, scheduledTime, idempotencyKey } = found.run;
  return {
    index,
    type,
    outcome,
    deployment_id: deploymentId,
    deployment_name: deployments.get(deploymentId)?.name ?? null,
    parameters,
    job_variables: jobVariables,
    scheduled_time: formatInstant(scheduledTime),
    idempotency_key: idempotencyKey,
  };
}
