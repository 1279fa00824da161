/** The same promise on the embedded log: one backlog, any number of partitions and evaluators, one outcome. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { Definitions } from "../../src/cli/definitions.ts";
import type { Firing } from "../../src/core/model/firing.ts";
import { seconds, toMillis } from "../../src/core/model/time.ts";
import { openSqliteLog } from "../../src/edges/sqlite/sqlite.ts";
import type { Log, Ticker } from "../../src/runtime/ports.ts";
import { startEvaluator } from "../../src/runtime/runtime.ts";
import { until } from "../support/process.ts";
import { START } from "./arbitraries.ts";
import { backlog, definitionsOf, eventRecord, FiringReader } from "./backlog.ts";
import { onReplay } from "./on-replay.ts";
import { asText, type Timeline } from "./timeline.ts";
import { topologyFor, wireFor } from "./world/ground.ts";

const SEED = Number(process.env["SIMULATION_SEED"] ?? Math.floor(Math.random() * 2 ** 31));

/** Runs fast, so that nobody waits long for what tasks tell each other now and then. */
const ticker: Ticker = {
  now: () => performance.now() * 50,
  sleep: async () => nextTurn(),
  breathe: async () => nextTurn(),
};

interface Setting {
  readonly partitions: number;
  readonly evaluators: number;
}

describe(`a backlog in the embedded log, of seed ${SEED}`, () => {
  it("has one outcome, that of a replay, on 1, 4 and 12 partitions, with 1 and 3 evaluators", async () => {
    const timeline = backlog(SEED, START, { events: 150, automations: 8, resources: 9 });
    const replayed = asText(onReplay(timeline));
    for (const [partitions, evaluators] of [
      [1, 1],
      [4, 1],
      [4, 3],
      [12, 3],
    ] as const) {
      const firings = await onSqlite(timeline, { partitions, evaluators }, replayed.length);
      const message = `SIMULATION_SEED=${SEED}: ${partitions} partitions, ${evaluators} evaluators`;
      assert.deepEqual(asText(firings), replayed, message);
    }
  });
});

async function onSqlite(timeline: Timeline, setting: Setting, expected: number): Promise<readonly Firing[]> {
  const folder = await mkdtemp(join(tmpdir(), "tripline-invariance-"));
  let nowMs = toMillis(timeline.start);
  const clock = { wall: () => nowMs, steady: () => nowMs };
  const log = openSqliteLog({ path: join(folder, "log.sqlite"), clock });
  try {
    const wire = wireFor(setting.partitions);
    const topics = Object.values(topologyFor(setting.partitions).topics);
    await log.create(topics.map((topic) => ({ ...topic, name: wire.nameOf(topic.name) })));
    await log.append(definitionsOf(timeline, wire));
    for (const step of timeline.steps) {
      if (step.kind !== "event") continue;
      nowMs = toMillis(step.at);
      await log.append([eventRecord(step.event, wire)]);
    }
    nowMs = toMillis(timeline.end) + 10_000;
    const stop = await startAll(log, setting);
    const reader = await FiringReader.open(log, wire, timeline);
    const isThere = async (): Promise<boolean> => !(await reader.read()) && reader.firings.length >= expected;
    await until(isThere, `of ${expected} firings not all came`);
    await stop();
    while (await reader.read());
    return reader.firings;
  } finally {
    await log.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function startAll(log: Log, { partitions, evaluators }: Setting): Promise<() => Promise<void>> {
  const [topology, wire] = [topologyFor(partitions), wireFor(partitions)];
  const report = (problem: string): void => assert.fail(problem);
  const definitions = await Definitions.open({ log, wire, ticker, variables: {}, report });
  const ground = { topology, log, wire, ticker, tables: definitions, report };
  const running = Array.from({ length: evaluators }, () =>
    startEvaluator(ground, { clockSkew: seconds(0), standbys: 0 }),
  );
  return async () => {
    for (const one of await Promise.all(running)) await one.stop();
    await definitions.close();
  };
}
