/** The embedded log keeps the promises of every log, and its own: one owner, its file, its time, its size. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, describe, it } from "node:test";
import { openSqliteLog, type SqliteLogOptions } from "../../../src/edges/sqlite/sqlite.ts";
import { type Log, LogError, type NewRecord, type Position } from "../../../src/runtime/ports.ts";
import { describeLog, type OpenedLog } from "../../conformance/log.ts";

const shelf = mkdtempSync(join(tmpdir(), "tripline-log-"));
after(() => rmSync(shelf, { recursive: true }));

const newPath = (): string => join(mkdtempSync(join(shelf, "data-")), "log.db");

describe("the embedded log, held to the suite", () => {
  const paths = new Map<OpenedLog, string>();
  const openAt = async (path: string): Promise<OpenedLog> => {
    const log = openSqliteLog({ path });
    const opened = { log, close: () => log.close() };
    paths.set(opened, path);
    return opened;
  };
  describeLog("SQLite", () => openAt(newPath()), {
    reopen: async (opened) => {
      await opened.close();
      return openAt(paths.get(opened) ?? "");
    },
  });
});

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Both clocks in the test's hands. */
function handClock(): {
  wall(): number;
  steady(): number;
  pass(ms: number): void;
  setBack(ms: number): void;
} {
  let [wall, steady] = [Date.UTC(2026, 0, 1), 0];
  return {
    wall: () => wall,
    steady: () => steady,
    pass: (ms) => {
      wall += ms;
      steady += ms;
    },
    setBack: (ms) => (wall -= ms),
  };
}

const put = (topic: string, key: string, value: string | null = key): NewRecord => ({
  topic,
  partition: 0,
  key,
  value: value === null ? null : new TextEncoder().encode(value),
  headers: {},
});

/** A log with a topic that keeps a day, and one that keeps the newest of each key. */
async function openWithTopics(options: Partial<SqliteLogOptions> = {}): Promise<Log> {
  const log = openSqliteLog({ path: newPath(), ...options });
  await log.create([
    { name: "day", partitions: 1, keep: { ms: DAY_MS } },
    { name: "table", partitions: 1, keep: "latest" },
  ]);
  return log;
}

async function keysOf(log: Log, from: Position): Promise<readonly (string | null)[]> {
  const reader = await log.openReader([from]);
  const batches = await reader.poll(0);
  await reader.close();
  return batches.flatMap(({ records }) => records.map(({ key }) => key));
}

/** As many records as make the log look at its oldest ones. */
const filler = (topic: string): NewRecord[] => Array.from({ length: 600 }, () => put(topic, "filler"));

describe("the embedded log as owner of its file", () => {
  const holder = [
    `import { openSqliteLog } from ${JSON.stringify(join(import.meta.dirname, "../../../src/edges/sqlite/sqlite.ts"))};`,
    "const log = openSqliteLog({ path: process.argv[1] });",
    'await log.create([{ name: "topic", partitions: 1, keep: "latest" }]);',
    'const record = (key) => ({ topic: "topic", partition: 0, key, value: new Uint8Array(3), headers: {} });',
    "for (let i = 0; i < 300; i++) await log.append([record(`key ${i}`)]);",
    'process.stdout.write("held");',
    "setInterval(() => {}, 1000);",
  ].join("\n");

  it("refuses a second process at once, and is free again after kill -9, with all that was acknowledged", async () => {
    const path = newPath();
    const args = ["--disable-warning=ExperimentalWarning", "--input-type=module", "--eval", holder, path];
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    try {
      await once(child.stdout, "data");
      assert.throws(
        () => openSqliteLog({ path }),
        (error) => {
          assert.ok(error instanceof LogError && !error.retriable);
          assert.ok(error.message.includes(dirname(path)), error.message);
          assert.match(error.message, /Another process .* Stop that process, or name another data directory/);
          return true;
        },
      );
    } finally {
      child.kill("SIGKILL");
      await once(child, "exit");
    }
    const log = openSqliteLog({ path });
    assert.equal(await log.end("topic", 0), 300);
    await log.close();
  });

  it("refuses a second time in the same process", async () => {
    const path = newPath();
    const log = openSqliteLog({ path });
    assert.throws(() => openSqliteLog({ path }), /Another process/);
    await log.close();
    await openSqliteLog({ path }).close();
  });

  it("leaves one file behind when it is closed", async () => {
    const path = newPath();
    const log = await openWithTopics({ path });
    await log.append(filler("day"));
    await log.close();
    assert.deepEqual([existsSync(path), existsSync(`${path}-wal`)], [true, false]);
  });

  it("refuses a file that is no database, naming it", () => {
    const path = newPath();
    writeFileSync(path, "a diary, and not a short one ".repeat(500));
    assert.throws(
      () => openSqliteLog({ path }),
      (error) => error instanceof LogError && error.message.includes(`${path} is not a database`),
    );
  });

  it("refuses a database of another program, and of another version, naming it", async () => {
    const foreign = newPath();
    const other = new DatabaseSync(foreign);
    other.exec("CREATE TABLE diary (day TEXT)");
    other.close();
    assert.throws(
      () => openSqliteLog({ path: foreign }),
      new RegExp(`${foreign} is a database of another program`),
    );

    const newer = newPath();
    await openSqliteLog({ path: newer }).close();
    const patched = new DatabaseSync(newer);
    patched.exec("PRAGMA user_version = 7");
    patched.close();
    assert.throws(
      () => openSqliteLog({ path: newer }),
      new RegExp(`${newer} was written by another version .*format 7`),
    );
  });

  it("waits for the disk at each commit when told to survive a power failure", async () => {
    const log = await openWithTopics({ durability: "power" });
    await log.append([put("day", "a")]);
    assert.equal(await log.end("day", 0), 1);
    await log.close();
  });
});

describe("the embedded log's time", () => {
  it("goes on when the wall clock is set back, and follows it when that goes ahead", async () => {
    const clock = handClock();
    const log = await openWithTopics({ clock });
    const start = log.now() ?? 0;
    const elapsed = (): number => ((log.now() ?? 0) - start) / 1000;
    clock.pass(1000);
    clock.setBack(HOUR_MS);
    assert.equal(elapsed(), 1000);
    clock.pass(500);
    assert.equal(elapsed(), 1500);
    clock.setBack(-3 * HOUR_MS);
    assert.equal(elapsed(), 1500 + 2 * HOUR_MS);
    await log.close();
  });

  it("does not go back over a restart, neither behind records nor behind what readers were told", async () => {
    const clock = handClock();
    const path = newPath();
    const log = await openWithTopics({ path, clock });
    await log.append([put("day", "a")]);
    clock.pass(5000);
    const reader = await log.openReader([{ topic: "day", partition: 0, offset: 1 }]);
    const askedAt = (await reader.poll(0))[0]?.askedAt ?? 0;
    await log.close();

    clock.setBack(HOUR_MS);
    const again = openSqliteLog({ path, clock });
    const [next] = await again.append([put("day", "b")]);
    assert.ok(next !== undefined && next.timestamp > askedAt);
    await again.close();
  });

  it("is in whole milliseconds", async () => {
    const log = await openWithTopics();
    const [appended] = await log.append([put("day", "a")]);
    assert.deepEqual([(log.now() ?? 1) % 1000, (appended?.timestamp ?? 1) % 1000], [0, 0]);
    await log.close();
  });
});

describe("the embedded log's size", () => {
  it("holds the newest of each key, and little more, however much is written", async () => {
    const log = await openWithTopics();
    await log.append([put("table", "once")]);
    for (const size of [10, 600, 5000, 20_000]) {
      for (let written = 0; written < 20_000; written += size) {
        await log.append(Array.from({ length: size }, () => put("table", "again")));
      }
    }
    const keys = await keysOf(log, { topic: "table", partition: 0, offset: 0 });
    assert.equal(keys[0], "once");
    assert.ok(keys.length < 2000, `${keys.length} records left of 80,001`);
    await log.close();
  });

  it("keeps tombstones a day, then forgets them", async () => {
    const clock = handClock();
    const log = await openWithTopics({ clock });
    const from = { topic: "table", partition: 0, offset: 0 };
    await log.append([put("table", "gone"), put("table", "gone", null), put("table", "stays")]);
    await log.append(filler("table"));
    clock.pass(23 * HOUR_MS);
    await log.append(filler("table"));
    assert.deepEqual((await keysOf(log, from)).slice(0, 2), ["gone", "stays"]);
    clock.pass(2 * HOUR_MS);
    await log.append(filler("table"));
    assert.equal((await keysOf(log, from))[0], "stays");
    assert.equal(await log.start("table", 0), 2);
    await log.close();
  });

  it("deletes what is older than the topic keeps, and refuses to read on from there", async () => {
    const clock = handClock();
    const log = await openWithTopics({ clock });
    const reader = await log.openReader([{ topic: "day", partition: 0, offset: 0 }]);
    await log.append([put("day", "old")]);
    clock.pass(DAY_MS - 1);
    await log.append([put("day", "young")]);
    clock.pass(2);
    await log.append(filler("day"));
    assert.equal(await log.start("day", 0), 1);
    assert.equal((await keysOf(log, { topic: "day", partition: 0, offset: 1 }))[0], "young");
    await assert.rejects(reader.poll(0), (error) => {
      assert.ok(error instanceof LogError && error.retriable);
      assert.match(error.message, /Offset 0 of partition 0 of day was deleted by age: it holds 1 to/);
      return true;
    });
    await log.close();
  });

  it("cleans when it is opened, and never gives an offset twice, though all records be gone", async () => {
    const clock = handClock();
    const path = newPath();
    const log = await openWithTopics({ path, clock });
    await log.append([put("day", "a"), put("day", "b")]);
    await log.append([put("table", "a"), put("table", "a")]);
    await log.close();
    clock.pass(2 * DAY_MS);
    const again = openSqliteLog({ path, clock });
    assert.deepEqual([await again.start("day", 0), await again.end("day", 0)], [2, 2]);
    assert.equal(await again.start("table", 0), 1);
    await assert.rejects(keysOf(again, { topic: "day", partition: 0, offset: 0 }), /was deleted by age/);
    const [next] = await again.append([put("day", "c")]);
    assert.equal(next?.offset, 2);
    await again.close();

    const third = openSqliteLog({ path, clock });
    await assert.rejects(keysOf(third, { topic: "day", partition: 0, offset: 1 }), /was deleted by age/);
    assert.deepEqual(await keysOf(third, { topic: "day", partition: 0, offset: 2 }), ["c"]);
    await third.close();
  });
});

describe("a poll of the embedded log", () => {
  it("gives a bounded amount, to each partition its share, and at least one record of any size", async () => {
    const log = openSqliteLog({ path: newPath() });
    await log.create([{ name: "wide", partitions: 3, keep: { ms: DAY_MS } }]);
    const large = (partition: number, size: number): NewRecord => ({
      ...put("wide", "k"),
      partition,
      value: new Uint8Array(size),
    });
    await log.append([0, 1, 2].flatMap((p) => Array.from({ length: 5000 }, () => large(p, 10))));
    const reader = await log.openReader(
      [0, 1, 2].map((partition) => ({ topic: "wide", partition, offset: 0 })),
    );
    const sizes = (await reader.poll(0)).map(({ records }) => records.length);
    assert.deepEqual(sizes, [3334, 3333, 3333]);
    await reader.close();

    await log.append([0, 1, 2].flatMap((p) => Array.from({ length: 5 }, () => large(p, 4_000_000))));
    const late = await log.openReader(
      [0, 1, 2].map((partition) => ({ topic: "wide", partition, offset: 5000 })),
    );
    assert.deepEqual(
      (await late.poll(0)).map(({ records }) => records.length),
      [1, 1, 1],
    );
    await log.close();
  });
});
