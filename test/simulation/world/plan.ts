/** What a seed stands for: automations, what happens and changes, how many processes and partitions, and how much goes wrong. */
import fc from "fast-check";
import type { Automation } from "../../../src/core/model/automation.ts";
import type { Event } from "../../../src/core/model/event.ts";
import { deriveId } from "../../../src/core/model/id.ts";
import { type Duration, formatInstant, seconds } from "../../../src/core/model/time.ts";
import type { Trigger } from "../../../src/core/model/trigger.ts";
import { readStored, storeAutomation } from "../../../src/define/define.ts";
import {
  anyTrigger,
  automations,
  type Change,
  changes,
  happenings,
  KEYS,
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
  /** How likely a misfortune befalls a process that is about to write. */
  readonly worst: number;
  readonly skewSeconds: number;
  /** How likely the next thing that happens is that a marker is written. */
  readonly markerPace: number;
  /** Whether automations change only while nothing else happens, so that it can be told what they do. */
  readonly isCalm: boolean;
  /** How many partitions further than home events arrive, as their senders hash otherwise. */
  readonly astray: number;
  /** With the changes of automations on the way. */
  readonly timeline: Timeline;
}

const EVENTS = 12;

const defined = automations(anyTrigger);
const changesOf = changes(anyTrigger);
/** Events of one instant are taken in an order of their own, live; a replay takes them as it is told them. */
const turmoil = {
  together: happenings({ pauseMin: 0, repeats: true, follows: true }),
  apart: happenings({ pauseMin: 1, repeats: true, follows: true }),
};

const draw = <T>(from: fc.Arbitrary<T>, seed: number): T => {
  const [drawn] = fc.sample(from, { seed, numRuns: 1 });
  if (drawn === undefined) throw new Error("nothing was drawn");
  return drawn;
};

/** A timeline without changes, of events that come one by one. */
export const calmTimeline = (seed: number): Timeline =>
  timelineOf(
    draw(defined, seed).map((one) => asStored(one, seconds(0))),
    draw(turmoil.apart, seed),
  );

export function planOf(seed: number): Plan {
  const input = {
    defined: draw(defined, seed),
    happened: draw(turmoil.together, seed),
    changed: draw(changesOf, seed),
  };
  const chance = new Chance(seed);
  const delay = seconds(chance.of([0, 0, 5, 60]));
  const stored = input.defined.map((one) => asStored(one, delay));
  const plain = timelineOf(stored, input.happened.slice(0, EVENTS));
  const isChanged = chance.isTrue(0.6);
  const changed: readonly Change[] = isChanged
    ? input.changed.map((one) => ({ ...one, after: one.after % EVENTS }))
    : [];
  const partitions = chance.of([1, 2, 3, 3, 4]);
  return {
    seed,
    partitions,
    evaluators: chance.of([1, 2, 2, 3, 3]),
    schedulers: chance.of([1, 2, 2, 2]),
    faults: chance.isTrue(0.1) ? 0 : 1 + chance.below(chance.of([5, 10, 30])),
    worst: chance.of([0.01, 0.05, 0.2]),
    skewSeconds: chance.below(2),
    markerPace: chance.of([0.5, 0.3, 0.03]),
    isCalm: chance.isTrue(0.7),
    astray: chance.isTrue(0.25) ? chance.below(partitions) : 0,
    timeline: asStoredAll(withChanges(plain, changed), delay),
  };
}

const asStoredAll = (timeline: Timeline, delay: Duration): Timeline => ({
  ...timeline,
  steps: timeline.steps.map((step) =>
    step.kind === "redefine"
      ? { ...step, automations: step.automations.map((one) => asStored(one, delay)) }
      : step,
  ),
});

/** As it comes out of its topic: ids are given when it is written. */
export function asStored(automation: Automation, scheduleAfter: Duration): Automation {
  const number = automation.created;
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

/** Where events go astray, order and absence by resource are not promised: their automations are left to chance. */
export const leftToChance = ({ astray, timeline }: Plan): readonly string[] =>
  astray === 0 ? [] : timeline.automations.filter(({ trigger }) => isByResource(trigger)).map(({ id }) => id);

function isByResource(trigger: Trigger): boolean {
  if (trigger.kind === "metric") return true;
  if (trigger.kind === "event") return trigger.forEach.includes(KEYS.resource);
  return trigger.triggers.some(isByResource);
}

/** An event as its sender writes it: when it is received is for others to say. */
export const bodyOf = (event: Event): string =>
  JSON.stringify({
    ...event,
    occurred: formatInstant(event.occurred),
    received: undefined,
    causes: undefined,
  });
