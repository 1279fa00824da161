/** History on the real engine, in this process. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { promisify } from "node:util";
import { type HistorySettings, openHistory } from "../../../src/edges/clickhouse/clickhouse.ts";
import { DEFAULT_LIMITS, openEmbedded } from "../../../src/edges/clickhouse/engine.ts";
import { migrate } from "../../../src/edges/clickhouse/migrations/migrations.ts";
import { type History, QueryError, type Row } from "../../../src/runtime/ports.ts";

const event = (offset: number, more: Row = {}): Row => ({
  topic: "tripline.events",
  partition: 3,
  offset,
  received: "2026-01-02T03:04:05.123456Z",
  id: `id-${offset}`,
  event: "disk.checked",
  occurred: "2026-01-02T03:04:05Z",
  labels: { "prefect.resource.id": `disk.${offset}`, env: "prod" },
  related: [{ "prefect.resource.id": "host.a", "prefect.resource.role": "host" }],
  payload: { disk: { free: 10 + offset } },
  payload_text: JSON.stringify({ disk: { free: 10 + offset } }),
  follows: null,
  causes: [],
  ...more,
});

describe("history in ClickHouse", () => {
  let folder: string;
  let history: History;
  const open = async (settings: Partial<HistorySettings> = {}): Promise<History> => {
    const opened = await openHistory({ path: folder, ...settings });
    await opened.prepare();
    return opened;
  };
  /** Tests share one engine (one data directory per process): each has a partition of its own. */
  const inPartition = (partition: number, rows: readonly Row[]): readonly Row[] =>
    rows.map((row) => ({ ...row, partition }));
  const count = async (table: string, partition: number): Promise<unknown> =>
    (await history.query(`SELECT count() AS n FROM ${table} WHERE partition = ${partition}`))[0]?.["n"];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "tripline-history-"));
    history = await openHistory({ path: folder });
    await Promise.all([history.prepare(), history.prepare(), history.prepare()]);
  });
  after(async () => {
    await history.close();
    await rm(folder, { recursive: true, force: true });
  });

  it("is prepared by several at once, and again, each migration noted once", async () => {
    const before = await history.query("SHOW TABLES");
    await history.prepare();
    assert.deepEqual(await history.query("SHOW TABLES"), before);
    assert.deepEqual(await history.query("SELECT number, name FROM migrations"), [
      { number: 1, name: "tables" },
    ]);
  });

  it("bears that another applies the same migrations meanwhile", async () => {
    const engine = await openEmbedded(folder, "tripline", DEFAULT_LIMITS);
    const lookedTooEarly = { ...engine, ask: async () => [] };
    await migrate(lookedTooEarly, "tripline");
    await engine.close();
    assert.deepEqual(await history.query("SELECT number FROM migrations"), [{ number: 1 }]);
  });

  it("gives events back as they came, labels and payload by name", async () => {
    await history.insert("events", inPartition(10, [event(1), event(2)]), "ten");
    const sql = `SELECT offset, received, occurred, resource_id, related_ids, labels['env'] AS env,
      payload.disk.free AS free, payload, payload_text, follows
      FROM events WHERE partition = 10 AND has(label_items, 'env=prod') AND payload.disk.free > 11`;
    assert.deepEqual(await history.query(sql), [
      {
        offset: 2,
        received: "2026-01-02 03:04:05.123456",
        occurred: "2026-01-02 03:04:05.000000",
        resource_id: "disk.2",
        related_ids: ["host.a"],
        env: "prod",
        free: 12,
        payload: { disk: { free: 12 } },
        payload_text: '{"disk":{"free":12}}',
        follows: null,
      },
    ]);
  });

  it("keeps a block once, however often it comes under its token", async () => {
    const block = inPartition(11, [event(1), event(2)]);
    for (let i = 0; i < 3; i++) await history.insert("events", block, "eleven:1-2");
    await Promise.all([
      history.insert("events", block, "eleven:1-2"),
      history.insert("events", block, "eleven:1-2"),
    ]);
    assert.equal(await count("events", 11), 2);
    await history.insert("events", block, "another token");
    assert.equal(await count("events", 11), 4);
  });

  it("keeps a large block whole, as one part", async () => {
    const text = "x".repeat(100_000);
    const block = Array.from({ length: 1000 }, (_, i) => event(i, { payload_text: text }));
    await history.insert("events", inPartition(12, block), "twelve");
    const parts = "SELECT uniqExact(_part) AS parts FROM events WHERE partition = 12";
    assert.deepEqual(await history.query(parts), [{ parts: 1 }]);
  });

  it("says where to go on, per topic and partition", async () => {
    assert.equal(await history.nextOffset("events", "tripline.events", 13), 0);
    await history.insert("events", inPartition(13, [event(0)]), "thirteen-0");
    await history.insert("events", inPartition(13, [event(41), event(40)]), "thirteen-1");
    assert.equal(await history.nextOffset("events", "tripline.events", 13), 42);
    assert.equal(await history.nextOffset("events", "it's \\ other", 13), 0);
    assert.equal(await history.nextOffset("firings", "tripline.events", 13), 0);
  });

  it("tells where to go on from the parts alone, not from the rows", async () => {
    const sql = "SELECT max(offset), count() FROM events WHERE topic = 'tripline.events' AND partition = 13";
    const plan = JSON.stringify(await history.query(`EXPLAIN ${sql}`));
    assert.match(plan, /ReadFromMergeTree \(places\)/);
  });

  it("keeps events whose payload the engine cannot hold, their text as it is", async () => {
    const array = (depth: number): unknown => (depth === 0 ? 1 : [array(depth - 1)]);
    const payloads = [{ deep: array(2000) }, { half: "\ud800", "\udfff": "\\ud800" }, { a: 1 }];
    const rows = payloads.map((payload, i) => event(i, { payload, payload_text: JSON.stringify(payload) }));
    await history.insert("events", inPartition(14, rows), "fourteen");
    const kept = await history.query(
      "SELECT payload_text AS t FROM events WHERE partition = 14 ORDER BY offset",
    );
    assert.deepEqual(
      kept.map((row) => row["t"]),
      payloads.map((payload) => JSON.stringify(payload)),
    );
  });

  it("takes payloads word for word: dates stay text, the first of two like paths counts, halves of characters go", async () => {
    const payloads = [
      { day: "2026-01-02", time: "2026-01-02T00:00:00Z" },
      { a: { b: 1 }, "a.b": 2 },
      { half: "\ud800", back: "\\ud800" },
    ];
    const rows = payloads.map((payload, i) => event(i, { payload }));
    await history.insert("events", inPartition(15, rows), "fifteen");
    const kept = await history.query("SELECT payload AS p FROM events WHERE partition = 15 ORDER BY offset");
    assert.deepEqual(
      kept.map((row) => row["p"]),
      [payloads[0], { a: { b: 1 } }, { half: "\ufffd", back: "\\ud800" }],
    );
  });

  it("makes no columns of a hostile payload's many paths", async () => {
    const payload = Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`k${i}`, i]));
    await history.insert("events", inPartition(16, [event(0, { payload })]), "sixteen");
    const sql = `SELECT length(JSONDynamicPaths(payload)) AS columns, length(JSONAllPaths(payload)) AS paths,
      payload.k2999 AS last FROM events WHERE partition = 16`;
    assert.deepEqual(await history.query(sql), [{ columns: 64, paths: 3000, last: 2999 }]);
  });

  it("gives whole numbers as numbers where they are exact, else as text", async () => {
    const sql =
      "SELECT toUInt64(5) AS a, [toInt64(-9007199254740993)] AS b, 1.5 AS c, 1e300 AS d, 1 / 0 AS e";
    assert.deepEqual(await history.query(sql), [
      { a: 5, b: ["-9007199254740993"], c: 1.5, d: 1e300, e: null },
    ]);
  });

  it("answers faults in the engine's words", async () => {
    await assert.rejects(history.query("SELECT nothing FROM events"), (error) => {
      assert.ok(error instanceof QueryError);
      assert.match(error.message, /Unknown expression identifier `nothing`/);
      assert.match(error.message, /\(UNKNOWN_IDENTIFIER\)/);
      return true;
    });
  });

  it("goes on writing while questions are asked, and after", async () => {
    const slow = history.query("SELECT sleep(1)");
    const begun = performance.now();
    await history.insert("events", inPartition(17, [event(0)]), "seventeen");
    assert.ok(performance.now() - begun < 900);
    await slow;
    assert.equal(await count("events", 17), 1);
  });

  it("says of a failure whether trying again can help", async () => {
    const bad = { ...event(0), offset: "none" };
    await assert.rejects(history.insert("events", [bad], "bad"), { name: "HistoryError", retriable: false });
    await assert.rejects(history.insert("nothing", [bad], "bad"), /no table 'nothing'/);
    const away = await openHistory({ url: "http://127.0.0.1:1" });
    await assert.rejects(away.nextOffset("events", "t", 0), { name: "HistoryError", retriable: true });
    await away.close();
  });

  it("is held by one process, and tells another so", async () => {
    const door = new URL("../../../src/edges/clickhouse/clickhouse.ts", import.meta.url).href;
    const script = `const { openHistory } = await import(${JSON.stringify(door)}); await openHistory({ path: ${JSON.stringify(folder)} });`;
    const flags = ["--disable-warning=ExperimentalWarning", "--input-type=module", "--eval", script];
    await assert.rejects(
      promisify(execFile)(process.execPath, flags),
      /history cannot be opened .* does another process hold it/,
    );
  });

  it("is there again after it was closed, and drops days that are over, as set", async () => {
    await history.insert("events", inPartition(18, [event(0)]), "eighteen");
    await history.close();
    history = await open({ keepDays: 3650 });
    assert.equal(await count("events", 18), 1);
    const ttl =
      "SELECT engine_full LIKE '%TTL toDateTime(received) + toIntervalDay(3650)%' AS has FROM system.tables";
    const place = "WHERE database = 'tripline' AND name = 'runs'";
    assert.deepEqual(await history.query(`${ttl} ${place}`), [{ has: 1 }]);
    await history.close();
    history = await open({ keepDays: null });
    assert.deepEqual(await history.query(`${ttl} ${place}`), [{ has: 0 }]);
  });

  it("still knows a block's token after it was closed", async () => {
    await history.insert("events", inPartition(18, [event(0)]), "eighteen");
    assert.equal(await count("events", 18), 1);
  });
});
