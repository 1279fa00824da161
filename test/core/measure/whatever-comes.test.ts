import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { MetricTrigger } from "../../../src/core/model/trigger.ts";
import { within } from "../model/samples.ts";
import { naive, type Told } from "./naive.ts";
import { metricTrigger, Story, told } from "./story.ts";

/** Later than anything is received. */
const END = 3600;
const STATES = [
  "Scheduled",
  "Late",
  "Pending",
  "Running",
  "Retrying",
  "Paused",
  "Completed",
  "Failed",
  "Crashed",
  "Cancelled",
];

/** To the quarter of a second, so that text and number agree. */
const seconds = (max: number) => fc.integer({ min: 0, max: max * 4 }).map((quarters) => quarters / 4);

const states: fc.Arbitrary<readonly Told[]> = fc
  .array(
    fc.record({
      run: fc.constantFrom("a", "b", "c", "d"),
      state: fc.constantFrom(...STATES),
      occurred: seconds(2400),
      // Less than the time for which a state finds its place.
      late: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, seconds(899)),
    }),
    { maxLength: 40 },
  )
  .map((some) =>
    some
      .map(({ late, ...one }) => ({ ...one, received: one.occurred + late }))
      .toSorted((a, b) => a.received - b.received),
  )
  // Which of two that were received at once is taken first is for their order, not for the metric, to say.
  .filter((some) => new Set(some.map(({ received }) => received)).size === some.length);

const metrics: fc.Arbitrary<MetricTrigger["metric"]> = fc.record({
  name: fc.constantFrom("duration", "lateness", "successes"),
  operator: fc.constantFrom("<", "<=", ">", ">="),
  threshold: fc.constantFrom(0, 0.5, 1, 60, 250, 500),
  range: fc.constantFrom(300, 301, 459.5, 900).map(within),
  firingFor: fc.constantFrom(0, 30, 60, 300).map(within),
});

const scriptOf = (some: readonly Told[]): string =>
  some.map(({ run, state, occurred, received }) => `${run}:${state}@${occurred}>${received}`).join(" ");

describe("a metric, whatever comes", () => {
  it("fires what recomputing it from everything ever told would fire", () => {
    let firings = 0;
    fc.assert(
      fc.property(metrics, states, (metric, some) => {
        const expected = naive(metric, some, END);
        if (expected !== "") firings += 1;
        assert.equal(told(new Story(metricTrigger(metric)).tell(`${scriptOf(some)} @${END}`)), expected);
      }),
      { numRuns: 400 },
    );
    assert.ok(firings > 40, `${firings} of 400 had something to fire`);
  });

  it("alternates between triggered and resolved, never closer than it must hold", () => {
    fc.assert(
      fc.property(metrics, states, (metric, some) => {
        const fired = new Story(metricTrigger(metric)).tell(`${scriptOf(some)} @${END}`);
        fired.forEach(({ state, triggered }, i) => {
          assert.equal(state, i % 2 === 0 ? "Triggered" : "Resolved");
          const before = fired[i - 1];
          if (before !== undefined) assert.ok(triggered - before.triggered >= metric.firingFor);
        });
      }),
    );
  });

  it("comes to rest: what is kept when all is over does not want waking", () => {
    fc.assert(
      fc.property(metrics, states, (metric, some) => {
        const rested = new Story(metricTrigger(metric));
        rested.tell(`${scriptOf(some)} @${8 * 86_400}`);
        const left = [...rested.stage.states.values()];
        assert.ok(left.length <= 1);
        assert.ok(left.every((one) => one.kind === "gauge" && one.samples.length + one.open.length === 0));
      }),
      { numRuns: 25 },
    );
  });
});
