/** Commits whose outcome their writer does not hear (P-5): what the log holds is what counts, and it holds all or nothing. */
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { openKafkaLog } from "../../../src/edges/kafka/kafka.ts";
import { type Log, LogError } from "../../../src/runtime/ports.ts";
import { type Fate, Gate, type Message } from "./gate.ts";
import { openLog, put, readAll, text, unique } from "./real.ts";

let near: Log;
before(async () => {
  near = await openLog();
});
after(async () => {
  await near.close();
});

/** A log behind a gate, whose writers soon lose patience. */
async function openFar() {
  const gate = await Gate.open();
  const settings = { brokers: [gate.address], clientId: "far", clockTopic: "test-clock", patienceMs: 1_500 };
  const log = await openKafkaLog(settings);
  opened.push({ gate, log });
  return { gate, log };
}

const opened: { readonly gate: Gate; readonly log: Log }[] = [];
afterEach(async () => {
  for (const { gate, log } of opened.splice(0)) {
    await log.close();
    gate.shut();
  }
});

const isEnd = ({ api, isAnswer }: Message, answer: boolean): boolean =>
  api === "endTransaction" && isAnswer === answer;

/** Holds the next request that ends a transaction on its way; tells of the broker's answer to it. */
function delayEnd(gate: Gate) {
  const [begun, released, answered] = [
    Promise.withResolvers<void>(),
    Promise.withResolvers<Fate>(),
    Promise.withResolvers<number>(),
  ];
  gate.meddle((message) => {
    if (isEnd(message, true)) answered.resolve(message.bytes.readInt16BE(12));
    if (!isEnd(message, false)) return "pass";
    begun.resolve();
    return released.promise;
  });
  const arrive = (): Promise<number> => {
    released.resolve("pass");
    return answered.promise;
  };
  return { begun: begun.promise, arrive };
}

const isInDoubt = (error: unknown): boolean =>
  error instanceof LogError && error.retriable && !error.isFenced;

describe("a commit whose outcome is not heard", { timeout: 60_000 }, () => {
  let topics: readonly [string, string];
  let id = "";
  beforeEach(async () => {
    topics = [unique("topic"), unique("topic")];
    id = unique("writer");
    await near.create(topics.map((name) => ({ name, partitions: 1, keep: { ms: 86_400_000 } })));
  });

  const records = (value: string) => topics.map((topic) => put(topic, value));
  const texts = () => Promise.all(topics.map(async (topic) => (await readAll(near, topic)).map(text)));
  const both = (...values: readonly string[]) => [values, values];

  it("stands in the log, once, where only the answer was lost", async () => {
    const { gate, log } = await openFar();
    const writer = await log.openWriter(id);
    await writer.commit(records("before"));
    gate.meddle((message) => (isEnd(message, true) ? "lose" : "pass"));
    await assert.rejects(writer.commit(records("in doubt")), isInDoubt);
    const successor = await near.openWriter(id);
    assert.deepEqual(await texts(), both("before", "in doubt"));
    await successor.commit(records("after"));
    assert.deepEqual(await texts(), both("before", "in doubt", "after"));
  });

  it("stands in the log, once, where it came late and nobody had given it up", async () => {
    const { gate, log } = await openFar();
    const writer = await log.openWriter(id);
    const late = delayEnd(gate);
    await assert.rejects(writer.commit(records("late")), isInDoubt);
    assert.equal(await late.arrive(), 0);
    const successor = await near.openWriter(id);
    assert.deepEqual(await texts(), both("late"));
    await successor.commit(records("after"));
    assert.deepEqual(await texts(), both("late", "after"));
  });

  it("is not in the log, and never comes to be, where it comes after the successor", async () => {
    const { gate, log } = await openFar();
    const writer = await log.openWriter(id);
    const late = delayEnd(gate);
    await assert.rejects(writer.commit(records("late")), isInDoubt);
    const successor = await near.openWriter(id);
    assert.deepEqual(await texts(), both());
    assert.notEqual(await late.arrive(), 0);
    assert.deepEqual(await texts(), both());
    await successor.commit(records("after"));
    assert.deepEqual(await texts(), both("after"));
  });

  it("does not end the transaction of its successor", async () => {
    const [first, second] = [await openFar(), await openFar()];
    const writer = await first.log.openWriter(id);
    const late = delayEnd(first.gate);
    await assert.rejects(writer.commit(records("late")), isInDoubt);
    const successor = await second.log.openWriter(id);
    const own = delayEnd(second.gate);
    const commit = successor.commit(records("own"));
    await own.begun;
    assert.notEqual(await late.arrive(), 0);
    // The transaction is as open as it was.
    const ends = await Promise.all(topics.map((topic) => near.end(topic, 0)));
    const written = await Promise.all(topics.map((topic) => near.written(topic, 0)));
    assert.deepEqual(
      written.map((each, i) => each - (ends[i] ?? 0)),
      [1, 1],
    );
    assert.equal(await own.arrive(), 0);
    await commit;
    assert.deepEqual(await texts(), both("own"));
  });
});
