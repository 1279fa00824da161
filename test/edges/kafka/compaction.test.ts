/** Restores read compacted topics in which killed tasks have left aborted transactions (K1, on a real broker). */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Log } from "../../../src/runtime/ports.ts";
import { compact, configure } from "./compaction.ts";
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
