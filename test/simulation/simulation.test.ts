/**
 * The invariants, on arbitrary automations and events: on the core, and on tasks whose processes die and whose commits
 * are lost. Seeds are fixed; `SIMULATION_RUNS=50` runs fifty times as many, with a seed of each day.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { RunCommand } from "../../src/core/model/run-command.ts";
import type { EventTrigger } from "../../src/core/model/trigger.ts";
import {
  anyTrigger,
  automationOf,
  automations,
  changes,
  happenings,
  mishaps,
  proactive,
  reactive,
  timelineOf,
  withChanges,
} from "./arbitraries.ts";
import { firedThoughMet, type Observed, sharedWindows, unpaid } from "./invariants.ts";
import { onCore } from "./on-core.ts";
import { onTasks } from "./on-tasks.ts";
import { asText, type Timeline } from "./timeline.ts";

const MORE = Number(process.env["SIMULATION_RUNS"] ?? 1);
const seeded = (numRuns: number) => ({
  numRuns: numRuns * MORE,
  seed: Number(
    process.env["SIMULATION_SEED"] ?? (MORE === 1 ? 20_260_101 : Math.floor(Date.now() / 86_400_000)),
  ),
});

function observe(trigger: EventTrigger, timelineOfOne: Timeline): Observed {
  return { trigger, timeline: timelineOfOne, firings: onCore(timelineOfOne) };
}

describe("an event trigger, whatever comes", () => {
  it("fires on presence only when `threshold` sightings have paid for it, each of them once", () => {
    fc.assert(
      fc.property(
        reactive,
        happenings({ pauseMin: 0, repeats: true, follows: true }),
        (trigger, happened) => {
          assert.deepEqual(unpaid(observe(trigger, timelineOf([automationOf(trigger, 0)], happened))), []);
        },
      ),
      seeded(200),
    );
  });

  it("never fires twice for one window", () => {
    fc.assert(
      fc.property(
        fc.oneof(reactive, proactive),
        happenings({ pauseMin: 0, repeats: true }),
        (trigger, happened) => {
          assert.deepEqual(
            sharedWindows(observe(trigger, timelineOf([automationOf(trigger, 0)], happened))),
            [],
          );
        },
      ),
      seeded(200),
    );
  });

  it("never fires on absence for a key whose expectation was met in time", () => {
    fc.assert(
      fc.property(proactive, happenings({ pauseMin: 0, repeats: true }), (trigger, happened) => {
        assert.deepEqual(
          firedThoughMet(observe(trigger, timelineOf([automationOf(trigger, 0)], happened))),
          [],
        );
      }),
      seeded(200),
    );
  });
});

describe("any automations, whatever comes", () => {
  it("give every firing an id of its own", () => {
    fc.assert(
      fc.property(
        automations(anyTrigger),
        happenings({ pauseMin: 0, repeats: true, follows: true }),
        (defined, happened) => {
          const ids = onCore(timelineOf(defined, happened)).map(({ id }) => id);
          assert.equal(new Set(ids).size, ids.length);
        },
      ),
      seeded(60),
    );
  });

  it("fire as if no event had been repeated", () => {
    fc.assert(
      fc.property(
        automations(anyTrigger),
        happenings({ pauseMin: 1, repeats: true }),
        (defined, happened) => {
          const repeating = timelineOf(defined, happened);
          assert.deepEqual(asText(onCore(repeating)), asText(onCore(withoutRepeats(repeating))));
        },
      ),
      seeded(60),
    );
  });

  it("fire on one task as on the core alone, also when they change on the way", async () => {
    const turmoil = happenings({ pauseMin: 1, repeats: true, follows: true });
    await fc.assert(
      fc.asyncProperty(
        automations(anyTrigger),
        turmoil,
        changes(anyTrigger),
        async (defined, happened, changed) => {
          const timeline = withChanges(timelineOf(defined, happened), changed);
          const { firings } = await onTasks(timeline, { partitions: 1 });
          assert.deepEqual(asText(firings), asText(onCore(timeline)));
        },
      ),
      seeded(20),
    );
  });

  it("fire on one, three and four tasks alike, events of one instant included", async () => {
    const turmoil = happenings({ pauseMin: 0, repeats: true, follows: true });
    await fc.assert(
      fc.asyncProperty(automations(anyTrigger), turmoil, async (defined, happened) => {
        const timeline = timelineOf(defined, happened);
        const [first, ...others] = await Promise.all(
          [1, 3, 4].map(async (partitions) => asText((await onTasks(timeline, { partitions })).firings)),
        );
        for (const other of others) assert.deepEqual(other, first);
      }),
      seeded(15),
    );
  });

  it("fire alike on all of them when they change on the way", async () => {
    const turmoil = happenings({ pauseMin: 1 });
    await fc.assert(
      fc.asyncProperty(
        automations(anyTrigger),
        turmoil,
        changes(anyTrigger),
        async (defined, happened, changed) => {
          const timeline = withChanges(timelineOf(defined, happened), changed);
          const expected = asText(onCore(timeline));
          for (const partitions of [3, 4]) {
            assert.deepEqual(asText((await onTasks(timeline, { partitions })).firings), expected);
          }
        },
      ),
      seeded(15),
    );
  });

  it("lead to the same commands, once each, although processes die and commits are lost", async () => {
    const turmoil = happenings({ pauseMin: 0, repeats: true, follows: true });
    await fc.assert(
      fc.asyncProperty(automations(anyTrigger), turmoil, mishaps, async (defined, happened, befallen) => {
        const timeline = timelineOf(defined, happened);
        const partitions = 3;
        const untroubled = await onTasks(timeline, { partitions });
        const troubled = await onTasks(timeline, { partitions, mishaps: befallen });
        assert.deepEqual(runs(troubled.commands), runs(untroubled.commands));
        assert.deepEqual(asText(troubled.firings), asText(untroubled.firings));
      }),
      seeded(20),
    );
  });
});

const runs = (commands: readonly RunCommand[]): readonly string[] =>
  commands.map(({ runId, deploymentId, triggered }) => `${deploymentId} ${triggered} ${runId}`).toSorted();

function withoutRepeats(timeline: Timeline): Timeline {
  const seen = new Set<string>();
  const steps = timeline.steps.filter((step) => {
    if (step.kind !== "event") return true;
    const isRepeat = seen.has(step.event.id);
    seen.add(step.event.id);
    return !isRepeat;
  });
  return { ...timeline, steps };
}
