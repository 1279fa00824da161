/** Arbitrary automations and what befalls them: few names, few keys, round times, so that things meet. */
import fc from "fast-check";
import type { Automation } from "../../src/core/model/automation.ts";
import type { Event } from "../../src/core/model/event.ts";
import { deriveId } from "../../src/core/model/id.ts";
import { fromMillis, type Instant, instant, minutes, seconds } from "../../src/core/model/time.ts";
import type { CompositeTrigger, EventTrigger, MetricTrigger, Trigger } from "../../src/core/model/trigger.ts";
import { automation } from "../support/evaluators.ts";
import type { Mishap } from "./on-tasks.ts";
import type { Step, Timeline } from "./timeline.ts";

export const START: Instant = fromMillis(Date.UTC(2026, 0, 1, 9));
/** All times are whole grains from the start; changes of automations fall between two. */
const GRAIN_SECONDS = 10;
const afterStart = (grains: number): Instant => instant(START + seconds(grains * GRAIN_SECONDS));

const NAMES = ["a", "b", "c"];
const RESOURCES = ["r.1", "r.2", "r.3", "r.4"];
export const KEYS = {
  resource: "prefect.resource.id",
  team: "team",
  involved: "related:owner:prefect.resource.id",
};

const names = (minLength: number): fc.Arbitrary<string[]> =>
  fc.uniqueArray(fc.constantFrom(...NAMES), { minLength, maxLength: 2 });
const windows = (...grains: number[]) =>
  fc.constantFrom(...grains.map((count) => seconds(count * GRAIN_SECONDS)));

const forEach: fc.Arbitrary<readonly string[]> = fc.constantFrom(
  [],
  [KEYS.resource],
  [KEYS.resource],
  [KEYS.team],
  [KEYS.team, KEYS.resource],
  [KEYS.involved],
);

/** Ids are given by their place, afterwards. */
const eventTrigger = (posture: EventTrigger["posture"]): fc.Arbitrary<EventTrigger> =>
  fc.record({
    kind: fc.constant("event"),
    id: fc.constant(""),
    match: fc.constantFrom({}, {}, {}, { team: "red" }, { [KEYS.resource]: ["r.1", "r.2", "r.3"] }),
    matchRelated: fc.constant({}),
    after: fc.oneof(fc.constant([]), names(1)),
    // An empty `expect` takes what Tripline itself says too, which comes when it comes.
    expect: names(1),
    forEach,
    posture: fc.constant(posture),
    threshold: fc.integer({ min: 0, max: 3 }),
    within: posture === "Reactive" ? windows(0, 0, 1, 3, 6) : windows(3, 6, 12),
  });

export const reactive = eventTrigger("Reactive");
export const proactive = eventTrigger("Proactive");

/** Every event is also a state of a run, which its resource stands for. */
const STATES: Readonly<Record<string, string>> = { a: "PENDING", b: "RUNNING", c: "FAILED" };
const FIVE_MINUTES = minutes(5);
const metric: fc.Arbitrary<MetricTrigger> = fc.record({
  kind: fc.constant("metric"),
  id: fc.constant(""),
  match: fc.constantFrom({}, { team: "blue" }),
  matchRelated: fc.constant({}),
  metric: fc.record({
    name: fc.constantFrom("successes", "duration", "lateness"),
    operator: fc.constantFrom("<", "<=", ">", ">="),
    threshold: fc.constantFrom(0.5, 1, 20),
    range: fc.constant(FIVE_MINUTES),
    firingFor: fc.constant(FIVE_MINUTES),
  }),
});

const eventTriggers = fc.oneof(reactive, proactive);

const compositeOf = (children: fc.Arbitrary<readonly Trigger[]>): fc.Arbitrary<CompositeTrigger> => {
  const more = { id: fc.constant(""), triggers: children, within: fc.option(windows(1, 3, 12)) };
  const apart = { ...more, correlate: fc.constant(false) };
  return fc.oneof(
    fc.record({
      kind: fc.constant("compound"),
      require: fc.constantFrom<("any" | "all" | number)[]>("any", "all", "all", 2),
      ...apart,
    }),
    fc.record({ kind: fc.constant("sequence"), ...apart }),
  );
};

const children = (one: fc.Arbitrary<Trigger>) => fc.array(one, { minLength: 2, maxLength: 3 });
const flat = compositeOf(
  children(fc.oneof({ weight: 6, arbitrary: eventTriggers }, { weight: 1, arbitrary: metric })),
);
const nested = compositeOf(
  children(fc.oneof({ weight: 2, arbitrary: eventTriggers }, { weight: 1, arbitrary: flat })),
);
/** Children that share their key. */
const correlated = fc.tuple(flat, fc.constantFrom([KEYS.resource], [KEYS.team])).map(
  ([composite, key]): CompositeTrigger => ({
    ...composite,
    correlate: true,
    triggers: composite.triggers.map((child) =>
      child.kind === "event" ? { ...child, forEach: key } : child,
    ),
  }),
);

export const anyTrigger: fc.Arbitrary<Trigger> = fc.oneof(
  { weight: 3, arbitrary: reactive },
  { weight: 3, arbitrary: proactive },
  { weight: 1, arbitrary: metric },
  { weight: 1, arbitrary: flat },
  { weight: 1, arbitrary: nested },
  { weight: 1, arbitrary: correlated },
);

function withIds(trigger: Trigger, id: string): Trigger {
  if (trigger.kind === "event" || trigger.kind === "metric") return { ...trigger, id };
  return { ...trigger, id, triggers: trigger.triggers.map((child, i) => withIds(child, `${id}.${i}`)) };
}

/** The automation with this number; loaded at the start. */
export const automationOf = (trigger: Trigger, number: number): Automation => ({
  ...automation(`run-${number}`, withIds(trigger, `t${number}`)),
  created: instant(START + number),
  updated: START,
});

export const automations = (trigger: fc.Arbitrary<Trigger>, maxLength = 3): fc.Arbitrary<Automation[]> =>
  fc.array(trigger, { minLength: 1, maxLength }).map((triggers) => triggers.map(automationOf));

export interface Happening {
  /** Grains since what came before. */
  readonly pause: number;
  readonly name: string;
  readonly resource: string;
  /** Grains that it is late; below zero it comes from the future. */
  readonly late: number;
  /** Which of the events before it is said again, counted back; or followed; null for none. */
  readonly repeats: number | null;
  readonly follows: number | null;
}

interface Turmoil {
  readonly pauseMin: number;
  readonly repeats?: boolean;
  readonly follows?: boolean;
}

const rarely = <T>(one: fc.Arbitrary<T>, otherwise: T): fc.Arbitrary<T> =>
  fc.oneof({ weight: 5, arbitrary: fc.constant(otherwise) }, { weight: 1, arbitrary: one });

export const happenings = ({
  pauseMin,
  repeats = false,
  follows = false,
}: Turmoil): fc.Arbitrary<Happening[]> =>
  fc.array(
    fc.record({
      pause: fc.oneof(
        { weight: 5, arbitrary: fc.integer({ min: pauseMin, max: 3 }) },
        { weight: 1, arbitrary: fc.integer({ min: 4, max: 30 }) },
      ),
      name: fc.constantFrom(...NAMES),
      resource: fc.constantFrom(...RESOURCES),
      late: rarely(fc.integer({ min: -6, max: 12 }), 0),
      repeats: repeats ? rarely(fc.integer({ min: 0, max: 4 }), null) : fc.constant(null),
      follows: follows ? rarely(fc.integer({ min: 0, max: 4 }), null) : fc.constant(null),
    }),
    { minLength: 1, maxLength: 24, size: "max" },
  );

/** Tells what happened as steps; after the last of them time goes on until all windows have run out. */
export function timelineOf(defined: readonly Automation[], happened: readonly Happening[]): Timeline {
  let grain = 1;
  const steps: Step[] = [];
  const told: Event[] = [];
  for (const [i, one] of happened.entries()) {
    grain += one.pause;
    const at = afterStart(grain);
    const repeated = repeatedBy(one, told, at);
    const event = repeated ?? eventOf(one, { i, grain, happened });
    if (repeated === null) told.push({ ...event, received: at });
    steps.push({ kind: "event", at, event: { ...event, received: at } });
  }
  return { start: START, end: instant(afterStart(grain + 110) + seconds(3)), automations: defined, steps };
}

/** Ids are remembered for 30 minutes; whoever repeats an event later repeats nothing. */
function repeatedBy({ repeats }: Happening, told: readonly Event[], at: Instant): Event | null {
  const event = repeats === null ? undefined : told.at(-1 - repeats);
  return event !== undefined && at - event.received < minutes(25) ? event : null;
}

function eventOf(
  { name, resource, late, follows }: Happening,
  {
    i,
    grain,
    happened,
  }: { readonly i: number; readonly grain: number; readonly happened: readonly Happening[] },
): Event {
  // Only a leader of the same resource can be waited for; it may be yet to come.
  const leader = follows === null ? i : i - 2 + follows;
  const isFollower =
    leader !== i && happened[leader]?.resource === resource && happened[leader].repeats === null;
  const team = resource === "r.1" ? "red" : "blue";
  return {
    id: idOf(i),
    event: name,
    occurred: afterStart(grain - late),
    received: afterStart(grain),
    resource: {
      [KEYS.resource]: resource,
      "prefect.state-type": STATES[name] ?? "",
      ...(resource !== "r.4" && { team }),
    },
    related: [{ [KEYS.resource]: resource < "r.3" ? "ann" : "bob", "prefect.resource.role": "owner" }],
    payload: {},
    follows: isFollower ? idOf(leader) : null,
    causes: [],
  };
}

const idOf = (i: number): string => deriveId("simulated", i);

/** Changes between two events: one automation switched off or on, or given another trigger. */
export interface Change {
  readonly after: number;
  readonly which: number;
  readonly to: "off" | "on" | "renamed" | Trigger;
}

export const changes = (trigger: fc.Arbitrary<Trigger>): fc.Arbitrary<Change[]> =>
  fc.array(
    fc.record({
      after: fc.nat(20),
      which: fc.nat(2),
      to: fc.oneof(fc.constantFrom<("off" | "on" | "renamed")[]>("off", "on", "renamed"), trigger),
    }),
    { maxLength: 3 },
  );

/** The same timeline with the changes, each half a grain after its event. */
export function withChanges(timeline: Timeline, changed: readonly Change[]): Timeline {
  let defined = timeline.automations;
  const steps = timeline.steps.flatMap((step, i): readonly Step[] => {
    const next = timeline.steps[i + 1];
    const found = changed.find(({ after }) => after === i);
    if (found === undefined || (next !== undefined && next.at === step.at)) return [step];
    const at = instant(step.at + seconds(GRAIN_SECONDS / 2));
    defined = defined.map((one, k) => (k === found.which ? changedTo(one, { found, at, k }) : one));
    return [step, { kind: "redefine", at, automations: defined }];
  });
  return { ...timeline, steps };
}

function changedTo(
  one: Automation,
  { found: { to }, at, k }: { readonly found: Change; readonly at: Instant; readonly k: number },
): Automation {
  if (to === "off" || to === "on") return { ...one, enabled: to === "on", updated: at };
  if (to === "renamed") return { ...one, name: `${one.name} again`, updated: at };
  return { ...one, trigger: withIds(to, `t${k}`), updated: at };
}

export const mishaps: fc.Arbitrary<Mishap[]> = fc.array(
  fc.record({
    after: fc.nat(20),
    partition: fc.nat(2),
    kind: fc.constantFrom<Mishap["kind"][]>("kill", "away", "abort", "lose-answer", "hold"),
  }),
  { minLength: 2, maxLength: 8, size: "max" },
);
