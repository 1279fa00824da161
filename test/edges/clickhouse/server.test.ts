/** What a ClickHouse server is told over HTTP: how rows go in, and what people's questions may not do. */
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { text as textOf } from "node:stream/consumers";
import { describe, it, type TestContext } from "node:test";
import { openHistory } from "../../../src/edges/clickhouse/clickhouse.ts";
import type { History } from "../../../src/runtime/ports.ts";

interface Heard {
  readonly settings: URLSearchParams;
  readonly sql: string;
  readonly body: string;
  readonly user: string | undefined;
}

async function server(t: TestContext, answer = ""): Promise<{ history: History; heard: Heard[] }> {
  const heard: Heard[] = [];
  const listening = createServer((request, response) => {
    const settings = new URL(request.url ?? "", "http://x").searchParams;
    void textOf(request).then((body) => {
      heard.push({ settings, sql: settings.get("query") ?? body, body, user: request.headers.authorization });
      response.end(answer);
    });
  });
  await new Promise<void>((done) => listening.listen(0, "127.0.0.1", done));
  const address = listening.address();
  assert.ok(typeof address === "object" && address !== null);
  const url = `http://127.0.0.1:${address.port}`;
  const history = await openHistory({ url, user: "u", password: "p", database: "hist" });
  t.after(async () => {
    await history.close();
    listening.close();
  });
  return { history, heard };
}

describe("history on a server", () => {
  it("inserts synchronously, as one block, under its token", async (t) => {
    const { history, heard } = await server(t);
    await history.insert("runs", [{ offset: 1 }, { offset: 2 }], "it's:0:1-2");
    const [{ sql, body, user } = assert.fail()] = heard;
    assert.match(sql, /^INSERT INTO hist\.runs SETTINGS .*FORMAT JSONEachRow$/);
    assert.match(sql, /async_insert = 0/);
    assert.match(sql, /insert_deduplication_token = 'it\\'s:0:1-2'/);
    assert.equal(body, '{"offset":1}\n{"offset":2}');
    assert.equal(user, `Basic ${btoa("u:p")}`);
  });

  it("asks people's questions read-only, with limits, in its database", async (t) => {
    const { history, heard } = await server(t, '{"n":18446744073709551615}\n');
    assert.deepEqual(await history.query("SELECT max(x) AS n FROM y"), [{ n: "18446744073709551615" }]);
    const [{ settings } = assert.fail()] = heard;
    assert.equal(settings.get("readonly"), "1");
    assert.equal(settings.get("database"), "hist");
    assert.equal(settings.get("max_execution_time"), "15");
    assert.equal(settings.get("max_result_rows"), "10000");
    assert.ok(Number(settings.get("max_memory_usage")) > 0);
  });

  it("refuses on its own what only looks like a question", async (t) => {
    const { history, heard } = await server(t);
    await assert.rejects(history.query("SELECT * FROM url('http://internal/', 'LineAsString')"));
    assert.deepEqual(heard, []);
  });
});
