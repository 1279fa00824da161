/**
 * Measure: metrics of runs, evaluated every 30 s (semantics.md, section 5). It keeps two kinds of state. Each run stands
 * by itself, where its events arrive, and says only what it has come to anew; a trigger's gauge, at the trigger's home,
 * adds that up. So neither grows with the number of runs, and nothing but sums travels.
 */
import type { AutomationTable, Placed } from "../model/automation-table.ts";
import { eventTime } from "../model/event.ts";
import { bucketKey, type Match, splitBucketKey, triggerIn } from "../model/match.ts";
import { rankOf } from "../model/rank.ts";
import type { Instant } from "../model/time.ts";
import type { MetricTrigger } from "../model/trigger.ts";
import { upwards } from "../model/upwards.ts";
import { type Emission, type Outcome, type Stage, unchanged } from "../processor.ts";
import { judge } from "./breach.ts";
import { firingOf } from "./firing-of.ts";
import { advanced, type Gauge, isEmpty, newGauge, nextWake, read, valueAt } from "./gauge.ts";
import { difference } from "./portion.ts";
import type { Reading } from "./reading.ts";
import { forgottenAt, measured, NEW_RUN, type Run, settled, stateOf, withEntry } from "./run.ts";

export type { Gauge } from "./gauge.ts";
export type { Reading } from "./reading.ts";
export type { Run } from "./run.ts";

export type MeasureInput = Match | Reading;

export const measure: Stage<Run | Gauge, MeasureInput> = {
  process({ key, state, input }, { automations }) {
    const triggerId = input.kind === "wake" ? splitBucketKey(key).triggerId : input.triggerId;
    const metered = meteredBy(automations, triggerId);
    // The trigger is gone, and its runs and gauge with it (S13).
    if (metered === null) return unchanged<Run | Gauge>(null);
    switch (input.kind) {
      case "match":
        return follow(metered, state?.kind === "run" ? state : NEW_RUN, input);
      case "reading":
        return note(state?.kind === "gauge" ? state : newGauge(input.takenAt), input);
      case "wake":
        return state?.kind === "gauge" ? evaluate(metered, state, input.at) : unchanged<Run | Gauge>(null);
    }
  },
  placeOf: (input) => ({
    at: input.takenAt,
    rank: input.kind === "match" ? rankOf(input) : input.rank,
    moment: "",
  }),
  owner: { of: triggerIn, keptWhile: "meaning" },
};

interface Metered {
  readonly placed: Placed;
  readonly trigger: MetricTrigger;
}

function meteredBy({ triggers }: AutomationTable, id: string): Metered | null {
  const placed = triggers.get(id);
  return placed?.trigger.kind === "metric" ? { placed, trigger: placed.trigger } : null;
}

/** A run has gone into another state: what it comes to by that goes to the gauge. */
function follow({ trigger }: Metered, state: Run, input: Match): Outcome<Run> {
  const { metric } = trigger;
  const before = settled(metric, state, input.takenAt) ?? NEW_RUN;
  const after = withEntry(before, { at: eventTime(input.event), state: stateOf(input.event) });
  const run = settled(metric, after, input.takenAt);
  const was = measured(metric, before);
  const is = measured(metric, after);
  const samples = difference(was.samples, is.samples);
  const open = difference(was.open, is.open);
  const emit = samples.length + open.length === 0 ? [] : [toGauge(input, { samples, open })];
  return { state: run, emit, wakeAt: run === null ? null : forgottenAt(metric, run) };
}

function toGauge(input: Match, news: Pick<Reading, "samples" | "open">): Emission {
  const { triggerId, revision, takenAt } = input;
  const key = bucketKey(triggerId, []);
  const value: Reading = { kind: "reading", triggerId, revision, takenAt, rank: rankOf(input), ...news };
  return { to: "measure", key, home: { of: key, gathers: true }, value };
}

function note(state: Gauge, input: Reading): Outcome<Gauge> {
  const gauge = read(state, input);
  return { state: isEmpty(gauge) ? null : gauge, emit: [], wakeAt: nextWake(gauge, input.takenAt) };
}

function evaluate({ placed, trigger }: Metered, state: Gauge, at: Instant): Outcome<Gauge> {
  const { metric } = trigger;
  const left = advanced(state, at);
  const value = valueAt(metric, left, at);
  const breach = judge(metric, left.breach, { value, at });
  const gauge = { ...left, breach };
  const hasNews = breach.state !== state.breach.state;
  // No composite is told that a metric is well again.
  const isTold = hasNews && (breach.state === "Triggered" || placed.parent === null);
  const emit = isTold ? [upwards(placed, firingOf(placed, at, { state: breach.state, value }))] : [];
  return { state: isEmpty(gauge) ? null : gauge, emit, wakeAt: nextWake(gauge, at) };
}
