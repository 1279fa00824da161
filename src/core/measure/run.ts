/** Runs: what a metric must know of one run to measure it, from the states it went through (semantics.md, section 5). */
import type { Event } from "../model/event.ts";
import { labelOf, STATE_NAME, STATE_TYPE } from "../model/labels.ts";
import { type Instant, instant, minus, minutes, plus, toMillis } from "../model/time.ts";
import type { MetricTrigger } from "../model/trigger.ts";
import { givenUpAt, leavesRange, type Portion } from "./portion.ts";

type Metric = MetricTrigger["metric"];

export type RunState = "late" | "pending" | "running" | "failed" | "crashed" | "ended" | "other";

/** A run went into a state. */
export interface Entry {
  readonly at: Instant;
  readonly state: RunState;
}

/** How far a run has come. */
interface Course {
  /** Where what is measured began: the latest entry into running, the first Late, or for successes the latest Pending. */
  readonly start: Instant | null;
  /** Whether its latest state is a failure. */
  readonly hasFailed: boolean;
}

export interface Run extends Course {
  readonly kind: "run";
  /** The latest states, by event time: one that is told late finds its place among them. The course is what came before. */
  readonly recent: readonly Entry[];
}

/** What a run adds to a metric. */
export interface Measured {
  readonly samples: readonly Portion[];
  /** Late and not running yet; the sum is of the times from Late until the portion's end. */
  readonly open: readonly Portion[];
}

export const NEW_RUN: Run = { kind: "run", start: null, hasFailed: false, recent: [] };

/** What is told later than this is taken as if it came after all that was told before. */
const LOOK_BACK = minutes(15);
/** The most states that wait for others to find their place: a run that flaps does not fill the memory. */
const RECENT_MAX = 100;

const STATES: Readonly<Record<string, RunState>> = {
  PENDING: "pending",
  RUNNING: "running",
  FAILED: "failed",
  CRASHED: "crashed",
  COMPLETED: "ended",
  CANCELLED: "ended",
};

/** The state an event tells of: by its type, whatever people call it; of the scheduled ones Late by name. */
export function stateOf({ resource }: Event): RunState {
  const type = labelOf(resource, STATE_TYPE) ?? "";
  if (type === "SCHEDULED" && labelOf(resource, STATE_NAME) === "Late") return "late";
  return Object.hasOwn(STATES, type) ? (STATES[type] ?? "other") : "other";
}

interface Pair {
  readonly begins: RunState;
  /** States that end it with a measurement, and states that end it without one. */
  readonly ends: readonly RunState[];
  readonly drops: readonly RunState[];
}

const PAIRS: Readonly<Record<Metric["name"], Pair>> = {
  duration: { begins: "running", ends: ["ended", "failed", "crashed"], drops: [] },
  lateness: { begins: "late", ends: ["running", "crashed"], drops: ["ended", "failed"] },
  // Measured by how its latest state looks: nothing ends it.
  successes: { begins: "pending", ends: [], drops: [] },
};

function entered({ name }: Metric, course: Course, { at, state }: Entry): Course {
  const { begins, ends, drops } = PAIRS[name];
  const hasFailed = state === "failed" || state === "crashed";
  // A run that is said to be Late again has been late all the while.
  if (state === begins) return { start: name === "lateness" ? (course.start ?? at) : at, hasFailed };
  const isOver = ends.includes(state) || drops.includes(state);
  return { start: isOver ? null : course.start, hasFailed };
}

/** The run after one more state. */
export function withEntry(run: Run, entry: Entry): Run {
  const next = run.recent.findIndex(({ at }) => at > entry.at);
  return { ...run, recent: run.recent.toSpliced(next < 0 ? run.recent.length : next, 0, entry) };
}

/** Goes the way of a run from state to state; gives how far it has come, and what was measured on the way. */
function walk(metric: Metric, run: Run): { readonly course: Course; readonly samples: readonly Portion[] } {
  let course: Course = run;
  const samples: Portion[] = [];
  for (const entry of run.recent) {
    if (course.start !== null && PAIRS[metric.name].ends.includes(entry.state)) {
      const sum = toMillis(entry.at) - toMillis(course.start);
      samples.push({ until: leavesRange(entry.at, metric.range), count: 1, sum });
    }
    course = entered(metric, course, entry);
  }
  return { course, samples };
}

/** What a run adds to its metric, apart from what its settled states have added for good. */
export function measured(metric: Metric, run: Run): Measured {
  const { course, samples } = walk(metric, run);
  const { start, hasFailed } = course;
  if (start === null) return { samples, open: [] };
  const until = endOf(metric, start);
  switch (metric.name) {
    case "duration":
      return { samples, open: [] };
    case "lateness":
      return { samples, open: [{ until, count: 1, sum: toMillis(until) - toMillis(start) }] };
    case "successes":
      return { samples: [{ until, count: 1, sum: hasFailed ? 0 : 1 }], open: [] };
  }
}

/** How long what began at this time matters. */
const endOf = ({ name, range }: Metric, start: Instant): Instant =>
  name === "successes" ? leavesRange(start, range) : givenUpAt(start);

/** The run as of W: old states have settled, and what is given up is forgotten; null where nothing is left. */
export function settled(metric: Metric, run: Run, at: Instant): Run | null {
  const horizon = minus(at, LOOK_BACK);
  const isOld = (entry: Entry, i: number): boolean =>
    entry.at <= horizon || i < run.recent.length - RECENT_MAX;
  const recent = run.recent.filter((entry, i) => !isOld(entry, i));
  const { start, hasFailed } = run.recent
    .filter(isOld)
    .reduce<Course>((course, entry) => entered(metric, course, entry), run);
  const left = start !== null && endOf(metric, start) <= at ? null : start;
  return left === null && recent.length === 0 ? null : { kind: "run", start: left, hasFailed, recent };
}

/** When there is nothing left to know of a run, if nothing else comes. */
export function forgottenAt(metric: Metric, run: Run): Instant {
  const { start } = walk(metric, run).course;
  const last = run.recent.at(-1)?.at ?? null;
  return instant(
    Math.max(last === null ? 0 : plus(last, LOOK_BACK), start === null ? 0 : endOf(metric, start)),
  );
}
