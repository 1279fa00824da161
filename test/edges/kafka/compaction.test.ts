/** Restores read compacted topics in which killed tasks have left aborted transactions (K1, on a real broker). */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Log } from "../../../src/runtime/ports.ts";
import { compact, configure, setTrap } from "./compaction.ts";
import { openLog, others, put, readAll, text, unique } from "./real.ts";

let log: Log;
before(async () => {
  log = await openLog();
});
after(async () => {
  await log.close();
});

async function abortInto(topic: string, keys: readonly string[]): Promise<void> {
  const producer = others().producer({ transactionalId: unique("killed"), idempotent: true });
  await producer.connect();
  const transaction = await producer.transaction();
  await transaction.send({ topic, messages: keys.map((key) => ({ partition: 0, key, value: "aborted" })) });
  await transaction.abort();
  await producer.disconnect();
}

describe("a changelog after crashes and cleaning", () => {
  it("is read to its end from every offset, and holds the newest of each key", async () => {
    const topic = unique("changelog");
    await log.create([{ name: topic, partitions: 1, keep: "latest" }]);
    // A segment for each round, most of which end in what was aborted.
    await configure(topic, { "cleanup.policy": "compact", "segment.ms": "1" });
    const writer = await log.openWriter(unique("writer"));
    for (let round = 0; round < 8; round++) {
      await writer.commit(["a", "b"].map((key) => put(topic, `${key}${round}`, 0, key)));
      await abortInto(topic, ["a", "b", "c"]);
    }
    await writer.commit([put(topic, "d", 0, "d")]);
    await compact(topic);

    const end = await log.end(topic, 0);
    for (let from = await log.start(topic, 0); from < end; from++) {
      const table = new Map((await readAll(log, topic, from)).map((record) => [record.key, text(record)]));
      table.delete("closes a segment");
      for (const [key, value] of table)
        assert.equal(value, { a: "a7", b: "b7", d: "d" }[key ?? ""], `from ${from}`);
      if (from === 0) assert.equal(table.size, 3);
    }
    await writer.close();
  });
});

describe("a segment that ends in an emptied batch, before one that is full", { timeout: 60_000 }, () => {
  it("is read on from every offset to the end (P-2)", async () => {
    const { topic, before, end } = await setTrap(log);
    for (let from = 0; from < end; from++) {
      const keys = (await readAll(log, topic, from)).map(({ key }) => key);
      assert.deepEqual(keys.slice(-1), from <= before + 5 ? ["d"] : [], `from ${from}`);
    }
  });

  it("stops kafkajs by itself for good: however often it fetches, it comes no further", async () => {
    const { topic, before } = await setTrap(log);
    const consumer = others().consumer({ groupId: unique("stock"), maxWaitTimeInMs: 20 });
    await consumer.connect();
    await consumer.subscribe({ topics: [topic], fromBeginning: true });
    let [last, fetchedInVain] = [-1, 0];
    const hasEnded = Promise.withResolvers<void>();
    consumer.on(consumer.events.FETCH, () => {
      fetchedInVain += 1;
      if (last >= 0 && fetchedInVain > 100) hasEnded.resolve();
    });
    await consumer.run({
      eachMessage: async ({ message }) => {
        last = Number(message.offset);
        fetchedInVain = 0;
        if (String(message.key) === "d") hasEnded.resolve();
      },
    });
    await hasEnded.promise;
    await consumer.disconnect();
    assert.equal(last, before, "kafkajs has changed: think src/edges/kafka/reader through again");
  });
});
