/** The broker in memory keeps the promises of every log, and fails as it is told to. */
import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import type { Batch, Log, NewRecord } from "../../src/runtime/ports.ts";
import { LogError } from "../../src/runtime/ports.ts";
import { describeLog, type OpenedLog } from "../conformance/log.ts";
import { MemoryBroker } from "../support/memory-log.ts";

/** The suite does not know of the clock that a test holds, so here the clock runs. */
function openOn(broker: MemoryBroker): OpenedLog {
  const log = broker.connect();
  const ticking = setInterval(() => broker.clock.advance(5), 1);
  const close = async (): Promise<void> => {
    clearInterval(ticking);
    await log.close();
  };
  return { log, close };
}

const shared = new MemoryBroker();
describeLog("the broker in memory", async () => openOn(shared), {
  reopen: async (opened) => {
    await opened.close();
    return openOn(shared);
  },
  hold: async (name, records) => {
    const log = shared.connect();
    const writer = await log.openWriter(name);
    const held = shared.holdNextCommit(name);
    const outcome = writer.commit(records).then(
      () => null,
      (error: unknown) => error,
    );
    await held.begun;
    return {
      end: async (how) => {
        held.end(how === "lose" ? "abort" : how);
        const told = await outcome;
        await log.close();
        return told;
      },
    };
  },
  compact: async (topic) => shared.compact(topic, { dropsTombstones: true }),
});

const told = (value: string, key: string | null = value): NewRecord => ({
  topic: "topic",
  partition: 0,
  key,
  value: new TextEncoder().encode(value),
  headers: {},
});

const texts = (batches: readonly Batch[]): readonly string[] =>
  batches.flatMap(({ records }) => records.map(({ value }) => new TextDecoder().decode(value ?? undefined)));

describe("the broker in memory, told to fail", { timeout: 10_000 }, () => {
  let broker: MemoryBroker;
  let log: Log;
  beforeEach(async () => {
    broker = new MemoryBroker();
    log = broker.connect();
    await log.create([{ name: "topic", partitions: 1, keep: { ms: 1000 } }]);
  });

  const readFrom = async (offset: number): Promise<readonly Batch[]> => {
    const reader = await log.openReader([{ topic: "topic", partition: 0, offset }]);
    const batches = await reader.poll(0);
    await reader.close();
    return batches;
  };

  it("holds readers back behind an open transaction, and does not call that the end", async () => {
    const writer = await log.openWriter("w");
    const held = broker.holdNextCommit("w");
    await log.append([told("before")]);
    const commit = writer.commit([told("open")]);
    await held.begun;
    await log.append([told("behind")]);

    const [batch] = await readFrom(0);
    assert.deepEqual([texts(batch === undefined ? [] : [batch]), batch?.isAtEnd], [["before"], false]);
    assert.equal(await log.end("topic", 0), 1);

    held.end("commit");
    await commit;
    assert.deepEqual(texts(await readFrom(0)), ["before", "open", "behind"]);
    assert.equal((await readFrom(0))[0]?.isAtEnd, true);
  });

  it("shows nothing of transactions of three writers that were aborted while open together, from any offset", async () => {
    const commits: Promise<void>[] = [];
    const helds = ["a", "b", "c"].map((name) => broker.holdNextCommit(name));
    for (const name of ["a", "b", "c"]) {
      commits.push((await log.openWriter(name)).commit([told(`${name}1`), told(`${name}2`)]));
    }
    await Promise.all(helds.map(({ begun }) => begun));
    for (const held of helds) held.end("abort");
    for (const { status } of await Promise.allSettled(commits)) assert.equal(status, "rejected");
    await log.append([told("real")]);
    const end = await log.end("topic", 0);
    for (let offset = 0; offset < end - 1; offset++) {
      const batches = await readFrom(offset);
      assert.deepEqual([texts(batches), batches[0]?.nextOffset], [["real"], end]);
    }
  });

  it("aborts what a writer left open when its successor opens", async () => {
    const held = broker.holdNextCommit("w");
    const commit = (await log.openWriter("w")).commit([told("left open")]);
    await held.begun;
    const successor = await log.openWriter("w");
    held.end("commit");
    await assert.rejects(commit, LogError);
    await successor.commit([told("new")]);
    assert.deepEqual(texts(await readFrom(0)), ["new"]);
  });

  it("shows what was committed partition by partition where markers are kept back, but all of it to a successor", async () => {
    await log.create([{ name: "pair", partitions: 2, keep: { ms: 1000 } }]);
    broker.keepsMarkers = true;
    const writer = await log.openWriter("w");
    await writer.commit([0, 1].map((partition) => ({ ...told("both"), topic: "pair", partition })));
    const ends = async (): Promise<readonly number[]> => [await log.end("pair", 0), await log.end("pair", 1)];
    assert.deepEqual(await ends(), [0, 0]);
    broker.writeMarker(1);
    assert.deepEqual(await ends(), [0, 2]);
    await log.openWriter("w");
    assert.deepEqual([await ends(), broker.markers], [[2, 2], 0]);
  });

  it("names the writers whose transactions are open", async () => {
    const held = broker.holdNextCommit("w");
    const commit = (await log.openWriter("w")).commit([told("open")]);
    await held.begun;
    assert.deepEqual(broker.openTransactions(), ["w"]);
    held.end("commit");
    await commit;
    assert.deepEqual(broker.openTransactions(), []);
  });

  it("commits, yet tells the writer that it is in doubt", async () => {
    broker.failNextCommit("w", "lose-answer");
    const writer = await log.openWriter("w");
    await assert.rejects(writer.commit([told("won")]), LogError);
    await assert.rejects(writer.commit([told("dead")]), LogError);
    assert.deepEqual(texts(await readFrom(0)), ["won"]);
  });

  it("moves readers over offsets that hold nothing", async () => {
    broker.leaveGap("topic", 0, 5);
    const [batch] = await readFrom(0);
    assert.deepEqual([batch?.records, batch?.nextOffset, batch?.isAtEnd], [[], 5, true]);
  });

  it("compacts up to the first open transaction, and leaves gaps", async () => {
    await log.create([{ name: "table", partitions: 1, keep: "latest" }]);
    const put = (key: string, value: string): NewRecord => ({ ...told(value, key), topic: "table" });
    await log.append([put("a", "1"), put("b", "1"), put("a", "2"), { ...put("b", ""), value: null }]);
    const held = broker.holdNextCommit("w");
    const commit = (await log.openWriter("w")).commit([put("a", "3")]);
    await held.begun;
    broker.compact("table");
    const offsets = (): readonly number[] => broker.committed("table").map(({ offset }) => offset);
    assert.deepEqual(offsets(), [2, 3]);
    held.end("commit");
    await commit;
    broker.compact("table", { dropsTombstones: true });
    assert.deepEqual(offsets(), [4]);
  });

  it("deletes by age when told to, and refuses to read on from there", async () => {
    await log.append([told("old")]);
    broker.clock.advance(2000);
    await log.append([told("new")]);
    broker.expire("topic");
    assert.equal(await log.start("topic", 0), 1);
    await assert.rejects(readFrom(0), (error) => error instanceof LogError && !error.retriable);
    assert.deepEqual(texts(await readFrom(1)), ["new"]);
  });

  it("lets a poll wait as long as the test's clock stands still", async () => {
    const reader = await log.openReader([{ topic: "topic", partition: 0, offset: 0 }]);
    let isOver = false;
    const poll = reader.poll(100).then(() => (isOver = true));
    await new Promise((resolve) => setImmediate(resolve));
    broker.clock.advance(99);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(isOver, false);
    broker.clock.advance(1);
    await poll;
  });

  it("tells no time while its clients do not know it", async () => {
    broker.isTimeKnown = false;
    assert.deepEqual([log.now(), (await readFrom(0))[0]?.askedAt], [null, null]);
  });

  it("forgets a client that is closed, though its member never let go", async () => {
    const other = broker.connect();
    const never = new Promise<void>(() => {});
    await log.join("group", ["topic"], { assigned: () => never, failed: assert.fail });
    const got = Promise.withResolvers<readonly number[]>();
    await other.join("group", ["topic"], {
      assigned: async (numbers) => void (numbers.length > 0 && got.resolve(numbers)),
      failed: assert.fail,
    });
    await log.close();
    assert.deepEqual(await got.promise, [0]);
  });
});
