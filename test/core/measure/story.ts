/** Stories for one metric trigger: the states that runs go through, and what it fires, both as text. */
import { match } from "../../../src/core/match/match.ts";
import {
  type Gauge,
  type MeasureInput,
  measure,
  type Reading,
  type Run,
} from "../../../src/core/measure/measure.ts";
import type { Event } from "../../../src/core/model/event.ts";
import type { Firing } from "../../../src/core/model/firing.ts";
import type { Match } from "../../../src/core/model/match.ts";
import { arrivalRank } from "../../../src/core/model/rank.ts";
import type { Instant } from "../../../src/core/model/time.ts";
import type { MetricTrigger, Trigger } from "../../../src/core/model/trigger.ts";
import { OneStage } from "../model/one-stage.ts";
import { at, event, ofKind, secondOf, tableFor, within, worldAt } from "../model/samples.ts";

/** Second 0 of these stories is a multiple of 30 s since 1970, as evaluations are. */
const FIRST = 20;
export const time = (second: number): Instant => at(FIRST + second);
export const when = (instant: Instant): number => secondOf(instant) - FIRST;

export const metricTrigger = (
  metric: Partial<MetricTrigger["metric"]> = {},
  more: Partial<MetricTrigger> = {},
): MetricTrigger => ({
  kind: "metric",
  id: "m1",
  match: {},
  matchRelated: {},
  metric: {
    name: "duration",
    operator: ">",
    threshold: 60,
    range: within(300),
    firingFor: within(300),
    ...metric,
  },
  ...more,
});

/** The type of each state that has a name of its own. */
const TYPES: Readonly<Record<string, string>> = {
  Late: "SCHEDULED",
  Scheduled: "SCHEDULED",
  Retrying: "RUNNING",
};

/** A run has gone into a state. */
export const stateEvent = (run: string, state: string, more: Partial<Event> = {}): Event =>
  event(`${run}-${state}`, 0, {
    event: `prefect.flow-run.${state}`,
    resource: {
      "prefect.resource.id": `prefect.flow-run.${run}`,
      "prefect.state-name": state,
      "prefect.state-type": TYPES[state] ?? state.toUpperCase(),
    },
    ...more,
  });

/** `r:Running@30` is seen at 30 s; `r:Late@20>40` happened at 20 and came at 40; `@90` lets time pass. */
const TOLD = /^(?:(\w+):(\w+))?@(-?[\d.]+)(?:>(-?[\d.]+))?$/;

export class Story {
  readonly stage: OneStage<Run | Gauge, MeasureInput>;
  #told = 0;

  constructor(trigger: Trigger) {
    this.stage = new OneStage("measure", measure, tableFor(trigger));
  }

  tell(timeline: string): readonly Firing[] {
    for (const told of timeline.split(" ").filter((one) => one !== "")) this.#tell(told);
    return this.stage.take().map(({ value }) => ofKind<Firing>("firing", value));
  }

  #tell(told: string): void {
    const [, run = "", state = "", occurred = "", received = occurred] = TOLD.exec(told) ?? [];
    if (run === "") {
      this.stage.pass(time(Number(occurred)));
      return;
    }
    this.#told += 1;
    const id = String(this.#told).padStart(6, "0");
    this.take(
      stateEvent(run, state, { id, occurred: time(Number(occurred)), received: time(Number(received)) }),
    );
  }

  /** Takes an event as the steps before this one do. */
  take(seen: Event): void {
    const taken = { kind: "taken" as const, event: seen, takenAt: seen.received, rank: arrivalRank(seen) };
    const world = worldAt(seen.received, this.stage.automations);
    for (const { to, key, value } of match.process({ key: seen.id, state: null, input: taken }, world).emit) {
      if (to === "measure") this.stage.give(key, ofKind<Match | Reading>("match", value), seen.received);
    }
  }
}

/** `600 Triggered 75`: when it was triggered, its state, and the metric's value. */
export const told = (firings: readonly Firing[]): string =>
  firings.map((one) => `${when(one.triggered)} ${one.state} ${one.value ?? "nothing"}`).join(", ");

export const story = (trigger: Trigger, timeline: string): string => told(new Story(trigger).tell(timeline));
