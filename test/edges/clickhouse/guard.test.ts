/** What people may ask of history: only questions, one at a time, and only of history. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { openHistory } from "../../../src/edges/clickhouse/clickhouse.ts";
import { HARMLESS, REACHING, whyRefused } from "../../../src/edges/clickhouse/guard.ts";
import { type History, QueryError } from "../../../src/runtime/ports.ts";

const ALLOWED = [
  "SELECT 1",
  "select 'file(''/etc/passwd'')' as text",
  "SELECT 1;",
  "SELECT 1 -- a remark",
  "/* a remark */ SELECT 1 # another",
  "WITH 1 AS x SELECT x",
  "(SELECT 1) UNION ALL (SELECT 2)",
  "SHOW TABLES",
  "DESCRIBE TABLE events",
  "EXPLAIN SELECT 1",
  "EXISTS events",
  "SELECT count() FROM numbers(3)",
  "SELECT payload.disk.free, labels['x'], `event` FROM events WHERE has(label_items, 'into=;')",
  "SELECT 'Grüße — “x”' AS text",
];

/** Each with whether the guard, not only the engine, must refuse it. */
const REFUSED: readonly (readonly [sql: string, byGuard: boolean])[] = [
  ["", true],
  [";", true],
  ["-- nothing", true],
  ["INSERT INTO events (id) VALUES ('x')", true],
  ["DROP TABLE events", true],
  ["ALTER TABLE events DELETE WHERE 1", true],
  ["CREATE TABLE t (a Int8) ENGINE = Memory", true],
  ["SYSTEM SHUTDOWN", true],
  ["SET readonly = 0", true],
  ["USE system", true],
  ["KILL QUERY WHERE 1", true],
  ["/* SELECT */ DROP TABLE events", true],
  ["SELECT 1; DROP TABLE events", true],
  ["SELECT 1; SELECT 2", true],
  ["SELECT ';'; SELECT 2", true],
  ["SELECT 1 /* unended", true],
  ["SELECT 'unended", true],
  ["SELECT `unended", true],
  ["SELECT 1 INTO OUTFILE '/tmp/tripline-guard-test'", true],
  ["SELECT 1 /**/into/**/OUTFILE '/tmp/tripline-guard-test'", true],
  ["WITH x AS (SELECT 1) INSERT INTO events SELECT * FROM x", true],
  ["SELECT * FROM file('/etc/passwd', 'LineAsString')", true],
  ["SELECT * FROM FILE ('/etc/passwd', 'LineAsString')", true],
  ["SELECT * FROM file/* */('/etc/passwd', 'LineAsString')", true],
  ["SELECT file('/etc/passwd')", true],
  ["SELECT `file`('/etc/passwd')", true],
  ["SELECT \"file\"('/etc/passwd')", true],
  ["SELECT `\\x66ile`('/etc/passwd')", true],
  ["SELECT “file”('/etc/passwd')", true],
  ["SELECT file\u00a0('/etc/passwd')", true],
  ["SELECT 1, $x$ ' $x$, file('/etc/passwd') -- '", true],
  ["DESCRIBE TABLE file('/etc/passwd', 'LineAsString')", true],
  ["SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')", true],
  ["SELECT * FROM remote('127.0.0.1:1', 'system.one')", true],
  ["SELECT * FROM s3('http://127.0.0.1:1/bucket/x', 'LineAsString')", true],
  ["SELECT * FROM mysql('127.0.0.1:1', 'd', 't', 'u', 'p')", true],
  ["SELECT * FROM executable('ls', 'TSV', 'a String')", true],
  ["SELECT * FROM sqlite('/tmp/x.db', 't')", true],
  ["SELECT hasColumnInTable('127.0.0.1', 'u', 'p', 'd', 't', 'c')", true],
  ["SELECT * FROM `/etc/passwd`", false],
  ["SELECT 1 SETTINGS readonly = 0", false],
  ["SELECT 1 SETTINGS max_execution_time = 0", false],
  ["SELECT 1 FORMAT CSV", false],
  ["SELECT 1 PARALLEL WITH DROP TABLE events", false],
  ["SELECT nothing FROM nowhere", false],
];

describe("a question to history", () => {
  let folder: string;
  let history: History;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "tripline-guard-"));
    history = await openHistory({
      path: folder,
      limits: { seconds: 1, memoryBytes: 200_000_000, rows: 1000 },
    });
    await history.prepare();
  });
  after(async () => {
    await history.close();
    await rm(folder, { recursive: true, force: true });
  });

  for (const sql of ALLOWED) {
    it(`may be: ${sql}`, async () => {
      assert.equal(whyRefused(sql), null);
      await history.query(sql);
    });
  }

  for (const [sql, byGuard] of REFUSED) {
    it(`may not be: ${sql}`, async () => {
      assert.equal(whyRefused(sql) !== null, byGuard);
      await assert.rejects(history.query(sql), QueryError);
    });
  }

  it("may take no longer, hold no more and answer no more than is set", async () => {
    const tooLong = history.query("SELECT count() FROM numbers(1000000000000)");
    await assert.rejects(tooLong, /Timeout exceeded.* maximum: 1000 ms/);
    const tooMuch = history.query("SELECT groupArray(number) FROM numbers(100000000)");
    await assert.rejects(tooMuch, /MEMORY_LIMIT_EXCEEDED/);
    const tooMany = history.query("SELECT number FROM numbers(1000000)");
    await assert.rejects(tooMany, /max rows: 1.00 thousand/);
  });

  it("leaves history as it was, whatever was tried", async () => {
    assert.deepEqual(await history.query("SELECT count() AS n FROM events"), [{ n: 0 }]);
    await history.insert("events", [], "nothing");
    assert.equal(await history.nextOffset("events", "t", 0), 0);
  });

  it("knows every table function of the engine as harmless or as reaching out", async () => {
    const rows = await history.query("SELECT name FROM system.table_functions");
    const names = rows.map((row) => JSON.stringify(row["name"]).slice(1, -1).toLowerCase());
    assert.deepEqual(
      names.filter((name) => !HARMLESS.has(name) && !REACHING.has(name)),
      [],
    );
    assert.deepEqual(
      [...HARMLESS].filter((name) => REACHING.has(name)),
      [],
    );
  });
});
