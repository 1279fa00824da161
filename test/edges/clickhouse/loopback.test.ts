/** One process owns history; others ask it over a loopback port. */
import assert from "node:assert/strict";
import { request } from "node:http";
import { describe, it, type TestContext } from "node:test";
import { remoteHistory, serveHistory } from "../../../src/edges/clickhouse/clickhouse.ts";
import { HistoryAway, QueryError } from "../../../src/runtime/ports.ts";

const history = {
  async query(sql: string) {
    if (sql === "SELECT 1") return [{ "1": 1 }];
    if (sql === "fault") throw new Error("the disk is full");
    throw new QueryError(`no such thing: ${sql}`);
  },
};

async function serve(t: TestContext): Promise<string> {
  const served = await serveHistory(history, { port: 0 });
  t.after(() => served.close());
  return served.url;
}

/** A request as a browser might be made to send it. */
function send(url: string, headers: Record<string, string>, body: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const sent = request(`${url}/query`, { method: "POST", headers }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    });
    sent.once("error", reject);
    sent.end(body);
  });
}

describe("history served to other processes", () => {
  it("answers with rows", async (t) => {
    const remote = remoteHistory(await serve(t));
    assert.deepEqual(await remote.query("SELECT 1"), [{ "1": 1 }]);
  });

  it("hands on what the engine says of a fault", async (t) => {
    const remote = remoteHistory(await serve(t));
    await assert.rejects(remote.query("SELECT x"), new QueryError("no such thing: SELECT x"));
    await assert.rejects(remote.query("fault"), new QueryError("the disk is full"));
  });

  it("listens on loopback only", async (t) => {
    assert.match(await serve(t), /^http:\/\/127\.0\.0\.1:\d+$/);
  });

  it("says where nothing listens, and what to look for", async () => {
    await assert.rejects(remoteHistory("http://127.0.0.1:1").query("SELECT 1"), (error) => {
      assert.ok(error instanceof HistoryAway);
      assert.match(
        error.message,
        /no history is served at http:\/\/127\.0\.0\.1:1 .*is the process with the historian running/,
      );
      return true;
    });
  });

  it("answers no web page: not by another name, not a form, no other path, no endless body", async (t) => {
    const url = await serve(t);
    const json = { "content-type": "application/json" };
    const body = '{"sql":"SELECT 1"}';
    assert.equal(await send(url, json, body), 200);
    assert.equal(await send(url, { ...json, host: "rebound.example" }, body), 403);
    assert.equal(await send(url, { "content-type": "text/plain" }, body), 415);
    assert.equal(await send(`${url}/other`, json, body), 404);
    assert.equal(await send(url, json, "{}"), 400);
    assert.equal(await send(url, json, "not json"), 400);
    assert.equal(await send(url, json, " ".repeat(1024 * 1024 + 1)), 413);
  });
});
