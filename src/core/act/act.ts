/** Act: what a firing leads to: its record, the event that says so, and its actions in order (semantics.md, section 8). */
import type { Automation } from "../model/automation.ts";
import { type Event, resourceId } from "../model/event.ts";
import type { Firing } from "../model/firing.ts";
import { deriveId } from "../model/id.ts";
import type { RunCommand, RunEvent } from "../model/run-command.ts";
import { type Emission, type Stage, unchanged, type World } from "../processor.ts";
import { type ActionOutcome, actionOutcomes, type RunToSchedule } from "./outcomes.ts";
import { actionFailed, stateChange } from "./state-events.ts";

export { type ActionOutcome, actionOutcomes } from "./outcomes.ts";
export { checkParameters } from "./parameters.ts";

export const act: Stage<never, Firing> = {
  process({ input }, world) {
    if (input.kind === "wake") return unchanged<never>(null);
    const automation = automationOf(input, world);
    // Deleted or disabled meanwhile: what it would have led to is not wanted any more.
    if (automation === null) return unchanged<never>(null);
    return { state: null, emit: emissions(input, automation, world), wakeAt: null };
  },
};

const automationOf = (firing: Firing, { automations }: World): Automation | null =>
  automations.triggers.get(firing.triggerId)?.automation ??
  automations.automations.find(({ id }) => id === firing.automationId) ??
  null;

function emissions(firing: Firing, automation: Automation, world: World): readonly Emission[] {
  return [
    { to: "firings", key: automation.id, home: null, value: firing },
    event(stateChange(firing, automation)),
    ...actionOutcomes(firing, automation, world).flatMap((outcome) =>
      outcomeEmissions(outcome, { firing, automation, world }),
    ),
  ];
}

const event = (value: Event): Emission => ({ to: "events", key: resourceId(value), home: null, value });

interface Acting {
  readonly firing: Firing;
  readonly automation: Automation;
  readonly world: World;
}

function outcomeEmissions(outcome: ActionOutcome, acting: Acting): readonly Emission[] {
  const { index, type } = outcome;
  const failed = (deploymentId: string | null, reason: string): readonly Emission[] => [
    event(actionFailed({ index, type, deploymentId, reason }, acting.firing, acting.automation)),
  ];
  if (outcome.outcome === "failed") return failed(outcome.deploymentId, outcome.reason);
  if (outcome.run !== null) return scheduling(index, outcome.run, acting);
  if (outcome.isPerformed) return [];
  return failed(
    outcome.deploymentId,
    `Tripline does not perform '${type}' actions; only run-deployment and do-nothing`,
  );
}

function scheduling(index: number, run: RunToSchedule, acting: Acting): readonly Emission[] {
  const command = commandOf(index, run, acting);
  const { runId } = command;
  return [
    { to: "run-commands", key: runId, home: null, value: command },
    { to: "run-events", key: runId, home: null, value: scheduled(command, run) },
  ];
}

function commandOf(index: number, run: RunToSchedule, { firing, automation, world }: Acting): RunCommand {
  const { event: paying } = firing;
  return {
    kind: "schedule",
    runId: deriveId("run", firing.id, index),
    automationId: automation.id,
    automationName: automation.name,
    triggerId: firing.triggerId,
    firingId: firing.id,
    actionIndex: index,
    deploymentId: run.deploymentId,
    deploymentName: world.deployments.get(run.deploymentId)?.name ?? null,
    parameters: run.parameters,
    jobVariables: run.jobVariables,
    triggered: firing.triggered,
    scheduleAfter: run.scheduleAfter,
    target: "topic",
    eventId: paying?.id ?? null,
    eventName: paying?.event ?? null,
    resourceId: paying === null ? null : resourceId(paying),
    causes: firing.causes,
  };
}

const scheduled = (command: RunCommand, run: RunToSchedule): RunEvent => ({
  id: deriveId("run-event", command.runId, "scheduled"),
  runId: command.runId,
  kind: "scheduled",
  occurred: command.triggered,
  automationId: command.automationId,
  deploymentId: command.deploymentId,
  firingId: command.firingId,
  due: run.scheduledTime,
  command,
  detail: null,
});
