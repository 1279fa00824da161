import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { type Log, LogError, type LogRecord, type Ticker, Unreadable } from "../../src/runtime/ports.ts";
import { Table } from "../../src/runtime/table.ts";
import { MemoryBroker } from "../support/memory-log.ts";

const ticker: Ticker = {
  now: () => 0,
  sleep: async () => {
    await nextTurn();
  },
  breathe: async () => {
    await nextTurn();
  },
};

function decode(record: LogRecord): string {
  const text = new TextDecoder().decode(record.value ?? new Uint8Array());
  if (text === "broken") throw new Unreadable("it is broken");
  return text;
}

describe("a table", () => {
  let broker: MemoryBroker;
  let log: Log;
  let table: Table<string> | null = null;
  const problems: string[] = [];

  const put = async (key: string, value: string | null, partition = 0): Promise<number> => {
    const bytes = value === null ? null : new TextEncoder().encode(value);
    const [at] = await log.append([{ topic: "names", partition, key, value: bytes, headers: {} }]);
    return at?.offset ?? -1;
  };
  const open = async (): Promise<Table<string>> => {
    table = await Table.open({
      log,
      topic: "names",
      decode,
      ticker,
      report: (problem) => problems.push(problem),
    });
    return table;
  };
  const rows = (of: Table<string>): Record<string, string> =>
    Object.fromEntries(Array.from(of.rows, ([key, { value }]) => [key, value]));

  beforeEach(() => {
    broker = new MemoryBroker();
    broker.create([{ name: "names", partitions: 2, keep: "latest" }]);
    log = broker.connect();
    problems.length = 0;
  });
  afterEach(async () => {
    const closing = table?.close();
    broker.clock.advance(10_000);
    await closing;
  });

  it("holds everything written before it was opened, the latest of each key, past gaps and tombstones", async () => {
    await put("a", "one");
    await put("b", "two", 1);
    broker.leaveGap("names", 0, 3);
    await put("a", "three");
    await put("c", "gone");
    await put("c", null);
    broker.leaveGap("names", 1, 3);
    assert.deepEqual(rows(await open()), { a: "three", b: "two" });
  });

  it("follows what is written after, and tells when it has come that far", async () => {
    const names = await open();
    const before = names.version;
    await names.reached(0, await put("a", "one"));
    assert.deepEqual(rows(names), { a: "one" });
    assert(names.version > before);
    await names.reached(0, await put("a", null));
    assert.deepEqual(rows(names), {});
  });

  it("reports what it cannot read, and keeps what stood there", async () => {
    const names = await open();
    await put("a", "one");
    await names.reached(0, await put("a", "broken"));
    assert.deepEqual(rows(names), { a: "one" });
    assert.deepEqual(problems, ["names offset 1: it is broken"]);
  });

  it("reports what the log cannot give, and goes on behind it", async () => {
    const names = await open();
    broker.spoil("names", 0);
    await names.reached(0, await put("a", "one"));
    assert.deepEqual(rows(names), { a: "one" });
    assert.deepEqual(problems, ["names: a batch cannot be unpacked"]);
  });

  it("lets nobody wait for it when it is closed", async () => {
    const names = await open();
    const waiting = assert.rejects(names.reached(0, 7), /the table of names is closed/);
    const closing = names.close();
    broker.clock.advance(10_000);
    await Promise.all([closing, waiting]);
    await assert.rejects(names.reached(0, 7), LogError);
  });
});
