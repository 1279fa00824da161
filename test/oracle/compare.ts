/** Compares an answer with what is expected, as conformance/check.py does: free order, exact values. */
import { canonicalJson, isJsonObject, type Json, type JsonObject } from "../../src/core/model/json.ts";
import { parseInstant } from "../../src/core/model/time.ts";
import type { Case } from "./case.ts";
import type { Answer } from "./replay.ts";

/** What differs, a line each; nothing where the answer is right. */
export function differences({ expected }: Case, answer: Answer): readonly string[] {
  const wanted = expected.firings.map(normal).toSorted();
  const got = answer.firings.map(normal).toSorted();
  const rejected = (ids: readonly string[]): string => [...new Set(ids)].toSorted().join(" ");
  return [
    ...without(wanted, got).map((firing) => `missing: ${firing}`),
    ...without(got, wanted).map((firing) => `too many: ${firing}`),
    ...(rejected(expected.rejected) === rejected(answer.rejected)
      ? []
      : [`rejected: expected [${rejected(expected.rejected)}], got [${rejected(answer.rejected)}]`]),
  ];
}

/** What is in the one list and not in the other, as often as it is. */
function without(these: readonly string[], those: readonly string[]): readonly string[] {
  const left = [...those];
  return these.filter((one) => {
    const found = left.indexOf(one);
    if (found >= 0) left.splice(found, 1);
    return found < 0;
  });
}

function normal(firing: JsonObject): string {
  const { step, automation_id, trigger_state, child_event_ids } = firing;
  return canonicalJson({
    step: step ?? null,
    automation_id: automation_id ?? null,
    trigger_state: trigger_state ?? "Triggered",
    triggering_labels: firing["triggering_labels"] ?? {},
    child_event_ids: listOf(child_event_ids).map(canonicalJson).toSorted(),
    firing: normalChild(firing),
    actions: listOf(firing["actions"]).filter(isJsonObject).map(normalAction),
    state_events: listOf(firing["state_events"]).filter(isJsonObject).map(normalStateEvent),
  });
}

/** What makes an idempotency key unique is free; a failed action says no more than that. */
function normalAction(action: JsonObject): Json {
  const { index, type, outcome, deployment_id, parameters, job_variables } = action;
  const told = { index: index ?? null, type: type ?? null, outcome: outcome ?? null };
  if (outcome !== "executed" || type === "do-nothing") return told;
  if (type !== "run-deployment") return { ...told, deployment_id: deployment_id ?? null };
  const { scheduled_time, idempotency_key } = action;
  return {
    ...told,
    deployment_id: deployment_id ?? null,
    parameters: parameters ?? null,
    job_variables: job_variables ?? null,
    scheduled_time: normalTime(scheduled_time),
    idempotency_key: canonicalJson(idempotency_key ?? null).replace(/(?<=, invocation ).*/s, "*"),
  };
}

function normalStateEvent({ event, occurred, resource, related, payload }: JsonObject): Json {
  return {
    event: event ?? null,
    occurred: normalTime(occurred),
    resource: resource ?? null,
    related: related ?? [],
    payload: payload ?? null,
  };
}

const normalTime = (value: Json | undefined): Json =>
  typeof value === "string" ? parseInstant(value) : (value ?? null);

function normalChild(firing: JsonObject): Json {
  const { trigger_id, triggered, triggering_event_id, triggering_labels, child_firings } = firing;
  const children = listOf(child_firings).filter(isJsonObject).map(normalChild).map(canonicalJson);
  return {
    trigger_id: trigger_id ?? null,
    triggered: normalTime(triggered),
    triggering_event_id: triggering_event_id ?? null,
    // Only event triggers have labels of their own.
    ...(children.length > 0
      ? { child_firings: children.toSorted() }
      : { triggering_labels: triggering_labels ?? {} }),
  };
}

const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value);
const listOf = (value: Json | undefined): readonly Json[] => (isList(value) ? value : []);
