/** The client against a real gateway, and against servers that answer strangely. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { describe, it } from "node:test";
import { createGateway, serveGateway } from "../../src/gateway/gateway.ts";
import { ClientError, createClient } from "../../src/sdk/sdk.ts";
import { memoryPorts, pendingRun } from "../gateway/memory-ports.ts";

async function strange<T>(listener: RequestListener, ask: (url: string) => Promise<T>): Promise<T> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  try {
    return await ask(`http://127.0.0.1:${address.port}/api`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

describe("a client", () => {
  it("sends events, and asks for health and pages of runs", async () => {
    const ports = memoryPorts();
    ports.pending.push(
      pendingRun({ inSeconds: 1, runId: "run-1" }),
      pendingRun({ inSeconds: 2, runId: "run-2" }),
    );
    const served = await serveGateway(createGateway(ports, { auth: null, log: () => {} }), {
      host: "127.0.0.1",
      port: 0,
    });
    try {
      const client = createClient({ url: `${served.url}/` });
      assert.equal(await client.health(), true);
      await client.sendEvents([{ event: "e", resource: { "prefect.resource.id": "r" } }]);
      assert.equal(ports.published.length, 1);
      const { total, runs } = await client.pendingRuns({ limit: 1, offset: 1 });
      assert.deepEqual([total, runs.map(({ run_id }) => run_id)], [2, ["run-2"]]);
    } finally {
      await served.close();
    }
  });

  it("gives programs the faults of a refusal, their places without the leading body", async () => {
    const served = await serveGateway(createGateway(memoryPorts(), { auth: null, log: () => {} }), {
      host: "127.0.0.1",
      port: 0,
    });
    try {
      const sent = createClient({ url: served.url }).sendEvents([{ event: "e", resource: {} }]);
      const error: unknown = await sent.catch((refused: unknown) => refused);
      assert.ok(error instanceof ClientError);
      assert.equal(error.status, 422);
      assert.deepEqual(error.faults, [
        {
          at: [0, "resource"],
          type: "value_error",
          message: "Value error, Resources must include the prefect.resource.id label",
        },
      ]);
    } finally {
      await served.close();
    }
  });

  it("says that nothing answers in time", async () => {
    const asked = strange(
      () => {},
      (url) => createClient({ url, timeoutMs: 50 }).health(),
    );
    await assert.rejects(asked, /did not answer in time/);
  });

  const answers: readonly [string, number, string, RegExp][] = [
    ["a page that is not JSON", 502, "<html>Bad gateway</html>", /answered 502: no reason given/],
    ["a reason", 503, '{"exception_message": "Service Unavailable"}', /answered 503: Service Unavailable/],
    ["a detail", 400, '{"detail": "no such table"}', /answered 400: no such table/],
    [
      "faults it does not understand",
      422,
      '{"exception_detail": [{"loc": 7}, null]}',
      /The server refused this:/,
    ],
    ["nothing", 500, "", /answered 500: no reason given/],
  ];
  for (const [what, status, body, said] of answers) {
    it(`makes one message of ${what}`, async () => {
      const asked = strange(
        (_, response) => response.writeHead(status).end(body),
        (url) => createClient({ url }).health(),
      );
      await assert.rejects(asked, (error) => error instanceof ClientError && said.test(error.message));
    });
  }
});
