/** Metrics as section 5 of semantics.md defines them, recomputed at every evaluation from all that was ever told. */
import type { MetricTrigger } from "../../../src/core/model/trigger.ts";

/** A state of a run: when it was entered and when that was told, in seconds. */
export interface Told {
  readonly run: string;
  readonly state: string;
  readonly occurred: number;
  readonly received: number;
}

type Metric = MetricTrigger["metric"];

const EVERY = 30;
const TERMINAL = ["Completed", "Failed", "Crashed", "Cancelled"];
const ms = (seconds: number): number => Math.floor(seconds * 1000);

export function naive(metric: Metric, timeline: readonly Told[], end: number): string {
  const fired: string[] = [];
  let state = "Resolved";
  let since: number | null = null;
  for (let at = EVERY; at <= end; at += EVERY) {
    const value = valueOf(metric, at, timeline);
    if (value === null) continue;
    const shown = compare(value, metric) ? "Triggered" : "Resolved";
    since = shown === state ? null : (since ?? at);
    if (since === null || at - since < metric.firingFor / 1e6) continue;
    fired.push(`${at} ${shown} ${value}`);
    state = shown;
    since = null;
  }
  return fired.join(", ");
}

function valueOf(metric: Metric, at: number, timeline: readonly Told[]): number | null {
  // What is told at the very instant is taken after the evaluation.
  const known = timeline.filter(({ received }) => received < at);
  const runs = Map.groupBy(known, ({ run }) => run);
  const values = Array.from(runs.values()).flatMap((states) => {
    const inOrder = states.toSorted((a, b) => a.occurred - b.occurred);
    return METRICS[metric.name](inOrder, at - metric.range / 1e6, at);
  });
  if (values.length === 0) return null;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return metric.name === "successes" ? mean : mean / 1000;
}

const METRICS: Record<Metric["name"], (states: readonly Told[], after: number, at: number) => number[]> = {
  successes(states, after) {
    const isIn = states.filter(({ occurred }) => occurred > after);
    if (!isIn.some(({ state }) => state === "Pending")) return [];
    return ["Failed", "Crashed"].includes(isIn.at(-1)!.state) ? [0] : [1];
  },
  duration(states, after) {
    return states.flatMap(({ state, occurred }, i) => {
      if (!TERMINAL.includes(state) || occurred <= after) return [];
      const before = states.slice(0, i);
      const since = before.slice(before.findLastIndex((one) => TERMINAL.includes(one.state)) + 1);
      const start = since.findLast((one) => one.state === "Running" || one.state === "Retrying");
      return start === undefined ? [] : [ms(occurred) - ms(start.occurred)];
    });
  },
  lateness(states, after, at) {
    const ends = ["Running", "Retrying", ...TERMINAL];
    return states.flatMap(({ state, occurred }, i) => {
      const sinceEnd = states.slice(0, i).findLastIndex((one) => ends.includes(one.state)) + 1;
      // Late again is late all the while.
      if (state !== "Late" || states.slice(sinceEnd, i).some((one) => one.state === "Late")) return [];
      const end = states.slice(i).find((one) => ends.includes(one.state));
      if (end === undefined) return [ms(at) - ms(occurred)];
      const isMeasured = ["Running", "Retrying", "Crashed"].includes(end.state) && end.occurred > after;
      return isMeasured ? [ms(end.occurred) - ms(occurred)] : [];
    });
  },
};

function compare(value: number, { operator, threshold }: Metric): boolean {
  if (operator === "<") return value < threshold;
  if (operator === "<=") return value <= threshold;
  return operator === ">" ? value > threshold : value >= threshold;
}
