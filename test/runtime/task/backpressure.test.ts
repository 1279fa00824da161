import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { seconds } from "../../../src/core/model/time.ts";
import type { Log } from "../../../src/runtime/ports.ts";
import { automation, Evaluators, on, wire } from "../../support/evaluators.ts";

const CHANGELOG = "t.evaluator-changelog";
const each = on("t", "ping", { forEach: ["prefect.resource.id"], threshold: 2, within: seconds(600) });

let running: Evaluators | null = null;

/** One task with a backlog before it. */
function behind(events: number): Evaluators {
  running = new Evaluators(1, [automation("a", each)]);
  for (let i = 0; i < events; i++) running.send("ping", `host.${i}`);
  return running;
}

/** Counts the records that readers of a log have handed over. */
function counted(log: Log): { handed: number } {
  const count = { handed: 0 };
  const openReader = log.openReader.bind(log);
  log.openReader = async (from) => {
    const reader = await openReader(from);
    const poll = reader.poll.bind(reader);
    reader.poll = async (waitMs) => {
      const batches = await poll(waitMs);
      for (const { records } of batches) count.handed += records.length;
      return batches;
    };
    return reader;
  };
  return count;
}

/** How far each commit in turn has taken the events. */
function committedUpTo(tasks: Evaluators): readonly number[] {
  const changes = tasks.broker.committed(CHANGELOG).map((record) => wire.decodeChange(record));
  return changes.flatMap(({ store, entry }) => {
    const state = store === "positions" ? entry?.state : null;
    if (typeof state !== "object" || state === null || !("inputs" in state)) return [];
    const inputs: unknown = state.inputs;
    const upTo: unknown = Reflect.get(Object(inputs), "events");
    return typeof upTo === "number" ? [upTo] : [];
  });
}

afterEach(async () => {
  await running?.stopAll();
});

describe("a task with more before it than memory should hold", () => {
  it("takes one poll at most while its commit is under way, however long that takes", async () => {
    const tasks = behind(11_000);
    const log = tasks.broker.connect();
    const count = counted(log);
    const held = tasks.broker.holdNextCommit("t.evaluator.0");
    tasks.start(0, { log });
    await tasks.until(() => tasks.broker.partition(CHANGELOG, 0).next > 0);
    await held.begun;
    const before = count.handed;
    await tasks.until(() => false, 300);
    assert(before <= 5_000 + tasks.broker.recordsPerPollMax, `${before} before`);
    assert(count.handed - before <= tasks.broker.recordsPerPollMax, `${count.handed - before} meanwhile`);
    held.end("commit");
    await tasks.until(() => (committedUpTo(tasks).at(-1) ?? 0) >= 11_000);
    assert.equal(committedUpTo(tasks).at(-1), 11_000);
  });

  it("commits after 5,000 records, however fast they come", async () => {
    const tasks = behind(11_000);
    tasks.broker.recordsPerPollMax = 11_000;
    const still = { ...tasks.ticker, now: () => 0 };
    tasks.start(0, { ticker: still });
    await tasks.until(() => (committedUpTo(tasks).at(-1) ?? 0) >= 11_000);
    const steps = [0, ...committedUpTo(tasks)];
    const portions = steps.slice(1).map((upTo, i) => upTo - (steps[i] ?? 0));
    assert(portions.length >= 3 && Math.max(...portions) <= 5_000, portions.join(", "));
  });
});
