/** What a seed stands for: automations, what happens and changes, how many processes and partitions, and how much goes wrong. */
import fc from "fast-check";
import type { Automation } from "../../../src/core/model/automation.ts";
import type { Event } from "../../../src/core/model/event.ts";
import { deriveId } from "../../../src/core/model/id.ts";
import { type Duration, formatInstant, seconds } from "../../../src/core/model/time.ts";
import { readStored, storeAutomation } from "../../../src/define/define.ts";
import {
  anyTrigger,
  automations,
  type Change,
  changes,
  happenings,
  START,
  timelineOf,
  withChanges,
} from "../arbitraries.ts";
import type { Timeline } from "../timeline.ts";
import { Chance } from "./chance.ts";

export interface Plan {
  readonly seed: number;
  readonly partitions: number;
  readonly evaluators: number;
  readonly schedulers: number;
  /** So much may go wrong altogether. */
  readonly faults: number;
  readonly skewSeconds: number;
  /** How likely the next thing that happens is that a marker is written. */
  readonly markerPace: number;
  /** With the changes of automations on the way. */
  readonly timeline: Timeline;
  /** The automations whose meaning changes on the way: when each process reads of it decides what they do. */
  readonly changed: ReadonlySet<string>;
}

const EVENTS = 12;

const inputs = fc.record({
  defined: automations(anyTrigger),
  happened: happenings({ pauseMin: 0, repeats: true, follows: true }),
  changed: changes(anyTrigger),
});

export function planOf(seed: number): Plan {
  const [input] = fc.sample(inputs, { seed, numRuns: 1 });
  if (input === undefined) throw new Error("nothing was drawn");
  const chance = new Chance(seed);
  const delay = seconds(chance.of([0, 0, 5, 60]));
  const defined = input.defined.map((one) => asStored(one, delay));
  const plain = timelineOf(defined, input.happened.slice(0, EVENTS));
  const isChanged = chance.isTrue(0.4);
  const changed: readonly Change[] = isChanged ? input.changed : [];
  return {
    seed,
    partitions: chance.of([1, 2, 3, 3, 4]),
    evaluators: 1 + chance.below(3),
    schedulers: 1 + chance.below(2),
    faults: chance.isTrue(0.1) ? 0 : 1 + chance.below(chance.of([5, 10, 30])),
    skewSeconds: chance.below(2),
    markerPace: chance.of([0.5, 0.3, 0.03]),
    timeline: stored(withChanges(plain, changed), delay),
    changed: new Set(
      changed.filter(({ to }) => to !== "renamed").map(({ which }) => defined[which]?.id ?? ""),
    ),
  };
}

const stored = (timeline: Timeline, delay: Duration): Timeline => ({
  ...timeline,
  steps: timeline.steps.map((step) =>
    step.kind === "redefine"
      ? { ...step, automations: step.automations.map((one) => asStored(one, delay)) }
      : step,
  ),
});

/** As it comes out of its topic: ids are given when it is written. */
function asStored(automation: Automation, scheduleAfter: Duration): Automation {
  const number = automation.created - START;
  const actions = automation.actions.map((action) =>
    action.kind === "run-deployment"
      ? { ...action, deploymentId: deriveId("deployment", number), scheduleAfter }
      : action,
  );
  const named = { ...automation, id: deriveId("automation", number), actions };
  const read = readStored(storeAutomation(named));
  if (read.ok) return read.value;
  // Children of several kinds cannot be correlated.
  const { trigger } = automation;
  const apart = "correlate" in trigger ? { ...trigger, correlate: false } : trigger;
  const again = readStored(storeAutomation({ ...named, trigger: apart }));
  if (!again.ok) throw new Error(`cannot be stored: ${JSON.stringify(again.faults)}`);
  return again.value;
}

/** The same without the changes. */
export const unchanged = (timeline: Timeline): Timeline => ({
  ...timeline,
  steps: timeline.steps.filter(({ kind }) => kind === "event"),
});

/** An event as its sender writes it: when it is received is for others to say. */
export const bodyOf = (event: Event): string =>
  JSON.stringify({
    ...event,
    occurred: formatInstant(event.occurred),
    received: undefined,
    causes: undefined,
  });
