/** Answers to conformance cases, as they stand in `expected` (test/oracle/FORMAT.md). */
import { type ActionOutcome, actionOutcomes } from "../../src/core/act/act.ts";
import type { Automation } from "../../src/core/model/automation.ts";
import type { Event } from "../../src/core/model/event.ts";
import type { Firing } from "../../src/core/model/firing.ts";
import type { Json, JsonObject } from "../../src/core/model/json.ts";
import { formatInstant } from "../../src/core/model/time.ts";

/** A root firing, and what was known when it was made. */
export interface Found {
  readonly step: number;
  readonly firing: Firing;
  readonly automation: Automation;
  readonly change: Event;
  /** What the answer calls the state-change event. */
  readonly changeName: string;
  readonly variables: Readonly<Record<string, Json>>;
  /** Whether the case asks for the state-change events. */
  readonly listsChanges: boolean;
}

export function answerOf(found: Found): JsonObject {
  const { step, firing, change } = found;
  return {
    step,
    automation_id: firing.automationId,
    trigger_state: firing.state,
    ...firingJson(firing),
    child_event_ids: [...new Set(eventsBelow(firing))],
    actions: actionsJson(found),
    ...(found.listsChanges && { state_events: [stateEventJson(change, firing)] }),
  };
}

const firingJson = (firing: Firing): JsonObject => ({
  trigger_id: firing.triggerId,
  triggered: formatInstant(firing.triggered),
  triggering_event_id: firing.event?.id ?? null,
  triggering_labels: firing.labels,
  child_firings: firing.children.map(firingJson),
});

const eventsBelow = (firing: Firing): string[] =>
  firing.children.flatMap((child) => {
    if (child.children.length > 0) return eventsBelow(child);
    return child.event === null ? [] : [child.event.id];
  });

function actionsJson({ firing, automation, change, changeName, variables }: Found): readonly Json[] {
  const outcomes = actionOutcomes(firing, automation, { deployments: new Map(), variables });
  const text = JSON.stringify(outcomes.map(actionJson)).replaceAll(change.id, changeName);
  const actions: readonly Json[] = JSON.parse(text);
  return actions;
}

function actionJson(found: ActionOutcome): JsonObject {
  const { index, type, outcome } = found;
  if (outcome === "failed") return { index, type, outcome };
  if (found.run === null) return { index, type, outcome, deployment_id: found.deploymentId };
  const { deploymentId, parameters, jobVariables, scheduledTime, idempotencyKey } = found.run;
  return {
    index,
    type,
    outcome,
    deployment_id: deploymentId,
    parameters,
    job_variables: jobVariables,
    scheduled_time: formatInstant(scheduledTime),
    idempotency_key: idempotencyKey,
  };
}

const stateEventJson = ({ event, occurred, resource, related }: Event, firing: Firing): JsonObject => ({
  event,
  occurred: formatInstant(occurred),
  resource,
  related,
  payload: { triggering_labels: firing.labels, triggering_event_id: firing.event?.id ?? null },
});
