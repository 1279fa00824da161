import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { act, actionOutcomes } from "../../../src/core/act/act.ts";
import type { Action } from "../../../src/core/model/action.ts";
import type { Automation } from "../../../src/core/model/automation.ts";
import type { Event } from "../../../src/core/model/event.ts";
import { eventToJson } from "../../../src/core/model/event-reader.ts";
import type { Firing } from "../../../src/core/model/firing.ts";
import { deriveId } from "../../../src/core/model/id.ts";
import type { RunCommand } from "../../../src/core/model/run-command.ts";
import { plus, seconds } from "../../../src/core/model/time.ts";
import type { Emission } from "../../../src/core/processor.ts";
import { automation, DEPLOYMENT, deployment, event, firing, NOON, runWith, world } from "./builders.ts";

const nothing: Action = { kind: "other", type: "do-nothing", body: {} };

function emitted(input: Firing, of: Automation): readonly Emission[] {
  const around = world({ automations: [of], deployments: [deployment()] });
  return act.process({ key: of.id, state: null, input }, around).emit;
}

/** What was sent to a topic; its stage says what that is. */
function sent<T>(to: string, emissions: readonly Emission[]): readonly T[] {
  const values: readonly unknown[] = emissions.filter((one) => one.to === to).map(({ value }) => value);
  const copies: readonly T[] = JSON.parse(JSON.stringify(values));
  return copies;
}
const events = (emissions: readonly Emission[]): readonly Event[] => sent("events", emissions);
const commands = (emissions: readonly Emission[]): readonly RunCommand[] => sent("run-commands", emissions);

describe("a firing of an automation that runs a deployment", () => {
  const of = automation({ actions: [runWith({ n: "{{ event.id }}" }, { scheduleAfter: seconds(60) })] });
  const input = firing();
  const out = emitted(input, of);

  it("leads to its record, the event that says so, and the run, in this order", () => {
    assert.deepEqual(
      out.map(({ to, key }) => `${to} ${key}`),
      [
        `firings ${of.id}`,
        `events prefect.automation.${of.id}`,
        `run-commands ${deriveId("run", input.id, 0)}`,
        `run-events ${deriveId("run", input.id, 0)}`,
      ],
    );
  });

  it("says so with an event of Prefect's shape", () => {
    const [change] = events(out);
    assert.deepEqual(change, {
      id: change?.id,
      event: "prefect.automation.triggered",
      occurred: NOON,
      received: NOON,
      resource: {
        "prefect.resource.id": `prefect.automation.${of.id}`,
        "prefect.resource.name": of.name,
        "prefect.posture": "Reactive",
      },
      related: [
        {
          "prefect.resource.id": `prefect.event.${event().id}`,
          "prefect.resource.role": "triggering-event",
        },
      ],
      payload: { triggering_labels: input.labels, triggering_event: eventToJson(event()) },
      follows: null,
      causes: input.causes,
    });
  });

  it("leads to one command that says all there is to know", () => {
    assert.deepEqual(commands(out), [
      {
        kind: "schedule",
        runId: deriveId("run", input.id, 0),
        automationId: of.id,
        automationName: of.name,
        triggerId: input.triggerId,
        firingId: input.id,
        actionIndex: 0,
        deploymentId: DEPLOYMENT,
        deploymentName: "nightly",
        parameters: { n: event().id },
        jobVariables: null,
        triggered: NOON,
        scheduleAfter: seconds(60),
        target: "topic",
        eventId: event().id,
        eventName: "order.placed",
        resourceId: "order.77",
        causes: input.causes,
      },
    ]);
    const command = commands(out)[0] ?? assert.fail();
    const { runId } = command;
    assert.deepEqual(out.at(-1)?.value, {
      id: deriveId("run-event", runId, "scheduled"),
      runId,
      kind: "scheduled",
      occurred: NOON,
      automationId: of.id,
      deploymentId: DEPLOYMENT,
      firingId: input.id,
      due: plus(NOON, seconds(60)),
      command,
      detail: null,
    });
  });

  it("leads to the same again when it is taken again", () => {
    assert.deepEqual(emitted(input, of), out);
  });
});

describe("the actions of an automation", () => {
  const told = runWith({ e: "{{ event.event }}" });

  it("see the paying event; those on its being triggered see the event that says so", () => {
    const of = automation({ actions: [nothing, told], actionsOnTrigger: [told], actionsOnResolve: [told] });
    assert.deepEqual(
      commands(emitted(firing(), of)).map(({ actionIndex, parameters }) => [actionIndex, parameters["e"]]),
      [
        [1, "order.placed"],
        [2, "prefect.automation.triggered"],
      ],
    );
  });

  it("are only those for it when it is resolved", () => {
    const of = automation({ actions: [nothing, told], actionsOnTrigger: [told], actionsOnResolve: [told] });
    const out = emitted(firing({ state: "Resolved", event: null }), of);
    assert.deepEqual(
      commands(out).map(({ actionIndex, parameters }) => [actionIndex, parameters["e"]]),
      [[2, "prefect.automation.resolved"]],
    );
    assert.equal(events(out)[0]?.event, "prefect.automation.resolved");
  });

  it("lead to nothing when the automation is gone", () => {
    assert.deepEqual(act.process({ key: "x", state: null, input: firing() }, world({})).emit, []);
  });
});

describe("an action that fails", () => {
  const bad = runWith({ n: "{{ nope() }}" });

  it("is told with an event after the one of the firing, and stops no other", () => {
    const of = automation({ actions: [bad, runWith({})] });
    const out = emitted(firing(), of);
    const [change, failed] = events(out);
    assert.equal(failed?.event, "prefect.automation.action.failed");
    assert.deepEqual(failed.resource, { ...change?.resource, "prefect.trigger-type": "event" });
    assert.deepEqual(
      failed.related.map((labels) => [labels["prefect.resource.role"], labels["prefect.resource.id"]]),
      [
        ["target", `prefect.deployment.${DEPLOYMENT}`],
        ["automation-triggered-event", `prefect.event.${change?.id ?? ""}`],
        ["triggering-event", `prefect.event.${event().id}`],
      ],
    );
    assert.deepEqual(failed.payload, {
      action_index: 0,
      action_type: "run-deployment",
      invocation: firing().id,
      reason: "Unable to create flow run from deployment: n: Invalid jinja: 'the value' is undefined",
    });
    assert.equal(failed.follows, change?.id);
    assert.deepEqual(failed.causes, firing().causes);
    assert.deepEqual(
      commands(out).map(({ actionIndex }) => actionIndex),
      [1],
    );
  });

  it("is also one whose parameters no server would take", () => {
    const large = firing({ event: event({ payload: { text: "x".repeat(300_000) } }) });
    const twice = runWith({ a: "{{ event.payload.text }}", b: "{{ event.payload.text }}" });
    const [, failed] = events(emitted(large, automation({ actions: [twice] })));
    assert.match(
      JSON.stringify(failed?.payload["reason"]),
      /its parameters may be 524288 characters of JSON; these are 600/,
    );
  });

  it("is also one that Tripline does not perform", () => {
    const pause: Action = {
      kind: "other",
      type: "pause-deployment",
      body: { source: "selected", deployment_id: DEPLOYMENT },
    };
    const [, failed] = events(emitted(firing(), automation({ actions: [pause] })));
    assert.equal(
      failed?.payload["reason"],
      "Tripline does not perform 'pause-deployment' actions; only run-deployment and do-nothing",
    );
  });
});

describe("a deployment that the event is to tell", () => {
  const inferred = runWith(null, { source: "inferred", deploymentId: null });
  const outcome = (of: Event | null): string => {
    const around = { deployments: new Map(), variables: {} };
    const [only] = actionOutcomes(firing({ event: of }), automation({ actions: [inferred] }), around);
    if (only?.outcome === "failed") return only.reason;
    return only?.run?.deploymentId ?? assert.fail("no run");
  };
  const named = (id: string) => ({ "prefect.resource.id": id, "prefect.resource.role": "deployment" });

  it("is the first one there, the primary resource before the related ones", () => {
    const other = deriveId("other");
    const related = [
      named("prefect.flow.1"),
      named(`prefect.deployment.${DEPLOYMENT}`),
      named(`prefect.deployment.${other}`),
    ];
    assert.equal(outcome(event({ related })), DEPLOYMENT);
    assert.equal(outcome(event({ resource: named(`prefect.deployment.${other}`), related })), other);
  });

  it("is nobody where there is none, or the first has no id", () => {
    assert.equal(outcome(null), "No event to infer the deployment");
    assert.equal(outcome(event()), "No deployment could be inferred");
    const related = [named("prefect.deployment.nightly"), named(`prefect.deployment.${DEPLOYMENT}`)];
    assert.equal(outcome(event({ related })), "No deployment could be inferred");
  });
});
