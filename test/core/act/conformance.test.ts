/** The oracle's answers about actions and validation (test/oracle/FORMAT.md): what each firing's actions come to. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { actionOutcomes } from "../../../src/core/act/act.ts";
import { stateChange } from "../../../src/core/act/state-events.ts";
import type { Automation } from "../../../src/core/model/automation.ts";
import type { Event } from "../../../src/core/model/event.ts";
import { DEFAULT_LIMITS, readEvent } from "../../../src/core/model/event-reader.ts";
import type { Firing } from "../../../src/core/model/firing.ts";
import type { Json } from "../../../src/core/model/json.ts";
import { formatInstant, parseInstant } from "../../../src/core/model/time.ts";
import { parseAutomation } from "../../../src/define/define.ts";
import { firing as aFiring, value } from "./builders.ts";

interface Case {
  readonly name: string;
  readonly given: {
    readonly start: string;
    readonly automations: readonly { readonly id: string }[];
    readonly script: readonly { readonly at: string; readonly event?: Readonly<Record<string, Json>> }[];
    readonly variables?: Readonly<Record<string, Json>>;
  };
  readonly expected: { readonly rejected?: readonly string[]; readonly firings: readonly Answer[] };
}

interface Answer {
  readonly automation_id: string;
  readonly trigger_id: string;
  readonly triggered: string;
  readonly triggering_event_id: string | null;
  readonly triggering_labels: Readonly<Record<string, string>>;
  readonly actions: readonly Readonly<Record<string, Json>>[];
  readonly state_events?: readonly {
    readonly event: string;
    readonly occurred: string;
    readonly resource: unknown;
    readonly related: unknown;
  }[];
}

const folder = join(import.meta.dirname, "../../oracle/cases");
function casesOf(suite: string): readonly Case[] {
  const cases: readonly Case[] = JSON.parse(readFileSync(join(folder, `${suite}.json`), "utf8"));
  return cases;
}

const time = (text: string) => parseInstant(text) ?? assert.fail(text);

function eventsOf({ given }: Case): ReadonlyMap<string, Event> {
  const events = given.script.flatMap(({ at, event }) =>
    event === undefined
      ? []
      : [value(readEvent(event, { received: time(at), id: () => "", limits: DEFAULT_LIMITS }))],
  );
  return new Map(events.map((event) => [event.id, event]));
}

function automationsOf({ given }: Case): ReadonlyMap<string, Automation | null> {
  return new Map(
    given.automations.map((body) => {
      const { id } = body;
      const read = parseAutomation(body, { id, now: time(given.start), fixedIds: true });
      return [id, read.ok ? read.value : null];
    }),
  );
}

/** Firings of events that the case does not bring itself (feedback) are left to the whole replay. */
function firingOf(answer: Answer, events: ReadonlyMap<string, Event>): Firing | null {
  const event = answer.triggering_event_id === null ? null : events.get(answer.triggering_event_id);
  if (event === undefined) return null;
  return aFiring({
    automationId: answer.automation_id,
    triggerId: answer.trigger_id,
    triggered: time(answer.triggered),
    labels: answer.triggering_labels,
    event,
  });
}

const comparable = (action: Readonly<Record<string, Json>>) => ({
  ...action,
  ...(typeof action["idempotency_key"] === "string" && {
    idempotency_key: action["idempotency_key"].replace(/invocation .*/, "invocation *"),
  }),
  ...(typeof action["scheduled_time"] === "string" && { scheduled_time: time(action["scheduled_time"]) }),
});

for (const suite of ["actions", "jinja", "validation", "state_events"]) {
  describe(`the oracle's cases of ${suite}`, () => {
    for (const one of casesOf(suite)) {
      it(one.name, () => {
        const automations = automationsOf(one);
        const rejected = Array.from(automations).filter(([, automation]) => automation === null);
        assert.deepEqual(
          rejected.map(([id]) => id).toSorted(),
          [...(one.expected.rejected ?? [])].toSorted(),
          "rejected",
        );
        const events = eventsOf(one);
        for (const answer of one.expected.firings) {
          const automation = automations.get(answer.automation_id) ?? assert.fail(answer.automation_id);
          const firing = firingOf(answer, events);
          if (firing !== null) checkAnswer(answer, firing, automation, one.given.variables ?? {});
        }
      });
    }
  });
}

function checkAnswer(
  answer: Answer,
  firing: Firing,
  automation: Automation,
  variables: Readonly<Record<string, Json>>,
): void {
  const outcomes = actionOutcomes(firing, automation, { deployments: new Map(), variables });
  assert.deepEqual(
    outcomes.map((outcome) => {
      const { index, type } = outcome;
      if (outcome.outcome === "failed") return { index, type, outcome: "failed" };
      if (outcome.run === null) {
        return {
          index,
          type,
          outcome: "executed",
          ...(outcome.deploymentId !== null && { deployment_id: outcome.deploymentId }),
        };
      }
      const { deploymentId, parameters, jobVariables, scheduledTime, idempotencyKey } = outcome.run;
      return comparable({
        index,
        type,
        outcome: "executed",
        deployment_id: deploymentId,
        parameters,
        job_variables: jobVariables,
        scheduled_time: formatInstant(scheduledTime),
        idempotency_key: idempotencyKey,
      });
    }),
    answer.actions.map(comparable),
  );
  for (const wanted of answer.state_events ?? []) {
    const { event, occurred, resource, related } = stateChange(firing, automation);
    assert.deepEqual(
      { event, occurred, resource, related },
      {
        event: wanted.event,
        occurred: time(wanted.occurred),
        resource: wanted.resource,
        related: wanted.related,
      },
    );
  }
}
