/** Routes that only look, and what is answered when something is wrong inside. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createGateway, Unavailable } from "../../src/gateway/gateway.ts";
import { LogError, QueryError } from "../../src/runtime/ports.ts";
import { memoryPorts, pendingRun } from "./memory-ports.ts";

function setting() {
  const ports = memoryPorts();
  const logged: string[] = [];
  const app = createGateway(ports, { auth: null, log: (line) => logged.push(line) });
  const ask = async (path: string, body?: unknown) => {
    const post = { method: "POST", body: JSON.stringify(body) };
    const response = await app.request(`/api${path}`, body === undefined ? {} : post);
    return { status: response.status, body: JSON.parse(await response.text()), headers: response.headers };
  };
  return { ports, logged, ask };
}

describe("questions and answers", () => {
  const cases: readonly [string, number, unknown][] = [
    ["/health", 200, true],
    ["/ready", 200, { message: "OK", roles: ["gateway"] }],
    ["/admin/version", 200, "3.8.8"],
    ["/version", 200, "0.8.4"],
    ["/runs/pending", 200, { total: 0, runs: [] }],
    ["/deployments", 200, []],
    ["/nope", 404, { detail: "Not Found" }],
    ["/automations/not-a-uuid", 404, { detail: "Not Found" }],
  ];
  for (const [path, status, body] of cases) {
    it(`GET ${path} is answered ${status} ${JSON.stringify(body)}`, async () => {
      const answer = await setting().ask(path);
      assert.deepEqual([answer.status, answer.body], [status, body]);
    });
  }

  it("a process that is not ready says so, but is alive", async () => {
    const { ports, ask } = setting();
    ports.state = { status: "starting", roles: ["gateway"] };
    assert.equal((await ask("/ready")).status, 503);
    assert.equal((await ask("/health")).status, 200);
  });
});

describe("a known path", () => {
  it("says which methods it takes", async () => {
    const { status, body, headers } = await setting().ask("/runs/pending", {});
    assert.deepEqual([status, body, headers.get("allow")], [405, { detail: "Method Not Allowed" }, "GET"]);
    const filter = await setting().ask("/automations/filter");
    assert.deepEqual([filter.status, filter.headers.get("allow")], [405, "POST"]);
  });
});

describe("pending runs", () => {
  it("come in pages", async () => {
    const { ports, ask } = setting();
    for (let i = 0; i < 5; i++) ports.pending.push(pendingRun({ inSeconds: i, runId: `run-${i}` }));
    const { body } = await ask("/runs/pending?limit=2&offset=1");
    assert.equal(body.total, 5);
    assert.deepEqual(
      body.runs.map((run: { run_id: string }) => run.run_id),
      ["run-1", "run-2"],
    );
  });

  for (const query of ["limit=-1", "limit=many", "limit=10001", "offset=1.5"]) {
    it(`are refused for ${query}, with its place`, async () => {
      const { status, body } = await setting().ask(`/runs/pending?${query}`);
      assert.equal(status, 422);
      assert.deepEqual(body.exception_detail[0].loc, ["query", query.split("=")[0]]);
    });
  }
});

describe("a question to history", () => {
  it("is answered with rows", async () => {
    const { ports, ask } = setting();
    ports.answer = () => [{ n: 1 }];
    const { status, body } = await ask("/history/query", { query: "select 1 as n" });
    assert.deepEqual([status, body, ports.asked], [200, { rows: [{ n: 1 }] }, ["select 1 as n"]]);
  });

  it("that the engine refuses is answered 400 with its words", async () => {
    const { ports, ask } = setting();
    ports.answer = () => {
      throw new QueryError("Syntax error near nope");
    };
    const { status, body } = await ask("/history/query", { query: "nope" });
    assert.deepEqual([status, body], [400, { detail: "Syntax error near nope" }]);
  });

  it("is answered 503 while the engine does not answer", async () => {
    const { ports, ask } = setting();
    ports.answer = () => {
      throw new Unavailable("ClickHouse (CLICKHOUSE_URL) does not answer");
    };
    const { status, body } = await ask("/history/query", { query: "select 1" });
    assert.deepEqual([status, body], [503, { detail: "ClickHouse (CLICKHOUSE_URL) does not answer" }]);
  });

  for (const body of [{}, { query: 7 }, [], null]) {
    it(`cannot be ${JSON.stringify(body)}`, async () => {
      const answer = await setting().ask("/history/query", body);
      assert.equal(answer.status, 422);
      assert.deepEqual(answer.body.exception_detail[0].loc, ["body", "query"]);
    });
  }
});

describe("a fault of our own", () => {
  it("is answered so that clients try again, where the log is away for a moment", async () => {
    const { ports, ask } = setting();
    ports.answer = () => {
      throw new LogError("the broker is away", { retriable: true });
    };
    const { status, body, headers } = await ask("/history/query", { query: "select 1" });
    assert.deepEqual([status, body], [503, { exception_message: "Service Unavailable" }]);
    assert.equal(headers.get("retry-after"), "1");
  });

  it("tells the client nothing but an id, under which the log has it once", async () => {
    const { ports, logged, ask } = setting();
    ports.answer = () => {
      throw new Error("password hunter2 refused");
    };
    const { status, body, headers } = await ask("/history/query", { query: "select 1" });
    assert.deepEqual([status, body], [500, { exception_message: "Internal Server Error" }]);
    const requestId = headers.get("x-request-id") ?? "none";
    assert.equal(logged.length, 1);
    assert.doesNotMatch(logged.join(), /\n/);
    assert.match(
      logged[0] ?? "",
      new RegExp(`^request ${requestId}: POST /api/history/query failed: Error: password`),
    );
  });
});
